/*
 * engine/ws/predict_commands.c - the commands of /predict, and their answers.
 */

#include <stdlib.h>

#include "core/nt_id.h"
#include "engine/jobs/job_events.h"
#include "engine/log.h"
#include "engine/ws/predict_int.h"

#define NT_PREDICT_ACTIVE 1000 /* jobs in an answer of get_status */

/* A command that waits for the jobs to answer. */
typedef struct {
    nt_predict_t *predict;
    json_t       *data;
    char         *text; /* the command's own */
} call_t;


void
nt_predict_release(nt_predict_t *predict)
{
    if (--predict->refs == 0) {
        free(predict);
    }
}


static void
nomem(nt_predict_t *predict)
{
    nt_ws_close(predict->ws, NT_WS_CLOSE_ERROR, "The server is out of memory.");
}


/* NULL: memory is out, and the connection closes. */
static call_t *
call_new(nt_predict_t *predict, json_t *data)
{
    call_t *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        nomem(predict);
        return NULL;
    }

    call->predict = predict;
    call->data = json_incref(data);
    predict->refs++;

    return call;
}


static void
call_free(call_t *call)
{
    nt_predict_release(call->predict);
    json_decref(call->data);
    free(call->text);
    free(call);
}


/* A string member; NULL when it is none or empty. */
static const char *
text_of(const json_t *data, const char *name)
{
    const char *text = json_string_value(json_object_get(data, name));

    return text != NULL && text[0] != '\0' ? text : NULL;
}


/* The job of a command; NULL when the client was told that it is missing. */
static const char *
job_of(nt_predict_t *predict, const json_t *data)
{
    const char *id = text_of(data, "job_id");

    if (id == NULL) {
        nt_ws_send_error(predict->ws, "job_id is required", NULL);
    }

    return id;
}


/* The workflow of a job, as far as it is known: of a job that is watched, or
 * as the command has it; new reference. */
static json_t *
workflow_of(const nt_predict_t *predict, const json_t *data)
{
    const char             *id = text_of(data, "job_id");
    const nt_predict_job_t *job = id ? nt_predict_find(predict, id) : NULL;

    if (job != NULL) {
        return json_string(nt_predict_workflow(job));
    }

    id = text_of(data, "workflow_id");

    return id != NULL ? json_string(id) : json_null();
}


/* {name: text, "job_id": ..., "workflow_id": ...}; takes `workflow_id` over. */
static void
answer(nt_predict_t *predict, const char *name, const char *text,
       const char *job_id, json_t *workflow_id)
{
    json_t *message =
        json_pack("{s:s, s:s*, s:o}", name, text != NULL ? text : "", "job_id",
                  job_id, "workflow_id", workflow_id);

    nt_ws_send(predict->ws, message);
    json_decref(message);
}


/* The answer to a command about the job in its data. */
static void
answer_job(nt_predict_t *predict, const json_t *data, const char *name,
           const char *text)
{
    answer(predict, name, text, text_of(data, "job_id"),
           workflow_of(predict, data));
}


/* --- run_job --------------------------------------------------------------*/

static void
on_submitted(void *arg, int status, const char *message,
             const nt_job_record_t *job)
{
    call_t            *call = arg;
    nt_predict_t      *predict = call->predict;
    nt_predict_watch_t how = { 0 };

    predict->starting--;

    if (predict->ws == NULL) {
        /* it runs without anybody who watches */

    } else if (status != 200) {
        answer_job(predict, call->data, "error", message);

    } else {
        how.explicit_types =
            json_is_true(json_object_get(call->data, "explicit_types"));
        answer(predict, "message", "Job started", job->id,
               json_string(call->text));
        nt_predict_watch(predict,
                         &(nt_job_record_t) { .id = job->id,
                                              .workflow_id = call->text },
                         &how);
    }

    call_free(call);
}


/* What a job is to run.  The workflow's id may stand beside a graph: it is
 * then where that belongs.  False, and what is wrong. */
static bool
find_graph(nt_predict_t *predict, const json_t *data, nt_job_request_t *request,
           nt_buf_t *error)
{
    json_t         *own = json_object_get(data, "graph");
    nt_workflows_t *workflows = predict->services->workflows;

    request->workflow_id = text_of(data, "workflow_id");

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
    call_t *call = call_new(predict, data);

    if (call == NULL) {
        return;
    }

    call->text = strdup(request->workflow_id);
    if (call->text == NULL) {
        call_free(call);
        nomem(predict);
        return;
    }

    predict->starting++;
    nt_jobs_submit(predict->services->jobs, request, on_submitted, call);
}


