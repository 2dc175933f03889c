/*
 * Leases and the queue: what keeps a job running on exactly one engine.
 *
 * Every third of a lease one command renews all that this engine holds,
 * looks for those that others let lapse, and hears of cancelled jobs.
 */

#include "engine/jobs/store_redis_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/nt_buf.h"
#include "engine/log.h"

#define NT_RED_ORPHANS 1000


void
nt_red_token(const nt_red_store_t *red, unsigned attempt, char *token)
{
    snprintf(token, NT_RED_TOKEN, "%s:%u", red->engine, attempt);
}


nt_red_lease_t *
nt_red_lease_find(nt_red_store_t *red, const char *id)
{
    nt_link_t *link = nt_table_find(&red->leases, id);

    return link ? nt_table_entry(link, nt_red_lease_t, link) : NULL;
}


/* Two halves, of which the older one goes when the newer one is full: what is
 * kept is between one half and all that may be. */
uint64_t
nt_red_lease_keep(nt_red_store_t *red, const char *id, uint64_t last,
                  size_t bytes)
{
    nt_red_lease_t *lease = nt_red_lease_find(red, id);
    uint64_t        keep = 0;

    if (lease) {
        if (lease->bytes >= red->options.max_job_bytes / 2) {
            lease->keep = lease->half;
            lease->half = last;
            lease->bytes = 0;
        }

        lease->bytes += bytes;
        keep = lease->keep;
    }

    if (last > red->options.max_events && last - red->options.max_events > keep)
    {
        keep = last - red->options.max_events;
    }

    return keep;
}


bool
nt_red_lease_add(nt_red_store_t *red, const char *id, unsigned attempt)
{
    size_t          size = strlen(id) + 1;
    nt_red_lease_t *lease;

    nt_red_lease_remove(red, id); /* of an attempt that was lost unnoticed */

    lease = malloc(sizeof(*lease) + size);
    if (lease == NULL) {
        return false;
    }

    memcpy(lease->id, id, size);
    lease->keep = lease->half = 0;
    lease->bytes = 0;
    nt_red_token(red, attempt, lease->token);

    if (!nt_table_add(&red->leases, &lease->link, lease->id)) {
        free(lease);
        return false;
    }

    return true;
}


void
nt_red_lease_remove(nt_red_store_t *red, const char *id)
{
    nt_red_lease_t *lease = nt_red_lease_find(red, id);

    if (lease) {
        nt_table_remove(&red->leases, &lease->link);
        free(lease);
    }
}


void
nt_red_lease_lost(nt_red_store_t *red, const char *id, const char *token)
{
    nt_red_lease_t *lease = nt_red_lease_find(red, id);

    if (lease && strcmp(lease->token, token) == 0) {
        nt_red_lease_remove(red, id);
        if (red->handler.lost) {
            red->handler.lost(red->handler.arg, id);
        }
    }
}


/* --- jobs to take back --- */

void
nt_red_orphan_add(nt_red_store_t *red, const char *id, const char *token)
{
    size_t           size = strlen(id) + 1;
    nt_red_orphan_t *orphan;

    if (red->n_orphans == NT_RED_ORPHANS) {
        return; /* it runs unasked for, when it was stored at all */
    }

    orphan = malloc(sizeof(*orphan) + size);
    if (orphan == NULL) {
        return;
    }

    memcpy(orphan->id, id, size);
    memcpy(orphan->token, token, NT_RED_TOKEN);
    STAILQ_INSERT_TAIL(&red->orphans, orphan, entry);
    red->n_orphans++;
}


static void
nt_red_on_abandoned(void *arg, const redisReply *reply, const char *error)
{
    if (error) {
        nt_log(NT_LOG_WARN, "redis: an unwanted job was not taken back: %s",
               error);
    }
}


static void
nt_red_abandon(nt_red_store_t *red)
{
    nt_red_orphan_t *orphan;
    nt_redis_args_t  args;

    while ((orphan = STAILQ_FIRST(&red->orphans))) {
        STAILQ_REMOVE_HEAD(&red->orphans, entry);
        red->n_orphans--;
        nt_red_args(&args);
        nt_redis_arg_text(&args, orphan->id);
        nt_redis_arg_text(&args, orphan->token);
        nt_redis_eval(red->redis, NT_RED_ABANDON, &args, true,
                      nt_red_on_abandoned, NULL);
        free(orphan);
    }
}


/* --- the queue --- */

static void
nt_red_take(nt_red_store_t *red, const redisReply *reply)
{
    nt_job_record_t record;
    const char     *params;

    if (!nt_red_record(&record, reply, &params)) {
        return;
    }

    record.params = params;

    if (!nt_red_lease_add(red, record.id, record.attempt)) {
        nt_log(NT_LOG_ERROR, "job %s: no memory to run it; its lease lapses",
               record.id);
        return;
    }

    if (red->want > 0) {
        red->want--;
    }

    red->handler.claimed(red->handler.arg, &record);
}


