/*
 * engine/nodes/metadata.h - a node type's description as JSON.
 */

#ifndef NT_METADATA_H
#define NT_METADATA_H

#include <jansson.h>

#include "engine/nodetool_node.h"

/* In the shape of NodeTool's /api/nodes/metadata.  New reference; NULL when
 * memory is out. */
json_t *nt_node_metadata(const nt_node_type_t *type);

/* Adds the members that are implied where they are missing, as NodeTool's
 * editor wants them all ("type_args": []).  False when memory is out. */
bool nt_node_metadata_complete(json_t *metadata);

#endif
