/*
 * engine/jobs/store.h - where jobs and their events are kept.
 *
 * Two stores: memory (store_memory.c) and Redis (store_redis.c).  All calls
 * are asynchronous with a callback; the memory store's come at once.  A
 * callback gets NT_OK, or NT_ERROR when the store cannot be reached (the
 * outcome is then unknown), with a message for the log.
 */

#ifndef NT_STORE_H
#define NT_STORE_H

#include <jansson.h>
#include <uv.h>

#include "core/nt_buf.h"

typedef struct nt_store nt_store_t;

/* A job as it is stored; pointers are borrowed for the call or callback. */
typedef struct {
    const char *id;
    const char *user;
    const char *workflow_id;
    const char *base_url;
    const char *status;  /* queued, running, completed, failed, cancelled */
    const char *params;  /* JSON text */
    const char *graph;   /* JSON text of a graph that is no workflow's, while
                          * it may be needed; else NULL */
    const char *result;  /* JSON text or NULL */
    const char *error;   /* or NULL */
    const char *node_id; /* of a failed job, or NULL */
    const char *node_type;
    int64_t     created_at; /* ms since the epoch; 0: not yet */
    int64_t     started_at;
    int64_t     finished_at;
    unsigned    attempt;        /* 1 at first; more when it starts over */
    unsigned    lost;           /* so often its engine was lost */
    uint64_t    last_seq;       /* number of the last stored event */
    unsigned    queue_position; /* of a queued job, from 1; else 0 */
    bool        cancel;         /* somebody asked for it to be cancelled */
    bool        open_inputs;    /* see nt_job_request_t */
    const char *kept; /* of a claimed job: what its last attempts have kept,
                       * one JSON object a line; or NULL */
} nt_job_record_t;

/* One event to append. */
typedef struct {
    uint64_t    seq;
    const char *line;
    size_t      len;
} nt_event_t;

typedef void (*nt_store_cb)(void *arg, nt_rc_t rc, const char *message);
typedef void (*nt_store_job_cb)(void *arg, nt_rc_t rc, const char *message,
                                const nt_job_record_t *job);
typedef void (*nt_store_list_cb)(void *arg, nt_rc_t rc, const char *message,
                                 const nt_job_record_t *jobs, size_t n,
                                 const char *next);
typedef void (*nt_store_events_cb)(void *arg, nt_rc_t rc, const char *message,
                                   const nt_event_t *events, size_t n);

/* What a store tells its engine. */
typedef struct {
    void *arg;
    /* A queued job is now leased to this engine: run it. */
    void (*claimed)(void *arg, const nt_job_record_t *job);
    /* Somebody asked for this job, which runs here, to be cancelled. */
    void (*cancel)(void *arg, const char *job_id);
    /* The lease of a job that runs here was lost: stop it, store nothing. */
    void (*lost)(void *arg, const char *job_id);
    /* A job that is listened to has new events, or has ended. */
    void (*news)(void *arg, const char *job_id, bool end);
    /* Another engine has a text for a job, which may run here: appends the
     * answer. */
    void (*passed)(void *arg, const char *job_id, nt_str_t text,
                   nt_buf_t *answer);
    /* A job of a user who is followed has another status: its id, user,
     * workflow_id, status and, when it failed, error. */
    void (*update)(void *arg, const nt_job_record_t *job);
} nt_store_events_t;

struct nt_store {
    const char *name;  /* "memory", "redis" */
    bool        keeps; /* what outlives the process */

    void (*set_handler)(nt_store_t *store, const nt_store_events_t *handler);

    /*
     * Stores a new job.  `start` true: leased to this engine, status
     * running, unless a limit forbids it; false: queued for whoever has
     * room.  When `idempotency_key` is given and known for this user,
     * nothing is stored and the callback has the earlier job; when the queue
     * is full it has NULL, and NT_OK; else it has the new one, with id,
     * status, attempt and times at least, as its creator knows the rest.
     * `queued` is the beginning of the first event of a queued job: the
     * store knows the place in the queue, appends it and a closing brace,
     * and keeps that as event 1.
     */
    void (*create)(nt_store_t *store, const nt_job_record_t *job, bool start,
                   nt_str_t queued, const char *idempotency_key,
                   nt_store_job_cb cb, void *arg);

    /* Says how many more queued jobs this engine would take now; `claimed`
     * comes for each that is found. */
    void (*want)(nt_store_t *store, unsigned n);

