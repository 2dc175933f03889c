/*
 * A workflow's graph compiles or is refused with a reason; one that compiles
 * runs to an end, or can be cancelled; all events are JSON on one line.
 */

#include <stdlib.h>

#include "engine/graph/graph.h"

#define PUMPS_MAX 50 /* of 100 activations */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
on_event(void *arg, const char *line, size_t len)
{
    json_t *event = json_loadb(line, len, 0, NULL);

    if (!json_is_object(event) || memchr(line, '\n', len) != NULL) {
        abort();
    }
    json_decref(event);
    (void) arg;
}


static void
on_done(void *arg, const nt_run_result_t *result)
{
    if (result->status == NT_RUN_FAILED && result->message == NULL) {
        abort();
    }
    *(bool *) arg = true;
}


static void
on_wake(void *arg)
{
    (void) arg;
}


static void
run(nt_graph_t *graph, json_t *params)
{
    bool          done = false;
    nt_run_sink_t sink = {
        .arg = &done, .event = on_event, .done = on_done, .wake = on_wake
    };
    nt_run_options_t options = { .loop = uv_default_loop(),
                                 .params = params,
                                 .workspace = -1,
                                 .assets = -1,
                                 .base_url = "" };
    nt_run_t        *r = nt_run_new(graph, &options, &sink);
    unsigned         pumps = 0;

    while (!done) {
        if (++pumps == PUMPS_MAX) {
            nt_run_cancel(r);
        }
        if (!nt_run_pump(r, 100) && !done) {
            uv_run(options.loop, UV_RUN_ONCE);
        }
    }
    nt_run_free(r);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static nt_registry_t *registry;
    json_t               *source, *errors, *warnings, *params;
    nt_graph_t           *graph;
    nt_buf_t              error = { 0 };

    if (registry == NULL) {
        registry = nt_registry_new();
    }
    source = json_loadb((const char *) data, size, 0, NULL);
    if (source == NULL) {
        return 0;
    }

    errors = json_array();
    warnings = json_array();
    json_decref(nt_graph_input_schema(source, registry));
    json_decref(nt_graph_output_schema(source, registry));
    graph = nt_graph_compile(source, registry, errors, warnings);
    if ((graph == NULL) != (json_array_size(errors) > 0)) {
        abort();
    }

    if (graph != NULL) {
        params = json_object_get(source, "params");
        if (nt_graph_check_params(graph, params, &error) == NT_OK) {
            run(graph, params);
        } else if (error.len == 0) {
            abort();
        }
        nt_buf_free(&error);
        nt_graph_unref(graph);
    }
    json_decref(errors);
    json_decref(warnings);
    json_decref(source);
    return 0;
}
