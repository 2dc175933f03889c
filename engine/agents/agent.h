/*
 * engine/agents/agent.h - a model that is asked until it has answered.
 *
 * One loop serves all nodes: the model is asked; the tools that it calls are
 * run, and their results put behind the messages; it is asked again, until it
 * calls none, or its turns are used up.  A structured result is checked
 * against its schema, and the model told what is wrong with it.
 *
 * Functions that return bool return false after nt_call_fail.
 */

#ifndef NT_AGENT_H
#define NT_AGENT_H

#include <time.h>

#include "engine/agents/tool.h"
#include "engine/models/models.h"

#define NT_AGENT_TURNS_MAX 32 /* of an agent that has no setting for it */

enum {
    NT_SHOW_CHUNKS = 1 << 0,   /* chunk events as the answer streams in */
    NT_SHOW_OUTPUT = 1 << 1,   /* the same out of the output "chunk" */
    NT_SHOW_THINKING = 1 << 2, /* thoughts out of the output "thinking" */
    NT_SHOW_AUDIO = 1 << 3     /* sound out of the output "audio" */
};

/* Zeroed before nt_agent_init, freed with nt_agent_free in any case. */
typedef struct {
    nt_node_call_t *call;
    json_t         *model;    /* its ref, owned */
    json_t         *messages; /* array, owned; what is said is appended */
    nt_toolbox_t   *tools;    /* owned; NULL for none */
    json_t         *options;  /* owned object: members of the request */
    unsigned        turns_max;
    unsigned        shows; /* NT_SHOW_* */

    /* a structured result: its schema, owned, or NULL */
    json_t *schema;
    bool    by_format; /* ask for it by response_format, too */
    bool    strict;    /* the schema leaves nothing open */
    bool    as_is;     /* neither described nor checked: the node reads the
                        * answer itself */

    /* NULL, or called with each piece of the answer's text as it comes; false
     * after nt_call_fail */
    bool (*piece)(void *ctx, nt_str_t text);

    /* NULL, or called with each message that was put behind the others: one
     * of the model's, with the "usage" of its reply or NULL, or a tool's;
     * false after nt_call_fail */
    bool (*heard)(void *ctx, const json_t *message, const json_t *usage);
    void *ctx;

    /* results */
    nt_buf_t text;   /* of the last turn */
    nt_buf_t all;    /* of all turns */
    json_t  *result; /* as the schema says, owned */
    bool     cut;    /* the last turn ended at the limit of tokens */

    bool     shown;       /* something of the turn under way has been */
    unsigned corrections; /* times that the model was told to mend it */
} nt_agent_t;

/* Takes the node's properties "model" and, if it has one, "max_tokens". */
bool nt_agent_init(nt_agent_t *agent, nt_node_call_t *call);
void nt_agent_free(nt_agent_t *agent);

/* The node's property as a text; "" when it is null. */
nt_str_t nt_agent_property(nt_node_call_t *call, const char *name);

/* Appends a system's message, in front of which there is none, unless it is
 * empty; with a schema, its description goes behind the text. */
bool nt_agent_system(nt_agent_t *agent, nt_str_t text);

/* Appends a user's message: a text and, with `media`, what the node's
 * properties "image" and "audio" hold. */
bool nt_agent_user(nt_agent_t *agent, nt_str_t text, bool media);

/* The same with what is in a buffer, which is freed. */
bool nt_agent_system_buf(nt_agent_t *agent, nt_buf_t *text);
bool nt_agent_user_buf(nt_agent_t *agent, nt_buf_t *text, bool media);

/* Asks until there is an answer. */
bool nt_agent_run(nt_agent_t *agent);

/* --- agent_tools.c --- */

/* Runs the tools of a message, one after the other: what comes of each goes
 * behind the messages, for the model.  False after nt_call_fail. */
bool nt_agent_call_tools(nt_agent_t *agent, const json_t *tool_calls);

/* --- agent_show.c: for those who watch, and for outputs --- */

/* The sink of nt_model_chat; ctx is the nt_agent_t. */
bool nt_agent_show(void *ctx, const nt_llm_delta_t *delta);

/* The end of a turn: the sound that its message has. */
bool nt_agent_show_turn(nt_agent_t *agent, const json_t *message);

/* The end of the answer. */
bool nt_agent_show_done(nt_agent_t *agent);

void nt_agent_show_call(nt_agent_t *agent, const json_t *tool_call,
                        const char *name, const json_t *args);
void nt_agent_show_result(nt_agent_t *agent, const json_t *tool_call,
                          const char *name, const json_t *result);

/* --- agent_task.c: the agent's work as a task of one step --- */

typedef struct {
    const char *id;
    const char *title;
    nt_str_t    objective;
    time_t      started; /* 0: not yet */
} nt_agent_task_t;

/* A task_update: "task_created", "step_started", "step_completed",
 * "step_failed" or "task_completed"; `step`: about the step. */
void nt_agent_tell_task(nt_node_call_t *call, const nt_agent_task_t *task,
                        const char *event, bool step, bool completed);

/* --- agent_result.c: structured results --- */

/* Asks for an object with these fields ({name: type}, borrowed): its schema
 * goes into agent->schema. */
bool nt_agent_want(nt_agent_t *agent, const char *title, const json_t *fields);

/* Takes a value (borrowed) over as the result, if it is what the schema says;
 * else false, with a sentence for the model in `error`. */
bool nt_agent_take(nt_agent_t *agent, json_t *value, nt_buf_t *error);

/* The same for what stands in the last turn's text. */
bool nt_agent_take_text(nt_agent_t *agent, nt_buf_t *error);

/* Sends each field of the result out of the output of its name. */
nt_node_rc_t nt_agent_emit_result(nt_agent_t *agent);

#endif
