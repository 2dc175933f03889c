/*
 * engine/nodes/svg_text.h - SVG elements as values, and the text that they
 * make.
 *
 * {"type": "svg_element", "name": "rect", "attributes": {"x": "0"},
 *  "content": text or null, "children": [elements]}
 */

#ifndef NT_SVG_TEXT_H
#define NT_SVG_TEXT_H

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"

/* Appends an element; values and content are escaped.  False after
 * nt_call_fail: it is none, or too deep or too long a text. */
bool nt_svg_element(nt_node_call_t *call, const json_t *element, nt_buf_t *out);

/* Appends a document of the properties "content" (an SVG text, an element or
 * a list of these), "width", "height" and "viewBox". */
bool nt_svg_document(nt_node_call_t *call, nt_buf_t *out);

#endif
