/*
 * A completion that is a job.
 */

#include "engine/chat/completion_int.h"

#include "engine/json.h"
#include "engine/log.h"


/* --- its events --- */

static void
on_cancelled(void *arg, int status, const char *message, json_t *value)
{
    /* 409: it had ended meanwhile */
    if (status != 200 && status != 409) {
        nt_log(NT_LOG_WARN, "completion: a job is not cancelled: %s",
               message != NULL ? message : "");
    }
}


static void
stop_watching(nt_completion_t *c)
{
    if (c->watch != NULL) {
        nt_watch_close(c->watch);
        c->watch = NULL;
    }
}


/* An engine that stops keeps its jobs, or hands them on. */
void
nt_completion_cancel_job(nt_completion_t *c)
{
    stop_watching(c);

    if (c->job_id[0] != '\0' && !c->chat->draining) {
        nt_jobs_cancel(c->chat->options.jobs, c->user, c->job_id, on_cancelled,
                       NULL);
    }
}


/* The job goes on for nobody. */
static void
give_up(nt_completion_t *c, const char *message)
{
    nt_completion_cancel_job(c);
    nt_completion_fail(c, 500, message);
}


static void
end_job(nt_completion_t *c, const json_t *event)
{
    const char *status = nt_chat_member(event, "status");

    if (strcmp(status, "completed") == 0) {
        if (nt_answer_end(c)) {
            nt_completion_finish(c, NT_STR("stop"));
        }

        stop_watching(c);
        nt_completion_end(c, NULL);

    } else if (strcmp(status, "failed") == 0) {
        stop_watching(c);
        nt_completion_fail(c, 500,
                           *nt_chat_member(event, "error") != '\0'
                               ? nt_chat_member(event, "error")
                               : "The workflow failed.");

    } else if (strcmp(status, "cancelled") == 0) {
        stop_watching(c);
        nt_completion_fail(c, 409, "The job was cancelled.");
    }
}


static void
on_event(void *arg, uint64_t seq, const char *line, size_t len)
{
    json_t          *event;
    const char      *type;
    nt_completion_t *c = arg;

    if (c->over) {
        return;
    }

    event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
    type = nt_chat_member(event, "type");

    if (event == NULL) {
        c->nomem = true;
        give_up(c, NULL);

    } else if (strcmp(type, "job_update") == 0) {
        end_job(c, event);

    } else if (json_object_get(event, "missing_from") != NULL) {
        give_up(c, "The answer was too long to be kept for a slow reader.");

    } else {
        nt_completion_use_json(c, json_object_get(event, "usage"));

        if (!nt_answer_event(c, event)) {
            give_up(c, NULL);
        }
    }

    json_decref(event);

    if (c->watch != NULL && c->sink.slow != NULL && c->sink.slow(c->sink.arg)) {
        nt_watch_pause(c->watch);
    }
}


static void
on_end(void *arg, int status, const char *message)
{
    nt_completion_t *c = arg;

    stop_watching(c);

    if (!c->over) {
        nt_completion_fail(c, status != 200 ? status : 500,
                           status != 200 ? message
                                         : "The job ended without a word.");
    }
}


/* --- its beginning --- */

/* The role goes out when the job is accepted: who waits knows that it is. */
static void
tell_start(nt_completion_t *c)
{
    nt_llm_delta_t start = { .kind = NT_LLM_START,
                             .text = nt_str(c->job_id),
                             .name =
                                 nt_str(nt_chat_member(c->request, "model")) };

    const nt_llm_delta_t role = { .kind = NT_LLM_CONTENT };

    if (c->sink.job != NULL) {
        c->sink.job(c->sink.arg, c->job_id);
    }

    if (nt_completion_tell(c, &start)) {
        (void) nt_completion_tell(c, &role);
    }
}


static void
on_submitted(void *arg, int status, const char *message,
             const nt_job_record_t *record)
{
    nt_completion_t      *c = arg;
    const nt_watch_sink_t sink = { .arg = c, .event = on_event, .end = on_end };

    c->pending--;

    if (status != 200) {
        if (!c->over) {
            nt_completion_fail(c, status, message);
        }

        nt_chat_activate(c->chat, &c->pumped);
        return;
    }

    memcpy(c->job_id, record->id, NT_ID_HEX_LEN);

    if (c->over) { /* the client has left meanwhile */
        nt_completion_cancel_job(c);
        nt_chat_activate(c->chat, &c->pumped);
        return;
    }

    tell_start(c);
    c->watch =
        nt_jobs_watch(c->chat->options.jobs, c->user, c->job_id, 0, &sink);

    if (c->watch == NULL) {
        c->nomem = true;
        give_up(c, NULL);
    }
}


void
nt_completion_submit(nt_completion_t *c)
{
    const nt_job_request_t request = { .user = c->user,
                                       .workflow_id = c->workflow_id,
                                       .base_url = c->base_url,
                                       .graph = c->graph,
                                       .params = c->params };

    c->pending++;
    nt_jobs_submit(c->chat->options.jobs, &request, on_submitted, c);

    /* images may be in there */
    nt_graph_unref(c->graph);
    json_decref(c->params);
    c->graph = NULL;
    c->params = NULL;
}


/* What the workflow gets of the messages. */
static bool
make_params(nt_completion_t *c, const json_t *graph, nt_llm_error_t *error)
{
    bool     good = false;
    json_t  *history;
    nt_buf_t sentence = { 0 };

    history = nt_completion_messages(json_object_get(c->request, "messages"),
                                     c->user, error);

    if (history == NULL) {
        return false;
    }

    c->params =
        nt_chat_params(json_object_get(graph, "nodes"),
                       json_array_get(history, json_array_size(history) - 1),
                       history);
    json_decref(history);

    if (c->params == NULL || !nt_answer_begin(&c->answer, graph)) {
        nt_completion_fault(error, 503, NULL, "%s", NT_COMPLETION_NOMEM);

    } else if (nt_graph_check_params(c->graph, c->params, &sentence) != NT_OK) {
        nt_completion_fault(error, 422, "messages", "%.*s", (int) sentence.len,
                            sentence.data);
    } else {
        good = true;
    }

    nt_buf_free(&sentence);
    return good;
}


bool
nt_completion_prepare_job(nt_completion_t *c, nt_llm_error_t *error)
{
    int             status;
    bool            good = false;
    json_t         *view = NULL;
    nt_buf_t        sentence = { 0 };
    const char     *owner = c->admin ? NULL : c->user;
    nt_workflows_t *workflows = c->chat->options.workflows;

    status =
        nt_workflows_get(workflows, owner, c->workflow_id, &view, &sentence);

    if (status == 200 && strcmp(nt_chat_member(view, "run_mode"), "chat") != 0)
    {
        status = 404;
        nt_buf_printf(&sentence,
                      "The workflow \"%s\" does not chat: its run_mode is "
                      "\"%s\".",
                      c->workflow_id, nt_chat_member(view, "run_mode"));
    }

    if (status == 200) {
        status = nt_workflows_graph(workflows, owner, c->workflow_id, &c->graph,
                                    &sentence);
    }

    if (status == 200) {
        good = make_params(c, json_object_get(view, "graph"), error);

    } else {
        nt_completion_fault(error, status, "model", "%.*s", (int) sentence.len,
                            sentence.data);
    }

    json_decref(view);
    nt_buf_free(&sentence);
    return good;
}
