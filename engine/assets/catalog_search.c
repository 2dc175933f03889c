/*
 * engine/assets/catalog_search.c - assets by their names, wherever they are,
 * and folders with all that is in them.
 */

#include <string.h>

#include "engine/assets/catalog_int.h"
#include "engine/nodes/ustr.h"

#define NT_HOME      "Home"
#define NT_SEPARATOR " / " /* of folders in a path, as NodeTool has it */


static const char *
text_of(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text != NULL ? text : "";
}


/* --- names ----------------------------------------------------------------*/

/* Appends a folder's name to a path. */
static void
descend(nt_buf_t *path, const char *name)
{
    if (path->len > 0) {
        nt_buf_append_str(path, NT_STR(NT_SEPARATOR));
    }

    nt_buf_append_str(path, nt_str(name));
}


/* What a folder is called, and the path to it from the user's home folder. */
static int
read_path(nt_catalog_t *c, const char *user, const char *id, nt_buf_t *name,
          nt_buf_t *path, nt_buf_t *error)
{
    int           code;
    const char   *texts[] = { id, user };
    sqlite3_stmt *stmt;

    stmt = nt_catalog_prepare(
        c,
        "WITH RECURSIVE above (id, parent_id, name, height) AS ("
        "  SELECT id, parent_id, name, 0 FROM asset"
        "  WHERE id = ?1 AND user_id = ?2 AND id <> ?2 UNION"
        "  SELECT asset.id, asset.parent_id, asset.name, height + 1"
        "  FROM asset JOIN above ON asset.id = above.parent_id"
        "  WHERE asset.user_id = ?2 AND above.parent_id <> ?2 AND height < 64)"
        " SELECT name FROM above ORDER BY height DESC",
        texts, 2);
    if (stmt == NULL) {
        return nt_catalog_failed(c, error);
    }

    descend(path, NT_HOME);
    nt_buf_append_str(name, NT_STR(NT_HOME));

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = (const char *) sqlite3_column_text(stmt, 0);

        nt_buf_reset(name);
        nt_buf_append_str(name, nt_str(text != NULL ? text : ""));
        descend(path, text != NULL ? text : "");
    }

    (void) sqlite3_finalize(stmt);

    return code == SQLITE_DONE ? 200 : nt_catalog_failed(c, error);
}


/* Adds to an asset where it is.  `folders`: what is known of them by id. */
static int
add_folder(nt_catalog_t *c, json_t *record, json_t *folders, nt_buf_t *error)
{
    int         status = 200;
    json_t     *folder;
    nt_buf_t    name = { 0 }, path = { 0 };
    const char *id = text_of(record, "parent_id");

    folder = json_object_get(folders, id);

    if (folder == NULL) {
        status =
            read_path(c, text_of(record, "user_id"), id, &name, &path, error);

        if (status == 200) {
            folder = json_pack("{s:s%, s:s%, s:s}", "folder_name", name.data,
                               name.len, "folder_path", path.data, path.len,
                               "folder_id", id);
            if (json_object_set_new(folders, id, folder) != 0) {
                status = nt_catalog_nomem(error);
            }
        }

        nt_buf_free(&name);
        nt_buf_free(&path);
    }

    if (status == 200 && json_object_update(record, folder) != 0) {
        status = nt_catalog_nomem(error);
    }

    return status;
}


static bool
has_name(sqlite3_stmt *stmt, nt_str_t needle)
{
    bool     found;
    nt_buf_t lower = { 0 };

    nt_ustr_lower(&lower,
                  (nt_str_t) { (const char *) sqlite3_column_text(stmt, 0),
                               (size_t) sqlite3_column_bytes(stmt, 0) });
    found = !lower.failed &&
            memmem(lower.data, lower.len, needle.data, needle.len) != NULL;
    nt_buf_free(&lower);

    return found;
}


/* The ids of what is found, at most one more than there may be. */
static int
find_ids(nt_catalog_t *c, const nt_catalog_query_t *q, nt_str_t needle,
         json_t *ids, nt_buf_t *error)
{
    int           code;
    const char   *texts[] = { q->user, q->content_type, q->cursor };
    sqlite3_stmt *stmt;

    stmt = nt_catalog_prepare(c,
                              "SELECT name, id FROM asset"
                              " WHERE (?1 IS NULL OR user_id = ?1)"
                              " AND (?2 IS NULL OR"
                              "      substr(content_type, 1, length(?2)) = ?2)"
                              " AND (?3 IS NULL OR id > ?3) ORDER BY id",
                              texts, 3);
    if (stmt == NULL) {
        return nt_catalog_failed(c, error);
    }

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW &&
           json_array_size(ids) <= q->limit)
    {
        const char *id = (const char *) sqlite3_column_text(stmt, 1);

        if (has_name(stmt, needle) &&
            json_array_append_new(ids, json_string(id)) != 0) {
            (void) sqlite3_finalize(stmt);
            return nt_catalog_nomem(error);
        }
    }

    (void) sqlite3_finalize(stmt);

    return code == SQLITE_DONE || code == SQLITE_ROW
               ? 200
               : nt_catalog_failed(c, error);
}


static int
show_found(nt_catalog_t *c, const nt_catalog_query_t *q, const json_t *ids,
           json_t *list, nt_buf_t *error)
{
    int     status = 200;
    size_t  i;
    json_t *id, *record, *folders = json_object();

    json_array_foreach(ids, i, id)
    {
        if (i == q->limit || status != 200) {
            break;
        }

        status =
            nt_catalog_find(c, q->user, json_string_value(id), &record, error);

        if (status == 200) {
            status = add_folder(c, record, folders, error);
        }

        if (status == 200 && (!nt_catalog_show(record, q->base) ||
                              json_array_append(list, record) != 0))
        {
            status = nt_catalog_nomem(error);
        }

        json_decref(record);
    }

    json_decref(folders);

    return status;
}


