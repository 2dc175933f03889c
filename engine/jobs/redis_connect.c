/*
 * How a connection to Redis is made, set up, and lost.
 */

#include "engine/jobs/redis_int.h"

#include <stdio.h>

#include "engine/jobs/redis_loop.h"
#include "engine/log.h"


const char *
nt_redis_place(const nt_redis_t *redis)
{
    return redis->url.path ? redis->url.path : redis->url.host;
}


/* The connection is lost, or could not be made: tries again later. */
static void
nt_redis_lost(nt_redis_t *redis, const char *why)
{
    redis->context = NULL;
    redis->state = NT_REDIS_AWAY;

    if (redis->closing) {
        return;
    }

    if (!redis->told) {
        redis->told = true;
        nt_log(NT_LOG_ERROR, "redis: %s: %s; trying again",
               nt_redis_place(redis), why);
    }

    nt_redis_tick(redis);
    redis->retry_at = uv_now(redis->loop) + redis->retry;
    redis->retry *= 2;
    if (redis->retry > NT_REDIS_RETRY_MAX) {
        redis->retry = NT_REDIS_RETRY_MAX;
    }
}


void
nt_redis_drop(nt_redis_t *redis, const char *why)
{
    redisAsyncContext *context = redis->context;

    nt_redis_lost(redis, why);

    if (context) {
        context->data = NULL; /* what it still says is of no interest */
        redisAsyncFree(context);
    }
}


static void
nt_redis_on_disconnect(const redisAsyncContext *context, int status)
{
    if (context->data) {
        nt_redis_lost(context->data,
                      status == REDIS_OK ? "closed" : context->errstr);
    }
}


static void
nt_redis_on_setup(redisAsyncContext *context, void *privreply, void *privdata)
{
    const redisReply *reply = privreply;
    nt_redis_t       *redis = context->data;

    if (redis == NULL || reply == NULL) {
        return; /* nt_redis_lost is told */
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        nt_redis_drop(redis, reply->str);
        return;
    }

    if (--redis->setup == 0) {
        nt_redis_ready(redis);
    }
}


static void
nt_redis_on_message(redisAsyncContext *context, void *privreply, void *privdata)
{
    const redisReply *reply = privreply;
    nt_redis_t       *redis = context->data;

    if (redis == NULL || reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        nt_redis_drop(redis, reply->str);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }

    if (reply->element[2]->type == REDIS_REPLY_STRING) {
        redis->options.message(redis->options.arg,
                               (nt_str_t) { reply->element[2]->str,
                                            (size_t) reply->element[2]->len });
    } else if (redis->state != NT_REDIS_READY) {
        nt_redis_ready(redis); /* subscribed */
    }
}


static bool
nt_redis_setup(nt_redis_t *redis, int argc, const char **argv)
{
    redis->setup++;

    return redisAsyncCommandArgv(redis->context, nt_redis_on_setup, NULL, argc,
                                 argv, NULL) == REDIS_OK;
}


/* Logs in, chooses the database, and loads the scripts or subscribes. */
static bool
nt_redis_set_up(nt_redis_t *redis)
{
    const nt_redis_url_t *url = &redis->url;
    char                  db[16];
    bool                  ok = true;

    redis->setup = 0;

    if (url->user) {
        ok = nt_redis_setup(redis, 3,
                            (const char *[]) { "AUTH", url->user,
                                               url->password });
    } else if (url->password) {
        ok = nt_redis_setup(redis, 2,
                            (const char *[]) { "AUTH", url->password });
    }

    snprintf(db, sizeof(db), "%u", url->db);
    ok = ok && nt_redis_setup(redis, 2, (const char *[]) { "SELECT", db });

    for (unsigned i = 0; ok && i < redis->n_scripts; i++) {
        ok = nt_redis_setup(redis, 3,
                            (const char *[]) { "SCRIPT", "LOAD",
                                               redis->options.scripts[i] });
    }

    if (ok && redis->options.channel) {
        redis->setup++; /* the subscription's own callback makes it ready */
        ok = redisAsyncCommand(redis->context, nt_redis_on_message, NULL,
                               "SUBSCRIBE %s",
                               redis->options.channel) == REDIS_OK;
    }

    return ok;
}


