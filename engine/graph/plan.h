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
#define NT_NODES_MAX  10000
#define NT_EDGES_MAX  20000
#define NT_CHAINS_MAX 1000 /* tools behind outputs */

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
    /* its property, when that has bounds for numbers; else NULL */
    const nt_property_t *bounds;
    uint32_t             node;
    uint32_t             n_edges;
    uint32_t            *edges; /* indices of nt_graph.edges */
    bool                 streams;
    bool                 aggregate; /* several edges into a list */
} nt_handle_plan_t;

typedef struct {
    const char      *name;
    const nt_type_t *type; /* NULL: any */
    uint32_t         n_edges;
    uint32_t        *edges;
} nt_output_plan_t;

/* A control edge has neither output nor handle (NT_NONE), nor has an edge
 * within a tool's chain: its values flow in the runs of the chain. */
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

typedef struct nt_tool_plan nt_tool_plan_t;

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

    /* see tools.h */
    uint32_t        n_tools;
    nt_tool_plan_t *tools; /* what the node may call */
    uint32_t        n_callees;
    uint32_t       *callees; /* nodes that end when their callers have */
    uint32_t        n_ends;
    uint32_t       *ends;    /* edges without an output that end with it */
    uint32_t        callers; /* nodes that have this one among their callees */
    bool            inner;   /* part of a tool's chain: runs in there */
    bool            kept;    /* its values are the result of the chain */

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

/* An edge as the workflow has it. */
typedef struct {
    const json_t *json;
    const char   *id;
    const char   *source_handle;
    const char   *target_handle;
    uint32_t      source;
    uint32_t      target;
    uint32_t      output;
    uint32_t      next_in;  /* edge into the same node, or NT_NONE */
    uint32_t      next_out; /* edge from the same node, or NT_NONE */
    bool          control;
    bool          entry; /* from an output that is a tool */
    bool          inner; /* flows in the runs of a chain only */
} nt_draft_t;

/* What is behind an output that is a tool. */
typedef struct {
    uint32_t agent;
    uint32_t output;
    bool     outermost; /* its agent is not part of a chain itself */
    char    *nodes;     /* by node: part of it */
} nt_chain_t;

/* A compilation under way. */
typedef struct {
    nt_graph_t           *graph;
    const json_t         *source;
    const nt_registry_t  *registry;
    const nt_node_type_t *own; /* a type beside the registry's, or NULL */
    json_t               *errors;
    json_t               *warnings;
    json_t               *index;   /* node id to its number */
    json_t               *inputs;  /* name to node id */
    json_t               *outputs; /* name to node id */
    nt_buf_t              text;    /* scratch */
    nt_draft_t           *drafts;  /* as many as the graph's edges */
    uint32_t             *first_in;
    uint32_t             *first_out; /* by node: a draft, or NT_NONE */
    bool                 *tools;     /* by output of the graph: it is one */
    nt_chain_t           *chains;
    size_t                n_chains;
    size_t               *budget; /* nodes that chains may still have */
    bool                  chain;  /* compiles one */
    bool                  failed; /* an error has been reported */
    bool                  nomem;
} nt_compile_t;

/* Reports a fault; `node` may be NULL, the strings too. `list` is errors or
 * warnings. */
void nt_compile_report(nt_compile_t *c, json_t *list,
                       const nt_node_plan_t *node, const char *edge_id,
                       const char *property, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Compiles c->source with the lists, the registry and the budget of c; the
 * caller's reference.  NULL after a report, or when memory is out. */
nt_graph_t *nt_compile_graph(nt_compile_t *c);

bool nt_compile_edges(nt_compile_t *c);
bool nt_compile_values(nt_compile_t *c);

/* False for a number that is out of the property's bounds. */
bool nt_property_accepts(const nt_property_t *property, const json_t *value);
/* Appends "numbers from 0 to 1", "numbers from 0 on", "numbers up to 1". */
void nt_property_write_bounds(nt_buf_t *buf, const nt_property_t *property);

/* Property `name` of a type; NT_NONE when it has none. */
uint32_t nt_type_property(const nt_node_type_t *type, const char *name);

/* --- order.c --- */

/* Nodes in an order in which each comes after those that feed or call it;
 * false when the edges go round, which is reported.  `order` and `degree`
 * have room for all nodes. */
bool nt_compile_sort(nt_compile_t *c, uint32_t *order, uint32_t *degree);

/* "Streams" spreads from nodes that stream along the edges. */
void nt_compile_streams(nt_graph_t *graph, const uint32_t *order);

/* --- chains.c: which nodes are behind the tools --- */

/* Finds the chains, marks nodes and drafts. */
bool nt_compile_chains(nt_compile_t *c);

/* --- tools_plan.c --- */

/* The type of the nodes that stand in a chain for those around it. */
extern const nt_node_type_t nt_tool_entry;

/* Makes the tools of all nodes, once edges and values are there. */
bool nt_compile_tools(nt_compile_t *c);
void nt_tools_free(nt_node_plan_t *node);

/* --- schema.c --- */

/* The JSON Schema of a type; new reference, NULL when memory is out. */
json_t *nt_type_schema(const nt_type_t *type);

/* --- events.c: the texts that are the same in each run --- */
bool nt_events_render(nt_graph_t *graph);

#endif
