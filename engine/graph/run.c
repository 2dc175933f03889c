#include "engine/graph/keep.h"
#include "engine/graph/stream_input.h"
#include "engine/graph/tools.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * The scheduler.  Nodes are actors: a node that may be able to do something
 * stands in the ready queue (once), and a step of it does one thing.  Nodes
 * become ready when a value or an end arrives, when a receiver has room
 * again, or when their work on the pool is back.
 */

void
nt_run_ready(nt_run_t *run, nt_node_call_t *call)
{
    if (call->queued || call->busy || call->finished) {
        return;
    }
    call->queued = true;
    run->ready[run->ready_tail] = (uint32_t) (call - run->calls);
    run->ready_tail++;
    if (run->ready_tail > run->graph->n_nodes) {
        run->ready_tail = 0;
    }
}

static nt_node_call_t *
next_ready(nt_run_t *run)
{
    nt_node_call_t *call;

    if (run->ready_head == run->ready_tail) {
        return NULL;
    }
    call = &run->calls[run->ready[run->ready_head]];
    run->ready_head++;
    if (run->ready_head > run->graph->n_nodes) {
        run->ready_head = 0;
    }
    call->queued = false;
    return call;
}

/*
 * Lets the first that waits for room at a handle go on; it passes on what it
 * leaves.  Waking all at once would cost the square of their number where a
 * thousand nodes feed one.
 */
static void
wake_waiter(nt_run_t *run, uint32_t handle)
{
    nt_inbox_t     *inbox = &run->inboxes[handle];
    nt_node_call_t *call;

    while (inbox->first_waiter != NT_NONE) {
        call = &run->calls[inbox->first_waiter];
        inbox->first_waiter = call->next_waiter;
        call->listed = false;
        if (!call->finished) {
            call->room = handle;
            nt_run_ready(run, call);
            return;
        }
    }
}

void
nt_run_pass_room(nt_node_call_t *call)
{
    uint32_t    handle = call->room;
    nt_inbox_t *inbox;

    if (handle == NT_NONE) {
        return;
    }
    call->room = NT_NONE;
    inbox = &call->run->inboxes[handle];
    if (inbox->count < inbox->limit) {
        wake_waiter(call->run, handle);
    }
}

json_t *
nt_run_take(nt_node_call_t *call, uint32_t number)
{
    nt_inbox_t *inbox = &call->inboxes[number];
    json_t     *value;

    value = nt_inbox_take(inbox);
    call->waiting--;
    if (inbox->count + 1 == inbox->limit) {
        wake_waiter(call->run, call->plan->first_handle + number);
    }
    return value;
}

/* A handle that cannot take one more value of this node, or NT_NONE. */
static uint32_t
full_handle(const nt_node_call_t *call)
{
    const nt_output_plan_t *output;
    const nt_edge_plan_t   *edge;
    const nt_inbox_t       *inbox;
    uint32_t                i, j;

    for (i = 0; i < call->plan->n_outputs; i++) {
        output = &call->plan->outputs[i];
        for (j = 0; j < output->n_edges; j++) {
            edge = &call->run->graph->edges[output->edges[j]];
            inbox = &call->run->inboxes[edge->handle];
            if (inbox->count >= inbox->limit &&
                !call->run->calls[edge->target].finished) {
                return edge->handle;
            }
        }
    }
    return NT_NONE;
}

bool
nt_run_block(nt_node_call_t *call)
{
    nt_run_t   *run = call->run;
    nt_inbox_t *inbox;
    uint32_t    handle, number = (uint32_t) (call - run->calls);

    handle = full_handle(call);
    if (handle == NT_NONE && run->parent != NULL) {
        call->blocked = nt_chain_block(call);
        return call->blocked;
    }
    call->blocked = handle != NT_NONE;
    if (!call->blocked || call->listed) {
        return call->blocked;
    }
    inbox = &run->inboxes[handle];
    call->listed = true;
    call->next_waiter = NT_NONE;
    if (inbox->first_waiter == NT_NONE) {
        inbox->first_waiter = number;
    } else {
        run->calls[inbox->last_waiter].next_waiter = number;
    }
    inbox->last_waiter = number;
    return true;
}

