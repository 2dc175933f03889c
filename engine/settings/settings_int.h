/*
 * engine/settings/settings_int.h - what the files of settings.h share.
 */

#ifndef NT_SETTINGS_INT_H
#define NT_SETTINGS_INT_H

#include <sys/stat.h>

#include "engine/settings/file.h"
#include "engine/settings/settings.h"

#define NT_SETTINGS_CACHED 256 /* users whose values are kept in memory */
#define NT_SETTINGS_NAME   256 /* bytes of a file's name */

typedef struct {
    char        *user; /* NULL: the place is free */
    struct stat  st;   /* of the file that was read */
    nt_values_t *values;
} nt_settings_cached_t;

struct nt_settings {
    int                  dir;
    nt_seal_keys_t       keys;
    nt_settings_cached_t cached[NT_SETTINGS_CACHED];
    size_t               next; /* the place to be given away */
};

/* Reads a user's file, a new one when there is none.  200, or another status
 * with a sentence in `error`. */
int nt_settings_read(nt_settings_t *settings, const char *user, json_t **file,
                     nt_buf_t *error);

/* Stores it: 200, or another status. */
int nt_settings_write(nt_settings_t *settings, const char *user,
                      const json_t *file, nt_buf_t *error);

/* Who reads and writes back waits for whoever does the same, here or in
 * another engine, but not for ever.  A descriptor that is to be closed, -1
 * with errno. */
int nt_settings_lock(nt_settings_t *settings);

/* Reads a file that is to be written back: 200 with the lock. */
int nt_settings_begin(nt_settings_t *settings, const char *user, json_t **file,
                      int *lock, nt_buf_t *error);

/* Writes it back, if the change went well (`status` 200), and gives back the
 * lock. */
int nt_settings_end(nt_settings_t *settings, const char *user,
                    const json_t *file, int lock, int status, nt_buf_t *error);

int nt_settings_nomem(nt_buf_t *error);

/* Checks and sets a secret in a file: 200, or another status. */
int nt_settings_set_secret(nt_settings_t *settings, json_t *file,
                           const char *name, const json_t *value,
                           const char *description, nt_buf_t *error);

#endif
