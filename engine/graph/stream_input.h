/*
 * engine/graph/stream_input.h - inputs that are fed while the run goes on;
 * private to the graph.
 */

#ifndef NT_STREAM_INPUT_H
#define NT_STREAM_INPUT_H

#include "engine/graph/run.h"

/* Opens the inputs that are streams. */
void nt_stream_open(nt_run_t *run);

/* An input has sent its parameter: it ends, or goes on with what it is fed. */
void nt_stream_close(nt_node_call_t *call);

/* A step of an input that goes on. */
void nt_stream_step(nt_node_call_t *call);

#endif
