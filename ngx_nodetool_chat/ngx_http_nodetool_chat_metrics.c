/*
 * ngx_http_nodetool_chat_metrics.c - the zone of metrics, and what a request
 * adds to it.
 *
 * Names and buckets are those of OpenTelemetry's conventions for generative
 * AI, where it has them:
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_metrics.h"

#include "core/nt_error.h"

#define NGX_NODETOOL_METRICS_SIZE   (2 * 1024 * 1024)
#define NGX_NODETOOL_METRICS_MODELS 100
#define NGX_NODETOOL_METRICS_USERS  500

#define us(n) ((n) *1000 * 1000)

const ngx_nodetool_bound_t ngx_nodetool_bounds_duration[] = {
    { "0.01", 10000 },     { "0.02", 20000 },     { "0.04", 40000 },
    { "0.08", 80000 },     { "0.16", 160000 },    { "0.32", 320000 },
    { "0.64", 640000 },    { "1.28", 1280000 },   { "2.56", 2560000 },
    { "5.12", 5120000 },   { "10.24", 10240000 }, { "20.48", 20480000 },
    { "40.96", 40960000 }, { "81.92", 81920000 }, { "300.0", us(300) },
    { "900.0", us(900) },  { NULL, UINT64_MAX }
};

const ngx_nodetool_bound_t ngx_nodetool_bounds_usage[] = {
    { "1.0", 1 },
    { "4.0", 4 },
    { "16.0", 16 },
    { "64.0", 64 },
    { "256.0", 256 },
    { "1024.0", 1024 },
    { "4096.0", 4096 },
    { "16384.0", 16384 },
    { "65536.0", 65536 },
    { "262144.0", 262144 },
    { "1.048576e+06", 1048576 },
    { "4.194304e+06", 4194304 },
    { "1.6777216e+07", 16777216 },
    { "6.7108864e+07", 67108864 },
    { NULL, UINT64_MAX }
};

const ngx_nodetool_bound_t ngx_nodetool_bounds_first[] = {
    { "0.001", 1000 },  { "0.005", 5000 },  { "0.01", 10000 },
    { "0.02", 20000 },  { "0.04", 40000 },  { "0.06", 60000 },
    { "0.08", 80000 },  { "0.1", 100000 },  { "0.25", 250000 },
    { "0.5", 500000 },  { "0.75", 750000 }, { "1.0", us(1) },
    { "2.5", 2500000 }, { "5.0", us(5) },   { "7.5", 7500000 },
    { "10.0", us(10) }, { "60.0", us(60) }, { NULL, UINT64_MAX }
};

const ngx_nodetool_bound_t ngx_nodetool_bounds_token[] = {
    { "0.001", 1000 },   { "0.005", 5000 },  { "0.01", 10000 },
    { "0.025", 25000 },  { "0.05", 50000 },  { "0.075", 75000 },
    { "0.1", 100000 },   { "0.15", 150000 }, { "0.2", 200000 },
    { "0.3", 300000 },   { "0.4", 400000 },  { "0.5", 500000 },
    { "0.75", 750000 },  { "1.0", us(1) },   { "2.5", 2500000 },
    { NULL, UINT64_MAX }
};


void
ngx_nodetool_metrics_unset(ngx_nodetool_metrics_conf_t *conf)
{
    conf->size = NGX_CONF_UNSET;
    conf->models = NGX_NODETOOL_METRICS_MODELS;
    conf->users = NGX_NODETOOL_METRICS_USERS;
}


static ngx_int_t
ngx_nodetool_metrics_number(ngx_str_t *arg, const char *name, ngx_uint_t *n)
{
    size_t    len;
    ngx_int_t value;

    len = ngx_strlen(name);

    if (arg->len <= len || ngx_strncmp(arg->data, name, len) != 0) {
        return NGX_DECLINED;
    }

    value = ngx_atoi(arg->data + len, arg->len - len);

    if (value == NGX_ERROR || value == 0) {
        return NGX_ERROR;
    }

    *n = value;

    return NGX_OK;
}


/* nodetool_metrics_zone SIZE [models=NUMBER] [users=NUMBER] | off; */
char *
ngx_nodetool_metrics_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t                    rc;
    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_nodetool_metrics_conf_t *m;

    m = &((ngx_nodetool_chat_main_conf_t *) conf)->metrics;

    if (m->size != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        m->size = 0;
        return NGX_CONF_OK;
    }

    m->size = ngx_parse_size(&value[1]);
    if (m->size < (ssize_t) (16 * ngx_pagesize)) {
        return "has an invalid or too small size";
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rc = ngx_nodetool_metrics_number(&value[i], "models=", &m->models);

        if (rc == NGX_DECLINED) {
            rc = ngx_nodetool_metrics_number(&value[i], "users=", &m->users);
        }

        if (rc != NGX_OK) {
            return "takes a size, models=NUMBER and users=NUMBER, or off";
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_nodetool_metrics_init_zone(ngx_shm_zone_t *zone, void *data)
{
    size_t                       size;
    ngx_slab_pool_t             *pool;
    ngx_nodetool_metrics_t      *m;
    ngx_nodetool_metrics_conf_t *conf, *old;

    conf = zone->data;
    old = data;

    if (old != NULL) {
        conf->shared = old->shared;
        return NGX_OK;
    }

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        conf->shared = pool->data;
        return NGX_OK;
    }

    /* all that there is, in one piece: nothing of it is ever freed */

    size = pool->pfree * ngx_pagesize;

    m = ngx_slab_alloc(pool, size);
    if (m == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(m, sizeof(ngx_nodetool_metrics_t));

    m->free = (u_char *) m + sizeof(ngx_nodetool_metrics_t);
    m->end = (u_char *) m + size;

    pool->data = m;
    conf->shared = m;

    return ngx_nodetool_metrics_others(conf);
}


ngx_int_t
ngx_nodetool_metrics_init(ngx_conf_t *cf, ngx_nodetool_metrics_conf_t *conf)
{
    ngx_str_t name = ngx_string("nodetool_metrics");

    if (conf->size == 0) {
        return NGX_OK;
    }

    if (conf->size == NGX_CONF_UNSET) {
        conf->size = NGX_NODETOOL_METRICS_SIZE;
    }

    conf->zone = ngx_shared_memory_add(cf, &name, conf->size,
                                       &ngx_http_nodetool_chat_module);
    if (conf->zone == NULL) {
        return NGX_ERROR;
    }

    conf->zone->init = ngx_nodetool_metrics_init_zone;
    conf->zone->data = conf;

    return NGX_OK;
}


/* nodetool_metrics; */
char *
ngx_nodetool_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_nodetool_metrics_handler;

    return NGX_CONF_OK;
}


/* --- requests under way --- */

ngx_uint_t
ngx_nodetool_metrics_alive(ngx_nodetool_metrics_slot_t *slot)
{
    return slot->pid != 0 && kill(slot->pid, 0) == 0;
}


/* A process that is killed takes what it counted with it: each has its own
 * place, which is another's once it is gone. */
static ngx_atomic_t *
ngx_nodetool_metrics_slot(ngx_nodetool_metrics_conf_t *conf)
{
    ngx_uint_t                   i;
    ngx_slab_pool_t             *pool;
    ngx_nodetool_metrics_slot_t *slot, *found;

    if (conf->in_flight != NULL) {
        return conf->in_flight;
    }

    found = NULL;
    slot = conf->shared->slots;
    pool = (ngx_slab_pool_t *) conf->zone->shm.addr;

    ngx_shmtx_lock(&pool->mutex);

    for (i = 0; i < NGX_NODETOOL_METRICS_SLOTS; i++) {
        if (slot[i].pid == ngx_pid) {
            found = &slot[i];
            break;
        }

        if (found == NULL && !ngx_nodetool_metrics_alive(&slot[i])) {
            found = &slot[i];
        }
    }

    if (found != NULL) {
        if (found->pid != ngx_pid) {
            found->in_flight = 0;
            found->pid = ngx_pid;
        }

        conf->in_flight = &found->in_flight;
    }

    ngx_shmtx_unlock(&pool->mutex);

    return conf->in_flight;
}


static void
ngx_nodetool_metrics_end(void *data)
{
    ngx_atomic_t *in_flight = data;

    (void) ngx_atomic_fetch_add(in_flight, -1);
}


ngx_int_t
ngx_nodetool_metrics_begin(ngx_http_request_t *r)
{
    ngx_atomic_t                  *in_flight;
    ngx_pool_cleanup_t            *cln;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);

    if (mcf->metrics.zone == NULL) {
        return NGX_OK;
    }

    if (r->internal) {
        /* it may have been counted before it was redirected */
        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_nodetool_metrics_end) {
                return NGX_OK;
            }
        }
    }

    in_flight = ngx_nodetool_metrics_slot(&mcf->metrics);
    if (in_flight == NULL) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_nodetool_metrics_end;
    cln->data = (void *) in_flight;

    (void) ngx_atomic_fetch_add(in_flight, 1);

    return NGX_OK;
}


