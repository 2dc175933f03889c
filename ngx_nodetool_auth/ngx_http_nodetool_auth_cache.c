/*
 * ngx_http_nodetool_auth_cache.c - what is known of tokens: good ones with
 * their users, bad ones for a while, and those that an issuer is being asked
 * about.  In a zone that all workers share, and that outlives reloads.
 *
 * A token is known by the SHA-256 of all that it is judged by and of itself:
 * what was good under other rules is not known here, and no token can be had
 * from the zone.
 *
 * Bad tokens are free to make.  They have a queue of their own, of an eighth
 * of the places, so that they do not push out good ones.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

typedef struct {
    ngx_http_nodetool_auth_leaf_t leaf; /* the first member */
    time_t                        until;
    u_char                        state;
    u_char                        rc; /* nt_jwt_rc_t */
    u_char                        admin;
    u_char                        user_len;
    u_char                        user[1];
} ngx_http_nodetool_auth_node_t;

static void ngx_http_nodetool_auth_remove(ngx_http_nodetool_auth_zone_t *zone,
                                          ngx_http_nodetool_auth_node_t *node);
static ngx_uint_t ngx_http_nodetool_auth_evict(
    ngx_http_nodetool_auth_zone_t *zone, ngx_uint_t state);
static ngx_http_nodetool_auth_node_t *ngx_http_nodetool_auth_add(
    ngx_http_nodetool_auth_zone_t *zone, ngx_http_nodetool_auth_digest_t *key,
    ngx_uint_t state, size_t user_len);


