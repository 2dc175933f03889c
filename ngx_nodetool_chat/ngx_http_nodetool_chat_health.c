/*
 * ngx_http_nodetool_chat_health.c - what all workers know of providers and
 * keys.
 *
 * The zone holds an entry for each provider, which says whether it is in or
 * out, and a table of rests: keys, or keys for one model, that are not to be
 * used until a time.  Both outlive a reload.  Providers and keys are known by
 * hashes only.
 *
 * Times are those of ngx_current_msec, a clock that all workers share.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include <ngx_sha1.h>

#define NGX_NODETOOL_HEALTH_SIZE (256 * 1024)
#define NGX_NODETOOL_RESTS       1024 /* in sets of: */
#define NGX_NODETOOL_REST_WAYS   4

struct ngx_nodetool_health_s {
    ngx_nodetool_health_t *next;
    uint64_t               id;
    ngx_uint_t             cycle; /* the last one that had it */

    ngx_uint_t   fails; /* since then, under the lock: */
    ngx_msec_t   since;
    ngx_atomic_t out;   /* until then; 0: it is in */
    ngx_atomic_t probe; /* begun then; 0: nobody looks whether it is back */
};

typedef struct {
    uint64_t            id; /* 0: free */
    ngx_msec_t          until;
    ngx_nodetool_rest_e rest;
} ngx_nodetool_resting_t;

typedef struct {
    ngx_nodetool_health_t *first;
    ngx_uint_t             cycle;
    ngx_atomic_t           until; /* the last rest ends; 0: there is none */
    ngx_nodetool_resting_t rests[NGX_NODETOOL_RESTS];
} ngx_nodetool_health_zone_t;

typedef struct {
    ngx_nodetool_health_zone_t *shared;
    ngx_array_t                *providers; /* of ngx_nodetool_provider_t * */
} ngx_nodetool_health_conf_t;


uint64_t
ngx_nodetool_key_id(ngx_str_t *a, ngx_str_t *b)
{
    u_char     digest[20];
    uint64_t   id;
    ngx_sha1_t sha1;

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, a->data, a->len);
    ngx_sha1_update(&sha1, "", 1);
    ngx_sha1_update(&sha1, b->data, b->len);
    ngx_sha1_final(digest, &sha1);

    ngx_memcpy(&id, digest, sizeof(uint64_t));

    return id ? id : 1;
}


/* Never 0, which stands for no time. */
static ngx_msec_t
ngx_nodetool_health_time(ngx_msec_t from_now)
{
    ngx_msec_t time;

    time = ngx_current_msec + from_now;

    return time ? time : 1;
}


static ngx_msec_int_t
ngx_nodetool_health_left(ngx_msec_t time)
{
    return (ngx_msec_int_t) (time - ngx_current_msec);
}


/* The entry of a provider.  One that the configuration lost is used for
 * another when memory is out; workers that are shutting down may still look
 * at it, so it stays an entry for ever. */
static ngx_nodetool_health_t *
ngx_nodetool_health_entry(ngx_slab_pool_t            *pool,
                          ngx_nodetool_health_zone_t *shared, uint64_t id)
{
    ngx_nodetool_health_t *h, *oldest;

    oldest = NULL;

    for (h = shared->first; h; h = h->next) {
        if (h->id == id) {
            h->cycle = shared->cycle;
            return h;
        }

        if (h->cycle != shared->cycle &&
            (oldest == NULL || h->cycle < oldest->cycle)) {
            oldest = h;
        }
    }

    h = ngx_slab_calloc(pool, sizeof(ngx_nodetool_health_t));

    if (h != NULL) {
        h->next = shared->first;
        shared->first = h;

    } else if (oldest != NULL) {
        h = oldest;
        h->fails = 0;
        h->out = 0;
        h->probe = 0;

    } else {
        return NULL;
    }

    h->id = id;
    h->cycle = shared->cycle;

    return h;
}


