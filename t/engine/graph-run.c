/*
 * Runs graphs for tests written in Perl, with node types of the folder of
 * plugins in the first argument (or "-"), of that of packs in the second:
 * reads one JSON object a line from stdin, {"graph": ..., "params": ...,
 * "budget": n, "cancel": pump, "cancel_ms": n, "allow": NT_ALLOW_... as a
 * number, "kept": [...]}, and writes one a line, {"errors", "warnings",
 * "params_error", "events", "status", "result", "failure", "hash", "marks"}:
 * marks are entries of kept, each with the number of events before it.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/graph/graph.h"

static nt_http_client_t *http; /* $NODETOOL_HTTP_ALLOW is its --http-allow */

typedef struct {
    json_t *reply;
    json_t *events;
    json_t *marks;
    bool    done;
    bool    waiting; /* in the loop */
    bool    woken;
    bool    cancelled; /* after cancel_ms */
    json_t *begins;    /* numbers of nodes that wait for it */
} test_t;

static void
on_event(void *arg, const char *line, size_t len)
{
    test_t      *test = arg;
    json_error_t error;
    json_t      *event;

    event = json_loadb(line, len, 0, &error);
    if (event == NULL) {
        (void) fprintf(stderr, "event is not JSON: %.*s\n", (int) len, line);
        abort();
    }
    json_array_append_new(test->events, event);
}

static void
on_done(void *arg, const nt_run_result_t *result)
{
    static const char *const names[] = { "completed", "failed", "cancelled" };
    test_t                  *test = arg;

    if (test->done) {
        abort();
    }
    test->done = true;
    json_object_set_new(test->reply, "status",
                        json_string(names[result->status]));
    json_object_set(test->reply, "result", result->result);
    json_object_set(test->reply, "results", result->results);
    json_object_set_new(test->reply, "failure",
                        json_pack("{s:s?, s:s?, s:s?}", "node_id",
                                  result->node_id, "node_type",
                                  result->node_type, "message",
                                  result->message));
}

/* The loop runs timers first, and would then wait for something else. */
static void
on_wake(void *arg)
{
    test_t *test = arg;

    test->woken = true;
    if (test->waiting) {
        uv_stop(uv_default_loop());
    }
}

static void
on_cancel(uv_timer_t *timer)
{
    test_t *test = timer->data;

    test->cancelled = true;
    on_wake(test);
}

static void
on_completed(void *arg, const char *node_id, json_t *outputs)
{
    test_t *test = arg;

    json_array_append_new(test->marks,
                          json_pack("{s:s, s:o, s:I}", "node", node_id,
                                    "outputs", outputs, "at",
                                    (json_int_t) json_array_size(
                                        test->events)));
}

static bool
on_begin(void *arg, const char *node_id, uint32_t node)
{
    test_t *test = arg;

    json_array_append_new(test->marks, json_pack("{s:s, s:b, s:I}", "node",
                                                 node_id, "begun", 1, "at",
                                                 (json_int_t) json_array_size(
                                                     test->events)));
    json_array_append_new(test->begins, json_integer(node));
    test->woken = true;
    return false;
}

