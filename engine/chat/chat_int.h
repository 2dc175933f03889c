/*
 * engine/chat/chat_int.h - between the files of engine/chat.
 *
 *   chat.c      turns of an engine, and their turns in the loop
 *   turn.c      the life of a turn
 *   turn_run.c  its run
 *   message.c   messages of clients and of threads
 *   converse.c  what runs on the turn's fiber: asking a model
 *   tools.c     what the model may call
 *   help.c      tools about NodeTool itself
 *   context.c   collections and the open workflow
 *   workflow.c  a turn that is a job
 *   inputs.c    what such a job gets
 */

#ifndef NT_CHAT_INT_H
#define NT_CHAT_INT_H

#include <sys/queue.h>

#include "engine/agents/tool.h"
#include "engine/chat/chat.h"
#include "core/nt_id.h"
#include "engine/graph/run.h"

typedef enum {
    NT_CHAT_PLAIN,
    NT_CHAT_HELP,
    NT_CHAT_AGENT,
    NT_CHAT_WORKFLOW
} nt_chat_mode_t;

/* What has a run to go on with; first in its struct. */
typedef struct nt_pumped nt_pumped_t;

struct nt_pumped {
    TAILQ_ENTRY(nt_pumped) entry;
    bool queued;
    void (*pump)(nt_pumped_t *pumped);
};

/* A tool that is a node of the turn's graph, or the client's. */
typedef struct {
    nt_tool_t   tool; /* its arg is this struct */
    nt_turn_t  *turn;
    char        name[NT_CHAT_TOOL_NAME_MAX + 1];  /* for the model */
    char        inner[NT_CHAT_TOOL_NAME_MAX + 1]; /* of a node: in the graph */
    const char *type;                             /* of a node, else NULL */
    json_t     *client; /* of a client's: borrowed from client_tools */
} nt_chat_tool_t;

struct nt_turn {
    nt_pumped_t pumped;
    TAILQ_ENTRY(nt_turn) entry;
    nt_chat_t     *chat;
    nt_turn_sink_t sink; /* zeroed: nobody hears any more */
    char          *user;
    bool           admin; /* may run what is others' */
    char          *base_url;
    char          *workspace;
    char           thread_id[129];
    json_t        *request;      /* what the client has sent; owned */
    json_t        *message;      /* the user's, as the thread has it; owned */
    json_t        *history;      /* messages of the thread, with it; owned */
    json_t        *client_tools; /* owned */
    nt_chat_mode_t mode;
    bool           regenerate;

    nt_run_t  *run;
    unsigned   pending; /* calls to the store that are under way */
    bool       stopped;
    bool       left;  /* the client is gone */
    bool       ended; /* the run has said so */
    bool       over;  /* nothing more comes */
    bool       closing;
    char      *error; /* of the run */
    uv_timer_t timer;

    /* --- on the fiber --- */
    nt_node_call_t *call;
    const char     *error_type; /* of what fails next */
    unsigned        pieces;     /* of answers */
    nt_buf_t        said;       /* of a message that is not in the thread yet */
    json_t         *answer;     /* the last message; owned */
    json_t         *usage;      /* of all requests, or NULL; owned */
    nt_chat_tool_t *tools;
    size_t          n_tools;
    json_t         *names; /* of built-in tools and workflows; owned */
    bool            slow;  /* waits for nt_turn_ready */
    nt_watch_t     *watch; /* of a job, or NULL */
    char            waits[NT_ID_HEX_LEN + 1]; /* for this call of a client's */
    json_t         *result;                   /* of it; owned */
};

struct nt_chat {
    nt_chat_options_t options;
    uv_idle_t         idle;
    uv_timer_t        timer; /* of a drain */
    TAILQ_HEAD(, nt_turn) turns;
    TAILQ_HEAD(, nt_completion) completions;
    TAILQ_HEAD(, nt_pumped) ready;
    unsigned n;       /* turns and completions */
    unsigned handles; /* that are not closed yet */
    bool     draining;
    bool     freed;
    uint64_t drain_at; /* loop time, ms */
    void (*drained)(void *arg);
    void *drained_arg;
};

/* A text of an object; "" when it is none. */
static inline const char *
nt_chat_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}


/* --- chat.c --- */

