/*
 * engine/wire/read.c - accepting connections and reading requests.
 *
 * All connections read into one buffer of the wire: a request that arrives
 * whole is carried out from there, and an idle connection holds no buffer.
 */

#include <stdlib.h>

#include "engine/log.h"
#include "engine/wire/conn_int.h"


/* Parses a head line. False when the peer was cut off. */
static bool
parse_head(nt_conn_t *conn, const char *line, size_t len)
{
    json_t    *length;
    json_int_t n = 0;

    conn->head = json_loadb(line, len, 0, NULL);

    if (!json_is_object(conn->head)) {
        nt_conn_cut_off(conn, "its head line is not a JSON object");
        return false;
    }

    length = json_object_get(conn->head, "length");

    if (length != NULL) {
        n = json_integer_value(length);

        if (!json_is_integer(length) || n < 0) {
            nt_conn_cut_off(conn, "the length of its body is not a number");
            return false;
        }
    }

    if ((uint64_t) n > conn->wire->options.max_body) {
        conn->skip = (uint64_t) n;
        conn->state = NT_CONN_BUSY;
        nt_conn_error(conn, 413, NULL,
                      NT_STR("The request body is larger than this server "
                             "takes."));
        return false;
    }

    conn->body_len = (size_t) n;
    conn->state = NT_CONN_BODY;

    return true;
}


/* How many of `len` bytes belong to a body that was refused. */
static size_t
skip(nt_conn_t *conn, size_t len)
{
    size_t n = conn->skip < len ? (size_t) conn->skip : len;

    conn->skip -= n;

    return n;
}


/*
 * Takes the bytes of a request as they come.  Returns how many were used:
 * all of `len` when a request was carried out or the peer was cut off; the
 * rest must be given again together with what follows.
 */
static size_t
feed(nt_conn_t *conn, const char *data, size_t len)
{
    size_t used = 0;

    if (conn->state == NT_CONN_HEAD) {
        const char *lf;

        lf = memchr(data + conn->scanned, '\n', len - conn->scanned);

        if ((lf != NULL ? (size_t) (lf - data) : len) > NT_WIRE_HEAD_MAX) {
            nt_conn_cut_off(conn, "its head line is too long");
            return len;
        }

        if (lf == NULL) {
            conn->scanned = len;
            return 0;
        }

        conn->scanned = 0;

        used = (size_t) (lf - data) + 1;

        if (!parse_head(conn, data, used - 1)) {
            (void) skip(conn, len - used);
            return len;
        }
    }

    if (len - used < conn->body_len) {
        return used;
    }

    if (len - used > conn->body_len) {
        nt_conn_cut_off(conn, "it sent bytes behind its request");
        return len;
    }

    conn->state = NT_CONN_BUSY;
    nt_op_start(conn, data + used, conn->body_len);

    return len;
}


static void
take(nt_conn_t *conn, const char *data, size_t len)
{
    size_t used, had;

    if (conn->in.len == 0) {
        used = feed(conn, data, len);

        if (used < len) {
            if (conn->state == NT_CONN_BODY) {
                (void) nt_buf_reserve(&conn->in, conn->body_len);
            }
            nt_buf_append(&conn->in, data + used, len - used);
        }

    } else {
        nt_buf_append(&conn->in, data, len);

        if (!conn->in.failed) {
            had = conn->in.len; /* an operation may take the body over */
            used = feed(conn, conn->in.data, had);

            if (used == had) {
                nt_conn_empty(&conn->in);

            } else if (used > 0) {
                conn->in.len -= used;
                memmove(conn->in.data, conn->in.data + used, conn->in.len);
            }
        }
    }

    if (conn->in.failed && !conn->closing) {
        nt_log(NT_LOG_ERROR, "wire: no memory for a request body");
        nt_conn_close(conn);
    }
}


static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    nt_conn_t *conn = handle->data;

    *buf = uv_buf_init(conn->wire->scratch, sizeof(conn->wire->scratch));
}


static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    size_t     skipped;
    nt_conn_t *conn = stream->data;

    if (n >= 0 && conn->state == NT_CONN_UPGRADED) {
        conn->upgrade->read(conn->upgrade_arg, buf->base, (size_t) n);
        return;
    }

    if (n >= 0) {
        skipped = skip(conn, (size_t) n);

        if (skipped == (size_t) n) {
            return;
        }

        if (conn->state == NT_CONN_BUSY) {
            nt_conn_cut_off(conn,
                            "it sent bytes while its request was carried out");
            return;
        }

        take(conn, buf->base + skipped, (size_t) n - skipped);
        return;
    }

    if (n != UV_EOF && n != UV_ECONNRESET) {
        nt_log(NT_LOG_WARN, "wire: read: %s", uv_strerror((int) n));
    }

    if (conn->state == NT_CONN_BODY || conn->in.len > 0) {
        nt_log(NT_LOG_INFO, "wire: a peer left in the middle of a request");
    }

    /* a peer that only closed its sending side still gets the reply */
    nt_conn_hold(conn);
    nt_conn_flush(conn);
    nt_conn_close(conn);
    nt_conn_release(conn);
}


int
nt_conn_read(nt_conn_t *conn)
{
    return uv_read_start((uv_stream_t *) &conn->pipe, on_alloc, on_read);
}


void
nt_conn_accept(nt_wire_t *wire)
{
    nt_conn_t *conn;

    conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        nt_log(NT_LOG_ERROR, "wire: no memory for a connection");
        return;
    }

    (void) uv_pipe_init(wire->services->loop, &conn->pipe, 0);

    conn->wire = wire;
    conn->refs = 1;
    conn->pipe.data = conn;

    conn->next = wire->conns;
    if (conn->next != NULL) {
        conn->next->prev = conn;
    }
    wire->conns = conn;
    wire->alive++;

    if (uv_accept((uv_stream_t *) &wire->listener,
                  (uv_stream_t *) &conn->pipe) != 0 ||
        nt_conn_read(conn) != 0)
    {
        nt_conn_close(conn);
    }
}
