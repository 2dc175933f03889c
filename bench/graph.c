/*
 * What the graph runner costs, on one core, in one process:
 *
 *   - runs a second of a graph of three nodes, events included, beside the
 *     time that jansson takes to parse and write the same events' JSON: what
 *     any engine would at least do that makes its events with a JSON library
 *   - values a second along the edges of a chain of five nodes, events
 *     included
 *
 * bench/graph.sh builds and starts it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/graph/graph.h"

#define RUNS   50000
#define VALUES 200000
#define SAMPLE 2000 /* values whose events are parsed and written */
#define ROUNDS 5

static const char three_nodes[] =
    "{\"nodes\": ["
    "{\"id\": \"in\", \"type\": \"nodetool.input.StringInput\","
    " \"data\": {\"name\": \"text\", \"value\": \"\"}},"
    "{\"id\": \"pass\", \"type\": \"nodetool.control.Reroute\", \"data\": {}},"
    "{\"id\": \"out\", \"type\": \"nodetool.output.Output\","
    " \"data\": {\"name\": \"output\"}}],"
    "\"edges\": ["
    "{\"id\": \"e1\", \"source\": \"in\", \"sourceHandle\": \"output\","
    " \"target\": \"pass\", \"targetHandle\": \"input_value\"},"
    "{\"id\": \"e2\", \"source\": \"pass\", \"sourceHandle\": \"output\","
    " \"target\": \"out\", \"targetHandle\": \"value\"}]}";

static const char five_nodes[] =
    "{\"nodes\": ["
    "{\"id\": \"each\", \"type\": \"nodetool.control.ForEach\", \"data\": {}},"
    "{\"id\": \"in\", \"type\": \"nodetool.constant.List\", \"data\": {}},"
    "{\"id\": \"a\", \"type\": \"nodetool.control.Reroute\", \"data\": {}},"
    "{\"id\": \"b\", \"type\": \"nodetool.control.If\","
    " \"data\": {\"condition\": true}},"
    "{\"id\": \"c\", \"type\": \"nodetool.control.Reroute\", \"data\": {}},"
    "{\"id\": \"d\", \"type\": \"nodetool.control.Collect\", \"data\": {}}],"
    "\"edges\": ["
    "{\"id\": \"e0\", \"source\": \"in\", \"sourceHandle\": \"output\","
    " \"target\": \"each\", \"targetHandle\": \"input_list\"},"
    "{\"id\": \"e1\", \"source\": \"each\", \"sourceHandle\": \"output\","
    " \"target\": \"a\", \"targetHandle\": \"input_value\"},"
    "{\"id\": \"e2\", \"source\": \"a\", \"sourceHandle\": \"output\","
    " \"target\": \"b\", \"targetHandle\": \"value\"},"
    "{\"id\": \"e3\", \"source\": \"b\", \"sourceHandle\": \"if_true\","
    " \"target\": \"c\", \"targetHandle\": \"input_value\"},"
    "{\"id\": \"e4\", \"source\": \"c\", \"sourceHandle\": \"output\","
    " \"target\": \"d\", \"targetHandle\": \"input_item\"}]}";

typedef struct {
    size_t  events;
    size_t  bytes;
    bool    done;
    bool    good;
    bool    keep;
    json_t *lines;
} count_t;

static void
on_event(void *arg, const char *line, size_t len)
{
    count_t *count = arg;

    count->events++;
    count->bytes += len;
    if (count->keep) {
        json_array_append_new(count->lines, json_stringn(line, len));
    }
}

static void
on_done(void *arg, const nt_run_result_t *result)
{
    count_t *count = arg;

    count->done = true;
    count->good = result->status == NT_RUN_COMPLETED;
}

static void
on_wake(void *arg)
{
    (void) arg;
}

