#include "engine/graph/run.h"

static bool
overwrites(const nt_handle_plan_t *handle, const json_t *value)
{
    if (json_is_null(value)) {
        return false;
    }
    /* A property of any type has no default that an empty list could only
     * be a blank for; the value was meant. */
    return handle->type == NULL ||
           !((json_is_array(value) && json_array_size(value) == 0) ||
             (json_is_object(value) && json_object_size(value) == 0));
}

static void
fail_type(nt_node_call_t *call, const nt_handle_plan_t *handle,
          const json_t *value)
{
    nt_buf_t text = { 0 };

    nt_type_write(&text, handle->type);
    (void) nt_call_fail(call,
                        "input \"%s\" takes %.*s, but a value of type %s came",
                        handle->name, (int) text.len,
                        text.data != NULL ? text.data : "", nt_type_of(value));
    nt_buf_free(&text);
}

/* False after nt_call_fail. */
static bool
check_bounds(nt_node_call_t *call, const nt_handle_plan_t *handle,
             const json_t *value)
{
    nt_buf_t text = { 0 };

    if (handle->bounds == NULL || nt_property_accepts(handle->bounds, value)) {
        return true;
    }
    nt_property_write_bounds(&text, handle->bounds);
    (void) nt_call_fail(call, "input \"%s\" takes %.*s, but %.10g came",
                        handle->name, (int) text.len,
                        text.data != NULL ? text.data : "",
                        json_number_value(value));
    nt_buf_free(&text);
    return false;
}

json_t *
nt_batch_convert(nt_node_call_t *call, uint32_t number, json_t *value)
{
    const nt_handle_plan_t *handle;
    json_t                 *taken;

    handle = &call->run->graph->handles[call->plan->first_handle + number];
    if (handle->type == NULL || json_is_null(value)) {
        return value;
    }
    taken = nt_type_convert(handle->type, value);
    if (taken == NULL) {
        fail_type(call, handle, value);
    } else if (!check_bounds(call, handle, taken)) {
        json_decref(taken);
        taken = NULL;
    }
    json_decref(value);
    return taken;
}

bool
nt_batch_set(nt_node_call_t *call, uint32_t number, json_t *value)
{
    const nt_node_plan_t   *plan = call->plan;
    const nt_handle_plan_t *handle;
    nt_inbox_t             *inbox = &call->inboxes[number];
    json_t                 *taken;

    handle = &call->run->graph->handles[plan->first_handle + number];

    if (handle->property != NT_NONE && !overwrites(handle, value)) {
        taken = json_incref(plan->values[handle->property]);
    } else if (handle->type == NULL) {
        taken = json_incref(value);
    } else {
        taken = nt_type_convert(handle->type, value);
    }
    if (taken == NULL) {
        fail_type(call, handle, value);
        json_decref(value);
        return false;
    }

    json_decref(value);
    if (!check_bounds(call, handle, taken)) {
        json_decref(taken);
        return false;
    }
    json_decref(inbox->value);
    inbox->value = taken;
    if (!inbox->has) {
        inbox->has = true;
        call->missing--;
    }
    return true;
}

/* A handle that has ended without a value: the node will never run. */
static bool
has_empty_handle(const nt_node_call_t *call)
{
    const nt_inbox_t *inbox;
    uint32_t          i;

    for (i = 0; i < call->plan->n_handles; i++) {
        inbox = &call->inboxes[i];
        if (!inbox->has && inbox->count == 0 && inbox->open == 0) {
            return true;
        }
    }
    return false;
}

static nt_batch_t
next_any(nt_node_call_t *call)
{
    uint32_t number;

    while (call->waiting > 0) {
        number = call->plan->n_handles > 1 ? nt_inbox_first(call) : 0;
        if (!nt_batch_set(call, number, nt_run_take(call, number))) {
            return NT_BATCH_FAIL;
        }
        if (call->missing == 0) {
            return NT_BATCH_READY;
        }
    }
    if (call->open == 0 || (call->missing > 0 && has_empty_handle(call))) {
        return NT_BATCH_END;
    }
    return NT_BATCH_WAIT;
}

static nt_batch_t
next_zip(nt_node_call_t *call)
{
    const nt_handle_plan_t *handles;
    nt_inbox_t             *inbox;
    uint32_t                i;
    bool                    wait = false;

    handles = &call->run->graph->handles[call->plan->first_handle];

    for (i = 0; i < call->plan->n_handles; i++) {
        inbox = &call->inboxes[i];
        if (inbox->count > 0 || (inbox->has && !handles[i].streams)) {
            continue;
        }
        if (inbox->open == 0) {
            return NT_BATCH_END;
        }
        wait = true;
    }
    if (wait) {
        return NT_BATCH_WAIT;
    }
    for (i = 0; i < call->plan->n_handles; i++) {
        if (call->inboxes[i].count > 0 &&
            !nt_batch_set(call, i, nt_run_take(call, i))) {
            return NT_BATCH_FAIL;
        }
    }
    return NT_BATCH_READY;
}

bool
nt_batch_collect(nt_node_call_t *call, uint32_t number, json_t *value)
{
    nt_inbox_t *inbox = &call->inboxes[number];
    int         rc;

    if (!inbox->has) {
        inbox->value = json_array();
        inbox->has = true;
        call->missing--;
    }
    rc = json_is_array(value) ? json_array_extend(inbox->value, value)
                              : json_array_append(inbox->value, value);
    json_decref(value);
    if (rc != 0) {
        (void) nt_call_fail(call, "the server is out of memory");
        return false;
    }
    return true;
}

bool
nt_batch_seal(nt_node_call_t *call, uint32_t number)
{
    const nt_handle_plan_t *handle;
    json_t                 *value;

    handle = &call->run->graph->handles[call->plan->first_handle + number];
    if (!handle->aggregate) {
        return true;
    }
    value = call->inboxes[number].value;
    call->inboxes[number].value = NULL;
    return nt_batch_set(call, number, value);
}

static nt_batch_t
next_aggregate(nt_node_call_t *call)
{
    const nt_handle_plan_t *handles;
    json_t                 *value;
    uint32_t                number, i;
    bool                    good;

    handles = &call->run->graph->handles[call->plan->first_handle];

    while (call->waiting > 0) {
        number = nt_inbox_first(call);
        value = nt_run_take(call, number);
        good = handles[number].aggregate ? nt_batch_collect(call, number, value)
                                         : nt_batch_set(call, number, value);
        if (!good) {
            return NT_BATCH_FAIL;
        }
    }
    if (call->open > 0) {
        return NT_BATCH_WAIT;
    }
    if (call->missing > 0 || call->fired) {
        return NT_BATCH_END;
    }

    /* The whole list is checked against the property's type. */
    for (i = 0; i < call->plan->n_handles; i++) {
        if (!nt_batch_seal(call, i)) {
            return NT_BATCH_FAIL;
        }
    }
    return NT_BATCH_READY;
}

nt_batch_t
nt_batch_next(nt_node_call_t *call)
{
    if (call->plan->n_handles == 0) {
        return call->fired ? NT_BATCH_END : NT_BATCH_READY;
    }
    switch (call->plan->sync) {
    case NT_SYNC_ZIP:
        return next_zip(call);
    case NT_SYNC_AGGREGATE:
        return next_aggregate(call);
    case NT_SYNC_ANY:
    default:
        return next_any(call);
    }
}
