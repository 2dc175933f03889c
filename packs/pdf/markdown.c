/*
 * packs/pdf/markdown.c - lib.pymupdf.ExtractMarkdown: headings by the size of
 * their letters, emphasis by fonts, lists by their marks, tables by lines.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/defaults.h"
#include "packs/pdf/pdf.h"

#define GAP_SPACE 0.15
#define GAP_LINE  4.0 /* of the size: texts in one line belong together */
#define LEVELS    6
#define SIZES_MAX 400 /* of letters, in halves of a point */
#define BOLD      1
#define ITALIC    2
#define MONO      4

typedef struct {
    int n_levels;
    int levels[LEVELS]; /* sizes of headings, the largest first */
    int body;           /* the size of most letters; in halves of a point */
} sizes_t;


static int
halves(double size)
{
    int n = (int) (2 * size + 0.5);

    return n < 0 ? 0 : n >= SIZES_MAX ? SIZES_MAX - 1 : n;
}


/* --- which sizes are headings --- */

static bool
count_sizes(nt_pdf_t *pdf, size_t *counts)
{
    int       number;
    bool      good;
    size_t    i;
    nt_page_t page;

    for (number = pdf->first, good = true; good && number < pdf->end; number++)
    {
        good = nt_page_read(pdf, number, &page);

        for (i = 0; good && i < page.n; i++) {
            if (page.glyphs[i].style < page.n_styles &&
                !nt_glyph_is_space(&page, i)) {
                counts[halves(page.styles[page.glyphs[i].style].size)]++;
            }
        }

        nt_page_free(&page);
    }

    return good;
}


static void
find_levels(const size_t *counts, sizes_t *sizes)
{
    int size;

    sizes->body = 0;

    for (size = 0; size < SIZES_MAX; size++) {
        if (counts[size] > counts[sizes->body]) {
            sizes->body = size;
        }
    }

    for (size = SIZES_MAX - 1; size > sizes->body + 1; size--) {
        if (counts[size] > 0 && sizes->n_levels < LEVELS) {
            sizes->levels[sizes->n_levels++] = size;
        }
    }
}


/* 1 to LEVELS, or 0 for a line that is no heading. */
static int
heading_level(const sizes_t *sizes, double size)
{
    int i, n = halves(size);

    if (n <= sizes->body + 1) {
        return 0;
    }

    for (i = 0; i < sizes->n_levels && n < sizes->levels[i]; i++) { /* find */
    }

    return i < LEVELS ? i + 1 : LEVELS;
}


/* --- lines --- */

static int
emphasis(const nt_page_t *page, size_t glyph)
{
    int   flags;
    char *font;

    if (page->glyphs[glyph].style >= page->n_styles) {
        return 0;
    }

    font = g_ascii_strdown(page->styles[page->glyphs[glyph].style].font, -1);
    flags = strstr(font, "bold") != NULL || strstr(font, "black") != NULL ? BOLD
                                                                          : 0;
    flags |= strstr(font, "italic") != NULL || strstr(font, "oblique") != NULL
                 ? ITALIC
                 : 0;
    flags |= strstr(font, "mono") != NULL || strstr(font, "courier") != NULL
                 ? MONO
                 : 0;
    g_free(font);
    return flags;
}


static void
append_marks(nt_buf_t *out, int flags)
{
    static const struct {
        int         flag;
        const char *mark;
    } marks[] = { { BOLD, "**" }, { ITALIC, "_" }, { MONO, "`" } };

    size_t i;

    /* code has no marks inside */
    if (flags & MONO) {
        flags = MONO;
    }

    for (i = 0; i < 3; i++) {
        if (flags & marks[i].flag) {
            nt_buf_append_str(out, nt_str(marks[i].mark));
        }
    }
}


/* At the other end they stand the other way round. */
static void
append_marks_back(nt_buf_t *out, int flags)
{
    if (flags & MONO) {
        nt_buf_append_char(out, '`');
        return;
    }

    if (flags & ITALIC) {
        nt_buf_append_char(out, '_');
    }

    if (flags & BOLD) {
        nt_buf_append_str(out, NT_STR("**"));
    }
}


/* Glyphs first ... end - 1 with marks around what is emphasised; white space
 * stays outside of them. */
