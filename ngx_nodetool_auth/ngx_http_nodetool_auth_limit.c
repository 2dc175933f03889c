/*
 * ngx_http_nodetool_auth_limit.c - failures of a client's address, counted
 * as limit_req counts requests: a bucket that leaks.
 *
 * An address is an IPv4 one or the first half of an IPv6 one, as whoever has
 * one of these has all of the other half.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include <openssl/crypto.h>

#define NGX_HTTP_NODETOOL_AUTH_ADDR_LEN 8

/* How long a token stays known at an address without being sent. */
#define NGX_HTTP_NODETOOL_AUTH_KNOWN 3600

typedef struct {
    ngx_http_nodetool_auth_leaf_t   leaf; /* of an address; the first member */
    ngx_msec_t                      last; /* when excess was reckoned */
    ngx_uint_t                      excess; /* thousandths of failures */
    time_t                          known;  /* when it was sent last; or 0 */
    ngx_http_nodetool_auth_digest_t good;   /* the last token that was */
} ngx_http_nodetool_auth_client_t;

typedef struct {
    ngx_rbtree_t      rbtree;
    ngx_rbtree_node_t sentinel;
    ngx_queue_t       lru;
} ngx_http_nodetool_auth_clients_t;

static void ngx_http_nodetool_auth_limit_addr(
    ngx_http_request_t *r, ngx_http_nodetool_auth_digest_t *a);
static ngx_http_nodetool_auth_client_t *ngx_http_nodetool_auth_client(
    ngx_shm_zone_t *zone, ngx_http_nodetool_auth_digest_t *addr);
static ngx_http_nodetool_auth_client_t *ngx_http_nodetool_auth_new_client(
    ngx_shm_zone_t *zone, ngx_http_nodetool_auth_digest_t *addr);
static void ngx_http_nodetool_auth_leak(ngx_http_nodetool_auth_client_t *client,
                                        ngx_uint_t                       rate);


time_t
ngx_http_nodetool_auth_limited(ngx_http_request_t              *r,
                               ngx_http_nodetool_auth_limit_t  *limit,
                               ngx_http_nodetool_auth_digest_t *digest,
                               ngx_uint_t                      *known)
{
    time_t                           wait;
    ngx_uint_t                       over;
    ngx_slab_pool_t                 *pool;
    ngx_http_nodetool_auth_digest_t  addr;
    ngx_http_nodetool_auth_client_t *client;

    wait = 0;
    *known = 0;

    pool = (ngx_slab_pool_t *) limit->zone->shm.addr;
    ngx_http_nodetool_auth_limit_addr(r, &addr);

    ngx_shmtx_lock(&pool->mutex);

    client = ngx_http_nodetool_auth_client(limit->zone, &addr);

    if (client != NULL) {
        ngx_http_nodetool_auth_leak(client, limit->rate);

        if (client->excess + 1000 > limit->burst * 1000) {
            over = client->excess + 1000 - limit->burst * 1000;
            wait = (time_t) ((over * 60 + limit->rate - 1) / limit->rate);
        }

        *known = client->known + NGX_HTTP_NODETOOL_AUTH_KNOWN > ngx_time() &&
                 CRYPTO_memcmp(&client->good, digest,
                               sizeof(ngx_http_nodetool_auth_digest_t)) == 0;
    }

    ngx_shmtx_unlock(&pool->mutex);

    return wait;
}


void
ngx_http_nodetool_auth_failed(ngx_http_request_t             *r,
                              ngx_http_nodetool_auth_limit_t *limit)
{
    ngx_slab_pool_t                 *pool;
    ngx_http_nodetool_auth_digest_t  addr;
    ngx_http_nodetool_auth_client_t *client;

    pool = (ngx_slab_pool_t *) limit->zone->shm.addr;
    ngx_http_nodetool_auth_limit_addr(r, &addr);

    ngx_shmtx_lock(&pool->mutex);

    client = ngx_http_nodetool_auth_new_client(limit->zone, &addr);

    if (client != NULL) {
        ngx_http_nodetool_auth_leak(client, limit->rate);
        client->excess += 1000;
    }

    ngx_shmtx_unlock(&pool->mutex);
}


void
ngx_http_nodetool_auth_succeeded(ngx_http_request_t              *r,
                                 ngx_http_nodetool_auth_limit_t  *limit,
                                 ngx_http_nodetool_auth_digest_t *digest)
{
    ngx_slab_pool_t                 *pool;
    ngx_http_nodetool_auth_digest_t  addr;
    ngx_http_nodetool_auth_client_t *client;

    pool = (ngx_slab_pool_t *) limit->zone->shm.addr;
    ngx_http_nodetool_auth_limit_addr(r, &addr);

    ngx_shmtx_lock(&pool->mutex);

    client = ngx_http_nodetool_auth_new_client(limit->zone, &addr);

    if (client != NULL) {
        client->good = *digest;
        client->known = ngx_time();
    }

    ngx_shmtx_unlock(&pool->mutex);
}


