/*
 * engine/assets/catalog_ops.c - lists, uploads, changes.
 *
 * Objects and records change together: an object is there before its record
 * is committed, and gone before the record is.  What a crash leaves between
 * is a record that can be deleted once more, or an object that nobody was
 * told of.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/assets/assets.h"
#include "engine/assets/catalog_int.h"
#include "engine/json.h"
#include "engine/log.h"

#define NT_DEPTH_MAX 64 /* folders within folders */


static const char *
text_of(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text != NULL ? text : "";
}


/* The reply of one asset; takes the record over. */
static int
show(json_t *record, const char *base, int status, json_t **reply,
     nt_buf_t *error)
{
    if (status < 300 && !nt_catalog_show(record, base)) {
        status = nt_catalog_nomem(error);
    }

    if (status < 300) {
        *reply = record;

    } else {
        json_decref(record);
    }

    return status;
}


/* --- lists ----------------------------------------------------------------*/

static int
read_rows(nt_catalog_t *c, sqlite3_stmt *stmt, const nt_catalog_query_t *q,
          json_t *list, const char **next, nt_buf_t *error)
{
    int     code;
    json_t *record;

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (json_array_size(list) == q->limit) {
            record = json_array_get(list, q->limit - 1);
            *next = text_of(record, "id");
            return 200;
        }

        record = nt_catalog_row(stmt);

        if (record == NULL || !nt_catalog_show(record, q->base) ||
            json_array_append(list, record) != 0)
        {
            json_decref(record);
            return nt_catalog_nomem(error);
        }

        json_decref(record);
    }

    return code == SQLITE_DONE ? 200 : nt_catalog_failed(c, error);
}


int
nt_catalog_list(nt_catalog_t *c, const nt_catalog_query_t *q, json_t **reply,
                nt_buf_t *error)
{
    int           status;
    bool          root;
    json_t       *list;
    const char   *next = NULL;
    const char   *texts[] = { q->user,    q->parent_id, q->workflow_id,
                              q->node_id, q->job_id,    q->content_type,
                              q->cursor };
    sqlite3_stmt *stmt;

    root = q->parent_id == NULL && q->workflow_id == NULL &&
           q->node_id == NULL && q->job_id == NULL && q->content_type == NULL;

    if (!nt_catalog_lock(c, &status, error)) {
        return status;
    }

    stmt = nt_catalog_prepare(
        c,
        root ? "SELECT " NT_CATALOG_COLUMNS " FROM asset"
               " WHERE (?1 IS NULL OR user_id = ?1) AND parent_id = user_id"
               " AND (?7 IS NULL OR id > ?7) ORDER BY id"
             : "SELECT " NT_CATALOG_COLUMNS " FROM asset"
               " WHERE (?1 IS NULL OR user_id = ?1)"
               " AND (?2 IS NULL OR parent_id = ?2)"
               " AND (?3 IS NULL OR workflow_id = ?3)"
               " AND (?4 IS NULL OR node_id = ?4)"
               " AND (?5 IS NULL OR job_id = ?5)"
               " AND (?6 IS NULL OR"
               "      substr(content_type, 1, length(?6)) = ?6)"
               " AND (?7 IS NULL OR id > ?7) ORDER BY id",
        texts, sizeof(texts) / sizeof(texts[0]));
    list = json_array();

    if (stmt == NULL) {
        status = nt_catalog_failed(c, error);

    } else if (list == NULL) {
        status = nt_catalog_nomem(error);

    } else {
        status = read_rows(c, stmt, q, list, &next, error);
    }

    (void) sqlite3_finalize(stmt);
    nt_catalog_unlock(c);

    if (status == 200) {
        *reply = json_pack("{s:s?, s:O}", "next", next, "assets", list);
        status = *reply != NULL ? 200 : nt_catalog_nomem(error);
    }

    json_decref(list);

    return status;
}


int
nt_catalog_home(const char *user, json_t **reply, nt_buf_t *error)
{
    *reply = json_pack(
        "{s:s, s:s, s:n, s:s, s:s, s:s, s:n, s:n, s:s, s:n, s:n, s:n, s:n, "
        "s:n}",
        "id", user, "user_id", user, "workflow_id", "parent_id", "", "name",
        "Home", "content_type", NT_CATALOG_FOLDER, "size", "metadata",
        "created_at", "", "duration", "node_id", "job_id", "get_url",
        "thumb_url");

    return *reply != NULL ? 200 : nt_catalog_nomem(error);
}


int
nt_catalog_get(nt_catalog_t *c, const char *user, const char *id,
               const char *base, json_t **reply, nt_buf_t *error)
{
    int     status;
    json_t *record;

    if (!nt_catalog_lock(c, &status, error)) {
        return status;
    }

    status = nt_catalog_find(c, user, id, &record, error);
    nt_catalog_unlock(c);

    return show(record, base, status, reply, error);
}


/* --- uploads and changes --------------------------------------------------*/

/* Whether the record may be in its folder: that must be one of its user's,
 * and not within the record itself. */
