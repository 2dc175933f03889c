#include "engine/settings/settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "engine/assets/workspace.h"
#include "engine/json.h"
#include "engine/log.h"
#include "engine/settings/settings_int.h"
#include "engine/workflows/file.h"

#define NT_SUFFIX   ".json"
#define NT_LOCK     ".lock"
#define NT_PART_MAX 200 /* of a name; longer ones are hashed */

#define NT_LOCK_MS      5000 /* until who has the lock is taken for stuck */
#define NT_LOCK_STEP_MS 5


int
nt_settings_nomem(nt_buf_t *error)
{
    nt_buf_printf(error, "The server is out of memory. Try again later.");
    return 503;
}


/* --- files ----------------------------------------------------------------*/

/* The name of a user's file. */
static bool
nt_settings_name(const char *user, char name[NT_SETTINGS_NAME])
{
    bool          ok;
    nt_buf_t      part = { 0 };
    unsigned int  n;
    unsigned char hash[EVP_MAX_MD_SIZE];

    nt_path_part(&part, nt_str(user));

    if (part.len > NT_PART_MAX) {
        nt_buf_reset(&part);
        nt_buf_append_char(&part, '~'); /* which no other part has */

        if (EVP_Digest(user, strlen(user), hash, &n, EVP_sha256(), NULL) != 1) {
            part.failed = true;
        }

        for (unsigned int i = 0; !part.failed && i < n; i++) {
            nt_buf_printf(&part, "%02x", hash[i]);
        }
    }

    ok = !part.failed;
    if (ok) {
        (void) snprintf(name, NT_SETTINGS_NAME, "%.*s" NT_SUFFIX,
                        (int) part.len, part.data);
    }

    nt_buf_free(&part);

    return ok;
}


/* What is stored under a name: 0 and the file, or an errno value; EBADMSG
 * for one that is damaged. */
static int
load(nt_settings_t *s, const char *name, const char *user, json_t **file,
     struct stat *st)
{
    int      err;
    nt_buf_t text = { 0 }, error = { 0 };

    err = nt_file_read(s->dir, name, NT_SETTINGS_BYTES, &text, st);

    if (err == EFBIG || err == EINVAL) {
        nt_buf_printf(&error, "it is not a regular file of at most %u MiB",
                      NT_SETTINGS_BYTES >> 20);
        err = EBADMSG;

    } else if (err == 0) {
        *file = nt_settings_file_parse(text.data, text.len, user, &error);
        err = *file != NULL ? 0 : EBADMSG;
    }

    if (err == EBADMSG) {
        nt_log(NT_LOG_ERROR, "settings/%s: %.*s", name, (int) error.len,
               error.data);

    } else if (err != 0 && err != ENOENT) {
        nt_log(NT_LOG_ERROR, "settings/%s: %s", name, strerror(err));
    }

    nt_buf_free(&text);
    nt_buf_free(&error);

    return err;
}


int
nt_settings_read(nt_settings_t *s, const char *user, json_t **file,
                 nt_buf_t *error)
{
    char        name[NT_SETTINGS_NAME];
    struct stat st;

    if (!nt_settings_name(user, name)) {
        return nt_settings_nomem(error);
    }

    switch (load(s, name, user, file, &st)) {
    case 0:
        return 200;

    case ENOENT:
        *file = nt_settings_file_new(user);
        return *file != NULL ? 200 : nt_settings_nomem(error);

    case ENOMEM:
        return nt_settings_nomem(error);

    case EBADMSG:
        nt_buf_printf(error, "The stored settings are damaged and were left "
                             "as they are: the server's log says what is "
                             "wrong with them.");
        return 500;

    default:
        nt_buf_printf(error, "The stored settings cannot be read.");
        return 500;
    }
}


int
nt_settings_write(nt_settings_t *s, const char *user, const json_t *file,
                  nt_buf_t *error)
{
    int      err;
    char     name[NT_SETTINGS_NAME];
    nt_buf_t text = { 0 };

    nt_json_append_pretty(&text, file);
    nt_buf_append_char(&text, '\n');

    if (text.failed || !nt_settings_name(user, name)) {
        nt_buf_free(&text);
        return nt_settings_nomem(error);
    }

    err = nt_file_replace(s->dir, name, text.data, text.len);
    nt_buf_free(&text);

    if (err == 0) {
        return 200;
    }

    nt_log(NT_LOG_ERROR, "settings/%s: %s", name, strerror(err));
    nt_buf_printf(error, err == ENOSPC || err == EDQUOT
                             ? "The server has no space left to store it."
                             : "The settings cannot be stored.");

    return err == ENOSPC || err == EDQUOT ? 503 : 500;
}


