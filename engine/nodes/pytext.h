/*
 * engine/nodes/pytext.h - JSON values as Python sees them.
 *
 * Values come from JSON texts or from nodes, so their nesting is bounded
 * (jansson: 2048) and the functions recurse.
 */

#ifndef NT_PYTEXT_H
#define NT_PYTEXT_H

#include <jansson.h>

#include "core/nt_buf.h"

/* Append str(value) and repr(value): True, None, 1.0, ['a', {'b': 2}]. */
void nt_py_str(nt_buf_t *out, const json_t *value);
void nt_py_repr(nt_buf_t *out, const json_t *value);

/* The parts of repr: of a finite float, the fewest digits that read back as
 * the same number; of a string, with quotes. */
void nt_py_float(nt_buf_t *out, double value);
void nt_py_quote(nt_buf_t *out, nt_str_t s);

/* bool(value) */
bool nt_py_truth(const json_t *value);

#endif
