#include "engine/graph/tools.h"

#include <stdio.h>

/*
 * What a model is told of a tool: its name, and the schema of its arguments.
 */

/* A longer text says nothing as a default. */
#define DEFAULT_MAX 200

/* --- schemas --- */

bool
nt_tool_is_plain(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value) ||
           (json_is_string(value) && json_string_length(value) > 0 &&
            json_string_length(value) <= DEFAULT_MAX);
}

static int
add_bounds(json_t *schema, const nt_property_t *property)
{
    int rc = 0;

    if (property->min != NULL) {
        rc |= json_object_set_new(schema, "minimum", json_real(*property->min));
    }
    if (property->max != NULL) {
        rc |= json_object_set_new(schema, "maximum", json_real(*property->max));
    }
    return rc;
}

static int
add_enum(json_t *schema, const nt_property_t *property)
{
    json_t *list;
    size_t  i;
    int     rc = 0;

    if (property->values == NULL) {
        return 0;
    }
    list = json_array();
    for (i = 0; property->values[i] != NULL; i++) {
        rc |= json_array_append_new(list, json_string(property->values[i]));
    }
    return rc | json_object_set_new(schema, "enum", list);
}

/* The schema of a property of a node of this plan, or of an inner one, which
 * has no value here.  New reference; NULL when memory is out. */
json_t *
nt_tool_property_schema(nt_compile_t *c, const nt_node_plan_t *node, uint32_t i)
{
    const nt_property_t *property = &node->type->properties[i];
    const nt_type_t     *type;
    json_t              *schema;
    int                  rc;

    type = node->inner ? nt_type_parse(&c->graph->arena, property->type,
                                       property->values)
                       : node->types[i];
    schema = type != NULL ? nt_type_schema(type) : NULL;
    if (schema == NULL) {
        return NULL;
    }
    rc = add_bounds(schema, property) | add_enum(schema, property);
    if (property->description != NULL) {
        rc |= json_object_set_new(schema, "description",
                                  json_string(property->description));
    }
    if (!node->inner && nt_tool_is_plain(node->values[i])) {
        rc |= json_object_set(schema, "default", node->values[i]);
    }
    if (rc != 0) {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

/* {"type": "object", "properties": {}, "required": []} */
json_t *
nt_tool_empty_schema(void)
{
    return json_pack("{s:s, s:{}, s:[]}", "type", "object", "properties",
                     "required");
}

bool
nt_tool_add_property(json_t *parameters, const char *name, json_t *schema,
                     bool required)
{
    return json_object_set_new(json_object_get(parameters, "properties"), name,
                               schema) == 0 &&
           (!required ||
            json_array_append_new(json_object_get(parameters, "required"),
                                  json_string(name)) == 0);
}

/* --- names --- */

/* Appends `title` in snake case: "Google Search" is google_search. */
void
nt_tool_snake(char *name, size_t size, const char *text)
{
    size_t n = 0;
    char   c;

    for (; *text != '\0' && n + 2 < size; text++) {
        c = *text;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            name[n++] = c;
        } else if (c >= 'A' && c <= 'Z') {
            if (n > 0 && text[-1] >= 'a' && text[-1] <= 'z') {
                name[n++] = '_';
            }
            name[n++] = (char) (c - 'A' + 'a');
        } else if (n > 0 && name[n - 1] != '_') {
            name[n++] = '_';
        }
    }
    while (n > 0 && name[n - 1] == '_') {
        n--;
    }
    name[n] = '\0';
}

/* An output's name as it is, but for what no tool's name may have. */
void
nt_tool_plain(char *name, size_t size, const char *text)
{
    size_t n;

    for (n = 0; text[n] != '\0' && n + 1 < size; n++) {
        name[n] = (text[n] >= 'a' && text[n] <= 'z') ||
                          (text[n] >= 'A' && text[n] <= 'Z') ||
                          (text[n] >= '0' && text[n] <= '9') || text[n] == '-'
                      ? text[n]
                      : '_';
    }
    name[n] = '\0';
}

static bool
is_taken(const nt_node_plan_t *node, const char *name)
{
    uint32_t i;

    for (i = 0; i < node->n_tools; i++) {
        if (strcmp(node->tools[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A name that no other tool of the node has; NULL when memory is out. */
const char *
nt_tool_unique(nt_compile_t *c, const nt_node_plan_t *node, char *name)
{
    char     text[NT_TOOL_NAME_MAX + 1];
    unsigned n = 1;
    int      len;

    (void) snprintf(text, sizeof(text), "%s", *name != '\0' ? name : "tool");
    while (is_taken(node, text)) {
        len = snprintf(NULL, 0, "_%u", ++n);
        (void) snprintf(text, sizeof(text), "%.*s_%u", NT_TOOL_NAME_MAX - len,
                        *name != '\0' ? name : "tool", n);
    }
    return nt_arena_copy(&c->graph->arena, text, strlen(text));
}

/* {"name", "description", "parameters"}; takes `parameters` over. */
bool
nt_tool_set_schema(nt_tool_plan_t *tool, const nt_node_type_t *type,
                   json_t *parameters)
{
    const char *text = type->description;

    tool->schema =
        json_pack("{s:s, s:s, s:o}", "name", tool->name, "description",
                  text != NULL ? text : type->title, "parameters", parameters);
    return tool->schema != NULL;
}
