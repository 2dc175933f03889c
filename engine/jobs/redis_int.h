/*
 * engine/jobs/redis_int.h - what redis.c and redis_connect.c share; private.
 */

#ifndef NT_REDIS_INT_H
#define NT_REDIS_INT_H

#include <sys/queue.h>

#include "core/nt_buf.h"
#include "engine/jobs/redis.h"
#include "engine/jobs/redis_link.h"

/* Between attempts to connect, ms. */
#define NT_REDIS_RETRY_MIN 50
#define NT_REDIS_RETRY_MAX 1000

#define NT_REDIS_SHA 40

typedef struct nt_redis_cmd nt_redis_cmd_t;

struct nt_redis_cmd {
    TAILQ_ENTRY(nt_redis_cmd) entry;

    nt_redis_t *redis;
    char       *text; /* in RESP */
    size_t      len;
    int         script; /* its number, or -1 */
    size_t      head;   /* of an eval: where the arguments behind it start */
    bool        again;
    uint64_t    deadline; /* for being sent; loop time, ms */
    uint64_t    sent_at;
    nt_redis_cb cb;
    void       *arg;
};

TAILQ_HEAD(nt_redis_list, nt_redis_cmd);

typedef enum {
    NT_REDIS_AWAY,       /* the next attempt is at retry_at */
    NT_REDIS_ASKING,     /* a Sentinel for the master */
    NT_REDIS_CONNECTING, /* resolving, connecting, logging in, loading */
    NT_REDIS_READY
} nt_redis_state_t;

struct nt_redis {
    uv_loop_t         *loop;
    nt_redis_options_t options;
    nt_redis_url_t     url;

    nt_redis_tls_t  *tls;  /* or NULL */
    nt_redis_link_t *link; /* or NULL */
    nt_redis_state_t state;
    nt_redis_host_t  target;   /* of the attempt; host malloc'ed */
    unsigned         sentinel; /* the next one to be asked */
    unsigned         setup;    /* replies that setting up still waits for */
    char (*shas)[NT_REDIS_SHA + 1];
    unsigned n_scripts;

    struct nt_redis_list waiting; /* for a connection, oldest first */
    struct nt_redis_list sent;    /* for a reply, oldest first */

    uv_timer_t       timer;
    uv_getaddrinfo_t resolve;
    bool             resolving;
    unsigned         attempts; /* to connect by a name */
    uint64_t         retry_at; /* loop time, ms */
    unsigned         retry;    /* ms */
    uint64_t         since;    /* loop time of the attempt, ms */
    bool             told;     /* that the connection is away */

    bool closing;
    bool timer_closed;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* --- redis.c --- */

/* The connection is set up: what waits for it goes out. */
void nt_redis_ready(nt_redis_t *redis);

/* A reply on a connection that is set up. */
void nt_redis_on_reply(nt_redis_t *redis, const redisReply *reply);

/* The connection is lost: commands wait for the next one, or fail. */
void nt_redis_recall(nt_redis_t *redis);

/* Lets the timer watch over connection and commands, which it does while
 * there is something to watch. */
void nt_redis_tick(nt_redis_t *redis);

/* Frees it when it was closed and nothing is under way any more. */
void nt_redis_closed(nt_redis_t *redis);

/* --- redis_format.c --- */

/* Appends a command of `n` arguments: all of it, or its parts. */
void nt_redis_format(nt_buf_t *buf, size_t n, const nt_str_t *args);
void nt_redis_begin(nt_buf_t *buf, size_t n);
void nt_redis_put(nt_buf_t *buf, nt_str_t value);

/* --- redis_connect.c --- */

void nt_redis_connect(nt_redis_t *redis);

/* Gives the connection up, if there is one, and tries again later. */
void nt_redis_drop(nt_redis_t *redis, const char *why);

/* For the log: where the attempt leads, or all of them. */
const char *nt_redis_name(const nt_redis_t *redis);

#endif
