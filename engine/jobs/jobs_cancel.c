/*
 * Cancelling a job wherever it is: the wish is passed on, and the answer
 * waits for the end that comes of it.
 */

#include "engine/jobs/jobs_int.h"

#include <stdlib.h>

#include "engine/log.h"

#define NT_CANCEL_MS 1000 /* a run that has not ended by then is left */

struct nt_cancel {
    TAILQ_ENTRY(nt_cancel) entry;

    nt_jobs_t  *jobs;
    nt_await_t *await; /* while in jobs->cancels */
    char       *user;
    char       *job_id;
    uint64_t    deadline; /* loop time, ms */
    bool        forced;
    nt_job_cb   done;
    void       *arg;
};


static void
nt_cancel_free(nt_cancel_t *cancel)
{
    free(cancel->user);
    free(cancel->job_id);
    free(cancel);
}


static void
nt_cancel_fail(nt_cancel_t *cancel, int status, const char *message)
{
    cancel->done(cancel->arg, status, message, NULL);
    nt_cancel_free(cancel);
}


static void
nt_cancel_ended(nt_cancel_t *cancel, const nt_job_record_t *record)
{
    char message[64];

    if (strcmp(record->status, "cancelled") == 0) {
        nt_jobs_answer(cancel->done, cancel->arg, record);
        nt_cancel_free(cancel);
        return;
    }

    snprintf(message, sizeof(message), "The job has already %s",
             record->status);
    nt_cancel_fail(cancel, 409, message);
}


static void
nt_cancel_on_end(void *arg, int status, const char *message,
                 const nt_job_record_t *record)
{
    nt_cancel_t *cancel = arg;

    TAILQ_REMOVE(&cancel->jobs->cancels, cancel, entry);

    if (status == 200) {
        nt_cancel_ended(cancel, record);
    } else {
        nt_cancel_fail(cancel, status, message);
    }
}


/* The wish was passed on. */
static void
nt_cancel_wait(nt_cancel_t *cancel)
{
    nt_jobs_t *jobs = cancel->jobs;

    cancel->await = nt_jobs_await(jobs, cancel->user, cancel->job_id,
                                  nt_cancel_on_end, cancel);
    if (cancel->await == NULL) {
        nt_cancel_fail(cancel, 500, NT_JOBS_NOMEM);
        return;
    }

    cancel->deadline = uv_now(jobs->options.loop) + NT_CANCEL_MS;
    TAILQ_INSERT_TAIL(&jobs->cancels, cancel, entry);
    nt_jobs_poll_start(jobs);
}


/* A node that does not listen keeps the run, not the job. */
static void
nt_cancel_expire(nt_cancel_t *cancel)
{
    nt_jobs_t *jobs = cancel->jobs;
    nt_job_t  *job = nt_jobs_find(jobs, cancel->job_id);

    TAILQ_REMOVE(&jobs->cancels, cancel, entry);

    if (job && !job->ended && !cancel->forced) {
        nt_log(NT_LOG_WARN, "job %s: cancelled, but a node still runs",
               job->id);
        nt_job_end(job, "cancelled", NULL);
        cancel->forced = true;
        cancel->deadline = uv_now(jobs->options.loop) + NT_CANCEL_MS;
        TAILQ_INSERT_TAIL(&jobs->cancels, cancel, entry);
        return;
    }

    nt_await_close(cancel->await);
    nt_jobs_get(jobs, cancel->user, cancel->job_id, cancel->done, cancel->arg);
    nt_cancel_free(cancel);
}


bool
nt_jobs_cancels_poll(nt_jobs_t *jobs)
{
    uint64_t     now = uv_now(jobs->options.loop);
    nt_cancel_t *cancel;

    while ((cancel = TAILQ_FIRST(&jobs->cancels)) && now >= cancel->deadline) {
        nt_cancel_expire(cancel);
    }

    return cancel != NULL;
}


