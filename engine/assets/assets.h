/*
 * engine/assets/assets.h - the assets as the engine's nodes use them: files
 * in a folder, by key (core/nt_key.h), which the storage module serves under
 * /storage/assets.
 *
 * Blocking: for the thread pool.
 */

#ifndef NT_ASSETS_H
#define NT_ASSETS_H

#include <jansson.h>

#include "core/nt_buf.h"

#define NT_ASSET_MAX ((size_t) 1 << 30) /* bytes that are read to memory */

/* Checks a key as nt_key_check, and that it is not among the storage
 * module's own files. NULL or what is wrong. */
const char *nt_asset_key_check(nt_str_t key);

/* Whether a key has the form of an upload's (nt_catalog_new_id).  An upload
 * is its user's: nodes that know its key may read it, as everybody may, but
 * neither find nor replace it. */
bool nt_asset_key_is_upload(nt_str_t key);

/* Reads a whole file from a descriptor, which stays open. *data is malloc'ed
 * and NUL-terminated; false with errno, EFBIG beyond NT_ASSET_MAX. */
bool nt_read_all(int fd, char **data, size_t *len);

/* Reads an asset; false with errno. */
bool nt_asset_read(int folder, const char *key, char **data, size_t *len);

/* Writes an asset: a temporary file, synced, then renamed.  A reader sees
 * the old one or the new one, whole.  False with errno. */
bool nt_asset_write(int folder, const char *key, const void *data, size_t len);

/* Keys under a folder ("" for all), sorted, uploads left out.  New reference;
 * NULL with errno. */
json_t *nt_asset_list(int folder, const char *prefix);

#endif
