/*
 * engine/jobs/jobs.h - the life of jobs: queued, running, completed, failed,
 * cancelled.
 *
 * Runs graphs, numbers their events, has the store keep them, and hands them
 * to whoever watches.  Events reach watchers after the store has them.
 *
 * Everything belongs to the loop's thread.  Callbacks may come before the
 * function that took them returns, unless said otherwise.
 */

#ifndef NT_JOBS_H
#define NT_JOBS_H

#include <jansson.h>
#include <uv.h>

#include "core/nt_buf.h"
#include "engine/graph/graph.h"
#include "engine/jobs/store.h"
#include "engine/settings/settings.h"

typedef struct nt_jobs  nt_jobs_t;
typedef struct nt_watch nt_watch_t; /* somebody who reads a job's events */

typedef struct {
    uv_loop_t        *loop;
    nt_store_t       *store;       /* owned by the caller, outlives the jobs */
    unsigned          max_running; /* jobs at a time on this engine */
    nt_http_client_t *http;        /* see nt_run_options_t */
    nt_results_t     *results;     /* the same */
    nt_settings_t    *settings;    /* of users, or NULL */
    int               workspace;
    int               assets;
    unsigned          allow; /* NT_ALLOW_... */
    /* The inputs of a job that are open end when nobody here has fed or watched
     * it for so long; 0: never. */
    unsigned input_idle_ms;

    /* What a job that was queued or accepted by another engine runs: the
     * workflow of this id or, if `own` is not NULL, that graph, JSON text.
     * NULL with a sentence in `error` when it cannot be had. */
    nt_graph_t *(*graph)(void *arg, const char *workflow_id, const char *own,
                         nt_buf_t *error);

    /* What nodes of a user's jobs run as workflows: see nt_run_options_t. */
    bool (*workflow)(void *arg, const char *user, const char *name, bool tool,
                     nt_subworkflow_t *found, nt_buf_t *error);
    void *arg;
} nt_jobs_options_t;

nt_jobs_t *nt_jobs_new(const nt_jobs_options_t *options);

/* Takes no more jobs, waits for running ones until `timeout_ms` has passed,
 * hands the rest back to the queue (memory store: fails them), then calls
 * `done`. */
void nt_jobs_drain(nt_jobs_t *jobs, unsigned      timeout_ms,
                   void (*done)(void *arg), void *arg);

/* Stops what still runs, without a word to the store.  The memory goes when
 * the loop has run on and calls to the store are back: close the store
 * next.  Watchers are still to be closed. */
void nt_jobs_free(nt_jobs_t *jobs);

/* {"running": n, "queued": n, ...} for /health; new reference. */
json_t *nt_jobs_stats(nt_jobs_t *jobs);

#define NT_JOB_GRAPH_MAX (4u << 20) /* bytes of `own` as text */

typedef struct {
    const char *user;
    const char *workflow_id;     /* "" for a graph that is no workflow's */
    const char *idempotency_key; /* or NULL */
    const char *base_url;
    nt_graph_t *graph;  /* borrowed */
    json_t     *params; /* borrowed, checked already */
    /* What `graph` was compiled from, when that is not the workflow: it is
     * kept with the job until that has ended. Borrowed, else NULL; 413 when
     * it is too large. */
    const json_t *own;
    bool open_inputs; /* inputs that are streams stay open for nt_jobs_input */
} nt_job_request_t;

/* `status` is an HTTP status; on other than 200 `message` says why and `job`
 * is NULL.  `job` is the job as /jobs/{id} shows it, borrowed: id, status,
 * workflow_id, user_id, job_type, created_at, started_at, finished_at,
 * result, error, cost; node_id and node_type of a failed one,
 * queue_position (from 1) of a queued one, attempt (from 2) of one that
 * was taken over. */
typedef void (*nt_job_cb)(void *arg, int status, const char *message,
                          json_t *job);

/*
 * `user` in the calls below is who asks: another user's job is 403.  NULL is
 * an administrator, who may do it with all jobs.
 */

/* As nt_job_cb, but `job` is the job's record, borrowed: no JSON is made of
 * it for a caller who wants little more than its id. */
typedef void (*nt_submit_cb)(void *arg, int status, const char *message,
                             const nt_job_record_t *job);

/* Accepts a job; the callback comes when the store has it (or has the
 * earlier job of this idempotency key, or 422 when that was of another
 * workflow).  The job then runs by itself. */
void nt_jobs_submit(nt_jobs_t *jobs, const nt_job_request_t *request,
                    nt_submit_cb done, void *arg);

