/*
 * engine/wire/conn.c - the life of a connection, and what it writes.
 *
 * Replies gather in `out` and are written once a turn of the loop, so that
 * the events of a short job are one write.
 */

#include <stdlib.h>

#include "core/nt_error.h"
#include "engine/log.h"
#include "engine/wire/conn_int.h"

#define NT_WIRE_KEEP 4096 /* bytes of an empty buffer that are kept */

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

    } else if (conn->state == NT_CONN_UPGRADED) {
        conn->upgrade->closed(conn->upgrade_arg);
    }

    uv_close((uv_handle_t *) &conn->pipe, on_closed);
}


void
nt_conn_cut_off(nt_conn_t *conn, const char *why)
{
    nt_log(NT_LOG_WARN, "wire: a peer was cut off: %s", why);
    nt_conn_close(conn);
}


void
nt_conn_drain(nt_conn_t *conn)
{
    if (conn->closing) {
        return; /* only its memory is left */
    }

    if (conn->state == NT_CONN_UPGRADED) {
        conn->upgrade->drain(conn->upgrade_arg);

    } else if (conn->state == NT_CONN_BUSY || nt_conn_unsent(conn) > 0) {
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


void
nt_conn_wake(nt_conn_t *conn)
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

        nt_conn_flush(conn);
    }
}


void
nt_conn_empty(nt_buf_t *buf)
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


/* The slow peer has caught up. */
static void
resume(nt_conn_t *conn)
{
    if (conn->state == NT_CONN_UPGRADED) {
        conn->upgrade->resume(conn->upgrade_arg);

    } else {
        nt_op_resume(conn);
    }
}


static void
on_written(uv_write_t *write, int status)
{
    nt_conn_t *conn = write->data;

    conn->writing = false;
    nt_conn_empty(&conn->sending);

    if (status < 0) {
        nt_conn_close(conn);

    } else if (!conn->closing) {
        nt_conn_flush(conn);
    }

    if (conn->paused && !conn->closing && nt_conn_unsent(conn) < NT_WIRE_LOW) {
        resume(conn);
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


void
nt_conn_flush(nt_conn_t *conn)
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

    nt_conn_empty(&conn->out);
    on_sent(conn);

    /* a peer that reads fast takes more at once than what made it pause */
    if (conn->paused && !conn->closing) {
        resume(conn);
    }
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
    conn->task = NULL;
    conn->state = NT_CONN_HEAD;

    if (conn->wire->draining) {
        conn->close_after = true;
    }

    nt_conn_wake(conn);
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

    nt_buf_append_str(out, NT_STR("{\"status\":"));
    nt_buf_append_uint(out, (uint64_t) status);
    nt_buf_append_str(out, NT_STR(",\"length\":"));
    nt_buf_append_uint(out, body.len);

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
    nt_conn_wake(conn);
}


void
nt_conn_stream_event(nt_conn_t *conn, uint64_t seq, const char *line,
                     size_t len)
{
    nt_buf_append_uint(&conn->out, seq);
    nt_buf_append_char(&conn->out, ' ');
    nt_buf_append(&conn->out, line, len);
    nt_buf_append_char(&conn->out, '\n');
    nt_conn_wake(conn);
}


void
nt_conn_stream_end(nt_conn_t *conn)
{
    nt_buf_append_char(&conn->out, '\n');
    finish(conn);
}


void
nt_conn_chunks_begin(nt_conn_t *conn, const char *job_id, const char *type)
{
    nt_buf_append_str(&conn->out,
                      NT_STR("{\"status\":200,\"chunked\":true,\"type\":"));
    nt_buf_append_json(&conn->out, nt_str(type));

    if (job_id != NULL) {
        nt_buf_append_str(&conn->out, NT_STR(",\"job_id\":"));
        nt_buf_append_json(&conn->out, nt_str(job_id));
    }

    nt_buf_append_str(&conn->out, NT_STR("}\n"));
    nt_conn_wake(conn);
}


void
nt_conn_chunk(nt_conn_t *conn, nt_str_t bytes)
{
    if (bytes.len == 0) {
        return; /* it would be the end */
    }

    nt_buf_printf(&conn->out, "%zx\r\n", bytes.len);
    nt_buf_append_str(&conn->out, bytes);
    nt_buf_append_str(&conn->out, NT_STR("\r\n"));
    nt_conn_wake(conn);
}


void
nt_conn_chunks_end(nt_conn_t *conn)
{
    nt_buf_append_str(&conn->out, NT_STR("0\r\n\r\n"));
    finish(conn);
}


/* --- a connection that was taken over -------------------------------------*/

void
nt_conn_upgrade(nt_conn_t *conn, const nt_conn_upgrade_t *upgrade, void *arg)
{
    log_reply(conn, NT_LOG_DEBUG, 101, NT_STR(""));
    nt_buf_append_str(&conn->out, NT_STR("{\"status\":101}\n"));
    finish(conn);

    conn->state = NT_CONN_UPGRADED;
    conn->upgrade = upgrade;
    conn->upgrade_arg = arg;
}


void
nt_conn_pause(nt_conn_t *conn)
{
    conn->paused = true;
    (void) uv_read_stop((uv_stream_t *) &conn->pipe);
}


void
nt_conn_unpause(nt_conn_t *conn)
{
    conn->paused = false;

    if (!conn->closing && nt_conn_read(conn) != 0) {
        nt_conn_close(conn);
    }
}


void
nt_conn_finish(nt_conn_t *conn)
{
    conn->close_after = true;
    nt_conn_wake(conn);
}


const char *
nt_conn_field(const nt_conn_t *conn, const char *name)
{
    const char *value = json_string_value(json_object_get(conn->head, name));

    return value != NULL && value[0] != '\0' ? value : NULL;
}
