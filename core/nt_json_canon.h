/*
 * core/nt_json_canon.h - one form for all JSON texts that say the same.
 *
 * Two documents have the same form when they differ only in white space, in
 * the order of members, in escapes of strings, and in how numbers are spelt
 * (1, 1.0 and 10e-1; compared as decimals, without rounding).
 *
 *   white space  none
 *   members      in the order of the bytes of their quoted names
 *   strings      as nt_buf_append_json() writes them
 *   numbers      0, or digits that neither begin nor end with 0, and an
 *                exponent: 25e-1
 */

#ifndef NT_JSON_CANON_H
#define NT_JSON_CANON_H

#include "core/nt_buf.h"

#define NT_JSON_CANON_DEPTH 64

/* A member of the top-level object that is left out: of this name (NULL: of
 * any), if its value in canonical form is this (NULL: whatever it is). */
typedef struct {
    const char *name;
    const char *value;
} nt_json_drop_t;

NT_BEGIN_DECLS

/*
 * Appends the form of a document that is valid JSON (see nt_json_scan.h); of
 * another one the result is NT_ERROR or of no meaning.  `drop` is an array of
 * `n`.  NT_ERROR: a member stands twice, half a surrogate, or nesting beyond
 * NT_JSON_CANON_DEPTH: what these mean depends on the reader.  NT_NOMEM.
 */
nt_rc_t nt_json_canon(nt_buf_t *out, nt_str_t document,
                      const nt_json_drop_t *drop, size_t n);

NT_END_DECLS

#endif
