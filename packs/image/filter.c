/*
 * packs/image/filter.c - lib.pillow.filter.*: what is done to each pixel by
 * itself.
 */

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"


static void
same_lut(nt_image_t *image, const unsigned char lut[256])
{
    unsigned char all[3][256];

    memcpy(all[0], lut, 256);
    memcpy(all[1], lut, 256);
    memcpy(all[2], lut, 256);
    nt_image_lut(image, all);
}


/* --- Invert, Solarize, Posterize ------------------------------------------*/

static void
invert_from(nt_image_t *image, int threshold)
{
    int           i;
    unsigned char lut[256];

    for (i = 0; i < 256; i++) {
        lut[i] = i < threshold ? i : 255 - i;
    }

    same_lut(image, lut);
}


static bool
invert(nt_node_call_t *call, nt_image_t *image)
{
    invert_from(image, 0);

    return true;
}


static bool
solarize(nt_node_call_t *call, nt_image_t *image)
{
    int threshold;

    if (!nt_image_int(call, "threshold", 0, 255, &threshold)) {
        return false;
    }

    invert_from(image, threshold);

    return true;
}


static bool
posterize(nt_node_call_t *call, nt_image_t *image)
{
    int           i, bits;
    unsigned char lut[256];

    if (!nt_image_int(call, "bits", 1, 8, &bits)) {
        return false;
    }

    for (i = 0; i < 256; i++) {
        lut[i] = i >> (8 - bits) << (8 - bits);
    }

    same_lut(image, lut);

    return true;
}


NT_IMAGE_RUN(run_invert, invert)
NT_IMAGE_RUN(run_solarize, solarize)
NT_IMAGE_RUN(run_posterize, posterize)


static const nt_property_t invert_properties[] = {
    NT_IMAGE_PROP("The image to invert"), NT_PROP_END
};

const nt_node_type_t nt_image_invert =
    NT_IMAGE_TYPE("lib.pillow.filter.Invert", "Invert",
                  "Makes a negative of an image.", invert_properties,
                  run_invert);


static const nt_property_t solarize_properties[] = {
    NT_IMAGE_PROP("The image to solarize"),
    NT_IMAGE_INT("threshold", "128", 0, 255,
                 "The least value that is inverted"),
    NT_PROP_END
};

const nt_node_type_t nt_image_solarize =
    NT_IMAGE_TYPE("lib.pillow.filter.Solarize", "Solarize",
                  "Inverts what is light in an image.", solarize_properties,
                  run_solarize);


static const nt_property_t posterize_properties[] = {
    NT_IMAGE_PROP("The image to posterize"),
    NT_IMAGE_INT("bits", "4", 1, 8, "How many bits of each colour are kept"),
    NT_PROP_END
};

const nt_node_type_t nt_image_posterize =
    NT_IMAGE_TYPE("lib.pillow.filter.Posterize", "Posterize",
                  "Makes few colours of many, as posters have them.",
                  posterize_properties, run_posterize);


/* --- Expand ---------------------------------------------------------------*/

static bool
expand(nt_node_call_t *call, nt_image_t *image)
{
    int        y, border, fill;
    size_t     i, row = (size_t) image->width * image->bands;
    nt_image_t now;

    if (!nt_image_int(call, "border", 0, NT_IMAGE_SIDE_MAX, &border) ||
        !nt_image_int(call, "fill", 0, 255, &fill) ||
        !nt_image_alloc(call, &now, image->width + 2 * border,
                        image->height + 2 * border, image->bands))
    {
        return false;
    }

    memset(now.data, fill, (size_t) now.width * now.height * now.bands);

    if (now.bands == 4) {
        for (i = 3; i < (size_t) now.width * now.height * 4; i += 4) {
            now.data[i] = 255;
        }
    }

    for (y = 0; y < image->height; y++) {
        memcpy(nt_image_row(&now, y + border) + (size_t) border * now.bands,
               nt_image_row(image, y), row);
    }

    nt_image_replace(image, &now);

    return true;
}


NT_IMAGE_RUN(run_expand, expand)

static const nt_property_t expand_properties[] = {
    NT_IMAGE_PROP("The image that gets a border"),
    NT_IMAGE_INT("border", "0", 0, 512, "The width of the border in pixels"),
    NT_IMAGE_INT("fill", "0", 0, 255, "Its grey, from black to white"),
    NT_PROP_END
};

const nt_node_type_t nt_image_expand =
    NT_IMAGE_TYPE("lib.pillow.filter.Expand", "Expand",
                  "Puts a border around an image.", expand_properties,
                  run_expand);


/* --- ConvertToGrayscale, GetChannel ---------------------------------------*/

static bool
grayscale(nt_node_call_t *call, nt_image_t *image)
{
    return nt_image_convert(call, image, 1);
}


static bool
channel(nt_node_call_t *call, nt_image_t *image)
{
    size_t      i, len, n = (size_t) image->width * image->height;
    const char *name = nt_call_string(call, "channel", &len);
    int         band = *name == 'R' ? 0 : *name == 'G' ? 1 : 2;
    nt_image_t  now;

    if (!nt_image_alloc(call, &now, image->width, image->height, 1)) {
        return false;
    }

    for (i = 0; i < n; i++) {
        now.data[i] = image->data[i * image->bands + band];
    }

    nt_image_replace(image, &now);

    return true;
}


NT_IMAGE_RUN(run_grayscale, grayscale)
NT_IMAGE_RUN(run_channel, channel)


static const nt_property_t grayscale_properties[] = {
    NT_IMAGE_PROP("The image to convert"), NT_PROP_END
};

const nt_node_type_t nt_image_grayscale =
    NT_IMAGE_TYPE("lib.pillow.filter.ConvertToGrayscale",
                  "Convert To Grayscale", "Takes the colours out of an image.",
                  grayscale_properties, run_grayscale);


static const char *const channels[] = { "R", "G", "B", NULL };

static const nt_property_t channel_properties[] = {
    NT_IMAGE_PROP("The image to take it from"),
    NT_PROP_ENUM("channel", channels, "\"R\"", "Which colour to take"),
    NT_PROP_END
};

const nt_node_type_t nt_image_channel =
    NT_IMAGE_TYPE("lib.pillow.filter.GetChannel", "Get Channel",
                  "Takes one colour of an image, as a grey one.",
                  channel_properties, run_channel);
