#include "engine/graph/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What nodes with NT_NODE_TOOLS call, and the nodes that are called by
 * control edges.
 */

#define TOOL_RESULT "nodetool.workflows.base_node.ToolResult"

/* --- results --- */

static void
keep(nt_node_call_t *call, const char *name, json_t *value)
{
    json_t *list = json_object_get(call->gathered, name);

    if (json_array_size(list) == NT_TOOL_VALUES_MAX) {
        (void) nt_call_fail(call, "the result has more than %d values",
                            NT_TOOL_VALUES_MAX);
        return;
    }
    if (list == NULL) {
        list = json_array();
        if (json_object_set_new(call->gathered, name, list) != 0) {
            call->run->nomem = true;
            return;
        }
    }
    if (json_array_append(list, value) != 0) {
        call->run->nomem = true;
    }
}

void
nt_tool_keep(nt_node_call_t *call, uint32_t output, json_t *value)
{
    const nt_node_plan_t *plan = call->plan;
    const nt_type_t      *type;
    const char           *name;
    json_t               *member;

    if (plan->kind == NT_KIND_OUTPUT) {
        keep(call, plan->name, value);
        return;
    }
    if (plan->n_outputs == 0) {
        keep(call, "value", value);
        return;
    }
    type = plan->outputs[output].type;
    if (type != NULL && strcmp(type->name, "chunk") == 0) {
        return; /* pieces of what comes whole as well */
    }
    if (strcmp(plan->type->type, TOOL_RESULT) == 0 && json_is_object(value)) {
        json_object_foreach(value, name, member)
        {
            keep(call, name, member);
        }
        return;
    }
    keep(call, plan->outputs[output].name, value);
}

json_t *
nt_tool_result(json_t *kept)
{
    const char *name;
    json_t     *result, *list;

    result = json_object();
    json_object_foreach(kept, name, list)
    {
        if (json_object_set(result, name,
                            json_array_size(list) == 1 ? json_array_get(list, 0)
                                                       : list) != 0)
        {
            json_decref(result);
            return NULL;
        }
    }
    return result;
}

void
nt_tool_finish(nt_tool_call_t *tool, json_t *result, char *error)
{
    tool->result = result;
    tool->error = error;
    tool->done = true;
    nt_tool_wake(tool);
}

void
nt_tool_wake(nt_tool_call_t *tool)
{
    if (tool->waiting) {
        tool->waiting = false;
        nt_call_resume(tool->caller);
    }
}

char *
nt_tool_sentence(const char *format, ...)
{
    va_list args;
    char   *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    return text;
}

/* --- arguments --- */

static char *
refuse_type(const char *name, const nt_type_t *type, const json_t *value)
{
    nt_buf_t text = { 0 };
    char    *error;

    nt_type_write(&text, type);
    error = text.failed ? NULL
                        : nt_tool_sentence("Argument \"%s\" takes %.*s, not %s",
                                           name, (int) text.len, text.data,
                                           nt_type_of(value));
    nt_buf_free(&text);
    return error;
}

/* Converts an argument and puts it into `into`; false with *error. */
static bool
put_argument(json_t *into, const char *name, const nt_type_t *type,
             json_t *value, char **error)
{
    json_t *converted;

    converted =
        type != NULL ? nt_type_convert(type, value) : json_incref(value);
    if (converted == NULL) {
        *error = refuse_type(name, type, value);
        return false;
    }
    return json_object_set_new(into, name, converted) == 0;
}

static char *
refuse_unknown(const nt_tool_plan_t *plan, const char *name)
{
    const json_t *parameters = json_object_get(plan->schema, "parameters");
    const char   *known;
    json_t       *schema;
    nt_buf_t      text = { 0 };
    char         *error;

    json_object_foreach(json_object_get(parameters, "properties"), known,
                        schema)
    {
        nt_buf_append_str(&text, text.len > 0 ? NT_STR(", ") : NT_STR(""));
        nt_buf_append_json(&text, nt_str(known));
    }
    error = text.failed
                ? NULL
                : nt_tool_sentence("Tool \"%s\" has no argument \"%s\"; it "
                                   "takes %.*s",
                                   plan->name, name,
                                   text.len > 0 ? (int) text.len : 4,
                                   text.len > 0 ? text.data : "none");
    nt_buf_free(&text);
    return error;
}

/* Is an argument within the bounds of its property?  Else false and a
 * sentence. */
