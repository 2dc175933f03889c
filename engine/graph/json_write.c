#include "engine/graph/json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void
write_integer(nt_buf_t *buf, json_int_t value)
{
    char               digits[24];
    char              *p = digits + sizeof(digits);
    unsigned long long rest;

    rest = value < 0 ? 0ULL - (unsigned long long) value
                     : (unsigned long long) value;
    do {
        *--p = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);

    if (value < 0) {
        *--p = '-';
    }
    nt_buf_append(buf, p, (size_t) (digits + sizeof(digits) - p));
}

static void
write_real(nt_buf_t *buf, double value)
{
    char text[32];
    int  precision, len;

    /* jansson has no way to hold these, but JSON could not say them. */
    if (!isfinite(value)) {
        nt_buf_append(buf, "null", 4);
        return;
    }

    for (precision = 15;; precision++) {
        len = snprintf(text, sizeof(text), "%.*g", precision, value);
        if (precision == 17 || strtod(text, NULL) == value) {
            break;
        }
    }
    if (strpbrk(text, ".e") == NULL) {
        text[len++] = '.';
        text[len++] = '0';
    }
    nt_buf_append(buf, text, (size_t) len);
}

static bool
write_value(nt_buf_t *buf, const json_t *value, size_t end)
{
    json_t     *member;
    const char *key;
    size_t      i, n;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        n = 0;
        nt_buf_append_char(buf, '{');
        json_object_foreach((json_t *) value, key, member)
        {
            if (n++ > 0) {
                nt_buf_append_char(buf, ',');
            }
            nt_buf_append_json(buf, nt_str(key));
            nt_buf_append_char(buf, ':');
            if (!write_value(buf, member, end)) {
                return false;
            }
        }
        nt_buf_append_char(buf, '}');
        break;

    case JSON_ARRAY:
        nt_buf_append_char(buf, '[');
        n = json_array_size(value);
        for (i = 0; i < n; i++) {
            if (i > 0) {
                nt_buf_append_char(buf, ',');
            }
            if (!write_value(buf, json_array_get(value, i), end)) {
                return false;
            }
        }
        nt_buf_append_char(buf, ']');
        break;

    case JSON_STRING:
        n = json_string_length(value);
        if (n > end) {
            return false;
        }
        nt_buf_append_json(buf, (nt_str_t) { json_string_value(value), n });
        break;

    case JSON_INTEGER:
        write_integer(buf, json_integer_value(value));
        break;

    case JSON_REAL:
        write_real(buf, json_real_value(value));
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

    return buf->len <= end;
}

void
nt_json_write(nt_buf_t *buf, const json_t *value)
{
    if (value == NULL) {
        nt_buf_append(buf, "null", 4);
        return;
    }
    (void) write_value(buf, value, SIZE_MAX);
}

bool
nt_json_write_limited(nt_buf_t *buf, const json_t *value, size_t limit)
{
    size_t start = buf->len;

    if (write_value(buf, value, start + limit)) {
        return true;
    }
    buf->len = start;
    return false;
}
