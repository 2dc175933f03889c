/*
 * ngx_http_nodetool_chat_cache.c - looks a request up, and answers with what
 * is there.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_cache.h"

static void ngx_nodetool_cache_wait(ngx_http_request_t *r);


/* Does one of the request's Cache-Control headers have this word? */
static ngx_uint_t
ngx_nodetool_cache_control(ngx_http_request_t *r, const char *word)
{
    size_t           len;
    ngx_uint_t       i;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    static ngx_str_t name = ngx_string("cache-control");

    len = ngx_strlen(word);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == name.len &&
                ngx_strncmp(h[i].lowcase_key, name.data, name.len) == 0 &&
                ngx_strlcasestrn(h[i].value.data,
                                 h[i].value.data + h[i].value.len,
                                 (u_char *) word, len - 1) != NULL)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* A reply that must be made anew: it takes the place of the one that is
 * there. */
static ngx_uint_t
ngx_nodetool_cache_bypassed(ngx_http_request_t *r)
{
    ngx_nodetool_chat_loc_conf_t *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    return ngx_nodetool_cache_control(r, "no-cache") ||
           ngx_nodetool_cache_control(r, "max-age=0") ||
           ngx_http_test_predicates(r, lcf->cache.bypass) != NGX_OK;
}


/* What workflows do is more than to answer. */
static ngx_uint_t
ngx_nodetool_cache_has_effects(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_uint_t i;

    for (i = 0; i < ctx->n_targets; i++) {
        if (ctx->targets[i].provider->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
            return 1;
        }
    }

    return ngx_nodetool_engine_api(ctx->api) != NULL &&
           ngx_nodetool_tools_wanted(ctx);
}


static void
ngx_nodetool_cache_cleanup(void *data)
{
    ngx_nodetool_cache_t *cache = data;

    ngx_nodetool_cache_drop(cache);
}


/* Runs before the file cache's own, which is alarmed at what has not been
 * given back. */
static ngx_int_t
ngx_nodetool_cache_watch(ngx_http_request_t *r, ngx_nodetool_cache_t *cache)
{
    ngx_pool_cleanup_t *cln;

    if (cache->cleanup) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        ngx_nodetool_cache_drop(cache);
        return NGX_ERROR;
    }

    cln->handler = ngx_nodetool_cache_cleanup;
    cln->data = cache;
    cache->cleanup = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_cache_create(ngx_nodetool_chat_ctx_t *ctx, ngx_str_t *key)
{
    ngx_str_t                    *k;
    ngx_http_cache_t             *c;
    ngx_http_request_t           *r;
    ngx_nodetool_cache_t         *cache;
    ngx_nodetool_chat_loc_conf_t *lcf;

    r = ctx->request;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    cache = ngx_pcalloc(r->pool, sizeof(ngx_nodetool_cache_t));
    if (cache == NULL || ngx_http_file_cache_new(r) != NGX_OK) {
        r->cache = NULL;
        return NGX_ERROR;
    }

    c = r->cache;

    k = ngx_array_push(&c->keys);
    if (k == NULL) {
        r->cache = NULL;
        return NGX_ERROR;
    }

    *k = *key;

    ngx_http_file_cache_create_key(r);

    c->file_cache = lcf->cache.zone->data;
    c->body_start = c->header_start + sizeof(ngx_nodetool_cache_meta_t) +
                    NGX_NODETOOL_CACHE_TYPE_MAX;
    c->min_uses = 1;
    c->lock = lcf->cache.lock > 0;
    c->lock_timeout = lcf->cache.lock;
    c->lock_age = lcf->cache.lock;

    r->cache = NULL;

    cache->file = c;
    cache->temp.file.fd = NGX_INVALID_FILE;
    ctx->cache = cache;

    return NGX_OK;
}


/* The reply that is there; what a content handler returns, or NGX_DECLINED
 * when the file is not as we write them. */
