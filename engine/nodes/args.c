/*
 * engine/nodes/args.c - how the built-in nodes declare and read properties.
 */

#include <math.h>
#include <stdio.h>

#include "engine/json.h"
#include "engine/nodes/args.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"

#define NT_INDENT_MAX 64

#define NT_OUT(variable, type)                                                 \
    const nt_output_t variable[] = { { "output", type }, { NULL, NULL } }

NT_OUT(nt_out_any, "any");
NT_OUT(nt_out_bool, "bool");
NT_OUT(nt_out_dict, "dict");
NT_OUT(nt_out_dict_any, "dict[str,any]");
NT_OUT(nt_out_float, "float");
NT_OUT(nt_out_int, "int");
NT_OUT(nt_out_list, "list[any]");
NT_OUT(nt_out_number, "union[int,float]");
NT_OUT(nt_out_str, "str");


static json_t *
wrong_type(nt_node_call_t *call, const char *name, const char *wanted,
           const json_t *value)
{
    (void) nt_call_fail(call, "'%s' must be %s, not %s", name, wanted,
                        value != NULL ? nt_py_type(value) : "nothing");
    return NULL;
}


json_t *
nt_arg_list(nt_node_call_t *call, const char *name)
{
    json_t *value = nt_call_input(call, name);

    return json_is_array(value) ? value
                                : wrong_type(call, name, "a list", value);
}


json_t *
nt_arg_dict(nt_node_call_t *call, const char *name)
{
    json_t *value = nt_call_input(call, name);

    return json_is_object(value) ? value
                                 : wrong_type(call, name, "a dict", value);
}


json_t *
nt_arg_number(nt_node_call_t *call, const char *name)
{
    json_t *value = nt_call_input(call, name);

    return value != NULL && nt_py_is_number(value)
               ? value
               : wrong_type(call, name, "a number", value);
}


bool
nt_arg_int(nt_node_call_t *call, const char *name, int64_t *result)
{
    double  x;
    json_t *value = nt_call_input(call, name);

    if (value != NULL && nt_py_integer(value, result)) {
        return true;
    }

    /* a whole float is what arithmetic on ints may well have made */
    x = json_real_value(value);

    if (json_is_real(value) && x == floor(x) && fabs(x) < 0x1p63) {
        *result = (int64_t) x;
        return true;
    }

    return wrong_type(call, name, "a whole number", value) != NULL;
}


bool
nt_arg_str(nt_node_call_t *call, const char *name, nt_str_t *result)
{
    json_t *value = nt_call_input(call, name);

    *result = nt_ustr(value);
    return json_is_string(value) ||
           wrong_type(call, name, "a str", value) != NULL;
}


bool
nt_arg_name(nt_node_call_t *call, const char *name, nt_str_t *value)
{
    if (!nt_arg_str(call, name, value)) {
        return false;
    }

    if (value->len == 0 || memchr(value->data, '\0', value->len) != NULL) {
        (void) nt_call_fail(call, "'%s' must not %s", name,
                            value->len == 0 ? "be empty"
                                            : "have a NUL character");
        return false;
    }

    return true;
}


bool
nt_arg_indent(nt_node_call_t *call, const char *name, int64_t *value)
{
    if (!nt_arg_int(call, name, value)) {
        return false;
    }

    if (*value < 0 || *value > NT_INDENT_MAX) {
        (void) nt_call_fail(call, "'%s' must be between 0 and %d", name,
                            NT_INDENT_MAX);
        return false;
    }

    return true;
}


json_t *
nt_call_parse(nt_node_call_t *call, const char *what, nt_str_t text)
{
    json_t  *value;
    nt_buf_t error = { 0 };

    value = nt_json_parse(text.data, text.len, &error);

    if (value == NULL) {
        (void) nt_call_fail(call, "%s: %.*s", what, (int) error.len,
                            error.data != NULL ? error.data : "");
    }

    nt_buf_free(&error);
    return value;
}


json_t *
nt_arg_json(nt_node_call_t *call, const char *name, json_type type,
            const char *wanted)
{
    char     what[64];
    json_t  *value;
    nt_str_t text;

    if (!nt_arg_str(call, name, &text)) {
        return NULL;
    }

    (void) snprintf(what, sizeof(what), "'%s'", name);
    value = nt_call_parse(call, what, text);

    if (value != NULL && json_typeof(value) != type) {
        (void) nt_call_fail(call, "'%s' must hold %s, not a %s", name, wanted,
                            nt_py_type(value));
        json_decref(value);
        return NULL;
    }

    return value;
}


nt_node_rc_t
nt_arg_nomem(nt_node_call_t *call)
{
    return nt_call_fail(call, "the server is out of memory");
}


nt_node_rc_t
nt_emit(nt_node_call_t *call, json_t *value)
{
    return nt_call_emit(call, "output", value);
}


nt_node_rc_t
nt_emit_buf(nt_node_call_t *call, nt_buf_t *buf)
{
    return nt_emit(call, nt_ustr_take(buf));
}


nt_node_rc_t
nt_emit_float(nt_node_call_t *call, double value)
{
    if (!isfinite(value)) {
        return nt_call_fail(call, "the result is too large for a number");
    }

    return nt_emit(call, json_real(value));
}


static void
free_latest(void *state)
{
    json_decref(*(json_t **) state);
}


bool
nt_latest_keep(nt_node_call_t *call, const char *handle, json_t *value,
               bool *failed)
{
    json_t **settings;

    *failed = false;

    if (strcmp(handle, "value") == 0) {
        return false;
    }

    settings = nt_call_state(call, sizeof(json_t *), free_latest);

    if (settings != NULL && *settings == NULL) {
        *settings = json_object();
    }

    *failed =
        settings == NULL || json_object_set(*settings, handle, value) != 0;

    if (*failed) {
        (void) nt_arg_nomem(call);
    }

    return true;
}


json_t *
nt_latest(nt_node_call_t *call, const char *name)
{
    json_t *value = NULL, **settings;

    settings = nt_call_state(call, sizeof(json_t *), free_latest);

    if (settings != NULL) {
        value = json_object_get(*settings, name);
    }

    return value != NULL ? value : nt_call_input(call, name);
}
