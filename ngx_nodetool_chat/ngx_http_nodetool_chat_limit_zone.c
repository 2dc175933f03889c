/*
 * ngx_http_nodetool_chat_limit_zone.c - the counts of all workers.
 *
 * A request takes what it is expected to need when it is let in, and gives
 * back, or takes, the difference when it is over.  There is nothing that a
 * worker which dies could fail to hand back: slots pass, and with them what
 * was reserved in them.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

#include <sys/random.h>


/* --- nodes --- */

/* It was used now. */
static void
ngx_nodetool_limit_touch(ngx_nodetool_limit_zone_t *zone,
                         ngx_nodetool_limit_node_t *node, time_t now)
{
    int64_t day, month;

    ngx_nodetool_limit_periods(now, &day, &month);

    node->used = now;
    node->rich = ngx_nodetool_spent(&node->month, month) != 0;

    ngx_queue_remove(&node->queue);
    ngx_queue_insert_head(node->rich ? &zone->shm->spent : &zone->shm->queue,
                          &node->queue);
}


void
ngx_nodetool_limit_place(ngx_nodetool_limit_zone_t *zone,
                         ngx_nodetool_limit_node_t *node)
{
    time_t  now;
    int64_t day, month;

    now = ngx_time();
    ngx_nodetool_limit_periods(now, &day, &month);

    /* both queues stay in the order of use */

    if (node->rich != (ngx_nodetool_spent(&node->month, month) != 0)) {
        ngx_nodetool_limit_touch(zone, node, now);
    }
}


