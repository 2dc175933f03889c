/*
 * The life of a job that runs on this engine: it starts, is pumped in turns
 * with the others, has its events numbered, and ends.
 */

#include "engine/jobs/jobs_int.h"

#include <stdlib.h>

#include "core/nt_id.h"
#include "engine/assets/workspace.h"
#include "engine/json.h"
#include "engine/log.h"

#define NT_JOB_BUDGET    64   /* activations in a turn */
#define NT_JOB_ERROR_MAX 1000 /* characters of an error that are kept */

/* With so much waiting for the store the job stops: while that takes its
 * events, and while it is away.  Larger writes cost Redis more. */
#define NT_JOB_PENDING_MAX (256 * 1024)
#define NT_JOB_AWAY_MAX    (4 * 1024 * 1024)


void
nt_job_runnable(nt_job_t *job)
{
    if (!job->in_runnable) {
        job->in_runnable = true;
        TAILQ_INSERT_TAIL(&job->jobs->runnable, job, runnable_entry);
        nt_jobs_activate(job->jobs);
    }
}


void
nt_job_dirty(nt_job_t *job)
{
    if (!job->in_dirty) {
        job->in_dirty = true;
        TAILQ_INSERT_TAIL(&job->jobs->dirty, job, dirty_entry);
    }

    nt_jobs_activate(job->jobs);
}


bool
nt_job_emit(nt_job_t *job, const char *line, size_t len)
{
    if (!nt_batch_add(&job->pending, job->seq + 1, line, len)) {
        job->nomem = true;
        return false;
    }

    job->seq++;
    nt_job_dirty(job);

    return true;
}


void
nt_job_record(const nt_job_t *job, nt_job_record_t *record)
{
    *record = (nt_job_record_t) {
        .id = job->id,
        .user = job->user,
        .workflow_id = job->workflow_id,
        .base_url = job->base_url,
        .graph = job->own_graph ? "" : NULL, /* nobody needs it any more */
        .status = job->status,
        .result = job->result,
        .error = job->error,
        .node_id = job->node_id,
        .node_type = job->node_type,
        .created_at = job->created_at,
        .started_at = job->started_at,
        .finished_at = job->finished_at,
        .attempt = job->attempt,
        .last_seq = job->seq,
    };
}


/* Emits the job_update of the present status. */
static void
nt_job_emit_update(nt_job_t *job)
{
    nt_buf_t        line = { 0 };
    nt_job_record_t record;

    nt_job_record(job, &record);
    nt_job_update_line(&line, &record);

    if (line.failed) {
        job->nomem = true;
    } else {
        nt_job_emit(job, line.data, line.len);
    }

    nt_buf_free(&line);
}


bool
nt_job_deaf(const nt_job_t *job)
{
    return job->ended || job->handing || job->gone;
}


static void
nt_job_on_event(void *arg, const char *line, size_t len)
{
    nt_job_t *job = arg;

    if (nt_job_deaf(job) || job->nomem) {
        return;
    }

    if (!nt_job_emit(job, line, len)) {
        nt_job_cancel(job);
    }
}


static void
nt_job_on_wake(void *arg)
{
    nt_job_runnable(arg);
}


/* The last event and what the store will keep of the end. */
static void
nt_job_close(nt_job_t *job, const char *status)
{
    job->status = status;
    job->ended = true;
    job->finished_at = nt_time_now();
    if (job->finished_at < job->started_at) {
        job->finished_at = job->started_at; /* by the store's clock */
    }

    job->nomem = false;
    nt_job_emit_update(job);
    if (job->nomem) {
        nt_log(NT_LOG_ERROR, "job %s: no memory for its last event", job->id);
    }

    nt_job_dirty(job);
}


static char *
nt_job_strdup(const char *text)
{
    return text ? strdup(text) : NULL;
}


void
nt_job_end(nt_job_t *job, const char *status, const char *error)
{
    free(job->error);
    job->error = error ? nt_job_text_clean(error, NT_JOB_ERROR_MAX) : NULL;
    nt_job_close(job, status);
}


