/*
 * packs/pdf/text.c - the characters of a page, and the lines and blocks that
 * they make.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "packs/pdf/pdf.h"

#define LEADING 0.75 /* of a line's height: more space starts a block */


nt_str_t
nt_glyph_text(const nt_page_t *page, size_t glyph)
{
    return (nt_str_t) { page->text + page->glyphs[glyph].at,
                        page->glyphs[glyph].len };
}


bool
nt_glyph_is_space(const nt_page_t *page, size_t glyph)
{
    nt_str_t text = nt_glyph_text(page, glyph);

    return g_unichar_isspace(
        g_utf8_get_char_validated(text.data, (gssize) text.len));
}


/* --- reading --- */

static bool
nomem(nt_node_call_t *call)
{
    (void) nt_arg_nomem(call);
    return false;
}


/* A font's name without the six letters that mark a part of it. */
static const char *
plain_font(const char *name)
{
    size_t i;

    if (name == NULL) {
        return "";
    }

    for (i = 0; i < 6 && g_ascii_isupper(name[i]); i++) { /* count */
    }

    return i == 6 && name[6] == '+' ? name + 7 : name;
}


/* Numbers the styles of all characters, of which there are n. */
static bool
read_styles(nt_page_t *page, GList *attributes, uint16_t *styles, size_t n)
{
    int                          i;
    size_t                       count;
    GList                       *item;
    const PopplerTextAttributes *a;

    count = g_list_length(attributes);
    page->styles = calloc(count + 1, sizeof(*page->styles));

    if (page->styles == NULL) {
        return false;
    }

    for (item = attributes; item != NULL; item = item->next) {
        if (page->n_styles == UINT16_MAX) {
            break;
        }

        a = item->data;
        page->styles[page->n_styles] =
            (nt_style_t) { .font = strdup(plain_font(a->font_name)),
                           .size = a->font_size,
                           .color = (unsigned) (a->color.red >> 8) << 16 |
                                    (unsigned) (a->color.green >> 8) << 8 |
                                    (unsigned) (a->color.blue >> 8) };

        if (page->styles[page->n_styles].font == NULL) {
            return false;
        }

        for (i = a->start_index; i >= 0 && i <= a->end_index && (size_t) i < n;
             i++) {
            styles[i] = (uint16_t) page->n_styles;
        }

        page->n_styles++;
    }

    return true;
}


/* Glyphs of all characters but line feeds. */
static void
read_glyphs(nt_page_t *page, const PopplerRectangle *boxes,
            const uint16_t *styles, size_t n)
{
    bool        line;
    char       *p, *next;
    size_t      i;
    nt_glyph_t *glyph;

    line = true;

    for (i = 0, p = page->text; i < n && *p != '\0'; i++, p = next) {
        next = g_utf8_next_char(p);

        if (*p == '\n') {
            line = true;
            continue;
        }

        glyph = &page->glyphs[page->n++];
        *glyph = (nt_glyph_t) { .box = { boxes[i].x1, boxes[i].y1, boxes[i].x2,
                                         boxes[i].y2 },
                                .at = (uint32_t) (p - page->text),
                                .len = (uint8_t) (next - p),
                                .style = styles[i],
                                .line = line };
        line = false;
    }
}


static bool
read_page(nt_node_call_t *call, PopplerPage *source, nt_page_t *page)
{
    bool              good;
    size_t            n;
    GList            *attributes;
    guint             n_boxes;
    uint16_t         *styles;
    PopplerRectangle *boxes;

    poppler_page_get_size(source, &page->width, &page->height);
    page->text = poppler_page_get_text(source);

    if (page->text == NULL) {
        page->text = g_strdup("");
    }

    n = (size_t) g_utf8_strlen(page->text, -1);

    if (n > NT_PDF_GLYPHS_MAX) {
        (void) nt_call_fail(call,
                            "a page of 'pdf' has more than %d "
                            "characters",
                            NT_PDF_GLYPHS_MAX);
        return false;
    }

    boxes = NULL;

    if (!poppler_page_get_text_layout(source, &boxes, &n_boxes)) {
        n_boxes = 0;
    }

    n = n < n_boxes ? n : n_boxes;
    styles = calloc(n + 1, sizeof(*styles));
    page->glyphs = calloc(n + 1, sizeof(*page->glyphs));
    attributes = poppler_page_get_text_attributes(source);
    good = styles != NULL && page->glyphs != NULL &&
           read_styles(page, attributes, styles, n);

    if (good) {
        read_glyphs(page, boxes, styles, n);
    }

    poppler_page_free_text_attributes(attributes);
    free(styles);
    g_free(boxes);
    return good || nomem(call);
}


bool
nt_page_read(nt_pdf_t *pdf, int number, nt_page_t *page)
{
    bool         good;
    PopplerPage *source;

    *page = (nt_page_t) { 0 };
    source = nt_pdf_page(pdf, number);

    if (source == NULL) {
        return false;
    }

    good = read_page(pdf->call, source, page);
    g_object_unref(source);
    return good;
}


void
nt_page_free(nt_page_t *page)
{
    size_t i;

    for (i = 0; i < page->n_styles; i++) {
        free(page->styles[i].font);
    }

    free(page->styles);
    free(page->glyphs);
    g_free(page->text);
    *page = (nt_page_t) { 0 };
}


