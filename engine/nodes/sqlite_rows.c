/*
 * engine/nodes/sqlite_rows.c - statements: their parameters and their rows.
 */

#include <math.h>

#include <openssl/evp.h>

#include "engine/json.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/sqlite_int.h"
#include "engine/nodes/ustr.h"


#define ROWS_MAX 100000


void
nt_sqlite_quote(nt_buf_t *sql, nt_str_t name)
{
    size_t i;

    nt_buf_append_char(sql, '"');

    for (i = 0; i < name.len; i++) {
        if (name.data[i] == '"') {
            nt_buf_append_char(sql, '"');
        }

        nt_buf_append_char(sql, name.data[i]);
    }

    nt_buf_append_char(sql, '"');
}


bool
nt_sqlite_prepare(nt_sqlite_t *db, nt_str_t sql)
{
    const char   *tail;
    sqlite3_stmt *next;

    if (sql.len > 0 && memchr(sql.data, '\0', sql.len) != NULL) {
        (void) nt_call_fail(db->call,
                            "the statement must not have a NUL character");
        return false;
    }

    if (sql.len > INT32_MAX) {
        (void) nt_call_fail(db->call, "the statement is too long");
        return false;
    }

    if (sqlite3_prepare_v2(db->handle, sql.data, (int) sql.len, &db->statement,
                           &tail) != SQLITE_OK)
    {
        return nt_sqlite_fail(db);
    }

    if (db->statement == NULL) {
        (void) nt_call_fail(db->call, "the statement is empty");
        return false;
    }

    /* what else there may be is white space and comments */
    if (sqlite3_prepare_v2(db->handle, tail, (int) (sql.data + sql.len - tail),
                           &next, NULL) != SQLITE_OK ||
        next != NULL)
    {
        (void) sqlite3_finalize(next);
        (void) nt_call_fail(db->call,
                            "there must be one statement, not several; run "
                            "each in a node of its own");
        return false;
    }

    return true;
}


bool
nt_sqlite_prepare_buf(nt_sqlite_t *db, nt_buf_t *sql)
{
    bool good;

    if (sql->failed) {
        (void) nt_arg_nomem(db->call);
        good = false;

    } else {
        good = nt_sqlite_prepare(db, (nt_str_t) { sql->data, sql->len });
    }

    nt_buf_free(sql);
    return good;
}


/* --- parameters --- */

