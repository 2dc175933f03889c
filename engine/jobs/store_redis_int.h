/*
 * engine/jobs/store_redis_int.h - what the files of the Redis store share;
 * private.
 */

#ifndef NT_STORE_REDIS_INT_H
#define NT_STORE_REDIS_INT_H

#include <sys/queue.h>

#include "engine/jobs/redis.h"
#include "engine/jobs/store.h"
#include "engine/jobs/table.h"

#define NT_RED_PREFIX  "nodetool:{jobs}:"
#define NT_RED_CONTROL NT_RED_PREFIX "control"
#define NT_RED_WATCH   NT_RED_PREFIX "watch:"
#define NT_RED_JOBS    NT_RED_PREFIX "jobs:"
#define NT_RED_OWN     NT_RED_PREFIX "engine:"

/* Entries of a stream in one read; each holds a batch of events. */
#define NT_RED_ENTRIES 8

#define NT_RED_TOUCHED  64 /* indexes whose expiry an engine remembers */
#define NT_RED_TOUCH_MS (3600 * 1000)

#define NT_RED_ENGINE 16 /* characters of an engine's name */
#define NT_RED_TOKEN  32 /* of a lease's token, with its NUL */

/* Scripts by their place in the table of store_redis.c. */
enum {
    NT_RED_CREATE,
    NT_RED_APPEND,
    NT_RED_FINISH,
    NT_RED_RELEASE,
    NT_RED_GET,
    NT_RED_EVENTS,
    NT_RED_LIST,
    NT_RED_ACTIVE,
    NT_RED_CANCEL,
    NT_RED_CLAIM,
    NT_RED_TICK,
    NT_RED_ABANDON,
    NT_RED_PASS,
    NT_RED_REPLY
};

/* A job that is leased to this engine. */
typedef struct {
    nt_link_t link;
    char      token[NT_RED_TOKEN];
    uint64_t  keep;  /* events from this number on are kept */
    uint64_t  half;  /* with those from this one on, half of what may be */
    size_t    bytes; /* of those */
    char      id[];
} nt_red_lease_t;

/* A channel that is listened to. */
typedef struct {
    nt_link_t link; /* the key is what stands behind the prefix */
    unsigned  refs;
    bool      subscribed;
    char      channel[]; /* NT_RED_WATCH and a job, NT_RED_JOBS and a user */
} nt_red_ear_t;

/* A job that may be stored, although its creator was told otherwise. */
typedef struct nt_red_orphan nt_red_orphan_t;

struct nt_red_orphan {
    STAILQ_ENTRY(nt_red_orphan) entry;
    char token[NT_RED_TOKEN];
    char id[];
};

typedef struct nt_red_pass nt_red_pass_t; /* a text that waits for an answer */

/* The indexes of a user and a workflow: not to be touched until then. */
typedef struct {
    uint32_t hash;
    uint64_t until; /* loop time, ms */
} nt_red_touch_t;

typedef struct {
    nt_store_t         store;
    nt_store_options_t options;
    nt_store_events_t  handler;

    uv_loop_t  *loop;
    nt_redis_t *redis;
    nt_redis_t *control; /* listens to what other engines say */
    uv_timer_t  timer;

    char       engine[NT_RED_ENGINE + 1]; /* random: new with each start */
    nt_table_t leases;
    nt_table_t ears;     /* by job */
    nt_table_t followed; /* by user */

    STAILQ_HEAD(, nt_red_orphan) orphans;
    unsigned n_orphans;

    TAILQ_HEAD(, nt_red_pass) passes; /* the oldest first */
    uint64_t n_passes;                /* so far */

    nt_red_touch_t touched[NT_RED_TOUCHED];

    unsigned want;
    unsigned queued; /* as last heard */
    bool     claiming;
    bool     ticking;
    bool     tick_again; /* something is to be told at once */
    bool     tells;      /* somebody, somewhere, follows users' jobs */
    uint64_t reap_at;    /* loop time, ms */

    unsigned open; /* of redis, control, timer: not closed yet */
    void (*closed)(void *arg);
    void *closed_arg;
} nt_red_store_t;

