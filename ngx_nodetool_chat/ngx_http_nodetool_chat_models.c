/*
 * ngx_http_nodetool_chat_models.c - which models providers have: asked by
 * subrequests, kept in a zone that all workers share.
 *
 * The zone holds a list for each provider that has none in the
 * configuration: one line a model, the JSON object that clients get.  A list
 * outlives a reload, and it outlives its time while the provider cannot be
 * asked.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_MODELS_MAX   (4 * 1024 * 1024) /* bytes of a reply */
#define NGX_NODETOOL_MODELS_RETRY 10 /* seconds, after a failure */

typedef struct ngx_nodetool_models_entry_s ngx_nodetool_models_entry_t;

struct ngx_nodetool_models_entry_s {
    ngx_nodetool_models_entry_t *next;
    time_t                       valid; /* until then */
    u_char                      *lines;
    size_t                       len;
    size_t                       name_len;
    u_char                       name[1]; /* provider and URL */
};

typedef struct {
    ngx_nodetool_models_entry_t *first;
} ngx_nodetool_models_zone_t;

struct ngx_nodetool_models_ctx_s {
    ngx_nodetool_chat_ctx_t *parent;
    nt_buf_t                 body;
    unsigned                 too_long : 1;
    unsigned                 done : 1; /* the list was stored */
};

static void ngx_nodetool_models_begin(ngx_http_request_t *sr);


ngx_int_t
ngx_nodetool_models_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t *pool;

    if (data != NULL) {
        zone->data = data;
        return NGX_OK;
    }

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = pool->data;
        return NGX_OK;
    }

    zone->data = ngx_slab_calloc(pool, sizeof(ngx_nodetool_models_zone_t));
    if (zone->data == NULL) {
        return NGX_ERROR;
    }

    pool->data = zone->data;
    pool->log_nomem = 0;

    return NGX_OK;
}


static ngx_nodetool_models_entry_t *
ngx_nodetool_models_entry(ngx_nodetool_models_zone_t *zone,
                          ngx_nodetool_provider_t    *p)
{
    ngx_nodetool_models_entry_t *e;

    for (e = zone->first; e; e = e->next) {
        if (e->name_len == p->name.len + p->url.len &&
            ngx_memcmp(e->name, p->name.data, p->name.len) == 0 &&
            ngx_memcmp(e->name + p->name.len, p->url.data, p->url.len) == 0)
        {
            return e;
        }
    }

    return NULL;
}


/* The list of a provider, copied; *fresh when it need not be asked now. */
static ngx_int_t
ngx_nodetool_models_get(ngx_http_request_t *r, ngx_nodetool_provider_t *p,
                        ngx_str_t *lines, ngx_uint_t *fresh)
{
    ngx_int_t                      rc;
    ngx_slab_pool_t               *pool;
    ngx_nodetool_models_entry_t   *e;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);
    pool = (ngx_slab_pool_t *) mcf->zone->shm.addr;

    rc = NGX_OK;
    *fresh = 0;

    if (lines != NULL) {
        ngx_str_null(lines);
    }

    ngx_shmtx_lock(&pool->mutex);

    e = ngx_nodetool_models_entry(mcf->zone->data, p);

    if (e != NULL) {
        *fresh = e->valid > ngx_time();

        if (lines != NULL && e->len > 0) {
            lines->data = ngx_pnalloc(r->pool, e->len);

            if (lines->data == NULL) {
                rc = NGX_ERROR;

            } else {
                ngx_memcpy(lines->data, e->lines, e->len);
                lines->len = e->len;
            }
        }
    }

    ngx_shmtx_unlock(&pool->mutex);

    return rc;
}


