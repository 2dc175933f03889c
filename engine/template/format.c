/*
 * engine/template/format.c - one field of a format: a value with its width,
 * alignment, sign, precision and type.
 */

#include <math.h>
#include <stdio.h>

#include "engine/template/format.h"


static bool
pad(nt_tpl_env_t *env, nt_buf_t *out, const nt_tpl_field_t *field, size_t head,
    nt_str_t body, char align)
{
    size_t i, len, before, after, inside;

    len = nt_ustr_len(body);
    before = after = inside = 0;

    if (len < field->width) {
        after = field->width - len;

        switch (field->align != 0 ? field->align : align) {
        case '>':
            before = after;
            break;

        case '^':
            before = after / 2;
            break;

        case '=': /* between the sign and the digits */
            inside = after;
            break;
        }

        after -= before + inside;
    }

    if (!nt_tpl_room(env, out->len + (before + inside + after) * 4 + body.len))
    {
        return false;
    }

    for (i = 0; i < before; i++) {
        nt_buf_append_str(out, field->fill);
    }

    nt_buf_append(out, body.data, head);

    for (i = 0; i < inside; i++) {
        nt_buf_append_str(out, field->fill);
    }

    nt_buf_append(out, body.data + head, body.len - head);

    for (i = 0; i < after; i++) {
        nt_buf_append_str(out, field->fill);
    }

    return true;
}


/* Sign, prefix, digits with separators, rest; then the padding. */
static bool
put_number(nt_tpl_env_t *env, nt_buf_t *out, const nt_tpl_field_t *field,
           bool negative, const char *prefix, const char *digits)
{
    bool     ok;
    size_t   i, n, head, every;
    nt_buf_t body = { 0 };

    if (negative) {
        nt_buf_append_char(&body, '-');

    } else if (field->sign == '+' || field->sign == ' ') {
        nt_buf_append_char(&body, field->sign);
    }

    nt_buf_append_str(&body, nt_str(prefix));
    head = body.len;

    n = strspn(digits, field->type == 'x' || field->type == 'X'
                           ? "0123456789abcdefABCDEF"
                           : "0123456789");
    every = field->type != 0 && strchr("xXob", field->type) != NULL ? 4 : 3;

    for (i = 0; i < n; i++) {
        if (field->group != 0 && i > 0 && (n - i) % every == 0) {
            nt_buf_append_char(&body, field->group);
        }

        nt_buf_append_char(&body, digits[i]);
    }

    nt_buf_append_str(&body, nt_str(digits + n));

    ok = !body.failed &&
         pad(env, out, field, head, (nt_str_t) { body.data, body.len }, '>');
    nt_buf_free(&body);
    return ok || (!env->failed && nt_tpl_nomem(env) != NULL);
}


static bool
put_integer(nt_tpl_env_t *env, nt_buf_t *out, const nt_tpl_field_t *field,
            int64_t value)
{
    char        digits[72];
    size_t      i;
    uint64_t    rest, base;
    const char *prefix, *letters;

    base = field->type == 'x' || field->type == 'X' ? 16
           : field->type == 'o'                     ? 8
           : field->type == 'b'                     ? 2
                                                    : 10;
    letters = field->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    prefix = !field->alternate    ? ""
             : field->type == 'x' ? "0x"
             : field->type == 'X' ? "0X"
             : base == 8          ? "0o"
             : base == 2          ? "0b"
                                  : "";
    rest = value < 0 ? -(uint64_t) value : (uint64_t) value;
    i = sizeof(digits) - 1;
    digits[i] = '\0';

    do {
        digits[--i] = letters[rest % base];
        rest /= base;
    } while (rest > 0);

    return put_number(env, out, field, value < 0, prefix, digits + i);
}


