/*
 * packs/pdf/table_text.c - what is in the cells of tables.
 */

#include <stdlib.h>

#include "packs/pdf/pdf.h"


static int
by_line(const void *a, const void *b)
{
    const nt_glyph_t *left = *(const nt_glyph_t *const *) a;
    const nt_glyph_t *right = *(const nt_glyph_t *const *) b;

    return left->box.y0 < right->box.y0 ? -1 : left->box.y0 > right->box.y0;
}


static int
by_left(const void *a, const void *b)
{
    const nt_glyph_t *left = *(const nt_glyph_t *const *) a;
    const nt_glyph_t *right = *(const nt_glyph_t *const *) b;

    return left->box.x0 < right->box.x0 ? -1 : left->box.x0 > right->box.x0;
}


/* Appends a line's glyphs from left to right. */
static void
append_line(const nt_page_t *page, double gap, nt_buf_t *out,
            const nt_glyph_t **glyphs, size_t n)
{
    bool   space;
    size_t i, at;

    qsort(glyphs, n, sizeof(*glyphs), by_left);

    for (i = 0, space = true; i < n; i++) {
        at = (size_t) (glyphs[i] - page->glyphs);

        if (nt_glyph_is_space(page, at)) {
            if (!space) {
                nt_buf_append_char(out, ' ');
            }

            space = true;
            continue;
        }

        if (!space && i > 0 && glyphs[i]->box.x0 - glyphs[i - 1]->box.x1 > gap)
        {
            nt_buf_append_char(out, ' ');
        }

        nt_buf_append_str(out, nt_glyph_text(page, at));
        space = false;
    }

    while (out->len > 0 && out->data[out->len - 1] == ' ') {
        out->len--;
    }
}


json_t *
nt_table_text(const nt_page_t *page, const nt_table_settings_t *settings,
              const nt_box_t *box, const nt_glyph_t **glyphs)
{
    double            x, y;
    size_t            i, n, first;
    json_t           *text;
    nt_buf_t          out = { 0 };
    const nt_glyph_t *g;

    for (i = n = 0; i < page->n; i++) {
        g = &page->glyphs[i];
        x = (g->box.x0 + g->box.x1) / 2;
        y = (g->box.y0 + g->box.y1) / 2;

        if (x >= box->x0 && x < box->x1 && y >= box->y0 && y < box->y1) {
            glyphs[n++] = g;
        }
    }

    qsort(glyphs, n, sizeof(*glyphs), by_line);

    for (i = first = 0; i <= n; i++) {
        if (i > first && (i == n || glyphs[i]->box.y0 - glyphs[i - 1]->box.y0 >
                                        settings->text[1]))
        {
            if (out.len > 0) {
                nt_buf_append_char(&out, '\n');
            }

            append_line(page, settings->text[0], &out, glyphs + first,
                        i - first);
            first = i;
        }
    }

    text =
        out.failed ? NULL : json_stringn(out.len > 0 ? out.data : "", out.len);
    nt_buf_free(&out);
    return text;
}