    /* Appends events of a job leased to this engine, in order, their lines one
     * behind the other in memory with a newline between them, and with them
     * lines that are `kept` for another attempt, until the job has ended: both
     * or nothing.  May be repeated with the same events when the outcome was
     * unknown, as may finish.  When the lease was lost, `lost` comes, then the
     * callback with NT_ERROR. */
    void (*append)(nt_store_t *store, const char *job_id,
                   const nt_event_t *events, size_t n, nt_str_t kept,
                   nt_store_cb cb, void *arg);

    /* Appends the last events, sets status, result, error and finished_at,
     * and gives the lease up: all or nothing. */
    void (*finish)(nt_store_t *store, const nt_job_record_t *job,
                   const nt_event_t *events, size_t n, nt_store_cb cb,
                   void *arg);

    /* Gives a running job back to the queue (shutdown).  NULL for a store
     * that does not outlive the process. */
    void (*release)(nt_store_t *store, const char *job_id, nt_store_cb cb,
                    void *arg);

    void (*get)(nt_store_t *store, const char *job_id, nt_store_job_cb cb,
                void *arg); /* `job` NULL: there is none */
    void (*list)(nt_store_t *store, const char *user, const char *workflow_id,
                 const char *start_key, unsigned limit, nt_store_list_cb cb,
                 void *arg);

    /* Jobs that are queued or run, of a user or (NULL) of all: the newest
     * first, `limit` at most; `next` is NULL. */
    void (*active)(nt_store_t *store, const char *user, unsigned limit,
                   nt_store_list_cb cb, void *arg);

    /* About `limit` stored events after number `after`, in order; none when
     * there are none yet. */
    void (*events)(nt_store_t *store, const char *job_id, uint64_t after,
                   unsigned limit, nt_store_events_cb cb, void *arg);

    /* Cancels a queued job (with its terminal event in `line`), or passes
     * the wish on to the engine that runs it.  The callback has the job as
     * it then is. */
    void (*cancel)(nt_store_t *store, const char *job_id, const char *line,
                   size_t len, nt_store_job_cb cb, void *arg);

    /* NULL for a store that no other engine writes to.  `news` of this job are
     * wanted, as often as they are asked for, until they are ignored as
     * often. They may get lost; true of `hears` says that they come. */
    void (*listen)(nt_store_t *store, const char *job_id);
    void (*ignore)(nt_store_t *store, const char *job_id);
    bool (*hears)(nt_store_t *store, const char *job_id);

    /* `update` is wanted for the jobs of this user, until it is not any more.
     * NULL for a store that tells all updates. */
    void (*follow)(nt_store_t *store, const char *user);
    void (*unfollow)(nt_store_t *store, const char *user);

    /* NULL for a store that no other engine writes to.  Passes a text on to
     * the engine that runs the job; the callback has its answer in place of
     * a message, or NT_ERROR when none has come in a few seconds. */
    void (*pass)(nt_store_t *store, const char *job_id, nt_str_t text,
                 nt_store_cb cb, void *arg);

    /* {"store": "redis", "connected": true, "queued": n, "max_queued": n};
     * new reference. */
    json_t *(*stats)(nt_store_t *store);

    /* Jobs that wait for a free place, as far as this engine knows. */
    unsigned (*queued)(nt_store_t *store);

    /* Frees the store; callbacks of calls under way come before `done`,
     * with NT_ERROR. */
    void (*close)(nt_store_t *store, void (*done)(void *arg), void *arg);
};

typedef struct {
    unsigned max_jobs;      /* memory: ended jobs kept, the oldest go first */
    unsigned ttl_s;         /* ended jobs are kept this long */
    unsigned max_events;    /* events kept of a job, about */
    size_t   max_job_bytes; /* of these events, about */
    size_t   max_bytes;     /* memory: of all jobs, about; ended ones go */
    unsigned lease_ms;      /* redis: a lease lapses after this */
    /* Jobs that may wait; beyond it a user who has none waiting may still
     * queue one, up to twice as many in all. */
    unsigned max_queued;
    unsigned max_user;     /* jobs of a user that run at a time; 0: any */
    unsigned max_workflow; /* the same of a workflow */
} nt_store_options_t;

nt_store_t *nt_store_memory_new(uv_loop_t *loop, const nt_store_options_t *o);

/* `url`: see nt_redis_new.  Connects
 * in the background and again after a loss, with backoff; calls made
 * meanwhile wait a short time, then fail.  NULL with a message for a bad
 * URL. */
nt_store_t *nt_store_redis_new(uv_loop_t *loop, const char *url,
                               const nt_store_options_t *options, char *error,
                               size_t size);

#endif
