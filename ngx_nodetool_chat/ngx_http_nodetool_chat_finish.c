/*
 * ngx_http_nodetool_chat_finish.c - the end of a stream, good or bad.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_error.h"


static void
ngx_nodetool_chat_error_text(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status,
                             nt_str_t message, nt_buf_t *text)
{
    nt_llm_error_t error;

    if (ctx->api->llm == NULL) {
        nt_buf_append_str(text, NT_STR("data: "));
        nt_error_body(text, (int) status, message);
        nt_buf_append_str(text, NT_STR("\n\n"));
        return;
    }

    ngx_memzero(&error, sizeof(nt_llm_error_t));
    ngx_nodetool_chat_error_set(&error, NT_LLM_SERVER, status, "%.*s",
                                (int) message.len, message.data);

    if (error.message.failed ||
        ngx_nodetool_translate_event(ctx, &error, text) != NGX_OK)
    {
        text->failed = true;
    }

    nt_llm_error_free(&error);
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

    ngx_nodetool_chat_error_text(ctx, status,
                                 (nt_str_t) { message.data, message.len },
                                 text);
    text->failed |= message.failed;

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

    if (ctx->translated && ctx->sending &&
        ngx_nodetool_translate_end(ctx, 1) != NGX_OK)
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
