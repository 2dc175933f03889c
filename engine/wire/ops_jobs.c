/*
 * engine/wire/ops_jobs.c - operations on jobs.
 *
 * job.run without events waits for the job's end, and cancels the job when
 * the peer leaves before.  With an idempotency key it does not: the client
 * has said that it may ask again, and then wants this job's result.
 */

#include <stdlib.h>

#include "engine/json.h"
#include "engine/log.h"
#include "engine/wire/conn.h"
#include "engine/wire/ops.h"

static void watch(nt_conn_t *conn, uint64_t after);


static nt_jobs_t *
jobs_of(const nt_conn_t *conn)
{
    return conn->wire->services->jobs;
}


static void
fail(nt_conn_t *conn, int status, const char *message)
{
    nt_conn_error(conn, status, conn->job_id,
                  nt_str(message != NULL ? message : ""));
}


/* --- job.run --------------------------------------------------------------*/

/*
 * The parameters in a body: its member `params` where that is an object,
 * else the body itself.  New reference; NULL when the request has ended.
 */
static json_t *
run_params(nt_conn_t *conn, const char *body, size_t len)
{
    json_t  *value, *params;
    nt_buf_t error = { 0 };

    if (len == 0) {
        value = json_object();
        if (value == NULL) {
            fail(conn, 503, NULL);
        }
        return value;
    }

    value = nt_json_parse(body, len, &error);

    if (value == NULL) {
        nt_op_fail(conn, 400, &error);
        return NULL;
    }

    if (!json_is_object(value)) {
        json_decref(value);
        nt_conn_error(conn, 422, NULL,
                      NT_STR("The body must be a JSON object with the "
                             "parameters by name: "
                             "{\"params\": {\"name\": value}}."));
        return NULL;
    }

    params = json_object_get(value, "params");

    if (json_is_null(params) && json_object_size(value) == 1) {
        (void) json_object_clear(value); /* what some clients send for none */
        return value;
    }

    if (json_is_object(params)) {
        json_incref(params);
        json_decref(value);
        return params;
    }

    return value;
}


static void
on_abandoned(void *arg, int status, const char *message, json_t *job)
{
    /* 409: it had ended meanwhile */
    if (status != 200 && status != 409) {
        nt_log(NT_LOG_WARN, "job of a client that left: not cancelled: %s",
               message != NULL ? message : "");
    }
}


/* Cancels the job of a plain run whose client has left. */
static void
cancel_abandoned(nt_conn_t *conn, const char *job_id)
{
    if (nt_conn_field(conn, "idempotency_key") != NULL) {
        return;
    }

    nt_log_request(NT_LOG_INFO, nt_conn_field(conn, "request_id"),
                   "job %s: its client has left, cancelling", job_id);
    nt_jobs_cancel(jobs_of(conn), nt_op_user(conn), job_id, on_abandoned, NULL);
}


/* {"output":...,"results":{...},"job_id":"...","status":"completed"} */
static void
reply_completed(nt_conn_t *conn, const nt_job_record_t *job)
{
    nt_buf_t *body = &conn->wire->body;
    size_t    len = job->result != NULL ? strlen(job->result) : 0;

    if (len < 2 || job->result[len - 1] != '}') {
        nt_log(NT_LOG_ERROR, "job %s: completed without a result", job->id);
        fail(conn, 500, NULL);
        return;
    }

    nt_buf_reset(body);
    nt_buf_append(body, job->result, len - 1);
    nt_buf_append_str(body, NT_STR(",\"job_id\":"));
    nt_buf_append_json(body, nt_str(job->id));
    nt_buf_append_str(body, NT_STR(",\"status\":\"completed\"}"));

    if (body->failed) {
        fail(conn, 503, NULL);
        return;
    }

    nt_conn_reply(conn, 200, job->id, 0, (nt_str_t) { body->data, body->len });
}


static void
reply_failed(nt_conn_t *conn, const nt_job_record_t *job)
{
    nt_buf_t message = { 0 };

    if (job->node_id != NULL) {
        nt_buf_printf(&message, "Node \"%s\" (%s) failed: ", job->node_id,
                      job->node_type != NULL ? job->node_type : "?");
    }

    nt_buf_printf(&message, "%s",
                  job->error != NULL ? job->error : "The job failed.");
    nt_op_fail(conn, 500, &message);
}


