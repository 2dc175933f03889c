#include "engine/graph/keep.h"
#include "engine/graph/tools.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/json.h"

#define HASH_BASIS UINT64_C(14695981039346656037)
#define HASH_PRIME UINT64_C(1099511628211)

bool
nt_keep_hash(const json_t *graph, uint64_t *hash)
{
    nt_buf_t text = { 0 };
    size_t   i;
    bool     good;

    nt_json_append(&text, graph);
    good = !text.failed;
    *hash = HASH_BASIS;
    for (i = 0; good && i < text.len; i++) {
        *hash = (*hash ^ (unsigned char) text.data[i]) * HASH_PRIME;
    }
    nt_buf_free(&text);
    return good;
}

uint64_t
nt_graph_hash(const nt_graph_t *graph)
{
    return graph->hash;
}

/* --- telling --- */

static bool
sources_kept(const nt_node_call_t *call)
{
    const nt_graph_t       *graph = call->run->graph;
    const nt_handle_plan_t *handle = graph->handles + call->plan->first_handle;
    uint32_t                i, j;

    for (i = 0; i < call->plan->n_handles; i++) {
        for (j = 0; j < handle[i].n_edges; j++) {
            if (!call->run->calls[graph->edges[handle[i].edges[j]].source].kept)
            {
                return false;
            }
        }
    }
    return true;
}

/* The values of its outputs; those of inputs come from the parameters, and
 * what outputs, previews and bypassed nodes pass on comes again. */
static json_t *
outputs_of(const nt_node_call_t *call)
{
    json_t  *outputs = json_object();
    uint32_t i;

    if (call->plan->kind != NT_KIND_RUN && call->plan->kind != NT_KIND_DRAIN) {
        return outputs;
    }
    for (i = 0; i < call->plan->n_outputs; i++) {
        if (call->last[i] != NULL &&
            json_object_set(outputs, call->plan->outputs[i].name,
                            call->last[i]) != 0)
        {
            json_decref(outputs);
            return NULL;
        }
    }
    return outputs;
}

void
nt_keep_end(nt_node_call_t *call)
{
    nt_run_t *run = call->run;
    json_t   *outputs;

    /* How often a tool was called, and with what, is not kept. */
    if (call->plan->n_callees > 0 || call->plan->callers > 0) {
        return;
    }
    if (run->sink.completed == NULL || call->kept || call->failed ||
        call->many || (call->plan->type->flags & NT_NODE_STREAMING_OUTPUT) ||
        !sources_kept(call))
    {
        return;
    }
    outputs = outputs_of(call);
    if (outputs != NULL) {
        call->kept = true;
        run->sink.completed(run->sink.arg, call->plan->id, outputs);
    }
}

/* As nt_keep_begin for any node, once it has done what no other attempt can.
 * Those who run the node are not to be repeated then, either. */
static bool
nt_keep_hold(nt_node_call_t *call)
{
    nt_node_call_t *outer;
    nt_run_t       *run = call->run;

    if (call->begun) {
        return !call->held;
    }
    call->begun = true;
    outer = run->parent != NULL ? nt_chain_outer(call) : NULL;
    if (outer != NULL ? nt_keep_hold(outer)
                      : run->sink.begin == NULL ||
                            run->sink.begin(run->sink.arg, call->plan->id,
                                            (uint32_t) (call - run->calls)))
    {
        return true;
    }
    call->held = true;
    run->held++;
    return false;
}

void
nt_keep_fed(nt_node_call_t *call)
{
    nt_run_t *run = call->run;

    if (!call->begun && run->sink.begin != NULL) {
        (void) run->sink.begin(run->sink.arg, call->plan->id,
                               (uint32_t) (call - run->calls));
    }
    call->begun = true;
}

bool
nt_keep_begin(nt_node_call_t *call)
{
    return !(call->plan->type->flags & NT_NODE_ONCE) || nt_keep_hold(call);
}

void
nt_run_begin(nt_run_t *run, uint32_t node)
{
    nt_node_call_t *call = &run->calls[node];

    if (call->held) {
        call->held = false;
        call->more = !call->plan->inner && call->fiber == NULL;
        run->held--;
        nt_run_ready(run, call);
        nt_chain_begin(call);
    }
}

/* --- the next attempt --- */

static uint32_t
find_output(const nt_node_plan_t *plan, const char *name)
{
    uint32_t i;

    for (i = 0; i < plan->n_outputs; i++) {
        if (strcmp(plan->outputs[i].name, name) == 0) {
            return i;
        }
    }
    return NT_NONE;
}

/* Takes over what one node has sent, if that is still what it can send. */
static void
restore_node(nt_node_call_t *call, json_t *outputs)
{
    const char *name;
    json_t     *value;

    if (call->kept || !json_is_object(outputs) || !sources_kept(call) ||
        call->plan->callers > 0)
    {
        return;
    }
    json_object_foreach(outputs, name, value)
    {
        if (find_output(call->plan, name) == NT_NONE) {
            return;
        }
    }
    call->kept = true;
    call->restored = json_incref(outputs);
    if (call->plan->kind == NT_KIND_RUN || call->plan->kind == NT_KIND_DRAIN) {
        nt_run_ready(call->run, call); /* in the order of then */
    }
}

/* {id: number} of the nodes. */
static json_t *
index_nodes(const nt_graph_t *graph)
{
    json_t  *index = json_object();
    uint32_t i;

    for (i = 0; i < graph->n_nodes; i++) {
        if (json_object_set_new(index, graph->nodes[i].id, json_integer(i)) !=
            0) {
            json_decref(index);
            return NULL;
        }
    }
    return index;
}

bool
nt_graph_kept_fits(const nt_graph_t *graph, const json_t *kept)
{
    const json_t *first = json_array_get(kept, 0);
    const char   *text = json_string_value(json_object_get(first, "graph"));
    char          hash[NT_GRAPH_HASH_LEN];

    snprintf(hash, sizeof(hash), "%016" PRIx64, graph->hash);
    return text != NULL && strcmp(text, hash) == 0;
}

bool
nt_keep_restore(nt_run_t *run, const json_t *kept)
{
    json_t         *index, *entry, *number;
    nt_node_call_t *call;
    size_t          i;
    bool            same = nt_graph_kept_fits(run->graph, kept);

    index = index_nodes(run->graph);
    if (index == NULL) {
        return false;
    }
    run->resumed = true;

    json_array_foreach(kept, i, entry)
    {
        number =
            json_object_get(index,
                            json_string_value(json_object_get(entry, "node")));
        if (number == NULL) {
            continue;
        }
        call = &run->calls[json_integer_value(number)];
        if (json_is_true(json_object_get(entry, "begun"))) {
            call->lost = true;
        } else if (same) {
            restore_node(call, json_object_get(entry, "outputs"));
        }
    }
    json_decref(index);
    return true;
}

void
nt_keep_start(nt_run_t *run)
{
    nt_node_call_t *call;
    uint32_t        i;

    for (i = 0; i < run->graph->n_nodes; i++) {
        call = &run->calls[i];
        if (call->lost && call->restored == NULL) {
            (void) nt_call_fail(call,
                                "the engine that ran this node was lost, and "
                                "the node must not run twice: run the "
                                "workflow again if that is right");
            nt_run_fail_node(call);
        }
    }
}

void
nt_keep_send(nt_node_call_t *call)
{
    const char *name;
    json_t     *value;

    json_object_foreach(call->restored, name, value)
    {
        nt_run_send(call, find_output(call->plan, name), value);
    }
    nt_run_end_node(call);
}
