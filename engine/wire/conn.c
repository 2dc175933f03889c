/*
 * engine/wire/conn.c - the state machine of a connection.
 *
 * All connections read into one buffer of the wire: a request that arrives
 * whole is carried out from there, and an idle connection holds no buffer.
 * Replies gather in `out` and are written once a turn of the loop, so that
 * the events of a short job are one write.
 */

#include <stdlib.h>

#include "core/nt_error.h"
#include "engine/log.h"
#include "engine/wire/accept.h"
#include "engine/wire/conn.h"

#define NT_WIRE_KEEP 4096 /* bytes of an empty buffer that are kept */

static void flush(nt_conn_t *conn);


nt_conn_t *
nt_conn_hold(nt_conn_t *conn)
{
    conn->refs++;
    return conn;
}


void
nt_conn_release(nt_conn_t *conn)
{
    nt_wire_t *wire = conn->wire;

    if (--conn->refs > 0) {
        return;
    }

    nt_buf_free(&conn->in);
    nt_buf_free(&conn->out);
    nt_buf_free(&conn->sending);
    json_decref(conn->head);
    free(conn->job_id);
    free(conn);

    wire->alive--;
    nt_wire_check(wire);
}


static void
on_closed(uv_handle_t *handle)
{
    nt_conn_t *conn = handle->data;
    nt_wire_t *wire = conn->wire;

    if (conn->prev != NULL) {
        conn->prev->next = conn->next;

    } else {
        wire->conns = conn->next;
    }

    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }

    nt_conn_release(conn);
}


static void
unlink_dirty(nt_conn_t *conn)
{
    nt_conn_t **link;

    if (!conn->dirty) {
        return;
    }

    for (link = &conn->wire->dirty; *link != NULL; link = &(*link)->next_dirty)
    {
        if (*link == conn) {
            *link = conn->next_dirty;
            break;
        }
    }

    conn->dirty = false;
}


void
nt_conn_close(nt_conn_t *conn)
{
    if (conn->closing) {
        return;
    }

    conn->closing = true;
    unlink_dirty(conn);

    if (conn->state == NT_CONN_BUSY) {
        nt_op_abandon(conn);
    }

    uv_close((uv_handle_t *) &conn->pipe, on_closed);
}


/* The peer broke the protocol. */
static void
cut_off(nt_conn_t *conn, const char *why)
{
    nt_log(NT_LOG_WARN, "wire: a peer was cut off: %s", why);
    nt_conn_close(conn);
}


void
nt_conn_drain(nt_conn_t *conn)
{
    if (conn->state == NT_CONN_BUSY || nt_conn_unsent(conn) > 0) {
        conn->close_after = true;

    } else {
        nt_conn_close(conn);
    }
}


/* --- writing --------------------------------------------------------------*/

size_t
nt_conn_unsent(const nt_conn_t *conn)
{
    return conn->out.len +
           uv_stream_get_write_queue_size((const uv_stream_t *) &conn->pipe);
}


static void
mark_dirty(nt_conn_t *conn)
{
    if (conn->dirty || conn->closing) {
        return;
    }

    conn->dirty = true;
    conn->next_dirty = conn->wire->dirty;
    conn->wire->dirty = conn;
}


void
nt_conn_flush_dirty(nt_wire_t *wire)
{
    while (wire->dirty != NULL) {
        nt_conn_t *conn = wire->dirty;

        wire->dirty = conn->next_dirty;
        conn->dirty = false;

        flush(conn);
    }
}


/* Empties a buffer; a connection that waits holds little memory. */
static void
empty(nt_buf_t *buf)
{
    if (buf->cap > NT_WIRE_KEEP) {
        nt_buf_free(buf);

    } else {
        nt_buf_reset(buf);
    }
}


static void
on_sent(nt_conn_t *conn)
{
    if (conn->close_after && conn->state != NT_CONN_BUSY) {
        nt_conn_close(conn);
    }
}


static void
on_written(uv_write_t *write, int status)
{
    nt_conn_t *conn = write->data;

    conn->writing = false;
    empty(&conn->sending);

    if (status < 0) {
        nt_conn_close(conn);

    } else if (!conn->closing) {
        flush(conn);
    }

    if (conn->paused && !conn->closing && nt_conn_unsent(conn) < NT_WIRE_LOW) {
        nt_op_resume(conn);
    }

    nt_conn_release(conn);
}


/* Gives what the socket has not taken to libuv. */
static void
queue_rest(nt_conn_t *conn, size_t written)
{
    uv_buf_t rest;
    nt_buf_t swap = conn->sending;

    conn->sending = conn->out;
    conn->out = swap;

    rest = uv_buf_init(conn->sending.data + written,
                       (unsigned) (conn->sending.len - written));

    conn->write.data = nt_conn_hold(conn);

    if (uv_write(&conn->write, (uv_stream_t *) &conn->pipe, &rest, 1,
                 on_written) != 0)
    {
        nt_conn_release(conn);
        nt_conn_close(conn);
        return;
    }

    conn->writing = true;
}


static void
flush(nt_conn_t *conn)
{
    int      n;
    uv_buf_t buf;

    if (conn->out.failed) {
        nt_log(NT_LOG_ERROR, "wire: out of memory, a peer was cut off");
        nt_conn_close(conn);
        return;
    }

    if (conn->writing || conn->closing) {
        return;
    }

    if (conn->out.len == 0) {
        on_sent(conn);
        return;
    }

    buf = uv_buf_init(conn->out.data, (unsigned) conn->out.len);
    n = uv_try_write((uv_stream_t *) &conn->pipe, &buf, 1);

    if (n == UV_EAGAIN) {
        n = 0;
    }

    if (n < 0) {
        nt_log(NT_LOG_DEBUG, "wire: write: %s", uv_strerror(n));
        nt_conn_close(conn);
        return;
    }

    if ((size_t) n < conn->out.len) {
        queue_rest(conn, (size_t) n);
        return;
    }

    empty(&conn->out);
    on_sent(conn);
}