static void
ngx_http_nodetool_auth_limit_addr(ngx_http_request_t              *r,
                                  ngx_http_nodetool_auth_digest_t *addr)
{
    struct sockaddr_in *sin;
#if (NGX_HAVE_INET6)
    struct in6_addr *in6;
#endif

    ngx_memzero(addr, sizeof(ngx_http_nodetool_auth_digest_t));

    switch (r->connection->sockaddr->sa_family) {
    case AF_INET:
        sin = (struct sockaddr_in *) r->connection->sockaddr;
        addr->digest[0] = 4;
        ngx_memcpy(addr->digest + 1, &sin->sin_addr, 4);
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        in6 = &((struct sockaddr_in6 *) r->connection->sockaddr)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(in6)) {
            addr->digest[0] = 4;
            ngx_memcpy(addr->digest + 1, &in6->s6_addr[12], 4);

        } else {
            addr->digest[0] = 6;
            ngx_memcpy(addr->digest + 1, in6->s6_addr,
                       NGX_HTTP_NODETOOL_AUTH_ADDR_LEN);
        }

        break;
#endif

    default: /* whoever may open the socket */
        break;
    }
}


/* The zone is locked in what follows. */

static ngx_http_nodetool_auth_client_t *
ngx_http_nodetool_auth_client(ngx_shm_zone_t                  *zone,
                              ngx_http_nodetool_auth_digest_t *addr)
{
    ngx_http_nodetool_auth_clients_t *clients;

    clients = zone->data;

    return (ngx_http_nodetool_auth_client_t *)
        ngx_http_nodetool_auth_tree_find(&clients->rbtree, addr);
}


/* The same, made where it is not there; NULL when there is no room. */

static ngx_http_nodetool_auth_client_t *
ngx_http_nodetool_auth_new_client(ngx_shm_zone_t                  *zone,
                                  ngx_http_nodetool_auth_digest_t *addr)
{
    ngx_queue_t                      *q;
    ngx_slab_pool_t                  *pool;
    ngx_http_nodetool_auth_client_t  *client, *oldest;
    ngx_http_nodetool_auth_clients_t *clients;

    clients = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;

    client = ngx_http_nodetool_auth_client(zone, addr);

    if (client != NULL) {
        ngx_queue_remove(&client->leaf.queue);
        ngx_queue_insert_head(&clients->lru, &client->leaf.queue);
        return client;
    }

    client =
        ngx_slab_calloc_locked(pool, sizeof(ngx_http_nodetool_auth_client_t));

    if (client == NULL && !ngx_queue_empty(&clients->lru)) {
        q = ngx_queue_last(&clients->lru);
        oldest = ngx_queue_data(q, ngx_http_nodetool_auth_client_t, leaf.queue);

        ngx_queue_remove(q);
        ngx_rbtree_delete(&clients->rbtree, &oldest->leaf.node);
        ngx_slab_free_locked(pool, oldest);

        client =
            ngx_slab_calloc_locked(pool,
                                   sizeof(ngx_http_nodetool_auth_client_t));
    }

    if (client == NULL) {
        return NULL;
    }

    client->last = ngx_current_msec;

    ngx_http_nodetool_auth_tree_add(&clients->rbtree, &client->leaf, addr);
    ngx_queue_insert_head(&clients->lru, &client->leaf.queue);

    return client;
}


static void
ngx_http_nodetool_auth_leak(ngx_http_nodetool_auth_client_t *client,
                            ngx_uint_t                       rate)
{
    uint64_t       gone;
    ngx_msec_t     now;
    ngx_msec_int_t ms;

    now = ngx_current_msec;
    ms = (ngx_msec_int_t) (now - client->last);

    /* after a restart of the machine's clock, or by another worker's */

    if (ms < 0) {
        ms = 0;
    }

    gone = (uint64_t) ms * rate / 60000;

    if (gone == 0 && ms < 60000) {
        return; /* so that what is less than a thousandth adds up */
    }

    client->excess = gone < client->excess ? client->excess - gone : 0;
    client->last = now;
}


ngx_int_t
ngx_http_nodetool_auth_limit_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t                  *pool;
    ngx_http_nodetool_auth_clients_t *clients;

    if (data != NULL) {
        zone->data = data;
        return NGX_OK;
    }

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = pool->data;
        return NGX_OK;
    }

    clients = ngx_slab_calloc(pool, sizeof(ngx_http_nodetool_auth_clients_t));
    if (clients == NULL) {
        return NGX_ERROR;
    }

    ngx_rbtree_init(&clients->rbtree, &clients->sentinel,
                    ngx_http_nodetool_auth_tree_insert);
    ngx_queue_init(&clients->lru);

    zone->data = clients;
    pool->data = clients;
    pool->log_nomem = 0;

    return NGX_OK;
}