void
nt_run_send(nt_node_call_t *call, uint32_t number, json_t *value)
{
    nt_run_t               *run = call->run;
    const nt_output_plan_t *output = &call->plan->outputs[number];
    const nt_edge_plan_t   *edge;
    nt_node_call_t         *target;
    uint32_t                i;

    call->many |= call->last[number] != NULL;
    json_decref(call->last[number]);
    call->last[number] = json_incref(value);

    for (i = 0; i < output->n_edges; i++) {
        edge = &run->graph->edges[output->edges[i]];
        target = &run->calls[edge->target];
        if (!target->finished) {
            if (!nt_inbox_put(&run->inboxes[edge->handle], value,
                              target->arrivals)) {
                run->nomem = true;
                return;
            }
            target->arrivals++;
            target->waiting++;
            nt_run_ready(run, target);
        }
        if (call->restored == NULL) {
            nt_event_sent(run, output->edges[i]);
        }
    }
    if (call->gathered != NULL) {
        nt_tool_keep(call, number, value);
    }
    if (run->chain != NULL) {
        nt_chain_send(call, number, value);
    }
}

void
nt_run_forget(nt_node_call_t *call)
{
    uint32_t i;

    for (i = 0; i < call->plan->n_outputs; i++) {
        json_decref(call->last[i]);
        call->last[i] = NULL;
    }
}

void
nt_run_close(nt_node_call_t *call, uint32_t number)
{
    nt_run_t               *run = call->run;
    const nt_output_plan_t *output = &call->plan->outputs[number];
    const nt_edge_plan_t   *edge;
    nt_node_call_t         *target;
    uint32_t                i;

    if (call->closed[number]) {
        return;
    }
    call->closed[number] = true;

    for (i = 0; i < output->n_edges; i++) {
        edge = &run->graph->edges[output->edges[i]];
        target = &run->calls[edge->target];
        if (call->restored == NULL) {
            nt_event_drained(run, output->edges[i]);
        }
        if (--run->inboxes[edge->handle].open == 0) {
            target->open--;
        }
        nt_run_ready(run, target);
    }
}

void
nt_run_end_node(nt_node_call_t *call)
{
    nt_run_t *run = call->run;
    uint32_t  i, handle;

    for (i = 0; i < call->plan->n_outputs; i++) {
        nt_run_close(call, i);
    }
    call->finished = true;
    run->unfinished--;

    /* What still waits here is dropped, and no one has to wait for it. */
    for (i = 0; i < call->plan->n_handles; i++) {
        nt_inbox_clear(&call->inboxes[i]);
        handle = call->plan->first_handle + i;
        while (run->inboxes[handle].first_waiter != NT_NONE) {
            wake_waiter(run, handle);
        }
    }
    call->waiting = 0;
    nt_keep_end(call);
    if (call->plan->n_ends > 0 || call->plan->callers > 0) {
        nt_tool_release(call);
    }
    nt_run_forget(call);
    nt_call_reset(call);
    nt_call_free_state(call);
}

void
nt_run_fail_node(nt_node_call_t *call)
{
    call->failed = true;
    if (call->run->failure == NULL) {
        call->run->failure = call;
    }
    nt_event_error(call);
    nt_run_end_node(call);
}

/*
 * Nothing can go on, although nodes are not finished: they wait for room at
 * a node that waits for other inputs, which come only when they go on (a
 * zip_all node that a generator feeds twice, once by way of a Collect).  The
 * bound on what waits there is lifted a little; so it costs memory only
 * where there is no other way.
 */
static bool
relieve(nt_run_t *run)
{
    const nt_handle_plan_t *handle;
    nt_inbox_t             *inbox;
    uint32_t                i;
    bool                    relieved = false;

    for (i = 0; i < run->graph->n_handles; i++) {
        inbox = &run->inboxes[i];
        handle = &run->graph->handles[i];
        if (inbox->count >= inbox->limit && !run->calls[handle->node].blocked &&
            !run->calls[handle->node].finished)
        {
            inbox->limit = 2 * inbox->count;
            wake_waiter(run, i);
            relieved = true;
        }
    }
    return relieved;
}

