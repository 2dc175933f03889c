#include "engine/graph/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/json.h"

/*
 * What nodes call (engine/nodetool_node.h), but for files, which are in
 * engine/assets.  On the pool, values and events are kept in the call and
 * done on the loop when the node has returned.
 */

void
nt_call_reset(nt_node_call_t *call)
{
    size_t i;

    json_decref(call->dynamic);
    call->dynamic = NULL;
    json_decref(call->item);
    call->item = NULL;
    json_decref(call->arguments);
    call->arguments = NULL;
    free(call->key);
    call->key = NULL;

    for (i = 0; i < call->n_ops; i++) {
        if (call->ops[i].kind == NT_OP_EMIT) {
            json_decref(call->ops[i].value);
        } else if (call->ops[i].kind == NT_OP_EVENT) {
            free(call->ops[i].line);
        }
    }
    free(call->ops);
    call->ops = NULL;
    call->n_ops = 0;
    call->cap_ops = 0;
}

void
nt_call_free_state(nt_node_call_t *call)
{
    if (call->state == NULL) {
        return;
    }
    if (call->free_state != NULL) {
        call->free_state(call->state);
    }
    free(call->state);
    call->state = NULL;
}

static nt_op_t *
add_op(nt_node_call_t *call)
{
    nt_op_t *ops;
    size_t   cap;

    if (call->n_ops == call->cap_ops) {
        cap = call->cap_ops > 0 ? 2 * call->cap_ops : 8;
        ops = realloc(call->ops, cap * sizeof(*ops));
        if (ops == NULL) {
            return NULL;
        }
        call->ops = ops;
        call->cap_ops = cap;
    }
    return &call->ops[call->n_ops++];
}

void
nt_call_replay(nt_node_call_t *call)
{
    nt_op_t *op;
    size_t   i;

    for (i = 0; i < call->n_ops; i++) {
        op = &call->ops[i];
        switch (op->kind) {
        case NT_OP_EMIT:
            if (!call->closed[op->output]) {
                nt_run_send(call, op->output, op->value);
            }
            json_decref(op->value);
            break;
        case NT_OP_CLOSE:
            nt_run_close(call, op->output);
            break;
        case NT_OP_EVENT:
            nt_event_raw(call->run, op->line, op->len);
            free(op->line);
            break;
        }
    }
    call->n_ops = 0;
}

json_t *
nt_call_input(nt_node_call_t *call, const char *name)
{
    const nt_node_plan_t *plan = call->plan;
    const nt_property_t  *properties = plan->type->properties;
    nt_handle_plan_t     *handles;
    nt_inbox_t           *inbox;
    json_t               *value;
    uint32_t              i;

    if (call->arguments != NULL) {
        value = json_object_get(call->arguments, name);
        if (value != NULL) {
            return value;
        }
    }
    for (i = 0; i < plan->n_properties; i++) {
        if (properties[i].name != name && strcmp(properties[i].name, name) != 0)
        {
            continue;
        }
        if (plan->handles[i] != NT_NONE) {
            inbox = &call->run->inboxes[plan->handles[i]];
            return inbox->value != NULL ? inbox->value : plan->values[i];
        }
        if (plan->kind == NT_KIND_INPUT && strcmp(name, "value") == 0) {
            return call->item;
        }
        return plan->values[i];
    }

    handles = call->run->graph->handles + plan->first_handle;
    for (i = 0; plan->dynamic_edges && i < plan->n_handles; i++) {
        if (strcmp(handles[i].name, name) == 0) {
            return call->inboxes[i].value;
        }
    }
    return json_object_get(plan->dynamic, name);
}

const char *
nt_call_string(nt_node_call_t *call, const char *name, size_t *len)
{
    const json_t *value = nt_call_input(call, name);

    if (len != NULL) {
        *len = json_string_length(value);
    }
    return json_is_string(value) ? json_string_value(value) : "";
}

int64_t
nt_call_int(nt_node_call_t *call, const char *name)
{
    return json_integer_value(nt_call_input(call, name));
}

double
nt_call_float(nt_node_call_t *call, const char *name)
{
    return json_number_value(nt_call_input(call, name));
}

bool
nt_call_bool(nt_node_call_t *call, const char *name)
{
    return json_is_true(nt_call_input(call, name));
}

json_t *
nt_call_dynamic(nt_node_call_t *call)
{
    const nt_node_plan_t   *plan = call->plan;
    const nt_handle_plan_t *handle;
    const char             *name;
    json_t                 *value;
    uint32_t                i;

    if (plan->dynamic != NULL && !plan->dynamic_edges &&
        call->arguments == NULL) {
        return plan->dynamic;
    }
    if (call->dynamic != NULL) {
        return call->dynamic;
    }

    call->dynamic =
        plan->dynamic != NULL ? json_copy(plan->dynamic) : json_object();
    for (i = 0; i < plan->n_handles; i++) {
        handle = &call->run->graph->handles[plan->first_handle + i];
        if (handle->property == NT_NONE && call->inboxes[i].value != NULL) {
            json_object_set(call->dynamic, handle->name,
                            call->inboxes[i].value);
        }
    }
    json_object_foreach(call->arguments, name, value)
    {
        if (nt_type_property(plan->type, name) == NT_NONE) {
            json_object_set(call->dynamic, name, value);
        }
    }
    return call->dynamic;
}

static uint32_t
find_output(const nt_node_plan_t *plan, const char *name)
{
    uint32_t i;

    for (i = 0; i < plan->n_outputs; i++) {
        if (plan->outputs[i].name == name ||
            strcmp(plan->outputs[i].name, name) == 0) {
            return i;
        }
    }
    return NT_NONE;
}

