/*
 * engine/jobs/store_memory_int.h - what store_memory.c and memory_job.c
 * share; private.
 */

#ifndef NT_STORE_MEMORY_INT_H
#define NT_STORE_MEMORY_INT_H

#include <sys/queue.h>

#include "engine/jobs/store.h"
#include "engine/jobs/table.h"

/* Events that were stored together, in one piece of memory. */
typedef struct {
    unsigned   refs; /* the job and those who read it now */
    size_t     size; /* of all of it */
    size_t     n;
    nt_event_t events[];
} nt_mem_batch_t;

typedef struct nt_mem_job   nt_mem_job_t;
typedef struct nt_mem_party nt_mem_party_t;

TAILQ_HEAD(nt_mem_list, nt_mem_job);

/* A user or a workflow with jobs that have not ended. */
struct nt_mem_party {
    nt_link_t link;
    TAILQ_ENTRY(nt_mem_party) turn_entry; /* a user with jobs waiting */

    unsigned           refs; /* jobs */
    unsigned           running;
    unsigned           waiting;
    struct nt_mem_list queue; /* a user's, the next one first */
    char               name[];
};

struct nt_mem_job {
    nt_link_t by_id;
    nt_link_t by_key;
    TAILQ_ENTRY(nt_mem_job) entry;
    TAILQ_ENTRY(nt_mem_job) state_entry; /* in a user's queue or ended */

    nt_mem_party_t *party;  /* its user, until it has ended */
    nt_mem_party_t *flow;   /* its workflow, until then */
    bool            loaded; /* counts as running */

    char *id;
    char *user;
    char *workflow_id;
    char *base_url;
    char *key;    /* user, idempotency key; or NULL */
    char *params; /* until it runs */
    char *graph;  /* the same; or NULL */
    char *result;
    char *error;
    char *node_id;
    char *node_type;

    const char *status;
    bool        open_inputs;
    int64_t     created_at;
    int64_t     started_at;
    int64_t     finished_at;
    uint64_t    last_seq;

    nt_mem_batch_t **batches; /* from `head`, `n_batches` of them, in order */
    size_t           head;
    size_t           n_batches;
    size_t           cap_batches;
    size_t           n_events;
    size_t           event_bytes;
    size_t           bytes; /* the rest, as far as it was counted */
};

typedef struct {
    nt_store_t         store;
    nt_store_options_t options;
    nt_store_events_t  handler;

    nt_table_t         by_id;
    nt_table_t         by_key;
    nt_table_t         users;
    nt_table_t         workflows;
    struct nt_mem_list jobs;          /* oldest first */
    struct nt_mem_list ended;         /* the first to have ended first */
    TAILQ_HEAD(, nt_mem_party) turns; /* users with jobs waiting */
    unsigned n_queue;
    unsigned n_ended;
    unsigned want;
    size_t   bytes; /* of all jobs */
    int64_t  clock; /* never goes back */
} nt_mem_store_t;

/* --- memory_queue.c --- */

/* Makes the job known to its user and workflow. False when memory is out. */
bool nt_mem_enter(nt_mem_store_t *mem, nt_mem_job_t *job);

/* It has ended, or never was: no place is taken by it any more. */
void nt_mem_exit(nt_mem_store_t *mem, nt_mem_job_t *job);

/* Whether the limits let it run; it does. */
bool nt_mem_may_run(const nt_mem_store_t *mem, const nt_mem_job_t *job);
void nt_mem_load(nt_mem_job_t *job);

bool     nt_mem_queue_full(const nt_mem_store_t *mem, const nt_mem_job_t *job);
void     nt_mem_queue_add(nt_mem_store_t *mem, nt_mem_job_t *job);
void     nt_mem_queue_remove(nt_mem_store_t *mem, nt_mem_job_t *job);
unsigned nt_mem_queue_place(const nt_mem_store_t *mem, const nt_mem_job_t *job);

/* Takes the next job that may run out of the queue; NULL: there is none. */
nt_mem_job_t *nt_mem_queue_next(nt_mem_store_t *mem);

/* --- memory_job.c --- */

/* ms since the epoch; never goes back */
int64_t nt_mem_now(nt_mem_store_t *mem);

/* A new job, in no list yet. Takes `key` over. NULL when memory is out. */
nt_mem_job_t *nt_mem_job(const nt_job_record_t *record, char *key);
void          nt_mem_job_free(nt_mem_job_t *job);

/* Replaces *to by a copy of `from`; NULL leaves it. False: no memory. */
bool nt_mem_copy(char **to, const char *from);

/* What a user's idempotency key is found by; malloc'ed. */
char *nt_mem_key(const char *user, const char *key);

nt_mem_job_t *nt_mem_find(nt_mem_store_t *mem, const char *id);

/* Points into the job. */
void nt_mem_record(nt_mem_store_t *mem, const nt_mem_job_t *job,
                   nt_job_record_t *record);

/* Tells of its status. */
void nt_mem_tell(nt_mem_store_t *mem, const nt_mem_job_t *job);

/* Counts anew what a job takes. */
void nt_mem_weigh(nt_mem_store_t *mem, nt_mem_job_t *job);

/* Takes it out of what jobs are found by. */
void nt_mem_forget(nt_mem_store_t *mem, nt_mem_job_t *job);

/* Forgets ended jobs that are too old, too many or too large. */
void nt_mem_expire(nt_mem_store_t *mem);

/* Stores events and lets the oldest go. False when memory is out. */
bool nt_mem_add_events(nt_mem_store_t *mem, nt_mem_job_t *job,
                       const nt_event_t *events, size_t n);

/* The batch that holds the first event after number `after`, or NULL. */
nt_mem_batch_t *nt_mem_batch_after(const nt_mem_job_t *job, uint64_t after);
void            nt_mem_batch_unref(nt_mem_batch_t *batch);

#endif
