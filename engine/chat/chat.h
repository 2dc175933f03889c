/*
 * engine/chat/chat.h - turns of conversations: a user's message and what
 * comes of it.
 *
 * A turn puts the message into its thread, asks a model with the thread's
 * history, runs the tools that the model calls, and puts what was said into
 * the thread, too.  It is a run of a graph of its own (engine/graph), whose
 * one node is the conversation and whose other nodes are its tools; no job is
 * made of it.  A message with a workflow_id is one: its job's events are
 * passed on, and its results are the answer.
 *
 * Events are NodeTool's: chunk, message, tool_call, tool_call_update,
 * tool_result, task_update, node_update and others of nodes that are tools,
 * those of a job, error; each has a thread_id.  A turn that succeeds ends
 * with an empty chunk that is done, and the assistant's message.
 *
 * Everything belongs to the loop's thread.
 */

#ifndef NT_CHAT_H
#define NT_CHAT_H

#include <jansson.h>
#include <uv.h>

#include "core/nt_buf.h"
#include "engine/graph/graph.h"
#include "engine/jobs/jobs.h"
#include "engine/threads/threads.h"
#include "engine/workflows/workflows.h"

#define NT_CHAT_TURNS_MAX     1000 /* of an engine at a time */
#define NT_CHAT_TOOLS_MAX     128  /* of a message, of a client */
#define NT_CHAT_TOOL_NAME_MAX 64

/* What a model sees of a thread: the newest messages. */
#define NT_CHAT_HISTORY       200
#define NT_CHAT_HISTORY_BYTES ((size_t) 16 << 20)

#define NT_CHAT_TOOL_MS 60000  /* that a client's tool may take */
#define NT_CHAT_LEFT_MS 300000 /* that a turn goes on without its client */

typedef struct nt_chat nt_chat_t;
typedef struct nt_turn nt_turn_t;

/* What it needs outlives it, but for the threads: nt_chat_free comes first. */
typedef struct {
    uv_loop_t           *loop;
    nt_jobs_t           *jobs;
    nt_threads_t        *threads;
    nt_workflows_t      *workflows;
    const nt_registry_t *registry;
    nt_http_client_t    *http;
    nt_results_t        *results;
    nt_settings_t       *settings;  /* of users */
    int                  workspace; /* descriptors, see nt_run_options_t */
    int                  assets;
    unsigned             allow;
} nt_chat_options_t;

/* NULL when memory is out. */
nt_chat_t *nt_chat_new(const nt_chat_options_t *options);

/* Takes no more messages, waits for the turns until `timeout_ms` has passed,
 * stops the rest, then calls `done`. */
void nt_chat_drain(nt_chat_t *chat, unsigned      timeout_ms,
                   void (*done)(void *arg), void *arg);

/* Stops what still runs.  The memory goes when the loop has run on. */
void nt_chat_free(nt_chat_t *chat);

/* Who hears of a turn. */
typedef struct {
    void *arg;

    /* `event` is borrowed. */
    void (*event)(void *arg, json_t *event);

    /* True while he takes no more: the turn waits for nt_turn_ready. */
    bool (*slow)(void *arg);

    /* Last call: the turn is over, and not to be used any more. */
    void (*done)(void *arg);
} nt_turn_sink_t;

typedef struct {
    const char *user;
    bool        admin; /* may run the workflows of others */
    const char *base_url;
    json_t     *message; /* borrowed; see nt_chat_check */

    /* Answers the thread's last message again; what `message` says of model,
     * tools and the like wins over what that says. */
    bool regenerate;

    /* {name: {"name", "description", "parameters"}} of the client, borrowed;
     * or NULL */
    json_t *client_tools;
} nt_turn_request_t;

/* False with a sentence for what is no message, or no wish for another
 * answer; `regenerate` as above. */
bool nt_chat_check(const json_t *message, bool regenerate, nt_buf_t *error);

/* {name: tool} of a client's list of tools, a new reference; NULL with a
 * sentence for one that is malformed. */
json_t *nt_chat_check_tools(const json_t *list, nt_buf_t *error);

/* Starts a turn; the sink is not called before this has returned.  NULL when
 * memory is out, there are too many, or the engine stops. */
nt_turn_t *nt_turn_start(nt_chat_t *chat, const nt_turn_request_t *request,
                         const nt_turn_sink_t *sink);

/* The thread that the turn is of; lives as long. */
const char *nt_turn_thread(const nt_turn_t *turn);

/* The user wants no more of it: a model's connection is closed, a tool or job
 * cancelled, and what has been said is kept in the thread.  The sink is not
 * called any more, the turn not to be used. */
void nt_turn_stop(nt_turn_t *turn);

/* The client is gone.  A job goes on, and so does a conversation for a while,
 * so that its answer is in the thread; an agent is stopped.  As above. */
void nt_turn_leave(nt_turn_t *turn);

/* He who was slow takes more. */
void nt_turn_ready(nt_turn_t *turn);

/* {"tool_call_id", "ok", "result", "error"} of a client's tool; borrowed.
 * One that nobody waits for is ignored. */
void nt_turn_tool_result(nt_turn_t *turn, json_t *result);

#endif