static void
nt_job_on_done(void *arg, const nt_run_result_t *result)
{
    nt_job_t *job = arg;

    job->done = true;

    if (nt_job_deaf(job)) {
        return;
    }

    if (job->nomem) {
        nt_job_end(job, "failed", NT_JOB_NOMEM);
        return;
    }

    switch (result->status) {
    case NT_RUN_COMPLETED:
        job->result = nt_json_text(result->result);
        if (job->result == NULL) {
            nt_job_end(job, "failed", NT_JOB_NOMEM);
            return;
        }
        nt_job_close(job, "completed");
        return;

    case NT_RUN_FAILED:
        job->node_id = nt_job_strdup(result->node_id);
        job->node_type = nt_job_strdup(result->node_type);
        nt_job_end(job, "failed",
                   result->message ? result->message : "The workflow failed");
        return;

    case NT_RUN_CANCELLED:
        nt_job_close(job, "cancelled");
        return;
    }
}


nt_job_t *
nt_job_new(nt_jobs_t *jobs, const nt_job_record_t *record, nt_graph_t *graph,
           json_t *params)
{
    nt_job_t *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        return NULL;
    }

    TAILQ_INIT(&job->watches);
    job->jobs = jobs;
    memcpy(job->id, record->id, NT_ID_HEX_LEN);
    job->user = strdup(record->user);
    job->workflow_id = strdup(record->workflow_id);
    job->base_url = strdup(record->base_url ? record->base_url : "");
    job->graph = graph ? nt_graph_ref(graph) : NULL;
    job->params = json_incref(params);
    job->status = "running";
    job->own_graph = record->graph != NULL;
    job->open_inputs = record->open_inputs;

    if (!job->user || !job->workflow_id || !job->base_url) {
        nt_job_free(job);
        return NULL;
    }

    return job;
}


void
nt_job_free(nt_job_t *job)
{
    if (job->run) {
        nt_run_free(job->run);
    }

    if (job->graph) {
        nt_graph_unref(job->graph);
    }

    json_decref(job->params);
    json_decref(job->earlier);
    nt_job_keep_free(job);
    nt_batch_free(&job->pending);
    nt_batch_free(&job->out);
    free(job->user);
    free(job->workflow_id);
    free(job->base_url);
    free(job->result);
    free(job->error);
    free(job->node_id);
    free(job->node_type);
    free(job);
}


/* Says that what comes is not the beginning. */
static void
nt_job_emit_takeover(nt_job_t *job)
{
    char line[256];
    int  len;

    len = snprintf(line, sizeof(line),
                   "{\"type\":\"notification\",\"node_id\":\"\","
                   "\"severity\":\"warning\",\"content\":\"The job has moved "
                   "to another engine and goes on from the nodes that had "
                   "completed (attempt %u)\"}",
                   job->attempt);

    nt_job_emit(job, line, (size_t) len);
    nt_log(NT_LOG_WARN, "job %s: taken over, attempt %u", job->id,
           job->attempt);
}


static bool
nt_job_find_workflow(void *arg, const char *name, bool tool,
                     nt_subworkflow_t *found, nt_buf_t *error)
{
    const nt_job_t          *job = arg;
    const nt_jobs_options_t *options = &job->jobs->options;

    return options->workflow(options->arg, job->user, name, tool, found, error);
}


static bool
nt_job_run(nt_job_t *job)
{
    nt_buf_t            name = { 0 };
    nt_run_options_t    options;
    nt_values_t        *settings = NULL;
    bool                keeps = job->jobs->store->keeps;
    const nt_run_sink_t sink = {
        .arg = job,
        .event = nt_job_on_event,
        .done = nt_job_on_done,
        .wake = nt_job_on_wake,
        .completed = keeps ? nt_job_on_completed : NULL,
        .begin = keeps ? nt_job_on_begin : NULL,
    };

    if (job->jobs->options.settings != NULL) {
        settings = nt_settings_values(job->jobs->options.settings, job->user);
    }

    nt_workspace_name(&name, nt_str(job->user), nt_str(job->workflow_id));

    if (!name.failed) {
        options = (nt_run_options_t) {
            .loop = job->jobs->options.loop,
            .params = job->params,
            .http = job->jobs->options.http,
            .results = job->jobs->options.results,
            .user = job->user,
            .settings = settings,
            .workspace = job->jobs->options.workspace,
            .workspace_name = name.data,
            .assets = job->jobs->options.assets,
            .allow = job->jobs->options.allow,
            .base_url = job->base_url,
            .workflow = job->jobs->options.workflow != NULL
                            ? nt_job_find_workflow
                            : NULL,
            .workflow_arg = job,
            .workflow_id = job->workflow_id,
            .open_inputs = job->open_inputs,
            .kept = job->earlier,
        };
        job->run = nt_run_new(job->graph, &options, &sink);
    }

    nt_buf_free(&name);
    nt_values_unref(settings);
    json_decref(job->earlier);
    job->earlier = NULL;

    return job->run != NULL;
}


