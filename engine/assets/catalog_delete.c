/*
 * engine/assets/catalog_delete.c - assets that go, folders with all in them.
 */

#include <errno.h>
#include <string.h>

#include "engine/assets/beneath.h"
#include "engine/assets/catalog_int.h"
#include "engine/log.h"


bool
nt_catalog_remove_object(nt_catalog_t *c, const char *id)
{
    if (nt_beneath_remove(c->folder, id, false) == 0 || errno == ENOENT) {
        return true;
    }

    nt_log(NT_LOG_ERROR, "asset %s: %s", id, strerror(errno));

    return false;
}


/* The ids of an asset and all that is in it. */
static int
collect(nt_catalog_t *c, const char *id, json_t *ids, nt_buf_t *error)
{
    int           code;
    sqlite3_stmt *stmt;

    stmt = nt_catalog_prepare(
        c,
        "WITH RECURSIVE inside (id) AS (SELECT ?1 UNION"
        "  SELECT asset.id FROM asset JOIN inside"
        "  ON asset.parent_id = inside.id"
        "  AND asset.user_id = (SELECT user_id FROM asset WHERE id = ?1))"
        " SELECT id FROM inside",
        &id, 1);
    if (stmt == NULL) {
        return nt_catalog_failed(c, error);
    }

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW &&
           json_array_size(ids) <= NT_CATALOG_DELETE)
    {
        if (json_array_append_new(
                ids,
                json_string((const char *) sqlite3_column_text(stmt, 0))) != 0)
        {
            (void) sqlite3_finalize(stmt);
            return nt_catalog_nomem(error);
        }
    }

    (void) sqlite3_finalize(stmt);

    if (json_array_size(ids) > NT_CATALOG_DELETE) {
        nt_buf_printf(error,
                      "There are more than %d assets in the folder: delete "
                      "those within it first.",
                      NT_CATALOG_DELETE);
        return 422;
    }

    return code == SQLITE_DONE ? 200 : nt_catalog_failed(c, error);
}


static int
delete_all(nt_catalog_t *c, const json_t *ids, nt_buf_t *error)
{
    int           code;
    size_t        i;
    json_t       *value;
    sqlite3_stmt *stmt;

    json_array_foreach(ids, i, value)
    {
        const char *id = json_string_value(value);

        stmt = nt_catalog_prepare(c, "DELETE FROM asset WHERE id = ?1", &id, 1);
        code = stmt != NULL ? sqlite3_step(stmt) : SQLITE_ERROR;
        (void) sqlite3_finalize(stmt);

        if (code != SQLITE_DONE) {
            return nt_catalog_failed(c, error);
        }

        if (!nt_catalog_remove_object(c, id)) {
            nt_buf_printf(error, "Asset %.200s cannot be deleted.", id);
            return 500;
        }
    }

    return 200;
}


int
nt_catalog_delete(nt_catalog_t *c, const char *user, const char *id,
                  json_t **reply, nt_buf_t *error)
{
    int     status;
    json_t *record, *ids = json_array();

    if (ids == NULL) {
        return nt_catalog_nomem(error);
    }

    if (!nt_catalog_lock(c, &status, error)) {
        json_decref(ids);
        return status;
    }

    if (nt_catalog_begin(c, &status, error)) {
        status = nt_catalog_find(c, user, id, &record, error);
        json_decref(record);
        status = status == 200 ? collect(c, id, ids, error) : status;
        status = status == 200 ? delete_all(c, ids, error) : status;
        status = nt_catalog_end(c, status, error);
    }

    nt_catalog_unlock(c);

    if (status == 200) {
        *reply = json_pack("{s:O}", "deleted_asset_ids", ids);
        status = *reply != NULL ? 200 : nt_catalog_nomem(error);
    }

    json_decref(ids);

    return status;
}
