/*
 * ngx_http_nodetool_chat_comment.c - comments while a provider is silent, and
 * what follows when the first one came before the provider's header.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

/* In SSE a line that starts with a colon is a comment. */
#define NGX_NODETOOL_PING ": ping\n\n"

/* Anthropic has an event for it. */
#define NGX_NODETOOL_PING_EVENT "event: ping\ndata: {\"type\": \"ping\"}\n\n"

static void ngx_nodetool_chat_comment_event(ngx_event_t *ev);


void
ngx_nodetool_chat_stream_comments(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_msec_t                    silent;
    ngx_nodetool_chat_loc_conf_t *lcf;

    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);

    if (lcf->comment == 0 || ctx->event.timer_set || ctx->api->any_type) {
        return;
    }

    if (ctx->last_sent == 0) {
        ctx->last_sent = ngx_current_msec;
    }

    silent = ngx_current_msec - ctx->last_sent; /* in attempts before */

    ctx->event.handler = ngx_nodetool_chat_comment_event;
    ctx->event.data = ctx;
    ctx->event.log = ctx->request->connection->log;
    ctx->event.cancelable = 1;

    ngx_add_timer(&ctx->event,
                  silent < lcf->comment ? lcf->comment - silent : 1);
}


/* Answers before the provider did; from now on an error is an event. */
static ngx_int_t
ngx_nodetool_chat_early_header(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t           rc;
    ngx_http_request_t *r;

    r = ctx->request;

    rc = ngx_nodetool_chat_stream_begin(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return NGX_ERROR;
    }

    ctx->early = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_comment(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    if (u->out_bufs || u->busy_bufs || r->connection->buffered) {
        return NGX_OK; /* it is the client that is slow */
    }

    b = &ctx->comment;

    ngx_memzero(b, sizeof(ngx_buf_t));
    b->memory = 1;
    b->flush = 1;
    b->pos = (u_char *) (ctx->api->anthropic ? NGX_NODETOOL_PING_EVENT
                                             : NGX_NODETOOL_PING);
    b->last = b->pos + ngx_strlen(b->pos);

    out.buf = b;
    out.next = NULL;

    ctx->last_sent = ngx_current_msec;

    return ngx_http_output_filter(r, &out) == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static void
ngx_nodetool_chat_comment_event(ngx_event_t *ev)
{
    ngx_msec_t                    silent;
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    ngx_nodetool_chat_ctx_t      *ctx;
    ngx_nodetool_chat_loc_conf_t *lcf;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    silent = ngx_current_msec - ctx->last_sent;

    if (silent < lcf->comment) {
        ngx_add_timer(ev, lcf->comment - silent);
        return;
    }

    if (!r->header_sent && ngx_nodetool_attempt_is_connecting(ctx)) {
        /* still connecting: the client may get a status */
        ngx_add_timer(ev, lcf->comment);
        return;
    }

    if ((!r->header_sent && ngx_nodetool_chat_early_header(ctx) != NGX_OK) ||
        ngx_nodetool_chat_comment(ctx) != NGX_OK)
    {
        ngx_http_finalize_request(r, NGX_ERROR);

    } else {
        ngx_add_timer(ev, lcf->comment);
    }

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_nodetool_chat_late_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                            u_char *last)
{
    (void) nt_json_scan_feed(&ctx->scan, (char *) pos, last - pos);

    return NGX_OK;
}


/* The client has had its header: nothing of this one is for it.  nginx will
 * send it, to the header filter of this module. */
void
ngx_nodetool_chat_late_header(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    u->headers_in.headers.part.nelts = 0;
    u->headers_in.headers.part.next = NULL;
    u->headers_in.headers.last = &u->headers_in.headers.part;
    u->headers_in.status_n = NGX_HTTP_OK;
    ngx_str_null(&u->headers_in.status_line);
    u->headers_in.content_length_n = -1;

    r->header_sent = 0;
}


/* Not a stream, for a client that was promised one. */
ngx_int_t
ngx_nodetool_chat_stream_late(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    ctx->late_status = ngx_nodetool_chat_refused(ctx, &ctx->late_message);

    if (ctx->late_status == 0) {
        ctx->late_status = u->headers_in.status_n < 400
                               ? NGX_HTTP_BAD_GATEWAY
                               : u->headers_in.status_n;
    }

    ctx->sink = ngx_nodetool_chat_late_sink;
    ngx_nodetool_chat_scan_begin(ctx);
    ngx_nodetool_chat_late_header(ctx);

    return NGX_OK;
}
