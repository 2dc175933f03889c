/*
 * packs/pdf/table.c - tables from their edges, as pdfplumber and PyMuPDF find
 * them: edges that stand in line are joined, where they cross are the corners
 * of cells, and cells that share corners are a table.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "packs/pdf/pdf.h"

#define CORNERS_MAX 20000
#define THROUGH_MAX 4 /* edges of one orientation through a corner */

/* Where edges cross. */
typedef struct {
    double   x, y;
    uint16_t edges[2][THROUGH_MAX]; /* numbers of the edges through it */
    uint8_t  n[2];
} corner_t;

typedef struct {
    nt_box_t box;
    size_t   table; /* number */
} cell_t;

typedef struct {
    nt_node_call_t            *call;
    const nt_page_t           *page;
    const nt_table_settings_t *settings;
    corner_t                  *corners; /* by x, then y */
    corner_t                 **rows;    /* the same by y, then x */
    size_t                     n_corners;
    cell_t                    *cells;
    size_t                     n_cells;
} finder_t;

const nt_table_settings_t nt_table_defaults = { .strategy = { NT_TABLE_LINES,
                                                              NT_TABLE_LINES },
                                                .snap = { 3, 3 },
                                                .join = { 3, 3 },
                                                .intersection = { 3, 3 },
                                                .text = { 3, 3 },
                                                .edge_min_length = 3,
                                                .edge_min_length_prefilter = 1,
                                                .min_words = { 3, 1 } };


/* --- corners --- */

static void
add_through(corner_t *corner, int orientation, size_t edge)
{
    if (corner->n[orientation] < THROUGH_MAX) {
        corner->edges[orientation][corner->n[orientation]++] = (uint16_t) edge;
    }
}


static int
by_x(const void *a, const void *b)
{
    const corner_t *left = a, *right = b;

    if (left->x != right->x) {
        return left->x < right->x ? -1 : 1;
    }

    return left->y < right->y ? -1 : left->y > right->y;
}


static int
by_y(const void *a, const void *b)
{
    const corner_t *left = *(corner_t *const *) a;
    const corner_t *right = *(corner_t *const *) b;

    if (left->y != right->y) {
        return left->y < right->y ? -1 : 1;
    }

    return left->x < right->x ? -1 : left->x > right->x;
}


/* Corners at one place become one. */
static void
merge_corners(finder_t *finder)
{
    int       o;
    size_t    i, k, n;
    corner_t *last, *corner;

    if (finder->n_corners > 1) {
        qsort(finder->corners, finder->n_corners, sizeof(*finder->corners),
              by_x);
    }

    for (i = n = 0; i < finder->n_corners; i++) {
        corner = &finder->corners[i];
        last = n > 0 ? &finder->corners[n - 1] : NULL;

        if (last == NULL || by_x(last, corner) != 0) {
            finder->corners[n++] = *corner;
            continue;
        }

        for (o = 0; o < 2; o++) {
            for (k = 0; k < corner->n[o]; k++) {
                add_through(last, o, corner->edges[o][k]);
            }
        }
    }

    finder->n_corners = n;
}


static bool
add_corner(finder_t *finder, const nt_edge_t *v, size_t v_number,
           const nt_edge_t *h, size_t h_number)
{
    size_t    n = finder->n_corners;
    corner_t *more;

    if (n == CORNERS_MAX) {
        (void) nt_call_fail(finder->call, "a page of 'pdf' has too many lines "
                                          "that cross to find its tables");
        return false;
    }

    if (n % 64 == 0) {
        more = realloc(finder->corners, (n + 64) * sizeof(*more));

        if (more == NULL) {
            (void) nt_arg_nomem(finder->call);
            return false;
        }

        finder->corners = more;
    }

    finder->corners[n] = (corner_t) { .x = v->at, .y = h->at };
    add_through(&finder->corners[n], 0, v_number);
    add_through(&finder->corners[n], 1, h_number);
    finder->n_corners++;
    return true;
}


static bool
find_corners(finder_t *finder, const nt_edges_t edges[2])
{
    double           tx, ty;
    size_t           i, j;
    const nt_edge_t *v, *h;

    tx = finder->settings->intersection[0];
    ty = finder->settings->intersection[1];

    for (i = 0; i < edges[0].n; i++) {
        v = &edges[0].edges[i];

        for (j = 0; j < edges[1].n; j++) {
            h = &edges[1].edges[j];

            if (v->from <= h->at + ty && v->to >= h->at - ty &&
                v->at >= h->from - tx && v->at <= h->to + tx &&
                !add_corner(finder, v, i, h, j))
            {
                return false;
            }
        }
    }

    merge_corners(finder);
    finder->rows = calloc(finder->n_corners + 1, sizeof(corner_t *));

    if (finder->rows == NULL) {
        (void) nt_arg_nomem(finder->call);
        return false;
    }

    for (i = 0; i < finder->n_corners; i++) {
        finder->rows[i] = &finder->corners[i];
    }

    qsort(finder->rows, finder->n_corners, sizeof(*finder->rows), by_y);
    return true;
}


