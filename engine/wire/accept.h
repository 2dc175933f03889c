/*
 * engine/wire/accept.h - what the server and its connections do to each
 * other: wire.c and conn.c.
 */

#ifndef NT_WIRE_ACCEPT_H
#define NT_WIRE_ACCEPT_H

#include "engine/wire/conn.h"

/* Takes the connection that waits at the listener. */
void nt_conn_accept(nt_wire_t *wire);

/* Writes what connections have to say. */
void nt_conn_flush_dirty(nt_wire_t *wire);

/* Ends the connection, after the reply under way. */
void nt_conn_drain(nt_conn_t *conn);

/* A connection or a handle has gone. */
void nt_wire_check(nt_wire_t *wire);

#endif
