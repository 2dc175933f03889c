/*
 * What the wire asks of jobs: submit, get, list.
 */

#include "engine/jobs/jobs_int.h"

#include <stdlib.h>
#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/log.h"

/* A call on its way to the store and back. */
typedef struct {
    nt_jobs_t   *jobs;
    char        *user;
    nt_job_cb    done; /* or NULL, and then */
    nt_submit_cb record;
    void        *arg;
} nt_jobs_call_t;

typedef struct {
    nt_jobs_t   *jobs;
    nt_job_t    *job;
    nt_submit_cb done;
    void        *arg;
} nt_jobs_submit_t;


static json_t *
nt_jobs_time(int64_t msec)
{
    return msec == 0 ? json_null() : nt_json_time(msec);
}


static json_t *
nt_jobs_string(const char *text)
{
    return text ? json_string(text) : json_null();
}


/* A number that is left out when it says nothing. */
static json_t *
nt_jobs_number(unsigned value, unsigned least)
{
    return value >= least ? json_integer(value) : NULL;
}


/* The result is left out of lists. */
static json_t *
nt_jobs_json(const nt_job_record_t *job, bool whole)
{
    json_t *result = NULL;

    if (whole) {
        result = job->result ? json_loads(job->result, 0, NULL) : json_null();
    }

    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:n, s:o*, s:s*, s:s*,"
        " s:o*, s:o*}",
        "id", job->id, "user_id", job->user, "workflow_id", job->workflow_id,
        "job_type", "workflow", "status", job->status, "created_at",
        nt_jobs_time(job->created_at), "started_at",
        nt_jobs_time(job->started_at), "finished_at",
        nt_jobs_time(job->finished_at), "error", nt_jobs_string(job->error),
        "cost", "result", result, "node_id", job->node_id, "node_type",
        job->node_type, "queue_position",
        nt_jobs_number(job->queue_position, 1), "attempt",
        nt_jobs_number(job->attempt, 2));
}


void
nt_jobs_answer(nt_job_cb done, void *arg, const nt_job_record_t *record)
{
    json_t *json = nt_jobs_json(record, true);

    if (json) {
        done(arg, 200, NULL, json);
        json_decref(json);
    } else {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
    }
}


static nt_jobs_call_t *
nt_jobs_call(nt_jobs_t *jobs, const char *user, nt_job_cb done, void *arg)
{
    nt_jobs_call_t *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        return NULL;
    }

    call->jobs = jobs;
    call->done = done;
    call->arg = arg;
    call->user = user ? strdup(user) : NULL;

    if (user && call->user == NULL) {
        free(call);
        return NULL;
    }

    return call;
}


static void
nt_jobs_call_free(nt_jobs_call_t *call)
{
    free(call->user);
    free(call);
}


/* --- submit --- */

static void
nt_jobs_on_created(void *arg, nt_rc_t rc, const char *message,
                   const nt_job_record_t *record)
{
    nt_jobs_submit_t *call = arg;
    nt_jobs_t        *jobs = call->jobs;
    nt_job_t         *job = call->job;
    bool              ours, same, place = job->started_at != 0;

    if (rc != NT_OK) {
        nt_log(NT_LOG_WARN, "job %s: not accepted: %s", job->id, message);
    }

    same = rc == NT_OK && record && strcmp(record->id, job->id) == 0;
    ours = same && strcmp(record->status, "running") == 0;

    /* the earlier job of a key; another workflow's would be a wrong answer */
    same = same || (rc == NT_OK && record &&
                    strcmp(record->workflow_id, job->workflow_id) == 0);

    if (ours) {
        nt_job_start(job, record);
    } else {
        nt_job_free(job);
        if (place) {
            jobs->running--;
            nt_jobs_want(jobs);
        }
    }

    if (rc != NT_OK) {
        call->done(call->arg, 503, NT_JOBS_AWAY, NULL);
    } else if (record == NULL) {
        call->done(call->arg, 503, NT_JOBS_FULL, NULL);
    } else if (!same) {
        call->done(call->arg, 422, NT_JOBS_OTHER, NULL);
    } else {
        call->done(call->arg, 200, NULL, record);
    }

    free(call);
}


/* Ids cannot be guessed: 128 bits of the kernel's, which are fetched for
 * many jobs at once and used once. */
