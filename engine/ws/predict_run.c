/*
 * engine/ws/predict_run.c - jobs that are started, watched again, cancelled.
 */

#include <stdlib.h>

#include "core/nt_id.h"
#include "engine/jobs/job_events.h"
#include "engine/ws/predict_int.h"

#define NT_PREDICT_FULL "Too many jobs run on this connection; open another one"

/* --- run_job --------------------------------------------------------------*/

/* There is no job. What a client calls it has no meaning here. */
static void
refuse(nt_predict_t *predict, const json_t *data, const char *why)
{
    const char *id = nt_predict_text(data, "workflow_id");

    nt_predict_answer(predict, "error", why, NULL,
                      id != NULL ? json_string(id) : json_null());
}


static void
on_submitted(void *arg, int status, const char *message,
             const nt_job_record_t *job)
{
    nt_predict_call_t *call = arg;
    nt_predict_t      *predict = call->predict;
    nt_predict_watch_t how = { 0 };

    predict->starting--;

    if (predict->ws == NULL) {
        /* it runs without anybody who watches */

    } else if (status != 200) {
        refuse(predict, call->data, message);

    } else {
        how.explicit_types =
            json_is_true(json_object_get(call->data, "explicit_types"));
        nt_predict_answer(predict, "message", "Job started", job->id,
                          json_string(call->text));
        nt_predict_watch(predict,
                         &(nt_job_record_t) { .id = job->id,
                                              .workflow_id = call->text },
                         &how);
    }

    nt_predict_call_free(call);
}


/* What a job is to run.  The workflow's id may stand beside a graph: it is
 * then where that belongs.  False, and what is wrong. */
static bool
find_graph(nt_predict_t *predict, const json_t *data, nt_job_request_t *request,
           nt_buf_t *error)
{
    json_t         *own = json_object_get(data, "graph");
    nt_workflows_t *workflows = predict->services->workflows;

    request->workflow_id = nt_predict_text(data, "workflow_id");

    if (own == NULL || json_is_null(own)) {
        if (request->workflow_id == NULL) {
            nt_buf_printf(error, "workflow_id is required");
            return false;
        }

        return nt_workflows_graph(workflows, nt_predict_owner(predict),
                                  request->workflow_id, &request->graph,
                                  error) == 200;
    }

    if (request->workflow_id == NULL) {
        request->workflow_id = "";

    } else if (!nt_workflow_id_valid(nt_str(request->workflow_id))) {
        nt_buf_printf(error, "The workflow_id is not valid");
        return false;
    }

    request->own = own;

    return nt_workflows_compile(workflows, own, &request->graph, error) == 200;
}


/* The parameters of a run; new reference, NULL and what is wrong. */
static json_t *
find_params(const json_t *data, const nt_graph_t *graph, nt_buf_t *error)
{
    json_t *params = json_object_get(data, "params");

    if (params == NULL || json_is_null(params)) {
        params = json_object();

    } else if (json_is_object(params)) {
        (void) json_incref(params);

    } else {
        nt_buf_printf(error, "params must be an object: {\"name\": value}");
        return NULL;
    }

    if (params == NULL || nt_graph_check_params(graph, params, error) != NT_OK)
    {
        json_decref(params);
        return NULL;
    }

    return params;
}


static void
submit(nt_predict_t *predict, json_t *data, nt_job_request_t *request)
{
    nt_predict_call_t *call = nt_predict_call(predict, data);

    if (call == NULL) {
        return;
    }

    call->text = strdup(request->workflow_id);
    if (call->text == NULL) {
        nt_predict_call_free(call);
        nt_predict_nomem(predict);
        return;
    }

    predict->starting++;
    nt_jobs_submit(predict->services->jobs, request, on_submitted, call);
}


void
nt_predict_run(nt_predict_t *predict, json_t *data)
{
    nt_buf_t         error = { 0 };
    nt_job_request_t request = { .user = predict->peer->user,
                                 .base_url = predict->peer->base_url,
                                 .open_inputs = true };

    if (predict->n_jobs + predict->starting >= NT_PREDICT_JOBS) {
        refuse(predict, data, NT_PREDICT_FULL);
        return;
    }

    if (request.base_url == NULL) {
        request.base_url = "";
    }

    if (find_graph(predict, data, &request, &error)) {
        request.params = find_params(data, request.graph, &error);
    }

    if (request.params != NULL) {
        submit(predict, data, &request);

    } else {
        nt_buf_append_char(&error, '\0');
        refuse(predict, data,
               error.failed ? "The server is out of memory" : error.data);
    }

    json_decref(request.params);
    if (request.graph != NULL) {
        nt_graph_unref(request.graph);
    }
    nt_buf_free(&error);
}


/* --- reconnect_job, resume_job --------------------------------------------*/

