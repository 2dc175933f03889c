/*
 * engine/ws/predict_commands.c - the commands of /predict, and their answers.
 */

#include <stdlib.h>

#include "engine/ws/predict_int.h"

#define NT_PREDICT_ACTIVE 1000 /* jobs in an answer of get_status */

void
nt_predict_release(nt_predict_t *predict)
{
    if (--predict->refs == 0) {
        free(predict);
    }
}


void
nt_predict_nomem(nt_predict_t *predict)
{
    nt_ws_close(predict->ws, NT_WS_CLOSE_ERROR, "The server is out of memory.");
}


nt_predict_call_t *
nt_predict_call(nt_predict_t *predict, json_t *data)
{
    nt_predict_call_t *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        nt_predict_nomem(predict);
        return NULL;
    }

    call->predict = predict;
    call->data = json_incref(data);
    predict->refs++;

    return call;
}


void
nt_predict_call_free(nt_predict_call_t *call)
{
    nt_predict_release(call->predict);
    json_decref(call->data);
    free(call->text);
    free(call);
}


const char *
nt_predict_text(const json_t *data, const char *name)
{
    const char *text = json_string_value(json_object_get(data, name));

    return text != NULL && text[0] != '\0' ? text : NULL;
}


const char *
nt_predict_job_id(nt_predict_t *predict, const json_t *data)
{
    const char *id = nt_predict_text(data, "job_id");

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
    const char             *id = nt_predict_text(data, "job_id");
    const nt_predict_job_t *job = id ? nt_predict_find(predict, id) : NULL;

    if (job != NULL) {
        return json_string(nt_predict_workflow(job));
    }

    id = nt_predict_text(data, "workflow_id");

    return id != NULL ? json_string(id) : json_null();
}


void
nt_predict_answer(nt_predict_t *predict, const char *name, const char *text,
                  const char *job_id, json_t *workflow_id)
{
    json_t *message =
        json_pack("{s:s, s:s*, s:o}", name, text != NULL ? text : "", "job_id",
                  job_id, "workflow_id", workflow_id);

    nt_ws_send(predict->ws, message);
    json_decref(message);
}


void
nt_predict_answer_job(nt_predict_t *predict, const json_t *data,
                      const char *name, const char *text)
{
    nt_predict_answer(predict, name, text, nt_predict_text(data, "job_id"),
                      workflow_of(predict, data));
}


/* --- get_status -----------------------------------------------------------*/

static void
on_status(void *arg, int status, const char *message,
          const nt_job_record_t *job)
{
    nt_predict_call_t *call = arg;
    json_t            *reply;

    if (call->predict->ws == NULL) {
        /* nobody to tell */

    } else if (status == 503 || status == 500) {
        nt_predict_answer_job(call->predict, call->data, "error", message);

    } else {
        reply = json_pack("{s:s, s:s, s:s*}", "status",
                          job != NULL ? job->status : "not_found", "job_id",
                          nt_predict_text(call->data, "job_id"), "workflow_id",
                          job != NULL ? job->workflow_id : NULL);
        nt_ws_send(call->predict->ws, reply);
        json_decref(reply);
    }

    nt_predict_call_free(call);
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
    nt_predict_call_t *call = arg;
    json_t            *reply;

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

    nt_predict_call_free(call);
}


static void
get_status(nt_predict_t *predict, json_t *data)
{
    nt_predict_call_t *call = nt_predict_call(predict, data);
    const char        *id = nt_predict_text(data, "job_id");

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
    nt_predict_call_t *call = arg;

    if (call->predict->ws == NULL) {
        /* nobody to tell */

    } else if (status == 200) {
        nt_predict_answer_job(call->predict, call->data, "message", call->text);

    } else {
        nt_predict_answer_job(call->predict, call->data, "error",
                              status == 404 || status == 403
                                  ? "No active job/context"
                                  : message);
    }

    nt_predict_call_free(call);
}


/* `value` NULL: the input ends. */
static void
feed(nt_predict_t *predict, json_t *data, json_t *value, const char *done)
{
    nt_predict_call_t *call;
    nt_job_input_t     input = { .user = nt_predict_owner(predict),
                                 .job_id = nt_predict_job_id(predict, data),
                                 .input = nt_predict_text(data, "input"),
                                 .handle = nt_predict_text(data, "handle"),
                                 .value = value };

    if (input.job_id == NULL) {
        return;
    }

    if (input.input == NULL ||
        input.input[strspn(input.input, " \t\r\n")] == '\0') {
        nt_predict_answer_job(predict, data, "error", "Invalid input name");
        return;
    }

    call = nt_predict_call(predict, data);
    if (call == NULL) {
        return;
    }

    call->text = strdup(done);
    if (call->text == NULL) {
        nt_predict_call_free(call);
        nt_predict_nomem(predict);
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
    const char *mode = nt_predict_text(data, "mode");
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
        { "run_job", nt_predict_run },
        { "reconnect_job", nt_predict_reconnect },
        { "resume_job", nt_predict_resume_job },
        { "cancel_job", nt_predict_cancel },
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
