/*
 * engine/nodes/pytext.c - JSON values as Python prints them.
 */

#include <stdio.h>
#include <stdlib.h>

#include <unictype.h>

#include "engine/nodes/pytext.h"
#include "engine/nodes/ustr.h"


/* repr() of a float: the fewest digits that read back as the same number. */
void
nt_py_float(nt_buf_t *out, double value)
{
    int   digits, exponent;
    char  text[40], *e;
    char *p;

    for (digits = 0; digits < 17; digits++) {
        (void) snprintf(text, sizeof(text), "%.*e", digits, value);

        if (strtod(text, NULL) == value) {
            break;
        }
    }

    e = strchr(text, 'e');
    exponent = atoi(e + 1);

    if (exponent >= -4 && exponent < 16) {
        digits -= exponent;
        (void) snprintf(text, sizeof(text), "%.*f", digits < 1 ? 1 : digits,
                        value);
        nt_buf_append_str(out, nt_str(text));
        return;
    }

    *e = '\0';
    p = text;
    nt_buf_append_str(out, nt_str(p));
    nt_buf_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}


/* str.isprintable() of one character */
static bool
is_printable(uint32_t c)
{
    if (c < 0x7f) {
        return c >= 0x20;
    }

    return !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_C |
                                                    UC_CATEGORY_MASK_Z);
}


/* repr() of a string */
void
nt_py_quote(nt_buf_t *out, nt_str_t s)
{
    char     quote;
    size_t   pos, start;
    uint32_t c;

    quote = '\'';

    if (memchr(s.data, '\'', s.len) != NULL &&
        memchr(s.data, '"', s.len) == NULL) {
        quote = '"';
    }

    nt_buf_append_char(out, quote);

    for (pos = 0; pos < s.len;) {
        start = pos;
        c = nt_ustr_next(s, &pos);

        if (c == '\n' || c == '\r' || c == '\t') {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, c == '\n' ? 'n' : c == '\r' ? 'r' : 't');

        } else if (c == '\\' || c == (uint32_t) quote) {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, (char) c);

        } else if (is_printable(c)) {
            nt_buf_append(out, s.data + start, pos - start);

        } else if (c <= 0xff) {
            nt_buf_printf(out, "\\x%02x", c);

        } else {
            nt_buf_printf(out, c <= 0xffff ? "\\u%04x" : "\\U%08x", c);
        }
    }

    nt_buf_append_char(out, quote);
}


void
nt_py_repr(nt_buf_t *out, const json_t *value)
{
    bool        first;
    size_t      i, len;
    json_t     *item;
    const char *key;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        nt_buf_append_char(out, '{');
        first = true;

        json_object_keylen_foreach((json_t *) value, key, len, item)
        {
            nt_buf_append(out, ", ", first ? 0 : 2);
            first = false;
            nt_py_quote(out, (nt_str_t) { key, len });
            nt_buf_append(out, ": ", 2);
            nt_py_repr(out, item);
        }

        nt_buf_append_char(out, '}');
        break;

    case JSON_ARRAY:
        nt_buf_append_char(out, '[');

        json_array_foreach(value, i, item)
        {
            nt_buf_append(out, ", ", i == 0 ? 0 : 2);
            nt_py_repr(out, item);
        }

        nt_buf_append_char(out, ']');
        break;

    case JSON_STRING:
        nt_py_quote(out, nt_ustr(value));
        break;

    case JSON_INTEGER:
        nt_buf_printf(out, "%lld", (long long) json_integer_value(value));
        break;

    case JSON_REAL:
        nt_py_float(out, json_real_value(value));
        break;

    case JSON_NULL:
        nt_buf_append_str(out, NT_STR("None"));
        break;

    default:
        nt_buf_append_str(out, nt_str(json_is_true(value) ? "True" : "False"));
    }
}


void
nt_py_str(nt_buf_t *out, const json_t *value)
{
    if (json_is_string(value)) {
        nt_buf_append_str(out, nt_ustr(value));

    } else {
        nt_py_repr(out, value);
    }
}


bool
nt_py_truth(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_object_size(value) > 0;

    case JSON_ARRAY:
        return json_array_size(value) > 0;

    case JSON_STRING:
        return json_string_length(value) > 0;

    case JSON_INTEGER:
        return json_integer_value(value) != 0;

    case JSON_REAL:
        return json_real_value(value) != 0;

    default:
        return json_is_true(value);
    }
}
