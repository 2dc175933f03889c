#include "engine/jobs/redis.h"

#include <hiredis/async.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "core/nt_buf.h"
#include "engine/jobs/redis_loop.h"
#include "engine/jobs/redis_url.h"
#include "engine/log.h"

#define NT_REDIS_TICK_MS 50
#define NT_REDIS_WAIT_MS 2000 /* of a command, for a connection */
#define NT_REDIS_HANG_MS 5000 /* without a reply: the connection is dead */

/* Between attempts to connect, ms. */
#define NT_REDIS_RETRY_MIN 50
#define NT_REDIS_RETRY_MAX 1000

#define NT_REDIS_SHA 40

typedef struct nt_redis_cmd nt_redis_cmd_t;

struct nt_redis_cmd {
    TAILQ_ENTRY(nt_redis_cmd) entry;

    nt_redis_t *redis;
    char       *text; /* in RESP */
    size_t      len;
    int         script; /* its number, or -1 */
    size_t      head;   /* of an eval: where the arguments behind it start */
    bool        again;
    uint64_t    deadline; /* for being sent; loop time, ms */
    uint64_t    sent_at;
    nt_redis_cb cb;
    void       *arg;
};

TAILQ_HEAD(nt_redis_list, nt_redis_cmd);

typedef enum {
    NT_REDIS_AWAY,       /* the next attempt is at retry_at */
    NT_REDIS_CONNECTING, /* resolving, connecting, logging in, loading */
    NT_REDIS_READY
} nt_redis_state_t;

struct nt_redis {
    uv_loop_t         *loop;
    nt_redis_options_t options;
    nt_redis_url_t     url;

    redisAsyncContext *context;
    nt_redis_state_t   state;
    unsigned           setup; /* replies that setting up still waits for */
    char (*shas)[NT_REDIS_SHA + 1];
    unsigned n_scripts;

    struct nt_redis_list waiting; /* for a connection, oldest first */
    struct nt_redis_list sent;    /* for a reply, oldest first */

    uv_timer_t       timer;
    uv_getaddrinfo_t resolve;
    bool             resolving;
    uint64_t         retry_at; /* loop time, ms */
    unsigned         retry;    /* ms */
    uint64_t         since;    /* loop time of the attempt, ms */
    bool             told;     /* that the connection is away */

    bool closing;
    bool timer_closed;
    void (*closed)(void *arg);
    void *closed_arg;
};


/* --- arguments --- */

void
nt_redis_arg(nt_redis_args_t *args, nt_str_t value)
{
    args->args[args->n++] = value;
}


void
nt_redis_arg_text(nt_redis_args_t *args, const char *text)
{
    nt_redis_arg(args, nt_str(text ? text : ""));
}


void
nt_redis_arg_int(nt_redis_args_t *args, int64_t value)
{
    char *text = args->numbers[args->n];
    int   len =
        snprintf(text, sizeof(args->numbers[0]), "%lld", (long long) value);

    nt_redis_arg(args, (nt_str_t) { text, (size_t) len });
}


static void
nt_redis_put(nt_buf_t *buf, nt_str_t value)
{
    nt_buf_printf(buf, "$%zu\r\n", value.len);
    nt_buf_append_str(buf, value);
    nt_buf_append_str(buf, NT_STR("\r\n"));
}


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


static void nt_redis_on_reply(redisAsyncContext *context, void *reply,
                              void *privdata);


