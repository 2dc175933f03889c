/*
 * engine/wire/ops_assets.c - operations on assets.
 */

#include <strings.h>

#include "engine/assets/multipart.h"
#include "engine/json.h"
#include "engine/wire/ops.h"

#define NT_PARTS_MAX 16 /* of an upload */


static const char *
base_of(const nt_op_work_t *work)
{
    const char *base = nt_op_work_field(work, "base");

    return base != NULL ? base : "";
}


/* As whom assets are touched: NULL for an administrator. */
static const char *
owner_of(const nt_op_work_t *work)
{
    return work->admin ? NULL : work->user;
}


static void
run_list(nt_op_work_t *work)
{
    nt_catalog_query_t query = {
        .user = work->admin ? nt_op_work_field(work, "owner") : work->user,
        .parent_id = nt_op_work_field(work, "parent_id"),
        .workflow_id = nt_op_work_field(work, "workflow_id"),
        .node_id = nt_op_work_field(work, "node_id"),
        .job_id = nt_op_work_field(work, "job_id"),
        .content_type = nt_op_work_field(work, "content_type"),
        .cursor = nt_op_work_field(work, "cursor"),
        .limit = nt_op_work_limit(work),
        .base = base_of(work),
    };

    work->status = nt_catalog_list(work->services->catalog, &query,
                                   &work->reply, &work->error);
}


void
nt_op_asset_list(nt_conn_t *conn, const char *body, size_t len)
{
    json_int_t limit;

    if (nt_op_number(conn, "limit", 1, INT32_MAX, NT_OP_LIMIT, &limit)) {
        nt_op_work(conn, NULL, 0, run_list);
    }
}


static void
run_search(nt_op_work_t *work)
{
    nt_catalog_query_t query = {
        .user = work->admin ? nt_op_work_field(work, "owner") : work->user,
        .content_type = nt_op_work_field(work, "content_type"),
        .cursor = nt_op_work_field(work, "cursor"),
        .limit = nt_op_work_limit(work),
        .base = base_of(work),
    };

    work->status = nt_catalog_search(work->services->catalog, &query,
                                     nt_op_work_field(work, "query"),
                                     &work->reply, &work->error);
}


void
nt_op_asset_search(nt_conn_t *conn, const char *body, size_t len)
{
    json_int_t limit;

    if (nt_op_require(conn, "query") != NULL &&
        nt_op_number(conn, "limit", 1, INT32_MAX, NT_OP_LIMIT, &limit))
    {
        nt_op_work(conn, NULL, 0, run_search);
    }
}


static void
run_tree(nt_op_work_t *work)
{
    const char *id = nt_op_work_field(work, "asset_id");
    const char *user = strcmp(id, work->user) == 0 ? id : owner_of(work);

    work->status = nt_catalog_tree(work->services->catalog, user, id,
                                   base_of(work), &work->reply, &work->error);
}


void
nt_op_asset_tree(nt_conn_t *conn, const char *body, size_t len)
{
    if (nt_op_require(conn, "asset_id") != NULL) {
        nt_op_work(conn, NULL, 0, run_tree);
    }
}


static void
run_get(nt_op_work_t *work)
{
    const char *id = nt_op_work_field(work, "asset_id");

    if (strcmp(id, work->user) == 0) {
        work->status = nt_catalog_home(id, &work->reply, &work->error);
        return;
    }

    work->status = nt_catalog_get(work->services->catalog, owner_of(work), id,
                                  base_of(work), &work->reply, &work->error);
}


void
nt_op_asset_get(nt_conn_t *conn, const char *body, size_t len)
{
    if (nt_op_require(conn, "asset_id") != NULL) {
        nt_op_work(conn, NULL, 0, run_get);
    }
}


/* --- uploads --------------------------------------------------------------*/

static void
create(nt_op_work_t *work, nt_str_t json, nt_str_t data)
{
    json_t *request = nt_json_parse(json.data, json.len, &work->error);

    if (request == NULL) {
        work->status = 400;
        return;
    }

    work->status =
        nt_catalog_create(work->services->catalog, work->user, request, data,
                          base_of(work), &work->reply, &work->error);
    json_decref(request);
}


/* The parts json, what the asset is, and file, its bytes. */
static void
create_of_parts(nt_op_work_t *work, nt_str_t boundary)
{
    size_t    n;
    nt_str_t  body = { work->body.data, work->body.len };
    nt_str_t  json = { NULL, 0 }, file = { NULL, 0 };
    nt_part_t parts[NT_PARTS_MAX];

    if (!nt_multipart_parse(body, boundary, parts, NT_PARTS_MAX, &n,
                            &work->error)) {
        work->status = 400;
        return;
    }

    for (size_t i = 0; i < n; i++) {
        if (nt_str_eq(parts[i].name, NT_STR("json"))) {
            json = parts[i].data;

        } else if (nt_str_eq(parts[i].name, NT_STR("file"))) {
            file = parts[i].data;
        }
    }

    if (json.data == NULL) {
        nt_buf_printf(&work->error, "The part json is missing: it says name "
                                    "and content_type of the asset.");
        work->status = 400;
        return;
    }

    create(work, json, file);
}


static void
run_create(nt_op_work_t *work)
{
    nt_str_t    boundary;
    nt_str_t    body = { work->body.data, work->body.len };
    const char *type = nt_op_work_field(work, "content_type");

    boundary = nt_multipart_boundary(nt_str(type != NULL ? type : ""));

    if (boundary.len > 0) {
        create_of_parts(work, boundary);

    } else if (type != NULL && strncasecmp(type, "application/json", 16) == 0) {
        create(work, body, (nt_str_t) { NULL, 0 });

    } else {
        nt_buf_printf(&work->error,
                      "An asset is uploaded as multipart/form-data, a folder "
                      "is made by application/json.");
        work->status = 415;
    }
}


void
nt_op_asset_create(nt_conn_t *conn, const char *body, size_t len)
{
    nt_op_work(conn, body, len, run_create);
}


/* --- changes --------------------------------------------------------------*/

static void
run_put(nt_op_work_t *work)
{
    json_t *request =
        nt_json_parse(work->body.data, work->body.len, &work->error);

    if (request == NULL) {
        work->status = 400;
        return;
    }

    work->status = nt_catalog_put(work->services->catalog, owner_of(work),
                                  nt_op_work_field(work, "asset_id"), request,
                                  base_of(work), &work->reply, &work->error);
    json_decref(request);
}


void
nt_op_asset_put(nt_conn_t *conn, const char *body, size_t len)
{
    if (nt_op_require(conn, "asset_id") != NULL) {
        nt_op_work(conn, body, len, run_put);
    }
}


static void
run_delete(nt_op_work_t *work)
{
    work->status = nt_catalog_delete(work->services->catalog, owner_of(work),
                                     nt_op_work_field(work, "asset_id"),
                                     &work->reply, &work->error);
}


void
nt_op_asset_delete(nt_conn_t *conn, const char *body, size_t len)
{
    if (nt_op_require(conn, "asset_id") != NULL) {
        nt_op_work(conn, NULL, 0, run_delete);
    }
}
