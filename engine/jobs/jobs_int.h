/*
 * engine/jobs/jobs_int.h - what the files of jobs share; private.
 */

#ifndef NT_JOBS_INT_H
#define NT_JOBS_INT_H

#include <sys/queue.h>

#include "core/nt_id.h"
#include "engine/jobs/job_events.h"
#include "engine/jobs/jobs.h"
#include "engine/jobs/table.h"

/* A getrandom() of up to 256 bytes is never short. */
#define NT_JOBS_RANDOM 16

typedef struct nt_job    nt_job_t;
typedef struct nt_cancel nt_cancel_t;

TAILQ_HEAD(nt_job_list, nt_job);
TAILQ_HEAD(nt_watch_list, nt_watch);
TAILQ_HEAD(nt_cancel_list, nt_cancel);

struct nt_jobs {
    nt_jobs_options_t options;
    nt_store_t       *store;

    nt_table_t         by_id;    /* jobs that run here */
    struct nt_job_list all;      /* the same, and lost ones that wind down */
    struct nt_job_list runnable; /* want to be pumped */
    struct nt_job_list dirty;    /* have something for the store */
    unsigned           running;  /* places taken */

    struct nt_watch_list  ready;  /* watchers that have something to do */
    struct nt_watch_list  remote; /* watchers of jobs that do not run here */
    struct nt_cancel_list cancels;
    nt_table_t            followed; /* users whose jobs are followed */

    uv_idle_t  idle;   /* active while somebody is runnable, dirty or ready */
    uv_timer_t flush;  /* for events that are held back a little */
    uv_timer_t poll;   /* for remote watchers, cancels and the drain */
    uv_timer_t inputs; /* active while a job has open inputs */
    unsigned   open;   /* handles that are closing */

    unsigned char random[NT_JOBS_RANDOM][16]; /* for ids to come */
    unsigned      n_random;                   /* how many are left */

    bool     draining;
    bool     freed;
    uint64_t drain_at; /* loop time, ms */
    void (*drained)(void *arg);
    void *drained_arg;
};

/* A node to be kept in mind for another attempt. */
typedef struct {
    const char *node_id; /* the graph's */
    json_t     *outputs; /* what it sent; NULL: it must not run twice, and
                          * begins */
    uint32_t    node;
} nt_mark_t;

typedef struct {
    nt_mark_t *list;
    size_t     n;
    size_t     cap;
} nt_marks_t;

/* A job that runs here. */
struct nt_job {
    nt_link_t link;
    TAILQ_ENTRY(nt_job) all_entry;
    TAILQ_ENTRY(nt_job) runnable_entry;
    TAILQ_ENTRY(nt_job) dirty_entry;

    nt_jobs_t  *jobs;
    char        id[NT_ID_HEX_LEN + 1];
    char       *user;
    char       *workflow_id;
    char       *base_url;
    nt_graph_t *graph;
    json_t     *params;
    nt_run_t   *run;

    int64_t  created_at;
    int64_t  started_at;
    unsigned attempt;

    /* how it ended, once `ended` */
    const char *status;
    char       *result; /* JSON text */
    char       *error;
    char       *node_id;
    char       *node_type;
    int64_t     finished_at;

    uint64_t   seq;    /* number of the last event */
    uint64_t   stored; /* number of the last event that the store has */
    nt_batch_t pending;
    nt_batch_t out; /* with the store, or to be sent again */

    nt_marks_t marks;     /* go with `pending` */
    nt_marks_t out_marks; /* with `out`, */
    nt_buf_t   out_kept;  /* which has them as lines */
    size_t     kept;      /* bytes of such lines in the store */
    json_t    *earlier;   /* marks of earlier attempts, until it runs */

    uint64_t since; /* loop time of the start or the last write, ms */
    uint64_t hold;  /* no call to the store before this loop time */
    uint64_t sent;  /* loop time when `out` was first sent */
    uint64_t fed;   /* loop time when somebody cared for its open inputs */

