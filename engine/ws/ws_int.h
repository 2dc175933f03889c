/*
 * engine/ws/ws_int.h - what ws.c and server.c share.
 */

#ifndef NT_WS_INT_H
#define NT_WS_INT_H

#include "engine/wire/conn.h"
#include "engine/ws/frames.h"
#include "engine/ws/ws.h"

struct nt_ws_server {
    const nt_services_t *services;
    nt_ws_limits_t       limits;
    uv_timer_t           timer; /* runs while there are connections */
    nt_ws_t             *first;
    nt_frames_pool_t     pool;
};

struct nt_ws {
    nt_ws_server_t *server;
    nt_ws_t        *prev;
    nt_ws_t        *next;
    nt_conn_t      *conn;

    const nt_ws_handler_t *handler;
    void                  *session;
    nt_ws_peer_t           peer;

    nt_frames_t frames;
    nt_buf_t    rest; /* came while the peer was slow */

    uint64_t seen;     /* when the peer last sent or took something */
    uint64_t pinged;   /* the time of `seen` that was followed by a ping */
    uint64_t deadline; /* for the end, when it is closing */
    size_t   unsent;   /* at the last look */

    nt_ws_mode_t mode;
    bool         mode_set; /* by nt_ws_set_mode */
    bool         closing;  /* our close frame is under way */
    bool         done;     /* what comes is read over */

    char strings[]; /* of `peer` */
};

/* Adds and removes a connection of the server. */
void nt_ws_link(nt_ws_t *ws);
void nt_ws_unlink(nt_ws_t *ws);

/* Looks what the time has brought: a ping, a time-out. */
void nt_ws_tick(nt_ws_t *ws, uint64_t time);

#endif
