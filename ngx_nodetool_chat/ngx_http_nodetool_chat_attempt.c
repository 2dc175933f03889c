/*
 * ngx_http_nodetool_chat_attempt.c - asking the providers that may answer,
 * one after the other.
 *
 * An attempt is one upstream of nginx's, for a provider, a model and a key.
 * As long as the client got nothing but comments, one that fails is followed
 * by another: of the same target with another key, of another target, or of
 * the first one again after some time.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

static void ngx_nodetool_attempt_event(ngx_event_t *ev);


/* A scan of a reply takes the place of the request's, which the next attempt
 * needs again. */
static ngx_int_t
ngx_nodetool_attempt_keep(ngx_nodetool_attempt_t *a)
{
    size_t                   size;
    ngx_nodetool_provider_t *p;

    p = a->ctx->provider;

    if (a->n == 1 && ngx_nodetool_chat_loc(a->ctx)->retry.tries < 2 &&
        (p->keys == NULL || p->keys->nelts == 1))
    {
        return NGX_OK;
    }

    size = NGX_NODETOOL_REQ_NEED * sizeof(nt_json_field_t);

    a->fields = ngx_pmemalign(a->ctx->request->pool, size, NGX_ALIGNMENT);
    if (a->fields == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(a->fields, a->ctx->fields, size);

    return NGX_OK;
}


/* Forgets what the attempt before left. */
static void
ngx_nodetool_attempt_reset(ngx_nodetool_attempt_t *a)
{
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = a->ctx;

    if (a->fields != NULL) {
        ngx_memcpy(ctx->fields, a->fields,
                   NGX_NODETOOL_REQ_NEED * sizeof(nt_json_field_t));
    }
}


void
ngx_nodetool_attempt_show(ngx_nodetool_attempt_t *a)
{
    a->ctx->provider = a->chosen->target->provider;
    a->ctx->upstream_model = a->chosen->model;
}


/* Makes what was chosen the current attempt. */
static ngx_int_t
ngx_nodetool_attempt_begin(ngx_nodetool_attempt_t *a)
{
    ngx_nodetool_attempt_show(a);

    a->current = a->chosen;
    a->key = a->chosen_key;
    a->probe = a->chosen_probe;
    a->settled = 0;
    a->answered = 0;
    a->resolved = NULL;
    a->next = NGX_NODETOOL_NEXT_UNKNOWN;
    a->made++;

    return ngx_nodetool_key_set(a->ctx, a->key);
}


/* Asks ctx->provider.  NGX_DECLINED: it cannot be told the request; other:
 * *answer is what a content handler returns. */
static ngx_int_t
ngx_nodetool_attempt_ask(ngx_nodetool_attempt_t *a, ngx_int_t *answer)
{
    ngx_int_t                rc;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = a->ctx;

    if (ctx->provider->dialect == NGX_NODETOOL_DIALECT_ECHO) {
        if (ctx->event.timer_set) {
            ngx_del_timer(&ctx->event);
        }

        a->settled = 1;
        *answer = ngx_nodetool_chat_echo(ctx);

        return NGX_OK;
    }

    rc = ngx_nodetool_translate_request(ctx);

    if (rc == NGX_DECLINED) {
        return NGX_DECLINED;
    }

    *answer = rc == NGX_OK ? ngx_nodetool_chat_upstream_start(ctx)
                           : NGX_HTTP_INTERNAL_SERVER_ERROR;

    if (*answer == NGX_DONE) {
        a->conf = ctx->request->upstream->conf;
        ngx_http_upstream_init(ctx->request);
    }

    return NGX_OK;
}


/* The target cannot say the request, or it says nothing: the next one may,
 * without this having been an attempt.  NGX_DECLINED: there is none. */
static ngx_int_t
ngx_nodetool_attempt_skip(ngx_nodetool_attempt_t *a)
{
    ngx_int_t              rc;
    ngx_msec_t             left;
    ngx_nodetool_choice_t *c;

    c = a->chosen;
    c->tried = 1;

    if (a->current != NULL) {
        a->made--;
    }

    ngx_nodetool_attempt_unchoose(a);

    rc = ngx_nodetool_attempt_select(a, 0, &left);

    if (rc == NGX_OK) {
        ngx_log_error(NGX_LOG_WARN, a->ctx->request->connection->log, 0,
                      "nodetool_provider \"%V\", model \"%V\" cannot be "
                      "told the request, next: \"%V\", model \"%V\"",
                      &c->target->provider->name, &c->model,
                      &a->chosen->target->provider->name, &a->chosen->model);

        rc = ngx_nodetool_attempt_begin(a);
    }

    return rc;
}


/* Asks what was chosen, or what comes after it; returns what a content
 * handler does. */
static ngx_int_t
ngx_nodetool_attempt_run(ngx_nodetool_attempt_t *a)
{
    ngx_int_t rc, answer;

    while (ngx_nodetool_attempt_ask(a, &answer) == NGX_DECLINED) {
        rc = ngx_nodetool_attempt_skip(a);

        if (rc == NGX_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (rc == NGX_DECLINED) {
            /* the request is not what others failed for */
            return a->made > 0 ? NGX_HTTP_BAD_GATEWAY
                               : ngx_nodetool_translate_refuse(a->ctx);
        }
    }

    return answer;
}


/* All rest, for `left` ms at least. */
static ngx_int_t
ngx_nodetool_attempt_refuse(ngx_nodetool_attempt_t *a, ngx_msec_t left)
{
    u_char             *p;
    time_t              seconds;
    ngx_str_t           value;
    ngx_http_request_t *r;

    r = a->ctx->request;
    seconds = (left + 999) / 1000;

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "%T", seconds) - p;

    if (ngx_nodetool_add_header(r, "Retry-After", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "nodetool_provider \"%V\", model \"%V\" rests for %M ms, "
                  "and no other is left",
                  &a->ctx->provider->name, &a->ctx->upstream_model, left);

    return ngx_nodetool_errorf(r, NGX_HTTP_TOO_MANY_REQUESTS,
                               "The provider \"%V\" has asked for a pause, "
                               "try again in %T s",
                               &a->ctx->provider->name, seconds);
}


ngx_int_t
ngx_nodetool_attempt_start(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_attempt_t *a;

    a = ctx->attempt;

    if (a->next == NGX_NODETOOL_NEXT_NONE) {
        return ngx_nodetool_attempt_refuse(a, a->wait);
    }

    a->event.handler = ngx_nodetool_attempt_event;
    a->event.data = a;
    a->event.log = ctx->request->connection->log;

    if (ngx_nodetool_attempt_keep(a) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (a->wait > 0) {
        /* an upstream waits, so that a client that leaves is seen */
        a->next = NGX_NODETOOL_NEXT_ATTEMPT;

    } else if (ngx_nodetool_attempt_begin(a) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_nodetool_attempt_run(a);
}


/* Ends a request that has no upstream any more. */
static void
ngx_nodetool_attempt_finish(ngx_nodetool_attempt_t *a, ngx_int_t rc)
{
    ngx_http_request_t *r;

    r = a->ctx->request;

    if (a->ctx->early && rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_nodetool_chat_stream_finalize(a->ctx, rc);
        r->keepalive = 0;
        rc = ngx_http_send_special(r, NGX_HTTP_FLUSH);
    }

    ngx_http_finalize_request(r, rc);
}


/* Puts a new upstream in the place of the parked one: for the attempt that
 * was chosen, or once more for one whose name is resolved now. */
static void
ngx_nodetool_attempt_replace(ngx_nodetool_attempt_t *a, ngx_uint_t again)
{
    u_char             *buffer;
    ngx_int_t           rc;
    ngx_http_request_t *r;

    r = a->ctx->request;
    buffer = r->upstream->buffer.start;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    if (buffer != NULL) {
        (void) ngx_pfree(r->pool, buffer);
    }

    ngx_nodetool_attempt_reset(a);

    rc = again || ngx_nodetool_attempt_begin(a) == NGX_OK
             ? ngx_nodetool_attempt_run(a)
             : NGX_HTTP_INTERNAL_SERVER_ERROR;

    if (rc != NGX_DONE) {
        ngx_nodetool_attempt_finish(a, rc);
    }
}


static void
ngx_nodetool_attempt_unresolved(ngx_nodetool_attempt_t *a)
{
    if (ngx_nodetool_attempt_failed(a->ctx, 0, "not resolved", 0) ==
        NGX_NODETOOL_NEXT_ATTEMPT)
    {
        (void) ngx_nodetool_attempt_take(a->ctx);
        ngx_post_event(&a->event, &ngx_posted_events);
        return;
    }

    if (ngx_http_upstream_create(a->ctx->request) != NGX_OK) {
        ngx_http_finalize_request(a->ctx->request, NGX_ERROR);
        return;
    }

    ngx_nodetool_attempt_finish(a, NGX_HTTP_BAD_GATEWAY);
}


static void
ngx_nodetool_attempt_resolve_handler(ngx_resolver_ctx_t *rctx)
{
    ngx_uint_t                    run_posted;
    ngx_connection_t             *c;
    ngx_nodetool_attempt_t       *a;
    ngx_http_upstream_resolved_t *resolved;

    a = rctx->data;
    c = a->ctx->request->connection;
    run_posted = rctx->async;

    ngx_http_set_log_request(c->log, a->ctx->request);

    a->resolver = NULL;
    resolved = NULL;

    if (rctx->state) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "%V could not be resolved (%i: %s)", &rctx->name,
                      rctx->state, ngx_resolver_strerror(rctx->state));

    } else {
        resolved = ngx_pcalloc(a->ctx->request->pool,
                               sizeof(ngx_http_upstream_resolved_t));
    }

    if (resolved == NULL) {
        ngx_nodetool_attempt_unresolved(a);

    } else {
        resolved->host = a->ctx->provider->host;
        resolved->port = a->ctx->provider->port;
        resolved->naddrs = rctx->naddrs;
        resolved->addrs = rctx->addrs;
        a->resolved = resolved;

        ngx_nodetool_attempt_replace(a, 1);
    }

    ngx_resolve_name_done(rctx);

    if (run_posted) {
        ngx_http_run_posted_requests(c);
    }
}


static void
ngx_nodetool_attempt_resolve(ngx_nodetool_attempt_t *a)
{
    ngx_resolver_ctx_t       *rctx, temp;
    ngx_http_request_t       *r;
    ngx_http_core_loc_conf_t *clcf;

    r = a->ctx->request;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    temp.name = a->ctx->provider->host;

    rctx = ngx_resolve_start(clcf->resolver, &temp);

    if (rctx == NULL || rctx == NGX_NO_RESOLVER) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "no resolver defined to resolve %V", &temp.name);
        ngx_nodetool_attempt_unresolved(a);
        return;
    }

    rctx->name = temp.name;
    rctx->handler = ngx_nodetool_attempt_resolve_handler;
    rctx->data = a;
    rctx->timeout = clcf->resolver_timeout;

    a->resolver = rctx;

    if (ngx_resolve_name(rctx) != NGX_OK) {
        a->resolver = NULL;
        ngx_nodetool_attempt_unresolved(a);
    }
}


