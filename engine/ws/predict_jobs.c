/*
 * engine/ws/predict_jobs.c - the jobs that a connection watches: their events
 * with the job's name and the event's number in each.
 *
 * Events of one job after the other, as they come.  When the peer is slow, all
 * its watches pause; the one that filled its buffer comes last when they go on,
 * so that no job keeps the others waiting.
 */

#include <stdlib.h>

#include "engine/jobs/job_events.h"
#include "engine/log.h"
#include "engine/ws/predict_int.h"

struct nt_predict_job {
    TAILQ_ENTRY(nt_predict_job) entry;

    nt_predict_t      *predict;
    nt_watch_t        *watch;
    nt_predict_watch_t how;
    nt_buf_t           names; /* ,"job_id":"...","workflow_id":"..." */
    const char        *workflow_id;
    char               id[]; /* behind it the workflow's */
};


nt_predict_job_t *
nt_predict_find(const nt_predict_t *predict, const char *job_id)
{
    nt_predict_job_t *job;

    TAILQ_FOREACH(job, &predict->jobs, entry)
    {
        if (strcmp(job->id, job_id) == 0) {
            return job;
        }
    }

    return NULL;
}


const char *
nt_predict_workflow(const nt_predict_job_t *job)
{
    return job->workflow_id;
}


static void
drop(nt_predict_job_t *job)
{
    TAILQ_REMOVE(&job->predict->jobs, job, entry);
    job->predict->n_jobs--;

    if (job->watch != NULL) {
        nt_watch_close(job->watch);
    }

    nt_buf_free(&job->names);
    free(job);
}


/* --- events ---------------------------------------------------------------*/

/* Primitive types by NodeTool's names. */
static const char *
type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "float";
    case JSON_TRUE:
    case JSON_FALSE:
        return "boolean";
    case JSON_ARRAY:
        return "list";
    default:
        return NULL;
    }
}


/* A result in which values of JSON's own types are told by {"type": "string",
 * "value": ...}; new reference. */
static json_t *explicit(const json_t *value)
{
    void   *iter;
    size_t  i;
    json_t *whole = (json_t *) value, *copy; /* as jansson's calls want it */
    const char *name = type_name(value);

    if (json_is_array(value)) {
        copy = json_array();
        for (i = 0; i < json_array_size(value); i++) {
            if (json_array_append_new(copy,
                                      explicit(json_array_get(value, i))) != 0)
            {
                json_decref(copy);
                return NULL;
            }
        }

        return json_pack("{s:s, s:o}", "type", name, "value", copy);
    }

    if (name != NULL) {
        return json_pack("{s:s, s:O}", "type", name, "value", value);
    }

    if (!json_is_object(value) || json_object_get(value, "type") != NULL) {
        return json_incref(whole);
    }

    copy = json_object();
    for (iter = json_object_iter(whole); iter != NULL;
         iter = json_object_iter_next(whole, iter))
    {
        if (json_object_set_new_nocheck(copy, json_object_iter_key(iter),
                                        explicit(
                                            json_object_iter_value(iter))) != 0)
        {
            json_decref(copy);
            return NULL;
        }
    }

    return copy;
}


/* Whether an event brings a member that is to be set: only those that nodes
 * have made up can. */
static bool
names_itself(nt_str_t line)
{
    static const nt_str_t names[] = { NT_STR("\"job_id\""),
                                      NT_STR("\"workflow_id\""),
                                      NT_STR("\"job_seq\"") };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (memmem(line.data, line.len, names[i].data, names[i].len) != NULL) {
            return true;
        }
    }

    return false;
}


/* The way of events that have to be understood. */
static void
send_parsed(const nt_predict_job_t *job, uint64_t seq, nt_str_t line)
{
    json_t *event = json_loadb(line.data, line.len, JSON_ALLOW_NUL, NULL);
    json_t *result;

    result = job->how.explicit_types ? json_object_get(event, "result") : NULL;

    if (event == NULL ||
        (result != NULL &&
         json_object_set_new(event, "result", explicit(result)) != 0) ||
        json_object_set_new(event, "job_id", json_string(job->id)) != 0 ||
        json_object_set_new(event, "workflow_id",
                            json_string(job->workflow_id)) != 0 ||
        json_object_set_new(event, "job_seq", json_integer((json_int_t) seq)) !=
            0)
    {
        json_decref(event);
        event = NULL;
    }

    nt_ws_send(job->predict->ws, event); /* NULL: there is no memory */
    json_decref(event);
}