static void
resume(nt_predict_call_t *call, const nt_job_record_t *job)
{
    json_t            *message;
    nt_predict_t      *predict = call->predict;
    nt_predict_watch_t how;

    how = (nt_predict_watch_t) {
        .after = (uint64_t) json_integer_value(
            json_object_get(call->data, "last_seq")),
        .explicit_types =
            json_is_true(json_object_get(call->data, "explicit_types")),
    };

    /* a number of a job that has none so high would wait for ever */
    if (how.after > job->last_seq) {
        how.after = job->last_seq;
    }

    nt_predict_answer(predict, "message", call->text, job->id,
                      json_string(job->workflow_id));

    message =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "type", "job_resumed",
                  "job_id", job->id, "workflow_id", job->workflow_id, "status",
                  job->status, "last_seq", (json_int_t) how.after,
                  "replay_count", (json_int_t) (job->last_seq - how.after));
    nt_ws_send(predict->ws, message);
    json_decref(message);

    nt_predict_watch(predict, job, &how);
}


static void
on_found(void *arg, int status, const char *message, const nt_job_record_t *job)
{
    nt_predict_call_t *call = arg;
    nt_predict_t      *predict = call->predict;

    if (predict->ws == NULL) {
        /* nobody to tell */

    } else if (status != 200) {
        nt_predict_answer_job(predict, call->data, "error", message);

    } else if (predict->n_jobs >= NT_PREDICT_JOBS &&
               nt_predict_find(predict, job->id) == NULL)
    {
        nt_predict_answer_job(predict, call->data, "error", NT_PREDICT_FULL);

    } else {
        resume(call, job);
    }

    nt_predict_call_free(call);
}


/* `says`: how the answer begins. */
static void
reconnect(nt_predict_t *predict, json_t *data, const char *says)
{
    nt_predict_call_t *call;
    const char        *id = nt_predict_job_id(predict, data);
    const json_t      *last = json_object_get(data, "last_seq");

    if (id == NULL) {
        return;
    }

    if (last != NULL && !json_is_null(last) &&
        (!json_is_integer(last) || json_integer_value(last) < 0))
    {
        nt_predict_answer_job(predict, data, "error",
                              "last_seq must be the job_seq of an event, or 0");
        return;
    }

    call = nt_predict_call(predict, data);
    if (call == NULL) {
        return;
    }

    if (asprintf(&call->text, "%s job %s", says, id) == -1) {
        call->text = NULL;
        nt_predict_call_free(call);
        nt_predict_nomem(predict);
        return;
    }

    nt_jobs_record(predict->services->jobs, nt_predict_owner(predict), id,
                   on_found, call);
}


void
nt_predict_reconnect(nt_predict_t *predict, json_t *data)
{
    reconnect(predict, data, "Reconnecting to");
}


/* NodeTool's clients ask for a job whose server has died to be run on.  Jobs
 * go on by themselves here, so what is left is to watch. */
void
nt_predict_resume_job(nt_predict_t *predict, json_t *data)
{
    reconnect(predict, data, "Resumption initiated for");
}


/* --- cancel_job -----------------------------------------------------------*/

static void
on_cancelled(void *arg, int status, const char *message, json_t *job)
{
    nt_predict_call_t *call = arg;
    nt_predict_t      *predict = call->predict;

    /* 409: it has ended by itself, which its last event tells */
    if (predict->ws != NULL && status != 200 && status != 409) {
        nt_predict_answer_job(predict, call->data, "error", message);
    }

    nt_predict_call_free(call);
}


/* The answer comes before the job's end, which takes a moment; who does not
 * watch the job is told of the end nevertheless. */
static void
on_cancellable(void *arg, int status, const char *message,
               const nt_job_record_t *job)
{
    nt_predict_call_t *call = arg;
    nt_predict_t      *predict = call->predict;
    nt_predict_watch_t how = { .end_only = true };

    if (predict->ws == NULL) {
        nt_predict_call_free(call);
        return;
    }

    if (status == 503 || status == 500) {
        nt_predict_answer_job(predict, call->data, "error", message);
        nt_predict_call_free(call);
        return;
    }

    if (status != 200 || nt_job_status_ended(job->status)) {
        nt_predict_answer_job(predict, call->data, "error",
                              "Job not found or already completed");
        nt_predict_call_free(call);
        return;
    }

    nt_predict_answer(predict, "message", "Job cancellation requested", job->id,
                      json_string(job->workflow_id));

    if (nt_predict_find(predict, job->id) == NULL) {
        how.after = job->last_seq;
        nt_predict_watch(predict, job, &how);
    }

    nt_jobs_cancel(predict->services->jobs, nt_predict_owner(predict),
                   nt_predict_text(call->data, "job_id"), on_cancelled, call);
}


void
nt_predict_cancel(nt_predict_t *predict, json_t *data)
{
    const char        *id = nt_predict_job_id(predict, data);
    nt_predict_call_t *call =
        id != NULL ? nt_predict_call(predict, data) : NULL;

    if (call != NULL) {
        nt_jobs_record(predict->services->jobs, nt_predict_owner(predict), id,
                       on_cancellable, call);
    }
}
