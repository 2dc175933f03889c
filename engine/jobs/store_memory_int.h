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
    size_t     n;
    nt_event_t events[];
} nt_mem_batch_t;

typedef struct nt_mem_job nt_mem_job_t;

struct nt_mem_job {
    nt_link_t by_id;
    nt_link_t by_key;
    TAILQ_ENTRY(nt_mem_job) entry;
    TAILQ_ENTRY(nt_mem_job) state_entry; /* in queue or ended */

    char *id;
    char *user;
    char *workflow_id;
    char *base_url;
    char *key;    /* user, idempotency key; or NULL */
    char *params; /* until it runs */
    char *result;
    char *error;
    char *node_id;
    char *node_type;

    const char *status;
    int64_t     created_at;
    int64_t     started_at;
    int64_t     finished_at;
    uint64_t    last_seq;

    nt_mem_batch_t **batches; /* from `head`, `n_batches` of them, in order */
    size_t           head;
    size_t           n_batches;
    size_t           cap_batches;
    size_t           n_events;
};

TAILQ_HEAD(nt_mem_list, nt_mem_job);

typedef struct {
    nt_store_t         store;
    nt_store_options_t options;
    nt_store_events_t  handler;

    nt_table_t         by_id;
    nt_table_t         by_key;
    struct nt_mem_list jobs;  /* oldest first */
    struct nt_mem_list queue; /* the next one first */
    struct nt_mem_list ended; /* the first to have ended first */
    unsigned           n_queue;
    unsigned           n_ended;
    unsigned           want;
    int64_t            clock; /* never goes back */
} nt_mem_store_t;

/* ms since the epoch; never goes back */
int64_t nt_mem_now(nt_mem_store_t *mem);

/* A new job, in no list yet. Takes `key` over. NULL when memory is out. */
nt_mem_job_t *nt_mem_job(const nt_job_record_t *record, bool start, char *key);
void          nt_mem_job_free(nt_mem_job_t *job);

/* Replaces *to by a copy of `from`; NULL leaves it. False: no memory. */
bool nt_mem_copy(char **to, const char *from);

/* What a user's idempotency key is found by; malloc'ed. */
char *nt_mem_key(const char *user, const char *key);

nt_mem_job_t *nt_mem_find(nt_mem_store_t *mem, const char *id);

/* Points into the job. */
void nt_mem_record(nt_mem_store_t *mem, const nt_mem_job_t *job,
                   nt_job_record_t *record);

/* Forgets ended jobs that are too old or too many. */
void nt_mem_expire(nt_mem_store_t *mem);

/* Stores events and lets the oldest go. False when memory is out. */
bool nt_mem_add_events(nt_mem_store_t *mem, nt_mem_job_t *job,
                       const nt_event_t *events, size_t n);

/* The batch that holds the first event after number `after`, or NULL. */
nt_mem_batch_t *nt_mem_batch_after(const nt_mem_job_t *job, uint64_t after);
void            nt_mem_batch_unref(nt_mem_batch_t *batch);

#endif
