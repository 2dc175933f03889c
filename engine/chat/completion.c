/*
 * The life of a completion: checked, started, told, ended.
 */

#include "engine/chat/completion_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUDGET 64 /* activations in a turn of the loop */


void
nt_completion_fault(nt_llm_error_t *error, int status, const char *param,
                    const char *format, ...)
{
    char   *text;
    va_list args;

    nt_buf_reset(&error->message);
    nt_buf_reset(&error->param);
    error->status = status;
    error->retry_after = -1;
    error->kind = status == 429   ? NT_LLM_RATE_LIMIT
                  : status == 503 ? NT_LLM_OVERLOADED
                  : status >= 500 ? NT_LLM_SERVER
                                  : NT_LLM_INVALID;

    va_start(args, format);

    if (vasprintf(&text, format, args) >= 0) {
        nt_buf_append_str(&error->message, nt_str(text));
        free(text);
    }

    va_end(args);

    if (param != NULL) {
        nt_buf_append_str(&error->param, nt_str(param));
    }
}


/* --- what is told --- */

bool
nt_completion_tell(nt_completion_t *c, const nt_llm_delta_t *delta)
{
    if (c->sink.delta == NULL) {
        return false;
    }

    if (!c->sink.delta(c->sink.arg, delta)) {
        c->nomem = true;
        return false;
    }

    return true;
}


bool
nt_completion_say(nt_completion_t *c, nt_llm_kind_t kind, nt_str_t text)
{
    const nt_llm_delta_t delta = { .kind = kind, .text = text };

    return text.len == 0 || nt_completion_tell(c, &delta);
}


static void
add(int64_t *sum, int64_t n)
{
    if (n >= 0) {
        *sum = (*sum < 0 ? 0 : *sum) + n;
    }
}


void
nt_completion_use(nt_completion_t *c, const nt_llm_usage_t *usage)
{
    int64_t total = usage->total;

    if (total < 0 && usage->prompt >= 0 && usage->completion >= 0) {
        total = usage->prompt + usage->completion;
    }

    add(&c->usage.prompt, usage->prompt);
    add(&c->usage.completion, usage->completion);
    add(&c->usage.total, total);
    add(&c->usage.cached, usage->cached);
    add(&c->usage.reasoning, usage->reasoning);
}


void
nt_completion_use_json(nt_completion_t *c, const json_t *usage)
{
    nt_llm_usage_t used = { -1, -1, -1, -1, -1 };

    if (json_is_object(usage)) {
        used.prompt = nt_llm_count(
            json_integer_value(json_object_get(usage, "prompt_tokens")));
        used.completion = nt_llm_count(
            json_integer_value(json_object_get(usage, "completion_tokens")));
        nt_completion_use(c, &used);
    }
}


void
nt_completion_finish(nt_completion_t *c, nt_str_t reason)
{
    const nt_llm_delta_t usage = { .kind = NT_LLM_USAGE, .usage = c->usage };

    if (nt_completion_say(c, NT_LLM_FINISH, reason) && c->usage.total >= 0) {
        (void) nt_completion_tell(c, &usage);
    }
}


void
nt_completion_end(nt_completion_t *c, const nt_llm_error_t *error)
{
    nt_llm_error_t       nomem = { 0 };
    nt_completion_sink_t sink = c->sink;

    c->over = true;
    c->sink = (nt_completion_sink_t) { 0 };

    if (c->nomem) {
        nt_completion_fault(&nomem, 503, NULL, NT_COMPLETION_NOMEM);
        error = &nomem;
    }

    if (sink.done != NULL) {
        sink.done(sink.arg, error);
    }

    nt_llm_error_free(&nomem);
    nt_chat_activate(c->chat, &c->pumped); /* its memory goes from there */
}


void
nt_completion_fail(nt_completion_t *c, int status, const char *message)
{
    nt_llm_error_t error = { 0 };

    nt_completion_fault(&error, status, NULL, "%s",
                        message != NULL ? message : NT_COMPLETION_NOMEM);
    nt_completion_end(c, &error);
    nt_llm_error_free(&error);
}


/* --- its memory --- */

static void
free_completion(nt_completion_t *c)
{
    nt_chat_t *chat = c->chat;

    TAILQ_REMOVE(&chat->completions, c, entry);
    nt_chat_deactivate(chat, &c->pumped);
    nt_answer_free(&c->answer);
    nt_graph_unref(c->graph);
    json_decref(c->params);
    nt_llm_error_free(&c->fault);
    json_decref(c->request);
    json_decref(c->targets);
    json_decref(c->tools);
    json_decref(c->names);
    json_decref(c->schemas);
    free(c->user);
    free(c->base_url);
    free(c);

    chat->n--;
    nt_chat_settle(chat);
}


static void
end_run(nt_completion_t *c)
{
    nt_run_free(c->run);
    c->run = NULL;
    c->call = NULL;

    if (!c->over) {
        nt_completion_end(c, c->good ? NULL : &c->fault);
    }
}


static void
pump(nt_pumped_t *pumped)
{
    nt_completion_t *c = (nt_completion_t *) pumped;

    if (c->graph != NULL && !c->over) {
        nt_completion_submit(c);
    }

    if (c->run != NULL) {
        if (nt_run_pump(c->run, BUDGET)) {
            nt_chat_activate(c->chat, pumped);
        }

        if (c->ended) {
            end_run(c);
        }
    }

    if (c->over && c->run == NULL && c->pending == 0) {
        free_completion(c);
    }
}


/* --- its beginning --- */

static bool
is_set(const json_t *value)
{
    return value != NULL && !json_is_null(value) && !json_is_false(value) &&
           !(json_is_array(value) && json_array_size(value) == 0);
}