static void
append_styled(nt_buf_t *out, const nt_page_t *page, size_t first, size_t end)
{
    int    flags, now;
    bool   gap;
    size_t i;

    for (i = first, flags = 0, gap = false; i < end; i++) {
        if (nt_glyph_is_space(page, i)) {
            gap = true;
            continue;
        }

        if (i > first && !gap &&
            page->glyphs[i].box.x0 - page->glyphs[i - 1].box.x1 >
                GAP_SPACE * (page->glyphs[i].box.y1 - page->glyphs[i].box.y0))
        {
            gap = true;
        }

        now = emphasis(page, i);

        if (now != flags) {
            append_marks_back(out, flags);
        }

        if (gap && out->len > 0 && out->data[out->len - 1] != ' ') {
            nt_buf_append_char(out, ' ');
        }

        if (now != flags) {
            append_marks(out, now);
            flags = now;
        }

        gap = false;
        nt_buf_append_str(out, nt_glyph_text(page, i));
    }

    append_marks_back(out, flags);
}


/* How many glyphs at the start of a line mark an item of a list. */
static size_t
bullet(const nt_page_t *page, const nt_line_t *line)
{
    static const char *const bullets[] = { "•", "◦", "▪", "●",
                                           "‣", "–", "-", "*" };

    size_t   i;
    nt_str_t first;

    if (line->end - line->first < 2) {
        return 0;
    }

    first = nt_glyph_text(page, line->first);

    for (i = 0; i < sizeof(bullets) / sizeof(bullets[0]); i++) {
        if (nt_str_eq(first, nt_str(bullets[i]))) {
            return nt_glyph_is_space(page, line->first + 1) || i < 5 ? 1 : 0;
        }
    }

    return 0;
}


/* Does a line begin with "12." or "12)"? */
static bool
is_numbered(const nt_page_t *page, const nt_line_t *line)
{
    size_t   i;
    nt_str_t text;

    for (i = line->first; i < line->end && i < line->first + 4; i++) {
        text = nt_glyph_text(page, i);

        if (!isdigit((unsigned char) text.data[0])) {
            return i > line->first && strchr(".)", text.data[0]) != NULL &&
                   i + 1 < line->end && nt_glyph_is_space(page, i + 1);
        }
    }

    return false;
}


/* --- tables --- */

static void
append_cell(nt_buf_t *out, const json_t *cell)
{
    size_t      i, n;
    const char *text;

    text = json_string_value(cell);
    n = json_string_length(cell);

    for (i = 0; i < n; i++) {
        if (text[i] == '\n') {
            nt_buf_append_str(out, NT_STR("<br>"));
            continue;
        }

        if (text[i] == '|') {
            nt_buf_append_char(out, '\\');
        }

        nt_buf_append_char(out, text[i]);
    }
}


static void
append_table(nt_buf_t *out, const json_t *table)
{
    size_t  i, j;
    json_t *row, *cell;

    json_array_foreach(json_object_get(table, "rows"), i, row)
    {
        json_array_foreach(row, j, cell)
        {
            nt_buf_append_char(out, '|');
            append_cell(out, cell);
        }

        nt_buf_append_str(out, NT_STR("|\n"));

        for (j = 0; i == 0 && j < json_array_size(row); j++) {
            nt_buf_append_str(out, NT_STR("|---"));
        }

        if (i == 0) {
            nt_buf_append_str(out, NT_STR("|\n"));
        }
    }

    nt_buf_append_char(out, '\n');
}


static bool
inside(const json_t *table, nt_box_t box)
{
    double  x, y;
    json_t *corners;

    corners = json_object_get(table, "box");
    x = (box.x0 + box.x1) / 2;
    y = (box.y0 + box.y1) / 2;

    return x >= json_number_value(json_array_get(corners, 0)) &&
           y >= json_number_value(json_array_get(corners, 1)) &&
           x <= json_number_value(json_array_get(corners, 2)) &&
           y <= json_number_value(json_array_get(corners, 3));
}


/* Appends the tables that begin above `y`, and takes them out. */
static void
append_tables_above(nt_buf_t *out, json_t *tables, double y)
{
    json_t *table;

    while ((table = json_array_get(tables, 0)) != NULL &&
           json_number_value(json_array_get(json_object_get(table, "box"), 1)) <
               y)
    {
        append_table(out, table);
        (void) json_array_remove(tables, 0);
    }
}


/* --- pages --- */

