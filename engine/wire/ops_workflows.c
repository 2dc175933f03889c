/*
 * engine/wire/ops_workflows.c - operations on workflows.
 */

#include <stdlib.h>

#include "engine/wire/ops.h"


/* Replies with what a function of workflows.h has returned. */
static void
reply_workflow(nt_conn_t *conn, int status, json_t *workflow, nt_buf_t *error)
{
    if (status >= 300) {
        nt_op_fail(conn, status, error);
        return;
    }

    nt_op_reply_json(conn, status, NULL, workflow);
    json_decref(workflow);
    nt_buf_free(error);
}


void
nt_op_workflow_list(nt_conn_t *conn, const char *body, size_t len)
{
    int                  status;
    json_t              *list = NULL;
    nt_buf_t             error = { 0 };
    json_int_t           limit;
    nt_workflows_query_t query = { .user = nt_op_listed(conn),
                                   .scope = nt_conn_field(conn, "scope"),
                                   .run_mode = nt_conn_field(conn, "run_mode"),
                                   .query = nt_conn_field(conn, "query"),
                                   .columns = nt_conn_field(conn, "columns"),
                                   .cursor = nt_conn_field(conn, "cursor") };

    if (!nt_op_number(conn, "limit", 1, NT_OP_LIMIT_MAX, NT_OP_LIMIT, &limit)) {
        return;
    }

    query.limit = (unsigned) limit;

    status = nt_workflows_list(conn->wire->services->workflows, &query, &list,
                               &error);
    reply_workflow(conn, status, list, &error);
}


/* `path`: its package, "/" and its name. */
static int
get_example(nt_workflows_t *workflows, const char *path, json_t **workflow,
            nt_buf_t *error)
{
    int         status;
    char       *package;
    const char *slash = strchr(path, '/');

    if (slash == NULL) {
        nt_buf_printf(error, "An example is PACKAGE/NAME, not \"%.200s\".",
                      path);
        return 404;
    }

    package = strndup(path, (size_t) (slash - path));
    if (package == NULL) {
        nt_buf_printf(error, "The server is out of memory. Try again later.");
        return 503;
    }

    status =
        nt_workflows_example(workflows, package, slash + 1, workflow, error);
    free(package);

    return status;
}


void
nt_op_workflow_get(nt_conn_t *conn, const char *body, size_t len)
{
    int             status;
    json_t         *workflow = NULL;
    nt_buf_t        error = { 0 };
    const char     *id = nt_op_require(conn, "workflow_id");
    const char     *scope = nt_conn_field(conn, "scope");
    nt_workflows_t *workflows = conn->wire->services->workflows;

    if (id == NULL) {
        return;
    }

    if (scope == NULL) {
        status = nt_workflows_get(workflows, nt_op_owner(conn), id, &workflow,
                                  &error);

    } else if (strcmp(scope, "public") == 0) {
        status = nt_workflows_get_public(workflows, id, &workflow, &error);

    } else if (strcmp(scope, "examples") == 0) {
        status = get_example(workflows, id, &workflow, &error);

    } else {
        nt_buf_printf(&error,
                      "scope must be public or examples, not \"%.100s\".",
                      scope);
        status = 422;
    }

    reply_workflow(conn, status, workflow, &error);
}


void
nt_op_workflow_delete(nt_conn_t *conn, const char *body, size_t len)
{
    int         status;
    nt_buf_t    error = { 0 };
    const char *id = nt_op_require(conn, "workflow_id");

    if (id == NULL) {
        return;
    }

    status = nt_workflows_delete(conn->wire->services->workflows,
                                 nt_op_owner(conn), id, &error);
    if (status >= 300) {
        nt_op_fail(conn, status, &error);
        return;
    }

    nt_conn_reply(conn, status, NULL, 0, NT_STR(""));
}


/* --- workflow.put and .create: the disk is waited for on the thread pool --------------*/

typedef struct {
    uv_work_t            work;
    nt_conn_t           *conn;
    nt_workflow_write_t *write;
} nt_put_t;


static void
put_work(uv_work_t *work)
{
    nt_put_t *put = work->data;

    nt_workflow_write_run(put->write);
}


static void
put_done(uv_work_t *work, int cancelled)
{
    int        status;
    json_t    *workflow = NULL;
    nt_buf_t   error = { 0 };
    nt_put_t  *put = work->data;
    nt_conn_t *conn = put->conn;

    status = nt_workflows_put_end(conn->wire->services->workflows, put->write,
                                  &workflow, &error);
    if (conn->closing) {
        json_decref(workflow);
        nt_buf_free(&error);

    } else {
        reply_workflow(conn, status, workflow, &error);
    }

    nt_conn_release(conn);
    free(put);
}


/* Writes what `begin` has prepared, and then replies; frees `put`. */
static void
put_write(nt_conn_t *conn, nt_put_t *put, int status, nt_buf_t *error)
{
    if (status >= 300) {
        free(put);
        nt_op_fail(conn, status, error);
        return;
    }

    put->conn = nt_conn_hold(conn);
    put->work.data = put;

    /* fails only without a function to call */
    (void) uv_queue_work(conn->wire->services->loop, &put->work, put_work,
                         put_done);
}


static nt_put_t *
put_new(nt_conn_t *conn)
{
    nt_put_t *put = calloc(1, sizeof(*put));

    if (put == NULL) {
        nt_conn_error(conn, 503, NULL, NT_STR(""));
    }

    return put;
}


void
nt_op_workflow_put(nt_conn_t *conn, const char *body, size_t len)
{
    int         status;
    nt_buf_t    error = { 0 };
    nt_put_t   *put;
    const char *id = nt_op_require(conn, "workflow_id");

    if (id == NULL || (put = put_new(conn)) == NULL) {
        return;
    }

    status = nt_workflows_put_begin(conn->wire->services->workflows,
                                    nt_op_owner(conn), nt_op_user(conn), id,
                                    body, len, &put->write, &error);
    put_write(conn, put, status, &error);
}


void
nt_op_workflow_create(nt_conn_t *conn, const char *body, size_t len)
{
    int       status;
    nt_buf_t  error = { 0 };
    nt_put_t *put = put_new(conn);

    if (put == NULL) {
        return;
    }

    status =
        nt_workflows_create_begin(conn->wire->services->workflows,
                                  nt_op_user(conn),
                                  nt_conn_field(conn, "from_example_package"),
                                  nt_conn_field(conn, "from_example_name"),
                                  body, len, &put->write, &error);
    put_write(conn, put, status, &error);
}
