#include "engine/graph/run.h"

#include <stdlib.h>

#include "engine/nodetool_node.h"

/*
 * Nodes that wait: their activations run on fibers (NT_NODE_ASYNC).  A fiber
 * waits either for something elsewhere, between nt_call_suspend and
 * nt_call_resume, and its node is busy; or for room at a receiver, and its
 * node is blocked, as any other would be.
 */

bool
nt_call_may_wait(const nt_node_call_t *call)
{
    return call->fiber != NULL && !call->on_pool;
}

void
nt_run_enter(nt_node_call_t *call)
{
    if (!nt_fiber_resume(call->fiber)) {
        return;
    }
    nt_fiber_free(call->fiber);
    call->fiber = NULL;
    if (!call->run->aborted) {
        nt_step_settle(call);
    }
}

void
nt_call_suspend(nt_node_call_t *call, void (*cancel)(void *arg), void *arg)
{
    if (call->run->aborted && !call->resumed && cancel != NULL) {
        cancel(arg);
        cancel = NULL;
    }
    if (!call->resumed) {
        call->wait_cancel = cancel;
        call->wait_arg = arg;
        call->busy = true;
        call->run->outstanding++;
        nt_fiber_suspend();
    }
    call->resumed = false;
}

void
nt_call_resume(nt_node_call_t *call)
{
    nt_run_t *run = call->run;

    if (call->resumed) {
        return;
    }
    call->resumed = true;
    if (!call->busy) {
        return; /* it came first */
    }
    call->busy = false;
    call->wait_cancel = NULL;
    run->outstanding--;
    nt_run_ready(run, call);
    if (!run->pumping) {
        run->sink.wake(run->sink.arg);
    }
}

bool
nt_call_wait_room(nt_node_call_t *call)
{
    while (!call->run->aborted && nt_run_block(call)) {
        nt_fiber_suspend();
    }
    return !call->run->aborted;
}

void
nt_run_abort(nt_run_t *run)
{
    nt_node_call_t *call;
    void (*cancel)(void *arg);
    uint32_t i;

    run->aborted = true;
    for (i = 0; i < run->graph->n_nodes; i++) {
        call = &run->calls[i];
        cancel = call->wait_cancel;
        call->wait_cancel = NULL;
        if (cancel != NULL) {
            cancel(call->wait_arg);
        }
        while (run->pumping && call->fiber != NULL && !call->busy) {
            nt_run_enter(call);
        }
    }
}

/* --- what nodes call --- */

typedef struct {
    uv_work_t       work;
    nt_node_call_t *call;
    void (*function)(nt_node_call_t *call, void *arg);
    void *arg;
    bool  ran;
} nt_thread_wait_t;

static void
on_thread(uv_work_t *work)
{
    nt_thread_wait_t *wait = work->data;

    wait->function(wait->call, wait->arg);
    wait->ran = true;
}

static void
off_thread(uv_work_t *work, int status)
{
    nt_thread_wait_t *wait = work->data;

    nt_call_resume(wait->call);
}

static void
cancel_thread(void *arg)
{
    nt_thread_wait_t *wait = arg;

    /* What has begun is waited for: it uses the node's memory. */
    (void) uv_cancel((uv_req_t *) &wait->work);
}

bool
nt_call_thread(nt_node_call_t *call,
               void (*work)(nt_node_call_t *call, void *arg), void *arg)
{
    nt_thread_wait_t wait = { .call = call, .function = work, .arg = arg };

    if (!nt_call_may_wait(call)) {
        (void) nt_call_fail(call, "a node that waits needs NT_NODE_ASYNC");
        return false;
    }
    if (call->run->aborted) {
        (void) nt_call_fail(call, "the job ends");
        return false;
    }
    wait.work.data = &wait;
    call->on_pool = true; /* before the work can look at it */
    if (uv_queue_work(call->run->options.loop, &wait.work, on_thread,
                      off_thread) != 0)
    {
        call->on_pool = false;
        (void) nt_call_fail(call, "the thread pool takes no work");
        return false;
    }
    nt_call_suspend(call, cancel_thread, &wait);
    call->on_pool = false;
    if (!wait.ran) {
        (void) nt_call_fail(call, "the job ends");
        return false;
    }
    if (!call->run->aborted) {
        nt_call_replay(call);
    }
    return true;
}

typedef struct {
    uv_timer_t      timer;
    nt_node_call_t *call;
} nt_sleep_t;

static void
free_sleep(uv_handle_t *handle)
{
    free(handle->data);
}

static void
end_sleep(void *arg)
{
    nt_sleep_t *sleep = arg;

    uv_close((uv_handle_t *) &sleep->timer, free_sleep);
    nt_call_resume(sleep->call);
}

static void
on_timer(uv_timer_t *timer)
{
    end_sleep(timer->data);
}

bool
nt_call_sleep(nt_node_call_t *call, double seconds)
{
    nt_sleep_t *sleep;

    if (!nt_call_may_wait(call) || call->run->aborted) {
        return false;
    }
    sleep = calloc(1, sizeof(*sleep));
    if (sleep == NULL) {
        return false;
    }
    sleep->call = call;
    (void) uv_timer_init(call->run->options.loop, &sleep->timer);
    sleep->timer.data = sleep;
    (void) uv_timer_start(&sleep->timer, on_timer,
                          seconds > 0 ? (uint64_t) (seconds * 1e3) : 0, 0);
    nt_call_suspend(call, end_sleep, sleep);
    return !call->run->aborted;
}

void *
nt_call_owner(const nt_node_call_t *call)
{
    return call->run->options.owner;
}

const char *
nt_call_setting(nt_node_call_t *call, const char *name)
{
    const char        *value;
    const nt_values_t *settings = call->run->options.settings;

    if (settings != NULL && nt_values_find(settings, name, &value)) {
        return value;
    }

    value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}
