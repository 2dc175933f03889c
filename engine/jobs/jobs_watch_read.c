/*
 * What watchers read from the store, and what they are sent.
 */

#include "engine/jobs/jobs_int.h"

#include <stdio.h>

#include "engine/log.h"

#define NT_WATCH_LIMIT 256 /* events in a read */

/* Between polls, ms: longer while nothing comes; when the store tells of
 * news. */
#define NT_WATCH_POLL_MAX  320
#define NT_WATCH_POLL_TOLD 1000

/* So many silent polls, and the job is looked up: it may be gone. */
#define NT_WATCH_SILENCE 32


/* Says which events the store has not kept, under the number of the last of
 * them. */
static void
nt_watch_send_gap(nt_watch_t *watch, uint64_t next)
{
    char               line[256];
    int                len;
    unsigned long long first = watch->after + 1, last = next - 1;

    len = snprintf(line, sizeof(line),
                   "{\"type\":\"notification\",\"node_id\":\"\","
                   "\"severity\":\"warning\",\"content\":\"Events %llu to "
                   "%llu are not kept any more\",\"missing_from\":%llu,"
                   "\"missing_to\":%llu}",
                   first, last, first, last);
    watch->after = last;
    watch->sink.event(watch->sink.arg, last, line, (size_t) len);
}


bool
nt_watch_send(nt_watch_t *watch, const nt_event_t *events, size_t n)
{
    watch->calling = true;

    for (size_t i = 0; i < n && !watch->paused && !watch->closed; i++) {
        if (events[i].seq <= watch->after || watch->ended) {
            continue;
        }

        if (events[i].seq > watch->after + 1) {
            nt_watch_send_gap(watch, events[i].seq);
            if (watch->closed || watch->paused) {
                break;
            }
        }

        watch->after = events[i].seq;
        watch->silence = 0;
        watch->interval = NT_WATCH_POLL_MIN;
        watch->sink.event(watch->sink.arg, events[i].seq, events[i].line,
                          events[i].len);

        if (!watch->closed && nt_job_update_ends(events[i].line, events[i].len))
        {
            watch->calling = false;
            nt_watch_end(watch, 200, NULL, NULL);
            return false;
        }
    }

    return !nt_watch_settle(watch);
}


/* Looks again a little later. */
static void
nt_watch_later(nt_watch_t *watch)
{
    nt_store_t *store = watch->jobs->store;

    if (watch->job) {
        return; /* will be told */
    }

    if (watch->kicked) {
        watch->kicked = false;
        nt_watch_ready(watch);
        return;
    }

    if (store->hears && store->hears(store, watch->job_id)) {
        watch->interval = NT_WATCH_POLL_TOLD;
    }

    watch->next_poll = uv_now(watch->jobs->options.loop) + watch->interval;
    watch->silence++;
    watch->interval *= 2;
    if (watch->interval > NT_WATCH_POLL_MAX) {
        watch->interval = NT_WATCH_POLL_MAX;
    }
}


/* The job has ended, and its last event is not kept: says how it ended. */
static void
nt_watch_send_end(nt_watch_t *watch, const nt_job_record_t *record)
{
    nt_buf_t   line = { 0 };
    nt_event_t event = { .seq = record->last_seq };

    nt_job_update_line(&line, record);
    event.line = line.data;
    event.len = line.len;

    if (line.failed) {
        nt_watch_end(watch, 503, NT_JOBS_NOMEM, NULL);
    } else {
        (void) nt_watch_send(watch, &event, 1);
    }

    nt_buf_free(&line);
}


static void
nt_watch_on_job(void *arg, nt_rc_t rc, const char *message,
                const nt_job_record_t *record)
{
    nt_watch_t *watch = arg;
    bool        ended;

    if (nt_watch_settle(watch)) {
        return;
    }

    if (watch->job) {
        nt_watch_ready(watch); /* it has come here meanwhile */
        return;
    }

    if (rc != NT_OK) {
        nt_log(NT_LOG_WARN, "job %s: cannot be looked up: %s", watch->job_id,
               message);
        nt_watch_end(watch, 503, NT_JOBS_AWAY, NULL);
        return;
    }

    if (record == NULL) {
        nt_watch_end(watch, 404, NT_JOBS_UNKNOWN, NULL);
        return;
    }

    if (nt_jobs_foreign(watch->user, record->user)) {
        nt_watch_end(watch, 403, NT_JOBS_FOREIGN, NULL);
        return;
    }

    ended = nt_job_status_ended(record->status);

    if (watch->await) {
        if (ended) {
            nt_watch_end(watch, 200, NULL, record);
        } else {
            nt_watch_later(watch);
        }
        return;
    }

    if (ended && watch->after >= record->last_seq) {
        nt_watch_end(watch, 200, NULL, record);
        return;
    }

    if (watch->over) {
        nt_watch_send_end(watch, record);
        return;
    }

    watch->over = ended;
    watch->checked = true;
    watch->silence = 0;
    nt_watch_ready(watch);
}


static void
nt_watch_on_events(void *arg, nt_rc_t rc, const char *message,
                   const nt_event_t *events, size_t n)
{
    nt_watch_t *watch = arg;

    if (rc != NT_OK) {
        if (!nt_watch_settle(watch)) {
            nt_log(NT_LOG_WARN, "job %s: its events cannot be read: %s",
                   watch->job_id, message);
            nt_watch_end(watch, 503, NT_JOBS_AWAY, NULL);
        }
        return;
    }

    if (!nt_watch_send(watch, events, n)) {
        return;
    }

    if (n > 0) {
        nt_watch_ready(watch);
        return;
    }

    if (watch->over) { /* the store has forgotten its last events */
        watch->checked = false;
        nt_watch_ready(watch);
        return;
    }

    if (watch->silence >= NT_WATCH_SILENCE) {
        watch->checked = false;
    }

    nt_watch_later(watch);
}


void
nt_watch_step(nt_watch_t *watch)
{
    nt_store_t *store = watch->jobs->store;

    if (watch->calling || watch->paused) {
        return;
    }

    if (watch->foreign) {
        nt_watch_end(watch, 403, NT_JOBS_FOREIGN, NULL);
        return;
    }

    if (watch->job && (watch->await || watch->after >= watch->job->stored)) {
        return; /* the job will tell */
    }

    watch->calling = true;

    if (watch->await || !watch->checked) {
        store->get(store, watch->job_id, nt_watch_on_job, watch);
    } else {
        store->events(store, watch->job_id, watch->after, NT_WATCH_LIMIT,
                      nt_watch_on_events, watch);
    }
}
