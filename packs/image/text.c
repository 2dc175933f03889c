/*
 * packs/image/text.c - lib.pillow.draw.RenderText: text on an image.
 *
 * Where Pillow puts it: (x, y) is the top left of the first line, whose
 * height is that of the font above the baseline; lines are that and four
 * pixels apart.
 */

#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/font.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

#define NT_LINE_GAP  4
#define NT_PLACE_MAX 1000000
#define NT_TEXT_MAX  100000 /* bytes */

typedef struct {
    nt_font_file_t file;
    char          *data; /* of the image, encoded */
    size_t         len;
    nt_image_t     image;
    nt_image_png_t png;
} nt_text_job_t;

/* What is drawn with. */
typedef struct {
    cairo_t      *cairo;
    PangoContext *context;
    PangoLayout  *layout;
    nt_str_t      text;
    int           x;
    int           y;
    int           bottom; /* of the image */
    int           ascent;
    double        share; /* of the free width that is left of a line */
} nt_pen_t;


static double
line_width(const nt_pen_t *pen, nt_str_t line)
{
    PangoRectangle extents;

    pango_layout_set_text(pen->layout, line.data, (int) line.len);
    pango_layout_get_extents(pen->layout, NULL, &extents);

    return (double) extents.width / PANGO_SCALE;
}


/* The next line of *rest, without its end; false when there is none. */
static bool
next_line(nt_str_t *rest, nt_str_t *line)
{
    const char *end;

    if (rest->data == NULL) {
        return false;
    }

    end = memchr(rest->data, '\n', rest->len);
    *line = (nt_str_t) { rest->data, end != NULL ? (size_t) (end - rest->data)
                                                 : rest->len };
    rest->len -= line->len + (end != NULL);
    rest->data = end != NULL ? end + 1 : NULL;

    return true;
}


static void
draw_lines(nt_node_call_t *call, const nt_pen_t *pen)
{
    int      y = pen->y;
    double   widest = 0, width;
    nt_str_t rest = pen->text, line;

    while (pen->share > 0 && next_line(&rest, &line)) {
        width = line_width(pen, line);
        widest = width > widest ? width : widest;
    }

    rest = pen->text;

    while (y < pen->bottom && next_line(&rest, &line) &&
           !nt_call_cancelled(call)) {
        width = line_width(pen, line);
        cairo_move_to(pen->cairo,
                      pen->x +
                          (widest > width ? (widest - width) * pen->share : 0),
                      y + pen->ascent);
        pango_cairo_show_layout_line(pen->cairo,
                                     pango_layout_get_line_readonly(pen->layout,
                                                                    0));
        y += pen->ascent + NT_LINE_GAP;
    }
}


/* Lays a colour on the image where the mask is drawn. */
static void
lay_color(nt_image_t *image, cairo_surface_t *mask, const unsigned char rgba[4])
{
    int                  x, y, band, share;
    int                  stride = cairo_image_surface_get_stride(mask);
    unsigned char       *p = image->data;
    const unsigned char *row = cairo_image_surface_get_data(mask);

    for (y = 0; y < image->height; y++, row += stride) {
        for (x = 0; x < image->width; x++, p += image->bands) {
            share = nt_image_mix(0, row[x], rgba[3]);

            for (band = 0; share > 0 && band < 3; band++) {
                p[band] = nt_image_mix(p[band], rgba[band], share);
            }

            if (image->bands == 4) {
                p[3] = nt_image_mix(p[3], 255, share);
            }
        }
    }
}


