/*
 * packs/image/blur.c - blurring and what is made of it, as Pillow does it: a
 * box blur whose edges weigh in parts, three times, is near a Gaussian one
 * and takes the same time for any radius.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

#define NT_PASSES     3
#define NT_RADIUS_MAX 4096


/* The box that does in NT_PASSES what a Gaussian of this radius does. */
static double
box_radius(double radius)
{
    double sigma2 = radius * radius / NT_PASSES;
    double l = floor((sqrt(12.0 * sigma2 + 1.0) - 1.0) / 2.0);
    double a = (2 * l + 1) * (l * (l + 1) - 3 * sigma2);

    return l + a / (6 * (sigma2 - (l + 1) * (l + 1)));
}


/* A box of 2 whole + 1 pixels of weight `inner`, and one of weight `edge` on
 * each side, in units of 2^-24. */
typedef struct {
    int      whole;
    uint32_t inner;
    uint32_t edge;
} nt_blur_box_t;


/* One band of `n` pixels; beyond its ends the line goes on as it ends. */
static void
blur_line(unsigned char *out, const unsigned char *in, int n,
          const nt_blur_box_t *box)
{
    int      i, left, right;
    uint32_t sum = 0;

    for (i = -box->whole; i <= box->whole; i++) {
        sum += in[i < 0 ? 0 : i >= n ? n - 1 : i];
    }

    for (i = 0; i < n; i++) {
        left = i - box->whole - 1;
        right = i + box->whole + 1;
        left = left < 0 ? 0 : left;
        right = right >= n ? n - 1 : right;

        out[i] = (sum * box->inner +
                  ((uint32_t) in[left] + in[right]) * box->edge + (1 << 23)) >>
                 24;
        sum += in[right];
        left = i - box->whole;
        sum -= in[left < 0 ? 0 : left];
    }
}


/* All passes over one band of a row or column. */
static void
blur_band(unsigned char *data, size_t stride, int n, const nt_blur_box_t *box,
          unsigned char *lines)
{
    int            i, pass;
    unsigned char *in = lines, *out = lines + n, *swap;

    for (i = 0; i < n; i++) {
        in[i] = data[i * stride];
    }

    for (pass = 0; pass < NT_PASSES; pass++) {
        blur_line(out, in, n, box);
        swap = in;
        in = out;
        out = swap;
    }

    for (i = 0; i < n; i++) {
        data[i * stride] = in[i];
    }
}


bool
nt_image_blur(nt_node_call_t *call, nt_image_t *image, double radius)
{
    int            i, band, bands = image->bands;
    float          box_r;
    size_t         row = (size_t) image->width * bands;
    nt_blur_box_t  box;
    unsigned char *lines;

    if (radius <= 0) {
        return true;
    }

    box_r = (float) box_radius(radius);
    box.whole = (int) box_r;
    box.inner = (uint32_t) ((1 << 24) / (box_r * 2 + 1));
    box.edge = ((1 << 24) - (box.whole * 2 + 1) * box.inner) / 2;

    lines = malloc((size_t) 2 * (image->width > image->height ? image->width
                                                              : image->height));
    if (lines == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    for (i = 0; i < image->height && !nt_call_cancelled(call); i++) {
        for (band = 0; band < bands; band++) {
            blur_band(nt_image_row(image, i) + band, bands, image->width, &box,
                      lines);
        }
    }

    for (i = 0; i < image->width && !nt_call_cancelled(call); i++) {
        for (band = 0; band < bands; band++) {
            blur_band(image->data + (size_t) i * bands + band, row,
                      image->height, &box, lines);
        }
    }

    free(lines);

    return true;
}


/* --- lib.pillow.filter.Blur -----------------------------------------------*/

static bool
blur(nt_node_call_t *call, nt_image_t *image)
{
    int radius;

    return nt_image_int(call, "radius", 0, NT_RADIUS_MAX, &radius) &&
           nt_image_blur(call, image, radius);
}


NT_IMAGE_RUN(run_blur, blur)

static const nt_property_t blur_properties[] = {
    NT_IMAGE_PROP("The image to blur"),
    NT_IMAGE_INT("radius", "2", 0, 128, "How many pixels far it is blurred"),
    NT_PROP_END
};

const nt_node_type_t nt_image_filter_blur =
    NT_IMAGE_TYPE("lib.pillow.filter.Blur", "Blur",
                  "Blurs an image, as a Gaussian does.", blur_properties,
                  run_blur);


/* --- lib.pillow.enhance.UnsharpMask ---------------------------------------*/

static bool
unsharp(nt_node_call_t *call, nt_image_t *image)
{
    int                  band, diff, radius, percent, threshold;
    size_t               i, n = (size_t) image->width * image->height;
    nt_image_t           blurred;
    unsigned char       *p;
    const unsigned char *b;

    if (!nt_image_int(call, "radius", 0, NT_RADIUS_MAX, &radius) ||
        !nt_image_int(call, "percent", 0, 1000000, &percent) ||
        !nt_image_int(call, "threshold", 0, 512, &threshold))
    {
        return false;
    }

    if (!nt_image_copy(call, &blurred, image)) {
        return false;
    }

    if (!nt_image_blur(call, &blurred, radius)) {
        nt_image_free(&blurred);
        return false;
    }

    for (i = 0; i < n; i++) {
        p = image->data + i * image->bands;
        b = blurred.data + i * image->bands;

        for (band = 0; band < nt_image_colors(image); band++) {
            diff = p[band] - b[band];
            if (abs(diff) > threshold) {
                p[band] = nt_clip8(p[band] + diff * percent / 100);
            }
        }
    }

    nt_image_free(&blurred);

    return true;
}


NT_IMAGE_RUN(run_unsharp, unsharp)

static const nt_property_t unsharp_properties[] = {
    NT_IMAGE_PROP("The image to sharpen"),
    NT_IMAGE_INT("radius", "2", 0, 512, "How wide the edges are, in pixels"),
    NT_IMAGE_INT("percent", "150", 0, 1000, "How much stronger edges get"),
    NT_IMAGE_INT("threshold", "3", 0, 512,
                 "The least difference that is an edge"),
    NT_PROP_END
};

const nt_node_type_t nt_image_unsharp_mask =
    NT_IMAGE_TYPE("lib.pillow.enhance.UnsharpMask", "Unsharp Mask",
                  "Sharpens an image by what sets it apart from a blurred one.",
                  unsharp_properties, run_unsharp);
