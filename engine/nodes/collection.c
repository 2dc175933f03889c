/*
 * engine/nodes/collection.c - collections: the database, and what it says of
 * itself.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/nodes/collection_int.h"
#include "engine/nodes/ustr.h"

#define NAME_MIN  3
#define NAME_MAX  200
#define BUSY_MS   30000    /* to wait for another's transaction */
#define STEPS     100000   /* of SQLite's machine between looks at the job */
#define VERSION   1        /* of the tables */
#define PAGES_MAX "524288" /* 16 GiB */

/* A vector is looked up by the number of its record, and all of them are read
 * in one go: they have a table of their own.  Of the documents, the trigrams
 * are indexed, so that texts within them are found. */
static const char tables[] = "CREATE TABLE IF NOT EXISTS about ("
                             "  key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
                             "CREATE TABLE IF NOT EXISTS records ("
                             "  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
                             "  metadata TEXT NOT NULL);"
                             "CREATE TABLE IF NOT EXISTS vectors ("
                             "  n INTEGER PRIMARY KEY, vector BLOB NOT NULL);"
                             "CREATE VIRTUAL TABLE IF NOT EXISTS documents"
                             "  USING fts5(document, tokenize = 'trigram');"
                             "PRAGMA user_version = 1;";


/* --- names and metadata --- */

bool
nt_collection_name(nt_node_call_t *call, nt_str_t name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    bool   good;
    size_t i;

    good = name.len >= NAME_MIN && name.len <= NAME_MAX;

    for (i = 0; good && i < name.len; i++) {
        good = name.data[i] != '\0' && (strchr(allowed, name.data[i]) != NULL ||
                                        (strchr("._-", name.data[i]) != NULL &&
                                         i > 0 && i + 1 < name.len));
    }

    if (!good) {
        (void) nt_call_fail(call,
                            "a collection's name must be %d to %d letters, "
                            "digits, '.', '_' and '-', with a letter or digit "
                            "first and last",
                            NAME_MIN, NAME_MAX);
    }

    return good;
}


bool
nt_arg_collection(nt_node_call_t *call, nt_str_t *name)
{
    *name = nt_ustr(json_object_get(nt_call_input(call, "collection"), "name"));

    if (name->len == 0) {
        (void) nt_call_fail(call, "'collection' must be set: connect a "
                                  "Collection node");
        return false;
    }

    return nt_collection_name(call, *name);
}


bool
nt_collection_check(nt_node_call_t *call, const json_t *metadata)
{
    json_t     *value;
    const char *key;

    if (!json_is_object(metadata)) {
        (void) nt_call_fail(call, "'metadata' must be a dict");
        return false;
    }

    json_object_foreach((json_t *) (uintptr_t) metadata, key, value)
    {
        if (json_is_object(value) || json_is_array(value)) {
            (void) nt_call_fail(call,
                                "'metadata' must have texts, numbers and "
                                "bools only; \"%s\" is a %s",
                                key, json_is_object(value) ? "dict" : "list");
            return false;
        }
    }

    return true;
}


/* --- SQLite --- */

bool
nt_collection_fail(nt_collection_t *c)
{
    int             code;
    nt_node_call_t *call;

    call = c->call;
    code = c->handle != NULL ? sqlite3_errcode(c->handle) : SQLITE_NOMEM;

    if (nt_call_cancelled(call)) {
        (void) nt_call_fail(call, "the job was cancelled");
        return false;
    }

    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        (void) nt_call_fail(call,
                            "collection \"%.*s\" is in use by another job for "
                            "too long; run the workflow again",
                            (int) c->name.len, c->name.data);
        break;
    case SQLITE_FULL:
        (void) nt_call_fail(call, "collection \"%.*s\" has no room left",
                            (int) c->name.len, c->name.data);
        break;
    case SQLITE_NOMEM:
        (void) nt_arg_nomem(call);
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        (void) nt_call_fail(call, "collection \"%.*s\" is damaged",
                            (int) c->name.len, c->name.data);
        break;
    default:
        (void) nt_call_fail(call, "collection \"%.*s\": %s", (int) c->name.len,
                            c->name.data, sqlite3_errmsg(c->handle));
    }

    return false;
}


