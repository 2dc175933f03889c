/*
 * engine/chat/completion.h - chat completions: a conversation in, the pieces
 * of its answer out.
 *
 * Nothing is kept in threads: the client sends all messages each time, as
 * OpenAI's do.  The model is
 *
 *   workflow/ID   a workflow with the run_mode `chat`: it runs as a job of the
 *                 user's, gets the messages as a conversation's workflow does
 *                 (inputs.c), and what reaches its outputs is the answer;
 *   any other     a provider's, of those that the caller names: it may call
 *                 workflows, which run here until it calls none any more.
 *
 * Everything belongs to the loop's thread.
 */

#ifndef NT_COMPLETION_H
#define NT_COMPLETION_H

#include "core/llm/nt_llm.h"
#include "engine/chat/chat.h"

#define NT_COMPLETION_MODEL     "workflow/" /* before the id of one */
#define NT_COMPLETION_TOOL      "workflow_" /* before the name of a tool */
#define NT_COMPLETION_TOOLS_MAX 128
#define NT_COMPLETION_ROUNDS    16 /* questions to a model, for one answer */

typedef struct nt_completion nt_completion_t;

typedef struct {
    const char *user;
    bool        admin; /* may run the workflows of others */
    const char *base_url;

    const json_t *request; /* canonical; borrowed */

    /* The tools {"type": "workflow", "workflow_id" or "tool_name"} of the
     * request, and those that the operator adds to any; or NULL.  Borrowed. */
    const json_t *tools;
    const json_t *more_tools;

    /* Where a provider's model is, in the order of asking: [{"name",
     * "dialect", "url", "key", "model", "headers": ["Name: value"]}]; the
     * dialect "echo" has no url.  Borrowed, or NULL. */
    const json_t *targets;
} nt_completion_request_t;

/* Who hears of it; not before nt_completion_start has returned. */
typedef struct {
    void *arg;

    /* The job that it is, before the first piece. */
    void (*job)(void *arg, const char *job_id);

    /* START comes first, then the pieces of one choice, at the end FINISH and
     * USAGE.  False: memory is out, and the completion ends. */
    bool (*delta)(void *arg, const nt_llm_delta_t *delta);

    /* True while he takes no more: it waits for nt_completion_ready. */
    bool (*slow)(void *arg);

    /* Last call; `error` is NULL when all was said. */
    void (*done)(void *arg, const nt_llm_error_t *error);
} nt_completion_sink_t;

/* Checks it and starts.  NULL, and *error says why. */
nt_completion_t *nt_completion_start(nt_chat_t                     *chat,
                                     const nt_completion_request_t *request,
                                     const nt_completion_sink_t    *sink,
                                     nt_llm_error_t                *error);

/* The client is gone: a job is cancelled, a provider's connection closed. The
 * sink is not called any more, the completion not to be used. */
void nt_completion_stop(nt_completion_t *completion);

/* He who was slow takes more. */
void nt_completion_ready(nt_completion_t *completion);

/* Takes the tools of the type "workflow" out of a request of any API, whose
 * `tools` is a list: they are appended to `tools`, and an empty list goes. */
bool nt_completion_take_tools(json_t *request, json_t *tools);

#endif
