/*
 * ngx_http_nodetool_chat_peer.c - how nginx's upstream is made to ask for the
 * next attempt.
 *
 * When a server fails, nginx frees its peer and, if there are tries left,
 * gets another one.  Ours are wrapped around the provider's, as
 * ngx_http_upstream_keepalive_module does it: free() decides what is to come,
 * and get() returns another server of the provider, or parks the upstream
 * for another attempt: nginx sees a connection that is being made, with a
 * socket that nothing ever happens on, and goes on watching the client.  The
 * event that follows replaces the upstream by a new one, for another provider
 * or after some time.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

typedef struct {
    ngx_nodetool_chat_ctx_t *ctx;
    ngx_http_upstream_t     *upstream;
    void                    *data; /* of the provider's */
    ngx_event_get_peer_pt    get;  /* NULL: its name is not resolved yet */
    ngx_event_free_peer_pt   free;
    ngx_event_notify_peer_pt notify;
#if (NGX_HTTP_SSL)
    ngx_event_set_peer_session_pt  set_session;
    ngx_event_save_peer_session_pt save_session;
#endif
} ngx_nodetool_peer_t;

static ngx_int_t ngx_nodetool_peer_init(ngx_http_request_t           *r,
                                        ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_nodetool_peer_get(ngx_peer_connection_t *pc, void *data);
static void      ngx_nodetool_peer_free(ngx_peer_connection_t *pc, void *data,
                                        ngx_uint_t state);
static void      ngx_nodetool_peer_notify(ngx_peer_connection_t *pc, void *data,
                                          ngx_uint_t type);
#if (NGX_HTTP_SSL)
static ngx_int_t ngx_nodetool_peer_set_session(ngx_peer_connection_t *pc,
                                               void                  *data);
static void      ngx_nodetool_peer_save_session(ngx_peer_connection_t *pc,
                                                void                  *data);
#endif


ngx_http_upstream_srv_conf_t *
ngx_nodetool_peer_conf(ngx_conf_t *cf, ngx_nodetool_provider_t *p,
                       ngx_http_upstream_srv_conf_t *servers)
{
    ngx_http_upstream_srv_conf_t *us;

    us = ngx_pcalloc(cf->pool, sizeof(ngx_http_upstream_srv_conf_t));
    if (us == NULL) {
        return NULL;
    }

    if (servers != NULL) {
        *us = *servers;

    } else {
        us->host = p->host;
        us->port = p->port;
    }

    us->peer.init = ngx_nodetool_peer_init;
    p->servers = servers;

    return us;
}


static ngx_int_t
ngx_nodetool_peer_init(ngx_http_request_t *r, ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_upstream_t          *u;
    ngx_nodetool_peer_t          *peer;
    ngx_nodetool_chat_ctx_t      *ctx;
    ngx_nodetool_provider_t      *p;
    ngx_http_upstream_resolved_t *resolved;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);
    p = ctx->provider;
    u = r->upstream;

    peer = ngx_pcalloc(r->pool, sizeof(ngx_nodetool_peer_t));
    if (peer == NULL) {
        return NGX_ERROR;
    }

    resolved = p->servers ? NULL : ngx_nodetool_attempt_resolved(ctx);

    if (p->servers != NULL) {
        u->upstream = p->servers;

        if (p->servers->peer.init(r, p->servers) != NGX_OK) {
            return NGX_ERROR;
        }

    } else if (resolved != NULL) {
        u->upstream = NULL;

        if (ngx_http_upstream_create_round_robin_peer(r, resolved) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        u->upstream = NULL;
        u->peer.tries = 1;
    }

    if (p->next_upstream_tries && u->peer.tries > p->next_upstream_tries) {
        u->peer.tries = p->next_upstream_tries;
    }

    peer->ctx = ctx;
    peer->upstream = u;
    peer->data = u->peer.data;
    peer->get = u->peer.get;
    peer->free = u->peer.free;

    u->peer.data = peer;
    u->peer.get = ngx_nodetool_peer_get;
    u->peer.free = ngx_nodetool_peer_free;

    if (u->peer.notify != NULL) {
        peer->notify = u->peer.notify;
        u->peer.notify = ngx_nodetool_peer_notify;
    }

#if (NGX_HTTP_SSL)
    if (u->peer.set_session != NULL) {
        peer->set_session = u->peer.set_session;
        peer->save_session = u->peer.save_session;
        u->peer.set_session = ngx_nodetool_peer_set_session;
        u->peer.save_session = ngx_nodetool_peer_save_session;
    }
#endif

    return NGX_OK;
}


/* $upstream_addr and the like are of servers: what nginx has just begun for
 * this one goes, and what it puts between two upstreams, as it will come
 * again. */
static void
ngx_nodetool_peer_forget(ngx_http_request_t *r)
{
    ngx_uint_t                 status;
    ngx_array_t               *states;
    ngx_http_upstream_state_t *state;

    states = r->upstream_states;
    states->nelts--;

    if (states->nelts == 0) {
        r->upstream_states = NULL;
        return;
    }

    state = (ngx_http_upstream_state_t *) states->elts + states->nelts - 1;
    status = r->upstream->headers_in.status_n;

    if (state->peer != NULL) {
        if (status >= NGX_HTTP_SPECIAL_RESPONSE) {
            state->status = status; /* nginx made it an invalid header */
        }

    } else if (--states->nelts == 0) {
        r->upstream_states = NULL;
    }
}


/* Waits in place of a server. */
static ngx_int_t
ngx_nodetool_peer_park(ngx_peer_connection_t *pc, ngx_nodetool_peer_t *peer,
                       ngx_uint_t resolve)
{
    ngx_socket_t        s;
    ngx_connection_t   *c;
    ngx_http_request_t *r;

    r = peer->ctx->request;

    s = ngx_socket(AF_UNIX, SOCK_STREAM, 0);
    if (s == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_ALERT, pc->log, ngx_socket_errno,
                      ngx_socket_n " failed");
        return NGX_ERROR;
    }

    c = ngx_get_connection(s, pc->log);

    if (c == NULL) {
        if (ngx_close_socket(s) == -1) {
            ngx_log_error(NGX_LOG_ALERT, pc->log, ngx_socket_errno,
                          ngx_close_socket_n " failed");
        }

        return NGX_ERROR;
    }

    c->type = SOCK_STREAM;
    c->log = pc->log;
    c->read->log = pc->log;
    c->write->log = pc->log;

    pc->connection = c;
    pc->name = &peer->ctx->provider->name; /* nginx wants one */

    ngx_nodetool_peer_forget(r);
    ngx_nodetool_attempt_parked(peer->ctx, resolve);

    return NGX_AGAIN;
}


