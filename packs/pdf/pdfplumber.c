/*
 * packs/pdf/pdfplumber.c - lib.pdfplumber.*: texts, images and descriptions of
 * pages.
 */

#include <math.h>
#include <stdlib.h>

#include <cairo.h>
#include <qpdf/qpdf-c.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/generated.h"
#include "packs/pdf/pdf.h"
#include "packs/pdf/pdfplumber.h"

#define GAP_SPACE   0.2 /* of the size */
#define GAP_LINE    1e6 /* a line ends where the page's does */
#define Y_TOLERANCE 2   /* points between tops of letters in a line */
#define DEPTH_MAX   32  /* of the tree of pages */


bool
nt_pdfplumber_range(nt_node_call_t *call, nt_pdf_t *pdf)
{
    int64_t first, end;

    if (!nt_arg_int(call, "start_page", &first) ||
        !nt_arg_int(call, "end_page", &end))
    {
        return false;
    }

    pdf->first = first < 0              ? 0
                 : first > pdf->n_pages ? pdf->n_pages
                                        : (int) first;
    pdf->end = end == -1 || end > pdf->n_pages ? pdf->n_pages
               : end < 0                       ? 0
                                               : (int) end;
    return true;
}


/* --- ExtractText --- */

/* Does a line stand to the right of another, at the same height? */
static bool
follows(const nt_line_t *last, const nt_line_t *next)
{
    return fabs(next->box.y0 - last->box.y0) <= Y_TOLERANCE &&
           next->box.x0 >= last->box.x1;
}


static bool
append_page(nt_pdf_t *pdf, const nt_page_t *page, nt_buf_t *text)
{
    size_t      i;
    nt_layout_t layout;

    if (!nt_layout_read(pdf->call, page, GAP_LINE, &layout)) {
        return false;
    }

    for (i = 0; i < layout.n_lines; i++) {
        if (i > 0) {
            nt_buf_append_char(text,
                               follows(&layout.lines[i - 1], &layout.lines[i])
                                   ? ' '
                                   : '\n');
        }

        nt_page_append(text, page, layout.lines[i].first, layout.lines[i].end,
                       GAP_SPACE);
    }

    nt_layout_free(&layout);
    return true;
}


static json_t *
work_text(nt_node_call_t *call, nt_pdf_t *pdf)
{
    return nt_pdf_texts(pdf, NT_STR("\n\n"), append_page);
}


static nt_node_rc_t
run_text(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pdfplumber_range, work_text);
}


/* --- GetPageCount --- */

static json_t *
work_count(nt_node_call_t *call, nt_pdf_t *pdf)
{
    return json_integer(pdf->n_pages);
}


static nt_node_rc_t
run_count(nt_node_call_t *call)
{
    return nt_pdf_run(call, NULL, work_count);
}


/* --- ExtractPageMetadata --- */

/* A member that a page may have from a node above it. */
static qpdf_oh
inherited(qpdf_data qpdf, qpdf_oh page, const char *key)
{
    int     depth;
    qpdf_oh value;

    for (depth = 0;; depth++) {
        value = qpdf_oh_get_key(qpdf, page, key);
        page = qpdf_oh_get_key(qpdf, page, "/Parent");

        if (!qpdf_oh_is_null(qpdf, value) || depth == DEPTH_MAX ||
            !qpdf_oh_is_dictionary(qpdf, page))
        {
            return value;
        }
    }
}


/* The box of a page in its own coordinates, from the lower left corner. */
static nt_box_t
media_box(qpdf_data qpdf, qpdf_oh page)
{
    int     i;
    double  n[4];
    qpdf_oh array;

    array = inherited(qpdf, page, "/MediaBox");

    if (!qpdf_oh_is_array(qpdf, array) ||
        qpdf_oh_get_array_n_items(qpdf, array) != 4)
    {
        return (nt_box_t) { 0, 0, 612, 792 }; /* as readers do */
    }

    for (i = 0; i < 4; i++) {
        n[i] =
            qpdf_oh_get_numeric_value(qpdf,
                                      qpdf_oh_get_array_item(qpdf, array, i));
    }

    return nt_box_join((nt_box_t) { n[0], n[1], n[0], n[1] },
                       (nt_box_t) { n[2], n[3], n[2], n[3] });
}


static json_t *
page_json(nt_pdf_t *pdf, int number)
{
    int       rotation;
    qpdf_oh   page;
    nt_box_t  box;
    qpdf_data qpdf;

    qpdf = pdf->qpdf;
    page = qpdf_get_page_n(qpdf, (size_t) number);
    box = media_box(qpdf, page);
    rotation = (int) qpdf_oh_get_numeric_value(qpdf, inherited(qpdf, page,
                                                               "/Rotate")) %
               360;
    rotation += rotation < 0 ? 360 : 0;
    qpdf_oh_release_all(qpdf);

    if (rotation % 180 == 90) {
        box = (nt_box_t) { box.y0, box.x0, box.y1, box.x1 };
    }

    return json_pack("{s:i, s:f, s:f, s:i, s:[f, f, f, f]}", "page_number",
                     number + 1, "width", box.x1 - box.x0, "height",
                     box.y1 - box.y0, "rotation", rotation, "bbox", box.x0,
                     box.y0, box.x1, box.y1);
}


