#include "engine/graph/plan.h"

#define CONTROL "__control__"

static const char *
member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* The edge's id or, when it has none, where it leads from and to. */
static const char *
edge_id(nt_compile_t *c, const json_t *edge)
{
    const char *id = member(edge, "id");
    nt_buf_t   *text = &c->text;

    if (*id != '\0') {
        return id;
    }
    nt_buf_reset(text);
    nt_buf_printf(text, "%s.%s-%s.%s", member(edge, "source"),
                  member(edge, "sourceHandle"), member(edge, "target"),
                  member(edge, "targetHandle"));
    return text->failed
               ? NULL
               : nt_arena_copy(&c->graph->arena, text->data, text->len);
}

static uint32_t
find_node(nt_compile_t *c, const char *id)
{
    const json_t *number = json_object_get(c->index, id);

    return number != NULL ? (uint32_t) json_integer_value(number) : NT_NONE;
}

static uint32_t
find_output(const nt_node_plan_t *node, const char *name)
{
    uint32_t i;

    for (i = 0; i < node->n_outputs; i++) {
        if (strcmp(node->outputs[i].name, name) == 0) {
            return i;
        }
    }
    return NT_NONE;
}

/* What an edge leads from and to; false when it is to be left out. */
static bool
read_data(nt_compile_t *c, nt_draft_t *draft)
{
    const nt_node_plan_t *source = &c->graph->nodes[draft->source];
    const nt_node_plan_t *target = &c->graph->nodes[draft->target];

    draft->output = find_output(source, draft->source_handle);
    if (draft->output == NT_NONE) {
        nt_compile_report(c, c->warnings, source, draft->id, NULL,
                          "Edge \"%s\" is ignored: node \"%s\" (%s) has no "
                          "output \"%s\"",
                          draft->id, source->id, source->type_name,
                          draft->source_handle);
        return false;
    }
    if ((target->type->flags & (NT_NODE_INPUT | NT_NODE_INERT)) ||
        (!(target->type->flags & NT_NODE_DYNAMIC) &&
         nt_type_property(target->type, draft->target_handle) == NT_NONE))
    {
        nt_compile_report(c, c->warnings, target, draft->id,
                          draft->target_handle,
                          "Edge \"%s\" is ignored: node \"%s\" (%s) takes no "
                          "input \"%s\"",
                          draft->id, target->id, target->type_name,
                          draft->target_handle);
        return false;
    }
    return true;
}

/* A control edge leads from a node that calls tools to one that can be
 * called. */
static bool
read_control(nt_compile_t *c, nt_draft_t *draft)
{
    const nt_node_plan_t *source = &c->graph->nodes[draft->source];
    const nt_node_plan_t *target = &c->graph->nodes[draft->target];

    draft->output = NT_NONE;
    if (strcmp(draft->target_handle, CONTROL) != 0) {
        nt_compile_report(c, c->errors, target, draft->id, NULL,
                          "Control edge \"%s\" leads to input \"%s\" of node "
                          "\"%s\"; control edges lead to \"" CONTROL "\"",
                          draft->id, draft->target_handle, target->id);
        return false;
    }
    if (!(source->type->flags & NT_NODE_TOOLS)) {
        nt_compile_report(c, c->errors, source, draft->id, NULL,
                          "Control edge \"%s\": node \"%s\" (%s) cannot "
                          "control other nodes; agents can",
                          draft->id, source->id, source->type_name);
        return false;
    }
    if (target->kind == NT_KIND_BYPASS) {
        nt_compile_report(c, c->warnings, target, draft->id, NULL,
                          "Control edge \"%s\" is ignored: node \"%s\" (%s) "
                          "is bypassed",
                          draft->id, target->id, target->type_name);
        return false;
    }
    if (target->kind != NT_KIND_RUN && target->kind != NT_KIND_OUTPUT &&
        target->kind != NT_KIND_PREVIEW)
    {
        nt_compile_report(c, c->errors, target, draft->id, NULL,
                          "Control edge \"%s\": node \"%s\" (%s) cannot be "
                          "run once for each call",
                          draft->id, target->id, target->type_name);
        return false;
    }
    return true;
}

/* Reads an edge; false when it is to be left out (and has been reported). */
static bool
read_edge(nt_compile_t *c, nt_draft_t *draft, const json_t *edge)
{
    const nt_node_plan_t *source, *target;

    draft->json = edge;
    draft->id = edge_id(c, edge);
    if (draft->id == NULL) {
        c->nomem = true;
        return false;
    }
    draft->source_handle = member(edge, "sourceHandle");
    draft->target_handle = member(edge, "targetHandle");
    draft->source = find_node(c, member(edge, "source"));
    draft->target = find_node(c, member(edge, "target"));

    if (draft->source == NT_NONE || draft->target == NT_NONE) {
        nt_compile_report(c, c->warnings, NULL, draft->id, NULL,
                          "Edge \"%s\" is ignored: there is no node \"%s\"",
                          draft->id,
                          member(edge, draft->source == NT_NONE ? "source"
                                                                : "target"));
        return false;
    }
    source = &c->graph->nodes[draft->source];
    target = &c->graph->nodes[draft->target];

    if (source->type == NULL || target->type == NULL) {
        return false; /* an unknown type has been reported */
    }
    draft->control = strcmp(member(edge, "edge_type"), "control") == 0 ||
                     strcmp(draft->target_handle, CONTROL) == 0;
    return draft->control ? read_control(c, draft) : read_data(c, draft);
}

