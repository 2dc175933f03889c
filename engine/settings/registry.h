/*
 * engine/settings/registry.h - the settings that nodes and models ask for, as
 * users may set them.
 */

#ifndef NT_SETTINGS_REGISTRY_H
#define NT_SETTINGS_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

/* Secrets of this prefix, which lib.secret.GetSecret gives to workflows, have
 * names of the user's own. */
#define NT_SECRET_PREFIX "NODETOOL_SECRET_"

typedef struct {
    const char *name; /* as the environment has it */
    const char *group;
    const char *description;
    bool        secret;
    /* Only administrators: with it a user would have the server's own keys
     * sent to an address of his, or reach what they protect. */
    bool admin;
} nt_setting_t;

extern const nt_setting_t nt_settings_known[];
extern const size_t       nt_settings_known_count;

/* NULL when there is none. */
const nt_setting_t *nt_setting_find(const char *name);

/* Whether a secret may have this name: one that is known, or
 * NODETOOL_SECRET_ and up to 64 letters, digits and underscores. */
bool nt_secret_name_valid(const char *name);

#endif
