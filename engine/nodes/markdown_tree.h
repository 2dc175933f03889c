/*
 * engine/nodes/markdown_tree.h - Markdown as a tree, beside its lines.
 *
 * GitHub's CommonMark with tables (libcmark-gfm).  The tree says what is
 * where; texts are taken from the lines, with their marks.
 */

#ifndef NT_MARKDOWN_TREE_H
#define NT_MARKDOWN_TREE_H

#include <cmark-gfm.h>

#include "core/nt_buf.h"

typedef struct {
    cmark_node *root;
    nt_str_t   *lines; /* without their ends */
    size_t      n_lines;
} nt_markdown_t;

/* Parses UTF-8, which must outlive the tree.  NT_LIMIT for more than 16 MiB;
 * NT_NOMEM. */
nt_rc_t nt_markdown_parse(nt_markdown_t *markdown, nt_str_t text);

void nt_markdown_free(nt_markdown_t *markdown);

/* The line that a node starts on; "" behind the last. */
nt_str_t nt_markdown_line(const nt_markdown_t *markdown, cmark_node *node);

/* Appends the text of a paragraph or heading as it is written: its lines
 * without space around them, with one between them. */
void nt_markdown_text(nt_buf_t *out, const nt_markdown_t *markdown,
                      cmark_node *node);

/* Appends the text in a node without its marks. */
void nt_markdown_plain(nt_buf_t *out, cmark_node *node);

#endif
