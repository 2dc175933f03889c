/*
 * packs/pdf/pymupdf.c - lib.pymupdf.*: texts, blocks, styles and tables.
 */

#include <stdlib.h>

#include "engine/nodes/defaults.h"
#include "packs/pdf/pdf.h"

#define GAP_SPACE 0.15 /* of the size: what stands for a space */
#define GAP_LINE  1.0  /* ... and what divides texts side by side */


/* A result that is a list, with what each page adds; NULL after
 * nt_call_fail. */
static json_t *
each_page(nt_pdf_t *pdf, bool (*add)(nt_pdf_t *pdf, int number,
                                     const nt_page_t *page, json_t *list))
{
    int       number;
    bool      good;
    json_t   *list;
    nt_page_t page;

    list = json_array();

    for (number = pdf->first; list != NULL && number < pdf->end; number++) {
        good =
            nt_page_read(pdf, number, &page) && add(pdf, number, &page, list);
        nt_page_free(&page);

        if (!good) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static bool
append(nt_pdf_t *pdf, json_t *list, json_t *item)
{
    if (json_array_append_new(list, item) != 0) {
        (void) nt_arg_nomem(pdf->call);
        return false;
    }

    return true;
}


/* --- ExtractText --- */

static bool
append_lines(nt_pdf_t *pdf, const nt_page_t *page, nt_buf_t *text)
{
    size_t      i;
    nt_layout_t layout;

    if (!nt_layout_read(pdf->call, page, GAP_LINE, &layout)) {
        return false;
    }

    for (i = 0; i < layout.n_lines; i++) {
        nt_page_append(text, page, layout.lines[i].first, layout.lines[i].end,
                       GAP_SPACE);
        nt_buf_append_char(text, '\n');
    }

    nt_layout_free(&layout);
    return true;
}


static json_t *
work_text(nt_node_call_t *call, nt_pdf_t *pdf)
{
    return nt_pdf_texts(pdf, NT_STR(""), append_lines);
}


static nt_node_rc_t
run_text(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pymupdf_range, work_text);
}


/* --- ExtractTextBlocks --- */

static json_t *
block_json(const nt_page_t *page, const nt_layout_t *layout, size_t number)
{
    size_t            i;
    json_t           *json;
    nt_buf_t          text = { 0 };
    const nt_line_t  *line;
    const nt_block_t *block;

    block = &layout->blocks[number];

    for (i = block->first; i < block->end; i++) {
        line = &layout->lines[i];
        nt_page_append(&text, page, line->first, line->end, GAP_SPACE);
        nt_buf_append_char(&text, '\n');
    }

    json = text.failed ? NULL
                       : json_pack("{s:f, s:f, s:f, s:f, s:s%, s:I, s:i}", "x0",
                                   block->box.x0, "y0", block->box.y0, "x1",
                                   block->box.x1, "y1", block->box.y1, "text",
                                   text.data, text.len, "block_no",
                                   (json_int_t) number, "block_type", 0);
    nt_buf_free(&text);
    return json;
}


static bool
add_blocks(nt_pdf_t *pdf, int number, const nt_page_t *page, json_t *list)
{
    bool        good;
    size_t      i;
    nt_layout_t layout;

    if (!nt_layout_read(pdf->call, page, GAP_LINE, &layout)) {
        return false;
    }

    for (i = 0, good = true; good && i < layout.n_blocks; i++) {
        good = append(pdf, list, block_json(page, &layout, i));
    }

    nt_layout_free(&layout);
    return good;
}


static json_t *
work_blocks(nt_node_call_t *call, nt_pdf_t *pdf)
{
    return each_page(pdf, add_blocks);
}


static nt_node_rc_t
run_blocks(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pymupdf_range, work_blocks);
}


/* --- ExtractTextWithStyle --- */

static json_t *
span_json(const nt_page_t *page, size_t first, size_t end)
{
    size_t            i;
    json_t           *json;
    nt_box_t          box;
    nt_buf_t          text = { 0 };
    nt_style_t        none = { .font = (char *) (uintptr_t) "" };
    const nt_style_t *style;

    box = page->glyphs[first].box;

    for (i = first; i < end; i++) {
        box = nt_box_join(box, page->glyphs[i].box);
    }

    nt_page_append(&text, page, first, end, GAP_SPACE);
    style = page->glyphs[first].style < page->n_styles
                ? &page->styles[page->glyphs[first].style]
                : &none;
    json = text.failed
               ? NULL
               : json_pack("{s:s%, s:s, s:f, s:I, s:o}", "text", text.data,
                           text.len, "font", style->font, "size", style->size,
                           "color", (json_int_t) style->color, "bbox",
                           nt_box_json(box));
    nt_buf_free(&text);
    return json;
}


