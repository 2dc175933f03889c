#include "engine/graph/keep.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX 1024
#define FAULTS_MAX  100 /* who has more will not read them */

static void
report_members(json_t *fault, const nt_node_plan_t *node, const char *edge_id,
               const char *property)
{
    if (node != NULL) {
        json_object_set_new(fault, "node_id", json_string(node->id));
        json_object_set_new(fault, "node_type", json_string(node->type_name));
    }
    if (edge_id != NULL) {
        json_object_set_new(fault, "edge_id", json_string(edge_id));
    }
    if (property != NULL) {
        json_object_set_new(fault, "property", json_string(property));
    }
}

void
nt_compile_report(nt_compile_t *c, json_t *list, const nt_node_plan_t *node,
                  const char *edge_id, const char *property, const char *format,
                  ...)
{
    char    message[MESSAGE_MAX];
    json_t *fault, *text;
    va_list args;
    int     len;

    if (list == c->errors) {
        c->failed = true;
    }
    if (json_array_size(list) >= FAULTS_MAX) {
        return;
    }

    va_start(args, format);
    len = vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    /* A cut may have split a character; jansson wants whole ones. */
    if (len >= (int) sizeof(message)) {
        len = (int) sizeof(message) - 1;
        while (len > 0 && (message[len - 1] & 0x80) != 0) {
            len--;
        }
    }

    text = json_stringn(message, len < 0 ? 0 : (size_t) len);
    fault = json_object();
    if (json_object_set_new(fault, "message", text) != 0) {
        json_decref(fault);
        c->nomem = true;
        return;
    }
    report_members(fault, node, edge_id, property);
    if (json_array_append_new(list, fault) != 0) {
        c->nomem = true;
    }
}

uint32_t
nt_type_property(const nt_node_type_t *type, const char *name)
{
    uint32_t i;

    for (i = 0; type->properties != NULL && type->properties[i].name != NULL;
         i++) {
        if (strcmp(type->properties[i].name, name) == 0) {
            return i;
        }
    }
    return NT_NONE;
}

static nt_kind_t
kind_of(const nt_node_type_t *type, const json_t *source)
{
    const json_t *ui;

    if (type->flags & NT_NODE_INERT) {
        return NT_KIND_INERT;
    }
    if (type->flags & NT_NODE_INPUT) {
        return NT_KIND_INPUT;
    }
    if (type->flags & NT_NODE_OUTPUT) {
        return NT_KIND_OUTPUT;
    }

    ui = json_object_get(source, "ui_properties");
    if (json_is_true(json_object_get(ui, "bypassed"))) {
        return NT_KIND_BYPASS;
    }
    if (type->flags & NT_NODE_PREVIEW) {
        return NT_KIND_PREVIEW;
    }
    return type->run != NULL ? NT_KIND_RUN : NT_KIND_DRAIN;
}

static bool
compile_outputs(nt_compile_t *c, nt_node_plan_t *node, const json_t *source)
{
    const json_t *dynamic;
    const char   *name;
    json_t       *meta;
    uint32_t      i, n;

    for (n = 0;
         node->type->outputs != NULL && node->type->outputs[n].name != NULL;
         n++)
    {
        /* counting */
    }
    dynamic = node->type->flags & NT_NODE_DYNAMIC_OUTPUTS
                  ? json_object_get(source, "dynamic_outputs")
                  : NULL;

    node->n_outputs = n + (uint32_t) json_object_size(dynamic);
    node->outputs =
        nt_arena_alloc(&c->graph->arena,
                       (node->n_outputs + 1) * sizeof(*node->outputs));
    if (node->outputs == NULL) {
        return false;
    }
    for (i = 0; i < n; i++) {
        node->outputs[i].name = node->type->outputs[i].name;
        node->outputs[i].type =
            nt_type_parse(&c->graph->arena, node->type->outputs[i].type, NULL);
        if (node->outputs[i].type == NULL) {
            return false;
        }
    }

    json_object_foreach((json_t *) dynamic, name, meta)
    {
        node->outputs[i].name =
            nt_arena_copy(&c->graph->arena, name, strlen(name));
        if (node->outputs[i].name == NULL) {
            return false;
        }
        node->outputs[i].type = nt_type_from_json(&c->graph->arena, meta);
        i++;
    }
    node->first_output = c->graph->n_outputs;
    c->graph->n_outputs += node->n_outputs;
    return true;
}

