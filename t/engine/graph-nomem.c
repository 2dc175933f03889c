/*
 * Memory runs out at every point of compiling and running a graph: it ends
 * with an error or goes on, and nothing is lost (the sanitizer would tell).
 * jansson's allocations fail from one after another on.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/graph/graph.h"
#include "t/core/tap.h"

static const char source[] =
    "{\"nodes\": ["
    "{\"id\": \"in\", \"type\": \"nodetool.input.StringInput\","
    " \"data\": {\"name\": \"text\", \"value\": \"x\", \"max_length\": 3}},"
    "{\"id\": \"day\", \"type\": \"nodetool.constant.Date\","
    " \"data\": {\"year\": 2000}},"
    "{\"id\": \"list\", \"type\": \"nodetool.constant.List\","
    " \"data\": {\"value\": [1, [2], {\"three\": 3.5}, \"four\"]}},"
    "{\"id\": \"each\", \"type\": \"nodetool.control.ForEach\", \"data\": {}},"
    "{\"id\": \"if\", \"type\": \"nodetool.control.If\","
    " \"data\": {\"condition\": true}},"
    "{\"id\": \"all\", \"type\": \"nodetool.control.Collect\", \"data\": {}},"
    "{\"id\": \"a\", \"type\": \"nodetool.output.Output\","
    " \"data\": {\"name\": \"a\"}},"
    "{\"id\": \"b\", \"type\": \"nodetool.output.Output\","
    " \"data\": {\"name\": \"b\"}},"
    "{\"id\": \"c\", \"type\": \"nodetool.workflows.base_node.Preview\"}],"
    "\"edges\": ["
    "{\"id\": \"1\", \"source\": \"list\", \"sourceHandle\": \"output\","
    " \"target\": \"each\", \"targetHandle\": \"input_list\"},"
    "{\"id\": \"2\", \"source\": \"each\", \"sourceHandle\": \"output\","
    " \"target\": \"if\", \"targetHandle\": \"value\"},"
    "{\"id\": \"3\", \"source\": \"if\", \"sourceHandle\": \"if_true\","
    " \"target\": \"all\", \"targetHandle\": \"input_item\"},"
    "{\"id\": \"4\", \"source\": \"all\", \"sourceHandle\": \"output\","
    " \"target\": \"a\", \"targetHandle\": \"value\"},"
    "{\"id\": \"5\", \"source\": \"in\", \"sourceHandle\": \"output\","
    " \"target\": \"b\", \"targetHandle\": \"value\"},"
    "{\"source\": \"day\", \"sourceHandle\": \"output\","
    " \"target\": \"c\", \"targetHandle\": \"value\"},"
    "{\"id\": \"7\", \"source\": \"none\", \"sourceHandle\": \"output\","
    " \"target\": \"c\", \"targetHandle\": \"value\"}]}";

/* An agent with a node that it controls, and a chain that takes a value from
 * outside. */
static const char tools[] =
    "{\"nodes\": ["
    "{\"id\": \"a\", \"type\": \"nodetool.agents.Agent\", \"data\": {},"
    " \"dynamic_outputs\": {\"find\": {\"type\": \"str\"}}},"
    "{\"id\": \"t\", \"type\": \"nodetool.text.Replace\","
    " \"ui_properties\": {\"title\": \"Replace it\"},"
    " \"data\": {\"text\": \"x\"}},"
    "{\"id\": \"s\", \"type\": \"nodetool.constant.String\","
    " \"data\": {\"value\": \"y\"}},"
    "{\"id\": \"c\", \"type\": \"nodetool.text.Concat\", \"data\": {}},"
    "{\"id\": \"p\", \"type\": \"nodetool.workflows.base_node.Preview\"}],"
    "\"edges\": ["
    "{\"id\": \"1\", \"source\": \"a\", \"sourceHandle\": \"__control__\","
    " \"target\": \"t\", \"targetHandle\": \"__control__\","
    " \"edge_type\": \"control\"},"
    "{\"id\": \"2\", \"source\": \"a\", \"sourceHandle\": \"find\","
    " \"target\": \"c\", \"targetHandle\": \"a\"},"
    "{\"id\": \"3\", \"source\": \"s\", \"sourceHandle\": \"output\","
    " \"target\": \"c\", \"targetHandle\": \"b\"},"
    "{\"id\": \"4\", \"source\": \"c\", \"sourceHandle\": \"output\","
    " \"target\": \"p\", \"targetHandle\": \"value\"}]}";

