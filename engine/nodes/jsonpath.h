/*
 * engine/nodes/jsonpath.h - JSONPath (RFC 9535, and its older habits).
 *
 *   $.store.book[0].title   $..author   $.a[*]   $.list[-1]   $.list[1:5:2]
 *   $['odd name']   $.a['x','y']   $.book[?@.price < 10 && @.isbn]
 *
 * The leading "$" may be left out ("a.b[0]"), and filters may stand in
 * parentheses.  Functions (length(), match() ...) are not supported.
 */

#ifndef NT_JSONPATH_H
#define NT_JSONPATH_H

#include <jansson.h>

#include "core/nt_buf.h"

#define NT_JSONPATH_STEPS_MAX 10000000 /* values that one search looks at */

typedef struct nt_jsonpath nt_jsonpath_t;

/* Compiles a path.  NULL with a sentence in `error` that names the character
 * where it is wrong. */
nt_jsonpath_t *nt_jsonpath_parse(nt_str_t text, nt_buf_t *error);
void           nt_jsonpath_free(nt_jsonpath_t *path);

/* The values that the path leads to, in the order of the document, as a new
 * array that shares them.  NULL when memory is out or the search takes too long. */
json_t *nt_jsonpath_find(const nt_jsonpath_t *path, json_t *root);

#endif
