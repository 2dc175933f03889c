#include "engine/assets/assets.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/nt_id.h"
#include "core/nt_key.h"
#include "engine/assets/beneath.h"

/* The storage module's own folder in a store; writers put unfinished files
 * there, it clears out what they left. */
#define TMP_FOLDER ".nodetool-tmp"
#define TMP_PREFIX "engine-"

#define DEPTH_MAX 64 /* of folders in a list */

const char *
nt_asset_key_check(nt_str_t key)
{
    const size_t n = sizeof(TMP_FOLDER) - 1;

    if (key.len >= n && memcmp(key.data, TMP_FOLDER, n) == 0 &&
        (key.len == n || key.data[n] == '/'))
    {
        return "the key is reserved";
    }
    return nt_key_check(key);
}

bool
nt_asset_key_is_upload(nt_str_t key)
{
    size_t n = 0;

    while (n < key.len && ((key.data[n] >= '0' && key.data[n] <= '9') ||
                           (key.data[n] >= 'a' && key.data[n] <= 'f')))
    {
        n++;
    }

    return n == NT_ID_HEX_LEN && n < key.len && key.data[n] == '.' &&
           memchr(key.data, '/', key.len) == NULL;
}

bool
nt_read_all(int fd, char **data, size_t *len)
{
    struct stat status;
    char       *bytes, *more;
    size_t      cap, n = 0;
    ssize_t     got = 0;

    if (fstat(fd, &status) == -1) {
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return false;
    }

    /* One byte more than the size says: then the end is seen at once. */
    cap = status.st_size > 0 && (size_t) status.st_size < NT_ASSET_MAX
              ? (size_t) status.st_size + 1
              : 4096;
    bytes = malloc(cap + 1);
    while (bytes != NULL) {
        got = read(fd, bytes + n, cap - n);
        if (got == -1 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        n += (size_t) got;
        if (n == cap) {
            if (n > NT_ASSET_MAX) {
                errno = EFBIG;
                got = -1;
                break;
            }
            cap *= 2;
            more = realloc(bytes, cap + 1);
            if (more == NULL) {
                got = -1;
                break;
            }
            bytes = more;
        }
    }
    if (bytes == NULL || got == -1) {
        free(bytes);
        return false;
    }
    bytes[n] = '\0';
    *data = bytes;
    *len = n;
    return true;
}

bool
nt_asset_read(int folder, const char *key, char **data, size_t *len)
{
    int  fd, saved;
    bool good;

    fd = nt_beneath_open(folder, key, O_RDONLY, 0);
    if (fd == -1) {
        return false;
    }
    good = nt_read_all(fd, data, len);
    saved = errno;
    (void) close(fd);
    errno = saved;
    return good;
}

static bool
write_all(int fd, const char *data, size_t len)
{
    ssize_t n;

    while (len > 0) {
        n = write(fd, data, len);
        if (n == -1 && errno == EINTR) {
            continue;
        }
        if (n == -1) {
            return false;
        }
        data += n;
        len -= (size_t) n;
    }
    return fsync(fd) == 0;
}

/* Renames the finished file to its key and makes that lasting. */
static bool
publish(int folder, int tmp, const char *tmp_name, const char *key)
{
    const char *name;
    int         parent, saved;
    bool        good;

    if (nt_beneath_make_folders(folder, key) == -1) {
        return false;
    }
    parent = nt_beneath_open_parent(folder, key, &name);
    if (parent == -1) {
        return false;
    }
    good = renameat(tmp, tmp_name, parent, name) == 0 && fsync(parent) == 0;
    saved = errno;
    (void) close(parent);
    errno = saved;
    return good;
}

bool
nt_asset_write(int folder, const char *key, const void *data, size_t len)
{
    char          name[sizeof(TMP_PREFIX) + NT_ID_HEX_LEN] = TMP_PREFIX;
    unsigned char random[16];
    int           tmp, fd, saved;
    bool          good;

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        errno = EIO;
        return false;
    }
    if (mkdirat(folder, TMP_FOLDER, 0700) == -1 && errno != EEXIST) {
        return false;
    }
    tmp = nt_beneath_open(folder, TMP_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    if (tmp == -1) {
        return false;
    }

    /* not by the process: engines in containers share numbers, and folders */
    nt_id_hex(name + sizeof(TMP_PREFIX) - 1, random);
    name[sizeof(name) - 1] = '\0';

    fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0644);
    good = fd != -1 && write_all(fd, data, len);
    if (fd != -1 && close(fd) == -1) {
        good = false;
    }
    good = good && publish(folder, tmp, name, key);

    saved = errno;
    if (!good && fd != -1) {
        (void) unlinkat(tmp, name, 0);
    }
    (void) close(tmp);
    errno = saved;
    return good;
}

