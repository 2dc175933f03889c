/*
 * engine/nodes/html_write.h - writing Markdown: white space, line ends,
 * prefixes of lines, marks.
 *
 * What stands between two pieces of text is known only when the second one
 * comes, so all of it waits until then: spaces, line ends, bullets and
 * opening marks.
 */

#ifndef NT_HTML_WRITE_H
#define NT_HTML_WRITE_H

#include "core/nt_buf.h"

typedef struct {
    nt_buf_t out;
    unsigned breaks;     /* line ends before the next text, 0 to 2 */
    unsigned hard;       /* "  \n" before it, if breaks is 0 */
    bool     space;      /* a space before it */
    bool     line_start; /* nothing is on the line yet */
    unsigned quote;      /* "> " before each line */
    unsigned last_quote; /* of the last line */
    unsigned indent;     /* spaces before each line that has no bullet */
    nt_buf_t bullet;     /* before the next text, at the start of a line */
    nt_buf_t marks;      /* before the next text, behind the space */
    bool     pre;        /* white space stays, lines are indented by 4 */
} nt_html_writer_t;

void nt_html_writer_init(nt_html_writer_t *w);
void nt_html_writer_free(nt_html_writer_t *w);

/* Text of a document; white space collapses. */
void nt_html_put(nt_html_writer_t *w, nt_str_t text);

/* Markdown that is written as it is, behind all that waits. */
void nt_html_raw(nt_html_writer_t *w, nt_str_t text);

/* The next text starts a line, behind n - 1 empty ones. */
void nt_html_break(nt_html_writer_t *w, unsigned n);

/* Breaks the lines of text after at most `width` characters, where a space
 * is; those of lists, tables and code stay. */
void nt_html_wrap(nt_buf_t *out, nt_str_t text, size_t width);

#endif
