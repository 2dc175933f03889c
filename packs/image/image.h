/*
 * packs/image/image.h - the image pack: nodetool.image.*, lib.pillow.*,
 * lib.grid.* and lib.svg.SVGToImage, on libvips.
 */

#ifndef NT_IMAGE_H
#define NT_IMAGE_H

#include "engine/nodetool_node.h"

/* --- node types, one list a file, ended by NULL --- */

extern const nt_node_type_t nt_image_batch_to_list; /* list.c */
extern const nt_node_type_t nt_image_images_to_list;

#endif
