/*
 * engine/assets/media.h - types of media, and bytes as text.
 */

#ifndef NT_ASSETS_MEDIA_H
#define NT_ASSETS_MEDIA_H

#include "core/nt_buf.h"

/* "image/png" by the first bytes, NULL when they are not known. */
const char *nt_media_type(nt_str_t data);

/* The extension for a type, without a dot: "png"; "bin" for another. */
const char *nt_media_extension(const char *type);

/* Appends base64 (RFC 4648, section 4). */
void nt_base64_append(nt_buf_t *out, nt_str_t data);

/* Appends "data:TYPE;base64,...". */
void nt_data_uri_append(nt_buf_t *out, const char *type, nt_str_t data);

#endif
