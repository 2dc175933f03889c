/*
 * The life of a turn: its message goes into the thread, the history is read,
 * the run starts, and what fails it is told.
 */

#include "engine/chat/chat_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "engine/assets/workspace.h"
#include "engine/json.h"

#define NOMEM "The server is out of memory"

/* --- its end --- */

static void
on_timer_closed(uv_handle_t *handle)
{
    nt_turn_t *turn = handle->data;
    nt_chat_t *chat = turn->chat;

    json_decref(turn->request);
    json_decref(turn->message);
    json_decref(turn->history);
    json_decref(turn->client_tools);
    json_decref(turn->answer);
    json_decref(turn->usage);
    json_decref(turn->names);
    json_decref(turn->result);
    nt_buf_free(&turn->said);
    free(turn->tools);
    free(turn->user);
    free(turn->base_url);
    free(turn->workspace);
    free(turn->error);
    free(turn);

    chat->n--;
    nt_chat_settle(chat);
}


static void
settle(nt_turn_t *turn)
{
    if (!turn->over || turn->run != NULL || turn->pending > 0 || turn->closing)
    {
        return;
    }

    turn->closing = true;
    TAILQ_REMOVE(&turn->chat->turns, turn, entry);

    nt_chat_deactivate(turn->chat, &turn->pumped);
    uv_close((uv_handle_t *) &turn->timer, on_timer_closed);
}


void
nt_turn_end(nt_turn_t *turn)
{
    nt_turn_sink_t sink = turn->sink;

    turn->over = true;
    turn->sink = (nt_turn_sink_t) { 0 };

    if (sink.done != NULL) {
        sink.done(sink.arg);
    }

    settle(turn);
}


void
nt_turn_tell(nt_turn_t *turn, json_t *event)
{
    if (event != NULL && turn->sink.event != NULL &&
        json_object_set_new(event, "thread_id", json_string(turn->thread_id)) ==
            0)
    {
        turn->sink.event(turn->sink.arg, event);
    }

    json_decref(event);
}


/* A sentence that may have anything in it, as programs and servers speak
 * through it. */
static json_t *
sentence_json(const char *text)
{
    json_t  *value;
    nt_buf_t json = { 0 };

    nt_buf_append_json(&json, nt_str(text));
    value = json.failed ? NULL
                        : json_loadb(json.data, json.len,
                                     JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    nt_buf_free(&json);
    return value;
}


void
nt_turn_fail(nt_turn_t *turn, const char *type, const char *message)
{
    json_t *workflow = json_object_get(turn->request, "workflow_id");

    nt_turn_tell(turn, json_pack("{s:s, s:o, s:s, s:O*}", "type", "error",
                                 "message", sentence_json(message),
                                 "error_type", type, "workflow_id", workflow));
    nt_turn_tell(turn,
                 json_pack("{s:s, s:s, s:s, s:b}", "type", "chunk",
                           "content_type", "text", "content", "", "done", 1));
    nt_turn_end(turn);
}


/* The same of what the store of threads says. */
static void
fail_status(nt_turn_t *turn, int status, const char *message)
{
    nt_turn_fail(turn,
                 status == 403   ? "forbidden"
                 : status == 404 ? "not_found"
                 : status == 409 ? "conflict"
                 : status == 503 ? "service_unavailable"
                                 : "invalid_message",
                 message);
}


/* --- what was said so far --- */

static void
on_said(void *arg, int status, const char *message, json_t *value)
{
    nt_turn_t *turn = arg;

    turn->pending--;
    settle(turn);
}


void
nt_turn_keep_said(nt_turn_t *turn)
{
    json_t *message;

    if (turn->said.len == 0 || turn->said.failed) {
        return;
    }

    message = nt_chat_message(turn, "assistant",
                              json_stringn(turn->said.data, turn->said.len));
    nt_buf_reset(&turn->said);

    if (message != NULL) {
        turn->pending++;
        nt_messages_append(turn->chat->options.threads, turn->user,
                           turn->thread_id, NULL, message, on_said, turn);
        json_decref(message);
    }
}


/* --- its beginning --- */

/* What the message says wins over what the earlier one said. */
static bool
merge_request(nt_turn_t *turn)
{
    size_t                   i;
    json_t                  *value, *copy;
    static const char *const members[] = { "model",      "provider",
                                           "tools",      "agent_mode",
                                           "help_mode",  "collections",
                                           "workflow_id" };

    copy = json_copy(turn->message);

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(turn->request, members[i]);

        if (value != NULL && json_object_set(copy, members[i], value) != 0) {
            json_decref(copy);
            return false;
        }
    }

    json_decref(turn->message);
    turn->message = copy;
    return copy != NULL;
}


