/*
 * engine/threads/threads.h - conversations and their messages.
 *
 * A thread belongs to the user who made it.  Its messages are numbered by the
 * store, so that several connections may write one thread.  Both are kept for
 * as long as nobody deletes them: in Redis, where the engine has it, else in
 * the memory of the process.
 *
 * Shapes are those of NodeTool's /api/threads and /api/messages:
 *
 *   thread   {"id", "user_id", "title" (or null), "created_at", "updated_at"}
 *   message  {"type": "message", "id", "thread_id", "role", "content", ...},
 *            with null for what it does not have
 *
 * Everything belongs to the loop's thread.
 */

#ifndef NT_THREADS_H
#define NT_THREADS_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "core/nt_base.h"

#define NT_THREADS_MAX         10000 /* of a user; more are refused */
#define NT_THREAD_TITLE_MAX    1000  /* bytes */
#define NT_THREAD_MESSAGES_MAX 10000 /* of a thread; beyond, the oldest go */
#define NT_THREAD_BYTES_MAX    ((size_t) 64 << 20) /* the same */
#define NT_MESSAGE_BYTES_MAX   ((size_t) 8 << 20)  /* of a message as JSON */

typedef struct nt_threads nt_threads_t;

/* At most about `max_bytes` of messages are kept; beyond that the threads go
 * that were not written to for the longest time.  NULL when memory is out. */
nt_threads_t *nt_threads_memory_new(size_t max_bytes);

/* `url`: see nt_redis_new.  Connects in the background; calls made while the
 * connection is away wait a short time, then fail.  NULL with a sentence in
 * `error` for a bad URL. */
nt_threads_t *nt_threads_redis_new(uv_loop_t *loop, const char *url,
                                   char *error, size_t size);

/* Calls under way end with 503 first. */
void nt_threads_close(nt_threads_t *threads);

/*
 * `status` is an HTTP status; on other than 2xx `message` is a sentence and
 * `value` NULL: 403 for what is another user's, 404, 409 when the user has
 * too many threads, 422 for what cannot be kept, 503 when the store is away.
 * `value` is borrowed.  It may be called before the function that took it
 * returns.
 */
typedef void (*nt_threads_cb)(void *arg, int status, const char *message,
                              json_t *value);

/* 1 to 128 letters, digits, "-", "_" and ".", the first a letter or digit. */
bool nt_threads_id_valid(const char *id);

/* `title` may be NULL.  The thread. */
void nt_threads_create(nt_threads_t *threads, const char *user,
                       const char *title, nt_threads_cb cb, void *arg);

/* In these a `user` of NULL means whoever owns the thread.  The thread; after
 * a delete, as it was. */
void nt_threads_get(nt_threads_t *threads, const char *user, const char *id,
                    nt_threads_cb cb, void *arg);
void nt_threads_rename(nt_threads_t *threads, const char *user, const char *id,
                       const char *title, nt_threads_cb cb, void *arg);
void nt_threads_delete(nt_threads_t *threads, const char *user, const char *id,
                       nt_threads_cb cb, void *arg);

/* {"threads": [...], "next": cursor or null}, newest first. */
void nt_threads_list(nt_threads_t *threads, const char *user,
                     const char *cursor, unsigned limit, nt_threads_cb cb,
                     void *arg);

/* {"messages": [...], "next": ...}, oldest first, or newest first when
 * `reverse`.  A page ends before `max_bytes`, but has one message at least.
 * `user` as above. */
typedef struct {
    const char *thread_id;
    const char *cursor; /* or NULL */
    unsigned    limit;
    size_t      max_bytes;
    bool        reverse;
} nt_messages_page_t;

void nt_messages_list(nt_threads_t *threads, const char *user,
                      const nt_messages_page_t *page, nt_threads_cb cb,
                      void *arg);

/* One, by its id.  `user` as above. */
void nt_messages_get(nt_threads_t *threads, const char *user, const char *id,
                     nt_threads_cb cb, void *arg);

/* Puts a message (borrowed: it gets no id) behind the others.  A thread that
 * is not there is made, with this title, which may be NULL.  The message as
 * it is kept; once the callback has it, it is not lost. */
void nt_messages_append(nt_threads_t *threads, const char *user,
                        const char *thread_id, const char *title,
                        json_t *message, nt_threads_cb cb, void *arg);

/* Takes away what stands behind the last message of the user's.  {"dropped":
 * n}; 409 when there is no message of his. */
void nt_messages_drop(nt_threads_t *threads, const char *user,
                      const char *thread_id, nt_threads_cb cb, void *arg);

#endif
