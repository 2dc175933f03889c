/*
 * engine/chat/completion_int.h - between the files of completions.
 *
 *   completion.c           the life of one
 *   completion_workflow.c  one that is a job
 *   completion_answer.c    the answer that a job's events are
 *   completion_messages.c  messages of OpenAI's as NodeTool has them
 *   completion_run.c       one that asks a model: its run
 *   completion_model.c     the conversation in it, round by round
 *   completion_tools.c     the workflows that a model may call
 */

#ifndef NT_COMPLETION_INT_H
#define NT_COMPLETION_INT_H

#include "engine/chat/chat_int.h"
#include "engine/chat/completion.h"

#define NT_COMPLETION_NOMEM "The server is out of memory. Try again later."

/* What a job has said. */
typedef struct {
    json_t  *outputs; /* {id of an output: true}; owned */
    json_t  *sources; /* {id of a node: id of the output behind it}; owned */
    json_t  *waiting; /* [value]: of other outputs than `live`; owned */
    nt_buf_t live;    /* the output whose text comes in pieces; or empty */
    nt_buf_t said;    /* of that text */
    nt_buf_t flow;    /* the output whose chunks came last; or empty */
    bool     spoke;
} nt_answer_t;

struct nt_completion {
    nt_pumped_t pumped;
    TAILQ_ENTRY(nt_completion) entry;
    nt_chat_t           *chat;
    nt_completion_sink_t sink; /* zeroed: nobody hears any more */
    char                *user;
    bool                 admin;
    char                *base_url;
    json_t              *request; /* owned */
    json_t              *targets; /* owned */
    json_t              *tools;   /* [{"type": "workflow", ...}]; owned */
    nt_llm_usage_t       usage;   /* of all models so far */
    unsigned             pending; /* calls to the store that are under way */
    bool                 stopped;
    bool                 over; /* nothing more comes */
    bool                 nomem;

    /* --- a job --- */
    char        workflow_id[129];
    nt_graph_t *graph;  /* until it is submitted */
    json_t     *params; /* the same; owned */
    char        job_id[NT_ID_HEX_LEN + 1];
    nt_watch_t *watch;
    nt_answer_t answer;

    /* --- a run that asks a model --- */
    nt_run_t       *run;
    nt_node_call_t *call;
    json_t         *names;   /* {name of a tool: {"id"|"tool": name}}; owned */
    json_t         *schemas; /* of these tools, as a request has them; owned */
    nt_llm_error_t  fault;   /* of the run */
    bool            ended;   /* the run has said so */
    bool            good;
    bool            slow; /* waits for nt_completion_ready */
};

/* --- completion.c --- */

/* Makes an error; `param` is NULL for none. */
void nt_completion_fault(nt_llm_error_t *error, int status, const char *param,
                         const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Tells a piece; false when it has ended because of that. */
bool nt_completion_tell(nt_completion_t *c, const nt_llm_delta_t *delta);
bool nt_completion_say(nt_completion_t *c, nt_llm_kind_t kind, nt_str_t text);

/* Tells FINISH and USAGE. */
void nt_completion_finish(nt_completion_t *c, nt_str_t reason);

/* Adds what a model has used. */
void nt_completion_use(nt_completion_t *c, const nt_llm_usage_t *usage);

/* The same of an event's `usage`; what is no object is ignored. */
void nt_completion_use_json(nt_completion_t *c, const json_t *usage);

/* Nothing more comes of it: `error` is NULL after nt_completion_finish. */
void nt_completion_end(nt_completion_t *c, const nt_llm_error_t *error);
void nt_completion_fail(nt_completion_t *c, int status, const char *message);

/* Of an engine that stops. */
void nt_completion_stop_all(nt_chat_t *chat);

/* --- completion_workflow.c --- */

/* False with *error: it does not run. */
bool nt_completion_prepare_job(nt_completion_t *c, nt_llm_error_t *error);
void nt_completion_submit(nt_completion_t *c);
void nt_completion_cancel_job(nt_completion_t *c);

/* --- completion_answer.c --- */

/* Of the graph of a workflow; false when memory is out. */
bool nt_answer_begin(nt_answer_t *answer, const json_t *graph);
void nt_answer_free(nt_answer_t *answer);

/* Tells what an event says; false when the completion has ended. */
bool nt_answer_event(nt_completion_t *c, const json_t *event);

/* Tells what waits. */
bool nt_answer_end(nt_completion_t *c);

/* --- completion_messages.c --- */

/* Messages as NodeTool's.  A new reference; NULL with *error. */
json_t *nt_completion_messages(const json_t *messages, const char *user,
                               nt_llm_error_t *error);

/* --- completion_run.c, completion_model.c --- */

bool nt_completion_start_run(nt_completion_t *c, nt_llm_error_t *error);

extern const nt_node_type_t nt_completion_node;

/* --- completion_tools.c --- */

/* Finds the workflows of c->tools; sets names and schemas. */
bool nt_completion_find_tools(nt_completion_t *c, nt_llm_error_t *error);

/* For a run: nt_run_options_t.workflow. */
bool nt_completion_find_workflow(void *arg, const char *name, bool tool,
                                 nt_subworkflow_t *found, nt_buf_t *error);

#endif
