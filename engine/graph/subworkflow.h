/*
 * engine/graph/subworkflow.h - workflows that a node runs: for the built-in
 * library.
 *
 * Such a workflow is a run within the run of its node.  Its nodes are none of
 * the job's, so that of its events only those go on that can be the node's
 * own: progress, chunks, previews, logs, notifications and saved values.
 */

#ifndef NT_SUBWORKFLOW_H
#define NT_SUBWORKFLOW_H

#include "engine/nodetool_node.h"

/* More workflows than this do not run one within the other. */
#define NT_SUBWORKFLOW_DEPTH 8

/* Runs a workflow of the user's by its id and waits.  What its outputs get is
 * emitted as it comes, on the outputs of the same names that the node has.
 * From nodes with NT_NODE_ASYNC. */
nt_node_rc_t nt_call_workflow(nt_node_call_t *call, const char *id,
                              json_t *params);

#endif