static void
on_ended(void *arg, int status, const char *message, const nt_job_record_t *job)
{
    nt_conn_t *conn = arg;

    conn->await = NULL;

    if (status != 200) {
        fail(conn, status, message);

    } else if (strcmp(job->status, "completed") == 0) {
        reply_completed(conn, job);

    } else if (strcmp(job->status, "cancelled") == 0) {
        fail(conn, 409, "The job was cancelled.");

    } else {
        reply_failed(conn, job);
    }
}


static void
on_submitted(void *arg, int status, const char *message,
             const nt_job_record_t *job)
{
    nt_conn_t  *conn = arg;
    const char *id = job != NULL ? job->id : NULL;
    bool        events = json_is_true(json_object_get(conn->head, "events"));

    if (conn->closing) {
        if (id != NULL && !events) {
            cancel_abandoned(conn, id);
        }
        goto done;
    }

    if (status != 200) {
        fail(conn, status, message);
        goto done;
    }

    conn->job_id = strdup(id);
    if (conn->job_id == NULL) {
        fail(conn, 503, NULL);
        goto done;
    }

    if (events) {
        watch(conn, 0);
        goto done;
    }

    conn->await =
        nt_jobs_await(jobs_of(conn), nt_op_user(conn), id, on_ended, conn);
    if (conn->await == NULL) {
        fail(conn, 503, NULL);
    }

done:

    nt_conn_release(conn);
}


void
nt_op_job_run(nt_conn_t *conn, const char *body, size_t len)
{
    int              status;
    json_t          *params;
    nt_buf_t         error = { 0 };
    nt_graph_t      *graph = NULL;
    nt_job_request_t request = {
        .user = nt_op_user(conn),
        .workflow_id = nt_op_require(conn, "workflow_id"),
        .idempotency_key = nt_conn_field(conn, "idempotency_key"),
        .base_url = nt_conn_field(conn, "base"),
        .open_inputs = json_is_true(json_object_get(conn->head, "open_inputs")),
    };

    if (request.workflow_id == NULL) {
        return;
    }

    status =
        nt_workflows_graph(conn->wire->services->workflows, nt_op_owner(conn),
                           request.workflow_id, &graph, &error);
    if (status != 200) {
        nt_op_fail(conn, status, &error);
        return;
    }

    params = run_params(conn, body, len);
    if (params == NULL) {
        nt_graph_unref(graph);
        return;
    }

    if (nt_graph_check_params(graph, params, &error) == NT_OK) {
        request.graph = graph;
        request.params = params;

        if (request.base_url == NULL) {
            request.base_url = "";
        }

        nt_jobs_submit(jobs_of(conn), &request, on_submitted,
                       nt_conn_hold(conn));

    } else {
        nt_op_fail(conn, 422, &error);
    }

    json_decref(params);
    nt_graph_unref(graph);
}


/* --- event streams --------------------------------------------------------*/

static void
on_event(void *arg, uint64_t seq, const char *line, size_t len)
{
    nt_conn_t *conn = arg;

    nt_conn_stream_event(conn, seq, line, len);

    if (!conn->paused && nt_conn_unsent(conn) > NT_WIRE_HIGH) {
        conn->paused = true;
        nt_watch_pause(conn->watch);
    }
}


static void
on_end(void *arg, int status, const char *message)
{
    nt_conn_t *conn = arg;

    nt_watch_close(conn->watch);
    conn->watch = NULL;

    if (status == 200) {
        nt_conn_stream_end(conn);
        return;
    }

    /* no empty line: the peer sees that events are missing */
    nt_log_request(NT_LOG_WARN, nt_conn_field(conn, "request_id"),
                   "job %s: its events cannot be read on: %d %s", conn->job_id,
                   status, message != NULL ? message : "");
    nt_conn_close(conn);
}


static void
watch(nt_conn_t *conn, uint64_t after)
{
    nt_watch_sink_t sink = { .arg = conn, .event = on_event, .end = on_end };

    conn->watch = nt_jobs_watch(jobs_of(conn), nt_op_owner(conn), conn->job_id,
                                after, &sink);

    if (conn->watch == NULL) {
        fail(conn, 503, NULL);
        return;
    }

    nt_conn_stream_begin(conn, conn->job_id);
}