/* It has something to do: its pump is called soon; no more. */
void nt_chat_activate(nt_chat_t *chat, nt_pumped_t *pumped);
void nt_chat_deactivate(nt_chat_t *chat, nt_pumped_t *pumped);

/* A turn's or completion's memory has gone. */
void nt_chat_settle(nt_chat_t *chat);

/* --- turn.c --- */

/* Nothing more comes of it. */
void nt_turn_end(nt_turn_t *turn);

/* Tells what went wrong and that no more text comes, and ends it. */
void nt_turn_fail(nt_turn_t *turn, const char *type, const char *message);

/* Puts what was said so far into the thread: the user has seen it. */
void nt_turn_keep_said(nt_turn_t *turn);

/* Tells the client; `event` is taken over, NULL of which is left out, and
 * gets the thread's id. */
void nt_turn_tell(nt_turn_t *turn, json_t *event);

/* --- turn_run.c --- */

/* The history is there: finds the tools and starts the run. */
void nt_turn_begin_run(nt_turn_t *turn);

/* From the fiber: puts a message (taken over) into the thread, waits, and
 * tells it.  False after nt_call_fail. */
bool nt_turn_keep(nt_turn_t *turn, json_t *message);

/*
 * The same of the last one, and that no more text comes, which is told when
 * the message is kept: clients may send the next one at once, which must not
 * find this turn under way.  job_id: of a workflow's, else NULL.
 */
bool nt_turn_answer(nt_turn_t *turn, json_t *message, const char *job_id);

/* A step of its run; called by chat.c. */
void nt_turn_pump(nt_pumped_t *pumped);

/* --- message.c --- */

/* The user's message for the thread: what a message may have, and no more. New
 * reference. */
json_t *nt_chat_user_message(const nt_turn_t *turn);

/* A title for a thread that begins with this message; "" when it has no
 * text. */
void nt_chat_title(const json_t *message, nt_buf_t *title);

/* The texts of a message, one below the other. */
void nt_chat_text(const json_t *message, nt_buf_t *text);

/* The message of a model, a tool or a workflow for the thread: what is the
 * same in all.  `content` is taken over.  New reference. */
json_t *nt_chat_message(const nt_turn_t *turn, const char *role,
                        json_t *content);

/* A model's message (canonical) for the thread. New reference. */
json_t *nt_chat_from_model(const nt_turn_t *turn, const json_t *message);

/* A ref to the model of the message: its provider's by name, or by what the
 * model is called.  New reference. */
json_t *nt_chat_model(const json_t *message);

/* --- tools.c --- */

/* Finds what the message and its mode let the model call, and adds its nodes
 * and edges to a graph.  False with a sentence. */
bool nt_chat_find_tools(nt_turn_t *turn, json_t *nodes, json_t *edges,
                        nt_buf_t *error);

/* Adds a node that the conversation controls; nt_call_tool knows it by its
 * title in snake case. */
bool nt_chat_add_node(json_t *nodes, json_t *edges, const char *id,
                      const char *type, const char *title);

/* Is this the id of a node that is a tool? */
bool nt_chat_is_tool(const char *node);

/* From the fiber: a box with them; NULL after nt_call_fail. */
nt_toolbox_t *nt_chat_toolbox(nt_turn_t *turn);

/* --- help.c: ended by a NULL name --- */

extern const nt_tool_t nt_chat_help_tools[];

/* --- context.c --- */

/* Adds the node that looks things up in collections to a turn's graph. */
bool nt_chat_has_collections(const nt_turn_t *turn);
bool nt_chat_add_query(json_t *nodes, json_t *edges);

/* From the fiber: puts what the message's collections have about it in front
 * of the last of the messages.  False after nt_call_fail. */
bool nt_chat_query(nt_turn_t *turn, json_t *messages);

/* Appends the workflow that the client has open, if it sent it. */
void nt_chat_graph(const nt_turn_t *turn, nt_buf_t *text);

/* --- inputs.c --- */

/* The parameters for a workflow by the inputs that its nodes are: a message
 * of NodeTool's and those before it, which end with it.  New reference; NULL
 * when memory is out. */
json_t *nt_chat_params(const json_t *nodes, json_t *message, json_t *history);

/* --- converse.c, workflow.c --- */

extern const nt_node_type_t nt_chat_node;

nt_node_rc_t nt_chat_run_workflow(nt_turn_t *turn);

#endif
