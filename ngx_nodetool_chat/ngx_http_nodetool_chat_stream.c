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

#include "core/nt_error.h"

#define NGX_NODETOOL_HELD_MIN 1024

/* In SSE a line that starts with a colon is a comment. */
#define NGX_NODETOOL_PING ": ping\n\n"

static void ngx_nodetool_chat_comment_event(ngx_event_t *ev);


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


static ngx_uint_t
ngx_nodetool_chat_has(nt_str_t data, const char *word, size_t len)
{
    return memmem(data.data, data.len, word, len) != NULL;
}


/* Looks at a whole event; true when it is not for the client. */
static ngx_uint_t
ngx_nodetool_chat_event(ngx_nodetool_chat_ctx_t *ctx, nt_sse_event_t *event)
{
    nt_json_field_t *f;

    ngx_nodetool_chat_first(ctx);

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


void
ngx_nodetool_chat_stream_comments(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_chat_loc_conf_t *lcf;

    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);

    if (lcf->comment == 0) {
        return;
    }

    ctx->last_sent = ngx_current_msec;

    ctx->event.handler = ngx_nodetool_chat_comment_event;
    ctx->event.data = ctx;
    ctx->event.log = ctx->request->connection->log;
    ctx->event.cancelable = 1;

    ngx_add_timer(&ctx->event, lcf->comment);
}


/* Answers before the provider did; from now on an error is an event, and no
 * other server may be asked. */
static ngx_int_t
ngx_nodetool_chat_early_header(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    rc = ngx_nodetool_chat_stream_begin(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return NGX_ERROR;
    }

    ctx->early = 1;
    u->header_sent = 1;
    u->peer.tries = 0;
    u->peer.cached = 0;

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
    b->pos = (u_char *) NGX_NODETOOL_PING;
    b->last = b->pos + sizeof(NGX_NODETOOL_PING) - 1;

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

    if (!r->header_sent && !r->upstream->request_body_sent) {
        /* still connecting: nginx may have to try the next server */
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


/* The provider's header comes after ours. nginx will send it again, to the
 * header filter of this module. */
ngx_int_t
ngx_nodetool_chat_stream_late(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    if (!ctx->events) {
        ctx->late_status = ngx_nodetool_chat_refused(ctx, &ctx->late_message);

        if (ctx->late_status == 0) {
            ctx->late_status = u->headers_in.status_n < 400
                                   ? NGX_HTTP_BAD_GATEWAY
                                   : u->headers_in.status_n;
        }

        ctx->sink = ngx_nodetool_chat_late_sink;
        ngx_nodetool_chat_scan_begin(ctx);
    }

    u->headers_in.headers.part.nelts = 0;
    u->headers_in.headers.part.next = NULL;
    u->headers_in.headers.last = &u->headers_in.headers.part;
    u->headers_in.status_n = NGX_HTTP_OK;
    ngx_str_null(&u->headers_in.status_line);
    u->headers_in.content_length_n = -1;

    r->header_sent = 0;

    return NGX_OK;
}


/* What the client reads when its stream cannot go on. */
static void
ngx_nodetool_chat_error_event(ngx_nodetool_chat_ctx_t *ctx, ngx_int_t rc,
                              nt_buf_t *text)
{
    nt_buf_t         message;
    nt_str_t         name;
    ngx_uint_t       status;
    nt_json_field_t *f;

    ngx_memzero(&message, sizeof(nt_buf_t));

    name = ngx_nodetool_str(&ctx->provider->name);
    status = NGX_HTTP_BAD_GATEWAY;
    f = &ctx->fields[NGX_NODETOOL_REPLY_MESSAGE];

    if (ctx->late_status != 0) {
        status = ctx->late_status;

        if (ctx->late_message.len > 0) {
            nt_buf_append_str(&message, ngx_nodetool_str(&ctx->late_message));

        } else if (f->type == NT_JSON_STRING) {
            nt_buf_append(&message, f->value, f->value_len);

        } else {
            nt_buf_printf(&message, "The provider \"%.*s\" did not stream",
                          (int) name.len, name.data);
        }

    } else if (rc == NGX_HTTP_GATEWAY_TIME_OUT) {
        status = NGX_HTTP_GATEWAY_TIME_OUT;
        nt_buf_printf(&message, "The provider \"%.*s\" did not go on in time",
                      (int) name.len, name.data);

    } else {
        nt_buf_printf(&message,
                      "The provider \"%.*s\" ended before its stream was "
                      "complete",
                      (int) name.len, name.data);
    }

    nt_buf_append_str(text, NT_STR("data: "));
    nt_error_body(text, (int) status, (nt_str_t) { message.data, message.len });
    nt_buf_append_str(text, NT_STR("\n\n"));

    nt_buf_free(&message);
}


/* Sends what is left, then `text`; with `end` the response ends there. */
static void
ngx_nodetool_chat_send_last(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *text,
                            ngx_uint_t end)
{
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    if (text->failed) {
        return;
    }

    cl = ngx_alloc_chain_link(r->pool);
    b = text->len > 0 ? ngx_create_temp_buf(r->pool, text->len)
                      : ngx_calloc_buf(r->pool);
    if (cl == NULL || b == NULL) {
        return;
    }

    if (text->len > 0) {
        b->last = ngx_cpymem(b->last, text->data, text->len);
    }

    b->flush = 1;
    b->last_buf = end;

    cl->buf = b;
    cl->next = NULL;

    (void) ngx_nodetool_chat_emit_chain(ctx, cl);

    (void) ngx_http_output_filter(r, u->out_bufs);
    u->out_bufs = NULL;
}


/*
 * The upstream is over, for the reason `rc`: 0 when its body ended, a status
 * when it failed; nginx ends the response itself in the first case only.
 */
void
ngx_nodetool_chat_stream_finalize(ngx_nodetool_chat_ctx_t *ctx, ngx_int_t rc)
{
    nt_buf_t            text;
    ngx_http_request_t *r;

    r = ctx->request;

    if ((!ctx->events && !ctx->early) || !r->header_sent ||
        r->connection->error || rc == NGX_DONE ||
        rc == NGX_HTTP_CLIENT_CLOSED_REQUEST || rc == NGX_HTTP_REQUEST_TIME_OUT)
    {
        return;
    }

    if (ctx->sink == ngx_nodetool_chat_stream_sink && rc > 0 &&
        ngx_nodetool_chat_stream_end(ctx, 1) != NGX_OK)
    {
        return;
    }

    if (ctx->late_status != 0) {
        (void) nt_json_scan_end(&ctx->scan);
    }

    ngx_memzero(&text, sizeof(nt_buf_t));

    if (!ctx->complete && !ctx->failed) {
        if (rc == 0 && ctx->late_status == 0) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "nodetool_provider \"%V\" ended its stream without "
                          "[DONE]",
                          &ctx->provider->name);
        }

        ngx_nodetool_chat_error_event(ctx, rc, &text);
    }

    if (text.len > 0 || rc != 0) {
        ngx_nodetool_chat_send_last(ctx, &text, rc != 0);
    }

    nt_buf_free(&text);
}
