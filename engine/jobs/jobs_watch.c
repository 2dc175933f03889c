/*
 * Those who watch jobs.
 *
 * A watcher that is level with a job that runs here gets its events as the
 * store confirms them.  Every other one reads from the store: one that comes
 * late, that was paused, or whose job is on another engine or has ended.
 * Nothing is queued for a watcher, so a slow one costs no memory.  One whose
 * job is elsewhere is told when there is something to read, where the store
 * has a way for that, and looks now and then in any case.
 */

#include "engine/jobs/jobs_int.h"

#include <stdlib.h>

struct nt_await {
    nt_watch_t watch;
};


void
nt_watch_ready(nt_watch_t *watch)
{
    if (!watch->in_ready && !watch->ended && !watch->closed) {
        watch->in_ready = true;
        TAILQ_INSERT_TAIL(&watch->jobs->ready, watch, ready_entry);
        nt_jobs_activate(watch->jobs);
    }
}


static void
nt_watch_unlist(nt_watch_t *watch)
{
    if (watch->in_ready) {
        TAILQ_REMOVE(&watch->jobs->ready, watch, ready_entry);
        watch->in_ready = false;
    }

    if (watch->in_list) {
        if (watch->job) {
            TAILQ_REMOVE(&watch->job->watches, watch, entry);
        } else {
            TAILQ_REMOVE(&watch->jobs->remote, watch, entry);
            if (watch->jobs->store->ignore) {
                watch->jobs->store->ignore(watch->jobs->store, watch->job_id);
            }
        }
        watch->in_list = false;
        watch->job = NULL;
    }
}


static void
nt_watch_list_local(nt_watch_t *watch, nt_job_t *job)
{
    nt_watch_unlist(watch);
    watch->job = job;
    watch->foreign = nt_jobs_foreign(watch->user, job->user);
    watch->checked = !watch->foreign;
    TAILQ_INSERT_TAIL(&job->watches, watch, entry);
    watch->in_list = true;
    nt_watch_ready(watch);
}


static void
nt_watch_list_remote(nt_watch_t *watch)
{
    nt_watch_unlist(watch);
    TAILQ_INSERT_TAIL(&watch->jobs->remote, watch, entry);
    watch->in_list = true;
    watch->interval = NT_WATCH_POLL_MIN;
    if (watch->jobs->store->listen) {
        watch->jobs->store->listen(watch->jobs->store, watch->job_id);
    }
    nt_watch_ready(watch);
    nt_jobs_poll_start(watch->jobs);
}


static void
nt_watch_free(nt_watch_t *watch)
{
    free(watch->user);
    free(watch->job_id);
    free(watch);
}


bool
nt_watch_settle(nt_watch_t *watch)
{
    watch->calling = false;

    if (watch->closed) {
        nt_watch_free(watch);
        return true;
    }

    return false;
}


void
nt_watch_end(nt_watch_t *watch, int status, const char *message,
             const nt_job_record_t *record)
{
    if (watch->ended || watch->closed) {
        return;
    }

    nt_watch_unlist(watch);
    watch->ended = true;

    if (watch->await) {
        watch->await(watch->await_arg, status, message, record);
        nt_watch_close(watch);
    } else {
        watch->sink.end(watch->sink.arg, status, message);
    }
}


void
nt_jobs_watchers(nt_jobs_t *jobs)
{
    nt_watch_t *watch;
    size_t      n = 0;

    TAILQ_FOREACH(watch, &jobs->ready, ready_entry)
    {
        n++;
    }

    while (n-- > 0 && (watch = TAILQ_FIRST(&jobs->ready))) {
        TAILQ_REMOVE(&jobs->ready, watch, ready_entry);
        watch->in_ready = false;
        nt_watch_step(watch);
    }
}


bool
nt_jobs_watchers_poll(nt_jobs_t *jobs)
{
    uint64_t    now = uv_now(jobs->options.loop);
    nt_watch_t *watch;

    TAILQ_FOREACH(watch, &jobs->remote, entry)
    {
        if (!watch->calling && !watch->paused && now >= watch->next_poll) {
            nt_watch_ready(watch);
        }
    }

    return !TAILQ_EMPTY(&jobs->remote);
}


void
nt_jobs_watchers_kick(nt_jobs_t *jobs, const char *job_id, bool end)
{
    nt_watch_t *watch;

    TAILQ_FOREACH(watch, &jobs->remote, entry)
    {
        if (strcmp(watch->job_id, job_id) != 0 || (watch->await && !end)) {
            continue;
        }

        if (watch->calling) {
            watch->kicked = true; /* what it reads may be old */
        } else {
            nt_watch_ready(watch);
        }
    }
}


