/*
 * engine/wire/ops.c - the operations of the wire, except those of ops_*.c.
 */

#include <stdlib.h>

#include "engine/json.h"
#include "engine/log.h"
#include "engine/wire/conn.h"
#include "engine/wire/ops.h"

typedef struct {
    const char *name;
    void (*start)(nt_conn_t *conn, const char *body, size_t len);
} nt_op_t;


void
nt_op_fail(nt_conn_t *conn, int status, nt_buf_t *message)
{
    nt_conn_error(conn, status, conn->job_id,
                  (nt_str_t) { message->data, message->len });
    nt_buf_free(message);
}


void
nt_op_reply_json(nt_conn_t *conn, int status, const char *job_id,
                 const json_t *value)
{
    nt_buf_t *body = &conn->wire->body;

    nt_buf_reset(body);
    nt_json_append(body, value);

    if (body->failed) {
        nt_conn_error(conn, 503, job_id,
                      NT_STR("The server is out of memory. Try again later."));
        return;
    }

    nt_conn_reply(conn, status, job_id, 0,
                  (nt_str_t) { body->data, body->len });
}


const char *
nt_op_user(const nt_conn_t *conn)
{
    const char *user = nt_conn_field(conn, "user");

    return user != NULL ? user : NT_OP_USER;
}


bool
nt_op_admin(const nt_conn_t *conn)
{
    const char *role = nt_conn_field(conn, "role");

    return role != NULL && strcmp(role, "admin") == 0;
}


const char *
nt_op_owner(const nt_conn_t *conn)
{
    return nt_op_admin(conn) ? NULL : nt_op_user(conn);
}


const char *
nt_op_listed(const nt_conn_t *conn)
{
    return nt_op_admin(conn) ? nt_conn_field(conn, "owner") : nt_op_user(conn);
}


const char *
nt_op_require(nt_conn_t *conn, const char *name)
{
    const char *value = nt_conn_field(conn, name);

    if (value == NULL) {
        nt_buf_t message = { 0 };

        nt_buf_printf(&message, "The field %s is missing.", name);
        nt_op_fail(conn, 400, &message);
    }

    return value;
}


bool
nt_op_number(nt_conn_t *conn, const char *name, json_int_t least,
             json_int_t most, json_int_t absent, json_int_t *number)
{
    json_t  *value = json_object_get(conn->head, name);
    nt_buf_t message = { 0 };

    if (value == NULL) {
        *number = absent;
        return true;
    }

    *number = json_integer_value(value);

    if (json_is_integer(value) && *number >= least && *number <= most) {
        return true;
    }

    nt_buf_printf(&message,
                  "%s must be an integer from %" JSON_INTEGER_FORMAT
                  " to %" JSON_INTEGER_FORMAT ", not ",
                  name, least, most);
    nt_json_append(&message, value);
    nt_buf_append_char(&message, '.');
    nt_op_fail(conn, 422, &message);

    return false;
}


static void
start_health(nt_conn_t *conn, const char *body, size_t len)
{
    bool    ready;
    json_t *stats;

    stats = nt_jobs_stats(conn->wire->services->jobs);

    ready = json_is_object(stats) && !conn->wire->draining &&
            !json_is_false(json_object_get(stats, "connected"));

    if (!json_is_object(stats) ||
        json_object_set_new(stats, "status",
                            json_string(ready ? "ready" : "unavailable")) != 0)
    {
        json_decref(stats);
        nt_conn_error(conn, 503, NULL, NT_STR(""));
        return;
    }

    nt_op_reply_json(conn, ready ? 200 : 503, NULL, stats);
    json_decref(stats);
}


/* The list is the same for as long as the engine runs; making it takes tens
 * of milliseconds. */
static void
start_node_list(nt_conn_t *conn, const char *body, size_t len)
{
    json_t   *metadata;
    nt_buf_t *nodes = &conn->wire->nodes;

    if (nodes->len == 0) {
        metadata = nt_registry_metadata(conn->wire->services->registry);
        if (metadata != NULL) {
            nt_json_append(nodes, metadata);
        }
        json_decref(metadata);
    }

    if (nodes->len == 0 || nodes->failed) {
        nt_buf_free(nodes);
        nt_conn_error(conn, 503, NULL, NT_STR(""));
        return;
    }

    nt_conn_reply(conn, 200, NULL, 0, (nt_str_t) { nodes->data, nodes->len });
}


void
nt_op_start(nt_conn_t *conn, const char *body, size_t len)
{
    static const nt_op_t ops[] = {
        { "job.run", nt_op_job_run },
        { "job.get", nt_op_job_get },
        { "job.list", nt_op_job_list },
        { "job.events", nt_op_job_events },
        { "job.cancel", nt_op_job_cancel },
        { "job.input", nt_op_job_input },
        { "thread.list", nt_op_thread_list },
        { "thread.create", nt_op_thread_create },
        { "thread.get", nt_op_thread_get },
        { "thread.put", nt_op_thread_put },
        { "thread.delete", nt_op_thread_delete },
        { "message.list", nt_op_message_list },
        { "message.create", nt_op_message_create },
        { "message.get", nt_op_message_get },
        { "workflow.list", nt_op_workflow_list },
        { "workflow.create", nt_op_workflow_create },
        { "workflow.get", nt_op_workflow_get },
        { "workflow.put", nt_op_workflow_put },
        { "workflow.delete", nt_op_workflow_delete },
        { "asset.list", nt_op_asset_list },
        { "asset.create", nt_op_asset_create },
        { "asset.search", nt_op_asset_search },
        { "asset.tree", nt_op_asset_tree },
        { "asset.get", nt_op_asset_get },
        { "asset.put", nt_op_asset_put },
        { "asset.delete", nt_op_asset_delete },
        { "setting.list", nt_op_setting_list },
        { "setting.put", nt_op_setting_put },
        { "secret.list", nt_op_secret_list },
        { "secret.get", nt_op_secret_get },
        { "secret.put", nt_op_secret_put },
        { "secret.delete", nt_op_secret_delete },
        { "chat", nt_op_chat },
        { "chat.models", nt_op_chat_models },
        { "node.list", start_node_list },
        { "health", start_health },
        { "ws", nt_op_ws },
    };
    nt_buf_t    message = { 0 };
    const char *name = nt_op_require(conn, "op");

    if (name == NULL) {
        return;
    }

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (strcmp(ops[i].name, name) == 0) {
            ops[i].start(conn, body, len);
            return;
        }
    }

    nt_buf_printf(&message, "There is no operation %.100s.", name);
    nt_op_fail(conn, 400, &message);
}
