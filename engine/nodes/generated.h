/*
 * engine/nodes/generated.h - media that nodes make.
 */

#ifndef NT_GENERATED_H
#define NT_GENERATED_H

#include <stddef.h>

#include "engine/nodetool_node.h"

#define NT_GENERATED_KEY_MAX 64

/* The key of an asset, "generated/HASH.EXTENSION": equal bytes have one key,
 * so that a workflow which runs a thousand times on the same input does not
 * fill the disk.  It reads all of the bytes: for the pool. */
void nt_generated_key(char key[NT_GENERATED_KEY_MAX], const char *extension,
                      const void *data, size_t len);

/* nt_call_store under that key.  A new ref; NULL after nt_call_fail. */
json_t *nt_generated_store(nt_node_call_t *call, const char *type,
                           const char *extension, const void *data, size_t len);

#endif
