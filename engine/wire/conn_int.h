/*
 * engine/wire/conn_int.h - what wire.c, conn.c and read.c share.
 */

#ifndef NT_WIRE_CONN_INT_H
#define NT_WIRE_CONN_INT_H

#include "engine/wire/conn.h"

/* Takes the connection that waits at the listener. */
void nt_conn_accept(nt_wire_t *wire);

/* Starts reading; a libuv error. */
int nt_conn_read(nt_conn_t *conn);

/* Writes what it can of `out` at once; the rest follows. */
void nt_conn_flush(nt_conn_t *conn);

/* The peer broke the protocol: logs why, and closes. */
void nt_conn_cut_off(nt_conn_t *conn, const char *why);

/* Empties a buffer; a connection that waits holds little memory. */
void nt_conn_empty(nt_buf_t *buf);

/* Flushes all connections that have something to say. */
void nt_conn_flush_dirty(nt_wire_t *wire);

/* Ends the connection, after the reply under way. */
void nt_conn_drain(nt_conn_t *conn);

/* A connection or a handle has gone. */
void nt_wire_check(nt_wire_t *wire);

#endif