static ngx_int_t
ngx_nodetool_health_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_nodetool_health_conf_t *conf = zone->data;
    ngx_nodetool_health_conf_t *old = data;

    ngx_uint_t                i;
    ngx_slab_pool_t          *pool;
    ngx_nodetool_provider_t **p;

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (old != NULL) {
        conf->shared = old->shared;

    } else if (zone->shm.exists) {
        conf->shared = pool->data;

    } else {
        conf->shared =
            ngx_slab_calloc(pool, sizeof(ngx_nodetool_health_zone_t));
        if (conf->shared == NULL) {
            return NGX_ERROR;
        }

        pool->data = conf->shared;
        pool->log_nomem = 0;
    }

    conf->shared->cycle++;

    p = conf->providers->elts;

    for (i = 0; i < conf->providers->nelts; i++) {
        p[i]->health = ngx_nodetool_health_entry(pool, conf->shared, p[i]->id);
        if (p[i]->health == NULL) {
            ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                          "too many providers for the zone \"%V\"",
                          &zone->shm.name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_health_init(ngx_conf_t *cf, ngx_array_t *providers)
{
    ngx_uint_t                  i;
    ngx_shm_zone_t             *zone;
    ngx_nodetool_provider_t   **p;
    ngx_nodetool_health_conf_t *conf;

    static ngx_str_t name = ngx_string("nodetool_providers");

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_nodetool_health_conf_t));
    zone = ngx_shared_memory_add(cf, &name, NGX_NODETOOL_HEALTH_SIZE,
                                 &ngx_http_nodetool_chat_module);
    if (conf == NULL || zone == NULL) {
        return NGX_ERROR;
    }

    conf->providers = providers;
    zone->data = conf;
    zone->init = ngx_nodetool_health_init_zone;

    p = providers->elts;

    for (i = 0; i < providers->nelts; i++) {
        p[i]->id = ngx_nodetool_key_id(&p[i]->name, &p[i]->url);
        p[i]->health_zone = zone;
    }

    return NGX_OK;
}


static ngx_nodetool_health_zone_t *
ngx_nodetool_health_zone(ngx_nodetool_provider_t *p)
{
    ngx_nodetool_health_conf_t *conf = p->health_zone->data;

    return conf->shared;
}


static ngx_shmtx_t *
ngx_nodetool_health_mutex(ngx_nodetool_provider_t *p)
{
    return &((ngx_slab_pool_t *) p->health_zone->shm.addr)->mutex;
}


ngx_uint_t
ngx_nodetool_health_admit(ngx_nodetool_provider_t *p, ngx_uint_t *probe)
{
    ngx_atomic_uint_t      out, begun;
    ngx_nodetool_health_t *h;

    h = p->health;
    out = h->out;

    if (out == 0) {
        return 1;
    }

    if (ngx_nodetool_health_left(out) > 0) {
        return 0;
    }

    /* one request at a time; the one before may have got lost */

    begun = h->probe;

    if (begun != 0 && ngx_current_msec - (ngx_msec_t) begun < p->fail_timeout) {
        return 0;
    }

    *probe = ngx_atomic_cmp_set(&h->probe, begun, ngx_nodetool_health_time(0));

    return *probe;
}


/* Whoever has succeeded shows that it is back, also a request that nobody
 * else was left for. */
void
ngx_nodetool_health_ok(ngx_nodetool_provider_t *p, ngx_log_t *log)
{
    ngx_shmtx_t           *mutex;
    ngx_nodetool_health_t *h;

    h = p->health;

    if (h->out == 0) {
        return;
    }

    mutex = ngx_nodetool_health_mutex(p);

    ngx_shmtx_lock(mutex);

    h->fails = 0;
    h->out = 0;
    h->probe = 0;

    ngx_shmtx_unlock(mutex);

    ngx_log_error(NGX_LOG_NOTICE, log, 0, "nodetool_provider \"%V\" is back",
                  &p->name);
}


