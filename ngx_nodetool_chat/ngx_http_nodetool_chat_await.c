/*
 * ngx_http_nodetool_chat_await.c - what must have come of a reply before the
 * client is answered.
 *
 * The header goes out with the first whole event of a stream, and with the
 * end of a reply that is to be translated: a stream that begins with an
 * error, or ends or stalls before its first event, is an attempt that failed,
 * and the client has seen nothing of it.  Until then nginx reads for us as
 * it reads a header; each piece takes the way that it takes later, so nothing
 * is looked at twice or copied for this.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


/* Of a reply that ends by closing, nginx would take the end for a failure
 * while it waits for a header.  A byte that stands for it makes nginx call. */
static ssize_t
ngx_nodetool_await_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    ssize_t                  n;
    ngx_http_request_t      *r;
    ngx_nodetool_chat_ctx_t *ctx;

    r = c->data;
    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    n = ctx->recv(c, buf, size);

    if (n == 0) {
        ctx->ended = 1;
        *buf = '\n';
        n = 1;
    }

    return n;
}


/* The first call of the body's filter: what it is called with was taken
 * before the header went out. */
static ngx_int_t
ngx_nodetool_await_filter(void *data, ssize_t bytes)
{
    ngx_nodetool_chat_ctx_t *ctx = data;

    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    u->input_filter = ngx_nodetool_chat_reply_filter;
    u->buffer.last += bytes;

    return ctx->broken ? NGX_ERROR : NGX_OK;
}


static ngx_uint_t
ngx_nodetool_await_ready(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    if (u->length == 0 || ctx->complete || ctx->failed) {
        return 1;
    }

    return ctx->translated ? ngx_nodetool_translate_ready(ctx)
                           : u->out_bufs != NULL;
}


/* A stream that passes untouched, of which an event or the end has come. */
static ngx_int_t
ngx_nodetool_await_stream(ngx_nodetool_chat_ctx_t *ctx)
{
    u_char              *p;
    ngx_str_t            message;
    ngx_uint_t           status;
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    if (u->out_bufs != NULL && !ctx->failed) {
        return ngx_nodetool_chat_stream_header(ctx->request);
    }

    status = NGX_HTTP_BAD_GATEWAY;

    if (ngx_nodetool_attempt_retry(ctx, status, NGX_CONF_UNSET_MSEC)) {
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (u->out_bufs != NULL || ctx->early) {
        return ngx_nodetool_chat_stream_header(ctx->request);
    }

    p = ngx_pnalloc(ctx->request->pool, 64 + ctx->provider->name.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    message.data = p;
    message.len = ngx_sprintf(p, "The provider \"%V\" sent an empty stream",
                              &ctx->provider->name) -
                  p;

    ctx->events = 0;

    return ngx_nodetool_chat_replace(ctx, status, &message);
}


static ngx_int_t
ngx_nodetool_await_more(ngx_http_request_t *r)
{
    u_char                  *pos;
    ssize_t                  n;
    ngx_int_t                rc;
    ngx_buf_t               *b;
    ngx_connection_t        *c;
    ngx_http_upstream_t     *u;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);
    u = r->upstream;
    c = u->peer.connection;
    b = &u->buffer;
    pos = b->pos;
    n = b->last - pos;

    if (ctx->ended) {
        rc = ngx_nodetool_chat_reply_end(ctx);

    } else if (n > 0) {
        b->last = pos;
        rc = ngx_nodetool_chat_reply_filter(ctx, n);

    } else {
        rc = NGX_OK;
    }

    if (rc != NGX_OK && u->out_bufs == NULL) {
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    ctx->broken = (rc != NGX_OK);

    if (!ctx->broken && !ngx_nodetool_await_ready(ctx)) {
        b->pos = b->start;
        b->last = b->start;

        if (!ctx->events) {
            ngx_add_timer(c->read, u->conf->read_timeout);
        }

        return NGX_AGAIN;
    }

    rc = ctx->translated ? ngx_nodetool_translate_verdict(ctx)
                         : ngx_nodetool_await_stream(ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_nodetool_attempt_ok(ctx);

    if (ctx->events) {
        /* not before: another attempt needs those of the request */
        ngx_nodetool_chat_fields_share(ctx);
    }

    if (ctx->recv != NULL) {
        c->recv = ctx->recv;
        ctx->recv = NULL;
    }

    /* what came last stands there again: with something to filter, nginx
     * sends our header together with what is in out_bufs */

    b->pos = pos;
    ctx->left = u->length;
    u->input_filter = ngx_nodetool_await_filter;

    if (ctx->early) {
        ngx_nodetool_chat_late_header(ctx);
    }

    return NGX_OK;
}


/* The reply's header has come; its body is taken from here on. */
ngx_int_t
ngx_nodetool_chat_await(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;
    c = u->peer.connection;

    if (ngx_nodetool_chat_reply_begin(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->until_close) {
        ctx->recv = c->recv;
        c->recv = ngx_nodetool_await_recv;
    }

    u->process_header = ngx_nodetool_await_more;

    return ngx_nodetool_await_more(ctx->request);
}
