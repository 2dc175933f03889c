/*
 * How a connection to Redis is made, set up, and lost.
 */

#include "engine/jobs/redis_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/log.h"


const char *
nt_redis_name(const nt_redis_t *redis)
{
    if (redis->url.path) {
        return redis->url.path;
    }

    return redis->target.host ? redis->target.host : redis->url.hosts[0].host;
}


/* The connection is lost, or could not be made: tries again later. */
static void
nt_redis_lost(nt_redis_t *redis, const char *why)
{
    redis->link = NULL;
    redis->state = NT_REDIS_AWAY;

    if (!redis->closing) {
        if (!redis->told) {
            redis->told = true;
            nt_log(NT_LOG_ERROR, "redis: %s: %s; trying again",
                   nt_redis_name(redis), why);
        }

        nt_redis_tick(redis);
        redis->retry_at = uv_now(redis->loop) + redis->retry;
        redis->retry *= 2;
        if (redis->retry > NT_REDIS_RETRY_MAX) {
            redis->retry = NT_REDIS_RETRY_MAX;
        }
    }

    nt_redis_recall(redis);
}


void
nt_redis_drop(nt_redis_t *redis, const char *why)
{
    nt_redis_link_t *link = redis->link;

    /* `why` may be a part of a reply: the link frees that later */
    nt_redis_lost(redis, why);

    if (link) {
        nt_redis_link_close(link);
    }
}


static void
nt_redis_on_lost(void *arg, const char *why)
{
    nt_redis_lost(arg, why);
}


/* --- setting up --- */

static void
nt_redis_setup(nt_redis_t *redis, size_t n, const nt_str_t *args)
{
    nt_buf_t text = { 0 };

    nt_redis_format(&text, n, args);

    if (!text.failed) {
        redis->setup++;
        nt_redis_link_write(redis->link, text.data, text.len);
    } else {
        redis->since = 0; /* for the timer to drop */
    }

    nt_buf_free(&text);
}


static void
nt_redis_login(nt_redis_t *redis, const char *user, const char *password)
{
    const nt_str_t args[] = { NT_STR("AUTH"), nt_str(user ? user : ""),
                              nt_str(password ? password : "") };

    if (user) {
        nt_redis_setup(redis, 3, args);
    } else if (password) {
        nt_redis_setup(redis, 2,
                       (const nt_str_t[]) { NT_STR("AUTH"), nt_str(password) });
    }
}


/* Logs in, asks whether this is the master, chooses the database, and loads
 * the scripts. */
static void
nt_redis_set_up(nt_redis_t *redis)
{
    const nt_redis_url_t *url = &redis->url;
    char                  db[16];

    nt_redis_login(redis, url->user, url->password);

    if (url->master) {
        nt_redis_setup(redis, 1, (const nt_str_t[]) { NT_STR("ROLE") });
    }

    snprintf(db, sizeof(db), "%u", url->db);
    nt_redis_setup(redis, 2,
                   (const nt_str_t[]) { NT_STR("SELECT"), nt_str(db) });

    for (unsigned i = 0; i < redis->n_scripts; i++) {
        nt_redis_setup(redis, 3,
                       (const nt_str_t[]) {
                           NT_STR("SCRIPT"), NT_STR("LOAD"),
                           nt_str(redis->options.scripts[i]) });
    }
}


static void
nt_redis_on_setup(nt_redis_t *redis, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR) {
        nt_redis_drop(redis, reply->str);
        return;
    }

    /* of ROLE */
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
        reply->element[0]->type == REDIS_REPLY_STRING &&
        strcmp(reply->element[0]->str, "master") != 0)
    {
        nt_redis_drop(redis, "not the master");
        return;
    }

    if (--redis->setup == 0) {
        nt_redis_ready(redis);
    }
}


/* --- Sentinels --- */

static void nt_redis_go(nt_redis_t *redis);


static void
nt_redis_ask(nt_redis_t *redis)
{
    const nt_redis_url_t *url = &redis->url;

    nt_redis_login(redis, url->sentinel_user, url->sentinel_password);
    nt_redis_setup(redis, 3,
                   (const nt_str_t[]) { NT_STR("SENTINEL"),
                                        NT_STR("get-master-addr-by-name"),
                                        nt_str(url->master) });
}


