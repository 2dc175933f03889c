/*
 * packs/image/pack.c - what is in the image pack.
 */

#include "packs/image/types.h"

#define NT_IMAGE_LIST(type) &type,


static const nt_node_type_t *const types[] = { NT_IMAGE_TYPES(NT_IMAGE_LIST)
                                                   NULL };

NT_NODE_API const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI,
                                                              "image", types };