void
ngx_nodetool_health_fail(ngx_nodetool_provider_t *p, ngx_log_t *log)
{
    ngx_uint_t             fails;
    ngx_shmtx_t           *mutex;
    ngx_nodetool_health_t *h;

    if (p->max_fails == 0) {
        return;
    }

    h = p->health;
    fails = 0;
    mutex = ngx_nodetool_health_mutex(p);

    ngx_shmtx_lock(mutex);

    if (h->out != 0) {
        h->out = ngx_nodetool_health_time(p->fail_timeout);
        h->probe = 0;

    } else {
        if (h->fails == 0 || ngx_current_msec - h->since > p->fail_timeout) {
            h->fails = 0;
            h->since = ngx_current_msec;
        }

        if (++h->fails >= (ngx_uint_t) p->max_fails) {
            fails = h->fails;
            h->out = ngx_nodetool_health_time(p->fail_timeout);
            h->probe = 0;
        }
    }

    ngx_shmtx_unlock(mutex);

    if (fails > 0) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "nodetool_provider \"%V\" failed %ui times and is left "
                      "alone for %M ms",
                      &p->name, fails, p->fail_timeout);
    }
}


void
ngx_nodetool_health_release(ngx_nodetool_provider_t *p)
{
    p->health->probe = 0;
}


static uint64_t
ngx_nodetool_rest_id(uint64_t id, ngx_str_t *model)
{
    ngx_str_t key;

    if (model == NULL) {
        return id;
    }

    key.data = (u_char *) &id;
    key.len = sizeof(uint64_t);

    return ngx_nodetool_key_id(&key, model);
}


static ngx_nodetool_resting_t *
ngx_nodetool_rest_set_of(ngx_nodetool_health_zone_t *shared, uint64_t id)
{
    return &shared->rests[id % (NGX_NODETOOL_RESTS / NGX_NODETOOL_REST_WAYS) *
                          NGX_NODETOOL_REST_WAYS];
}


ngx_nodetool_rest_e
ngx_nodetool_rest_find(ngx_nodetool_provider_t *p, uint64_t id,
                       ngx_str_t *model, ngx_msec_t *left)
{
    ngx_uint_t                  i;
    ngx_msec_int_t              ms;
    ngx_nodetool_rest_e         rest;
    ngx_nodetool_resting_t     *r;
    ngx_nodetool_health_zone_t *shared;

    shared = ngx_nodetool_health_zone(p);

    if (shared->until == 0 || ngx_nodetool_health_left(shared->until) <= 0) {
        return NGX_NODETOOL_REST_NONE;
    }

    id = ngx_nodetool_rest_id(id, model);
    r = ngx_nodetool_rest_set_of(shared, id);
    rest = NGX_NODETOOL_REST_NONE;

    ngx_shmtx_lock(ngx_nodetool_health_mutex(p));

    for (i = 0; i < NGX_NODETOOL_REST_WAYS; i++) {
        ms = ngx_nodetool_health_left(r[i].until);

        if (r[i].id == id && ms > 0) {
            *left = ms;
            rest = r[i].rest;
            break;
        }
    }

    ngx_shmtx_unlock(ngx_nodetool_health_mutex(p));

    return rest;
}


void
ngx_nodetool_rest_set(ngx_nodetool_provider_t *p, uint64_t id, ngx_str_t *model,
                      ngx_nodetool_rest_e rest, ngx_msec_t time)
{
    ngx_uint_t                  i;
    ngx_msec_t                  until;
    ngx_nodetool_resting_t     *r, *place;
    ngx_nodetool_health_zone_t *shared;

    shared = ngx_nodetool_health_zone(p);
    id = ngx_nodetool_rest_id(id, model);
    until = ngx_nodetool_health_time(time);
    r = ngx_nodetool_rest_set_of(shared, id);

    ngx_shmtx_lock(ngx_nodetool_health_mutex(p));

    /* its own place, a free one, or that of whose rest ends first */

    place = &r[0];

    for (i = 0; i < NGX_NODETOOL_REST_WAYS; i++) {
        if (r[i].id == id) {
            place = &r[i];
            break;
        }

        if (place->id != 0 &&
            (r[i].id == 0 || ngx_nodetool_health_left(r[i].until) <
                                 ngx_nodetool_health_left(place->until)))
        {
            place = &r[i];
        }
    }

    place->id = id;
    place->until = until;
    place->rest = rest;

    if (shared->until == 0 ||
        ngx_nodetool_health_left(shared->until) < (ngx_msec_int_t) time)
    {
        shared->until = until;
    }

    ngx_shmtx_unlock(ngx_nodetool_health_mutex(p));
}
