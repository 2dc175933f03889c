/*
 * How a job's events get into the store: gathered into batches, one call at a
 * time, sent again while the store is away.
 */

#include "engine/jobs/jobs_int.h"

#include "engine/log.h"

/* Nobody here watches a job: its events wait this long for company, so that
 * those of a short one all go with its end, and one that says something all
 * the time does not write all the time. */
#define NT_JOB_HOLD_MS    5
#define NT_JOB_HOLD_BYTES (256 * 1024)

#define NT_JOB_RETRY_MS   200
#define NT_JOB_TROUBLE_MS 2000 /* then those who wait are told */

#define NT_JOB_AWAY                                                            \
    "The job store cannot be reached; the job goes on when it is back"


static void
nt_job_on_released(void *arg, nt_rc_t rc, const char *message)
{
    nt_job_t *job = arg;

    job->writing = false;

    if (rc != NT_OK) {
        nt_log(NT_LOG_WARN,
               "job %s: could not be handed back (%s); another engine takes "
               "it when its lease lapses",
               job->id, message);
    }

    nt_job_settle(job);
}


void
nt_job_release(nt_job_t *job)
{
    if (!job->handing) {
        job->handing = true;
        nt_job_cancel(job);
        nt_job_dirty(job);
    }

    if (job->writing || job->out.n || job->pending.n) {
        return;
    }

    job->writing = true;
    nt_job_leave(job);
    nt_job_watchers_fail(job, 503, "The engine is shutting down");
    job->jobs->store->release(job->jobs->store, job->id, nt_job_on_released,
                              job);
}


static void
nt_job_trouble(nt_job_t *job, const char *message)
{
    uint64_t now = uv_now(job->jobs->options.loop);

    if (!job->trouble) {
        job->trouble = true;
        nt_log(NT_LOG_WARN, "job %s: the store did not take its events: %s",
               job->id, message);
    }

    if (now - job->sent >= NT_JOB_TROUBLE_MS) {
        nt_job_watchers_fail(job, 503, NT_JOB_AWAY);
    }

    job->hold = now + NT_JOB_RETRY_MS;
    nt_job_dirty(job);

    if (job->run) {
        nt_job_runnable(job); /* with more room than before */
    }
}


static void
nt_job_on_stored(void *arg, nt_rc_t rc, const char *message)
{
    nt_job_t       *job = arg;
    nt_job_record_t record;

    job->writing = false;

    if (job->gone) {
        nt_job_settle(job);
        return;
    }

    if (rc != NT_OK) {
        nt_job_trouble(job, message);
        return;
    }

    job->trouble = false;

    if (job->out.n) {
        job->stored = job->out.events[job->out.n - 1].seq;
        nt_job_watchers_send(job);
        nt_batch_reset(&job->out);
        nt_job_keep_stored(job);
    }

    if (job->finishing) {
        nt_job_leave(job);
        nt_job_record(job, &record);
        nt_job_watchers_end(job, &record);
        nt_job_settle(job);
        return;
    }

    if (job->ended || job->pending.n) {
        nt_job_dirty(job);
    }

    if (job->run) {
        nt_job_runnable(job); /* it may have stopped for a full buffer */
    }
}


/* Hands what there is to the store. */
static void
nt_job_flush(nt_job_t *job)
{
    nt_store_t       *store = job->jobs->store;
    nt_job_record_t   record;
    const nt_event_t *events;

    if (job->out.n == 0 && !job->finishing) {
        nt_batch_t batch = job->out;

        job->out = job->pending;
        job->pending = batch;
        job->finishing = job->ended;
        if (!job->finishing) {
            nt_job_keep(job);
        }
    }

    if (!job->trouble) {
        job->sent = uv_now(job->jobs->options.loop);
    }

    job->since = uv_now(job->jobs->options.loop);
    job->writing = true;
    events = nt_batch_events(&job->out);

    if (job->finishing) {
        nt_job_record(job, &record);
        store->finish(store, &record, events, job->out.n, nt_job_on_stored,
                      job);
    } else {
        store->append(store, job->id, events, job->out.n, nt_job_kept(job),
                      nt_job_on_stored, job);
    }
}


/* How long a dirty job's events still have to wait, ms; 0: not at all. */
static uint64_t
nt_job_wait(const nt_job_t *job, uint64_t now)
{
    if (now < job->hold) {
        return job->hold - now;
    }

    if (job->ended || job->handing || job->begins ||
        !TAILQ_EMPTY(&job->watches) ||
        job->pending.text.len >= NT_JOB_HOLD_BYTES ||
        now - job->since >= NT_JOB_HOLD_MS)
    {
        return 0;
    }

    return NT_JOB_HOLD_MS - (now - job->since);
}


void
nt_jobs_flush(nt_jobs_t *jobs)
{
    uint64_t  now = uv_now(jobs->options.loop), wait, first = 0;
    nt_job_t *job;
    size_t    n = 0;

    TAILQ_FOREACH(job, &jobs->dirty, dirty_entry)
    {
        n++;
    }

    while (n-- > 0 && (job = TAILQ_FIRST(&jobs->dirty))) {
        TAILQ_REMOVE(&jobs->dirty, job, dirty_entry);
        job->in_dirty = false;

        if (job->writing || job->gone ||
            (job->out.n == 0 && job->pending.n == 0 && !job->ended))
        {
            continue;
        }

        wait = nt_job_wait(job, now);
        if (wait == 0) {
            nt_job_flush(job);
            continue;
        }

        job->in_dirty = true;
        TAILQ_INSERT_TAIL(&jobs->dirty, job, dirty_entry);
        first = first == 0 || wait < first ? wait : first;
    }

    if (first && !jobs->freed) {
        uv_timer_start(&jobs->flush, nt_jobs_on_flush, first, 0);
    }
}
