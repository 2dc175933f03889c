/*
 * ngx_http_nodetool_chat_redis_conn.c - hiredis on nginx's events.
 *
 * hiredis owns the socket: it opens and closes it, reads and writes.  nginx's
 * connection is there for its two events, which are level-triggered, since
 * hiredis does not read until there is nothing left.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_redis.h"


static void
ngx_nodetool_redis_read_handler(ngx_event_t *ev)
{
    ngx_connection_t          *c = ev->data;
    ngx_nodetool_redis_conn_t *conn = c->data;

    redisAsyncHandleRead(conn->ac);
}


static void
ngx_nodetool_redis_write_handler(ngx_event_t *ev)
{
    ngx_connection_t          *c = ev->data;
    ngx_nodetool_redis_conn_t *conn = c->data;

    redisAsyncHandleWrite(conn->ac);
}


/* --- what hiredis asks of an event loop --- */

static void
ngx_nodetool_redis_want(ngx_event_t *ev, ngx_int_t event, ngx_uint_t want)
{
    ngx_int_t rc;

    if (ev->active == want) {
        return;
    }

    rc = want ? ngx_add_event(ev, event, NGX_LEVEL_EVENT)
              : ngx_del_event(ev, event, 0);

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, ev->log, 0,
                      "nodetool_limit_redis: an event cannot be set");
    }
}


static void
ngx_nodetool_redis_add_read(void *data)
{
    ngx_nodetool_redis_conn_t *conn = data;

    ngx_nodetool_redis_want(conn->c->read, NGX_READ_EVENT, 1);
}


static void
ngx_nodetool_redis_del_read(void *data)
{
    ngx_nodetool_redis_conn_t *conn = data;

    ngx_nodetool_redis_want(conn->c->read, NGX_READ_EVENT, 0);
}


static void
ngx_nodetool_redis_add_write(void *data)
{
    ngx_nodetool_redis_conn_t *conn = data;

    ngx_nodetool_redis_want(conn->c->write, NGX_WRITE_EVENT, 1);
}


static void
ngx_nodetool_redis_del_write(void *data)
{
    ngx_nodetool_redis_conn_t *conn = data;

    ngx_nodetool_redis_want(conn->c->write, NGX_WRITE_EVENT, 0);
}


/* hiredis closes the socket behind this. */
static void
ngx_nodetool_redis_cleanup(void *data)
{
    ngx_nodetool_redis_conn_t *conn = data;

    ngx_connection_t *c;

    c = conn->c;
    conn->c = NULL;

    if (c == NULL) {
        return;
    }

    ngx_nodetool_redis_want(c->read, NGX_READ_EVENT, 0);
    ngx_nodetool_redis_want(c->write, NGX_WRITE_EVENT, 0);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    c->read->closed = 1;
    c->write->closed = 1;

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;
}


