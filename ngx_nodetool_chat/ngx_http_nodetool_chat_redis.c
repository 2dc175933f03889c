/*
 * ngx_http_nodetool_chat_redis.c - counts that are exchanged with other
 * machines through Redis.
 *
 * Requests never wait for Redis.  One worker tells it, five times a second,
 * what has been taken here, and learns what has been taken everywhere; in
 * between, what is known counts.  So a limit may be passed by what other
 * machines let in within that time.  Without Redis each machine counts by
 * itself, and tells what it counted when Redis is back.
 *
 * What is told once must not count twice: a batch has a number, which a
 * script keeps.  While its reply is not here, the batch stays as it is
 * (`pushed`), and is sent again, by another worker if need be.
 *
 *   nodetool:{limit}:NAME  hash: r<slot>, t<slot> requests and tokens;
 *                          d<day>, m<month> nano-dollars
 *   nodetool:{limit}:batch:INSTANCE   the number of its last batch
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_redis.h"

#define NGX_NODETOOL_REDIS_INTERVAL 200  /* ms */
#define NGX_NODETOOL_REDIS_TIMEOUT  2000 /* of a connection, and of a reply */
#define NGX_NODETOOL_REDIS_LEASE    5000 /* of the one who speaks */


/* --- the connection --- */

static void
ngx_nodetool_redis_lost(void *data, const char *why)
{
    ngx_nodetool_redis_t *redis = data;

    ngx_nodetool_redis_over(redis);
    redis->limit->zone->shm->behind = 1;

    if (!redis->down) {
        redis->down = 1;
        ngx_log_error(NGX_LOG_ERR, redis->timer.log, 0,
                      "nodetool_limit_redis cannot be reached (%s); limits "
                      "are counted here alone",
                      why);
    }
}


static void
ngx_nodetool_redis_leave(ngx_nodetool_redis_t *redis)
{
    ngx_nodetool_limit_shm_t  *shm;
    ngx_nodetool_limit_zone_t *zone;

    zone = redis->limit->zone;
    shm = zone->shm;

    ngx_shmtx_lock(&zone->pool->mutex);

    if (shm->speaker == ngx_pid) {
        shm->speaker = 0;
        shm->until = ngx_current_msec;
    }

    ngx_shmtx_unlock(&zone->pool->mutex);
}


/* One process speaks.  A worker that ends leaves that to one of a new
 * configuration, and goes on only when there is none. */
