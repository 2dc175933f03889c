/*
 * engine/nodes/sqlite.c - lib.sqlite.*: tables, SQL, and the library.
 */

#include <stdio.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/sqlite.h"
#include "engine/nodes/ustr.h"


nt_str_t
nt_sqlite_column_name(const json_t *column)
{
    return nt_ustr(json_object_get(column, "name"));
}


const json_t *
nt_sqlite_columns(nt_node_call_t *call)
{
    size_t        i;
    json_t       *column;
    const json_t *columns;

    columns = json_object_get(nt_call_input(call, "columns"), "columns");

    if (!json_is_array(columns)) {
        (void) nt_call_fail(call, "'columns' must be a record type: a dict "
                                  "with a list \"columns\"");
        return NULL;
    }

    json_array_foreach(columns, i, column)
    {
        if (nt_sqlite_column_name(column).len == 0) {
            (void) nt_call_fail(call,
                                "'columns' must give each column a "
                                "\"name\"; number %zu has none",
                                i + 1);
            return NULL;
        }
    }

    return columns;
}


/* --- CreateTable --- */

/* SQLite's type for a type of columns */
static const char *
sql_type(const json_t *column)
{
    nt_str_t type;

    type = nt_ustr(json_object_get(column, "data_type"));

    return nt_str_eq(type, NT_STR("int"))     ? "INTEGER"
           : nt_str_eq(type, NT_STR("float")) ? "REAL"
                                              : "TEXT";
}


static void
append_column(nt_buf_t *sql, const json_t *column, bool key)
{
    const char *type;

    type = sql_type(column);
    nt_sqlite_quote(sql, nt_sqlite_column_name(column));
    nt_buf_append_char(sql, ' ');
    nt_buf_append_str(sql, nt_str(type));

    if (key && strcmp(type, "INTEGER") == 0) {
        nt_buf_append_str(sql, NT_STR(" PRIMARY KEY AUTOINCREMENT"));
    }
}


static bool
create_table(nt_node_call_t *call, const json_t *columns, nt_str_t table)
{
    bool         good, missing;
    size_t       i;
    json_t      *column;
    nt_buf_t     sql = { 0 };
    nt_sqlite_t *db;

    db = nt_sqlite_open(call, NT_SQLITE_CREATE, &missing);

    if (db == NULL) {
        return false;
    }

    nt_buf_append_str(&sql, NT_STR("CREATE TABLE "));

    if (nt_call_bool(call, "if_not_exists")) {
        nt_buf_append_str(&sql, NT_STR("IF NOT EXISTS "));
    }

    nt_sqlite_quote(&sql, table);

    json_array_foreach(columns, i, column)
    {
        nt_buf_append_str(&sql, i == 0 ? NT_STR(" (") : NT_STR(", "));
        append_column(&sql, column,
                      i == 0 && nt_call_bool(call, "add_primary_key"));
    }

    nt_buf_append_char(&sql, ')');
    good = nt_sqlite_prepare_buf(db, &sql) && nt_sqlite_run(db);
    nt_sqlite_close(db);
    return good;
}


static nt_node_rc_t
run_create(nt_node_call_t *call)
{
    nt_str_t      table, name;
    const json_t *columns;

    columns = nt_sqlite_columns(call);

    if (columns == NULL || !nt_arg_name(call, "table_name", &table) ||
        !nt_arg_name(call, "database_name", &name))
    {
        return NT_NODE_FAIL;
    }

    if (json_array_size(columns) == 0) {
        return nt_call_fail(call, "'columns' must have at least one column");
    }

    if (!create_table(call, columns, table)) {
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "database_name", nt_ustr_json(name)) ==
                       NT_NODE_DONE &&
                   nt_call_emit(call, "table_name", nt_ustr_json(table)) ==
                       NT_NODE_DONE
               ? nt_call_emit(call, "columns",
                              json_incref(nt_call_input(call, "columns")))
               : NT_NODE_FAIL;
}


static const nt_property_t create_properties[] = {
    NT_SQLITE_DATABASE,
    NT_SQLITE_TABLE("The table to make"),
    NT_PROP("columns", "record_type", NT_DEFAULT_RECORD_TYPE,
            "Its columns, with their types"),
    NT_PROP("add_primary_key", "bool", "true",
            "The first column, if it is an int, is the primary key and counts "
            "by itself"),
    NT_PROP("if_not_exists", "bool", "true",
            "A table that is there already is good"),
    NT_PROP_END
};

