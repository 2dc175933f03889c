/*
 * engine/threads/redis.c - threads that several engines share by Redis.  See
 * redis_lua.h for what stands there.
 *
 * They have a connection of their own: a message of megabytes does not hold
 * up the events of jobs.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "engine/jobs/redis.h"
#include "engine/threads/redis_lua.h"
#include "engine/threads/threads_int.h"

enum { CREATE, GET, RENAME, REMOVE, LIST, APPEND, MESSAGES, DROP };

static const char *const scripts[] = { [CREATE] = NT_LUA_THREAD_CREATE,
                                       [GET] = NT_LUA_THREAD_GET,
                                       [RENAME] = NT_LUA_THREAD_RENAME,
                                       [REMOVE] = NT_LUA_THREAD_REMOVE,
                                       [LIST] = NT_LUA_THREAD_LIST,
                                       [APPEND] = NT_LUA_MESSAGE_APPEND,
                                       [MESSAGES] = NT_LUA_MESSAGE_LIST,
                                       [DROP] = NT_LUA_MESSAGE_DROP,
                                       NULL };

typedef struct {
    nt_threads_t threads;
    nt_redis_t  *redis;
} shared_t;

typedef struct {
    nt_threads_result_cb cb;
    void                *arg;
    unsigned             script;
} call_t;


/* --- replies --- */

static int64_t
to_int(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10)
                                             : 0;
}


static bool
read_thread(const redisReply *reply, nt_thread_record_t *thread)
{
    redisReply **e = reply->element;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 6 ||
        e[0]->type != REDIS_REPLY_STRING || e[5]->type != REDIS_REPLY_STRING)
    {
        return false;
    }

    *thread = (nt_thread_record_t) {
        .user = e[0]->str,
        .title = e[1]->type == REDIS_REPLY_STRING ? e[1]->str : NULL,
        .created_at = to_int(e[2]),
        .updated_at = to_int(e[3]),
        .order = (uint64_t) to_int(e[4]),
        .id = e[5]->str,
    };

    return true;
}


/* {next, thread, ...}; NULL for something else, or when memory is out. */
static nt_thread_record_t *
read_list(const redisReply *reply, nt_threads_result_t *result)
{
    size_t              i;
    nt_thread_record_t *list;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1) {
        return NULL;
    }

    list = calloc(reply->elements, sizeof(*list));

    if (list == NULL) {
        return NULL;
    }

    for (i = 1; i < reply->elements; i++) {
        if (read_thread(reply->element[i], &list[result->n_threads])) {
            result->n_threads++;
        }
    }

    result->number = (uint64_t) to_int(reply->element[0]);
    result->threads = list;
    return list;
}


/* {more, number, token, text, ...}; the same. */
static nt_message_record_t *
read_messages(const redisReply *reply, nt_threads_result_t *result)
{
    size_t               i;
    redisReply         **e = reply->element;
    nt_message_record_t *list, *message;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 3 != 1) {
        return NULL;
    }

    list = calloc(reply->elements / 3 + 1, sizeof(*list));

    if (list == NULL) {
        return NULL;
    }

    for (i = 1; i < reply->elements; i += 3) {
        message = &list[result->n_messages];

        if (e[i + 1]->type != REDIS_REPLY_STRING ||
            e[i + 1]->len != NT_MESSAGE_TOKEN ||
            e[i + 2]->type != REDIS_REPLY_STRING)
        {
            free(list);
            return NULL;
        }

        message->number = (uint64_t) to_int(e[i]);
        memcpy(message->token, e[i + 1]->str, NT_MESSAGE_TOKEN + 1);
        message->text = (nt_str_t) { e[i + 2]->str, (size_t) e[i + 2]->len };
        result->n_messages++;
    }

    result->number = (uint64_t) to_int(e[0]);
    result->messages = list;
    return list;
}


/* A text says why there is nothing. */
static nt_threads_rc_t
read_refusal(const redisReply *reply)
{
    size_t i;
    static const struct {
        const char     *text;
        nt_threads_rc_t rc;
    } refusals[] = { { "none", NT_THREADS_NONE },
                     { "foreign", NT_THREADS_FOREIGN },
                     { "full", NT_THREADS_FULL },
                     { "empty", NT_THREADS_EMPTY } };

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(reply->str, refusals[i].text) == 0) {
            return refusals[i].rc;
        }
    }

    return NT_THREADS_AWAY;
}


/* Reads a reply that is no refusal.  *list is to be freed afterwards; false
 * for one of another shape. */
static bool
read_reply(const call_t *call, const redisReply *reply,
           nt_thread_record_t *thread, nt_threads_result_t *result, void **list)
{
    switch (call->script) {
    case APPEND:
    case DROP:
        result->number = (uint64_t) reply->integer;
        return reply->type == REDIS_REPLY_INTEGER;
    case LIST:
        *list = read_list(reply, result);
        return *list != NULL;
    case MESSAGES:
        *list = read_messages(reply, result);
        return *list != NULL;
    default:
        result->threads = thread;
        result->n_threads = 1;
        return read_thread(reply, thread);
    }
}


static void
on_reply(void *arg, const redisReply *reply, const char *error)
{
    void               *list = NULL;
    call_t             *call = arg;
    nt_thread_record_t  thread;
    nt_threads_result_t result = { .error = error };

    if (error != NULL) {
        result.rc = NT_THREADS_AWAY;

    } else if (reply->type == REDIS_REPLY_STRING) {
        result.rc = read_refusal(reply);
        result.error = "bad reply";

    } else if (!read_reply(call, reply, &thread, &result, &list)) {
        result.rc = NT_THREADS_AWAY;
        result.error = "bad reply";
    }

    call->cb(call->arg, &result);
    free(list);
    free(call);
}