static int
check_parent(nt_catalog_t *c, const json_t *record, nt_buf_t *error)
{
    int         status = 200;
    char       *parent;
    json_t     *folder = NULL;
    const char *user = text_of(record, "user_id");
    const char *id = text_of(record, "parent_id");

    for (unsigned depth = 0; status == 200 && strcmp(id, user) != 0; depth++) {
        if (strcmp(id, text_of(record, "id")) == 0 || depth == NT_DEPTH_MAX) {
            nt_buf_printf(error,
                          "A folder cannot be within itself, nor more "
                          "than %d deep.",
                          NT_DEPTH_MAX);
            status = 422;
            break;
        }

        parent = strdup(id);
        json_decref(folder);
        folder = NULL;

        if (parent == NULL) {
            return nt_catalog_nomem(error);
        }

        status = nt_catalog_find(c, user, parent, &folder, error);

        if (status == 200 && !nt_catalog_is_folder(folder)) {
            nt_buf_printf(error, "parent_id %.200s is no folder.", parent);
            status = 422;
        }

        free(parent);
        id = text_of(folder, "parent_id");
    }

    json_decref(folder);

    return status == 404 ? 422 : status;
}


/* Writes the bytes of an asset; what the disk says is logged. */
static int
write_object(nt_catalog_t *c, const json_t *record, nt_str_t data,
             nt_buf_t *error)
{
    const char *id = text_of(record, "id");

    if (nt_asset_write(c->folder, id, data.data, data.len)) {
        return 200;
    }

    nt_log(NT_LOG_ERROR, "asset %s: %s", id, strerror(errno));
    nt_buf_printf(error, errno == ENOSPC || errno == EDQUOT
                             ? "The server has no space left to store it."
                             : "The asset cannot be stored.");

    return errno == ENOSPC || errno == EDQUOT ? 503 : 500;
}


/* Checks a record and stores it, in a transaction. */
static int
store_record(nt_catalog_t *c, const json_t *record, int status, nt_buf_t *error)
{
    int failed;

    if (!nt_catalog_lock(c, &failed, error)) {
        return failed;
    }

    if (!nt_catalog_begin(c, &failed, error)) {
        status = failed;

    } else {
        failed = check_parent(c, record, error);
        failed = failed == 200 ? nt_catalog_store(c, record, error) : failed;
        status = nt_catalog_end(c, failed == 200 ? status : failed, error);
    }

    nt_catalog_unlock(c);

    return status;
}


static json_t *
new_record(const char *user)
{
    return json_pack(
        "{s:n, s:s, s:n, s:s, s:n, s:n, s:n, s:n, s:o, s:n, s:n, s:n}", "id",
        "user_id", user, "workflow_id", "parent_id", user, "name",
        "content_type", "size", "metadata", "created_at", nt_json_now(),
        "duration", "node_id", "job_id");
}


/* Whether it is clear what is made: a folder, or a file with bytes. */
static int
check_kind(const json_t *record, nt_str_t data, nt_buf_t *error)
{
    if (nt_catalog_is_folder(record) == (data.data == NULL)) {
        return 200;
    }

    nt_buf_printf(error, data.data == NULL
                             ? "An asset needs a file, as multipart/form-data "
                               "with the parts json and file; without one, "
                               "content_type must be folder."
                             : "A folder has no file.");
    return 422;
}


int
nt_catalog_create(nt_catalog_t *c, const char *user, const json_t *request,
                  nt_str_t data, const char *base, json_t **reply,
                  nt_buf_t *error)
{
    int     status;
    char    id[NT_CATALOG_ID_MAX];
    json_t *record = new_record(user);

    if (record == NULL) {
        return nt_catalog_nomem(error);
    }

    status = nt_catalog_apply(record, request, true, error);
    status = status == 200 ? check_kind(record, data, error) : status;

    if (status == 200) {
        nt_catalog_new_id(id, record);

        if (id[0] == '\0' ||
            json_object_set_new(record, "id", json_string(id)) != 0 ||
            (data.data != NULL &&
             json_object_set_new(record, "size",
                                 json_integer((json_int_t) data.len)) != 0))
        {
            status = nt_catalog_nomem(error);
        }
    }

    if (status == 200 && data.data != NULL) {
        status = write_object(c, record, data, error);
    }

    if (status == 200) {
        status = store_record(c, record, 201, error);

        if (status >= 300 && data.data != NULL) {
            (void) nt_catalog_remove_object(c, id);
        }
    }

    return show(record, base, status, reply, error);
}


/* Puts new bytes into an asset that is there. */
static int
replace_object(nt_catalog_t *c, json_t *record, const json_t *request,
               nt_buf_t *error)
{
    int      status;
    nt_buf_t data = { 0 };

    status = nt_catalog_data(request, &data, error);

    if (status == 200 && data.data != NULL) {
        nt_str_t bytes = { data.data, data.len };

        status = check_kind(record, bytes, error);
        status = status == 200 ? write_object(c, record, bytes, error) : status;

        if (status == 200 &&
            json_object_set_new(record, "size",
                                json_integer((json_int_t) data.len)) != 0)
        {
            status = nt_catalog_nomem(error);
        }
    }

    nt_buf_free(&data);

    return status;
}


int
nt_catalog_put(nt_catalog_t *c, const char *user, const char *id,
               const json_t *request, const char *base, json_t **reply,
               nt_buf_t *error)
{
    int     status;
    json_t *record;

    if (!nt_catalog_lock(c, &status, error)) {
        return status;
    }

    if (!nt_catalog_begin(c, &status, error)) {
        nt_catalog_unlock(c);
        return status;
    }

    status = nt_catalog_find(c, user, id, &record, error);

    if (status == 200) {
        status = nt_catalog_apply(record, request, false, error);
        status = status == 200 ? check_parent(c, record, error) : status;
        status =
            status == 200 ? replace_object(c, record, request, error) : status;
        status = status == 200 ? nt_catalog_store(c, record, error) : status;
    }

    status = nt_catalog_end(c, status, error);
    nt_catalog_unlock(c);

    return show(record, base, status, reply, error);
}
