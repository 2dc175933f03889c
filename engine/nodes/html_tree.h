/*
 * engine/nodes/html_tree.h - trees that libxml2 makes of HTML.
 */

#ifndef NT_HTML_TREE_H
#define NT_HTML_TREE_H

#include <libxml/tree.h>

#include "core/nt_buf.h"

/* Parses UTF-8; the caller frees the document.  NULL with *rc when it cannot
 * be parsed to its end: NT_LIMIT when it is larger, or nested deeper, than
 * libxml2 takes (256 elements), or NT_NOMEM. */
xmlDoc *nt_html_parse(nt_str_t html, nt_rc_t *rc);

/* The node behind `node`, in the order of the document, beneath `root`; NULL
 * behind the last.  `skip` leaves out what is in `node`. */
xmlNode *nt_html_next(const xmlNode *root, xmlNode *node, bool skip);

/* Is it an element of one of these names, ended by NULL? */
bool nt_html_is(const xmlNode *node, const char *const *names);

typedef struct {
    const char *const *hidden; /* elements without text, ended by NULL */
    const char *const *blocks; /* elements with `end` behind them */
    char               end;
} nt_html_plain_t;

/* Appends the text in a node, white space as it is. */
void nt_html_plain(nt_buf_t *out, const xmlNode *root,
                   const nt_html_plain_t *options);

/* The URL that an attribute holds, made absolute with `base` unless that is
 * empty; xmlFree it.  NULL for none, and when memory is out. */
char *nt_html_url(const xmlNode *node, const char *attribute, const char *base);

#endif