/* Stores a list; without one, the list that is there stays. */
static void
ngx_nodetool_models_put(ngx_http_request_t *r, ngx_nodetool_provider_t *p,
                        nt_buf_t *lines)
{
    u_char                        *data;
    ngx_slab_pool_t               *pool;
    ngx_nodetool_models_zone_t    *zone;
    ngx_nodetool_models_entry_t   *e;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);
    pool = (ngx_slab_pool_t *) mcf->zone->shm.addr;
    zone = mcf->zone->data;

    ngx_shmtx_lock(&pool->mutex);

    e = ngx_nodetool_models_entry(zone, p);

    if (e == NULL) {
        e = ngx_slab_calloc_locked(pool,
                                   offsetof(ngx_nodetool_models_entry_t, name) +
                                       p->name.len + p->url.len);
        if (e == NULL) {
            goto failed;
        }

        e->name_len = p->name.len + p->url.len;
        ngx_memcpy(e->name, p->name.data, p->name.len);
        ngx_memcpy(e->name + p->name.len, p->url.data, p->url.len);
        e->next = zone->first;
        zone->first = e;
    }

    e->valid = ngx_time() +
               (lines ? mcf->models_valid
                      : ngx_min(NGX_NODETOOL_MODELS_RETRY, mcf->models_valid));

    if (lines != NULL) {
        data = ngx_slab_alloc_locked(pool, ngx_max(lines->len, 1));
        if (data == NULL) {
            goto failed;
        }

        if (e->lines != NULL) {
            ngx_slab_free_locked(pool, e->lines);
        }

        ngx_memcpy(data, lines->data, lines->len);
        e->lines = data;
        e->len = lines->len;
    }

    ngx_shmtx_unlock(&pool->mutex);

    return;

failed:

    ngx_shmtx_unlock(&pool->mutex);

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "no room for the models of nodetool_provider \"%V\", "
                  "enlarge size= of nodetool_models_cache",
                  &p->name);
}


void
ngx_nodetool_models_line(nt_buf_t *lines, nt_str_t id, int64_t created,
                         nt_str_t owned_by)
{
    nt_buf_append_str(lines, NT_STR("{\"id\":"));
    nt_buf_append_json(lines, id);
    nt_buf_printf(lines, ",\"object\":\"model\",\"created\":%jd,\"owned_by\":",
                  (intmax_t) created);
    nt_buf_append_json(lines, owned_by);
    nt_buf_append_str(lines, NT_STR("}\n"));
}


static ngx_int_t
ngx_nodetool_models_parse(nt_buf_t *body, ngx_nodetool_provider_t *p,
                          nt_buf_t *lines)
{
    size_t         i;
    json_t        *list, *model, *id, *owner;
    nt_rc_t        rc;
    nt_str_t       owned_by;
    nt_llm_error_t error;

    ngx_memzero(&error, sizeof(nt_llm_error_t));

    rc = nt_llm_model_list(p->llm, (nt_str_t) { body->data, body->len }, &list,
                           &error);
    nt_llm_error_free(&error);

    if (rc != NT_OK) {
        return NGX_ERROR;
    }

    json_array_foreach(list, i, model)
    {
        id = json_object_get(model, "id");
        owner = json_object_get(model, "owned_by");

        owned_by = ngx_nodetool_str(&p->name);

        if (json_string_length(owner) > 0) {
            owned_by.data = json_string_value(owner);
            owned_by.len = json_string_length(owner);
        }

        ngx_nodetool_models_line(lines,
                                 (nt_str_t) { json_string_value(id),
                                              json_string_length(id) },
                                 json_integer_value(
                                     json_object_get(model, "created")),
                                 owned_by);
    }

    json_decref(list);

    return lines->failed ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_nodetool_models_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                         u_char *last)
{
    if (ctx->models->body.len + (last - pos) > NGX_NODETOOL_MODELS_MAX) {
        ctx->models->too_long = 1;

    } else {
        nt_buf_append(&ctx->models->body, pos, last - pos);
    }

    return NGX_OK;
}


