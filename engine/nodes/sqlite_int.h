/*
 * engine/nodes/sqlite_int.h - what the files of sqlite_db.h share.
 */

#ifndef NT_SQLITE_INT_H
#define NT_SQLITE_INT_H

#include "engine/nodes/sqlite_db.h"
#include "engine/nodes/sqlite_vfs.h"

#define NT_SQLITE_BYTES_MAX (64 * 1024 * 1024) /* of a value, of a result */

struct nt_sqlite {
    nt_node_call_t *call;
    const char     *name; /* of the file, for messages */
    int             folder;
    nt_sqlite_vfs_t vfs;
    bool            registered; /* vfs */
    sqlite3        *handle;
    sqlite3_stmt   *statement;
    int64_t         deadline; /* seconds of CLOCK_MONOTONIC */
    const char     *denied;   /* what SQL asked for in vain */
};

/* Fails the node with SQLite's last error. Returns false. */
bool nt_sqlite_fail(nt_sqlite_t *db);

#endif
