/*
 * engine/nodes/mime.h - messages of mail (RFC 5322, MIME: RFC 2045 to 2047).
 */

#ifndef NT_MIME_H
#define NT_MIME_H

#include <jansson.h>

#include "core/nt_buf.h"

/*
 * Reads a message as {"subject", "sender", "date", "body"}.  The body is its
 * first plain text that is no attachment, else its HTML as text; the date is
 * seconds since 1970 or null.  What is malformed is read as far as it makes
 * sense.  NULL when memory is out.
 */
json_t *nt_mime_read(nt_str_t message);

/* Appends a header's text, in encoded words (RFC 2047) where it is not
 * ASCII. */
void nt_mime_write_header(nt_buf_t *out, nt_str_t text);

/* Appends the headers of a text in UTF-8, an empty line and the text, with
 * CRLF, so that any server takes it. */
void nt_mime_write_body(nt_buf_t *out, nt_str_t text);

#endif
