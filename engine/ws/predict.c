/*
 * engine/ws/predict.c - /predict: jobs are started, watched, fed and
 * cancelled.  docs/websockets.md has its messages.
 */

#include <stdlib.h>

#include "engine/ws/predict_int.h"


const char *
nt_predict_owner(const nt_predict_t *predict)
{
    return predict->peer->admin ? NULL : predict->peer->user;
}


/* {"error": error, "details": details} */
static void
refuse(nt_predict_t *predict, const char *error, const char *details)
{
    nt_ws_send_error(predict->ws, error,
                     json_pack("{s:s}", "details", details));
}


static void
take_command(nt_predict_t *predict, const json_t *message, const char *name)
{
    json_t *data = json_object_get(message, "data");

    if (data == NULL || json_is_null(data)) {
        data = json_object();

    } else if (json_is_object(data)) {
        (void) json_incref(data);

    } else {
        refuse(predict, "invalid_command", "The data must be an object.");
        return;
    }

    if (data == NULL) {
        nt_ws_close(predict->ws, NT_WS_CLOSE_ERROR,
                    "The server is out of memory.");

    } else if (!nt_predict_command(predict, name, data)) {
        refuse(predict, "invalid_command", "There is no such command.");
    }

    json_decref(data);
}


static void *
predict_open(nt_ws_t *ws, const nt_services_t *services,
             const nt_ws_peer_t *peer)
{
    nt_predict_t *predict = calloc(1, sizeof(*predict));

    if (predict != NULL) {
        predict->ws = ws;
        predict->services = services;
        predict->peer = peer;
        predict->refs = 1;
        TAILQ_INIT(&predict->jobs);
    }

    return predict;
}


static void
predict_message(void *session, json_t *message)
{
    nt_predict_t *predict = session;
    const json_t *command = json_object_get(message, "command");
    const char   *type = json_string_value(json_object_get(message, "type"));

    if (command != NULL) {
        take_command(predict, message,
                     json_is_string(command) ? json_string_value(command) : "");

    } else if (type != NULL && strcmp(type, "ping") == 0) {
        nt_ws_send_pong(predict->ws);

    } else if (type == NULL || strcmp(type, "pong") != 0) {
        refuse(predict, "invalid_message",
               "A message is {\"command\": ..., \"data\": {...}}.");
    }
}


static void
predict_ready(void *session)
{
    nt_predict_resume(session);
}


static void
predict_close(void *session)
{
    nt_predict_t *predict = session;

    nt_predict_unwatch(predict);
    predict->ws = NULL;
    predict->peer = NULL;
    nt_predict_release(predict);
}


const nt_ws_handler_t nt_ws_predict = { .name = "predict",
                                        .open = predict_open,
                                        .message = predict_message,
                                        .ready = predict_ready,
                                        .close = predict_close };
