/*
 * engine/ws/all.c - /ws: jobs, conversations and updates on one connection,
 * as NodeTool's newer clients have it.
 *
 * A message goes to the session that understands it, which is made when it is
 * first needed; what they send names itself.  Statistics come from the start;
 * the updates of jobs do not: they would double the events of those that were
 * started here.
 */

#include <stdlib.h>

#include "engine/ws/ws.h"

enum { PREDICT, CHAT, STATS, PARTS };

static const nt_ws_handler_t *const parts[PARTS] = {
    [PREDICT] = &nt_ws_predict, [CHAT] = &nt_ws_chat, [STATS] = &nt_ws_stats
};

typedef struct {
    nt_ws_t             *ws;
    const nt_services_t *services;
    const nt_ws_peer_t  *peer;
    void                *sessions[PARTS]; /* NULL: not needed yet */
} session_t;


static bool
need(session_t *session, unsigned part)
{
    if (session->sessions[part] == NULL) {
        session->sessions[part] =
            parts[part]->open(session->ws, session->services, session->peer);
    }

    if (session->sessions[part] == NULL) {
        nt_ws_close(session->ws, NT_WS_CLOSE_ERROR,
                    "The server is out of memory.");
    }

    return session->sessions[part] != NULL;
}


static void
pass(session_t *session, unsigned part, json_t *message)
{
    if (need(session, part)) {
        parts[part]->message(session->sessions[part], message);
    }
}


static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL && text[0] != '\0' ? text : NULL;
}


/* Cancels a job, as "cancel_job" does, and says that it stops. */
static void
stop_job(session_t *session, const char *job_id)
{
    json_t *stopped, *cancel;

    stopped =
        json_pack("{s:s, s:s, s:s}", "type", "generation_stopped", "message",
                  "Generation stopped by user", "job_id", job_id);
    cancel = json_pack("{s:s, s:{s:s}}", "command", "cancel_job", "data",
                       "job_id", job_id);

    if (stopped != NULL && cancel != NULL) {
        nt_ws_send(session->ws, stopped);
        pass(session, PREDICT, cancel);
    }

    json_decref(stopped);
    json_decref(cancel);
}


/* The command "stop" is about a job, a thread, or both. */
static void
stop(session_t *session, json_t *message)
{
    const json_t *data = json_object_get(message, "data");
    const char   *job_id = text_of(data, "job_id");
    bool          thread = text_of(data, "thread_id") != NULL;

    if (job_id == NULL && !thread) {
        nt_ws_send_error(session->ws,
                         "job_id or thread_id is required for stop command",
                         NULL);
    }

    if (thread) {
        pass(session, CHAT, message);
    }

    if (job_id != NULL) {
        stop_job(session, job_id);
    }
}


static void
take_command(session_t *session, const char *command, json_t *message)
{
    if (strcmp(command, "stop") == 0) {
        stop(session, message);

    } else if (strcmp(command, "chat_message") != 0) {
        pass(session, PREDICT, message);

    } else if (text_of(json_object_get(message, "data"), "thread_id") == NULL) {
        nt_ws_send_error(session->ws,
                         "thread_id is required for chat_message command",
                         NULL);
    } else {
        pass(session, CHAT, message);
    }
}


static void
all_message(void *arg, json_t *message)
{
    session_t  *session = arg;
    const char *command = text_of(message, "command");
    const char *type = text_of(message, "type");

    if (command != NULL) {
        take_command(session, command, message);

    } else if (json_object_get(message, "command") == NULL &&
               (type != NULL
                    ? strcmp(type, "ping") != 0 && strcmp(type, "pong") != 0
                    : json_object_get(message, "content") != NULL))
    {
        pass(session, CHAT, message);

    } else {
        pass(session, PREDICT, message);
    }
}


static void
all_ready(void *arg)
{
    session_t *session = arg;

    for (unsigned i = 0; i < PARTS; i++) {
        if (session->sessions[i] != NULL && parts[i]->ready != NULL) {
            parts[i]->ready(session->sessions[i]);
        }
    }
}


static void
all_close(void *arg)
{
    session_t *session = arg;

    for (unsigned i = 0; i < PARTS; i++) {
        if (session->sessions[i] != NULL) {
            parts[i]->close(session->sessions[i]);
        }
    }

    free(session);
}


static void *
all_open(nt_ws_t *ws, const nt_services_t *services, const nt_ws_peer_t *peer)
{
    session_t *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        return NULL;
    }

    session->ws = ws;
    session->services = services;
    session->peer = peer;

    if (!need(session, STATS)) {
        free(session);
        return NULL;
    }

    return session;
}


const nt_ws_handler_t nt_ws_all = { .name = "all",
                                    .open = all_open,
                                    .message = all_message,
                                    .ready = all_ready,
                                    .close = all_close };
