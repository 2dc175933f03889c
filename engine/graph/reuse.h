/*
 * engine/graph/reuse.h - nodes whose result is known already; private to the
 * graph.
 */

#ifndef NT_REUSE_H
#define NT_REUSE_H

#include "engine/graph/run.h"

/* Before an activation: true when its result is known, and has been sent. */
bool nt_reuse_take(nt_node_call_t *call);

/* After one that went well: keeps what it has sent. */
void nt_reuse_keep(nt_node_call_t *call);

#endif
