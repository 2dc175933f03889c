/*
 * The store of engines that share their jobs by Redis.  See
 * store_redis_lua.h for what stands there.
 */

#include "engine/jobs/store_redis_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/nt_buf.h"
#include "engine/jobs/store_redis_lua.h"
#include "engine/jobs/store_redis_lua_queue.h"
#include "engine/log.h"

static const char *const nt_red_scripts[] = { [NT_RED_CREATE] = NT_LUA_CREATE,
                                              [NT_RED_APPEND] = NT_LUA_APPEND,
                                              [NT_RED_FINISH] = NT_LUA_FINISH,
                                              [NT_RED_RELEASE] = NT_LUA_RELEASE,
                                              [NT_RED_GET] = NT_LUA_GET,
                                              [NT_RED_EVENTS] = NT_LUA_EVENTS,
                                              [NT_RED_LIST] = NT_LUA_LIST,
                                              [NT_RED_ACTIVE] = NT_LUA_ACTIVE,
                                              [NT_RED_CANCEL] = NT_LUA_CANCEL,
                                              [NT_RED_CLAIM] = NT_LUA_CLAIM,
                                              [NT_RED_TICK] = NT_LUA_TICK,
                                              [NT_RED_ABANDON] = NT_LUA_ABANDON,
                                              [NT_RED_PASS] = NT_LUA_PASS,
                                              [NT_RED_REPLY] = NT_LUA_REPLY,
                                              NULL };


nt_red_call_t *
nt_red_call(nt_red_store_t *red, const char *id, void *arg)
{
    size_t         size = id ? strlen(id) + 1 : 1;
    nt_red_call_t *call = calloc(1, sizeof(*call) + size);

    if (call) {
        call->red = red;
        call->arg = arg;
        memcpy(call->id, id ? id : "", size);
    }

    return call;
}


void
nt_red_args(nt_redis_args_t *args)
{
    args->n = 0;
    nt_redis_arg(args, NT_STR(NT_RED_PREFIX));
}


static void
nt_red_set_handler(nt_store_t *store, const nt_store_events_t *handler)
{
    ((nt_red_store_t *) store)->handler = *handler;
}


/* --- create --- */

/* What Redis says of a new job: only the time, when it is leased to us. */
static bool
nt_red_created(nt_red_call_t *call, const redisReply *reply,
               nt_job_record_t *record)
{
    const char *result = NULL;

    if (reply->type == REDIS_REPLY_INTEGER) {
        *record = (nt_job_record_t) {
            .id = call->id,
            .status = "running",
            .created_at = reply->integer,
            .started_at = reply->integer,
            .attempt = 1,
        };

        return true;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        !nt_red_record(record, reply->element[0], &result))
    {
        return false;
    }

    record->result = result;
    call->red->queued = (unsigned) reply->element[1]->integer;

    return true;
}


static void
nt_red_on_created(void *arg, const redisReply *reply, const char *error)
{
    nt_red_call_t  *call = arg;
    nt_red_store_t *red = call->red;
    nt_job_record_t record;

    if (error == NULL && reply->type == REDIS_REPLY_NIL) {
        call->cb.job(call->arg, NT_OK, NULL, NULL); /* the queue is full */
        free(call);
        return;
    }

    if (error == NULL && !nt_red_created(call, reply, &record)) {
        error = "bad reply";
    }

    if (error == NULL && strcmp(record.id, call->id) == 0 &&
        strcmp(record.status, "running") == 0 &&
        !nt_red_lease_add(red, record.id, record.attempt))
    {
        error = "out of memory";
    }

    if (error) {
        nt_red_orphan_add(red, call->id, call->token);
        call->cb.job(call->arg, NT_ERROR, error, NULL);
        free(call);
        return;
    }

    call->cb.job(call->arg, NT_OK, NULL, &record);
    free(call);
    nt_red_claim(red);
}


/* True when the indexes of this user and workflow are to be kept for longer:
 * every hour, as far as this engine remembers. */
static bool
nt_red_touch(nt_red_store_t *red, const nt_job_record_t *job)
{
    uint64_t        now = uv_now(red->loop);
    uint32_t        hash = nt_table_hash(job->user, NT_TABLE_HASH);
    nt_red_touch_t *touch;

    hash = nt_table_hash(job->workflow_id, hash);
    touch = &red->touched[hash % NT_RED_TOUCHED];

    if (touch->hash == hash && now < touch->until) {
        return false;
    }

    touch->hash = hash;
    touch->until = now + NT_RED_TOUCH_MS;

    return true;
}


