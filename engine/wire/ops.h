/*
 * engine/wire/ops.h - what ops.c and the files of operations share.
 */

#ifndef NT_WIRE_OPS_H
#define NT_WIRE_OPS_H

#include "engine/wire/conn.h"

#define NT_OP_USER      "1" /* where nobody has to say who he is */
#define NT_OP_LIMIT     100 /* entries of a list */
#define NT_OP_LIMIT_MAX 1000

/* Ends the request with an error; frees the message's memory. */
void nt_op_fail(nt_conn_t *conn, int status, nt_buf_t *message);

/* Ends the request with a JSON value; `job_id` may be NULL. */
void nt_op_reply_json(nt_conn_t *conn, int status, const char *job_id,
                      const json_t *value);

/* Who asks, and who owns what he makes. */
const char *nt_op_user(const nt_conn_t *conn);

/* An administrator may act on what is others'. */
bool nt_op_admin(const nt_conn_t *conn);

/* Whose things he may act on: his own; NULL, anybody's, for an administrator.
 * Functions of the engine take it as their `user`. */
const char *nt_op_owner(const nt_conn_t *conn);

/* Whose things a list has: the same, but an administrator may ask for one
 * user's. */
const char *nt_op_listed(const nt_conn_t *conn);

/* A string field; without it the request has ended with 400 and NULL is
 * returned. */
const char *nt_op_require(nt_conn_t *conn, const char *name);

/* A number field in [least, most], or `absent`; false when the request has
 * ended with 422. */
bool nt_op_number(nt_conn_t *conn, const char *name, json_int_t least,
                  json_int_t most, json_int_t absent, json_int_t *number);

/*
 * An operation on the thread pool: for what waits for the disk.  `run` works
 * there, with its own references to the request's head and body, and leaves
 * a status with a reply (new reference; NULL for none) or an error.
 */
typedef struct nt_op_work nt_op_work_t;

struct nt_op_work {
    uv_work_t            work;
    nt_conn_t           *conn;
    const nt_services_t *services;
    json_t              *head;
    nt_buf_t             body;
    const char          *user; /* nt_op_user */
    bool                 admin;
    int                  status;
    json_t              *reply;
    nt_buf_t             error;
    void (*run)(nt_op_work_t *work);
};

void nt_op_work(nt_conn_t *conn, const char *body, size_t len,
                void (*run)(nt_op_work_t *work));

/* As nt_conn_field, of the head. */
const char *nt_op_work_field(const nt_op_work_t *work, const char *name);

/* The entries of a list that was asked for with a checked `limit`; at most
 * NT_OP_LIMIT_MAX: NodeTool's editor asks for ten thousand assets, and goes
 * on with `next`. */
unsigned nt_op_work_limit(const nt_op_work_t *work);

void nt_op_setting_list(nt_conn_t *conn, const char *body, size_t len);
void nt_op_setting_put(nt_conn_t *conn, const char *body, size_t len);
void nt_op_secret_list(nt_conn_t *conn, const char *body, size_t len);
void nt_op_secret_get(nt_conn_t *conn, const char *body, size_t len);
void nt_op_secret_put(nt_conn_t *conn, const char *body, size_t len);
void nt_op_secret_delete(nt_conn_t *conn, const char *body, size_t len);

void nt_op_asset_list(nt_conn_t *conn, const char *body, size_t len);
void nt_op_asset_create(nt_conn_t *conn, const char *body, size_t len);
void nt_op_asset_search(nt_conn_t *conn, const char *body, size_t len);
void nt_op_asset_tree(nt_conn_t *conn, const char *body, size_t len);
void nt_op_asset_get(nt_conn_t *conn, const char *body, size_t len);
void nt_op_asset_put(nt_conn_t *conn, const char *body, size_t len);
void nt_op_asset_delete(nt_conn_t *conn, const char *body, size_t len);

void nt_op_workflow_list(nt_conn_t *conn, const char *body, size_t len);
void nt_op_workflow_create(nt_conn_t *conn, const char *body, size_t len);
void nt_op_workflow_get(nt_conn_t *conn, const char *body, size_t len);
void nt_op_workflow_put(nt_conn_t *conn, const char *body, size_t len);
void nt_op_workflow_delete(nt_conn_t *conn, const char *body, size_t len);

void nt_op_job_run(nt_conn_t *conn, const char *body, size_t len);
void nt_op_job_get(nt_conn_t *conn, const char *body, size_t len);
void nt_op_job_list(nt_conn_t *conn, const char *body, size_t len);
void nt_op_job_events(nt_conn_t *conn, const char *body, size_t len);
void nt_op_job_cancel(nt_conn_t *conn, const char *body, size_t len);
void nt_op_job_input(nt_conn_t *conn, const char *body, size_t len);
void nt_op_ws(nt_conn_t *conn, const char *body, size_t len);

void nt_op_thread_list(nt_conn_t *conn, const char *body, size_t len);
void nt_op_thread_create(nt_conn_t *conn, const char *body, size_t len);
void nt_op_thread_get(nt_conn_t *conn, const char *body, size_t len);
void nt_op_thread_put(nt_conn_t *conn, const char *body, size_t len);
void nt_op_thread_delete(nt_conn_t *conn, const char *body, size_t len);
/* A nt_threads_cb: the store of threads has answered a connection that is
 * held. */
void nt_op_thread_reply(void *arg, int status, const char *message,
                        json_t *value);

void nt_op_chat(nt_conn_t *conn, const char *body, size_t len);
void nt_op_chat_models(nt_conn_t *conn, const char *body, size_t len);

void nt_op_message_create(nt_conn_t *conn, const char *body, size_t len);
void nt_op_message_get(nt_conn_t *conn, const char *body, size_t len);
void nt_op_message_list(nt_conn_t *conn, const char *body, size_t len);

#endif
