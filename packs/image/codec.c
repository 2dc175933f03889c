/*
 * packs/image/codec.c - formats of images, by libvips: on the pool.
 */

#include <pthread.h>
#include <stdlib.h>

#include <vips/vips.h>

#include "engine/nodes/args.h"
#include "packs/image/image.h"

#define NT_ROWS         32 /* decoded at a time */
#define NT_VIPS_THREADS 2  /* of one operation: several jobs run at a time */
#define NT_PNG_EFFORT   3  /* most of it goes to the next node, once */


/* The loaders whose libraries are meant for bytes from anywhere.  libvips has
 * more of them, by ImageMagick, poppler and others. */
static const struct {
    const char *loader;
    const char *format;
} formats[] = {
    { "VipsForeignLoadJpegBuffer", "JPEG" },
    { "VipsForeignLoadPngBuffer", "PNG" },
    { "VipsForeignLoadWebpBuffer", "WEBP" },
    { "VipsForeignLoadNsgifBuffer", "GIF" },
    { "VipsForeignLoadTiffBuffer", "TIFF" },
    { "VipsForeignLoadHeifBuffer", "HEIF" },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool           started;


/* What libvips warns of is in the workflow's data, not in the engine. */
static void
drop_message(const gchar *domain, GLogLevelFlags level, const gchar *message,
             gpointer arg)
{
}


static void
start(void)
{
    (void) g_log_set_handler("VIPS",
                             G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE |
                                 G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG,
                             drop_message, NULL);
    started = VIPS_INIT("nodetool") == 0;
    vips_concurrency_set(NT_VIPS_THREADS);
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoadSvgBuffer", FALSE);
}


static bool
begin(nt_node_call_t *call)
{
    (void) pthread_once(&once, start);

    if (!started) {
        (void) nt_call_fail(call, "libvips cannot be started on this server");
    }

    return started;
}


/* The errors of all threads are in one buffer, so none is told. */
static void
end(VipsImage *image)
{
    if (image != NULL) {
        g_object_unref(image);
    }

    vips_error_clear();
    vips_thread_shutdown();
}


static void
on_eval(VipsImage *image, VipsProgress *progress, nt_node_call_t *call)
{
    if (nt_call_cancelled(call)) {
        vips_image_set_kill(image, TRUE);
    }
}


/* Lets work on an image stop when its job is cancelled. */
static void
watch(nt_node_call_t *call, VipsImage *image)
{
    vips_image_set_progress(image, TRUE);
    (void) g_signal_connect(image, "eval", G_CALLBACK(on_eval), call);
}


/* --- reading --------------------------------------------------------------*/

static const char *
format_of(const void *data, size_t len)
{
    size_t      i;
    const char *loader = vips_foreign_find_load_buffer(data, len);

    for (i = 0; loader != NULL && i < sizeof(formats) / sizeof(formats[0]); i++)
    {
        if (strcmp(loader, formats[i].loader) == 0) {
            return formats[i].format;
        }
    }

    return NULL;
}


static bool
fits(const VipsImage *image)
{
    return image->Xsize <= NT_IMAGE_SIDE_MAX &&
           image->Ysize <= NT_IMAGE_SIDE_MAX &&
           (size_t) image->Xsize * image->Ysize <= NT_IMAGE_PIXELS_MAX;
}


static nt_node_rc_t
too_large(nt_node_call_t *call, const char *name, const VipsImage *image)
{
    return nt_call_fail(call,
                        "'%s' has %d x %d pixels; at most %zu million are "
                        "allowed",
                        name, image->Xsize, image->Ysize,
                        NT_IMAGE_PIXELS_MAX / 1000000);
}


/* The head of an image; NULL after nt_call_fail. */
static VipsImage *
open_image(nt_node_call_t *call, const char *name, const void *data, size_t len,
           const char **format)
{
    VipsImage *image;

    if (!begin(call)) {
        return NULL;
    }

    *format = format_of(data, len);
    if (*format == NULL) {
        (void) nt_call_fail(call,
                            "'%s' is no image that can be read: it must be a "
                            "JPEG, PNG, WebP, GIF, TIFF, HEIF or AVIF",
                            name);
        return NULL;
    }

    image = vips_image_new_from_buffer(data, len, "", "access",
                                       VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                       VIPS_FAIL_ON_ERROR, NULL);
    if (image == NULL) {
        (void) nt_call_fail(call, "'%s' is a damaged %s", name, *format);
        return NULL;
    }

    if (!fits(image)) {
        (void) too_large(call, name, image);
        g_object_unref(image);
        return NULL;
    }

    return image;
}


static const char *
mode_of(const VipsImage *image)
{
    if (image->Type == VIPS_INTERPRETATION_CMYK) {
        return "CMYK";
    }

    switch (image->Bands) {
    case 1:
        return image->BandFmt == VIPS_FORMAT_UCHAR ? "L" : "I;16";
    case 2:
        return "LA";
    case 3:
        return "RGB";
    default:
        return "RGBA";
    }
}


bool
nt_image_probe(nt_node_call_t *call, const char *name, const void *data,
               size_t len, nt_image_info_t *info)
{
    VipsImage *image;

    image = open_image(call, name, data, len, &info->format);
    if (image == NULL) {
        end(NULL);
        return false;
    }

    info->mode = mode_of(image);
    info->width = image->Xsize;
    info->height = image->Ysize;
    info->bands = image->Bands;
    end(image);

    return true;
}


/* Replaces *image by what an operation made of it. */
static bool
became(VipsImage **image, int status, VipsImage *const *now)
{
    if (status != 0) {
        return false;
    }

    g_object_unref(*image);
    *image = *now;

    return true;
}


/* Turns an image upright, which reads the rows in another order than they
 * come. */
static bool
turn(VipsImage **image)
{
    VipsImage *now = vips_image_copy_memory(*image);

    return became(image, now == NULL, &now) &&
           became(image, vips_autorot(*image, &now, NULL), &now);
}


/* Upright, RGB or RGBA of 8 bits. */
static bool
normalize(VipsImage **image)
{
    VipsImage *now = NULL;

    if (vips_image_get_orientation(*image) > 1 && !turn(image)) {
        return false;
    }

    if ((*image)->Type != VIPS_INTERPRETATION_sRGB &&
        !became(image,
                vips_colourspace(*image, &now, VIPS_INTERPRETATION_sRGB, NULL),
                &now))
    {
        return false;
    }

    if ((*image)->BandFmt != VIPS_FORMAT_UCHAR &&
        !became(image, vips_cast_uchar(*image, &now, NULL), &now))
    {
        return false;
    }

    return (*image)->Bands <= 4 ||
           became(image, vips_extract_band(*image, &now, 0, "n", 4, NULL),
                  &now);
}


/* Copies the rows of an image of 8 bits. */
static bool
copy_rows(nt_node_call_t *call, VipsImage *image, unsigned char *to)
{
    int         y;
    bool        good;
    size_t      line = (size_t) image->Xsize * (size_t) image->Bands;
    VipsRect    rows = { 0, 0, image->Xsize, 0 };
    VipsRegion *region = vips_region_new(image);

    if (region == NULL) {
        return false;
    }

    good = true;
    for (y = 0; good && y < image->Ysize; y++) {
        if (y == rows.top + rows.height) {
            rows.top = y;
            rows.height = VIPS_MIN(NT_ROWS, image->Ysize - y);
            good = !nt_call_cancelled(call) &&
                   vips_region_prepare(region, &rows) == 0;
        }
        if (good) {
            memcpy(to + (size_t) y * line, VIPS_REGION_ADDR(region, 0, y),
                   line);
        }
    }

    g_object_unref(region);

    return good;
}


/*
 * Takes the pixels of a vips image over, on this thread: libvips' own ones
 * now and then lose the error of a damaged image on their way, and give what
 * was in memory for its pixels.
 */
static bool
take_pixels(nt_node_call_t *call, VipsImage *image, nt_image_t *out)
{
    out->data = malloc((size_t) VIPS_IMAGE_SIZEOF_IMAGE(image));
    if (out->data == NULL) {
        return false;
    }

    out->width = image->Xsize;
    out->height = image->Ysize;
    out->bands = image->Bands;

    if (!copy_rows(call, image, out->data)) {
        free(out->data);
        out->data = NULL;
        return false;
    }

    return true;
}


bool
nt_image_decode(nt_node_call_t *call, const char *name, const void *data,
                size_t len, nt_image_t *out)
{
    bool        good;
    VipsImage  *image;
    const char *format;

    *out = (nt_image_t) { 0 };

    image = open_image(call, name, data, len, &format);
    if (image == NULL) {
        end(NULL);
        return false;
    }

    good = normalize(&image) && take_pixels(call, image, out);
    end(image);

    if (!good) {
        (void) nt_call_fail(call, "'%s' is a damaged or truncated %s", name,
                            format);
        return false;
    }

    return out->bands >= 3 ||
           nt_image_convert(call, out, out->bands == 1 ? 3 : 4);
}


bool
nt_image_svg(nt_node_call_t *call, nt_str_t svg, double scale, nt_image_t *out)
{
    bool       good;
    VipsImage *image = NULL;

    *out = (nt_image_t) { 0 };

    if (!begin(call)) {
        return false;
    }

    good = vips_svgload_buffer((void *) svg.data, svg.len, &image, "scale",
                               scale, NULL) == 0;

    if (good && !fits(image)) {
        (void) too_large(call, "content", image);
        end(image);
        return false;
    }

    good = good && normalize(&image) && take_pixels(call, image, out);
    end(image);

    if (!good) {
        (void) nt_call_fail(call,
                            "'content' makes no SVG that can be drawn; see "
                            "whether its XML is well-formed");
    }

    return good;
}


/* --- writing --------------------------------------------------------------*/

static int
save(VipsImage *image, const char *extension, void **data, size_t *len)
{
    if (strcmp(extension, ".png") == 0) {
        return vips_pngsave_buffer(image, data, len, "compression",
                                   NT_PNG_EFFORT, NULL);
    }

    return vips_image_write_to_buffer(image, extension, data, len, NULL);
}


bool
nt_image_encode(nt_node_call_t *call, const nt_image_t *pixels,
                const char *extension, void **data, size_t *len)
{
    bool       good;
    VipsImage *image, *now;

    if (!begin(call)) {
        return false;
    }

    image = vips_image_new_from_memory(pixels->data,
                                       (size_t) pixels->width * pixels->height *
                                           pixels->bands,
                                       pixels->width, pixels->height,
                                       pixels->bands, VIPS_FORMAT_UCHAR);
    if (image != NULL) {
        now = NULL;
        good = became(&image,
                      vips_copy(image, &now, "interpretation",
                                pixels->bands < 3 ? VIPS_INTERPRETATION_B_W
                                                  : VIPS_INTERPRETATION_sRGB,
                                NULL),
                      &now);
        watch(call, image);
        good = good && save(image, extension, data, len) == 0;
    } else {
        good = false;
    }

    end(image);

    if (!good) {
        (void) nt_call_fail(call, "the image cannot be saved as \"%s\"",
                            extension);
    }

    return good;
}


bool
nt_image_encode_png(nt_node_call_t *call, const nt_image_t *image,
                    nt_image_png_t *png)
{
    if (!nt_image_encode(call, image, ".png", &png->data, &png->len)) {
        return false;
    }

    nt_generated_key(png->key, "png", png->data, png->len);

    return true;
}
