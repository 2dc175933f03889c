/*
 * engine/nodes/css.h - elements of HTML by CSS selectors.
 *
 * Of Selectors Level 3: types, "*", #id, .class, [attribute] with =, ~=, |=,
 * ^=, $=, *=; :first-child, :last-child, :only-child, :nth-child(),
 * :first-of-type, :last-of-type, :nth-of-type(), :empty, :not(); " ", ">",
 * "+", "~"; lists with commas.
 */

#ifndef NT_CSS_H
#define NT_CSS_H

#include <libxml/tree.h>

#include "core/nt_buf.h"

typedef struct nt_css nt_css_t;

/* NULL with a sentence in `error`, which is empty when memory is out. */
nt_css_t *nt_css_parse(nt_str_t selector, nt_buf_t *error);
void      nt_css_free(nt_css_t *css);

/* Does an element match one of the selectors? */
bool nt_css_matches(const nt_css_t *css, const xmlNode *node);

#endif
