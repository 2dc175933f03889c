#include "engine/assets/catalog_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/assets/uri.h"
#include "engine/log.h"

#define NT_BUSY_MS 5000 /* for another engine that writes */

static const char schema[] =
    "PRAGMA journal_mode = WAL;"
    /* what was acknowledged outlives the machine, too */
    "PRAGMA synchronous = FULL;"
    "CREATE TABLE IF NOT EXISTS asset ("
    "  id TEXT PRIMARY KEY,"
    "  user_id TEXT NOT NULL,"
    "  workflow_id TEXT,"
    "  parent_id TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  content_type TEXT NOT NULL,"
    "  size INTEGER,"
    "  metadata TEXT,"
    "  created_at TEXT NOT NULL,"
    "  duration REAL,"
    "  node_id TEXT,"
    "  job_id TEXT) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS asset_parent"
    "  ON asset (user_id, parent_id, id);";


nt_catalog_t *
nt_catalog_new(const char *file, int folder)
{
    nt_catalog_t *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return NULL;
    }

    c->file = strdup(file);
    c->folder = folder;

    if (c->file == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c->file);
        free(c);
        return NULL;
    }

    return c;
}


void
nt_catalog_free(nt_catalog_t *c)
{
    if (c == NULL) {
        return;
    }

    (void) sqlite3_close(c->db);
    (void) pthread_mutex_destroy(&c->lock);
    free(c->file);
    free(c);
}


int
nt_catalog_nomem(nt_buf_t *error)
{
    nt_buf_printf(error, "The server is out of memory. Try again later.");
    return 503;
}


int
nt_catalog_failed(nt_catalog_t *c, nt_buf_t *error)
{
    int code = sqlite3_errcode(c->db) & 0xff;

    if (code == SQLITE_NOMEM) {
        return nt_catalog_nomem(error);
    }

    nt_log(NT_LOG_ERROR, "assets: %s", sqlite3_errmsg(c->db));

    switch (code) {
    case SQLITE_FULL:
        nt_buf_printf(error, "The server has no space left to store it.");
        return 503;

    case SQLITE_BUSY:
        nt_buf_printf(error, "The list of assets is busy. Try again later.");
        return 503;

    default:
        nt_buf_printf(error, "The list of assets cannot be used: the server's "
                             "log says why.");
        return 500;
    }
}


static bool
open_database(nt_catalog_t *c, int *status, nt_buf_t *error)
{
    /* SQLite gives its other files the mode of this one */
    int fd = open(c->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd == -1) {
        nt_log(NT_LOG_ERROR, "assets: %s: %s", c->file, strerror(errno));
        nt_buf_printf(error, "The list of assets cannot be opened.");
        *status = 500;
        return false;
    }

    (void) close(fd);

    if (sqlite3_open_v2(c->file, &c->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX,
                        NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(c->db, NT_BUSY_MS) == SQLITE_OK &&
        sqlite3_exec(c->db, schema, NULL, NULL, NULL) == SQLITE_OK)
    {
        return true;
    }

    *status = nt_catalog_failed(c, error);
    (void) sqlite3_close(c->db);
    c->db = NULL;

    return false;
}


bool
nt_catalog_lock(nt_catalog_t *c, int *status, nt_buf_t *error)
{
    (void) pthread_mutex_lock(&c->lock);

    if (c->db != NULL || open_database(c, status, error)) {
        return true;
    }

    (void) pthread_mutex_unlock(&c->lock);

    return false;
}


void
nt_catalog_unlock(nt_catalog_t *c)
{
    (void) pthread_mutex_unlock(&c->lock);
}


bool
nt_catalog_begin(nt_catalog_t *c, int *status, nt_buf_t *error)
{
    if (sqlite3_exec(c->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK) {
        return true;
    }

    *status = nt_catalog_failed(c, error);

    return false;
}


int
nt_catalog_end(nt_catalog_t *c, int status, nt_buf_t *error)
{
    if (status < 300) {
        if (sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) {
            return status;
        }

        status = nt_catalog_failed(c, error);
    }

    (void) sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);

    return status;
}


sqlite3_stmt *
nt_catalog_prepare(nt_catalog_t *c, const char *sql, const char *const *texts,
                   int n)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        return NULL;
    }

    for (int i = 0; i < n; i++) {
        if (sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_TRANSIENT) !=
            SQLITE_OK) {
            (void) sqlite3_finalize(stmt);
            return NULL;
        }
    }

    return stmt;
}


/* --- records --------------------------------------------------------------*/

static json_t *
column(sqlite3_stmt *stmt, int i)
{
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_NULL:
        return json_null();

    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(stmt, i));

    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(stmt, i));

    default:
        return json_stringn((const char *) sqlite3_column_text(stmt, i),
                            (size_t) sqlite3_column_bytes(stmt, i));
    }
}