/* Parts of lines of one style. */
static bool
add_spans(nt_pdf_t *pdf, int number, const nt_page_t *page, json_t *list)
{
    bool        good;
    size_t      i, j, first;
    nt_layout_t layout;

    if (!nt_layout_read(pdf->call, page, GAP_LINE, &layout)) {
        return false;
    }

    for (i = 0, good = true; good && i < layout.n_lines; i++) {
        first = layout.lines[i].first;

        for (j = first + 1; good && j <= layout.lines[i].end; j++) {
            if (j == layout.lines[i].end ||
                page->glyphs[j].style != page->glyphs[first].style)
            {
                good = append(pdf, list, span_json(page, first, j));
                first = j;
            }
        }
    }

    nt_layout_free(&layout);
    return good;
}


static json_t *
work_style(nt_node_call_t *call, nt_pdf_t *pdf)
{
    return each_page(pdf, add_spans);
}


static nt_node_rc_t
run_style(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pymupdf_range, work_style);
}


/* --- ExtractTables --- */

static double
corner(const json_t *table, size_t i)
{
    return json_number_value(json_array_get(json_object_get(table, "box"), i));
}


/* The first row gives the names of the columns. */
static json_t *
names_of(json_t *row)
{
    size_t  i;
    json_t *names, *cell;

    names = json_array();

    json_array_foreach(row, i, cell)
    {
        if (json_array_append_new(names, json_is_string(cell)
                                             ? json_incref(cell)
                                             : json_string("")) != 0)
        {
            json_decref(names);
            return NULL;
        }
    }

    return names;
}


static json_t *
table_json(int number, const json_t *table)
{
    json_t  *rows;
    nt_box_t box;

    rows = json_object_get(table, "rows");
    box = (nt_box_t) { corner(table, 0), corner(table, 1), corner(table, 2),
                       corner(table, 3) };

    return json_pack("{s:i, s:o, s:I, s:I, s:{s:o, s:b}, s:O}", "page", number,
                     "bbox", nt_box_json(box), "rows",
                     (json_int_t) json_array_size(rows), "columns",
                     (json_int_t) json_array_size(json_array_get(rows, 0)),
                     "header", "names", names_of(json_array_get(rows, 0)),
                     "external", 0, "content", rows);
}


static bool
add_tables(nt_pdf_t *pdf, int number, const nt_page_t *page, json_t *list)
{
    bool    good;
    json_t *tables, *table;
    size_t  i;

    tables = nt_tables_find(pdf, number, page, &nt_table_defaults);
    good = tables != NULL;

    json_array_foreach(tables, i, table)
    {
        good = good && append(pdf, list, table_json(number, table));
    }

    json_decref(tables);
    return good;
}


static json_t *
work_tables(nt_node_call_t *call, nt_pdf_t *pdf)
{
    return each_page(pdf, add_tables);
}


static nt_node_rc_t
run_tables(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pymupdf_range, work_tables);
}


/* --- the types --- */

static const nt_property_t properties[] = {
    NT_PDF_PROPERTY,
    NT_PROP("start_page", "int", "0", "The first page, from 0"),
    NT_PROP("end_page", "int", "-1", "The last page; -1: that of the document"),
    NT_PROP_END
};

static const nt_output_t dicts_output[] = { { "output", "list[dict]" },
                                            { NULL, NULL } };

const nt_node_type_t nt_pymupdf_text = {
    .type = "lib.pymupdf.ExtractText",
    .title = "Extract Text",
    .description = "The text of a PDF document, line by line.",
    .properties = properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC,
    .run = run_text
};

const nt_node_type_t nt_pymupdf_blocks = {
    .type = "lib.pymupdf.ExtractTextBlocks",
    .title = "Extract Text Blocks",
    .description = "The texts of a PDF document that stand together, and "
                   "where: x0, y0, x1, y1, text, block_no, block_type.",
    .properties = properties,
    .outputs = dicts_output,
    .flags = NT_NODE_ASYNC,
    .run = run_blocks
};

const nt_node_type_t nt_pymupdf_style = {
    .type = "lib.pymupdf.ExtractTextWithStyle",
    .title = "Extract Text With Style",
    .description = "The texts of a PDF document with font, size, colour and "
                   "place.",
    .properties = properties,
    .outputs = dicts_output,
    .flags = NT_NODE_ASYNC,
    .run = run_style
};

const nt_node_type_t nt_pymupdf_tables = {
    .type = "lib.pymupdf.ExtractTables",
    .title = "Extract Tables",
    .description = "The tables of a PDF document that have lines.",
    .properties = properties,
    .outputs = dicts_output,
    .flags = NT_NODE_ASYNC,
    .run = run_tables
};
