#include "engine/graph/plan.h"

/* An edge as the workflow has it. */
typedef struct {
    const char *id;
    const char *source_handle;
    const char *target_handle;
    uint32_t    source;
    uint32_t    target;
    uint32_t    output;
    uint32_t    next; /* edge into the same node, or NT_NONE */
} draft_t;

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

/* Reads an edge; false when it is to be left out (and has been reported). */
static bool
read_edge(nt_compile_t *c, draft_t *draft, const json_t *edge)
{
    const nt_node_plan_t *source, *target;

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

    if (strcmp(member(edge, "edge_type"), "control") == 0) {
        nt_compile_report(c, c->errors, target, draft->id, NULL,
                          "Edge \"%s\" from node \"%s\" to node \"%s\" is a "
                          "control edge; control edges are not available on "
                          "this server",
                          draft->id, source->id, target->id);
        return false;
    }
    if (source->type == NULL || target->type == NULL) {
        return false; /* an unknown type has been reported */
    }

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
    handle->property = nt_type_property(node->type, name);
    if (handle->property == NT_NONE) {
        handle->name = nt_arena_copy(&c->graph->arena, name, strlen(name));
        node->dynamic_edges = true;
        return handle->name != NULL ? handle : NULL;
    }
    handle->name = node->type->properties[handle->property].name;
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
    if (node->type == NULL || node->type->properties == NULL) {
        return true;
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
        handle = &graph->handles[graph->edges[i].handle];
        handle->edges[handle->n_edges++] = i;
        output = &graph->nodes[graph->edges[i].source]
                      .outputs[graph->edges[i].output];
        output->edges[output->n_edges++] = i;
    }
    return true;
}

/* Nodes in an order in which each comes after those that feed it; false when
 * the edges go round. `order` has room for all nodes. */
static bool
sort_nodes(nt_compile_t *c, uint32_t *order, uint32_t *degree)
{
    nt_graph_t     *graph = c->graph;
    nt_node_plan_t *node;
    uint32_t        head = 0, tail = 0, i, j, k;

    memset(degree, 0, graph->n_nodes * sizeof(*degree));
    for (i = 0; i < graph->n_edges; i++) {
        degree[graph->edges[i].target]++;
    }
    for (i = 0; i < graph->n_nodes; i++) {
        if (degree[i] == 0) {
            order[tail++] = i;
        }
    }
    while (head < tail) {
        node = &graph->nodes[order[head++]];
        for (j = 0; j < node->n_outputs; j++) {
            for (k = 0; k < node->outputs[j].n_edges; k++) {
                i = graph->edges[node->outputs[j].edges[k]].target;
                if (--degree[i] == 0) {
                    order[tail++] = i;
                }
            }
        }
    }
    return tail == graph->n_nodes;
}

static void
report_cycle(nt_compile_t *c, const uint32_t *degree)
{
    const nt_graph_t *graph = c->graph;
    uint32_t          i;

    /* An edge between two nodes that could not be sorted; where it leads to
     * a node behind the cycle only, another one is on it. */
    for (i = 0; i < graph->n_edges; i++) {
        const nt_node_plan_t *source = &graph->nodes[graph->edges[i].source];
        const nt_node_plan_t *target = &graph->nodes[graph->edges[i].target];

        if (degree[graph->edges[i].source] > 0 &&
            degree[graph->edges[i].target] > 0) {
            nt_compile_report(c, c->errors, target, graph->edges[i].id, NULL,
                              "The graph has a cycle: edge \"%s\" from node "
                              "\"%s\" to node \"%s\" is part of it or behind "
                              "it",
                              graph->edges[i].id, source->id, target->id);
            return;
        }
    }
}

