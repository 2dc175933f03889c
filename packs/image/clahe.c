/*
 * packs/image/clahe.c - lib.pillow.enhance.AdaptiveContrast: the histogram of
 * lightness is equalized in each tile of a grid, but no value made too
 * frequent (CLAHE, as OpenCV has it); between the tiles' middles the results
 * are mixed.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

#define NT_GRID_MAX 64


/* --- sRGB and L*a*b* of D65 -----------------------------------------------*/

static float
to_linear(float v)
{
    return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}


static float
from_linear(float v)
{
    return v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1 / 2.4f) - 0.055f;
}


static float
lab_curve(float t)
{
    return t > 0.008856f ? cbrtf(t) : 7.787f * t + 16.0f / 116;
}


static float
lab_inverse(float t)
{
    return t > 0.206893f ? t * t * t : (t - 16.0f / 116) / 7.787f;
}


/* `linear` has the 256 values of to_linear. */
static void
rgb_to_lab(const unsigned char *rgb, const float *linear, float lab[3])
{
    float r = linear[rgb[0]], g = linear[rgb[1]], b = linear[rgb[2]];
    float x = (0.412453f * r + 0.357580f * g + 0.180423f * b) / 0.950456f;
    float y = 0.212671f * r + 0.715160f * g + 0.072169f * b;
    float z = (0.019334f * r + 0.119193f * g + 0.950227f * b) / 1.088754f;

    x = lab_curve(x);
    y = lab_curve(y);
    z = lab_curve(z);

    lab[0] = 116 * y - 16;
    lab[1] = 500 * (x - y);
    lab[2] = 200 * (y - z);
}


static void
lab_to_rgb(const float lab[3], unsigned char *rgb)
{
    int   i;
    float fy = (lab[0] + 16) / 116;
    float x = lab_inverse(fy + lab[1] / 500) * 0.950456f;
    float y = lab_inverse(fy);
    float z = lab_inverse(fy - lab[2] / 200) * 1.088754f;
    float linear[3] = { 3.240479f * x - 1.537150f * y - 0.498535f * z,
                        -0.969256f * x + 1.875991f * y + 0.041556f * z,
                        0.055648f * x - 0.204043f * y + 1.057311f * z };

    for (i = 0; i < 3; i++) {
        rgb[i] =
            nt_clip8((int) (from_linear(fmaxf(linear[i], 0)) * 255 + 0.5f));
    }
}


/* --- tiles ----------------------------------------------------------------*/

typedef struct {
    int            grid;
    int            width; /* of a tile */
    int            height;
    unsigned char *light; /* of each pixel, 0 to 255 */
    unsigned char (*luts)[256];
} nt_clahe_t;


/* Beyond the edge the image is mirrored. */
static int
mirror(int i, int n)
{
    if (n == 1) {
        return 0;
    }

    i %= 2 * n - 2;

    return i < n ? i : 2 * n - 2 - i;
}


/* Cuts off what is more frequent than `limit` and gives it to all values. */
static void
clip(int counts[256], int limit)
{
    int i, extra = 0, step;

    for (i = 0; i < 256; i++) {
        if (counts[i] > limit) {
            extra += counts[i] - limit;
            counts[i] = limit;
        }
    }

    for (i = 0; i < 256; i++) {
        counts[i] += extra / 256;
    }

    extra %= 256;
    step = extra > 0 && 256 / extra > 1 ? 256 / extra : 1;

    for (i = 0; i < 256 && extra > 0; i += step, extra--) {
        counts[i]++;
    }
}


static void
make_lut(const nt_clahe_t *c, const nt_image_t *image, int tile, double limit)
{
    int   x, y, sum = 0, i, area = c->width * c->height, counts[256] = { 0 };
    int   left = tile % c->grid * c->width, top = tile / c->grid * c->height;
    float scale = 255.0f / area;

    for (y = top; y < top + c->height; y++) {
        for (x = left; x < left + c->width; x++) {
            counts[c->light[(size_t) mirror(y, image->height) * image->width +
                            mirror(x, image->width)]]++;
        }
    }

    if (limit > 0) {
        clip(counts, (int) fmax(limit * area / 256, 1));
    }

    for (i = 0; i < 256; i++) {
        sum += counts[i];
        c->luts[tile][i] = nt_clip8((int) lrintf(sum * scale));
    }
}


