/*
 * engine/nodes/sqlite_table.c - lib.sqlite.*: Insert, Query, Update, Delete.
 */

#include <stdio.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/sqlite.h"
#include "engine/nodes/ustr.h"


/* Appends " WHERE ..." unless the property is empty. */
static bool
append_where(nt_node_call_t *call, nt_buf_t *sql)
{
    nt_str_t where;

    if (!nt_arg_str(call, "where", &where)) {
        return false;
    }

    if (where.len > 0) {
        nt_buf_append_str(sql, NT_STR(" WHERE "));
        nt_buf_append_str(sql, where);
    }

    return true;
}


/* Appends the names of a dict's members in quotes, each followed by `behind`,
 * with commas between them. */
static void
append_names(nt_buf_t *sql, json_t *data, nt_str_t behind)
{
    json_t     *value;
    nt_str_t    separator = NT_STR("");
    const char *name;

    json_object_foreach(data, name, value)
    {
        nt_buf_append_str(sql, separator);
        nt_sqlite_quote(sql, nt_str(name));
        nt_buf_append_str(sql, behind);
        separator = NT_STR(", ");
    }
}


/* The property "data", which must have members; NULL after nt_call_fail. */
static json_t *
data_of(nt_node_call_t *call)
{
    json_t *data;

    data = nt_arg_dict(call, "data");

    if (data != NULL && json_object_size(data) == 0) {
        (void) nt_call_fail(call, "'data' must have at least one column");
        return NULL;
    }

    return data;
}


/* Runs a statement that changes a table; the buffer is freed.  The database,
 * for what came of it; NULL after nt_call_fail. */
static nt_sqlite_t *
change(nt_node_call_t *call, nt_buf_t *sql, const json_t *data)
{
    bool         missing;
    nt_sqlite_t *db;

    db = nt_sqlite_open(call, NT_SQLITE_EXISTING, &missing);

    if (db == NULL) {
        nt_buf_free(sql);
        return NULL;
    }

    if (!nt_sqlite_prepare_buf(db, sql) || !nt_sqlite_bind_dict(db, data) ||
        !nt_sqlite_run(db))
    {
        nt_sqlite_close(db);
        return NULL;
    }

    return db;
}


/* Emits how many rows were changed; `verb` is what was done to them. */
static nt_node_rc_t
emit_changes(nt_node_call_t *call, nt_sqlite_t *db, const char *verb)
{
    char       message[64];
    json_int_t n;

    n = nt_sqlite_changes(db);
    nt_sqlite_close(db);
    (void) snprintf(message, sizeof(message), "%s %lld record(s)", verb,
                    (long long) n);

    return nt_emit(call, json_pack("{s:I, s:s}", "rows_affected", n, "message",
                                   message));
}


/* --- Insert --- */

static nt_node_rc_t
run_insert(nt_node_call_t *call)
{
    char         message[64];
    size_t       i;
    json_t      *data;
    nt_buf_t     sql = { 0 };
    nt_str_t     table;
    json_int_t   id, n;
    nt_sqlite_t *db;

    data = data_of(call);

    if (data == NULL || !nt_arg_name(call, "table_name", &table)) {
        return NT_NODE_FAIL;
    }

    nt_buf_append_str(&sql, NT_STR("INSERT INTO "));
    nt_sqlite_quote(&sql, table);
    nt_buf_append_str(&sql, NT_STR(" ("));
    append_names(&sql, data, NT_STR(""));
    nt_buf_append_str(&sql, NT_STR(") VALUES (?"));

    for (i = json_object_size(data); i > 1; i--) {
        nt_buf_append_str(&sql, NT_STR(", ?"));
    }

    nt_buf_append_char(&sql, ')');
    db = change(call, &sql, data);

    if (db == NULL) {
        return NT_NODE_FAIL;
    }

    id = nt_sqlite_row_id(db);
    n = nt_sqlite_changes(db);
    nt_sqlite_close(db);
    (void) snprintf(message, sizeof(message), "Inserted record with ID %lld",
                    (long long) id);

    return nt_emit(call, json_pack("{s:I, s:I, s:s}", "row_id", id,
                                   "rows_affected", n, "message", message));
}


static const nt_property_t insert_properties[] = {
    NT_SQLITE_DATABASE, NT_SQLITE_TABLE("The table to add to"),
    NT_PROP("data", "dict[str,any]", "{\"content\":\"example\"}",
            "The values of the row by the names of their columns; lists and "
            "dicts become JSON texts"),
    NT_PROP_END
};

const nt_node_type_t nt_sqlite_insert = {
    .type = "lib.sqlite.Insert",
    .title = "Insert",
    .description = "Adds a row to a table of an SQLite database.",
    .properties = insert_properties,
    .outputs = nt_out_dict_any,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = run_insert
};


/* --- Query --- */

static bool
append_query(nt_node_call_t *call, nt_buf_t *sql)
{
    size_t        i;
    int64_t       limit;
    json_t       *column;
    nt_str_t      table, order;
    const json_t *columns;

    columns = nt_sqlite_columns(call);

    if (columns == NULL || !nt_arg_name(call, "table_name", &table) ||
        !nt_arg_str(call, "order_by", &order) ||
        !nt_arg_int(call, "limit", &limit))
    {
        return false;
    }

    nt_buf_append_str(sql, NT_STR("SELECT "));

    json_array_foreach(columns, i, column)
    {
        nt_buf_append_str(sql, i == 0 ? NT_STR("") : NT_STR(", "));
        nt_sqlite_quote(sql, nt_sqlite_column_name(column));
    }

    nt_buf_append_str(sql, i == 0 ? NT_STR("* FROM ") : NT_STR(" FROM "));
    nt_sqlite_quote(sql, table);

    if (!append_where(call, sql)) {
        return false;
    }

    if (order.len > 0) {
        nt_buf_append_str(sql, NT_STR(" ORDER BY "));
        nt_buf_append_str(sql, order);
    }

    if (limit > 0) {
        nt_buf_printf(sql, " LIMIT %lld", (long long) limit);
    }

    return true;
}