/* --- cells --- */

/* Does one edge of the orientation go through both? */
static bool
connected(const corner_t *a, const corner_t *b, int orientation)
{
    size_t i, j;

    for (i = 0; i < a->n[orientation]; i++) {
        for (j = 0; j < b->n[orientation]; j++) {
            if (a->edges[orientation][i] == b->edges[orientation][j]) {
                return true;
            }
        }
    }

    return false;
}


static const corner_t *
corner_at(const finder_t *finder, double x, double y)
{
    corner_t key = { .x = x, .y = y };

    return bsearch(&key, finder->corners, finder->n_corners,
                   sizeof(*finder->corners), by_x);
}


/* The opposite corner of the smallest cell with this one at its top left, or
 * NULL.  `row` is where it stands by y. */
static const corner_t *
opposite(const finder_t *finder, const corner_t *corner, corner_t **row)
{
    corner_t *const *right;
    const corner_t  *below, *last, *other;
    corner_t *const *end;

    last = finder->corners + finder->n_corners;
    end = finder->rows + finder->n_corners;

    for (below = corner + 1; below < last && below->x == corner->x; below++) {
        if (!connected(corner, below, 0)) {
            continue;
        }

        for (right = row + 1; right < end && (*right)->y == corner->y; right++)
        {
            if (!connected(corner, *right, 1)) {
                continue;
            }

            other = corner_at(finder, (*right)->x, below->y);

            if (other != NULL && connected(other, *right, 0) &&
                connected(other, below, 1)) {
                return other;
            }
        }
    }

    return NULL;
}


static bool
find_cells(finder_t *finder)
{
    size_t          i;
    corner_t       *corner;
    const corner_t *other;

    finder->cells = calloc(finder->n_corners + 1, sizeof(*finder->cells));

    if (finder->cells == NULL) {
        (void) nt_arg_nomem(finder->call);
        return false;
    }

    for (i = 0; i < finder->n_corners; i++) {
        if (i % 256 == 0 && nt_call_cancelled(finder->call)) {
            (void) nt_call_fail(finder->call, "the job was cancelled");
            return false;
        }

        corner = finder->rows[i];
        other = opposite(finder, corner, &finder->rows[i]);

        if (other != NULL) {
            finder->cells[finder->n_cells++] =
                (cell_t) { { corner->x, corner->y, other->x, other->y },
                           SIZE_MAX };
        }
    }

    return true;
}


/* --- tables --- */

static bool
share_corner(const nt_box_t *a, const nt_box_t *b)
{
    return (a->x0 == b->x0 || a->x0 == b->x1 || a->x1 == b->x0 ||
            a->x1 == b->x1) &&
           (a->y0 == b->y0 || a->y0 == b->y1 || a->y1 == b->y0 ||
            a->y1 == b->y1);
}


/* Numbers the tables that cells belong to; returns how many there are.
 * `queue` has room for all cells. */
static size_t
number_tables(finder_t *finder, size_t *queue)
{
    size_t  i, j, head, tail, n;
    cell_t *cells;

    cells = finder->cells;

    for (i = n = 0; i < finder->n_cells; i++) {
        if (cells[i].table != SIZE_MAX) {
            continue;
        }

        cells[i].table = n;
        queue[0] = i;

        for (head = 0, tail = 1; head < tail; head++) {
            for (j = i + 1; j < finder->n_cells; j++) {
                if (cells[j].table == SIZE_MAX &&
                    share_corner(&cells[queue[head]].box, &cells[j].box))
                {
                    cells[j].table = n;
                    queue[tail++] = j;
                }
            }
        }

        n++;
    }

    return n;
}


static int
by_number(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return left < right ? -1 : left > right;
}


/* Where the columns of a table begin, sorted, each once. */
static size_t
column_places(const finder_t *finder, size_t table, double *places)
{
    size_t i, n, m;

    for (i = n = 0; i < finder->n_cells; i++) {
        if (finder->cells[i].table == table) {
            places[n++] = finder->cells[i].box.x0;
        }
    }

    qsort(places, n, sizeof(*places), by_number);

    for (i = m = 0; i < n; i++) {
        if (m == 0 || places[i] != places[m - 1]) {
            places[m++] = places[i];
        }
    }

    return m;
}


