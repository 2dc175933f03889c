/*
 * The jobs of an engine: their turns in the loop, what the store tells
 * them, and their common end.
 */

#include "engine/jobs/jobs_int.h"

#include <limits.h>
#include <stdlib.h>

#include "core/nt_id.h"
#include "engine/log.h"

#define NT_JOBS_POLL_MS  10
#define NT_JOBS_GRACE_MS 1000 /* of a drain, after its timeout */

#define NT_JOBS_LOST 3 /* so often a job is begun in vain */

#define NT_JOBS_SHUTDOWN "The engine was shut down before the job had ended"


nt_job_t *
nt_jobs_find(const nt_jobs_t *jobs, const char *id)
{
    nt_link_t *link = nt_table_find(&jobs->by_id, id);

    return link ? nt_table_entry(link, nt_job_t, link) : NULL;
}


/* --- the loop --- */

static void
nt_jobs_turn(uv_idle_t *idle)
{
    nt_jobs_t *jobs = idle->data;

    uv_idle_stop(idle);
    nt_jobs_run(jobs);
    nt_jobs_watchers(jobs);
}


void
nt_jobs_activate(nt_jobs_t *jobs)
{
    if (jobs->open == 0) {
        uv_idle_start(&jobs->idle, nt_jobs_turn);
    }
}


void
nt_jobs_on_flush(uv_timer_t *timer)
{
    nt_jobs_activate(timer->data);
}


/* Fails or hands back what still runs; true when nothing is left. */
static bool
nt_jobs_drain_step(nt_jobs_t *jobs)
{
    uint64_t  now = uv_now(jobs->options.loop);
    nt_job_t *job, *next;

    if (TAILQ_EMPTY(&jobs->all) && jobs->running == 0) {
        return true; /* not even one on its way into the store */
    }

    if (now < jobs->drain_at) {
        return false;
    }

    for (job = TAILQ_FIRST(&jobs->all); job; job = next) {
        next = TAILQ_NEXT(job, all_entry);

        if (job->gone || job->ended) {
            continue;
        }

        if (jobs->store->release) {
            nt_job_release(job);
        } else {
            nt_job_cancel(job);
            nt_job_end(job, "failed", NT_JOBS_SHUTDOWN);
        }
    }

    return now >= jobs->drain_at + NT_JOBS_GRACE_MS;
}


static void
nt_jobs_on_poll(uv_timer_t *timer)
{
    nt_jobs_t *jobs = timer->data;
    bool       cancels = nt_jobs_cancels_poll(jobs);
    bool       more = nt_jobs_watchers_poll(jobs) || cancels;

    if (jobs->drained) {
        if (nt_jobs_drain_step(jobs)) {
            void (*done)(void *) = jobs->drained;

            jobs->drained = NULL;
            done(jobs->drained_arg);
        } else {
            more = true;
        }
    }

    if (!more) {
        uv_timer_stop(timer);
    }
}


void
nt_jobs_poll_start(nt_jobs_t *jobs)
{
    if (!jobs->freed && !uv_is_active((uv_handle_t *) &jobs->poll)) {
        uv_timer_start(&jobs->poll, nt_jobs_on_poll, NT_JOBS_POLL_MS,
                       NT_JOBS_POLL_MS);
    }
}


void
nt_jobs_want(nt_jobs_t *jobs)
{
    unsigned max = jobs->options.max_running;

    if (jobs->draining && jobs->store->release) {
        max = 0;
    }

    jobs->store->want(jobs->store,
                      jobs->running < max ? max - jobs->running : 0);
}


/* --- what the store says --- */

static void
nt_jobs_on_given_up(void *arg, nt_rc_t rc, const char *message)
{
    if (rc != NT_OK) {
        nt_log(NT_LOG_ERROR, "a job that cannot run here was not given up: %s",
               message);
    }
}


/* There is no memory for a job that was claimed. */
static void
nt_jobs_give_up(nt_jobs_t *jobs, const nt_job_record_t *record)
{
    nt_job_record_t failed = *record;

    nt_log(NT_LOG_ERROR, "job %s: no memory to run it", record->id);

    failed.status = "failed";
    failed.error = NT_JOB_NOMEM;
    failed.finished_at = nt_time_now();
    jobs->store->finish(jobs->store, &failed, NULL, 0, nt_jobs_on_given_up,
                        NULL);
}


/* What a job that was claimed is to run; NULL when it cannot be run, with a
 * sentence in `error`. */
static nt_graph_t *
nt_jobs_graph(nt_jobs_t *jobs, const nt_job_record_t *record, nt_buf_t *error)
{
    if (jobs->draining) {
        nt_buf_append_str(error, NT_STR(NT_JOBS_SHUTDOWN));
        return NULL;
    }

    if (record->lost >= NT_JOBS_LOST) {
        nt_buf_printf(error, "The job was lost by its engine %u times",
                      record->lost);
        return NULL;
    }

    return jobs->options.graph(jobs->options.arg, record->workflow_id,
                               record->graph, error);
}


