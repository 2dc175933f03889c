/*
 * ngx_http_nodetool_chat_cache_store.c - keeps a reply, as the client gets it.
 *
 * It is written under a name of its own in the cache's folder and renamed when
 * it is whole, so a file of the cache is never a part of a reply.  Most replies
 * are written at once, at their end; longer ones as they come.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_cache.h"

#define NGX_NODETOOL_CACHE_MEMORY (32 * 1024)


void
ngx_nodetool_cache_drop(ngx_nodetool_cache_t *cache)
{
    cache->keep = 0;
    nt_buf_free(&cache->body);

    if (!cache->file->updated) {
        ngx_http_file_cache_free(cache->file, &cache->temp);
    }
}


static size_t
ngx_nodetool_cache_body_start(ngx_http_request_t   *r,
                              ngx_nodetool_cache_t *cache)
{
    return cache->file->header_start + sizeof(ngx_nodetool_cache_meta_t) +
           r->headers_out.content_type.len;
}


/* The header of a reply: only what is wholly good is kept. Says to the client
 * what the cache did. */
ngx_int_t
ngx_nodetool_cache_header(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_request_t   *r;
    ngx_nodetool_cache_t *cache;

    r = ctx->request;
    cache = ctx->cache;

    if (cache != NULL && cache->keep) {
        if (r->headers_out.status != NGX_HTTP_OK || r->header_only ||
            (r->headers_out.content_encoding != NULL &&
             r->headers_out.content_encoding->value.len > 0) ||
            r->headers_out.content_type.len > NGX_NODETOOL_CACHE_TYPE_MAX)
        {
            ngx_nodetool_cache_drop(cache);

        } else {
            cache->begun = 1;
            cache->file->body_start = ngx_nodetool_cache_body_start(r, cache);
        }
    }

    return ngx_nodetool_add_header(r, "x-nodetool-cache",
                                   ngx_nodetool_cache_status(
                                       ctx->cache_status));
}