static void
nt_redis_on_connect(const redisAsyncContext *context, int status)
{
    nt_redis_t *redis = context->data;

    if (redis == NULL) {
        return;
    }

    if (status != REDIS_OK) {
        nt_redis_lost(redis, context->errstr); /* hiredis frees it */
        return;
    }

    if (redis->url.path == NULL) {
        redisEnableKeepAlive(&redis->context->c);
    }

    if (!nt_redis_set_up(redis)) {
        redis->since = 0; /* for the timer to drop: hiredis still uses it */
    }
}


static void
nt_redis_open(nt_redis_t *redis, const char *address)
{
    redisAsyncContext *context;

    context = redis->url.path ? redisAsyncConnectUnix(redis->url.path)
                              : redisAsyncConnect(address, redis->url.port);

    if (context == NULL) {
        nt_redis_lost(redis, "out of memory");
        return;
    }

    if (context->err) {
        nt_redis_lost(redis, context->errstr);
        redisAsyncFree(context);
        return;
    }

    if (!nt_redis_loop_attach(context, redis->loop)) {
        nt_redis_lost(redis, "out of memory");
        redisAsyncFree(context);
        return;
    }

    redis->context = context;
    context->data = redis;
    redisAsyncSetDisconnectCallback(context, nt_redis_on_disconnect);
    redisAsyncSetConnectCallback(context, nt_redis_on_connect);
}


/* The addresses of a name in turn, one an attempt. */
static int
nt_redis_address(nt_redis_t *redis, const struct addrinfo *info, char *address,
                 size_t size)
{
    const struct addrinfo *one;
    unsigned               n = 0, i;

    for (one = info; one; one = one->ai_next) {
        n++;
    }

    if (n == 0) {
        return UV_EAI_NODATA;
    }

    for (one = info, i = redis->attempts++ % n; i > 0; i--) {
        one = one->ai_next;
    }

    return one->ai_family == AF_INET6
               ? uv_ip6_name((struct sockaddr_in6 *) one->ai_addr, address,
                             size)
               : uv_ip4_name((struct sockaddr_in *) one->ai_addr, address,
                             size);
}


static void
nt_redis_on_resolved(uv_getaddrinfo_t *request, int status,
                     struct addrinfo *info)
{
    nt_redis_t *redis = request->data;
    char        address[64];

    redis->resolving = false;

    if (redis->closing) {
        uv_freeaddrinfo(info);
        nt_redis_closed(redis);
        return;
    }

    if (status == 0) {
        status = nt_redis_address(redis, info, address, sizeof(address));
    }

    uv_freeaddrinfo(info);

    if (status != 0) {
        nt_redis_lost(redis, uv_strerror(status));
        return;
    }

    nt_redis_open(redis, address);
}


void
nt_redis_connect(nt_redis_t *redis)
{
    static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    unsigned char                address[16];
    int                          status;

    redis->state = NT_REDIS_CONNECTING;
    redis->since = uv_now(redis->loop);

    if (redis->url.path ||
        uv_inet_pton(AF_INET, redis->url.host, address) == 0 ||
        uv_inet_pton(AF_INET6, redis->url.host, address) == 0)
    {
        nt_redis_open(redis, redis->url.host);
        return;
    }

    /* hiredis would resolve the name, and block */
    redis->resolve.data = redis;
    status = uv_getaddrinfo(redis->loop, &redis->resolve, nt_redis_on_resolved,
                            redis->url.host, NULL, &hints);
    if (status != 0) {
        nt_redis_lost(redis, uv_strerror(status));
        return;
    }

    redis->resolving = true;
}