static void
nt_red_create(nt_store_t *store, const nt_job_record_t *job, bool start,
              nt_str_t queued, const char *idempotency_key, nt_store_job_cb cb,
              void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_red_call_t  *call = nt_red_call(red, job->id, arg);
    nt_redis_args_t args;

    if (call == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL);
        return;
    }

    call->cb.job = cb;
    nt_red_token(red, 1, call->token);

    nt_red_args(&args);
    nt_redis_arg_text(&args, job->id);
    nt_redis_arg_text(&args, job->user);
    nt_redis_arg_text(&args, job->workflow_id);
    nt_redis_arg_text(&args, job->base_url);
    nt_redis_arg_text(&args, job->params);
    nt_redis_arg_text(&args, start ? call->token : "");
    nt_redis_arg_int(&args, red->options.lease_ms);
    nt_redis_arg(&args, queued);
    nt_redis_arg_text(&args, idempotency_key);
    nt_redis_arg_int(&args, red->options.ttl_s);
    nt_redis_arg_flag(&args, nt_red_touch(red, job));
    nt_redis_arg_int(&args, red->options.max_queued);
    nt_redis_arg_int(&args, red->options.max_user);
    nt_redis_arg_int(&args, red->options.max_workflow);
    nt_redis_arg_text(&args, job->graph);
    nt_redis_arg_flag(&args, job->open_inputs);
    nt_redis_arg_flag(&args, red->tells);
    nt_redis_eval(red->redis, NT_RED_CREATE, &args, true, nt_red_on_created,
                  call);
}


static void
nt_red_want(nt_store_t *store, unsigned n)
{
    nt_red_store_t *red = (nt_red_store_t *) store;

    red->want = n;
    nt_red_claim(red);
}


/* --- append, finish, release: for the holder of the lease --- */

static void
nt_red_on_done(nt_red_call_t *call, const redisReply *reply, const char *error,
               bool end)
{
    nt_red_store_t *red = call->red;

    if (error == NULL && reply->type != REDIS_REPLY_INTEGER) {
        error = "bad reply";
    }

    if (error == NULL && reply->integer == 0) {
        nt_red_lease_lost(red, call->id, call->token);
        error = "the lease was lost";
    }

    if (error == NULL && end) {
        nt_red_lease_remove(red, call->id);
    }

    call->cb.done(call->arg, error ? NT_ERROR : NT_OK, error);
    free(call);
}


static void
nt_red_on_appended(void *arg, const redisReply *reply, const char *error)
{
    nt_red_on_done(arg, reply, error, false);
}


static void
nt_red_on_ended(void *arg, const redisReply *reply, const char *error)
{
    nt_red_on_done(arg, reply, error, true);
}


/* A call for a job that is leased to us, with its id and token as first
 * arguments; NULL after `cb` was told why. */
static nt_red_call_t *
nt_red_leased(nt_red_store_t *red, const char *id, nt_redis_args_t *args,
              nt_store_cb cb, void *arg)
{
    nt_red_lease_t *lease = nt_red_lease_find(red, id);
    nt_red_call_t  *call = lease ? nt_red_call(red, id, arg) : NULL;

    if (call == NULL) {
        cb(arg, NT_ERROR, lease ? "out of memory" : "the lease was lost");
        return NULL;
    }

    call->cb.done = cb;
    memcpy(call->token, lease->token, NT_RED_TOKEN);
    nt_red_args(args);
    nt_redis_arg_text(args, call->id);
    nt_redis_arg_text(args, call->token);

    return call;
}


/* The lines of events, and from which number on events are kept. */
static void
nt_red_arg_events(nt_red_store_t *red, const char *id, nt_redis_args_t *args,
                  const nt_event_t *events, size_t n, uint64_t last)
{
    nt_str_t lines = NT_STR("");

    if (n > 0) {
        lines.data = events[0].line;
        lines.len =
            (size_t) (events[n - 1].line + events[n - 1].len - lines.data);
    }

    nt_redis_arg_int(args, (int64_t) last);
    nt_redis_arg(args, lines);
    nt_redis_arg_int(args,
                     (int64_t) nt_red_lease_keep(red, id, last, lines.len));
}


static void
nt_red_append(nt_store_t *store, const char *job_id, const nt_event_t *events,
              size_t n, nt_str_t kept, nt_store_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_redis_args_t args;
    nt_red_call_t  *call = nt_red_leased(red, job_id, &args, cb, arg);

    if (call) {
        nt_red_arg_events(red, job_id, &args, events, n, events[n - 1].seq);
        nt_redis_arg(&args, kept);
        nt_redis_eval(red->redis, NT_RED_APPEND, &args, true,
                      nt_red_on_appended, call);
    }
}


static void
nt_red_finish(nt_store_t *store, const nt_job_record_t *job,
              const nt_event_t *events, size_t n, nt_store_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_redis_args_t args;
    nt_red_call_t  *call = nt_red_leased(red, job->id, &args, cb, arg);

    if (call == NULL) {
        return;
    }

    nt_red_arg_events(red, job->id, &args, events, n, job->last_seq);
    nt_redis_arg_text(&args, job->status);
    nt_redis_arg_text(&args, job->result);
    nt_redis_arg_text(&args, job->error);
    nt_redis_arg_text(&args, job->node_id);
    nt_redis_arg_text(&args, job->node_type);
    nt_redis_arg_int(&args, job->finished_at);
    nt_redis_arg_int(&args, red->options.ttl_s);
    nt_redis_arg_text(&args, job->user);
    nt_redis_arg_text(&args, job->workflow_id);
    nt_redis_arg_flag(&args, job->graph != NULL);
    nt_redis_arg_flag(&args, red->tells);
    nt_redis_eval(red->redis, NT_RED_FINISH, &args, true, nt_red_on_ended,
                  call);
}