/* The tiles before and behind a place, and how far it is to the second. */
static float
between(int at, int size, int grid, int *first, int *second)
{
    float place = (float) at / size - 0.5f, whole = floorf(place);

    *first = whole < 0 ? 0 : (int) whole;
    *second = (int) whole + 1 < grid ? (int) whole + 1 : grid - 1;

    return place - whole;
}


static float
light_at(const nt_clahe_t *c, int x, int y, int value)
{
    int   x1, x2, y1, y2;
    float dx = between(x, c->width, c->grid, &x1, &x2);
    float dy = between(y, c->height, c->grid, &y1, &y2);
    float above, below;

    above = c->luts[y1 * c->grid + x1][value] * (1 - dx) +
            c->luts[y1 * c->grid + x2][value] * dx;
    below = c->luts[y2 * c->grid + x1][value] * (1 - dx) +
            c->luts[y2 * c->grid + x2][value] * dx;

    return above * (1 - dy) + below * dy;
}


static void
change(nt_node_call_t *call, const nt_clahe_t *c, nt_image_t *image,
       const float *linear)
{
    int            x, y;
    size_t         i = 0;
    float          lab[3];
    unsigned char *p = image->data;

    for (y = 0; y < image->height && !nt_call_cancelled(call); y++) {
        for (x = 0; x < image->width; x++, i++, p += image->bands) {
            rgb_to_lab(p, linear, lab);
            lab[0] = rintf(light_at(c, x, y, c->light[i])) * 100 / 255;
            lab_to_rgb(lab, p);
        }
    }
}


static bool
clahe(nt_node_call_t *call, nt_image_t *image)
{
    int        tile;
    bool       even, good;
    float      linear[256], lab[3];
    size_t     i, n = (size_t) image->width * image->height;
    double     limit;
    nt_clahe_t c = { 0 };

    if (!nt_image_float(call, "clip_limit", 0, 100, &limit) ||
        !nt_image_int(call, "grid_size", 1, NT_GRID_MAX, &c.grid))
    {
        return false;
    }

    for (i = 0; i < 256; i++) {
        linear[i] = to_linear(i / 255.0f);
    }

    /* tiles of one size, of a larger image if it must be */
    even = image->width % c.grid == 0 && image->height % c.grid == 0;
    c.width = image->width / c.grid + !even;
    c.height = image->height / c.grid + !even;
    c.light = malloc(n);
    c.luts = malloc((size_t) c.grid * c.grid * sizeof(*c.luts));
    good = c.light != NULL && c.luts != NULL;

    for (i = 0; good && i < n; i++) {
        rgb_to_lab(image->data + i * image->bands, linear, lab);
        c.light[i] = nt_clip8((int) (lab[0] * 2.55f + 0.5f));
    }

    for (tile = 0; good && tile < c.grid * c.grid; tile++) {
        make_lut(&c, image, tile, limit);
    }

    if (good) {
        change(call, &c, image, linear);
    } else {
        (void) nt_arg_nomem(call);
    }

    free(c.light);
    free(c.luts);

    return good;
}


NT_IMAGE_RUN(run_clahe, clahe)

static const nt_property_t clahe_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_IMAGE_FLOAT("clip_limit", "2.0", 0, 100,
                   "How strong contrasts may get; 0 for no limit"),
    NT_IMAGE_INT("grid_size", "8", 1, 64,
                 "How many tiles there are in a row and in a column"),
    NT_PROP_END
};

const nt_node_type_t nt_image_clahe =
    NT_IMAGE_TYPE("lib.pillow.enhance.AdaptiveContrast", "Adaptive Contrast",
                  "Brings out contrasts in each part of an image by itself.",
                  clahe_properties, run_clahe);
