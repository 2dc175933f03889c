/*
 * engine/ws/chat.c - /chat: conversations, one turn at a time.
 *
 * A message starts a turn (engine/chat), and ends the one under way.  Beside
 * messages there are {"type": ...}: stop, regenerate, ping,
 * client_tools_manifest, tool_result; and, as newer clients send them,
 * {"command": "chat_message" | "stop", "data": {...}}.
 */

#include <stdlib.h>

#include "engine/chat/chat.h"
#include "engine/ws/ws.h"

#define NT_CHAT_PING_MS 25000 /* as NodeTool */

typedef struct {
    nt_ws_t             *ws; /* NULL: closed */
    const nt_services_t *services;
    const nt_ws_peer_t  *peer;
    json_t              *tools; /* of the client, by name; owned */
    nt_turn_t           *turn;  /* under way, or NULL */
    uv_timer_t           ping;
} session_t;


static void
tell(session_t *session, json_t *message)
{
    if (message != NULL) {
        nt_ws_send(session->ws, message);
    }

    json_decref(message);
}


static void
send_error(session_t *session, const char *type, const char *message,
           const json_t *request)
{
    json_t *thread = json_object_get(request, "thread_id");

    tell(session,
         json_pack("{s:s, s:s, s:s, s:s, s:O*}", "type", "error", "error", type,
                   "error_type", type, "message", message, "thread_id",
                   json_is_string(thread) ? thread : NULL));
}


static void
send_fault(session_t *session, nt_buf_t *fault, const json_t *request)
{
    nt_buf_append_char(fault, '\0');
    send_error(session, "invalid_message",
               fault->failed ? "The server is out of memory" : fault->data,
               request);
    nt_buf_free(fault);
}


static void
on_ping(uv_timer_t *timer)
{
    session_t *session = timer->data;

    nt_ws_send_ping(session->ws);
}


/* --- turns --- */

static void
on_event(void *arg, json_t *event)
{
    nt_ws_send(((session_t *) arg)->ws, event);
}


static bool
is_slow(void *arg)
{
    return nt_ws_slow(((session_t *) arg)->ws);
}


static void
on_done(void *arg)
{
    ((session_t *) arg)->turn = NULL;
}


/* Ends the turn under way, and says so: also when there is none, as somebody
 * may wait for that. */
static void
stop(session_t *session, const char *thread)
{
    json_t *id = NULL;

    if (session->turn != NULL &&
        (thread == NULL || *thread == '\0' ||
         strcmp(thread, nt_turn_thread(session->turn)) == 0))
    {
        id = json_string(nt_turn_thread(session->turn));
        nt_turn_stop(session->turn);
        session->turn = NULL;

    } else if (thread != NULL) {
        id = json_string(thread);
    }

    tell(session,
         json_pack("{s:s, s:s, s:o*}", "type", "generation_stopped", "message",
                   "Generation stopped by user", "thread_id", id));
}


static bool
start(session_t *session, json_t *message, bool regenerate)
{
    nt_buf_t             fault = { 0 };
    const nt_turn_sink_t sink = {
        .arg = session, .event = on_event, .slow = is_slow, .done = on_done
    };
    const nt_turn_request_t request = { .user = session->peer->user,
                                        .admin = session->peer->admin,
                                        .base_url = session->peer->base_url,
                                        .message = message,
                                        .regenerate = regenerate,
                                        .client_tools = session->tools };

    if (!nt_chat_check(message, regenerate, &fault)) {
        send_fault(session, &fault, message);
        return false;
    }

    if (session->turn != NULL) {
        stop(session, NULL);
    }

    session->turn = nt_turn_start(session->services->chat, &request, &sink);

    if (session->turn == NULL) {
        send_error(session, "service_unavailable",
                   "The server takes no more messages now; try again", message);
    }

    return session->turn != NULL;
}


/* --- messages --- */

static void
take_tools(session_t *session, const json_t *message)
{
    json_t  *tools;
    nt_buf_t fault = { 0 };

    tools = nt_chat_check_tools(json_object_get(message, "tools"), &fault);

    if (tools == NULL) {
        send_fault(session, &fault, message);
        return;
    }

    json_decref(session->tools);
    session->tools = tools;
}


/* The message of another type than a message's own; false for an unknown
 * one. */
static bool
take_typed(session_t *session, const char *type, json_t *message)
{
    if (strcmp(type, "stop") == 0) {
        stop(session, json_string_value(json_object_get(message, "thread_id")));

    } else if (strcmp(type, "ping") == 0) {
        nt_ws_send_pong(session->ws);

    } else if (strcmp(type, "client_tools_manifest") == 0) {
        take_tools(session, message);

    } else if (strcmp(type, "tool_result") == 0) {
        if (session->turn != NULL) {
            nt_turn_tool_result(session->turn, message);
        }

    } else if (strcmp(type, "regenerate") == 0) {
        (void) start(session, message, true);

    } else if (strcmp(type, "pong") != 0) {
        return false;
    }

    return true;
}


static void
take_command(session_t *session, const char *command, json_t *data)
{
    if (strcmp(command, "chat_message") == 0) {
        if (start(session, data, false)) {
            tell(session,
                 json_pack("{s:s, s:s}", "message",
                           "Chat message processing started", "thread_id",
                           nt_turn_thread(session->turn)));
        }

        return;
    }

    if (!take_typed(session, command, data)) {
        nt_ws_send_error(session->ws, "invalid_command", NULL);
    }
}


static void
chat_message(void *arg, json_t *message)
{
    session_t  *session = arg;
    json_t     *data = json_object_get(message, "data");
    const char *type, *command;

    command = json_string_value(json_object_get(message, "command"));

    if (command != NULL) {
        take_command(session, command, json_is_object(data) ? data : message);
        return;
    }

    type = json_string_value(json_object_get(message, "type"));

    if (type == NULL || strcmp(type, "message") == 0) {
        (void) start(session, message, false);

    } else if (!take_typed(session, type, message)) {
        send_error(session, "invalid_message",
                   "There is no message of this type", message);
    }
}


/* --- the connection --- */

static void *
chat_open(nt_ws_t *ws, const nt_services_t *services, const nt_ws_peer_t *peer)
{
    session_t *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        return NULL;
    }

    session->ws = ws;
    session->services = services;
    session->peer = peer;
    (void) uv_timer_init(services->loop, &session->ping);
    session->ping.data = session;
    (void) uv_timer_start(&session->ping, on_ping, NT_CHAT_PING_MS,
                          NT_CHAT_PING_MS);

    return session;
}


static void
chat_ready(void *arg)
{
    session_t *session = arg;

    if (session->turn != NULL) {
        nt_turn_ready(session->turn);
    }
}


static void
on_closed(uv_handle_t *handle)
{
    free(handle->data);
}


static void
chat_close(void *arg)
{
    session_t *session = arg;

    if (session->turn != NULL) {
        nt_turn_leave(session->turn);
    }

    json_decref(session->tools);
    uv_close((uv_handle_t *) &session->ping, on_closed);
}


const nt_ws_handler_t nt_ws_chat = {
    .name = "chat",
    .open = chat_open,
    .message = chat_message,
    .ready = chat_ready,
    .close = chat_close,
};
