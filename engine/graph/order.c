#include "engine/graph/plan.h"

static void
report_cycle(nt_compile_t *c, const uint32_t *degree)
{
    const nt_draft_t     *draft;
    const nt_node_plan_t *source, *target;
    uint32_t              i;

    /* An edge between two nodes that could not be sorted; where it leads to
     * a node behind the cycle only, another one is on it. */
    for (i = 0; i < c->graph->n_edges; i++) {
        draft = &c->drafts[i];
        source = &c->graph->nodes[draft->source];
        target = &c->graph->nodes[draft->target];

        if (degree[draft->source] > 0 && degree[draft->target] > 0) {
            nt_compile_report(c, c->errors, target, draft->id, NULL,
                              "The graph has a cycle: edge \"%s\" from node "
                              "\"%s\" to node \"%s\" is part of it or behind "
                              "it",
                              draft->id, source->id, target->id);
            return;
        }
    }
}

bool
nt_compile_sort(nt_compile_t *c, uint32_t *order, uint32_t *degree)
{
    const nt_draft_t *draft;
    uint32_t          head = 0, tail = 0, i, n = c->graph->n_nodes;

    memset(degree, 0, n * sizeof(*degree));
    for (i = 0; i < c->graph->n_edges; i++) {
        degree[c->drafts[i].target]++;
    }
    for (i = 0; i < n; i++) {
        if (degree[i] == 0) {
            order[tail++] = i;
        }
    }
    while (head < tail) {
        i = c->first_out[order[head++]];
        for (; i != NT_NONE; i = draft->next_out) {
            draft = &c->drafts[i];
            if (--degree[draft->target] == 0) {
                order[tail++] = draft->target;
            }
        }
    }
    if (tail < n) {
        report_cycle(c, degree);
    }
    return tail == n;
}

void
nt_compile_streams(nt_graph_t *graph, const uint32_t *order)
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
        streams = (node->type->flags & NT_NODE_STREAMING_OUTPUT) != 0 ||
                  node->callers > 0; /* once for each call */
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