static nt_node_rc_t
run_query(nt_node_call_t *call)
{
    bool         missing;
    json_t      *rows = NULL;
    nt_buf_t     sql = { 0 };
    nt_sqlite_t *db;

    if (!append_query(call, &sql)) {
        nt_buf_free(&sql);
        return NT_NODE_FAIL;
    }

    db = nt_sqlite_open(call, NT_SQLITE_OPTIONAL, &missing);

    if (db == NULL) {
        nt_buf_free(&sql);
        return missing ? nt_emit(call, json_array()) : NT_NODE_FAIL;
    }

    if (nt_sqlite_prepare_buf(db, &sql)) {
        rows = nt_sqlite_rows(db);
    }

    nt_sqlite_close(db);
    return rows == NULL ? NT_NODE_FAIL : nt_emit(call, rows);
}


static const nt_property_t query_properties[] = {
    NT_SQLITE_DATABASE,
    NT_SQLITE_TABLE("The table to read"),
    NT_PROP("where", "str", "\"\"", "The condition, such as id = 1; SQL"),
    NT_PROP("columns", "record_type", NT_DEFAULT_RECORD_TYPE,
            "The columns to read; none: all of them"),
    NT_PROP("order_by", "str", "\"\"", "The order, such as name DESC; SQL"),
    NT_PROP("limit", "int", "0", "How many rows at most; 0: all of them"),
    NT_PROP_END
};

static const nt_output_t query_outputs[] = {
    { "output", "list[dict[str,any]]" }, { NULL, NULL }
};

const nt_node_type_t nt_sqlite_query = {
    .type = "lib.sqlite.Query",
    .title = "Query",
    .description = "Reads rows of a table of an SQLite database.",
    .properties = query_properties,
    .outputs = query_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_query
};


/* --- Update --- */

static nt_node_rc_t
run_update(nt_node_call_t *call)
{
    json_t      *data;
    nt_buf_t     sql = { 0 };
    nt_str_t     table;
    nt_sqlite_t *db;

    data = data_of(call);

    if (data == NULL || !nt_arg_name(call, "table_name", &table)) {
        return NT_NODE_FAIL;
    }

    nt_buf_append_str(&sql, NT_STR("UPDATE "));
    nt_sqlite_quote(&sql, table);
    nt_buf_append_str(&sql, NT_STR(" SET "));
    append_names(&sql, data, NT_STR(" = ?"));

    if (!append_where(call, &sql)) {
        nt_buf_free(&sql);
        return NT_NODE_FAIL;
    }

    db = change(call, &sql, data);
    return db == NULL ? NT_NODE_FAIL : emit_changes(call, db, "Updated");
}


static const nt_property_t update_properties[] = {
    NT_SQLITE_DATABASE, NT_SQLITE_TABLE("The table to change"),
    NT_PROP("data", "dict[str,any]", "{\"content\":\"updated\"}",
            "The new values by the names of their columns; lists and dicts "
            "become JSON texts"),
    NT_PROP("where", "str", "\"\"",
            "The condition, such as id = 1; SQL. Empty: all rows"),
    NT_PROP_END
};

const nt_node_type_t nt_sqlite_update = {
    .type = "lib.sqlite.Update",
    .title = "Update",
    .description = "Changes rows of a table of an SQLite database.",
    .properties = update_properties,
    .outputs = nt_out_dict_any,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = run_update
};


/* --- Delete --- */

static nt_node_rc_t
run_delete(nt_node_call_t *call)
{
    nt_buf_t     sql = { 0 };
    nt_str_t     table, where;
    nt_sqlite_t *db;

    if (!nt_arg_str(call, "where", &where) ||
        !nt_arg_name(call, "table_name", &table))
    {
        return NT_NODE_FAIL;
    }

    if (where.len == 0) {
        return nt_call_fail(call, "'where' must not be empty; 1 deletes all "
                                  "rows");
    }

    nt_buf_append_str(&sql, NT_STR("DELETE FROM "));
    nt_sqlite_quote(&sql, table);

    if (!append_where(call, &sql)) {
        nt_buf_free(&sql);
        return NT_NODE_FAIL;
    }

    db = change(call, &sql, NULL);
    return db == NULL ? NT_NODE_FAIL : emit_changes(call, db, "Deleted");
}


static const nt_property_t delete_properties[] = {
    NT_SQLITE_DATABASE, NT_SQLITE_TABLE("The table to delete from"),
    NT_PROP("where", "str", "\"\"",
            "The condition, such as id = 1; SQL. Must not be empty"),
    NT_PROP_END
};

const nt_node_type_t nt_sqlite_delete = {
    .type = "lib.sqlite.Delete",
    .title = "Delete",
    .description = "Deletes rows of a table of an SQLite database.",
    .properties = delete_properties,
    .outputs = nt_out_dict_any,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = run_delete
};
