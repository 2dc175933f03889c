/*
 * packs/image/image.c - pixels in memory.
 */

#include <stdlib.h>

#include "engine/nodes/args.h"
#include "packs/image/image.h"


bool
nt_image_alloc(nt_node_call_t *call, nt_image_t *image, int width, int height,
               int bands)
{
    *image = (nt_image_t) { NULL, width, height, bands };

    if (width < 1 || height < 1) {
        (void) nt_call_fail(call,
                            "the image would have %d x %d pixels; it "
                            "needs one at least",
                            width, height);
        return false;
    }

    if (width > NT_IMAGE_SIDE_MAX || height > NT_IMAGE_SIDE_MAX ||
        (size_t) width * height > NT_IMAGE_PIXELS_MAX)
    {
        (void) nt_call_fail(call,
                            "the image would have %d x %d pixels; at most "
                            "%zu million are allowed",
                            width, height, NT_IMAGE_PIXELS_MAX / 1000000);
        return false;
    }

    image->data = calloc((size_t) width * height, bands);
    if (image->data == NULL) {
        (void) nt_arg_nomem(call);
    }

    return image->data != NULL;
}


bool
nt_image_copy(nt_node_call_t *call, nt_image_t *image, const nt_image_t *from)
{
    if (!nt_image_alloc(call, image, from->width, from->height, from->bands)) {
        return false;
    }

    memcpy(image->data, from->data,
           (size_t) from->width * from->height * from->bands);

    return true;
}


void
nt_image_free(nt_image_t *image)
{
    free(image->data);
    *image = (nt_image_t) { 0 };
}


void
nt_image_replace(nt_image_t *image, nt_image_t *now)
{
    free(image->data);
    *image = *now;
    *now = (nt_image_t) { 0 };
}


/* What a pixel of `from` bands looks like with `to` of them. */
static void
convert_pixel(unsigned char *out, int to, const unsigned char *in, int from)
{
    const bool gray = from < 3;

    if (to < 3) {
        out[0] = gray ? in[0] : nt_luma(in);
    } else {
        out[0] = in[0];
        out[1] = in[gray ? 0 : 1];
        out[2] = in[gray ? 0 : 2];
    }

    if (to % 2 == 0) {
        out[to - 1] = from % 2 == 0 ? in[from - 1] : 255;
    }
}


bool
nt_image_convert(nt_node_call_t *call, nt_image_t *image, int bands)
{
    size_t     i, n = (size_t) image->width * image->height;
    nt_image_t now;

    if (image->bands == bands) {
        return true;
    }

    if (!nt_image_alloc(call, &now, image->width, image->height, bands)) {
        return false;
    }

    for (i = 0; i < n; i++) {
        convert_pixel(now.data + i * bands, bands,
                      image->data + i * image->bands, image->bands);
    }

    nt_image_replace(image, &now);

    return true;
}


bool
nt_image_match_bands(nt_node_call_t *call, nt_image_t *a, nt_image_t *b)
{
    int bands = a->bands > b->bands ? a->bands : b->bands;

    return nt_image_convert(call, a, bands) && nt_image_convert(call, b, bands);
}


void
nt_image_lut(nt_image_t *image, const unsigned char lut[][256])
{
    int            band, colors = nt_image_colors(image);
    size_t         i, n = (size_t) image->width * image->height;
    unsigned char *pixel = image->data;

    for (i = 0; i < n; i++, pixel += image->bands) {
        for (band = 0; band < colors; band++) {
            pixel[band] = lut[band][pixel[band]];
        }
    }
}


void
nt_image_histogram(const nt_image_t *image, size_t counts[][256])
{
    int                  band, colors = nt_image_colors(image);
    size_t               i, n = (size_t) image->width * image->height;
    const unsigned char *pixel = image->data;

    memset(counts, 0, colors * sizeof(counts[0]));

    for (i = 0; i < n; i++, pixel += image->bands) {
        for (band = 0; band < colors; band++) {
            counts[band][pixel[band]]++;
        }
    }
}
