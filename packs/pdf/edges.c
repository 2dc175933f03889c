/*
 * packs/pdf/edges.c - the straight lines that a page draws.
 *
 * Poppler draws the page onto a surface of Cairo's that writes SVG, in which
 * every path stands with its transformation: that has seen forms, clips and
 * graphic states, which a reading of the page's operators would have to do
 * over again.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cairo-svg.h>
#include <libxml/xmlreader.h>

#include "packs/pdf/pdf.h"

#define SVG_MAX   (256 * 1024 * 1024)
#define STRAIGHT  1.0 /* points that a line may lean */
#define THIN      3.0 /* points: a filled rectangle that is a line */
#define EDGES_MAX 4000

typedef struct {
    double x, y;
} point_t;

typedef struct {
    nt_node_call_t *call;
    nt_edges_t     *edges; /* two */
    double          matrix[6];
    bool            stroked;
    bool            good;
} draw_t;


bool
nt_edges_add(nt_node_call_t *call, nt_edges_t *edges, nt_edge_t edge)
{
    nt_edge_t *more;

    if (edges->n == EDGES_MAX) {
        (void) nt_call_fail(call,
                            "a page of 'pdf' has more than %d lines; its "
                            "tables cannot be found",
                            EDGES_MAX);
        return false;
    }

    if (edges->n == edges->cap) {
        more = realloc(edges->edges,
                       (2 * edges->cap + 64) * sizeof(*edges->edges));

        if (more == NULL) {
            (void) nt_arg_nomem(call);
            return false;
        }

        edges->edges = more;
        edges->cap = 2 * edges->cap + 64;
    }

    if (edge.from > edge.to) {
        edge = (nt_edge_t) { edge.at, edge.to, edge.from, edge.rect };
    }

    edges->edges[edges->n++] = edge;
    return true;
}


static void
add_line(draw_t *draw, point_t a, point_t b, bool rect)
{
    nt_edge_t edge;

    if (!draw->good) {
        return;
    }

    if (fabs(a.x - b.x) < STRAIGHT && fabs(a.y - b.y) >= STRAIGHT) {
        edge = (nt_edge_t) { (a.x + b.x) / 2, a.y, b.y, rect };
        draw->good = nt_edges_add(draw->call, &draw->edges[0], edge);
    } else if (fabs(a.y - b.y) < STRAIGHT && fabs(a.x - b.x) >= STRAIGHT) {
        edge = (nt_edge_t) { (a.y + b.y) / 2, a.x, b.x, rect };
        draw->good = nt_edges_add(draw->call, &draw->edges[1], edge);
    }
}


/* --- paths --- */

static point_t
transform(const draw_t *draw, double x, double y)
{
    const double *m = draw->matrix;

    return (point_t) { m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5] };
}


/* A closed figure of four corners: a line if it is thin, else four edges. */
static void
add_rect(draw_t *draw, const point_t *p)
{
    int      i;
    nt_box_t box;

    box = (nt_box_t) { p[0].x, p[0].y, p[0].x, p[0].y };

    for (i = 1; i < 4; i++) {
        box = nt_box_join(box, (nt_box_t) { p[i].x, p[i].y, p[i].x, p[i].y });
    }

    if (!draw->stroked && box.y1 - box.y0 < THIN) {
        box.y0 = box.y1 = (box.y0 + box.y1) / 2;
        add_line(draw, (point_t) { box.x0, box.y0 },
                 (point_t) { box.x1, box.y1 }, false);
        return;
    }

    if (!draw->stroked && box.x1 - box.x0 < THIN) {
        box.x0 = box.x1 = (box.x0 + box.x1) / 2;
        add_line(draw, (point_t) { box.x0, box.y0 },
                 (point_t) { box.x1, box.y1 }, false);
        return;
    }

    for (i = 0; i < 4; i++) {
        add_line(draw, p[i], p[(i + 1) % 4], true);
    }
}


/* Points of one figure of a path: what it is, once it ends. */
typedef struct {
    point_t points[6];
    size_t  n; /* also of those that there was no room for */
    bool    curved;
} figure_t;


static void
end_figure(draw_t *draw, figure_t *figure)
{
    size_t i, n;

    n = figure->n;

    /* Cairo goes back to the start itself */
    if (n == 5 && fabs(figure->points[4].x - figure->points[0].x) < 0.01 &&
        fabs(figure->points[4].y - figure->points[0].y) < 0.01)
    {
        n = 4;
    }

    if (n == 4 && !figure->curved) {
        add_rect(draw, figure->points);
    } else if (draw->stroked && !figure->curved && n <= 6) {
        for (i = 1; i < n; i++) {
            add_line(draw, figure->points[i - 1], figure->points[i], false);
        }
    }

    *figure = (figure_t) { .n = 0 };
}