static void
start(nt_run_t *run)
{
    uint32_t i;
    size_t   n;

    run->started = true;
    for (n = 0; !run->resumed && run->parent == NULL &&
                n < json_array_size(run->graph->warnings);
         n++)
    {
        nt_event_warning(run, json_array_get(run->graph->warnings, n));
    }

    /* Inputs first, so that what flows from them is under way when nodes
     * that need nothing begin. */
    for (i = 0; i < run->graph->n_nodes; i++) {
        if (run->calls[i].plan->kind == NT_KIND_INPUT) {
            nt_run_ready(run, &run->calls[i]);
        }
    }
    for (i = 0; i < run->graph->n_nodes; i++) {
        if (run->calls[i].plan->n_handles == 0) {
            nt_run_ready(run, &run->calls[i]);
        }
    }
    if (run->resumed) {
        nt_keep_start(run);
    }
}

/* API.md's rule: a lone output that is called "output" is the output. */
static json_t *
make_result(const nt_run_t *run)
{
    const nt_node_plan_t *node = NULL;
    json_t               *output = run->results;
    uint32_t              i;

    for (i = 0; i < run->graph->n_nodes; i++) {
        if (run->graph->nodes[i].kind == NT_KIND_OUTPUT) {
            node = &run->graph->nodes[i];
        }
    }
    if (run->graph->n_results == 1 && strcmp(node->name, "output") == 0) {
        output = json_object_get(run->results, "output");
    }
    return json_pack("{s:O?, s:O}", "output", output, "results", run->results);
}

static void
finish(nt_run_t *run)
{
    nt_run_result_t result = { .results = run->results };
    json_t         *object;

    object = make_result(run);
    if (object == NULL) {
        run->nomem = true;
    }
    result.result = object;

    if (run->cancelled) {
        result.status = NT_RUN_CANCELLED;
    } else if (run->failure != NULL) {
        result.status = NT_RUN_FAILED;
        result.node_id = run->failure->plan->id;
        result.node_type = run->failure->plan->type_name;
        result.message = run->failure->error;
    }
    if (run->nomem && result.status == NT_RUN_COMPLETED) {
        result.status = NT_RUN_FAILED;
    }
    if (result.status == NT_RUN_FAILED && result.message == NULL) {
        result.message = "the server is out of memory";
    }

    run->done = true;
    run->sink.done(run->sink.arg, &result); /* may free the run */
    json_decref(object);
}

/* Steps nodes; true when there is more to do at once. */
static bool
pump(nt_run_t *run, unsigned budget)
{
    nt_node_call_t *call;

    while (!run->cancelled && !run->nomem) {
        if (run->unfinished == 0) {
            return false;
        }
        if (budget == 0) {
            return true;
        }
        call = next_ready(run);
        if (call != NULL) {
            budget--;
            nt_step(call);
        }
        if (run->children != NULL && nt_chain_pump(run)) {
            budget -= budget > 0;
        } else if (call != NULL) {
            continue;
        } else if (run->outstanding > run->tool_waits || run->held > 0 ||
                   run->open_inputs > 0 || nt_chain_waits(run))
        {
            return false;
        } else if (!relieve(run)) {
            if (run->parent != NULL) {
                return false; /* the run around it has to make room */
            }
            break; /* cannot be: a node that waits has something to wait for */
        }
    }
    do {
        nt_run_abort(run);
    } while (run->children != NULL && nt_chain_pump(run));
    return false;
}

bool
nt_run_pump(nt_run_t *run, unsigned budget)
{
    bool more;

    if (run->done) {
        return false;
    }
    run->pumping = true;
    if (!run->started && !run->cancelled) {
        start(run);
    }
    more = pump(run, budget);
    run->pumping = false;
    if (more || run->outstanding > 0 || (run->unfinished > 0 && !run->aborted))
    {
        return more;
    }
    if (run->held > 0 && !run->cancelled && !run->nomem) {
        return false;
    }
    finish(run);
    return false;
}

void
nt_run_cancel(nt_run_t *run)
{
    __atomic_store_n(&run->cancelled, true, __ATOMIC_RELAXED);
    if (!run->pumping && !run->done) {
        nt_run_abort(run);
    }
}

static void *
carve(char **next, size_t n, size_t size)
{
    void *piece = *next;

    *next += n * size;
    return piece;
}

