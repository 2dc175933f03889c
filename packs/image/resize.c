/*
 * packs/image/resize.c - images in other sizes, as Pillow resizes them: a
 * kernel as wide as the pixels of the result, first along the rows, then along
 * the columns, in fixed point.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/args.h"
#include "packs/image/image.h"

#define NT_BITS (32 - 8 - 2) /* of a weight behind the point */


/* What the pixels of one row or column of the result are made of: `size`
 * weights each, of `count` pixels from `first` on. */
typedef struct {
    int *first;
    int *count;
    int *weights;
    int  size;
} nt_taps_t;


static double
sinc(double x)
{
    return x == 0.0 ? 1.0 : sin(x * M_PI) / (x * M_PI);
}


static double
lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}


static double
bicubic(double x)
{
    const double a = -0.5;

    x = fabs(x);

    if (x < 1.0) {
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    }

    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}


static void
taps_free(nt_taps_t *taps)
{
    free(taps->first);
    free(taps->count);
    free(taps->weights);
}


/* The weights of one pixel, whose middle is at `center` of the source. */
static void
make_weights(const nt_taps_t *taps, int i, double center, double support,
             double step, double (*kernel)(double), double *values)
{
    int    x, *weights = taps->weights + (size_t) i * taps->size;
    double sum = 0;

    for (x = 0; x < taps->count[i]; x++) {
        values[x] = kernel((x + taps->first[i] - center + 0.5) * step);
        sum += values[x];
    }

    for (x = 0; x < taps->count[i]; x++) {
        values[x] = (sum != 0 ? values[x] / sum : values[x]) * (1 << NT_BITS);
        weights[x] = (int) (values[x] < 0 ? values[x] - 0.5 : values[x] + 0.5);
    }
}


/* From the part `from` to `to` of a row of `in` pixels to one of `out`. */
static bool
taps_make(nt_taps_t *taps, int in, double from, double to, int out,
          nt_resize_t how)
{
    int    i, last;
    double scale = (to - from) / out, wide = scale < 1 ? 1 : scale;
    double support = (how == NT_RESIZE_LANCZOS ? 3.0 : 2.0) * wide;
    double center, *values;

    taps->size = (int) ceil(support) * 2 + 1;
    taps->first = malloc(out * sizeof(int));
    taps->count = malloc(out * sizeof(int));
    taps->weights = malloc((size_t) out * taps->size * sizeof(int));
    values = malloc(taps->size * sizeof(double));

    if (taps->first == NULL || taps->count == NULL || taps->weights == NULL ||
        values == NULL)
    {
        free(values);
        return false;
    }

    for (i = 0; i < out; i++) {
        center = from + (i + 0.5) * scale;
        taps->first[i] = (int) fmax(center - support + 0.5, 0);
        last = (int) fmin(center + support + 0.5, in);
        taps->count[i] = last - taps->first[i];
        make_weights(taps, i, center, support, 1 / wide,
                     how == NT_RESIZE_LANCZOS ? lanczos : bicubic, values);
    }

    free(values);

    return true;
}


/* One pixel of the result: `in` is the first of those that it is made of,
 * `stride` bytes apart. */
static void
sum_pixel(unsigned char *out, const unsigned char *in, size_t stride,
          const int *weights, int count, int bands)
{
    int band, i, sum;

    for (band = 0; band < bands; band++) {
        sum = 1 << (NT_BITS - 1);

        for (i = 0; i < count; i++) {
            sum += in[i * stride + band] * weights[i];
        }

        out[band] = nt_clip8(sum >> NT_BITS);
    }
}


static bool
along_rows(nt_node_call_t *call, nt_image_t *image, int width,
           const nt_taps_t *taps)
{
    int        x, y, bands = image->bands;
    nt_image_t now;

    if (!nt_image_alloc(call, &now, width, image->height, bands)) {
        return false;
    }

    for (y = 0; y < now.height && !nt_call_cancelled(call); y++) {
        for (x = 0; x < width; x++) {
            sum_pixel(nt_image_row(&now, y) + (size_t) x * bands,
                      nt_image_row(image, y) + (size_t) taps->first[x] * bands,
                      bands, taps->weights + (size_t) x * taps->size,
                      taps->count[x], bands);
        }
    }

    nt_image_replace(image, &now);

    return true;
}