static bool
check_bounds(const nt_property_t *property, const json_t *value, char **error)
{
    nt_buf_t text = { 0 };

    if (nt_property_accepts(property, value)) {
        return true;
    }
    nt_property_write_bounds(&text, property);
    if (!text.failed) {
        *error = nt_tool_sentence("Argument \"%s\" takes %.*s, not %.10g",
                                  property->name, (int) text.len, text.data,
                                  json_number_value(value));
    }
    nt_buf_free(&text);
    return false;
}

/* The arguments of a controlled node: each takes a property's place. */
static bool
take_overrides(const nt_tool_plan_t *plan, const nt_node_plan_t *target,
               const json_t *arguments, json_t *into, char **error)
{
    const nt_property_t *property;
    const char          *name;
    json_t              *value;
    uint32_t             i;

    json_object_foreach((json_t *) arguments, name, value)
    {
        i = nt_type_property(target->type, name);
        if (i == NT_NONE && !(target->type->flags & NT_NODE_DYNAMIC)) {
            *error = refuse_unknown(plan, name);
            return false;
        }
        if (json_is_null(value)) {
            continue; /* models say so for "not given" */
        }
        if (!put_argument(into, name, i != NT_NONE ? target->types[i] : NULL,
                          value, error))
        {
            return false;
        }
        if (i != NT_NONE && !check_bounds(&target->type->properties[i],
                                          json_object_get(into, name), error))
        {
            return false;
        }
    }
    for (i = 0; i < target->n_properties; i++) {
        property = &target->type->properties[i];
        if (property->required && target->handles[i] == NT_NONE &&
            json_is_null(target->values[i]) &&
            json_object_get(into, property->name) == NULL)
        {
            *error = nt_tool_sentence("Tool \"%s\" needs the argument \"%s\"",
                                      plan->name, property->name);
            return false;
        }
    }
    return true;
}

/* The arguments of a chain, all of them needed, by the chain's parameters. */
static bool
take_params(const nt_tool_plan_t *plan, const json_t *arguments, json_t *into,
            char **error)
{
    const nt_tool_param_t *param;
    const char            *name;
    json_t                *value;
    uint32_t               i;

    json_object_foreach((json_t *) arguments, name, value)
    {
        for (i = 0; i < plan->n_params; i++) {
            if (strcmp(plan->params[i].name, name) == 0) {
                break;
            }
        }
        if (i == plan->n_params) {
            *error = refuse_unknown(plan, name);
            return false;
        }
    }
    for (i = 0; i < plan->n_params; i++) {
        param = &plan->params[i];
        value = json_object_get(arguments, param->name);
        if (value == NULL) {
            *error = nt_tool_sentence("Tool \"%s\" needs the argument \"%s\"",
                                      plan->name, param->name);
            return false;
        }
        if (!put_argument(into, param->name, param->type, value, error)) {
            return false;
        }
    }
    return true;
}

/* --- nodes that are called --- */

/* Takes the values that wait; the last ones count, and lists collect all. */
static bool
drain(nt_node_call_t *call)
{
    const nt_handle_plan_t *handles;
    json_t                 *value;
    uint32_t                number;

    handles = &call->run->graph->handles[call->plan->first_handle];
    while (call->waiting > 0) {
        number = nt_inbox_first(call);
        value = nt_run_take(call, number);
        if (handles[number].aggregate ? !nt_batch_collect(call, number, value)
                                      : !nt_batch_set(call, number, value))
        {
            return false;
        }
    }
    return true;
}

/* Looks whether all edges have brought what a call needs. */
static nt_batch_t
inputs_state(const nt_node_call_t *call)
{
    nt_batch_t state = NT_BATCH_READY, one;
    uint32_t   i;

    for (i = 0; i < call->plan->n_handles; i++) {
        one = nt_tool_input(call->run, call->plan->first_handle + i);
        if (one == NT_BATCH_END) {
            return NT_BATCH_END;
        }
        if (one == NT_BATCH_WAIT) {
            state = NT_BATCH_WAIT;
        }
    }
    return state;
}

nt_batch_t
nt_tool_input(const nt_run_t *run, uint32_t handle)
{
    const nt_inbox_t *inbox = &run->inboxes[handle];

    if (inbox->open > 0 &&
        (!inbox->has || run->graph->handles[handle].aggregate)) {
        return NT_BATCH_WAIT;
    }
    return inbox->has ? NT_BATCH_READY
                      : (inbox->count > 0 ? NT_BATCH_WAIT : NT_BATCH_END);
}

