/*
 * engine/nodes/jsonschema_value.c - JSON Schema: keywords for values of any
 * type, for numbers and for strings.
 */

#include <math.h>

#include "engine/nodes/jsonschema_int.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/regex.h"
#include "engine/nodes/ustr.h"


bool
nt_js_count(nt_js_t *js, const json_t *schema, const char *keyword,
            double *count, int *rc)
{
    const json_t *value = json_object_get(schema, keyword);

    if (value == NULL) {
        return false;
    }

    *count = json_number_value(value);

    if (!json_is_number(value) || *count < 0 || *count != floor(*count)) {
        *rc = nt_js_fault(js, "\"%s\" must be a whole number of at least 0",
                          keyword);
        return false;
    }

    return true;
}


/* As in JSON Schema, and unlike in Python, true is not 1. */
static bool
is_same(const json_t *a, const json_t *b)
{
    size_t      i;
    json_t     *item, *other;
    const char *key;

    if (json_is_array(a) && json_is_array(b)) {
        if (json_array_size(a) != json_array_size(b)) {
            return false;
        }

        json_array_foreach(a, i, item)
        {
            if (!is_same(item, json_array_get(b, i))) {
                return false;
            }
        }

        return true;
    }

    if (json_is_object(a) && json_is_object(b)) {
        if (json_object_size(a) != json_object_size(b)) {
            return false;
        }

        json_object_foreach((json_t *) a, key, item)
        {
            other = json_object_get(b, key);

            if (other == NULL || !is_same(item, other)) {
                return false;
            }
        }

        return true;
    }

    return json_is_boolean(a) == json_is_boolean(b) && nt_py_equal(a, b);
}


/* --- type, enum, const --- */

static int
is_type(nt_js_t *js, const json_t *type, const json_t *value)
{
    double   x = json_real_value(value);
    nt_str_t name = nt_ustr(type);

    if (nt_str_eq(name, NT_STR("integer"))) {
        return json_is_integer(value) || (json_is_real(value) && x == floor(x));
    }

    if (nt_str_eq(name, NT_STR("number"))) {
        return json_is_number(value);
    }

    if (nt_str_eq(name, NT_STR("string"))) {
        return json_is_string(value);
    }

    if (nt_str_eq(name, NT_STR("boolean"))) {
        return json_is_boolean(value);
    }

    if (nt_str_eq(name, NT_STR("null"))) {
        return json_is_null(value);
    }

    if (nt_str_eq(name, NT_STR("array"))) {
        return json_is_array(value);
    }

    if (nt_str_eq(name, NT_STR("object"))) {
        return json_is_object(value);
    }

    return nt_js_fault(js, "\"type\" must be one of integer, number, string, "
                           "boolean, null, array, object, or a list of "
                           "these");
}


static int
check_type(nt_js_t *js, const json_t *types, const json_t *value)
{
    int     rc = 0, one;
    size_t  i;
    json_t *type;

    if (!json_is_array(types)) {
        return is_type(js, types, value);
    }

    json_array_foreach(types, i, type)
    {
        one = is_type(js, type, value);

        if (one < 0) {
            return one;
        }

        rc |= one;
    }

    return rc;
}


static int
check_enum(nt_js_t *js, const json_t *values, const json_t *value)
{
    size_t  i;
    json_t *one;

    if (!json_is_array(values)) {
        return nt_js_fault(js, "\"enum\" must be a list");
    }

    json_array_foreach(values, i, one)
    {
        if (is_same(one, value)) {
            return 1;
        }
    }

    return 0;
}


/* --- numbers --- */

/* value / divisor is whole */
static int
check_multiple(nt_js_t *js, const json_t *divisor, const json_t *value)
{
    double  quotient;
    int64_t i, j;

    if (!json_is_number(divisor) || json_number_value(divisor) <= 0) {
        return nt_js_fault(js, "\"multipleOf\" must be a number greater than "
                               "0");
    }

    if (nt_py_integer(value, &i) && nt_py_integer(divisor, &j)) {
        return i % j == 0;
    }

    quotient = json_number_value(value) / json_number_value(divisor);
    return isfinite(quotient) &&
           fabs(quotient - round(quotient)) <= 1e-9 * fmax(1, fabs(quotient));
}