static void
run_job(nt_predict_t *predict, json_t *data)
{
    nt_buf_t         error = { 0 };
    nt_job_request_t request = { .user = predict->peer->user,
                                 .base_url = predict->peer->base_url,
                                 .open_inputs = true };

    if (predict->n_jobs + predict->starting >= NT_PREDICT_JOBS) {
        answer_job(predict, data, "error",
                   "Too many jobs run on this connection; open another one");
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
        answer_job(predict, data, "error",
                   error.failed ? "The server is out of memory" : error.data);
    }

    json_decref(request.params);
    if (request.graph != NULL) {
        nt_graph_unref(request.graph);
    }
    nt_buf_free(&error);
}


/* --- reconnect_job --------------------------------------------------------*/

static void
resume(call_t *call, const nt_job_record_t *job)
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

    answer(predict, "message", call->text, job->id,
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
    call_t       *call = arg;
    nt_predict_t *predict = call->predict;

    if (predict->ws == NULL) {
        /* nobody to tell */

    } else if (status != 200) {
        answer_job(predict, call->data, "error", message);

    } else if (predict->n_jobs >= NT_PREDICT_JOBS &&
               nt_predict_find(predict, job->id) == NULL)
    {
        answer_job(predict, call->data, "error",
                   "Too many jobs run on this connection; open another one");

    } else {
        resume(call, job);
    }

    call_free(call);
}


static void
reconnect_job(nt_predict_t *predict, json_t *data)
{
    call_t       *call;
    const char   *id = job_of(predict, data);
    const json_t *last = json_object_get(data, "last_seq");

    if (id == NULL) {
        return;
    }

    if (last != NULL && !json_is_null(last) &&
        (!json_is_integer(last) || json_integer_value(last) < 0))
    {
        answer_job(predict, data, "error",
                   "last_seq must be the job_seq of an event, or 0");
        return;
    }

    call = call_new(predict, data);
    if (call == NULL) {
        return;
    }

    if (asprintf(&call->text, "Reconnecting to job %s", id) == -1) {
        call->text = NULL;
        call_free(call);
        nomem(predict);
        return;
    }

    nt_jobs_record(predict->services->jobs, nt_predict_owner(predict), id,
                   on_found, call);
}


/* --- cancel_job -----------------------------------------------------------*/

static void
on_cancelled(void *arg, int status, const char *message, json_t *job)
{
    call_t       *call = arg;
    nt_predict_t *predict = call->predict;

    /* 409: it has ended by itself, which its last event tells */
    if (predict->ws != NULL && status != 200 && status != 409) {
        answer_job(predict, call->data, "error", message);
    }

    call_free(call);
}


/* The answer comes before the job's end, which takes a moment; who does not
 * watch the job is told of the end nevertheless. */
static void
on_cancellable(void *arg, int status, const char *message,
               const nt_job_record_t *job)
{
    call_t            *call = arg;
    nt_predict_t      *predict = call->predict;
    nt_predict_watch_t how = { .end_only = true };

    if (predict->ws == NULL) {
        call_free(call);
        return;
    }

    if (status == 503 || status == 500) {
        answer_job(predict, call->data, "error", message);
        call_free(call);
        return;
    }

    if (status != 200 || nt_job_status_ended(job->status)) {
        answer_job(predict, call->data, "error",
                   "Job not found or already completed");
        call_free(call);
        return;
    }

    answer(predict, "message", "Job cancellation requested", job->id,
           json_string(job->workflow_id));

    if (nt_predict_find(predict, job->id) == NULL) {
        how.after = job->last_seq;
        nt_predict_watch(predict, job, &how);
    }

    nt_jobs_cancel(predict->services->jobs, nt_predict_owner(predict),
                   text_of(call->data, "job_id"), on_cancelled, call);
}


static void
cancel_job(nt_predict_t *predict, json_t *data)
{
    const char *id = job_of(predict, data);
    call_t     *call = id != NULL ? call_new(predict, data) : NULL;

    if (call != NULL) {
        nt_jobs_record(predict->services->jobs, nt_predict_owner(predict), id,
                       on_cancellable, call);
    }
}


/* --- get_status -----------------------------------------------------------*/

static void
on_status(void *arg, int status, const char *message,
          const nt_job_record_t *job)
{
    call_t *call = arg;
    json_t *reply;

    if (call->predict->ws == NULL) {
        /* nobody to tell */

    } else if (status == 503 || status == 500) {
        answer_job(call->predict, call->data, "error", message);

    } else {
        reply = json_pack("{s:s, s:s, s:s*}", "status",
                          job != NULL ? job->status : "not_found", "job_id",
                          text_of(call->data, "job_id"), "workflow_id",
                          job != NULL ? job->workflow_id : NULL);
        nt_ws_send(call->predict->ws, reply);
        json_decref(reply);
    }

    call_free(call);
}