static ngx_int_t
ngx_nodetool_redis_attach(ngx_nodetool_redis_conn_t *conn,
                          redisAsyncContext         *ac)
{
    ngx_connection_t *c;

    c = ngx_get_connection(ac->c.fd, ngx_cycle->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = conn;
    c->log = ngx_cycle->log;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = ngx_nodetool_redis_read_handler;
    c->write->handler = ngx_nodetool_redis_write_handler;

    conn->c = c;

    ac->data = conn;
    ac->ev.data = conn;
    ac->ev.addRead = ngx_nodetool_redis_add_read;
    ac->ev.delRead = ngx_nodetool_redis_del_read;
    ac->ev.addWrite = ngx_nodetool_redis_add_write;
    ac->ev.delWrite = ngx_nodetool_redis_del_write;
    ac->ev.cleanup = ngx_nodetool_redis_cleanup;

    return NGX_OK;
}


/* --- the connection --- */

/* hiredis frees its context behind the two callbacks that call this. */
static void
ngx_nodetool_redis_ended(const redisAsyncContext *ac, const char *why)
{
    ngx_nodetool_redis_conn_t *conn = ac->data;

    if (conn->ac != ac) {
        return; /* it was closed here */
    }

    conn->ac = NULL;
    conn->ready = 0;
    conn->lost(conn->data, ac->err ? ac->errstr : why);
}


static void
ngx_nodetool_redis_disconnected(const redisAsyncContext *ac, int status)
{
    ngx_nodetool_redis_ended(ac, "closed");
}


static void
ngx_nodetool_redis_replied(redisAsyncContext *ac, void *reply, void *data)
{
    ngx_nodetool_redis_conn_t *conn = ac->data;

    if (conn->ac == ac && reply != NULL) {
        conn->reply(conn->data, reply);
    }
}


/* To AUTH or SELECT; what Redis says may have the user's name, no secret. */
static void
ngx_nodetool_redis_greeted(redisAsyncContext *ac, void *data, void *unused)
{
    redisReply                *reply = data;
    ngx_nodetool_redis_conn_t *conn = ac->data;

    if (conn->ac != ac || reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        conn->ac = NULL;
        conn->ready = 0;
        conn->lost(conn->data, reply->str);
        redisAsyncFree(ac); /* behind this callback */
        return;
    }

    conn->greeting--;
    conn->ready = conn->greeting == 0;
}


/* Without memory for it the connection is never ready, which its user gets
 * tired of: hiredis cannot bear to be told here. */
static void
ngx_nodetool_redis_greet(ngx_nodetool_redis_conn_t *conn)
{
    int             rc;
    nt_redis_url_t *url;

    rc = REDIS_OK;
    url = &conn->url;
    conn->greeting = 0;

    if (url->user != NULL) {
        rc = redisAsyncCommand(conn->ac, ngx_nodetool_redis_greeted, NULL,
                               "AUTH %s %s", url->user, url->password);
        conn->greeting++;

    } else if (url->password != NULL) {
        rc = redisAsyncCommand(conn->ac, ngx_nodetool_redis_greeted, NULL,
                               "AUTH %s", url->password);
        conn->greeting++;
    }

    if (rc == REDIS_OK && url->db != 0) {
        rc = redisAsyncCommand(conn->ac, ngx_nodetool_redis_greeted, NULL,
                               "SELECT %d", (int) url->db);
        conn->greeting++;
    }

    conn->ready = rc == REDIS_OK && conn->greeting == 0;
}


static void
ngx_nodetool_redis_connected(const redisAsyncContext *ac, int status)
{
    ngx_nodetool_redis_conn_t *conn = ac->data;

    if (status != REDIS_OK) {
        ngx_nodetool_redis_ended(ac, "not connected");
        return;
    }

    if (conn->ac == ac) {
        ngx_nodetool_redis_greet(conn);
    }
}


void
ngx_nodetool_redis_connect(ngx_nodetool_redis_conn_t *conn)
{
    redisAsyncContext *ac;

    ac = conn->ip != NULL ? redisAsyncConnect(conn->ip, conn->url.hosts[0].port)
                          : redisAsyncConnectUnix(conn->url.path);

    if (ac == NULL) {
        conn->lost(conn->data, "no memory for a connection");
        return;
    }

    if (ac->err) {
        conn->lost(conn->data, ac->errstr);
        redisAsyncFree(ac);
        return;
    }

    if (ngx_nodetool_redis_attach(conn, ac) != NGX_OK) {
        conn->lost(conn->data, "there is no free connection");
        redisAsyncFree(ac);
        return;
    }

    conn->ac = ac;
    conn->ready = 0;

    (void) redisAsyncSetDisconnectCallback(ac, ngx_nodetool_redis_disconnected);
    (void) redisAsyncSetConnectCallback(ac, ngx_nodetool_redis_connected);
}


ngx_int_t
ngx_nodetool_redis_send(ngx_nodetool_redis_conn_t *conn, int argc,
                        const char **argv, const size_t *lens)
{
    return redisAsyncCommandArgv(conn->ac, ngx_nodetool_redis_replied, NULL,
                                 argc, argv, lens) == REDIS_OK
               ? NGX_OK
               : NGX_ERROR;
}


void
ngx_nodetool_redis_close(ngx_nodetool_redis_conn_t *conn)
{
    redisAsyncContext *ac;

    ac = conn->ac;
    conn->ac = NULL;
    conn->ready = 0;

    if (ac != NULL) {
        redisAsyncFree(ac);
    }
}
