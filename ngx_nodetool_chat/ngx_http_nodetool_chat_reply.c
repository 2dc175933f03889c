/*
 * ngx_http_nodetool_chat_reply.c - the body of a provider's reply: transfer
 * coding off, usage counted, errors that must not pass replaced.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

/* Since then trailers can be kept. */
#if (nginx_version >= 1027005)
#define ngx_nodetool_parse_chunked(r, b, ctx)                                  \
    ngx_http_parse_chunked(r, b, ctx, 0)
#else
#define ngx_nodetool_parse_chunked(r, b, ctx) ngx_http_parse_chunked(r, b, ctx)
#endif


/* Of each event of a stream, and of each piece of a reply. */
void
ngx_nodetool_chat_first(ngx_nodetool_chat_ctx_t *ctx)
{
    ctx->n_events++;
    ctx->last_event = ngx_current_msec;

    if (ctx->ttft_set) {
        return;
    }

    ctx->first_event = ngx_current_msec;
    ctx->ttft = ngx_nodetool_chat_elapsed(ctx->request);
    ctx->ttft_set = 1;
}


ngx_int_t
ngx_nodetool_chat_emit_chain(ngx_nodetool_chat_ctx_t *ctx, ngx_chain_t *out)
{
    ngx_chain_t         *cl, **ll;
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    for (cl = u->out_bufs, ll = &u->out_bufs; cl; cl = cl->next) {
        ll = &cl->next;
    }

    *ll = out;
    ctx->last_sent = ngx_current_msec;

    return NGX_OK;
}


/* Sends bytes of u->buffer, at once and not copied. */
ngx_int_t
ngx_nodetool_chat_emit(ngx_nodetool_chat_ctx_t *ctx, u_char *pos, u_char *last)
{
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_http_upstream_t *u;

    if (pos == last) {
        return NGX_OK;
    }

    u = ctx->request->upstream;

    cl = ngx_chain_get_free_buf(ctx->request->pool, &u->free_bufs);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b = cl->buf;
    b->flush = 1;
    b->memory = 1;
    b->pos = pos;
    b->last = last;
    b->tag = u->output.tag;

    return ngx_nodetool_chat_emit_chain(ctx, cl);
}


static ngx_int_t
ngx_nodetool_chat_json_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                            u_char *last)
{
    ngx_nodetool_chat_first(ctx);

    (void) nt_json_scan_feed(&ctx->scan, (char *) pos, last - pos);

    return ngx_nodetool_chat_emit(ctx, pos, last);
}


static ngx_int_t
ngx_nodetool_chat_raw_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                           u_char *last)
{
    return ngx_nodetool_chat_emit(ctx, pos, last);
}


static ngx_int_t
ngx_nodetool_chat_no_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                          u_char *last)
{
    return NGX_OK;
}


