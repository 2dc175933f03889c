/*
 * engine/threads/threads_int.h - what a store of threads does; private.
 *
 * memory.c and redis.c fill in the table; threads.c makes JSON of records.
 */

#ifndef NT_THREADS_INT_H
#define NT_THREADS_INT_H

#include "engine/threads/threads.h"

#define NT_MESSAGE_TOKEN 16 /* characters: 64 random bits in hex */

/* Borrowed for a call or callback. */
typedef struct {
    const char *id;
    const char *user;
    const char *title;      /* or NULL */
    int64_t     created_at; /* ms since the epoch */
    int64_t     updated_at;
    uint64_t    order; /* of the user's threads: the newest has the highest */
} nt_thread_record_t;

typedef struct {
    uint64_t    number;                      /* in the thread, from 1 */
    char        token[NT_MESSAGE_TOKEN + 1]; /* tells it from all others */
    const char *role;
    nt_str_t    text; /* an object of JSON */
} nt_message_record_t;

typedef enum {
    NT_THREADS_OK,
    NT_THREADS_NONE,    /* no such thread */
    NT_THREADS_FOREIGN, /* another user's */
    NT_THREADS_FULL,    /* the user has too many */
    NT_THREADS_EMPTY,   /* no message of the user's to go back to */
    NT_THREADS_AWAY
} nt_threads_rc_t;

typedef struct {
    nt_threads_rc_t            rc;
    const char                *error;   /* of AWAY, for the log */
    const nt_thread_record_t  *threads; /* one, or a list */
    size_t                     n_threads;
    const nt_message_record_t *messages;
    size_t                     n_messages;
    /* where a list goes on, or 0; the number of an appended message; how many
     * were dropped */
    uint64_t number;
} nt_threads_result_t;

typedef void (*nt_threads_result_cb)(void                      *arg,
                                     const nt_threads_result_t *result);

/* A `user` of NULL: whoever owns the thread. */
struct nt_threads {
    void (*create)(nt_threads_t *threads, const nt_thread_record_t *thread,
                   nt_threads_result_cb cb, void *arg);
    void (*get)(nt_threads_t *threads, const char *user, const char *id,
                nt_threads_result_cb cb, void *arg);
    /* Those with an order below `before`; 0: all. */
    void (*list)(nt_threads_t *threads, const char *user, uint64_t before,
                 unsigned limit, nt_threads_result_cb cb, void *arg);
    void (*rename)(nt_threads_t *threads, const char *user, const char *id,
                   const char *title, int64_t now, nt_threads_result_cb cb,
                   void *arg);
    void (*remove)(nt_threads_t *threads, const char *user, const char *id,
                   nt_threads_result_cb cb, void *arg);
    /* `thread` says what to make, if it is not there; updated_at is now. */
    void (*append)(nt_threads_t *threads, const nt_thread_record_t *thread,
                   const nt_message_record_t *message, nt_threads_result_cb cb,
                   void *arg);
    /* Those behind number `from`, or, reversed, before it; 0: all. */
    void (*messages)(nt_threads_t *threads, const char *user,
                     const nt_messages_page_t *page, uint64_t from,
                     nt_threads_result_cb cb, void *arg);
    void (*drop)(nt_threads_t *threads, const char *user, const char *id,
                 nt_threads_result_cb cb, void *arg);
    void (*close)(nt_threads_t *threads);
};

#endif
