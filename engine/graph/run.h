/*
 * engine/graph/run.h - a run's state; private to the graph.
 */

#ifndef NT_RUN_H
#define NT_RUN_H

#include "engine/graph/fiber.h"
#include "engine/graph/plan.h"

/* A value that waits at a handle. */
typedef struct {
    json_t  *value; /* owned */
    uint32_t seq;   /* order of arrival at the node */
} nt_item_t;

typedef struct {
    nt_item_t *items; /* ring of `cap` places, `fixed` at first */
    uint32_t   cap;   /* a power of two */
    uint32_t   head;
    uint32_t   count;
    uint32_t   limit;        /* producers wait from here on */
    uint32_t   open;         /* edges that have not ended */
    json_t    *value;        /* what the next activation sees; owned */
    bool       has;          /* a value has come */
    uint32_t   first_waiter; /* nodes that wait for room here, in order */
    uint32_t   last_waiter;
    nt_item_t  fixed[4];
} nt_inbox_t;

/* What a node did on the pool, to be done on the loop in the same order. */
typedef struct {
    enum { NT_OP_EMIT, NT_OP_CLOSE, NT_OP_EVENT } kind;
    uint32_t output;
    json_t  *value; /* NT_OP_EMIT */
    char    *line;  /* NT_OP_EVENT */
    size_t   len;
} nt_op_t;

typedef enum { NT_STEP_RUN, NT_STEP_ITEM, NT_STEP_END } nt_step_t;

typedef struct nt_tool_call nt_tool_call_t; /* see tools.h */

/* A node in a run: the actor. */
struct nt_node_call {
    nt_run_t             *run;
    const nt_node_plan_t *plan;
    nt_inbox_t           *inboxes; /* of the node's handles */
    json_t              **last;    /* by output: last value emitted */
    bool                 *closed;  /* by output: has been ended */

    uint32_t arrivals; /* numbers the arriving values */
    uint32_t waiting;  /* values in the inboxes */
    uint32_t missing;  /* handles that have had no value yet */
    uint32_t open;     /* handles that have not ended */

    uint32_t next_waiter; /* at the same inbox */
    uint32_t room;        /* handle that told it of room, or NT_NONE */

    bool queued;   /* is in the ready queue */
    bool blocked;  /* a receiver has no room */
    bool listed;   /* is among the waiters of an inbox */
    bool running;  /* `running` has been told, `completed` not yet */
    bool more;     /* the activation goes on */
    bool busy;     /* on the pool, or waits for nt_call_resume */
    bool on_pool;  /* what it does now is kept in ops */
    bool finished; /* has ended its outputs */
    bool failed;
    bool fired;    /* has had an activation */
    bool many;     /* has sent, or may have sent, more than one value */
    bool kept;     /* what it sent is kept, from now or from before */
    bool begun;    /* its begin is stored, or on its way */
    bool held;     /* waits for that */
    bool lost;     /* began in an earlier attempt, and did not end */
    bool returned; /* is back from the pool, not looked at yet */

    uint32_t        callers;   /* who may still call it */
    nt_tool_call_t *pending;   /* calls that wait for it */
    nt_tool_call_t *tool;      /* the call that the activation is */
    json_t         *arguments; /* of that call; owned */
    json_t         *gathered;  /* {output: values} for a result, or NULL */

    unsigned char *key; /* of the activation, to keep its result; or NULL */
    json_t *stream;     /* of an input that is open: [output, value], or NULL */
    bool    stream_end; /* nothing more will be fed */
    bool    streams;    /* has sent its parameter, goes on with the stream */

    nt_step_t    step;
    uint32_t     item_handle; /* of NT_STEP_ITEM */
    json_t      *item;        /* owned */
    nt_node_rc_t rc;

    json_t *dynamic;  /* nt_call_dynamic; owned */
    json_t *restored; /* what it sent in an earlier attempt; owned */
    void   *state;
    void (*free_state)(void *state);
    char *error; /* malloc'ed */

    nt_fiber_t *fiber;   /* of an activation that waits or runs */
    bool        resumed; /* nt_call_resume came, nt_call_suspend not yet */
    void (*wait_cancel)(void *arg); /* ends what it waits for, or NULL */
    void *wait_arg;

    uv_work_t work;
    nt_op_t  *ops; /* malloc'ed */
    size_t    n_ops;
    size_t    cap_ops;
};

struct nt_run {
    nt_graph_t      *graph;
    nt_run_options_t options;
    nt_run_sink_t    sink;

    nt_node_call_t *calls;
    nt_inbox_t     *inboxes;
    uint32_t       *counters; /* by edge: values sent */
    uint32_t       *ready;    /* ring of n_nodes + 1 node numbers */
    uint32_t        ready_head;
    uint32_t        ready_tail;

    uint32_t unfinished;  /* nodes */
    uint32_t outstanding; /* busy nodes */
    uint32_t open_inputs; /* wait for what is outside of the run */
    uint32_t held;        /* nodes whose begin is not stored yet */
    bool     resumed;     /* not the first attempt */
    bool     started;
    bool     pumping;
    bool     aborted;   /* fibers are to unwind: what waits fails */
    bool     cancelled; /* read by the pool, too: atomic */
    bool     done;
    bool     nomem;

    /* runs within runs: calls of chains, and other workflows */
    nt_run_t             *parent; /* or NULL */
    nt_tool_call_t       *tool;   /* with a parent: what it is for */
    const nt_tool_plan_t *chain;  /* of a call of a chain, else NULL */
    nt_run_t             *children;
    nt_run_t             *next;       /* among the parent's children */
    bool                  runnable;   /* a pump of it may do something */
    nt_tool_call_t       *pending;    /* calls whose inputs have not come */
    uint32_t              tool_waits; /* nodes that wait for a call's end */