static void
on_found(void *arg, int status, const char *message, json_t *job)
{
    nt_conn_t *conn = arg;

    if (!conn->closing) {
        if (status == 200) {
            watch(conn, (uint64_t) json_integer_value(
                            json_object_get(conn->head, "after")));

        } else {
            fail(conn, status, message);
        }
    }

    nt_conn_release(conn);
}


/* The job is looked up first, so that a stream's head is not held back until
 * its next event. */
void
nt_op_job_events(nt_conn_t *conn, const char *body, size_t len)
{
    json_int_t  after;
    const char *id = nt_op_require(conn, "job_id");

    if (id == NULL || !nt_op_number(conn, "after", 0, INT64_MAX, 0, &after)) {
        return;
    }

    conn->job_id = strdup(id);
    if (conn->job_id == NULL) {
        fail(conn, 503, NULL);
        return;
    }

    nt_jobs_get(jobs_of(conn), nt_op_owner(conn), id, on_found,
                nt_conn_hold(conn));
}


/* --- job.get, job.cancel --------------------------------------------------*/

static void
on_job(void *arg, int status, const char *message, json_t *job)
{
    nt_conn_t *conn = arg;

    if (conn->closing) {
        /* nobody to tell */

    } else if (status == 200) {
        nt_op_reply_json(conn, 200,
                         json_string_value(json_object_get(job, "id")), job);

    } else {
        fail(conn, status, message);
    }

    nt_conn_release(conn);
}


void
nt_op_job_get(nt_conn_t *conn, const char *body, size_t len)
{
    const char *id = nt_op_require(conn, "job_id");

    if (id != NULL) {
        nt_jobs_get(jobs_of(conn), nt_op_owner(conn), id, on_job,
                    nt_conn_hold(conn));
    }
}


void
nt_op_job_cancel(nt_conn_t *conn, const char *body, size_t len)
{
    const char *id = nt_op_require(conn, "job_id");

    if (id != NULL) {
        nt_jobs_cancel(jobs_of(conn), nt_op_owner(conn), id, on_job,
                       nt_conn_hold(conn));
    }
}


/* --- job.input ------------------------------------------------------------*/

void
nt_op_job_input(nt_conn_t *conn, const char *body, size_t len)
{
    json_error_t   where;
    nt_buf_t       error = { 0 };
    nt_job_input_t input = {
        .user = nt_op_owner(conn),
        .job_id = nt_op_require(conn, "job_id"),
        .handle = nt_conn_field(conn, "handle"),
    };

    if (input.job_id == NULL) {
        return;
    }

    input.input = nt_op_require(conn, "input");
    if (input.input == NULL) {
        return;
    }

    if (!json_is_true(json_object_get(conn->head, "end"))) {
        /* any value, not only an object or a list */
        input.value = json_loadb(body, len, JSON_DECODE_ANY, &where);
        if (input.value == NULL) {
            nt_buf_printf(&error,
                          "The value is not JSON: line %d, column %d: %s.",
                          where.line, where.column, where.text);
            nt_op_fail(conn, 400, &error);
            return;
        }
    }

    nt_jobs_input(jobs_of(conn), &input, on_job, nt_conn_hold(conn));
    json_decref(input.value);
}


/* --- the peer -------------------------------------------------------------*/

void
nt_op_resume(nt_conn_t *conn)
{
    conn->paused = false;

    if (conn->watch != NULL) {
        nt_watch_resume(conn->watch);
    }

    if (conn->task != NULL) {
        conn->task->resume(conn->task_arg);
    }
}


void
nt_op_abandon(nt_conn_t *conn)
{
    if (conn->watch != NULL) {
        nt_watch_close(conn->watch);
        conn->watch = NULL;
    }

    if (conn->await != NULL) {
        nt_await_close(conn->await);
        conn->await = NULL;
        cancel_abandoned(conn, conn->job_id);
    }

    if (conn->task != NULL) {
        conn->task->abandon(conn->task_arg);
        conn->task = NULL;
    }
}
