/*
 * packs/pdf/pdf.h - the PDF pack: lib.pymupdf.* and lib.pdfplumber.*, by
 * Poppler (texts, lines, images) and QPDF (the pages' descriptions).
 *
 * Coordinates are points from the top left corner of a page, as it is shown.
 */

#ifndef NT_PDF_H
#define NT_PDF_H

#include <poppler.h>

#include "core/nt_buf.h"
#include "engine/nodes/args.h"

#define NT_PDF_PAGES_MAX  20000
#define NT_PDF_TEXT_MAX   (64 * 1024 * 1024) /* bytes, of a result */
#define NT_PDF_GLYPHS_MAX 1000000            /* of a page */

typedef struct {
    double x0, y0, x1, y1;
} nt_box_t;

/* --- document.c --- */

typedef struct {
    nt_node_call_t  *call;
    PopplerDocument *document;
    void            *qpdf; /* qpdf_data */
    const char      *data; /* lives as long */
    int              n_pages;
    int              first; /* of the pages that are wanted */
    int              end;   /* behind the last one */
} nt_pdf_t;

/* Makes a node's result, on the pool.  A new reference; NULL after
 * nt_call_fail. */
typedef json_t *(*nt_pdf_work_t)(nt_node_call_t *call, nt_pdf_t *pdf);

/* Which pages the properties start_page and end_page mean; false after
 * nt_call_fail.  NULL for all. */
typedef bool (*nt_pdf_range_t)(nt_node_call_t *call, nt_pdf_t *pdf);

/* The run of a node: opens the document of the property `pdf`, does the work
 * and emits its result. */
nt_node_rc_t nt_pdf_run(nt_node_call_t *call, nt_pdf_range_t range,
                        nt_pdf_work_t work);

/* A page, once what is in it has been found to be of bounded size; to be
 * unref'ed.  NULL after nt_call_fail. */
PopplerPage *nt_pdf_page(nt_pdf_t *pdf, int number);

/* The joined boxes of a and b. */
nt_box_t nt_box_join(nt_box_t a, nt_box_t b);

/* {"x0", "y0", "x1", "y1"}; NULL when memory is out. */
json_t *nt_box_json(nt_box_t box);

/* --- guard.c --- */

/* Checks what a page's streams unpack to, and its images' sizes.  False
 * after nt_call_fail. */
bool nt_pdf_guard(nt_pdf_t *pdf, int number);

/* --- text.c --- */

typedef struct {
    char    *font; /* without the prefix of a subset */
    double   size;
    unsigned color; /* 0xRRGGBB */
} nt_style_t;

/* A character as it stands on the page; one that is new in its line has the
 * flag `line` set, and none is a line feed. */
typedef struct {
    nt_box_t box;
    uint32_t at;    /* of its bytes in the text */
    uint16_t style; /* number */
    uint8_t  len;   /* bytes */
    bool     line;
} nt_glyph_t;

typedef struct {
    char       *text;
    nt_glyph_t *glyphs;
    size_t      n;
    nt_style_t *styles;
    size_t      n_styles;
    double      width, height; /* of the page */
} nt_page_t;

/* Reads a page.  False after nt_call_fail; it is to be freed in either
 * case. */
bool nt_page_read(nt_pdf_t *pdf, int number, nt_page_t *page);
void nt_page_free(nt_page_t *page);

nt_str_t nt_glyph_text(const nt_page_t *page, size_t glyph);
bool     nt_glyph_is_space(const nt_page_t *page, size_t glyph);

/* Glyphs first ... end - 1: those of a line, with all its gaps. */
typedef struct {
    size_t   first, end;
    nt_box_t box;
    double   size; /* of most of its glyphs */
} nt_line_t;

/* Lines first ... end - 1 that stand together. */
typedef struct {
    size_t   first, end;
    nt_box_t box;
} nt_block_t;

typedef struct {
    nt_line_t  *lines;
    size_t      n_lines;
    nt_block_t *blocks;
    size_t      n_blocks;
} nt_layout_t;

/* Makes lines of the glyphs; a gap wider than `gap` times their size starts
 * another.  False after nt_call_fail. */
bool nt_layout_read(nt_node_call_t *call, const nt_page_t *page, double gap,
                    nt_layout_t *layout);
void nt_layout_free(nt_layout_t *layout);

/* Appends glyphs first ... end - 1 with spaces where there are gaps wider
 * than `gap` times the size. */