/* The body came to its end as HTTP has it. */
ngx_int_t
ngx_nodetool_chat_reply_end(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    u->length = 0;
    u->keepalive =
        !u->headers_in.connection_close && !ctx->ended && !ctx->failed;

    if (ctx->translated) {
        return ngx_nodetool_translate_end(ctx, 0);
    }

    if (ctx->sink == ngx_nodetool_chat_json_sink &&
        nt_json_scan_end(&ctx->scan) == NT_OK)
    {
        ngx_nodetool_chat_usage(ctx);

        if (u->headers_in.status_n == NGX_HTTP_OK &&
            ctx->fields[NGX_NODETOOL_REPLY_ERROR].type == NT_JSON_OBJECT)
        {
            ctx->failed = 1;
        }
    }

    if (ctx->sink == ngx_nodetool_chat_stream_sink) {
        return ngx_nodetool_chat_stream_end(ctx, 0);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_nodetool_chat_is_type(ngx_http_request_t *r, const char *type)
{
    ngx_table_elt_t *h;

    h = r->upstream->headers_in.content_type;

    return h != NULL && ngx_strcasestrn(h->value.data, (char *) type,
                                        ngx_strlen(type) - 1) != NULL;
}


/* A header of the reply; not all versions of nginx keep pointers. */
ngx_table_elt_t *
ngx_nodetool_chat_upstream_header(ngx_http_upstream_t *u, const char *name)
{
    size_t           len;
    ngx_uint_t       i;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    len = ngx_strlen(name);

    for (part = &u->headers_in.headers.part; part != NULL; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash != 0 && h[i].key.len == len &&
                ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
            {
                return &h[i];
            }
        }
    }

    return NULL;
}


/* Against "Accept-Encoding: identity": such a body can only be passed on. */
ngx_uint_t
ngx_nodetool_chat_is_encoded(ngx_http_request_t *r)
{
    ngx_table_elt_t *h;

    h = ngx_nodetool_chat_upstream_header(r->upstream, "content-encoding");

    return h != NULL &&
           (h->value.len != 8 ||
            ngx_strncasecmp(h->value.data, (u_char *) "identity", 8) != 0);
}


/* The reply's header is in u->headers_in. */
ngx_int_t
ngx_nodetool_chat_reply_header(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_str_t            message;
    ngx_uint_t           status;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    ctx->reply_length = u->headers_in.content_length_n;

    if (ctx->models != NULL) {
        /* of a longer one nginx says that it does not fit into
         * subrequest_output_buffer_size, where nothing of it goes */
        u->headers_in.content_length_n = -1;
        return NGX_OK;
    }

    if (ctx->translated) {
        return ngx_nodetool_translate_header(ctx);
    }

    ctx->events = ctx->stream && u->headers_in.status_n == NGX_HTTP_OK &&
                  !ngx_nodetool_chat_is_encoded(r) &&
                  ngx_nodetool_chat_is_type(r, "text/event-stream");

    if (ctx->events) {
        u->headers_in.content_length_n = -1;
        return ngx_nodetool_chat_await(ctx);
    }

    if (u->headers_in.status_n < NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_nodetool_attempt_ok(ctx);

    } else if (ngx_nodetool_attempt_retry(ctx, u->headers_in.status_n,
                                          ngx_nodetool_retry_after(r)))
    {
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (ctx->early) {
        return ngx_nodetool_chat_stream_late(ctx);
    }

    if (ctx->event.timer_set) {
        ngx_del_timer(&ctx->event);
    }

    ngx_str_null(&message);
    status = ngx_nodetool_chat_refused(ctx, &message);

    if (status == 0) {
        return NGX_OK;
    }

    if (u->headers_in.status_n == 401 || u->headers_in.status_n == 403) {
        if (ngx_nodetool_chat_set_header(r, NULL, "x-should-retry", "false") !=
            NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_nodetool_chat_replace(ctx, status, &message);
}


static void
ngx_nodetool_chat_choose_sink(ngx_nodetool_chat_ctx_t *ctx)
{
    if (ctx->sink != NULL) {
        return; /* stream_late() chose */
    }

    if (ngx_nodetool_chat_is_encoded(ctx->request)) {
        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "nodetool_provider \"%V\" encoded its reply against "
                      "\"Accept-Encoding: identity\", usage is not counted",
                      &ctx->provider->name);
        ctx->sink = ngx_nodetool_chat_raw_sink;

    } else if (ctx->models != NULL) {
        ctx->sink = ngx_nodetool_models_sink;

    } else if (ctx->events) {
        ctx->sink = ngx_nodetool_chat_stream_sink;

    } else {
        ctx->sink = ngx_nodetool_chat_json_sink;
        ngx_nodetool_chat_scan_begin(ctx);
    }
}


/* Nothing is left of the reply of an earlier attempt. */
void
ngx_nodetool_chat_reply_reset(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_memzero(&ctx->status, sizeof(ngx_http_status_t));
    ngx_memzero(&ctx->chunked, sizeof(ngx_http_chunked_t));
    ngx_memset(&ctx->usage, 0xff, sizeof(nt_llm_usage_t));

    ctx->sink = NULL;
    ctx->recv = NULL;
    ctx->held = NULL;
    ctx->request->upstream->out_bufs = NULL;
    ngx_str_null(&ctx->replacement);

    nt_sse_free(&ctx->sse);
    nt_sse_init(&ctx->sse);

    ctx->late_status = 0;
    ngx_str_null(&ctx->late_message);

    ctx->events = 0;
    ctx->stripped = 0;
    ctx->after_cr = 0;
    ctx->until_close = 0;
    ctx->complete = 0;
    ctx->failed = 0;
    ctx->begun = 0;
    ctx->sending = 0;
    ctx->broken = 0;
    ctx->ended = 0;
    ctx->ttft_set = 0;
    ctx->n_events = 0;
}


/* Before the first bytes of the body. */
ngx_int_t
ngx_nodetool_chat_reply_begin(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    ngx_nodetool_chat_choose_sink(ctx);
    ctx->begun = 1;

    if (u->headers_in.chunked) {
        u->length = 1; /* until the last chunk */
        return NGX_OK;
    }

    if (ctx->reply_length == 0 || u->headers_in.status_n == NGX_HTTP_NO_CONTENT)
    {
        return ngx_nodetool_chat_reply_end(ctx);
    }

    u->length = ctx->reply_length;

    if (u->length == -1 && (ctx->events || ctx->translated)) {
        /* ends with the connection, but not before the last event */
        ctx->until_close = 1;
        u->length = 1;
    }

    return NGX_OK;
}


/* Called after the header went out, before the first bytes of the body that
 * were not taken yet. */
ngx_int_t
ngx_nodetool_chat_reply_init(void *data)
{
    ngx_nodetool_chat_ctx_t *ctx = data;

    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    if (ctx->replacement.len > 0) {
        if (!ctx->begun) {
            ctx->sink = ngx_nodetool_chat_no_sink;
        }

        if (!ctx->begun || ctx->left != 0) {
            u->keepalive = 0;
        }

        u->length = 0;

        return ngx_nodetool_chat_emit(ctx, ctx->replacement.data,
                                      ctx->replacement.data +
                                          ctx->replacement.len);
    }

    if (ctx->begun) {
        u->length = ctx->left; /* nginx has set it since */
        return NGX_OK;
    }

    return ngx_nodetool_chat_reply_begin(ctx);
}


static ngx_int_t
ngx_nodetool_chat_chunked(ngx_nodetool_chat_ctx_t *ctx, ngx_buf_t *b,
                          ssize_t bytes)
{
    off_t                size;
    u_char              *pos;
    ngx_int_t            rc;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    b->pos = b->last;
    b->last += bytes;

    for (;;) {
        rc = ngx_nodetool_parse_chunked(r, b, &ctx->chunked);

        if (rc == NGX_OK) {
            size = ngx_min(b->last - b->pos, ctx->chunked.size);
            pos = b->pos;
            b->pos += size;
            ctx->chunked.size -= size;

            rc = ctx->sink(ctx, pos, b->pos);
            if (rc != NGX_OK) {
                return rc;
            }

            continue;
        }

        break;
    }

    if (rc == NGX_AGAIN) {
        return NGX_OK;
    }

    if (rc != NGX_DONE) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "nodetool_provider \"%V\" sent an invalid chunk",
                      &ctx->provider->name);
        return NGX_ERROR;
    }

    rc = ngx_nodetool_chat_reply_end(ctx);

    if (b->pos != b->last) {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "nodetool_provider \"%V\" sent data after the last chunk",
                      &ctx->provider->name);
        u->keepalive = 0;
    }

    return rc;
}


ngx_int_t
ngx_nodetool_chat_reply_filter(void *data, ssize_t bytes)
{
    ngx_nodetool_chat_ctx_t *ctx = data;

    u_char              *pos, *last;
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;
    b = &u->buffer;

    if (u->length == 0) {
        u->keepalive = 0;
        b->last += bytes;
        return NGX_OK;
    }

    if (u->headers_in.chunked) {
        return ngx_nodetool_chat_chunked(ctx, b, bytes);
    }

    pos = b->last;
    b->last += bytes;
    last = b->last;

    if (u->length == -1 || ctx->until_close) {
        rc = ctx->sink(ctx, pos, last);

        if (ctx->until_close && (ctx->complete || ctx->failed)) {
            u->length = 0;
        }

        return rc;
    }

    if (bytes > u->length) {
        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "nodetool_provider \"%V\" sent more than its "
                      "Content-Length",
                      &ctx->provider->name);
        u->headers_in.connection_close = 1;
        last = pos + u->length;
    }

    u->length -= last - pos;

    rc = ctx->sink(ctx, pos, last);

    if (rc == NGX_OK && u->length == 0) {
        return ngx_nodetool_chat_reply_end(ctx);
    }

    return rc;
}
