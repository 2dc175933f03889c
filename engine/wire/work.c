/*
 * engine/wire/work.c - operations on the thread pool.
 */

#include <stdlib.h>

#include "engine/settings/seal.h"
#include "engine/wire/ops.h"


static void
on_work(uv_work_t *work)
{
    nt_op_work_t *w = work->data;

    w->run(w);
}


static void
work_free(nt_op_work_t *work)
{
    json_decref(work->head);
    json_decref(work->reply);
    nt_buf_free(&work->error);
    nt_seal_buf_free(&work->body); /* it may be a secret */
    free(work);
}


static void
on_done(uv_work_t *work, int cancelled)
{
    nt_op_work_t *w = work->data;
    nt_conn_t    *conn = w->conn;

    if (conn->closing) {
        /* nobody to tell */

    } else if (w->status >= 300) {
        nt_op_fail(conn, w->status, &w->error);

    } else if (w->reply == NULL) {
        nt_conn_reply(conn, w->status, NULL, 0, NT_STR(""));

    } else {
        nt_op_reply_json(conn, w->status, NULL, w->reply);
    }

    nt_conn_release(conn);
    work_free(w);
}


/* A large body is taken over, a small one copied. */
static void
take_body(nt_conn_t *conn, const char *body, size_t len, nt_buf_t *taken)
{
    if (len > 0 && conn->in.data == body) {
        *taken = conn->in;
        conn->in = (nt_buf_t) { 0 };
        return;
    }

    if (len > 0) {
        nt_buf_append(taken, body, len);
    }
}


void
nt_op_work(nt_conn_t *conn, const char *body, size_t len,
           void (*run)(nt_op_work_t *work))
{
    nt_op_work_t *work = calloc(1, sizeof(*work));

    if (work == NULL) {
        nt_conn_error(conn, 503, NULL, NT_STR(""));
        return;
    }

    work->head = json_incref(conn->head);
    take_body(conn, body, len, &work->body);

    if (work->body.failed) {
        work_free(work);
        nt_conn_error(conn, 503, NULL, NT_STR(""));
        return;
    }

    work->conn = nt_conn_hold(conn);
    work->services = conn->wire->services;
    work->user = nt_op_user(conn);
    work->admin = nt_op_admin(conn);
    work->run = run;
    work->work.data = work;

    /* fails only without a function to call */
    (void) uv_queue_work(work->services->loop, &work->work, on_work, on_done);
}


const char *
nt_op_work_field(const nt_op_work_t *work, const char *name)
{
    const char *value = json_string_value(json_object_get(work->head, name));

    return value != NULL && value[0] != '\0' ? value : NULL;
}


unsigned
nt_op_work_limit(const nt_op_work_t *work)
{
    json_t *limit = json_object_get(work->head, "limit");

    if (limit == NULL) {
        return NT_OP_LIMIT;
    }

    return json_integer_value(limit) < NT_OP_LIMIT_MAX
               ? (unsigned) json_integer_value(limit)
               : NT_OP_LIMIT_MAX;
}
