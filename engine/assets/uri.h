/*
 * engine/assets/uri.h - URIs of media refs.
 */

#ifndef NT_URI_H
#define NT_URI_H

#include "core/nt_buf.h"

#define NT_STORAGE_PATH "/storage/assets/"
/* as NodeTool's editor names them in the workflows that it saves */
#define NT_EDITOR_PATH "/api/storage/"

/* Appends the bytes of a base64 text (RFC 4648); both alphabets, line breaks
 * and missing padding are taken.  NT_ERROR when it is malformed. */
nt_rc_t nt_base64_decode(nt_buf_t *buf, nt_str_t text);

/* Appends the bytes of a "data:" URI (RFC 2397), base64 or percent-encoded.
 * NT_ERROR when it is malformed. */
nt_rc_t nt_uri_data(nt_buf_t *buf, nt_str_t uri);

/* Appends the key of an asset's URI: "/storage/assets/KEY" or
 * "/api/storage/KEY" with or without the server's base URL in front, or
 * "asset://KEY"; percent-decoded, not checked.  NT_ERROR when it is no such URI. */
nt_rc_t nt_uri_key(nt_buf_t *buf, nt_str_t uri, nt_str_t base_url);

/* Appends BASE/storage/assets/KEY, percent-encoded (RFC 3986). */
void nt_uri_asset(nt_buf_t *buf, nt_str_t base_url, nt_str_t key);

/* Appends file:///PATH, percent-encoded (RFC 8089), whose root is the
 * workspace. */
void nt_uri_file(nt_buf_t *buf, nt_str_t path);

/* Appends the path of such a URI, decoded, not checked.  NT_ERROR when it is
 * none. */
nt_rc_t nt_uri_file_path(nt_buf_t *buf, nt_str_t uri);

#endif
