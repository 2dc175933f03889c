/*
 * core/nt_token.h - bearer tokens (RFC 6750).
 */

#ifndef NT_TOKEN_H
#define NT_TOKEN_H

#include "core/nt_buf.h"

#define NT_TOKEN_MAX 8192

NT_BEGIN_DECLS

/* The token of an Authorization header value: "Bearer x" in any case, one
 * or more spaces, b64token characters, nothing behind it.  An empty string
 * when it is not of that form. */
nt_str_t nt_token_bearer(nt_str_t header);

/* Whether it is a token as that header may carry. */
bool nt_token_valid(nt_str_t token);

/* Equality in time that depends on the lengths only. */
bool nt_token_equal(nt_str_t a, nt_str_t b);

/* Whether one of n tokens of token.len bytes, side by side, is this one; in
 * time that depends on n and the length only. */
bool nt_token_among(const void *tokens, size_t n, nt_str_t token);

/* The next token of a token file: one a line, blank lines and lines that
 * start with # skipped, spaces around it trimmed; takes it off *text.
 * An empty string at the end. */
nt_str_t nt_token_file_next(nt_str_t *text);

/* Base64url without padding (RFC 4648, section 5). */
void nt_base64url(nt_buf_t *buf, const unsigned char *data, size_t len);

/* 0 to 63; -1 for a character that is no digit of base64url. */
int nt_base64url_digit(char c);

/* The other way round: of what it decodes to there is one text only, so no
 * padding, no other characters, and no bits that are left over.  NT_ERROR, or
 * NT_LIMIT when it does not fit. */
nt_rc_t nt_base64url_decode(nt_str_t text, unsigned char *out, size_t size,
                            size_t *len);

NT_END_DECLS

#endif
