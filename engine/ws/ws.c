/*
 * engine/ws/ws.c - a connection: messages in and out, and its end.
 *
 * A frame goes straight into the connection's buffer; the wire writes it at
 * the end of the turn of the loop.  Who closes sends a close frame, and then
 * waits for the peer's; after the peer's own the connection is closed as soon
 * as ours is written.  From a peer that broke the protocol bytes are read over
 * for a moment: a connection that is closed with bytes unread would be reset,
 * and our close frame lost with it.
 */

#include <stdlib.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "core/llm/nt_json_read.h"
#include "engine/log.h"
#include "engine/ws/msgpack.h"
#include "engine/ws/ws_int.h"


static uint64_t
now(const nt_ws_t *ws)
{
    return uv_now(ws->server->services->loop);
}


bool
nt_ws_slow(const nt_ws_t *ws)
{
    return nt_conn_unsent(ws->conn) > NT_WIRE_HIGH;
}


nt_ws_mode_t
nt_ws_mode(const nt_ws_t *ws)
{
    return ws->mode;
}


void
nt_ws_set_mode(nt_ws_t *ws, nt_ws_mode_t mode)
{
    ws->mode = mode;
    ws->mode_set = true;
}


/* --- the end --------------------------------------------------------------*/

/* Sends a close frame, once. */
static void
send_close(nt_ws_t *ws, int code, nt_str_t reason)
{
    if (ws->closing) {
        return;
    }

    ws->closing = true;
    ws->deadline = now(ws) + ws->server->limits.close_ms;
    nt_frame_append_close(&ws->conn->out, code, reason);
    nt_conn_wake(ws->conn);
}


void
nt_ws_close(nt_ws_t *ws, int code, const char *reason)
{
    if (!ws->closing) {
        nt_log_request(NT_LOG_DEBUG, ws->peer.request_id,
                       "ws %s: closed with %d %s", ws->handler->name, code,
                       reason);
    }

    send_close(ws, code, nt_str(reason));
}


/* Nothing more is read; the connection closes when all is written. */
static void
finish(nt_ws_t *ws)
{
    ws->done = true;
    nt_conn_finish(ws->conn);
}


static void
broken(nt_ws_t *ws, const nt_frame_message_t *message)
{
    nt_log_request(NT_LOG_INFO, ws->peer.request_id, "ws %s: closed: %d %.*s",
                   ws->handler->name, message->code, (int) message->data.len,
                   message->data.data);

    send_close(ws, message->code, message->data);
    ws->done = true;
    ws->deadline = now(ws) + ws->server->limits.linger_ms;
}


static void
on_drain(void *arg)
{
    nt_ws_close(arg, NT_WS_CLOSE_AWAY, "The server stops.");
}


static void
on_closed(void *arg)
{
    nt_ws_t *ws = arg;

    nt_ws_unlink(ws);

    if (ws->session != NULL) {
        ws->handler->close(ws->session);
    }

    nt_frames_free(&ws->frames);
    nt_buf_free(&ws->rest);
    free(ws);
}


/* --- out ------------------------------------------------------------------*/

/* A message was appended to `out` from `start` on: gives it its head, for
 * which it has left room.  A message without memory ends the connection. */
static void
sent(nt_ws_t *ws, size_t start, nt_frame_opcode_t opcode, bool ok)
{
    char      head[NT_FRAME_HEAD_MAX];
    char     *at;
    size_t    len, n;
    nt_buf_t *out = &ws->conn->out;

    if (!ok || out->failed) {
        out->failed = false;
        out->len = start;
        nt_log(NT_LOG_ERROR, "ws: no memory for a message");
        nt_ws_close(ws, NT_WS_CLOSE_ERROR, "The server is out of memory.");
        return;
    }

    at = out->data + start;
    len = out->len - start - NT_FRAME_HEAD_MAX;
    n = nt_frame_head(head, opcode, len);

    memcpy(at, head, n);
    memmove(at + n, at + NT_FRAME_HEAD_MAX, len);
    out->len = start + n + len;

    nt_conn_wake(ws->conn);

    if (nt_conn_unsent(ws->conn) > ws->server->limits.unsent) {
        nt_ws_close(ws, NT_WS_CLOSE_LATER, "The peer reads too slowly.");
    }

    /* so that the handler hears when it is not slow any more */
    if (nt_ws_slow(ws)) {
        nt_conn_pause(ws->conn);
    }
}


