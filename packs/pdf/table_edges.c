/*
 * packs/pdf/table_edges.c - the edges that tables are made of: what a strategy
 * takes, in line and joined.
 */

#include <math.h>
#include <stdlib.h>

#include "packs/pdf/pdf.h"

typedef struct {
    nt_node_call_t            *call;
    const nt_page_t           *page;
    const nt_table_settings_t *settings;
} source_t;


static int
by_place(const void *a, const void *b)
{
    const nt_edge_t *left = a, *right = b;

    if (left->at != right->at) {
        return left->at < right->at ? -1 : 1;
    }

    return left->from < right->from ? -1 : left->from > right->from;
}


static void
sort_edges(nt_edges_t *edges)
{
    if (edges->n > 1) {
        qsort(edges->edges, edges->n, sizeof(*edges->edges), by_place);
    }
}


/* Moves edges that are closer than `tolerance` to their mean. */
static void
snap(nt_edges_t *edges, double tolerance)
{
    double sum;
    size_t i, j, first;

    sort_edges(edges);

    for (i = first = 0, sum = 0; i <= edges->n; i++) {
        if (i > first &&
            (i == edges->n ||
             edges->edges[i].at - edges->edges[i - 1].at > tolerance))
        {
            for (j = first; j < i; j++) {
                edges->edges[j].at = sum / (double) (i - first);
            }

            first = i;
            sum = 0;
        }

        if (i < edges->n) {
            sum += edges->edges[i].at;
        }
    }
}


/* Joins edges at one place that touch within `tolerance`, and leaves out
 * those that are short then. */
static void
join(nt_edges_t *edges, double tolerance, double min_length)
{
    size_t     i, n;
    nt_edge_t *last, *edge;

    sort_edges(edges);

    for (i = n = 0; i < edges->n; i++) {
        edge = &edges->edges[i];
        last = n > 0 ? &edges->edges[n - 1] : NULL;

        if (last != NULL && last->at == edge->at &&
            edge->from <= last->to + tolerance) {
            last->to = fmax(last->to, edge->to);
        } else {
            edges->edges[n++] = *edge;
        }
    }

    for (i = edges->n = 0; i < n; i++) {
        edge = &edges->edges[i];

        if (edge->to - edge->from >= min_length) {
            edges->edges[edges->n++] = *edge;
        }
    }
}


/* Takes of the drawn edges those that a strategy uses. */
static bool
add_drawn(const source_t *source, const nt_edges_t *drawn, bool strict,
          nt_edges_t *edges)
{
    size_t           i;
    const nt_edge_t *edge;

    for (i = 0; i < drawn->n; i++) {
        edge = &drawn->edges[i];

        if ((strict && edge->rect) ||
            edge->to - edge->from < source->settings->edge_min_length_prefilter)
        {
            continue;
        }

        if (!nt_edges_add(source->call, edges, *edge)) {
            return false;
        }
    }

    return true;
}


/* Lines all over the page at the places that the settings list. */
static bool
add_explicit(const source_t *source, int orientation, nt_edges_t *edges)
{
    size_t        i;
    double        length;
    json_t       *place;
    const json_t *list;

    list = source->settings->explicit_lines[orientation];
    length = orientation == 0 ? source->page->height : source->page->width;

    json_array_foreach(list, i, place)
    {
        if (!nt_edges_add(source->call, edges,
                          (nt_edge_t) { json_number_value(place), 0, length,
                                        false }))
        {
            return false;
        }
    }

    return true;
}


bool
nt_table_edges(nt_node_call_t *call, const nt_page_t *page,
               const nt_table_settings_t *settings, int orientation,
               const nt_edges_t *drawn, nt_edges_t *edges)
{
    bool                good;
    source_t            source = { call, page, settings };
    nt_table_strategy_t strategy;

    strategy = settings->strategy[orientation];
    good = true;

    if (strategy == NT_TABLE_TEXT) {
        good = nt_edges_words(call, page, settings, orientation, edges);
    } else if (strategy != NT_TABLE_EXPLICIT) {
        good =
            add_drawn(&source, drawn, strategy == NT_TABLE_LINES_STRICT, edges);
    }

    if (!good || !add_explicit(&source, orientation, edges)) {
        return false;
    }

    snap(edges, settings->snap[orientation]);

    /* vertical edges are joined along y */
    join(edges, settings->join[1 - orientation], settings->edge_min_length);
    return true;
}
