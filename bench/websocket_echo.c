/*
 * bench/websocket_echo.c - the engine's WebSockets with a handler that sends
 * each message back, and nothing else of an engine.
 *
 *   websocket_echo SOCKET
 *
 * Speaks docs/wire.md on the Unix socket, whatever the path; each message is
 * parsed and written, as in an engine.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/socket.h"
#include "engine/wire/wire.h"
#include "engine/ws/server.h"
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
const nt_ws_limits_t nt_ws_limits = { .ping_ms = 25000,
                                      .dead_ms = 75000,
                                      .close_ms = 10000,
                                      .linger_ms = 500,
                                      .message = NT_WS_MESSAGE_MAX,
                                      .unsent = NT_WS_UNSENT_MAX };


const nt_ws_handler_t *
nt_ws_find(const char *path)
{
    return &echo;
}


int
main(int argc, char **argv)
{
    uv_loop_t        *loop = uv_default_loop();
    nt_buf_t          error = { 0 };
    nt_services_t     services = { .loop = loop };
    nt_wire_options_t options = { .max_body = 1024, .services = &services };

    if (argc != 2) {
        (void) fprintf(stderr, "usage: websocket_echo SOCKET\n");
        return 2;
    }

    (void) signal(SIGPIPE, SIG_IGN);

    options.fd = nt_socket_listen(argv[1], &error);
    if (options.fd == -1 || nt_wire_new(&options) == NULL) {
        (void) fprintf(stderr, "websocket_echo: cannot listen\n");
        return 1;
    }

    return uv_run(loop, UV_RUN_DEFAULT);
}