    int workspace; /* -1: not opened yet; atomic, the pool opens it */

    json_t         *results;
    nt_node_call_t *failure; /* the first */
    nt_buf_t        line;
};

/* --- inbox.c --- */

bool nt_inbox_put(nt_inbox_t *inbox, json_t *value, uint32_t seq);
/* A new owner; the inbox must not be empty. */
json_t *nt_inbox_take(nt_inbox_t *inbox);
void    nt_inbox_clear(nt_inbox_t *inbox);

/* Handle (number within the node) whose first value came first; there must
 * be one. */
uint32_t nt_inbox_first(const nt_node_call_t *call);

/* --- batch.c: sets of inputs --- */

typedef enum {
    NT_BATCH_WAIT, /* not yet */
    NT_BATCH_READY,
    NT_BATCH_END, /* there will be none */
    NT_BATCH_FAIL /* nt_call_fail has said why */
} nt_batch_t;

nt_batch_t nt_batch_next(nt_node_call_t *call);

/* Makes `value` (taken over) what the handle of that number within the node
 * shows; false when it does not fit its type. */
bool nt_batch_set(nt_node_call_t *call, uint32_t number, json_t *value);

/* `value` (taken over) as a draining node gets it; NULL when it does not fit
 * the handle's type. */
json_t *nt_batch_convert(nt_node_call_t *call, uint32_t number, json_t *value);

/* Adds `value` (taken over) to the list that the handle collects. */
bool nt_batch_collect(nt_node_call_t *call, uint32_t number, json_t *value);

/* Checks a list that is complete against the type of its handle; other
 * handles are fine. */
bool nt_batch_seal(nt_node_call_t *call, uint32_t number);

/* --- run.c --- */

void nt_run_ready(nt_run_t *run, nt_node_call_t *call);
/* Takes a value off an inbox and lets its producers go on. */
json_t *nt_run_take(nt_node_call_t *call, uint32_t number);
/* Sends a value (borrowed) along the edges of an output. */
void nt_run_send(nt_node_call_t *call, uint32_t number, json_t *value);
void nt_run_close(nt_node_call_t *call, uint32_t number);
/* Lets go of the values that it has emitted. */
void nt_run_forget(nt_node_call_t *call);
/* True when some receiver cannot take one more value: then the node waits for
 * room there. */
bool nt_run_block(nt_node_call_t *call);
/* After its step: what the node left of the room it was told of is the next
 * one's. */
void nt_run_pass_room(nt_node_call_t *call);
/* Ends the node's outputs; it will not run again. */
void nt_run_end_node(nt_node_call_t *call);
/* The same after nt_call_fail. */
void nt_run_fail_node(nt_node_call_t *call);
/* Goes on with the node's fiber until it waits or its activation is over. */
void nt_run_enter(nt_node_call_t *call);

/* --- step.c --- */

void nt_step(nt_node_call_t *call);
/* Starts the activation that is a call. */
void nt_step_called(nt_node_call_t *call);
/* What follows from the return of run, item or end. */
void nt_step_settle(nt_node_call_t *call);

/* --- call.c --- */

/* Frees what belongs to one call of run, item or end. */
void nt_call_reset(nt_node_call_t *call);
void nt_call_free_state(nt_node_call_t *call);

/* Does on the loop what the node said on the pool. */
void nt_call_replay(nt_node_call_t *call);

/* --- wait.c --- */

/* From the node's fiber: waits for nt_call_resume (which may have come
 * before).  When the run is to end meanwhile, `cancel` is called once on the
 * loop; it must see to it that nt_call_resume is called, from inside it or
 * later. */
void nt_call_suspend(nt_node_call_t *call, void (*cancel)(void *arg),
                     void           *arg);
/* On the loop's thread. */
void nt_call_resume(nt_node_call_t *call);
/* Waits until the receivers of its outputs have room; false when the run is
 * to end. */
bool nt_call_wait_room(nt_node_call_t *call);
/* True where functions that wait may be called. */
bool nt_call_may_wait(const nt_node_call_t *call);

/* Makes what waits fail, and lets the fibers that can unwind do so. */
void nt_run_abort(nt_run_t *run);

/* --- call_files.c --- */

/* What an errno means to the author of a workflow; says nothing about where
 * the folder is. */
const char *nt_call_errno(int error);

/* --- call_workspace.c --- */

/* A descriptor of the run's workspace, the run's own; -1 after
 * nt_call_fail. */
int nt_call_workspace(nt_node_call_t *call);

/* --- events.c --- */

void nt_event_raw(nt_run_t *run, const char *line, size_t len);
void nt_event_running(nt_node_call_t *call);
void nt_event_completed(nt_node_call_t *call);
void nt_event_error(nt_node_call_t *call);
void nt_event_sent(nt_run_t *run, uint32_t edge);
void nt_event_drained(nt_run_t *run, uint32_t edge);
void nt_event_output(nt_node_call_t *call, const json_t *value);
void nt_event_preview(nt_node_call_t *call, const json_t *value);
void nt_event_warning(nt_run_t *run, const json_t *warning);

/* Starts `{"type":TYPE,"node_id":...` in a buffer. */
void nt_event_begin(nt_buf_t *buf, const nt_node_call_t *call,
                    const char *type);

#endif