static bool
pen_open(nt_node_call_t *call, nt_pen_t *pen, cairo_surface_t *mask,
         const nt_font_t *font)
{
    int                   size;
    size_t                len;
    const char           *align = nt_call_string(call, "align", &len);
    PangoFontMetrics     *metrics;
    PangoFontDescription *description;

    if (!nt_image_int(call, "x", -NT_PLACE_MAX, NT_PLACE_MAX, &pen->x) ||
        !nt_image_int(call, "y", -NT_PLACE_MAX, NT_PLACE_MAX, &pen->y) ||
        !nt_image_int(call, "size", 1, 4096, &size))
    {
        return false;
    }

    pen->text.data = nt_call_string(call, "text", &pen->text.len);
    if (pen->text.len > NT_TEXT_MAX) {
        (void) nt_call_fail(call,
                            "'text' is too long: at most %d bytes can be "
                            "drawn",
                            NT_TEXT_MAX);
        return false;
    }

    pen->share = *align == 'c' ? 0.5 : *align == 'r' ? 1 : 0;
    pen->cairo = cairo_create(mask);
    pen->context = pango_font_map_create_context(font->map);
    pango_cairo_update_context(pen->cairo, pen->context);
    pen->layout = pango_layout_new(pen->context);
    pango_layout_set_single_paragraph_mode(pen->layout, TRUE);

    description = pango_font_description_copy(font->description);
    pango_font_description_set_absolute_size(description,
                                             (double) size * PANGO_SCALE);
    pango_layout_set_font_description(pen->layout, description);
    metrics = pango_context_get_metrics(pen->context, description, NULL);
    pen->ascent = PANGO_PIXELS(pango_font_metrics_get_ascent(metrics));
    pango_font_metrics_unref(metrics);
    pango_font_description_free(description);

    return true;
}


static void
pen_close(nt_pen_t *pen)
{
    if (pen->layout != NULL) {
        g_object_unref(pen->layout);
        g_object_unref(pen->context);
        cairo_destroy(pen->cairo);
    }
}


static bool
draw(nt_node_call_t *call, nt_image_t *image, const nt_font_t *font)
{
    bool             good;
    nt_pen_t         pen = { .bottom = image->height };
    unsigned char    rgba[4];
    cairo_surface_t *mask;

    if (!nt_image_color(call, "color", rgba)) {
        return false;
    }

    mask = cairo_image_surface_create(CAIRO_FORMAT_A8, image->width,
                                      image->height);
    if (cairo_surface_status(mask) != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(mask);
        (void) nt_arg_nomem(call);
        return false;
    }

    good = pen_open(call, &pen, mask, font);

    if (good) {
        draw_lines(call, &pen);
        cairo_surface_flush(mask);
        lay_color(image, mask, rgba);
    }

    pen_close(&pen);
    cairo_surface_destroy(mask);

    return good;
}


static void
work(nt_node_call_t *call, void *arg)
{
    nt_font_t      font;
    nt_text_job_t *job = arg;

    if (!nt_image_decode(call, "image", job->data, job->len, &job->image)) {
        return;
    }

    if (nt_font_open(call, nt_call_input(call, "font"), &job->file, &font) &&
        draw(call, &job->image, &font))
    {
        (void) nt_image_encode_png(call, &job->image, &job->png);
    }

    nt_font_close(&font);
}


static nt_node_rc_t
run_text(nt_node_call_t *call)
{
    json_t       *ref = NULL;
    nt_text_job_t job = { .len = 0 };

    if (nt_image_load(call, "image", nt_call_input(call, "image"), &job.data,
                      &job.len) &&
        nt_font_fetch(call, nt_call_input(call, "font"), &job.file) &&
        nt_call_thread(call, work, &job) && job.png.data != NULL)
    {
        ref = nt_image_store(call, &job.image, &job.png);
    }

    free(job.data);
    free(job.file.data);
    free(job.png.data);
    nt_image_free(&job.image);

    return ref != NULL ? nt_call_emit(call, "output", ref) : NT_NODE_FAIL;
}


static const char *const alignments[] = { "left", "center", "right", NULL };

static const nt_property_t text_properties[] = {
    NT_PROP("text", "str", "\"\"", "The text; it may have several lines"),
    NT_PROP("font", "font",
            "{\"type\":\"font\",\"name\":\"DejaVuSans\",\"source\":\"system\","
            "\"url\":\"\",\"weight\":\"regular\"}",
            "The font: one of the system's, of Google Fonts or of a URL"),
    NT_PROP("x", "int", "0", "How far from the left it begins, in pixels"),
    NT_PROP("y", "int", "0", "How far from the top it begins, in pixels"),
    NT_IMAGE_INT("size", "12", 1, 512, "The size of the font in pixels"),
    NT_PROP("color", "color", "{\"type\":\"color\",\"value\":\"#000000\"}",
            "The colour of the text"),
    NT_PROP_ENUM("align", alignments, "\"left\"",
                 "How lines stand below each other"),
    NT_IMAGE_PROP("The image to write on"),
    NT_PROP_END
};

const nt_node_type_t nt_image_text =
    NT_IMAGE_TYPE("lib.pillow.draw.RenderText", "Render Text",
                  "Writes text on an image.", text_properties, run_text);
