#include "engine/graph/tools.h"

#include <stdlib.h>
#include <string.h>

/*
 * What nodes with NT_NODE_TOOLS call.
 */

json_t *
nt_call_tools(nt_node_call_t *call)
{
    json_t  *list;
    uint32_t i;

    list = json_array();
    for (i = 0; i < call->plan->n_tools; i++) {
        /* Copies, as the plan's are those of all runs. */
        if (json_array_append_new(list, json_deep_copy(
                                            call->plan->tools[i].schema)) != 0)
        {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Whether a dynamic output is one: not a tool, and of a node that calls tools
 * one that somebody reads. */
static bool
is_result(const nt_node_plan_t *plan, uint32_t output)
{
    uint32_t i;

    if (!(plan->type->flags & NT_NODE_TOOLS)) {
        return true;
    }
    for (i = 0; i < plan->n_tools; i++) {
        if (plan->tools[i].output == output) {
            return false;
        }
    }
    return plan->outputs[output].n_edges > 0;
}

json_t *
nt_call_dynamic_outputs(nt_node_call_t *call)
{
    const nt_node_plan_t *plan = call->plan;
    const nt_type_t      *type;
    json_t               *outputs;
    uint32_t              i = 0;

    outputs = json_object();
    while (plan->type->outputs != NULL && plan->type->outputs[i].name != NULL) {
        i++;
    }
    for (; i < plan->n_outputs; i++) {
        if (!is_result(plan, i)) {
            continue;
        }
        type = plan->outputs[i].type;
        if (json_object_set_new(outputs, plan->outputs[i].name,
                                type != NULL
                                    ? nt_type_to_json(type)
                                    : json_pack("{s:s}", "type", "any")) != 0)
        {
            json_decref(outputs);
            return NULL;
        }
    }
    return outputs;
}

static bool
unlink_call(nt_tool_call_t **line, nt_tool_call_t *tool)
{
    for (; *line != NULL; line = &(*line)->next) {
        if (*line == tool) {
            *line = tool->next;
            return true;
        }
    }
    return false;
}

/* The run is to end; the caller must not wait any longer. */
static void
cancel_tool(void *arg)
{
    nt_tool_call_t *tool = arg;
    nt_run_t       *run = tool->caller->run;
    nt_node_call_t *target;

    if (tool->run != NULL) {
        nt_chain_cancel(tool);
        return;
    }
    if (tool->done) {
        nt_tool_wake(tool);
        return;
    }
    if (tool->plan->target == NT_NONE) {
        (void) unlink_call(&run->pending, tool);
    } else {
        target = &run->calls[tool->plan->target];
        if (target->tool == tool) {
            target->tool = NULL; /* it goes on, but not for this caller */
        } else {
            (void) unlink_call(&target->pending, tool);
        }
    }
    nt_tool_finish(tool, NULL, NULL);
}

static void
add_call(nt_tool_call_t **line, nt_tool_call_t *tool)
{
    while (*line != NULL) {
        line = &(*line)->next;
    }
    *line = tool;
}

/* Sends the argument along the edges of an output that are none of its
 * chain's. */
static void
send_argument(nt_tool_call_t *tool)
{
    nt_node_call_t *caller = tool->caller;
    uint32_t        output = tool->plan->output;

    if (caller->plan->outputs[output].n_edges > 0 && tool->plan->n_params > 0) {
        nt_run_send(caller, output,
                    json_object_get(tool->arguments,
                                    tool->plan->params[0].name));
    }
}

static void
start_tool(nt_tool_call_t *tool)
{
    nt_run_t       *run = tool->caller->run;
    nt_node_call_t *target;

    if (tool->plan->target != NT_NONE) {
        target = &run->calls[tool->plan->target];
        nt_event_sent(run, tool->plan->edge);
        if (target->finished) {
            nt_tool_finish(tool, NULL,
                           nt_tool_sentence("Node \"%s\" has failed",
                                            target->plan->id));
            return;
        }
        add_call(&target->pending, tool);
        nt_run_ready(run, target);
        return;
    }
    send_argument(tool);
    if (tool->plan->chain == NULL) {
        nt_tool_finish(tool, json_incref(tool->arguments), NULL);
        return;
    }
    add_call(&run->pending, tool);
    nt_chain_start(run);
}

void
nt_tool_wait(nt_tool_call_t *tool)
{
    nt_node_call_t *caller = tool->caller;

    if (tool->done) {
        return;
    }
    tool->waiting = true;
    caller->run->tool_waits++;
    nt_call_suspend(caller, cancel_tool, tool);
    caller->run->tool_waits--;
    tool->waiting = false;
}

static const nt_tool_plan_t *
find_tool(const nt_node_call_t *call, const char *name)
{
    uint32_t i;

    for (i = 0; i < call->plan->n_tools; i++) {
        if (strcmp(call->plan->tools[i].name, name) == 0) {
            return &call->plan->tools[i];
        }
    }
    return NULL;
}

json_t *
nt_call_tool(nt_node_call_t *call, const char *name, const json_t *arguments,
             char **error)
{
    const nt_node_plan_t *nodes = call->run->graph->nodes;
    nt_tool_call_t        tool = { .caller = call };
    bool                  good;

    *error = NULL;
    tool.plan = find_tool(call, name);
    if (tool.plan == NULL && nt_subworkflow_is_tool(name)) {
        tool.result =
            nt_subworkflow_call(call, name, (json_t *) arguments, error);
    } else if (tool.plan == NULL) {
        *error = nt_tool_sentence("There is no tool \"%s\"", name);
    } else if (!nt_call_may_wait(call) || call->run->aborted) {
        *error = nt_tool_sentence("The job ends");
    } else {
        tool.arguments = json_object();
        good = nt_tool_arguments(tool.plan,
                                 tool.plan->target != NT_NONE
                                     ? &nodes[tool.plan->target]
                                     : NULL,
                                 arguments, tool.arguments, error);
        if (good) {
            start_tool(&tool);
            nt_tool_wait(&tool);
            *error = tool.error;
        }
        json_decref(tool.arguments);
    }
    if (tool.result == NULL && *error == NULL) {
        *error = nt_tool_sentence(call->run->aborted
                                      ? "The job ends"
                                      : "The server is out of memory");
    }
    return tool.result;
}