static void
ngx_nodetool_attempt_event(ngx_event_t *ev)
{
    ngx_msec_t              wait;
    ngx_connection_t       *c, *parked;
    ngx_nodetool_attempt_t *a;

    a = ev->data;
    c = a->ctx->request->connection;
    parked = a->ctx->request->upstream->peer.connection;

    ngx_http_set_log_request(c->log, a->ctx->request);

    if (parked->write->timer_set) {
        ngx_del_timer(parked->write); /* connect_timeout */
    }

    if (a->resolve) {
        a->resolve = 0;
        ngx_nodetool_attempt_resolve(a);

    } else if (a->wait > 0) {
        wait = a->wait;
        a->wait = 0;
        ngx_add_timer(ev, wait);

    } else {
        ngx_nodetool_attempt_replace(a, 0);
    }

    ngx_http_run_posted_requests(c);
}


void
ngx_nodetool_attempt_parked(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t resolve)
{
    ctx->attempt->resolve = resolve;

    ngx_post_event(&ctx->attempt->event, &ngx_posted_events);
}


ngx_http_upstream_resolved_t *
ngx_nodetool_attempt_resolved(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_resolved_t *resolved;

    resolved = ctx->attempt->resolved;
    ctx->attempt->resolved = NULL;

    return resolved;
}


