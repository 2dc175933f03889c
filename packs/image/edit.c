/*
 * packs/image/edit.c - nodetool.image.*: sizes and parts of images.
 */

#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"


/* --- Scale, Resize, Fit ---------------------------------------------------*/

static bool
scale(nt_node_call_t *call, nt_image_t *image)
{
    double factor;

    return nt_image_float(call, "scale", 0, NT_IMAGE_SIDE_MAX, &factor) &&
           nt_image_resize(call, image, (int) (image->width * factor),
                           (int) (image->height * factor), NT_RESIZE_LANCZOS,
                           NULL);
}


static bool
get_size(nt_node_call_t *call, int *width, int *height)
{
    return nt_image_int(call, "width", 1, NT_IMAGE_SIDE_MAX, width) &&
           nt_image_int(call, "height", 1, NT_IMAGE_SIDE_MAX, height);
}


static bool
resize(nt_node_call_t *call, nt_image_t *image)
{
    int width, height;

    return get_size(call, &width, &height) &&
           nt_image_resize(call, image, width, height, NT_RESIZE_LANCZOS, NULL);
}


static bool
fit(nt_node_call_t *call, nt_image_t *image)
{
    int width, height;

    return get_size(call, &width, &height) &&
           nt_image_fit(call, image, width, height, NT_RESIZE_LANCZOS);
}


NT_IMAGE_RUN(run_scale, scale)
NT_IMAGE_RUN(run_resize, resize)
NT_IMAGE_RUN(run_fit, fit)


static const nt_property_t scale_properties[] = {
    NT_IMAGE_PROP("The image to scale"),
    NT_IMAGE_FLOAT("scale", "1.0", 0, 10, "How many times as large it gets"),
    NT_PROP_END
};

const nt_node_type_t nt_image_scale =
    NT_IMAGE_TYPE("nodetool.image.Scale", "Scale",
                  "Makes an image larger or smaller by a factor.",
                  scale_properties, run_scale);


static const nt_property_t resize_properties[] = {
    NT_IMAGE_PROP("The image to resize"),
    NT_IMAGE_INT("width", "512", 0, 4096, "The new width in pixels"),
    NT_IMAGE_INT("height", "512", 0, 4096, "The new height in pixels"),
    NT_PROP_END
};

const nt_node_type_t nt_image_resize_type =
    NT_IMAGE_TYPE("nodetool.image.Resize", "Resize",
                  "Gives an image another width and height.", resize_properties,
                  run_resize);


static const nt_property_t fit_properties[] = {
    NT_IMAGE_PROP("The image to fit"),
    NT_IMAGE_INT("width", "512", 1, 4096, "The width to fill"),
    NT_IMAGE_INT("height", "512", 1, 4096, "The height to fill"), NT_PROP_END
};

const nt_node_type_t nt_image_fit_type =
    NT_IMAGE_TYPE("nodetool.image.Fit", "Fit",
                  "Resizes an image without distorting it; what does not fit "
                  "is cut off on both sides.",
                  fit_properties, run_fit);


/* --- Crop, Paste ----------------------------------------------------------*/

bool
nt_image_paste(nt_image_t *image, const nt_image_t *from, int left, int top)
{
    int x, y, bands = from->bands, width = from->width;

    if (left >= image->width || top >= image->height || bands != image->bands) {
        return false;
    }

    x = left < 0 ? -left : 0;
    width = width < image->width - left ? width : image->width - left;

    for (y = top < 0 ? -top : 0;
         y < from->height && top + y < image->height && x < width; y++)
    {
        memcpy(nt_image_row(image, top + y) + (size_t) (left + x) * bands,
               nt_image_row(from, y) + (size_t) x * bands,
               (size_t) (width - x) * bands);
    }

    return true;
}


static bool
crop(nt_node_call_t *call, nt_image_t *image)
{
    int        left, top, right, bottom;
    nt_image_t now;

    if (!nt_image_int(call, "left", 0, NT_IMAGE_SIDE_MAX, &left) ||
        !nt_image_int(call, "top", 0, NT_IMAGE_SIDE_MAX, &top) ||
        !nt_image_int(call, "right", 0, NT_IMAGE_SIDE_MAX, &right) ||
        !nt_image_int(call, "bottom", 0, NT_IMAGE_SIDE_MAX, &bottom))
    {
        return false;
    }

    if (right <= left || bottom <= top) {
        (void) nt_call_fail(call, "'right' must be more than 'left', and "
                                  "'bottom' more than 'top'");
        return false;
    }

    if (!nt_image_alloc(call, &now, right - left, bottom - top, image->bands)) {
        return false;
    }

    /* what lies outside is black, or transparent */
    (void) nt_image_paste(&now, image, -left, -top);
    nt_image_replace(image, &now);

    return true;
}