static ngx_uint_t
ngx_nodetool_redis_speaks(ngx_nodetool_redis_t *redis)
{
    ngx_uint_t                 mine;
    ngx_msec_int_t             left;
    ngx_nodetool_limit_shm_t  *shm;
    ngx_nodetool_limit_zone_t *zone;

    zone = redis->limit->zone;
    shm = zone->shm;

    if (ngx_exiting && !redis->left) {
        redis->left = 1;
        ngx_nodetool_redis_leave(redis);
        return 0;
    }

    ngx_shmtx_lock(&zone->pool->mutex);

    left = (ngx_msec_int_t) (shm->until - ngx_current_msec);
    mine = shm->speaker == ngx_pid;

    if (!mine && (ngx_exiting ? left < -5 * NGX_NODETOOL_REDIS_INTERVAL
                              : shm->speaker == 0 || left < 0 ||
                                    left > NGX_NODETOOL_REDIS_LEASE))
    {
        mine = 1;
    }

    if (mine) {
        shm->speaker = ngx_pid;
        shm->until = ngx_current_msec + NGX_NODETOOL_REDIS_LEASE;
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    return mine;
}


static void
ngx_nodetool_redis_tick(ngx_event_t *ev)
{
    ngx_nodetool_redis_t *redis = ev->data;

    ngx_uint_t                 late;
    ngx_nodetool_redis_conn_t *conn;

    conn = &redis->conn;

    if (!ngx_nodetool_redis_speaks(redis)) {
        ngx_nodetool_redis_close(conn);
        ngx_nodetool_redis_over(redis);
        ngx_add_timer(ev, NGX_NODETOOL_REDIS_INTERVAL);
        return;
    }

    late = (ngx_msec_int_t) (ngx_current_msec - redis->since) >
           NGX_NODETOOL_REDIS_TIMEOUT;

    if (conn->ac == NULL) {
        redis->since = ngx_current_msec;
        ngx_nodetool_redis_connect(conn);

    } else if ((!conn->ready || redis->batch != NULL) && late) {
        ngx_nodetool_redis_close(conn);
        ngx_nodetool_redis_lost(redis, "no answer");

    } else if (conn->ready && redis->batch == NULL) {
        redis->round = ngx_current_msec;
        ngx_nodetool_redis_next(redis);
    }

    ngx_add_timer(ev, NGX_NODETOOL_REDIS_INTERVAL);
}


void
ngx_nodetool_redis_begin(ngx_nodetool_redis_t *redis, ngx_log_t *log)
{
    redis->timer.handler = ngx_nodetool_redis_tick;
    redis->timer.data = redis;
    redis->timer.log = log;
    redis->timer.cancelable = 1;

    ngx_add_timer(&redis->timer, NGX_NODETOOL_REDIS_INTERVAL);
}


void
ngx_nodetool_redis_end(ngx_nodetool_redis_t *redis)
{
    if (redis->timer.handler != NULL) {
        ngx_nodetool_redis_leave(redis);
        ngx_nodetool_redis_close(&redis->conn);
        ngx_nodetool_redis_over(redis);
    }
}


/* --- the directive --- */

static void
ngx_nodetool_redis_cleanup(void *data)
{
    ngx_nodetool_redis_t *redis = data;

    nt_redis_url_free(&redis->conn.url);
}


/* Looks the host up, as proxy_pass does, once. */
static char *
ngx_nodetool_redis_resolve(ngx_conf_t *cf, ngx_nodetool_redis_t *redis)
{
    u_char          text[NGX_SOCKADDR_STRLEN];
    size_t          len;
    ngx_url_t       u;
    nt_redis_url_t *url;

    url = &redis->conn.url;

    if (url->tls || url->master != NULL || url->n_hosts > 1) {
        return "takes neither TLS nor Sentinels: redis:// or unix://";
    }

    if (url->path != NULL) {
        return NGX_CONF_OK;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = (u_char *) url->hosts[0].host;
    u.url.len = ngx_strlen(url->hosts[0].host);
    u.host = u.url;
    u.default_port = (in_port_t) url->hosts[0].port;
    u.port = u.default_port;

    if (ngx_inet_resolve_host(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in nodetool_limit_redis \"%V\"",
                           u.err ? u.err : "no memory", &u.host);
        return NGX_CONF_ERROR;
    }

    len = ngx_sock_ntop(u.addrs[0].sockaddr, u.addrs[0].socklen, text,
                        sizeof(text), 0);

    redis->conn.ip = ngx_pcalloc(cf->pool, len + 1);
    if (redis->conn.ip == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(redis->conn.ip, text, len);

    return NGX_CONF_OK;
}


/* nodetool_limit_redis URL | env:NAME; */
char *
ngx_nodetool_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_main_conf_t *mcf = conf;

    char                  error[256];
    ngx_str_t            *value;
    const char           *text;
    ngx_pool_cleanup_t   *cln;
    ngx_nodetool_redis_t *redis;

    if (mcf->limit->redis != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    text = (char *) value[1].data;

    if (ngx_strncmp(text, "env:", 4) == 0) {
        text = getenv(text + 4);

        if (text == NULL || text[0] == '\0') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "the environment variable of \"%V\" is not set",
                               &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_nodetool_redis_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (redis == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    if (!nt_redis_url_parse(&redis->conn.url, text, error, sizeof(error))) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "nodetool_limit_redis: %s",
                           error);
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_nodetool_redis_cleanup;
    cln->data = redis;

    redis->limit = mcf->limit;
    redis->conn.lost = ngx_nodetool_redis_lost;
    redis->conn.reply = ngx_nodetool_redis_reply;
    redis->conn.data = redis;

    mcf->limit->redis = redis;

    return ngx_nodetool_redis_resolve(cf, redis);
}
