/*
 * ngx_http_nodetool_chat_metrics_find.c - metrics by their labels.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_metrics.h"

#include "core/nt_utf8.h"

#define NGX_NODETOOL_METRIC_KEY_MAX 1024

typedef struct {
    const char *name;
    size_t      offset; /* in ngx_nodetool_labels_t */
} ngx_nodetool_label_t;

#define label(name, field)                                                     \
    {                                                                          \
        name, offsetof(ngx_nodetool_labels_t, field)                           \
    }

static const ngx_nodetool_label_t
    ngx_nodetool_kinds[NGX_NODETOOL_METRIC_KINDS][5] = {
        [NGX_NODETOOL_METRIC_SERIES] = { label("gen_ai_operation_name",
                                               operation),
                                         label("gen_ai_provider_name",
                                               provider),
                                         label("gen_ai_request_model", model) },
        [NGX_NODETOOL_METRIC_ERROR] = { label("gen_ai_operation_name",
                                              operation),
                                        label("gen_ai_provider_name", provider),
                                        label("gen_ai_request_model", model),
                                        label("error_type", error) },
        [NGX_NODETOOL_METRIC_USER] = { label("nodetool_user", user),
                                       label("gen_ai_request_model", model) },
        [NGX_NODETOOL_METRIC_ATTEMPT] = { label("gen_ai_provider_name",
                                                provider),
                                          label("nodetool_result", error) },
        [NGX_NODETOOL_METRIC_MODEL] = { label("", model) },
        [NGX_NODETOOL_METRIC_NAME] = { label("", user) }
    };

static const size_t ngx_nodetool_sizes[NGX_NODETOOL_METRIC_KINDS] = {
    [NGX_NODETOOL_METRIC_SERIES] = sizeof(ngx_nodetool_series_t),
    [NGX_NODETOOL_METRIC_ERROR] = sizeof(ngx_nodetool_histogram_t),
    [NGX_NODETOOL_METRIC_USER] = sizeof(ngx_nodetool_user_metric_t),
    [NGX_NODETOOL_METRIC_ATTEMPT] = sizeof(ngx_nodetool_attempt_metric_t)
};

static ngx_str_t ngx_nodetool_other = ngx_string("other");


static ngx_str_t *
ngx_nodetool_metrics_value(const ngx_nodetool_label_t *l,
                           ngx_nodetool_labels_t      *labels)
{
    return (ngx_str_t *) ((u_char *) labels + l->offset);
}


/* The length of the key; 0: it is too long. */
static size_t
ngx_nodetool_metrics_key(u_char *key, ngx_uint_t kind,
                         ngx_nodetool_labels_t *labels)
{
    u_char                     *p, *end;
    ngx_str_t                  *value;
    const ngx_nodetool_label_t *l;

    p = key;
    end = key + NGX_NODETOOL_METRIC_KEY_MAX;

    *p++ = (u_char) kind;

    for (l = ngx_nodetool_kinds[kind]; l->name; l++) {
        value = ngx_nodetool_metrics_value(l, labels);

        if (value->len + 1 > (size_t) (end - p)) {
            return 0;
        }

        if (value->len > 0) {
            p = ngx_cpymem(p, value->data, value->len);
        }

        *p++ = '\0';
    }

    return p - key;
}


static ngx_nodetool_metric_t *
ngx_nodetool_metrics_lookup(ngx_nodetool_metrics_t *m, uint32_t hash,
                            u_char *key, size_t len)
{
    ngx_nodetool_metric_t *metric;

    metric = __atomic_load_n(&m->heads[hash % NGX_NODETOOL_METRICS_HEADS],
                             __ATOMIC_ACQUIRE);

    for (; metric; metric = metric->next) {
        if (metric->hash == hash && metric->key_len == len &&
            ngx_memcmp(metric->key, key, len) == 0)
        {
            return metric;
        }
    }

    return NULL;
}