int
nt_settings_lock(nt_settings_t *s)
{
    int             err, fd;
    unsigned        waited = 0;
    struct timespec step = { .tv_nsec = NT_LOCK_STEP_MS * 1000000 };

    fd = openat(s->dir, NT_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    while (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1) {
        if (errno != EWOULDBLOCK || waited >= NT_LOCK_MS) {
            err = errno;
            (void) close(fd);
            errno = err;
            return -1;
        }

        (void) nanosleep(&step, NULL);
        waited += NT_LOCK_STEP_MS;
    }

    return fd;
}


/* --- start and end --------------------------------------------------------*/

/* Encrypts a file anew; how many of its secrets, -1 on failure. */
static int
rotate_file(nt_settings_t *s, const char *name)
{
    int         n = -1;
    json_t     *file = NULL;
    nt_buf_t    text = { 0 }, error = { 0 };
    const char *user;
    struct stat st;

    if (nt_file_read(s->dir, name, NT_SETTINGS_BYTES, &text, &st) == 0) {
        json_t *whose = json_loadb(text.data, text.len, 0, NULL);

        user = json_string_value(json_object_get(whose, "user"));
        file = user != NULL
                   ? nt_settings_file_parse(text.data, text.len, user, &error)
                   : NULL;
        n = file != NULL ? nt_settings_file_rotate(file, &s->keys) : -1;

        if (n > 0 && nt_settings_write(s, user, file, &error) != 200) {
            n = -1;
        }

        json_decref(whose);
    }

    if (n < 0) {
        nt_log(NT_LOG_WARN, "settings/%s: not encrypted anew: %.*s", name,
               (int) error.len, error.len > 0 ? error.data : "");
    }

    json_decref(file);
    nt_buf_free(&text);
    nt_buf_free(&error);

    return n;
}


/* So that old keys may be given up. */
static void
rotate(nt_settings_t *s)
{
    int            n, lock, fd, total = 0;
    DIR           *d;
    struct dirent *entry;

    lock = nt_settings_lock(s);
    fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    d = fd != -1 ? fdopendir(fd) : NULL;

    if (lock == -1 || d == NULL) {
        nt_log(NT_LOG_ERROR, "settings: not encrypted anew: %s",
               strerror(errno));

    } else {
        while ((entry = readdir(d)) != NULL) {
            if (entry->d_name[0] != '.') {
                n = rotate_file(s, entry->d_name);
                total += n > 0 ? n : 0;
            }
        }

        nt_log(NT_LOG_INFO, "settings: %d secrets encrypted with the new key",
               total);
    }

    if (d != NULL) {
        (void) closedir(d);

    } else if (fd != -1) {
        (void) close(fd);
    }

    if (lock != -1) {
        (void) close(lock);
    }
}


nt_settings_t *
nt_settings_new(const char *folder, nt_buf_t *error)
{
    nt_settings_t *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        nt_buf_printf(error, "Out of memory.");
        return NULL;
    }

    if (!nt_seal_keys_read(&s->keys, error)) {
        nt_seal_keys_clear(&s->keys);
        free(s);
        return NULL;
    }

    s->dir = -1;
    if (mkdir(folder, 0700) == 0 || errno == EEXIST) {
        s->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }

    if (s->dir == -1) {
        nt_buf_printf(error, "Cannot open the folder %s: %s.", folder,
                      strerror(errno));
        nt_seal_keys_clear(&s->keys);
        free(s);
        return NULL;
    }

    nt_file_sweep(s->dir);

    if (s->keys.n > 1) {
        rotate(s);
    }

    return s;
}


static void
forget(nt_settings_cached_t *cached)
{
    free(cached->user);
    nt_values_unref(cached->values);
    *cached = (nt_settings_cached_t) { 0 };
}


void
nt_settings_free(nt_settings_t *s)
{
    if (s == NULL) {
        return;
    }

    for (size_t i = 0; i < NT_SETTINGS_CACHED; i++) {
        forget(&s->cached[i]);
    }

    nt_seal_keys_clear(&s->keys);
    (void) close(s->dir);
    free(s);
}


/* --- for runs -------------------------------------------------------------*/

static nt_settings_cached_t *
find_cached(nt_settings_t *s, const char *user)
{
    for (size_t i = 0; i < NT_SETTINGS_CACHED; i++) {
        if (s->cached[i].user != NULL && strcmp(s->cached[i].user, user) == 0) {
            return &s->cached[i];
        }
    }

    return NULL;
}


/* Reads a file into the cache. NULL when memory is out. */
static nt_settings_cached_t *
read_values(nt_settings_t *s, const char *name, const char *user,
            nt_settings_cached_t *cached)
{
    int     err;
    json_t *file = NULL;

    if (cached == NULL) {
        cached = &s->cached[s->next];
        s->next = (s->next + 1) % NT_SETTINGS_CACHED;
    }

    forget(cached);

    err = load(s, name, user, &file, &cached->st);
    cached->values =
        err == 0 ? nt_settings_file_values(file, &s->keys) : nt_values_new();
    cached->user = strdup(user);
    json_decref(file);

    if (cached->values == NULL || cached->user == NULL) {
        forget(cached);
        return NULL;
    }

    if (err != 0 && err != ENOENT) {
        nt_values_break(cached->values);
    }

    return cached;
}


nt_values_t *
nt_settings_values(nt_settings_t *s, const char *user)
{
    char                  name[NT_SETTINGS_NAME];
    struct stat           st = { 0 }; /* what cannot be looked at has changed */
    nt_settings_cached_t *cached;

    if (!nt_settings_name(user, name)) {
        return NULL;
    }

    cached = find_cached(s, user);

    if (fstatat(s->dir, name, &st, 0) == -1 && errno == ENOENT) {
        if (cached != NULL) {
            forget(cached);
        }
        return NULL;
    }

    if (cached == NULL || !nt_file_same(&cached->st, &st)) {
        cached = read_values(s, name, user, cached);
    }

    return cached != NULL ? nt_values_ref(cached->values) : NULL;
}
