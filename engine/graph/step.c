#include "engine/graph/keep.h"
#include "engine/graph/reuse.h"
#include "engine/graph/stream_input.h"
#include "engine/graph/tools.h"

#include <stdlib.h>

/*
 * One step of a node, by its kind.
 */

static nt_node_rc_t
invoke(nt_node_call_t *call)
{
    const nt_node_type_t *type = call->plan->type;

    switch (call->step) {
    case NT_STEP_ITEM:
        return type
            ->item(call,
                   call->run->graph
                       ->handles[call->plan->first_handle + call->item_handle]
                       .name,
                   call->item);
    case NT_STEP_END:
        return type->end != NULL ? type->end(call) : NT_NODE_DONE;
    case NT_STEP_RUN:
    default:
        return type->run(call);
    }
}

void
nt_step_settle(nt_node_call_t *call)
{
    nt_run_t *run = call->run;

    call->more = false;
    if (call->tool != NULL && (call->rc != NT_NODE_MORE || call->error != NULL))
    {
        if (call->rc == NT_NODE_FAIL && call->error == NULL) {
            (void) nt_call_fail(call, "the server is out of memory");
        }
        nt_tool_settle(call);
        return;
    }
    if (call->rc == NT_NODE_FAIL || call->error != NULL) {
        nt_run_fail_node(call);
        return;
    }
    if (call->rc == NT_NODE_MORE) {
        call->more = true;
        nt_run_ready(run, call);
        return;
    }

    nt_reuse_keep(call);
    nt_call_reset(call);
    if (call->step == NT_STEP_ITEM) {
        nt_run_ready(run, call);
        return;
    }
    if (call->plan->kind != NT_KIND_INPUT) {
        nt_event_completed(call);
    }
    if (call->plan->kind == NT_KIND_INPUT) {
        nt_stream_close(call);
        return;
    }
    /* With nothing to come it has ended, too: at once, so that "completed"
     * is never stored without that. */
    if (call->step == NT_STEP_END || (call->open == 0 && call->waiting == 0)) {
        nt_run_end_node(call);
        return;
    }
    nt_call_free_state(call);
    nt_run_ready(run, call);
}

static void
on_pool(uv_work_t *work)
{
    nt_node_call_t *call = work->data;

    call->rc = invoke(call);
}

static void
off_pool(uv_work_t *work, int status)
{
    nt_node_call_t *call = work->data;
    nt_run_t       *run = call->run;

    if (status != 0) {
        call->rc = NT_NODE_FAIL;
    }
    call->busy = false;
    call->on_pool = false;
    call->returned = true;
    run->outstanding--;
    nt_run_ready(run, call);
    run->sink.wake(run->sink.arg);
}

static void
on_fiber(void *arg)
{
    nt_node_call_t *call = arg;

    call->rc = invoke(call);
}

static void
start_fiber(nt_node_call_t *call)
{
    call->fiber = nt_fiber_new(on_fiber, call);
    if (call->fiber == NULL) {
        (void) nt_call_fail(call, "the server is out of memory");
        nt_run_fail_node(call);
        return;
    }
    nt_run_enter(call);
}

static void
start_step(nt_node_call_t *call)
{
    nt_run_t *run = call->run;

    if (call->plan->type->flags & NT_NODE_ASYNC) {
        start_fiber(call);
        return;
    }
    if (!(call->plan->type->flags & NT_NODE_THREAD)) {
        call->rc = invoke(call);
        nt_step_settle(call);
        return;
    }

    call->work.data = call;
    call->busy = true;
    call->on_pool = true;
    run->outstanding++;
    if (uv_queue_work(run->options.loop, &call->work, on_pool, off_pool) != 0) {
        call->busy = false;
        call->on_pool = false;
        run->outstanding--;
        (void) nt_call_fail(call, "the thread pool takes no work");
        nt_run_fail_node(call);
    }
}

static void
begin(nt_node_call_t *call, nt_step_t step)
{
    call->step = step;
    if (!call->running && call->plan->kind != NT_KIND_INPUT) {
        nt_event_running(call);
    }
    if (call->fired && step == NT_STEP_RUN) {
        call->many = true;
        nt_run_forget(call); /* of the activation before */
    }
    call->fired = true;
    if (step == NT_STEP_RUN && nt_reuse_take(call)) {
        call->rc = NT_NODE_DONE;
        nt_step_settle(call);
    } else if (nt_keep_begin(call)) {
        start_step(call);
    }
}

static void
step_run(nt_node_call_t *call)
{
    switch (nt_batch_next(call)) {
    case NT_BATCH_READY:
        begin(call, NT_STEP_RUN);
        break;
    case NT_BATCH_END:
        nt_run_end_node(call);
        break;
    case NT_BATCH_FAIL:
        nt_run_fail_node(call);
        break;
    case NT_BATCH_WAIT:
        break;
    }
}

static void
step_drain(nt_node_call_t *call)
{
    uint32_t number;

    if (call->waiting > 0) {
        number = nt_inbox_first(call);
        call->item_handle = number;
        call->item = nt_batch_convert(call, number, nt_run_take(call, number));
        if (call->item == NULL) {
            nt_run_fail_node(call);
            return;
        }
        begin(call, NT_STEP_ITEM);
        return;
    }
    if (call->open == 0) {
        begin(call, NT_STEP_END);
    }
}

