/*
 * engine/assets/catalog.h - assets as the editor shows them: what users have
 * uploaded, with names and folders.
 *
 * A record of each is in SQLite, the bytes are an object of the asset store
 * whose key is the asset's id: so nodes find it by its asset_id, and
 * /storage/assets/ID has it.  Ids of a user sort by the time of upload.
 *
 * {"id", "user_id", "workflow_id", "parent_id", "name", "content_type",
 * "size", "metadata", "created_at", "get_url", "thumb_url", "duration",
 * "node_id", "job_id"}.  A folder has the content_type "folder", and no size
 * and URLs.  What is in none has its user's id as parent_id; that folder has
 * no record.
 *
 * Functions block: they are for the thread pool, and may run at the same
 * time.  They return an HTTP status and a new reference, or a sentence in
 * `error`.  A `user` of NULL is an administrator.  `base` is the server as
 * the client sees it, for URLs.
 */

#ifndef NT_CATALOG_H
#define NT_CATALOG_H

#include <jansson.h>

#include "core/nt_buf.h"

#define NT_CATALOG_DELETE 10000 /* assets that one request deletes */
#define NT_CATALOG_TREE   10000 /* assets of a tree */
#define NT_CATALOG_QUERY  2     /* characters of a search at least */

typedef struct nt_catalog nt_catalog_t;

/* `file` is made when the first request comes; `folder` is a descriptor of
 * the asset store, which outlives it.  NULL when memory is out. */
nt_catalog_t *nt_catalog_new(const char *file, int folder);
void          nt_catalog_free(nt_catalog_t *catalog);

typedef struct {
    const char *user; /* whose; NULL: everybody's */
    /* those that are not NULL must fit; without any the list is of what is
     * in no folder */
    const char *parent_id;
    const char *workflow_id;
    const char *node_id;
    const char *job_id;
    const char *content_type; /* how it begins: "image", "image/png" */
    const char *cursor;       /* `next` of the list before, or NULL */
    unsigned    limit;
    const char *base;
} nt_catalog_query_t;

/* {"next", "assets": [...]}, sorted by id */
int nt_catalog_list(nt_catalog_t *catalog, const nt_catalog_query_t *query,
                    json_t **reply, nt_buf_t *error);

/* The folder of what is in none: its id is the user's. It is no record. */
int nt_catalog_home(const char *user, json_t **reply, nt_buf_t *error);

/*
 * Those with the text in their names, in capitals or not: {"assets",
 * "next_cursor", "total_count" (of this reply), "is_global_search"}, each with
 * "folder_name", "folder_path" and "folder_id".  Of the query it takes user,
 * content_type, cursor, limit and base.  400 for a text that is too short.
 */
int nt_catalog_search(nt_catalog_t *catalog, const nt_catalog_query_t *query,
                      const char *text, json_t **reply, nt_buf_t *error);

/* {"assets": [one]}, and in each folder its "children"; 422 when there are
 * more than NT_CATALOG_TREE.  `user` is also the id of his home folder. */
int nt_catalog_tree(nt_catalog_t *catalog, const char *user, const char *id,
                    const char *base, json_t **reply, nt_buf_t *error);

int nt_catalog_get(nt_catalog_t *catalog, const char *user, const char *id,
                   const char *base, json_t **reply, nt_buf_t *error);

/* `request` has name, content_type and maybe parent_id, workflow_id, node_id,
 * job_id, metadata, duration.  `data` without data makes a folder.  An asset
 * that was replied is on the disk. */
int nt_catalog_create(nt_catalog_t *catalog, const char *user,
                      const json_t *request, nt_str_t data, const char *base,
                      json_t **reply, nt_buf_t *error);

/* Changes name, parent_id, content_type, metadata, duration, and with `data`
 * (a text, or base64 with "data_encoding": "base64") the bytes. */
int nt_catalog_put(nt_catalog_t *catalog, const char *user, const char *id,
                   const json_t *request, const char *base, json_t **reply,
                   nt_buf_t *error);

/* Deletes it, a folder with all that is in it: {"deleted_asset_ids": [...]}.
 * A folder with more than NT_CATALOG_DELETE is 422. */
int nt_catalog_delete(nt_catalog_t *catalog, const char *user, const char *id,
                      json_t **reply, nt_buf_t *error);

#endif