/* A row of nulls. */
static json_t *
empty_row(size_t n)
{
    json_t *row;

    row = json_array();

    while (row != NULL && n-- > 0) {
        if (json_array_append_new(row, json_null()) != 0) {
            json_decref(row);
            return NULL;
        }
    }

    return row;
}


/* Room for what one table needs. */
typedef struct {
    double            *places;
    const nt_glyph_t **glyphs;
} room_t;


/* The cells come by y, then x: a row is those at one y. */
static json_t *
read_table(const finder_t *finder, size_t table, const room_t *room)
{
    bool          good;
    double        y;
    size_t        i, n, column;
    json_t       *rows, *row;
    nt_box_t      box = { 0 };
    const cell_t *cell;

    n = column_places(finder, table, room->places);
    rows = json_array();
    row = NULL;
    y = NAN;
    good = rows != NULL;

    for (i = 0; good && i < finder->n_cells; i++) {
        cell = &finder->cells[i];

        if (cell->table != table) {
            continue;
        }

        box = row == NULL ? cell->box : nt_box_join(box, cell->box);

        if (cell->box.y0 != y) {
            row = empty_row(n);
            good = json_array_append_new(rows, row) == 0;
            y = cell->box.y0;
        }

        column = (size_t) ((double *) bsearch(&cell->box.x0, room->places, n,
                                              sizeof(double), by_number) -
                           room->places);
        good = good &&
               json_array_set_new(row, column,
                                  nt_table_text(finder->page, finder->settings,
                                                &cell->box, room->glyphs)) == 0;
    }

    if (!good) {
        json_decref(rows);
        return NULL;
    }

    return json_pack("{s:[f, f, f, f], s:o}", "box", box.x0, box.y0, box.x1,
                     box.y1, "rows", rows);
}


/* Tables of more than one cell; NULL when memory is out. */
static json_t *
read_tables(finder_t *finder, size_t *queue, const room_t *room)
{
    json_t *tables;
    size_t  i, n, table, cells;

    n = number_tables(finder, queue);
    tables = json_array();

    for (table = 0; tables != NULL && table < n; table++) {
        for (i = cells = 0; i < finder->n_cells; i++) {
            cells += finder->cells[i].table == table;
        }

        if (cells > 1 &&
            json_array_append_new(tables, read_table(finder, table, room)) != 0)
        {
            json_decref(tables);
            tables = NULL;
        }
    }

    return tables;
}


static json_t *
find_tables(finder_t *finder, const nt_edges_t edges[2])
{
    json_t *tables;
    room_t  room;
    size_t *queue;

    if (!find_corners(finder, edges) || !find_cells(finder)) {
        return NULL;
    }

    queue = calloc(finder->n_cells + 1, sizeof(*queue));
    room.places = calloc(finder->n_cells + 1, sizeof(*room.places));
    room.glyphs = calloc(finder->page->n + 1, sizeof(*room.glyphs));
    tables = queue != NULL && room.places != NULL && room.glyphs != NULL
                 ? read_tables(finder, queue, &room)
                 : NULL;
    free(queue);
    free(room.places);
    free(room.glyphs);

    if (tables == NULL) {
        (void) nt_arg_nomem(finder->call);
    }

    return tables;
}


json_t *
nt_tables_find(nt_pdf_t *pdf, int number, const nt_page_t *page,
               const nt_table_settings_t *settings)
{
    int      o;
    bool     good;
    json_t  *tables;
    finder_t finder = { .call = pdf->call, .page = page, .settings = settings };
    nt_edges_t drawn[2] = { { 0 }, { 0 } }, edges[2] = { { 0 }, { 0 } };

    good = settings->strategy[0] >= NT_TABLE_TEXT &&
                   settings->strategy[1] >= NT_TABLE_TEXT
               ? true
               : nt_edges_draw(pdf, number, drawn);

    for (o = 0; o < 2; o++) {
        good = good && nt_table_edges(pdf->call, page, settings, o, &drawn[o],
                                      &edges[o]);
    }

    tables = good ? find_tables(&finder, edges) : NULL;

    for (o = 0; o < 2; o++) {
        free(drawn[o].edges);
        free(edges[o].edges);
    }

    free(finder.corners);
    free(finder.rows);
    free(finder.cells);
    return tables;
}
