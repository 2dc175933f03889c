/*
 * engine/template/format.c - "%s" % value and "{}".format(value): Python's
 * two ways to format, on one rendering of a field.
 */

#include <math.h>
#include <stdio.h>

#include "engine/template/tpl.h"


#define WIDTH_MAX     100000
#define PRECISION_MAX 100

typedef struct {
    nt_str_t fill;
    char     align; /* < > ^ = or 0 */
    char     sign;  /* + - space or 0 */
    bool     alternate;
    char     group; /* , _ or 0 */
    size_t   width;
    int      precision; /* -1 when none is given */
    char     type;      /* 0 when none is given */
} field_t;


static bool
pad(nt_tpl_env_t *env, nt_buf_t *out, const field_t *field, size_t head,
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
put_number(nt_tpl_env_t *env, nt_buf_t *out, const field_t *field,
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
put_integer(nt_tpl_env_t *env, nt_buf_t *out, const field_t *field,
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
put_real(nt_tpl_env_t *env, nt_buf_t *out, const field_t *field, double value)
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
put_text(nt_tpl_env_t *env, nt_buf_t *out, const field_t *field, nt_str_t text)
{
    if (field->precision >= 0) {
        text.len = nt_ustr_offset(text, (size_t) field->precision);
    }

    return pad(env, out, field, 0, text, '<');
}


static bool
bad_type(nt_tpl_env_t *env, const field_t *field, json_t *value)
{
    nt_tpl_fail(env, "the format '%c' does not fit a value of type %s",
                field->type == 0 ? 's' : field->type, nt_tpl_type(env, value));
    return false;
}


static bool
put_value(nt_tpl_env_t *env, nt_buf_t *out, const field_t *field, json_t *value)
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

    if (!nt_tpl_number(value, &number)) {
        return bad_type(env, field, value);
    }

    if (field->type == 'c') {
        if (!nt_tpl_integer(value, &integer) || integer < 1 ||
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

    if (nt_tpl_integer(value, &integer)) {
        return put_integer(env, out, field, integer);
    }

    return field->type == 0 || field->type == 'n'
               ? put_real(env, out, field, number)
               : bad_type(env, field, value);
}


/* Reads a whole number at *p; `fallback` when there is none. */
static bool
read_size(nt_tpl_env_t *env, const char **p, const char *end, int max,
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


/* --- "%5.2f" % values --- */

typedef struct {
    json_t *values;
    bool    tuple;
    size_t  next;
} percent_t;


static json_t *
next_value(nt_tpl_env_t *env, percent_t *args)
{
    json_t *value;

    if (args->tuple) {
        value = json_array_get(args->values, args->next);

    } else {
        value = args->next == 0 ? args->values : NULL;
    }

    args->next++;

    return value == NULL ? nt_tpl_fail(env, "a format has too few values")
                         : value;
}


/* The value of %(name)s */
static json_t *
named_value(nt_tpl_env_t *env, percent_t *args, const char **p, const char *end)
{
    json_t     *value;
    const char *close;

    close = memchr(*p, ')', (size_t) (end - *p));
    value = close == NULL ? NULL
                          : json_object_getn(args->values, *p + 1,
                                             (size_t) (close - *p - 1));

    if (value == NULL) {
        return nt_tpl_fail(env, "a format has a %%(name) that is not among "
                                "its values");
    }

    *p = close + 1;
    return value;
}


static bool
put_converted(nt_tpl_env_t *env, nt_buf_t *out, field_t *field, json_t *value)
{
    bool    ok;
    double  number;
    json_t *whole;

    if (field->type != 'd' || !json_is_real(value)) {
        return put_value(env, out, field, value);
    }

    number = json_real_value(value);

    if (fabs(number) >= 9.2e18) {
        return bad_type(env, field, value);
    }

    whole = json_integer((json_int_t) number);
    ok = whole != NULL && put_value(env, out, field, whole);
    json_decref(whole);
    return ok;
}


/* Behind "%": one conversion. */
static bool
percent_field(nt_tpl_env_t *env, nt_buf_t *out, percent_t *args, const char **p,
              const char *end)
{
    int     width;
    bool    zero;
    json_t *value;
    field_t field = { .fill = NT_STR(" "), .align = '>', .precision = -1 };

    value = NULL;
    zero = false;
    width = 0;

    if (*p < end && **p == '(') {
        value = named_value(env, args, p, end);

        if (value == NULL) {
            return false;
        }
    }

    for (; *p < end && strchr("-+ #0", **p) != NULL; (*p)++) {
        if (**p == '-') {
            field.align = '<';

        } else if (**p == '#') {
            field.alternate = true;

        } else if (**p == '0') {
            zero = true;

        } else if (field.sign != '+') {
            field.sign = **p;
        }
    }

    if (!read_size(env, p, end, WIDTH_MAX, &width)) {
        return false;
    }

    if (*p < end && **p == '.') {
        (*p)++;
        field.precision = 0;

        if (!read_size(env, p, end, PRECISION_MAX, &field.precision)) {
            return false;
        }
    }

    if (*p == end || strchr("diouxXeEfFgGcrs%", **p) == NULL) {
        nt_tpl_fail(env, "a format has a '%%' without a conversion that is "
                         "known");
        return false;
    }

    field.width = (size_t) width;
    field.type = *(*p)++;

    if (field.type == '%') {
        nt_buf_append_char(out, '%');
        return true;
    }

    if (field.type == 'i' || field.type == 'u') {
        field.type = 'd';
    }

    if (zero && field.align == '>' && strchr("crs", field.type) == NULL) {
        field.fill = NT_STR("0");
        field.align = '=';
    }

    if (value == NULL && (value = next_value(env, args)) == NULL) {
        return false;
    }

    return put_converted(env, out, &field, value);
}


json_t *
nt_tpl_percent(nt_tpl_env_t *env, json_t *format, json_t *values)
{
    nt_str_t    s;
    nt_buf_t    buf = { 0 };
    percent_t   args = { values, false, 0 };
    const char *p, *end;

    args.tuple = nt_tpl_tag_of(env, values) == NT_TAG_TUPLE;
    s = nt_ustr(format);
    end = s.data + s.len;

    for (p = s.data; p < end && !env->failed;) {
        if (*p != '%') {
            nt_buf_append_char(&buf, *p++);
            continue;
        }

        p++;

        if (!percent_field(env, &buf, &args, &p, end)) {
            break;
        }
    }

    if (!env->failed && !json_is_object(values) &&
        args.next < (args.tuple ? json_array_size(values) : 1))
    {
        nt_tpl_fail(env, "a format has too many values");
    }

    return nt_tpl_take(env, &buf);
}
