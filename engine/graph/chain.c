#include "engine/graph/tools.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * Runs of chains: each call of a tool behind an output is one, within the run
 * of the node that calls.  Its events are events of the job.
 */

#define TURN 16 /* steps that a chain has before others go on */

nt_node_call_t *
nt_chain_outer(const nt_node_call_t *call)
{
    const nt_run_t *run = call->run;
    uint32_t        i = (uint32_t) (call - run->calls);

    if (run->chain == NULL) {
        return run->tool->caller;
    }
    return i < run->chain->n_nodes ? &run->parent->calls[run->chain->nodes[i]]
                                   : NULL; /* an entry */
}

void
nt_chain_send(nt_node_call_t *call, uint32_t output, json_t *value)
{
    nt_node_call_t *outer = nt_chain_outer(call);

    if (outer != NULL && !outer->closed[output]) {
        nt_run_send(outer, output, value);
    }
}

bool
nt_chain_block(nt_node_call_t *call)
{
    nt_node_call_t *outer;

    if (call->run->chain == NULL) {
        return nt_subworkflow_block(call);
    }
    outer = nt_chain_outer(call);
    return outer != NULL && nt_run_block(outer);
}

/* Calls `act` for each node in the runs within this one that `call` stands
 * for. */
static void
each_inner(nt_node_call_t *call, void (*act)(nt_node_call_t *inner))
{
    nt_run_t *child;
    uint32_t  i;

    for (child = call->run->children; child != NULL; child = child->next) {
        for (i = 0; i < child->graph->n_nodes; i++) {
            if (nt_chain_outer(&child->calls[i]) == call) {
                act(&child->calls[i]);
            }
        }
    }
}

static void
unblock(nt_node_call_t *inner)
{
    if (inner->blocked) {
        nt_run_ready(inner->run, inner);
        inner->run->runnable = true;
    }
}

void
nt_chain_unblock(nt_node_call_t *call)
{
    each_inner(call, unblock);
}

static void
begin(nt_node_call_t *inner)
{
    nt_run_begin(inner->run, (uint32_t) (inner - inner->run->calls));
    inner->run->runnable = true;
}

void
nt_chain_begin(nt_node_call_t *call)
{
    each_inner(call, begin);
}

/* --- the run's sink --- */

static void
on_event(void *arg, const char *line, size_t len)
{
    nt_run_t *run = arg;

    nt_event_raw(run->parent, line, len);
}

static void
on_wake(void *arg)
{
    nt_run_t *run = arg, *parent = run->parent;

    run->runnable = true;
    if (!parent->pumping) {
        parent->sink.wake(parent->sink.arg);
    }
}

/* Adds the members of `result` (taken over), under names of their own. */
static bool
merge(json_t *into, json_t *result)
{
    const char *name, *own;
    char        text[256];
    json_t     *value;
    unsigned    n;
    int         rc = result == NULL ? -1 : 0;

    json_object_foreach(result, name, value)
    {
        own = name;
        for (n = 2; json_object_get(into, own) != NULL; n++) {
            (void) snprintf(text, sizeof(text), "%.200s_%u", name, n);
            own = text;
        }
        rc |= json_object_set(into, own, value);
    }
    json_decref(result);
    return rc == 0;
}

static json_t *
collect_result(const nt_run_t *run)
{
    json_t  *result;
    uint32_t i;

    result = json_object();
    for (i = 0; i < run->graph->n_nodes; i++) {
        if (run->calls[i].gathered != NULL &&
            !merge(result, nt_tool_result(run->calls[i].gathered)))
        {
            json_decref(result);
            return NULL;
        }
    }
    return result;
}

static void
on_done(void *arg, const nt_run_result_t *result)
{
    nt_run_t       *run = arg;
    nt_tool_call_t *tool = run->tool;

    if (result->status == NT_RUN_COMPLETED) {
        tool->result = collect_result(run);
    } else if (result->status == NT_RUN_FAILED && result->node_id == NULL) {
        tool->error = strdup(result->message);
    } else if (result->status == NT_RUN_FAILED &&
               asprintf(&tool->error, "Node \"%s\" (%s): %s", result->node_id,
                        result->node_type, result->message) < 0)
    {
        tool->error = NULL;
    }
}

/* --- its life --- */

