/*
 * engine/ws/server.h - what the wire sees of WebSockets.
 *
 * A server has the connections of a wire, and the one timer that pings and
 * ends them.  Everything belongs to the loop's thread.
 */

#ifndef NT_WS_SERVER_H
#define NT_WS_SERVER_H

#include "engine/services.h"

typedef struct nt_ws_server nt_ws_server_t;

struct nt_conn;
struct nt_ws_peer;
struct nt_ws_handler;

/* Times in milliseconds, sizes in bytes; those of nt_ws_limits in use. */
typedef struct {
    unsigned ping_ms;   /* without a byte from the peer until it is pinged */
    unsigned dead_ms;   /* the same until it is cut off */
    unsigned close_ms;  /* for the peer's part of the closing handshake */
    unsigned linger_ms; /* to read over what one sends who broke the protocol */
    size_t   message;   /* of a message that comes */
    size_t   unsent;    /* that wait for a slow peer */
    size_t   unfinished; /* of all peers' messages under way; 0: no limit */
} nt_ws_limits_t;

extern const nt_ws_limits_t nt_ws_limits;

/* NULL when memory is out. */
nt_ws_server_t *nt_ws_server_new(const nt_services_t  *services,
                                 const nt_ws_limits_t *limits);

/* When its connections are gone.  The memory goes when the loop has closed
 * the timer; NULL is fine. */
void nt_ws_server_free(nt_ws_server_t *server);

/* The handler of a path; NULL when there is none. */
const struct nt_ws_handler *nt_ws_find(const char *path);

/* Takes the connection over and replies 101.  False when memory is out: then
 * nothing has happened.  `peer` is copied. */
bool nt_ws_start(nt_ws_server_t *server, struct nt_conn *conn,
                 const struct nt_ws_handler *handler,
                 const struct nt_ws_peer    *peer);

#endif