/* The last reply is the master's address, [host, port]. */
static void
nt_redis_on_answer(nt_redis_t *redis, const redisReply *reply)
{
    nt_redis_link_t *link = redis->link;
    char            *host;

    if (reply->type == REDIS_REPLY_ERROR) {
        nt_redis_drop(redis, reply->str);
        return;
    }

    if (--redis->setup > 0) {
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING)
    {
        nt_redis_drop(redis, "the Sentinel does not know the master");
        return;
    }

    host = strdup(reply->element[0]->str);
    if (host == NULL) {
        nt_redis_drop(redis, "out of memory");
        return;
    }

    free(redis->target.host);
    redis->target.host = host;
    redis->target.port = atoi(reply->element[1]->str);
    redis->link = NULL;
    nt_redis_link_close(link);
    redis->state = NT_REDIS_CONNECTING;
    nt_redis_go(redis);
}


/* --- connecting --- */

static void
nt_redis_on_open(void *arg)
{
    nt_redis_t *redis = arg;

    redis->setup = 0;

    if (redis->state == NT_REDIS_ASKING) {
        nt_redis_ask(redis);
    } else {
        nt_redis_set_up(redis);
    }
}


static void
nt_redis_on_input(void *arg, const redisReply *reply)
{
    nt_redis_t *redis = arg;

    switch (redis->state) {
    case NT_REDIS_ASKING:
        nt_redis_on_answer(redis, reply);
        break;
    case NT_REDIS_CONNECTING:
        nt_redis_on_setup(redis, reply);
        break;
    default:
        nt_redis_on_reply(redis, reply);
        break;
    }
}


static void
nt_redis_open(nt_redis_t *redis, const struct sockaddr *address)
{
    const char                  *why;
    const nt_redis_place_t       place = { .path = redis->url.path,
                                           .address = address,
                                           .tls = redis->tls,
                                           .host = redis->target.host };
    const nt_redis_link_events_t events = { .arg = redis,
                                            .open = nt_redis_on_open,
                                            .reply = nt_redis_on_input,
                                            .lost = nt_redis_on_lost };

    redis->link = nt_redis_link_open(redis->loop, &place, &events, &why);
    if (redis->link == NULL) {
        nt_redis_lost(redis, why);
    }
}


/* The addresses of a name in turn, one an attempt; NULL: there are none. */
static const struct addrinfo *
nt_redis_address(nt_redis_t *redis, const struct addrinfo *info)
{
    const struct addrinfo *one;
    unsigned               n = 0, i;

    for (one = info; one; one = one->ai_next) {
        n++;
    }

    for (one = info, i = n ? redis->attempts++ % n : 0; i > 0; i--) {
        one = one->ai_next;
    }

    return one;
}


static void
nt_redis_on_resolved(uv_getaddrinfo_t *request, int status,
                     struct addrinfo *info)
{
    nt_redis_t            *redis = request->data;
    const struct addrinfo *one = NULL;

    redis->resolving = false;

    if (redis->closing) {
        uv_freeaddrinfo(info);
        nt_redis_closed(redis);
        return;
    }

    if (redis->state == NT_REDIS_AWAY) { /* it took too long */
        uv_freeaddrinfo(info);
        return;
    }

    if (status == 0) {
        one = nt_redis_address(redis, info);
    }

    if (one) {
        nt_redis_open(redis, one->ai_addr);
    } else {
        nt_redis_lost(redis, uv_strerror(status != 0 ? status : UV_EAI_NODATA));
    }

    uv_freeaddrinfo(info);
}


/* To the target. */
static void
nt_redis_go(nt_redis_t *redis)
{
    static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    union {
        struct sockaddr     any;
        struct sockaddr_in  in;
        struct sockaddr_in6 in6;
    } address;
    const char *host = redis->target.host;
    char        port[16];
    int         status;

    if (redis->url.path ||
        uv_ip4_addr(host, redis->target.port, &address.in) == 0 ||
        uv_ip6_addr(host, redis->target.port, &address.in6) == 0)
    {
        nt_redis_open(redis, &address.any);
        return;
    }

    snprintf(port, sizeof(port), "%d", redis->target.port);
    redis->resolve.data = redis;
    status = uv_getaddrinfo(redis->loop, &redis->resolve, nt_redis_on_resolved,
                            host, port, &hints);
    if (status != 0) {
        nt_redis_lost(redis, uv_strerror(status));
        return;
    }

    redis->resolving = true;
}


void
nt_redis_connect(nt_redis_t *redis)
{
    const nt_redis_url_t *url = &redis->url;
    unsigned              i = 0;

    redis->state = NT_REDIS_CONNECTING;
    redis->since = uv_now(redis->loop);

    if (url->master) {
        redis->state = NT_REDIS_ASKING;
        i = redis->sentinel++ % url->n_hosts;
    }

    if (url->path == NULL) {
        free(redis->target.host);
        redis->target.host = strdup(url->hosts[i].host);
        redis->target.port = url->hosts[i].port;
        if (redis->target.host == NULL) {
            nt_redis_lost(redis, "out of memory");
            return;
        }
    }

    nt_redis_go(redis);
}
