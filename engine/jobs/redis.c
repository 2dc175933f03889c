#include "engine/jobs/redis_int.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/nt_buf.h"
#include "engine/log.h"

#define NT_REDIS_EVAL 1024 /* bytes of a script's call, mostly */

#define NT_REDIS_TICK_MS 50
#define NT_REDIS_WAIT_MS 2000 /* of a command, for a connection */
#define NT_REDIS_HANG_MS 5000 /* without a reply: the connection is dead */


/* --- commands --- */

static void
nt_redis_cmd_free(nt_redis_cmd_t *cmd)
{
    free(cmd->text);
    free(cmd);
}


static void
nt_redis_cmd_end(nt_redis_cmd_t *cmd, const redisReply *reply,
                 const char *error)
{
    cmd->cb(cmd->arg, reply, error);
    nt_redis_cmd_free(cmd);
}


static void
nt_redis_send(nt_redis_cmd_t *cmd)
{
    nt_redis_t *redis = cmd->redis;

    nt_redis_link_write(redis->link, cmd->text, cmd->len);
    cmd->sent_at = uv_now(redis->loop);
    TAILQ_INSERT_TAIL(&redis->sent, cmd, entry);
}


/* The server lost its scripts: sends the whole one, which loads it. */
static bool
nt_redis_send_source(nt_redis_cmd_t *cmd)
{
    nt_redis_t *redis = cmd->redis;
    nt_buf_t    buf = { 0 };

    /* "*N\r\n" is the same for both commands */
    nt_buf_append(&buf, cmd->text,
                  (size_t) ((char *) memchr(cmd->text, '\n', cmd->len) + 1 -
                            cmd->text));
    nt_redis_put(&buf, NT_STR("EVAL"));
    nt_redis_put(&buf, nt_str(redis->options.scripts[cmd->script]));
    nt_buf_append(&buf, cmd->text + cmd->head, cmd->len - cmd->head);

    if (buf.failed) {
        nt_buf_free(&buf);
        return false;
    }

    free(cmd->text);
    cmd->text = buf.data;
    cmd->len = buf.len;
    cmd->script = -1;
    nt_redis_send(cmd);

    return true;
}


void
nt_redis_recall(nt_redis_t *redis)
{
    struct nt_redis_list sent = TAILQ_HEAD_INITIALIZER(sent);
    struct nt_redis_list again = TAILQ_HEAD_INITIALIZER(again);
    nt_redis_cmd_t      *cmd;
    uint64_t             now = uv_now(redis->loop);

    TAILQ_CONCAT(&sent, &redis->sent, entry);

    while ((cmd = TAILQ_FIRST(&sent))) {
        TAILQ_REMOVE(&sent, cmd, entry);

        if (cmd->again && !redis->closing && now < cmd->deadline) {
            TAILQ_INSERT_TAIL(&again, cmd, entry);
        } else {
            nt_redis_cmd_end(cmd, NULL, "the connection was lost");
        }
    }

    /* before those that came later */
    TAILQ_CONCAT(&again, &redis->waiting, entry);
    TAILQ_CONCAT(&redis->waiting, &again, entry);
}


/* Errors of a server that is not, or not yet, the one that takes writes. */
static bool
nt_redis_wrong_server(const char *error)
{
    /* before Redis 7 a script's error has this inside */
    return strstr(error, "READONLY") != NULL ||
           strncmp(error, "LOADING", 7) == 0 ||
           strncmp(error, "MASTERDOWN", 10) == 0;
}


static void
nt_redis_on_push(nt_redis_t *redis, const redisReply *reply)
{
    const char *kind, *channel;

    if (reply->type == REDIS_REPLY_ERROR) {
        nt_log(NT_LOG_WARN, "redis: a channel is not heard: %s", reply->str);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING)
    {
        return;
    }

    kind = reply->element[0]->str;
    channel = reply->element[1]->str;

    if (strcmp(kind, "subscribe") == 0) {
        redis->options.subscribed(redis->options.arg, channel);

    } else if (strcmp(kind, "message") == 0 &&
               reply->element[2]->type == REDIS_REPLY_STRING)
    {
        redis->options.message(redis->options.arg, channel,
                               (nt_str_t) { reply->element[2]->str,
                                            (size_t) reply->element[2]->len });
    }
}


void
nt_redis_on_reply(nt_redis_t *redis, const redisReply *reply)
{
    nt_redis_cmd_t *cmd = TAILQ_FIRST(&redis->sent);
    const char     *error = NULL;

    if (redis->options.message) {
        nt_redis_on_push(redis, reply);
        return;
    }

    if (cmd == NULL) {
        nt_redis_drop(redis, "a reply to nothing");
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        error = reply->str;
    }

    if (error && nt_redis_wrong_server(error)) {
        nt_redis_drop(redis, error);
        return;
    }

    TAILQ_REMOVE(&redis->sent, cmd, entry);

    if (error && cmd->script >= 0 && strncmp(error, "NOSCRIPT", 8) == 0 &&
        nt_redis_send_source(cmd))
    {
        return;
    }

    nt_redis_cmd_end(cmd, error ? NULL : reply, error);
}