static bool
flag(const json_t *message, const char *name)
{
    return json_is_true(json_object_get(message, name));
}


static void
set_mode(nt_turn_t *turn)
{
    const char *workflow =
        json_string_value(json_object_get(turn->message, "workflow_id"));

    turn->mode = workflow != NULL && *workflow != '\0' ? NT_CHAT_WORKFLOW
                 : flag(turn->message, "agent_mode")   ? NT_CHAT_AGENT
                 : flag(turn->message, "help_mode")    ? NT_CHAT_HELP
                                                       : NT_CHAT_PLAIN;
}


/*
 * Turns the newest messages, which came newest first, into the history: up to
 * the user's message, as another client may have written since, and from a
 * user's on.  The last message is then the user's.
 */
static bool
set_history(nt_turn_t *turn, const json_t *newest)
{
    size_t      i = 0, n = json_array_size(newest);
    json_t     *message;
    const char *id, *role;

    id = json_string_value(json_object_get(turn->message, "id"));
    turn->history = json_array();

    for (/* void */; i < n; i++) {
        message = json_array_get(newest, i);
        role = json_string_value(json_object_get(message, "role"));

        if (id != NULL
                ? strcmp(json_string_value(json_object_get(message, "id")),
                         id) == 0
                : role != NULL && strcmp(role, "user") == 0)
        {
            break;
        }
    }

    if (i == n) {
        return false;
    }

    json_decref(turn->message);
    turn->message = json_incref(json_array_get(newest, i));

    for (/* void */; i < n; i++) {
        if (json_array_insert(turn->history, 0, json_array_get(newest, i)) != 0)
        {
            return false;
        }
    }

    return true;
}


static void
on_history(void *arg, int status, const char *message, json_t *value)
{
    nt_turn_t *turn = arg;

    turn->pending--;

    if (turn->stopped) {
        nt_turn_end(turn);

    } else if (status != 200) {
        fail_status(turn, status, message);

    } else if (!set_history(turn, json_object_get(value, "messages")) ||
               !merge_request(turn))
    {
        nt_turn_fail(turn, "service_unavailable",
                     "The message is not in its thread any more");

    } else {
        set_mode(turn);
        nt_turn_begin_run(turn);
    }
}


/* The message is in the thread, or the earlier answer is not. */
static void
on_begun(void *arg, int status, const char *message, json_t *value)
{
    nt_turn_t         *turn = arg;
    nt_messages_page_t page = { .thread_id = turn->thread_id,
                                .limit = NT_CHAT_HISTORY,
                                .max_bytes = NT_CHAT_HISTORY_BYTES,
                                .reverse = true };

    if (status != 200 || turn->stopped) {
        turn->pending--;

        if (turn->stopped) {
            nt_turn_end(turn);
        } else {
            fail_status(turn, status, message);
        }

        return;
    }

    turn->message = turn->regenerate ? NULL : json_incref(value);
    nt_messages_list(turn->chat->options.threads, turn->user, &page, on_history,
                     turn);
}


static void
begin(nt_turn_t *turn)
{
    json_t       *message;
    nt_buf_t      title = { 0 };
    nt_threads_t *threads = turn->chat->options.threads;

    turn->pending++;

    if (turn->regenerate) {
        nt_messages_drop(threads, turn->user, turn->thread_id, on_begun, turn);
        return;
    }

    message = nt_chat_user_message(turn);
    nt_chat_title(turn->request, &title);
    nt_buf_append_char(&title, '\0');

    if (message != NULL && !title.failed) {
        nt_messages_append(threads, turn->user, turn->thread_id,
                           *title.data != '\0' ? title.data : NULL, message,
                           on_begun, turn);
    } else {
        on_begun(turn, 503, NOMEM, NULL);
    }

    nt_buf_free(&title);
    json_decref(message);
}


/* Not before the caller knows the turn. */
static void
on_first_tick(uv_timer_t *timer)
{
    nt_turn_t *turn = timer->data;

    if (turn->stopped) {
        nt_turn_end(turn);
    } else {
        begin(turn);
    }
}