/* --- a request that is over --- */

static void
ngx_nodetool_metrics_add(ngx_atomic_t *counter, int64_t n)
{
    if (n > 0) {
        (void) ngx_atomic_fetch_add(counter, (ngx_atomic_int_t) n);
    }
}


/* Nothing when the value is not known. */
static void
ngx_nodetool_metrics_observe(ngx_nodetool_histogram_t   *h,
                             const ngx_nodetool_bound_t *bound, int64_t value)
{
    ngx_uint_t i;

    if (value < 0) {
        return;
    }

    for (i = 0; (uint64_t) value > bound[i].value; i++) {
        /* void */
    }

    (void) ngx_atomic_fetch_add(&h->buckets[i], 1);
    ngx_nodetool_metrics_add(&h->sum, value);
}


static void
ngx_nodetool_metrics_series(ngx_nodetool_chat_ctx_t *ctx,
                            ngx_nodetool_series_t *s, int64_t cost)
{
    if (ctx->cache_status != NGX_NODETOOL_CACHE_NONE) {
        ngx_nodetool_metrics_add(&s->cache[ctx->cache_status - 1], 1);
    }

    if (ctx->cache_status == NGX_NODETOOL_CACHE_HIT) {
        return;
    }

    ngx_nodetool_metrics_observe(&s->input, ngx_nodetool_bounds_usage,
                                 ctx->usage.prompt);
    ngx_nodetool_metrics_observe(&s->output, ngx_nodetool_bounds_usage,
                                 ctx->usage.completion);

    ngx_nodetool_metrics_add(&s->cached, ctx->usage.cached);
    ngx_nodetool_metrics_add(&s->reasoning, ctx->usage.reasoning);
    ngx_nodetool_metrics_add(&s->cost, cost);

    if (ctx->stream && ctx->ttft_set) {
        ngx_nodetool_metrics_add(&s->events, ctx->n_events);
        ngx_nodetool_metrics_observe(&s->first, ngx_nodetool_bounds_first,
                                     (int64_t) ctx->ttft * 1000);
        ngx_nodetool_metrics_observe(&s->token, ngx_nodetool_bounds_token,
                                     ngx_nodetool_chat_token_time(ctx));
    }
}


