/*
 * engine/ws/ws.h - WebSockets: what a connection is to the code behind it.
 *
 * nginx has checked the handshake and who is calling; the engine speaks
 * RFC 6455 frames (wslay) over a connection of the wire.  A connection has a
 * handler, chosen by the path; the handler makes a session of it.
 *
 * A message is a JSON object: text frames carry JSON, binary frames
 * MessagePack (engine/ws/msgpack.h).  What is sent goes out in the mode of
 * the last message that came, JSON at first, until nt_ws_set_mode decides; it
 * then stays as it is, as with NodeTool.  A message that is no object in
 * its frame's format never reaches a session: it is answered
 * {"error": "invalid_message", "details": why}.  Fragments, pings, pongs, the
 * closing handshake, limits of size and time are looked after below this
 * header.
 *
 * Everything belongs to the loop's thread.
 */

#ifndef NT_WS_H
#define NT_WS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/services.h"

#define NT_WS_MESSAGE_MAX (16u << 20) /* bytes of a message that comes */

/* Bytes that wait for a slow peer: above the wire's NT_WIRE_HIGH nt_ws_slow is
 * true, below NT_WIRE_LOW `ready` is called.  A peer with more than this is
 * closed with 1013. */
#define NT_WS_UNSENT_MAX (32u << 20)

/* Of messages that have no end yet, of all peers: then one with a long one is
 * closed with 1013. */
#define NT_WS_UNFINISHED_MAX (512u << 20)

/* Status codes of RFC 6455, section 7.4.1. */
enum {
    NT_WS_CLOSE_NORMAL = 1000,
    NT_WS_CLOSE_AWAY = 1001, /* the engine stops */
    NT_WS_CLOSE_PROTOCOL = 1002,
    NT_WS_CLOSE_DATA = 1007, /* text that is not UTF-8 */
    NT_WS_CLOSE_POLICY = 1008,
    NT_WS_CLOSE_TOO_BIG = 1009,
    NT_WS_CLOSE_ERROR = 1011,
    NT_WS_CLOSE_LATER = 1013
};

typedef enum { NT_WS_JSON, NT_WS_MSGPACK } nt_ws_mode_t;

typedef struct nt_ws nt_ws_t; /* a connection */

/* Who is at the other end; lives as long as the connection. */
typedef struct nt_ws_peer {
    const char *user;
    bool        admin;      /* may act on what is others' */
    const char *base_url;   /* "" when nginx did not say it */
    const char *request_id; /* of the handshake, or NULL */
} nt_ws_peer_t;

typedef struct nt_ws_handler {
    const char *name; /* "predict": `path` of the wire's op "ws" */

    /* A connection is there: its session.  NULL after nt_ws_close, or when
     * memory is out (1011). */
    void *(*open)(nt_ws_t *ws, const nt_services_t *services,
                  const nt_ws_peer_t *peer);

    /* `message` is an object, borrowed.  Not called while nt_ws_slow. */
    void (*message)(void *session, json_t *message);

    /* The slow peer has caught up; may be NULL. */
    void (*ready)(void *session);

    /* The connection has ended, whoever closed it: free the session.  `ws` is
     * not to be used any more.  Jobs go on. */
    void (*close)(void *session);
} nt_ws_handler_t;

/* The handlers, one a file; handlers.c has the table. */
extern const nt_ws_handler_t nt_ws_predict;
extern const nt_ws_handler_t nt_ws_chat;
extern const nt_ws_handler_t nt_ws_updates;
extern const nt_ws_handler_t nt_ws_terminal;
extern const nt_ws_handler_t nt_ws_stats; /* a part of /updates, for /ws */
extern const nt_ws_handler_t nt_ws_all;   /* /ws: the others by message */

/* Sends an object, in the mode of the connection.  Nothing is sent on a
 * connection that closes; one that is out of memory is closed (1011). */
void nt_ws_send(nt_ws_t *ws, const json_t *message);

/* The same of one that is JSON text already, on which a text frame spends no
 * parser. */
void nt_ws_send_json(nt_ws_t *ws, const char *json, size_t len);

/* {"error": message}; more fields may be in `more`, which is taken over and
 * may be NULL. */
void nt_ws_send_error(nt_ws_t *ws, const char *message, json_t *more);

/* {"type": "ping" | "pong", "ts": seconds since the epoch} */
void nt_ws_send_ping(nt_ws_t *ws);
void nt_ws_send_pong(nt_ws_t *ws);

bool         nt_ws_slow(const nt_ws_t *ws);
nt_ws_mode_t nt_ws_mode(const nt_ws_t *ws);

/* What is sent from now on, whatever comes. */
void nt_ws_set_mode(nt_ws_t *ws, nt_ws_mode_t mode);

/* Starts the closing handshake; `close` of the handler comes later, from the
 * loop.  `reason`: at most 123 bytes. */
void nt_ws_close(nt_ws_t *ws, int code, const char *reason);

#endif
