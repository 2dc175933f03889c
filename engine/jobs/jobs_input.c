/*
 * Values for a running job's inputs.  They go to the run in this process, and
 * are kept nowhere: a job that was fed does not go on elsewhere.
 */

#include "engine/jobs/jobs_int.h"

#include <stdlib.h>

#define NT_JOBS_ELSEWHERE                                                      \
    "The job runs on another engine; its inputs are fed there"

typedef struct {
    nt_job_cb done;
    void     *arg;
} nt_input_call_t;


/* The job does not run here: why not? */
static void
nt_input_on_job(void *arg, int status, const char *message, json_t *job)
{
    nt_input_call_t *call = arg;
    const char      *text;

    if (status == 200) {
        text = json_string_value(json_object_get(job, "status"));
        status = 409;
        message = text != NULL && strcmp(text, "queued") == 0
                      ? "The job waits in the queue"
                  : text != NULL && strcmp(text, "running") == 0
                      ? NT_JOBS_ELSEWHERE
                      : "The job has ended";
    }

    call->done(call->arg, status, message, NULL);
    free(call);
}


static void
nt_input_elsewhere(nt_jobs_t *jobs, const nt_job_input_t *input, nt_job_cb done,
                   void *arg)
{
    nt_input_call_t *call = malloc(sizeof(*call));

    if (call == NULL) {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    *call = (nt_input_call_t) { done, arg };
    nt_jobs_get(jobs, input->user, input->job_id, nt_input_on_job, call);
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


void
nt_jobs_input(nt_jobs_t *jobs, const nt_job_input_t *input, nt_job_cb done,
              void *arg)
{
    nt_job_t *job = nt_jobs_find(jobs, input->job_id);
    nt_buf_t  error = { 0 };
    nt_rc_t   rc;
    json_t   *answer;

    if (job == NULL || job->run == NULL || job->ended || job->gone) {
        nt_input_elsewhere(jobs, input, done, arg);
        return;
    }

    if (nt_jobs_foreign(input->user, job->user)) {
        done(arg, 403, NT_JOBS_FOREIGN, NULL);
        return;
    }

    rc = input->value != NULL
             ? nt_run_push_input(job->run, input->input, input->handle,
                                 input->value, &error)
             : nt_run_end_input(job->run, input->input, &error);
    nt_buf_append(&error, "\0", 1);

    answer = rc == NT_OK
                 ? json_pack("{s:s, s:s}", "id", job->id, "status", job->status)
                 : NULL;
    if (rc == NT_NOMEM || error.failed || (rc == NT_OK && answer == NULL)) {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
    } else {
        done(arg, nt_input_status(rc), error.data, answer);
    }

    json_decref(answer);
    nt_buf_free(&error);
}