NT_IMAGE_RUN(run_crop, crop)

static const nt_property_t crop_properties[] = {
    NT_IMAGE_PROP("The image to crop"),
    NT_IMAGE_INT("left", "0", 0, 4096, "The first column that stays"),
    NT_IMAGE_INT("top", "0", 0, 4096, "The first row that stays"),
    NT_IMAGE_INT("right", "512", 0, 4096, "The column behind the last one"),
    NT_IMAGE_INT("bottom", "512", 0, 4096, "The row behind the last one"),
    NT_PROP_END
};

const nt_node_type_t nt_image_crop =
    NT_IMAGE_TYPE("nodetool.image.Crop", "Crop", "Cuts a part out of an image.",
                  crop_properties, run_crop);


/* Lays `over` on an image, through its opacity. */
static void
lay_over(nt_image_t *image, const nt_image_t *over, int left, int top)
{
    int                  x, y, band;
    const unsigned char *from;
    unsigned char       *to;

    for (y = 0; y < over->height && top + y < image->height; y++) {
        for (x = 0; x < over->width && left + x < image->width; x++) {
            from = nt_image_row(over, y) + (size_t) x * 4;
            to = nt_image_row(image, top + y) +
                 (size_t) (left + x) * image->bands;

            for (band = 0; band < 3; band++) {
                to[band] = nt_image_mix(to[band], from[band], from[3]);
            }

            if (image->bands == 4) {
                to[3] = nt_image_mix(to[3], 255, from[3]);
            }
        }
    }
}


static bool
paste(nt_node_call_t *call, nt_image_t *images)
{
    int left, top;

    if (!nt_image_int(call, "left", 0, NT_IMAGE_SIDE_MAX, &left) ||
        !nt_image_int(call, "top", 0, NT_IMAGE_SIDE_MAX, &top))
    {
        return false;
    }

    if (images[1].bands == 4) {
        lay_over(&images[0], &images[1], left, top);
        return true;
    }

    if (!nt_image_match_bands(call, &images[0], &images[1])) {
        return false;
    }

    (void) nt_image_paste(&images[0], &images[1], left, top);

    return true;
}


static nt_node_rc_t
run_paste(nt_node_call_t *call)
{
    static const char *const names[] = { "image", "paste", NULL };

    return nt_image_run(call, names, paste);
}


static const nt_property_t paste_properties[] = {
    NT_IMAGE_PROP("The image below"),
    NT_PROP("paste", "image", NT_DEFAULT_IMAGE, "The image to lay on it"),
    NT_IMAGE_INT("left", "0", 0, 4096, "The column where it begins"),
    NT_IMAGE_INT("top", "0", 0, 4096, "The row where it begins"), NT_PROP_END
};

const nt_node_type_t nt_image_paste_type =
    NT_IMAGE_TYPE("nodetool.image.Paste", "Paste", "Lays one image on another.",
                  paste_properties, run_paste);


/* --- GetMetadata ----------------------------------------------------------*/

typedef struct {
    char           *data;
    size_t          len;
    nt_image_info_t info;
    bool            good;
} nt_metadata_t;


static void
probe(nt_node_call_t *call, void *arg)
{
    nt_metadata_t *m = arg;

    m->good = nt_image_probe(call, "image", m->data, m->len, &m->info);
}


static nt_node_rc_t
run_metadata(nt_node_call_t *call)
{
    nt_metadata_t m = { .good = false };

    if (!nt_image_load(call, "image", nt_call_input(call, "image"), &m.data,
                       &m.len))
    {
        return NT_NODE_FAIL;
    }

    m.good = nt_call_thread(call, probe, &m) && m.good;
    free(m.data);

    if (!m.good ||
        nt_call_emit(call, "format", json_string(m.info.format)) !=
            NT_NODE_DONE ||
        nt_call_emit(call, "mode", json_string(m.info.mode)) != NT_NODE_DONE ||
        nt_call_emit(call, "width", json_integer(m.info.width)) !=
            NT_NODE_DONE ||
        nt_call_emit(call, "height", json_integer(m.info.height)) !=
            NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "channels", json_integer(m.info.bands));
}


static const nt_property_t metadata_properties[] = {
    NT_IMAGE_PROP("The image to look at"), NT_PROP_END
};

static const nt_output_t metadata_outputs[] = {
    { "format", "str" }, { "mode", "str" },     { "width", "int" },
    { "height", "int" }, { "channels", "int" }, { NULL, NULL }
};

const nt_node_type_t nt_image_metadata = {
    .type = "nodetool.image.GetMetadata",
    .title = "Get Metadata",
    .description = "Tells format, mode, size and channels of an image.",
    .properties = metadata_properties,
    .outputs = metadata_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_metadata
};
