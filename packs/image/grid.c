/*
 * packs/image/grid.c - lib.grid.*: images of tiles.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

#define NT_TILES_MAX 1024
#define NT_EACH      3 /* columns and rows, where neither is said */


/* --- SliceImageGrid -------------------------------------------------------*/

typedef struct {
    char          *data; /* of the image, encoded */
    size_t         len;
    nt_image_t     image;
    nt_image_t     tile;
    int            columns;
    int            rows;
    int            i; /* of the tile */
    nt_image_png_t png;
    bool           good;
} nt_slice_t;


/* What is not said keeps the tiles square. */
static bool
find_grid(nt_node_call_t *call, nt_slice_t *s)
{
    double w = s->image.width, h = s->image.height;

    if (!nt_image_int(call, "columns", 0, NT_TILES_MAX, &s->columns) ||
        !nt_image_int(call, "rows", 0, NT_TILES_MAX, &s->rows))
    {
        return false;
    }

    if (s->columns == 0 && s->rows == 0) {
        s->columns = s->rows = NT_EACH;
    } else if (s->columns == 0) {
        s->columns = (int) fmin(ceil(w / h * s->rows), NT_TILES_MAX + 1);
    } else if (s->rows == 0) {
        s->rows = (int) fmin(ceil(h / w * s->columns), NT_TILES_MAX + 1);
    }

    if (s->columns > s->image.width || s->rows > s->image.height ||
        s->columns * s->rows > NT_TILES_MAX)
    {
        (void) nt_call_fail(call,
                            "an image of %d x %d pixels cannot be cut into "
                            "%d x %d tiles; at most %d are made",
                            s->image.width, s->image.height, s->columns,
                            s->rows, NT_TILES_MAX);
        return false;
    }

    return true;
}


static void
decode(nt_node_call_t *call, void *arg)
{
    nt_slice_t *s = arg;

    s->good = nt_image_decode(call, "image", s->data, s->len, &s->image) &&
              find_grid(call, s);
}


/* The last tiles take what is left of the image. */
static void
cut(nt_node_call_t *call, void *arg)
{
    nt_slice_t *s = arg;
    int         column = s->i % s->columns, row = s->i / s->columns;
    int         width = s->image.width / s->columns;
    int         height = s->image.height / s->rows;
    int         left = column * width, top = row * height;

    if (column == s->columns - 1) {
        width = s->image.width - left;
    }

    if (row == s->rows - 1) {
        height = s->image.height - top;
    }

    s->good = nt_image_alloc(call, &s->tile, width, height, s->image.bands) &&
              nt_image_paste(&s->tile, &s->image, -left, -top) &&
              nt_image_encode_png(call, &s->tile, &s->png);
}


/* A list of the stored tiles; NULL after nt_call_fail. */
static json_t *
slice(nt_node_call_t *call, nt_slice_t *s)
{
    json_t *tiles = json_array(), *ref;

    for (s->i = 0; s->i < s->columns * s->rows; s->i++) {
        s->good = false;
        ref = nt_call_thread(call, cut, s) && s->good
                  ? nt_image_store(call, &s->tile, &s->png)
                  : NULL;

        nt_image_free(&s->tile);
        free(s->png.data);
        s->png.data = NULL;

        if (ref == NULL) {
            json_decref(tiles);
            return NULL;
        }

        if (json_array_append_new(tiles, ref) != 0) {
            json_decref(tiles);
            (void) nt_arg_nomem(call);
            return NULL;
        }
    }

    return tiles;
}


static nt_node_rc_t
run_slice(nt_node_call_t *call)
{
    json_t    *tiles = NULL;
    nt_slice_t s = { .good = false };

    if (nt_image_load(call, "image", nt_call_input(call, "image"), &s.data,
                      &s.len) &&
        nt_call_thread(call, decode, &s) && s.good)
    {
        tiles = slice(call, &s);
    }

    free(s.data);
    nt_image_free(&s.image);

    return tiles != NULL ? nt_call_emit(call, "output", tiles) : NT_NODE_FAIL;
}


static const double zero = 0;

static const nt_property_t slice_properties[] = {
    NT_IMAGE_PROP("The image to cut"),
    { .name = "columns",
      .type = "int",
      .default_json = "0",
      .min = &zero,
      .description = "How many tiles are in a row; 0 for what suits the rows" },
    { .name = "rows",
      .type = "int",
      .default_json = "0",
      .min = &zero,
      .description = "How many are in a column; 0 for what suits the columns" },
    NT_PROP_END
};

static const nt_output_t slice_outputs[] = { { "output", "list[image]" },
                                             { NULL, NULL } };

