/*
 * engine/graph/keep.h - what a run tells of its nodes for another attempt, and
 * how that attempt begins; private to the graph.
 *
 * A node may be kept when all that it sent is one value an output and all
 * nodes before it are kept: then what it sent is all that the nodes behind it
 * will ever get from it, and in the next attempt the same comes out of it
 * without a run.  Streams, and what is behind them, run again.
 */

#ifndef NT_KEEP_H
#define NT_KEEP_H

#include "engine/graph/run.h"

/* FNV-1a of the graph as text: what an attempt kept is good for this graph
 * only.  False when memory is out. */
bool nt_keep_hash(const json_t *graph, uint64_t *hash);

/* Takes in what an earlier attempt has kept. False when memory is out. */
bool nt_keep_restore(nt_run_t *run, const json_t *kept);

/* Fails nodes that had begun, did not end and must not run twice. */
void nt_keep_start(nt_run_t *run);

/* A step of a restored node: sends its values. */
void nt_keep_send(nt_node_call_t *call);

/* Before an activation of the node.  False: not now, the step comes again
 * when the begin is stored; or never, and the node has failed. */
bool nt_keep_begin(nt_node_call_t *call);

/* An input sends what it was fed: that it has begun is kept with the events of
 * this, so there is nothing to wait for. */
void nt_keep_fed(nt_node_call_t *call);

/* The node has ended: tells the sink. */
void nt_keep_end(nt_node_call_t *call);

#endif
