/*
 * ngx_http_nodetool_chat_redis_batch.c - what Redis is told: the script,
 * and batches of counts for it.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_redis.h"

/* How long a name is of interest that is not used here. */
#define NGX_NODETOOL_REDIS_ACTIVE                                              \
    (NGX_NODETOOL_LIMIT_SLOT * NGX_NODETOOL_LIMIT_SLOTS)

#define NGX_NODETOOL_REDIS_PREFIX "nodetool:{limit}:"

/*
 * KEYS: the instance's, then one a name.  ARGV: the batch, the oldest slot,
 * the day, the month; then for each name the number of its fields, and of
 * each its name, what is known of it, and what is added.  Replies for each
 * name with its fields and their values.
 *
 * A field that is missing begins with what is known: Redis may have lost it.
 */
static const char ngx_nodetool_redis_script[] =
    "local seen = redis.call('GET', KEYS[1]) == ARGV[1]\n"
    "if not seen then redis.call('SET', KEYS[1], ARGV[1], 'EX', 3600) end\n"
    "local oldest = { r = ARGV[2], t = ARGV[2], d = ARGV[3], m = ARGV[4] }\n"
    "for kind, n in pairs(oldest) do oldest[kind] = tonumber(n) end\n"
    "local a, reply = 5, {}\n"
    "for i = 2, #KEYS do\n"
    "  local key, n = KEYS[i], tonumber(ARGV[a])\n"
    "  a = a + 1\n"
    "  for _ = 1, n do\n"
    "    if not seen then\n"
    "      if redis.call('HEXISTS', key, ARGV[a]) == 0 then\n"
    "        redis.call('HSET', key, ARGV[a], ARGV[a + 1])\n"
    "      end\n"
    "      redis.call('HINCRBY', key, ARGV[a], ARGV[a + 2])\n"
    "    end\n"
    "    a = a + 3\n"
    "  end\n"
    "  local all, kept = redis.call('HGETALL', key), {}\n"
    "  for j = 1, #all, 2 do\n"
    "    local from = oldest[string.sub(all[j], 1, 1)]\n"
    "    if from and tonumber(string.sub(all[j], 2)) < from then\n"
    "      redis.call('HDEL', key, all[j])\n"
    "    else\n"
    "      kept[#kept + 1] = all[j]\n"
    "      kept[#kept + 1] = all[j + 1]\n"
    "    end\n"
    "  end\n"
    "  if n > 0 then redis.call('EXPIRE', key, 3456000) end\n"
    "  reply[#reply + 1] = kept\n"
    "end\n"
    "return reply\n";