/* --- lines and blocks --- */

static double
size_of(const nt_page_t *page, size_t glyph)
{
    const nt_glyph_t *g = &page->glyphs[glyph];

    return g->style < page->n_styles && page->styles[g->style].size > 0
               ? page->styles[g->style].size
               : g->box.y1 - g->box.y0;
}


void
nt_page_append(nt_buf_t *out, const nt_page_t *page, size_t first, size_t end,
               double gap)
{
    size_t i;

    for (i = first; i < end; i++) {
        if (i > first && !nt_glyph_is_space(page, i) &&
            !nt_glyph_is_space(page, i - 1) &&
            fabs(page->glyphs[i].box.x0 - page->glyphs[i - 1].box.x1) >
                gap * size_of(page, i))
        {
            nt_buf_append_char(out, ' ');
        }

        nt_buf_append_str(out, nt_glyph_text(page, i));
    }
}


/* Does glyph i go on with the line of the one before it? */
static bool
goes_on(const nt_page_t *page, size_t i, double gap)
{
    double      space;
    nt_glyph_t *g;

    g = &page->glyphs[i];
    space = g->box.x0 - g[-1].box.x1;
    return !g->line && fabs(space) <= gap * size_of(page, i);
}


/* The size that most characters of a line have. */
static double
line_size(const nt_page_t *page, const nt_line_t *line)
{
    double size, best;
    size_t i, count;

    best = 0;

    for (i = line->first, count = 0; i < line->end; i++) {
        size = size_of(page, i);

        if (count == 0) {
            best = size;
        }

        count = size == best ? count + 1 : count - 1;
    }

    return best;
}


static bool
starts_block(const nt_line_t *last, const nt_line_t *next, nt_box_t block)
{
    double height, space;

    height = next->box.y1 - next->box.y0;
    space = next->box.y0 - last->box.y1;

    return fabs(next->size - last->size) > 0.5 || space > LEADING * height ||
           space < -0.6 * height || next->box.x0 > block.x1 ||
           next->box.x1 < block.x0;
}


static void
make_blocks(nt_layout_t *layout)
{
    size_t      i;
    nt_line_t  *line;
    nt_block_t *block;

    block = NULL;

    for (i = 0; i < layout->n_lines; i++) {
        line = &layout->lines[i];

        if (block == NULL || starts_block(line - 1, line, block->box)) {
            block = &layout->blocks[layout->n_blocks++];
            *block = (nt_block_t) { i, i, line->box };
        }

        block->end = i + 1;
        block->box = nt_box_join(block->box, line->box);
    }
}


bool
nt_layout_read(nt_node_call_t *call, const nt_page_t *page, double gap,
               nt_layout_t *layout)
{
    size_t     i, n;
    nt_line_t *line;

    *layout = (nt_layout_t) { 0 };

    for (i = n = 0; i < page->n; i++) {
        n += i == 0 || !goes_on(page, i, gap);
    }

    layout->lines = calloc(n + 1, sizeof(*layout->lines));
    layout->blocks = calloc(n + 1, sizeof(*layout->blocks));

    if (layout->lines == NULL || layout->blocks == NULL) {
        nt_layout_free(layout);
        return nomem(call);
    }

    line = NULL;

    for (i = 0; i < page->n; i++) {
        if (line == NULL || !goes_on(page, i, gap)) {
            line = &layout->lines[layout->n_lines++];
            *line = (nt_line_t) { .first = i, .box = page->glyphs[i].box };
        }

        line->end = i + 1;
        line->box = nt_box_join(line->box, page->glyphs[i].box);
    }

    for (i = 0; i < layout->n_lines; i++) {
        layout->lines[i].size = line_size(page, &layout->lines[i]);
    }

    make_blocks(layout);
    return true;
}


void
nt_layout_free(nt_layout_t *layout)
{
    free(layout->lines);
    free(layout->blocks);
    *layout = (nt_layout_t) { 0 };
}


/* --- texts of pages --- */

json_t *
nt_pdf_texts(nt_pdf_t *pdf, nt_str_t between,
             bool (*append)(nt_pdf_t *pdf, const nt_page_t *page,
                            nt_buf_t *text))
{
    int       number;
    bool      good;
    json_t   *result;
    nt_buf_t  text = { 0 };
    nt_page_t page;

    for (number = pdf->first, good = true; good && number < pdf->end; number++)
    {
        if (number > pdf->first) {
            nt_buf_append_str(&text, between);
        }

        good = nt_page_read(pdf, number, &page) && append(pdf, &page, &text);
        nt_page_free(&page);

        if (good && text.len > NT_PDF_TEXT_MAX) {
            (void) nt_call_fail(pdf->call, "the text of 'pdf' is more than 64 "
                                           "MiB; take fewer pages");
            good = false;
        }
    }

    result = good && !text.failed
                 ? json_stringn(text.len > 0 ? text.data : "", text.len)
                 : NULL;

    if (good && result == NULL) {
        (void) nt_arg_nomem(pdf->call);
    }

    nt_buf_free(&text);
    return result;
}