    bool open_inputs; /* see nt_job_request_t */
    bool own_graph;   /* it has brought `graph` */
    bool keeping;     /* completed nodes are kept */
    bool begins;      /* a node waits until its mark is stored */
    bool in_table;
    bool in_runnable;
    bool in_dirty;
    bool trouble;   /* the store has not taken `out` */
    bool writing;   /* a store call is under way */
    bool finishing; /* `out` goes with finish */
    bool ended;     /* its last event is in pending or out */
    bool handing;   /* is being handed back: only what it has said counts */
    bool gone;      /* lost or released: its events are nobody's */
    bool nomem;     /* an event could not be kept */
    bool done;      /* the run is through and may be freed */

    struct nt_watch_list watches;
};

struct nt_watch {
    TAILQ_ENTRY(nt_watch) entry; /* in job->watches or jobs->remote */
    TAILQ_ENTRY(nt_watch) ready_entry;

    nt_jobs_t *jobs;
    nt_job_t  *job; /* NULL: it does not run here */
    char      *user;
    char      *job_id;
    uint64_t   after; /* number of the last event that was sent */

    nt_watch_sink_t sink;
    nt_await_cb     await; /* set: waits for the end only */
    void           *await_arg;

    uint64_t next_poll; /* loop time, ms */
    unsigned interval;  /* of polling, ms */
    unsigned silence;   /* polls since the last event */

    bool in_list;
    bool in_ready;
    bool checked; /* the job is there and the user's */
    bool over;    /* the job has ended: what cannot be read now never can */
    bool foreign; /* it is another user's */
    bool kicked;  /* there was news during a call */
    bool calling; /* a store call or a callback is under way */
    bool paused;
    bool closed;
    bool ended; /* `end` was called */
};

#define NT_JOBS_OTHER                                                          \
    "This Idempotency-Key was used for a run of another workflow; make a new " \
    "one for each run"
#define NT_JOBS_AWAY    "The job store cannot be reached; try again later"
#define NT_JOBS_FULL    "The queue is full; try again later"
#define NT_JOBS_NOMEM   "The engine is out of memory"
#define NT_JOBS_UNKNOWN "Job not found"
#define NT_JOBS_FOREIGN "The job belongs to another user"

/* why a job failed */
#define NT_JOB_NOMEM "The engine ran out of memory"

/* Whether a user may not have this owner's job. */
static inline bool
nt_jobs_foreign(const char *user, const char *owner)
{
    return user && strcmp(user, owner) != 0;
}

/* --- jobs.c --- */

/* The loop will call nt_jobs_turn. */
void nt_jobs_activate(nt_jobs_t *jobs);

/* The callback of the flush timer: the same. */
void nt_jobs_on_flush(uv_timer_t *timer);

/* Lets a freed engine's jobs go, once no run and no call needs them. */
void nt_jobs_close(nt_jobs_t *jobs);

/* Starts the poll timer if it does not run. */
void nt_jobs_poll_start(nt_jobs_t *jobs);

/* Tells the store how many places are free. */
void nt_jobs_want(nt_jobs_t *jobs);

nt_job_t *nt_jobs_find(const nt_jobs_t *jobs, const char *id);

/* --- jobs_request.c --- */

/* Calls `done` with the job as /jobs/{id} shows it. */
void nt_jobs_answer(nt_job_cb done, void *arg, const nt_job_record_t *record);

/* --- jobs_cancel.c --- */

/* Looks after cancels that wait for their job. True when there are any. */
bool nt_jobs_cancels_poll(nt_jobs_t *jobs);
void nt_jobs_cancels_free(nt_jobs_t *jobs);

/* --- jobs_input.c --- */

/* A job with open inputs has started: they end when nobody cares. */
void nt_job_inputs_start(nt_job_t *job);

/* The store's `passed`. */
void nt_jobs_on_passed(void *arg, const char *job_id, nt_str_t text,
                       nt_buf_t *answer);

/* --- jobs_follow.c --- */

/* The store's `update`. */
void nt_jobs_on_update(void *arg, const nt_job_record_t *job);

/* --- job.c: a job that runs here --- */

/* A job, not in any list. NULL when memory is out. */
nt_job_t *nt_job_new(nt_jobs_t *jobs, const nt_job_record_t *record,
                     nt_graph_t *graph, json_t *params);
void      nt_job_free(nt_job_t *job);