static void
nt_jobs_on_claimed(void *arg, const nt_job_record_t *record)
{
    nt_jobs_t  *jobs = arg;
    nt_buf_t    error = { 0 };
    nt_graph_t *graph = NULL;
    json_t     *params;
    nt_job_t   *job = nt_jobs_find(jobs, record->id);

    if (job) {
        nt_job_drop(job); /* we lost it ourselves, and did not notice */
    }

    if (jobs->draining && jobs->store->release) {
        jobs->store->release(jobs->store, record->id, nt_jobs_on_given_up,
                             NULL);
        return;
    }

    params = json_loads(record->params ? record->params : "", 0, NULL);
    if (params) {
        graph = nt_jobs_graph(jobs, record, &error);
    } else {
        nt_buf_append_str(&error, NT_STR("The job's parameters are damaged"));
    }

    job = nt_job_new(jobs, record, graph, params);

    if (graph) {
        nt_graph_unref(graph);
    }

    json_decref(params);

    if (job == NULL) {
        nt_jobs_give_up(jobs, record);
        nt_buf_free(&error);
        return;
    }

    jobs->running++;
    nt_job_start(job, record);

    if (job->graph == NULL && !job->ended) {
        nt_buf_append_char(&error, '\0');
        nt_job_end(job, "failed",
                   error.failed ? "The workflow cannot be had" : error.data);
    }

    nt_buf_free(&error);
}


static void
nt_jobs_on_cancel(void *arg, const char *job_id)
{
    nt_job_t *job = nt_jobs_find(arg, job_id);

    if (job) {
        nt_job_cancel(job);
    }
}


static void
nt_jobs_on_lost(void *arg, const char *job_id)
{
    nt_job_t *job = nt_jobs_find(arg, job_id);

    if (job) {
        nt_log(NT_LOG_WARN, "job %s: its lease was lost, stopped here", job_id);
        nt_job_drop(job);
    }
}


static void
nt_jobs_on_news(void *arg, const char *job_id, bool end)
{
    nt_jobs_watchers_kick(arg, job_id, end);
}


/* --- the whole --- */

nt_jobs_t *
nt_jobs_new(const nt_jobs_options_t *options)
{
    nt_jobs_t              *jobs = calloc(1, sizeof(*jobs));
    const nt_store_events_t handler = {
        .arg = jobs,
        .claimed = nt_jobs_on_claimed,
        .cancel = nt_jobs_on_cancel,
        .lost = nt_jobs_on_lost,
        .news = nt_jobs_on_news,
        .update = nt_jobs_on_update,
        .passed = nt_jobs_on_passed,
    };

    if (jobs == NULL) {
        return NULL;
    }

    jobs->options = *options;
    jobs->store = options->store;
    TAILQ_INIT(&jobs->all);
    TAILQ_INIT(&jobs->runnable);
    TAILQ_INIT(&jobs->dirty);
    TAILQ_INIT(&jobs->ready);
    TAILQ_INIT(&jobs->remote);
    TAILQ_INIT(&jobs->cancels);

    /* these cannot fail */
    uv_idle_init(options->loop, &jobs->idle);
    uv_timer_init(options->loop, &jobs->flush);
    uv_timer_init(options->loop, &jobs->poll);
    uv_timer_init(options->loop, &jobs->inputs);
    jobs->idle.data = jobs->flush.data = jobs->poll.data = jobs;
    jobs->inputs.data = jobs;

    jobs->store->set_handler(jobs->store, &handler);
    nt_jobs_want(jobs);

    return jobs;
}


json_t *
nt_jobs_stats(nt_jobs_t *jobs)
{
    json_t *stats = jobs->store->stats(jobs->store);

    if (stats) {
        json_object_set_new(stats, "running", json_integer(jobs->running));
        json_object_set_new(stats, "max_running",
                            json_integer(jobs->options.max_running));
    }

    return stats;
}


void
nt_jobs_drain(nt_jobs_t *jobs, unsigned timeout_ms, void (*done)(void *arg),
              void *arg)
{
    jobs->draining = true;
    jobs->drain_at = uv_now(jobs->options.loop) + timeout_ms;
    jobs->drained = done;
    jobs->drained_arg = arg;

    if (jobs->store->release == NULL) {
        /* nobody else will run what is queued: it comes here to be failed */
        jobs->store->want(jobs->store, UINT_MAX);
    } else {
        jobs->store->want(jobs->store, 0);
    }

    nt_jobs_poll_start(jobs);
}


static void
nt_jobs_on_closed(uv_handle_t *handle)
{
    nt_jobs_t *jobs = handle->data;

    if (--jobs->open == 0) {
        free(jobs);
    }
}


void
nt_jobs_close(nt_jobs_t *jobs)
{
    if (!jobs->freed || jobs->open > 0 || !TAILQ_EMPTY(&jobs->all)) {
        return;
    }

    nt_table_free(&jobs->by_id);
    nt_table_free(&jobs->followed);

    jobs->open = 4;
    uv_close((uv_handle_t *) &jobs->idle, nt_jobs_on_closed);
    uv_close((uv_handle_t *) &jobs->flush, nt_jobs_on_closed);
    uv_close((uv_handle_t *) &jobs->poll, nt_jobs_on_closed);
    uv_close((uv_handle_t *) &jobs->inputs, nt_jobs_on_closed);
}


void
nt_jobs_free(nt_jobs_t *jobs)
{
    static const nt_store_events_t none;
    nt_job_t                      *job, *next;

    jobs->freed = true;
    jobs->draining = true;
    jobs->store->set_handler(jobs->store, &none);
    nt_jobs_watchers_free(jobs);
    nt_jobs_cancels_free(jobs);
    uv_timer_stop(&jobs->flush);
    uv_timer_stop(&jobs->poll);
    uv_timer_stop(&jobs->inputs);

    for (job = TAILQ_FIRST(&jobs->all); job; job = next) {
        next = TAILQ_NEXT(job, all_entry);
        nt_job_drop(job); /* its run may have to wind down */
    }

    nt_jobs_close(jobs);
}
