/*
 * engine/ws/handlers.c - the WebSockets of an engine: which handler has which
 * path, and what limits they have.
 */

#include <string.h>

#include "engine/ws/server.h"
#include "engine/ws/ws.h"

const nt_ws_limits_t nt_ws_limits = { .ping_ms = 25000,
                                      .dead_ms = 75000,
                                      .close_ms = 10000,
                                      .linger_ms = 500,
                                      .message = NT_WS_MESSAGE_MAX,
                                      .unsent = NT_WS_UNSENT_MAX,
                                      .unfinished = NT_WS_UNFINISHED_MAX };

static const nt_ws_handler_t *const handlers[] = {
    &nt_ws_all, &nt_ws_chat, &nt_ws_terminal, &nt_ws_predict, &nt_ws_updates,
};


const nt_ws_handler_t *
nt_ws_find(const char *path)
{
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(handlers[i]->name, path) == 0) {
            return handlers[i];
        }
    }

    return NULL;
}
