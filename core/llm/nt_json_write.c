/*
 * core/llm/nt_json_write.c - JSON text from jansson's values.
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/llm/nt_json_write.h"

#define NT_JSON_COMPACT (-1) /* a depth that never gives a newline */


static void
append_integer(nt_buf_t *buf, json_int_t value)
{
    char     digits[24];
    char    *p = digits + sizeof(digits);
    uint64_t u = value < 0 ? 0 - (uint64_t) value : (uint64_t) value;

    do {
        *--p = (char) ('0' + u % 10);
        u /= 10;
    } while (u != 0);

    if (value < 0) {
        *--p = '-';
    }

    nt_buf_append(buf, p, (size_t) (digits + sizeof(digits) - p));
}


/* The fewest digits that are read back as the same number.  A real stays a
 * real: 2.0 is not written as 2. */
static void
append_real(nt_buf_t *buf, double value)
{
    int  n = 0;
    char text[40];

    if (!isfinite(value)) {
        /* JSON has no such number; jansson makes none */
        nt_buf_append(buf, "null", 4);
        return;
    }

    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }

    nt_buf_append(buf, text, (size_t) n);

    if (strpbrk(text, ".e") == NULL) {
        nt_buf_append(buf, ".0", 2);
    }
}


static void
append_newline(nt_buf_t *buf, int depth)
{
    if (depth < 0) {
        return;
    }

    nt_buf_append_char(buf, '\n');

    while (depth-- > 0) {
        nt_buf_append(buf, "  ", 2);
    }
}


static void append_value(nt_buf_t *buf, const json_t *value, int depth);


static void
append_array(nt_buf_t *buf, const json_t *array, int depth)
{
    size_t n = json_array_size(array);
    int    inner = depth < 0 ? depth : depth + 1;

    nt_buf_append_char(buf, '[');

    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            nt_buf_append_char(buf, ',');
        }

        append_newline(buf, inner);
        append_value(buf, json_array_get(array, i), inner);
    }

    if (n > 0) {
        append_newline(buf, depth);
    }

    nt_buf_append_char(buf, ']');
}


static void
append_object(nt_buf_t *buf, const json_t *object, int depth)
{
    bool first = true;
    int  inner = depth < 0 ? depth : depth + 1;
    /* the iterator does not change the object, but its type says so */
    json_t *o = (json_t *) (uintptr_t) object;

    nt_buf_append_char(buf, '{');

    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it))
    {
        if (!first) {
            nt_buf_append_char(buf, ',');
        }

        first = false;

        append_newline(buf, inner);
        nt_buf_append_json(buf, nt_str(json_object_iter_key(it)));
        nt_buf_append(buf, ": ", depth < 0 ? 1 : 2);
        append_value(buf, json_object_iter_value(it), inner);
    }

    if (!first) {
        append_newline(buf, depth);
    }

    nt_buf_append_char(buf, '}');
}


static void
append_value(nt_buf_t *buf, const json_t *value, int depth)
{
    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        append_object(buf, value, depth);
        break;

    case JSON_ARRAY:
        append_array(buf, value, depth);
        break;

    case JSON_STRING:
        nt_buf_append_json(buf, (nt_str_t) { json_string_value(value),
                                             json_string_length(value) });
        break;

    case JSON_INTEGER:
        append_integer(buf, json_integer_value(value));
        break;

    case JSON_REAL:
        append_real(buf, json_real_value(value));
        break;

    case JSON_TRUE:
        nt_buf_append(buf, "true", 4);
        break;

    case JSON_FALSE:
        nt_buf_append(buf, "false", 5);
        break;

    case JSON_NULL:
        nt_buf_append(buf, "null", 4);
        break;
    }
}


void
nt_json_append(nt_buf_t *buf, const json_t *value)
{
    append_value(buf, value, NT_JSON_COMPACT);
}


void
nt_json_append_pretty(nt_buf_t *buf, const json_t *value)
{
    append_value(buf, value, 0);
}


char *
nt_json_text(const json_t *value)
{
    nt_buf_t buf = { 0 };

    nt_json_append(&buf, value);
    nt_buf_append_char(&buf, '\0');

    if (buf.failed) {
        nt_buf_free(&buf);
        return NULL;
    }

    return buf.data;
}
