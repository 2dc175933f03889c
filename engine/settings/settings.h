/*
 * engine/settings/settings.h - what users set: settings in clear, secrets
 * encrypted, a file each under HOME/settings (engine/settings/file.h).
 *
 * Values of secrets go to runs of the user's workflows, and nowhere else:
 * no reply, error or log shows one.
 */

#ifndef NT_SETTINGS_H
#define NT_SETTINGS_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/settings/values.h"

typedef struct nt_settings nt_settings_t;

/*
 * `folder` is made when it is not there, for its owner alone.  Master keys
 * are read from the environment (engine/settings/seal.h); where old ones are
 * given, all files are encrypted anew.  NULL with a sentence in `error`.
 */
nt_settings_t *nt_settings_new(const char *folder, nt_buf_t *error);
void           nt_settings_free(nt_settings_t *settings);

/* What a user's runs read before the environment; a reference for the
 * caller.  NULL when he has set nothing, or memory is out.  A file that
 * cannot be read is said in the log, and gives values that hide the
 * environment's: nothing runs with what the user did not mean.  Belongs to
 * the loop's thread; the file is looked at each time, and read when it has
 * changed. */
nt_values_t *nt_settings_values(nt_settings_t *settings, const char *user);

/*
 * These block: they are for the thread pool, and may run at the same time.
 * They return an HTTP status and a new reference, or a sentence in `error`.
 *
 * list: {"settings": [{"package_name", "env_var", "group", "description",
 * "enum", "value", "is_secret"}]}; the value of a secret that is there is
 * "****".
 *
 * put: body {"settings": {name: value}, "secrets": {name: value}}; null or ""
 * removes, a secret of asterisks stays.  All is stored or nothing.  What only
 * administrators may set is 403 for others.
 */
int nt_settings_list(nt_settings_t *settings, const char *user, json_t **reply,
                     nt_buf_t *error);
int nt_settings_put(nt_settings_t *settings, const char *user, bool admin,
                    json_t *body, json_t **reply, nt_buf_t *error);

/*
 * A secret is {"id", "user_id", "key", "description", "created_at",
 * "updated_at", "is_configured", "error"}, where `error` is null or why it
 * cannot be read.  A list, {"secrets": [...], "next_key"}, has all that are
 * known, those that are not configured with an id of null.
 *
 * put: body {"value", "description"}.
 */
int nt_secrets_list(nt_settings_t *settings, const char *user,
                    const char *cursor, size_t limit, json_t **reply,
                    nt_buf_t *error);
int nt_secret_get(nt_settings_t *settings, const char *user, const char *name,
                  json_t **reply, nt_buf_t *error);
int nt_secret_put(nt_settings_t *settings, const char *user, const char *name,
                  json_t *body, json_t **reply, nt_buf_t *error);
int nt_secret_delete(nt_settings_t *settings, const char *user,
                     const char *name, nt_buf_t *error);

#endif
