#include "engine/graph/subworkflow.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/graph/tools.h"
#include "engine/json.h"

#define TOOL_PREFIX "workflow_"

/* --- events --- */

/* The types that go on, as events begin. */
static const char *const passed[] = {
    "{\"type\":\"chunk\"",          "{\"type\":\"log_update\"",
    "{\"type\":\"node_progress\"",  "{\"type\":\"notification\"",
    "{\"type\":\"preview_update\"", "{\"type\":\"save_update\""
};

static void
on_event(void *arg, const char *line, size_t len)
{
    nt_run_t *run = arg;
    json_t   *event;
    nt_buf_t  text = { 0 };
    size_t    i;

    for (i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
        if (strncmp(line, passed[i], strlen(passed[i])) == 0) {
            break;
        }
    }
    if (i == sizeof(passed) / sizeof(passed[0])) {
        return;
    }
    event = json_loadb(line, len, 0, NULL);
    if (event != NULL &&
        json_object_set_new(event, "node_id",
                            json_string(run->tool->caller->plan->id)) == 0)
    {
        nt_json_append(&text, event);
        if (!text.failed) {
            nt_event_raw(run->parent, text.data, text.len);
        }
    }
    nt_buf_free(&text);
    json_decref(event);
}

static void
on_done(void *arg, const nt_run_result_t *result)
{
    nt_run_t       *run = arg;
    nt_tool_call_t *tool = run->tool;

    if (result->status == NT_RUN_COMPLETED) {
        tool->result = json_incref(result->results);
    } else if (result->status == NT_RUN_FAILED) {
        tool->error =
            nt_tool_sentence("Workflow \"%s\"%s%s%s: %s", tool->workflow,
                             result->node_id != NULL ? ", node \"" : "",
                             result->node_id != NULL ? result->node_id : "",
                             result->node_id != NULL ? "\"" : "",
                             result->message);
    }
}

/* --- values of its outputs --- */

