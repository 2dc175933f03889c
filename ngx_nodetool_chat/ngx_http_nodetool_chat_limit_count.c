/*
 * ngx_http_nodetool_chat_limit_count.c - what a name has used up: in slots
 * within a minute, in money within a day and a month.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

#define NGX_NODETOOL_LIMIT_DAY_S 86400


/* --- periods --- */

/* Days since 1970, and months, in UTC. */
void
ngx_nodetool_limit_periods(time_t now, int64_t *day, int64_t *month)
{
    ngx_tm_t tm;

    ngx_gmtime(now, &tm);

    *day = now / NGX_NODETOOL_LIMIT_DAY_S;
    *month = (int64_t) (tm.ngx_tm_year - 1970) * 12 + tm.ngx_tm_mon - 1;
}


/* Seconds until the next one. */
time_t
ngx_nodetool_limit_left(ngx_uint_t kind, time_t now)
{
    time_t  end;
    int64_t day, month, next;

    end = (now / NGX_NODETOOL_LIMIT_DAY_S + 1) * NGX_NODETOOL_LIMIT_DAY_S;

    if (kind == NGX_NODETOOL_LIMIT_DAY) {
        return end - now;
    }

    /* its last day is less than 31 days away */

    ngx_nodetool_limit_periods(now, &day, &month);

    for (;;) {
        ngx_nodetool_limit_periods(end, &day, &next);

        if (next != month) {
            return end - now;
        }

        end += NGX_NODETOOL_LIMIT_DAY_S;
    }
}


/* --- counts --- */

static int64_t
ngx_nodetool_count(ngx_nodetool_count_t *count)
{
    return (int64_t) count->total + count->pushed + count->delta;
}


void
ngx_nodetool_count_add(ngx_nodetool_count_t *count, int64_t n)
{
    int64_t sum;

    /* a slot has never less than nothing, and nobody counts beyond 2^31 */

    sum = count->delta + n;
    sum = ngx_max(sum, -((int64_t) count->total + count->pushed));
    count->delta = (int32_t) ngx_min(sum, INT32_MAX / 4);
}


uint32_t
ngx_nodetool_limit_number(time_t when)
{
    return (uint32_t) (when / NGX_NODETOOL_LIMIT_SLOT);
}


/* Slots older than a minute are over; one ahead is of a worker whose clock
 * was read a moment later. */
ngx_uint_t
ngx_nodetool_slot_counts(ngx_nodetool_slot_t *slot, uint32_t now)
{
    int32_t age;

    age = (int32_t) (now - slot->number);

    return age >= -1 && age < NGX_NODETOOL_LIMIT_SLOTS;
}


ngx_nodetool_slot_t *
ngx_nodetool_limit_slot(ngx_nodetool_limit_node_t *node, uint32_t number)
{
    int32_t              age;
    ngx_nodetool_slot_t *slot;

    slot = &node->slots[number % NGX_NODETOOL_LIMIT_SLOTS];
    age = (int32_t) (number - slot->number);

    if (age == 0) {
        return slot;
    }

    /* after a clock was set back far, the future is forgotten as well */

    if (age < 0 && age > -2 * NGX_NODETOOL_LIMIT_SLOTS) {
        return NULL;
    }

    ngx_memzero(slot, sizeof(ngx_nodetool_slot_t));
    slot->number = number;

    return slot;
}


static ngx_nodetool_count_t *
ngx_nodetool_slot_count(ngx_nodetool_slot_t *slot, ngx_uint_t kind)
{
    return kind == NGX_NODETOOL_LIMIT_RPM ? &slot->requests : &slot->tokens;
}


/* What was taken within a minute; *last is when all of it has passed. */
int64_t
ngx_nodetool_limit_sum(ngx_nodetool_limit_node_t *node, ngx_uint_t kind,
                       time_t now, time_t *last)
{
    int64_t              n, sum;
    uint32_t             number, newest;
    ngx_uint_t           i;
    ngx_nodetool_slot_t *slot;

    sum = 0;
    newest = 0;
    number = ngx_nodetool_limit_number(now);

    for (i = 0; i < NGX_NODETOOL_LIMIT_SLOTS; i++) {
        slot = &node->slots[i];

        if (!ngx_nodetool_slot_counts(slot, number)) {
            continue;
        }

        n = ngx_nodetool_count(ngx_nodetool_slot_count(slot, kind));

        if (n > 0) {
            sum += n;
            newest = ngx_max(newest, slot->number);
        }
    }

    *last = newest ? (time_t) (newest + NGX_NODETOOL_LIMIT_SLOTS) *
                             NGX_NODETOOL_LIMIT_SLOT -
                         now
                   : 0;

    return sum;
}


/* Seconds until less than `limit` are left of a minute's. */
time_t
ngx_nodetool_limit_wait(ngx_nodetool_limit_node_t *node, ngx_uint_t kind,
                        int64_t sum, int64_t limit, time_t now)
{
    uint32_t             number, oldest;
    ngx_uint_t           i;
    ngx_nodetool_slot_t *slot;

    number = ngx_nodetool_limit_number(now);

    for (oldest = number - (NGX_NODETOOL_LIMIT_SLOTS - 1); oldest <= number + 1;
         oldest++)
    {
        i = oldest % NGX_NODETOOL_LIMIT_SLOTS;
        slot = &node->slots[i];

        if (slot->number != oldest) {
            continue;
        }

        sum -= ngx_nodetool_count(ngx_nodetool_slot_count(slot, kind));

        if (sum < limit) {
            break;
        }
    }

    return (time_t) (ngx_min(oldest, number + 1) + NGX_NODETOOL_LIMIT_SLOTS) *
               NGX_NODETOOL_LIMIT_SLOT -
           now;
}


int64_t
ngx_nodetool_spent(ngx_nodetool_spent_t *spent, int64_t period)
{
    return spent->period == period ? spent->total + spent->pushed + spent->delta
                                   : 0;
}


/* Of a period that is over nothing is given back, and nothing taken. */
static void
ngx_nodetool_spent_add(ngx_nodetool_spent_t *spent, int64_t period, int64_t n)
{
    if (spent->period < period) {
        ngx_memzero(spent, sizeof(ngx_nodetool_spent_t));
        spent->period = period;
    }

    if (spent->period == period) {
        n = ngx_max(n, -(spent->total + spent->pushed + spent->delta));
        spent->delta = ngx_min(spent->delta + n, INT64_MAX / 4);
    }
}


void
ngx_nodetool_limit_spend(ngx_nodetool_limit_zone_t *zone,
                         ngx_nodetool_limit_node_t *node, time_t when,
                         int64_t cost)
{
    int64_t day, month;

    if (cost == 0) {
        return;
    }

    ngx_nodetool_limit_periods(when, &day, &month);
    ngx_nodetool_spent_add(&node->day, day, cost);
    ngx_nodetool_spent_add(&node->month, month, cost);

    zone->shm->dirty = 1;
}
