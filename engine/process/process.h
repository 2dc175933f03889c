/*
 * engine/process/process.h - what nodes that run programs have beside
 * nodetool_node.h.
 */

#ifndef NT_PROCESS_H
#define NT_PROCESS_H

#include "engine/nodetool_node.h"
#include "engine/process/folder.h"

/* A temporary folder for the files that a program reads and writes; NULL
 * after nt_call_fail.  From nodes with NT_NODE_ASYNC. */
nt_process_folder_t *nt_call_folder(nt_node_call_t *call);

/* What the operator lets nodes do: NT_ALLOW_... of engine/graph/graph.h. */
unsigned nt_call_allowed(const nt_node_call_t *call);

#endif
