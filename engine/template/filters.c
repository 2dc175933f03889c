/*
 * engine/template/filters.c - filters of single values, and the way to all
 * of them.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/template/tpl.h"


const nt_tpl_callee_t *
nt_tpl_filter(const char *name)
{
    static const nt_tpl_callee_t *const libraries[] = {
        nt_tpl_filters, nt_tpl_filters_list, nt_tpl_filters_sort,
        nt_tpl_filters_text, nt_tpl_filters_words
    };

    size_t                 i;
    const nt_tpl_callee_t *callee;

    for (i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        callee = nt_tpl_find(libraries[i], name);

        if (callee != NULL) {
            return callee;
        }
    }

    return NULL;
}


json_t *
nt_tpl_apply_filter(nt_tpl_env_t *env, const char *name, json_t *value,
                    nt_tpl_args_t *args)
{
    const nt_tpl_callee_t *callee;

    callee = nt_tpl_filter(name);

    if (callee == NULL) {
        return nt_tpl_fail(env, "there is no filter '%s'", name);
    }

    return nt_tpl_apply(env, callee, value, args);
}


static json_t *
filter_default(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool missing;

    missing =
        value == nt_tpl_undefined ||
        (args->p[1] != NULL && nt_py_truth(args->p[1]) && !nt_py_truth(value));

    if (!missing) {
        return json_incref(value);
    }

    return args->p[0] == NULL ? json_string("") : json_incref(args->p[0]);
}


static json_t *
filter_length(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t n;

    n = 0;

    if (json_is_string(value)) {
        n = nt_ustr_len(nt_ustr(value));

    } else if (json_is_array(value)) {
        n = json_array_size(value);

    } else if (json_is_object(value)) {
        n = json_object_size(value);

    } else if (value != nt_tpl_undefined) {
        return nt_tpl_fail(env, "a value of type %s has no length",
                           nt_tpl_type(env, value));
    }

    return json_integer((json_int_t) n);
}


static json_t *
filter_abs(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    double number;

    if (!nt_tpl_number(value, &number)) {
        return nt_tpl_fail(env, "abs needs a number, not a value of type %s",
                           nt_tpl_type(env, value));
    }

    return number < 0 ? nt_tpl_negate(env, value) : json_incref(value);
}


/* The text as a number of Python: spaces around it, "_" between digits. */
static bool
read_number(json_t *value, int base, int64_t *integer, double *real,
            bool *whole)
{
    char      text[512], *stop;
    size_t    i, n;
    nt_str_t  s;
    long long number;

    s = nt_ustr_strip(nt_ustr(value), NT_USTR_BOTH, NULL);

    if (s.len == 0 || s.len >= sizeof(text)) {
        return false;
    }

    for (i = 0, n = 0; i < s.len; i++) {
        if (s.data[i] != '_') {
            text[n++] = s.data[i];
        }
    }

    text[n] = '\0';
    errno = 0;
    number = strtoll(text, &stop, base);

    if (errno == 0 && *stop == '\0' && stop != text) {
        *integer = number;
        *real = (double) number;
        *whole = true;
        return true;
    }

    if (strchr("+-.0123456789", text[0]) == NULL ||
        strpbrk(text, "xXpP") != NULL) {
        return false;
    }

    *real = strtod(text, &stop);
    *whole = false;
    return *stop == '\0' && stop != text && isfinite(*real);
}


static json_t *
filter_int(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool    whole;
    double  real;
    int64_t integer, base;

    base = 10;

    if (args->p[1] != NULL && (!nt_py_integer(args->p[1], &base) || base < 0 ||
                               base > 36 || base == 1))
    {
        return nt_tpl_fail(env, "the base of int must be 0 or 2 to 36");
    }

    if (nt_py_integer(value, &integer)) {
        return json_integer(integer);
    }

    whole = false;

    if (!nt_tpl_number(value, &real) &&
        !(json_is_string(value) &&
          read_number(value, (int) base, &integer, &real, &whole)))
    {
        return args->p[0] == NULL ? json_integer(0) : json_incref(args->p[0]);
    }

    if (whole) {
        return json_integer(integer);
    }

    if (fabs(real) >= 9.2e18) {
        return nt_tpl_fail(env, "a whole number does not fit 64 bits");
    }

    return json_integer((json_int_t) real);
}