/* A call on its way to Redis and back. */
typedef struct {
    nt_red_store_t *red;
    union {
        nt_store_cb        done;
        nt_store_job_cb    job;
        nt_store_list_cb   list;
        nt_store_events_cb events;
    } cb;
    void    *arg;
    uint64_t after; /* of events */
    unsigned limit; /* of a list */
    char     token[NT_RED_TOKEN];
    char     id[];
} nt_red_call_t;

/* --- store_redis.c --- */

/* NULL when memory is out. `id` may be NULL. */
nt_red_call_t *nt_red_call(nt_red_store_t *red, const char *id, void *arg);

/* Arguments that start with the prefix. */
void nt_red_args(nt_redis_args_t *args);

/* --- store_redis_read.c --- */

/* Pointers go into the reply. False when it is not a job's record. `big`
 * says where the last field goes: NULL, &record->result or
 * &record->params. */
bool nt_red_record(nt_job_record_t *record, const redisReply *reply,
                   const char **big);

/* See nt_store_t. */
void nt_red_get(nt_store_t *store, const char *job_id, nt_store_job_cb cb,
                void *arg);
void nt_red_cancel(nt_store_t *store, const char *job_id, const char *line,
                   size_t len, nt_store_job_cb cb, void *arg);
void nt_red_list(nt_store_t *store, const char *user, const char *workflow_id,
                 const char *start_key, unsigned limit, nt_store_list_cb cb,
                 void *arg);
void nt_red_active(nt_store_t *store, const char *user, unsigned limit,
                   nt_store_list_cb cb, void *arg);
void nt_red_events(nt_store_t *store, const char *job_id, uint64_t after,
                   unsigned limit, nt_store_events_cb cb, void *arg);

/* --- store_redis_lease.c: leases and the queue --- */

void nt_red_token(const nt_red_store_t *red, unsigned attempt, char *token);
nt_red_lease_t *nt_red_lease_find(nt_red_store_t *red, const char *id);

/* So many bytes of events up to this number go to the store: from which number
 * on events are kept. */
uint64_t nt_red_lease_keep(nt_red_store_t *red, const char *id, uint64_t last,
                           size_t bytes);

/* False when memory is out. */
bool nt_red_lease_add(nt_red_store_t *red, const char *id, unsigned attempt);
void nt_red_lease_remove(nt_red_store_t *red, const char *id);

/* The lease of this token was found to be lost: tells the engine, unless it
 * has got the job back since. */
void nt_red_lease_lost(nt_red_store_t *red, const char *id, const char *token);

/* Keeps in mind to take a job back that may have been created. */
void nt_red_orphan_add(nt_red_store_t *red, const char *id, const char *token);

/* Asks for queued jobs, when they are wanted and there are any. */
void nt_red_claim(nt_red_store_t *red);

/* Tells Redis of this engine, and hears what is new; every third of a lease. */
void nt_red_tick(nt_red_store_t *red);

void nt_red_on_timer(uv_timer_t *timer);
void nt_red_on_ready(void *arg);
void nt_red_on_control(nt_red_store_t *red, nt_str_t message);

/* --- store_redis_pass.c --- */

void nt_red_pass(nt_store_t *store, const char *job_id, nt_str_t text,
                 nt_store_cb cb, void *arg);

/* Ends those without an answer. */
void nt_red_passes_expire(nt_red_store_t *red, uint64_t now);

/* A message of this engine's own channel. */
void nt_red_on_asked(nt_red_store_t *red, nt_str_t message);

/* --- store_redis_listen.c: what is told by channels --- */

void nt_red_listen(nt_store_t *store, const char *job_id);
void nt_red_ignore(nt_store_t *store, const char *job_id);
bool nt_red_hears(nt_store_t *store, const char *job_id);
void nt_red_follow(nt_store_t *store, const char *user);
void nt_red_unfollow(nt_store_t *store, const char *user);
void nt_red_ears_free(nt_red_store_t *red);

void nt_red_on_listening(void *arg);
void nt_red_on_message(void *arg, const char *channel, nt_str_t message);
void nt_red_on_subscribed(void *arg, const char *channel);

#endif
