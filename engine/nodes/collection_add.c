/*
 * engine/nodes/collection_add.c - collections: what is put in.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/collection_int.h"

#define DIM_MAX      65536
#define ID_MAX       1024
#define METADATA_MAX (1024 * 1024)


/* The statements that a record needs. */
typedef struct {
    sqlite3_stmt *record;
    sqlite3_stmt *vector;
    sqlite3_stmt *document;
} insert_t;


static bool
prepare_insert(nt_collection_t *c, insert_t *insert)
{
    insert->record =
        nt_collection_prepare(c,
                              "INSERT INTO records (id, metadata) VALUES (?, ?)"
                              " ON CONFLICT (id) DO NOTHING");
    insert->vector =
        insert->record != NULL
            ? nt_collection_prepare(c, "INSERT INTO vectors VALUES (?, ?)")
            : NULL;
    insert->document =
        insert->vector != NULL
            ? nt_collection_prepare(c, "INSERT INTO documents "
                                       "(rowid, document) VALUES (?, ?)")
            : NULL;
    return insert->document != NULL;
}


static bool
run_insert(nt_collection_t *c, sqlite3_stmt *statement)
{
    bool good;

    good = nt_collection_step(c, statement) == SQLITE_DONE;
    (void) sqlite3_reset(statement);
    (void) sqlite3_clear_bindings(statement);
    return good;
}


static bool
insert_record(nt_collection_t *c, insert_t *insert, const nt_record_t *record,
              size_t dim, size_t *known)
{
    bool          good;
    char         *metadata;
    sqlite3_int64 n;

    metadata = json_dumps(record->metadata, JSON_COMPACT);

    if (metadata == NULL) {
        (void) nt_arg_nomem(c->call);
        return false;
    }

    if (strlen(metadata) > METADATA_MAX) {
        free(metadata);
        (void) nt_call_fail(c->call, "'metadata' is longer than 1 MiB");
        return false;
    }

    nt_collection_bind(insert->record, 1, record->id);
    nt_collection_bind(insert->record, 2, nt_str(metadata));
    good = run_insert(c, insert->record);
    free(metadata);

    if (!good || sqlite3_changes(c->handle) == 0) {
        *known += good;
        return good;
    }

    n = sqlite3_last_insert_rowid(c->handle);
    (void) sqlite3_bind_int64(insert->vector, 1, n);
    (void) sqlite3_bind_blob64(insert->vector, 2, record->vector,
                               dim * sizeof(float), SQLITE_STATIC);

    if (!run_insert(c, insert->vector) || record->document.data == NULL) {
        return record->document.data == NULL;
    }

    (void) sqlite3_bind_int64(insert->document, 1, n);
    nt_collection_bind(insert->document, 2, record->document);
    return run_insert(c, insert->document);
}


/* The collection takes vectors of `dim` from now on. */
static bool
keep_dim(nt_collection_t *c, size_t dim)
{
    char    text[32];
    int64_t had;

    had = nt_collection_dim(c);

    if (had == 0) {
        (void) snprintf(text, sizeof(text), "%zu", dim);
        return nt_collection_put_about(c, "dim", nt_str(text));
    }

    if (had > 0 && (size_t) had != dim) {
        (void) nt_call_fail(c->call,
                            "collection \"%.*s\" has vectors of %lld "
                            "dimensions; this one has %zu",
                            (int) c->name.len, c->name.data, (long long) had,
                            dim);
    }

    return had > 0 && (size_t) had == dim;
}


static bool
check_record(nt_node_call_t *call, const nt_record_t *record, size_t dim)
{
    size_t d;

    if (record->id.len == 0 || record->id.len > ID_MAX) {
        (void) nt_call_fail(call, "an id must be 1 to %d bytes long", ID_MAX);
        return false;
    }

    if (record->document.len > NT_COLLECTION_VALUE_MAX / 2) {
        (void) nt_call_fail(call, "a document must not be longer than %d MiB",
                            NT_COLLECTION_VALUE_MAX / 2 / 1024 / 1024);
        return false;
    }

    if (dim == 0 || dim > DIM_MAX) {
        (void) nt_call_fail(call, "a vector must have 1 to %d dimensions",
                            DIM_MAX);
        return false;
    }

    for (d = 0; d < dim; d++) {
        if (!isfinite(record->vector[d])) {
            (void) nt_call_fail(call, "a vector must be of finite numbers");
            return false;
        }
    }

    return true;
}


bool
nt_collection_add(nt_collection_t *c, const nt_record_t *records, size_t n,
                  size_t dim, size_t *known)
{
    bool     good;
    size_t   i;
    insert_t insert = { 0 };

    *known = 0;

    for (i = 0; i < n; i++) {
        if (!check_record(c->call, &records[i], dim)) {
            return false;
        }
    }

    good = nt_collection_exec(c, "BEGIN IMMEDIATE") && keep_dim(c, dim) &&
           prepare_insert(c, &insert);

    for (i = 0; good && i < n; i++) {
        good = insert_record(c, &insert, &records[i], dim, known);
    }

    (void) sqlite3_finalize(insert.record);
    (void) sqlite3_finalize(insert.vector);
    (void) sqlite3_finalize(insert.document);
    good = good && nt_collection_exec(c, "COMMIT");

    if (!good && !sqlite3_get_autocommit(c->handle)) {
        (void) sqlite3_exec(c->handle, "ROLLBACK", NULL, NULL, NULL);
    }

    return good;
}
