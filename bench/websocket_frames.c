/*
 * bench/websocket_frames.c - the engine's wire and frames without what makes
 * messages of them: sends the bytes of each message back as they came, as the
 * least that a WebSocket server can do.
 *
 *   websocket_frames SOCKET
 */

#include <stdlib.h>

#include "bench/websocket_server.h"
#include "engine/wire/conn.h"
#include "engine/ws/frames.h"
#include "engine/ws/ws.h"

struct nt_ws_server {
    nt_frames_pool_t pool;
};

typedef struct {
    nt_conn_t  *conn;
    nt_frames_t frames;
} peer_t;


static void
on_read(void *arg, const char *data, size_t len)
{
    peer_t            *peer = arg;
    nt_str_t           in = { data, len };
    nt_frame_message_t message;

    while (nt_frames_next(&peer->frames, &in, &message) == NT_FRAMES_MESSAGE) {
        nt_frame_append(&peer->conn->out, message.opcode, message.data);
    }

    nt_conn_wake(peer->conn);
}


static void
on_closed(void *arg)
{
    peer_t *peer = arg;

    nt_frames_free(&peer->frames);
    free(peer);
}


static void
ignore(void *arg)
{
}


/* --- instead of engine/ws/ws.c and server.c ---*/

nt_ws_server_t *
nt_ws_server_new(const nt_services_t *services, const nt_ws_limits_t *limits)
{
    return calloc(1, sizeof(nt_ws_server_t));
}


void
nt_ws_server_free(nt_ws_server_t *server)
{
    free(server);
}


const nt_ws_handler_t *
nt_ws_find(const char *path)
{
    static const nt_ws_handler_t none = { .name = "frames" };

    return &none;
}


bool
nt_ws_start(nt_ws_server_t *server, nt_conn_t *conn,
            const nt_ws_handler_t *handler, const nt_ws_peer_t *who)
{
    static const nt_conn_upgrade_t upgrade = { on_read, ignore, ignore,
                                               on_closed };
    peer_t                        *peer = calloc(1, sizeof(*peer));

    if (peer == NULL) {
        return false;
    }

    peer->conn = conn;
    peer->frames.pool = &server->pool;
    peer->frames.limit = NT_WS_MESSAGE_MAX;
    nt_conn_upgrade(conn, &upgrade, peer);

    return true;
}


int
main(int argc, char **argv)
{
    return serve(argc, argv);
}
