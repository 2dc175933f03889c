/*
 * engine/nodes/sqlite_vfs.c - SQLite's files beneath a folder.
 *
 * A copy of SQLite's own VFS in which all paths but those of one database are
 * refused.
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/nodes/sqlite_vfs.h"


static bool
is_ours(const nt_sqlite_vfs_t *vfs, const char *path)
{
    size_t len;

    len = strlen(vfs->path);

    if (strncmp(path, vfs->path, len) != 0) {
        return false;
    }

    path += len;

    return *path == '\0' || strcmp(path, "-journal") == 0 ||
           strcmp(path, "-wal") == 0 || strcmp(path, "-shm") == 0;
}


static int
vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *file, int flags,
         int *out_flags)
{
    nt_sqlite_vfs_t *vfs = (nt_sqlite_vfs_t *) base;

    /* without a path it is a temporary file, which has no name for long */
    if (path != NULL && !is_ours(vfs, path)) {
        file->pMethods = NULL;
        return SQLITE_CANTOPEN;
    }

    return vfs->system->xOpen(vfs->system, path, file, flags, out_flags);
}


static int
vfs_delete(sqlite3_vfs *base, const char *path, int sync)
{
    nt_sqlite_vfs_t *vfs = (nt_sqlite_vfs_t *) base;

    return is_ours(vfs, path) ? vfs->system->xDelete(vfs->system, path, sync)
                              : SQLITE_IOERR_DELETE;
}


static int
vfs_access(sqlite3_vfs *base, const char *path, int flags, int *result)
{
    nt_sqlite_vfs_t *vfs = (nt_sqlite_vfs_t *) base;

    if (is_ours(vfs, path)) {
        return vfs->system->xAccess(vfs->system, path, flags, result);
    }

    *result = 0;
    return SQLITE_OK;
}


/* The system's would resolve the descriptor's link to the folder's path. */
static int
vfs_full_path(sqlite3_vfs *base, const char *path, int size, char *out)
{
    size_t len;

    len = strlen(path) + 1;

    if (len > (size_t) size) {
        return SQLITE_CANTOPEN;
    }

    memcpy(out, path, len);
    return SQLITE_OK;
}


/* A journal may be a pipe that code of a workflow made: to open one would
 * wait for its other end. */
static int
open_at_once(const char *path, int flags, int mode)
{
    return open(path, flags | O_NONBLOCK, mode);
}


static bool can_open_at_once;

static void
set_open(void)
{
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);

    can_open_at_once =
        system != NULL && system->iVersion >= 3 &&
        system->xSetSystemCall(system, "open",
                               (sqlite3_syscall_ptr) open_at_once) == SQLITE_OK;
}


int
nt_sqlite_vfs_init(nt_sqlite_vfs_t *vfs, int folder, const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    int n;

    (void) pthread_once(&once, set_open);
    vfs->system = sqlite3_vfs_find(NULL);

    if (vfs->system == NULL || !can_open_at_once) {
        return SQLITE_ERROR;
    }

    (void) snprintf(vfs->name, sizeof(vfs->name), "nodetool-%d", folder);
    n = snprintf(vfs->path, sizeof(vfs->path), "/proc/self/fd/%d/%s", folder,
                 name);

    if (n < 0 || (size_t) n >= sizeof(vfs->path)) {
        return SQLITE_CANTOPEN;
    }

    vfs->vfs = *vfs->system;
    vfs->vfs.pNext = NULL;
    vfs->vfs.zName = vfs->name;
    vfs->vfs.xOpen = vfs_open;
    vfs->vfs.xDelete = vfs_delete;
    vfs->vfs.xAccess = vfs_access;
    vfs->vfs.xFullPathname = vfs_full_path;

    return sqlite3_vfs_register(&vfs->vfs, 0);
}


void
nt_sqlite_vfs_free(nt_sqlite_vfs_t *vfs)
{
    (void) sqlite3_vfs_unregister(&vfs->vfs);
}