/* Input and output nodes are known by their data.name. */
static bool
has_edges(const nt_compile_t *c, const char *id)
{
    const json_t *edge;
    const char   *source;
    size_t        i;

    json_array_foreach(json_object_get(c->source, "edges"), i, edge)
    {
        source = json_string_value(json_object_get(edge, "source"));
        if (source != NULL && strcmp(source, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool
compile_name(nt_compile_t *c, nt_node_plan_t *node, const json_t *source)
{
    json_t     *names = node->kind == NT_KIND_INPUT ? c->inputs : c->outputs;
    const char *name, *other;

    if (node->kind != NT_KIND_INPUT && node->kind != NT_KIND_OUTPUT) {
        return true;
    }
    name = json_string_value(
        json_object_get(json_object_get(source, "data"), "name"));
    if ((name == NULL || *name == '\0') && node->kind == NT_KIND_INPUT &&
        !has_edges(c, node->id))
    {
        nt_compile_report(c, c->warnings, node, NULL, "name",
                          "Node \"%s\" (%s) is ignored: it has no name, and "
                          "no edge leaves it",
                          node->id, node->type_name);
        node->kind = NT_KIND_INERT;
        return true;
    }
    if (name == NULL || *name == '\0') {
        nt_compile_report(c, c->errors, node, NULL, "name",
                          "Node \"%s\" (%s) needs a name", node->id,
                          node->type_name);
        return true;
    }
    node->name = nt_arena_copy(&c->graph->arena, name, strlen(name));
    if (node->name == NULL) {
        return false;
    }

    other = json_string_value(json_object_get(names, name));
    if (other != NULL) {
        nt_compile_report(c, c->errors, node, NULL, "name",
                          "Node \"%s\" (%s) has the same name \"%s\" as "
                          "node \"%s\"; names must differ",
                          node->id, node->type_name, name, other);
        return true;
    }
    return json_object_set_new(names, name, json_string(node->id)) == 0;
}

static void
report_missing(nt_compile_t *c, const nt_node_plan_t *node)
{
    char need[256];

    if (!nt_registry_missing(c->registry, node->type_name, need, sizeof(need)))
    {
        (void) snprintf(need, sizeof(need), "is not available on this server");
    }
    nt_compile_report(c, c->errors, node, NULL, NULL,
                      "Node \"%s\": node type %s %s", node->id, node->type_name,
                      need);
}

static const nt_node_type_t *
find_type(const nt_compile_t *c, const char *name)
{
    if (c->chain && strcmp(name, nt_tool_entry.type) == 0) {
        return &nt_tool_entry;
    }
    if (c->own != NULL && strcmp(name, c->own->type) == 0) {
        return c->own;
    }
    return nt_registry_find(c->registry, name);
}

static bool
compile_node(nt_compile_t *c, uint32_t i, const json_t *source)
{
    nt_node_plan_t *node = &c->graph->nodes[i];
    const json_t   *id, *type;
    nt_arena_t     *arena = &c->graph->arena;

    id = json_object_get(source, "id");
    type = json_object_get(source, "type");

    node->id =
        nt_arena_copy(arena, json_string_value(id), json_string_length(id));
    node->type_name =
        nt_arena_copy(arena, json_string_value(type), json_string_length(type));
    if (node->id == NULL || node->type_name == NULL) {
        return false;
    }
    if (*node->id == '\0' || *node->type_name == '\0') {
        nt_compile_report(c, c->errors, NULL, NULL, NULL,
                          "Node number %u needs an \"id\" and a \"type\", "
                          "both strings",
                          i + 1);
        return true;
    }
    if (json_object_get(c->index, node->id) != NULL) {
        nt_compile_report(c, c->errors, node, NULL, NULL,
                          "Two nodes have the id \"%s\"", node->id);
        return true;
    }
    if (json_object_set_new(c->index, node->id, json_integer(i)) != 0) {
        return false;
    }

    node->type = find_type(c, node->type_name);
    if (node->type == NULL) {
        report_missing(c, node);
        return true;
    }
    node->kind = kind_of(node->type, source);
    node->bypass = NT_NONE;
    c->graph->n_results += node->kind == NT_KIND_OUTPUT;

    return compile_name(c, node, source) && compile_outputs(c, node, source);
}

static bool
compile_nodes(nt_compile_t *c)
{
    const json_t *list;
    size_t        i, n;

    list = json_object_get(c->source, "nodes");
    if (!json_is_array(list)) {
        nt_compile_report(c, c->errors, NULL, NULL, NULL,
                          "The graph needs \"nodes\", a list");
        return true;
    }
    n = json_array_size(list);
    if (n > NT_NODES_MAX) {
        nt_compile_report(c, c->errors, NULL, NULL, NULL,
                          "The graph has %zu nodes; at most %d are allowed", n,
                          NT_NODES_MAX);
        return true;
    }
    c->graph->nodes =
        nt_arena_alloc(&c->graph->arena, (n + 1) * sizeof(nt_node_plan_t));
    if (c->graph->nodes == NULL) {
        return false;
    }
    for (i = 0; i < n; i++) {
        c->graph->n_nodes++;
        if (!compile_node(c, (uint32_t) i, json_array_get(list, i))) {
            return false;
        }
    }
    return true;
}

/* Faults are texts of the workflow's author, so a run repeats the warnings
 * as log_update events. */
static bool
keep_warnings(nt_compile_t *c, size_t first)
{
    size_t i;

    c->graph->warnings = json_array();
    if (c->graph->warnings == NULL) {
        return false;
    }
    for (i = first; i < json_array_size(c->warnings); i++) {
        if (json_array_append(c->graph->warnings,
                              json_array_get(c->warnings, i)) != 0) {
            return false;
        }
    }
    return true;
}

static void
graph_free(nt_graph_t *graph)
{
    uint32_t i, j;

    for (i = 0; i < graph->n_nodes; i++) {
        for (j = 0; j < graph->nodes[i].n_properties; j++) {
            json_decref(graph->nodes[i].values[j]);
        }
        json_decref(graph->nodes[i].dynamic);
        nt_tools_free(&graph->nodes[i]);
    }
    json_decref(graph->warnings);
    nt_arena_free(&graph->arena);
    free(graph);
}

static bool
compile(nt_compile_t *c)
{
    size_t n_warnings = json_array_size(c->warnings);

    if (!json_is_object(c->source)) {
        nt_compile_report(c, c->errors, NULL, NULL, NULL,
                          "The graph must be an object with \"nodes\" and "
                          "\"edges\"");
    } else if (!compile_nodes(c) || !nt_compile_edges(c) ||
               !nt_compile_values(c) || (!c->failed && !nt_compile_tools(c)))
    {
        c->nomem = true;
    }
    if (!c->nomem && !c->failed) {
        c->nomem = !keep_warnings(c, n_warnings) ||
                   !nt_events_render(c->graph) ||
                   !nt_keep_hash(c->source, &c->graph->hash);
    }
    if (c->nomem) {
        json_array_append_new(c->errors,
                              json_pack("{s:s}", "message",
                                        "The server is out of memory"));
    }
    return !c->nomem && !c->failed;
}

nt_graph_t *
nt_compile_graph(nt_compile_t *c)
{
    bool   good;
    size_t i;

    c->graph = calloc(1, sizeof(*c->graph));
    c->index = json_object();
    c->inputs = json_object();
    c->outputs = json_object();
    good = c->graph != NULL && c->index != NULL && c->inputs != NULL &&
           c->outputs != NULL && compile(c);

    json_decref(c->index);
    json_decref(c->inputs);
    json_decref(c->outputs);
    for (i = 0; i < c->n_chains; i++) {
        free(c->chains[i].nodes);
    }
    free(c->chains);
    nt_buf_free(&c->text);
    if (!good) {
        if (c->graph != NULL) {
            graph_free(c->graph);
        }
        return NULL;
    }
    c->graph->refs = 1;
    return c->graph;
}

nt_graph_t *
nt_graph_compile(const json_t *graph, const nt_registry_t *registry,
                 json_t *errors, json_t *warnings)
{
    return nt_graph_compile_own(graph, registry, NULL, errors, warnings);
}

nt_graph_t *
nt_graph_compile_own(const json_t *graph, const nt_registry_t *registry,
                     const nt_node_type_t *own, json_t *errors,
                     json_t *warnings)
{
    size_t       budget = NT_NODES_MAX;
    nt_compile_t c = { .source = graph,
                       .registry = registry,
                       .own = own,
                       .errors = errors,
                       .warnings = warnings,
                       .budget = &budget };

    return nt_compile_graph(&c);
}

nt_graph_t *
nt_graph_ref(nt_graph_t *graph)
{
    graph->refs++;
    return graph;
}

void
nt_graph_unref(nt_graph_t *graph)
{
    if (graph != NULL && --graph->refs == 0) {
        graph_free(graph);
    }
}
