/*
 * engine/wire/ops_ws.c - the operation that makes a connection a WebSocket.
 */

#include "engine/wire/conn.h"
#include "engine/wire/ops.h"
#include "engine/ws/server.h"
#include "engine/ws/ws.h"


static nt_ws_server_t *
server_of(nt_wire_t *wire)
{
    if (wire->ws == NULL) {
        wire->ws = nt_ws_server_new(wire->services, &nt_ws_limits);
    }

    return wire->ws;
}


void
nt_op_ws(nt_conn_t *conn, const char *body, size_t len)
{
    nt_buf_t               message = { 0 };
    nt_ws_peer_t           peer = { 0 };
    nt_ws_server_t        *server;
    const nt_ws_handler_t *handler;
    const char            *path = nt_op_require(conn, "path");

    if (path == NULL) {
        return;
    }

    handler = nt_ws_find(path);
    if (handler == NULL) {
        nt_buf_printf(&message, "There is no WebSocket %.100s.", path);
        nt_op_fail(conn, 404, &message);
        return;
    }

    if (len > 0) {
        nt_conn_error(conn, 400, NULL,
                      NT_STR("The opening handshake has no body."));
        return;
    }

    peer.user = nt_op_user(conn);
    peer.admin = nt_op_admin(conn);
    peer.base_url = nt_conn_field(conn, "base");
    peer.request_id = nt_conn_field(conn, "request_id");

    server = conn->wire->draining ? NULL : server_of(conn->wire);

    if (server == NULL || !nt_ws_start(server, conn, handler, &peer)) {
        nt_conn_error(conn, 503, NULL, NT_STR(""));
    }
}