void nt_jobs_get(nt_jobs_t *jobs, const char *user, const char *job_id,
                 nt_job_cb done, void *arg);
void nt_jobs_record(nt_jobs_t *jobs, const char *user, const char *job_id,
                    nt_submit_cb done, void *arg);

/* Cancels wherever the job is, queued or running, here or on another engine;
 * the callback has the job as it then is.  A job that had ended is 409. */
void nt_jobs_cancel(nt_jobs_t *jobs, const char *user, const char *job_id,
                    nt_job_cb done, void *arg);

typedef struct {
    const char *user;
    const char *job_id;
    const char *input;  /* its name */
    const char *handle; /* of its output; NULL for the first */
    json_t     *value;  /* borrowed; NULL: the input ends */
} nt_job_input_t;

#define NT_JOB_INPUT_MAX (1u << 20) /* bytes of a value for another engine */

/* Feeds an input of a running job; `job` of the callback is {"id", "status"}.
 * 409 when it does not run, 422 when it does not take the value, 503 when it
 * has too many already.  Of a job on another engine also 413 for a large value,
 * and 503 when that engine does not answer: the value may then have been
 * taken. */
void nt_jobs_input(nt_jobs_t *jobs, const nt_job_input_t *input, nt_job_cb done,
                   void *arg);

/* The jobs of a user, of all with `user` NULL. `job` of the callback is
 * {"jobs": [...], "next_start_key": ...}, newest first; workflow_id and
 * start_key may be NULL. */
void nt_jobs_list(nt_jobs_t *jobs, const char *user, const char *workflow_id,
                  const char *start_key, unsigned limit, nt_job_cb done,
                  void *arg);

/* The same of those that are queued or run, `limit` at most. */
void nt_jobs_active(nt_jobs_t *jobs, const char *user, unsigned limit,
                    nt_job_cb done, void *arg);

typedef struct nt_await nt_await_t; /* somebody who waits for a job's end */

/* `job` is the ended job, borrowed: look at status, result (JSON text of
 * {"output": ..., "results": {...}}, so a reply is spliced without a parser),
 * error, node_id, node_type.  On another `status` than 200 (404, 403, 503)
 * it is NULL and `message` says why. */
typedef void (*nt_await_cb)(void *arg, int status, const char *message,
                            const nt_job_record_t *job);

/* For a plain run: one callback when the job has ended and the store has its
 * end; works for jobs of other engines, too.  Cheap for a job that was just
 * submitted: call it from the callback of nt_jobs_submit with the id of
 * `job`.  No callback comes before this function has returned.  NULL when
 * memory is out. */
nt_await_t *nt_jobs_await(nt_jobs_t *jobs, const char *user, const char *job_id,
                          nt_await_cb done, void *arg);

/* Stops waiting (the job goes on); must not be called after `done`, which
 * frees it. */
void nt_await_close(nt_await_t *await);

typedef struct {
    void *arg;
    /* One event: its number and its line. */
    void (*event)(void *arg, uint64_t seq, const char *line, size_t len);
    /* The job's last event has been sent (`status` 200), or the watch cannot
     * start or go on (404, 403, 503 with a message).  Last call. */
    void (*end)(void *arg, int status, const char *message);
} nt_watch_sink_t;

/* Sends the stored events after number `after` and then those to come.
 * Works for jobs of other engines, too.  No callback comes before this
 * function has returned. NULL when memory is out. */
nt_watch_t *nt_jobs_watch(nt_jobs_t *jobs, const char *user, const char *job_id,
                          uint64_t after, const nt_watch_sink_t *sink);

/* For a receiver that is slow: no events until resumed. */
void nt_watch_pause(nt_watch_t *watch);
void nt_watch_resume(nt_watch_t *watch);

/* Ends a watch early, or frees it after `end`. */
void nt_watch_close(nt_watch_t *watch);

typedef struct nt_follow nt_follow_t; /* somebody who follows a user's jobs */

/* A job of the user has another status.  Borrowed, of it are set: id, user,
 * workflow_id, status and, of a failed one, error. */
typedef void (*nt_follow_cb)(void *arg, const nt_job_record_t *job);

/*
 * Tells of the status of all jobs of a user (not NULL), wherever they run,
 * from now on.  With Redis a little later than this returns; what happens
 * while the connection to it is lost is not told.  NULL when memory is out.
 */
nt_follow_t *nt_jobs_follow(nt_jobs_t *jobs, const char *user,
                            nt_follow_cb update, void *arg);

/* May be called from the callback. To be called before nt_jobs_free. */
void nt_follow_close(nt_follow_t *follow);

#endif