static const nt_output_t create_outputs[] = { { "database_name", "str" },
                                              { "table_name", "str" },
                                              { "columns", "record_type" },
                                              { NULL, NULL } };

static const nt_node_type_t create_type = {
    .type = "lib.sqlite.CreateTable",
    .title = "Create Table",
    .description = "Makes a table in an SQLite database of the workspace.",
    .properties = create_properties,
    .outputs = create_outputs,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = run_create
};


/* --- ExecuteSQL --- */

static json_t *
rows_result(nt_sqlite_t *db)
{
    char    message[64];
    json_t *rows;
    size_t  n;

    rows = nt_sqlite_rows(db);

    if (rows == NULL) {
        return NULL;
    }

    n = json_array_size(rows);
    (void) snprintf(message, sizeof(message), "Query returned %zu row(s)", n);

    return json_pack("{s:o, s:I, s:s}", "rows", rows, "count", (json_int_t) n,
                     "message", message);
}


static json_t *
change_result(nt_sqlite_t *db)
{
    if (!nt_sqlite_run(db)) {
        return NULL;
    }

    return json_pack("{s:I, s:I, s:s}", "rows_affected",
                     (json_int_t) nt_sqlite_changes(db), "last_row_id",
                     (json_int_t) nt_sqlite_row_id(db), "message",
                     "SQL executed successfully");
}


static nt_node_rc_t
run_execute(nt_node_call_t *call)
{
    bool          missing;
    json_t       *result = NULL;
    nt_str_t      sql;
    nt_sqlite_t  *db;
    const json_t *parameters;

    parameters = nt_arg_list(call, "parameters");

    if (parameters == NULL || !nt_arg_str(call, "sql", &sql)) {
        return NT_NODE_FAIL;
    }

    db = nt_sqlite_open(call, NT_SQLITE_CREATE, &missing);

    if (db == NULL) {
        return NT_NODE_FAIL;
    }

    if (nt_sqlite_prepare(db, sql) && nt_sqlite_bind_list(db, parameters)) {
        result = nt_sqlite_has_rows(db) ? rows_result(db) : change_result(db);
    }

    nt_sqlite_close(db);
    return result == NULL ? NT_NODE_FAIL : nt_emit(call, result);
}


static const nt_property_t execute_properties[] = {
    NT_SQLITE_DATABASE,
    NT_PROP("sql", "str", "\"SELECT * FROM flashcards\"",
            "One statement, with ? for its parameters"),
    NT_PROP("parameters", "list[any]", "[]",
            "What stands for each ?; lists and dicts become JSON texts"),
    NT_PROP_END
};

static const nt_node_type_t execute_type = {
    .type = "lib.sqlite.ExecuteSQL",
    .title = "Execute SQL",
    .description = "Runs an SQL statement on a database of the workspace.",
    .properties = execute_properties,
    .outputs = nt_out_dict_any,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = run_execute
};


/* --- GetDatabasePath --- */

static nt_node_rc_t
run_path(nt_node_call_t *call)
{
    nt_buf_t path = { 0 };
    nt_str_t name;

    if (!nt_arg_name(call, "database_name", &name)) {
        return NT_NODE_FAIL;
    }

    /* the workspace is the root of what workflows see */
    if (name.data[0] != '/') {
        nt_buf_append_char(&path, '/');
    }

    nt_buf_append_str(&path, name);
    return nt_emit_buf(call, &path);
}


static const nt_property_t path_properties[] = { NT_SQLITE_DATABASE,
                                                 NT_PROP_END };

static const nt_node_type_t path_type = {
    .type = "lib.sqlite.GetDatabasePath",
    .title = "Get Database Path",
    .description = "Gives the path of a database, whose root is the "
                   "workspace.",
    .properties = path_properties,
    .outputs = nt_out_str,
    .run = run_path
};

static const nt_node_type_t *const types[] = {
    &create_type,      &nt_sqlite_insert, &nt_sqlite_query, &nt_sqlite_update,
    &nt_sqlite_delete, &execute_type,     &path_type,       NULL
};

const nt_node_library_t nt_nodes_sqlite = { .abi = NODETOOL_NODE_ABI,
                                            .name = "sqlite",
                                            .types = types };
