/*
 * engine/jobs/redis_link.h - one connection to a Redis server: bytes out,
 * replies in, over TCP, a Unix socket, or TLS on TCP.
 *
 * libuv has the socket, OpenSSL the TLS, hiredis the parser of replies.
 * hiredis' own connections are not used: they have neither all that is needed
 * of both, nor the same in all of its versions.
 */

#ifndef NT_REDIS_LINK_H
#define NT_REDIS_LINK_H

#include <hiredis/hiredis.h>
#include <uv.h>

#include "engine/jobs/redis_tls.h"

typedef struct nt_redis_link nt_redis_link_t;

/* Called from the loop only, never from inside the functions below. */
typedef struct {
    void *arg;
    void (*open)(void *arg);
    void (*reply)(void *arg, const redisReply *reply);
    /* It is closed, or was not opened. Last call; the link is gone then. */
    void (*lost)(void *arg, const char *why);
} nt_redis_link_events_t;

typedef struct {
    const char            *path;    /* of a Unix socket, or NULL: */
    const struct sockaddr *address; /* with its port */
    nt_redis_tls_t        *tls;     /* or NULL */
    const char            *host;    /* for TLS */
} nt_redis_place_t;

/* NULL with a sentence in *why. */
nt_redis_link_t *nt_redis_link_open(uv_loop_t                    *loop,
                                    const nt_redis_place_t       *place,
                                    const nt_redis_link_events_t *events,
                                    const char                  **why);

/* Sends with all else of this turn of the loop. */
void nt_redis_link_write(nt_redis_link_t *link, const char *data, size_t len);

/* Without another call. */
void nt_redis_link_close(nt_redis_link_t *link);

#endif