static long allocations, fail_at;

/* True when this allocation is the one to fail; all later ones do, too. */
static bool
is_out(void)
{
    return fail_at > 0 && ++allocations >= fail_at;
}

static void *
test_malloc(size_t size)
{
    return is_out() ? NULL : malloc(size);
}

static void
on_event(void *arg, const char *line, size_t len)
{
    (void) arg;
    (void) line;
    (void) len;
}

static void
on_done(void *arg, const nt_run_result_t *result)
{
    *(int *) arg = result->status == NT_RUN_COMPLETED ? 1
                   : result->message != NULL          ? 2
                                                      : 3;
}

static void
on_wake(void *arg)
{
    (void) arg;
}

/* 1: completed; 2: failed and said why; 0: not compiled. */
static int
attempt(const nt_registry_t *registry, const json_t *graph_json, json_t *params)
{
    nt_run_options_t options = { .loop = uv_default_loop(),
                                 .params = params,
                                 .workspace = -1,
                                 .assets = -1 };
    json_t          *errors = json_array(), *warnings = json_array();
    nt_run_sink_t    sink = { .event = on_event,
                              .done = on_done,
                              .wake = on_wake };
    nt_graph_t      *graph;
    nt_run_t        *run = NULL;
    int              status = 0;

    json_decref(nt_graph_input_schema(graph_json, registry));
    json_decref(nt_graph_output_schema(graph_json, registry));

    sink.arg = &status;
    graph = nt_graph_compile(graph_json, registry, errors, warnings);
    if (graph != NULL) {
        run = nt_run_new(graph, &options, &sink);
    }
    while (run != NULL && status == 0) {
        (void) nt_run_pump(run, 100);
    }
    nt_run_free(run);
    nt_graph_unref(graph);
    json_decref(errors);
    json_decref(warnings);
    return status;
}

/* Whether the graph compiles. */
static bool
compiles(const nt_registry_t *registry, const json_t *graph_json)
{
    json_t     *errors = json_array(), *warnings = json_array();
    nt_graph_t *graph;

    allocations = 0;
    graph = nt_graph_compile(graph_json, registry, errors, warnings);
    nt_graph_unref(graph);
    json_decref(errors);
    json_decref(warnings);
    return graph != NULL;
}

/* Tools need a plan of their own, made of more JSON. */
static void
check_tools(const nt_registry_t *registry)
{
    json_t *graph;
    long    total, compiled = 0;

    fail_at = 0;
    graph = json_loads(tools, 0, NULL);
    fail_at = 1L << 40;
    ok(compiles(registry, graph), "tools compile with memory");
    total = allocations;
    for (fail_at = 1; fail_at <= total; fail_at++) {
        compiled += compiles(registry, graph);
    }
    fail_at = 0;
    is_int(compiled, 0, "tools do not compile without");
    json_decref(graph);
}

int
main(void)
{
    nt_registry_t *registry = nt_registry_new();
    json_t        *graph, *params;
    long           total, completed = 0, silent = 0;
    int            status;

    json_set_alloc_funcs(test_malloc, free);
    graph = json_loads(source, 0, NULL);
    params = json_pack("{s:s}", "text", "abc");
    if (registry == NULL || graph == NULL || params == NULL) {
        return 1;
    }

    fail_at = 1L << 40;
    ok(attempt(registry, graph, params) == 1, "completes with memory");
    total = allocations;

    for (fail_at = 1; fail_at <= total; fail_at++) {
        allocations = 0;
        status = attempt(registry, graph, params);
        completed += status == 1;
        silent += status == 3;
    }
    fail_at = 0;
    is_int(completed, 0, "does not complete without");
    is_int(silent, 0, "says why it has failed");
    ok(total > 100, "%ld allocations failed", total);
    check_tools(registry);

    json_decref(graph);
    json_decref(params);
    nt_registry_free(registry);
    return done();
}
