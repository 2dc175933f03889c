/*
 * t/engine/jobs_fake.h - a graph for tests of jobs.
 *
 * Stands in for engine/graph at link time.  What a run does is in its
 * params: {"events": how many chunk events, "end": "completed" (default),
 * "failed", "wait" (until cancelled), "deaf" (not even then, until
 * fake_hear)}.
 */

#ifndef JOBS_FAKE_H
#define JOBS_FAKE_H

#include <inttypes.h>

#include "engine/graph/graph.h"

struct nt_graph {
    int refs;
};

struct nt_run {
    nt_run_sink_t sink;
    json_t       *params;
    nt_graph_t   *graph;
    int64_t       emitted;
    bool          cancelled;
    bool          heard;
    bool          done;
};

static nt_run_t   *fake_deaf;    /* waits for fake_hear */
static int         fake_runs;    /* alive */
static const char *fake_message; /* of failures */

nt_graph_t *
nt_graph_ref(nt_graph_t *graph)
{
    graph->refs++;
    return graph;
}

uint64_t
nt_graph_hash(const nt_graph_t *graph)
{
    return 7;
}

bool
nt_graph_kept_fits(const nt_graph_t *graph, const json_t *kept)
{
    return true;
}

void
nt_run_begin(nt_run_t *run, uint32_t node)
{
}

void
nt_graph_unref(nt_graph_t *graph)
{
    graph->refs--;
}

nt_run_t *
nt_run_new(nt_graph_t *graph, const nt_run_options_t *options,
           const nt_run_sink_t *sink)
{
    nt_run_t *run = calloc(1, sizeof(*run));

    run->sink = *sink;
    run->params = json_incref(options->params);
    run->graph = nt_graph_ref(graph);
    fake_runs++;
    return run;
}

static void
fake_done(nt_run_t *run, nt_run_status_t status)
{
    json_t *result =
        json_pack("{s:i, s:{s:i}}", "output", 7, "results", "x", 7);
    nt_run_result_t end = { .status = status, .result = result };

    if (status == NT_RUN_FAILED) {
        end.node_id = "n1";
        end.node_type = "test.Fail";
        end.message = fake_message ? fake_message : "it failed";
    }

    run->done = true;
    run->sink.done(run->sink.arg, &end);
    json_decref(result);
}

bool
nt_run_pump(nt_run_t *run, unsigned budget)
{
    int64_t events = json_integer_value(json_object_get(run->params, "events"));
    const char *end = json_string_value(json_object_get(run->params, "end"));
    char        line[128];

    if (run->done) {
        return false;
    }

    while (run->emitted < events && !run->cancelled) {
        if (budget-- == 0) {
            return true;
        }
        snprintf(line, sizeof(line), "{\"type\":\"chunk\",\"n\":%" PRId64 "}",
                 ++run->emitted);
        run->sink.event(run->sink.arg, line, strlen(line));
    }

    end = end ? end : "completed";

    if (strcmp(end, "deaf") == 0) {
        fake_deaf = run->heard ? NULL : run;
        if (run->heard) {
            fake_done(run, NT_RUN_CANCELLED);
        }
    } else if (run->cancelled) {
        fake_done(run, NT_RUN_CANCELLED);
    } else if (strcmp(end, "wait") != 0) {
        fake_done(run, strcmp(end, "failed") == 0 ? NT_RUN_FAILED
                                                  : NT_RUN_COMPLETED);
    }

    return false;
}

bool
nt_run_inputs_open(const nt_run_t *run)
{
    return json_object_get(run->params, "inputs") && !run->cancelled;
}

nt_rc_t
nt_run_push_input(nt_run_t *run, const char *name, const char *handle,
                  json_t *value, nt_buf_t *error)
{
    return NT_OK;
}

nt_rc_t
nt_run_end_input(nt_run_t *run, const char *name, nt_buf_t *error)
{
    return NT_OK;
}

/* A run that waits completes when its inputs end. */
void
nt_run_end_inputs(nt_run_t *run)
{
    json_object_set_new(run->params, "end", json_string("completed"));
    json_object_del(run->params, "inputs");
    run->sink.wake(run->sink.arg);
}

void
nt_run_cancel(nt_run_t *run)
{
    run->cancelled = true;
}

void
nt_run_free(nt_run_t *run)
{
    json_decref(run->params);
    nt_graph_unref(run->graph);
    free(run);
    fake_runs--;
}

static void
fake_hear(void)
{
    if (fake_deaf) {
        fake_deaf->heard = true;
        fake_deaf->sink.wake(fake_deaf->sink.arg);
    }
}

#endif