void
nt_job_watchers_attach(nt_job_t *job)
{
    nt_watch_t *watch, *next;

    for (watch = TAILQ_FIRST(&job->jobs->remote); watch; watch = next) {
        next = TAILQ_NEXT(watch, entry);
        if (strcmp(watch->job_id, job->id) == 0) {
            nt_watch_list_local(watch, job);
        }
    }
}


void
nt_job_watchers_send(nt_job_t *job)
{
    const nt_event_t *events = nt_batch_events(&job->out);
    nt_watch_t       *watch;
    size_t            n = 0;

    TAILQ_FOREACH(watch, &job->watches, entry)
    {
        n++;
    }

    while (n-- > 0 && (watch = TAILQ_FIRST(&job->watches))) {
        TAILQ_REMOVE(&job->watches, watch, entry);
        TAILQ_INSERT_TAIL(&job->watches, watch, entry);

        if (watch->await || watch->calling || watch->paused) {
            continue;
        }

        if (watch->after + 1 < events[0].seq || watch->foreign) {
            nt_watch_ready(watch);
            continue;
        }

        nt_watch_send(watch, events, job->out.n);
    }
}


void
nt_job_watchers_end(nt_job_t *job, const nt_job_record_t *record)
{
    nt_watch_t *watch;

    while ((watch = TAILQ_FIRST(&job->watches))) {
        if (watch->await && !watch->foreign) {
            nt_watch_end(watch, 200, NULL, record);
        } else {
            nt_watch_list_remote(watch);
        }
    }
}


void
nt_job_watchers_detach(nt_job_t *job)
{
    nt_watch_t *watch;

    while ((watch = TAILQ_FIRST(&job->watches))) {
        nt_watch_list_remote(watch);
    }
}


void
nt_job_watchers_fail(nt_job_t *job, int status, const char *message)
{
    nt_watch_t *watch;

    while ((watch = TAILQ_FIRST(&job->watches))) {
        nt_watch_end(watch, status, message, NULL);
    }
}


/* Frees those that wait; others are their owners' to close. */
static void
nt_watch_drop(nt_watch_t *watch)
{
    nt_watch_unlist(watch);

    if (watch->await) {
        nt_watch_close(watch);
    } else {
        watch->ended = true;
    }
}


void
nt_jobs_watchers_free(nt_jobs_t *jobs)
{
    nt_watch_t *watch;
    nt_job_t   *job;

    while ((watch = TAILQ_FIRST(&jobs->remote))) {
        nt_watch_drop(watch);
    }

    TAILQ_FOREACH(job, &jobs->all, all_entry)
    {
        while ((watch = TAILQ_FIRST(&job->watches))) {
            nt_watch_drop(watch);
        }
    }
}


static bool
nt_watch_init(nt_watch_t *watch, nt_jobs_t *jobs, const char *user,
              const char *job_id)
{
    nt_job_t *job;

    watch->jobs = jobs;
    watch->user = user ? strdup(user) : NULL;
    watch->job_id = strdup(job_id);
    if ((user && watch->user == NULL) || watch->job_id == NULL) {
        return false;
    }

    job = nt_jobs_find(jobs, job_id);
    if (job) {
        nt_watch_list_local(watch, job);
    } else {
        nt_watch_list_remote(watch);
    }

    return true;
}


nt_watch_t *
nt_jobs_watch(nt_jobs_t *jobs, const char *user, const char *job_id,
              uint64_t after, const nt_watch_sink_t *sink)
{
    nt_watch_t *watch = calloc(1, sizeof(*watch));

    if (watch == NULL) {
        return NULL;
    }

    watch->sink = *sink;
    watch->after = after;

    if (!nt_watch_init(watch, jobs, user, job_id)) {
        nt_watch_free(watch);
        return NULL;
    }

    return watch;
}


nt_await_t *
nt_jobs_await(nt_jobs_t *jobs, const char *user, const char *job_id,
              nt_await_cb done, void *arg)
{
    nt_await_t *await = calloc(1, sizeof(*await));

    if (await == NULL) {
        return NULL;
    }

    await->watch.await = done;
    await->watch.await_arg = arg;

    if (!nt_watch_init(&await->watch, jobs, user, job_id)) {
        nt_watch_free(&await->watch);
        return NULL;
    }

    return await;
}


void
nt_watch_pause(nt_watch_t *watch)
{
    watch->paused = true;
}


void
nt_watch_resume(nt_watch_t *watch)
{
    watch->paused = false;
    nt_watch_ready(watch);
}


void
nt_watch_close(nt_watch_t *watch)
{
    nt_watch_unlist(watch);
    watch->closed = true;

    if (!watch->calling) {
        nt_watch_free(watch);
    }
}


void
nt_await_close(nt_await_t *await)
{
    nt_watch_close(&await->watch);
}
