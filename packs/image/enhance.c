/*
 * packs/image/enhance.c - lib.pillow.enhance.*: brightness, contrast and
 * the like, by Pillow's formulas.
 */

#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

#define NT_FACTOR_MAX 1e6


/* Between `from` (0) and `to` (1), or beyond.  A part cuts fractions off, as
 * Pillow does. */
static unsigned char
blend(int from, int to, float factor)
{
    float value = from + factor * (to - from);

    return value <= 0 ? 0 : value >= 255 ? 255 : (unsigned char) value;
}


/* Each value between that of a plain grey and itself. */
static void
blend_gray(nt_image_t *image, int gray, float factor)
{
    int           i;
    unsigned char lut[3][256];

    for (i = 0; i < 256; i++) {
        lut[0][i] = blend(gray, i, factor);
        lut[1][i] = lut[0][i];
        lut[2][i] = lut[0][i];
    }

    nt_image_lut(image, lut);
}


static bool
get_factor(nt_node_call_t *call, float *factor)
{
    double value;

    if (!nt_image_float(call, "factor", -NT_FACTOR_MAX, NT_FACTOR_MAX, &value))
    {
        return false;
    }

    *factor = (float) value;

    return true;
}


static bool
brightness(nt_node_call_t *call, nt_image_t *image)
{
    float factor;

    if (!get_factor(call, &factor)) {
        return false;
    }

    blend_gray(image, 0, factor);

    return true;
}


static bool
contrast(nt_node_call_t *call, nt_image_t *image)
{
    float    factor;
    size_t   i, n = (size_t) image->width * image->height;
    uint64_t sum = 0;

    if (!get_factor(call, &factor)) {
        return false;
    }

    for (i = 0; i < n; i++) {
        sum += nt_luma(image->data + i * image->bands);
    }

    blend_gray(image, (int) ((double) sum / n + 0.5), factor);

    return true;
}


static bool
color(nt_node_call_t *call, nt_image_t *image)
{
    int            band, gray;
    float          factor;
    size_t         i, n = (size_t) image->width * image->height;
    unsigned char *p = image->data;

    if (!get_factor(call, &factor)) {
        return false;
    }

    for (i = 0; i < n; i++, p += image->bands) {
        gray = nt_luma(p);

        for (band = 0; band < 3; band++) {
            p[band] = blend(gray, p[band], factor);
        }
    }

    return true;
}


static bool
sharpness(nt_node_call_t *call, nt_image_t *image)
{
    static const float smooth[9] = { 1, 1, 1, 1, 5, 1, 1, 1, 1 };

    int        band;
    float      factor;
    size_t     i, n = (size_t) image->width * image->height;
    nt_image_t soft;

    if (!get_factor(call, &factor) || !nt_image_copy(call, &soft, image)) {
        return false;
    }

    if (!nt_image_kernel(call, &soft, smooth, 13, 0)) {
        nt_image_free(&soft);
        return false;
    }

    for (i = 0; i < n; i++) {
        for (band = 0; band < 3; band++) {
            soft.data[i * image->bands + band] =
                blend(soft.data[i * image->bands + band],
                      image->data[i * image->bands + band], factor);
        }
    }

    nt_image_replace(image, &soft);

    return true;
}


NT_IMAGE_RUN(run_brightness, brightness)
NT_IMAGE_RUN(run_contrast, contrast)
NT_IMAGE_RUN(run_color, color)
NT_IMAGE_RUN(run_sharpness, sharpness)


static const nt_property_t brightness_properties[] = {
    NT_IMAGE_PROP("The image to lighten or darken"),
    NT_PROP("factor", "union[float,int]", "1.0",
            "0 makes it black, 1 leaves it as it is, more lightens it"),
    NT_PROP_END
};

const nt_node_type_t nt_image_brightness =
    NT_IMAGE_TYPE("lib.pillow.enhance.Brightness", "Brightness",
                  "Makes an image lighter or darker.", brightness_properties,
                  run_brightness);


static const nt_property_t contrast_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_PROP("factor", "float", "1.0",
            "0 makes it plain grey, 1 leaves it as it is, more is stronger"),
    NT_PROP_END
};

const nt_node_type_t nt_image_contrast =
    NT_IMAGE_TYPE("lib.pillow.enhance.Contrast", "Contrast",
                  "Makes light and dark differ more or less.",
                  contrast_properties, run_contrast);