static json_t *
filter_float(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool    whole;
    double  real;
    int64_t integer;

    if (nt_tpl_number(value, &real) ||
        (json_is_string(value) &&
         read_number(value, 10, &integer, &real, &whole)))
    {
        return json_real(real);
    }

    return args->p[0] == NULL ? json_real(0) : json_incref(args->p[0]);
}


/* Rounds half to even on the exact decimal value, as Python does. */
static double
round_common(double number, int precision)
{
    char   text[400];
    double scale;

    if (precision >= 0) {
        (void) snprintf(text, sizeof(text), "%.*f", precision, number);
        return strtod(text, NULL);
    }

    scale = pow(10, -precision);
    return nearbyint(number / scale) * scale;
}


static json_t *
filter_round(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    double   number, scale;
    int64_t  precision;
    nt_str_t method;

    precision = 0;
    method = args->p[1] == NULL ? NT_STR("common") : nt_ustr(args->p[1]);

    if (args->p[0] != NULL && (!nt_py_integer(args->p[0], &precision) ||
                               precision < -20 || precision > 20))
    {
        return nt_tpl_fail(env, "the precision of round must be a whole "
                                "number from -20 to 20");
    }

    if (!nt_tpl_number(value, &number)) {
        return nt_tpl_fail(env, "round needs a number, not a value of type %s",
                           nt_tpl_type(env, value));
    }

    scale = pow(10, (double) precision);

    if (nt_str_eq(method, NT_STR("ceil"))) {
        return nt_tpl_real(env, ceil(number * scale) / scale);
    }

    if (nt_str_eq(method, NT_STR("floor"))) {
        return nt_tpl_real(env, floor(number * scale) / scale);
    }

    if (!nt_str_eq(method, NT_STR("common"))) {
        return nt_tpl_fail(env, "the method of round must be common, ceil or "
                                "floor");
    }

    if (!json_is_real(value)) {
        return precision >= 0
                   ? json_integer((json_int_t) json_number_value(value))
                   : json_integer(
                         (json_int_t) round_common(number, (int) precision));
    }

    return nt_tpl_real(env, round_common(number, (int) precision));
}


static json_t *
filter_string(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return nt_tpl_string(env, value);
}


static json_t *
filter_safe(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return json_incref(value);
}


static json_t *
filter_tojson(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    int64_t  indent;
    nt_buf_t buf = { 0 };

    indent = -1;

    if (args->p[0] != NULL && !json_is_null(args->p[0]) &&
        (!nt_py_integer(args->p[0], &indent) || indent < 0 || indent > 100))
    {
        return nt_tpl_fail(env, "the indent of tojson must be a whole number "
                                "from 0 to 100");
    }

    if (!nt_tpl_json(env, &buf, value, (int) indent)) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


static json_t *
filter_pprint(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    nt_buf_t buf = { 0 };

    if (!nt_tpl_repr(env, &buf, value)) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


static json_t *
filter_filesize(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    static const char units[] = "kMGTPEZY";

    bool    binary;
    char    text[64];
    size_t  i;
    double  bytes, base, unit;
    json_t *number;

    number = filter_float(env, value, &(nt_tpl_args_t) { 0 });

    if (number == NULL) {
        return NULL;
    }

    bytes = json_real_value(number);
    json_decref(number);
    binary = args->p[0] != NULL && nt_py_truth(args->p[0]);
    base = binary ? 1024 : 1000;

    if (bytes == 1) {
        return json_string("1 Byte");
    }

    if (bytes < base) {
        (void) snprintf(text, sizeof(text), "%.0f Bytes", trunc(bytes));
        return json_string(text);
    }

    for (i = 0, unit = base * base; units[i + 1] != '\0' && bytes >= unit; i++)
    {
        unit *= base;
    }

    (void) snprintf(text, sizeof(text), "%.1f %c%sB", base * bytes / unit,
                    binary && i == 0 ? 'K' : units[i], binary ? "i" : "");
    return json_string(text);
}


const nt_tpl_callee_t nt_tpl_filters[] = {
    { "abs", "", filter_abs },
    { "count", "", filter_length },
    { "d", "default_value boolean", filter_default },
    { "default", "default_value boolean", filter_default },
    { "filesizeformat", "binary", filter_filesize },
    { "float", "default", filter_float },
    { "int", "default base", filter_int },
    { "length", "", filter_length },
    { "pprint", "", filter_pprint },
    { "round", "precision method", filter_round },
    { "safe", "", filter_safe },
    { "string", "", filter_string },
    { "tojson", "indent", filter_tojson },
    { NULL, NULL, NULL }
};
