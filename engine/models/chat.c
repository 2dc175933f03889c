/*
 * engine/models/chat.c - asking a model.
 *
 * Replies are streamed whoever asks: what has come is there when the rest
 * does not, and nothing waits for minutes in silence.
 */

#include <stdlib.h>
#include <time.h>

#include "core/llm/nt_echo.h"
#include "engine/json.h"
#include "engine/models/models_int.h"
#include "engine/nodes/args.h"
#include "engine/nodes/ustr.h"

typedef struct {
    nt_node_call_t        *call;
    const nt_model_chat_t *chat;
    nt_model_t             model;
    nt_llm_collect_t      *collect;
    nt_llm_stream_t       *stream;
} asking_t;


/* --- the request --- */

static json_t *
convert_tools(const json_t *tools)
{
    size_t  i;
    json_t *tool, *list = json_array();

    json_array_foreach(tools, i, tool)
    {
        if (json_object_get(tool, "function") != NULL) {
            json_incref(tool);
        } else {
            tool = json_pack("{s:s,s:O}", "type", "function", "function", tool);
        }

        if (json_array_append_new(list, tool) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


/* The canonical request.  A new reference; NULL after nt_call_fail. */
static json_t *
make_request(asking_t *a)
{
    bool    good;
    json_t *messages, *request;
    json_t *options = (json_t *) (uintptr_t) a->chat->options; /* only read */

    messages = nt_model_messages(a->call, &a->model, a->chat->messages);
    if (messages == NULL) {
        return NULL;
    }

    request =
        json_pack("{s:s,s:o,s:b,s:{s:b}}", "model", a->model.id, "messages",
                  messages, "stream", 1, "stream_options", "include_usage", 1);
    good = request != NULL &&
           (options == NULL || json_object_update(request, options) == 0);

    if (good && json_array_size(a->chat->tools) != 0) {
        good = json_object_set_new(request, "tools",
                                   convert_tools(a->chat->tools)) == 0;
    }

    if (!good) {
        json_decref(request);
        (void) nt_arg_nomem(a->call);
        return NULL;
    }

    return request;
}


/* --- the reply --- */

static nt_rc_t
take_delta(void *ctx, const nt_llm_delta_t *delta)
{
    nt_rc_t   rc;
    asking_t *a = ctx;

    rc = nt_llm_collect_add(a->collect, delta);
    if (rc != NT_OK || a->chat->delta == NULL) {
        return rc;
    }

    return a->chat->delta(a->chat->ctx, delta) ? NT_OK : NT_AGAIN;
}


/* Says why the stream failed, unless the node has said so itself. */
static bool
fail_stream(asking_t *a, nt_rc_t rc)
{
    if (rc == NT_NOMEM) {
        (void) nt_arg_nomem(a->call);
    } else if (rc != NT_AGAIN) {
        (void) nt_provider_fail(a->call, &a->model,
                                nt_llm_stream_error(a->stream));
    }

    return false;
}


static bool
read_stream(asking_t *a, nt_http_reply_t *reply)
{
    int            more;
    char          *sentence = NULL;
    size_t         len;
    nt_rc_t        rc = NT_OK;
    const char    *data;
    nt_llm_error_t error = { .kind = NT_LLM_PROTOCOL, .retry_after = -1 };

    while (rc == NT_OK && !nt_llm_stream_done(a->stream)) {
        more = nt_http_read(reply, &data, &len, &sentence);
        if (more < 0) {
            nt_buf_append_str(&error.message,
                              nt_str(sentence != NULL ? sentence : ""));
            (void) nt_provider_fail(a->call, &a->model, &error);
            nt_llm_error_free(&error);
            free(sentence);
            return false;
        }

        if (more == 0) {
            break;
        }

        rc = nt_llm_stream_feed(a->stream, data, len);
    }

    rc = rc == NT_OK ? nt_llm_stream_end(a->stream) : rc;

    return rc == NT_OK || fail_stream(a, rc);
}


static bool
ask_provider(asking_t *a, const nt_llm_request_t *llm)
{
    bool                  good = false;
    nt_http_reply_t      *reply;
    nt_provider_request_t request = {
        .method = llm->method,
        .headers = (const char *const *) llm->headers,
        .body = llm->body.data,
        .body_len = llm->body.len,
        /* a redirect would take the key along */
        .flags = NT_HTTP_NO_REDIRECT | a->model.flags
    };
    nt_buf_t path = { 0 };

    nt_buf_append(&path, llm->path.data, llm->path.len);
    nt_buf_append_char(&path, '\0');
    if (path.failed) {
        (void) nt_arg_nomem(a->call);
        return false;
    }

    request.path = path.data;
    reply = nt_provider_send(a->call, &a->model, &request);
    if (reply != NULL) {
        good = read_stream(a, reply);
    }

    nt_http_free(reply);
    nt_buf_free(&request.url);
    nt_buf_free(&path);

    return good;
}


static bool
ask_echo(asking_t *a, const nt_llm_request_t *llm)
{
    int               status;
    nt_rc_t           rc;
    nt_buf_t          event = { 0 };
    nt_echo_t        *echo = NULL;
    nt_llm_error_t    error = { 0 };
    nt_echo_options_t options = { .model = nt_str(a->model.id),
                                  .id = NT_STR("echo"),
                                  .created = time(NULL) };

    rc = nt_echo_create(&echo, (nt_str_t) { llm->body.data, llm->body.len },
                        &options, &status, &error.message);
    if (rc == NT_NOMEM) {
        (void) nt_arg_nomem(a->call);
    } else if (rc != NT_OK) {
        (void) nt_provider_fail(a->call, &a->model, &error);
    }

    nt_llm_error_free(&error);
    if (rc != NT_OK) {
        return false;
    }

    while (rc == NT_OK && nt_echo_next(echo, &event)) {
        rc = event.failed
                 ? NT_NOMEM
                 : nt_llm_stream_feed(a->stream, event.data, event.len);
        nt_buf_reset(&event);
    }

    rc =
        rc == NT_OK ? nt_llm_stream_feed(a->stream, event.data, event.len) : rc;
    rc = rc == NT_OK ? nt_llm_stream_end(a->stream) : rc;
    nt_echo_free(echo);
    nt_buf_free(&event);

    return rc == NT_OK || fail_stream(a, rc);
}


/* For those who read it, and with numbers for those who sum them up. */
static void
log_usage(asking_t *a, const json_t *reply)
{
    json_t    *usage = json_object_get(reply, "usage");
    nt_buf_t   text = { 0 };
    json_int_t in = json_integer_value(json_object_get(usage, "prompt_tokens"));
    json_int_t out =
        json_integer_value(json_object_get(usage, "completion_tokens"));

    if (usage == NULL) {
        return;
    }

    nt_buf_printf(&text, "%s: %lld tokens in, %lld out", a->model.id,
                  (long long) in, (long long) out);
    nt_call_event(a->call, "log_update",
                  json_pack("{s:s, s:o, s:s, s:O}", "node_name",
                            nt_call_type(a->call)->title, "content",
                            nt_ustr_take(&text), "severity", "info", "usage",
                            usage));
}


/* The headers that the target has besides. */
static nt_rc_t
add_headers(const asking_t *a, nt_llm_request_t *llm, nt_llm_error_t *error)
{
    size_t      i;
    nt_rc_t     rc;
    json_t     *line;
    nt_buf_t    name = { 0 };
    const char *text, *colon;

    json_array_foreach(a->model.headers, i, line)
    {
        text = json_string_value(line);
        colon = text != NULL ? strstr(text, ": ") : NULL;

        if (colon == NULL) {
            continue;
        }

        nt_buf_append(&name, text, (size_t) (colon - text));
        nt_buf_append_char(&name, '\0');
        rc = name.failed ? NT_NOMEM
                         : nt_llm_add_header(llm, name.data, nt_str(colon + 2));
        nt_buf_free(&name);

        if (rc != NT_OK) {
            error->kind = NT_LLM_INVALID;
            error->retry_after = -1;
            nt_buf_append_str(&error->message,
                              NT_STR("too many headers, or one that cannot "
                                     "be sent"));
            return rc;
        }
    }

    return NT_OK;
}


static bool
ask(asking_t *a, const nt_llm_dialect_t *dialect)
{
    bool             good = false;
    nt_rc_t          rc;
    json_t          *request = make_request(a);
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t llm = { 0 };

    if (request == NULL) {
        return false;
    }

    rc = nt_llm_chat(dialect, request, nt_str(a->model.key), &llm, &error);
    json_decref(request);
    rc = rc == NT_OK ? add_headers(a, &llm, &error) : rc;

    if (rc == NT_NOMEM) {
        (void) nt_arg_nomem(a->call);
    } else if (rc != NT_OK) {
        (void) nt_provider_fail(a->call, &a->model, &error);
    } else if (a->model.base[0] == '\0') {
        good = ask_echo(a, &llm);
    } else {
        good = ask_provider(a, &llm);
    }

    nt_llm_request_free(&llm);
    nt_llm_error_free(&error);

    return good;
}


json_t *
nt_model_chat(nt_node_call_t *call, const nt_model_chat_t *chat)
{
    json_t                 *reply = NULL;
    asking_t                a = { .call = call, .chat = chat };
    const nt_llm_dialect_t *dialect;

    if (chat->target != NULL) {
        a.model = *chat->target;
    } else if (!nt_model_resolve(call, chat->model, NT_MODEL_CHAT, &a.model)) {
        return NULL;
    }

    dialect = a.model.provider->dialect;
    if (dialect == NULL) {
        (void) nt_call_fail(call,
                            "%s has no models that chat: choose a model "
                            "of another provider",
                            a.model.provider->title);
        return NULL;
    }

    a.collect = nt_llm_collect_new();
    a.stream = nt_llm_stream_new(dialect, take_delta, &a);

    if (a.collect == NULL || a.stream == NULL) {
        (void) nt_arg_nomem(call);
    } else if (ask(&a, dialect)) {
        reply = nt_llm_collect_reply(a.collect);
        if (reply == NULL) {
            (void) nt_arg_nomem(call);
        } else {
            log_usage(&a, reply);
        }
    }

    nt_llm_stream_free(a.stream);
    nt_llm_collect_free(a.collect);

    return reply;
}
