/*
 * engine/nodes/svg.h - what the files of lib.svg.* share.
 */

#ifndef NT_SVG_H
#define NT_SVG_H

#include "engine/nodetool_node.h"

#define NT_SVG_BLACK "{\"type\":\"color\",\"value\":\"#000000\"}"
#define NT_SVG_WHITE "{\"type\":\"color\",\"value\":\"#FFFFFF\"}"
#define NT_SVG_NONE  "{\"type\":\"color\",\"value\":\"none\"}"
#define NT_SVG_EMPTY                                                           \
    "{\"type\":\"svg_element\",\"name\":\"\",\"attributes\":{},"               \
    "\"content\":null,\"children\":[]}"

typedef struct {
    const char *name; /* of an attribute */
    const char *property;
} nt_svg_attribute_t;

/* All make new references, take those over that they are given, and return
 * NULL when memory is out or one of these is NULL. */
json_t *nt_svg_make(const char *name, json_t *attributes, json_t *content,
                    json_t *children);
json_t *nt_svg_value(nt_node_call_t *call, const char *property);

extern const nt_output_t nt_svg_outputs[];

/* svg_effects.c */
extern const nt_node_type_t nt_svg_gaussian_blur, nt_svg_drop_shadow,
    nt_svg_gradient, nt_svg_transform, nt_svg_clip_path, nt_svg_document_type;

#endif
