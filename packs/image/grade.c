/*
 * packs/image/grade.c - color grading: what its nodes share.
 */

#include "packs/image/grade.h"

#include <math.h>


void
nt_grade(nt_node_call_t *call, nt_image_t *image, nt_grade_t grade,
         const void *params)
{
    int            x, y, i;
    float          rgb[3];
    unsigned char *p = image->data;

    for (y = 0; y < image->height && !nt_call_cancelled(call); y++) {
        for (x = 0; x < image->width; x++, p += image->bands) {
            for (i = 0; i < 3; i++) {
                rgb[i] = p[i] / 255.0f;
            }

            grade(params, x, y, rgb);

            for (i = 0; i < 3; i++) {
                p[i] = (unsigned char) (nt_clamp1(rgb[i]) * 255.0f + 0.5f);
            }
        }
    }
}


bool
nt_grade_params(nt_node_call_t *call, const nt_property_t *properties,
                float *values)
{
    double               value;
    const nt_property_t *p;

    for (p = properties; p->name != NULL; p++) {
        if (strcmp(p->type, "float") != 0) {
            continue;
        }

        if (!nt_image_float(call, p->name, *p->min, *p->max, &value)) {
            return false;
        }

        *values++ = (float) value;
    }

    return true;
}


void
nt_hsv_to_rgb(float h, float s, float v, float rgb[3])
{
    int   i;
    float k;

    for (i = 0; i < 3; i++) {
        k = fmodf((float) (5 - 2 * i) + h * 6, 6);
        k = fminf(k, 4 - k);
        rgb[i] = v - v * s * nt_clamp1(k);
    }
}


void
nt_rgb_to_hsv(const float rgb[3], float *h, float *s, float *v)
{
    float high = fmaxf(fmaxf(rgb[0], rgb[1]), rgb[2]);
    float low = fminf(fminf(rgb[0], rgb[1]), rgb[2]);
    float range = high - low;

    *v = high;
    *s = high > 0 ? range / high : 0;

    if (range <= 0) {
        *h = 0;
    } else if (high == rgb[0]) {
        *h = (rgb[1] - rgb[2]) / range;
    } else if (high == rgb[1]) {
        *h = 2 + (rgb[2] - rgb[0]) / range;
    } else {
        *h = 4 + (rgb[0] - rgb[1]) / range;
    }

    *h = *h / 6 - floorf(*h / 6);
}
