#include "engine/graph/tools.h"

#include <stdlib.h>
#include <string.h>

/*
 * Nodes that are called by control edges, and what calls give back.
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
