/*
 * ngx_http_nodetool_chat_cache.c - replies that were given before.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


ngx_int_t
ngx_nodetool_cache_open(ngx_nodetool_chat_ctx_t *ctx)
{
    return NGX_DECLINED;
}
