#include "engine/graph/stream_input.h"

#include "engine/graph/keep.h"

/*
 * Inputs that stay open: they are fed from outside while the run goes on.
 */

#define NT_STREAM_MAX 256 /* values that wait to be sent */

void
nt_stream_open(nt_run_t *run)
{
    nt_node_call_t *call;
    uint32_t        i;

    for (i = 0; i < run->graph->n_nodes; i++) {
        call = &run->calls[i];
        if (call->plan->kind == NT_KIND_INPUT &&
            (call->plan->type->flags & NT_NODE_STREAMING_OUTPUT))
        {
            call->stream = json_array();
            run->nomem |= call->stream == NULL;
            run->open_inputs++;
        }
    }
}

void
nt_stream_close(nt_node_call_t *call)
{
    if (call->stream == NULL) {
        nt_run_end_node(call);
        return;
    }
    call->streams = true;
    nt_run_ready(call->run, call);
}

void
nt_stream_step(nt_node_call_t *call)
{
    json_t *pair;

    if (json_array_size(call->stream) > 0) {
        /* What is fed is nowhere else: no other attempt could have it. */
        nt_keep_fed(call);
        pair = json_incref(json_array_get(call->stream, 0));
        (void) json_array_remove(call->stream, 0);
        nt_run_send(call,
                    (uint32_t) json_integer_value(json_array_get(pair, 0)),
                    json_array_get(pair, 1));
        json_decref(pair);
        nt_run_ready(call->run, call);
        return;
    }
    if (call->stream_end) {
        json_decref(call->stream);
        call->stream = NULL;
        call->run->open_inputs--;
        nt_run_end_node(call);
    }
}

static void
wake(nt_node_call_t *call)
{
    nt_run_t *run = call->run;

    nt_run_ready(run, call);
    if (!run->pumping) {
        run->sink.wake(run->sink.arg);
    }
}

/* The open input of that name; NULL and a sentence. */
static nt_node_call_t *
find(nt_run_t *run, const char *name, nt_buf_t *error)
{
    nt_node_call_t *call;
    uint32_t        i;

    for (i = 0; i < run->graph->n_nodes; i++) {
        call = &run->calls[i];
        if (call->plan->kind != NT_KIND_INPUT ||
            strcmp(call->plan->name, name) != 0) {
            continue;
        }
        if (call->stream != NULL && !call->stream_end && !run->done) {
            return call;
        }
        nt_buf_append_str(error, NT_STR("Input "));
        nt_buf_append_json(error, nt_str(name));
        nt_buf_append_str(error,
                          (call->plan->type->flags & NT_NODE_STREAMING_OUTPUT)
                              ? NT_STR(" has ended and takes no more values")
                              : NT_STR(" takes one value, as a parameter"));
        return NULL;
    }
    nt_buf_append_str(error, NT_STR("The workflow has no input "));
    nt_buf_append_json(error, nt_str(name));
    return NULL;
}

static uint32_t
find_output(const nt_node_plan_t *plan, const char *handle, nt_buf_t *error)
{
    uint32_t i;

    for (i = 0; i < plan->n_outputs; i++) {
        if (handle == NULL || strcmp(plan->outputs[i].name, handle) == 0) {
            return i;
        }
    }
    nt_buf_append_str(error, NT_STR("Input "));
    nt_buf_append_json(error, nt_str(plan->name));
    nt_buf_append_str(error, NT_STR(" has no output "));
    nt_buf_append_json(error, nt_str(handle != NULL ? handle : ""));
    return NT_NONE;
}

static void
refuse(const nt_output_plan_t *output, const json_t *value, nt_buf_t *error)
{
    nt_buf_append_str(error, NT_STR("Output "));
    nt_buf_append_json(error, nt_str(output->name));
    nt_buf_append_str(error, NT_STR(" of the input is "));
    nt_type_write(error, output->type);
    nt_buf_printf(error, ", the value is of type %s", nt_type_of(value));
}

nt_rc_t
nt_run_push_input(nt_run_t *run, const char *name, const char *handle,
                  json_t *value, nt_buf_t *error)
{
    const nt_output_plan_t *output;
    nt_node_call_t         *call;
    json_t                 *converted;
    uint32_t                number;

    call = find(run, name, error);
    if (call == NULL) {
        return NT_ERROR;
    }
    number = find_output(call->plan, handle, error);
    if (number == NT_NONE) {
        return NT_ERROR;
    }
    if (json_array_size(call->stream) >= NT_STREAM_MAX) {
        nt_buf_append_str(error, NT_STR("The input is fed faster than the "
                                        "workflow works; wait and send the "
                                        "value again"));
        return NT_LIMIT;
    }
    output = &call->plan->outputs[number];
    converted = output->type != NULL ? nt_type_convert(output->type, value)
                                     : json_incref(value);
    if (converted == NULL) {
        refuse(output, value, error);
        return NT_ERROR;
    }
    if (json_array_append_new(call->stream,
                              json_pack("[I, o]", (json_int_t) number,
                                        converted)) != 0)
    {
        return NT_NOMEM;
    }
    wake(call);
    return NT_OK;
}

nt_rc_t
nt_run_end_input(nt_run_t *run, const char *name, nt_buf_t *error)
{
    nt_node_call_t *call = find(run, name, error);

    if (call == NULL) {
        return NT_ERROR;
    }
    call->stream_end = true;
    wake(call);
    return NT_OK;
}

bool
nt_run_inputs_open(const nt_run_t *run)
{
    return run->open_inputs > 0 && !run->done;
}

void
nt_run_end_inputs(nt_run_t *run)
{
    nt_node_call_t *call;
    uint32_t        i;

    for (i = 0; i < run->graph->n_nodes; i++) {
        call = &run->calls[i];
        if (call->stream != NULL && !call->stream_end) {
            call->stream_end = true;
            wake(call);
        }
    }
}
