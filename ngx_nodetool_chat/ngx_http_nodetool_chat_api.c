/*
 * ngx_http_nodetool_chat_api.c - the APIs that clients speak, by their paths.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_STRING (1 << NT_JSON_STRING)
#define NGX_NODETOOL_ARRAY  (1 << NT_JSON_ARRAY)
#define NGX_NODETOOL_TEXTS  (NGX_NODETOOL_STRING | NGX_NODETOOL_ARRAY)

static const ngx_nodetool_api_t ngx_nodetool_apis[] = {
    { .path = ngx_string("chat/completions"),
      .operation = "chat",
      .llm = &nt_llm_api_chat,
      .native = { [NGX_NODETOOL_DIALECT_OPENAI] = "/chat/completions" },
      .need = { { "messages", "an array of messages", NGX_NODETOOL_ARRAY } },
      .options = 1 },

    { .path = ngx_string("embeddings"),
      .operation = "embeddings",
      .llm = &nt_llm_api_embeddings,
      .native = { [NGX_NODETOOL_DIALECT_OPENAI] = "/embeddings" },
      .need = { { "input", "a text or an array of them",
                  NGX_NODETOOL_TEXTS } } },

    { .path = ngx_string("completions"),
      .operation = "text_completion",
      .native = { [NGX_NODETOOL_DIALECT_OPENAI] = "/completions" },
      .need = { { "prompt", "a text or an array of them",
                  NGX_NODETOOL_TEXTS } },
      .options = 1 },

    { .path = ngx_null_string }
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


ngx_uint_t
ngx_nodetool_api_suffix(ngx_str_t *path)
{
    size_t                    len;
    u_char                   *p;
    const ngx_nodetool_api_t *api;

    len = 0;

    for (api = ngx_nodetool_apis; api->path.len; api++) {
        if (api->path.len < len || api->path.len >= path->len) {
            continue;
        }

        p = path->data + path->len - api->path.len;

        if (p[-1] == '/' && ngx_memcmp(p, api->path.data, api->path.len) == 0) {
            len = api->path.len;
        }
    }

    if (len == 0) {
        return 0;
    }

    path->data += path->len - len;
    path->len = len;

    return 1;
}


ngx_int_t
ngx_nodetool_api_unknown(ngx_http_request_t *r)
{
    u_char                    paths[512], *p;
    const ngx_nodetool_api_t *api;

    p = paths;

    for (api = ngx_nodetool_apis; api->path.len; api++) {
        p = ngx_slprintf(p, paths + sizeof(paths), "%V, ", &api->path);
    }

    return ngx_nodetool_errorf(r, NGX_HTTP_NOT_FOUND,
                               "Unknown path: %V; there are %*smodels and "
                               "models/{id}",
                               &r->uri, (size_t) (p - paths), paths);
}


const char *
ngx_nodetool_api_native(const ngx_nodetool_api_t      *api,
                        const ngx_nodetool_provider_t *p)
{
    return api->native[p->dialect];
}