/* Those of the engine are the user's: only this request sees them. */
static ngx_int_t
ngx_nodetool_models_keep(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *lines)
{
    ngx_str_t *models;

    if (ctx->provider->dialect != NGX_NODETOOL_DIALECT_ENGINE) {
        ngx_nodetool_models_put(ctx->request, ctx->provider, lines);
        return NGX_OK;
    }

    models = &ctx->models->parent->engine.models;

    models->data = ngx_pnalloc(ctx->request->pool, lines->len);
    if (models->data == NULL) {
        return NGX_ERROR;
    }

    models->len = lines->len;
    ngx_memcpy(models->data, lines->data, lines->len);

    return NGX_OK;
}


/* The upstream of a subrequest is over. */
void
ngx_nodetool_models_fetched(ngx_nodetool_chat_ctx_t *ctx, ngx_int_t rc)
{
    nt_buf_t                   lines;
    ngx_http_request_t        *r;
    ngx_nodetool_models_ctx_t *m;

    r = ctx->request;
    m = ctx->models;

    ngx_memzero(&lines, sizeof(nt_buf_t));

    if (rc == NGX_OK && r->upstream->headers_in.status_n == NGX_HTTP_OK &&
        !m->too_long && !m->body.failed &&
        ngx_nodetool_models_parse(&m->body, ctx->provider, &lines) == NGX_OK)
    {
        m->done = ngx_nodetool_models_keep(ctx, &lines) == NGX_OK;
    }

    nt_buf_free(&lines);
    nt_buf_free(&m->body);
}


static ngx_int_t
ngx_nodetool_models_post(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_nodetool_chat_ctx_t   *ctx = data;
    ngx_nodetool_models_ctx_t *m;

    if (ctx == NULL) {
        return NGX_OK;
    }

    m = ctx->models;

    if (!m->done) {
        ngx_log_error(NGX_LOG_WARN, sr->connection->log, 0,
                      "nodetool_provider \"%V\" did not list its models, "
                      "the list of before is kept",
                      &ctx->provider->name);

        if (ctx->provider->dialect != NGX_NODETOOL_DIALECT_ENGINE) {
            ngx_nodetool_models_put(sr, ctx->provider, NULL);
        }
    }

    nt_buf_free(&m->body);

    if (m->parent->pending > 0 && --m->parent->pending == 0) {
        (void) ngx_http_post_request(m->parent->request, NULL);
    }

    return NGX_OK; /* the answer is the parent's matter */
}


