/*
 * engine/template/format_percent.c - "%5.2f" % values.
 */

#include <math.h>

#include "engine/template/format.h"


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
put_converted(nt_tpl_env_t *env, nt_buf_t *out, nt_tpl_field_t *field,
              json_t *value)
{
    bool    ok;
    double  number;
    json_t *whole;

    if (field->type != 'd' || !json_is_real(value)) {
        return nt_tpl_put_field(env, out, field, value);
    }

    number = json_real_value(value);

    if (fabs(number) >= 9.2e18) {
        nt_tpl_fail(env, "a whole number does not fit 64 bits");
        return false;
    }

    whole = json_integer((json_int_t) number);
    ok = whole != NULL && nt_tpl_put_field(env, out, field, whole);
    json_decref(whole);
    return ok;
}


/* Behind "%": one conversion. */
static bool
percent_field(nt_tpl_env_t *env, nt_buf_t *out, percent_t *args, const char **p,
              const char *end)
{
    int            width;
    bool           zero;
    json_t        *value;
    nt_tpl_field_t field = { .fill = NT_STR(" "),
                             .align = '>',
                             .precision = -1 };

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

    if (!nt_tpl_read_size(env, p, end, NT_TPL_WIDTH_MAX, &width)) {
        return false;
    }

    if (*p < end && **p == '.') {
        (*p)++;
        field.precision = 0;

        if (!nt_tpl_read_size(env, p, end, NT_TPL_PRECISION_MAX,
                              &field.precision)) {
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