/* A folder that the request names; -1 when it names none. */
static int
folder(const json_t *request, const char *name)
{
    const char *path = json_string_value(json_object_get(request, name));

    return path != NULL ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static nt_registry_t *registry;
static nt_results_t  *results;

/* A workflow of the request's "workflows", {id: {"graph", "tool_name"}}. */
static bool
find_workflow(void *arg, const char *name, bool tool, nt_subworkflow_t *found,
              nt_buf_t *error)
{
    const json_t *request = arg;
    const char   *id, *text;
    json_t *workflow, *graph, *errors = json_array(), *warnings = json_array();

    json_object_foreach(json_object_get(request, "workflows"), id, workflow)
    {
        text = tool ? json_string_value(json_object_get(workflow, "tool_name"))
                    : id;
        if (text != NULL && strcmp(text, name) == 0) {
            graph = json_object_get(workflow, "graph");
            found->graph = nt_graph_compile(graph, registry, errors, warnings);
            found->view = json_pack("{s:s, s:s, s:o}", "id", id, "description",
                                    "described", "input_schema",
                                    nt_graph_input_schema(graph, registry));
        }
    }
    json_decref(errors);
    json_decref(warnings);
    if (found->graph == NULL) {
        nt_buf_printf(error, "there is no workflow %s", name);
        json_decref(found->view);
    }
    return found->graph != NULL;
}

/* Does the first of "feed", [{"input", "handle", "value" | "end"}], and says
 * in the reply how that went. False when there is none. */
static bool
feed(nt_run_t *run, json_t *list, json_t *reply)
{
    json_t     *what = json_incref(json_array_get(list, 0)), *value;
    const char *input;
    nt_buf_t    error = { 0 };
    nt_rc_t     rc;

    if (what == NULL) {
        return false;
    }
    (void) json_array_remove(list, 0);
    input = json_string_value(json_object_get(what, "input"));
    value = json_object_get(what, "value");
    rc = value != NULL ? nt_run_push_input(run, input,
                                           json_string_value(
                                               json_object_get(what, "handle")),
                                           value, &error)
                       : nt_run_end_input(run, input, &error);
    json_array_append_new(json_object_get(reply, "fed"),
                          json_pack("[i, s%]", (int) rc,
                                    error.data != NULL ? error.data : "",
                                    error.len));
    nt_buf_free(&error);
    json_decref(what);
    return true;
}

static nt_run_options_t
options_of(const json_t *request)
{
    return (nt_run_options_t) {
        .loop = uv_default_loop(),
        .params = json_object_get(request, "params"),
        .workspace = folder(request, "workspace"),
        .workspace_name =
            json_string_value(json_object_get(request, "workspace_name")),
        .assets = folder(request, "assets"),
        .base_url = "http://test",
        .workflow = find_workflow,
        .workflow_arg = (void *) request,
        .workflow_id = "main",
        .http = http,
        .allow =
            (unsigned) json_integer_value(json_object_get(request, "allow")),
        .kept = json_object_get(request, "kept"),
        .results = results,
        .user = json_string_value(json_object_get(request, "user")),
        .open_inputs = json_object_get(request, "feed") != NULL
    };
}

/* Pumps to the end, "budget" steps at a time; cancels before the pump
 * "cancel".  How many pumps there were. */
static json_int_t
pump(test_t *test, nt_run_t *run, const json_t *request)
{
    size_t     i;
    json_t    *node, *cancel = json_object_get(request, "cancel");
    json_int_t pumps = 0,
               last = cancel != NULL ? json_integer_value(cancel) : -1;
    json_int_t budget = json_integer_value(json_object_get(request, "budget"));

    while (!test->done) {
        if (pumps++ == last || test->cancelled) {
            test->cancelled = false;
            nt_run_cancel(run);
        }
        if (!feed(run, json_object_get(request, "feed"), test->reply) &&
            !nt_run_pump(run, budget > 0 ? (unsigned) budget : 1000) &&
            !test->done)
        {
            while (!test->woken && pumps > last) {
                test->waiting = true;
                uv_run(uv_default_loop(), UV_RUN_ONCE);
                test->waiting = false;
            }
            test->woken = false;
        }
        json_array_foreach(test->begins, i, node)
        {
            nt_run_begin(run, (uint32_t) json_integer_value(node));
        }
        json_array_clear(test->begins);
    }
    return pumps;
}

static void
start_timer(uv_timer_t *timer, test_t *test, const json_t *request)
{
    json_t *after = json_object_get(request, "cancel_ms");

    uv_update_time(uv_default_loop());
    (void) uv_timer_init(uv_default_loop(), timer);
    timer->data = test;
    if (after != NULL) {
        (void) uv_timer_start(timer, on_cancel,
                              (uint64_t) json_integer_value(after), 0);
    }
}

static void
run(nt_graph_t *graph, const json_t *request, json_t *reply)
{
    test_t           test = { .reply = reply,
                              .events = json_array(),
                              .marks = json_array(),
                              .begins = json_array() };
    nt_run_sink_t    sink = { .arg = &test,
                              .event = on_event,
                              .done = on_done,
                              .wake = on_wake,
                              .completed = on_completed,
                              .begin = on_begin };
    nt_run_options_t options = options_of(request);
    char             hash[NT_GRAPH_HASH_LEN];
    uv_timer_t       timer;
    nt_run_t        *run;

    start_timer(&timer, &test, request);
    json_object_set_new(reply, "fed", json_array());
    run = nt_run_new(graph, &options, &sink);
    json_object_set_new(reply, "pumps",
                        json_integer(pump(&test, run, request)));
    nt_run_free(run);
    uv_close((uv_handle_t *) &timer, NULL);
    (void) uv_run(options.loop, UV_RUN_NOWAIT);
    json_decref(test.begins);
    if (options.workspace != -1) {
        (void) close(options.workspace);
    }
    if (options.assets != -1) {
        (void) close(options.assets);
    }
    json_object_set_new(reply, "events", test.events);
    json_object_set_new(reply, "marks", test.marks);
    (void) snprintf(hash, sizeof(hash), "%016" PRIx64, nt_graph_hash(graph));
    json_object_set_new(reply, "hash", json_string(hash));
}

static json_t *
answer(const json_t *request)
{
    nt_graph_t *graph;
    nt_buf_t    error = { 0 };
    json_t     *errors = json_array(), *warnings = json_array();
    json_t     *params, *reply;

    if (json_object_get(request, "metadata") != NULL) {
        json_decref(errors);
        json_decref(warnings);
        return json_pack("{s:o}", "metadata", nt_registry_metadata(registry));
    }
    graph = nt_graph_compile(json_object_get(request, "graph"), registry,
                             errors, warnings);
    reply = json_pack("{s:o, s:o}", "errors", errors, "warnings", warnings);
    json_object_set_new(reply, "input_schema",
                        nt_graph_input_schema(json_object_get(request, "graph"),
                                              registry));
    json_object_set_new(reply, "output_schema",
                        nt_graph_output_schema(json_object_get(request,
                                                               "graph"),
                                               registry));
    if (graph == NULL) {
        return reply;
    }

    params = json_object_get(request, "params");
    if (params != NULL && nt_graph_check_params(graph, params, &error) != NT_OK)
    {
        json_object_set_new(reply, "params_error",
                            json_stringn(error.data, error.len));
    } else {
        run(graph, request, reply);
    }
    nt_buf_free(&error);
    nt_graph_unref(graph);
    return reply;
}

static void
log_plugin(const char *message)
{
    (void) fprintf(stderr, "%s\n", message);
}

/* "-" or a folder of plugins; NULL or one of packs. */
static bool
load(const char *plugins, const char *packs)
{
    return nt_registry_packs(registry, packs, log_plugin) &&
           (strcmp(plugins, "-") == 0 ||
            nt_registry_load(registry, plugins, log_plugin) >= 0);
}

int
main(int argc, char **argv)
{
    nt_http_options_t options = { .allow = getenv("NODETOOL_HTTP_ALLOW"),
                                  .ca_file = getenv("SSL_CERT_FILE") };
    json_t           *request, *reply;
    char             *line = NULL, *text, error[128];
    size_t            cap = 0;

    if (argc < 2) {
        (void) puts("1..0 # SKIP the graph tests use this program");
        return 0;
    }
    (void) signal(SIGPIPE, SIG_IGN); /* as the engine does */
    http =
        nt_http_client_new(uv_default_loop(), &options, error, sizeof(error));
    registry = nt_registry_new();
    results = nt_results_new(10000, 1000);
    if (http == NULL || registry == NULL || !load(argv[1], argv[2])) {
        return 1;
    }
    while (getline(&line, &cap, stdin) > 0) {
        request = json_loads(line, 0, NULL);
        if (request == NULL) {
            return 1;
        }
        reply = answer(request);
        text = json_dumps(reply, JSON_COMPACT);
        (void) puts(text);
        (void) fflush(stdout);
        free(text);
        json_decref(reply);
        json_decref(request);
    }
    free(line);
    nt_registry_free(registry);
    nt_results_free(results);
    nt_http_client_free(http);
    (void) uv_run(uv_default_loop(), UV_RUN_DEFAULT); /* handles that close */
    return uv_loop_close(uv_default_loop()) == 0 ? 0 : 1;
}