/* name="value",... */
static u_char *
ngx_nodetool_metrics_labels(u_char *p, ngx_uint_t kind,
                            ngx_nodetool_labels_t *labels)
{
    size_t                      i;
    ngx_str_t                  *value;
    const ngx_nodetool_label_t *l;

    for (l = ngx_nodetool_kinds[kind]; l->name; l++) {
        value = ngx_nodetool_metrics_value(l, labels);

        if (l != ngx_nodetool_kinds[kind]) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, l->name, ngx_strlen(l->name));
        *p++ = '=';
        *p++ = '"';

        for (i = 0; i < value->len; i++) {
            if (value->data[i] == '"' || value->data[i] == '\\') {
                *p++ = '\\';
            }

            *p++ = value->data[i];
        }

        *p++ = '"';
    }

    return p;
}


/* Of the zone, whose mutex is held; NULL: it is full. */
static void *
ngx_nodetool_metrics_alloc(ngx_nodetool_metrics_t *m, size_t size)
{
    u_char *p;

    size = ngx_align(size, NGX_ALIGNMENT);

    if (size > (size_t) (m->end - m->free)) {
        return NULL;
    }

    p = m->free;
    m->free += size;

    ngx_memzero(p, size);

    return p;
}


static ngx_nodetool_metric_t *
ngx_nodetool_metrics_create(ngx_nodetool_metrics_t *m, ngx_uint_t kind,
                            ngx_nodetool_labels_t *labels, uint32_t hash,
                            u_char *key, size_t len)
{
    u_char                *p;
    u_char                 text[2 * NGX_NODETOOL_METRIC_KEY_MAX + 256];
    size_t                 text_len;
    ngx_nodetool_metric_t *metric, **head;

    text_len = ngx_nodetool_metrics_labels(text, kind, labels) - text;

    p = ngx_nodetool_metrics_alloc(m, sizeof(ngx_nodetool_metric_t) +
                                          ngx_nodetool_sizes[kind] + len +
                                          text_len);
    if (p == NULL) {
        return NULL;
    }

    metric = (ngx_nodetool_metric_t *) p;
    metric->values = metric + 1;
    metric->key = (u_char *) metric->values + ngx_nodetool_sizes[kind];
    metric->labels = metric->key + len;

    metric->kind = kind;
    metric->hash = hash;
    metric->key_len = (uint32_t) len;
    metric->labels_len = (uint32_t) text_len;

    ngx_memcpy(metric->key, key, len);
    ngx_memcpy(metric->labels, text, text_len);

    head = &m->heads[hash % NGX_NODETOOL_METRICS_HEADS];
    metric->next = *head;

    /* whoever finds it sees the whole of it */

    __atomic_store_n(head, metric, __ATOMIC_RELEASE);

    __atomic_store_n(m->last ? &m->last->later : &m->first, metric,
                     __ATOMIC_RELEASE);
    m->last = metric;

    return metric;
}


/* May the name be one more of its kind? The mutex is held. */
static ngx_uint_t
ngx_nodetool_metrics_room(ngx_nodetool_metrics_conf_t *conf, ngx_uint_t kind)
{
    ngx_nodetool_metrics_t *m;

    m = conf->shared;

    switch (kind) {
    case NGX_NODETOOL_METRIC_MODEL:
        return m->n_models < conf->models && ++m->n_models;

    case NGX_NODETOOL_METRIC_NAME:
        return m->n_users < conf->users && ++m->n_users;

    default:
        return 1;
    }
}