/* One side: `sign` is 1 for the maximum, -1 for the minimum. */
static int
check_bound(nt_js_t *js, const json_t *schema, const char *keyword,
            const char *exclusive_keyword, int sign, const json_t *value)
{
    int           order = 0;
    const json_t *bound, *exclusive;

    bound = json_object_get(schema, keyword);
    exclusive = json_object_get(schema, exclusive_keyword);

    if ((bound != NULL && !json_is_number(bound)) ||
        (exclusive != NULL && !json_is_number(exclusive) &&
         !json_is_boolean(exclusive)))
    {
        return nt_js_fault(js, "\"%s\" and \"%s\" must be numbers", keyword,
                           exclusive_keyword);
    }

    if (bound != NULL && nt_py_order(value, bound, &order)) {
        /* in draft 4 a boolean makes the bound itself exclusive */
        if (order * sign > 0 || (order == 0 && json_is_true(exclusive))) {
            return 0;
        }
    }

    if (json_is_number(exclusive) && nt_py_order(value, exclusive, &order)) {
        return order * sign < 0;
    }

    return 1;
}


static int
check_number(nt_js_t *js, const json_t *schema, const json_t *value)
{
    int           rc;
    const json_t *keyword = json_object_get(schema, "multipleOf");

    rc = check_bound(js, schema, "maximum", "exclusiveMaximum", 1, value);

    if (rc == 1) {
        rc = check_bound(js, schema, "minimum", "exclusiveMinimum", -1, value);
    }

    return rc == 1 && keyword != NULL ? check_multiple(js, keyword, value) : rc;
}


/* --- strings --- */

int
nt_js_match(nt_js_t *js, nt_str_t pattern, nt_str_t text)
{
    int         rc = -1;
    nt_regex_t *regex;

    /* a fault of the pattern or of a limit is the schema's */
    regex = nt_regex_compile(pattern, 0, "pattern", js->error);

    if (regex != NULL) {
        rc = nt_regex_exec(regex, NT_REGEX_SEARCH, text, js->error);
    }

    nt_regex_free(regex);
    return rc;
}


static int
check_string(nt_js_t *js, const json_t *schema, const json_t *value)
{
    int           rc = 1;
    double        limit, len;
    nt_str_t      text = nt_ustr(value);
    const json_t *pattern = json_object_get(schema, "pattern");

    len = (double) nt_ustr_len(text);

    if (nt_js_count(js, schema, "maxLength", &limit, &rc) && len > limit) {
        rc = 0;
    }

    if (rc == 1 && nt_js_count(js, schema, "minLength", &limit, &rc) &&
        len < limit) {
        rc = 0;
    }

    if (rc != 1 || pattern == NULL) {
        return rc;
    }

    return json_is_string(pattern)
               ? nt_js_match(js, nt_ustr(pattern), text)
               : nt_js_fault(js, "\"pattern\" must be a string");
}


int
nt_js_check_value(nt_js_t *js, const json_t *schema, const json_t *value)
{
    int           rc = 1;
    const json_t *keyword;

    if ((keyword = json_object_get(schema, "type")) != NULL) {
        rc = check_type(js, keyword, value);
    }

    if (rc == 1 && (keyword = json_object_get(schema, "enum")) != NULL) {
        rc = check_enum(js, keyword, value);
    }

    if (rc == 1 && (keyword = json_object_get(schema, "const")) != NULL) {
        rc = is_same(keyword, value);
    }

    if (rc == 1 && json_is_number(value)) {
        rc = check_number(js, schema, value);
    }

    if (rc == 1 && json_is_string(value)) {
        rc = check_string(js, schema, value);
    }

    return rc;
}
