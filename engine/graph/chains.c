#include "engine/graph/plan.h"

#include <stdlib.h>

/*
 * Finds what is behind the outputs that are tools.  A chain has all that its
 * output leads to, but for what the agent's other outputs lead to as well:
 * that waits for the agent to end, and so is none of its tools.  A node may
 * be part of several chains.
 */

/* Says of each output of the graph, in c->tools, whether it is a tool: a
 * dynamic one of an agent.  What only leads to results and previews is a
 * result, not something to call. */
static bool
find_tools(nt_compile_t *c)
{
    const nt_node_plan_t *node;
    const nt_draft_t     *draft;
    nt_kind_t             kind;
    uint32_t              i, n;

    c->tools = nt_arena_alloc(&c->graph->arena, c->graph->n_outputs + 1);
    if (c->tools == NULL) {
        return false;
    }
    for (i = 0; i < c->graph->n_edges; i++) {
        draft = &c->drafts[i];
        node = &c->graph->nodes[draft->source];
        if (draft->control || !(node->type->flags & NT_NODE_TOOLS) ||
            node->kind == NT_KIND_BYPASS)
        {
            continue;
        }
        for (n = 0;
             node->type->outputs != NULL && node->type->outputs[n].name != NULL;
             n++)
        {
            /* counting those that the type has */
        }
        kind = c->graph->nodes[draft->target].kind;
        if (draft->output >= n && kind != NT_KIND_OUTPUT &&
            kind != NT_KIND_PREVIEW) {
            c->tools[node->first_output + draft->output] = true;
        }
    }
    return true;
}

typedef enum {
    FROM_OUTPUT, /* begin with one output; no entries of others behind it */
    FROM_PLAIN,  /* begin with all outputs that are no tools; the same */
    FROM_ALL     /* follow each edge */
} spread_t;

/* Marks in `nodes` what a node's drafts lead to, and all behind that.
 * `stack` has room for all nodes. */
static void
spread(nt_compile_t *c, char *nodes, uint32_t node, spread_t from,
       uint32_t output, uint32_t *stack)
{
    const nt_draft_t *draft;
    uint32_t          i, n = 0;
    bool              first = true, follow;

    stack[n++] = node;
    while (n > 0) {
        i = c->first_out[stack[--n]];
        for (; i != NT_NONE; i = draft->next_out) {
            draft = &c->drafts[i];
            follow = first && from == FROM_OUTPUT
                         ? draft->output == output
                         : from == FROM_ALL || !draft->entry;
            if (follow && !nodes[draft->target]) {
                nodes[draft->target] = 1;
                stack[n++] = draft->target;
            }
        }
        first = false;
    }
}

static bool
add_chain(nt_compile_t *c, uint32_t agent, uint32_t output, uint32_t *stack)
{
    nt_graph_t *graph = c->graph;
    nt_chain_t *chain;
    char       *plain;
    uint32_t    i;

    if (c->n_chains == NT_CHAINS_MAX) {
        nt_compile_report(c, c->errors, &graph->nodes[agent], NULL, NULL,
                          "The graph has more than %d tools", NT_CHAINS_MAX);
        return true;
    }
    chain = &c->chains[c->n_chains++];
    chain->agent = agent;
    chain->output = output;
    chain->nodes = calloc(2, graph->n_nodes);
    if (chain->nodes == NULL) {
        return false;
    }
    plain = chain->nodes + graph->n_nodes;
    spread(c, chain->nodes, agent, FROM_OUTPUT, output, stack);
    spread(c, plain, agent, FROM_PLAIN, NT_NONE, stack);
    for (i = 0; i < graph->n_nodes; i++) {
        chain->nodes[i] &= !plain[i];
        graph->nodes[i].inner |= chain->nodes[i];
    }
    return true;
}

static bool
find_chains(nt_compile_t *c, uint32_t *stack)
{
    const nt_node_plan_t *node;
    uint32_t              i, j;

    for (i = 0; i < c->graph->n_nodes && !c->failed; i++) {
        node = &c->graph->nodes[i];
        for (j = 0; j < node->n_outputs; j++) {
            if (c->tools[node->first_output + j] && !add_chain(c, i, j, stack))
            {
                return false;
            }
        }
    }
    return true;
}

/* Adds the chains of the agents within a chain. */
static void
close_chain(nt_compile_t *c, nt_chain_t *chain)
{
    size_t   i;
    uint32_t j;
    bool     more, grown;

    do {
        grown = false;
        for (i = 0; i < c->n_chains; i++) {
            if (!chain->nodes[c->chains[i].agent]) {
                continue;
            }
            for (j = 0; j < c->graph->n_nodes; j++) {
                more = c->chains[i].nodes[j] && !chain->nodes[j];
                chain->nodes[j] |= more;
                grown |= more;
            }
        }
    } while (grown);
}

/* What comes into a chain from outside must not wait for its agent. */
static bool
check_inputs(nt_compile_t *c, const nt_chain_t *chain, uint32_t *stack)
{
    const nt_node_plan_t *source, *target, *agent;
    const nt_draft_t     *draft;
    char                 *behind;
    uint32_t              i;

    behind = calloc(1, c->graph->n_nodes);
    if (behind == NULL) {
        return false;
    }
    behind[chain->agent] = 1;
    spread(c, behind, chain->agent, FROM_ALL, NT_NONE, stack);

    for (i = 0; i < c->graph->n_edges; i++) {
        draft = &c->drafts[i];
        if (draft->inner || !chain->nodes[draft->target] ||
            !behind[draft->source]) {
            continue;
        }
        agent = &c->graph->nodes[chain->agent];
        source = &c->graph->nodes[draft->source];
        target = &c->graph->nodes[draft->target];
        nt_compile_report(c, c->errors, target, draft->id, NULL,
                          "Edge \"%s\": node \"%s\" is part of tool \"%s\" of "
                          "node \"%s\"; it cannot wait for node \"%s\", "
                          "which goes on only when the tool has run",
                          draft->id, target->id,
                          agent->outputs[chain->output].name, agent->id,
                          source->id);
        break;
    }
    free(behind);
    return true;
}