static bool
nt_jobs_make_id(nt_jobs_t *jobs, char *id)
{
    unsigned char *random;

    if (jobs->n_random == 0) {
        if (getrandom(jobs->random, sizeof(jobs->random), 0) !=
            sizeof(jobs->random)) {
            return false;
        }

        jobs->n_random = NT_JOBS_RANDOM;
    }

    random = jobs->random[--jobs->n_random];
    nt_id_hex(id, random);
    id[NT_ID_HEX_LEN] = '\0';
    memset(random, 0, sizeof(jobs->random[0]));

    return true;
}


/* Stores the job of a call. False when memory is out. */
static bool
nt_jobs_create(nt_jobs_submit_t *call, const nt_job_request_t *request,
               nt_job_record_t *record, bool start)
{
    nt_jobs_t *jobs = call->jobs;
    nt_buf_t   queued = { 0 };

    /* also of one that is to start: a limit may forbid that */
    record->status = "queued";
    nt_job_update_line(&queued, record);
    if (queued.failed) {
        nt_buf_free(&queued);
        return false;
    }

    jobs->store->create(jobs->store, record, start,
                        (nt_str_t) { queued.data, queued.len },
                        request->idempotency_key, nt_jobs_on_created, call);
    nt_buf_free(&queued);

    return true;
}


/* The text of a job's own graph; NULL and why. */
static char *
nt_jobs_own_text(const json_t *own, int *status, const char **message)
{
    char *text = nt_json_text(own);

    if (text == NULL) {
        *status = 500;
        *message = NT_JOBS_NOMEM;

    } else if (strlen(text) > NT_JOB_GRAPH_MAX) {
        *status = 413;
        *message = "The graph is too large to be run without a workflow: "
                   "at most 4 MiB";
        free(text);
        text = NULL;
    }

    return text;
}


/* A call with its job, not stored yet. NULL when memory is out. */
static nt_jobs_submit_t *
nt_jobs_submit_new(nt_jobs_t *jobs, const nt_job_request_t *request,
                   nt_job_record_t *record, nt_submit_cb done, void *arg)
{
    nt_jobs_submit_t *call = malloc(sizeof(*call));

    if (call == NULL) {
        return NULL;
    }

    *call = (nt_jobs_submit_t) { .jobs = jobs, .done = done, .arg = arg };
    call->job = nt_job_new(jobs, record, request->graph, request->params);
    if (call->job == NULL) {
        free(call);
        return NULL;
    }

    return call;
}


void
nt_jobs_submit(nt_jobs_t *jobs, const nt_job_request_t *request,
               nt_submit_cb done, void *arg)
{
    /* nobody passes those who wait */
    bool start = jobs->running < jobs->options.max_running &&
                 jobs->store->queued(jobs->store) == 0;
    int               status = 500;
    const char       *message = NT_JOBS_NOMEM;
    char              id[NT_ID_HEX_LEN + 1], *params = NULL, *own = NULL;
    nt_jobs_submit_t *call = NULL;
    nt_job_record_t   record = {
          .id = id,
          .user = request->user,
          .workflow_id = request->workflow_id,
          .base_url = request->base_url,
          .attempt = 1,
          .open_inputs = request->open_inputs,
    };

    if (jobs->draining) {
        done(arg, 503, "The engine is shutting down; try again", NULL);
        return;
    }

    if (request->own) {
        record.graph = own = nt_jobs_own_text(request->own, &status, &message);
        if (own == NULL) {
            goto failed;
        }
    }

    record.params = params = nt_json_text(request->params);

    if (params && nt_jobs_make_id(jobs, id)) {
        call = nt_jobs_submit_new(jobs, request, &record, done, arg);
    }

    if (call == NULL) {
        goto failed;
    }

    if (start) {
        jobs->running++;
        call->job->started_at = 1; /* holds a place; the store says when */
        nt_jobs_want(jobs);
    }

    if (!nt_jobs_create(call, request, &record, start)) {
        if (start) {
            jobs->running--;
            nt_jobs_want(jobs);
        }
        nt_job_free(call->job);
        free(call);
        goto failed;
    }

    free(params);
    free(own);
    return;

failed:

    free(params);
    free(own);
    done(arg, status, message, NULL);
}


