/*
 * packs/image/canny.c - lib.pillow.filter.Canny: edges as OpenCV finds them.
 *
 * Where brightness changes most along its own direction, by more than the high
 * threshold, or by more than the low one and next to such a place.
 */

#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

#define NT_TAN_22 13573 /* the tangent of 22.5 degrees, times 2^15 */

enum { NT_NO_EDGE, NT_MAYBE, NT_EDGE };

typedef struct {
    int            width;
    int            height;
    short         *dx;
    short         *dy;
    int           *change; /* with a border of zeros, one pixel wide */
    unsigned char *kind;   /* so, too */
    size_t        *stack;  /* places of edges whose surroundings are new */
    size_t         n;
} nt_canny_t;


static size_t
bordered(const nt_canny_t *c, int x, int y)
{
    return (size_t) (y + 1) * (c->width + 2) + x + 1;
}


static int
clamp(int i, int n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}


/* Sobel's slopes of the colour that changes most. */
static void
find_slope(nt_canny_t *c, const nt_image_t *image, int x, int y)
{
    int                  band, dx, dy, change = -1;
    int                  left = clamp(x - 1, c->width) * image->bands;
    int                  right = clamp(x + 1, c->width) * image->bands;
    int                  here = x * image->bands;
    size_t               i = (size_t) y * c->width + x;
    const unsigned char *above = nt_image_row(image, clamp(y - 1, c->height));
    const unsigned char *row = nt_image_row(image, y);
    const unsigned char *below = nt_image_row(image, clamp(y + 1, c->height));

    for (band = 0; band < 3; band++) {
        dx = above[right] - above[left] + 2 * (row[right] - row[left]) +
             below[right] - below[left];
        dy = below[left] - above[left] + 2 * (below[here] - above[here]) +
             below[right] - above[right];

        if (abs(dx) + abs(dy) > change) {
            change = abs(dx) + abs(dy);
            c->dx[i] = (short) dx;
            c->dy[i] = (short) dy;
        }

        above++;
        row++;
        below++;
    }

    c->change[bordered(c, x, y)] = change;
}


/* Does it change more here than before and behind, along the slope? */
static bool
is_crest(const nt_canny_t *c, int x, int y)
{
    int        row = c->width + 2, step;
    size_t     i = (size_t) y * c->width + x;
    int64_t    flat = (int64_t) abs(c->dx[i]) * NT_TAN_22;
    int64_t    rise = (int64_t) abs(c->dy[i]) << 15;
    const int *p = c->change + bordered(c, x, y);

    if (rise < flat) {
        return p[0] > p[-1] && p[0] >= p[1];
    }

    if (rise > flat + ((int64_t) abs(c->dx[i]) << 16)) {
        return p[0] > p[-row] && p[0] >= p[row];
    }

    step = (c->dx[i] < 0) != (c->dy[i] < 0) ? -1 : 1;

    return p[0] > p[-row - step] && p[0] > p[row + step];
}


static void
mark(nt_canny_t *c, size_t i)
{
    c->kind[i] = NT_EDGE;
    c->stack[c->n++] = i;
}


static void
find_edges(nt_canny_t *c, int low, int high)
{
    int    x, y;
    size_t i;

    for (y = 0; y < c->height; y++) {
        for (x = 0; x < c->width; x++) {
            i = bordered(c, x, y);

            if (c->change[i] > low && is_crest(c, x, y)) {
                c->kind[i] = NT_MAYBE;
                if (c->change[i] > high) {
                    mark(c, i);
                }
            }
        }
    }
}


/* What may be an edge and touches one is one. */
static void
follow_edges(nt_canny_t *c)
{
    int    dx, dy;
    size_t i, near;

    while (c->n > 0) {
        i = c->stack[--c->n];

        for (dy = -1; dy <= 1; dy++) {
            for (dx = -1; dx <= 1; dx++) {
                near = i + (ptrdiff_t) dy * (c->width + 2) + dx;
                if (c->kind[near] == NT_MAYBE) {
                    mark(c, near);
                }
            }
        }
    }
}


static bool
canny_alloc(nt_canny_t *c)
{
    size_t n = (size_t) c->width * c->height;
    size_t border = (size_t) (c->width + 2) * (c->height + 2);

    c->dx = malloc(n * sizeof(*c->dx));
    c->dy = malloc(n * sizeof(*c->dy));
    c->change = calloc(border, sizeof(*c->change));
    c->kind = calloc(border, 1);
    c->stack = malloc(n * sizeof(*c->stack));

    return c->dx != NULL && c->dy != NULL && c->change != NULL &&
           c->kind != NULL && c->stack != NULL;
}


static void
canny_free(nt_canny_t *c)
{
    free(c->dx);
    free(c->dy);
    free(c->change);
    free(c->kind);
    free(c->stack);
}


static void
draw_edges(const nt_canny_t *c, nt_image_t *image)
{
    int x, y;

    for (y = 0; y < c->height; y++) {
        for (x = 0; x < c->width; x++) {
            memset(nt_image_row(image, y) + (size_t) x * 3,
                   c->kind[bordered(c, x, y)] == NT_EDGE ? 255 : 0, 3);
        }
    }
}


static bool
canny(nt_node_call_t *call, nt_image_t *image)
{
    int        x, y, low, high;
    bool       good;
    nt_canny_t c = { .width = image->width, .height = image->height };

    if (!nt_image_int(call, "low_threshold", 0, 255, &low) ||
        !nt_image_int(call, "high_threshold", 0, 255, &high) ||
        !nt_image_convert(call, image, 3))
    {
        return false;
    }

    good = canny_alloc(&c);

    for (y = 0; good && y < c.height && !nt_call_cancelled(call); y++) {
        for (x = 0; x < c.width; x++) {
            find_slope(&c, image, x, y);
        }
    }

    if (good && !nt_call_cancelled(call)) {
        find_edges(&c, low < high ? low : high, low < high ? high : low);
        follow_edges(&c);
        draw_edges(&c, image);
    }

    canny_free(&c);

    if (!good) {
        (void) nt_arg_nomem(call);
    }

    return good;
}


NT_IMAGE_RUN(run_canny, canny)

static const nt_property_t canny_properties[] = {
    NT_IMAGE_PROP("The image to look at"),
    NT_IMAGE_INT("low_threshold", "100", 0, 255,
                 "The least change that goes on with an edge"),
    NT_IMAGE_INT("high_threshold", "200", 0, 255,
                 "The least change that is an edge by itself"),
    NT_PROP_END
};

const nt_node_type_t nt_image_canny =
    NT_IMAGE_TYPE("lib.pillow.filter.Canny", "Canny",
                  "Draws the edges of an image, white on black.",
                  canny_properties, run_canny);