bool
nt_collection_exec(nt_collection_t *c, const char *sql)
{
    return sqlite3_exec(c->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           nt_collection_fail(c);
}


sqlite3_stmt *
nt_collection_prepare(nt_collection_t *c, const char *sql)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v2(c->handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        (void) nt_collection_fail(c);
        return NULL;
    }

    return statement;
}


int
nt_collection_step(nt_collection_t *c, sqlite3_stmt *statement)
{
    int rc;

    rc = sqlite3_step(statement);

    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        (void) nt_collection_fail(c);
    }

    return rc;
}


void
nt_collection_bind(sqlite3_stmt *statement, int place, nt_str_t text)
{
    (void) sqlite3_bind_text64(statement, place, text.data, text.len,
                               SQLITE_STATIC, SQLITE_UTF8);
}


nt_str_t
nt_collection_text(sqlite3_stmt *statement, int column)
{
    const char *data;

    data = (const char *) sqlite3_column_text(statement, column);

    return data == NULL
               ? NT_STR("")
               : (nt_str_t) { data, (size_t) sqlite3_column_bytes(statement,
                                                                  column) };
}


/* Not 0 to interrupt the statement. */
static int
progress(void *data)
{
    return nt_call_cancelled(data);
}


static bool
open_handle(nt_collection_t *c, bool make)
{
    int  rc;
    char file[NAME_MAX + sizeof(".db")];

    (void) snprintf(file, sizeof(file), "%.*s.db", (int) c->name.len,
                    c->name.data);

    if (nt_sqlite_vfs_init(&c->vfs, c->folder, file) != SQLITE_OK) {
        (void) nt_arg_nomem(c->call);
        return false;
    }

    c->registered = true;
    rc =
        sqlite3_open_v2(c->vfs.path, &c->handle,
                        SQLITE_OPEN_READWRITE | (make ? SQLITE_OPEN_CREATE : 0),
                        c->vfs.name);

    if (rc == SQLITE_CANTOPEN && !make) {
        (void) nt_call_fail(c->call,
                            "collection \"%.*s\" does not exist; the "
                            "Collection node makes it",
                            (int) c->name.len, c->name.data);
        return false;
    }

    if (rc != SQLITE_OK) {
        return nt_collection_fail(c);
    }

    (void) sqlite3_busy_timeout(c->handle, BUSY_MS);
    (void) sqlite3_limit(c->handle, SQLITE_LIMIT_LENGTH,
                         NT_COLLECTION_VALUE_MAX);
    sqlite3_progress_handler(c->handle, STEPS, progress, c->call);

    /* a page holds several vectors; the journal is kept, not made anew */
    return nt_collection_exec(c, "PRAGMA page_size = 32768;"
                                 "PRAGMA max_page_count = " PAGES_MAX ";"
                                 "PRAGMA journal_mode = TRUNCATE;"
                                 "PRAGMA temp_store = MEMORY");
}


