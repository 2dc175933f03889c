/*
 * engine/nodes/generated.h - media that nodes make.
 */

#ifndef NT_GENERATED_H
#define NT_GENERATED_H

#include "engine/nodetool_node.h"

/* nt_call_store under "generated/HASH.EXTENSION": equal bytes have one key, so
 * that a workflow which runs a thousand times on the same input does not fill
 * the disk.  A new ref; NULL after nt_call_fail. */
json_t *nt_generated_store(nt_node_call_t *call, const char *type,
                           const char *extension, const void *data, size_t len);

#endif
