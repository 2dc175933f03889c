/*
 * ngx_http_nodetool_chat_stream.c - server-sent events on their way from the
 * provider to the client.
 *
 * Whole events go out as they came, byte for byte, from the buffer that they
 * were read into; the start of an event that is not whole yet is held back.
 * So the client stands between two events at any time: a comment may go out
 * while the provider is silent, an error event when it dies, and the usage
 * chunk that only the gateway asked for can be left out.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_HELD_MIN 1024


ngx_int_t
ngx_nodetool_chat_stream_header(ngx_http_request_t *r)
{
    static ngx_str_t no = ngx_string("no");
    static ngx_str_t no_cache = ngx_string("no-cache");

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);

    if (ngx_nodetool_add_header(r, "Cache-Control", &no_cache) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_nodetool_add_header(r, "X-Accel-Buffering", &no);
}


/* Sends the header of a stream that is not a provider's. */
ngx_int_t
ngx_nodetool_chat_stream_begin(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_OK;
    ngx_str_set(&r->headers_out.content_type, "text/event-stream");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_nodetool_chat_stream_header(r) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_send_header(r);
}


/* Looks at a whole event; true when it is not for the client. */
static ngx_uint_t
ngx_nodetool_chat_event(ngx_nodetool_chat_ctx_t *ctx, nt_sse_event_t *event)
{
    nt_json_field_t *f;

    ngx_nodetool_chat_first(ctx);

    if (ctx->api->events != NULL) {
        ngx_nodetool_chat_named_event(ctx, event);
        return 0;
    }

    if (nt_str_eq(event->data, NT_STR("[DONE]"))) {
        ctx->complete = 1;
        return 0;
    }

    if (!ngx_nodetool_chat_has(event->data, "\"usage\"", 7) &&
        !ngx_nodetool_chat_has(event->data, "\"error\"", 7))
    {
        return 0;
    }

    ngx_nodetool_chat_scan_begin(ctx);

    if (nt_json_scan_feed(&ctx->scan, event->data.data, event->data.len) !=
            NT_OK ||
        nt_json_scan_end(&ctx->scan) != NT_OK)
    {
        return 0;
    }

    f = ctx->fields;

    if (f[NGX_NODETOOL_REPLY_ERROR].type > NT_JSON_NULL) {
        ctx->failed = 1;
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "nodetool_provider \"%V\" sent an error in its stream",
                      &ctx->provider->name);
    }

    if (f[NGX_NODETOOL_REPLY_USAGE].type != NT_JSON_OBJECT) {
        return 0;
    }

    ngx_nodetool_chat_usage(ctx);

    return ctx->strip_usage &&
           f[NGX_NODETOOL_REPLY_CHOICES].type == NT_JSON_ARRAY &&
           f[NGX_NODETOOL_REPLY_CHOICES].count == 0;
}


static void
ngx_nodetool_chat_drop_held(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t *u;

    if (ctx->held != NULL) {
        u = ctx->request->upstream;

        ctx->held->buf->pos = ctx->held->buf->start;
        ctx->held->buf->last = ctx->held->buf->start;
        ctx->held->next = u->free_bufs;
        u->free_bufs = ctx->held;
        ctx->held = NULL;
    }
}


/* A buffer with memory of its own, of those that were sent if there is one
 * that is large enough. */
