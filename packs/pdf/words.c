/*
 * packs/pdf/words.c - the edges of tables without lines, from where words
 * begin and end: pdfplumber's strategy "text".
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "packs/pdf/pdf.h"

#define CLUSTER 1.0 /* points between words that stand in line */

typedef struct {
    nt_box_t *boxes;
    size_t    n;
} words_t;

typedef double (*place_t)(const nt_box_t *box);


static double
key_left(const nt_box_t *box)
{
    return box->x0;
}


static double
key_right(const nt_box_t *box)
{
    return box->x1;
}


static double
key_center(const nt_box_t *box)
{
    return (box->x0 + box->x1) / 2;
}


static double
key_top(const nt_box_t *box)
{
    return box->y0;
}


/* --- words --- */

/* Does glyph i belong to the word of the one before it? */
static bool
same_word(const nt_page_t *page, size_t i, const nt_table_settings_t *settings)
{
    const nt_glyph_t *g = &page->glyphs[i];

    return !g->line &&
           (settings->keep_blank ||
            (!nt_glyph_is_space(page, i) && !nt_glyph_is_space(page, i - 1))) &&
           fabs(g->box.x0 - g[-1].box.x1) <= settings->text[0] &&
           fabs(g->box.y0 - g[-1].box.y0) <= settings->text[1];
}


static bool
read_words(nt_node_call_t *call, const nt_page_t *page,
           const nt_table_settings_t *settings, words_t *words)
{
    size_t i;

    words->n = 0;
    words->boxes = calloc(page->n + 1, sizeof(*words->boxes));

    if (words->boxes == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    for (i = 0; i < page->n; i++) {
        if (nt_glyph_is_space(page, i) && !settings->keep_blank) {
            continue;
        }

        if (words->n > 0 && i > 0 && same_word(page, i, settings)) {
            words->boxes[words->n - 1] =
                nt_box_join(words->boxes[words->n - 1], page->glyphs[i].box);
        } else {
            words->boxes[words->n++] = page->glyphs[i].box;
        }
    }

    return true;
}


/* --- clusters --- */

typedef struct {
    double   key;
    nt_box_t box;
    size_t   count;
} cluster_t;


static int
by_key(const void *a, const void *b)
{
    double left = ((const cluster_t *) a)->key;
    double right = ((const cluster_t *) b)->key;

    return left < right ? -1 : left > right;
}


/* The largest first. */
static int
by_count(const void *a, const void *b)
{
    size_t left = ((const cluster_t *) a)->count;
    size_t right = ((const cluster_t *) b)->count;

    return left > right ? -1 : left < right;
}


/* Joins words whose keys are close, in place of n single ones; returns how
 * many have at least `min` words. */
static size_t
cluster(const words_t *words, place_t key, int64_t min, cluster_t *clusters)
{
    double last;
    size_t i, n, kept;

    for (i = 0; i < words->n; i++) {
        clusters[i] = (cluster_t) { key(&words->boxes[i]), words->boxes[i], 1 };
    }

    qsort(clusters, words->n, sizeof(*clusters), by_key);

    for (i = n = 0, last = 0; i < words->n; i++) {
        if (n > 0 && clusters[i].key - last <= CLUSTER) {
            clusters[n - 1].box =
                nt_box_join(clusters[n - 1].box, clusters[i].box);
            clusters[n - 1].count++;
            last = clusters[i].key;
        } else {
            last = clusters[i].key;
            clusters[n++] = clusters[i];
        }
    }

    for (i = kept = 0; i < n; i++) {
        if ((int64_t) clusters[i].count >= min) {
            clusters[kept++] = clusters[i];
        }
    }

    return kept;
}


static nt_box_t
join_all(const cluster_t *clusters, size_t n)
{
    size_t   i;
    nt_box_t box;

    for (i = 1, box = clusters[0].box; i < n; i++) {
        box = nt_box_join(box, clusters[i].box);
    }

    return box;
}


/* Rows: a line above and below each. */
static bool
row_edges(nt_node_call_t *call, const words_t *words, int64_t min,
          cluster_t *clusters, nt_edges_t *edges)
{
    bool     good;
    size_t   i, n;
    nt_box_t all;

    n = cluster(words, key_top, min, clusters);

    if (n == 0) {
        return true;
    }

    all = join_all(clusters, n);

    for (i = 0, good = true; good && i < n; i++) {
        good = nt_edges_add(call, edges,
                            (nt_edge_t) { clusters[i].box.y0, all.x0, all.x1,
                                          false }) &&
               nt_edges_add(call, edges,
                            (nt_edge_t) { clusters[i].box.y1, all.x0, all.x1,
                                          false });
    }

    return good;
}


static bool
overlap(nt_box_t a, nt_box_t b)
{
    double width, height;

    width = fmin(a.x1, b.x1) - fmax(a.x0, b.x0);
    height = fmin(a.y1, b.y1) - fmax(a.y0, b.y0);

    /* touching counts, unless it is only a corner */
    return width >= 0 && height >= 0 && width + height > 0;
}


/* Keeps of each group that overlaps the largest; returns how many. */
static size_t
condense(cluster_t *clusters, size_t n)
{
    size_t i, j, kept;

    qsort(clusters, n, sizeof(*clusters), by_count);

    for (i = kept = 0; i < n; i++) {
        for (j = 0; j < kept; j++) {
            if (overlap(clusters[i].box, clusters[j].box)) {
                break;
            }
        }

        if (j == kept) {
            clusters[kept++] = clusters[i];
        }
    }

    return kept;
}


/* Columns: a line at the left of each, and one at the right of all.  The
 * clusters have room for three of each word. */
static bool
column_edges(nt_node_call_t *call, const words_t *words, int64_t min,
             cluster_t *clusters, nt_edges_t *edges)
{
    bool     good;
    size_t   i, n;
    nt_box_t all;

    n = cluster(words, key_left, min, clusters);
    n += cluster(words, key_right, min, clusters + n);
    n += cluster(words, key_center, min, clusters + n);
    n = condense(clusters, n);

    if (n == 0) {
        return true;
    }

    all = join_all(clusters, n);

    for (i = 0, good = true; good && i < n; i++) {
        good = nt_edges_add(call, edges,
                            (nt_edge_t) { clusters[i].box.x0, all.y0, all.y1,
                                          false });
    }

    return good && nt_edges_add(call, edges,
                                (nt_edge_t) { all.x1, all.y0, all.y1, false });
}


bool
nt_edges_words(nt_node_call_t *call, const nt_page_t *page,
               const nt_table_settings_t *settings, int orientation,
               nt_edges_t *edges)
{
    bool       good;
    words_t    words;
    cluster_t *clusters;

    if (!read_words(call, page, settings, &words)) {
        return false;
    }

    clusters = calloc(3 * words.n + 1, sizeof(*clusters));

    if (clusters == NULL) {
        (void) nt_arg_nomem(call);
        good = false;
    } else if (orientation == 0) {
        good =
            column_edges(call, &words, settings->min_words[0], clusters, edges);
    } else {
        good = row_edges(call, &words, settings->min_words[1], clusters, edges);
    }

    free(clusters);
    free(words.boxes);
    return good;
}
