/*
 * engine/nodes/html_text.h - HTML as Markdown text, much as Python's
 * html2text writes it.
 */

#ifndef NT_HTML_TEXT_H
#define NT_HTML_TEXT_H

#include "core/nt_buf.h"

typedef struct {
    const char *base_url; /* for relative links; "" for none */
    size_t      width;    /* characters of a line of text; 0: no limit */
    bool        ignore_images;
    bool        ignore_mailto; /* text without its link */
} nt_html_options_t;

/* Appends the text of a document or a part of one; html is UTF-8.  NT_LIMIT
 * when it is larger, or nested deeper, than libxml2 takes (256 elements);
 * NT_NOMEM. */
nt_rc_t nt_html_text(nt_buf_t *out, nt_str_t html,
                     const nt_html_options_t *options);

#endif
