/*
 * A turn that is a job: the workflow gets the message, its results are the
 * answer.
 */

#include "engine/chat/chat_int.h"

#include <stdlib.h>

#include "engine/json.h"
#include "engine/log.h"
#include "engine/nodes/args.h"
#include "engine/nodes/ustr.h"

/* On the fiber's stack, while it waits. */
typedef struct {
    nt_turn_t *turn;
    json_t    *results; /* {name: last value}; owned */
    char      *failure; /* why it failed; malloc'ed */
    char       id[NT_ID_HEX_LEN + 1];
    bool       accepted;
    bool       completed;
} job_t;


/* --- the job --- */

static void
on_submitted(void *arg, int status, const char *message,
             const nt_job_record_t *record)
{
    job_t          *job = arg;
    nt_node_call_t *call = job->turn->call;

    if (status == 200) {
        memcpy(job->id, record->id, NT_ID_HEX_LEN);
        job->accepted = true;
    } else {
        (void) nt_call_fail(call, "%s", message);
    }

    nt_call_resume(call);
}


static void
on_cancelled(void *arg, int status, const char *message, json_t *value)
{
    /* 409: it had ended meanwhile */
    if (status != 200 && status != 409) {
        nt_log(NT_LOG_WARN, "chat: a job is not cancelled: %s", message);
    }
}


/* The user has stopped the turn; or the engine stops, and then the job is no
 * matter of this. */
static void
cancel_job(void *arg)
{
    job_t     *job = arg;
    nt_turn_t *turn = job->turn;

    if (turn->watch != NULL) {
        nt_watch_close(turn->watch);
        turn->watch = NULL;
    }

    if (!turn->chat->draining) {
        nt_jobs_cancel(turn->chat->options.jobs, turn->user, job->id,
                       on_cancelled, NULL);
    }

    nt_call_resume(turn->call);
}


/* What the answer is made of. */
static void
note_event(job_t *job, const json_t *event)
{
    const char *type = nt_chat_member(event, "type"), *status, *error;

    if (strcmp(type, "job_update") != 0) {
        return;
    }

    status = nt_chat_member(event, "status");

    if (strcmp(status, "completed") == 0) {
        job->completed = true;
        job->results = json_incref(
            json_object_get(json_object_get(event, "result"), "results"));

    } else if (strcmp(status, "failed") == 0) {
        error = nt_chat_member(event, "error");
        job->failure = strdup(*error != '\0' ? error : "the workflow failed");

    } else if (strcmp(status, "cancelled") == 0) {
        job->failure = strdup("the job was cancelled");
    }
}


static void
on_job_event(void *arg, uint64_t seq, const char *line, size_t len)
{
    job_t     *job = arg;
    json_t    *event;
    nt_turn_t *turn = job->turn;

    event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);

    if (json_object_set_new(event, "job_id", json_string(job->id)) != 0 ||
        json_object_set(event, "workflow_id",
                        json_object_get(turn->message, "workflow_id")) != 0)
    {
        json_decref(event);
        return;
    }

    note_event(job, event);
    nt_turn_tell(turn, event);

    if (turn->sink.slow != NULL && turn->sink.slow(turn->sink.arg)) {
        nt_watch_pause(turn->watch);
    }
}


static void
on_job_end(void *arg, int status, const char *message)
{
    job_t     *job = arg;
    nt_turn_t *turn = job->turn;

    if (status != 200 && job->failure == NULL) {
        job->failure = strdup(message);
    }

    nt_watch_close(turn->watch);
    turn->watch = NULL;
    nt_call_resume(turn->call);
}


/* Submits it and waits until it is accepted. False after nt_call_fail. */
static bool
submit(job_t *job, nt_graph_t *graph, json_t *params)
{
    nt_turn_t             *turn = job->turn;
    const nt_job_request_t request = {
        .user = turn->user,
        .workflow_id = nt_chat_member(turn->message, "workflow_id"),
        .base_url = turn->base_url,
        .graph = graph,
        .params = params
    };

    nt_jobs_submit(turn->chat->options.jobs, &request, on_submitted, job);
    nt_call_suspend(turn->call, NULL, NULL); /* the store always answers */
    return job->accepted;
}


/* Passes its events on until it has ended.  False after nt_call_fail. */
static bool
watch(job_t *job)
{
    nt_turn_t            *turn = job->turn;
    const nt_watch_sink_t sink = { .arg = job,
                                   .event = on_job_event,
                                   .end = on_job_end };

    if (nt_call_cancelled(turn->call)) {
        cancel_job(job);
    } else {
        turn->watch = nt_jobs_watch(turn->chat->options.jobs, turn->user,
                                    job->id, 0, &sink);

        if (turn->watch == NULL) {
            (void) nt_arg_nomem(turn->call);
            return false;
        }
    }

    nt_call_suspend(turn->call, cancel_job, job);

    if (!job->completed) {
        (void) nt_call_fail(turn->call, "%s",
                            job->failure != NULL ? job->failure
                                                 : "the turn was stopped");
    }

    return job->completed;
}