static json_t *
chain_params(const nt_run_t *run, const nt_tool_call_t *tool)
{
    const nt_tool_plan_t *plan = tool->plan;
    json_t               *params, *value;
    uint32_t              i;
    int                   rc = 0;

    params = json_object();
    for (i = 0; i < plan->n_params; i++) {
        value = json_object_get(tool->arguments, plan->params[i].name);
        rc |= json_object_set(params, plan->params[i].entry, value);
    }
    for (i = 0; i < plan->n_inputs; i++) {
        value = run->inboxes[plan->inputs[i].handle].value;
        rc |= json_object_set(params, plan->inputs[i].entry, value);
    }
    if (rc != 0) {
        json_decref(params);
        return NULL;
    }
    return params;
}

nt_run_t *
nt_chain_run(nt_tool_call_t *tool, nt_graph_t *graph,
             const nt_run_options_t *options, const nt_run_sink_t *sink)
{
    nt_run_t        *run = tool->caller->run, *child;
    nt_run_options_t inner = *options;

    inner.open_inputs = false; /* only the job's own can be fed */
    child = nt_run_new(graph, &inner, sink);
    if (child == NULL) {
        return NULL;
    }
    child->sink.arg = child;
    child->sink.wake = on_wake;
    child->parent = run;
    child->tool = tool;
    child->chain = tool->plan;
    child->runnable = true;
    child->next = run->children;
    run->children = child;
    tool->run = child;
    return child;
}

static void
start_chain(nt_run_t *run, nt_tool_call_t *tool)
{
    const nt_run_sink_t sink = { .event = on_event, .done = on_done };
    nt_run_options_t    options = run->options;
    nt_run_t           *child = NULL;
    uint32_t            i;

    options.params = chain_params(run, tool);
    if (options.params != NULL) {
        child = nt_chain_run(tool, tool->plan->chain, &options, &sink);
        json_decref(options.params);
    }
    if (child == NULL) {
        nt_tool_finish(tool, NULL, NULL);
        return;
    }
    for (i = 0; i < child->graph->n_nodes; i++) {
        if (child->graph->nodes[i].kept) {
            child->calls[i].gathered = json_object();
            child->nomem |= child->calls[i].gathered == NULL;
        }
    }
}

/* Whether a call can start; END: one of its inputs never comes. */
static nt_batch_t
chain_state(const nt_run_t *run, const nt_tool_plan_t *plan)
{
    nt_batch_t state = NT_BATCH_READY, one;
    uint32_t   i;

    for (i = 0; i < plan->n_inputs; i++) {
        one = nt_tool_input(run, plan->inputs[i].handle);
        if (one == NT_BATCH_END) {
            return one;
        }
        state = one == NT_BATCH_WAIT ? one : state;
    }
    return state;
}

void
nt_chain_start(nt_run_t *run)
{
    nt_tool_call_t **next = &run->pending, *tool;
    nt_batch_t       state;

    while (*next != NULL) {
        tool = *next;
        state = chain_state(run, tool->plan);
        if (state == NT_BATCH_WAIT) {
            next = &tool->next;
            continue;
        }
        *next = tool->next;
        if (state == NT_BATCH_READY) {
            start_chain(run, tool);
        } else {
            nt_tool_finish(tool, NULL,
                           strdup("An input of the tool has got no value"));
        }
    }
}

static void
end_chain(nt_run_t *run, nt_run_t *child)
{
    nt_run_t      **next = &run->children;
    nt_tool_call_t *tool = child->tool;

    while (*next != child) {
        next = &(*next)->next;
    }
    *next = child->next;
    nt_run_free(child);
    tool->run = NULL;
    nt_tool_finish(tool, tool->result, tool->error);
}

bool
nt_chain_pump(nt_run_t *run)
{
    nt_run_t **next, *child;

    next = &run->children;
    while (*next != NULL && !(*next)->runnable) {
        next = &(*next)->next;
    }
    child = *next;
    if (child == NULL) {
        return false;
    }

    /* The others come before it has its next turn. */
    *next = child->next;
    child->next = NULL;
    while (*next != NULL) {
        next = &(*next)->next;
    }
    *next = child;

    child->runnable = false;
    if (nt_run_pump(child, TURN)) {
        child->runnable = true;
    }
    if (child->done) {
        end_chain(run, child);
    }
    return true;
}

void
nt_chain_cancel(nt_tool_call_t *tool)
{
    tool->run->runnable = true;
    nt_run_cancel(tool->run);
}

bool
nt_chain_waits(const nt_run_t *run)
{
    const nt_run_t *child;

    for (child = run->children; child != NULL; child = child->next) {
        if (child->outstanding > child->tool_waits || child->held > 0 ||
            nt_chain_waits(child))
        {
            return true;
        }
    }
    return false;
}
