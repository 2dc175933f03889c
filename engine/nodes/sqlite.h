/*
 * engine/nodes/sqlite.h - what the files of lib.sqlite.* share.
 */

#ifndef NT_SQLITE_H
#define NT_SQLITE_H

#include "engine/nodes/sqlite_db.h"

#define NT_SQLITE_DATABASE                                                     \
    NT_PROP("database_name", "str", "\"memory.db\"",                           \
            "The file of the database in the workspace")
#define NT_SQLITE_TABLE(text)                                                  \
    NT_PROP("table_name", "str", "\"flashcards\"", text)

/* The columns of the property "columns", a list; their names are strings.
 * NULL after nt_call_fail. */
const json_t *nt_sqlite_columns(nt_node_call_t *call);

/* The name of one of them. */
nt_str_t nt_sqlite_column_name(const json_t *column);

/* sqlite_table.c */
extern const nt_node_type_t nt_sqlite_insert, nt_sqlite_query, nt_sqlite_update,
    nt_sqlite_delete;

#endif
