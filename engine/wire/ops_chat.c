/*
 * engine/wire/ops_chat.c - chat completions, and the workflows that are models
 * for them.
 */

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "core/llm/nt_llm_api.h"
#include "core/nt_id.h"
#include "engine/chat/completion.h"
#include "engine/json.h"
#include "engine/log.h"
#include "engine/wire/ops.h"

/* A request under way. */
typedef struct {
    nt_conn_t             *conn;
    nt_completion_t       *completion;
    const nt_llm_api_t    *api;
    json_t                *request; /* as the client sent it; owned */
    bool                   stream;
    char                   id[NT_ID_HEX_LEN];
    nt_llm_reply_options_t options;
    nt_llm_writer_t       *writer;  /* of a stream */
    nt_llm_collect_t      *collect; /* of a whole reply */
    nt_buf_t               out;
    bool                   begun; /* the head has been written */
} chat_t;


static void
chat_free(chat_t *chat)
{
    nt_llm_writer_free(chat->writer);
    nt_llm_collect_free(chat->collect);
    nt_buf_free(&chat->out);
    json_decref(chat->request);
    free(chat);
}


/* --- replies --- */

static void
reply_error(nt_conn_t *conn, const nt_llm_api_t *api,
            const nt_llm_error_t *error)
{
    int       status = error->status >= 400 ? error->status : 500;
    unsigned  after = status == 503 ? NT_RETRY_AFTER : 0;
    nt_buf_t *body = &conn->wire->body;

    if (error->retry_after >= 0 && error->retry_after < 86400) {
        after = (unsigned) error->retry_after + 1;
    }

    if (status >= 500) {
        nt_log_request(NT_LOG_WARN, nt_conn_field(conn, "request_id"),
                       "chat: %d %.*s", status, (int) error->message.len,
                       error->message.data);
    }

    nt_buf_reset(body);
    nt_llm_api_error(api, error, body);
    nt_conn_reply(conn, status, conn->job_id, after,
                  body->failed ? NT_STR("")
                               : (nt_str_t) { body->data, body->len });
}


static void
reply_nomem(nt_conn_t *conn)
{
    nt_conn_error(conn, 503, conn->job_id, NT_STR(""));
}


/* Sends the events that the writer has made. */
static void
send_events(chat_t *chat)
{
    nt_conn_chunk(chat->conn, (nt_str_t) { chat->out.data, chat->out.len });
    nt_buf_reset(&chat->out);
}


static void
on_job(void *arg, const char *job_id)
{
    chat_t *chat = arg;

    chat->conn->job_id = strdup(job_id); /* NULL: the reply has none */
}


static bool
on_delta(void *arg, const nt_llm_delta_t *delta)
{
    chat_t *chat = arg;

    if (!chat->stream) {
        return nt_llm_collect_add(chat->collect, delta) == NT_OK;
    }

    if (!chat->begun) {
        chat->begun = true;
        nt_conn_chunks_begin(chat->conn, chat->conn->job_id,
                             "text/event-stream");
    }

    if (nt_llm_writer_add(chat->writer, delta) != NT_OK || chat->out.failed) {
        return false;
    }

    send_events(chat);
    return true;
}


static bool
is_slow(void *arg)
{
    chat_t *chat = arg;

    chat->conn->paused |= nt_conn_unsent(chat->conn) > NT_WIRE_HIGH;
    return chat->conn->paused;
}


static void
end_stream(chat_t *chat, const nt_llm_error_t *error)
{
    nt_rc_t rc;

    if (error != NULL) {
        nt_log_request(NT_LOG_WARN, nt_conn_field(chat->conn, "request_id"),
                       "chat: its stream ended with an error: %.*s",
                       (int) error->message.len, error->message.data);
        rc = nt_llm_writer_error(chat->writer, error);
    } else {
        rc = nt_llm_writer_end(chat->writer);
    }

    if (rc != NT_OK || chat->out.failed) {
        nt_conn_close(chat->conn); /* the peer sees that the end is missing */
        return;
    }

    send_events(chat);
    nt_conn_chunks_end(chat->conn);
}