/* The usual way: what is missing goes in front of the closing brace. */
static void
send_spliced(const nt_predict_job_t *job, uint64_t seq, nt_str_t line)
{
    nt_buf_t text = { 0 };

    /* a job_update has the names already */
    bool named = nt_job_update_is(line.data, line.len);

    if (line.len < 2 || (!named && names_itself(line))) {
        send_parsed(job, seq, line);
        return;
    }

    (void) nt_buf_reserve(&text, line.len + job->names.len + 40);
    nt_buf_append(&text, line.data, line.len - 1);
    if (!named) {
        nt_buf_append(&text, job->names.data, job->names.len);
    }
    nt_buf_append_str(&text, NT_STR(",\"job_seq\":"));
    nt_buf_append_uint(&text, seq);
    nt_buf_append_char(&text, '}');

    if (text.failed) {
        nt_ws_send(job->predict->ws, NULL);

    } else {
        nt_ws_send_json(job->predict->ws, text.data, text.len);
    }

    nt_buf_free(&text);
}


static void
pause_all(nt_predict_t *predict)
{
    nt_predict_job_t *job;

    predict->paused = true;

    TAILQ_FOREACH(job, &predict->jobs, entry)
    {
        nt_watch_pause(job->watch);
    }
}


static void
on_event(void *arg, uint64_t seq, const char *line, size_t len)
{
    nt_predict_job_t *job = arg;
    nt_predict_t     *predict = job->predict;
    nt_str_t          event = { line, len };

    if (job->how.end_only && !nt_job_update_ends(line, len)) {
        return;
    }

    if (job->how.explicit_types || nt_ws_mode(predict->ws) != NT_WS_JSON) {
        send_parsed(job, seq, event);

    } else {
        send_spliced(job, seq, event);
    }

    if (!predict->paused && nt_ws_slow(predict->ws)) {
        TAILQ_REMOVE(&predict->jobs, job, entry);
        TAILQ_INSERT_TAIL(&predict->jobs, job, entry);
        pause_all(predict);
    }
}


static void
on_end(void *arg, int status, const char *message)
{
    nt_predict_job_t *job = arg;
    json_t           *error;

    if (status != 200) {
        nt_log_request(NT_LOG_WARN, job->predict->peer->request_id,
                       "job %s: its events cannot be read on: %d %s", job->id,
                       status, message != NULL ? message : "");

        error = json_pack("{s:s, s:s, s:s, s:s}", "type", "error", "message",
                          message != NULL ? message : "", "job_id", job->id,
                          "workflow_id", job->workflow_id);
        nt_ws_send(job->predict->ws, error);
        json_decref(error);
    }

    drop(job);
}


/* --- watches --------------------------------------------------------------*/

static nt_predict_job_t *
job_new(nt_predict_t *predict, const nt_job_record_t *record,
        const nt_predict_watch_t *how)
{
    size_t            id = strlen(record->id) + 1;
    size_t            workflow = strlen(record->workflow_id) + 1;
    char             *at;
    nt_predict_job_t *job = calloc(1, sizeof(*job) + id + workflow);

    if (job == NULL) {
        return NULL;
    }

    at = job->id + id;
    memcpy(job->id, record->id, id);
    memcpy(at, record->workflow_id, workflow);
    job->workflow_id = at;
    job->predict = predict;
    job->how = *how;

    nt_buf_append_str(&job->names, NT_STR(",\"job_id\":"));
    nt_buf_append_json(&job->names, nt_str(job->id));
    nt_buf_append_str(&job->names, NT_STR(",\"workflow_id\":"));
    nt_buf_append_json(&job->names, nt_str(job->workflow_id));

    if (job->names.failed) {
        nt_buf_free(&job->names);
        free(job);
        return NULL;
    }

    return job;
}


void
nt_predict_watch(nt_predict_t *predict, const nt_job_record_t *record,
                 const nt_predict_watch_t *how)
{
    nt_predict_job_t *job = nt_predict_find(predict, record->id);
    nt_watch_sink_t   sink = { .event = on_event, .end = on_end };

    if (job != NULL) {
        drop(job);
    }

    job = sink.arg = job_new(predict, record, how);

    if (job != NULL) {
        TAILQ_INSERT_TAIL(&predict->jobs, job, entry);
        predict->n_jobs++;
        job->watch =
            nt_jobs_watch(predict->services->jobs, nt_predict_owner(predict),
                          job->id, how->after, &sink);
    }

    if (job == NULL || job->watch == NULL) {
        if (job != NULL) {
            drop(job);
        }
        nt_ws_close(predict->ws, NT_WS_CLOSE_ERROR,
                    "The server is out of memory.");
        return;
    }

    if (predict->paused) {
        nt_watch_pause(job->watch);
    }
}


void
nt_predict_resume(nt_predict_t *predict)
{
    nt_predict_job_t *job;

    predict->paused = false;

    TAILQ_FOREACH(job, &predict->jobs, entry)
    {
        nt_watch_resume(job->watch);
    }
}


void
nt_predict_unwatch(nt_predict_t *predict)
{
    while (!TAILQ_EMPTY(&predict->jobs)) {
        drop(TAILQ_FIRST(&predict->jobs));
    }
}