static ngx_chain_t *
ngx_nodetool_chat_get_held(ngx_nodetool_chat_ctx_t *ctx, size_t need)
{
    size_t               size;
    ngx_chain_t         *cl, **ll;
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    for (ll = &u->free_bufs; *ll; ll = &(*ll)->next) {
        cl = *ll;

        if (cl->buf->start != NULL &&
            (size_t) (cl->buf->end - cl->buf->start) >= need) {
            *ll = cl->next;
            cl->next = NULL;
            return cl;
        }
    }

    for (size = NGX_NODETOOL_HELD_MIN; size < need; size *= 2) {
        /* void */
    }

    cl = ngx_alloc_chain_link(ctx->request->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = ngx_create_temp_buf(ctx->request->pool, size);
    if (cl->buf == NULL) {
        return NULL;
    }

    cl->buf->tag = u->output.tag;
    cl->next = NULL;

    return cl;
}


static ngx_int_t
ngx_nodetool_chat_hold(ngx_nodetool_chat_ctx_t *ctx, u_char *pos, u_char *last)
{
    size_t       have;
    ngx_buf_t   *b;
    ngx_chain_t *cl;

    b = ctx->held ? ctx->held->buf : NULL;
    have = b ? b->last - b->pos : 0;

    if (b == NULL || b->end - b->last < last - pos) {
        cl = ngx_nodetool_chat_get_held(ctx, have + (last - pos));
        if (cl == NULL) {
            return NGX_ERROR;
        }

        cl->buf->pos = cl->buf->start;
        cl->buf->last = cl->buf->start;

        if (have > 0) {
            cl->buf->last = ngx_cpymem(cl->buf->last, b->pos, have);
        }

        ngx_nodetool_chat_drop_held(ctx);

        ctx->held = cl;
        b = cl->buf;
    }

    b->last = ngx_cpymem(b->last, pos, last - pos);

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_emit_held(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_chain_t *cl;

    cl = ctx->held;
    ctx->held = NULL;

    cl->buf->flush = 1;
    cl->next = NULL;

    return ngx_nodetool_chat_emit_chain(ctx, cl);
}


/* Sends `text`, which need not live on. */
ngx_int_t
ngx_nodetool_chat_send_copy(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *text)
{
    u_char *pos;

    if (text->failed) {
        return NGX_ERROR;
    }

    if (text->len == 0) {
        return NGX_OK;
    }

    pos = (u_char *) text->data;

    if (ngx_nodetool_chat_hold(ctx, pos, pos + text->len) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_nodetool_chat_emit_held(ctx);
}


/* A CRLF whose LF comes after the event was seen to end belongs to it. */
static u_char *
ngx_nodetool_chat_skip_lf(ngx_nodetool_chat_ctx_t *ctx, u_char *p, u_char *last)
{
    size_t         taken;
    nt_sse_event_t event;

    if (p == last) {
        ctx->after_cr = 1;
        return p;
    }

    ctx->after_cr = 0;

    if (*p == '\n') {
        (void) nt_sse_next(&ctx->sse, (char *) p, 1, &taken, &event);
        return p + 1;
    }

    return p;
}


ngx_int_t
ngx_nodetool_chat_stream_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                              u_char *last)
{
    u_char        *p, *whole;
    size_t         taken;
    nt_rc_t        rc;
    nt_sse_event_t event;

    p = pos;

    if (ctx->after_cr) {
        p = ngx_nodetool_chat_skip_lf(ctx, p, last);

        if (ctx->stripped) {
            pos = p;
        }
    }

    whole = p; /* pos..whole is to be sent */

    while (p < last) {
        rc = nt_sse_next(&ctx->sse, (char *) p, last - p, &taken, &event);
        p += taken;

        if (rc == NT_AGAIN) {
            break;
        }

        if (rc != NT_OK) {
            ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                          "nodetool_provider \"%V\" sent an event that is %s",
                          &ctx->provider->name,
                          rc == NT_LIMIT ? "too long" : "too much for memory");
            return NGX_ERROR;
        }

        ctx->stripped = ngx_nodetool_chat_event(ctx, &event);

        if (p[-1] == '\r') {
            p = ngx_nodetool_chat_skip_lf(ctx, p, last);
        }

        if (ctx->held != NULL) {
            if (!ctx->stripped &&
                (ngx_nodetool_chat_hold(ctx, pos, p) != NGX_OK ||
                 ngx_nodetool_chat_emit_held(ctx) != NGX_OK))
            {
                return NGX_ERROR;
            }

            ngx_nodetool_chat_drop_held(ctx);
            pos = p;

        } else if (ctx->stripped) {
            if (ngx_nodetool_chat_emit(ctx, pos, whole) != NGX_OK) {
                return NGX_ERROR;
            }

            pos = p;
        }

        whole = p;
    }

    if (ngx_nodetool_chat_emit(ctx, pos, whole) != NGX_OK) {
        return NGX_ERROR;
    }

    if (whole < last) {
        return ngx_nodetool_chat_hold(ctx, whole, last);
    }

    return NGX_OK;
}


/* The provider has ended; some leave out the last blank line. What it lost
 * its connection in is not an event, unless it is [DONE]. */
ngx_int_t
ngx_nodetool_chat_stream_end(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t lost)
{
    nt_sse_event_t event;

    static u_char blank[] = "\n\n";

    if (ctx->held == NULL) {
        return NGX_OK;
    }

    if (nt_sse_end(&ctx->sse, &event) == NT_OK &&
        (!lost || nt_str_eq(event.data, NT_STR("[DONE]"))) &&
        !ngx_nodetool_chat_event(ctx, &event))
    {
        if (ngx_nodetool_chat_hold(ctx, blank, blank + 2) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_nodetool_chat_emit_held(ctx);
    }

    ngx_nodetool_chat_drop_held(ctx);

    return NGX_OK;
}