const nt_node_type_t nt_image_slice = {
    .type = "lib.grid.SliceImageGrid",
    .title = "Slice Image Grid",
    .description = "Cuts an image into tiles, row by row.",
    .properties = slice_properties,
    .outputs = slice_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_slice
};


/* --- CombineImageGrid -----------------------------------------------------*/

typedef struct {
    size_t           n;
    char           **data;
    size_t          *len;
    nt_image_info_t *info;
    nt_image_t       image;
    nt_image_png_t   png;
} nt_combine_t;


static bool
paste_tiles(nt_node_call_t *call, nt_combine_t *c, int columns, int width,
            int height)
{
    bool       good;
    size_t     i;
    nt_image_t tile;

    for (i = 0; i < c->n; i++) {
        good = nt_image_decode(call, "tiles", c->data[i], c->len[i], &tile) &&
               nt_image_convert(call, &tile, 4);
        if (good) {
            (void) nt_image_paste(&c->image, &tile, (int) (i % columns) * width,
                                  (int) (i / columns) * height);
        }

        nt_image_free(&tile);

        if (!good) {
            return false;
        }
    }

    return true;
}


static void
combine(nt_node_call_t *call, void *arg)
{
    int           width = 0, height = 0, columns, rows;
    size_t        i;
    nt_combine_t *c = arg;

    if (!nt_image_int(call, "columns", 0, NT_TILES_MAX, &columns)) {
        return;
    }

    for (i = 0; i < c->n; i++) {
        if (!nt_image_probe(call, "tiles", c->data[i], c->len[i], &c->info[i]))
        {
            return;
        }

        width = c->info[i].width > width ? c->info[i].width : width;
        height = c->info[i].height > height ? c->info[i].height : height;
    }

    columns = columns > 0 ? columns : (int) sqrt((double) c->n);
    rows = ((int) c->n + columns - 1) / columns;

    if ((int64_t) width * columns > NT_IMAGE_SIDE_MAX ||
        (int64_t) height * rows > NT_IMAGE_SIDE_MAX)
    {
        (void) nt_call_fail(call,
                            "%d x %d tiles of %d x %d pixels make too large "
                            "an image",
                            columns, rows, width, height);
        return;
    }

    if (nt_image_alloc(call, &c->image, width * columns, height * rows, 4) &&
        paste_tiles(call, c, columns, width, height))
    {
        (void) nt_image_encode_png(call, &c->image, &c->png);
    }
}


static bool
load_tiles(nt_node_call_t *call, const json_t *tiles, nt_combine_t *c)
{
    size_t  i;
    json_t *tile;

    json_array_foreach(tiles, i, tile)
    {
        if (!nt_image_load(call, "tiles", tile, &c->data[i], &c->len[i])) {
            return false;
        }
        c->n++;
    }

    return true;
}


static nt_node_rc_t
run_combine(nt_node_call_t *call)
{
    size_t       n;
    json_t      *tiles = nt_arg_list(call, "tiles"), *ref = NULL;
    nt_combine_t c = { .n = 0 };

    n = json_array_size(tiles);

    if (tiles == NULL) {
        return NT_NODE_FAIL;
    }

    if (n == 0 || n > NT_TILES_MAX) {
        return nt_call_fail(call, "'tiles' must be 1 to %d images, not %zu",
                            NT_TILES_MAX, n);
    }

    c.data = calloc(n, sizeof(*c.data));
    c.len = calloc(n, sizeof(*c.len));
    c.info = calloc(n, sizeof(*c.info));

    if (c.data == NULL || c.len == NULL || c.info == NULL) {
        (void) nt_arg_nomem(call);
    } else if (load_tiles(call, tiles, &c) &&
               nt_call_thread(call, combine, &c) && c.png.data != NULL)
    {
        ref = nt_image_store(call, &c.image, &c.png);
    }

    while (c.n > 0) {
        free(c.data[--c.n]);
    }

    free(c.data);
    free(c.len);
    free(c.info);
    free(c.png.data);
    nt_image_free(&c.image);

    return ref != NULL ? nt_call_emit(call, "output", ref) : NT_NODE_FAIL;
}


static const nt_property_t combine_properties[] = {
    NT_PROP("tiles", "list[image]", "[]", "The tiles, row by row"),
    { .name = "columns",
      .type = "int",
      .default_json = "0",
      .min = &zero,
      .description = "How many are in a row; 0 for as many as rows" },
    NT_PROP_END
};

const nt_node_type_t nt_image_combine =
    NT_IMAGE_TYPE("lib.grid.CombineImageGrid", "Combine Image Grid",
                  "Puts tiles together to one image.", combine_properties,
                  run_combine);