void nt_page_append(nt_buf_t *out, const nt_page_t *page, size_t first,
                    size_t end, double gap);

/* The texts of all wanted pages, each appended by `append`, with `between`
 * between them; bounded.  A new reference; NULL after nt_call_fail. */
json_t *nt_pdf_texts(nt_pdf_t *pdf, nt_str_t between,
                     bool (*append)(nt_pdf_t *pdf, const nt_page_t *page,
                                    nt_buf_t *text));

/* --- table.c --- */

typedef enum {
    NT_TABLE_LINES,
    NT_TABLE_LINES_STRICT, /* no edges of rectangles */
    NT_TABLE_TEXT,
    NT_TABLE_EXPLICIT
} nt_table_strategy_t;

/* As pdfplumber's table settings; [0] is of x or vertical, [1] of y or
 * horizontal. */
typedef struct {
    nt_table_strategy_t strategy[2];
    const json_t       *explicit_lines[2]; /* lists of numbers, or NULL */
    double              snap[2];
    double              join[2];
    double              intersection[2];
    double              text[2]; /* tolerances between characters */
    double              edge_min_length;
    double              edge_min_length_prefilter;
    int64_t             min_words[2];
    bool                keep_blank;
} nt_table_settings_t;

extern const nt_table_settings_t nt_table_defaults; /* of lines */

/* The tables of a page: an array of {"box": [x0, y0, x1, y1], "rows": [[text
 * or null, ...], ...]}.  A new reference; NULL after nt_call_fail. */
json_t *nt_tables_find(nt_pdf_t *pdf, int number, const nt_page_t *page,
                       const nt_table_settings_t *settings);

/* An edge of a table to be; those of a list are of one orientation. */
typedef struct {
    double at;       /* x of a vertical one, y of a horizontal one */
    double from, to; /* along it */
    bool   rect;     /* of a rectangle */
} nt_edge_t;

typedef struct {
    nt_edge_t *edges;
    size_t     n, cap;
} nt_edges_t;

/* False after nt_call_fail: too many, or no memory. */
bool nt_edges_add(nt_node_call_t *call, nt_edges_t *edges, nt_edge_t edge);

/* --- edges.c --- */

/* The lines and edges of rectangles that are drawn on a page: [0] vertical,
 * [1] horizontal.  False after nt_call_fail. */
bool nt_edges_draw(nt_pdf_t *pdf, int number, nt_edges_t edges[2]);

/* --- words.c --- */

/* The edges that columns and rows of words have: pdfplumber's strategy
 * "text". */
bool nt_edges_words(nt_node_call_t *call, const nt_page_t *page,
                    const nt_table_settings_t *settings, int orientation,
                    nt_edges_t *edges);

/* --- table_edges.c --- */

/* Adds the edges of one orientation that the settings ask for, of those that
 * are drawn, of words, or given; in line and joined. */
bool nt_table_edges(nt_node_call_t *call, const nt_page_t *page,
                    const nt_table_settings_t *settings, int orientation,
                    const nt_edges_t *drawn, nt_edges_t *edges);

/* --- table_text.c --- */

/* The text of the glyphs whose middle is in the box: lines from top to bottom.
 * `glyphs` has room for all of the page.  A new reference; NULL when memory is
 * out. */
json_t *nt_table_text(const nt_page_t           *page,
                      const nt_table_settings_t *settings, const nt_box_t *box,
                      const nt_glyph_t **glyphs);

/* --- node types --- */

extern const nt_node_type_t nt_pymupdf_text;
extern const nt_node_type_t nt_pymupdf_blocks;
extern const nt_node_type_t nt_pymupdf_style;
extern const nt_node_type_t nt_pymupdf_tables;
extern const nt_node_type_t nt_pymupdf_markdown;
extern const nt_node_type_t nt_pdfplumber_text;
extern const nt_node_type_t nt_pdfplumber_images;
extern const nt_node_type_t nt_pdfplumber_count;
extern const nt_node_type_t nt_pdfplumber_metadata;
extern const nt_node_type_t nt_pdfplumber_tables;

/* The pages of lib.pymupdf: end_page is the last one, -1 that of the
 * document; a page that is not there fails. */
bool nt_pymupdf_range(nt_node_call_t *call, nt_pdf_t *pdf);

#define NT_PDF_PROPERTY                                                        \
    NT_PROP("pdf", "document", NT_DEFAULT_DOCUMENT, "The PDF document")

#endif