/* A path as Cairo writes it: M x y, L x y, C with six numbers, Z. */
static void
read_path(draw_t *draw, const char *d)
{
    char     command, *end;
    int      i, n;
    double   numbers[6];
    figure_t figure = { .n = 0 };

    while (draw->good && *(d += strspn(d, " ,")) != '\0') {
        command = *d++;
        n = command == 'C' ? 6 : command == 'Z' ? 0 : 2;

        for (i = 0; i < n; i++, d = end) {
            numbers[i] = g_ascii_strtod(d, &end);

            if (end == d) {
                return; /* nothing that Cairo writes */
            }
        }

        if (command == 'M') {
            end_figure(draw, &figure);
        }

        figure.curved |= command == 'C';

        if (n > 0) {
            if (figure.n < sizeof(figure.points) / sizeof(figure.points[0])) {
                figure.points[figure.n] =
                    transform(draw, numbers[n - 2], numbers[n - 1]);
            }

            figure.n++;
        }
    }

    end_figure(draw, &figure);
}


/* --- the SVG --- */

static void
read_matrix(draw_t *draw, const char *text)
{
    int   i;
    char *end;

    static const double identity[6] = { 1, 0, 0, 1, 0, 0 };

    (void) memcpy(draw->matrix, identity, sizeof(identity));

    if (text == NULL || strncmp(text, "matrix(", 7) != 0) {
        return;
    }

    for (i = 0, text += 7; i < 6; i++, text = end + (*end == ',')) {
        draw->matrix[i] = g_ascii_strtod(text, &end);
    }
}


static void
read_element(draw_t *draw, xmlTextReader *reader)
{
    xmlChar *d, *style, *matrix;

    d = xmlTextReaderGetAttribute(reader, BAD_CAST "d");
    style = xmlTextReaderGetAttribute(reader, BAD_CAST "style");
    matrix = xmlTextReaderGetAttribute(reader, BAD_CAST "transform");

    if (d != NULL) {
        draw->stroked = style != NULL &&
                        strstr((const char *) style, "stroke:none") == NULL;
        read_matrix(draw, (const char *) matrix);
        read_path(draw, (const char *) d);
    }

    xmlFree(d);
    xmlFree(style);
    xmlFree(matrix);
}


/* Paths but those in definitions: glyphs, clips, patterns. */
static bool
read_svg(draw_t *draw, const nt_buf_t *svg)
{
    int            rc;
    const char    *name;
    xmlTextReader *reader;

    reader = xmlReaderForMemory(svg->data, (int) svg->len, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_HUGE);

    if (reader == NULL) {
        (void) nt_arg_nomem(draw->call);
        return false;
    }

    rc = xmlTextReaderRead(reader);

    while (rc == 1 && draw->good) {
        name = (const char *) xmlTextReaderConstLocalName(reader);

        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT &&
            (strcmp(name, "defs") == 0 || strcmp(name, "clipPath") == 0))
        {
            rc = xmlTextReaderNext(reader);
            continue;
        }

        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT &&
            strcmp(name, "path") == 0)
        {
            read_element(draw, reader);
        }

        rc = xmlTextReaderRead(reader);
    }

    xmlFreeTextReader(reader);
    return draw->good;
}


static cairo_status_t
write_svg(void *closure, const unsigned char *data, unsigned length)
{
    nt_buf_t *svg = closure;

    if (svg->len + length > SVG_MAX) {
        svg->failed = true;
    }

    nt_buf_append(svg, data, length);
    return svg->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}


bool
nt_edges_draw(nt_pdf_t *pdf, int number, nt_edges_t edges[2])
{
    bool             good;
    double           width, height;
    draw_t           draw = { .call = pdf->call, .edges = edges, .good = true };
    cairo_t         *cairo;
    nt_buf_t         svg = { 0 };
    PopplerPage     *page;
    cairo_surface_t *surface;

    page = nt_pdf_page(pdf, number);

    if (page == NULL) {
        return false;
    }

    poppler_page_get_size(page, &width, &height);
    surface =
        cairo_svg_surface_create_for_stream(write_svg, &svg, width, height);
    cairo = cairo_create(surface);
    poppler_page_render(page, cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    cairo_surface_destroy(surface);
    g_object_unref(page);

    if (svg.failed) {
        (void) nt_call_fail(pdf->call, "a page of 'pdf' is too large to look "
                                       "for its tables");
        good = false;
    } else {
        good = read_svg(&draw, &svg);
    }

    nt_buf_free(&svg);
    return good;
}
