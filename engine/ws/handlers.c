/*
 * engine/ws/handlers.c - which handler has which path.
 */

#include <string.h>

#include "engine/ws/server.h"
#include "engine/ws/ws.h"

static const nt_ws_handler_t *const handlers[] = {
    &nt_ws_updates,
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
