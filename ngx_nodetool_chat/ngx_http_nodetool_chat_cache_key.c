/*
 * ngx_http_nodetool_chat_cache_key.c - what makes two requests the same: the
 * API, the providers and models that may answer, who may see the reply, and
 * what the body says.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_cache.h"

#include <openssl/evp.h>

#include "core/nt_json_canon.h"

/* Other forms of a key need another number. */
#define NGX_NODETOOL_CACHE_KEY "nodetool chat 2\n"

/* What changes nothing about a reply. The model is in the key as it was
 * understood; and an API that tells the settings back keeps those that are the
 * client's own. */
static const nt_json_drop_t ngx_nodetool_cache_drops[] = {
    { "model", NULL },
    { "stream", "false" },
    { "n", "1e0" },
    { NULL, "null" },
    { "user", NULL },
    { "metadata", NULL },
    { "safety_identifier", NULL },
    { "prompt_cache_key", NULL }
};

#define NGX_NODETOOL_CACHE_DROPS     8
#define NGX_NODETOOL_CACHE_DROPS_ANY 4 /* of every API */


/* The request's body, whole; from memory, or read to `copy`. */
static ngx_int_t
ngx_nodetool_cache_body_text(ngx_http_request_t *r, nt_buf_t *copy,
                             nt_str_t *body)
{
    char        *p;
    size_t       size;
    ssize_t      n;
    ngx_buf_t   *b;
    ngx_chain_t *cl;

    cl = r->request_body->bufs;

    if (cl->next == NULL && ngx_buf_in_memory(cl->buf)) {
        *body = (nt_str_t) { (char *) cl->buf->pos,
                             (size_t) (cl->buf->last - cl->buf->pos) };
        return NGX_OK;
    }

    for (; cl; cl = cl->next) {
        b = cl->buf;
        size = (size_t) ngx_buf_size(b);
        p = nt_buf_reserve(copy, size);

        if (p == NULL) {
            return NGX_ERROR;
        }

        if (ngx_buf_in_memory(b)) {
            ngx_memcpy(p, b->pos, size);

        } else {
            n = ngx_read_file(b->file, (u_char *) p, size, b->file_pos);
            if (n != (ssize_t) size) {
                return NGX_ERROR;
            }
        }

        copy->len += size;
    }

    *body = (nt_str_t) { copy->data, copy->len };

    return NGX_OK;
}


/* Its length in front: no two lists of parts are the same text. */
static void
ngx_nodetool_cache_part(nt_buf_t *text, ngx_str_t *part)
{
    nt_buf_append_uint(text, part->len);
    nt_buf_append_char(text, ':');
    nt_buf_append_str(text, ngx_nodetool_str(part));
}


/* Who may see the reply: by default only the user whose request it was. One
 * without a name is not whoever shares by a key that is empty. */
static ngx_int_t
ngx_nodetool_cache_who(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *text)
{
    ngx_str_t                     who;
    ngx_nodetool_chat_loc_conf_t *lcf;

    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);

    if (lcf->cache.key != NULL) {
        if (ngx_http_complex_value(ctx->request, lcf->cache.key, &who) !=
            NGX_OK) {
            return NGX_ERROR;
        }

        nt_buf_append_str(text, NT_STR("key "));

    } else {
        who = ngx_nodetool_variable(ctx->request, "nodetool_user");
        nt_buf_append_str(text, NT_STR("user "));
    }

    ngx_nodetool_cache_part(text, &who);

    return NGX_OK;
}


/* Where the request may go: all of a rule's targets, whichever will be asked,
 * as they stand in for each other. */
static ngx_int_t
ngx_nodetool_cache_targets(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *text)
{
    ngx_str_t              model;
    ngx_uint_t             i;
    ngx_nodetool_target_t *t;

    for (i = 0; i < ctx->n_targets; i++) {
        t = &ctx->targets[i];
        model = ctx->model;

        if (t->model != NULL &&
            ngx_http_complex_value(ctx->request, t->model, &model) != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_nodetool_cache_part(text, &t->provider->name);
        ngx_nodetool_cache_part(text, &t->provider->url);
        ngx_nodetool_cache_part(text, &model);
    }

    return NGX_OK;
}


/* The client's headers that a provider gets, which it may answer otherwise
 * to. */
static void
ngx_nodetool_cache_headers(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *text)
{
    ngx_str_t  value;
    ngx_uint_t i;

    for (i = 0; ngx_nodetool_client_headers[i] != NULL; i++) {
        ngx_str_null(&value);

        (void) ngx_nodetool_header_in(ctx->request,
                                      ngx_nodetool_client_headers[i], &value);
        ngx_nodetool_cache_part(text, &value);
    }
}


static ngx_int_t
ngx_nodetool_cache_text(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *text)
{
    size_t     drops;
    nt_rc_t    rc;
    nt_buf_t   copy;
    nt_str_t   body;
    ngx_str_t  path;
    ngx_uint_t echoes;

    path = ctx->api->path;

    nt_buf_append_str(text, NT_STR(NGX_NODETOOL_CACHE_KEY));

    if (ngx_nodetool_cache_who(ctx, text) != NGX_OK ||
        ngx_nodetool_cache_targets(ctx, text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_nodetool_cache_part(text, &path);
    ngx_nodetool_cache_part(text, &ctx->model);
    ngx_nodetool_cache_headers(ctx, text);

    ngx_memzero(&copy, sizeof(nt_buf_t));

    if (ngx_nodetool_cache_body_text(ctx->request, &copy, &body) != NGX_OK) {
        nt_buf_free(&copy);
        return NGX_ERROR;
    }

    echoes = path.len == sizeof("responses") - 1 &&
             ngx_memcmp(path.data, "responses", path.len) == 0;
    drops = echoes ? NGX_NODETOOL_CACHE_DROPS_ANY : NGX_NODETOOL_CACHE_DROPS;

    rc = nt_json_canon(text, body, ngx_nodetool_cache_drops, drops);

    nt_buf_free(&copy);

    return rc == NT_OK ? NGX_OK : rc == NT_ERROR ? NGX_DECLINED : NGX_ERROR;
}


ngx_int_t
ngx_nodetool_cache_key(ngx_nodetool_chat_ctx_t *ctx, ngx_str_t *key)
{
    u_char    digest[EVP_MAX_MD_SIZE];
    nt_buf_t  text;
    unsigned  len;
    ngx_int_t rc;

    ngx_memzero(&text, sizeof(nt_buf_t));

    rc = ngx_nodetool_cache_text(ctx, &text);

    if (rc == NGX_OK &&
        EVP_Digest(text.data, text.len, digest, &len, EVP_sha256(), NULL) != 1)
    {
        rc = NGX_ERROR;
    }

    nt_buf_free(&text);

    if (rc != NGX_OK) {
        return rc;
    }

    key->len = 2 * len;
    key->data = ngx_pnalloc(ctx->request->pool, key->len);
    if (key->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(key->data, digest, len);

    return NGX_OK;
}
