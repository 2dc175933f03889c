/*
 * packs/image/grade_tone.c - lib.pillow.color_grading.*: light, dark and how
 * strong colours are.
 */

#include <math.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/grade.h"
#include "packs/image/types.h"


/* --- Exposure -------------------------------------------------------------*/

/* The float properties, in their order. */
typedef struct {
    float stops;
    float contrast;
    float highlights;
    float shadows;
    float whites;
    float blacks;
} exposure_t;


static void
grade_exposure(const void *params, int x, int y, float rgb[3])
{
    int               i;
    float             light, dark, gray, stops;
    const exposure_t *p = params;

    stops = exp2f(p->stops);
    gray = nt_luminance(rgb) * stops;
    light = nt_clamp1(gray * 2 - 1) * p->highlights / 2;
    dark = nt_clamp1(1 - gray * 2) * p->shadows / 2;

    for (i = 0; i < 3; i++) {
        rgb[i] = rgb[i] * stops - light + dark;
        rgb[i] += p->whites / 5 * rgb[i];
        rgb[i] += p->blacks / 5 * (1 - rgb[i]);
        rgb[i] = 0.5f + (rgb[i] - 0.5f) * (1 + p->contrast);
    }
}


static const nt_property_t exposure_properties[] = {
    NT_IMAGE_PROP("The image to correct"),
    NT_IMAGE_FLOAT("exposure", "0.0", -5, 5, "How many stops lighter it gets"),
    NT_IMAGE_FLOAT("contrast", "0.0", -1, 1,
                   "How much farther tones get from the middle"),
    NT_IMAGE_FLOAT("highlights", "0.0", -1, 1,
                   "How much darker the light half gets"),
    NT_IMAGE_FLOAT("shadows", "0.0", -1, 1,
                   "How much lighter the dark half gets"),
    NT_IMAGE_FLOAT("whites", "0.0", -1, 1,
                   "How much farther white is from black"),
    NT_IMAGE_FLOAT("blacks", "0.0", -1, 1, "How much lighter black is"),
    NT_PROP_END
};


NT_GRADE_OP(exposure)
NT_IMAGE_RUN(run_exposure, exposure)

const nt_node_type_t nt_image_exposure = NT_IMAGE_TYPE(
    "lib.pillow.color_grading.Exposure", "Exposure",
    "Corrects how an image is exposed: lights, shadows and contrast.",
    exposure_properties, run_exposure);

/* --- SaturationVibrance ---------------------------------------------------*/

/* The float properties, in their order. */
typedef struct {
    float saturation;
    float vibrance;
} vibrance_t;


static void
grade_vibrance(const void *params, int x, int y, float rgb[3])
{
    float             high, low, has, gray = nt_luminance(rgb);
    const vibrance_t *p = params;

    nt_saturate(rgb, gray, 1 + p->saturation);

    high = fmaxf(fmaxf(rgb[0], rgb[1]), rgb[2]);
    low = fminf(fminf(rgb[0], rgb[1]), rgb[2]);
    has = high > 0 ? (high - low) / (high + 1e-3f) : 0;

    nt_saturate(rgb, gray, 1 + p->vibrance * (1 - has));
}


static const nt_property_t vibrance_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_IMAGE_FLOAT("saturation", "0.0", -1, 1,
                   "How much stronger all colours get"),
    NT_IMAGE_FLOAT("vibrance", "0.0", -1, 1,
                   "How much stronger weak colours get"),
    NT_PROP_END
};


NT_GRADE_OP(vibrance)
NT_IMAGE_RUN(run_vibrance, vibrance)

const nt_node_type_t nt_image_vibrance =
    NT_IMAGE_TYPE("lib.pillow.color_grading.SaturationVibrance",
                  "Saturation Vibrance",
                  "Makes colours stronger or weaker, strong ones less.",
                  vibrance_properties, run_vibrance);

/* --- Curves ---------------------------------------------------------------*/

/* The float properties, in their order. */
typedef struct {
    float black;
    float white;
    float shadows;
    float midtones;
    float highlights;
    float colors[3];
} curves_t;


static void
grade_curves(const void *params, int x, int y, float rgb[3])
{
    int             i;
    float           value;
    const curves_t *p = params;

    for (i = 0; i < 3; i++) {
        value = nt_clamp1((rgb[i] - p->black) / (p->white - p->black));
        value += p->shadows * (1 - value) * value;
        value = powf(value, 1 / (1 + p->midtones));
        value += p->highlights * value * (1 - value);

        if (p->colors[i] != 0) {
            value = powf(fminf(fmaxf(value, 1e-4f), 1), 1 / (1 + p->colors[i]));
        }

        rgb[i] = value;
    }
}


static const nt_property_t curves_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_IMAGE_FLOAT("black_point", "0.0", 0, 0.5, "What becomes black"),
    NT_IMAGE_FLOAT("white_point", "1.0", 0.5, 1, "What becomes white"),
    NT_IMAGE_FLOAT("shadows", "0.0", -0.5, 0.5,
                   "How much the dark part of the curve rises"),
    NT_IMAGE_FLOAT("midtones", "0.0", -0.5, 0.5, "How much its middle rises"),
    NT_IMAGE_FLOAT("highlights", "0.0", -0.5, 0.5,
                   "How much its light part rises"),
    NT_IMAGE_FLOAT("red_midtones", "0.0", -0.5, 0.5,
                   "How much the middle of red rises"),
    NT_IMAGE_FLOAT("green_midtones", "0.0", -0.5, 0.5,
                   "How much the middle of green rises"),
    NT_IMAGE_FLOAT("blue_midtones", "0.0", -0.5, 0.5,
                   "How much the middle of blue rises"),
    NT_PROP_END
};


static bool
curves(nt_node_call_t *call, nt_image_t *image)
{
    curves_t params;

    if (!nt_grade_params(call, curves_properties, (float *) &params)) {
        return false;
    }

    if (params.white <= params.black) {
        (void) nt_call_fail(call, "'white_point' must be more than "
                                  "'black_point'");
        return false;
    }

    nt_grade(call, image, grade_curves, &params);

    return true;
}


NT_IMAGE_RUN(run_curves, curves)

const nt_node_type_t nt_image_curves =
    NT_IMAGE_TYPE("lib.pillow.color_grading.Curves", "Curves",
                  "Changes tones by a curve.", curves_properties, run_curves);