static void
check_types(nt_compile_t *c, const nt_edge_plan_t *edge)
{
    const nt_node_plan_t   *source = &c->graph->nodes[edge->source];
    const nt_node_plan_t   *target = &c->graph->nodes[edge->target];
    const nt_output_plan_t *output = &source->outputs[edge->output];
    const nt_handle_plan_t *handle = &c->graph->handles[edge->handle];
    nt_buf_t               *text = &c->text;

    if (output->type == NULL || handle->type == NULL ||
        nt_type_accepts(handle->type, output->type))
    {
        return;
    }

    nt_buf_reset(text);
    nt_type_write(text, output->type);
    nt_buf_append(text, "\0", 1);
    nt_type_write(text, handle->type);
    nt_buf_append(text, "\0", 1);
    if (text->failed) {
        c->nomem = true;
        return;
    }
    if (source->type == &nt_tool_entry) {
        nt_compile_report(c, c->errors, target, edge->id, handle->name,
                          "Edge \"%s\" brings %s, but input \"%s\" of node "
                          "\"%s\" (%s) takes %s",
                          edge->id, text->data, handle->name, target->id,
                          target->type_name,
                          text->data + strlen(text->data) + 1);
        return;
    }
    nt_compile_report(c, c->errors, target, edge->id, handle->name,
                      "Edge \"%s\": output \"%s\" of node \"%s\" (%s) is %s, "
                      "but input \"%s\" of node \"%s\" (%s) takes %s",
                      edge->id, output->name, source->id, source->type_name,
                      text->data, handle->name, target->id, target->type_name,
                      text->data + strlen(text->data) + 1);
}

static nt_handle_plan_t *
add_handle(nt_compile_t *c, uint32_t number, const char *name)
{
    nt_node_plan_t   *node = &c->graph->nodes[number];
    nt_handle_plan_t *handle;
    uint32_t          i;

    for (i = 0; i < node->n_handles; i++) {
        handle = &c->graph->handles[node->first_handle + i];
        if (strcmp(handle->name, name) == 0) {
            return handle;
        }
    }

    handle = &c->graph->handles[c->graph->n_handles++];
    node->n_handles++;
    handle->node = number;
    handle->property =
        node->inner ? NT_NONE : nt_type_property(node->type, name);
    if (handle->property == NT_NONE) {
        handle->name = nt_arena_copy(&c->graph->arena, name, strlen(name));
        node->dynamic_edges = true;
        return handle->name != NULL ? handle : NULL;
    }
    handle->name = node->type->properties[handle->property].name;
    if (node->type->properties[handle->property].min != NULL ||
        node->type->properties[handle->property].max != NULL)
    {
        handle->bounds = &node->type->properties[handle->property];
    }
    if (node->types[handle->property]->kind != NT_TYPE_ANY) {
        handle->type = node->types[handle->property];
    }
    node->handles[handle->property] = (uint32_t) (handle - c->graph->handles);
    return handle;
}

