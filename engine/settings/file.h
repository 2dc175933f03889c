/*
 * engine/settings/file.h - a user's file.
 *
 *   {"version": 1, "user": "1",
 *    "settings": {"NODETOOL_DEFAULT_MODEL": "openai/gpt-4o-mini"},
 *    "secrets": {"OPENAI_API_KEY": {"id": "…", "key": ID OF THE KEY,
 *        "value": as in seal.h, "description": null, "created_at": "…",
 *        "updated_at": "…"}}}
 *
 * One file has both, so that a change of several is stored whole or not at
 * all.  What does not have this form is an error, and is not overwritten.
 */

#ifndef NT_SETTINGS_FILE_H
#define NT_SETTINGS_FILE_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/settings/seal.h"
#include "engine/settings/values.h"

#define NT_SETTINGS_MAX   256         /* settings, and secrets, of a user */
#define NT_SECRET_MAX     (16u << 10) /* bytes of a value */
#define NT_SETTINGS_BYTES (8u << 20)  /* of a file */

/* New reference; NULL with what is wrong in `error`. */
json_t *nt_settings_file_new(const char *user);
json_t *nt_settings_file_parse(const char *text, size_t len, const char *user,
                               nt_buf_t *error);

/* Its settings and secrets for runs; secrets that cannot be read are said in
 * the log.  NULL when memory is out. */
nt_values_t *nt_settings_file_values(const json_t         *file,
                                     const nt_seal_keys_t *keys);

/* Whether a secret can be read: NULL, or why not, for its user. */
const char *nt_settings_file_fault(const json_t *file, const char *name,
                                   const nt_seal_keys_t *keys);

/* Sets a secret, encrypted with the first key; false when memory is out.
 * `description` NULL leaves the one that is there. */
bool nt_settings_file_set(json_t *file, const char *name, nt_str_t value,
                          const char *description, const nt_seal_key_t *key);

/* Encrypts with the first key what can be read with others; how many.
 * -1 when memory is out. */
int nt_settings_file_rotate(json_t *file, const nt_seal_keys_t *keys);

#endif
