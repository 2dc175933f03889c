/*
 * engine/wire/wire.c - listening, and the life of the whole server.
 */

#include <errno.h>
#include <stdlib.h>

#include "engine/log.h"
#include "engine/wire/conn_int.h"

#define NT_WIRE_BACKLOG 1024


static void
on_connection(uv_stream_t *listener, int status)
{
    nt_wire_t *wire = listener->data;

    if (status < 0) {
        nt_log(NT_LOG_ERROR, "wire: accept: %s", uv_strerror(status));
        return;
    }

    nt_conn_accept(wire);
}


static void
on_flush(uv_prepare_t *flusher)
{
    nt_conn_flush_dirty(flusher->data);
}


/* Frees the wire when its handles and its connections are gone. */
void
nt_wire_check(nt_wire_t *wire)
{
    if (wire->draining && wire->alive == 0 && wire->drained != NULL) {
        void (*drained)(void *) = wire->drained;

        wire->drained = NULL;
        drained(wire->arg);
        return;
    }

    if (wire->closing && wire->handles == 0 && wire->alive == 0) {
        nt_buf_free(&wire->body);
        nt_buf_free(&wire->nodes);
        free(wire);
    }
}


static void
on_handle_closed(uv_handle_t *handle)
{
    nt_wire_t *wire = handle->data;

    wire->handles--;
    nt_wire_check(wire);
}


nt_wire_t *
nt_wire_new(const nt_wire_options_t *options)
{
    int        err;
    nt_wire_t *wire;

    wire = calloc(1, sizeof(*wire));
    if (wire == NULL) {
        return NULL;
    }

    wire->options = *options;
    wire->services = options->services;

    /* these two cannot fail */
    (void) uv_pipe_init(options->services->loop, &wire->listener, 0);
    (void) uv_prepare_init(options->services->loop, &wire->flusher);

    wire->listener.data = wire;
    wire->flusher.data = wire;
    wire->handles = 2;

    err = uv_prepare_start(&wire->flusher, on_flush);
    uv_unref((uv_handle_t *) &wire->flusher);

    if (err == 0) {
        err = uv_pipe_open(&wire->listener, options->fd);
    }

    if (err == 0) {
        err = uv_listen((uv_stream_t *) &wire->listener, NT_WIRE_BACKLOG,
                        on_connection);
    }

    if (err != 0) {
        nt_wire_close(wire);
        errno = -err;
        return NULL;
    }

    return wire;
}


static void
close_listener(nt_wire_t *wire)
{
    if (!uv_is_closing((uv_handle_t *) &wire->listener)) {
        uv_close((uv_handle_t *) &wire->listener, on_handle_closed);
    }
}


void
nt_wire_drain(nt_wire_t *wire, void (*done)(void *arg), void *arg)
{
    nt_conn_t *conn, *next;

    wire->draining = true;
    wire->drained = done;
    wire->arg = arg;

    close_listener(wire);

    for (conn = wire->conns; conn != NULL; conn = next) {
        next = conn->next;
        nt_conn_drain(conn);
    }

    nt_wire_check(wire);
}


void
nt_wire_close(nt_wire_t *wire)
{
    nt_conn_t *conn, *next;

    wire->closing = true;
    wire->drained = NULL;

    for (conn = wire->conns; conn != NULL; conn = next) {
        next = conn->next;
        nt_conn_close(conn);
    }

    nt_ws_server_free(wire->ws);

    close_listener(wire);
    uv_close((uv_handle_t *) &wire->flusher, on_handle_closed);
}
