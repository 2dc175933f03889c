/*
 * ngx_http_nodetool_chat_upstream.c - callbacks of nginx's upstream: the
 * request to a provider, and the header of its reply.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_HEAD_SIZE 1024 /* most are shorter; it grows */

static ngx_int_t ngx_nodetool_chat_create_request(ngx_http_request_t *r);
static ngx_int_t ngx_nodetool_chat_reinit_request(ngx_http_request_t *r);
static ngx_int_t ngx_nodetool_chat_process_status(ngx_http_request_t *r);
static ngx_int_t ngx_nodetool_chat_process_header(ngx_http_request_t *r);
static void      ngx_nodetool_chat_abort_request(ngx_http_request_t *r);
static void      ngx_nodetool_chat_finalize_request(ngx_http_request_t *r,
                                                    ngx_int_t           rc);


typedef ngx_int_t (*ngx_nodetool_process_pt)(ngx_http_request_t *r);


static ngx_nodetool_process_pt
ngx_nodetool_chat_process_first(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->provider->dialect == NGX_NODETOOL_DIALECT_ENGINE
               ? ngx_nodetool_engine_process_header
               : ngx_nodetool_chat_process_status;
}


/* Sends at once: with Nagle's algorithm the end of a request waits for an
 * acknowledgement that the provider delays. */