static void
nt_red_release(nt_store_t *store, const char *job_id, nt_store_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_redis_args_t args;
    nt_red_call_t  *call = nt_red_leased(red, job_id, &args, cb, arg);

    if (call) {
        nt_redis_eval(red->redis, NT_RED_RELEASE, &args, false, nt_red_on_ended,
                      call);
    }
}


/* --- the whole --- */

static json_t *
nt_red_stats(nt_store_t *store)
{
    nt_red_store_t *red = (nt_red_store_t *) store;

    return json_pack("{s:s, s:b, s:i, s:i}", "store", "redis", "connected",
                     nt_redis_connected(red->redis), "queued",
                     (int) red->queued, "max_queued",
                     (int) red->options.max_queued);
}


static unsigned
nt_red_queued(nt_store_t *store)
{
    return ((nt_red_store_t *) store)->queued;
}


static void
nt_red_closed(void *arg)
{
    nt_red_store_t  *red = arg;
    nt_red_orphan_t *orphan;

    if (--red->open > 0) {
        return;
    }

    nt_red_passes_expire(red, UINT64_MAX);

    while ((orphan = STAILQ_FIRST(&red->orphans))) {
        STAILQ_REMOVE_HEAD(&red->orphans, entry);
        free(orphan);
    }

    for (size_t i = 0; i < red->leases.size; i++) {
        while (red->leases.slots[i]) {
            nt_red_lease_remove(red, red->leases.slots[i]->key);
        }
    }

    nt_table_free(&red->leases);
    nt_red_ears_free(red);
    red->closed(red->closed_arg);
    free(red);
}


static void
nt_red_on_timer_closed(uv_handle_t *handle)
{
    nt_red_closed(handle->data);
}


static void
nt_red_close(nt_store_t *store, void (*done)(void *arg), void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;

    red->closed = done;
    red->closed_arg = arg;
    red->want = 0;
    red->open = 3;
    uv_close((uv_handle_t *) &red->timer, nt_red_on_timer_closed);
    nt_redis_close(red->control, nt_red_closed, red);
    nt_redis_close(red->redis, nt_red_closed, red);
}


static const nt_store_t nt_red_calls = {
    .name = "redis",
    .keeps = true,
    .set_handler = nt_red_set_handler,
    .create = nt_red_create,
    .want = nt_red_want,
    .append = nt_red_append,
    .finish = nt_red_finish,
    .release = nt_red_release,
    .get = nt_red_get,
    .list = nt_red_list,
    .active = nt_red_active,
    .events = nt_red_events,
    .cancel = nt_red_cancel,
    .listen = nt_red_listen,
    .ignore = nt_red_ignore,
    .hears = nt_red_hears,
    .follow = nt_red_follow,
    .unfollow = nt_red_unfollow,
    .pass = nt_red_pass,
    .stats = nt_red_stats,
    .queued = nt_red_queued,
    .close = nt_red_close,
};


/* Connects both. The timer comes later: until then nothing has to close. */
static bool
nt_red_connect(nt_red_store_t *red, const char *url, char *error, size_t size)
{
    const nt_redis_options_t redis = {
        .arg = red,
        .scripts = nt_red_scripts,
        .ready = nt_red_on_ready,
    };
    const nt_redis_options_t control = {
        .arg = red,
        .ready = nt_red_on_listening,
        .message = nt_red_on_message,
        .subscribed = nt_red_on_subscribed,
    };

    red->redis = nt_redis_new(red->loop, url, &redis, error, size);
    if (red->redis == NULL) {
        return false;
    }

    red->control = nt_redis_new(red->loop, url, &control, error, size);
    if (red->control == NULL) {
        nt_redis_close(red->redis, NULL, NULL);
        return false;
    }

    return true;
}


nt_store_t *
nt_store_redis_new(uv_loop_t *loop, const char *url,
                   const nt_store_options_t *options, char *error, size_t size)
{
    nt_red_store_t *red = calloc(1, sizeof(*red));
    unsigned char   random[NT_RED_ENGINE / 2];
    unsigned        interval = options->lease_ms / 3;

    if (red == NULL || getrandom(random, sizeof(random), 0) != sizeof(random)) {
        free(red);
        snprintf(error, size, "out of memory or of random numbers");
        return NULL;
    }

    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(red->engine + 2 * i, 3, "%02x", random[i]);
    }

    red->store = nt_red_calls;
    red->options = *options;
    red->loop = loop;
    STAILQ_INIT(&red->orphans);
    TAILQ_INIT(&red->passes);

    if (!nt_red_connect(red, url, error, size)) {
        free(red);
        return NULL;
    }

    uv_timer_init(loop, &red->timer);
    red->timer.data = red;
    uv_timer_start(&red->timer, nt_red_on_timer, interval,
                   interval ? interval : 1);

    return &red->store;
}
