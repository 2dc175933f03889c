/*
 * engine/graph/graph.h - workflows as graphs of actors.
 *
 * Knows nothing of jobs, sockets or Redis.  A graph is compiled once from a
 * workflow's JSON and may then be run many times, at the same time; a run
 * takes parameters and reports to a sink.
 *
 * All functions belong to the thread of the loop.
 */

#ifndef NT_GRAPH_H
#define NT_GRAPH_H

#include <jansson.h>
#include <uv.h>

#include "core/nt_buf.h"
#include "engine/graph/results.h"
#include "engine/http/http.h"
#include "engine/nodes/registry.h"
#include "engine/settings/values.h"

typedef struct nt_graph nt_graph_t;
typedef struct nt_run   nt_run_t;

/*
 * Compiles {"nodes": [...], "edges": [...]}.  Faults that forbid a run are
 * appended to `errors`, a JSON array of {"message", "node_id"?, "node_type"?,
 * "edge_id"?, "property"?}; then NULL is returned.  What NodeTool drops
 * silently (edges to nowhere) is dropped and listed in `warnings`, of the
 * same shape.  A graph is immutable and counted: one reference is the
 * caller's.  The registry must outlive it.
 */
nt_graph_t *nt_graph_compile(const json_t *graph, const nt_registry_t *registry,
                             json_t *errors, json_t *warnings);
/* The same; nodes of the type `own` may be among them, which need not be in
 * the registry and outlives the graph: its author's own code, which finds what
 * it is about by nt_call_owner. */
nt_graph_t *nt_graph_compile_own(const json_t         *graph,
                                 const nt_registry_t  *registry,
                                 const nt_node_type_t *own, json_t *errors,
                                 json_t *warnings);

nt_graph_t *nt_graph_ref(nt_graph_t *graph);
void        nt_graph_unref(nt_graph_t *graph);

/* Of the JSON that it was compiled from; in hexadecimal, with its NUL, it has
 * NT_GRAPH_HASH_LEN characters. */
uint64_t nt_graph_hash(const nt_graph_t *graph);
#define NT_GRAPH_HASH_LEN 17

/* True when `kept` (see nt_run_options_t) was kept by runs of this graph. */
bool nt_graph_kept_fits(const nt_graph_t *graph, const json_t *kept);

/* JSON Schemas of the parameters and of the results; new references. They
 * need only the nodes' types and data, so they are made from workflows that
 * do not compile, too. */
json_t *nt_graph_input_schema(const json_t        *graph,
                              const nt_registry_t *registry);
json_t *nt_graph_output_schema(const json_t        *graph,
                               const nt_registry_t *registry);

/* Checks `params` (object) against the input nodes: unknown names, types,
 * bounds, missing required.  NT_ERROR with a sentence in `error` that names
 * the parameter, what was expected and what came. */
nt_rc_t nt_graph_check_params(const nt_graph_t *graph, const json_t *params,
                              nt_buf_t *error);

typedef enum {
    NT_RUN_COMPLETED,
    NT_RUN_FAILED,
    NT_RUN_CANCELLED
} nt_run_status_t;

typedef struct {
    nt_run_status_t status;
    json_t         *results; /* {output name: last value}; borrowed */
    /* {"output": ..., "results": {...}}: API.md's rule for `output`, in the
     * form that replies and the last job_update carry; borrowed */
    json_t *result;
    /* of the first failure: node_id, node_type, message; else NULL */
    const char *node_id;
    const char *node_type;
    const char *message;
} nt_run_result_t;

typedef struct {
    void *arg;

    /* One event, a JSON object on one line without its newline: node_update,
     * node_progress, edge_update, output_update, preview_update, chunk,
     * log_update ...; job_update is the owner's. */
    void (*event)(void *arg, const char *line, size_t len);

    /* Exactly once, last; the run may be freed from here. */
    void (*done)(void *arg, const nt_run_result_t *result);

    /* Work that was under way elsewhere is back: call nt_run_pump soon.
     * Called on the loop's thread, never from inside nt_run_pump. */
    void (*wake)(void *arg);

    /* May be NULL.  A node is through, and may be left out of another
     * attempt at the run: {"node": node_id, "outputs": outputs} is then an
     * entry of options.kept.  All its events have been told.  Takes the
     * reference of `outputs` over. */
    void (*completed)(void *arg, const char *node_id, json_t *outputs);

    /* May be NULL.  A node that must not run twice wants to begin, for the
     * first time in this run: {"node": node_id, "begun": true} is to be kept
     * before it may.  True: it may at once; false: it waits for nt_run_begin
     * with its number. */
    bool (*begin)(void *arg, const char *node_id, uint32_t node);
} nt_run_sink_t;