static double
now(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

static void
run_once(nt_graph_t *graph, json_t *params, count_t *count)
{
    nt_run_sink_t sink = {
        .arg = count, .event = on_event, .done = on_done, .wake = on_wake
    };
    nt_run_options_t options = { .loop = uv_default_loop(),
                                 .params = params,
                                 .workspace = -1,
                                 .assets = -1 };
    nt_run_t        *run;

    count->done = false;
    run = nt_run_new(graph, &options, &sink);
    if (run == NULL) {
        exit(1);
    }
    while (!count->done) {
        (void) nt_run_pump(run, 1000);
    }
    nt_run_free(run);
    if (!count->good) {
        (void) fprintf(stderr, "the run failed\n");
        exit(1);
    }
}

static int
compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static double
median(double *times)
{
    qsort(times, ROUNDS, sizeof(*times), compare);
    return times[ROUNDS / 2];
}

static nt_graph_t *
compile(const char *text, const nt_registry_t *registry)
{
    json_t     *source = json_loads(text, 0, NULL);
    json_t     *errors = json_array(), *warnings = json_array();
    nt_graph_t *graph;

    graph = nt_graph_compile(source, registry, errors, warnings);
    if (graph == NULL) {
        json_dumpf(errors, stderr, 0);
        exit(1);
    }
    json_decref(source);
    json_decref(errors);
    json_decref(warnings);
    return graph;
}

/* Parses and writes the events of one run. */
static void
floor_once(const json_t *lines)
{
    size_t  i;
    json_t *event;
    char    text[4096];

    for (i = 0; i < json_array_size(lines); i++) {
        event =
            json_loads(json_string_value(json_array_get(lines, i)), 0, NULL);
        (void) json_dumpb(event, text, sizeof(text), JSON_COMPACT);
        json_decref(event);
    }
}

static void
bench_runs(const nt_registry_t *registry)
{
    nt_graph_t *graph = compile(three_nodes, registry);
    json_t     *params = json_pack("{s:s}", "text", "Hello, world");
    count_t     count = { .keep = true, .lines = json_array() };
    double      times[ROUNDS], floors[ROUNDS], start;
    int         i, n;

    run_once(graph, params, &count);
    count.keep = false;
    (void) printf("three nodes, a run has %zu events of %zu bytes\n",
                  count.events, count.bytes);

    for (i = 0; i < ROUNDS; i++) {
        start = now();
        for (n = 0; n < RUNS; n++) {
            run_once(graph, params, &count);
        }
        times[i] = now() - start;

        start = now();
        for (n = 0; n < RUNS; n++) {
            floor_once(count.lines);
        }
        floors[i] = now() - start;
    }
    (void) printf("  %10.0f runs/s\n", RUNS / median(times));
    (void) printf("  %10.0f runs/s if jansson parsed and wrote these events\n",
                  RUNS / median(floors));
    json_decref(params);
    json_decref(count.lines);
    nt_graph_unref(graph);
}

/* The chain with a list of `n` integers to go through. */
static nt_graph_t *
compile_chain(const nt_registry_t *registry, int n)
{
    json_t     *source = json_loads(five_nodes, 0, NULL);
    json_t     *list = json_array(), *node;
    nt_graph_t *graph;
    char       *text;
    int         i;

    for (i = 0; i < n; i++) {
        json_array_append_new(list, json_integer(i));
    }
    node = json_array_get(json_object_get(source, "nodes"), 1);
    json_object_set_new(json_object_get(node, "data"), "value", list);
    text = json_dumps(source, 0);
    graph = compile(text, registry);
    free(text);
    json_decref(source);
    return graph;
}

static void
bench_values(const nt_registry_t *registry)
{
    nt_graph_t *graph = compile_chain(registry, VALUES);
    nt_graph_t *sample = compile_chain(registry, SAMPLE);
    count_t     count = { 0 };
    count_t     kept = { .keep = true, .lines = json_array() };
    double      times[ROUNDS], floors[ROUNDS], start;
    int         i;

    run_once(sample, NULL, &kept);
    for (i = 0; i < ROUNDS; i++) {
        start = now();
        run_once(graph, NULL, &count);
        times[i] = now() - start;

        start = now();
        floor_once(kept.lines);
        floors[i] = now() - start;
    }
    (void) printf("a chain of five nodes, %d values, %.1f events a value\n",
                  VALUES, (double) count.events / ROUNDS / VALUES);
    (void) printf("  %10.0f values/s along edges\n",
                  4.0 * VALUES / median(times));
    (void) printf("  %10.0f values/s through the chain\n",
                  VALUES / median(times));
    (void) printf("  %10.0f values/s if jansson parsed and wrote these "
                  "events\n",
                  SAMPLE / median(floors));
    json_decref(kept.lines);
    nt_graph_unref(graph);
    nt_graph_unref(sample);
}

int
main(void)
{
    nt_registry_t *registry = nt_registry_new();

    if (registry == NULL) {
        return 1;
    }
    bench_runs(registry);
    bench_values(registry);
    nt_registry_free(registry);
    return 0;
}
