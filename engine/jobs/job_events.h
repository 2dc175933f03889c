/*
 * engine/jobs/job_events.h - the events of a job on their way to the store, and
 * the job_update lines that jobs add to those of the graph.
 */

#ifndef NT_JOB_EVENTS_H
#define NT_JOB_EVENTS_H

#include "core/nt_buf.h"
#include "engine/jobs/store.h"

/* Lines in one piece of memory, each with a newline behind it. A zeroed batch
 * is valid and empty. */
typedef struct {
    nt_buf_t    text;
    nt_event_t *events; /* `line` is set by nt_batch_events only */
    size_t      n;
    size_t      cap;
} nt_batch_t;

/* False when memory is out; the batch is then as it was. */
bool nt_batch_add(nt_batch_t *batch, uint64_t seq, const char *line,
                  size_t len);

/* The events, valid until the batch changes. */
const nt_event_t *nt_batch_events(nt_batch_t *batch);

void nt_batch_reset(nt_batch_t *batch); /* empties it, keeps its memory */
void nt_batch_free(nt_batch_t *batch);

/*
 * The line of a job_update, in `buf`.  `result` is used of a completed job;
 * `error`, `node_id` and `node_type` of a failed
 * one.  Of a queued one it is the beginning that nt_store_t.create takes.
 */
void nt_job_update_line(nt_buf_t *buf, const nt_job_record_t *job);

/* Whether a line is a job_update; whether it is a job's last event. */
bool nt_job_update_is(const char *line, size_t len);
bool nt_job_update_ends(const char *line, size_t len);

bool nt_job_status_ended(const char *status);

/* The start_key of a list that goes on behind this job, NUL-terminated. */
void nt_job_start_key(nt_buf_t *buf, const nt_job_record_t *job);

/* A copy of `text` of at most `max` characters, in which U+FFFD stands for
 * what is not UTF-8.  malloc'ed; NULL when memory is out. */
char *nt_job_text_clean(const char *text, size_t max);

#endif
