/*
 * engine/nodes/html_walk.h - what the files that walk HTML share.
 */

#ifndef NT_HTML_WALK_H
#define NT_HTML_WALK_H

#include <libxml/tree.h>

#include "engine/nodes/html_text.h"
#include "engine/nodes/html_write.h"

typedef enum {
    NT_HTML_OTHER,
    NT_HTML_HIDDEN,
    NT_HTML_BLOCK,
    NT_HTML_HEADING,
    NT_HTML_MARK, /* the same before and behind */
    NT_HTML_LINK,
    NT_HTML_IMAGE,
    NT_HTML_BREAK,
    NT_HTML_RULE,
    NT_HTML_LIST,
    NT_HTML_ITEM,
    NT_HTML_QUOTE,
    NT_HTML_PRE,
    NT_HTML_TABLE,
    NT_HTML_ROW,
    NT_HTML_CELL,
    NT_HTML_DEFINITION
} nt_html_kind_t;

typedef struct {
    const char    *name;
    nt_html_kind_t kind;
    const char    *mark;
} nt_html_element_t;

/* An element that is open. */
typedef struct {
    const nt_html_element_t *element;
    size_t                   out_len; /* of the text when it was opened */
    bool                     hidden;
    bool                     ordered; /* NT_HTML_LIST */
    unsigned                 count;   /* items, rows or cells so far */
    char                    *url;     /* NT_HTML_LINK; malloc'ed */
} nt_html_frame_t;

typedef struct {
    nt_html_writer_t         w;
    const nt_html_options_t *options;
    nt_html_frame_t         *frames; /* the document is the first */
    size_t                   depth, cap;
    unsigned                 lists; /* that are open */
    bool                     nomem;
} nt_html_walk_t;

/* html_element.c */
const nt_html_element_t *nt_html_element(const xmlNode *node);
void nt_html_open(nt_html_walk_t *walk, nt_html_frame_t *frame,
                  const xmlNode *node);
void nt_html_close(nt_html_walk_t *walk, nt_html_frame_t *frame,
                   const xmlNode *node);

/* html_link.c */
void nt_html_open_link(nt_html_walk_t *walk, nt_html_frame_t *frame,
                       const xmlNode *node);
/* for a link whose text has been written */
void nt_html_close_link(nt_html_walk_t *walk, nt_html_frame_t *frame,
                        const xmlNode *node);
void nt_html_put_image(nt_html_walk_t *walk, const xmlNode *node);

#endif
