/*
 * engine/graph/tools.h - nodes as tools of other nodes; private to the graph.
 *
 * A node with NT_NODE_TOOLS has two kinds of them.  The target of a control
 * edge is a node of the same run that waits for calls: each is one
 * activation, with the arguments in the place of its properties, over the
 * last values of its edges; what it emits flows on as usual.  What is behind
 * a dynamic output is a chain: a plan of its own, and each call is a run of
 * it.
 *
 * The nodes of a chain are in the plan around it as well, marked `inner`:
 * there they keep the last values that come to the chain from outside, and
 * send on what leaves it.  They end, as controlled nodes do, when all who
 * can call them have ended.
 */

#ifndef NT_TOOLS_H
#define NT_TOOLS_H

#include "engine/graph/run.h"

#define NT_TOOL_NAME_MAX 64

/* More values than this are no answer that a model could read. */
#define NT_TOOL_VALUES_MAX 10000

/* An argument of a chain. */
typedef struct {
    const char      *name;
    const nt_type_t *type;  /* NULL: any */
    const char      *entry; /* the chain's parameter that it goes to */
} nt_tool_param_t;

/* What comes to a chain from nodes around it. */
typedef struct {
    const char *entry;
    uint32_t    handle; /* of an inner node */
} nt_tool_input_t;

struct nt_tool_plan {
    const char *name;
    json_t     *schema; /* as nt_call_tools gives it; owned */

    /* of a controlled node */
    uint32_t edge;   /* the control edge, or NT_NONE */
    uint32_t target; /* a node, or NT_NONE */

    /* of an output */
    uint32_t         output;
    nt_graph_t      *chain; /* NULL when all that it feeds runs by itself */
    uint32_t         n_params;
    nt_tool_param_t *params;
    uint32_t         n_inputs;
    nt_tool_input_t *inputs;
    uint32_t         n_nodes; /* but for the entries, which are the last */
    uint32_t        *nodes;   /* the chain's to those of the plan around it */
    uint32_t        *edges;   /* the same; NT_NONE for one from outside */
};

/* A call under way; its caller waits. */
struct nt_tool_call {
    nt_tool_call_t       *next; /* in the line of the node or run */
    nt_node_call_t       *caller;
    const nt_tool_plan_t *plan;     /* NULL for a workflow */
    const char           *workflow; /* its id */
    json_t               *values;   /* of its outputs, [name, value], or NULL */
    json_t               *arguments; /* checked: owned */
    json_t               *result;    /* owned */
    char                 *error;     /* malloc'ed */
    nt_run_t             *run;       /* of a chain, while there is one */
    bool                  waiting;   /* the caller is to be woken */
    bool                  done;
};

/* --- tools_schema.c --- */

/* True for a value that is worth telling as a default. */
bool nt_tool_is_plain(const json_t *value);

/* The schema of a property of a node of this plan, or of an inner one, which
 * has no value here.  New reference; NULL when memory is out. */
json_t *nt_tool_property_schema(nt_compile_t *c, const nt_node_plan_t *node,
                                uint32_t i);

/* {"type": "object", "properties": {}, "required": []}, and one property
 * more in such a schema; takes `schema` over. */
json_t *nt_tool_empty_schema(void);
bool nt_tool_add_property(json_t *parameters, const char *name, json_t *schema,
                          bool required);

/* Write `text` as a tool's name: in snake case ("Google Search" is
 * google_search), or as it is but for what no such name may have. */
void nt_tool_snake(char *name, size_t size, const char *text);
void nt_tool_plain(char *name, size_t size, const char *text);

/* A name that no other tool of the node has; NULL when memory is out. */
const char *nt_tool_unique(nt_compile_t *c, const nt_node_plan_t *node,
                           char *name);

/* Makes {"name", "description", "parameters"}; takes `parameters` over. */
bool nt_tool_set_schema(nt_tool_plan_t *tool, const nt_node_type_t *type,
                        json_t *parameters);

/* --- tools_args.c --- */

/* Checks the arguments of a call, and puts them into `into` by name,
 * converted; `target` is a controlled node, NULL for a chain.  False with a
 * sentence for the model (malloc'ed; NULL: memory is out). */
bool nt_tool_arguments(const nt_tool_plan_t *plan, const nt_node_plan_t *target,
                       const json_t *arguments, json_t *into, char **error);

/* A sentence for a model, malloc'ed; NULL when memory is out. */
char *nt_tool_sentence(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* --- tools_node.c --- */

/* A step of a node that is called. */
void nt_tool_step(nt_node_call_t *call);

/* An activation that was a call is over. */
void nt_tool_settle(nt_node_call_t *call);

/* The last of those who call `call` may have ended. */
void nt_tool_release(nt_node_call_t *caller);

/* Ends a call; takes both over.  NULL, NULL: memory is out. */
void nt_tool_finish(nt_tool_call_t *tool, json_t *result, char *error);

void nt_tool_wake(nt_tool_call_t *tool);

/* Whether a handle has what a call needs: READY, WAIT, or END when no value
 * will come. */
nt_batch_t nt_tool_input(const nt_run_t *run, uint32_t handle);

/* Keeps a value that a node sends or shows for the result of a call. */
void nt_tool_keep(nt_node_call_t *call, uint32_t output, json_t *value);

/* The result that was kept: one value as it is, several as a list.  A new
 * reference; NULL when memory is out. */
json_t *nt_tool_result(json_t *kept);

/* --- tools_call.c --- */

/* From the caller's fiber: waits until the call is done, or nt_tool_wake. */
void nt_tool_wait(nt_tool_call_t *tool);

/* --- chain.c --- */

/* Starts calls of chains whose inputs have come. */
void nt_chain_start(nt_run_t *run);

/* Starts a run within the caller's; NULL when memory is out. */
nt_run_t *nt_chain_run(nt_tool_call_t *tool, nt_graph_t *graph,
                       const nt_run_options_t *options,
                       const nt_run_sink_t    *sink);

/* Lets the runs of chains do something; true when one did. */
bool nt_chain_pump(nt_run_t *run);

/* Ends a call whose caller must not wait any longer. */
void nt_chain_cancel(nt_tool_call_t *tool);

/* The node in the run around a chain's that stands for this one; NULL for an
 * entry. */
nt_node_call_t *nt_chain_outer(const nt_node_call_t *call);

/* Sends what a node of a chain sends along the edges that leave it. */
void nt_chain_send(nt_node_call_t *call, uint32_t output, json_t *value);

/* True when a receiver of the values that leave the chain has no room; the
 * node will be woken. */
bool nt_chain_block(nt_node_call_t *call);

/* Tells the chains that there is room behind one of their nodes. */
void nt_chain_unblock(nt_node_call_t *call);

/* The begin of a node of chains is stored: they go on. */
void nt_chain_begin(nt_node_call_t *call);

/* True while a run of a chain waits for something else than the run around
 * it. */
bool nt_chain_waits(const nt_run_t *run);

/* --- subworkflow.c --- */

/* An output of the run has got a value. */
void nt_subworkflow_output(nt_run_t *run, const char *name, json_t *value);

/* True when a node of the run has to wait until its caller has taken the
 * values that it has. */
bool nt_subworkflow_block(nt_node_call_t *call);

/* Whether a tool's name is a workflow's, and a call of it: as
 * nt_call_tool. */
bool    nt_subworkflow_is_tool(const char *name);
json_t *nt_subworkflow_call(nt_node_call_t *call, const char *name,
                            json_t *arguments, char **error);

#endif
