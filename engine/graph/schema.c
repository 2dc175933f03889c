#include "engine/graph/plan.h"

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

json_t *
nt_type_schema(const nt_type_t *type)
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
    if (type->kind == NT_TYPE_LIST) {
        /* Some models' servers refuse arrays that do not say of what. */
        rc |=
            json_object_set_new(schema, "items",
                                type->n_args > 0 ? nt_type_schema(type->args[0])
                                                 : json_object());
    }
    if (type->kind == NT_TYPE_UNION) {
        list = json_array();
        for (i = 0; i < type->n_args; i++) {
            rc |= json_array_append_new(list, nt_type_schema(type->args[i]));
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
    schema = value_type != NULL ? nt_type_schema(value_type) : NULL;
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

/* What the schemas are made from. */
typedef struct {
    const nt_registry_t *registry;
    bool                 inputs;
    json_t              *nodes;   /* by id */
    json_t              *sources; /* by target's id: edge, null if several */
    json_t              *schema;
} draft_t;

/* The type of the output that an edge comes from. New reference. */
static json_t *
source_schema(const draft_t *draft, const json_t *edge)
{
    const nt_node_type_t *type;
    const nt_output_t    *output;
    const nt_type_t      *value_type;
    const char           *id, *name, *handle;
    nt_arena_t            arena = { 0 };
    json_t               *schema;

    id = json_string_value(json_object_get(edge, "source"));
    handle = json_string_value(json_object_get(edge, "sourceHandle"));
    name = id != NULL
               ? json_string_value(
                     json_object_get(json_object_get(draft->nodes, id), "type"))
               : NULL;
    type = name != NULL ? nt_registry_find(draft->registry, name) : NULL;
    if (type == NULL || handle == NULL) {
        return json_object();
    }
    for (output = type->outputs; output != NULL && output->name != NULL;
         output++) {
        if (strcmp(output->name, handle) == 0) {
            value_type = nt_type_parse(&arena, output->type, NULL);
            schema = value_type != NULL ? nt_type_schema(value_type) : NULL;
            nt_arena_free(&arena);
            return schema;
        }
    }
    return json_object();
}

/* What is known of an output's values is the type of the one output that
 * leads to it. */
static json_t *
output_schema(const draft_t *draft, const json_t *node)
{
    const char *id = json_string_value(json_object_get(node, "id"));
    json_t     *edge, *schema;

    edge = id != NULL ? json_object_get(draft->sources, id) : NULL;
    schema = json_is_object(edge) ? source_schema(draft, edge) : json_object();
    if (schema != NULL && add_texts(schema, json_object_get(node, "data")) != 0)
    {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

/* Whether a node is an input (or output): its type says so, or the type's
 * name where this server does not have it. */
static bool
is_port(const char *name, const nt_node_type_t *type, bool inputs)
{
    const char *prefix = inputs ? INPUTS : OUTPUTS;

    if (type != NULL) {
        return (type->flags & (inputs ? NT_NODE_INPUT : NT_NODE_OUTPUT)) != 0;
    }
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Adds what one node has to the schema; 0, or -1 when memory is out. */
static int
add_node(const draft_t *draft, const json_t *node)
{
    const nt_node_type_t *type;
    const json_t         *data = json_object_get(node, "data");
    const char           *type_name, *name;
    json_t               *member;
    bool                  has_default;

    type_name = json_string_value(json_object_get(node, "type"));
    name = json_string_value(json_object_get(data, "name"));
    if (type_name == NULL || name == NULL || *name == '\0') {
        return 0;
    }
    type = nt_registry_find(draft->registry, type_name);
    if (!is_port(type_name, type, draft->inputs)) {
        return 0;
    }

    if (!draft->inputs) {
        member = output_schema(draft, node);
    } else {
        member = type != NULL ? input_schema(type, data) : json_object();
    }
    has_default = draft->inputs && json_object_get(member, "default") != NULL;
    if (json_object_set_new(json_object_get(draft->schema, "properties"), name,
                            member) != 0)
    {
        return -1;
    }
    return has_default ? 0
                       : json_array_append_new(json_object_get(draft->schema,
                                                               "required"),
                                               json_string(name));
}

/* Puts nodes and edges under the ids that they are looked for by. */
static int
index_graph(const draft_t *draft, const json_t *nodes, const json_t *edges)
{
    json_t     *object;
    const char *id;
    size_t      i;
    int         rc = 0;

    for (i = 0; i < json_array_size(nodes); i++) {
        object = json_array_get(nodes, i);
        id = json_string_value(json_object_get(object, "id"));
        if (id != NULL) {
            rc |= json_object_set(draft->nodes, id, object);
        }
    }
    for (i = 0; i < json_array_size(edges); i++) {
        object = json_array_get(edges, i);
        id = json_string_value(json_object_get(object, "target"));
        if (id == NULL) {
            continue;
        }
        rc |= json_object_get(draft->sources, id) == NULL
                  ? json_object_set(draft->sources, id, object)
                  : json_object_set_new(draft->sources, id, json_null());
    }
    return rc;
}

/* {"type": "object", "properties": {name: ...}, "required": [...]} over the
 * inputs or outputs that have a name. */
static json_t *
graph_schema(const json_t *graph, const nt_registry_t *registry, bool inputs)
{
    const json_t *nodes = json_object_get(graph, "nodes");
    draft_t       draft = { .registry = registry, .inputs = inputs };
    size_t        i;
    int           rc = 0;

    draft.nodes = json_object();
    draft.sources = json_object();
    draft.schema = json_pack("{s:s, s:{}, s:[]}", "type", "object",
                             "properties", "required");
    if (!inputs) {
        rc = index_graph(&draft, nodes, json_object_get(graph, "edges"));
    }
    for (i = 0; i < json_array_size(nodes) && rc == 0; i++) {
        rc = add_node(&draft, json_array_get(nodes, i));
    }

    json_decref(draft.nodes);
    json_decref(draft.sources);
    if (rc != 0) {
        json_decref(draft.schema);
        return NULL;
    }
    return draft.schema;
}

json_t *
nt_graph_input_schema(const json_t *graph, const nt_registry_t *registry)
{
    return graph_schema(graph, registry, true);
}

json_t *
nt_graph_output_schema(const json_t *graph, const nt_registry_t *registry)
{
    return graph_schema(graph, registry, false);
}