static int
search(nt_catalog_t *c, const nt_catalog_query_t *q, nt_str_t needle,
       json_t **reply, nt_buf_t *error)
{
    int         status;
    json_t     *ids = json_array(), *list = json_array();
    const char *next = NULL;

    if (!nt_catalog_lock(c, &status, error)) {
        json_decref(ids);
        json_decref(list);
        return status;
    }

    status = find_ids(c, q, needle, ids, error);
    status = status == 200 ? show_found(c, q, ids, list, error) : status;
    nt_catalog_unlock(c);

    if (json_array_size(ids) > q->limit) {
        next = json_string_value(json_array_get(ids, q->limit - 1));
    }

    if (status == 200) {
        *reply = json_pack("{s:O, s:s?, s:i, s:b}", "assets", list,
                           "next_cursor", next, "total_count",
                           (int) json_array_size(list), "is_global_search", 1);
        status = *reply != NULL ? 200 : nt_catalog_nomem(error);
    }

    json_decref(ids);
    json_decref(list);

    return status;
}


int
nt_catalog_search(nt_catalog_t *c, const nt_catalog_query_t *q,
                  const char *text, json_t **reply, nt_buf_t *error)
{
    int      status;
    nt_buf_t needle = { 0 };

    nt_ustr_lower(&needle, nt_ustr_strip(nt_str(text), NT_USTR_BOTH, NULL));

    if (needle.failed) {
        status = nt_catalog_nomem(error);

    } else if (nt_ustr_len((nt_str_t) { needle.data, needle.len }) <
               NT_CATALOG_QUERY)
    {
        nt_buf_printf(error, "query must have %d characters at least.",
                      NT_CATALOG_QUERY);
        status = 400;

    } else {
        status =
            search(c, q, (nt_str_t) { needle.data, needle.len }, reply, error);
    }

    nt_buf_free(&needle);

    return status;
}


/* --- folders --------------------------------------------------------------*/

/* All that is in a folder, without an order of depth. */
static int
read_inside(nt_catalog_t *c, const char *user, const char *id, json_t *list,
            nt_buf_t *error)
{
    int           code;
    const char   *texts[] = { id, user };
    sqlite3_stmt *stmt;

    stmt = nt_catalog_prepare(
        c,
        "WITH RECURSIVE inside (id) AS (SELECT ?1 UNION"
        "  SELECT asset.id FROM asset JOIN inside"
        "  ON asset.parent_id = inside.id AND asset.user_id = ?2)"
        " SELECT " NT_CATALOG_COLUMNS " FROM asset JOIN inside USING (id)"
        " WHERE id <> ?1 ORDER BY id",
        texts, 2);
    if (stmt == NULL) {
        return nt_catalog_failed(c, error);
    }

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW &&
           json_array_size(list) <= NT_CATALOG_TREE)
    {
        if (json_array_append_new(list, nt_catalog_row(stmt)) != 0) {
            (void) sqlite3_finalize(stmt);
            return nt_catalog_nomem(error);
        }
    }

    (void) sqlite3_finalize(stmt);

    if (json_array_size(list) > NT_CATALOG_TREE) {
        nt_buf_printf(error,
                      "There are more than %d assets in the folder: ask for "
                      "those within it.",
                      NT_CATALOG_TREE);
        return 422;
    }

    return code == SQLITE_DONE ? 200 : nt_catalog_failed(c, error);
}


/* Puts the assets of a list into the folders that they are in. */
static int
plant(json_t *root, const json_t *list, const char *base, nt_buf_t *error)
{
    int     rc;
    size_t  i;
    json_t *record, *children, *folders = json_object();

    children = json_array();
    rc = json_object_set(root, "children", children);
    rc |= json_object_set_new(folders, text_of(root, "id"), children);

    json_array_foreach(list, i, record)
    {
        rc |= nt_catalog_show(record, base) ? 0 : -1;

        if (nt_catalog_is_folder(record)) {
            children = json_array();
            rc |= json_object_set(record, "children", children);
            rc |= json_object_set_new(folders, text_of(record, "id"), children);
        }
    }

    json_array_foreach(list, i, record)
    {
        rc |= json_array_append(json_object_get(folders,
                                                text_of(record, "parent_id")),
                                record);
    }

    json_decref(folders);

    return rc == 0 ? 200 : nt_catalog_nomem(error);
}


int
nt_catalog_tree(nt_catalog_t *c, const char *user, const char *id,
                const char *base, json_t **reply, nt_buf_t *error)
{
    int     status;
    json_t *root = NULL, *list = json_array();

    status = user != NULL && strcmp(user, id) == 0
                 ? nt_catalog_home(user, &root, error)
                 : nt_catalog_get(c, user, id, base, &root, error);

    if (status == 200 && nt_catalog_lock(c, &status, error)) {
        status = read_inside(c, text_of(root, "user_id"), id, list, error);
        nt_catalog_unlock(c);
    }

    status = status == 200 ? plant(root, list, base, error) : status;

    if (status == 200) {
        *reply = json_pack("{s:[O]}", "assets", root);
        status = *reply != NULL ? 200 : nt_catalog_nomem(error);
    }

    json_decref(root);
    json_decref(list);

    return status;
}
