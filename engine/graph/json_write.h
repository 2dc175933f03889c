/*
 * engine/graph/json_write.h - jansson values as JSON text (RFC 8259).
 *
 * Faster than json_dumps, and numbers look as they were written: a real is
 * the shortest text that reads back as the same double, with a fraction or
 * an exponent, so that it stays a real.
 */

#ifndef NT_JSON_WRITE_H
#define NT_JSON_WRITE_H

#include <jansson.h>

#include "core/nt_buf.h"

/* Appends `value` on one line; NULL is written as null.  Nesting is as deep
 * as jansson's parser lets it be. */
void nt_json_write(nt_buf_t *buf, const json_t *value);

/* The same, but gives up when more than `limit` bytes would be appended;
 * then nothing is appended and false is returned. */
bool nt_json_write_limited(nt_buf_t *buf, const json_t *value, size_t limit);

#endif
