/*
 * engine/wire/conn.h - a connection of the wire.
 *
 * read.c reads requests and notices a peer that leaves, conn.c writes
 * replies; ops.c, ops_jobs.c and ops_ws.c carry requests out.  A connection
 * has one request at a time, from nt_op_start to nt_conn_reply, nt_conn_error,
 * nt_conn_stream_end or nt_conn_upgrade.
 */

#ifndef NT_WIRE_CONN_H
#define NT_WIRE_CONN_H

#include "core/nt_buf.h"
#include "engine/wire/wire.h"
#include "engine/ws/server.h"

#define NT_WIRE_HEAD_MAX 16384 /* bytes of a head line */

/* Bytes that wait for a slow peer: above the first its job's events pause,
 * below the second they go on. */
#define NT_WIRE_HIGH (256 * 1024)
#define NT_WIRE_LOW  (64 * 1024)

#define NT_RETRY_AFTER 2 /* seconds; with every 503 */

typedef enum {
    NT_CONN_HEAD,    /* reads a head line */
    NT_CONN_BODY,    /* reads the body of a request */
    NT_CONN_BUSY,    /* carries the request out */
    NT_CONN_UPGRADED /* no requests any more: `upgrade` has it */
} nt_conn_state_t;

typedef struct nt_conn nt_conn_t;

/* What has taken a connection over; the functions get `arg`. */
typedef struct {
    /* Bytes have come. */
    void (*read)(void *arg, const char *data, size_t len);

    /* A connection that was `paused` has less than NT_WIRE_LOW to write. */
    void (*resume)(void *arg);

    /* The engine stops: say good-bye and nt_conn_finish. */
    void (*drain)(void *arg);

    /* The connection is gone, whoever closed it; not to be used any more. */
    void (*closed)(void *arg);
} nt_conn_upgrade_t;

/* A request that is carried out elsewhere; the functions get `arg`. */
typedef struct {
    /* The slow peer has caught up. */
    void (*resume)(void *arg);

    /* The peer is gone; not to be used any more. */
    void (*abandon)(void *arg);
} nt_conn_task_t;

struct nt_conn {
    uv_pipe_t  pipe;
    nt_wire_t *wire;
    nt_conn_t *prev; /* all connections of the wire */
    nt_conn_t *next;
    nt_conn_t *next_dirty; /* those with bytes to write */

    nt_conn_state_t state;
    unsigned        refs;        /* the handle and callbacks under way */
    bool            closing;     /* the peer is gone or was cut off */
    bool            close_after; /* close when `out` is written */
    bool            dirty;
    bool            writing;

    nt_buf_t   in;       /* a part of a request */
    size_t     scanned;  /* bytes of `in` without a newline */
    size_t     body_len; /* of the request under way */
    uint64_t   skip;     /* bytes to come of a body that was refused */
    nt_buf_t   out;
    nt_buf_t   sending;
    uv_write_t write;

    /* --- the request under way; ops.c --- */
    json_t               *head;
    char                 *job_id;
    nt_await_t           *await;
    nt_watch_t           *watch;
    bool                  paused; /* the watch, or what has taken it over */
    const nt_conn_task_t *task;
    void                 *task_arg;

    /* --- NT_CONN_UPGRADED --- */
    const nt_conn_upgrade_t *upgrade;
    void                    *upgrade_arg;
};

struct nt_wire {
    nt_wire_options_t    options;
    const nt_services_t *services;
    uv_pipe_t            listener;
    uv_prepare_t    flusher; /* writes what a turn of the loop has brought */
    nt_conn_t      *conns;
    nt_conn_t      *dirty;
    bool            draining;
    bool            closing;
    unsigned        handles; /* listener and flusher, until closed */
    unsigned        alive;   /* connections whose memory is not freed */
    nt_ws_server_t *ws;      /* NULL until the first one asks for it */
    void (*drained)(void *arg);
    void    *arg;
    nt_buf_t body;           /* where ops build a reply's body */
    nt_buf_t nodes;          /* the reply of node.list, once it was made */
    char     scratch[65536]; /* where all connections read into */
};

/* --- conn.c, for ops.c --- */

/* Ends the request with a reply; `job_id` may be NULL, `retry_after` (in
 * seconds) 0. */
void nt_conn_reply(nt_conn_t *conn, int status, const char *job_id,
                   unsigned retry_after, nt_str_t body);

/* The same with an error body. */
void nt_conn_error(nt_conn_t *conn, int status, const char *job_id,
                   nt_str_t message);

/* An event stream: its head, an event, its end. */
void nt_conn_stream_begin(nt_conn_t *conn, const char *job_id);
void nt_conn_stream_event(nt_conn_t *conn, uint64_t seq, const char *line,
                          size_t len);
void nt_conn_stream_end(nt_conn_t *conn);

/* A body of unknown length: its head, bytes of it, its end. `type` is a media
 * type; `job_id` may be NULL. */
void nt_conn_chunks_begin(nt_conn_t *conn, const char *job_id,
                          const char *type);
void nt_conn_chunk(nt_conn_t *conn, nt_str_t bytes);
void nt_conn_chunks_end(nt_conn_t *conn);

/* Ends the request with status 101: what comes now goes to `upgrade`, what
 * is appended to `out` to the peer.  The request's head is freed. */
void nt_conn_upgrade(nt_conn_t *conn, const nt_conn_upgrade_t *upgrade,
                     void *arg);

/* --- conn.c, for what has taken a connection over --- */

/* Something was appended to `out`. */
void nt_conn_wake(nt_conn_t *conn);

/* Stops reading and sets `paused`; goes on reading. */
void nt_conn_pause(nt_conn_t *conn);
void nt_conn_unpause(nt_conn_t *conn);

/* Closes when `out` is written. */
void nt_conn_finish(nt_conn_t *conn);

/* --- conn.c, for all --- */

/* Bytes that the peer has not taken yet. */
size_t nt_conn_unsent(const nt_conn_t *conn);

/* Closes at once. */
void nt_conn_close(nt_conn_t *conn);

/* Keeps a connection's memory for a callback. */
nt_conn_t *nt_conn_hold(nt_conn_t *conn);
void       nt_conn_release(nt_conn_t *conn);

/* A field of the request's head; NULL when it is no string or empty. */
const char *nt_conn_field(const nt_conn_t *conn, const char *name);

/* --- ops.c, for read.c and conn.c --- */

/* A request is there; the body lives until this returns. */
void nt_op_start(nt_conn_t *conn, const char *body, size_t len);

/* The slow peer has caught up. */
void nt_op_resume(nt_conn_t *conn);

/* The peer is gone while its request is carried out. */
void nt_op_abandon(nt_conn_t *conn);

#endif