static void
end_whole(chat_t *chat)
{
    json_t *reply = nt_llm_collect_reply(chat->collect);

    if (reply == NULL ||
        nt_llm_api_reply(chat->api, reply, &chat->options, &chat->out) != NT_OK)
    {
        reply_nomem(chat->conn);

    } else {
        nt_conn_reply(chat->conn, 200, chat->conn->job_id, 0,
                      (nt_str_t) { chat->out.data, chat->out.len });
    }

    json_decref(reply);
}


static void
on_done(void *arg, const nt_llm_error_t *error)
{
    chat_t *chat = arg;

    chat->conn->task = NULL;

    if (chat->begun) {
        end_stream(chat, error);
    } else if (error != NULL) {
        reply_error(chat->conn, chat->api, error);
    } else {
        end_whole(chat);
    }

    chat_free(chat);
}


/* --- the peer --- */

static void
on_resume(void *arg)
{
    chat_t *chat = arg;

    nt_completion_ready(chat->completion);
}


static void
on_abandon(void *arg)
{
    chat_t *chat = arg;

    nt_log_request(NT_LOG_INFO, nt_conn_field(chat->conn, "request_id"),
                   "chat: its client has left, stopping");
    nt_completion_stop(chat->completion);
    chat_free(chat);
}


/* --- requests --- */

static const nt_llm_api_t *
find_api(const char *name)
{
    size_t i;
    static const struct {
        const char         *name;
        const nt_llm_api_t *api;
    } apis[] = { { "chat", &nt_llm_api_chat },
                 { "messages", &nt_llm_api_messages },
                 { "responses", &nt_llm_api_responses } };

    for (i = 0; i < sizeof(apis) / sizeof(apis[0]); i++) {
        if (strcmp(apis[i].name, name) == 0) {
            return apis[i].api;
        }
    }

    return NULL;
}


/* The client's request as a canonical one, without the tools that no API has.
 * A new reference; NULL with *error. */
static json_t *
make_canonical(chat_t *chat, json_t *tools, nt_llm_error_t *error)
{
    json_t *copy, *request = NULL;
    nt_rc_t rc = NT_NOMEM;

    copy = json_copy(chat->request);

    if (copy != NULL && nt_completion_take_tools(copy, tools)) {
        rc = nt_llm_api_request(chat->api, copy, &request, error);
    }

    if (rc == NT_NOMEM) {
        error->status = 503;
        error->kind = NT_LLM_OVERLOADED;
        error->retry_after = -1;
    }

    json_decref(copy);
    return rc == NT_OK ? request : NULL;
}


/* What replies are made with. */
static bool
make_writers(chat_t *chat, const json_t *request)
{
    unsigned char random[16];
    json_t       *options = json_object_get(request, "stream_options");

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return false;
    }

    nt_id_hex(chat->id, random);
    chat->options.id = (nt_str_t) { chat->id, sizeof(chat->id) };
    chat->options.created = time(NULL);
    chat->options.request = chat->request;
    chat->options.include_usage =
        json_is_true(json_object_get(options, "include_usage"));
    chat->options.model =
        nt_str(json_string_value(json_object_get(chat->request, "model")));
    chat->stream = json_is_true(json_object_get(request, "stream"));

    if (chat->stream) {
        chat->writer = nt_llm_writer_new(chat->api, &chat->options, &chat->out);
    } else {
        chat->collect = nt_llm_collect_new();
    }

    return chat->writer != NULL || chat->collect != NULL;
}


