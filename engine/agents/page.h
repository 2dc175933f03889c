/*
 * engine/agents/page.h - web pages as models read them.
 */

#ifndef NT_PAGE_H
#define NT_PAGE_H

#include <jansson.h>

#include "core/nt_buf.h"

typedef enum {
    NT_PAGE_HTML,
    NT_PAGE_TEXT,
    NT_PAGE_OTHER /* nothing to read */
} nt_page_kind_t;

/* What a Content-Type (NULL for none) and the first bytes say. */
nt_page_kind_t nt_page_kind(const char *content_type, nt_str_t body);

/* Appends the body as UTF-8: from the charset of the Content-Type, else of
 * the page's own <meta>, else UTF-8, else Latin-1, which takes all bytes. */
bool nt_page_decode(nt_buf_t *out, const char *content_type, nt_str_t body);

/* Appends the text of HTML as Markdown, links made absolute with `url`;
 * *metadata becomes {"title", "description" ..., "og": {...}}, a new
 * reference.  NT_LIMIT, NT_NOMEM as nt_html_text. */
nt_rc_t nt_page_read(nt_buf_t *out, json_t **metadata, nt_str_t html,
                     const char *url);

#endif
