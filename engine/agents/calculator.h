/*
 * engine/agents/calculator.h - arithmetic expressions in Python's notation.
 *
 *   2 + 3 * 4    2 ** 10    sqrt(16)    max(1, 2.5)    -7 // 2    2 * pi
 *
 * + - * / // % ** (or ^), signs, parentheses; numbers; pi, e, tau; sqrt, abs,
 * round, floor, ceil, exp, log (natural, or with a base), log10, log2, sin,
 * cos, tan, asin, acos, atan (radians), degrees, radians, pow, min, max.  As
 * in Python, ** binds tighter than a sign on its left and goes from right to
 * left, and // and % round down.  All numbers are doubles.
 */

#ifndef NT_CALCULATOR_H
#define NT_CALCULATOR_H

#include "core/nt_buf.h"

#define NT_CALCULATOR_LENGTH_MAX 4096 /* bytes */
#define NT_CALCULATOR_DEPTH_MAX  32   /* parentheses and signs within others */

/* NT_OK and a finite number; NT_ERROR and what is wrong, as a sentence
 * without its full stop. */
nt_rc_t nt_calculate(nt_str_t text, double *result, nt_buf_t *error);

#endif
