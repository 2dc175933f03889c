/*
 * engine/nodes/encoding.h - texts as bytes, in the encodings of iconv(3)
 * under the names that Python gives them: "utf-8", "latin-1", "cp1252",
 * "utf-8-sig" ...
 *
 * False with a sentence in `error` (empty when memory is out) for a name that
 * is not known and for what cannot be converted.
 */

#ifndef NT_ENCODING_H
#define NT_ENCODING_H

#include "core/nt_buf.h"

/* Appends bytes as UTF-8. */
bool nt_encoding_read(nt_buf_t *out, nt_str_t name, nt_str_t bytes,
                      nt_buf_t *error);

/* Appends a text's bytes.  With `start`, a byte order mark goes in front
 * where the encoding has one: not for what is put at the end of a file. */
bool nt_encoding_write(nt_buf_t *out, nt_str_t name, nt_str_t text, bool start,
                       nt_buf_t *error);

#endif
