/*
 * engine/assets/catalog_int.h - what the files of catalog.h share.
 */

#ifndef NT_CATALOG_INT_H
#define NT_CATALOG_INT_H

#include <pthread.h>
#include <sqlite3.h>

#include "engine/assets/catalog.h"

#define NT_CATALOG_FOLDER "folder"

struct nt_catalog {
    char           *file;
    int             folder;
    pthread_mutex_t lock;
    sqlite3        *db; /* NULL until the first request */
};

/* Opens the database, if it is not open, and locks it.  False with *status
 * and a sentence. */
bool nt_catalog_lock(nt_catalog_t *catalog, int *status, nt_buf_t *error);
void nt_catalog_unlock(nt_catalog_t *catalog);

/* With the lock.  A transaction, which ends with the status of what was done:
 * below 300 it is committed.  The status then, which is another one when it
 * could not be. */
bool nt_catalog_begin(nt_catalog_t *catalog, int *status, nt_buf_t *error);
int  nt_catalog_end(nt_catalog_t *catalog, int status, nt_buf_t *error);

/* With the lock: a statement with text parameters, each NULL or a string, in
 * the order of ?1, ?2 ...; NULL on failure. */
sqlite3_stmt *nt_catalog_prepare(nt_catalog_t *catalog, const char *sql,
                                 const char *const *texts, int n);

/* Logs what SQLite says; 503 or 500 with a sentence. */
int nt_catalog_failed(nt_catalog_t *catalog, nt_buf_t *error);

int nt_catalog_nomem(nt_buf_t *error);

/* --- records: objects with the members of an asset, but for URLs --- */

/* The columns that nt_catalog_row reads. */
#define NT_CATALOG_COLUMNS                                                     \
    "id, user_id, workflow_id, parent_id, name, content_type, size, "          \
    "metadata, created_at, duration, node_id, job_id"

/* New reference; NULL when memory is out. */
json_t *nt_catalog_row(sqlite3_stmt *stmt);

/* A record of the user's: 200, 404 or 403. */
int nt_catalog_find(nt_catalog_t *catalog, const char *user, const char *id,
                    json_t **record, nt_buf_t *error);

/* Stores a record, new or in the place of an old one. */
int nt_catalog_store(nt_catalog_t *catalog, const json_t *record,
                     nt_buf_t *error);

/* Adds the URLs. False when memory is out. */
bool nt_catalog_show(json_t *record, const char *base);

bool nt_catalog_is_folder(const json_t *record);

/* Removes the bytes of an asset; false, and the log says why. */
bool nt_catalog_remove_object(nt_catalog_t *catalog, const char *id);

/* --- catalog_request.c --- */

/* Checks what a request says and sets it in a record: 200 or 422. `create`:
 * name and content_type must be there. */
int nt_catalog_apply(json_t *record, const json_t *request, bool create,
                     nt_buf_t *error);

/* The id of something new: its time, random digits and an extension for its
 * type or name; "" when there is no randomness. */
#define NT_CATALOG_ID_MAX 64
void nt_catalog_new_id(char id[NT_CATALOG_ID_MAX], const json_t *record);

/* The bytes in a request; 200 and *data, whose data is NULL for none. */
int nt_catalog_data(const json_t *request, nt_buf_t *data, nt_buf_t *error);

#endif
