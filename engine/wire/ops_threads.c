/*
 * engine/wire/ops_threads.c - operations on threads.
 */

#include <stdlib.h>

#include "engine/json.h"
#include "engine/threads/threads.h"
#include "engine/wire/conn.h"
#include "engine/wire/ops.h"


static nt_threads_t *
threads_of(const nt_conn_t *conn)
{
    return conn->wire->services->threads;
}


/* Whose threads a list is of. */
static const char *
list_user(const nt_conn_t *conn)
{
    const char *owner = nt_conn_field(conn, "owner");

    return owner != NULL && nt_op_owner(conn) == NULL ? owner
                                                      : nt_op_user(conn);
}


void
nt_op_thread_reply(void *arg, int status, const char *message, json_t *value)
{
    nt_conn_t *conn = arg;

    if (!conn->closing) {
        if (value != NULL) {
            nt_op_reply_json(conn, status, NULL, value);
        } else {
            nt_conn_error(conn, status, NULL, nt_str(message));
        }
    }

    nt_conn_release(conn);
}


static void
on_deleted(void *arg, int status, const char *message, json_t *value)
{
    nt_conn_t *conn = arg;

    if (value == NULL || conn->closing) {
        nt_op_thread_reply(arg, status, message, value);
        return;
    }

    nt_conn_reply(conn, 204, NULL, 0, NT_STR(""));
    nt_conn_release(conn);
}


/*
 * {"title": text or null}, or no body.  *title is borrowed from *body, which
 * the caller frees.  False when the request has ended.
 */
static bool
read_title(nt_conn_t *conn, const char *text, size_t len, json_t **body,
           const char **title)
{
    json_t  *value;
    nt_buf_t error = { 0 };

    *title = NULL;
    *body = len > 0 ? nt_json_parse(text, len, &error) : NULL;

    if (len > 0 && *body == NULL) {
        nt_op_fail(conn, 400, &error);
        return false;
    }

    value = json_object_get(*body, "title");

    if ((len > 0 && !json_is_object(*body)) ||
        (value != NULL && !json_is_null(value) && !json_is_string(value)))
    {
        json_decref(*body);
        nt_conn_error(conn, 422, NULL,
                      NT_STR("The body must be a JSON object whose title is "
                             "a text: {\"title\": \"...\"}."));
        return false;
    }

    *title = json_string_value(value);
    return true;
}


void
nt_op_thread_list(nt_conn_t *conn, const char *body, size_t len)
{
    json_int_t limit;

    if (nt_op_number(conn, "limit", 1, NT_OP_LIMIT_MAX, NT_OP_LIMIT, &limit)) {
        nt_threads_list(threads_of(conn), list_user(conn),
                        nt_conn_field(conn, "cursor"), (unsigned) limit,
                        nt_op_thread_reply, nt_conn_hold(conn));
    }
}


void
nt_op_thread_create(nt_conn_t *conn, const char *body, size_t len)
{
    json_t     *value;
    const char *title;

    if (read_title(conn, body, len, &value, &title)) {
        nt_threads_create(threads_of(conn), nt_op_user(conn),
                          title != NULL ? title : "New Thread",
                          nt_op_thread_reply, nt_conn_hold(conn));
        json_decref(value);
    }
}


void
nt_op_thread_get(nt_conn_t *conn, const char *body, size_t len)
{
    const char *id = nt_op_require(conn, "thread_id");

    if (id != NULL) {
        nt_threads_get(threads_of(conn), nt_op_owner(conn), id,
                       nt_op_thread_reply, nt_conn_hold(conn));
    }
}


void
nt_op_thread_put(nt_conn_t *conn, const char *body, size_t len)
{
    json_t     *value;
    const char *title, *id = nt_op_require(conn, "thread_id");

    if (id == NULL || !read_title(conn, body, len, &value, &title)) {
        return;
    }

    if (title != NULL) {
        nt_threads_rename(threads_of(conn), nt_op_owner(conn), id, title,
                          nt_op_thread_reply, nt_conn_hold(conn));
    } else {
        nt_conn_error(conn, 422, NULL, NT_STR("The body must have a title."));
    }

    json_decref(value);
}


void
nt_op_thread_delete(nt_conn_t *conn, const char *body, size_t len)
{
    const char *id = nt_op_require(conn, "thread_id");

    if (id != NULL) {
        nt_threads_delete(threads_of(conn), nt_op_owner(conn), id, on_deleted,
                          nt_conn_hold(conn));
    }
}