static void
start(chat_t *chat)
{
    nt_conn_t                 *conn = chat->conn;
    json_t                    *request, *tools = json_array();
    nt_llm_error_t             error = { .status = 400, .retry_after = -1 };
    const nt_completion_sink_t sink = { .arg = chat,
                                        .job = on_job,
                                        .delta = on_delta,
                                        .slow = is_slow,
                                        .done = on_done };
    nt_completion_request_t    completion = {
           .user = nt_op_user(conn),
           .admin = nt_op_admin(conn),
           .base_url = nt_conn_field(conn, "base"),
           .tools = tools,
           .more_tools = json_object_get(conn->head, "tools"),
           .targets = json_object_get(conn->head, "targets")
    };
    static const nt_conn_task_t task = { .resume = on_resume,
                                         .abandon = on_abandon };

    request = make_canonical(chat, tools, &error);

    if (request != NULL && !make_writers(chat, request)) {
        error.status = 503;

    } else if (request != NULL) {
        completion.request = request;
        chat->completion = nt_completion_start(conn->wire->services->chat,
                                               &completion, &sink, &error);
    }

    if (chat->completion != NULL) {
        conn->task = &task;
        conn->task_arg = chat;

    } else {
        reply_error(conn, chat->api, &error);
        chat_free(chat);
    }

    json_decref(request);
    json_decref(tools);
    nt_llm_error_free(&error);
}


void
nt_op_chat(nt_conn_t *conn, const char *body, size_t len)
{
    json_t             *request;
    chat_t             *chat;
    nt_buf_t            sentence = { 0 };
    const char         *name = nt_conn_field(conn, "api");
    const nt_llm_api_t *api = find_api(name != NULL ? name : "chat");

    if (api == NULL) {
        nt_conn_error(conn, 400, NULL, NT_STR("There is no such api."));
        return;
    }

    request = nt_json_parse(body, len, &sentence);

    if (request == NULL) {
        nt_op_fail(conn, 400, &sentence);
        return;
    }

    if (json_string_length(json_object_get(request, "model")) == 0) {
        json_decref(request);
        nt_conn_error(conn, 400, NULL,
                      NT_STR("The body must be a JSON object with the "
                             "\"model\" that is to answer."));
        return;
    }

    chat = calloc(1, sizeof(*chat));

    if (chat == NULL) {
        json_decref(request);
        reply_nomem(conn);
        return;
    }

    chat->conn = conn;
    chat->api = api;
    chat->request = request;
    start(chat);
}


/* --- models --- */

static json_int_t
seconds_of(const json_t *time)
{
    struct tm   tm = { 0 };
    const char *text = json_string_value(time);

    return text != NULL && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL
               ? (json_int_t) timegm(&tm)
               : 0;
}


/* Appends a page of workflows as OpenAI's models; false when memory is
 * out. */
static bool
append_models(json_t *models, const json_t *page)
{
    size_t        i;
    json_t       *model;
    const json_t *workflow;

    json_array_foreach(json_object_get(page, "workflows"), i, workflow)
    {
        model =
            json_pack("{s:s+, s:s, s:I, s:s, s:O*}", "id", NT_COMPLETION_MODEL,
                      json_string_value(json_object_get(workflow, "id")),
                      "object", "model", "created",
                      seconds_of(json_object_get(workflow, "created_at")),
                      "owned_by", "nodetool", "name",
                      json_object_get(workflow, "name"));

        if (json_array_append_new(models, model) != 0) {
            return false;
        }
    }

    return true;
}


void
nt_op_chat_models(nt_conn_t *conn, const char *body, size_t len)
{
    int                  status;
    bool                 good = true;
    json_t              *list = NULL, *page = NULL, *next = NULL;
    nt_buf_t             error = { 0 };
    nt_workflows_query_t query = { .user = nt_op_user(conn),
                                   .run_mode = "chat",
                                   .columns = "id,name,created_at",
                                   .limit = NT_OP_LIMIT_MAX };

    list = json_pack("{s:s, s:[]}", "object", "list", "data");

    do {
        query.cursor = json_string_value(next);
        status = nt_workflows_list(conn->wire->services->workflows, &query,
                                   &page, &error);
        json_decref(next);
        next = NULL;

        if (status == 200) {
            good = append_models(json_object_get(list, "data"), page);
            next = json_incref(json_object_get(page, "next"));
            json_decref(page);
        }
    } while (status == 200 && good && json_is_string(next));

    json_decref(next);

    if (status != 200) {
        nt_op_fail(conn, status, &error);
    } else if (list == NULL || !good) {
        reply_nomem(conn);
    } else {
        nt_op_reply_json(conn, 200, NULL, list);
    }

    json_decref(list);
}