/* The thread of the message; a new one when it names none. */
static bool
set_thread(nt_turn_t *turn)
{
    const char *id =
        json_string_value(json_object_get(turn->request, "thread_id"));
    unsigned char random[16];

    if (id != NULL && *id != '\0') {
        (void) snprintf(turn->thread_id, sizeof(turn->thread_id), "%s", id);
        return true;
    }

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return false;
    }

    nt_id_hex(turn->thread_id, random);
    return true;
}


nt_turn_t *
nt_turn_start(nt_chat_t *chat, const nt_turn_request_t *request,
              const nt_turn_sink_t *sink)
{
    nt_buf_t   name = { 0 }, id = { 0 };
    nt_turn_t *turn;

    if (chat->draining || chat->n >= NT_CHAT_TURNS_MAX) {
        return NULL;
    }

    turn = calloc(1, sizeof(*turn));

    if (turn == NULL) {
        return NULL;
    }

    (void) uv_timer_init(chat->options.loop, &turn->timer);
    turn->timer.data = turn;
    turn->chat = chat;
    turn->pumped.pump = nt_turn_pump;
    turn->sink = *sink;
    turn->regenerate = request->regenerate;
    turn->admin = request->admin;
    turn->error_type = "internal_error";
    turn->user = strdup(request->user);
    turn->base_url = strdup(request->base_url != NULL ? request->base_url : "");
    turn->request = json_deep_copy(request->message);
    turn->client_tools = json_incref(request->client_tools);
    TAILQ_INSERT_TAIL(&chat->turns, turn, entry);
    chat->n++;

    if (turn->user != NULL && turn->request != NULL && set_thread(turn)) {
        nt_buf_printf(&id, "chat-%s", turn->thread_id);
        nt_workspace_name(&name, nt_str(turn->user),
                          (nt_str_t) { id.data, id.len });
        nt_buf_free(&id);
        turn->workspace = name.data;
    }

    if (turn->workspace == NULL || name.failed || turn->base_url == NULL) {
        turn->over = true;
        settle(turn);
        return NULL;
    }

    (void) uv_timer_start(&turn->timer, on_first_tick, 0, 0);
    return turn;
}


const char *
nt_turn_thread(const nt_turn_t *turn)
{
    return turn->thread_id;
}


/* --- from outside --- */

void
nt_turn_ready(nt_turn_t *turn)
{
    if (turn->watch != NULL) {
        nt_watch_resume(turn->watch);
    }

    if (turn->slow) {
        turn->slow = false;
        nt_call_resume(turn->call);
    }
}


/* Ends a wait for the client. */
static void
wake(nt_turn_t *turn)
{
    nt_turn_ready(turn);

    if (turn->waits[0] != '\0') {
        turn->waits[0] = '\0';
        nt_call_resume(turn->call);
    }
}


void
nt_turn_stop(nt_turn_t *turn)
{
    turn->sink = (nt_turn_sink_t) { 0 };

    if (turn->stopped || turn->over) {
        return;
    }

    turn->stopped = true;

    if (turn->run != NULL) {
        nt_turn_keep_said(turn);
        nt_run_cancel(turn->run);
        nt_chat_activate(turn->chat, &turn->pumped);
    }
}


static void
on_left(uv_timer_t *timer)
{
    nt_turn_stop(timer->data);
}


void
nt_turn_leave(nt_turn_t *turn)
{
    if (turn->mode == NT_CHAT_AGENT) {
        nt_turn_stop(turn);
        return;
    }

    turn->sink = (nt_turn_sink_t) { 0 };
    turn->left = true;

    if (turn->call != NULL) {
        wake(turn);
    }

    if (turn->run != NULL && turn->mode != NT_CHAT_WORKFLOW) {
        (void) uv_timer_start(&turn->timer, on_left, NT_CHAT_LEFT_MS, 0);
    }
}


void
nt_turn_tool_result(nt_turn_t *turn, json_t *result)
{
    const char *id = json_string_value(json_object_get(result, "tool_call_id"));

    if (id != NULL && turn->waits[0] != '\0' && strcmp(turn->waits, id) == 0) {
        json_decref(turn->result);
        turn->result = json_incref(result);
        wake(turn);
    }
}