static void
ngx_nodetool_metrics_user(ngx_nodetool_chat_ctx_t     *ctx,
                          ngx_nodetool_metrics_conf_t *conf,
                          ngx_nodetool_labels_t *labels, int64_t cost)
{
    ngx_str_t                   user;
    ngx_nodetool_metric_t      *metric;
    ngx_nodetool_user_metric_t *u;

    user = ngx_nodetool_variable(ctx->request, "nodetool_user");
    if (user.len == 0) {
        return;
    }

    labels->user =
        ngx_nodetool_metrics_name(conf, NGX_NODETOOL_METRIC_NAME, &user, 1);

    metric = ngx_nodetool_metrics_find(conf, NGX_NODETOOL_METRIC_USER, labels);
    u = metric->values;

    ngx_nodetool_metrics_add(&u->requests, 1);
    ngx_nodetool_metrics_add(&u->input, ctx->usage.prompt);
    ngx_nodetool_metrics_add(&u->output, ctx->usage.completion);
    ngx_nodetool_metrics_add(&u->cost, cost);
}


static void
ngx_nodetool_metrics_attempts(ngx_nodetool_chat_ctx_t     *ctx,
                              ngx_nodetool_metrics_conf_t *conf)
{
    ngx_uint_t                     i;
    const char                    *result;
    ngx_nodetool_tried_t          *tried;
    ngx_nodetool_labels_t          labels;
    ngx_nodetool_metric_t         *metric;
    ngx_nodetool_attempt_metric_t *a;

    ngx_memzero(&labels, sizeof(ngx_nodetool_labels_t));

    for (i = 0; i < ctx->n_tried; i++) {
        tried = &ctx->tried[i];

        if (tried->provider == NULL) {
            continue;
        }

        result = tried->status < NGX_HTTP_BAD_REQUEST
                     ? "done"
                     : nt_error_type((int) tried->status);

        labels.provider = tried->provider->name;
        labels.error.data = (u_char *) result;
        labels.error.len = ngx_strlen(result);

        metric = ngx_nodetool_metrics_find(conf, NGX_NODETOOL_METRIC_ATTEMPT,
                                           &labels);
        a = metric->values;
        ngx_nodetool_metrics_add(&a->attempts, 1);
    }
}


