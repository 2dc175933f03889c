/*
 * ngx_http_nodetool_chat_api.c - the APIs that clients speak, by their paths.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

static const ngx_nodetool_api_t ngx_nodetool_apis[] = {
    { ngx_string("chat/completions"), "chat", &nt_llm_api_chat },
    { ngx_null_string, NULL, NULL }
};


const ngx_nodetool_api_t *
ngx_nodetool_api_find(ngx_str_t *path)
{
    const ngx_nodetool_api_t *api;

    for (api = ngx_nodetool_apis; api->path.len; api++) {
        if (api->path.len == path->len &&
            ngx_memcmp(api->path.data, path->data, path->len) == 0)
        {
            return api;
        }
    }

    return NULL;
}
