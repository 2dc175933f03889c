/*
 * ngx_http_nodetool_chat_redis.h - a connection to Redis in a worker: commands
 * go out, and replies are told, without anybody waiting; and the exchange of
 * counts over it.
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_REDIS_H
#define NGX_HTTP_NODETOOL_CHAT_REDIS_H

#include <ngx_config.h>

#include <hiredis/async.h>

#include "core/nt_redis_url.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

typedef struct ngx_nodetool_redis_conn_s ngx_nodetool_redis_conn_t;

/* The connection has ended, or could not be made; `why` is for a log. */
typedef void (*ngx_nodetool_redis_lost_pt)(void *data, const char *why);
/* A reply; of those that a lost connection owes nothing is told. */
typedef void (*ngx_nodetool_redis_reply_pt)(void *data, redisReply *reply);

struct ngx_nodetool_redis_conn_s {
    /* set by the user */
    nt_redis_url_t              url;
    char                       *ip; /* of its host, looked up; NULL: a path */
    ngx_nodetool_redis_lost_pt  lost;
    ngx_nodetool_redis_reply_pt reply;
    void                       *data;

    redisAsyncContext *ac; /* NULL: not connected, nor about to be */
    ngx_connection_t  *c;
    ngx_uint_t         greeting; /* replies to AUTH and SELECT to come */
    ngx_uint_t         ready;    /* unsigned  ready:1; connected */
};

#define NGX_NODETOOL_REDIS_NAMES 64 /* in a batch */

typedef struct {
    ngx_str_t name;
    uint32_t  hash;
} ngx_nodetool_redis_name_t;

struct ngx_nodetool_redis_s {
    ngx_nodetool_redis_conn_t  conn;
    ngx_nodetool_limit_main_t *limit;

    /* of this worker */
    ngx_event_t timer;
    ngx_msec_t  since; /* the connection, or the batch, is waited for */
    ngx_msec_t  round; /* names that were synced since are through */
    ngx_pool_t *batch; /* NULL: no reply is waited for */
    ngx_array_t names; /* of ngx_nodetool_redis_name_t, in it */
    ngx_array_t args;  /* of ngx_str_t, the same */
    ngx_uint_t  down;  /* unsigned  down:1; which the log has been told */
    ngx_uint_t  left;  /* unsigned  left:1; to another worker */
};

NT_BEGIN_DECLS

/* batch: the next one, or the one whose reply was lost; ends waiting for it */
void ngx_nodetool_redis_next(ngx_nodetool_redis_t *redis);
void ngx_nodetool_redis_over(ngx_nodetool_redis_t *redis);

/* reply */
void ngx_nodetool_redis_reply(void *data, redisReply *reply);

/* conn: begins to connect, or calls lost(). */
void ngx_nodetool_redis_connect(ngx_nodetool_redis_conn_t *conn);
/* NGX_ERROR when memory is out. */
ngx_int_t ngx_nodetool_redis_send(ngx_nodetool_redis_conn_t *conn, int argc,
                                  const char **argv, const size_t *lens);
/* Without a call of lost(). */
void ngx_nodetool_redis_close(ngx_nodetool_redis_conn_t *conn);

NT_END_DECLS

#endif
