/*
 * bench/websocket_server.h - a wire on a Unix socket, and nothing else of an
 * engine.
 */

#ifndef WEBSOCKET_SERVER_H
#define WEBSOCKET_SERVER_H

#include <signal.h>
#include <stdio.h>

#include "engine/socket.h"
#include "engine/wire/wire.h"
#include "engine/ws/server.h"

const nt_ws_limits_t nt_ws_limits = { .ping_ms = 25000,
                                      .dead_ms = 75000,
                                      .close_ms = 10000,
                                      .linger_ms = 500,
                                      .message = 16u << 20,
                                      .unsent = 32u << 20 };

/* Serves the socket that the only argument names; the exit status. */
static inline int
serve(int argc, char **argv)
{
    uv_loop_t        *loop = uv_default_loop();
    nt_buf_t          error = { 0 };
    nt_services_t     services = { .loop = loop };
    nt_wire_options_t options = { .max_body = 1024, .services = &services };

    if (argc != 2) {
        (void) fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
        return 2;
    }

    (void) signal(SIGPIPE, SIG_IGN);

    options.fd = nt_socket_listen(argv[1], &error);
    if (options.fd == -1 || nt_wire_new(&options) == NULL) {
        (void) fprintf(stderr, "%s: cannot listen\n", argv[0]);
        return 1;
    }

    return uv_run(loop, UV_RUN_DEFAULT);
}

#endif
