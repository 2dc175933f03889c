/*
 * ngx_http_nodetool_chat_refuse.c - replies that must not pass, and what the
 * client gets in their place.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_error.h"

#define NGX_NODETOOL_ERROR_MAX 1024 /* bytes of a message */


/* Puts an error of the gateway's own in place of what *error holds: zeroed,
 * or an error.  It is to be freed. */
void
ngx_nodetool_chat_error_set(nt_llm_error_t *error, nt_llm_error_kind_t kind,
                            ngx_uint_t status, const char *format, ...)
{
    char    text[NGX_NODETOOL_ERROR_MAX];
    va_list args;

    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    nt_llm_error_free(error);
    ngx_memzero(error, sizeof(nt_llm_error_t));

    error->kind = kind;
    error->status = (int) status;
    error->retry_after = -1;
    nt_buf_append_str(&error->message, nt_str(text));
}


/* Puts `value` in place of a header that the provider sent, or adds it. */
ngx_int_t
ngx_nodetool_chat_set_header(ngx_http_request_t *r, ngx_table_elt_t *h,
                             const char *name, const char *value)
{
    if (h == NULL) {
        h = ngx_list_push(&r->upstream->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->key.data = (u_char *) name;
        h->key.len = ngx_strlen(name);
        h->lowcase_key = ngx_pnalloc(r->pool, h->key.len);
        if (h->lowcase_key == NULL) {
            return NGX_ERROR;
        }

        h->hash = ngx_hash_strlow(h->lowcase_key, h->key.data, h->key.len);
    }

    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}


/* The client gets ctx->replacement, JSON, in place of the provider's body. */
ngx_int_t
ngx_nodetool_chat_replaced(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status)
{
    ngx_table_elt_t     *encoding;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    u->headers_in.status_n = status;
    ngx_str_null(&u->headers_in.status_line);
    u->headers_in.content_length_n = ctx->replacement.len;

    encoding = ngx_nodetool_chat_upstream_header(u, "content-encoding");
    if (encoding != NULL) {
        encoding->hash = 0;
        encoding->value.len = 0;
    }

    return ngx_nodetool_chat_set_header(r, u->headers_in.content_type,
                                        "Content-Type", "application/json");
}


/* An error as the client's API has it. */
void
ngx_nodetool_chat_error_body(ngx_nodetool_chat_ctx_t *ctx,
                             const nt_llm_error_t *error, nt_buf_t *out)
{
    nt_str_t  message = { error->message.data, error->message.len };
    ngx_str_t id;

    if (ctx->api->anthropic) {
        id = ngx_nodetool_variable(ctx->request, "nodetool_request_id");
        nt_error_anthropic(out, error->status, message, ngx_nodetool_str(&id));

    } else if (ctx->api->llm != NULL) {
        nt_llm_api_error(ctx->api->llm, error, out);

    } else {
        nt_error_body(out, error->status, message);
    }

    out->failed |= error->message.failed;
}


/* The client gets this error in place of the provider's reply. */
ngx_int_t
ngx_nodetool_chat_replace(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status,
                          ngx_str_t *message)
{
    nt_buf_t       body;
    nt_llm_error_t error;

    ngx_memzero(&body, sizeof(nt_buf_t));
    ngx_memzero(&error, sizeof(nt_llm_error_t));

    ngx_nodetool_chat_error_set(&error, NT_LLM_SERVER, status, "%.*s",
                                (int) message->len, message->data);
    ngx_nodetool_chat_error_body(ctx, &error, &body);
    nt_llm_error_free(&error);

    if (!body.failed) {
        ctx->replacement.len = body.len;
        ctx->replacement.data = ngx_pnalloc(ctx->request->pool, body.len);
    }

    if (ctx->replacement.data != NULL) {
        ngx_memcpy(ctx->replacement.data, body.data, body.len);
    }

    nt_buf_free(&body);

    return ctx->replacement.data != NULL
               ? ngx_nodetool_chat_replaced(ctx, status)
               : NGX_ERROR;
}


/*
 * What a client gets for a reply that must not pass.  A provider that does
 * not accept our key speaks to the gateway, not to the client, whose own
 * token is fine; and its words may hold parts of the key.  A reply without
 * JSON is of something in between.  0: the reply passes.
 */
ngx_uint_t
ngx_nodetool_chat_refused(ngx_nodetool_chat_ctx_t *ctx, ngx_str_t *message)
{
    u_char             *p;
    ngx_uint_t          status, answer;
    ngx_http_request_t *r;

    r = ctx->request;
    status = r->upstream->headers_in.status_n;

    if (ctx->provider->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
        return 0; /* it speaks to the client */
    }

    if (status < 300 || (status >= 400 && status != 401 && status != 403 &&
                         ngx_nodetool_chat_is_type(r, "json")))
    {
        return 0;
    }

    p = ngx_pnalloc(r->pool, 128 + ctx->provider->name.len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    message->data = p;

    if (status == 401 || status == 403) {
        p = ngx_sprintf(p,
                        "The provider \"%V\" refused the gateway's "
                        "credentials (status %ui)",
                        &ctx->provider->name, status);
        answer = NGX_HTTP_BAD_GATEWAY;

    } else {
        p = ngx_sprintf(p, "The provider \"%V\" answered with status %ui",
                        &ctx->provider->name, status);

        switch (status) {
        case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        case NGX_HTTP_TOO_MANY_REQUESTS:
        case NGX_HTTP_SERVICE_UNAVAILABLE:
        case NGX_HTTP_GATEWAY_TIME_OUT:
            answer = status;
            break;

        default:
            answer = NGX_HTTP_BAD_GATEWAY;
        }
    }

    message->len = p - message->data;

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "nodetool_provider \"%V\" answered with status %ui, the "
                  "client gets %ui",
                  &ctx->provider->name, status, answer);

    return answer;
}
