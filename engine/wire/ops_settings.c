/*
 * engine/wire/ops_settings.c - operations on settings and secrets, each
 * user's own.
 */

#include "engine/json.h"
#include "engine/wire/ops.h"


/* The body as JSON; NULL with an error. */
static json_t *
parse(nt_op_work_t *work)
{
    json_t *body = nt_json_parse(work->body.data, work->body.len, &work->error);

    if (body == NULL) {
        work->status = 400;
    }

    return body;
}


static void
run_setting_list(nt_op_work_t *work)
{
    work->status = nt_settings_list(work->services->settings, work->user,
                                    &work->reply, &work->error);
}


void
nt_op_setting_list(nt_conn_t *conn, const char *body, size_t len)
{
    nt_op_work(conn, NULL, 0, run_setting_list);
}


static void
run_setting_put(nt_op_work_t *work)
{
    json_t *body = parse(work);

    if (body != NULL) {
        work->status =
            nt_settings_put(work->services->settings, work->user, work->admin,
                            body, &work->reply, &work->error);
        json_decref(body);
    }
}


void
nt_op_setting_put(nt_conn_t *conn, const char *body, size_t len)
{
    nt_op_work(conn, body, len, run_setting_put);
}


static void
run_secret_list(nt_op_work_t *work)
{
    work->status =
        nt_secrets_list(work->services->settings, work->user,
                        nt_op_work_field(work, "cursor"),
                        nt_op_work_limit(work), &work->reply, &work->error);
}


void
nt_op_secret_list(nt_conn_t *conn, const char *body, size_t len)
{
    json_int_t limit;

    if (nt_op_number(conn, "limit", 1, NT_OP_LIMIT_MAX, NT_OP_LIMIT, &limit)) {
        nt_op_work(conn, NULL, 0, run_secret_list);
    }
}


static void
run_secret_get(nt_op_work_t *work)
{
    work->status = nt_secret_get(work->services->settings, work->user,
                                 nt_op_work_field(work, "key"), &work->reply,
                                 &work->error);
}


void
nt_op_secret_get(nt_conn_t *conn, const char *body, size_t len)
{
    if (nt_op_require(conn, "key") != NULL) {
        nt_op_work(conn, NULL, 0, run_secret_get);
    }
}


static void
run_secret_put(nt_op_work_t *work)
{
    json_t *body = parse(work);

    if (body != NULL) {
        work->status = nt_secret_put(work->services->settings, work->user,
                                     nt_op_work_field(work, "key"), body,
                                     &work->reply, &work->error);
        json_decref(body);
    }
}


void
nt_op_secret_put(nt_conn_t *conn, const char *body, size_t len)
{
    if (nt_op_require(conn, "key") != NULL) {
        nt_op_work(conn, body, len, run_secret_put);
    }
}


static void
run_secret_delete(nt_op_work_t *work)
{
    work->status =
        nt_secret_delete(work->services->settings, work->user,
                         nt_op_work_field(work, "key"), &work->error);
}


void
nt_op_secret_delete(nt_conn_t *conn, const char *body, size_t len)
{
    if (nt_op_require(conn, "key") != NULL) {
        nt_op_work(conn, NULL, 0, run_secret_delete);
    }
}