/* Lets the type look at the properties of a call. */
static bool
check(nt_node_call_t *call)
{
    const nt_node_plan_t *plan = call->plan;
    const char           *name;
    char                  message[512] = "";
    json_t               *properties;
    uint32_t              i;
    int                   rc;

    if (plan->type->check == NULL) {
        return true;
    }
    properties = json_object();
    rc = json_object_update(properties, nt_call_dynamic(call));
    for (i = 0; i < plan->n_properties; i++) {
        name = plan->type->properties[i].name;
        if (plan->handles[i] == NT_NONE) {
            rc |= json_object_set(properties, name, nt_call_input(call, name));
        }
    }
    if (rc != 0) {
        (void) nt_call_fail(call, "the server is out of memory");
    } else if (!plan->type->check(properties, message, sizeof(message))) {
        (void) nt_call_fail(call, "%s", message);
    }
    json_decref(properties);
    return call->error == NULL;
}

static void
start_call(nt_node_call_t *call)
{
    nt_tool_call_t *tool = call->pending;
    uint32_t        i;

    call->pending = tool->next;
    call->tool = tool;
    call->arguments = tool->arguments;
    tool->arguments = NULL;
    call->gathered = json_object();
    for (i = 0; i < call->plan->n_handles; i++) {
        if (!nt_batch_seal(call, i)) {
            nt_tool_settle(call);
            return;
        }
    }
    if (call->gathered == NULL || !check(call)) {
        nt_tool_settle(call);
        return;
    }
    nt_step_called(call);
}

void
nt_tool_step(nt_node_call_t *call)
{
    nt_tool_call_t *tool;

    if (!drain(call)) {
        nt_run_fail_node(call);
        return;
    }
    if (call->plan->inner) {
        nt_chain_unblock(call);
        nt_chain_start(call->run);
    }
    if (call->pending == NULL) {
        if (call->callers == 0) {
            nt_run_end_node(call);
        }
        return;
    }
    switch (inputs_state(call)) {
    case NT_BATCH_READY:
        start_call(call);
        break;
    case NT_BATCH_END:
        tool = call->pending;
        call->pending = tool->next;
        nt_tool_finish(
            tool, NULL,
            nt_tool_sentence("Node \"%s\" cannot run: one of its inputs "
                             "has got no value",
                             call->plan->id));
        nt_run_ready(call->run, call);
        break;
    default:
        break;
    }
}

void
nt_tool_settle(nt_node_call_t *call)
{
    nt_tool_call_t *tool = call->tool;
    json_t         *kept = call->gathered;
    char           *error = call->error;

    call->tool = NULL;
    call->gathered = NULL;
    if (call->running) {
        if (error != NULL) {
            nt_event_error(call);
        } else {
            nt_event_completed(call);
        }
    }
    call->error = NULL;
    nt_call_reset(call);
    nt_call_free_state(call);
    nt_run_forget(call);
    if (error == NULL && kept != NULL) {
        nt_tool_finish(tool, nt_tool_result(kept), NULL);
    } else {
        nt_tool_finish(tool, NULL, error);
    }
    json_decref(kept);
    nt_run_ready(call->run, call);
}

void
nt_tool_release(nt_node_call_t *caller)
{
    nt_tool_call_t *tool;
    nt_node_call_t *callee;
    uint32_t        i;

    for (i = 0; i < caller->plan->n_ends; i++) {
        nt_event_drained(caller->run, caller->plan->ends[i]);
    }
    for (i = 0; i < caller->plan->n_callees; i++) {
        callee = &caller->run->calls[caller->plan->callees[i]];
        if (--callee->callers == 0) {
            nt_run_ready(caller->run, callee);
        }
    }
    while (caller->pending != NULL) {
        tool = caller->pending;
        caller->pending = tool->next;
        nt_tool_finish(tool, NULL,
                       nt_tool_sentence("Node \"%s\" has failed",
                                        caller->plan->id));
    }
}

/* --- what nodes call --- */

json_t *
nt_call_tools(nt_node_call_t *call)
{
    json_t  *list;
    uint32_t i;

    list = json_array();
    for (i = 0; i < call->plan->n_tools; i++) {
        if (json_array_append(list, call->plan->tools[i].schema) != 0) {
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
    } else if (arguments != NULL && !json_is_object(arguments)) {
        *error = nt_tool_sentence("The arguments must be an object, not %s",
                                  nt_type_of(arguments));
    } else {
        tool.arguments = json_object();
        good = tool.plan->target != NT_NONE
                   ? take_overrides(tool.plan, &nodes[tool.plan->target],
                                    arguments, tool.arguments, error)
                   : take_params(tool.plan, arguments, tool.arguments, error);
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