void
ngx_nodetool_metrics_record(ngx_nodetool_chat_ctx_t *ctx)
{
    int64_t                        cost;
    ngx_uint_t                     done;
    ngx_nodetool_labels_t          labels;
    ngx_nodetool_metric_t         *metric, *error;
    ngx_nodetool_metrics_conf_t   *conf;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_nodetool_chat_module);
    conf = &mcf->metrics;

    if (conf->zone == NULL) {
        return;
    }

    ngx_memzero(&labels, sizeof(ngx_nodetool_labels_t));

    labels.operation.data = (u_char *) ctx->api->operation;
    labels.operation.len = ngx_strlen(ctx->api->operation);
    labels.error = ngx_nodetool_chat_outcome(ctx);

    if (ctx->provider != NULL) {
        labels.provider = ctx->provider->name;
    }

    done =
        labels.error.len == 4 && ngx_memcmp(labels.error.data, "done", 4) == 0;

    /* a name is what a client says, until a provider knows it */

    labels.model = ngx_nodetool_metrics_name(conf, NGX_NODETOOL_METRIC_MODEL,
                                             &ctx->model, done);

    cost = ngx_nodetool_limit_cost(ctx);

    metric =
        ngx_nodetool_metrics_find(conf, NGX_NODETOOL_METRIC_SERIES, &labels);
    ngx_nodetool_metrics_series(ctx, metric->values, cost);

    /* the duration comes first in both kinds */

    error = done ? metric
                 : ngx_nodetool_metrics_find(conf, NGX_NODETOOL_METRIC_ERROR,
                                             &labels);
    ngx_nodetool_metrics_observe(error->values, ngx_nodetool_bounds_duration,
                                 (int64_t) ngx_nodetool_chat_elapsed(
                                     ctx->request) *
                                     1000);

    ngx_nodetool_metrics_user(ctx, conf, &labels, cost);
    ngx_nodetool_metrics_attempts(ctx, conf);
}
