/*
 * ngx_http_nodetool_chat_attempt.c - asking the providers that may answer,
 * one after the other.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


ngx_int_t
ngx_nodetool_attempt_start(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t rc;

    if (ctx->provider->dialect == NGX_NODETOOL_DIALECT_ECHO) {
        return ngx_nodetool_chat_echo(ctx);
    }

    if (ngx_nodetool_chat_body_edit(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_nodetool_chat_upstream_start(ctx);

    if (rc == NGX_DONE) {
        ngx_http_upstream_init(ctx->request);
    }

    return rc;
}


ngx_uint_t
ngx_nodetool_attempt_retry(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status,
                           ngx_msec_t retry_after)
{
    return 0;
}