/* What is dropped must not change what the answer is. */
static bool
check_workflow(const json_t *request, nt_llm_error_t *error)
{
    size_t                   i;
    const char              *type;
    static const char *const members[] = { "tools", "functions", "stop",
                                           "logprobs", "audio" };

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (is_set(json_object_get(request, members[i]))) {
            nt_completion_fault(error, 400, members[i],
                                "A workflow takes no '%s': leave it out.",
                                members[i]);
            return false;
        }
    }

    type = json_string_value(
        json_object_get(json_object_get(request, "response_format"), "type"));

    if (type != NULL && strcmp(type, "text") != 0) {
        nt_completion_fault(error, 400, "response_format",
                            "A workflow's answer is the text that it makes: "
                            "it takes no 'response_format'.");
        return false;
    }

    return true;
}


static bool
check(const json_t *request, nt_llm_error_t *error)
{
    json_t *n = json_object_get(request, "n");

    if (json_string_length(json_object_get(request, "model")) == 0) {
        nt_completion_fault(error, 400, "model",
                            "'model' must be the name of a model.");
        return false;
    }

    if (json_array_size(json_object_get(request, "messages")) == 0) {
        nt_completion_fault(error, 400, "messages",
                            "'messages' must be a list of messages.");
        return false;
    }

    if (n != NULL && !json_is_null(n) && json_integer_value(n) != 1) {
        nt_completion_fault(error, 400, "n",
                            "'n' must be 1 where workflows answer or are "
                            "called.");
        return false;
    }

    return true;
}


static bool
start(nt_completion_t *c, const json_t *more, nt_llm_error_t *error)
{
    const char *model = json_string_value(json_object_get(c->request, "model"));
    const size_t len = sizeof(NT_COMPLETION_MODEL) - 1;

    if (strncmp(model, NT_COMPLETION_MODEL, len) != 0) {
        if (more != NULL && json_array_extend(c->tools, (json_t *) more) != 0) {
            nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
            return false;
        }

        return nt_completion_find_tools(c, error) &&
               nt_completion_start_run(c, error);
    }

    if (json_array_size(c->tools) > 0) {
        nt_completion_fault(error, 400, "tools",
                            "A workflow takes no 'tools': leave it out.");
        return false;
    }

    (void) snprintf(c->workflow_id, sizeof(c->workflow_id), "%s", model + len);
    return check_workflow(c->request, error) &&
           nt_completion_prepare_job(c, error);
}


static nt_completion_t *
make(nt_chat_t *chat, const nt_completion_request_t *request)
{
    nt_completion_t *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return NULL;
    }

    c->chat = chat;
    c->pumped.pump = pump;
    c->admin = request->admin;
    c->usage = (nt_llm_usage_t) { -1, -1, -1, -1, -1 };
    c->user = strdup(request->user);
    c->base_url = strdup(request->base_url != NULL ? request->base_url : "");
    c->request = json_copy((json_t *) (uintptr_t) request->request);
    c->targets = json_incref((json_t *) (uintptr_t) request->targets);
    c->tools = json_array();
    TAILQ_INSERT_TAIL(&chat->completions, c, entry);
    chat->n++;

    if (c->user == NULL || c->base_url == NULL || c->tools == NULL ||
        c->request == NULL ||
        (request->tools != NULL &&
         json_array_extend(c->tools, (json_t *) request->tools) != 0))
    {
        free_completion(c);
        return NULL;
    }

    return c;
}


nt_completion_t *
nt_completion_start(nt_chat_t *chat, const nt_completion_request_t *request,
                    const nt_completion_sink_t *sink, nt_llm_error_t *error)
{
    nt_completion_t *c;

    if (!check(request->request, error)) {
        return NULL;
    }

    if (chat->draining || chat->n >= NT_CHAT_TURNS_MAX) {
        nt_completion_fault(error, 503, NULL,
                            "The server stops, or has too much to do. Try "
                            "again later.");
        return NULL;
    }

    c = make(chat, request);

    if (c == NULL) {
        nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
        return NULL;
    }

    nt_chat_activate(chat, &c->pumped);

    if (!start(c, request->more_tools, error)) {
        c->over = true;
        return NULL;
    }

    c->sink = *sink;
    return c;
}


/* --- from outside --- */

void
nt_completion_ready(nt_completion_t *c)
{
    if (c->watch != NULL) {
        nt_watch_resume(c->watch);
    }

    if (c->slow) {
        c->slow = false;
        nt_call_resume(c->call);
    }
}


void
nt_completion_stop(nt_completion_t *c)
{
    c->sink = (nt_completion_sink_t) { 0 };

    if (c->stopped || c->over) {
        return;
    }

    c->stopped = true;

    if (c->run != NULL) {
        nt_run_cancel(c->run);
        nt_chat_activate(c->chat, &c->pumped);
        return;
    }

    nt_completion_cancel_job(c);
    nt_completion_end(c, NULL);
}


void
nt_completion_stop_all(nt_chat_t *chat)
{
    nt_llm_error_t       error = { 0 };
    nt_completion_t     *c, *next;
    nt_completion_sink_t sink;

    nt_completion_fault(&error, 503, NULL, "The server stops.");

    for (c = TAILQ_FIRST(&chat->completions); c != NULL; c = next) {
        next = TAILQ_NEXT(c, entry);
        sink = c->sink;

        if (!c->stopped && !c->over) {
            nt_completion_stop(c);

            if (sink.done != NULL) {
                sink.done(sink.arg, &error);
            }
        }
    }

    nt_llm_error_free(&error);
}