nt_node_rc_t
nt_call_emit(nt_node_call_t *call, const char *name, json_t *value)
{
    uint32_t output;
    nt_op_t *op;

    if (value == NULL) {
        return nt_call_fail(call, "the server is out of memory");
    }
    output = find_output(call->plan, name);
    if (output == NT_NONE) {
        json_decref(value);
        return nt_call_fail(call, "there is no output \"%s\"", name);
    }

    if (!call->on_pool) {
        if (call->fiber != NULL && !nt_call_wait_room(call)) {
            json_decref(value);
            return nt_call_fail(call, "the job ends");
        }
        if (!call->closed[output]) {
            nt_run_send(call, output, value);
        }
        json_decref(value);
        return NT_NODE_DONE;
    }

    op = add_op(call);
    if (op == NULL) {
        json_decref(value);
        return nt_call_fail(call, "the server is out of memory");
    }
    *op = (nt_op_t) { .kind = NT_OP_EMIT, .output = output, .value = value };
    return NT_NODE_DONE;
}

void
nt_call_close(nt_node_call_t *call, const char *name)
{
    uint32_t output;
    nt_op_t *op;

    output = find_output(call->plan, name);
    if (output == NT_NONE) {
        return;
    }
    if (!call->on_pool) {
        nt_run_close(call, output);
        return;
    }
    /* Without memory for it, the output ends with the node. */
    op = add_op(call);
    if (op != NULL) {
        *op = (nt_op_t) { .kind = NT_OP_CLOSE, .output = output };
    }
}

nt_node_rc_t
nt_call_fail(nt_node_call_t *call, const char *format, ...)
{
    va_list args;

    if (call->error != NULL) {
        return NT_NODE_FAIL; /* the first reason is the one that counts */
    }
    va_start(args, format);
    if (vasprintf(&call->error, format, args) < 0) {
        call->error = NULL;
    }
    va_end(args);
    return NT_NODE_FAIL;
}

char *
nt_call_take_error(nt_node_call_t *call)
{
    char *error = call->error;

    call->error = NULL;
    return error;
}

/* Sends the event in `buf`, or keeps it until the node is off the pool. */
static void
send_event(nt_node_call_t *call, nt_buf_t *buf)
{
    nt_op_t *op;

    if (!buf->failed && !call->on_pool) {
        nt_event_raw(call->run, buf->data, buf->len);
    } else if (!buf->failed) {
        op = add_op(call);
        if (op != NULL) {
            *op = (nt_op_t) { .kind = NT_OP_EVENT,
                              .line = buf->data,
                              .len = buf->len };
            return;
        }
    }
    nt_buf_free(buf);
}

void
nt_call_progress(nt_node_call_t *call, int64_t progress, int64_t total)
{
    nt_buf_t buf = { 0 };

    nt_event_begin(&buf, call, "node_progress");
    nt_buf_printf(&buf, ",\"progress\":%lld,\"total\":%lld}",
                  (long long) progress, (long long) total);
    send_event(call, &buf);
}

void
nt_call_log(nt_node_call_t *call, const char *severity, const char *format, ...)
{
    nt_buf_t buf = { 0 };
    va_list  args;
    char    *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        va_end(args);
        return;
    }
    va_end(args);

    nt_event_begin(&buf, call, "log_update");
    nt_buf_append_str(&buf, NT_STR(",\"node_name\":"));
    nt_buf_append_json(&buf, nt_str(call->plan->type->title));
    nt_buf_append_str(&buf, NT_STR(",\"content\":"));
    nt_buf_append_json(&buf, nt_str(text));
    nt_buf_append_str(&buf, NT_STR(",\"severity\":"));
    nt_buf_append_json(&buf, nt_str(severity));
    nt_buf_append_char(&buf, '}');
    free(text);
    send_event(call, &buf);
}

void
nt_call_chunk(nt_node_call_t *call, const char *content, size_t len, bool done)
{
    nt_buf_t buf = { 0 };

    nt_event_begin(&buf, call, "chunk");
    nt_buf_append_str(&buf, NT_STR(",\"content_type\":\"text\",\"content\":"));
    nt_buf_append_json(&buf, (nt_str_t) { content, len });
    nt_buf_append_str(&buf, done ? NT_STR(",\"done\":true}")
                                 : NT_STR(",\"done\":false}"));
    send_event(call, &buf);
}

void
nt_call_event(nt_node_call_t *call, const char *type, json_t *members)
{
    const char *name;
    json_t     *value;
    nt_buf_t    buf = { 0 };

    nt_event_begin(&buf, call, type);
    json_object_foreach(members, name, value)
    {
        nt_buf_append_char(&buf, ',');
        nt_buf_append_json(&buf, nt_str(name));
        nt_buf_append_char(&buf, ':');
        nt_json_append(&buf, value);
    }
    nt_buf_append_char(&buf, '}');
    json_decref(members);
    send_event(call, &buf);
}

void *
nt_call_state(nt_node_call_t *call, size_t size,
              void (*free_state)(void *state))
{
    if (call->state == NULL) {
        call->state = calloc(1, size > 0 ? size : 1);
        call->free_state = free_state;
    }
    return call->state;
}

bool
nt_call_cancelled(nt_node_call_t *call)
{
    return __atomic_load_n(&call->run->cancelled, __ATOMIC_RELAXED);
}

const nt_node_type_t *
nt_call_type(nt_node_call_t *call)
{
    return call->plan->type;
}

const char *
nt_call_node_id(nt_node_call_t *call)
{
    return call->plan->id;
}