/* A control edge stays within a run. */
static void
check_controls(nt_compile_t *c)
{
    const nt_node_plan_t *source, *target;
    const nt_draft_t     *draft;
    uint32_t              i;

    for (i = 0; i < c->graph->n_edges; i++) {
        draft = &c->drafts[i];
        source = &c->graph->nodes[draft->source];
        target = &c->graph->nodes[draft->target];
        if (draft->control && !draft->inner && (source->inner || target->inner))
        {
            nt_compile_report(c, c->errors, target, draft->id, NULL,
                              "Control edge \"%s\": node \"%s\" and node "
                              "\"%s\" are not part of the same tool",
                              draft->id, source->id, target->id);
        }
    }
}

/* An entry that leads past its chain is an edge like others; what is within
 * a chain is left to the chain. */
static void
mark_drafts(nt_compile_t *c)
{
    const nt_chain_t *chain;
    nt_draft_t       *draft;
    uint32_t          i;
    size_t            j;

    for (i = 0; i < c->graph->n_edges; i++) {
        draft = &c->drafts[i];
        for (j = 0; j < c->n_chains && !draft->inner; j++) {
            chain = &c->chains[j];
            draft->inner = chain->nodes[draft->target] &&
                           (chain->nodes[draft->source] ||
                            (draft->entry && draft->source == chain->agent &&
                             draft->output == chain->output));
        }
        draft->entry &= draft->inner;
    }
}

/* The edges without an output that end with a node. */
static bool
list_ends(nt_compile_t *c, uint32_t number)
{
    nt_node_plan_t   *node = &c->graph->nodes[number];
    const nt_draft_t *draft;
    uint32_t          i, n = 0;

    for (i = c->first_out[number]; i != NT_NONE; i = draft->next_out) {
        draft = &c->drafts[i];
        n += draft->control || draft->inner;
    }
    if (n == 0) {
        return true;
    }
    node->ends = nt_arena_alloc(&c->graph->arena, n * sizeof(*node->ends));
    if (node->ends == NULL) {
        return false;
    }
    for (i = c->first_out[number]; i != NT_NONE; i = draft->next_out) {
        draft = &c->drafts[i];
        if (draft->control || draft->inner) {
            node->ends[node->n_ends++] = i;
        }
    }
    return true;
}

/* The nodes that end when a node has: those that it controls, and those of
 * its chains. `seen` is zeroed, and left so. */
static bool
list_callees(nt_compile_t *c, uint32_t number, char *seen)
{
    nt_graph_t       *graph = c->graph;
    nt_node_plan_t   *node = &graph->nodes[number];
    const nt_draft_t *draft;
    uint32_t          i, n = 0;
    size_t            j;

    if (node->n_ends == 0 || node->inner) {
        return true;
    }
    for (i = c->first_out[number]; i != NT_NONE; i = draft->next_out) {
        draft = &c->drafts[i];
        seen[draft->target] |= draft->control;
    }
    for (j = 0; j < c->n_chains; j++) {
        for (i = 0; c->chains[j].agent == number && i < graph->n_nodes; i++) {
            seen[i] |= c->chains[j].nodes[i];
        }
    }
    for (i = 0; i < graph->n_nodes; i++) {
        n += (uint32_t) seen[i];
    }
    node->callees =
        nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*node->callees));
    if (node->callees == NULL) {
        return false;
    }
    for (i = 0; i < graph->n_nodes; i++) {
        if (seen[i]) {
            node->callees[node->n_callees++] = i;
            graph->nodes[i].callers++;
            seen[i] = 0;
        }
    }
    return true;
}

static bool
list_all(nt_compile_t *c)
{
    char    *seen;
    uint32_t i;
    bool     good = true;

    seen = calloc(1, c->graph->n_nodes);
    if (seen == NULL) {
        return false;
    }
    for (i = 0; i < c->graph->n_nodes && good; i++) {
        good = list_ends(c, i) && list_callees(c, i, seen);
    }
    free(seen);
    return good;
}

bool
nt_compile_chains(nt_compile_t *c)
{
    nt_chain_t *chain;
    nt_draft_t *draft;
    uint32_t   *stack, first, i;
    size_t      j;
    bool        good = true, some = false;

    if (!find_tools(c)) {
        return false;
    }
    for (i = 0; i < c->graph->n_edges; i++) {
        draft = &c->drafts[i];
        first = c->graph->nodes[draft->source].first_output;
        draft->entry = !draft->control && c->tools[first + draft->output];
        some |= draft->entry || draft->control;
    }
    if (!some) {
        return true;
    }

    stack = calloc(c->graph->n_nodes, sizeof(*stack));
    c->chains = calloc(NT_CHAINS_MAX, sizeof(*c->chains));
    if (stack == NULL || c->chains == NULL || !find_chains(c, stack)) {
        free(stack);
        return false;
    }
    for (j = 0; j < c->n_chains; j++) {
        chain = &c->chains[j];
        chain->outermost = !c->graph->nodes[chain->agent].inner;
        if (chain->outermost) {
            close_chain(c, chain);
        }
    }
    mark_drafts(c);
    check_controls(c);
    for (j = 0; j < c->n_chains && good && !c->failed; j++) {
        good = !c->chains[j].outermost || check_inputs(c, &c->chains[j], stack);
    }
    free(stack);
    return good && (c->failed || list_all(c));
}
