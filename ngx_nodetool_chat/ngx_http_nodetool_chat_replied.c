/*
 * ngx_http_nodetool_chat_replied.c - replies of a provider that does not
 * speak as its client does: whole ones, streams and errors.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_translate.h"

#define NGX_NODETOOL_OUT_KEPT (64 * 1024) /* of a buffer, between events */


/* What a provider did that it must not do. */
ngx_int_t
ngx_nodetool_replied_fault(ngx_nodetool_chat_ctx_t *ctx, const char *what)
{
    ngx_nodetool_provider_t *p;

    p = ctx->provider;

    ngx_nodetool_chat_error_set(&ctx->translate->error, NT_LLM_PROTOCOL,
                                NGX_HTTP_BAD_GATEWAY,
                                "The provider \"%.*s\" %s", (int) p->name.len,
                                p->name.data, what);
    ctx->failed = 1;

    return ctx->translate->error.message.failed ? NGX_ERROR : NGX_OK;
}


/* --- streams --- */

/* Between the provider's stream and the client's. */
static nt_rc_t
ngx_nodetool_replied_piece(void *data, const nt_llm_delta_t *delta)
{
    ngx_nodetool_chat_ctx_t *ctx = data;

    if (delta->kind == NT_LLM_USAGE) {
        ctx->usage = delta->usage;

    } else if (delta->kind != NT_LLM_START) {
        ngx_nodetool_chat_first(ctx);
    }

    return nt_llm_writer_add(ctx->translate->writer, delta);
}


/* The stream has failed; what the provider said of it, or what is wrong. */
static ngx_int_t
ngx_nodetool_replied_failed(ngx_nodetool_chat_ctx_t *ctx, nt_rc_t rc)
{
    nt_llm_error_t       *to;
    const nt_llm_error_t *error;

    if (rc == NT_NOMEM) {
        return NGX_ERROR;
    }

    if (rc == NT_LIMIT) {
        return ngx_nodetool_replied_fault(
            ctx, "sent more at once than can be taken");
    }

    error = nt_llm_stream_error(ctx->translate->stream);
    to = &ctx->translate->error;

    to->kind = error->kind;
    to->status = error->status;
    to->retry_after = error->retry_after;
    nt_buf_append(&to->message, error->message.data, error->message.len);
    nt_buf_append(&to->code, error->code.data, error->code.len);

    ctx->failed = 1;

    ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                  "nodetool_provider \"%V\" failed in its stream: status %d",
                  &ctx->provider->name, to->status);

    return to->message.failed || to->code.failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_nodetool_replied_flush(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t rc;
    nt_buf_t *out;

    out = &ctx->translate->out;
    rc = ngx_nodetool_chat_send_copy(ctx, out);

    nt_buf_reset(out);

    if (out->cap > NGX_NODETOOL_OUT_KEPT) {
        nt_buf_free(out);
    }

    return rc;
}


