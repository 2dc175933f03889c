/*
 * Values for a running job's inputs.  They go to the run in its process, and
 * are kept nowhere: a job that was fed does not go on elsewhere.
 *
 * An engine that does not run the job passes a value on to the one that does,
 * as {"input", "handle"?, "value"?}; the answer is the status, a space and what
 * is wrong.
 */

#include "engine/jobs/jobs_int.h"

#include <stdlib.h>

#include "engine/json.h"
#include "engine/log.h"

#define NT_JOBS_ELSEWHERE                                                      \
    "The job runs on another engine, which does not answer; the value may "    \
    "have been taken"

typedef struct {
    nt_jobs_t *jobs;
    char      *job_id;
    char      *text; /* what is passed on */
    nt_job_cb  done;
    void      *arg;
} nt_input_call_t;


static void
nt_input_call_free(nt_input_call_t *call)
{
    free(call->job_id);
    free(call->text);
    free(call);
}


/* Tells how it went; `message` may be NULL of 200. */
static void
nt_input_answer(nt_job_cb done, void *arg, const char *job_id, int status,
                const char *message)
{
    json_t *answer = NULL;

    if (status == 200) {
        answer = json_pack("{s:s, s:s}", "id", job_id, "status", "running");
        if (answer == NULL) {
            status = 500;
            message = NT_JOBS_NOMEM;
        }
    }

    done(arg, status, status == 200 ? NULL : message, answer);
    json_decref(answer);
}


/* The engine that runs the job has answered. */
static void
nt_input_on_answer(void *arg, nt_rc_t rc, const char *message)
{
    nt_input_call_t *call = arg;
    char            *text = NULL;
    long             status = 0;

    if (rc == NT_OK) {
        status = strtol(message, &text, 10);
    }

    if (status < 200 || status > 599) {
        nt_log(NT_LOG_WARN, "job %s: an input was not passed on: %s",
               call->job_id, message);
        status = 503;
        text = NULL;
    }

    nt_input_answer(call->done, call->arg, call->job_id, (int) status,
                    text ? text + strspn(text, " ") : NT_JOBS_ELSEWHERE);
    nt_input_call_free(call);
}


/* The job does not run here: does it elsewhere? */
static void
nt_input_on_job(void *arg, int status, const char *message,
                const nt_job_record_t *job)
{
    nt_input_call_t *call = arg;

    if (status == 200 && strcmp(job->status, "running") == 0 &&
        call->jobs->store->pass)
    {
        call->jobs->store->pass(call->jobs->store, call->job_id,
                                nt_str(call->text), nt_input_on_answer, call);
        return;
    }

    if (status == 200) {
        status = 409;
        message = strcmp(job->status, "queued") == 0
                      ? "The job waits in the queue"
                      : "The job has ended";
    }

    nt_input_answer(call->done, call->arg, call->job_id, status, message);
    nt_input_call_free(call);
}


static char *
nt_input_text(const nt_job_input_t *input)
{
    json_t *json = json_pack("{s:s, s:s*, s:O*}", "input", input->input,
                             "handle", input->handle, "value", input->value);
    char   *text = json ? nt_json_text(json) : NULL;

    json_decref(json);

    return text;
}