static nt_collection_t *
open_collection(nt_node_call_t *call, nt_str_t name, bool make)
{
    nt_collection_t *c;

    c = calloc(1, sizeof(*c));

    if (c == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    c->call = call;
    c->name = name;
    c->folder = nt_call_user_folder(call, "collections");

    if (c->folder == -1 || !open_handle(c, make)) {
        nt_collection_close(c);
        return NULL;
    }

    return c;
}


void
nt_collection_close(nt_collection_t *c)
{
    (void) sqlite3_close(c->handle);

    if (c->registered) {
        nt_sqlite_vfs_free(&c->vfs);
    }

    if (c->folder != -1) {
        (void) close(c->folder);
    }

    free(c);
}


/* The version of the tables, 0 for none yet; -1 after nt_call_fail. */
static int
read_version(nt_collection_t *c)
{
    int           version;
    sqlite3_stmt *statement;

    statement = nt_collection_prepare(c, "PRAGMA user_version");

    if (statement == NULL) {
        return -1;
    }

    version = nt_collection_step(c, statement) == SQLITE_ROW
                  ? sqlite3_column_int(statement, 0)
                  : -1;
    (void) sqlite3_finalize(statement);
    return version;
}


/* Are there tables of this version?  With `make`, those that are missing are
 * made. */
static bool
check_version(nt_collection_t *c, bool make)
{
    int version;

    version = read_version(c);

    if (version == 0 && make) {
        return nt_collection_exec(c, tables);
    }

    if (version != VERSION && version >= 0) {
        (void) nt_call_fail(c->call,
                            "collection \"%.*s\" was not made by this version "
                            "of the server",
                            (int) c->name.len, c->name.data);
    }

    return version == VERSION;
}


nt_collection_t *
nt_collection_open(nt_node_call_t *call, nt_str_t name)
{
    nt_collection_t *c;

    c = open_collection(call, name, false);

    if (c != NULL && !check_version(c, false)) {
        nt_collection_close(c);
        return NULL;
    }

    return c;
}


/* --- what is kept about a collection --- */

bool
nt_collection_put_about(nt_collection_t *c, const char *key, nt_str_t value)
{
    bool          good;
    sqlite3_stmt *statement;

    statement = nt_collection_prepare(c, "INSERT OR REPLACE INTO about "
                                         "VALUES (?, ?)");

    if (statement == NULL) {
        return false;
    }

    nt_collection_bind(statement, 1, nt_str(key));
    nt_collection_bind(statement, 2, value);
    good = nt_collection_step(c, statement) == SQLITE_DONE;
    (void) sqlite3_finalize(statement);
    return good;
}


/* 1 and the value appended to *value, 0 when there is none, -1 after
 * nt_call_fail. */
static int
get_about(nt_collection_t *c, const char *key, nt_buf_t *value)
{
    int           rc;
    sqlite3_stmt *statement;

    statement =
        nt_collection_prepare(c, "SELECT value FROM about WHERE key = ?");

    if (statement == NULL) {
        return -1;
    }

    nt_collection_bind(statement, 1, nt_str(key));
    rc = nt_collection_step(c, statement);

    if (rc == SQLITE_ROW) {
        nt_buf_append_str(value, nt_collection_text(statement, 0));
        nt_buf_append_char(value, '\0');
    }

    (void) sqlite3_finalize(statement);

    if (value->failed) {
        (void) nt_arg_nomem(c->call);
        return -1;
    }

    return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}


int64_t
nt_collection_dim(nt_collection_t *c)
{
    int      rc;
    int64_t  dim;
    nt_buf_t value = { 0 };

    rc = get_about(c, "dim", &value);
    dim = rc == 1 ? strtoll(value.data, NULL, 10) : rc;
    nt_buf_free(&value);
    return dim;
}


json_t *
nt_collection_model(nt_collection_t *c)
{
    json_t  *model;
    nt_buf_t value = { 0 };

    model = get_about(c, "model", &value) == 1 ? json_loads(value.data, 0, NULL)
                                               : NULL;
    nt_buf_free(&value);
    return model;
}


/* Within a transaction. */
static bool
keep_model(nt_collection_t *c, const json_t *model, bool *kept)
{
    int      rc;
    bool     good;
    char    *text;
    nt_buf_t value = { 0 };

    if (model == NULL) {
        return true;
    }

    text = json_dumps(model, JSON_COMPACT | JSON_SORT_KEYS);

    if (text == NULL) {
        (void) nt_arg_nomem(c->call);
        return false;
    }

    rc = get_about(c, "model", &value);
    good = rc == 1 ||
           (rc == 0 && nt_collection_put_about(c, "model", nt_str(text)));
    *kept = rc == 1 && strcmp(value.data, text) != 0;
    nt_buf_free(&value);
    free(text);
    return good;
}


bool
nt_collection_create(nt_node_call_t *call, nt_str_t name, const json_t *model,
                     bool *kept)
{
    bool             good;
    nt_collection_t *c;

    *kept = false;
    c = open_collection(call, name, true);

    if (c == NULL) {
        return false;
    }

    /* without the commit, closing rolls back */
    good = nt_collection_exec(c, "BEGIN IMMEDIATE") && check_version(c, true) &&
           keep_model(c, model, kept) && nt_collection_exec(c, "COMMIT");
    nt_collection_close(c);
    return good;
}
