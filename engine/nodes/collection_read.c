/*
 * engine/nodes/collection_read.c - collections: what is read of them.
 */

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/collection_int.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/vector.h"

#define RESULT_MAX (64 * 1024 * 1024) /* bytes of documents */
#define TRIGRAM    3                  /* characters */


int64_t
nt_collection_count(nt_collection_t *c)
{
    int64_t       count;
    sqlite3_stmt *statement;

    statement = nt_collection_prepare(c, "SELECT count(*) FROM records");

    if (statement == NULL) {
        return -1;
    }

    count = nt_collection_step(c, statement) == SQLITE_ROW
                ? sqlite3_column_int64(statement, 0)
                : -1;
    (void) sqlite3_finalize(statement);
    return count;
}


int
nt_collection_has(nt_collection_t *c, nt_str_t id)
{
    int           rc;
    sqlite3_stmt *statement;

    statement = nt_collection_prepare(c, "SELECT 1 FROM records WHERE id = ?");

    if (statement == NULL) {
        return -1;
    }

    nt_collection_bind(statement, 1, id);
    rc = nt_collection_step(c, statement);
    (void) sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}


/* --- documents --- */

static bool
add_size(nt_collection_t *c, size_t *size, size_t more)
{
    *size += more;

    if (*size > RESULT_MAX) {
        (void) nt_call_fail(c->call,
                            "the documents are more than %d MiB; ask for "
                            "fewer",
                            RESULT_MAX / 1024 / 1024);
        return false;
    }

    return true;
}


json_t *
nt_collection_documents(nt_collection_t *c, const json_t *ids, int64_t limit,
                        int64_t offset)
{
    int           rc;
    char         *list;
    json_t       *documents;
    size_t        size;
    nt_str_t      text;
    sqlite3_stmt *statement;

    list = json_dumps(ids, JSON_COMPACT);
    documents = json_array();
    statement = nt_collection_prepare(
        c, "SELECT d.document FROM records r"
           " LEFT JOIN documents d ON d.rowid = r.n"
           " WHERE ?1 = '[]' OR r.id IN (SELECT value FROM json_each(?1))"
           " ORDER BY r.n LIMIT ?2 OFFSET ?3");
    rc = SQLITE_NOMEM;

    if (list != NULL && documents != NULL && statement != NULL) {
        nt_collection_bind(statement, 1, nt_str(list));
        (void) sqlite3_bind_int64(statement, 2, limit);
        (void) sqlite3_bind_int64(statement, 3, offset);
        size = 0;

        while ((rc = nt_collection_step(c, statement)) == SQLITE_ROW) {
            text = nt_collection_text(statement, 0);

            if (!add_size(c, &size, text.len)) {
                break;
            }

            if (json_array_append_new(documents, nt_ustr_json(text)) != 0) {
                (void) nt_arg_nomem(c->call);
                break;
            }
        }
    } else if (statement != NULL) {
        (void) nt_arg_nomem(c->call);
    }

    (void) sqlite3_finalize(statement);
    free(list);

    if (rc != SQLITE_DONE) {
        json_decref(documents);
        return NULL;
    }

    return documents;
}


/* --- search --- */

/* The condition that a word is in a document.  Words of at least a trigram
 * are looked up, shorter ones looked for in all documents. */
static bool
word_pattern(nt_buf_t *pattern, nt_str_t word, bool *indexed)
{
    size_t i;

    *indexed = nt_ustr_len(word) >= TRIGRAM;
    nt_buf_append_char(pattern, *indexed ? '"' : '%');

    for (i = 0; i < word.len; i++) {
        if (*indexed ? word.data[i] == '"'
                     : strchr("%_\\", word.data[i]) != NULL) {
            nt_buf_append_char(pattern, *indexed ? '"' : '\\');
        }

        nt_buf_append_char(pattern, word.data[i]);
    }

    nt_buf_append_char(pattern, *indexed ? '"' : '%');
    return !pattern->failed;
}


/* Adds the documents with the word to the table of hits. */
static bool
find_word(nt_collection_t *c, nt_str_t word)
{
    bool          indexed, good;
    nt_buf_t      pattern = { 0 };
    sqlite3_stmt *statement;

    if (!word_pattern(&pattern, word, &indexed)) {
        nt_buf_free(&pattern);
        (void) nt_arg_nomem(c->call);
        return false;
    }

    statement = nt_collection_prepare(
        c, indexed ? "INSERT OR IGNORE INTO hits SELECT rowid FROM documents"
                     " WHERE documents MATCH ?"
                   : "INSERT OR IGNORE INTO hits SELECT rowid FROM documents"
                     " WHERE document LIKE ? ESCAPE '\\'");
    good = false;

    if (statement != NULL) {
        nt_collection_bind(statement, 1,
                           (nt_str_t) { pattern.data, pattern.len });
        good = nt_collection_step(c, statement) == SQLITE_DONE;
        (void) sqlite3_finalize(statement);
    }

    nt_buf_free(&pattern);
    return good;
}


