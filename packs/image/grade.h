/*
 * packs/image/grade.h - color grading: colours of 0 to 1, each pixel changed
 * by itself.
 */

#ifndef NT_IMAGE_GRADE_H
#define NT_IMAGE_GRADE_H

#include "packs/image/image.h"

/* Changes a colour; `params` is what the node has read of its properties, x
 * and y is where. */
typedef void (*nt_grade_t)(const void *params, int x, int y, float rgb[3]);

/* Does it to each pixel; values beyond 0 and 1 are cut off. */
void nt_grade(nt_node_call_t *call, nt_image_t *image, nt_grade_t grade,
              const void *params);

/* Reads all float properties in the order of their table into `values`; each
 * has to be within its bounds.  False after nt_call_fail. */
bool nt_grade_params(nt_node_call_t *call, const nt_property_t *properties,
                     float *values);

/* The operation `variable` of a node whose properties, beside the image, are
 * all floats: those of variable_properties, read into a variable_t. */
#define NT_GRADE_OP(variable)                                                  \
    static bool variable(nt_node_call_t *call, nt_image_t *image)              \
    {                                                                          \
        variable##_t params;                                                   \
                                                                               \
        if (!nt_grade_params(call, variable##_properties, (float *) &params))  \
        {                                                                      \
            return false;                                                      \
        }                                                                      \
                                                                               \
        nt_grade(call, image, grade_##variable, &params);                      \
                                                                               \
        return true;                                                           \
    }

/* How light a colour is, by ITU-R BT.709. */
static inline float
nt_luminance(const float rgb[3])
{
    return 0.2126f * rgb[0] + 0.7152f * rgb[1] + 0.0722f * rgb[2];
}

/* Away from grey by a factor. */
static inline void
nt_saturate(float rgb[3], float gray, float factor)
{
    int i;

    for (i = 0; i < 3; i++) {
        rgb[i] = gray + (rgb[i] - gray) * factor;
    }
}

static inline float
nt_clamp1(float value)
{
    return value > 0 ? value < 1 ? value : 1 : 0;
}

/* A colour of HSV, all of 0 to 1. */
void nt_hsv_to_rgb(float h, float s, float v, float rgb[3]);
void nt_rgb_to_hsv(const float rgb[3], float *h, float *s, float *v);

#endif