static void
init_calls(nt_run_t *run, json_t **last, bool *closed)
{
    const nt_graph_t *graph = run->graph;
    nt_node_call_t   *call;
    nt_inbox_t       *inbox;
    uint32_t          i;

    for (i = 0; i < graph->n_handles; i++) {
        inbox = &run->inboxes[i];
        inbox->items = inbox->fixed;
        inbox->cap = sizeof(inbox->fixed) / sizeof(inbox->fixed[0]);
        inbox->limit = NT_INBOX_LIMIT;
        inbox->open = graph->handles[i].n_edges;
        inbox->first_waiter = NT_NONE;
    }
    for (i = 0; i < graph->n_nodes; i++) {
        call = &run->calls[i];
        call->run = run;
        call->plan = &graph->nodes[i];
        call->inboxes = run->inboxes + call->plan->first_handle;
        call->last = last + call->plan->first_output;
        call->closed = closed + call->plan->first_output;
        call->open = call->plan->n_handles;
        call->missing = call->plan->n_handles;
        call->room = NT_NONE;
        call->callers = call->plan->callers;
    }
    run->unfinished = graph->n_nodes;
}

nt_run_t *
nt_run_new(nt_graph_t *graph, const nt_run_options_t *options,
           const nt_run_sink_t *sink)
{
    nt_run_t   *run;
    json_t    **last;
    char       *next;
    const char *base, *name;
    size_t      base_len, name_len;

    base = options->base_url != NULL ? options->base_url : "";
    base_len = strlen(base) + 1;
    name = options->workspace_name != NULL ? options->workspace_name : "";
    name_len = strlen(name) + 1;

    /* One allocation; pieces of falling alignment. */
    run = calloc(1, sizeof(*run) + graph->n_nodes * sizeof(*run->calls) +
                        graph->n_handles * sizeof(*run->inboxes) +
                        graph->n_outputs * sizeof(*last) +
                        graph->n_edges * sizeof(*run->counters) +
                        (graph->n_nodes + 1) * sizeof(*run->ready) +
                        graph->n_outputs * sizeof(bool) + base_len + name_len);
    if (run == NULL) {
        return NULL;
    }
    next = (char *) (run + 1);
    run->calls = carve(&next, graph->n_nodes, sizeof(*run->calls));
    run->inboxes = carve(&next, graph->n_handles, sizeof(*run->inboxes));
    last = carve(&next, graph->n_outputs, sizeof(*last));
    run->counters = carve(&next, graph->n_edges, sizeof(*run->counters));
    run->ready = carve(&next, graph->n_nodes + 1, sizeof(*run->ready));
    run->graph = graph;
    init_calls(run, last, carve(&next, graph->n_outputs, sizeof(bool)));
    memcpy(next, base, base_len);
    memcpy(next + base_len, name, name_len);

    run->results = json_object();
    if (run->results == NULL) {
        free(run);
        return NULL;
    }
    run->graph = nt_graph_ref(graph);
    run->sink = *sink;
    run->options = *options;
    run->options.params = json_incref(options->params);
    run->options.base_url = next;
    run->options.kept = NULL;
    if (options->settings != NULL) {
        (void) nt_values_ref(options->settings);
    }
    if (options->workspace_name != NULL) {
        run->options.workspace_name = next + base_len;
    }
    run->workspace = options->workspace_name != NULL ? -1 : options->workspace;
    if (options->open_inputs) {
        nt_stream_open(run);
    }
    if (options->kept != NULL && !nt_keep_restore(run, options->kept)) {
        nt_run_free(run);
        return NULL;
    }
    return run;
}

void
nt_run_free(nt_run_t *run)
{
    nt_node_call_t *call;
    uint32_t        i;

    if (run == NULL) {
        return;
    }
    for (i = 0; i < run->graph->n_nodes; i++) {
        call = &run->calls[i];
        nt_call_reset(call);
        nt_call_free_state(call);
        nt_run_forget(call);
        json_decref(call->restored);
        json_decref(call->gathered);
        json_decref(call->stream);
        free(call->error);
    }
    for (i = 0; i < run->graph->n_handles; i++) {
        nt_inbox_clear(&run->inboxes[i]);
    }
    if (run->options.workspace_name != NULL && run->workspace != -1) {
        (void) close(run->workspace);
    }
    json_decref(run->results);
    json_decref(run->options.params);
    nt_values_unref(run->options.settings);
    nt_buf_free(&run->line);
    nt_graph_unref(run->graph);
    free(run);
}