void
nt_job_start(nt_job_t *job, const nt_job_record_t *record)
{
    nt_jobs_t *jobs = job->jobs;

    job->created_at = record->created_at;
    job->started_at = record->started_at;
    job->attempt = record->attempt;
    job->seq = job->stored = record->last_seq;
    job->since = uv_now(jobs->options.loop);

    TAILQ_INSERT_TAIL(&jobs->all, job, all_entry);
    job->in_table = nt_table_add(&jobs->by_id, &job->link, job->id);

    if (job->attempt > 1) {
        nt_job_emit_takeover(job);
    }

    nt_job_watchers_attach(job);

    if (record->cancel) {
        nt_job_end(job, "cancelled", NULL);
        return;
    }

    if (job->graph == NULL) {
        return; /* the caller says why */
    }

    if (record->kept && job->attempt > 1) {
        job->earlier = nt_job_keep_read(job, record->kept);
    }

    if (!job->in_table || (record->kept && job->attempt > 1 && !job->earlier)) {
        nt_job_end(job, "failed", NT_JOB_NOMEM);
        return;
    }

    /* with another graph than before, nothing fits together */
    job->keeping = json_array_size(job->earlier) == 0 ||
                   nt_graph_kept_fits(job->graph, job->earlier);

    nt_job_emit_update(job);

    if (!nt_job_run(job)) {
        nt_job_end(job, "failed", NT_JOB_NOMEM);
        return;
    }

    nt_job_inputs_start(job);
    nt_job_runnable(job);
}


void
nt_job_cancel(nt_job_t *job)
{
    if (job->run && !job->ended) {
        nt_run_cancel(job->run);
        nt_job_runnable(job);
    }
}


void
nt_job_leave(nt_job_t *job)
{
    nt_jobs_t *jobs = job->jobs;

    if (job->in_table) {
        nt_table_remove(&jobs->by_id, &job->link);
        job->in_table = false;
    }

    if (!job->gone) {
        job->gone = true;
        jobs->running--;
        if (!jobs->freed) {
            nt_jobs_want(jobs);
        }
    }
}


void
nt_job_settle(nt_job_t *job)
{
    nt_jobs_t *jobs = job->jobs;

    if (!job->gone || job->writing || job->run) {
        return;
    }

    if (job->in_runnable) {
        TAILQ_REMOVE(&jobs->runnable, job, runnable_entry);
    }

    if (job->in_dirty) {
        TAILQ_REMOVE(&jobs->dirty, job, dirty_entry);
    }

    TAILQ_REMOVE(&jobs->all, job, all_entry);
    nt_job_free(job);
    nt_jobs_close(jobs);
}


void
nt_job_drop(nt_job_t *job)
{
    nt_job_cancel(job);
    nt_job_leave(job);
    nt_job_watchers_detach(job);
    nt_job_settle(job);
}


static void
nt_job_pump(nt_job_t *job)
{
    if (job->run == NULL) {
        return;
    }

    if (job->pending.text.len >=
            (job->trouble ? NT_JOB_AWAY_MAX : NT_JOB_PENDING_MAX) &&
        !nt_job_deaf(job))
    {
        return; /* goes on when the store has taken some */
    }

    if (nt_run_pump(job->run, NT_JOB_BUDGET)) {
        nt_job_runnable(job);
    }

    if (job->done) {
        nt_run_free(job->run);
        job->run = NULL;
        nt_job_settle(job);
    }
}


void
nt_jobs_run(nt_jobs_t *jobs)
{
    /* those that come back to the end of the line wait for the next turn */
    nt_job_t *job;
    size_t    n = 0;

    TAILQ_FOREACH(job, &jobs->runnable, runnable_entry)
    {
        n++;
    }

    while (n-- > 0 && (job = TAILQ_FIRST(&jobs->runnable))) {
        TAILQ_REMOVE(&jobs->runnable, job, runnable_entry);
        job->in_runnable = false;
        nt_job_pump(job);
    }

    nt_jobs_flush(jobs);
}