static bool
find_words(nt_collection_t *c, const json_t *words)
{
    size_t  i;
    json_t *word;

    if (!nt_collection_exec(c, "CREATE TEMP TABLE hits "
                               "(n INTEGER PRIMARY KEY)"))
    {
        return false;
    }

    json_array_foreach(words, i, word)
    {
        if (!find_word(c, nt_ustr(word))) {
            return false;
        }
    }

    return true;
}


/* Compares all vectors, or those of the hits. */
static bool
scan(nt_collection_t *c, const float *vector, size_t dim, bool hits,
     nt_nearest_t *nearest)
{
    int           rc;
    const void   *blob;
    sqlite3_stmt *statement;

    statement = nt_collection_prepare(
        c, hits ? "SELECT n, vector FROM hits JOIN vectors USING (n)"
                : "SELECT n, vector FROM vectors");

    if (statement == NULL) {
        return false;
    }

    while ((rc = nt_collection_step(c, statement)) == SQLITE_ROW) {
        blob = sqlite3_column_blob(statement, 1);

        if (blob == NULL ||
            (size_t) sqlite3_column_bytes(statement, 1) != dim * sizeof(float))
        {
            (void) nt_call_fail(c->call, "collection \"%.*s\" is damaged",
                                (int) c->name.len, c->name.data);
            break;
        }

        nt_nearest_add(nearest,
                       nt_vector_distance(NT_METRIC_L2, vector, blob, dim),
                       sqlite3_column_int64(statement, 0));
    }

    (void) sqlite3_finalize(statement);
    return rc == SQLITE_DONE;
}


/* The record of a row; NULL after nt_call_fail. */
static json_t *
read_record(nt_collection_t *c, sqlite3_stmt *statement, float distance,
            size_t *size)
{
    json_t  *metadata, *record;
    nt_str_t id, text, document;

    id = nt_collection_text(statement, 0);
    text = nt_collection_text(statement, 1);
    document = nt_collection_text(statement, 2);

    if (!add_size(c, size, document.len + text.len)) {
        return NULL;
    }

    metadata = json_loadb(text.data, text.len, 0, NULL);
    record =
        json_pack("{s:o, s:o, s:o, s:o}", "id", nt_ustr_json(id), "document",
                  nt_ustr_json(document), "metadata", metadata, "distance",
                  json_real(isfinite(distance) ? distance : FLT_MAX));

    if (record == NULL) {
        (void) nt_arg_nomem(c->call);
    }

    return record;
}


static json_t *
read_records(nt_collection_t *c, const nt_nearest_t *nearest)
{
    json_t       *records, *record;
    size_t        i, size;
    sqlite3_stmt *statement;

    statement = nt_collection_prepare(
        c, "SELECT r.id, r.metadata, d.document FROM records r"
           " LEFT JOIN documents d ON d.rowid = r.n WHERE r.n = ?");

    if (statement == NULL) {
        return NULL;
    }

    records = json_array();

    for (i = size = 0; records != NULL && i < nearest->n; i++) {
        (void) sqlite3_bind_int64(statement, 1, nearest->items[i].label);
        record =
            nt_collection_step(c, statement) == SQLITE_ROW
                ? read_record(c, statement, nearest->items[i].distance, &size)
                : NULL;

        if (json_array_append_new(records, record) != 0) {
            json_decref(records);
            records = NULL;
        }

        (void) sqlite3_reset(statement);
    }

    (void) sqlite3_finalize(statement);
    return records;
}


static json_t *
search(nt_collection_t *c, const float *vector, size_t dim, size_t n,
       const json_t *words)
{
    json_t      *records;
    int64_t      had;
    nt_nearest_t nearest;

    had = nt_collection_dim(c);

    if (had > 0 && (size_t) had != dim) {
        (void) nt_call_fail(c->call,
                            "collection \"%.*s\" has vectors of %lld "
                            "dimensions; the query has %zu",
                            (int) c->name.len, c->name.data, (long long) had,
                            dim);
        return NULL;
    }

    if (had <= 0) {
        return had == 0 ? json_array() : NULL;
    }

    if (!nt_nearest_init(&nearest, NT_METRIC_L2, n)) {
        (void) nt_arg_nomem(c->call);
        return NULL;
    }

    records = NULL;

    if ((words == NULL || find_words(c, words)) &&
        scan(c, vector, dim, words != NULL, &nearest))
    {
        nt_nearest_sort(&nearest);
        records = read_records(c, &nearest);
    }

    nt_nearest_free(&nearest);
    return records;
}


json_t *
nt_collection_search(nt_collection_t *c, const float *vector, size_t dim,
                     size_t n, const json_t *words)
{
    json_t *records;

    /* all of it sees one state of the collection */
    if (!nt_collection_exec(c, "BEGIN")) {
        return NULL;
    }

    records = search(c, vector, dim, n, words);
    (void) sqlite3_exec(c->handle, "ROLLBACK", NULL, NULL, NULL);
    return records;
}