static void
nt_redis_send(nt_redis_cmd_t *cmd)
{
    nt_redis_t *redis = cmd->redis;

    if (redisAsyncFormattedCommand(redis->context, nt_redis_on_reply, cmd,
                                   cmd->text, cmd->len) != REDIS_OK)
    {
        nt_redis_cmd_end(cmd, NULL, "the command cannot be sent");
        return;
    }

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


static void
nt_redis_on_reply(redisAsyncContext *context, void *privreply, void *privdata)
{
    nt_redis_cmd_t   *cmd = privdata;
    nt_redis_t       *redis = cmd->redis;
    const redisReply *reply = privreply;

    TAILQ_REMOVE(&redis->sent, cmd, entry);

    if (reply == NULL) { /* the connection is lost */
        redis->state = NT_REDIS_AWAY;

        if (cmd->again && !redis->closing &&
            uv_now(redis->loop) < cmd->deadline) {
            TAILQ_INSERT_TAIL(&redis->waiting, cmd, entry);
        } else {
            nt_redis_cmd_end(cmd, NULL, "the connection was lost");
        }
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        if (cmd->script >= 0 && strncmp(reply->str, "NOSCRIPT", 8) == 0 &&
            nt_redis_send_source(cmd))
        {
            return;
        }

        nt_redis_cmd_end(cmd, NULL, reply->str);
        return;
    }

    nt_redis_cmd_end(cmd, reply, NULL);
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

    if (redis->state == NT_REDIS_READY) {
        nt_redis_send(cmd);
    } else {
        TAILQ_INSERT_TAIL(&redis->waiting, cmd, entry);
    }
}


void
nt_redis_command(nt_redis_t *redis, const nt_redis_args_t *args, bool again,
                 nt_redis_cb cb, void *arg)
{
    nt_buf_t text = { 0 };

    nt_buf_printf(&text, "*%zu\r\n", args->n);

    for (size_t i = 0; i < args->n; i++) {
        nt_redis_put(&text, args->args[i]);
    }

    nt_redis_make(redis, &text, -1, 0, again, cb, arg);
}


void
nt_redis_eval(nt_redis_t *redis, unsigned script, const nt_redis_args_t *args,
              bool again, nt_redis_cb cb, void *arg)
{
    nt_buf_t text = { 0 };
    size_t   head;

    nt_buf_printf(&text, "*%zu\r\n", args->n + 3);
    nt_redis_put(&text, NT_STR("EVALSHA"));
    nt_redis_put(&text, (nt_str_t) { redis->shas[script], NT_REDIS_SHA });
    head = text.len;
    nt_redis_put(&text, NT_STR("1"));

    for (size_t i = 0; i < args->n; i++) {
        nt_redis_put(&text, args->args[i]);
    }

    nt_redis_make(redis, &text, (int) script, head, again, cb, arg);
}


/* --- the connection --- */

static const char *
nt_redis_place(const nt_redis_t *redis)
{
    return redis->url.path ? redis->url.path : redis->url.host;
}


/* The connection is lost, or could not be made: tries again later. */
static void
nt_redis_lost(nt_redis_t *redis, const char *why)
{
    redis->context = NULL;
    redis->state = NT_REDIS_AWAY;

    if (redis->closing) {
        return;
    }

    if (!redis->told) {
        redis->told = true;
        nt_log(NT_LOG_ERROR, "redis: %s: %s; trying again",
               nt_redis_place(redis), why);
    }

    redis->retry_at = uv_now(redis->loop) + redis->retry;
    redis->retry *= 2;
    if (redis->retry > NT_REDIS_RETRY_MAX) {
        redis->retry = NT_REDIS_RETRY_MAX;
    }
}


static void
nt_redis_drop(nt_redis_t *redis, const char *why)
{
    redisAsyncContext *context = redis->context;

    nt_redis_lost(redis, why);

    if (context) {
        context->data = NULL; /* what it still says is of no interest */
        redisAsyncFree(context);
    }
}


static void
nt_redis_on_disconnect(const redisAsyncContext *context, int status)
{
    if (context->data) {
        nt_redis_lost(context->data,
                      status == REDIS_OK ? "closed" : context->errstr);
    }
}


static void
nt_redis_ready(nt_redis_t *redis)
{
    struct nt_redis_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
    nt_redis_cmd_t      *cmd;

    redis->state = NT_REDIS_READY;
    redis->retry = NT_REDIS_RETRY_MIN;

    if (redis->told) {
        redis->told = false;
        nt_log(NT_LOG_INFO, "redis: %s: connected again",
               nt_redis_place(redis));
    }

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
nt_redis_on_setup(redisAsyncContext *context, void *privreply, void *privdata)
{
    const redisReply *reply = privreply;
    nt_redis_t       *redis = context->data;

    if (redis == NULL || reply == NULL) {
        return; /* nt_redis_lost is told */
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        nt_redis_drop(redis, reply->str);
        return;
    }

    if (--redis->setup == 0) {
        nt_redis_ready(redis);
    }
}


static void
nt_redis_on_message(redisAsyncContext *context, void *privreply, void *privdata)
{
    const redisReply *reply = privreply;
    nt_redis_t       *redis = context->data;

    if (redis == NULL || reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        nt_redis_drop(redis, reply->str);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }

    if (reply->element[2]->type == REDIS_REPLY_STRING) {
        redis->options.message(redis->options.arg,
                               (nt_str_t) { reply->element[2]->str,
                                            (size_t) reply->element[2]->len });
    } else if (redis->state != NT_REDIS_READY) {
        nt_redis_ready(redis); /* subscribed */
    }
}


static bool
nt_redis_setup(nt_redis_t *redis, int argc, const char **argv)
{
    redis->setup++;

    return redisAsyncCommandArgv(redis->context, nt_redis_on_setup, NULL, argc,
                                 argv, NULL) == REDIS_OK;
}


/* Logs in, chooses the database, and loads the scripts or subscribes. */
static bool
nt_redis_set_up(nt_redis_t *redis)
{
    const nt_redis_url_t *url = &redis->url;
    char                  db[16];
    bool                  ok = true;

    redis->setup = 0;

    if (url->user) {
        ok = nt_redis_setup(redis, 3,
                            (const char *[]) { "AUTH", url->user,
                                               url->password });
    } else if (url->password) {
        ok = nt_redis_setup(redis, 2,
                            (const char *[]) { "AUTH", url->password });
    }

    snprintf(db, sizeof(db), "%u", url->db);
    ok = ok && nt_redis_setup(redis, 2, (const char *[]) { "SELECT", db });

    for (unsigned i = 0; ok && i < redis->n_scripts; i++) {
        ok = nt_redis_setup(redis, 3,
                            (const char *[]) { "SCRIPT", "LOAD",
                                               redis->options.scripts[i] });
    }

    if (ok && redis->options.channel) {
        redis->setup++; /* the subscription's own callback makes it ready */
        ok = redisAsyncCommand(redis->context, nt_redis_on_message, NULL,
                               "SUBSCRIBE %s",
                               redis->options.channel) == REDIS_OK;
    }

    return ok;
}


static void
nt_redis_on_connect(const redisAsyncContext *context, int status)
{
    nt_redis_t *redis = context->data;

    if (redis == NULL) {
        return;
    }

    if (status != REDIS_OK) {
        nt_redis_lost(redis, context->errstr); /* hiredis frees it */
        return;
    }

    if (redis->url.path == NULL) {
        redisEnableKeepAlive(&redis->context->c);
    }

    if (!nt_redis_set_up(redis)) {
        redis->since = 0; /* for the timer to drop: hiredis still uses it */
    }
}


static void
nt_redis_open(nt_redis_t *redis, const char *address)
{
    redisAsyncContext *context;

    context = redis->url.path ? redisAsyncConnectUnix(redis->url.path)
                              : redisAsyncConnect(address, redis->url.port);

    if (context == NULL) {
        nt_redis_lost(redis, "out of memory");
        return;
    }

    if (context->err) {
        nt_redis_lost(redis, context->errstr);
        redisAsyncFree(context);
        return;
    }

    if (!nt_redis_loop_attach(context, redis->loop)) {
        nt_redis_lost(redis, "out of memory");
        redisAsyncFree(context);
        return;
    }

    redis->context = context;
    context->data = redis;
    redisAsyncSetDisconnectCallback(context, nt_redis_on_disconnect);
    redisAsyncSetConnectCallback(context, nt_redis_on_connect);
}


static void
nt_redis_closed(nt_redis_t *redis)
{
    void (*closed)(void *) = redis->closed;
    void *arg = redis->closed_arg;

    if (!redis->timer_closed || redis->resolving) {
        return;
    }

    nt_redis_url_free(&redis->url);
    free(redis->shas);
    free(redis);

    if (closed) {
        closed(arg);
    }
}


static void
nt_redis_on_resolved(uv_getaddrinfo_t *request, int status,
                     struct addrinfo *info)
{
    nt_redis_t *redis = request->data;
    char        address[64];

    redis->resolving = false;

    if (redis->closing) {
        uv_freeaddrinfo(info);
        nt_redis_closed(redis);
        return;
    }

    if (status == 0) {
        status = info->ai_family == AF_INET6
                     ? uv_ip6_name((struct sockaddr_in6 *) info->ai_addr,
                                   address, sizeof(address))
                     : uv_ip4_name((struct sockaddr_in *) info->ai_addr,
                                   address, sizeof(address));
    }

    uv_freeaddrinfo(info);

    if (status != 0) {
        nt_redis_lost(redis, uv_strerror(status));
        return;
    }

    nt_redis_open(redis, address);
}


static void
nt_redis_connect(nt_redis_t *redis)
{
    static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    int                          status;

    redis->state = NT_REDIS_CONNECTING;
    redis->since = uv_now(redis->loop);

    if (redis->url.path) {
        nt_redis_open(redis, NULL);
        return;
    }

    /* hiredis would resolve the name, and block */
    redis->resolve.data = redis;
    status = uv_getaddrinfo(redis->loop, &redis->resolve, nt_redis_on_resolved,
                            redis->url.host, NULL, &hints);
    if (status != 0) {
        nt_redis_lost(redis, uv_strerror(status));
        return;
    }

    redis->resolving = true;
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

    } else if (redis->state == NT_REDIS_CONNECTING) {
        if (now - redis->since >= NT_REDIS_HANG_MS) {
            nt_redis_drop(redis, "no answer");
        }

    } else if (oldest && now - oldest->sent_at >= NT_REDIS_HANG_MS) {
        nt_redis_drop(redis, "no reply");
    }

    nt_redis_expire(redis, now);
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

    if (!nt_redis_url_parse(&redis->url, url, error, size)) {
        free(redis);
        return NULL;
    }

    redis->loop = loop;
    redis->options = *options;
    redis->retry = NT_REDIS_RETRY_MIN;
    TAILQ_INIT(&redis->waiting);
    TAILQ_INIT(&redis->sent);

    if (!nt_redis_hash(redis)) {
        snprintf(error, size, "out of memory");
        nt_redis_url_free(&redis->url);
        free(redis->shas);
        free(redis);
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
