/*
 * packs/image/kernel.c - convolutions with Pillow's kernels of 3 x 3.
 */

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"


/* As Pillow has it, the kernel's first line is that of the row below. */
static void
kernel_pixel(unsigned char *out, const unsigned char *in, ptrdiff_t row,
             int bands, int colors, const float k[9], float offset)
{
    int                  band;
    float                sum;
    const unsigned char *p;

    for (band = 0; band < colors; band++) {
        p = in + row + band;
        sum = offset + p[-bands] * k[0] + p[0] * k[1] + p[bands] * k[2];
        p -= row;
        sum += p[-bands] * k[3] + p[0] * k[4] + p[bands] * k[5];
        p -= row;
        sum += p[-bands] * k[6] + p[0] * k[7] + p[bands] * k[8];
        out[band] = sum <= 0 ? 0 : sum >= 255 ? 255 : (unsigned char) sum;
    }
}


bool
nt_image_kernel(nt_node_call_t *call, nt_image_t *image, const float kernel[9],
                float scale, float offset)
{
    int        i, x, y, bands = image->bands;
    float      k[9];
    ptrdiff_t  row = (ptrdiff_t) image->width * bands;
    nt_image_t now;

    for (i = 0; i < 9; i++) {
        k[i] = kernel[i] / scale;
    }

    /* the outermost pixels stay what they are */
    if (!nt_image_copy(call, &now, image)) {
        return false;
    }

    for (y = 1; y < image->height - 1 && !nt_call_cancelled(call); y++) {
        for (x = 1; x < image->width - 1; x++) {
            kernel_pixel(nt_image_row(&now, y) + (size_t) x * bands,
                         nt_image_row(image, y) + (size_t) x * bands, row,
                         bands, nt_image_colors(image), k, offset + 0.5f);
        }
    }

    nt_image_replace(image, &now);

    return true;
}


static const nt_property_t properties[] = {
    NT_IMAGE_PROP("The image to work on"), NT_PROP_END
};

#define NT_KERNEL_TYPE(variable, type_name, title, text, scale, offset, ...)   \
    static bool variable(nt_node_call_t *call, nt_image_t *image)              \
    {                                                                          \
        static const float kernel[9] = { __VA_ARGS__ };                        \
                                                                               \
        return nt_image_kernel(call, image, kernel, scale, offset);            \
    }                                                                          \
                                                                               \
    NT_IMAGE_RUN(run_##variable, variable)                                     \
                                                                               \
    const nt_node_type_t nt_image_##variable =                                 \
        NT_IMAGE_TYPE(type_name, title, text, properties, run_##variable);

/* kernels as the squares that they are */
/* clang-format off */

NT_KERNEL_TYPE(edge_enhance, "lib.pillow.enhance.EdgeEnhance", "Edge Enhance",
               "Makes the edges of an image stronger.", 2, 0,
               -1, -1, -1,
               -1, 10, -1,
               -1, -1, -1)

NT_KERNEL_TYPE(sharpen, "lib.pillow.enhance.Sharpen", "Sharpen",
               "Sharpens an image.", 16, 0,
               -2, -2, -2,
               -2, 32, -2,
               -2, -2, -2)

NT_KERNEL_TYPE(detail, "lib.pillow.enhance.Detail", "Detail",
               "Brings out the details of an image.", 6, 0,
                0, -1,  0,
               -1, 10, -1,
                0, -1,  0)

NT_KERNEL_TYPE(contour, "lib.pillow.filter.Contour", "Contour",
               "Draws the outlines of an image on white.", 1, 255,
               -1, -1, -1,
               -1,  8, -1,
               -1, -1, -1)

NT_KERNEL_TYPE(emboss, "lib.pillow.filter.Emboss", "Emboss",
               "Makes an image look embossed.", 1, 128,
               -1,  0,  0,
                0,  1,  0,
                0,  0,  0)

NT_KERNEL_TYPE(find_edges, "lib.pillow.filter.FindEdges", "Find Edges",
               "Shows the edges of an image on black.", 1, 0,
               -1, -1, -1,
               -1,  8, -1,
               -1, -1, -1)

NT_KERNEL_TYPE(smooth, "lib.pillow.filter.Smooth", "Smooth",
               "Smooths an image a little.", 13, 0,
                1,  1,  1,
                1,  5,  1,
                1,  1,  1)

/* clang-format on */