static int
bind_text(sqlite3_stmt *statement, int index, nt_str_t text)
{
    return sqlite3_bind_text64(statement, index, text.len > 0 ? text.data : "",
                               text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}


static bool
bind(nt_sqlite_t *db, int index, const json_t *value)
{
    int      rc;
    nt_buf_t buf = { 0 };

    switch (json_typeof(value)) {
    case JSON_NULL:
        rc = sqlite3_bind_null(db->statement, index);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        rc = sqlite3_bind_int(db->statement, index, json_is_true(value));
        break;
    case JSON_INTEGER:
        rc =
            sqlite3_bind_int64(db->statement, index, json_integer_value(value));
        break;
    case JSON_REAL:
        rc = sqlite3_bind_double(db->statement, index, json_real_value(value));
        break;
    case JSON_STRING:
        rc = bind_text(db->statement, index, nt_ustr(value));
        break;
    default:
        nt_py_dumps(&buf, value, -1);
        rc = buf.failed ? SQLITE_NOMEM
                        : bind_text(db->statement, index,
                                    (nt_str_t) { buf.data, buf.len });
        nt_buf_free(&buf);
    }

    if (rc == SQLITE_TOOBIG) {
        (void) nt_call_fail(db->call, "a value is longer than %d bytes",
                            NT_SQLITE_BYTES_MAX);
        return false;
    }

    return rc == SQLITE_OK || nt_sqlite_fail(db);
}


static bool
check_count(nt_sqlite_t *db, size_t given)
{
    int wanted;

    wanted = sqlite3_bind_parameter_count(db->statement);

    if ((size_t) wanted == given) {
        return true;
    }

    (void) nt_call_fail(db->call, "the statement takes %d parameters, %zu came",
                        wanted, given);
    return false;
}


bool
nt_sqlite_bind_list(nt_sqlite_t *db, const json_t *values)
{
    size_t  i;
    json_t *value;

    if (!check_count(db, json_array_size(values))) {
        return false;
    }

    json_array_foreach(values, i, value)
    {
        if (!bind(db, (int) i + 1, value)) {
            return false;
        }
    }

    return true;
}


bool
nt_sqlite_bind_dict(nt_sqlite_t *db, const json_t *values)
{
    int         i = 0;
    json_t     *value;
    const char *name;

    /* a "?" in a condition would shift them */
    if (!check_count(db, json_object_size(values))) {
        return false;
    }

    json_object_foreach((json_t *) values, name, value)
    {
        if (!bind(db, ++i, value)) {
            return false;
        }
    }

    return true;
}


/* --- rows --- */

static json_t *
blob_value(sqlite3_stmt *statement, int column)
{
    int         n;
    char       *p;
    nt_buf_t    text = { 0 };
    const void *data;

    data = sqlite3_column_blob(statement, column);
    n = sqlite3_column_bytes(statement, column);
    p = nt_buf_reserve(&text, (size_t) (n + 2) / 3 * 4 + 1);

    if (p != NULL && n > 0) {
        text.len = (size_t) EVP_EncodeBlock((unsigned char *) p, data, n);
    }

    return nt_ustr_take(&text);
}


/* The list or dict that a string holds, else the string itself.  NULL when
 * it is not UTF-8. */
static json_t *
text_value(nt_str_t text)
{
    json_t  *value;
    nt_str_t start;
    nt_buf_t error = { 0 };

    value = json_stringn(text.data, text.len);

    if (value == NULL) {
        return NULL;
    }

    start = nt_ustr_strip(text, NT_USTR_LEFT, NULL);

    if (start.len > 0 && (start.data[0] == '{' || start.data[0] == '[')) {
        json_t *parsed = nt_json_parse(text.data, text.len, &error);

        nt_buf_free(&error);

        if (parsed != NULL) {
            json_decref(value);
            return parsed;
        }
    }

    return value;
}


/* NULL after nt_call_fail. */
static json_t *
column_value(nt_sqlite_t *db, int column)
{
    double   x;
    json_t  *value;
    nt_str_t text;

    switch (sqlite3_column_type(db->statement, column)) {
    case SQLITE_NULL:
        return json_null();
    case SQLITE_INTEGER:
        value = json_integer(sqlite3_column_int64(db->statement, column));
        break;
    case SQLITE_FLOAT:
        x = sqlite3_column_double(db->statement, column);

        if (!isfinite(x)) {
            (void) nt_call_fail(db->call,
                                "column \"%s\" has an infinite number",
                                sqlite3_column_name(db->statement, column));
            return NULL;
        }

        value = json_real(x);
        break;
    case SQLITE_BLOB:
        value = blob_value(db->statement, column);
        break;
    default:
        text.data = (const char *) sqlite3_column_text(db->statement, column);
        text.len = (size_t) sqlite3_column_bytes(db->statement, column);
        value = text.data == NULL ? NULL : text_value(text);

        if (value == NULL && text.data != NULL) {
            (void) nt_call_fail(db->call,
                                "column \"%s\" has text that is not "
                                "UTF-8",
                                sqlite3_column_name(db->statement, column));
            return NULL;
        }
    }

    if (value == NULL) {
        (void) nt_arg_nomem(db->call);
    }

    return value;
}


/* The row that the statement stands on; NULL after nt_call_fail. */
static json_t *
row_value(nt_sqlite_t *db, size_t *bytes)
{
    int         i, n;
    json_t     *row, *value;
    const char *name;

    row = json_object();
    n = sqlite3_column_count(db->statement);

    for (i = 0; i < n; i++) {
        name = sqlite3_column_name(db->statement, i);

        if (row == NULL || name == NULL) {
            (void) nt_arg_nomem(db->call);
            json_decref(row);
            return NULL;
        }

        /* of columns with the same name, the first counts */
        if (json_object_get(row, name) != NULL) {
            continue;
        }

        value = column_value(db, i);

        if (value == NULL) {
            json_decref(row);
            return NULL;
        }

        if (json_object_set_new(row, name, value) != 0) {
            (void) nt_call_fail(db->call, "a column has no name in UTF-8");
            json_decref(row);
            return NULL;
        }

        *bytes += (size_t) sqlite3_column_bytes(db->statement, i);
    }

    return row;
}


json_t *
nt_sqlite_rows(nt_sqlite_t *db)
{
    int     rc;
    size_t  bytes = 0;
    json_t *rows, *row;

    rows = json_array();

    while ((rc = sqlite3_step(db->statement)) == SQLITE_ROW) {
        if (json_array_size(rows) == ROWS_MAX || bytes > NT_SQLITE_BYTES_MAX) {
            (void) nt_call_fail(db->call,
                                "the result has more than %d rows or %d bytes; "
                                "set a limit",
                                ROWS_MAX, NT_SQLITE_BYTES_MAX);
            json_decref(rows);
            return NULL;
        }

        row = row_value(db, &bytes);

        if (row == NULL || json_array_append_new(rows, row) != 0) {
            if (row != NULL) {
                (void) nt_arg_nomem(db->call);
            }

            json_decref(rows);
            return NULL;
        }
    }

    if (rc != SQLITE_DONE) {
        (void) nt_sqlite_fail(db);
        json_decref(rows);
        return NULL;
    }

    return rows;
}


bool
nt_sqlite_run(nt_sqlite_t *db)
{
    int rc;

    do {
        rc = sqlite3_step(db->statement);
    } while (rc == SQLITE_ROW);

    return rc == SQLITE_DONE || nt_sqlite_fail(db);
}


bool
nt_sqlite_has_rows(const nt_sqlite_t *db)
{
    return sqlite3_column_count(db->statement) > 0;
}


int64_t
nt_sqlite_changes(const nt_sqlite_t *db)
{
    return sqlite3_changes64(db->handle);
}


int64_t
nt_sqlite_row_id(const nt_sqlite_t *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}
