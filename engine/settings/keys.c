/*
 * engine/settings/keys.c - master keys, as the environment has them.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "engine/settings/seal.h"
#include "engine/workflows/file.h"

#define NT_MASTER     "SECRETS_MASTER_KEY"
#define NT_MASTER_OLD "SECRETS_MASTER_KEY_OLD"
#define NT_FILE       "file:"
#define NT_FILE_MAX   65536


/* The first line of a file. */
static bool
read_file(const char *name, const char *path, nt_buf_t *master, nt_buf_t *error)
{
    int         err;
    char       *end;
    struct stat st;

    err = nt_file_read(AT_FDCWD, path, NT_FILE_MAX, master, &st);
    if (err != 0) {
        nt_buf_printf(error, "%s: the file %s cannot be read: %s.", name, path,
                      strerror(err));
        return false;
    }

    end = master->len > 0 ? memchr(master->data, '\n', master->len) : NULL;
    if (end != NULL) {
        master->len = (size_t) (end - master->data);
    }

    if (master->len > 0 && master->data[master->len - 1] == '\r') {
        master->len--;
    }

    return true;
}


static bool
add_key(nt_seal_keys_t *keys, const char *name, const char *text,
        nt_buf_t *error)
{
    bool     ok = true;
    nt_buf_t master = { 0 };

    if (keys->n == NT_SEAL_KEYS_MAX) {
        nt_buf_printf(error, "%s: there are more than %d keys.", name,
                      NT_SEAL_KEYS_MAX - 1);
        return false;
    }

    if (strncmp(text, NT_FILE, sizeof(NT_FILE) - 1) == 0) {
        ok = read_file(name, text + sizeof(NT_FILE) - 1, &master, error);

    } else {
        nt_buf_append_str(&master, nt_str(text));
    }

    if (ok && master.len < NT_SEAL_MASTER_MIN) {
        nt_buf_printf(error,
                      "%s: a key has at least %d characters: \"openssl rand "
                      "-base64 32\" makes one.",
                      name, NT_SEAL_MASTER_MIN);
        ok = false;
    }

    if (ok &&
        (master.failed || !nt_seal_key(&keys->keys[keys->n],
                                       (nt_str_t) { master.data, master.len })))
    {
        nt_buf_printf(error, "%s: the key cannot be derived.", name);
        ok = false;
    }

    keys->n += ok;
    nt_seal_buf_free(&master);

    return ok;
}


static bool
add_list(nt_seal_keys_t *keys, const char *name, const char *list,
         nt_buf_t *error)
{
    bool  ok = true;
    char *copy = strdup(list), *rest = copy, *text;

    if (copy == NULL) {
        nt_buf_printf(error, "Out of memory.");
        return false;
    }

    while (ok && (text = strsep(&rest, ",")) != NULL) {
        ok = text[0] == '\0' || add_key(keys, name, text, error);
    }

    free(copy);

    return ok;
}


bool
nt_seal_keys_read(nt_seal_keys_t *keys, nt_buf_t *error)
{
    const char *master = getenv(NT_MASTER), *old = getenv(NT_MASTER_OLD);

    bool ok = true;

    *keys = (nt_seal_keys_t) { .n = 0 };

    if (master != NULL && master[0] != '\0') {
        ok = add_key(keys, NT_MASTER, master, error) &&
             (old == NULL || add_list(keys, NT_MASTER_OLD, old, error));
    }

    /* no program that the engine starts gets to see them */
    (void) unsetenv(NT_MASTER);
    (void) unsetenv(NT_MASTER_OLD);

    return ok;
}
