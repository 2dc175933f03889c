/*
 * engine/graph/plan.h - what a workflow is compiled to; private to the graph.
 *
 * Everything that a run needs is an index or a ready piece of text here, so
 * that a run looks up nothing by name.
 */

#ifndef NT_PLAN_H
#define NT_PLAN_H

#include "engine/graph/arena.h"
#include "engine/graph/graph.h"
#include "engine/graph/types.h"

#define NT_INBOX_LIMIT 3 /* values that wait at a handle */

#define NT_NONE UINT32_MAX

/* Far beyond what people draw; what a graph may cost to compile. */
#define NT_NODES_MAX 10000
#define NT_EDGES_MAX 20000

typedef enum {
    NT_KIND_RUN,     /* run() for each set of inputs */
    NT_KIND_DRAIN,   /* item() for each value, end() once */
    NT_KIND_INPUT,   /* run() once with the parameter as its value */
    NT_KIND_OUTPUT,  /* each value is a result */
    NT_KIND_PREVIEW, /* each value is shown */
    NT_KIND_BYPASS,  /* each value goes on unchanged */
    NT_KIND_INERT    /* does nothing */
} nt_kind_t;

typedef enum {
    NT_SYNC_ANY,      /* when all have come, then on each arrival */
    NT_SYNC_ZIP,      /* streams pair by index, other values stay */
    NT_SYNC_AGGREGATE /* when all have ended, lists from all edges */
} nt_sync_t;

/* An input handle: a property, declared or dynamic, that edges lead to. */
typedef struct {
    const char      *name;
    const nt_type_t *type;     /* NULL: takes any value as it is */
    uint32_t         property; /* index among the type's, or NT_NONE */
    uint32_t         node;
    uint32_t         n_edges;
    uint32_t        *edges; /* indices of nt_graph.edges */
    bool             streams;
    bool             aggregate; /* several edges into a list */
} nt_handle_plan_t;

typedef struct {
    const char      *name;
    const nt_type_t *type; /* NULL: any */
    uint32_t         n_edges;
    uint32_t        *edges;
} nt_output_plan_t;

typedef struct {
    const char *id;
    uint32_t    source; /* node */
    uint32_t    output; /* among the source's outputs */
    uint32_t    target; /* node */
    uint32_t    handle; /* in nt_graph.handles */
    bool        streams;
    nt_str_t    sent;    /* event up to the counter */
    nt_str_t    drained; /* whole event */
} nt_edge_plan_t;

typedef struct {
    const char           *id;
    const nt_node_type_t *type;
    const char           *type_name; /* as the workflow has it */
    const char           *name;      /* data.name of inputs and outputs */
    nt_kind_t             kind;
    nt_sync_t             sync;

    uint32_t          n_properties;
    json_t          **values;  /* by property: workflow's or default */
    uint32_t         *handles; /* by property: index in nt_graph.handles */
    const nt_type_t **types;   /* by property */
    json_t           *dynamic; /* object, values without an edge */
    bool              dynamic_edges; /* some dynamic property has an edge */

    uint32_t first_handle; /* in nt_graph.handles */
    uint32_t n_handles;
    uint32_t bypass; /* handle whose values go on, or NT_NONE */

    uint32_t          n_outputs;
    nt_output_plan_t *outputs;
    uint32_t          first_output; /* number of the first in the graph */

    nt_str_t running; /* whole event */
    nt_str_t update;  /* node_update up to its status */
    nt_str_t id_json; /* quoted and escaped */
    nt_str_t name_json;
} nt_node_plan_t;

struct nt_graph {
    unsigned          refs;
    nt_arena_t        arena;
    uint32_t          n_nodes;
    nt_node_plan_t   *nodes;
    uint32_t          n_edges;
    nt_edge_plan_t   *edges;
    uint32_t          n_handles;
    nt_handle_plan_t *handles;
    uint32_t          n_outputs; /* over all nodes */
    uint32_t          n_results; /* output nodes */
    json_t           *warnings;  /* log_update events of a run */
    uint64_t          hash;      /* of the source */
};

/* --- compile.c, edges.c, values.c --- */

/* A compilation under way. */
typedef struct {
    nt_graph_t          *graph;
    const json_t        *source;
    const nt_registry_t *registry;
    json_t              *errors;
    json_t              *warnings;
    json_t              *index;   /* node id to its number */
    json_t              *inputs;  /* name to node id */
    json_t              *outputs; /* name to node id */
    nt_buf_t             text;    /* scratch */
    bool                 failed;  /* an error has been reported */
    bool                 nomem;
} nt_compile_t;

/* Reports a fault; `node` may be NULL, the strings too. `list` is errors or
 * warnings. */
void nt_compile_report(nt_compile_t *c, json_t *list,
                       const nt_node_plan_t *node, const char *edge_id,
                       const char *property, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

bool nt_compile_edges(nt_compile_t *c);
bool nt_compile_values(nt_compile_t *c);

/* Property `name` of a type; NT_NONE when it has none. */
uint32_t nt_type_property(const nt_node_type_t *type, const char *name);

/* --- events.c: the texts that are the same in each run --- */
bool nt_events_render(nt_graph_t *graph);

#endif