void
nt_jobs_cancels_free(nt_jobs_t *jobs)
{
    nt_cancel_t *cancel;

    while ((cancel = TAILQ_FIRST(&jobs->cancels))) {
        TAILQ_REMOVE(&jobs->cancels, cancel, entry);
        nt_cancel_free(cancel);
    }
}


static void
nt_cancel_on_cancelled(void *arg, nt_rc_t rc, const char *message,
                       const nt_job_record_t *record)
{
    nt_cancel_t *cancel = arg;

    if (rc != NT_OK) {
        nt_log(NT_LOG_WARN, "job %s: cannot be cancelled: %s", cancel->job_id,
               message);
        nt_cancel_fail(cancel, 503, NT_JOBS_AWAY);

    } else if (record == NULL) {
        nt_cancel_fail(cancel, 404, NT_JOBS_UNKNOWN);

    } else if (nt_job_status_ended(record->status)) {
        nt_jobs_watchers_kick(cancel->jobs, record->id, true);
        nt_cancel_ended(cancel, record);

    } else {
        nt_cancel_wait(cancel);
    }
}


static void
nt_cancel_pass_on(nt_cancel_t *cancel, const nt_job_record_t *record)
{
    nt_store_t     *store = cancel->jobs->store;
    nt_job_record_t end = *record;
    nt_buf_t        line = { 0 };

    end.status = "cancelled";
    nt_job_update_line(&line, &end);

    if (line.failed) {
        nt_cancel_fail(cancel, 500, NT_JOBS_NOMEM);
    } else {
        store->cancel(store, cancel->job_id, line.data, line.len,
                      nt_cancel_on_cancelled, cancel);
    }

    nt_buf_free(&line);
}


static void
nt_cancel_on_got(void *arg, nt_rc_t rc, const char *message,
                 const nt_job_record_t *record)
{
    nt_cancel_t *cancel = arg;

    if (rc != NT_OK) {
        nt_log(NT_LOG_WARN, "job %s: cannot be looked up: %s", cancel->job_id,
               message);
        nt_cancel_fail(cancel, 503, NT_JOBS_AWAY);

    } else if (record == NULL) {
        nt_cancel_fail(cancel, 404, NT_JOBS_UNKNOWN);

    } else if (nt_jobs_foreign(cancel->user, record->user)) {
        nt_cancel_fail(cancel, 403, NT_JOBS_FOREIGN);

    } else if (nt_job_status_ended(record->status)) {
        nt_cancel_fail(cancel, 409,
                       strcmp(record->status, "cancelled") == 0
                           ? "The job has already been cancelled"
                           : "The job has already ended");
    } else {
        nt_cancel_pass_on(cancel, record);
    }
}


void
nt_jobs_cancel(nt_jobs_t *jobs, const char *user, const char *job_id,
               nt_job_cb done, void *arg)
{
    nt_job_t    *job = nt_jobs_find(jobs, job_id);
    nt_cancel_t *cancel;

    if (job && nt_jobs_foreign(user, job->user)) {
        done(arg, 403, NT_JOBS_FOREIGN, NULL);
        return;
    }

    if (job && job->ended) {
        done(arg, 409, "The job has already ended", NULL);
        return;
    }

    cancel = calloc(1, sizeof(*cancel));
    if (cancel) {
        cancel->jobs = jobs;
        cancel->user = user ? strdup(user) : NULL;
        cancel->job_id = strdup(job_id);
        cancel->done = done;
        cancel->arg = arg;
    }

    if (cancel == NULL || (user && cancel->user == NULL) ||
        cancel->job_id == NULL) {
        if (cancel) {
            nt_cancel_free(cancel);
        }
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    if (job) {
        nt_job_cancel(job);
        nt_cancel_wait(cancel);
    } else {
        jobs->store->get(jobs->store, job_id, nt_cancel_on_got, cancel);
    }
}