static const nt_property_t color_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_PROP("factor", "float", "1.0",
            "0 takes all colour, 1 leaves it as it is, more is stronger"),
    NT_PROP_END
};

const nt_node_type_t nt_image_color_factor =
    NT_IMAGE_TYPE("lib.pillow.enhance.Color", "Color",
                  "Makes colours stronger or weaker.", color_properties,
                  run_color);


static const nt_property_t sharpness_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_PROP("factor", "float", "1.0",
            "0 makes it soft, 1 leaves it as it is, more sharpens it"),
    NT_PROP_END
};

const nt_node_type_t nt_image_sharpness =
    NT_IMAGE_TYPE("lib.pillow.enhance.Sharpness", "Sharpness",
                  "Makes an image softer or sharper.", sharpness_properties,
                  run_sharpness);


/* --- AutoContrast ---------------------------------------------------------*/

/* Leaves out `cut` of what is counted, from one end. */
static void
cut_off(size_t counts[256], size_t cut, bool from_top)
{
    int    i;
    size_t part, *count;

    for (i = 0; i < 256 && cut > 0; i++) {
        count = &counts[from_top ? 255 - i : i];
        part = cut < *count ? cut : *count;
        *count -= part;
        cut -= part;
    }
}


static void
stretch(const size_t counts[256], unsigned char lut[256])
{
    int    i, low = 0, high = 255;
    double scale;

    while (low < 255 && counts[low] == 0) {
        low++;
    }

    while (high > 0 && counts[high] == 0) {
        high--;
    }

    scale = high > low ? 255.0 / (high - low) : 1;
    low = high > low ? low : 0;

    for (i = 0; i < 256; i++) {
        lut[i] = nt_clip8((int) (i * scale + -low * scale));
    }
}


static bool
autocontrast(nt_node_call_t *call, nt_image_t *image)
{
    int           band, cutoff, colors = nt_image_colors(image);
    size_t        counts[3][256], cut;
    unsigned char lut[3][256];

    if (!nt_image_int(call, "cutoff", 0, 255, &cutoff)) {
        return false;
    }

    nt_image_histogram(image, counts);
    cut = (size_t) image->width * image->height * cutoff / 100;

    for (band = 0; band < colors; band++) {
        cut_off(counts[band], cut, false);
        cut_off(counts[band], cut, true);
        stretch(counts[band], lut[band]);
    }

    nt_image_lut(image, lut);

    return true;
}


NT_IMAGE_RUN(run_autocontrast, autocontrast)

static const nt_property_t autocontrast_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_IMAGE_INT("cutoff", "0", 0, 255,
                 "How many percent of the darkest and of the lightest pixels "
                 "do not count"),
    NT_PROP_END
};

const nt_node_type_t nt_image_autocontrast =
    NT_IMAGE_TYPE("lib.pillow.enhance.AutoContrast", "Auto Contrast",
                  "Stretches each colour over the whole range of brightness.",
                  autocontrast_properties, run_autocontrast);


/* --- Equalize -------------------------------------------------------------*/

static void
equalize_band(const size_t counts[256], unsigned char lut[256])
{
    int    i, top = 255, used = 0;
    size_t sum = 0, step, n;

    for (i = 0; i < 256; i++) {
        sum += counts[i];
        used += counts[i] > 0;
    }

    while (top > 0 && counts[top] == 0) {
        top--;
    }

    step = used > 1 ? (sum - counts[top]) / 255 : 0;
    n = step / 2;

    for (i = 0; i < 256; i++) {
        lut[i] = step > 0 ? nt_clip8((int) (n / step)) : i;
        n += counts[i];
    }
}


static bool
equalize(nt_node_call_t *call, nt_image_t *image)
{
    int           band, colors = nt_image_colors(image);
    size_t        counts[3][256];
    unsigned char lut[3][256];

    nt_image_histogram(image, counts);

    for (band = 0; band < colors; band++) {
        equalize_band(counts[band], lut[band]);
    }

    nt_image_lut(image, lut);

    return true;
}


NT_IMAGE_RUN(run_equalize, equalize)

static const nt_property_t equalize_properties[] = {
    NT_IMAGE_PROP("The image to change"), NT_PROP_END
};

const nt_node_type_t nt_image_equalize =
    NT_IMAGE_TYPE("lib.pillow.enhance.Equalize", "Equalize",
                  "Spreads the values of each colour evenly.",
                  equalize_properties, run_equalize);
