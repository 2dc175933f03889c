#include "engine/assets/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define FOLDER_MAX   128 /* nesting of folders that are removed */

/* The last part of a path: its name, and the folder that it is in. */
typedef struct {
    char       *path; /* owned */
    const char *name;
    int         parent;
} entry_t;

static void
close_keeping_errno(int fd)
{
    int saved = errno;

    (void) close(fd);
    errno = saved;
}

static void
entry_close(entry_t *entry)
{
    int saved = errno;

    if (entry->parent != -1) {
        (void) close(entry->parent);
    }
    free(entry->path);
    errno = saved;
}

/* False with errno, and nothing to close. */
static bool
entry_open(entry_t *entry, int folder, const char *path)
{
    size_t len = strlen(path);

    while (len > 0 && path[len - 1] == '/') {
        len--;
    }
    entry->path = strndup(path, len);
    if (entry->path == NULL) {
        return false;
    }
    entry->parent = nt_beneath_open_parent(folder, entry->path, &entry->name);
    if (entry->parent == -1) {
        entry_close(entry);
        return false;
    }
    /* The kernel has not looked at the last part, and ".." leads out. */
    if (*entry->name == '\0' || strcmp(entry->name, ".") == 0 ||
        strcmp(entry->name, "..") == 0)
    {
        errno = EBUSY;
        entry_close(entry);
        return false;
    }
    return true;
}

int
nt_beneath_stat(int folder, const char *path, bool follow, struct statx *info)
{
    int fd, rc;

    fd = nt_beneath_open(folder, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
    if (fd == -1) {
        return -1;
    }
    rc = statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, info);
    close_keeping_errno(fd);
    return rc;
}

static int
check_folder(int folder, const char *path)
{
    int fd = nt_beneath_open(folder, path, O_PATH | O_DIRECTORY, 0);

    if (fd == -1) {
        return -1;
    }
    (void) close(fd);
    return 0;
}

/* Makes the last part of a path that has no slash at its end. */
static int
make_last(int folder, const char *path, bool exclusive)
{
    entry_t entry;
    int     rc;

    if (nt_beneath_make_folders(folder, path) == -1 ||
        !entry_open(&entry, folder, path))
    {
        return -1;
    }
    rc = mkdirat(entry.parent, entry.name, 0755);
    if (rc == 0) {
        nt_beneath_give(entry.parent, entry.parent, entry.name);
    } else if (errno == EEXIST && !exclusive) {
        rc = check_folder(folder, path); /* somebody else was faster */
        if (rc == -1 && errno == ENOTDIR) {
            errno = EEXIST;
        }
    }
    entry_close(&entry);
    return rc;
}

int
nt_beneath_make_folder(int folder, const char *path, bool exclusive)
{
    size_t len = strlen(path);
    char  *copy;
    int    rc, saved;

    rc = check_folder(folder, path);
    if (rc == 0 && exclusive) {
        errno = EEXIST;
        return -1;
    }
    if (rc == 0 || (errno != ENOENT && errno != ENOTDIR)) {
        return rc;
    }

    while (len > 0 && path[len - 1] == '/') {
        len--;
    }
    copy = strndup(path, len);
    if (copy == NULL) {
        return -1;
    }
    rc = make_last(folder, copy, exclusive);
    saved = errno;
    free(copy);
    errno = saved;
    return rc;
}

int
nt_beneath_rename(int folder, const char *from, const char *to)
{
    entry_t source, target;
    int     rc;

    if (!entry_open(&source, folder, from)) {
        return -1;
    }
    if (!entry_open(&target, folder, to)) {
        entry_close(&source);
        return -1;
    }
    rc = renameat(source.parent, source.name, target.parent, target.name);
    if (rc == -1 && errno == EXDEV) {
        errno = ENOTSUP; /* a mount point; EXDEV says that a path leads out */
    }
    entry_close(&target);
    entry_close(&source);
    return rc;
}

static int remove_tree(int parent, const char *name, unsigned depth);

static int
remove_member(int parent, const char *name, unsigned depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    return errno == EISDIR ? remove_tree(parent, name, depth) : -1;
}

static int
remove_tree(int parent, const char *name, unsigned depth)
{
    struct dirent *entry;
    DIR           *dir;
    int            fd, rc = 0, saved;

    if (depth > FOLDER_MAX) {
        errno = EMLINK;
        return -1;
    }
    fd = openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW);
    if (fd == -1) {
        return -1;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        close_keeping_errno(fd);
        return -1;
    }

    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
        {
            rc = remove_member(fd, entry->d_name, depth + 1);
        }
    }
    saved = errno;
    (void) closedir(dir);
    errno = saved;
    return rc == 0 ? unlinkat(parent, name, AT_REMOVEDIR) : -1;
}

int
nt_beneath_remove(int folder, const char *path, bool recursive)
{
    entry_t entry;
    int     rc;

    if (!entry_open(&entry, folder, path)) {
        return -1;
    }
    rc = unlinkat(entry.parent, entry.name, 0);
    if (rc == -1 && errno == EISDIR && recursive) {
        rc = remove_tree(entry.parent, entry.name, 0);
    }
    entry_close(&entry);
    return rc;
}