static void
step_input(nt_node_call_t *call)
{
    const nt_node_plan_t *plan = call->plan;
    uint32_t              property;
    json_t               *value;

    property = nt_type_property(plan->type, "value");
    value = json_object_get(call->run->options.params, plan->name);
    if (value == NULL && property != NT_NONE) {
        value = plan->values[property];
    }

    /* Null is the end of the stream, not a value. */
    if (value == NULL || json_is_null(value)) {
        nt_stream_close(call);
        return;
    }
    call->item = property != NT_NONE
                     ? nt_type_convert(plan->types[property], value)
                     : json_incref(value);
    if (call->item == NULL) {
        (void) nt_call_fail(call, "parameter \"%s\" has the wrong type",
                            plan->name);
        nt_run_fail_node(call);
        return;
    }
    begin(call, NT_STEP_RUN);
}

static void
show(nt_node_call_t *call, json_t *value)
{
    nt_run_t *run = call->run;

    if (!call->running && call->restored == NULL) {
        nt_event_running(call);
    }
    if (call->restored != NULL) {
        /* was told before */
    } else if (call->plan->kind == NT_KIND_PREVIEW) {
        nt_event_preview(call, value);
    } else {
        nt_event_output(call, value);
    }
    if (call->plan->kind == NT_KIND_OUTPUT) {
        while (run->chain != NULL) {
            run = run->parent; /* an output is one of all, wherever it is */
        }
        if (run->parent != NULL) {
            nt_subworkflow_output(run, call->plan->name, value);
        }
        if (json_object_set(run->results, call->plan->name, value) != 0) {
            run->nomem = true;
        }
    }
    if (call->plan->n_outputs > 0) {
        nt_run_send(call, 0, value);
    } else if (call->gathered != NULL) {
        nt_tool_keep(call, 0, value);
    }
}

/* Outputs and previews take each value as it comes. */
static void
step_sink(nt_node_call_t *call)
{
    uint32_t property;
    json_t  *value;

    if (call->waiting > 0) {
        value = nt_run_take(call, nt_inbox_first(call));
        show(call, value);
        json_decref(value);
    }
    if (call->waiting > 0) {
        nt_run_ready(call->run, call);
        return;
    }
    if (call->open > 0) {
        return;
    }

    /* Without edges it shows the value that the workflow has. */
    property = nt_type_property(call->plan->type, "value");
    if (call->plan->n_handles == 0 && property != NT_NONE &&
        !json_is_null(call->plan->values[property]))
    {
        show(call, call->plan->values[property]);
    }
    if (call->running) {
        nt_event_completed(call);
    }
    nt_run_end_node(call);
}

void
nt_step_called(nt_node_call_t *call)
{
    if (call->plan->kind == NT_KIND_RUN) {
        begin(call, NT_STEP_RUN);
        return;
    }
    show(call, nt_call_input(call, "value"));
    nt_tool_settle(call);
}

static void
step_bypass(nt_node_call_t *call)
{
    uint32_t number, i;
    json_t  *value;

    if (call->waiting == 0) {
        if (call->open == 0) {
            nt_run_end_node(call);
        }
        return;
    }
    number = nt_inbox_first(call);
    value = nt_run_take(call, number);
    if (number == call->plan->bypass) {
        for (i = 0; i < call->plan->n_outputs; i++) {
            nt_run_send(call, i, value);
        }
    }
    json_decref(value);
    nt_run_ready(call->run, call);
}

static void
step(nt_node_call_t *call)
{
    if (call->finished || call->busy || call->held) {
        return;
    }
    if (call->fiber != NULL) {
        nt_run_enter(call);
        return;
    }
    if (call->returned) {
        call->returned = false;
        nt_call_replay(call);
        nt_step_settle(call);
        return;
    }
    if (nt_run_block(call)) {
        return;
    }
    if (call->more) {
        start_step(call);
        return;
    }
    if (call->plan->callers > 0) {
        nt_tool_step(call);
        return;
    }

    if (call->restored != NULL &&
        (call->plan->kind == NT_KIND_RUN || call->plan->kind == NT_KIND_DRAIN))
    {
        nt_keep_send(call);
        return;
    }

    switch (call->plan->kind) {
    case NT_KIND_RUN:
        step_run(call);
        break;
    case NT_KIND_DRAIN:
        step_drain(call);
        break;
    case NT_KIND_INPUT:
        if (call->streams) {
            nt_stream_step(call);
        } else {
            step_input(call);
        }
        break;
    case NT_KIND_OUTPUT:
    case NT_KIND_PREVIEW:
        step_sink(call);
        break;
    case NT_KIND_BYPASS:
        step_bypass(call);
        break;
    case NT_KIND_INERT:
        nt_run_end_node(call);
        break;
    }
}

void
nt_step(nt_node_call_t *call)
{
    step(call);
    nt_run_pass_room(call);
}