static void
nt_input_elsewhere(nt_jobs_t *jobs, const nt_job_input_t *input, nt_job_cb done,
                   void *arg)
{
    nt_input_call_t *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    *call = (nt_input_call_t) { .jobs = jobs,
                                .job_id = strdup(input->job_id),
                                .text = nt_input_text(input),
                                .done = done,
                                .arg = arg };

    if (call->job_id == NULL || call->text == NULL) {
        nt_input_call_free(call);
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    if (strlen(call->text) > NT_JOB_INPUT_MAX) {
        nt_input_call_free(call);
        done(arg, 413,
             "The job runs on another engine, which takes values of at most "
             "1 MiB",
             NULL);
        return;
    }

    nt_jobs_record(jobs, input->user, input->job_id, nt_input_on_job, call);
}


static int
nt_input_status(nt_rc_t rc)
{
    switch (rc) {
    case NT_OK:
        return 200;
    case NT_LIMIT:
        return 503;
    case NT_ERROR:
        return 422;
    default:
        return 500;
    }
}


/* The job, when it runs here and can be fed. */
static nt_job_t *
nt_input_job(const nt_jobs_t *jobs, const char *job_id)
{
    nt_job_t *job = nt_jobs_find(jobs, job_id);

    return job && job->run && !job->ended && !job->gone ? job : NULL;
}


/* Somebody's job whose inputs nobody feeds would keep its place for ever. */
static void
nt_job_inputs_end(nt_job_t *job)
{
    const nt_str_t line =
        NT_STR("{\"type\":\"notification\",\"node_id\":\"\",\"severity\":"
               "\"warning\",\"content\":\"Nobody has fed the inputs for long: "
               "they have ended\"}");

    nt_log(NT_LOG_INFO, "job %s: its inputs ended, nobody feeds them", job->id);
    (void) nt_job_emit(job, line.data, line.len);
    nt_run_end_inputs(job->run);
}


static void
nt_jobs_on_inputs(uv_timer_t *timer)
{
    nt_jobs_t *jobs = timer->data;
    nt_job_t  *job;
    uint64_t   now = uv_now(timer->loop);
    bool       open = false;

    TAILQ_FOREACH(job, &jobs->all, all_entry)
    {
        if (nt_job_deaf(job) || !job->run || !nt_run_inputs_open(job->run)) {
            continue;
        }

        open = true;

        if (!TAILQ_EMPTY(&job->watches)) {
            job->fed = now;

        } else if (now - job->fed >= jobs->options.input_idle_ms) {
            job->fed = now;
            nt_job_inputs_end(job);
        }
    }

    if (!open) {
        uv_timer_stop(timer);
    }
}


void
nt_job_inputs_start(nt_job_t *job)
{
    nt_jobs_t *jobs = job->jobs;
    uint64_t   interval = jobs->options.input_idle_ms / 4;

    if (interval > 0 && job->open_inputs && nt_run_inputs_open(job->run)) {
        job->fed = uv_now(jobs->options.loop);
        if (!uv_is_active((uv_handle_t *) &jobs->inputs)) {
            uv_timer_start(&jobs->inputs, nt_jobs_on_inputs, interval,
                           interval);
        }
    }
}


/* Status, and a NUL-terminated sentence in `error`. */
static int
nt_input_push(nt_job_t *job, const nt_job_input_t *input, nt_buf_t *error)
{
    nt_rc_t rc;

    job->fed = uv_now(job->jobs->options.loop);
    rc = input->value != NULL
             ? nt_run_push_input(job->run, input->input, input->handle,
                                 input->value, error)
             : nt_run_end_input(job->run, input->input, error);
    nt_buf_append_char(error, '\0');

    return error->failed ? 500 : nt_input_status(rc);
}


void
nt_jobs_input(nt_jobs_t *jobs, const nt_job_input_t *input, nt_job_cb done,
              void *arg)
{
    nt_job_t *job = nt_input_job(jobs, input->job_id);
    nt_buf_t  error = { 0 };
    int       status;

    if (job == NULL) {
        nt_input_elsewhere(jobs, input, done, arg);
        return;
    }

    if (nt_jobs_foreign(input->user, job->user)) {
        done(arg, 403, NT_JOBS_FOREIGN, NULL);
        return;
    }

    status = nt_input_push(job, input, &error);
    nt_input_answer(done, arg, input->job_id, status,
                    status == 500 ? NT_JOBS_NOMEM : error.data);
    nt_buf_free(&error);
}


void
nt_jobs_on_passed(void *arg, const char *job_id, nt_str_t text,
                  nt_buf_t *answer)
{
    nt_job_t      *job = nt_input_job(arg, job_id);
    json_t        *json = json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL);
    nt_buf_t       error = { 0 };
    nt_job_input_t input = {
        .job_id = job_id,
        .input = json_string_value(json_object_get(json, "input")),
        .handle = json_string_value(json_object_get(json, "handle")),
        .value = json_object_get(json, "value"),
    };

    if (job == NULL) {
        nt_buf_append_str(answer, NT_STR("409 The job does not run any more"));

    } else if (input.input == NULL) {
        nt_buf_append_str(answer, NT_STR("500 " NT_JOBS_NOMEM));

    } else {
        nt_buf_printf(answer, "%d ", nt_input_push(job, &input, &error));
        nt_buf_printf(answer, "%s", error.failed ? "" : error.data);
    }

    json_decref(json);
    nt_buf_free(&error);
}