static void
nt_red_on_claimed(void *arg, const redisReply *reply, const char *error)
{
    nt_red_store_t *red = arg;

    red->claiming = false;

    if (error || reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        nt_log(NT_LOG_WARN, "redis: queued jobs cannot be claimed: %s",
               error ? error : "bad reply");
        return; /* the next tick tries again */
    }

    red->queued = (unsigned) reply->element[0]->integer;

    for (size_t i = 1; i < reply->elements && red->handler.claimed; i++) {
        nt_red_take(red, reply->element[i]);
    }

    if (reply->elements > 1) { /* else what waits is held back by limits */
        nt_red_claim(red);
    }
}


void
nt_red_claim(nt_red_store_t *red)
{
    nt_redis_args_t args;

    if (red->want == 0 || red->queued == 0 || red->claiming ||
        !nt_redis_connected(red->redis))
    {
        return;
    }

    red->claiming = true;
    nt_red_args(&args);
    nt_redis_arg_text(&args, red->engine);
    nt_redis_arg_int(&args, red->options.lease_ms);
    nt_redis_arg_int(&args, red->want);
    nt_redis_arg_int(&args, red->options.max_user);
    nt_redis_arg_int(&args, red->options.max_workflow);
    nt_redis_eval(red->redis, NT_RED_CLAIM, &args, false, nt_red_on_claimed,
                  red);
}


/* --- the tick --- */

static void
nt_red_cancelled(nt_red_store_t *red, const char *id)
{
    if (nt_red_lease_find(red, id) && red->handler.cancel) {
        red->handler.cancel(red->handler.arg, id);
    }
}


/* Lists of ids and tokens in turn: lost leases, jobs to be cancelled. */
static void
nt_red_heard(nt_red_store_t *red, const redisReply *lost,
             const redisReply *cancel)
{
    for (size_t i = 0; i + 1 < lost->elements; i += 2) {
        nt_red_lease_lost(red, lost->element[i]->str,
                          lost->element[i + 1]->str);
    }

    for (size_t i = 0; i + 1 < cancel->elements; i += 2) {
        nt_red_cancelled(red, cancel->element[i]->str);
    }
}


static void
nt_red_on_ticked(void *arg, const redisReply *reply, const char *error)
{
    nt_red_store_t *red = arg;

    red->ticking = false;

    if (error || reply->type != REDIS_REPLY_ARRAY || reply->elements != 5) {
        nt_log(NT_LOG_WARN, "redis: leases were not renewed: %s",
               error ? error : "bad reply");
        return;
    }

    red->queued = (unsigned) reply->element[0]->integer;

    if (reply->element[1]->integer > 0) {
        nt_log(NT_LOG_WARN, "redis: %lld jobs of lost engines queued again",
               reply->element[1]->integer);
    }

    red->tells = reply->element[4]->integer == 1;
    nt_red_heard(red, reply->element[2], reply->element[3]);
    nt_red_claim(red);

    if (red->tick_again) {
        nt_red_tick(red);
    }
}


void
nt_red_tick(nt_red_store_t *red)
{
    nt_redis_args_t args;
    nt_buf_t        held = { 0 };

    red->tick_again = red->ticking;

    if (red->ticking || !nt_redis_connected(red->redis)) {
        return; /* when it is connected, it comes by itself */
    }

    for (size_t i = 0; i < red->leases.size; i++) {
        for (nt_link_t *link = red->leases.slots[i]; link; link = link->next) {
            const nt_red_lease_t *lease =
                nt_table_entry(link, nt_red_lease_t, link);

            nt_buf_printf(&held, "%s %s ", lease->id, lease->token);
        }
    }

    if (!held.failed) {
        red->ticking = true;
        nt_red_args(&args);
        nt_redis_arg_text(&args, red->engine);
        nt_redis_arg_int(&args, red->options.lease_ms);
        nt_redis_arg_flag(&args, uv_now(red->loop) >= red->reap_at);
        nt_redis_arg_flag(&args, red->followed.n > 0);
        nt_redis_arg(&args, (nt_str_t) { held.data, held.len });
        nt_redis_eval(red->redis, NT_RED_TICK, &args, false, nt_red_on_ticked,
                      red);
    }

    nt_buf_free(&held);
}


void
nt_red_on_timer(uv_timer_t *timer)
{
    nt_red_passes_expire(timer->data, uv_now(timer->loop));
    nt_red_tick(timer->data);
}


/* Connected, perhaps again: what we hold is renewed first, and those who
 * come back as well get time to do the same before they are taken for
 * lost. */
void
nt_red_on_ready(void *arg)
{
    nt_red_store_t *red = arg;

    memset(red->touched, 0, sizeof(red->touched)); /* it may be empty now */
    red->reap_at = uv_now(red->loop) + red->options.lease_ms / 2;
    nt_red_abandon(red);
    nt_red_tick(red);
}


void
nt_red_on_control(nt_red_store_t *red, nt_str_t message)
{
    char id[64];

    if (nt_str_eq(message, NT_STR("queue"))) {
        if (red->queued == 0) {
            red->queued = 1; /* at least */
        }
        nt_red_claim(red);
        return;
    }

    if (nt_str_eq(message, NT_STR("follow"))) {
        red->tells = true;
        return;
    }

    if (message.len > 7 && message.len < sizeof(id) &&
        memcmp(message.data, "cancel ", 7) == 0)
    {
        memcpy(id, message.data + 7, message.len - 7);
        id[message.len - 7] = '\0';
        nt_red_cancelled(red, id);
    }
}
