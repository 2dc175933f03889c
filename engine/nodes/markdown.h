/*
 * engine/nodes/markdown.h - what the files of lib.markdown.* share.
 */

#ifndef NT_MARKDOWN_H
#define NT_MARKDOWN_H

#include "engine/nodes/args.h"
#include "engine/nodes/markdown_tree.h"

/* Parses the property "markdown"; nt_markdown_free it.  False after
 * nt_call_fail. */
bool nt_markdown_input(nt_node_call_t *call, nt_markdown_t *markdown);

/* markdown_table.c */
extern const nt_node_type_t nt_markdown_tables;

#endif