/* Memory to the file. */
static ngx_int_t
ngx_nodetool_cache_flush(ngx_http_request_t *r, ngx_nodetool_cache_t *cache)
{
    off_t            offset;
    ngx_temp_file_t *t;

    t = &cache->temp;

    if (t->file.fd == NGX_INVALID_FILE) {
        t->file.name = cache->file->file.name;
        t->file.log = r->connection->log;
        t->path = cache->file->file_cache->path;

        if (ngx_create_temp_file(&t->file, t->path, r->pool, 1, 0,
                                 NGX_FILE_OWNER_ACCESS) != NGX_OK)
        {
            t->file.fd = NGX_INVALID_FILE;
            return NGX_ERROR;
        }
    }

    offset = (off_t) cache->file->body_start + cache->written;

    if (ngx_write_file(&t->file, (u_char *) cache->body.data, cache->body.len,
                       offset) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    cache->written += (off_t) cache->body.len;
    nt_buf_reset(&cache->body);

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_cache_append(ngx_nodetool_chat_ctx_t *ctx, ngx_buf_t *b)
{
    size_t                        size;
    ngx_nodetool_cache_t         *cache;
    ngx_nodetool_chat_loc_conf_t *lcf;

    cache = ctx->cache;
    size = b->last - b->pos;
    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);

    if (cache->written + cache->body.len + size > lcf->cache.max_body) {
        return NGX_DECLINED;
    }

    nt_buf_append(&cache->body, b->pos, size);

    if (cache->body.failed) {
        return NGX_ERROR;
    }

    return cache->body.len < NGX_NODETOOL_CACHE_MEMORY
               ? NGX_OK
               : ngx_nodetool_cache_flush(ctx->request, cache);
}


/* Has the whole of a good reply passed? */
static ngx_uint_t
ngx_nodetool_cache_is_whole(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    if (ctx->failed || ctx->late_status != 0 || ctx->upstream_rc != 0) {
        return 0;
    }

    if (ctx->events) {
        return ctx->complete;
    }

    /* of a reply that ends with its connection nobody knows whether it had
     * come to its end */

    return u == NULL || u->length == 0;
}


/* What a file begins with. */
static ngx_int_t
ngx_nodetool_cache_head(ngx_nodetool_chat_ctx_t *ctx)
{
    u_char                   *p;
    size_t                    start;
    ngx_int_t                 rc;
    ngx_http_cache_t         *c;
    ngx_http_request_t       *r;
    ngx_nodetool_cache_meta_t meta;

    r = ctx->request;
    c = ctx->cache->file;
    start = c->body_start;

    p = ngx_pnalloc(r->pool, start);
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->cache = c;
    rc = ngx_http_file_cache_set_header(r, p);
    r->cache = NULL;

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    meta.version = NGX_NODETOOL_CACHE_VERSION;
    meta.stream = ctx->stream;
    meta.type_len = (uint32_t) r->headers_out.content_type.len;

    ngx_memcpy(p + c->header_start, &meta, sizeof(meta));
    ngx_memcpy(p + c->header_start + sizeof(meta),
               r->headers_out.content_type.data, meta.type_len);

    return ngx_write_file(&ctx->cache->temp.file, p, start, 0) == NGX_ERROR
               ? NGX_ERROR
               : NGX_OK;
}


static void
ngx_nodetool_cache_store(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_cache_t             *c;
    ngx_http_request_t           *r;
    ngx_nodetool_cache_t         *cache;
    ngx_nodetool_chat_loc_conf_t *lcf;

    r = ctx->request;
    cache = ctx->cache;
    c = cache->file;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    if (!ngx_nodetool_cache_is_whole(ctx)) {
        ngx_nodetool_cache_drop(cache);
        return;
    }

    c->date = ngx_time();
    c->valid_sec = c->date + lcf->cache.valid;
    c->last_modified = -1;
    c->updating_sec = 0;
    c->error_sec = 0;
    ngx_str_null(&c->etag);

    if (ngx_nodetool_cache_flush(r, cache) != NGX_OK ||
        ngx_nodetool_cache_head(ctx) != NGX_OK)
    {
        ngx_nodetool_cache_drop(cache);
        return;
    }

    r->cache = c;
    ngx_http_file_cache_update(r, &cache->temp);
    r->cache = NULL;

    cache->keep = 0;
    nt_buf_free(&cache->body);
}


/* Takes what goes to the client; true at its end. */
ngx_uint_t
ngx_nodetool_cache_take(ngx_nodetool_chat_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_buf_t            *b;
    ngx_uint_t            last;
    ngx_nodetool_cache_t *cache;

    cache = ctx->cache;
    last = 0;

    if (!cache->keep || !cache->begun) {
        return 0;
    }

    for (; in; in = in->next) {
        b = in->buf;
        last = b->last_buf;

        if (b == &ctx->comment) {
            continue; /* of this request's silence */
        }

        if ((b->in_file && !ngx_buf_in_memory(b)) ||
            (ngx_buf_in_memory(b) &&
             ngx_nodetool_cache_append(ctx, b) != NGX_OK))
        {
            ngx_nodetool_cache_drop(cache);
            return 0;
        }
    }

    return last;
}


static ngx_http_output_body_filter_pt ngx_http_next_body_filter;


static ngx_int_t
ngx_nodetool_cache_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t                rc;
    ngx_uint_t               last;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    if (ctx == NULL || ctx->cache == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    last = ngx_nodetool_cache_take(ctx, in);

    rc = ngx_http_next_body_filter(r, in);

    if (last) {
        ngx_nodetool_cache_store(ctx); /* the client does not wait for it */
    }

    return rc;
}


void
ngx_nodetool_cache_init(void)
{
    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_nodetool_cache_body_filter;
}


ngx_str_t *
ngx_nodetool_cache_status(ngx_uint_t status)
{
    static ngx_str_t names[] = { ngx_null_string, ngx_string("bypass"),
                                 ngx_string("miss"), ngx_string("hit") };

    return &names[status];
}