json_t *
nt_catalog_row(sqlite3_stmt *stmt)
{
    json_t *record = json_object(), *value;

    for (int i = 0; record != NULL && i < sqlite3_column_count(stmt); i++) {
        const char *name = sqlite3_column_name(stmt, i);

        value = column(stmt, i);

        if (json_is_string(value) && strcmp(name, "metadata") == 0) {
            json_t *metadata = json_loads(json_string_value(value), 0, NULL);

            json_decref(value);
            value = metadata != NULL ? metadata : json_null();
        }

        if (json_object_set_new(record, name, value) != 0) {
            json_decref(record);
            record = NULL;
        }
    }

    return record;
}


int
nt_catalog_find(nt_catalog_t *c, const char *user, const char *id,
                json_t **record, nt_buf_t *error)
{
    int           code;
    sqlite3_stmt *stmt;

    *record = NULL;
    stmt = nt_catalog_prepare(c,
                              "SELECT " NT_CATALOG_COLUMNS
                              " FROM asset WHERE id = ?1",
                              &id, 1);
    if (stmt == NULL) {
        return nt_catalog_failed(c, error);
    }

    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *record = nt_catalog_row(stmt);
    }

    (void) sqlite3_finalize(stmt);

    if (code == SQLITE_DONE) {
        nt_buf_printf(error, "Asset not found: %.200s", id);
        return 404;
    }

    if (code != SQLITE_ROW) {
        return nt_catalog_failed(c, error);
    }

    if (*record == NULL) {
        return nt_catalog_nomem(error);
    }

    if (user == NULL ||
        strcmp(json_string_value(json_object_get(*record, "user_id")), user) ==
            0)
    {
        return 200;
    }

    json_decref(*record);
    *record = NULL;
    nt_buf_printf(error, "Asset %.200s belongs to another user.", id);

    return 403;
}


int
nt_catalog_store(nt_catalog_t *c, const json_t *record, nt_buf_t *error)
{
    static const char *const names[] = {
        "id",           "user_id",    "workflow_id", "parent_id", "name",
        "content_type", "created_at", "node_id",     "job_id"
    };
    enum { N = sizeof(names) / sizeof(names[0]) };

    int           status = 200;
    char         *metadata = NULL;
    const char   *texts[N];
    const json_t *size = json_object_get(record, "size");
    const json_t *duration = json_object_get(record, "duration");
    const json_t *object = json_object_get(record, "metadata");
    sqlite3_stmt *stmt;

    for (int i = 0; i < N; i++) {
        texts[i] = json_string_value(json_object_get(record, names[i]));
    }

    stmt = nt_catalog_prepare(
        c,
        "INSERT OR REPLACE INTO asset (id, user_id, workflow_id, parent_id,"
        " name, content_type, created_at, node_id, job_id, size, duration,"
        " metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        texts, N);
    if (stmt == NULL) {
        return nt_catalog_failed(c, error);
    }

    if (json_is_object(object)) {
        metadata = json_dumps(object, JSON_COMPACT);
    }

    if (json_is_object(object) && metadata == NULL) {
        status = nt_catalog_nomem(error);

    } else if ((json_is_integer(size) &&
                sqlite3_bind_int64(stmt, N + 1, json_integer_value(size)) !=
                    SQLITE_OK) ||
               (json_is_number(duration) &&
                sqlite3_bind_double(stmt, N + 2, json_number_value(duration)) !=
                    SQLITE_OK) ||
               sqlite3_bind_text(stmt, N + 3, metadata, -1, SQLITE_TRANSIENT) !=
                   SQLITE_OK ||
               sqlite3_step(stmt) != SQLITE_DONE)
    {
        status = nt_catalog_failed(c, error);
    }

    (void) sqlite3_finalize(stmt);
    free(metadata);

    return status;
}


bool
nt_catalog_is_folder(const json_t *record)
{
    const char *type;

    type = json_string_value(json_object_get(record, "content_type"));

    return type != NULL && strcmp(type, NT_CATALOG_FOLDER) == 0;
}


bool
nt_catalog_show(json_t *record, const char *base)
{
    json_t     *url = NULL;
    nt_buf_t    text = { 0 };
    const char *id = json_string_value(json_object_get(record, "id"));
    const char *type =
        json_string_value(json_object_get(record, "content_type"));
    bool ok, folder = nt_catalog_is_folder(record);

    if (!folder) {
        nt_uri_asset(&text, nt_str(base), nt_str(id));
        url = text.failed ? NULL : json_stringn(text.data, text.len);
        nt_buf_free(&text);
    }

    /* a browser makes small ones of images itself */
    ok = (folder || url != NULL) &&
         json_object_set(record, "get_url", folder ? json_null() : url) == 0 &&
         json_object_set(record, "thumb_url",
                         !folder && strncmp(type, "image/", 6) == 0
                             ? url
                             : json_null()) == 0;
    json_decref(url);

    return ok;
}