static ngx_int_t
ngx_nodetool_chat_output_filter(void *data, ngx_chain_t *in)
{
    ngx_http_request_t *r = data;

    ngx_connection_t *c;

    c = r->upstream->peer.connection;

    if (c->tcp_nodelay == NGX_TCP_NODELAY_UNSET && ngx_tcp_nodelay(c) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_chain_writer(&r->upstream->writer, in);
}


/* A host that could not be looked up at start is asked of the resolver. */
static ngx_int_t
ngx_nodetool_chat_resolved(ngx_http_request_t *r, ngx_nodetool_provider_t *p)
{
    ngx_http_upstream_resolved_t *resolved;

    resolved = ngx_pcalloc(r->pool, sizeof(ngx_http_upstream_resolved_t));
    if (resolved == NULL) {
        return NGX_ERROR;
    }

    resolved->host = p->host;
    resolved->port = p->port;
    resolved->no_port = p->no_port;

    r->upstream->resolved = resolved;

    return NGX_OK;
}


/* NGX_DONE: the caller, or nginx, starts it by ngx_http_upstream_init(). */
ngx_int_t
ngx_nodetool_chat_upstream_start(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_request_t      *r;
    ngx_http_upstream_t     *u;
    ngx_nodetool_provider_t *p;

    r = ctx->request;
    p = ctx->provider;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    u = r->upstream;

    if (ctx->models) {
        u->conf = &p->models_upstream;

        if (ngx_nodetool_key_any(ctx) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else {
        u->conf = ctx->stream ? &p->first_upstream : &p->upstream;
    }

    if (u->conf->upstream == NULL && ngx_nodetool_chat_resolved(r, p) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (p->https) {
        ngx_str_set(&u->schema, "https://");
#if (NGX_HTTP_SSL)
        u->ssl = 1;
#endif
    } else {
        ngx_str_set(&u->schema, "http://");
    }

    u->output.tag = (ngx_buf_tag_t) &ngx_http_nodetool_chat_module;
    u->output.output_filter = ngx_nodetool_chat_output_filter;
    u->output.filter_ctx = r;

    u->create_request = ngx_nodetool_chat_create_request;
    u->reinit_request = ngx_nodetool_chat_reinit_request;
    u->process_header = ngx_nodetool_chat_process_first(ctx);
    u->abort_request = ngx_nodetool_chat_abort_request;
    u->finalize_request = ngx_nodetool_chat_finalize_request;

    u->input_filter_init = ngx_nodetool_chat_reply_init;
    u->input_filter = ngx_nodetool_chat_reply_filter;
    u->input_filter_ctx = ctx;

    u->buffering = 0;

    ngx_nodetool_chat_reply_reset(ctx);
    r->state = 0;

    return NGX_DONE;
}


static ngx_int_t
ngx_nodetool_chat_create_request(ngx_http_request_t *r)
{
    off_t                    length;
    nt_buf_t                 head;
    ngx_buf_t               *b;
    ngx_int_t                rc;
    ngx_chain_t             *first, *body, **last;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    body = NULL;
    last = &body;
    length = 0;

    rc = NGX_OK;

    if (ctx->translated) {
        rc = ngx_nodetool_translate_chain(ctx, &last, &length);

    } else if (ctx->models == NULL) {
        rc = ngx_nodetool_chat_body_chain(ctx, &last, &length);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&head, sizeof(nt_buf_t));
    (void) nt_buf_reserve(&head, NGX_NODETOOL_HEAD_SIZE);
    rc = ctx->provider->dialect == NGX_NODETOOL_DIALECT_ENGINE
             ? ngx_nodetool_engine_head(ctx, &head, length)
             : ngx_nodetool_chat_head(ctx, &head, length);

    b = rc == NGX_OK ? ngx_create_temp_buf(r->pool, head.len) : NULL;
    if (b != NULL) {
        b->last = ngx_cpymem(b->last, head.data, head.len);
    }

    nt_buf_free(&head);

    first = ngx_alloc_chain_link(r->pool);
    if (b == NULL || first == NULL) {
        return NGX_ERROR;
    }

    first->buf = b;
    first->next = body;

    r->upstream->request_bufs = first;

    /* else TLS keeps the end of a body that comes from a file */

    while (first->next != NULL) {
        first = first->next;
    }

    first->buf->flush = 1;

    /* not before: of an upstream that did not come to this, nginx does not
     * tell the end */

    if (ctx->stream) {
        ngx_nodetool_chat_stream_comments(ctx);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_reinit_request(ngx_http_request_t *r)
{
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    ngx_nodetool_chat_reply_reset(ctx);

    r->upstream->process_header = ngx_nodetool_chat_process_first(ctx);
    r->upstream->input_filter_init = ngx_nodetool_chat_reply_init;
    r->upstream->input_filter = ngx_nodetool_chat_reply_filter;
    r->state = 0;

    if (!ctx->translated) {
        ngx_nodetool_chat_body_rewind(ctx);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_process_status(ngx_http_request_t *r)
{
    size_t                   len;
    ngx_int_t                rc;
    ngx_http_upstream_t     *u;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);
    u = r->upstream;

    rc = ngx_http_parse_status_line(r, &u->buffer, &ctx->status);

    if (rc == NGX_AGAIN) {
        return rc;
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "nodetool_provider \"%V\" sent no valid HTTP/1 header",
                      &ctx->provider->name);
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (u->state && u->state->status == 0) {
        u->state->status = ctx->status.code;
    }

    u->headers_in.status_n = ctx->status.code;

    len = ctx->status.end - ctx->status.start;
    u->headers_in.status_line.len = len;
    u->headers_in.status_line.data = ngx_pnalloc(r->pool, len);
    if (u->headers_in.status_line.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(u->headers_in.status_line.data, ctx->status.start, len);

    if (ctx->status.http_version < NGX_HTTP_VERSION_11) {
        u->headers_in.connection_close = 1;
    }

    u->process_header = ngx_nodetool_chat_process_header;

    return ngx_nodetool_chat_process_header(r);
}


/* Headers that nginx works with, and those that clients read. What else a
 * provider sends (cookies, its servers' names, X-Accel-*) ends here. */
static ngx_uint_t
ngx_nodetool_chat_passes(u_char *name, size_t len)
{
    ngx_str_t *s;

    static ngx_str_t exact[] = { ngx_string("content-type"),
                                 ngx_string("content-length"),
                                 ngx_string("transfer-encoding"),
                                 ngx_string("connection"),
                                 ngx_string("content-encoding"),
                                 ngx_string("retry-after"),
                                 ngx_string("retry-after-ms"),
                                 ngx_string("x-should-retry"),
                                 ngx_null_string };

    static ngx_str_t prefix[] = { ngx_string("x-ratelimit-"),
                                  ngx_string("anthropic-ratelimit-"),
                                  ngx_string("openai-"), ngx_null_string };

    for (s = exact; s->len; s++) {
        if (s->len == len && ngx_strncasecmp(s->data, name, len) == 0) {
            return 1;
        }
    }

    for (s = prefix; s->len; s++) {
        if (len > s->len && ngx_strncasecmp(s->data, name, s->len) == 0) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_nodetool_chat_header_line(ngx_http_request_t *r)
{
    u_char                        *p, *name;
    size_t                         len, value;
    ngx_table_elt_t               *h;
    ngx_nodetool_chat_ctx_t       *ctx;
    ngx_http_upstream_header_t    *hh;
    ngx_http_upstream_main_conf_t *umcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);
    len = r->header_name_end - r->header_name_start;
    value = r->header_end - r->header_start;

    name = r->header_name_start;

    if (!ngx_nodetool_chat_passes(name, len) ||
        (ctx->limit != NULL && len > 12 &&
         ngx_strncasecmp(name, (u_char *) "x-ratelimit-", 12) == 0))
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len + 1 + value + 1 + len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name = p + len + 1 + value + 1;
    ngx_strlow(name, r->header_name_start, len);

    h = ngx_list_push(&r->upstream->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = r->header_hash;
    h->key.len = len;
    h->key.data = p;
    h->value.len = value;
    h->value.data = p + len + 1;
    h->lowcase_key = name;

    p = ngx_cpymem(p, r->header_name_start, len);
    *p++ = '\0';
    p = ngx_cpymem(p, r->header_start, value);
    *p = '\0';

    umcf = ngx_http_get_module_main_conf(r, ngx_http_upstream_module);
    hh = ngx_hash_find(&umcf->headers_in_hash, h->hash, h->lowcase_key, len);

    if (hh && hh->handler(r, h, hh->offset) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_process_header(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    ngx_http_upstream_t     *u;
    ngx_nodetool_chat_ctx_t *ctx;

    u = r->upstream;
    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    for (;;) {
        rc = ngx_http_parse_header_line(r, &u->buffer, 1);

        if (rc == NGX_OK) {
            if (u->headers_in.status_n < NGX_HTTP_OK) {
                continue;
            }

            rc = ngx_nodetool_chat_header_line(r);
            if (rc != NGX_OK) {
                return rc;
            }

            continue;
        }

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        break;
    }

    if (rc != NGX_HTTP_PARSE_HEADER_DONE) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "nodetool_provider \"%V\" sent an invalid header line",
                      &ctx->provider->name);
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (u->headers_in.status_n < NGX_HTTP_OK) {
        /* an interim reply, the final one follows (RFC 9110, 15.2) */
        ngx_memzero(&ctx->status, sizeof(ngx_http_status_t));

        if (u->state) {
            u->state->status = 0;
        }

        u->process_header = ngx_nodetool_chat_process_status;

        return ngx_nodetool_chat_process_status(r);
    }

    if (u->headers_in.chunked) {
        u->headers_in.content_length_n = -1;
    }

    return ngx_nodetool_chat_reply_header(ctx);
}


static void
ngx_nodetool_chat_abort_request(ngx_http_request_t *r)
{
    /* nginx does not call it; ngx_nodetool_chat_finalize_request() cancels */
}


static void
ngx_nodetool_chat_finalize_request(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    if (ctx == NULL) {
        return;
    }

    ctx->upstream_rc = rc;
    ctx->elapsed = ngx_nodetool_chat_elapsed(r);

    if (ctx->event.timer_set) {
        ngx_del_timer(&ctx->event);
    }

    ngx_nodetool_attempt_over(ctx, rc);
    ngx_nodetool_translate_usage(ctx);

    if (ctx->early) {
        r->upstream->header_sent = 1;
    }

    if (ctx->models != NULL) {
        ngx_nodetool_models_fetched(ctx, rc);

    } else {
        ngx_nodetool_chat_stream_finalize(ctx, rc);
    }
}
