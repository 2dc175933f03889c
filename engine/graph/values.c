#include "engine/graph/plan.h"

/*
 * The values that properties have where no edge brings one, and what follows
 * from the edges for a node: how its inputs make a set, what must be there.
 */

#define TOLD_MAX 80 /* bytes of a value that an error repeats */

static bool
is_empty(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

static const json_t *
source_node(const nt_compile_t *c, const nt_node_plan_t *node)
{
    return json_array_get(json_object_get(c->source, "nodes"),
                          (size_t) (node - c->graph->nodes));
}

bool
nt_property_accepts(const nt_property_t *property, const json_t *value)
{
    double number = json_number_value(value);

    return !json_is_number(value) ||
           ((property->min == NULL || number >= *property->min) &&
            (property->max == NULL || number <= *property->max));
}

void
nt_property_write_bounds(nt_buf_t *buf, const nt_property_t *property)
{
    if (property->min != NULL && property->max != NULL) {
        nt_buf_printf(buf, "numbers from %.10g to %.10g", *property->min,
                      *property->max);
    } else if (property->min != NULL) {
        nt_buf_printf(buf, "numbers from %.10g on", *property->min);
    } else if (property->max != NULL) {
        nt_buf_printf(buf, "numbers up to %.10g", *property->max);
    }
}

static bool
report_bounds(nt_compile_t *c, const nt_node_plan_t *node,
              const nt_property_t *property, const json_t *value)
{
    nt_buf_reset(&c->text);
    nt_property_write_bounds(&c->text, property);
    nt_buf_append(&c->text, "\0", 1);
    if (c->text.failed) {
        return false;
    }
    nt_compile_report(c, c->errors, node, NULL, property->name,
                      "Node \"%s\" (%s): property \"%s\" takes %s, the "
                      "workflow has %.10g",
                      node->id, node->type_name, property->name, c->text.data,
                      json_number_value(value));
    return true;
}

/* What was given instead of one of the values of an enumeration is told
 * itself, unless it is long; of other types its type. */
static bool
report_type(nt_compile_t *c, const nt_node_plan_t *node, uint32_t i,
            const json_t *given)
{
    const nt_type_t *type = node->types[i];
    const char      *name = node->type->properties[i].name;

    nt_buf_reset(&c->text);
    nt_type_write(&c->text, type);
    nt_buf_append_str(&c->text, NT_STR(", the workflow has "));
    if (type->values != NULL && json_is_string(given) &&
        json_string_length(given) <= TOLD_MAX)
    {
        nt_buf_append_json(&c->text, nt_str(json_string_value(given)));
    } else {
        nt_buf_append_str(&c->text, nt_str(nt_type_of(given)));
    }
    nt_buf_append(&c->text, "\0", 1);
    if (c->text.failed) {
        return false;
    }
    nt_compile_report(c, c->errors, node, NULL, name,
                      "Node \"%s\" (%s): property \"%s\" takes %s", node->id,
                      node->type_name, name, c->text.data);
    return true;
}

/*
 * Values as older versions of node types had them, which real workflows still
 * have: the name of a font, the URI of a medium, a path as an object.  New
 * reference; NULL when it is none of these.
 */
static json_t *
convert_old(const nt_type_t *type, const json_t *given)
{
    static const struct {
        const char *type, *member;
    } refs[] = { { "font", "name" },   { "image", "uri" },
                 { "audio", "uri" },   { "video", "uri" },
                 { "text", "uri" },    { "document", "uri" },
                 { "model_3d", "uri" } };
    const json_t *path = json_object_get(given, "path");
    size_t        i;

    if (type->kind == NT_TYPE_STR && json_is_string(path)) {
        return json_copy((json_t *) path);
    }
    if (type->kind != NT_TYPE_REF || !json_is_string(given)) {
        return NULL;
    }
    for (i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        if (strcmp(type->name, refs[i].type) == 0) {
            return json_pack("{s:s, s:O}", "type", refs[i].type, refs[i].member,
                             given);
        }
    }
    return NULL;
}

static bool
set_value(nt_compile_t *c, nt_node_plan_t *node, uint32_t i, json_t *given)
{
    const nt_property_t *property = &node->type->properties[i];
    json_t              *value;

    /* NodeTool lets an empty value not take a default's place. */
    if (is_empty(given) &&
        (json_is_null(given) || !json_is_null(node->values[i]))) {
        return true;
    }

    value = nt_type_convert(node->types[i], given);
    if (value == NULL) {
        value = convert_old(node->types[i], given);
    }
    if (value == NULL) {
        return report_type(c, node, i, given);
    }
    json_decref(node->values[i]);
    node->values[i] = value;
    return nt_property_accepts(property, value) ||
           report_bounds(c, node, property, value);
}

static bool
set_values(nt_compile_t *c, nt_node_plan_t *node, const json_t *data)
{
    const nt_property_t *property;
    const char          *text;
    json_t              *given;
    uint32_t             i;

    for (i = 0; i < node->n_properties; i++) {
        property = &node->type->properties[i];
        text = property->default_json;
        node->values[i] = text == NULL
                              ? json_null()
                              : json_loads(text, JSON_DECODE_ANY, NULL);
        if (node->values[i] == NULL) {
            return false;
        }

        given = json_object_get(data, property->name);
        if (given != NULL && node->handles[i] == NT_NONE &&
            !set_value(c, node, i, given))
        {
            return false;
        }
        if (property->required && node->handles[i] == NT_NONE &&
            node->callers == 0 && /* the call may bring it */
            node->kind != NT_KIND_INPUT && node->kind != NT_KIND_BYPASS &&
            json_is_null(node->values[i]) &&
            (given == NULL || json_is_null(given)))
        {
            nt_compile_report(c, c->errors, node, NULL, property->name,
                              "Node \"%s\" (%s): input \"%s\" needs a value "
                              "or an edge",
                              node->id, node->type_name, property->name);
        }
    }
    return true;
}

static bool
has_handle(const nt_graph_t *graph, const nt_node_plan_t *node,
           const char *name)
{
    uint32_t i;

    for (i = 0; i < node->n_handles; i++) {
        if (strcmp(graph->handles[node->first_handle + i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
set_dynamic(nt_compile_t *c, nt_node_plan_t *node, const json_t *source)
{
    const char *const members[] = { "data", "dynamic_properties" };
    const char       *name;
    json_t           *value;
    size_t            i;

    if (!(node->type->flags & NT_NODE_DYNAMIC)) {
        return true;
    }
    node->dynamic = json_object();
    if (node->dynamic == NULL) {
        return false;
    }
    for (i = 0; i < 2; i++) {
        json_object_foreach(json_object_get(source, members[i]), name, value)
        {
            if (nt_type_property(node->type, name) == NT_NONE &&
                !has_handle(c->graph, node, name) &&
                json_object_set(node->dynamic, name, value) != 0)
            {
                return false;
            }
        }
    }
    return true;
}

static bool
takes_list(const nt_node_plan_t *node, const nt_handle_plan_t *handle)
{
    uint32_t property;

    if (!node->inner) {
        return handle->type != NULL && handle->type->kind == NT_TYPE_LIST;
    }
    property = nt_type_property(node->type, handle->name);
    return property != NT_NONE &&
           strncmp(node->type->properties[property].type, "list", 4) == 0;
}

static void
set_sync(nt_compile_t *c, nt_node_plan_t *node, const json_t *source)
{
    nt_handle_plan_t *handle;
    const char       *mode;
    uint32_t          i;
    bool              streams = false;

    for (i = 0; i < node->n_handles; i++) {
        handle = &c->graph->handles[node->first_handle + i];
        streams |= handle->streams;
        handle->aggregate = node->kind == NT_KIND_RUN && handle->n_edges > 1 &&
                            takes_list(node, handle);
        if (handle->aggregate) {
            node->sync = NT_SYNC_AGGREGATE;
        }
    }
    if (node->sync == NT_SYNC_AGGREGATE || !streams) {
        return;
    }

    mode = json_string_value(json_object_get(source, "sync_mode"));
    if ((node->type->flags & NT_NODE_ZIP) ||
        (mode != NULL && strcmp(mode, "zip_all") == 0))
    {
        node->sync = NT_SYNC_ZIP;
    }
}

/* A bypassed node hands on the first of its inputs that its output could
 * have been. */
static void
set_bypass(nt_compile_t *c, nt_node_plan_t *node)
{
    const nt_handle_plan_t *handle;
    const nt_type_t        *type;
    uint32_t                i;

    if (node->kind != NT_KIND_BYPASS || node->n_outputs == 0) {
        return;
    }
    type = node->outputs[0].type;
    for (i = 0; i < node->n_handles; i++) {
        handle = &c->graph->handles[node->first_handle + i];
        if (type == NULL || handle->type == NULL ||
            nt_type_accepts(type, handle->type)) {
            node->bypass = i;
            return;
        }
    }
}

/* Lets the type look at the properties that have no edge. */
static bool
check_node(nt_compile_t *c, nt_node_plan_t *node)
{
    char     message[512] = "";
    json_t  *properties;
    uint32_t i;
    int      rc = 0;

    if (node->type->check == NULL || node->kind == NT_KIND_BYPASS ||
        node->callers > 0)
    {
        return true;
    }
    properties =
        node->dynamic != NULL ? json_copy(node->dynamic) : json_object();
    for (i = 0; i < node->n_properties; i++) {
        if (node->handles[i] == NT_NONE) {
            rc |= json_object_set(properties, node->type->properties[i].name,
                                  node->values[i]);
        }
    }
    if (properties == NULL || rc != 0) {
        json_decref(properties);
        return false;
    }
    if (!node->type->check(properties, message, sizeof(message))) {
        nt_compile_report(c, c->errors, node, NULL, NULL,
                          "Node \"%s\" (%s): %s", node->id, node->type_name,
                          message);
    }
    json_decref(properties);
    return true;
}

bool
nt_compile_values(nt_compile_t *c)
{
    nt_node_plan_t *node;
    const json_t   *source;
    uint32_t        i;

    for (i = 0; i < c->graph->n_nodes; i++) {
        node = &c->graph->nodes[i];
        if (node->type == NULL) {
            continue;
        }
        source = source_node(c, node);
        if (!set_values(c, node, json_object_get(source, "data")) ||
            !set_dynamic(c, node, source))
        {
            return false;
        }
        set_sync(c, node, source);
        set_bypass(c, node);
        if (!check_node(c, node)) {
            return false;
        }
    }
    return true;
}