/* Types of the properties, for the handles to come. */
static bool
prepare_node(nt_compile_t *c, nt_node_plan_t *node)
{
    const nt_property_t *property;
    nt_arena_t          *arena = &c->graph->arena;
    uint32_t             i;

    node->first_handle = c->graph->n_handles;
    if (node->type == NULL || node->type->properties == NULL || node->inner) {
        return true; /* where it runs is where its values are */
    }
    while (node->type->properties[node->n_properties].name != NULL) {
        node->n_properties++;
    }
    node->types =
        nt_arena_alloc(arena, node->n_properties * sizeof(*node->types));
    node->handles =
        nt_arena_alloc(arena, node->n_properties * sizeof(*node->handles));
    node->values =
        nt_arena_alloc(arena, node->n_properties * sizeof(*node->values));
    if (node->types == NULL || node->handles == NULL || node->values == NULL) {
        node->n_properties = 0;
        return false;
    }

    for (i = 0; i < node->n_properties; i++) {
        property = &node->type->properties[i];
        node->handles[i] = NT_NONE;
        node->types[i] = nt_type_parse(arena, property->type, property->values);
        if (node->types[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* Fills the lists of edge numbers by output and by handle. */
static bool
list_edges(nt_compile_t *c)
{
    nt_graph_t       *graph = c->graph;
    nt_handle_plan_t *handle;
    nt_output_plan_t *output;
    uint32_t         *pool, *next;
    uint32_t          i, j;

    pool =
        nt_arena_alloc(&graph->arena, 2 * (graph->n_edges + 1) * sizeof(*pool));
    if (pool == NULL) {
        return false;
    }

    next = pool;
    for (i = 0; i < graph->n_handles; i++) {
        graph->handles[i].edges = next;
        next += graph->handles[i].n_edges;
        graph->handles[i].n_edges = 0;
    }
    for (i = 0; i < graph->n_nodes; i++) {
        for (j = 0; j < graph->nodes[i].n_outputs; j++) {
            graph->nodes[i].outputs[j].edges = next;
            next += graph->nodes[i].outputs[j].n_edges;
            graph->nodes[i].outputs[j].n_edges = 0;
        }
    }
    for (i = 0; i < graph->n_edges; i++) {
        if (graph->edges[i].handle == NT_NONE) {
            continue;
        }
        handle = &graph->handles[graph->edges[i].handle];
        handle->edges[handle->n_edges++] = i;
        output = &graph->nodes[graph->edges[i].source]
                      .outputs[graph->edges[i].output];
        output->edges[output->n_edges++] = i;
    }
    return true;
}

/* Gives the edges of one node their handles. */
static bool
connect_node(nt_compile_t *c, uint32_t first)
{
    const nt_draft_t *draft;
    nt_edge_plan_t   *edge;
    nt_handle_plan_t *handle;
    uint32_t          i;

    for (i = first; i != NT_NONE; i = draft->next_in) {
        draft = &c->drafts[i];
        edge = &c->graph->edges[i];
        edge->id =
            nt_arena_copy(&c->graph->arena, draft->id, strlen(draft->id));
        if (edge->id == NULL) {
            return false;
        }
        edge->source = draft->source;
        edge->target = draft->target;
        edge->output = edge->handle = NT_NONE;
        if (draft->control || draft->inner) {
            continue;
        }
        handle = add_handle(c, draft->target, draft->target_handle);
        if (handle == NULL) {
            return false;
        }
        edge->output = draft->output;
        edge->handle = (uint32_t) (handle - c->graph->handles);
        handle->n_edges++;
        c->graph->nodes[edge->source].outputs[edge->output].n_edges++;
        check_types(c, edge);
    }
    return true;
}

/* Reads the edges that are to be kept, and lists them by node. */
static void
read_edges(nt_compile_t *c, const json_t *list, size_t n)
{
    nt_draft_t *draft;
    uint32_t   *last, i;

    last = c->first_out + c->graph->n_nodes + 1;
    for (i = 0; i < c->graph->n_nodes; i++) {
        c->first_in[i] = c->first_out[i] = NT_NONE;
    }
    for (i = 0; i < n; i++) {
        draft = &c->drafts[c->graph->n_edges];
        memset(draft, 0, sizeof(*draft));
        if (!read_edge(c, draft, json_array_get(list, i))) {
            continue;
        }
        draft->next_in = NT_NONE;
        if (c->first_in[draft->target] == NT_NONE) {
            c->first_in[draft->target] = c->graph->n_edges;
        } else {
            c->drafts[last[draft->target]].next_in = c->graph->n_edges;
        }
        last[draft->target] = c->graph->n_edges++;
    }
    for (i = c->graph->n_edges; i-- > 0;) {
        draft = &c->drafts[i];
        draft->next_out = c->first_out[draft->source];
        c->first_out[draft->source] = i;
    }
}

bool
nt_compile_edges(nt_compile_t *c)
{
    nt_graph_t   *graph = c->graph;
    const json_t *list;
    uint32_t     *order, *degree, i;
    size_t        n, size;
    bool          sorted;

    list = json_object_get(c->source, "edges");
    n = json_array_size(list);
    if (n > NT_EDGES_MAX) {
        nt_compile_report(c, c->errors, NULL, NULL, NULL,
                          "The graph has %zu edges; at most %d are allowed", n,
                          NT_EDGES_MAX);
        n = 0;
    }
    size = (graph->n_nodes + 1) * sizeof(uint32_t);
    c->drafts = nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*c->drafts));
    graph->edges =
        nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*graph->edges));
    graph->handles =
        nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*graph->handles));
    c->first_in = nt_arena_alloc(&graph->arena, size);
    c->first_out = nt_arena_alloc(&graph->arena, 2 * size);
    order = nt_arena_alloc(&graph->arena, size);
    degree = nt_arena_alloc(&graph->arena, size);
    if (c->drafts == NULL || graph->edges == NULL || graph->handles == NULL ||
        c->first_in == NULL || c->first_out == NULL || order == NULL ||
        degree == NULL)
    {
        return false;
    }

    read_edges(c, list, n);
    sorted = nt_compile_sort(c, order, degree);
    if (!c->failed && !nt_compile_chains(c)) {
        return false;
    }
    for (i = 0; i < graph->n_nodes; i++) {
        if (!prepare_node(c, &graph->nodes[i]) ||
            !connect_node(c, c->first_in[i])) {
            return false;
        }
    }
    if (!list_edges(c)) {
        return false;
    }
    if (sorted) {
        nt_compile_streams(graph, order);
    }
    return true;
}