/* A workflow that a node runs. */
typedef struct {
    nt_graph_t *graph; /* the receiver's reference */
    json_t     *view;  /* the same: "id", "description", "input_schema" */
} nt_subworkflow_t;

enum {
    NT_ALLOW_CODE = 1 << 0,        /* run programs of the workflow's */
    NT_ALLOW_CODE_NETWORK = 1 << 1 /* let these use the network */
};

typedef struct {
    uv_loop_t *loop;
    json_t    *params;    /* checked; borrowed, the run takes a reference */
    int        workspace; /* descriptor of the workspace folder or -1 */
    /* the folder in it that is all the run sees, made when a node first needs
     * it; NULL for the whole workspace */
    const char       *workspace_name;
    int               assets;   /* descriptor of the assets folder or -1 */
    const char       *base_url; /* prefix of /storage URIs in refs, may be "" */
    nt_http_client_t *http;  /* for requests of nodes; NULL: there are none */
    unsigned          allow; /* NT_ALLOW_...: what the operator lets nodes do */
    /* For nodes that run other workflows: finds one of the user's by its id
     * or, if `tool`, by its tool_name.  False with a sentence in `error`.
     * NULL: there are none. */
    bool (*workflow)(void *arg, const char *name, bool tool,
                     nt_subworkflow_t *found, nt_buf_t *error);
    void       *workflow_arg;
    const char *workflow_id; /* of the run's, or NULL; outlives the run */
    /* Results of nodes that are kept for each user, or NULL. `user` outlives
     * the run. */
    nt_results_t *results;
    const char   *user;
    /* What the user has set, which goes before the environment; or NULL. The
     * run takes a reference. */
    nt_values_t *settings;
    /* Inputs that are streams (RealtimeAudioInput) stay open until
     * nt_run_end_input; else they end with their parameter. */
    bool open_inputs;
    /* Of earlier attempts, or NULL: an array of {"graph": nt_graph_hash},
     * then of what `completed` and `begin` of the sink have said, in that
     * order. Nodes that had completed do not run and tell no events: what
     * they had sent goes on to the nodes behind them.  One that must not run
     * twice, had begun and not completed fails the run. Borrowed for the call
     * of nt_run_new. */
    const json_t *kept;
    void         *owner; /* for nt_call_owner */
} nt_run_options_t;

/* For nodes of nt_graph_compile_own: the `owner` of their run. */
void *nt_call_owner(const nt_node_call_t *call);

/* Never calls the sink. NULL when memory is out. */
nt_run_t *nt_run_new(nt_graph_t *graph, const nt_run_options_t *options,
                     const nt_run_sink_t *sink);

/* Runs at most `budget` activations.  True when there is more to do at once
 * (call again, after other work had its turn); false when the run waits for
 * a wake or is done. */
bool nt_run_pump(nt_run_t *run, unsigned budget);

/* The begin of this node is kept: it may run, in the next pump. */
void nt_run_begin(nt_run_t *run, uint32_t node);

/*
 * Feeds an input that is open, by its name; `handle` is the output that sends
 * the value, NULL for the first; or ends it.  Either may come before the
 * first pump.  NT_ERROR, or NT_LIMIT when too many values wait: a sentence in
 * `error`.  `value` is borrowed.
 */
nt_rc_t nt_run_push_input(nt_run_t *run, const char *name, const char *handle,
                          json_t *value, nt_buf_t *error);
nt_rc_t nt_run_end_input(nt_run_t *run, const char *name, nt_buf_t *error);

/* Whether inputs are open; ends all of them. */
bool nt_run_inputs_open(const nt_run_t *run);
void nt_run_end_inputs(nt_run_t *run);

/* Asks the run to end; `done` comes from a later pump, with CANCELLED. */
void nt_run_cancel(nt_run_t *run);

/* After done, or before the first pump. */
void nt_run_free(nt_run_t *run);

#endif