void
ngx_nodetool_attempt_cancel(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_attempt_t *a;

    a = ctx->attempt;

    if (a == NULL) {
        return;
    }

    if (a->event.timer_set) {
        ngx_del_timer(&a->event);
    }

    if (a->event.posted) {
        ngx_delete_posted_event(&a->event);
    }

    if (a->resolver != NULL) {
        ngx_resolve_name_done(a->resolver);
        a->resolver = NULL;
    }
}


ngx_nodetool_next_e
ngx_nodetool_attempt_next(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->attempt->next;
}


ngx_nodetool_next_e
ngx_nodetool_attempt_take(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_next_e next;

    next = ctx->attempt->next;
    ctx->attempt->next = NGX_NODETOOL_NEXT_UNKNOWN;

    return next;
}


ngx_uint_t
ngx_nodetool_attempt_is_connecting(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->attempt->made < 2 && !ctx->attempt->event.timer_set &&
           !ctx->request->upstream->request_body_sent;
}


ngx_uint_t
ngx_nodetool_attempts(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->attempt ? ctx->attempt->made : 0;
}


ngx_uint_t
ngx_nodetool_attempt_is_fallback(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->attempt != NULL && ctx->attempt->current != NULL &&
           ctx->attempt->current != &ctx->attempt->choices[0];
}