static void nt_redis_on_timer(uv_timer_t *timer);


void
nt_redis_tick(nt_redis_t *redis)
{
    if (!uv_is_active((uv_handle_t *) &redis->timer)) {
        uv_timer_start(&redis->timer, nt_redis_on_timer, NT_REDIS_TICK_MS,
                       NT_REDIS_TICK_MS);
    }
}


static void
nt_redis_make(nt_redis_t *redis, nt_buf_t *text, int script, size_t head,
              bool again, nt_redis_cb cb, void *arg)
{
    nt_redis_cmd_t *cmd = text->failed ? NULL : calloc(1, sizeof(*cmd));

    if (cmd == NULL || redis->closing) {
        nt_buf_free(text);
        free(cmd);
        cb(arg, NULL, redis->closing ? "shutting down" : "out of memory");
        return;
    }

    *cmd = (nt_redis_cmd_t) {
        .redis = redis,
        .text = text->data,
        .len = text->len,
        .script = script,
        .head = head,
        .again = again,
        .deadline = uv_now(redis->loop) + NT_REDIS_WAIT_MS,
        .cb = cb,
        .arg = arg,
    };

    nt_redis_tick(redis);

    if (redis->state == NT_REDIS_READY) {
        nt_redis_send(cmd);
    } else {
        TAILQ_INSERT_TAIL(&redis->waiting, cmd, entry);
    }
}


void
nt_redis_eval(nt_redis_t *redis, unsigned script, const nt_redis_args_t *args,
              bool again, nt_redis_cb cb, void *arg)
{
    nt_buf_t text = { 0 };
    size_t   head;

    (void) nt_buf_reserve(&text, NT_REDIS_EVAL);
    nt_redis_begin(&text, args->n + 3);
    nt_redis_put(&text, NT_STR("EVALSHA"));
    nt_redis_put(&text, (nt_str_t) { redis->shas[script], NT_REDIS_SHA });
    head = text.len;
    nt_redis_put(&text, NT_STR("1"));

    for (size_t i = 0; i < args->n; i++) {
        nt_redis_put(&text, args->args[i]);
    }

    nt_redis_make(redis, &text, (int) script, head, again, cb, arg);
}


static void
nt_redis_channel(nt_redis_t *redis, nt_str_t command, const char *channel)
{
    nt_buf_t       text = { 0 };
    const nt_str_t args[] = { command, nt_str(channel) };

    if (redis->state == NT_REDIS_READY) {
        nt_redis_format(&text, 2, args);
        if (!text.failed) {
            nt_redis_link_write(redis->link, text.data, text.len);
        }
        nt_buf_free(&text);
    }
}


void
nt_redis_subscribe(nt_redis_t *redis, const char *channel)
{
    nt_redis_channel(redis, NT_STR("SUBSCRIBE"), channel);
}


void
nt_redis_unsubscribe(nt_redis_t *redis, const char *channel)
{
    nt_redis_channel(redis, NT_STR("UNSUBSCRIBE"), channel);
}


/* --- the connection --- */

void
nt_redis_ready(nt_redis_t *redis)
{
    struct nt_redis_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
    nt_redis_cmd_t      *cmd;

    redis->state = NT_REDIS_READY;
    redis->retry = NT_REDIS_RETRY_MIN;

    redis->told = false;
    nt_log(NT_LOG_INFO, "redis: %s: connected%s", nt_redis_name(redis),
           redis->options.message ? ", to listen" : "");

    TAILQ_CONCAT(&waiting, &redis->waiting, entry);

    if (redis->options.ready) {
        redis->options.ready(redis->options.arg);
    }

    while ((cmd = TAILQ_FIRST(&waiting))) {
        TAILQ_REMOVE(&waiting, cmd, entry);
        nt_redis_send(cmd);
    }
}


static void
nt_redis_free(nt_redis_t *redis)
{
    nt_redis_url_free(&redis->url);
    nt_redis_tls_free(redis->tls);
    free(redis->target.host);
    free(redis->shas);
    free(redis);
}


void
nt_redis_closed(nt_redis_t *redis)
{
    void (*closed)(void *) = redis->closed;
    void *arg = redis->closed_arg;

    if (!redis->timer_closed || redis->resolving) {
        return;
    }

    nt_redis_free(redis);

    if (closed) {
        closed(arg);
    }
}


