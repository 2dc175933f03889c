/*
 * ngx_http_nodetool_chat_log.c - a request that is over: counted, and told to
 * the log.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


ngx_int_t
ngx_nodetool_chat_log(ngx_http_request_t *r)
{
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx == NULL || ctx->api == NULL) {
        return NGX_OK;
    }

    ngx_nodetool_limit_settle(ctx);

    return NGX_OK;
}