/* The error takes the place of the stream's end. */
static ngx_int_t
ngx_nodetool_replied_error(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t      *u;
    ngx_nodetool_translate_t *t;

    u = ctx->request->upstream;
    t = ctx->translate;

    if (ngx_nodetool_translate_event(ctx, &t->error, &t->out) != NGX_OK) {
        return NGX_ERROR;
    }

    u->length = 0;
    u->keepalive = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_replied_done(ngx_nodetool_chat_ctx_t *ctx)
{
    if (nt_llm_writer_end(ctx->translate->writer) != NT_OK) {
        return NGX_ERROR;
    }

    ctx->complete = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_replied_stream_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                                 u_char *last)
{
    nt_rc_t                   rc;
    ngx_int_t                 result;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    if (ctx->complete || ctx->failed) {
        return NGX_OK;
    }

    rc = nt_llm_stream_feed(t->stream, (char *) pos, last - pos);
    result = NGX_OK;

    if (rc == NT_OK && nt_llm_stream_done(t->stream)) {
        rc = nt_llm_stream_end(t->stream);
        result = rc == NT_OK ? ngx_nodetool_replied_done(ctx) : NGX_OK;
    }

    if (rc != NT_OK) {
        result = ngx_nodetool_replied_failed(ctx, rc);
    }

    if (result != NGX_OK || !ctx->sending) {
        return result; /* the verdict is not spoken yet */
    }

    if (ctx->failed && ngx_nodetool_replied_error(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_nodetool_replied_flush(ctx);
}


static ngx_int_t
ngx_nodetool_replied_stream(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    if (ngx_nodetool_translate_options(ctx, &t->options, t->id) != NGX_OK) {
        return NGX_ERROR;
    }

    t->stream =
        nt_llm_stream_new(ctx->provider->llm, ngx_nodetool_replied_piece, ctx);
    t->writer = nt_llm_writer_new(ctx->api->llm, &t->options, &t->out);

    if (t->stream == NULL || t->writer == NULL) {
        return NGX_ERROR;
    }

    ctx->sink = ngx_nodetool_replied_stream_sink;

    return NGX_OK;
}


void
ngx_nodetool_translate_usage(ngx_nodetool_chat_ctx_t *ctx)
{
    if (ctx->translated && ctx->translate->stream != NULL &&
        ctx->usage.prompt < 0 && ctx->usage.completion < 0)
    {
        ctx->usage = nt_llm_stream_usage(ctx->translate->stream);
    }
}


/* --- what the client gets --- */

static ngx_int_t
ngx_nodetool_replied_retry_after(ngx_nodetool_chat_ctx_t *ctx)
{
    u_char              *p;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    if (ctx->translate->error.retry_after < 0 ||
        ngx_nodetool_chat_upstream_header(u, "retry-after") != NULL)
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_sprintf(p, "%T",
                 (time_t) (ctx->translate->error.retry_after + 0.999)) = '\0';

    return ngx_nodetool_chat_set_header(r, NULL, "Retry-After", (char *) p);
}


/* The body in t->out, whole, in the place of the provider's. */
static ngx_int_t
ngx_nodetool_replied_send(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status)
{
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    if (t->out.failed) {
        return NGX_ERROR;
    }

    ctx->events = 0;
    ctx->replacement.data = (u_char *) t->out.data;
    ctx->replacement.len = t->out.len;

    return ngx_nodetool_chat_replaced(ctx, status);
}


static ngx_int_t
ngx_nodetool_replied_bad(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_msec_t                after;
    ngx_uint_t                hidden;
    ngx_http_request_t       *r;
    ngx_nodetool_translate_t *t;

    r = ctx->request;
    t = ctx->translate;

    after = t->error.retry_after < 0
                ? ngx_nodetool_retry_after(r)
                : (ngx_msec_t) (t->error.retry_after * 1000);

    if (ngx_nodetool_attempt_retry(ctx, t->error.status, after)) {
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "nodetool_provider \"%V\" answered with status %ui, an error "
                  "of status %d",
                  &ctx->provider->name, r->upstream->headers_in.status_n,
                  t->error.status);

    hidden = t->error.kind == NT_LLM_AUTH;

    if (hidden) { /* it is about the gateway's key, and may repeat it */
        ngx_nodetool_chat_error_set(&t->error, NT_LLM_SERVER,
                                    NGX_HTTP_BAD_GATEWAY,
                                    "The provider \"%.*s\" refused the "
                                    "gateway's credentials",
                                    (int) ctx->provider->name.len,
                                    ctx->provider->name.data);
    }

    nt_buf_reset(&t->out);

    if (ctx->early) {
        ctx->events = 1;
        return ngx_nodetool_replied_error(ctx) == NGX_OK
                   ? ngx_nodetool_replied_flush(ctx)
                   : NGX_ERROR;
    }

    if (hidden && ngx_nodetool_chat_set_header(r, NULL, "x-should-retry",
                                               "false") != NGX_OK)
    {
        return NGX_ERROR;
    }

    nt_llm_api_error(ctx->api->llm, &t->error, &t->out);

    if (ngx_nodetool_replied_retry_after(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_nodetool_replied_send(ctx, t->error.status);
}


/* Nothing but a further attempt needs them. */
static void
ngx_nodetool_replied_forget(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    json_decref(t->canonical);
    t->canonical = NULL;
    nt_buf_free(&t->body);

    if (t->options.request == NULL) {
        json_decref(t->client);
        t->client = NULL;
    }

    if (ctx->request->upstream->request_body_sent) {
        nt_buf_free(&t->request.body);
    }
}


ngx_int_t
ngx_nodetool_translate_verdict(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_request_t *r;

    r = ctx->request;

    if (!ctx->events && !ctx->failed &&
        ngx_nodetool_replied_whole(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->failed &&
        (!ctx->events || !nt_llm_writer_begun(ctx->translate->writer)))
    {
        return ngx_nodetool_replied_bad(ctx);
    }

    if (!ctx->failed) {
        ngx_nodetool_replied_forget(ctx);
    }

    if (!ctx->events) {
        return ngx_nodetool_replied_send(ctx, NGX_HTTP_OK);
    }

    ctx->sending = 1;
    ngx_nodetool_chat_fields_share(ctx);

    if (ctx->failed && ngx_nodetool_replied_error(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_nodetool_chat_set_header(r, r->upstream->headers_in.content_type,
                                     "Content-Type",
                                     "text/event-stream") != NGX_OK ||
        ngx_nodetool_replied_flush(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_nodetool_chat_stream_header(r);
}


ngx_uint_t
ngx_nodetool_translate_ready(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->events && nt_llm_writer_begun(ctx->translate->writer);
}


/* The body of the provider's reply has ended; `lost` with its connection. */
ngx_int_t
ngx_nodetool_translate_end(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t lost)
{
    nt_rc_t                   rc;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    if (!ctx->events || ctx->complete || ctx->failed) {
        return NGX_OK;
    }

    rc = nt_llm_stream_end(t->stream);

    if (rc == NT_OK) {
        if (ngx_nodetool_replied_done(ctx) != NGX_OK) {
            return NGX_ERROR;
        }

    } else if (!lost) {
        if (ngx_nodetool_replied_failed(ctx, rc) != NGX_OK ||
            (ctx->sending && ngx_nodetool_replied_error(ctx) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    return ctx->sending ? ngx_nodetool_replied_flush(ctx) : NGX_OK;
}


/* Appends an error as the client's API has it in a stream. */
ngx_int_t
ngx_nodetool_translate_event(ngx_nodetool_chat_ctx_t *ctx,
                             const nt_llm_error_t *error, nt_buf_t *out)
{
    char                      id[NT_ID_HEX_LEN];
    nt_rc_t                   rc;
    nt_llm_writer_t          *writer;
    nt_llm_reply_options_t    options;
    ngx_nodetool_translate_t *t;

    t = ctx->translated ? ctx->translate : NULL;

    if (t != NULL && t->writer != NULL && out == &t->out) {
        return nt_llm_writer_error(t->writer, error) == NT_OK ? NGX_OK
                                                              : NGX_ERROR;
    }

    ngx_memzero(&options, sizeof(nt_llm_reply_options_t));

    if (ngx_nodetool_translate_options(ctx, &options, id) != NGX_OK) {
        return NGX_ERROR;
    }

    writer = nt_llm_writer_new(ctx->api->llm, &options, out);
    rc = writer ? nt_llm_writer_error(writer, error) : NT_NOMEM;
    nt_llm_writer_free(writer);

    return rc == NT_OK ? NGX_OK : NGX_ERROR;
}


/* The header of the reply has come. */
ngx_int_t
ngx_nodetool_translate_header(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    if (ngx_nodetool_chat_is_encoded(r)) {
        if (ngx_nodetool_replied_fault(
                ctx, "encoded its reply, which was not asked for") != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ctx->events = !ctx->failed && ctx->stream &&
                  u->headers_in.status_n == NGX_HTTP_OK &&
                  (ctx->provider->llm == &nt_llm_ollama ||
                   !ngx_nodetool_chat_is_type(r, "json"));

    if (!ctx->events) {
        ctx->sink = ngx_nodetool_replied_whole_sink;

    } else if (ngx_nodetool_replied_stream(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    u->headers_in.content_length_n = -1;

    if (ngx_nodetool_translate_limits(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_nodetool_chat_await(ctx);
}