/* {"job_id", "workflow_id", "status"} of each job in a list; new reference. */
static json_t *
brief(const json_t *jobs)
{
    size_t  i;
    json_t *list = json_array(), *job;

    json_array_foreach(jobs, i, job)
    {
        if (json_array_append_new(
                list, json_pack("{s:O, s:O, s:O}", "job_id",
                                json_object_get(job, "id"), "workflow_id",
                                json_object_get(job, "workflow_id"), "status",
                                json_object_get(job, "status"))) != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static void
on_active(void *arg, int status, const char *message, json_t *jobs)
{
    call_t *call = arg;
    json_t *reply;

    if (call->predict->ws == NULL) {
        /* nobody to tell */

    } else if (status != 200) {
        nt_ws_send_error(call->predict->ws, message, NULL);

    } else {
        reply = json_pack("{s:o}", "active_jobs",
                          brief(json_object_get(jobs, "jobs")));
        nt_ws_send(call->predict->ws, reply);
        json_decref(reply);
    }

    call_free(call);
}


static void
get_status(nt_predict_t *predict, json_t *data)
{
    call_t     *call = call_new(predict, data);
    const char *id = text_of(data, "job_id");

    if (call == NULL) {
        return;
    }

    if (id != NULL) {
        nt_jobs_record(predict->services->jobs, nt_predict_owner(predict), id,
                       on_status, call);

    } else {
        nt_jobs_active(predict->services->jobs, predict->peer->user,
                       NT_PREDICT_ACTIVE, on_active, call);
    }
}


/* --- stream_input, end_input_stream ---------------------------------------*/

static void
on_fed(void *arg, int status, const char *message, json_t *job)
{
    call_t *call = arg;

    if (call->predict->ws == NULL) {
        /* nobody to tell */

    } else if (status == 200) {
        answer_job(call->predict, call->data, "message", call->text);

    } else {
        answer_job(call->predict, call->data, "error",
                   status == 404 || status == 403 ? "No active job/context"
                                                  : message);
    }

    call_free(call);
}


/* `value` NULL: the input ends. */
static void
feed(nt_predict_t *predict, json_t *data, json_t *value, const char *done)
{
    call_t        *call;
    nt_job_input_t input = { .user = nt_predict_owner(predict),
                             .job_id = job_of(predict, data),
                             .input = text_of(data, "input"),
                             .handle = text_of(data, "handle"),
                             .value = value };

    if (input.job_id == NULL) {
        return;
    }

    if (input.input == NULL ||
        input.input[strspn(input.input, " \t\r\n")] == '\0') {
        answer_job(predict, data, "error", "Invalid input name");
        return;
    }

    call = call_new(predict, data);
    if (call == NULL) {
        return;
    }

    call->text = strdup(done);
    if (call->text == NULL) {
        call_free(call);
        nomem(predict);
        return;
    }

    nt_jobs_input(predict->services->jobs, &input, on_fed, call);
}


static void
stream_input(nt_predict_t *predict, json_t *data)
{
    json_t *value = json_object_get(data, "value");

    feed(predict, data, value != NULL ? value : json_null(),
         "Input item streamed");
}


static void
end_input_stream(nt_predict_t *predict, json_t *data)
{
    feed(predict, data, NULL, "Input stream ended");
}


/* --- the connection -------------------------------------------------------*/

static void
set_mode(nt_predict_t *predict, json_t *data)
{
    const char *mode = text_of(data, "mode");
    bool        text = mode != NULL && strcmp(mode, "text") == 0;
    json_t     *message;

    if (!text && (mode == NULL || strcmp(mode, "binary") != 0)) {
        nt_ws_send_error(predict->ws, "mode must be binary or text", NULL);
        return;
    }

    nt_ws_set_mode(predict->ws, text ? NT_WS_JSON : NT_WS_MSGPACK);

    message = json_pack("{s:s}", "message",
                        text ? "Mode set to text" : "Mode set to binary");
    nt_ws_send(predict->ws, message);
    json_decref(message);
}


/* For servers that hold models; the providers do that here. */
static void
clear_models(nt_predict_t *predict, json_t *data)
{
    json_t *message =
        json_pack("{s:s}", "message", "This server keeps no models in memory");

    nt_ws_send(predict->ws, message);
    json_decref(message);
}


bool
nt_predict_command(nt_predict_t *predict, const char *name, json_t *data)
{
    static const struct {
        const char *name;
        void (*run)(nt_predict_t *predict, json_t *data);
    } commands[] = {
        { "run_job", run_job },
        { "reconnect_job", reconnect_job },
        { "cancel_job", cancel_job },
        { "get_status", get_status },
        { "stream_input", stream_input },
        { "end_input_stream", end_input_stream },
        { "set_mode", set_mode },
        { "clear_models", clear_models },
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            commands[i].run(predict, data);
            return true;
        }
    }

    return false;
}