/* NULL: it is not there, and cannot be made. */
static ngx_nodetool_metric_t *
ngx_nodetool_metrics_get(ngx_nodetool_metrics_conf_t *conf, ngx_uint_t kind,
                         ngx_nodetool_labels_t *labels, ngx_uint_t may_add)
{
    u_char                  key[NGX_NODETOOL_METRIC_KEY_MAX];
    size_t                  len;
    uint32_t                hash;
    ngx_slab_pool_t        *pool;
    ngx_nodetool_metric_t  *metric;
    ngx_nodetool_metrics_t *m;

    m = conf->shared;

    len = ngx_nodetool_metrics_key(key, kind, labels);
    if (len == 0) {
        return NULL;
    }

    hash = ngx_murmur_hash2(key, len);

    metric = ngx_nodetool_metrics_lookup(m, hash, key, len);
    if (metric != NULL || !may_add) {
        return metric;
    }

    pool = (ngx_slab_pool_t *) conf->zone->shm.addr;

    ngx_shmtx_lock(&pool->mutex);

    metric = ngx_nodetool_metrics_lookup(m, hash, key, len);

    if (metric == NULL && ngx_nodetool_metrics_room(conf, kind)) {
        metric = ngx_nodetool_metrics_create(m, kind, labels, hash, key, len);
    }

    ngx_shmtx_unlock(&pool->mutex);

    return metric;
}


ngx_nodetool_metric_t *
ngx_nodetool_metrics_find(ngx_nodetool_metrics_conf_t *conf, ngx_uint_t kind,
                          ngx_nodetool_labels_t *labels)
{
    ngx_nodetool_metric_t  *metric;
    ngx_nodetool_metrics_t *m;

    metric = ngx_nodetool_metrics_get(conf, kind, labels, 1);
    if (metric != NULL) {
        return metric;
    }

    m = conf->shared;

    (void) ngx_atomic_fetch_add(&m->full, 1);

    switch (kind) {
    case NGX_NODETOOL_METRIC_SERIES:
        return m->other;

    case NGX_NODETOOL_METRIC_ERROR:
        return m->other_fail;

    case NGX_NODETOOL_METRIC_USER:
        return m->other_user;

    default: /* NGX_NODETOOL_METRIC_ATTEMPT */
        return m->other_attempt;
    }
}


/* Text that a label's value may be: UTF-8 without control characters. */
static ngx_uint_t
ngx_nodetool_metrics_is_text(ngx_str_t *name)
{
    int    n;
    size_t i;

    for (i = 0; i < name->len; i += n) {
        n = nt_utf8_step((char *) name->data + i, name->len - i);

        if (n < 0 || name->data[i] < 0x20 || name->data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


ngx_str_t
ngx_nodetool_metrics_name(ngx_nodetool_metrics_conf_t *conf, ngx_uint_t kind,
                          ngx_str_t *name, ngx_uint_t may_add)
{
    ngx_nodetool_labels_t labels;

    ngx_memzero(&labels, sizeof(ngx_nodetool_labels_t));
    labels.model = *name;
    labels.user = *name;

    may_add = may_add && ngx_nodetool_metrics_is_text(name);

    return ngx_nodetool_metrics_get(conf, kind, &labels, may_add)
               ? *name
               : ngx_nodetool_other;
}


ngx_int_t
ngx_nodetool_metrics_others(ngx_nodetool_metrics_conf_t *conf)
{
    ngx_nodetool_labels_t   labels;
    ngx_nodetool_metrics_t *m;

    m = conf->shared;

    labels.operation = ngx_nodetool_other;
    labels.provider = ngx_nodetool_other;
    labels.model = ngx_nodetool_other;
    labels.error = ngx_nodetool_other;
    labels.user = ngx_nodetool_other;

    m->other =
        ngx_nodetool_metrics_get(conf, NGX_NODETOOL_METRIC_SERIES, &labels, 1);
    m->other_fail =
        ngx_nodetool_metrics_get(conf, NGX_NODETOOL_METRIC_ERROR, &labels, 1);
    m->other_user =
        ngx_nodetool_metrics_get(conf, NGX_NODETOOL_METRIC_USER, &labels, 1);

    m->other_attempt =
        ngx_nodetool_metrics_get(conf, NGX_NODETOOL_METRIC_ATTEMPT, &labels, 1);

    return m->other && m->other_fail && m->other_user && m->other_attempt
               ? NGX_OK
               : NGX_ERROR;
}