static void
ngx_nodetool_limit_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
                          ngx_rbtree_node_t *sentinel)
{
    ngx_int_t                  rc;
    ngx_rbtree_node_t        **p;
    ngx_nodetool_limit_node_t *n, *t;

    for (;;) {
        n = (ngx_nodetool_limit_node_t *) node;
        t = (ngx_nodetool_limit_node_t *) temp;

        if (node->key != temp->key) {
            p = node->key < temp->key ? &temp->left : &temp->right;

        } else {
            rc = ngx_memn2cmp(n->name, t->name, n->len, t->len);
            p = rc < 0 ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


ngx_nodetool_limit_node_t *
ngx_nodetool_limit_find(ngx_nodetool_limit_shm_t *shm, ngx_str_t *name,
                        uint32_t hash)
{
    ngx_int_t                  rc;
    ngx_rbtree_node_t         *node;
    ngx_nodetool_limit_node_t *n;

    node = shm->rbtree.root;

    while (node != &shm->sentinel) {
        if (hash != node->key) {
            node = hash < node->key ? node->left : node->right;
            continue;
        }

        n = (ngx_nodetool_limit_node_t *) node;
        rc = ngx_memn2cmp(name->data, n->name, name->len, n->len);

        if (rc == 0) {
            return n;
        }

        node = rc < 0 ? node->left : node->right;
    }

    return NULL;
}


/* Makes room: of what was used longest ago, but for money of this month. */
static ngx_int_t
ngx_nodetool_limit_evict(ngx_nodetool_limit_zone_t *zone)
{
    int64_t                    day, month;
    ngx_queue_t               *q;
    ngx_nodetool_limit_shm_t  *shm;
    ngx_nodetool_limit_node_t *node;

    shm = zone->shm;

    if (!ngx_queue_empty(&shm->queue)) {
        q = ngx_queue_last(&shm->queue);
        node = ngx_queue_data(q, ngx_nodetool_limit_node_t, queue);

    } else if (!ngx_queue_empty(&shm->spent)) {
        q = ngx_queue_last(&shm->spent);
        node = ngx_queue_data(q, ngx_nodetool_limit_node_t, queue);

        ngx_nodetool_limit_periods(ngx_time(), &day, &month);

        if (ngx_nodetool_spent(&node->month, month) != 0) {
            return NGX_ERROR;
        }

    } else {
        return NGX_ERROR;
    }

    ngx_queue_remove(q);
    ngx_rbtree_delete(&shm->rbtree, &node->node);
    ngx_slab_free_locked(zone->pool, node);

    return NGX_OK;
}


ngx_nodetool_limit_node_t *
ngx_nodetool_limit_node(ngx_nodetool_limit_zone_t *zone, ngx_str_t *name,
                        uint32_t hash)
{
    size_t                     size;
    ngx_nodetool_limit_node_t *node;

    node = ngx_nodetool_limit_find(zone->shm, name, hash);

    if (node != NULL) {
        return node;
    }

    size = offsetof(ngx_nodetool_limit_node_t, name) + name->len;

    do {
        node = ngx_slab_calloc_locked(zone->pool, size);
    } while (node == NULL && ngx_nodetool_limit_evict(zone) == NGX_OK);

    if (node == NULL) {
        return NULL;
    }

    node->node.key = hash;
    node->len = (u_short) name->len;
    ngx_memcpy(node->name, name->data, name->len);

    ngx_rbtree_insert(&zone->shm->rbtree, &node->node);
    ngx_queue_insert_head(&zone->shm->queue, &node->queue);

    return node;
}


/* --- requests --- */

/* Whether one more may be let in; how much there is, in use->used. */
static ngx_int_t
ngx_nodetool_limit_check(ngx_nodetool_limit_node_t *node,
                         ngx_nodetool_use_t *use, time_t now,
                         ngx_nodetool_refusal_t *refusal)
{
    time_t     wait;
    int64_t    day, month, limit;
    ngx_uint_t i;

    ngx_nodetool_limit_periods(now, &day, &month);

    for (i = 0; i < 2; i++) {
        use->used[i] = ngx_nodetool_limit_sum(node, i, now, &use->reset[i]);
    }

    if (node->owing > now) {
        use->reset[NGX_NODETOOL_LIMIT_TPM] =
            ngx_max(use->reset[NGX_NODETOOL_LIMIT_TPM], node->owing - now);
        use->used[NGX_NODETOOL_LIMIT_TPM] =
            ngx_max(use->used[NGX_NODETOOL_LIMIT_TPM],
                    use->limit[NGX_NODETOOL_LIMIT_TPM]);
    }

    use->used[NGX_NODETOOL_LIMIT_DAY] = ngx_nodetool_spent(&node->day, day);
    use->used[NGX_NODETOOL_LIMIT_MONTH] =
        ngx_nodetool_spent(&node->month, month);

    /* who has to wait longest waits for that */

    for (i = 0; i < NGX_NODETOOL_LIMIT_N; i++) {
        limit = use->limit[i];

        if (limit < 0 || use->used[i] < limit) {
            continue;
        }

        if (i < NGX_NODETOOL_LIMIT_DAY) {
            wait = ngx_nodetool_limit_wait(node, i, use->used[i], limit, now);

            if (i == NGX_NODETOOL_LIMIT_TPM && node->owing > now) {
                wait = ngx_max(wait, node->owing - now);
            }

        } else {
            wait = ngx_nodetool_limit_left(i, now);
        }

        if (refusal->use == NULL || wait > refusal->wait) {
            refusal->use = use;
            refusal->kind = i;
            refusal->wait = ngx_max(wait, 1);
        }
    }

    return refusal->use == NULL ? NGX_OK : NGX_DECLINED;
}


/* Of a request that took more than a minute's tokens, the rest is paid for in
 * time: over many minutes there are never more of them than the limit says. */
static void
ngx_nodetool_limit_owe(ngx_nodetool_limit_node_t *node, ngx_nodetool_use_t *use,
                       int64_t tokens, time_t now)
{
    int64_t limit;

    limit = use->limit[NGX_NODETOOL_LIMIT_TPM];

    if (limit > 0 && tokens > limit) {
        tokens = ngx_min(tokens, INT32_MAX);
        node->owing =
            ngx_max(node->owing, now + (time_t) (60 * tokens / limit));
    }
}


ngx_int_t
ngx_nodetool_limit_take(ngx_nodetool_limit_zone_t *zone,
                        ngx_nodetool_take_t       *take,
                        ngx_nodetool_refusal_t    *refusal)
{
    time_t                     now;
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_nodetool_use_t        *use;
    ngx_nodetool_slot_t       *slot;
    ngx_nodetool_limit_node_t *node;

    rc = NGX_OK;
    now = ngx_time();
    refusal->use = NULL;

    ngx_shmtx_lock(&zone->pool->mutex);

    for (i = 0; i < take->n; i++) {
        use = &take->uses[i];
        node = ngx_nodetool_limit_node(zone, &use->name, use->hash);

        if (node == NULL) {
            rc = NGX_ERROR;
            break;
        }

        if (ngx_nodetool_limit_check(node, use, now, refusal) != NGX_OK) {
            rc = NGX_DECLINED;
        }
    }

    for (i = 0; rc == NGX_OK && i < take->n; i++) {
        use = &take->uses[i];

        /* making the last one may have cost the first its place */

        node = ngx_nodetool_limit_node(zone, &use->name, use->hash);
        slot =
            node ? ngx_nodetool_limit_slot(node, ngx_nodetool_limit_number(now))
                 : NULL;

        if (node == NULL) {
            rc = NGX_ERROR;
            break;
        }

        if (slot != NULL) {
            ngx_nodetool_count_add(&slot->requests, 1);
            ngx_nodetool_count_add(&slot->tokens, take->tokens);
        }

        ngx_nodetool_limit_spend(zone, node, now, take->cost);
        ngx_nodetool_limit_touch(zone, node, now);

        use->used[NGX_NODETOOL_LIMIT_RPM]++;
        use->used[NGX_NODETOOL_LIMIT_TPM] += take->tokens;
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    if (rc == NGX_OK) {
        take->taken = now;
    }

    return rc;
}


void
ngx_nodetool_limit_give(ngx_nodetool_limit_zone_t *zone,
                        ngx_nodetool_take_t *take, int64_t tokens, int64_t cost)
{
    time_t                     now, when;
    int64_t                    more;
    ngx_uint_t                 i, counts;
    ngx_nodetool_use_t        *use;
    ngx_nodetool_slot_t       *slot;
    ngx_nodetool_limit_node_t *node;

    now = ngx_time();
    more = tokens - take->tokens;
    cost -= take->cost;

    /* what was too much is given back where it was taken, if that counts */

    when = more < 0 ? take->taken : now;
    counts = now - when < 60;

    ngx_shmtx_lock(&zone->pool->mutex);

    for (i = 0; i < take->n; i++) {
        use = &take->uses[i];
        node = ngx_nodetool_limit_node(zone, &use->name, use->hash);

        if (node == NULL) {
            continue;
        }

        slot = counts ? ngx_nodetool_limit_slot(node,
                                                ngx_nodetool_limit_number(when))
                      : NULL;

        if (slot != NULL) {
            ngx_nodetool_count_add(&slot->tokens, more);
        }

        ngx_nodetool_limit_owe(node, use, tokens, now);
        ngx_nodetool_limit_spend(zone, node, cost < 0 ? take->taken : now,
                                 cost);
        ngx_nodetool_limit_touch(zone, node, now);
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    take->taken = 0;
}


ngx_int_t
ngx_nodetool_limit_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_nodetool_limit_zone_t *prev = data;

    ngx_slab_pool_t           *pool;
    ngx_nodetool_limit_shm_t  *shm;
    ngx_nodetool_limit_zone_t *zone;

    zone = shm_zone->data;
    pool = (ngx_slab_pool_t *) shm_zone->shm.addr;
    zone->pool = pool;

    if (prev != NULL) {
        zone->shm = prev->shm;
        return NGX_OK;
    }

    if (shm_zone->shm.exists) {
        zone->shm = pool->data;
        return NGX_OK;
    }

    shm = ngx_slab_calloc(pool, sizeof(ngx_nodetool_limit_shm_t));

    if (shm == NULL || getrandom(&shm->instance, sizeof(shm->instance), 0) !=
                           sizeof(shm->instance))
    {
        return NGX_ERROR;
    }

    ngx_rbtree_init(&shm->rbtree, &shm->sentinel, ngx_nodetool_limit_insert);
    ngx_queue_init(&shm->queue);
    ngx_queue_init(&shm->spent);

    zone->shm = shm;
    pool->data = shm;
    pool->log_nomem = 0;

    return ngx_nodetool_limit_load(zone, shm_zone->shm.log);
}
