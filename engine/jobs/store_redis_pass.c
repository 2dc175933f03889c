/*
 * Texts for the engine that runs a job, and its answers: each engine has a
 * channel of its own, on which come
 *
 *   ask ENGINE NUMBER JOB\nTEXT
 *   reply NUMBER\nTEXT
 *
 * A message may get lost, with the connection: who has no answer in time is
 * told so.
 */

#include "engine/jobs/store_redis_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/nt_buf.h"
#include "engine/log.h"

#define NT_RED_PASS_MS 3000 /* for an answer, at least */

struct nt_red_pass {
    TAILQ_ENTRY(nt_red_pass) entry;
    uint64_t    number;
    uint64_t    deadline; /* loop time, ms */
    nt_store_cb cb;
    void       *arg;
};


static void
nt_red_pass_end(nt_red_store_t *red, uint64_t number, nt_rc_t rc,
                const char *text)
{
    nt_red_pass_t *pass;

    TAILQ_FOREACH(pass, &red->passes, entry)
    {
        if (pass->number == number) {
            TAILQ_REMOVE(&red->passes, pass, entry);
            pass->cb(pass->arg, rc, text);
            free(pass);
            return;
        }
    }
}


static void
nt_red_on_passed(void *arg, const redisReply *reply, const char *error)
{
    nt_red_call_t *call = arg;

    if (error == NULL &&
        (reply->type != REDIS_REPLY_INTEGER || reply->integer == 0))
    {
        error = "no engine has heard it";
    }

    if (error) {
        nt_red_pass_end(call->red, call->after, NT_ERROR, error);
    }

    free(call);
}


void
nt_red_pass(nt_store_t *store, const char *job_id, nt_str_t text,
            nt_store_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_red_call_t  *call = nt_red_call(red, NULL, NULL);
    nt_red_pass_t  *pass = calloc(1, sizeof(*pass));
    nt_buf_t        message = { 0 };
    nt_redis_args_t args;

    nt_buf_printf(&message, "ask %s %" PRIu64 " %s\n", red->engine,
                  red->n_passes + 1, job_id);
    nt_buf_append_str(&message, text);

    if (call == NULL || pass == NULL || message.failed) {
        nt_buf_free(&message);
        free(call);
        free(pass);
        cb(arg, NT_ERROR, "out of memory");
        return;
    }

    pass->number = call->after = ++red->n_passes;
    pass->deadline = uv_now(red->loop) + NT_RED_PASS_MS;
    pass->cb = cb;
    pass->arg = arg;
    TAILQ_INSERT_TAIL(&red->passes, pass, entry);

    nt_red_args(&args);
    nt_redis_arg_text(&args, job_id);
    nt_redis_arg(&args, (nt_str_t) { message.data, message.len });
    nt_redis_eval(red->redis, NT_RED_PASS, &args, false, nt_red_on_passed,
                  call);
    nt_buf_free(&message);
}


void
nt_red_passes_expire(nt_red_store_t *red, uint64_t now)
{
    nt_red_pass_t *pass;

    while ((pass = TAILQ_FIRST(&red->passes)) && now >= pass->deadline) {
        nt_red_pass_end(red, pass->number, NT_ERROR, "no answer has come");
    }
}


static void
nt_red_on_replied(void *arg, const redisReply *reply, const char *error)
{
    if (error) {
        nt_log(NT_LOG_WARN, "redis: an answer was not passed on: %s", error);
    }
}


/* "ENGINE NUMBER JOB" and a text for that job. */
static void
nt_red_on_ask(nt_red_store_t *red, const char *head, nt_str_t text)
{
    char            engine[NT_RED_ENGINE + 1], id[64];
    uint64_t        number;
    nt_buf_t        message = { 0 };
    nt_redis_args_t args;

    if (sscanf(head, "%16[0-9a-f] %" SCNu64 " %63s", engine, &number, id) != 3)
    {
        return;
    }

    nt_buf_printf(&message, "reply %" PRIu64 "\n", number);
    red->handler.passed(red->handler.arg, id, text, &message);

    if (!message.failed) {
        nt_red_args(&args);
        nt_redis_arg_text(&args, engine);
        nt_redis_arg(&args, (nt_str_t) { message.data, message.len });
        nt_redis_eval(red->redis, NT_RED_REPLY, &args, false, nt_red_on_replied,
                      NULL);
    }

    nt_buf_free(&message);
}


void
nt_red_on_asked(nt_red_store_t *red, nt_str_t message)
{
    char    *copy = strndup(message.data, message.len), *text = copy;
    char    *head = strsep(&text, "\n");
    nt_str_t rest;

    if (copy == NULL || text == NULL) {
        free(copy);
        return;
    }

    rest = (nt_str_t) { text, message.len - (size_t) (text - copy) };

    if (strncmp(head, "ask ", 4) == 0 && red->handler.passed) {
        nt_red_on_ask(red, head + 4, rest);

    } else if (strncmp(head, "reply ", 6) == 0) {
        nt_red_pass_end(red, strtoull(head + 6, NULL, 10), NT_OK, text);
    }

    free(copy);
}
