#include "engine/graph/plan.h"

#include "engine/json.h"

#define VALUE_SHOWN 100 /* bytes of a wrong value that are repeated */

static const nt_node_plan_t *
find_input(const nt_graph_t *graph, const char *name)
{
    uint32_t i;

    for (i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i].kind == NT_KIND_INPUT &&
            strcmp(graph->nodes[i].name, name) == 0)
        {
            return &graph->nodes[i];
        }
    }
    return NULL;
}

/* The value of a property of an input node; NULL when it has none such. */
static const json_t *
setting(const nt_node_plan_t *node, const char *name)
{
    uint32_t i = nt_type_property(node->type, name);

    return i != NT_NONE ? node->values[i] : NULL;
}

/* "Parameter "x" expects EXPECTED, got ..." */
static nt_rc_t
refuse(nt_buf_t *error, const char *name, const char *expected,
       const json_t *value)
{
    nt_buf_append_str(error, NT_STR("Parameter "));
    nt_buf_append_json(error, nt_str(name));
    nt_buf_append_str(error, NT_STR(" expects "));
    nt_buf_append_str(error, nt_str(expected));
    nt_buf_append_str(error, NT_STR(", got "));
    if (json_is_object(value) || json_is_array(value)) {
        nt_buf_append_str(error, nt_str(nt_type_of(value)));
    } else {
        if (json_string_length(value) > VALUE_SHOWN) {
            nt_buf_append_str(error, NT_STR("a long text"));
        } else {
            nt_json_append(error, value);
        }
        nt_buf_printf(error, " (%s)", nt_type_of(value));
    }
    return NT_ERROR;
}

static void
describe_type(nt_buf_t *text, const nt_type_t *type)
{
    nt_type_write(text, type);
    if (type->kind == NT_TYPE_REF) {
        nt_buf_printf(text, " (an object with \"type\": \"%s\")", type->name);
    }
    nt_buf_append(text, "\0", 1);
}

static size_t
utf8_length(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t      i, n = 0;

    for (i = 0; i < json_string_length(value); i++) {
        n += ((unsigned char) text[i] & 0xc0) != 0x80;
    }
    return n;
}

static nt_rc_t
check_number(const nt_node_plan_t *node, const json_t *value, nt_buf_t *error)
{
    const json_t *min = setting(node, "min");
    const json_t *max = setting(node, "max");
    double        number = json_number_value(value);
    nt_buf_t      text = { 0 };
    nt_rc_t       rc;

    if (!json_is_number(min) || !json_is_number(max) ||
        (number >= json_number_value(min) && number <= json_number_value(max)))
    {
        return NT_OK;
    }
    nt_type_write(&text, node->types[nt_type_property(node->type, "value")]);
    nt_buf_append_str(&text, NT_STR(" from "));
    nt_json_append(&text, min);
    nt_buf_append_str(&text, NT_STR(" to "));
    nt_json_append(&text, max);
    nt_buf_append(&text, "\0", 1);
    rc = text.failed ? NT_NOMEM : refuse(error, node->name, text.data, value);
    nt_buf_free(&text);
    return rc;
}

static nt_rc_t
check_string(const nt_node_plan_t *node, const json_t *value, nt_buf_t *error)
{
    const json_t *options = setting(node, "options");
    json_int_t    max;
    nt_buf_t      text = { 0 };
    nt_rc_t       rc;
    size_t        i, len;

    max = json_integer_value(setting(node, "max_length"));
    len = utf8_length(value);
    if (max > 0 && len > (size_t) max) {
        nt_buf_printf(error,
                      "Parameter \"%s\" expects a str of at most %lld "
                      "characters, got %zu characters",
                      node->name, (long long) max, len);
        return NT_ERROR;
    }
    if (json_array_size(options) == 0) {
        return NT_OK;
    }
    for (i = 0; i < json_array_size(options); i++) {
        if (json_equal(json_array_get(options, i), value)) {
            return NT_OK;
        }
    }
    nt_buf_append_str(&text, NT_STR("one of "));
    nt_json_append(&text, options);
    nt_buf_append(&text, "\0", 1);
    rc = text.failed ? NT_NOMEM : refuse(error, node->name, text.data, value);
    nt_buf_free(&text);
    return rc;
}