ngx_int_t
ngx_http_nodetool_auth_cache_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_nodetool_auth_zone_t *old = data;

    ngx_uint_t                     i;
    ngx_slab_pool_t               *pool;
    ngx_http_nodetool_auth_shm_t  *shm;
    ngx_http_nodetool_auth_zone_t *zone;

    zone = shm_zone->data;
    pool = (ngx_slab_pool_t *) shm_zone->shm.addr;
    zone->pool = pool;

    if (old != NULL) {
        zone->shm = old->shm;
        return NGX_OK;
    }

    if (shm_zone->shm.exists) {
        zone->shm = pool->data;
        return NGX_OK;
    }

    shm = ngx_slab_calloc(pool, sizeof(ngx_http_nodetool_auth_shm_t));
    if (shm == NULL) {
        return NGX_ERROR;
    }

    ngx_rbtree_init(&shm->rbtree, &shm->sentinel,
                    ngx_http_nodetool_auth_tree_insert);
    ngx_queue_init(&shm->issuers);

    for (i = 0; i < NGX_HTTP_NODETOOL_AUTH_STATES; i++) {
        ngx_queue_init(&shm->lru[i]);
    }

    zone->shm = shm;
    pool->data = shm;
    pool->log_nomem = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_auth_cache_get(ngx_http_nodetool_auth_zone_t   *zone,
                                 ngx_http_nodetool_auth_digest_t *key,
                                 ngx_http_nodetool_auth_known_t  *known)
{
    ngx_int_t                      rc;
    ngx_queue_t                   *lru;
    ngx_http_nodetool_auth_node_t *n;

    rc = NGX_DECLINED;

    ngx_shmtx_lock(&zone->pool->mutex);

    n = (ngx_http_nodetool_auth_node_t *)
        ngx_http_nodetool_auth_tree_find(&zone->shm->rbtree, key);

    if (n != NULL && n->until <= ngx_time()) {
        ngx_http_nodetool_auth_remove(zone, n);

    } else if (n != NULL && n->state == NGX_HTTP_NODETOOL_AUTH_ASKED) {
        rc = NGX_AGAIN;

    } else if (n != NULL) {
        rc = NGX_OK;
        lru = &zone->shm->lru[n->state];

        ngx_queue_remove(&n->leaf.queue);
        ngx_queue_insert_head(lru, &n->leaf.queue);

        known->rc = n->rc;
        known->admin = n->admin;
        known->user_len = n->user_len;
        ngx_memcpy(known->user, n->user, n->user_len);
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    return rc;
}


void
ngx_http_nodetool_auth_cache_put(ngx_http_nodetool_auth_zone_t   *zone,
                                 ngx_http_nodetool_auth_digest_t *key,
                                 ngx_http_nodetool_auth_known_t  *known,
                                 time_t                           until)
{
    ngx_uint_t                     state;
    ngx_http_nodetool_auth_node_t *n;

    state = known->rc == NT_JWT_OK ? NGX_HTTP_NODETOOL_AUTH_GOOD
                                   : NGX_HTTP_NODETOOL_AUTH_BAD;

    ngx_shmtx_lock(&zone->pool->mutex);

    n = (ngx_http_nodetool_auth_node_t *)
        ngx_http_nodetool_auth_tree_find(&zone->shm->rbtree, key);

    if (n != NULL) {
        ngx_http_nodetool_auth_remove(zone, n);
    }

    n = until > ngx_time()
            ? ngx_http_nodetool_auth_add(zone, key, state, known->user_len)
            : NULL;

    if (n != NULL) {
        n->until = until;
        n->rc = (u_char) known->rc;
        n->admin = (u_char) known->admin;
        ngx_memcpy(n->user, known->user, known->user_len);
    }

    ngx_shmtx_unlock(&zone->pool->mutex);
}


ngx_int_t
ngx_http_nodetool_auth_cache_begin(ngx_http_nodetool_auth_zone_t   *zone,
                                   ngx_http_nodetool_auth_digest_t *key,
                                   time_t                           until)
{
    ngx_int_t                      rc;
    ngx_http_nodetool_auth_node_t *n;

    ngx_shmtx_lock(&zone->pool->mutex);

    n = (ngx_http_nodetool_auth_node_t *)
        ngx_http_nodetool_auth_tree_find(&zone->shm->rbtree, key);

    if (n != NULL && n->until > ngx_time()) {
        /* also when the answer has just come */
        rc = NGX_AGAIN;

    } else {
        if (n != NULL) {
            ngx_http_nodetool_auth_remove(zone, n);
        }

        n = ngx_http_nodetool_auth_add(zone, key, NGX_HTTP_NODETOOL_AUTH_ASKED,
                                       0);
        rc = n != NULL ? NGX_OK : NGX_ERROR;

        if (n != NULL) {
            n->until = until;
        }
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    return rc;
}


void
ngx_http_nodetool_auth_cache_drop(ngx_http_nodetool_auth_zone_t   *zone,
                                  ngx_http_nodetool_auth_digest_t *key)
{
    ngx_http_nodetool_auth_node_t *n;

    ngx_shmtx_lock(&zone->pool->mutex);

    n = (ngx_http_nodetool_auth_node_t *)
        ngx_http_nodetool_auth_tree_find(&zone->shm->rbtree, key);

    if (n != NULL && n->state == NGX_HTTP_NODETOOL_AUTH_ASKED) {
        ngx_http_nodetool_auth_remove(zone, n);
    }

    ngx_shmtx_unlock(&zone->pool->mutex);
}


void *
ngx_http_nodetool_auth_cache_alloc(ngx_http_nodetool_auth_zone_t *zone,
                                   size_t                         size)
{
    void *p;

    for (;;) {
        p = ngx_slab_alloc_locked(zone->pool, size);

        if (p != NULL ||
            (!ngx_http_nodetool_auth_evict(zone, NGX_HTTP_NODETOOL_AUTH_BAD) &&
             !ngx_http_nodetool_auth_evict(zone, NGX_HTTP_NODETOOL_AUTH_GOOD)))
        {
            return p;
        }
    }
}


/* The zone is locked in all that follows. */

static ngx_http_nodetool_auth_node_t *
ngx_http_nodetool_auth_add(ngx_http_nodetool_auth_zone_t   *zone,
                           ngx_http_nodetool_auth_digest_t *key,
                           ngx_uint_t state, size_t user_len)
{
    ngx_uint_t                     max;
    ngx_http_nodetool_auth_shm_t  *shm;
    ngx_http_nodetool_auth_node_t *n;

    shm = zone->shm;
    max = zone->max;

    if (state != NGX_HTTP_NODETOOL_AUTH_GOOD) {
        max = max / 8 + 1;
    }

    /* one who is asked about is being waited for, and not put out */

    if (shm->count[state] >= max && !ngx_http_nodetool_auth_evict(zone, state))
    {
        return NULL;
    }

    n = ngx_http_nodetool_auth_cache_alloc(
        zone, offsetof(ngx_http_nodetool_auth_node_t, user) + user_len);
    if (n == NULL) {
        return NULL;
    }

    n->state = (u_char) state;
    n->rc = 0;
    n->admin = 0;
    n->user_len = (u_char) user_len;

    ngx_http_nodetool_auth_tree_add(&shm->rbtree, &n->leaf, key);
    ngx_queue_insert_head(&shm->lru[state], &n->leaf.queue);
    shm->count[state]++;

    return n;
}


/* Removes the node that was longest not used. */

static ngx_uint_t
ngx_http_nodetool_auth_evict(ngx_http_nodetool_auth_zone_t *zone,
                             ngx_uint_t                     state)
{
    ngx_queue_t                   *q;
    ngx_http_nodetool_auth_node_t *n;

    if (ngx_queue_empty(&zone->shm->lru[state])) {
        return 0;
    }

    q = ngx_queue_last(&zone->shm->lru[state]);
    n = ngx_queue_data(q, ngx_http_nodetool_auth_node_t, leaf.queue);

    if (state == NGX_HTTP_NODETOOL_AUTH_ASKED && n->until > ngx_time()) {
        return 0;
    }

    ngx_http_nodetool_auth_remove(zone, n);

    return 1;
}


static void
ngx_http_nodetool_auth_remove(ngx_http_nodetool_auth_zone_t *zone,
                              ngx_http_nodetool_auth_node_t *n)
{
    ngx_queue_remove(&n->leaf.queue);
    ngx_rbtree_delete(&zone->shm->rbtree, &n->leaf.node);
    zone->shm->count[n->state]--;

    ngx_slab_free_locked(zone->pool, n);
}