static bool
has_output(const nt_node_plan_t *plan, const char *name)
{
    uint32_t i;

    for (i = 0; i < plan->n_outputs; i++) {
        if (strcmp(plan->outputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void
nt_subworkflow_output(nt_run_t *run, const char *name, json_t *value)
{
    nt_tool_call_t *tool = run->tool;

    if (tool->values == NULL || !has_output(tool->caller->plan, name)) {
        return;
    }
    if (json_array_append_new(tool->values, json_pack("[s, O]", name, value)) !=
        0) {
        run->nomem = true;
        return;
    }
    nt_tool_wake(tool);
}

bool
nt_subworkflow_block(nt_node_call_t *call)
{
    return call->plan->kind == NT_KIND_OUTPUT &&
           json_array_size(call->run->tool->values) >= NT_INBOX_LIMIT;
}

static void
unblock(nt_run_t *run)
{
    uint32_t i;

    for (i = 0; i < run->graph->n_nodes; i++) {
        if (run->calls[i].blocked && run->calls[i].plan->kind == NT_KIND_OUTPUT)
        {
            nt_run_ready(run, &run->calls[i]);
            run->runnable = true;
        }
    }
}

/* Emits what waits. */
static nt_node_rc_t
emit(nt_tool_call_t *tool)
{
    nt_node_rc_t rc = NT_NODE_DONE;
    json_t      *pair;

    while (json_array_size(tool->values) > 0 && rc == NT_NODE_DONE) {
        pair = json_incref(json_array_get(tool->values, 0));
        (void) json_array_remove(tool->values, 0);
        if (tool->run != NULL) {
            unblock(tool->run);
        }
        rc = nt_call_emit(tool->caller,
                          json_string_value(json_array_get(pair, 0)),
                          json_incref(json_array_get(pair, 1)));
        json_decref(pair);
    }
    if (rc != NT_NODE_DONE) {
        (void) json_array_clear(tool->values);
    }
    return rc;
}

/* --- its life --- */

/* The workflow, if it may run here; NULL and a sentence. */
static nt_graph_t *
find(nt_node_call_t *call, const char *name, bool tool, nt_subworkflow_t *found,
     nt_buf_t *error)
{
    const nt_run_options_t *options = &call->run->options;
    const nt_run_t         *run;
    const char             *id;
    unsigned                depth = 0;

    if (options->workflow == NULL) {
        nt_buf_printf(error, "there are no other workflows here");
        return NULL;
    }
    if (!options->workflow(options->workflow_arg, name, tool, found, error)) {
        return NULL;
    }
    id = json_string_value(json_object_get(found->view, "id"));
    for (run = call->run; run != NULL; run = run->parent) {
        if (run->options.workflow_id != NULL && id != NULL &&
            strcmp(run->options.workflow_id, id) == 0)
        {
            nt_buf_printf(error, "workflow \"%s\" would run itself", id);
            break;
        }
        depth += run->chain == NULL;
    }
    if (run == NULL && depth > NT_SUBWORKFLOW_DEPTH) {
        nt_buf_printf(error, "more than %d workflows run one within the other",
                      NT_SUBWORKFLOW_DEPTH);
    }
    if (error->len == 0 && !error->failed) {
        return found->graph;
    }
    nt_graph_unref(found->graph);
    json_decref(found->view);
    *found = (nt_subworkflow_t) { 0 };
    return NULL;
}

static bool
start(nt_tool_call_t *tool, nt_subworkflow_t *found, json_t *params)
{
    const nt_run_sink_t sink = { .event = on_event, .done = on_done };
    nt_run_options_t    options = tool->caller->run->options;

    options.params = params;
    options.workflow_id = json_string_value(json_object_get(found->view, "id"));
    tool->workflow = options.workflow_id != NULL ? options.workflow_id : "";
    return nt_chain_run(tool, found->graph, &options, &sink) != NULL;
}

/* Runs what was found, with the parameters, until its end. */
static nt_node_rc_t
run_workflow(nt_tool_call_t *tool, nt_subworkflow_t *found, json_t *params,
             nt_buf_t *error)
{
    nt_node_rc_t rc;

    if (nt_graph_check_params(found->graph, params, error) != NT_OK) {
        return NT_NODE_FAIL;
    }
    if (!start(tool, found, params)) {
        nt_buf_printf(error, "the server is out of memory");
        return NT_NODE_FAIL;
    }
    do {
        nt_tool_wait(tool);
        rc = emit(tool);
        if (rc != NT_NODE_DONE && tool->run != NULL) {
            nt_chain_cancel(tool);
        }
    } while (!tool->done);

    if (tool->result == NULL) {
        nt_buf_printf(error, "%s",
                      tool->error != NULL ? tool->error : "the job ends");
        rc = NT_NODE_FAIL;
    }
    free(tool->error);
    return rc;
}

/* Finds and runs: its results, or NULL and a sentence. */
static json_t *
run_by_name(nt_tool_call_t *tool, const char *name, bool is_tool,
            json_t *params, nt_buf_t *error)
{
    nt_subworkflow_t found = { 0 };

    if (!nt_call_may_wait(tool->caller) || tool->caller->run->aborted) {
        nt_buf_printf(error, "the job ends");
        return NULL;
    }
    if (find(tool->caller, name, is_tool, &found, error) == NULL) {
        return NULL;
    }
    if (run_workflow(tool, &found, params, error) != NT_NODE_DONE) {
        json_decref(tool->result);
        tool->result = NULL;
    }
    nt_graph_unref(found.graph);
    json_decref(found.view);
    return tool->result;
}

/* The sentence as a string of its own; NULL when memory is out. */
static char *
take_sentence(nt_buf_t *error)
{
    char *text = NULL;

    if (!error->failed && error->len > 0) {
        text = strndup(error->data, error->len);
    }
    nt_buf_free(error);
    return text;
}

nt_node_rc_t
nt_call_workflow(nt_node_call_t *call, const char *id, json_t *params)
{
    nt_tool_call_t tool = { .caller = call, .values = json_array() };
    nt_buf_t       error = { 0 };
    json_t        *results = NULL;
    char          *text;

    if (tool.values != NULL) {
        results = run_by_name(&tool, id, false, params, &error);
    }
    json_decref(tool.values);
    if (results != NULL) {
        json_decref(results);
        nt_buf_free(&error);
        return NT_NODE_DONE;
    }
    text = take_sentence(&error);
    (void) nt_call_fail(call, "%s",
                        text != NULL ? text : "the server is out of memory");
    free(text);
    return NT_NODE_FAIL;
}

/* --- as tools --- */

static const char *
tool_name(const char *name)
{
    size_t len = strlen(TOOL_PREFIX);

    return strncmp(name, TOOL_PREFIX, len) == 0 && name[len] != '\0'
               ? name + len
               : NULL;
}

bool
nt_subworkflow_is_tool(const char *name)
{
    return tool_name(name) != NULL;
}

json_t *
nt_subworkflow_call(nt_node_call_t *call, const char *name, json_t *arguments,
                    char **error)
{
    nt_tool_call_t tool = { .caller = call };
    nt_buf_t       text = { 0 };
    json_t        *results;

    results = run_by_name(&tool, tool_name(name), true, arguments, &text);
    *error = take_sentence(&text);
    return results;
}

json_t *
nt_call_workflow_tool(nt_node_call_t *call, const char *name, char **error)
{
    nt_subworkflow_t found = { 0 };
    nt_buf_t         text = { 0 };
    const char      *description;
    json_t          *tool = NULL, *schema;

    *error = NULL;
    if (tool_name(name) == NULL) {
        *error = nt_tool_sentence("there is no tool \"%s\"", name);
        return NULL;
    }
    if (find(call, tool_name(name), true, &found, &text) == NULL) {
        *error = take_sentence(&text);
        return NULL;
    }
    description = json_string_value(json_object_get(found.view, "description"));
    schema = json_object_get(found.view, "input_schema");
    tool =
        json_pack("{s:s, s:s, s:O}", "name", name, "description",
                  description != NULL ? description : "", "parameters", schema);
    nt_graph_unref(found.graph);
    json_decref(found.view);
    nt_buf_free(&text);
    return tool;
}