static ngx_int_t
ngx_nodetool_cache_send(ngx_nodetool_chat_ctx_t *ctx)
{
    u_char                   *p;
    ngx_int_t                 rc;
    ngx_http_cache_t         *c;
    ngx_http_request_t       *r;
    ngx_nodetool_cache_meta_t meta;

    r = ctx->request;
    c = ctx->cache->file;

    if (c->body_start < c->header_start + sizeof(meta)) {
        return NGX_DECLINED;
    }

    p = c->buf->pos + c->header_start;
    ngx_memcpy(&meta, p, sizeof(meta));
    p += sizeof(meta);

    if (meta.version != NGX_NODETOOL_CACHE_VERSION ||
        meta.type_len != c->body_start - c->header_start - sizeof(meta))
    {
        return NGX_DECLINED;
    }

    ctx->cache_status = NGX_NODETOOL_CACHE_HIT;

    ctx->usage.prompt = 0; /* nobody was asked */
    ctx->usage.completion = 0;
    ctx->usage.total = 0;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_type.data = p;
    r->headers_out.content_type.len = meta.type_len;
    r->headers_out.content_type_len = meta.type_len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.content_length_n = c->length - (off_t) c->body_start;

    if (meta.stream && ngx_nodetool_chat_stream_header(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->cache = c;
    rc = ngx_http_cache_send(r);
    r->cache = NULL;

    return rc;
}


/* NGX_DONE: it waits; NGX_DECLINED; or what a content handler returns. */
static ngx_int_t
ngx_nodetool_cache_lookup(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t             rc;
    ngx_http_request_t   *r;
    ngx_nodetool_cache_t *cache;

    r = ctx->request;
    cache = ctx->cache;

    r->cache = cache->file;
    rc = ngx_http_file_cache_open(r);

    if (ngx_nodetool_cache_watch(r, cache) != NGX_OK) {
        r->cache = NULL;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_AGAIN) {
        r->read_event_handler = ngx_http_test_reading;
        r->write_event_handler = ngx_nodetool_cache_wait;
        return NGX_DONE;
    }

    r->cache = NULL;

    if (rc == NGX_OK) {
        rc = ngx_nodetool_cache_send(ctx);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    r->cached = 0;
    ctx->cache_status = NGX_NODETOOL_CACHE_MISS;

    /* neither what there was no room for, nor what another request, for
     * which this one waited long enough, will keep */

    cache->keep = rc != NGX_ERROR && rc != NGX_HTTP_CACHE_SCARCE;

    return NGX_DECLINED;
}


/* Another request's reply has come, or will not; or a file was read. */
static void
ngx_nodetool_cache_wait(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    rc = ngx_nodetool_cache_lookup(ctx);

    if (rc == NGX_DONE) {
        return;
    }

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (rc == NGX_DECLINED) {
        rc = ngx_nodetool_chat_dispatch(ctx);
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


ngx_int_t
ngx_nodetool_cache_open(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_str_t                     key;
    ngx_http_request_t           *r;
    ngx_nodetool_chat_loc_conf_t *lcf;

    r = ctx->request;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    if (lcf->cache.zone == NULL || r != r->main) {
        return NGX_DECLINED;
    }

    ctx->cache_status = NGX_NODETOOL_CACHE_BYPASS;

    if (ctx->form != NULL || ngx_nodetool_cache_control(r, "no-store") ||
        ngx_nodetool_chat_body_length(r) > (off_t) lcf->cache.max_body ||
        ngx_nodetool_route_find(ctx) != NGX_OK ||
        ngx_nodetool_cache_has_effects(ctx))
    {
        return NGX_DECLINED;
    }

    rc = ngx_nodetool_cache_key(ctx, &key);
    if (rc == NGX_DECLINED) {
        return NGX_DECLINED;
    }

    if (rc != NGX_OK || ngx_nodetool_cache_create(ctx, &key) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ngx_nodetool_cache_bypassed(r)) {
        return ngx_nodetool_cache_lookup(ctx);
    }

    r->cache = ctx->cache->file;
    rc = ngx_http_file_cache_create(r);
    r->cache = NULL;

    if (ngx_nodetool_cache_watch(r, ctx->cache) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->cache->file->temp_file = 1;
    ctx->cache->keep = (rc == NGX_OK);

    return NGX_DECLINED;
}
