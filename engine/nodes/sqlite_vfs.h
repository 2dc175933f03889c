/*
 * engine/nodes/sqlite_vfs.h - SQLite's files beneath a folder.
 *
 * SQLite opens files by absolute paths, and what a journal says can make it
 * open and delete others.  Here it has one database, its journal and its
 * write-ahead log, by the descriptor of the folder they are in, whatever the
 * folder is called by then; symbolic links are not followed.
 */

#ifndef NT_SQLITE_VFS_H
#define NT_SQLITE_VFS_H

#include <sqlite3.h>

typedef struct {
    sqlite3_vfs  vfs; /* first: SQLite hands out pointers to it */
    sqlite3_vfs *system;
    char         name[32];
    char         path[320]; /* of the database */
} nt_sqlite_vfs_t;

/* Registers `vfs` for a file of a folder; the name has no slash.  The
 * descriptor stays the caller's and open, and the struct in its place, until
 * nt_sqlite_vfs_free.  An error code of SQLite's. */
int nt_sqlite_vfs_init(nt_sqlite_vfs_t *vfs, int folder, const char *name);

void nt_sqlite_vfs_free(nt_sqlite_vfs_t *vfs);

#endif