static bool
along_columns(nt_node_call_t *call, nt_image_t *image, int height,
              const nt_taps_t *taps)
{
    int        x, y, bands = image->bands;
    nt_image_t now;

    if (!nt_image_alloc(call, &now, image->width, height, bands)) {
        return false;
    }

    for (y = 0; y < height && !nt_call_cancelled(call); y++) {
        for (x = 0; x < now.width; x++) {
            sum_pixel(nt_image_row(&now, y) + (size_t) x * bands,
                      nt_image_row(image, taps->first[y]) + (size_t) x * bands,
                      (size_t) image->width * bands,
                      taps->weights + (size_t) y * taps->size, taps->count[y],
                      bands);
        }
    }

    nt_image_replace(image, &now);

    return true;
}


/* Colours times opacity, so that what cannot be seen adds nothing. */
static void
premultiply(nt_image_t *image)
{
    int            band, product;
    size_t         i, n = (size_t) image->width * image->height;
    unsigned char *p = image->data;

    for (i = 0; i < n; i++, p += image->bands) {
        for (band = 0; band < image->bands - 1; band++) {
            product = p[band] * p[image->bands - 1] + 128;
            p[band] = ((product >> 8) + product) >> 8;
        }
    }
}


static void
unpremultiply(nt_image_t *image)
{
    int            band, alpha;
    size_t         i, n = (size_t) image->width * image->height;
    unsigned char *p = image->data;

    for (i = 0; i < n; i++, p += image->bands) {
        alpha = p[image->bands - 1];

        for (band = 0; alpha != 0 && band < image->bands - 1; band++) {
            p[band] = nt_clip8(255 * p[band] / alpha);
        }
    }
}


/* One direction: from the part `from` to `to` of `in` pixels to `out`. */
static bool
pass(nt_node_call_t *call, nt_image_t *image, int in, double from, double to,
     int out, nt_resize_t how,
     bool (*along)(nt_node_call_t *call, nt_image_t *image, int size,
                   const nt_taps_t *taps))
{
    bool      good;
    nt_taps_t taps = { 0 };

    if (in == out && from == 0 && to == out) {
        return true;
    }

    good = taps_make(&taps, in, from, to, out, how);
    if (good) {
        good = along(call, image, out, &taps);
    } else {
        (void) nt_arg_nomem(call);
    }

    taps_free(&taps);

    return good;
}


static bool
resize(nt_node_call_t *call, nt_image_t *image, int width, int height,
       nt_resize_t how, const nt_box_t *box)
{
    return pass(call, image, image->width, box->left, box->right, width, how,
                along_rows) &&
           pass(call, image, image->height, box->top, box->bottom, height, how,
                along_columns);
}


bool
nt_image_resize(nt_node_call_t *call, nt_image_t *image, int width, int height,
                nt_resize_t how, const nt_box_t *box)
{
    nt_box_t   all = { 0, 0, image->width, image->height };
    nt_image_t probe;
    const bool alpha = image->bands % 2 == 0;

    if (box == NULL && width == image->width && height == image->height) {
        return true;
    }

    /* refuses sizes that are too large before any table is made */
    if (!nt_image_alloc(call, &probe, width, height, 1)) {
        return false;
    }
    nt_image_free(&probe);

    if (alpha) {
        premultiply(image);
    }

    if (!resize(call, image, width, height, how, box != NULL ? box : &all)) {
        return false;
    }

    if (alpha) {
        unpremultiply(image);
    }

    return true;
}


bool
nt_image_fit(nt_node_call_t *call, nt_image_t *image, int width, int height,
             nt_resize_t how)
{
    double   w = image->width, h = image->height;
    double   has = w / h, wanted = (double) width / height;
    nt_box_t box;

    if (has > wanted) {
        w = wanted * h;
    } else if (has < wanted) {
        h = w / wanted;
    }

    box.left = (image->width - w) * 0.5;
    box.top = (image->height - h) * 0.5;
    box.right = box.left + w;
    box.bottom = box.top + h;

    if (width == image->width && height == image->height) {
        return true;
    }

    return nt_image_resize(call, image, width, height, how, &box);
}