/* --- get and list --- */

static void
nt_jobs_on_got(void *arg, nt_rc_t rc, const char *message,
               const nt_job_record_t *record)
{
    nt_jobs_call_t *call = arg;
    int             status = 200;

    if (rc != NT_OK) {
        nt_log(NT_LOG_WARN, "a job cannot be read: %s", message);
        status = 503;
        message = NT_JOBS_AWAY;
    } else if (record == NULL) {
        status = 404;
        message = NT_JOBS_UNKNOWN;
    } else if (nt_jobs_foreign(call->user, record->user)) {
        status = 403;
        message = NT_JOBS_FOREIGN;
    }

    if (call->record) {
        call->record(call->arg, status, status == 200 ? NULL : message,
                     status == 200 ? record : NULL);
    } else if (status == 200) {
        nt_jobs_answer(call->done, call->arg, record);
    } else {
        call->done(call->arg, status, message, NULL);
    }

    nt_jobs_call_free(call);
}


void
nt_jobs_get(nt_jobs_t *jobs, const char *user, const char *job_id,
            nt_job_cb done, void *arg)
{
    nt_jobs_call_t *call = nt_jobs_call(jobs, user, done, arg);

    if (call == NULL) {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    jobs->store->get(jobs->store, job_id, nt_jobs_on_got, call);
}


void
nt_jobs_record(nt_jobs_t *jobs, const char *user, const char *job_id,
               nt_submit_cb done, void *arg)
{
    nt_jobs_call_t *call = nt_jobs_call(jobs, user, NULL, arg);

    if (call == NULL) {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    call->record = done;
    jobs->store->get(jobs->store, job_id, nt_jobs_on_got, call);
}


static void
nt_jobs_on_list(void *arg, nt_rc_t rc, const char *message,
                const nt_job_record_t *records, size_t n, const char *next)
{
    nt_jobs_call_t *call = arg;
    json_t         *list, *page;

    if (rc != NT_OK) {
        nt_log(NT_LOG_WARN, "jobs cannot be listed: %s", message);
        call->done(call->arg, 503, NT_JOBS_AWAY, NULL);
        nt_jobs_call_free(call);
        return;
    }

    list = json_array();

    for (size_t i = 0; list && i < n; i++) {
        if (json_array_append_new(list, nt_jobs_json(&records[i], false)) != 0)
        {
            json_decref(list);
            list = NULL;
        }
    }

    page = json_pack("{s:o, s:o}", "jobs", list, "next_start_key",
                     nt_jobs_string(next));

    if (page) {
        call->done(call->arg, 200, NULL, page);
        json_decref(page);
    } else {
        call->done(call->arg, 500, NT_JOBS_NOMEM, NULL);
    }

    nt_jobs_call_free(call);
}


/* "1764000000000-ID", what a list of ours gave as its next_start_key. */
static bool
nt_jobs_start_key_valid(const char *key)
{
    size_t digits = strspn(key, "0123456789");

    return digits > 0 && digits <= 15 && key[digits] == '-' &&
           strspn(key + digits + 1, "0123456789abcdef") == NT_ID_HEX_LEN &&
           key[digits + 1 + NT_ID_HEX_LEN] == '\0';
}


void
nt_jobs_list(nt_jobs_t *jobs, const char *user, const char *workflow_id,
             const char *start_key, unsigned limit, nt_job_cb done, void *arg)
{
    nt_jobs_call_t *call;

    if (start_key && !nt_jobs_start_key_valid(start_key)) {
        done(arg, 400,
             "start_key must be the next_start_key of an earlier list", NULL);
        return;
    }

    call = nt_jobs_call(jobs, user, done, arg);
    if (call == NULL) {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    jobs->store->list(jobs->store, user, workflow_id, start_key, limit,
                      nt_jobs_on_list, call);
}


void
nt_jobs_active(nt_jobs_t *jobs, const char *user, unsigned limit,
               nt_job_cb done, void *arg)
{
    nt_jobs_call_t *call = nt_jobs_call(jobs, user, done, arg);

    if (call == NULL) {
        done(arg, 500, NT_JOBS_NOMEM, NULL);
        return;
    }

    jobs->store->active(jobs->store, user, limit, nt_jobs_on_list, call);
}
