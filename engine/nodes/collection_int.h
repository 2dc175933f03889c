/*
 * engine/nodes/collection_int.h - what the files of collection.h share.
 */

#ifndef NT_COLLECTION_INT_H
#define NT_COLLECTION_INT_H

#include "engine/nodes/collection.h"
#include "engine/nodes/sqlite_vfs.h"

#define NT_COLLECTION_VALUE_MAX (64 * 1024 * 1024) /* bytes of a value */

struct nt_collection {
    nt_node_call_t *call;
    nt_str_t        name;   /* as it was given, for messages */
    int             folder; /* -1: not open */
    nt_sqlite_vfs_t vfs;
    bool            registered; /* vfs */
    sqlite3        *handle;
};

/* Fails the node with SQLite's last error.  Returns false. */
bool nt_collection_fail(nt_collection_t *collection);

/* Runs statements without results. */
bool nt_collection_exec(nt_collection_t *collection, const char *sql);

/* A statement; NULL after nt_call_fail. */
sqlite3_stmt *nt_collection_prepare(nt_collection_t *collection,
                                    const char      *sql);

/* SQLITE_ROW or SQLITE_DONE; else after nt_call_fail. */
int nt_collection_step(nt_collection_t *collection, sqlite3_stmt *statement);

/* Binds a text, which must live until the statement is finalized. */
void nt_collection_bind(sqlite3_stmt *statement, int place, nt_str_t text);

/* The text of a column; "" for a null. */
nt_str_t nt_collection_text(sqlite3_stmt *statement, int column);

/* Keeps a value about the collection.  False after nt_call_fail. */
bool nt_collection_put_about(nt_collection_t *collection, const char *key,
                             nt_str_t value);

/* How many dimensions the vectors have, 0 before the first; -1 after
 * nt_call_fail. */
int64_t nt_collection_dim(nt_collection_t *collection);

#endif
