/*
 * ngx_http_nodetool_chat_limit.c - what a key may use up.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


ngx_int_t
ngx_nodetool_limit_admit(ngx_nodetool_chat_ctx_t *ctx)
{
    return NGX_OK;
}


void
ngx_nodetool_limit_settle(ngx_nodetool_chat_ctx_t *ctx)
{
}