/* --- calls --- */

static void
begin(nt_redis_args_t *args, const char *id, const char *user)
{
    args->n = 0;
    nt_redis_arg(args, NT_STR(NT_THREADS_PREFIX));
    nt_redis_arg_text(args, id);
    nt_redis_arg_text(args, user);
}


/* All scripts may be sent again: they know what they have done. */
static void
call_script(nt_threads_t *threads, unsigned script, const nt_redis_args_t *args,
            nt_threads_result_cb cb, void *arg)
{
    call_t             *call = malloc(sizeof(*call));
    nt_threads_result_t result = { .rc = NT_THREADS_AWAY,
                                   .error = "out of memory" };

    if (call == NULL) {
        cb(arg, &result);
        return;
    }

    *call = (call_t) { .cb = cb, .arg = arg, .script = script };
    nt_redis_eval(((shared_t *) threads)->redis, script, args, true, on_reply,
                  call);
}


static void
arg_number(nt_redis_args_t *args, uint64_t number)
{
    if (number == 0) {
        nt_redis_arg(args, NT_STR(""));
    } else {
        nt_redis_arg_int(args, (int64_t) number);
    }
}


static void
begin_make(nt_redis_args_t *args, const nt_thread_record_t *thread)
{
    begin(args, thread->id, thread->user);
    nt_redis_arg_text(args, thread->title);
    nt_redis_arg_int(args, thread->updated_at);
    nt_redis_arg_int(args, NT_THREADS_MAX);
}


static void
redis_create(nt_threads_t *threads, const nt_thread_record_t *thread,
             nt_threads_result_cb cb, void *arg)
{
    nt_redis_args_t args;

    begin_make(&args, thread);
    call_script(threads, CREATE, &args, cb, arg);
}


static void
redis_get(nt_threads_t *threads, const char *user, const char *id,
          nt_threads_result_cb cb, void *arg)
{
    nt_redis_args_t args;

    begin(&args, id, user);
    call_script(threads, GET, &args, cb, arg);
}


static void
redis_list(nt_threads_t *threads, const char *user, uint64_t before,
           unsigned limit, nt_threads_result_cb cb, void *arg)
{
    nt_redis_args_t args;

    begin(&args, "", user);
    arg_number(&args, before);
    nt_redis_arg_int(&args, limit);
    call_script(threads, LIST, &args, cb, arg);
}


static void
redis_rename(nt_threads_t *threads, const char *user, const char *id,
             const char *title, int64_t now, nt_threads_result_cb cb, void *arg)
{
    nt_redis_args_t args;

    begin(&args, id, user);
    nt_redis_arg_text(&args, title);
    nt_redis_arg_int(&args, now);
    call_script(threads, RENAME, &args, cb, arg);
}


static void
redis_remove(nt_threads_t *threads, const char *user, const char *id,
             nt_threads_result_cb cb, void *arg)
{
    nt_redis_args_t args;

    begin(&args, id, user);
    call_script(threads, REMOVE, &args, cb, arg);
}


static void
redis_append(nt_threads_t *threads, const nt_thread_record_t *thread,
             const nt_message_record_t *message, nt_threads_result_cb cb,
             void *arg)
{
    nt_redis_args_t args;

    begin_make(&args, thread);
    nt_redis_arg_text(&args, message->token);
    nt_redis_arg_text(&args, message->role);
    nt_redis_arg(&args, message->text);
    nt_redis_arg_int(&args, NT_THREAD_MESSAGES_MAX);
    nt_redis_arg_int(&args, (int64_t) NT_THREAD_BYTES_MAX);
    call_script(threads, APPEND, &args, cb, arg);
}


static void
redis_messages(nt_threads_t *threads, const char *user,
               const nt_messages_page_t *page, uint64_t from,
               nt_threads_result_cb cb, void *arg)
{
    nt_redis_args_t args;

    begin(&args, page->thread_id, user);
    arg_number(&args, from);
    nt_redis_arg_int(&args, page->limit);
    nt_redis_arg_int(&args, (int64_t) page->max_bytes);
    nt_redis_arg_int(&args, page->reverse);
    call_script(threads, MESSAGES, &args, cb, arg);
}


static void
redis_drop(nt_threads_t *threads, const char *user, const char *id,
           nt_threads_result_cb cb, void *arg)
{
    nt_redis_args_t args;

    begin(&args, id, user);
    call_script(threads, DROP, &args, cb, arg);
}


static void
redis_close(nt_threads_t *threads)
{
    nt_redis_close(((shared_t *) threads)->redis, free, threads);
}


nt_threads_t *
nt_threads_redis_new(uv_loop_t *loop, const char *url, char *error, size_t size)
{
    shared_t                 *shared;
    static const nt_threads_t calls = {
        .create = redis_create,
        .get = redis_get,
        .list = redis_list,
        .rename = redis_rename,
        .remove = redis_remove,
        .append = redis_append,
        .messages = redis_messages,
        .drop = redis_drop,
        .close = redis_close,
    };
    const nt_redis_options_t options = { .scripts = scripts };

    shared = calloc(1, sizeof(*shared));

    if (shared == NULL) {
        return NULL;
    }

    shared->threads = calls;
    shared->redis = nt_redis_new(loop, url, &options, error, size);

    if (shared->redis == NULL) {
        free(shared);
        return NULL;
    }

    return &shared->threads;
}