static size_t
begin(nt_ws_t *ws, size_t len)
{
    nt_buf_t *out = &ws->conn->out;
    size_t    at = out->len;

    if (nt_buf_reserve(out, NT_FRAME_HEAD_MAX + len) != NULL) {
        out->len += NT_FRAME_HEAD_MAX;
    }

    return at;
}


void
nt_ws_send(nt_ws_t *ws, const json_t *message)
{
    size_t    start;
    nt_buf_t *out = &ws->conn->out;

    if (ws->closing) {
        return;
    }

    start = begin(ws, 0);

    if (ws->mode == NT_WS_JSON) {
        nt_json_append(out, message);
        sent(ws, start, NT_FRAME_TEXT, message != NULL);

    } else {
        sent(ws, start, NT_FRAME_BINARY, nt_msgpack_append(out, message));
    }
}


void
nt_ws_send_json(nt_ws_t *ws, const char *json, size_t len)
{
    size_t  start;
    json_t *message;

    if (ws->closing) {
        return;
    }

    if (ws->mode == NT_WS_JSON) {
        start = begin(ws, len);
        nt_buf_append(&ws->conn->out, json, len);
        sent(ws, start, NT_FRAME_TEXT, true);
        return;
    }

    message = nt_json_read(json, len);
    if (message == NULL) { /* a text in it may have a NUL */
        message = json_loadb(json, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    }
    nt_ws_send(ws, message);
    json_decref(message);
}


void
nt_ws_send_error(nt_ws_t *ws, const char *message, json_t *more)
{
    json_t *error = json_pack("{s:s}", "error", message);

    if (error != NULL && more != NULL) {
        (void) json_object_update_missing(error, more);
    }

    nt_ws_send(ws, error);
    json_decref(error);
    json_decref(more);
}


static void
send_time(nt_ws_t *ws, const char *type)
{
    json_t *message;

    message = json_pack("{s:s, s:f}", "type", type, "ts",
                        (double) nt_time_now() / 1000);
    nt_ws_send(ws, message);
    json_decref(message);
}


void
nt_ws_send_ping(nt_ws_t *ws)
{
    send_time(ws, "ping");
}


void
nt_ws_send_pong(nt_ws_t *ws)
{
    send_time(ws, "pong");
}


/* --- in -------------------------------------------------------------------*/

static void
invalid(nt_ws_t *ws, nt_buf_t *why)
{
    json_t *more;

    if (why->len == 0) {
        nt_buf_append_str(why, NT_STR("A message is an object."));
    }

    more = json_pack("{s:s%}", "details", why->data, why->len);
    nt_ws_send_error(ws, "invalid_message", more);
}


static void
take_data(nt_ws_t *ws, const nt_frame_message_t *message)
{
    json_t  *value;
    nt_str_t data = message->data;
    nt_buf_t why = { 0 };
    bool     text = message->opcode == NT_FRAME_TEXT;

    if (ws->closing) {
        return; /* it crossed our close frame */
    }

    if (!ws->mode_set) {
        ws->mode = text ? NT_WS_JSON : NT_WS_MSGPACK;
    }

    value = text ? nt_json_parse(data.data, data.len, &why)
                 : nt_msgpack_parse(data.data, data.len, &why);

    if (json_is_object(value)) {
        ws->handler->message(ws->session, value);

    } else {
        invalid(ws, &why);
    }

    json_decref(value);
    nt_buf_free(&why);
}


static void
take_message(nt_ws_t *ws, const nt_frame_message_t *message)
{
    switch (message->opcode) {
    case NT_FRAME_TEXT:
    case NT_FRAME_BINARY:
        take_data(ws, message);
        return;

    case NT_FRAME_PING:
        if (!ws->closing) {
            nt_frame_append(&ws->conn->out, NT_FRAME_PONG, message->data);
            nt_conn_wake(ws->conn);
        }
        return;

    case NT_FRAME_CLOSE:
        /* as an echo (section 5.5.1), the reason aside */
        send_close(ws, message->code, NT_STR(""));
        finish(ws);
        return;

    default: /* a pong: it has been seen, that is all it is for */
        return;
    }
}


/* Takes input until the peer is too slow for answers; the rest is kept. */
static void
take(nt_ws_t *ws, nt_str_t in)
{
    nt_frame_message_t message;

    while (!ws->done) {
        if (nt_ws_slow(ws)) {
            nt_buf_append_str(&ws->rest, in);
            if (ws->rest.failed) {
                nt_ws_close(ws, NT_WS_CLOSE_ERROR, "");
                finish(ws);
                return;
            }
            nt_conn_pause(ws->conn);
            return;
        }

        switch (nt_frames_next(&ws->frames, &in, &message)) {
        case NT_FRAMES_MORE:
            return;

        case NT_FRAMES_MESSAGE:
            take_message(ws, &message);
            break;

        default:
            broken(ws, &message);
            return;
        }
    }
}


static void
on_read(void *arg, const char *data, size_t len)
{
    nt_ws_t *ws = arg;

    ws->seen = now(ws);
    take(ws, (nt_str_t) { data, len });
}


static void
on_resume(void *arg)
{
    nt_ws_t *ws = arg;
    nt_buf_t rest = ws->rest;

    ws->seen = now(ws);
    ws->rest = (nt_buf_t) { 0 };

    if (ws->handler->ready != NULL && ws->session != NULL && !ws->closing) {
        ws->handler->ready(ws->session);
    }

    /* also what the frames' parser has read ahead */
    take(ws, (nt_str_t) { rest.data, rest.len });
    nt_buf_free(&rest);

    if (!nt_ws_slow(ws)) {
        nt_conn_unpause(ws->conn); /* may end it: the last thing done */
    }
}


/* --- time -----------------------------------------------------------------*/

void
nt_ws_tick(nt_ws_t *ws, uint64_t time)
{
    const nt_ws_limits_t *limits = &ws->server->limits;
    size_t                unsent = nt_conn_unsent(ws->conn);

    if (ws->closing) {
        if (time >= ws->deadline) {
            nt_conn_close(ws->conn);
        }
        return;
    }

    if (unsent < ws->unsent) {
        ws->seen = time; /* it reads, slowly */
    }
    ws->unsent = unsent;

    if (time - ws->seen >= limits->dead_ms) {
        nt_log_request(NT_LOG_INFO, ws->peer.request_id,
                       "ws %s: the peer is silent, it was cut off",
                       ws->handler->name);
        nt_conn_close(ws->conn);
        return;
    }

    /* what a slow peer gets it has to answer, later */
    if (time - ws->seen >= limits->ping_ms && ws->pinged != ws->seen &&
        unsent == 0) {
        ws->pinged = ws->seen;
        nt_frame_append(&ws->conn->out, NT_FRAME_PING, NT_STR(""));
        nt_conn_wake(ws->conn);
    }
}


/* --- the start ------------------------------------------------------------*/

static const char *
keep_string(char **at, const char *text)
{
    char *kept = *at;

    if (text == NULL) {
        return NULL;
    }

    *at = stpcpy(kept, text) + 1;

    return kept;
}


static nt_ws_t *
ws_new(const nt_ws_peer_t *peer)
{
    char       *at;
    size_t      len;
    nt_ws_t    *ws;
    const char *base = peer->base_url != NULL ? peer->base_url : "";
    const char *id = peer->request_id;

    len = strlen(peer->user) + 1 + strlen(base) + 1 +
          (id != NULL ? strlen(id) + 1 : 0);

    ws = calloc(1, sizeof(*ws) + len);
    if (ws == NULL) {
        return NULL;
    }

    at = ws->strings;
    ws->peer.admin = peer->admin;
    ws->peer.user = keep_string(&at, peer->user);
    ws->peer.base_url = keep_string(&at, base);
    ws->peer.request_id = keep_string(&at, id);

    return ws;
}


bool
nt_ws_start(nt_ws_server_t *server, nt_conn_t *conn,
            const nt_ws_handler_t *handler, const nt_ws_peer_t *peer)
{
    static const nt_conn_upgrade_t upgrade = { on_read, on_resume, on_drain,
                                               on_closed };
    nt_ws_t                       *ws = ws_new(peer);

    if (ws == NULL) {
        return false;
    }

    ws->server = server;
    ws->conn = conn;
    ws->handler = handler;
    ws->frames.pool = &server->pool;
    ws->frames.limit = server->limits.message;
    ws->seen = now(ws);

    nt_ws_link(ws);
    nt_conn_upgrade(conn, &upgrade, ws);

    ws->session = handler->open(ws, server->services, &ws->peer);
    if (ws->session == NULL) {
        nt_ws_close(ws, NT_WS_CLOSE_ERROR, "The server is out of memory.");
    }

    return true;
}
