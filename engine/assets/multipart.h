/*
 * engine/assets/multipart.h - multipart/form-data (RFC 7578, RFC 2046,
 * section 5.1), of a body that is there as a whole.
 *
 * Debian has parsers for mail, which decode what is not to be decoded here,
 * and such as are part of a web server.
 */

#ifndef NT_MULTIPART_H
#define NT_MULTIPART_H

#include "core/nt_buf.h"
#include "core/nt_multipart.h"

#define NT_MULTIPART_HEADERS_MAX 8192 /* bytes, of a part */

/* Borrowed from the body.  A name is as it stands between its quotes. */
typedef struct {
    nt_str_t name;
    nt_str_t filename; /* empty when there is none */
    nt_str_t type;     /* Content-Type; empty when there is none */
    nt_str_t data;
} nt_part_t;

/* Splits a body into at most `max` parts; false with a sentence in `error`,
 * also for a body that is cut off. */
bool nt_multipart_parse(nt_str_t body, nt_str_t boundary, nt_part_t *parts,
                        size_t max, size_t *n, nt_buf_t *error);

#endif
