/*
 * core/nt_buf.h - a growable byte buffer with a sticky failure.
 *
 * Appends never need a check of their own: after an allocation has failed,
 * every append does nothing and `failed` stays set; look at it once, at the
 * end.  A zeroed nt_buf_t is a valid empty buffer.
 */

#ifndef NT_BUF_H
#define NT_BUF_H

#include "core/nt_base.h"

typedef struct {
    char  *data; /* owned; not NUL-terminated */
    size_t len;
    size_t cap;
    bool   failed;
} nt_buf_t;

NT_BEGIN_DECLS

void nt_buf_append(nt_buf_t *buf, const void *data, size_t len);
void nt_buf_append_str(nt_buf_t *buf, nt_str_t str);
void nt_buf_append_char(nt_buf_t *buf, char c);
void nt_buf_append_uint(nt_buf_t *buf, uint64_t value); /* in decimal */
void nt_buf_printf(nt_buf_t *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `len` more bytes; returns where to write, NULL on failure.
 * The caller adds what it wrote to buf->len. */
char *nt_buf_reserve(nt_buf_t *buf, size_t len);

/* Appends `str` as a JSON string with its quotes (RFC 8259).  Control
 * characters are escaped; invalid UTF-8 becomes U+FFFD, so the output is
 * always valid JSON; DEL and non-ASCII characters are kept as they are. */
void nt_buf_append_json(nt_buf_t *buf, nt_str_t str);

/* Appends `str` percent-encoded (RFC 3986, 2.1), but for the unreserved
 * characters and those of `keep` ("/" in a path; "" for none). */
void nt_buf_append_percent(nt_buf_t *buf, nt_str_t str, const char *keep);

void nt_buf_reset(nt_buf_t *buf); /* empties it, keeps its memory */
void nt_buf_free(nt_buf_t *buf);  /* frees its memory, leaves it empty */

NT_END_DECLS

#endif