/* --- replies --------------------------------------------------------------*/

static void
finish(nt_conn_t *conn)
{
    json_decref(conn->head);
    free(conn->job_id);

    conn->head = NULL;
    conn->job_id = NULL;
    conn->paused = false;
    conn->state = NT_CONN_HEAD;

    if (conn->wire->draining) {
        conn->close_after = true;
    }

    mark_dirty(conn);
}


static void
log_reply(nt_conn_t *conn, nt_log_level_t level, int status, nt_str_t message)
{
    const char *op;

    if (nt_log_enabled(level)) {
        op = nt_conn_field(conn, "op");
        nt_log_request(level, nt_conn_field(conn, "request_id"), "%s: %d %.*s",
                       op != NULL ? op : "request", status, (int) message.len,
                       message.data);
    }
}


static void
put_reply(nt_conn_t *conn, int status, const char *job_id, unsigned retry_after,
          nt_str_t body)
{
    nt_buf_t *out = &conn->out;

    nt_buf_printf(out, "{\"status\":%d,\"length\":%zu", status, body.len);

    if (job_id != NULL) {
        nt_buf_append_str(out, NT_STR(",\"job_id\":"));
        nt_buf_append_json(out, nt_str(job_id));
    }

    if (retry_after > 0) {
        nt_buf_printf(out, ",\"retry_after\":%u", retry_after);
    }

    nt_buf_append_str(out, NT_STR("}\n"));
    nt_buf_append_str(out, body);

    finish(conn);
}


void
nt_conn_reply(nt_conn_t *conn, int status, const char *job_id,
              unsigned retry_after, nt_str_t body)
{
    log_reply(conn, NT_LOG_DEBUG, status, NT_STR(""));
    put_reply(conn, status, job_id, retry_after, body);
}


void
nt_conn_error(nt_conn_t *conn, int status, const char *job_id, nt_str_t message)
{
    nt_buf_t *body = &conn->wire->body;

    nt_buf_reset(body);
    nt_error_body(body, status, message);

    log_reply(conn, status >= 500 ? NT_LOG_WARN : NT_LOG_DEBUG, status,
              message);

    put_reply(conn, status, job_id, status == 503 ? NT_RETRY_AFTER : 0,
              (nt_str_t) { body->data, body->len });
}


void
nt_conn_stream_begin(nt_conn_t *conn, const char *job_id)
{
    nt_buf_append_str(&conn->out, NT_STR("{\"status\":200,\"events\":true,"
                                         "\"job_id\":"));
    nt_buf_append_json(&conn->out, nt_str(job_id));
    nt_buf_append_str(&conn->out, NT_STR("}\n"));
    mark_dirty(conn);
}


void
nt_conn_stream_event(nt_conn_t *conn, uint64_t seq, const char *line,
                     size_t len)
{
    nt_buf_printf(&conn->out, "%llu ", (unsigned long long) seq);
    nt_buf_append(&conn->out, line, len);
    nt_buf_append_char(&conn->out, '\n');
    mark_dirty(conn);
}


void
nt_conn_stream_end(nt_conn_t *conn)
{
    nt_buf_append_char(&conn->out, '\n');
    finish(conn);
}


/* --- reading --------------------------------------------------------------*/

const char *
nt_conn_field(const nt_conn_t *conn, const char *name)
{
    const char *value = json_string_value(json_object_get(conn->head, name));

    return value != NULL && value[0] != '\0' ? value : NULL;
}


/* Parses a head line. False when the peer was cut off. */
static bool
parse_head(nt_conn_t *conn, const char *line, size_t len)
{
    json_t    *length;
    json_int_t n = 0;

    conn->head = json_loadb(line, len, 0, NULL);

    if (!json_is_object(conn->head)) {
        cut_off(conn, "its head line is not a JSON object");
        return false;
    }

    length = json_object_get(conn->head, "length");

    if (length != NULL) {
        n = json_integer_value(length);

        if (!json_is_integer(length) || n < 0) {
            cut_off(conn, "the length of its body is not a number");
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
            cut_off(conn, "its head line is too long");
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
        cut_off(conn, "it sent bytes behind its request");
        return len;
    }

    conn->state = NT_CONN_BUSY;
    nt_op_start(conn, data + used, conn->body_len);

    return len;
}


static void
take(nt_conn_t *conn, const char *data, size_t len)
{
    size_t used;

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
            used = feed(conn, conn->in.data, conn->in.len);

            if (used == conn->in.len) {
                empty(&conn->in);

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

    if (n >= 0) {
        skipped = skip(conn, (size_t) n);

        if (skipped == (size_t) n) {
            return;
        }

        if (conn->state == NT_CONN_BUSY) {
            cut_off(conn, "it sent bytes while its request was carried out");
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
    flush(conn);
    nt_conn_close(conn);
    nt_conn_release(conn);
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

    (void) uv_pipe_init(wire->options.loop, &conn->pipe, 0);

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
        uv_read_start((uv_stream_t *) &conn->pipe, on_alloc, on_read) != 0)
    {
        nt_conn_close(conn);
    }
}
