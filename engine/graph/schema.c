#include "engine/graph/graph.h"
#include "engine/graph/types.h"

/*
 * JSON Schemas of a workflow's parameters and results, in the words of
 * NodeTool.  Made from the workflow and not from a plan, so that workflows
 * have one, too, whose nodes this server does not know.
 */

#define INPUTS  "nodetool.input."
#define OUTPUTS "nodetool.output."

static const char *
schema_type(const nt_type_t *type)
{
    switch (type->kind) {
    case NT_TYPE_STR:
    case NT_TYPE_ENUM:
        return "string";
    case NT_TYPE_INT:
        return "integer";
    case NT_TYPE_FLOAT:
        return "number";
    case NT_TYPE_BOOL:
        return "boolean";
    case NT_TYPE_LIST:
        return "array";
    case NT_TYPE_DICT:
    case NT_TYPE_REF:
        return "object";
    case NT_TYPE_NONE:
        return "null";
    default:
        return NULL; /* no restriction */
    }
}

static bool
has_uri(const char *name)
{
    static const char *const names[] = { "image",    "audio",     "video",
                                         "document", "dataframe", "folder",
                                         "model_3d" };
    size_t                   i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int
add_ref(json_t *schema, const nt_type_t *type)
{
    json_t *properties;
    int     rc;

    properties = json_pack("{s:{s:s, s:s}}", "type", "type", "string", "const",
                           type->name);
    rc = json_object_set(schema, "properties", properties);
    if (has_uri(type->name)) {
        rc |= json_object_set_new(properties, "uri",
                                  json_pack("{s:s}", "type", "string"));
    }
    json_decref(properties);
    return rc;
}

/* New reference; NULL when memory is out. */
static json_t *
type_schema(const nt_type_t *type)
{
    json_t     *schema, *list;
    const char *name = schema_type(type);
    size_t      i;
    int         rc = 0;

    schema = json_object();
    if (name != NULL) {
        rc |= json_object_set_new(schema, "type", json_string(name));
    }
    if (type->kind == NT_TYPE_REF) {
        rc |= add_ref(schema, type);
    }
    if (type->kind == NT_TYPE_LIST && type->n_args > 0) {
        rc |= json_object_set_new(schema, "items", type_schema(type->args[0]));
    }
    if (type->kind == NT_TYPE_UNION) {
        list = json_array();
        for (i = 0; i < type->n_args; i++) {
            rc |= json_array_append_new(list, type_schema(type->args[i]));
        }
        rc |= json_object_set_new(schema, "anyOf", list);
    }
    if (rc != 0) {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

static const nt_property_t *
find_property(const nt_node_type_t *type, const char *name)
{
    const nt_property_t *property;

    for (property = type->properties;
         property != NULL && property->name != NULL; property++)
    {
        if (strcmp(property->name, name) == 0) {
            return property;
        }
    }
    return NULL;
}

/* A setting of an input node: from the workflow, else its default. New
 * reference; NULL when it has none. */
static json_t *
setting(const nt_node_type_t *type, const json_t *data, const char *name)
{
    const nt_property_t *property = find_property(type, name);
    json_t              *value = json_object_get(data, name);

    if (property == NULL) {
        return NULL;
    }
    if (value != NULL && !json_is_null(value)) {
        return json_incref(value);
    }
    return property->default_json != NULL
               ? json_loads(property->default_json, JSON_DECODE_ANY, NULL)
               : NULL;
}

static int
add_bounds(json_t *schema, const nt_node_type_t *type, const json_t *data)
{
    static const char *const names[][2] = { { "min", "minimum" },
                                            { "max", "maximum" } };
    json_t                  *value;
    size_t                   i;
    int                      rc = 0;

    for (i = 0; i < 2; i++) {
        value = setting(type, data, names[i][0]);
        if (json_is_number(value)) {
            rc |= json_object_set(schema, names[i][1], value);
        }
        json_decref(value);
    }
    value = setting(type, data, "max_length");
    if (json_integer_value(value) > 0) {
        rc |= json_object_set(schema, "maxLength", value);
    }
    json_decref(value);

    value = setting(type, data, "options");
    if (json_array_size(value) > 0) {
        rc |= json_object_set(schema, "enum", value);
    }
    json_decref(value);
    return rc;
}

static int
add_texts(json_t *schema, const json_t *data)
{
    json_t *text = json_object_get(data, "description");

    if (json_string_length(text) > 0) {
        return json_object_set(schema, "description", text);
    }
    return 0;
}

/* New reference; NULL when memory is out. */
static json_t *
input_schema(const nt_node_type_t *type, const json_t *data)
{
    const nt_property_t *property = find_property(type, "value");
    const nt_type_t     *value_type;
    nt_arena_t           arena = { 0 };
    json_t              *schema, *value;
    int                  rc;

    if (property == NULL) {
        return json_object();
    }
    value_type = nt_type_parse(&arena, property->type, property->values);
    schema = value_type != NULL ? type_schema(value_type) : NULL;
    nt_arena_free(&arena);
    if (schema == NULL) {
        return NULL;
    }

    rc = add_bounds(schema, type, data) | add_texts(schema, data);
    value = setting(type, data, "value");
    if (value != NULL && !json_is_null(value)) {
        rc |= json_object_set(schema, "default", value);
    }
    json_decref(value);
    if (rc != 0) {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

static const json_t *
find_node(const json_t *graph, const json_t *id)
{
    const json_t *nodes = json_object_get(graph, "nodes");
    size_t        i;

    for (i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);

        if (json_equal(json_object_get(node, "id"), id)) {
            return node;
        }
    }
    return NULL;
}

static json_t *
source_schema(const json_t *graph, const json_t *edge,
              const nt_registry_t *registry)
{
    const nt_node_type_t *type;
    const nt_output_t    *output;
    const nt_type_t      *value_type;
    const json_t         *node;
    const char           *name, *handle;
    nt_arena_t            arena = { 0 };
    json_t               *schema = NULL;

    node = find_node(graph, json_object_get(edge, "source"));
    name = json_string_value(json_object_get(node, "type"));
    handle = json_string_value(json_object_get(edge, "sourceHandle"));
    type = name != NULL ? nt_registry_find(registry, name) : NULL;
    if (type == NULL || handle == NULL) {
        return json_object();
    }
    for (output = type->outputs; output != NULL && output->name != NULL;
         output++) {
        if (strcmp(output->name, handle) == 0) {
            value_type = nt_type_parse(&arena, output->type, NULL);
            schema = value_type != NULL ? type_schema(value_type) : NULL;
            nt_arena_free(&arena);
            return schema;
        }
    }
    return json_object();
}

/* What is known of an output's values is the type of the one output that
 * leads to it. */
static json_t *
output_schema(const json_t *graph, const json_t *node,
              const nt_registry_t *registry)
{
    const json_t *edges = json_object_get(graph, "edges");
    const json_t *found = NULL;
    json_t       *schema;
    size_t        i, n = 0;

    for (i = 0; i < json_array_size(edges); i++) {
        const json_t *edge = json_array_get(edges, i);

        if (json_equal(json_object_get(edge, "target"),
                       json_object_get(node, "id"))) {
            found = edge;
            n++;
        }
    }
    schema = n == 1 ? source_schema(graph, found, registry) : json_object();
    if (schema != NULL && add_texts(schema, json_object_get(node, "data")) != 0)
    {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

static json_t *
node_schema(const json_t *graph, const json_t *node,
            const nt_registry_t *registry, bool inputs)
{
    const nt_node_type_t *type;

    if (!inputs) {
        return output_schema(graph, node, registry);
    }
    type = nt_registry_find(registry,
                            json_string_value(json_object_get(node, "type")));
    return type != NULL ? input_schema(type, json_object_get(node, "data"))
                        : json_object();
}

/* {"type": "object", "properties": {name: ...}, "required": [...]} over the
 * nodes whose type starts with `prefix` and that have a name. */
static json_t *
graph_schema(const json_t *graph, const nt_registry_t *registry,
             const char *prefix, bool inputs)
{
    const json_t *nodes = json_object_get(graph, "nodes");
    json_t       *schema, *properties, *required, *member;
    const char   *type, *name;
    size_t        i;
    int           rc = 0;

    properties = json_object();
    required = json_array();
    schema = json_pack("{s:s, s:o, s:o}", "type", "object", "properties",
                       properties, "required", required);
    if (schema == NULL) {
        return NULL;
    }

    for (i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);

        type = json_string_value(json_object_get(node, "type"));
        name = json_string_value(
            json_object_get(json_object_get(node, "data"), "name"));
        if (type == NULL || strncmp(type, prefix, strlen(prefix)) != 0 ||
            name == NULL || *name == '\0')
        {
            continue;
        }
        member = node_schema(graph, node, registry, inputs);
        rc |= json_object_set_new(properties, name, member);
        if (member != NULL &&
            (!inputs || json_object_get(member, "default") == NULL)) {
            rc |= json_array_append_new(required, json_string(name));
        }
    }
    if (rc != 0) {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

json_t *
nt_graph_input_schema(const json_t *graph, const nt_registry_t *registry)
{
    return graph_schema(graph, registry, INPUTS, true);
}

json_t *
nt_graph_output_schema(const json_t *graph, const nt_registry_t *registry)
{
    return graph_schema(graph, registry, OUTPUTS, false);
}