/* The store has it and it is ours: runs it. It frees itself in the end. */
void nt_job_start(nt_job_t *job, const nt_job_record_t *record);

/* Numbers an event, on its way to the store. False when memory is out. */
bool nt_job_emit(nt_job_t *job, const char *line, size_t len);

/* Ends it without a run: status failed or cancelled. */
void nt_job_end(nt_job_t *job, const char *status, const char *error);

void nt_job_cancel(nt_job_t *job);

/* It is not ours any more: stops it and stores nothing. */
void nt_job_drop(nt_job_t *job);

/* It wants a turn; has something for the store. */
void nt_job_runnable(nt_job_t *job);
void nt_job_dirty(nt_job_t *job);

/* Nothing that its run says counts any more. */
bool nt_job_deaf(const nt_job_t *job);

/* Points into the job. */
void nt_job_record(const nt_job_t *job, nt_job_record_t *record);

/* Takes the job's place back; a run that still winds down keeps it alive. */
void nt_job_leave(nt_job_t *job);

/* Frees a job that nobody needs any more. */
void nt_job_settle(nt_job_t *job);

/* Pumps jobs and sends their events to the store, once around. */
void nt_jobs_run(nt_jobs_t *jobs);

/* --- job_keep.c --- */

/* For the run's sink. */
void nt_job_on_completed(void *arg, const char *node_id, json_t *outputs);
bool nt_job_on_begin(void *arg, const char *node_id, uint32_t node);

/* The pending events go out: their marks go with them, as text. */
void     nt_job_keep(nt_job_t *job);
nt_str_t nt_job_kept(const nt_job_t *job);

/* The store has them. */
void nt_job_keep_stored(nt_job_t *job);
void nt_job_keep_free(nt_job_t *job);

/* What earlier attempts have kept, as nt_run_options_t takes it; new
 * reference, NULL when memory is out or a line is damaged. */
json_t *nt_job_keep_read(nt_job_t *job, const char *lines);

/* --- job_store.c --- */

/* Gives it back to the queue, when the store has what it said so far: ask
 * again until it is gone.  The store must be able to. */
void nt_job_release(nt_job_t *job);

/* Sends what need not wait; the timer comes back for the rest. */
void nt_jobs_flush(nt_jobs_t *jobs);

/* --- jobs_watch_read.c --- */

/* Between polls of a watcher, at first, ms. */
#define NT_WATCH_POLL_MIN 10

/* Sends events that come after the last sent one.  False when the watcher
 * is not to be touched any more. */
bool nt_watch_send(nt_watch_t *watch, const nt_event_t *events, size_t n);

/* Does what is to be done next. */
void nt_watch_step(nt_watch_t *watch);

/* --- jobs_watch.c --- */

/* It gets a step soon. */
void nt_watch_ready(nt_watch_t *watch);

/* Frees a watcher that was closed while a call was under way. True then. */
bool nt_watch_settle(nt_watch_t *watch);

/* Its last call. */
void nt_watch_end(nt_watch_t *watch, int status, const char *message,
                  const nt_job_record_t *record);

/* Lets watchers do what they have to; once around. */
void nt_jobs_watchers(nt_jobs_t *jobs);

/* Wakes the remote watchers whose time has come. True when there are any. */
bool nt_jobs_watchers_poll(nt_jobs_t *jobs);

/* Ends all of them, without a word. */
void nt_jobs_watchers_free(nt_jobs_t *jobs);

/* Wakes the remote watchers of a job at once; those who wait for its end only
 * when that has come. */
void nt_jobs_watchers_kick(nt_jobs_t *jobs, const char *job_id, bool end);

/* A job has started here: takes in its remote watchers. */
void nt_job_watchers_attach(nt_job_t *job);

/* The store has the job's events in `out`. */
void nt_job_watchers_send(nt_job_t *job);

/* The store has the job's end. */
void nt_job_watchers_end(nt_job_t *job, const nt_job_record_t *record);

/* The job does not run here any more; watchers go on as remote ones. */
void nt_job_watchers_detach(nt_job_t *job);

/* The store is away: tells all that watch this job. */
void nt_job_watchers_fail(nt_job_t *job, int status, const char *message);

#endif
