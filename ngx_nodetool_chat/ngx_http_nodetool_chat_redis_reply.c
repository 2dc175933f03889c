/*
 * ngx_http_nodetool_chat_redis_reply.c - what is learned from Redis' reply to
 * a batch.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_redis.h"


/* The zone is locked. */
static void
ngx_nodetool_redis_learn(ngx_nodetool_limit_node_t *node, const char *field,
                         int64_t value)
{
    char                 *end;
    long long             number;
    ngx_nodetool_slot_t  *slot;
    ngx_nodetool_spent_t *spent;

    number = strtoll(field + 1, &end, 10);

    if (end == field + 1 || *end != '\0' || number < 0) {
        return;
    }

    switch (field[0]) {
    case 'r':
    case 't':
        slot = ngx_nodetool_limit_slot(node, (uint32_t) number);

        if (slot != NULL) {
            value = ngx_max(ngx_min(value, INT32_MAX / 4), -INT32_MAX / 4);
            *(field[0] == 'r' ? &slot->requests.total : &slot->tokens.total) =
                (int32_t) value;
        }

        break;

    case 'd':
    case 'm':
        spent = field[0] == 'd' ? &node->day : &node->month;

        if (spent->period < number) {
            ngx_memzero(spent, sizeof(ngx_nodetool_spent_t));
            spent->period = number;
        }

        if (spent->period == number) {
            spent->total = ngx_max(ngx_min(value, INT64_MAX / 4), 0);
        }
    }
}


/* The zone is locked. */
static void
ngx_nodetool_redis_told(ngx_nodetool_limit_node_t *node, redisReply *reply)
{
    size_t      i;
    uint32_t    now;
    int64_t     age;
    redisReply *field, *value;

    node->batched = 0;
    node->synced = ngx_current_msec;
    node->day.pushed = 0;
    node->month.pushed = 0;

    for (i = 0; i < NGX_NODETOOL_LIMIT_SLOTS; i++) {
        node->slots[i].requests.pushed = 0;
        node->slots[i].tokens.pushed = 0;
    }

    now = ngx_nodetool_limit_number(ngx_time());

    for (i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements;
         i += 2) {
        field = reply->element[i];
        value = reply->element[i + 1];

        if (field->type != REDIS_REPLY_STRING ||
            value->type != REDIS_REPLY_STRING || field->len < 2)
        {
            continue;
        }

        /* a slot that is over here, or of a clock that is ahead */

        age = (int64_t) now - strtoll(field->str + 1, NULL, 10);

        if ((field->str[0] == 'r' || field->str[0] == 't') &&
            (age < -1 || age >= NGX_NODETOOL_LIMIT_SLOTS))
        {
            continue;
        }

        ngx_nodetool_redis_learn(node, field->str,
                                 strtoll(value->str, NULL, 10));
    }
}


void
ngx_nodetool_redis_reply(void *data, redisReply *reply)
{
    ngx_nodetool_redis_t *redis = data;

    ngx_uint_t                 i, full;
    ngx_nodetool_limit_zone_t *zone;
    ngx_nodetool_limit_node_t *node;
    ngx_nodetool_redis_name_t *names;

    if (redis->batch == NULL) {
        return;
    }

    zone = redis->limit->zone;
    names = redis->names.elts;

    if (reply->type != REDIS_REPLY_ARRAY ||
        reply->elements != redis->names.nelts) {
        if (!redis->down) {
            redis->down = 1;
            ngx_log_error(NGX_LOG_ERR, redis->timer.log, 0,
                          "nodetool_limit_redis answers \"%s\"; limits are "
                          "counted here alone",
                          reply->type == REDIS_REPLY_ERROR ? reply->str
                                                           : "nothing of use");
        }

        zone->shm->behind = 1;
        ngx_nodetool_redis_over(redis);
        return;
    }

    ngx_shmtx_lock(&zone->pool->mutex);

    for (i = 0; i < redis->names.nelts; i++) {
        node =
            ngx_nodetool_limit_find(zone->shm, &names[i].name, names[i].hash);
        if (node != NULL) {
            ngx_nodetool_redis_told(node, reply->element[i]);
            ngx_nodetool_limit_place(zone, node);
        }
    }

    zone->shm->pending = 0;

    ngx_shmtx_unlock(&zone->pool->mutex);

    if (redis->down) {
        redis->down = 0;
        ngx_log_error(NGX_LOG_NOTICE, redis->timer.log, 0,
                      "nodetool_limit_redis is back");
    }

    full = redis->names.nelts == NGX_NODETOOL_REDIS_NAMES;
    ngx_nodetool_redis_over(redis);

    if (full || zone->shm->behind) {
        ngx_nodetool_redis_next(redis);
    }
}