static ngx_int_t
ngx_nodetool_redis_arg(ngx_nodetool_redis_t *redis, const char *format, ...)
{
    u_char     text[64], *last;
    va_list    args;
    ngx_str_t *arg;

    va_start(args, format);
    last = ngx_vslprintf(text, text + sizeof(text), format, args);
    va_end(args);

    arg = ngx_array_push(&redis->args);
    if (arg == NULL) {
        return NGX_ERROR;
    }

    arg->len = last - text;
    arg->data = ngx_pnalloc(redis->batch, arg->len);
    if (arg->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(arg->data, text, arg->len);

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_redis_field(ngx_nodetool_redis_t *redis, char kind, int64_t number,
                         int64_t known, int64_t added)
{
    if (ngx_nodetool_redis_arg(redis, "%c%L", kind, number) != NGX_OK ||
        ngx_nodetool_redis_arg(redis, "%L", known) != NGX_OK ||
        ngx_nodetool_redis_arg(redis, "%L", added) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_redis_count(ngx_nodetool_redis_t *redis, char kind,
                         uint32_t number, ngx_nodetool_count_t *count,
                         ngx_uint_t fresh, ngx_uint_t *n)
{
    if (fresh) {
        count->pushed = count->delta;
        count->delta = 0;
    }

    if (count->pushed == 0) {
        return NGX_OK;
    }

    (*n)++;

    return ngx_nodetool_redis_field(redis, kind, number, count->total,
                                    count->pushed);
}


static ngx_int_t
ngx_nodetool_redis_money(ngx_nodetool_redis_t *redis, char kind,
                         ngx_nodetool_spent_t *spent, ngx_uint_t fresh,
                         ngx_uint_t *n)
{
    if (fresh) {
        spent->pushed = spent->delta;
        spent->delta = 0;
    }

    if (spent->pushed == 0) {
        return NGX_OK;
    }

    (*n)++;

    return ngx_nodetool_redis_field(redis, kind, spent->period, spent->total,
                                    spent->pushed);
}


/* The zone is locked.  With `fresh` what was taken becomes part of the batch,
 * else it is one that is sent again. */
static ngx_int_t
ngx_nodetool_redis_add(ngx_nodetool_redis_t      *redis,
                       ngx_nodetool_limit_node_t *node, ngx_uint_t fresh)
{
    uint32_t                   now;
    ngx_str_t                 *arg;
    ngx_uint_t                 i, n, at;
    ngx_nodetool_slot_t       *slot;
    ngx_nodetool_redis_name_t *name;

    n = 0;
    now = ngx_nodetool_limit_number(ngx_time());
    node->batched = 1;
    name = ngx_array_push(&redis->names);

    if (name == NULL) {
        return NGX_ERROR;
    }

    name->hash = (uint32_t) node->node.key;
    name->name.len = node->len;
    name->name.data = ngx_pnalloc(redis->batch, node->len);
    at = redis->args.nelts; /* of the number of fields */

    if (name->name.data == NULL ||
        ngx_nodetool_redis_arg(redis, "%ui", n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(name->name.data, node->name, node->len);

    for (i = 0; i < NGX_NODETOOL_LIMIT_SLOTS; i++) {
        slot = &node->slots[i];

        if (ngx_nodetool_slot_counts(slot, now) &&
            (ngx_nodetool_redis_count(redis, 'r', slot->number, &slot->requests,
                                      fresh, &n) != NGX_OK ||
             ngx_nodetool_redis_count(redis, 't', slot->number, &slot->tokens,
                                      fresh, &n) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    if (ngx_nodetool_redis_money(redis, 'd', &node->day, fresh, &n) != NGX_OK ||
        ngx_nodetool_redis_money(redis, 'm', &node->month, fresh, &n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    arg = redis->args.elts;
    arg[at].data = ngx_pnalloc(redis->batch, NGX_INT_T_LEN);
    if (arg[at].data == NULL) {
        return NGX_ERROR;
    }

    arg[at].len = ngx_sprintf(arg[at].data, "%ui", n) - arg[at].data;

    return NGX_OK;
}


static ngx_uint_t
ngx_nodetool_redis_due(ngx_nodetool_redis_t      *redis,
                       ngx_nodetool_limit_node_t *node, ngx_uint_t active)
{
    if ((ngx_msec_int_t) (node->synced - redis->round) >= 0 &&
        node->synced != 0) {
        return 0;
    }

    return active || node->day.delta != 0 || node->month.delta != 0;
}


/* The zone is locked: those that were used lately, newest first; of old ones,
 * when Redis was away, those with money that it was not told of. */
static ngx_int_t
ngx_nodetool_redis_collect(ngx_nodetool_redis_t *redis, ngx_queue_t *queue)
{
    ngx_uint_t                 active, pending, due;
    ngx_queue_t               *q;
    ngx_nodetool_limit_shm_t  *shm;
    ngx_nodetool_limit_node_t *node;

    shm = redis->limit->zone->shm;
    pending = shm->pending;

    for (q = ngx_queue_head(queue); q != ngx_queue_sentinel(queue);
         q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_nodetool_limit_node_t, queue);
        active = node->used + NGX_NODETOOL_REDIS_ACTIVE > ngx_time();

        if (!pending && !active && !shm->behind) {
            break;
        }

        due = pending ? node->batched
                      : ngx_nodetool_redis_due(redis, node, active);
        if (!due) {
            continue;
        }

        if (ngx_nodetool_redis_add(redis, node, !pending) != NGX_OK) {
            return NGX_ERROR;
        }

        if (redis->names.nelts == NGX_NODETOOL_REDIS_NAMES) {
            break;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_redis_head(ngx_nodetool_redis_t *redis)
{
    int64_t                   day, month;
    ngx_nodetool_limit_shm_t *shm;

    shm = redis->limit->zone->shm;
    ngx_nodetool_limit_periods(ngx_time(), &day, &month);

    if (ngx_nodetool_redis_arg(redis, "%uL", shm->batch) != NGX_OK ||
        ngx_nodetool_redis_arg(redis, "%uD",
                               ngx_nodetool_limit_number(ngx_time()) -
                                   NGX_NODETOOL_LIMIT_SLOTS) != NGX_OK ||
        ngx_nodetool_redis_arg(redis, "%L", day) != NGX_OK ||
        ngx_nodetool_redis_arg(redis, "%L", month) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_redis_build(ngx_nodetool_redis_t *redis)
{
    ngx_int_t                  rc;
    ngx_nodetool_limit_shm_t  *shm;
    ngx_nodetool_limit_zone_t *zone;

    zone = redis->limit->zone;
    shm = zone->shm;

    redis->batch = ngx_create_pool(4096, redis->timer.log);

    if (redis->batch == NULL ||
        ngx_array_init(&redis->names, redis->batch, 16,
                       sizeof(ngx_nodetool_redis_name_t)) != NGX_OK ||
        ngx_array_init(&redis->args, redis->batch, 64, sizeof(ngx_str_t)) !=
            NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_shmtx_lock(&zone->pool->mutex);

    if (!shm->pending) {
        shm->batch++;
    }

    rc = ngx_nodetool_redis_head(redis);

    if (rc == NGX_OK) {
        rc = ngx_nodetool_redis_collect(redis, &shm->spent);
    }

    if (rc == NGX_OK && redis->names.nelts < NGX_NODETOOL_REDIS_NAMES) {
        rc = ngx_nodetool_redis_collect(redis, &shm->queue);
    }

    /* what did become part of it is, also when the rest has failed */

    shm->pending = redis->names.nelts > 0;

    ngx_shmtx_unlock(&zone->pool->mutex);

    return rc;
}


void
ngx_nodetool_redis_over(ngx_nodetool_redis_t *redis)
{
    if (redis->batch != NULL) {
        ngx_destroy_pool(redis->batch);
        redis->batch = NULL;
    }
}


/* EVAL script keys keys... args... */
static ngx_int_t
ngx_nodetool_redis_eval(ngx_nodetool_redis_t *redis)
{
    size_t                    *lens;
    ngx_str_t                 *args, key;
    ngx_uint_t                 i, n;
    const char               **argv;
    ngx_nodetool_redis_name_t *names;

    names = redis->names.elts;
    args = redis->args.elts;
    n = 4 + redis->names.nelts + redis->args.nelts;

    argv = ngx_palloc(redis->batch, n * sizeof(char *));
    lens = ngx_palloc(redis->batch, n * sizeof(size_t));
    key.data = ngx_pnalloc(redis->batch, NGX_INT_T_LEN);
    if (argv == NULL || lens == NULL || key.data == NULL) {
        return NGX_ERROR;
    }

    argv[0] = "EVAL";
    lens[0] = 4;
    argv[1] = ngx_nodetool_redis_script;
    lens[1] = sizeof(ngx_nodetool_redis_script) - 1;
    argv[2] = (char *) key.data;
    lens[2] = ngx_sprintf(key.data, "%ui", redis->names.nelts + 1) - key.data;

    n = 3;

    for (i = 0; i <= redis->names.nelts; i++) {
        key.len = sizeof(NGX_NODETOOL_REDIS_PREFIX) - 1 +
                  (i ? names[i - 1].name.len : sizeof("batch:") + 16);
        key.data = ngx_pnalloc(redis->batch, key.len);
        if (key.data == NULL) {
            return NGX_ERROR;
        }

        argv[n] = (char *) key.data;
        lens[n] =
            (i ? ngx_sprintf(key.data, NGX_NODETOOL_REDIS_PREFIX "%V",
                             &names[i - 1].name)
               : ngx_sprintf(key.data, NGX_NODETOOL_REDIS_PREFIX "batch:%016xL",
                             redis->limit->zone->shm->instance)) -
            key.data;
        n++;
    }

    for (i = 0; i < redis->args.nelts; i++) {
        argv[n] = (char *) args[i].data;
        lens[n++] = args[i].len;
    }

    redis->since = ngx_current_msec;

    return ngx_nodetool_redis_send(&redis->conn, (int) n, argv, lens);
}


void
ngx_nodetool_redis_next(ngx_nodetool_redis_t *redis)
{
    ngx_uint_t again;

    again = redis->limit->zone->shm->pending;

    if (ngx_nodetool_redis_build(redis) != NGX_OK ||
        (redis->names.nelts > 0 && ngx_nodetool_redis_eval(redis) != NGX_OK))
    {
        ngx_log_error(NGX_LOG_ERR, redis->timer.log, 0,
                      "no memory for what nodetool_limit_redis is told");
        ngx_nodetool_redis_over(redis);
        return;
    }

    if (redis->names.nelts == 0) {
        ngx_nodetool_redis_over(redis);

        if (!again) {
            redis->limit->zone->shm->behind = 0; /* nobody is left */
        }
    }
}