static bool
put_real(nt_tpl_env_t *env, nt_buf_t *out, const nt_tpl_field_t *field,
         double value)
{
    bool     ok;
    char     format[] = "%.*_", digits[512];
    int      precision;
    json_t  *json;
    nt_buf_t buf = { 0 };

    if (field->type == 0 && field->precision < 0) {
        json = json_real(fabs(value));
        ok = json != NULL && nt_tpl_repr(env, &buf, json);
        json_decref(json);
        nt_buf_append_char(&buf, '\0');
        ok = ok && !buf.failed &&
             put_number(env, out, field, signbit(value), "", buf.data);
        nt_buf_free(&buf);
        return ok || (!env->failed && nt_tpl_nomem(env) != NULL);
    }

    precision = field->precision < 0 ? 6 : field->precision;
    format[3] = field->type == 0 || field->type == 'n' ? 'g'
                : field->type == '%'                   ? 'f'
                                                       : field->type;

    if (field->type == '%') {
        value *= 100;
    }

    (void) snprintf(digits, sizeof(digits) - 4, format, precision, fabs(value));

    if (field->type == 0 && strpbrk(digits, ".e") == NULL) {
        (void) strcat(digits, ".0");
    }

    if (field->type == '%') {
        (void) strcat(digits, "%");
    }

    return put_number(env, out, field, signbit(value), "", digits);
}


static bool
put_text(nt_tpl_env_t *env, nt_buf_t *out, const nt_tpl_field_t *field,
         nt_str_t text)
{
    if (field->precision >= 0) {
        text.len = nt_ustr_offset(text, (size_t) field->precision);
    }

    return pad(env, out, field, 0, text, '<');
}


static bool
bad_type(nt_tpl_env_t *env, const nt_tpl_field_t *field, json_t *value)
{
    nt_tpl_fail(env, "the format '%c' does not fit a value of type %s",
                field->type == 0 ? 's' : field->type, nt_tpl_type(env, value));
    return false;
}


bool
nt_tpl_put_field(nt_tpl_env_t *env, nt_buf_t *out, const nt_tpl_field_t *field,
                 json_t *value)
{
    bool     ok;
    double   number;
    int64_t  integer;
    nt_buf_t text = { 0 };

    if (field->type == 's' || field->type == 'r' ||
        (field->type == 0 && !json_is_number(value)))
    {
        ok = field->type == 'r' ? nt_tpl_repr(env, &text, value)
                                : nt_tpl_str(env, &text, value);
        ok = ok && put_text(env, out, field,
                            (nt_str_t) { text.data == NULL ? "" : text.data,
                                         text.len });
        nt_buf_free(&text);
        return ok;
    }

    if (field->type == 'c' && json_is_string(value) &&
        nt_ustr_len(nt_ustr(value)) == 1)
    {
        return put_text(env, out, field, nt_ustr(value));
    }

    if (!nt_tpl_number(value, &number)) {
        return bad_type(env, field, value);
    }

    if (field->type == 'c') {
        if (!nt_py_integer(value, &integer) || integer < 1 ||
            integer > 0x10ffff || (integer >= 0xd800 && integer <= 0xdfff))
        {
            return bad_type(env, field, value);
        }

        nt_ustr_put(&text, (uint32_t) integer);
        ok = put_text(env, out, field, (nt_str_t) { text.data, text.len });
        nt_buf_free(&text);
        return ok;
    }

    if (field->type != 0 && strchr("eEfFgG%", field->type) != NULL) {
        return put_real(env, out, field, number);
    }

    if (nt_py_integer(value, &integer)) {
        return put_integer(env, out, field, integer);
    }

    return field->type == 0 || field->type == 'n'
               ? put_real(env, out, field, number)
               : bad_type(env, field, value);
}


bool
nt_tpl_read_size(nt_tpl_env_t *env, const char **p, const char *end, int max,
                 int *size)
{
    int number;

    if (*p == end || **p < '0' || **p > '9') {
        return true;
    }

    for (number = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        number = number * 10 + (**p - '0');

        if (number > max) {
            nt_tpl_fail(env, "a width or precision of a format is above %d",
                        max);
            return false;
        }
    }

    *size = number;
    return true;
}
