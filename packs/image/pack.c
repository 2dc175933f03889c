/*
 * packs/image/pack.c - what is in the image pack.
 */

#include "packs/image/image.h"


static const nt_node_type_t *const types[] = { &nt_image_batch_to_list,
                                               &nt_image_images_to_list, NULL };

NT_NODE_API const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI,
                                                              "image", types };
