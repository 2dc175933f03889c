/*
 * packs/image/types.h - the node types of the pack.
 */

#ifndef NT_IMAGE_TYPES_H
#define NT_IMAGE_TYPES_H

#include "engine/nodetool_node.h"

#define NT_IMAGE_TYPES(X)                                                      \
    X(nt_image_scale) /* edit.c */                                             \
    X(nt_image_resize_type)                                                    \
    X(nt_image_fit_type)                                                       \
    X(nt_image_crop)                                                           \
    X(nt_image_paste_type)                                                     \
    X(nt_image_metadata)                                                       \
    X(nt_image_blend) /* blend.c */                                            \
    X(nt_image_composite)                                                      \
    X(nt_image_brightness) /* enhance.c */                                     \
    X(nt_image_contrast)                                                       \
    X(nt_image_color_factor)                                                   \
    X(nt_image_sharpness)                                                      \
    X(nt_image_autocontrast)                                                   \
    X(nt_image_equalize)                                                       \
    X(nt_image_edge_enhance) /* kernel.c */                                    \
    X(nt_image_sharpen)                                                        \
    X(nt_image_detail)                                                         \
    X(nt_image_contour)                                                        \
    X(nt_image_emboss)                                                         \
    X(nt_image_find_edges)                                                     \
    X(nt_image_smooth)                                                         \
    X(nt_image_filter_blur) /* blur.c */                                       \
    X(nt_image_unsharp_mask)                                                   \
    X(nt_image_invert) /* filter.c */                                          \
    X(nt_image_solarize)                                                       \
    X(nt_image_posterize)                                                      \
    X(nt_image_expand)                                                         \
    X(nt_image_grayscale)                                                      \
    X(nt_image_channel)                                                        \
    X(nt_image_wheels) /* grade_wheels.c */                                    \
    X(nt_image_cdl)                                                            \
    X(nt_image_balance)                                                        \
    X(nt_image_exposure) /* grade_tone.c */                                    \
    X(nt_image_vibrance)                                                       \
    X(nt_image_curves)                                                         \
    X(nt_image_vignette) /* grade_look.c */                                    \
    X(nt_image_split)                                                          \
    X(nt_image_film)                                                           \
    X(nt_image_hsl)                                                            \
    X(nt_image_rank)       /* rank.c */                                        \
    X(nt_image_canny)      /* canny.c */                                       \
    X(nt_image_clahe)      /* clahe.c */                                       \
    X(nt_image_background) /* draw.c */                                        \
    X(nt_image_noise)                                                          \
    X(nt_image_text)  /* text.c */                                             \
    X(nt_image_slice) /* grid.c */                                             \
    X(nt_image_combine)                                                        \
    X(nt_image_svg_type) /* svg.c */                                           \
    X(nt_image_save)     /* save.c */                                          \
    X(nt_image_save_file)                                                      \
    X(nt_image_to_array) /* array.c */                                         \
    X(nt_image_from_array)

#define NT_IMAGE_DECLARE(type) extern const nt_node_type_t type;

NT_IMAGE_TYPES(NT_IMAGE_DECLARE)

#endif