typedef struct {
    json_t  *keys;
    nt_buf_t key; /* of the folder that is read, with its slash */
} listing_t;

static bool read_folder(listing_t *listing, int fd, unsigned depth);

static bool
is_listed(nt_str_t key)
{
    return nt_asset_key_check(key) == NULL && !nt_asset_key_is_upload(key);
}

/* Adds the file of an entry, or what is under its folder. */
static bool
add_entry(listing_t *listing, int folder, const char *name, unsigned depth)
{
    struct stat status;
    size_t      len = listing->key.len;
    int         fd;
    bool        good = true;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == -1) {
        return errno == ENOENT; /* gone meanwhile */
    }

    nt_buf_append_str(&listing->key, nt_str(name));
    if (S_ISREG(status.st_mode)) {
        good =
            !listing->key.failed &&
            (!is_listed((nt_str_t) { listing->key.data, listing->key.len }) ||
             json_array_append_new(listing->keys,
                                   json_stringn(listing->key.data,
                                                listing->key.len)) == 0);
    } else if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
        nt_buf_append_char(&listing->key, '/');
        fd = openat(folder, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        good = fd != -1 ? read_folder(listing, fd, depth + 1) : errno == ENOENT;
    }
    listing->key.len = len;
    return good;
}

/* Takes the descriptor over. */
static bool
read_folder(listing_t *listing, int fd, unsigned depth)
{
    struct dirent *entry;
    DIR           *dir;
    bool           good = true;
    int            saved;

    dir = fdopendir(fd);
    if (dir == NULL) {
        saved = errno;
        (void) close(fd);
        errno = saved;
        return false;
    }
    while (good && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0 ||
            (listing->key.len == 0 && strcmp(entry->d_name, TMP_FOLDER) == 0))
        {
            continue;
        }
        good = add_entry(listing, dirfd(dir), entry->d_name, depth);
    }
    saved = errno;
    (void) closedir(dir);
    errno = saved;
    return good;
}

static int
compare_keys(const void *a, const void *b)
{
    return strcmp(json_string_value(*(json_t *const *) a),
                  json_string_value(*(json_t *const *) b));
}

static json_t *
sorted(const json_t *keys)
{
    json_t **list, *result;
    size_t   i, n = json_array_size(keys);

    list = calloc(n + 1, sizeof(*list));
    result = list != NULL ? json_array() : NULL;
    for (i = 0; result != NULL && i < n; i++) {
        list[i] = json_array_get(keys, i);
    }
    if (result != NULL) {
        qsort(list, n, sizeof(*list), compare_keys);
    }
    for (i = 0; result != NULL && i < n; i++) {
        if (json_array_append(result, list[i]) != 0) {
            json_decref(result);
            result = NULL;
        }
    }
    free(list);
    return result;
}

json_t *
nt_asset_list(int folder, const char *prefix)
{
    listing_t listing = { 0 };
    json_t   *keys = NULL;
    size_t    len = strlen(prefix);
    int       fd;

    while (len > 0 && prefix[len - 1] == '/') {
        len--;
    }
    listing.keys = json_array();
    if (listing.keys == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    if (len > 0) {
        nt_buf_append(&listing.key, prefix, len);
        nt_buf_append(&listing.key, "/", 2);
        listing.key.len--;
    }

    fd = nt_beneath_open(folder, len > 0 ? listing.key.data : ".",
                         O_RDONLY | O_DIRECTORY, 0);
    if (fd != -1 && read_folder(&listing, fd, 0)) {
        keys = sorted(listing.keys);
    } else if (fd == -1 && errno == ENOENT) {
        keys = json_array(); /* a folder is there once something is in it */
    }
    json_decref(listing.keys);
    nt_buf_free(&listing.key);
    return keys;
}
