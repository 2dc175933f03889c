/*
 * packs/image/blend.c - lib.pillow.*: two images in one.
 */

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"


/* --- Blend ----------------------------------------------------------------*/

static bool
blend(nt_node_call_t *call, nt_image_t *images)
{
    double      alpha;
    size_t      i, n;
    nt_image_t *a = &images[0], *b = &images[1];

    if (!nt_image_float(call, "alpha", 0, 1, &alpha) ||
        !nt_image_fit(call, b, a->width, a->height, NT_RESIZE_BICUBIC) ||
        !nt_image_match_bands(call, a, b))
    {
        return false;
    }

    n = (size_t) a->width * a->height * a->bands;

    for (i = 0; i < n; i++) {
        a->data[i] =
            (unsigned char) (a->data[i] + alpha * (b->data[i] - a->data[i]));
    }

    return true;
}


static nt_node_rc_t
run_blend(nt_node_call_t *call)
{
    static const char *const names[] = { "image1", "image2", NULL };

    return nt_image_run(call, names, blend);
}


static const nt_property_t blend_properties[] = {
    NT_PROP("image1", "image", NT_DEFAULT_IMAGE, "The first image"),
    NT_PROP("image2", "image", NT_DEFAULT_IMAGE,
            "The second image; it is made as large as the first"),
    NT_IMAGE_FLOAT("alpha", "0.5", 0, 1,
                   "How much of the second is in the result"),
    NT_PROP_END
};

const nt_node_type_t nt_image_blend =
    NT_IMAGE_TYPE("lib.pillow.__init__.Blend", "Blend", "Mixes two images.",
                  blend_properties, run_blend);


/* --- Composite ------------------------------------------------------------*/

/* Which of the first image is seen: the mask's opacity, if it has one, else
 * its brightness. */
static unsigned char
mask_at(const nt_image_t *mask, size_t i)
{
    const unsigned char *p = mask->data + i * mask->bands;

    return mask->bands == 4 ? p[3] : nt_luma(p);
}


static bool
composite(nt_node_call_t *call, nt_image_t *images)
{
    int            band;
    size_t         i, n;
    nt_image_t    *a = &images[0], *b = &images[1];
    unsigned char *to, mask;

    if (!nt_image_convert(call, a, 4) || !nt_image_convert(call, b, 4) ||
        !nt_image_fit(call, b, a->width, a->height, NT_RESIZE_BICUBIC) ||
        !nt_image_fit(call, &images[2], a->width, a->height, NT_RESIZE_BICUBIC))
    {
        return false;
    }

    n = (size_t) a->width * a->height;

    for (i = 0; i < n; i++) {
        mask = mask_at(&images[2], i);
        to = a->data + i * 4;

        for (band = 0; band < 4; band++) {
            to[band] = nt_image_mix(b->data[i * 4 + band], to[band], mask);
        }
    }

    return true;
}


static nt_node_rc_t
run_composite(nt_node_call_t *call)
{
    static const char *const names[] = { "image1", "image2", "mask", NULL };

    return nt_image_run(call, names, composite);
}


static const nt_property_t composite_properties[] = {
    NT_PROP("image1", "image", NT_DEFAULT_IMAGE,
            "The image that is seen where the mask is white"),
    NT_PROP("image2", "image", NT_DEFAULT_IMAGE,
            "The image that is seen where the mask is black"),
    NT_PROP("mask", "image", NT_DEFAULT_IMAGE,
            "Which of them is seen where; its opacity counts if it has one"),
    NT_PROP_END
};

const nt_node_type_t nt_image_composite =
    NT_IMAGE_TYPE("lib.pillow.__init__.Composite", "Composite",
                  "Puts two images together by a mask.", composite_properties,
                  run_composite);