/* null is no text and no number, while an image may well be absent. */
static bool
is_plain(const nt_type_t *type)
{
    return type->kind == NT_TYPE_STR || type->kind == NT_TYPE_INT ||
           type->kind == NT_TYPE_FLOAT || type->kind == NT_TYPE_BOOL ||
           type->kind == NT_TYPE_ENUM;
}

static nt_rc_t
check_value(const nt_node_plan_t *node, json_t *value, nt_buf_t *error)
{
    const nt_type_t *type;
    uint32_t         property = nt_type_property(node->type, "value");
    nt_buf_t         text = { 0 };
    json_t          *converted;
    nt_rc_t          rc = NT_OK;

    if (property == NT_NONE) {
        return NT_OK;
    }
    type = node->types[property];
    if (json_is_null(value) && !is_plain(type)) {
        return NT_OK; /* nothing comes in here */
    }
    converted = nt_type_convert(type, value);
    if (converted == NULL) {
        describe_type(&text, type);
        rc = text.failed ? NT_NOMEM
                         : refuse(error, node->name, text.data, value);
        nt_buf_free(&text);
        return rc;
    }
    if (json_is_number(converted)) {
        rc = check_number(node, converted, error);
    } else if (json_is_string(converted)) {
        rc = check_string(node, converted, error);
    }
    json_decref(converted);
    return rc;
}

static nt_rc_t
refuse_unknown(const nt_graph_t *graph, const char *name, nt_buf_t *error)
{
    uint32_t i;
    bool     first = true;

    nt_buf_append_str(error, NT_STR("The workflow has no parameter "));
    nt_buf_append_json(error, nt_str(name));
    for (i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i].kind == NT_KIND_INPUT) {
            nt_buf_append_str(error,
                              first ? NT_STR("; it has ") : NT_STR(", "));
            nt_buf_append_json(error, nt_str(graph->nodes[i].name));
            first = false;
        }
    }
    if (first) {
        nt_buf_append_str(error, NT_STR("; it has none"));
    }
    return NT_ERROR;
}

/* An input that must have a value and has none in the workflow. */
static nt_rc_t
check_missing(const nt_graph_t *graph, const json_t *params, nt_buf_t *error)
{
    const nt_node_plan_t *node;
    uint32_t              i, property;

    for (i = 0; i < graph->n_nodes; i++) {
        node = &graph->nodes[i];
        if (node->kind != NT_KIND_INPUT ||
            json_object_get(params, node->name) != NULL) {
            continue;
        }
        property = nt_type_property(node->type, "value");
        if (property != NT_NONE && node->type->properties[property].required &&
            json_is_null(node->values[property]))
        {
            nt_buf_append_str(error, NT_STR("Parameter "));
            nt_buf_append_json(error, nt_str(node->name));
            nt_buf_append_str(error, NT_STR(" is missing; it expects "));
            nt_type_write(error, node->types[property]);
            return NT_ERROR;
        }
    }
    return NT_OK;
}

nt_rc_t
nt_graph_check_params(const nt_graph_t *graph, const json_t *params,
                      nt_buf_t *error)
{
    const nt_node_plan_t *node;
    const char           *name;
    json_t               *value;
    nt_rc_t               rc;

    if (params != NULL && !json_is_object(params)) {
        nt_buf_append_str(error, NT_STR("The parameters must be an object, "
                                        "got "));
        nt_buf_append_str(error, nt_str(nt_type_of(params)));
        return NT_ERROR;
    }
    json_object_foreach((json_t *) params, name, value)
    {
        node = find_input(graph, name);
        rc = node != NULL ? check_value(node, value, error)
                          : refuse_unknown(graph, name, error);
        if (rc != NT_OK) {
            return rc;
        }
    }
    return check_missing(graph, params, error);
}
