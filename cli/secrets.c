#include "cli/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/folder.h"
#include "core/nt_token.h"
#include "engine/workflows/file.h"

#define NT_SECRET_BYTES 32
#define NT_SECRET_MAX   1048576 /* bytes of a file */

#define NT_SECRETS_KEY "SECRETS_MASTER_KEY"
#define NT_OLD_KEYS    "SECRETS_MASTER_KEY_OLD"


void
nt_secret_append(nt_buf_t *text)
{
    unsigned char random[NT_SECRET_BYTES];

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        nt_cli_say("random bytes: %s", strerror(errno));
        exit(NT_CLI_FAILED);
    }

    nt_base64url(text, random, sizeof(random));

    if (text->failed) {
        nt_cli_no_memory();
    }
}


static void
append_secret(nt_buf_t *text)
{
    nt_secret_append(text);
    nt_buf_append_char(text, '\n');
}


static bool
failed(const char *home, const char *name, int error)
{
    nt_cli_say("%s/%s: %s", home, name, strerror(error));
    return false;
}


/* A file that is missing is empty, *there says so. */
static bool
read_secret(int dir, const char *home, const char *name, nt_buf_t *text,
            bool *there)
{
    int         error;
    struct stat st;

    error = nt_file_read(dir, name, NT_SECRET_MAX, text, &st);
    *there = error == 0;

    if (error == ENOENT) {
        return true;
    }

    if (error != 0) {
        return failed(home, name, error);
    }

    if ((st.st_mode & 077) != 0) {
        nt_cli_say("%s/%s can be read by others; chmod 600 it", home, name);
    }

    return true;
}


/* With mode 0600, whatever the caller's umask, and as the home's owner, who
 * runs its servers: root may look after it. */
static bool
write_secret(int dir, const char *home, const char *name, const nt_buf_t *text)
{
    int         error;
    bool        root = geteuid() == 0;
    gid_t       group = getegid();
    mode_t      mask = umask(077);
    struct stat st;

    if (root && (fstat(dir, &st) == -1 || setegid(st.st_gid) == -1 ||
                 seteuid(st.st_uid) == -1))
    {
        error = errno;
    } else {
        error = nt_file_replace(dir, name, text->data, text->len);
    }

    if (root && (seteuid(0) == -1 || setegid(group) == -1) && error == 0) {
        error = errno;
    }

    (void) umask(mask);

    return error == 0 || failed(home, name, error);
}


/* --- tokens --- */

static bool
open_file(nt_token_file_t *file, const char *home, const char *name, bool make)
{
    *file = (nt_token_file_t) { .home = home, .name = name, .dir = -1 };

    if (make) {
        file->dir = nt_folder_open(home, ".");
    } else {
        file->dir = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (file->dir == -1 && errno == ENOENT) {
            return true;
        }

        if (file->dir == -1) {
            nt_cli_say("%s: %s", home, strerror(errno));
        }
    }

    if (file->dir == -1) {
        return false;
    }

    /* who reads and writes it back waits for whoever does the same */
    if (flock(file->dir, LOCK_EX) == -1) {
        return failed(home, name, errno);
    }

    return read_secret(file->dir, home, name, &file->text, &file->there);
}


bool
nt_token_file_open(nt_token_file_t *file, const char *home, bool make)
{
    return open_file(file, home, "token", make);
}


bool
nt_keys_file_open(nt_token_file_t *file, const char *home, bool make)
{
    return open_file(file, home, "keys", make);
}


bool
nt_token_file_save(nt_token_file_t *file)
{
    return write_secret(file->dir, file->home, file->name, &file->text);
}


void
nt_token_file_close(nt_token_file_t *file)
{
    nt_buf_free(&file->text);

    if (file->dir != -1) {
        (void) close(file->dir);
    }
}


nt_str_t
nt_token_file_first(const nt_token_file_t *file)
{
    nt_str_t text = { file->text.data, file->text.len };

    return nt_token_file_next(&text);
}


nt_str_t
nt_token_file_add(nt_token_file_t *file, bool first)
{
    size_t   at;
    nt_buf_t text = { 0 }, *old = &file->text;

    if (!first) {
        nt_buf_append(&text, old->data, old->len);
        if (old->len != 0 && old->data[old->len - 1] != '\n') {
            nt_buf_append_char(&text, '\n');
        }
    }

    at = text.len;
    append_secret(&text);

    if (first) {
        nt_buf_append(&text, old->data, old->len);
    }

    if (text.failed) {
        nt_cli_no_memory();
    }

    nt_buf_free(old);
    *old = text;

    text.data += at;
    text.len -= at;

    return nt_token_file_next(&(nt_str_t) { text.data, text.len });
}


bool
nt_home_keys(const nt_home_t *home)
{
    bool            ok;
    nt_token_file_t file;

    ok = nt_keys_file_open(&file, home->path, true);

    if (ok && !file.there) {
        nt_buf_append_str(&file.text,
                          NT_STR("# Virtual keys: see nodetool key --help\n"));
        if (file.text.failed) {
            nt_cli_no_memory();
        }

        ok = nt_token_file_save(&file);
    }

    nt_token_file_close(&file);

    return ok;
}


bool
nt_home_token(nt_home_t *home)
{
    bool            ok;
    nt_str_t        token = { "", 0 };
    nt_token_file_t file;

    ok = nt_token_file_open(&file, home->path, true);

    if (ok && !file.there) {
        token = nt_token_file_add(&file, true);
        ok = home->new_token = nt_token_file_save(&file);

    } else if (ok) {
        token = nt_token_file_first(&file);
        ok = token.len != 0;
        if (!ok) {
            nt_cli_say("%s/token has no token; put one in, or delete the file "
                       "to have one made",
                       home->path);
        }
    }

    if (ok) {
        home->token = nt_cli_printf("%.*s", (int) token.len, token.data);
    }

    nt_token_file_close(&file);

    return ok;
}


/* --- the key of secrets --- */

static bool
key_of_file(nt_home_t *home, int dir, bool make)
{
    bool     ok, there;
    size_t   len;
    nt_buf_t text = { 0 };

    ok = read_secret(dir, home->path, "secrets.key", &text, &there);

    if (ok && !there && make) {
        append_secret(&text);
        ok = there = write_secret(dir, home->path, "secrets.key", &text);
    }

    for (len = text.len; len > 0 && text.data[len - 1] <= ' '; len--) {
        /* void */
    }

    if (ok && there && len == 0) {
        nt_cli_say("%s/secrets.key is empty; put the key back, or delete the "
                   "file to have one made, without which no secret of this "
                   "home can be read",
                   home->path);
        ok = false;
    }

    if (ok && there) {
        home->secrets_key = nt_cli_printf("%.*s", (int) len, text.data);
    }

    nt_buf_free(&text);

    return ok;
}


/* A variable, which then is none any more; NULL when it was not set. */
static char *
take_env(const char *name)
{
    const char *env = nt_cli_env(name);
    char       *value = env != NULL ? nt_cli_strdup(env) : NULL;

    (void) unsetenv(name);

    return value;
}


bool
nt_home_secrets_key(nt_home_t *home, bool make)
{
    int  dir;
    bool ok;

    home->secrets_key = take_env(NT_SECRETS_KEY);
    home->old_keys = take_env(NT_OLD_KEYS);

    if (home->secrets_key != NULL) {
        return true;
    }

    dir = nt_folder_open(home->path, ".");
    if (dir == -1) {
        return false;
    }

    ok = key_of_file(home, dir, make);
    (void) close(dir);

    return ok;
}
