/*
 * packs/image/rank.c - lib.pillow.enhance.RankFilter.
 *
 * The values under a window are counted; the window slides along a row, so
 * that a step costs one column of it out and one in.
 */

#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

#define NT_WINDOW_MAX 511


typedef struct {
    const nt_image_t *image;
    int               band;
    int               radius;
    int               rank;
    int               counts[256];
    int               value; /* the last one found ... */
    int               below; /* ... and how many values are less */
} nt_window_t;


static int
clamp(int i, int n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}


/* Counts a column of the window in (1) or out (-1); beyond the edges the
 * image goes on as it ends. */
static void
count_column(nt_window_t *w, int x, int y, int step)
{
    int                  dy, value;
    const nt_image_t    *image = w->image;
    const unsigned char *column;

    column =
        image->data + (size_t) clamp(x, image->width) * image->bands + w->band;

    for (dy = -w->radius; dy <= w->radius; dy++) {
        value = column[(size_t) clamp(y + dy, image->height) * image->width *
                       image->bands];
        w->counts[value] += step;
        w->below += value < w->value ? step : 0;
    }
}


/* The value that has `rank` others before it. */
static unsigned char
find_value(nt_window_t *w)
{
    while (w->below > w->rank) {
        w->value--;
        w->below -= w->counts[w->value];
    }

    while (w->below + w->counts[w->value] <= w->rank) {
        w->below += w->counts[w->value];
        w->value++;
    }

    return w->value;
}


static void
filter_row(nt_window_t *w, int y, unsigned char *out)
{
    int x, bands = w->image->bands;

    memset(w->counts, 0, sizeof(w->counts));
    w->value = 0;
    w->below = 0;

    for (x = -w->radius; x <= w->radius; x++) {
        count_column(w, x, y, 1);
    }

    for (x = 0; x < w->image->width; x++) {
        out[(size_t) x * bands] = find_value(w);
        count_column(w, x - w->radius, y, -1);
        count_column(w, x + w->radius + 1, y, 1);
    }
}


static bool
rank(nt_node_call_t *call, nt_image_t *image)
{
    int         y, size;
    nt_image_t  now;
    nt_window_t w = { .image = image };

    if (!nt_image_int(call, "size", 1, NT_WINDOW_MAX, &size)) {
        return false;
    }

    if (size % 2 == 0) {
        (void) nt_call_fail(call, "'size' must be odd, so that the window has "
                                  "a middle");
        return false;
    }

    w.radius = size / 2;

    if (!nt_image_int(call, "rank", 0, size * size - 1, &w.rank) ||
        !nt_image_copy(call, &now, image))
    {
        return false;
    }

    for (w.band = 0; w.band < nt_image_colors(image); w.band++) {
        for (y = 0; y < image->height && !nt_call_cancelled(call); y++) {
            filter_row(&w, y, nt_image_row(&now, y) + w.band);
        }
    }

    nt_image_replace(image, &now);

    return true;
}


NT_IMAGE_RUN(run_rank, rank)

static const nt_property_t rank_properties[] = {
    NT_IMAGE_PROP("The image to filter"),
    NT_IMAGE_INT("size", "3", 1, 512,
                 "The side of the window around each pixel; it must be odd"),
    NT_IMAGE_INT("rank", "3", 1, 512,
                 "Which of the values there to take, counted from the least"),
    NT_PROP_END
};

const nt_node_type_t nt_image_rank =
    NT_IMAGE_TYPE("lib.pillow.enhance.RankFilter", "Rank Filter",
                  "Takes a value by its rank among those around it, as the "
                  "middle one.",
                  rank_properties, run_rank);
