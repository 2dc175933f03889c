/*
 * engine/nodes/sqlite_db.h - databases of the workspace, for one statement.
 *
 * The SQL is a workflow's: it can reach no other file, and time, memory and
 * the size of results are bounded.  Blocking: for the thread pool.
 */

#ifndef NT_SQLITE_DB_H
#define NT_SQLITE_DB_H

#include <sqlite3.h>

#include "engine/nodes/args.h"

typedef struct nt_sqlite nt_sqlite_t;

typedef enum {
    NT_SQLITE_EXISTING, /* a database that is not there fails the node */
    NT_SQLITE_CREATE,
    NT_SQLITE_OPTIONAL /* with one that is not there, *missing is set */
} nt_sqlite_mode_t;

/* Opens the database of the property database_name.  NULL after
 * nt_call_fail, or with *missing. */
nt_sqlite_t *nt_sqlite_open(nt_node_call_t *call, nt_sqlite_mode_t mode,
                            bool *missing);

void nt_sqlite_close(nt_sqlite_t *db); /* its statement, too */

/* Prepares the one statement of a text.  False after nt_call_fail. */
bool nt_sqlite_prepare(nt_sqlite_t *db, nt_str_t sql);
bool nt_sqlite_prepare_buf(nt_sqlite_t *db, nt_buf_t *sql); /* frees it */

/* Gives the parameters of the statement their values, in order; lists and
 * dicts become JSON texts.  False after nt_call_fail. */
bool nt_sqlite_bind_list(nt_sqlite_t *db, const json_t *values);
bool nt_sqlite_bind_dict(nt_sqlite_t *db, const json_t *values);

/* Does the statement give rows? */
bool nt_sqlite_has_rows(const nt_sqlite_t *db);

/* Runs the statement to its end.  Rows are a list of dicts; strings in them
 * that hold a JSON list or dict are parsed, blobs become base64.  False or
 * NULL after nt_call_fail. */
bool    nt_sqlite_run(nt_sqlite_t *db);
json_t *nt_sqlite_rows(nt_sqlite_t *db);

/* Of the statement that was run. */
int64_t nt_sqlite_changes(const nt_sqlite_t *db);
int64_t nt_sqlite_row_id(const nt_sqlite_t *db);

/* Appends an identifier in quotes. */
void nt_sqlite_quote(nt_buf_t *sql, nt_str_t name);

#endif
