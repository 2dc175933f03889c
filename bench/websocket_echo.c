/*
 * bench/websocket_echo.c - the engine's WebSockets with a handler that sends
 * each message back, and nothing else of an engine.
 *
 *   websocket_echo SOCKET
 *
 * Speaks docs/wire.md on the Unix socket, whatever the path; each message is
 * parsed and written, as in an engine.
 */

#include <stdlib.h>

#include "bench/websocket_server.h"
#include "engine/ws/ws.h"

typedef struct {
    nt_ws_t *ws;
} session_t;


static void *
echo_open(nt_ws_t *ws, const nt_services_t *services, const nt_ws_peer_t *peer)
{
    session_t *session = malloc(sizeof(*session));

    if (session != NULL) {
        session->ws = ws;
    }

    return session;
}


static void
echo_message(void *arg, json_t *message)
{
    session_t *session = arg;

    nt_ws_send(session->ws, message);
}


static const nt_ws_handler_t echo = { "echo", echo_open, echo_message, NULL,
                                      free };

/* Instead of the engine's own. */
const nt_ws_handler_t *
nt_ws_find(const char *path)
{
    return &echo;
}


int
main(int argc, char **argv)
{
    return serve(argc, argv);
}