/* Where the provider's dialect lists its models. */
static ngx_int_t
ngx_nodetool_models_path(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_rc_t          rc;
    nt_llm_request_t request;

    ngx_memzero(&request, sizeof(nt_llm_request_t));

    rc = nt_llm_models(ctx->provider->llm, NT_STR(""), &request);

    ctx->upstream_path.len = request.path.len;
    ctx->upstream_path.data =
        rc == NT_OK ? ngx_pnalloc(ctx->request->pool, request.path.len) : NULL;

    if (ctx->upstream_path.data != NULL) {
        ngx_memcpy(ctx->upstream_path.data, request.path.data,
                   request.path.len);
    }

    nt_llm_request_free(&request);

    return ctx->upstream_path.data != NULL ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_nodetool_models_fetch(ngx_nodetool_chat_ctx_t *parent,
                          ngx_nodetool_provider_t *p)
{
    ngx_http_request_t         *r, *sr;
    ngx_nodetool_chat_ctx_t    *ctx;
    ngx_nodetool_models_ctx_t  *m;
    ngx_http_post_subrequest_t *ps;

    r = parent->request;

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    m = ngx_pcalloc(r->pool, sizeof(ngx_nodetool_models_ctx_t));
    if (ps == NULL || m == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_nodetool_models_post;
    ps->data = NULL;

    if (ngx_http_subrequest(r, &r->uri, NULL, &sr, ps,
                            NGX_HTTP_SUBREQUEST_IN_MEMORY |
                                NGX_HTTP_SUBREQUEST_BACKGROUND) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* no phases: what the location asks of clients was asked already */

    sr->loc_conf = r->loc_conf;
    sr->write_event_handler = ngx_nodetool_models_begin;

    ctx = ngx_nodetool_chat_ctx_create(sr);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    m->parent = parent;
    ctx->models = m;
    ctx->provider = p;
    ps->data = ctx;

    if (ngx_nodetool_models_path(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    parent->pending++;

    return NGX_OK;
}


static void
ngx_nodetool_models_begin(ngx_http_request_t *sr)
{
    ngx_int_t                rc;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(sr, ngx_http_nodetool_chat_module);

    if (ctx == NULL) {
        /* memory was out when it was made */
        ngx_http_finalize_request(sr, NGX_OK);
        return;
    }

    sr->write_event_handler = ngx_http_request_empty_handler;
    sr->request_body = NULL;

    rc = ngx_nodetool_chat_upstream_start(ctx);

    if (rc == NGX_DONE) {
        ngx_http_upstream_init(sr);
        return;
    }

    ngx_http_finalize_request(sr, rc);
}


static void
ngx_nodetool_models_wake(ngx_http_request_t *r)
{
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    if (ctx->pending > 0) {
        return;
    }

    r->write_event_handler = ngx_http_request_empty_handler;
    r->read_event_handler = ngx_http_block_reading;

    ctx->refreshed(ctx);
}


/*
 * Asks all providers whose lists are too old, at the same time.  NGX_OK:
 * there are none; NGX_AGAIN: done() is called when they have answered, or
 * failed to; the caller holds a reference to the request until then.
 */
ngx_int_t
ngx_nodetool_models_refresh(ngx_nodetool_chat_ctx_t *ctx,
                            ngx_nodetool_done_pt     done)
{
    ngx_uint_t                     i, fresh;
    ngx_http_request_t            *r;
    ngx_nodetool_provider_t      **p;
    ngx_nodetool_chat_main_conf_t *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);
    p = mcf->providers.elts;

    ctx->refreshed = done;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (p[i]->llm == NULL || p[i]->models) {
            continue;
        }

        if (p[i]->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
            fresh = ctx->api != NULL; /* only lists are about its models */

        } else if (ngx_nodetool_models_get(r, p[i], NULL, &fresh) != NGX_OK) {
            return NGX_ERROR;
        }

        if (!fresh && ngx_nodetool_models_fetch(ctx, p[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ctx->pending == 0) {
        return NGX_OK;
    }

    r->write_event_handler = ngx_nodetool_models_wake;
    r->read_event_handler = ngx_http_test_reading;

    return NGX_AGAIN;
}


/* The list of a provider as lines, from wherever it is kept. */
ngx_int_t
ngx_nodetool_models_lines(ngx_http_request_t *r, ngx_nodetool_provider_t *p,
                          ngx_str_t *lines)
{
    nt_buf_t   buf;
    ngx_str_t *model;
    ngx_uint_t i, n, fresh;

    static ngx_str_t echo = ngx_string("echo");

    if (p->dialect == NGX_NODETOOL_DIALECT_ENGINE && p->models == NULL) {
        *lines = ngx_nodetool_chat_ctx(r)->engine.models;
        return NGX_OK;
    }

    if (p->llm != NULL && p->models == NULL) {
        return ngx_nodetool_models_get(r, p, lines, &fresh);
    }

    model = p->models ? p->models->elts : &echo;
    n = p->models ? p->models->nelts : 1;

    ngx_memzero(&buf, sizeof(nt_buf_t));

    for (i = 0; i < n; i++) {
        ngx_nodetool_models_line(&buf, ngx_nodetool_str(&model[i]), 0,
                                 ngx_nodetool_str(&p->name));
    }

    lines->len = buf.len;
    lines->data = buf.failed ? NULL : ngx_pnalloc(r->pool, buf.len);

    if (lines->data != NULL) {
        ngx_memcpy(lines->data, buf.data, buf.len);
    }

    nt_buf_free(&buf);

    return lines->data != NULL ? NGX_OK : NGX_ERROR;
}