static void
append_line(nt_buf_t *out, const nt_page_t *page, const nt_line_t *line,
            const sizes_t *sizes, bool first)
{
    int    level;
    size_t skip;

    level = heading_level(sizes, line->size);
    skip = bullet(page, line);

    if (level > 0) {
        nt_buf_append_str(out, (nt_str_t) { "######", (size_t) level });
        nt_buf_append_char(out, ' ');
        nt_page_append(out, page, line->first, line->end, GAP_SPACE);
        nt_buf_append_str(out, NT_STR("\n\n"));
        return;
    }

    if (!first) {
        nt_buf_append_char(out,
                           skip > 0 || is_numbered(page, line) ? '\n' : ' ');
    }

    if (skip > 0) {
        nt_buf_append_str(out, NT_STR("-"));

        if (!nt_glyph_is_space(page, line->first + skip)) {
            nt_buf_append_char(out, ' ');
        }
    }

    append_styled(out, page, line->first + skip, line->end);
}


/* Lines of a block that stand in no table. */
static void
append_block(nt_buf_t *out, const nt_page_t *page, const nt_layout_t *layout,
             const nt_block_t *block, const sizes_t *sizes,
             const json_t *tables)
{
    bool             first, heading;
    size_t           i, j;
    json_t          *table;
    const nt_line_t *line;

    first = true;
    heading = false;

    for (i = block->first; i < block->end; i++) {
        line = &layout->lines[i];

        json_array_foreach(tables, j, table)
        {
            if (inside(table, line->box)) {
                break;
            }
        }

        if (j < json_array_size(tables)) {
            continue;
        }

        heading = heading_level(sizes, line->size) > 0;
        append_line(out, page, line, sizes, first);
        first = heading;
    }

    if (!first && !heading) {
        nt_buf_append_str(out, NT_STR("\n\n"));
    }
}


static bool
append_page(nt_pdf_t *pdf, int number, const nt_page_t *page,
            const sizes_t *sizes, nt_buf_t *out)
{
    size_t      i;
    json_t     *tables, *left;
    nt_layout_t layout;

    tables = nt_tables_find(pdf, number, page, &nt_table_defaults);
    left = tables != NULL ? json_copy(tables) : NULL;

    if (left == NULL || !nt_layout_read(pdf->call, page, GAP_LINE, &layout)) {
        json_decref(tables);
        json_decref(left);
        return false;
    }

    for (i = 0; i < layout.n_blocks; i++) {
        append_tables_above(out, left, layout.blocks[i].box.y0);
        append_block(out, page, &layout, &layout.blocks[i], sizes, tables);
    }

    append_tables_above(out, left, page->height + 1);
    nt_layout_free(&layout);
    json_decref(tables);
    json_decref(left);

    if (out->len > NT_PDF_TEXT_MAX) {
        (void) nt_call_fail(pdf->call, "the text of 'pdf' is more than 64 MiB; "
                                       "take fewer pages");
        return false;
    }

    return true;
}


static json_t *
work_markdown(nt_node_call_t *call, nt_pdf_t *pdf)
{
    int       number;
    bool      good;
    size_t    counts[SIZES_MAX] = { 0 };
    json_t   *result;
    sizes_t   sizes = { 0 };
    nt_buf_t  out = { 0 };
    nt_page_t page;

    good = count_sizes(pdf, counts);
    find_levels(counts, &sizes);

    for (number = pdf->first; good && number < pdf->end; number++) {
        good = nt_page_read(pdf, number, &page);

        if (number > pdf->first) {
            nt_buf_append_str(&out, NT_STR("-----\n\n"));
        }

        good = good && append_page(pdf, number, &page, &sizes, &out);
        nt_page_free(&page);
    }

    result = good && !out.failed
                 ? json_stringn(out.len > 0 ? out.data : "", out.len)
                 : NULL;

    if (good && result == NULL) {
        (void) nt_arg_nomem(call);
    }

    nt_buf_free(&out);
    return result;
}


static nt_node_rc_t
run_markdown(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pymupdf_range, work_markdown);
}


static const nt_property_t properties[] = {
    NT_PDF_PROPERTY,
    NT_PROP("start_page", "int", "0", "The first page, from 0"),
    NT_PROP("end_page", "int", "-1", "The last page; -1: that of the document"),
    NT_PROP_END
};

const nt_node_type_t nt_pymupdf_markdown = {
    .type = "lib.pymupdf.ExtractMarkdown",
    .title = "Extract Markdown",
    .description = "A PDF document as Markdown, with its headings, lists, "
                   "emphasis and tables.",
    .properties = properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC,
    .run = run_markdown
};