static ngx_int_t
ngx_nodetool_peer_get(ngx_peer_connection_t *pc, void *data)
{
    ngx_nodetool_peer_t *peer = data;

    ngx_int_t rc;

    if (ngx_nodetool_attempt_take(peer->ctx) == NGX_NODETOOL_NEXT_ATTEMPT) {
        return ngx_nodetool_peer_park(pc, peer, 0);
    }

    if (peer->get == NULL) {
        return ngx_nodetool_peer_park(pc, peer, 1);
    }

    rc = peer->get(pc, peer->data);

    if (rc == NGX_BUSY &&
        ngx_nodetool_attempt_failed(peer->ctx, 0, "no live server", 0) ==
            NGX_NODETOOL_NEXT_ATTEMPT)
    {
        return ngx_nodetool_peer_park(pc, peer, 0);
    }

    return rc;
}


/* Of what failed nginx has not said yet what it was; a time-out is known by
 * the connection, and a reply by the one who read it. */
static void
ngx_nodetool_peer_free(ngx_peer_connection_t *pc, void *data, ngx_uint_t state)
{
    ngx_nodetool_peer_t *peer = data;

    ngx_uint_t          timeout;
    ngx_connection_t   *c;
    ngx_nodetool_next_e next;

    c = pc->connection;
    timeout = c != NULL && (c->read->timedout || c->write->timedout);

    peer->free(pc, peer->data, state);

    if (state == 0) {
        return;
    }

    next = ngx_nodetool_attempt_next(peer->ctx);

    if (next == NGX_NODETOOL_NEXT_UNKNOWN && pc->cached && !timeout &&
        peer->upstream->state->bytes_received == 0)
    {
        /* the server had closed it while it was idle: nginx takes another */
        return;
    }

    if (next == NGX_NODETOOL_NEXT_UNKNOWN) {
        next = ngx_nodetool_attempt_failed(peer->ctx, timeout, NULL, pc->tries);
    }

    if (next == NGX_NODETOOL_NEXT_NONE) {
        pc->tries = 0;

    } else if (next == NGX_NODETOOL_NEXT_ATTEMPT) {
        pc->tries = 1;
    }
}


static void
ngx_nodetool_peer_notify(ngx_peer_connection_t *pc, void *data, ngx_uint_t type)
{
    ngx_nodetool_peer_t *peer = data;

    peer->notify(pc, peer->data, type);
}


#if (NGX_HTTP_SSL)

static ngx_int_t
ngx_nodetool_peer_set_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_nodetool_peer_t *peer = data;

    return peer->set_session(pc, peer->data);
}


static void
ngx_nodetool_peer_save_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_nodetool_peer_t *peer = data;

    peer->save_session(pc, peer->data);
}

#endif