static json_t *
work_metadata(nt_node_call_t *call, nt_pdf_t *pdf)
{
    int     number;
    json_t *pages;

    pages = json_array();

    for (number = pdf->first; number < pdf->end; number++) {
        if (json_array_append_new(pages, page_json(pdf, number)) != 0) {
            json_decref(pages);
            (void) nt_arg_nomem(call);
            return NULL;
        }
    }

    return pages;
}


static nt_node_rc_t
run_metadata(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pdfplumber_range, work_metadata);
}


/* --- ExtractImages --- */

static cairo_status_t
write_png(void *closure, const unsigned char *data, unsigned length)
{
    nt_buf_t *png = closure;

    nt_buf_append(png, data, length);
    return png->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}


/* NULL after nt_call_fail. */
static json_t *
store_image(nt_node_call_t *call, cairo_surface_t *surface)
{
    json_t  *ref;
    nt_buf_t png = { 0 };

    if (cairo_surface_write_to_png_stream(surface, write_png, &png) !=
        CAIRO_STATUS_SUCCESS)
    {
        nt_buf_free(&png);
        (void) nt_call_fail(call, "an image of 'pdf' cannot be read");
        return NULL;
    }

    ref = nt_generated_store(call, "image", "png", png.data, png.len);
    nt_buf_free(&png);
    return ref;
}


static bool
add_images(nt_node_call_t *call, PopplerPage *page, json_t *images)
{
    bool                       good;
    GList                     *mappings, *item;
    json_t                    *ref;
    cairo_surface_t           *surface;
    const PopplerImageMapping *mapping;

    mappings = poppler_page_get_image_mapping(page);

    /* the last one comes first */
    mappings = g_list_reverse(mappings);

    for (item = mappings, good = true; good && item != NULL; item = item->next)
    {
        mapping = item->data;
        surface = poppler_page_get_image(page, mapping->image_id);

        if (surface == NULL) {
            continue; /* a mask */
        }

        ref = store_image(call, surface);
        cairo_surface_destroy(surface);
        good = ref != NULL && json_array_append_new(images, ref) == 0;
    }

    poppler_page_free_image_mapping(mappings);
    return good;
}


static json_t *
work_images(nt_node_call_t *call, nt_pdf_t *pdf)
{
    int          number;
    bool         good;
    json_t      *images;
    PopplerPage *page;

    images = json_array();

    for (number = pdf->first; images != NULL && number < pdf->end; number++) {
        page = nt_pdf_page(pdf, number);
        good = page != NULL && add_images(call, page, images);
        g_clear_object(&page);

        if (!good) {
            json_decref(images);
            images = NULL;
        }
    }

    return images;
}


static nt_node_rc_t
run_images(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pdfplumber_range, work_images);
}


/* --- the types --- */

/* What NodeTool has as the default of some. */
#define NO_PDF NT_PROP("pdf", "document", "\"\"", "The PDF document")

static const nt_property_t text_properties[] = { NT_PDF_PROPERTY,
                                                 NT_PDFPLUMBER_PAGES,
                                                 NT_PROP_END };

static const nt_property_t page_properties[] = { NO_PDF, NT_PDFPLUMBER_PAGES,
                                                 NT_PROP_END };

static const nt_property_t count_properties[] = { NO_PDF, NT_PROP_END };

static const nt_output_t images_output[] = { { "output", "list[image]" },
                                             { NULL, NULL } };
static const nt_output_t dicts_output[] = { { "output", "list[dict]" },
                                            { NULL, NULL } };

const nt_node_type_t nt_pdfplumber_text = {
    .type = "lib.pdfplumber.ExtractText",
    .title = "Extract Text",
    .description = "The text of some pages of a PDF document.",
    .properties = text_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC,
    .run = run_text
};

const nt_node_type_t nt_pdfplumber_images = {
    .type = "lib.pdfplumber.ExtractImages",
    .title = "Extract Images",
    .description = "The images on some pages of a PDF document, as PNG.",
    .properties = page_properties,
    .outputs = images_output,
    .flags = NT_NODE_ASYNC,
    .run = run_images
};

const nt_node_type_t nt_pdfplumber_count = {
    .type = "lib.pdfplumber.GetPageCount",
    .title = "Get Page Count",
    .description = "How many pages a PDF document has.",
    .properties = count_properties,
    .outputs = nt_out_int,
    .flags = NT_NODE_ASYNC,
    .run = run_count
};

const nt_node_type_t nt_pdfplumber_metadata = {
    .type = "lib.pdfplumber.ExtractPageMetadata",
    .title = "Extract Page Metadata",
    .description = "Size and rotation of some pages of a PDF document.",
    .properties = page_properties,
    .outputs = dicts_output,
    .flags = NT_NODE_ASYNC,
    .run = run_metadata
};
