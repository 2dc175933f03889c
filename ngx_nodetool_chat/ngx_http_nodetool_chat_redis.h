/*
 * ngx_http_nodetool_chat_redis.h - a connection to Redis in a worker: commands
 * go out, and replies are told, without anybody waiting.
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_REDIS_H
#define NGX_HTTP_NODETOOL_CHAT_REDIS_H

#include <hiredis/async.h>

#include "core/nt_redis_url.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

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

NT_BEGIN_DECLS

/* Begins to connect, or calls lost(). */
void ngx_nodetool_redis_connect(ngx_nodetool_redis_conn_t *conn);
/* NGX_ERROR when memory is out. */
ngx_int_t ngx_nodetool_redis_send(ngx_nodetool_redis_conn_t *conn, int argc,
                                  const char **argv, const size_t *lens);
/* Without a call of lost(). */
void ngx_nodetool_redis_close(ngx_nodetool_redis_conn_t *conn);

NT_END_DECLS

#endif
