/*
 * engine/wire/wire.h - the server on the Unix socket: docs/wire.md.
 *
 * Everything belongs to the loop's thread.
 */

#ifndef NT_WIRE_H
#define NT_WIRE_H

#include <uv.h>

#include "engine/services.h"

typedef struct nt_wire nt_wire_t;

typedef struct {
    int                  fd;       /* a listening socket; becomes the wire's */
    size_t               max_body; /* bytes of a request's body */
    const nt_services_t *services;
} nt_wire_options_t;

/* NULL with errno set. */
nt_wire_t *nt_wire_new(const nt_wire_options_t *options);

/* Accepts no more connections and ends each after the reply under way;
 * `done` comes when the last one has ended, maybe at once. */
void nt_wire_drain(nt_wire_t *wire, void (*done)(void *arg), void *arg);

/* Cuts off what is left.  The memory goes when the loop has run the close
 * callbacks. */
void nt_wire_close(nt_wire_t *wire);

#endif
