/*
 * engine/nodes/json_path.c - lib.json.GetJSONPath*: one value of a document.
 *
 * A path is names and indices joined by dots ("a.b.0"); one that begins with
 * "$" is a JSONPath, of which the first match counts.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/json_path.h"
#include "engine/nodes/jsonpath.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"


/* The item of a list that a part of a path names. */
static json_t *
item_at(const json_t *list, nt_str_t digits)
{
    size_t i, index = 0;

    if (digits.len == 0 || digits.len > 9) {
        return NULL;
    }

    for (i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return NULL;
        }

        index = index * 10 + (size_t) (digits.data[i] - '0');
    }

    return json_array_get(list, index);
}


/* New reference; NULL when the path leads nowhere. */
static json_t *
follow(json_t *value, nt_str_t path)
{
    nt_str_t    part;
    const char *dot;

    do {
        dot = memchr(path.data, '.', path.len);
        part = (nt_str_t) { path.data, dot != NULL ? (size_t) (dot - path.data)
                                                   : path.len };
        value = json_is_array(value)
                    ? item_at(value, part)
                    : json_object_getn(value, part.data, part.len);
        path.data += part.len + 1;
        path.len -= part.len + (dot != NULL ? 1 : 0);
    } while (dot != NULL && value != NULL);

    return json_incref(value);
}


/* The first match of a JSONPath; false after nt_call_fail. */
static bool
search(nt_node_call_t *call, json_t *document, nt_str_t path, json_t **value)
{
    json_t        *found;
    nt_buf_t       error = { 0 };
    nt_jsonpath_t *compiled = nt_jsonpath_parse(path, &error);

    if (compiled == NULL) {
        (void) (error.len > 0 ? nt_call_fail(call, "'path': %.*s",
                                             (int) error.len, error.data)
                              : nt_arg_nomem(call));
        nt_buf_free(&error);
        return false;
    }

    found = nt_jsonpath_find(compiled, document);
    nt_jsonpath_free(compiled);
    nt_buf_free(&error);

    if (found == NULL) {
        (void) nt_call_fail(call, "'path' takes too long to find");
        return false;
    }

    *value = json_incref(json_array_get(found, 0));
    json_decref(found);
    return true;
}


/* --- conversions: new references; NULL for values that do not convert --- */

static json_t *
to_str(json_t *value)
{
    nt_buf_t text = { 0 };

    nt_py_str(&text, value);
    return nt_ustr_take(&text);
}


/* The text of a number, as int() and float() take it; false for others. */
static bool
read_number(const json_t *value, bool whole, double *real, int64_t *integer)
{
    char     text[64] = "", *end;
    nt_str_t s = nt_ustr_strip(nt_ustr(value), NT_USTR_BOTH, NULL);

    if (s.len == 0 || s.len >= sizeof(text) ||
        memchr("+-.0123456789", s.data[0], 13) == NULL ||
        memchr(s.data, 'x', s.len) != NULL ||
        memchr(s.data, 'X', s.len) != NULL)
    {
        return false;
    }

    memcpy(text, s.data, s.len);
    *integer = strtoll(text, &end, 10);

    if (!whole) {
        *real = strtod(text, &end);
    }

    return *end == '\0' && end == text + s.len;
}


static json_t *
to_int(json_t *value)
{
    double  real = json_real_value(value);
    int64_t integer;

    if (nt_py_integer(value, &integer)) {
        return json_integer((json_int_t) integer);
    }

    if (json_is_real(value)) {
        return fabs(real) < 0x1p63 ? json_integer((json_int_t) real) : NULL;
    }

    return json_is_string(value) && read_number(value, true, &real, &integer)
               ? json_integer((json_int_t) integer)
               : NULL;
}


static json_t *
to_float(json_t *value)
{
    double  real;
    int64_t integer;

    if (nt_py_is_number(value)) {
        return json_real(nt_py_number(value));
    }

    return json_is_string(value) && read_number(value, false, &real, &integer)
               ? json_real(real) /* NULL when it is infinite */
               : NULL;
}


static json_t *
to_bool(json_t *value)
{
    return json_boolean(nt_py_truth(value));
}


static json_t *
to_list(json_t *value)
{
    return json_is_array(value) ? json_incref(value) : NULL;
}


static json_t *
to_dict(json_t *value)
{
    return json_is_object(value) ? json_incref(value) : NULL;
}


/* --- the nodes --- */

static nt_node_rc_t
get(nt_node_call_t *call, json_t *(*convert)(json_t *value), const char *wanted)
{
    json_t     *document = nt_call_input(call, "data"), *value, *result;
    nt_str_t    path;
    const char *type;

    if (!nt_arg_str(call, "path", &path)) {
        return NT_NODE_FAIL;
    }

    if (path.len > 0 && path.data[0] == '$') {
        if (!search(call, document, path, &value)) {
            return NT_NODE_FAIL;
        }
    } else {
        value = follow(document, path);
    }

    if (value == NULL || json_is_null(value)) {
        json_decref(value);
        return nt_emit(call, json_incref(nt_call_input(call, "default")));
    }

    result = convert(value);
    type = nt_py_type(value);
    json_decref(value);

    return result != NULL
               ? nt_emit(call, result)
               : nt_call_fail(call,
                              "'path' leads to a %s that cannot be made "
                              "%s",
                              type, wanted);
}


#define NT_JSON_PATH(name, heading, type_name, json, article)                  \
    static nt_node_rc_t run_##name(nt_node_call_t *call)                       \
    {                                                                          \
        return get(call, to_##name, article " " type_name);                    \
    }                                                                          \
                                                                               \
    static const nt_property_t name##_properties[] = {                         \
        NT_PROP("data", "any", "{}", "The value to look in"),                  \
        NT_PROP("path", "str", "\"\"",                                         \
                "Names and indices, such as a.b.0, or a JSONPath, $..."),      \
        NT_PROP("default", type_name, json,                                    \
                "What to return when the path leads nowhere"),                 \
        NT_PROP_END                                                            \
    };                                                                         \
                                                                               \
    static const nt_output_t name##_outputs[] = { { "output", type_name },     \
                                                  { NULL, NULL } };            \
                                                                               \
    const nt_node_type_t nt_json_path_##name = {                               \
        .type = "lib.json.GetJSONPath" heading,                                \
        .title = "Get JSONPath " heading,                                      \
        .description = "Takes " article " " type_name " out of a value.",      \
        .properties = name##_properties,                                       \
        .outputs = name##_outputs,                                             \
        .run = run_##name                                                      \
    }

NT_JSON_PATH(str, "Str", "str", "\"\"", "a");
NT_JSON_PATH(int, "Int", "int", "0", "an");
NT_JSON_PATH(float, "Float", "float", "0.0", "a");
NT_JSON_PATH(bool, "Bool", "bool", "false", "a");
NT_JSON_PATH(list, "List", "list", "[]", "a");
NT_JSON_PATH(dict, "Dict", "dict", "{}", "a");