/* --- the answer --- */

static json_t *
text_part(const json_t *value)
{
    json_t  *part;
    nt_buf_t text = { 0 };

    nt_json_append_text(&text, value);
    part = text.failed ? NULL
                       : json_pack("{s:s, s:s%}", "type", "text", "text",
                                   text.len > 0 ? text.data : "", text.len);
    nt_buf_free(&text);
    return part;
}


/* The part of the answer that a result is. */
static json_t *
result_part(json_t *value)
{
    size_t      i;
    const char *type = nt_chat_member(value, "type");
    static const struct {
        const char *type;
        const char *part;
    } media[] = { { "image", "image_url" },
                  { "audio", "audio" },
                  { "video", "video" },
                  { "document", "document" } };

    for (i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
        if (strcmp(type, media[i].type) == 0) {
            return json_pack("{s:s, s:O}", "type", media[i].part, media[i].type,
                             value);
        }
    }

    return text_part(value);
}


/* The results as the content of a message; new reference, NULL when memory is
 * out. */
static json_t *
make_content(json_t *results)
{
    json_t     *content = json_array(), *value;
    const char *name;

    json_object_foreach(results, name, value)
    {
        if (!json_is_null(value) &&
            json_array_append_new(content, result_part(value)) != 0)
        {
            json_decref(content);
            return NULL;
        }
    }

    if (json_array_size(content) == 0 &&
        json_array_append_new(content,
                              json_pack("{s:s, s:s}", "type", "text", "text",
                                        "Workflow completed successfully.")) !=
            0)
    {
        json_decref(content);
        return NULL;
    }

    return content;
}


static bool
answer(job_t *job)
{
    json_t    *content, *message;
    nt_turn_t *turn = job->turn;

    content = make_content(job->results);
    message =
        content != NULL ? nt_chat_message(turn, "assistant", content) : NULL;

    if (json_object_set_new(message, "job_id", json_string(job->id)) != 0) {
        json_decref(message);
        message = NULL;
    }

    return nt_turn_answer(turn, message, job->id);
}


/* --- the turn --- */

/* The workflow's graph, and its nodes (of *view, a new reference). NULL after
 * nt_call_fail. */
static nt_graph_t *
find_graph(nt_turn_t *turn, json_t **view)
{
    int             status;
    nt_buf_t        error = { 0 };
    nt_graph_t     *graph = NULL;
    const char     *id = nt_chat_member(turn->message, "workflow_id");
    const char     *owner = turn->admin ? NULL : turn->user;
    nt_workflows_t *workflows = turn->chat->options.workflows;

    *view = NULL;
    status = nt_workflows_get(workflows, owner, id, view, &error);

    if (status == 200) {
        status = nt_workflows_graph(workflows, owner, id, &graph, &error);
    }

    if (status != 200) {
        turn->error_type = status == 404   ? "not_found"
                           : status == 403 ? "forbidden"
                                           : "workflow_error";
        (void) nt_call_fail(turn->call, "%.*s", (int) error.len, error.data);
    }

    nt_buf_free(&error);
    return graph;
}


static bool
run(job_t *job, nt_graph_t *graph, const json_t *view)
{
    bool     good;
    json_t  *params;
    nt_buf_t error = { 0 };

    params =
        nt_chat_params(json_object_get(json_object_get(view, "graph"), "nodes"),
                       job->turn->message, job->turn->history);

    if (params == NULL) {
        (void) nt_arg_nomem(job->turn->call);
        return false;
    }

    good = nt_graph_check_params(graph, params, &error) == NT_OK;

    if (!good) {
        (void) nt_call_fail(job->turn->call, "%.*s", (int) error.len,
                            error.data);
    }

    good = good && submit(job, graph, params) && watch(job) && answer(job);
    json_decref(params);
    nt_buf_free(&error);
    return good;
}


nt_node_rc_t
nt_chat_run_workflow(nt_turn_t *turn)
{
    bool        good;
    job_t       job = { .turn = turn };
    json_t     *view;
    nt_graph_t *graph;

    turn->error_type = "workflow_error";
    graph = find_graph(turn, &view);
    good = graph != NULL && run(&job, graph, view);

    nt_graph_unref(graph);
    json_decref(view);
    json_decref(job.results);
    free(job.failure);
    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}