/* "Streams" spreads from nodes that stream along the edges. */
static void
spread_streams(nt_graph_t *graph, const uint32_t *order)
{
    nt_node_plan_t *node;
    nt_edge_plan_t *edge;
    uint32_t        i, j, k;
    bool            streams;

    for (i = 0; i < graph->n_nodes; i++) {
        node = &graph->nodes[order[i]];
        if (node->type == NULL) {
            continue;
        }
        streams = (node->type->flags & NT_NODE_STREAMING_OUTPUT) != 0;
        for (j = 0; j < node->n_handles; j++) {
            streams |= graph->handles[node->first_handle + j].streams;
        }
        for (j = 0; streams && j < node->n_outputs; j++) {
            for (k = 0; k < node->outputs[j].n_edges; k++) {
                edge = &graph->edges[node->outputs[j].edges[k]];
                edge->streams = true;
                graph->handles[edge->handle].streams = true;
            }
        }
    }
}

static bool
order_graph(nt_compile_t *c)
{
    uint32_t *order, *degree;
    size_t    size;

    size = (c->graph->n_nodes + 1) * sizeof(uint32_t);
    order = nt_arena_alloc(&c->graph->arena, size);
    degree = nt_arena_alloc(&c->graph->arena, size);
    if (order == NULL || degree == NULL) {
        return false;
    }
    if (sort_nodes(c, order, degree)) {
        spread_streams(c->graph, order);
    } else {
        report_cycle(c, degree);
    }
    return true;
}

/* Gives the edges of one node their handles. */
static bool
connect_node(nt_compile_t *c, draft_t *drafts, uint32_t first)
{
    nt_edge_plan_t   *edge;
    nt_handle_plan_t *handle;
    uint32_t          i;

    for (i = first; i != NT_NONE; i = drafts[i].next) {
        handle = add_handle(c, drafts[i].target, drafts[i].target_handle);
        if (handle == NULL) {
            return false;
        }
        edge = &c->graph->edges[i];
        edge->id =
            nt_arena_copy(&c->graph->arena, drafts[i].id, strlen(drafts[i].id));
        if (edge->id == NULL) {
            return false;
        }
        edge->source = drafts[i].source;
        edge->target = drafts[i].target;
        edge->output = drafts[i].output;
        edge->handle = (uint32_t) (handle - c->graph->handles);
        handle->n_edges++;
        c->graph->nodes[edge->source].outputs[edge->output].n_edges++;
        check_types(c, edge);
    }
    return true;
}

bool
nt_compile_edges(nt_compile_t *c)
{
    nt_graph_t   *graph = c->graph;
    const json_t *list;
    draft_t      *drafts;
    uint32_t     *first, *last, i;
    size_t        n;

    list = json_object_get(c->source, "edges");
    n = json_array_size(list);
    if (n > NT_EDGES_MAX) {
        nt_compile_report(c, c->errors, NULL, NULL, NULL,
                          "The graph has %zu edges; at most %d are allowed", n,
                          NT_EDGES_MAX);
        n = 0;
    }
    drafts = nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*drafts));
    graph->edges =
        nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*graph->edges));
    graph->handles =
        nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*graph->handles));
    first = nt_arena_alloc(&graph->arena,
                           2 * (graph->n_nodes + 1) * sizeof(*first));
    if (drafts == NULL || graph->edges == NULL || graph->handles == NULL ||
        first == NULL)
    {
        return false;
    }
    last = first + graph->n_nodes + 1;
    for (i = 0; i < graph->n_nodes; i++) {
        first[i] = NT_NONE;
    }

    for (i = 0; i < n; i++) {
        draft_t *draft = &drafts[graph->n_edges];

        if (!read_edge(c, draft, json_array_get(list, i))) {
            continue;
        }
        draft->next = NT_NONE;
        if (first[draft->target] == NT_NONE) {
            first[draft->target] = graph->n_edges;
        } else {
            drafts[last[draft->target]].next = graph->n_edges;
        }
        last[draft->target] = graph->n_edges++;
    }

    for (i = 0; i < graph->n_nodes; i++) {
        if (!prepare_node(c, &graph->nodes[i]) ||
            !connect_node(c, drafts, first[i])) {
            return false;
        }
    }
    return list_edges(c) && order_graph(c);
}
