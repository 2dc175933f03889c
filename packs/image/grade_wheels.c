/*
 * packs/image/grade_wheels.c - lib.pillow.color_grading.*: what is set for
 * red, green and blue each.
 */

#include <math.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/grade.h"
#include "packs/image/types.h"

#define NT_DARK 1e-4f /* powers are taken of this at least */


/* --- LiftGammaGain --------------------------------------------------------*/

/* The float properties, in their order. */
typedef struct {
    float lift[3];
    float lift_master;
    float gamma[3];
    float gamma_master;
    float gain[3];
    float gain_master;
} wheels_t;


static void
grade_wheels(const void *params, int x, int y, float rgb[3])
{
    int             i;
    float           value;
    const wheels_t *p = params;

    for (i = 0; i < 3; i++) {
        value = (rgb[i] + p->lift[i] + p->lift_master) * p->gain[i] *
                p->gain_master;
        rgb[i] =
            powf(fmaxf(value, NT_DARK), 1 / (p->gamma[i] * p->gamma_master));
    }
}


static const nt_property_t wheels_properties[] = {
    NT_IMAGE_PROP("The image to grade"),
    NT_IMAGE_FLOAT("lift_r", "0.0", -1, 1,
                   "What is added to red, which shows in the shadows"),
    NT_IMAGE_FLOAT("lift_g", "0.0", -1, 1,
                   "What is added to green, which shows in the shadows"),
    NT_IMAGE_FLOAT("lift_b", "0.0", -1, 1,
                   "What is added to blue, which shows in the shadows"),
    NT_IMAGE_FLOAT("lift_master", "0.0", -1, 1,
                   "What is added to all colours, which shows in the shadows"),
    NT_IMAGE_FLOAT("gamma_r", "1.0", 0.1, 4,
                   "What lightens the middle tones of red"),
    NT_IMAGE_FLOAT("gamma_g", "1.0", 0.1, 4,
                   "What lightens the middle tones of green"),
    NT_IMAGE_FLOAT("gamma_b", "1.0", 0.1, 4,
                   "What lightens the middle tones of blue"),
    NT_IMAGE_FLOAT("gamma_master", "1.0", 0.1, 4,
                   "What lightens the middle tones of all colours"),
    NT_IMAGE_FLOAT("gain_r", "1.0", 0, 4,
                   "What multiplies red, which shows in the lights"),
    NT_IMAGE_FLOAT("gain_g", "1.0", 0, 4,
                   "What multiplies green, which shows in the lights"),
    NT_IMAGE_FLOAT("gain_b", "1.0", 0, 4,
                   "What multiplies blue, which shows in the lights"),
    NT_IMAGE_FLOAT("gain_master", "1.0", 0, 4,
                   "What multiplies all colours, which shows in the lights"),
    NT_PROP_END
};


NT_GRADE_OP(wheels)
NT_IMAGE_RUN(run_wheels, wheels)

const nt_node_type_t nt_image_wheels =
    NT_IMAGE_TYPE("lib.pillow.color_grading.LiftGammaGain", "Lift Gamma Gain",
                  "Corrects shadows, middle tones and lights, each by colour.",
                  wheels_properties, run_wheels);

/* --- CDL ------------------------------------------------------------------*/

/* The float properties, in their order. */
typedef struct {
    float slope[3];
    float offset[3];
    float power[3];
    float saturation;
} cdl_t;


static void
grade_cdl(const void *params, int x, int y, float rgb[3])
{
    int          i;
    const cdl_t *p = params;

    for (i = 0; i < 3; i++) {
        rgb[i] = powf(fmaxf(rgb[i] * p->slope[i] + p->offset[i], NT_DARK),
                      p->power[i]);
    }

    nt_saturate(rgb, nt_luminance(rgb), p->saturation);
}


static const nt_property_t cdl_properties[] = {
    NT_IMAGE_PROP("The image to grade"),
    NT_IMAGE_FLOAT("slope_r", "1.0", 0, 4, "What multiplies red"),
    NT_IMAGE_FLOAT("slope_g", "1.0", 0, 4, "What multiplies green"),
    NT_IMAGE_FLOAT("slope_b", "1.0", 0, 4, "What multiplies blue"),
    NT_IMAGE_FLOAT("offset_r", "0.0", -1, 1, "What is added to red"),
    NT_IMAGE_FLOAT("offset_g", "0.0", -1, 1, "What is added to green"),
    NT_IMAGE_FLOAT("offset_b", "0.0", -1, 1, "What is added to blue"),
    NT_IMAGE_FLOAT("power_r", "1.0", 0.1, 4, "The exponent of red"),
    NT_IMAGE_FLOAT("power_g", "1.0", 0.1, 4, "The exponent of green"),
    NT_IMAGE_FLOAT("power_b", "1.0", 0.1, 4, "The exponent of blue"),
    NT_IMAGE_FLOAT("saturation", "1.0", 0, 4,
                   "How strong the colours are; 0 is grey"),
    NT_PROP_END
};


NT_GRADE_OP(cdl)
NT_IMAGE_RUN(run_cdl, cdl)

const nt_node_type_t nt_image_cdl =
    NT_IMAGE_TYPE("lib.pillow.color_grading.CDL", "CDL",
                  "Grades colours by an ASC Color Decision List.",
                  cdl_properties, run_cdl);

/* --- ColorBalance ---------------------------------------------------------*/

/* The float properties, in their order. */
typedef struct {
    float temperature;
    float tint;
} balance_t;


static void
grade_balance(const void *params, int x, int y, float rgb[3])
{
    const balance_t *p = params;
    float            warm = p->temperature * 0.3f, tint = p->tint * 0.3f;

    rgb[0] += warm + tint / 2;
    rgb[1] -= tint;
    rgb[2] += tint / 2 - warm;
}


static const nt_property_t balance_properties[] = {
    NT_IMAGE_PROP("The image to correct"),
    NT_IMAGE_FLOAT("temperature", "0.0", -1, 1,
                   "Towards orange, or towards blue below 0"),
    NT_IMAGE_FLOAT("tint", "0.0", -1, 1,
                   "Towards magenta, or towards green below 0"),
    NT_PROP_END
};


NT_GRADE_OP(balance)
NT_IMAGE_RUN(run_balance, balance)

const nt_node_type_t nt_image_balance =
    NT_IMAGE_TYPE("lib.pillow.color_grading.ColorBalance", "Color Balance",
                  "Corrects a cast of colour, or makes one.",
                  balance_properties, run_balance);