/* Gives up commands that have waited long enough. */
static void
nt_redis_expire(nt_redis_t *redis, uint64_t now)
{
    nt_redis_cmd_t *cmd, *next;

    for (cmd = TAILQ_FIRST(&redis->waiting); cmd; cmd = next) {
        next = TAILQ_NEXT(cmd, entry);

        if (now >= cmd->deadline) {
            TAILQ_REMOVE(&redis->waiting, cmd, entry);
            nt_redis_cmd_end(cmd, NULL, "not connected");
        }
    }
}


static void
nt_redis_on_timer(uv_timer_t *timer)
{
    nt_redis_t     *redis = timer->data;
    uint64_t        now = uv_now(redis->loop);
    nt_redis_cmd_t *oldest = TAILQ_FIRST(&redis->sent);

    if (redis->state == NT_REDIS_AWAY) {
        if (now >= redis->retry_at && !redis->resolving) {
            nt_redis_connect(redis);
        }

    } else if (redis->state != NT_REDIS_READY) {
        if (now - redis->since >= NT_REDIS_HANG_MS) {
            nt_redis_drop(redis, "no answer");
        }

    } else if (oldest && now - oldest->sent_at >= NT_REDIS_HANG_MS) {
        nt_redis_drop(redis, "no reply");
    }

    nt_redis_expire(redis, now);

    if (redis->state == NT_REDIS_READY && TAILQ_EMPTY(&redis->sent) &&
        TAILQ_EMPTY(&redis->waiting))
    {
        uv_timer_stop(timer); /* nothing has to be in time */
    }
}


bool
nt_redis_connected(const nt_redis_t *redis)
{
    return redis->state == NT_REDIS_READY;
}


/* Scripts are called by their SHA-1. */
static bool
nt_redis_hash(nt_redis_t *redis)
{
    const char *const *scripts = redis->options.scripts;
    unsigned char      hash[EVP_MAX_MD_SIZE];

    while (scripts && scripts[redis->n_scripts]) {
        redis->n_scripts++;
    }

    redis->shas = calloc(redis->n_scripts + 1, sizeof(*redis->shas));
    if (redis->shas == NULL) {
        return false;
    }

    for (unsigned i = 0; i < redis->n_scripts; i++) {
        if (EVP_Digest(scripts[i], strlen(scripts[i]), hash, NULL, EVP_sha1(),
                       NULL) != 1)
        {
            return false;
        }

        for (unsigned j = 0; j < NT_REDIS_SHA / 2; j++) {
            snprintf(redis->shas[i] + 2 * j, 3, "%02x", hash[j]);
        }
    }

    return true;
}


nt_redis_t *
nt_redis_new(uv_loop_t *loop, const char *url,
             const nt_redis_options_t *options, char *error, size_t size)
{
    nt_redis_t *redis = calloc(1, sizeof(*redis));

    if (redis == NULL) {
        snprintf(error, size, "out of memory");
        return NULL;
    }

    redis->loop = loop;
    redis->options = *options;
    redis->retry = NT_REDIS_RETRY_MIN;
    TAILQ_INIT(&redis->waiting);
    TAILQ_INIT(&redis->sent);

    if (!nt_redis_url_parse(&redis->url, url, error, size)) {
        nt_redis_free(redis);
        return NULL;
    }

    if (redis->url.tls) {
        redis->tls = nt_redis_tls_new(&redis->url, error, size);
        if (redis->tls == NULL) {
            nt_redis_free(redis);
            return NULL;
        }
    }

    if (!nt_redis_hash(redis)) {
        snprintf(error, size, "out of memory");
        nt_redis_free(redis);
        return NULL;
    }

    uv_timer_init(loop, &redis->timer);
    redis->timer.data = redis;
    uv_timer_start(&redis->timer, nt_redis_on_timer, 0, NT_REDIS_TICK_MS);

    return redis;
}


static void
nt_redis_on_timer_closed(uv_handle_t *handle)
{
    nt_redis_t *redis = handle->data;

    redis->timer_closed = true;
    nt_redis_closed(redis);
}


void
nt_redis_close(nt_redis_t *redis, void (*done)(void *arg), void *arg)
{
    nt_redis_cmd_t *cmd;

    redis->closing = true;
    redis->closed = done;
    redis->closed_arg = arg;
    nt_redis_drop(redis, "closed");

    while ((cmd = TAILQ_FIRST(&redis->waiting))) {
        TAILQ_REMOVE(&redis->waiting, cmd, entry);
        nt_redis_cmd_end(cmd, NULL, "shutting down");
    }

    if (redis->resolving) {
        uv_cancel((uv_req_t *) &redis->resolve);
    }

    uv_close((uv_handle_t *) &redis->timer, nt_redis_on_timer_closed);
}
