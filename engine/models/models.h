/*
 * engine/models/models.h - how nodes talk to models.
 *
 * A model is named by a ref of NodeTool's: {"type": "language_model",
 * "provider": "openai", "id": "gpt-4o-mini"}.  Providers, their dialects,
 * keys and addresses are a table (engine/models/provider.h); the provider
 * "nodetool" is a built-in echo (core/llm/nt_echo.h).  All functions wait:
 * they are for nodes with NT_NODE_ASYNC.
 */

#ifndef NT_MODELS_H
#define NT_MODELS_H

#include "core/llm/nt_llm.h"
#include "engine/nodetool_node.h"

/* --- chat --- */

/*
 * Messages are OpenAI's: {"role", "content": text or parts, "tool_calls",
 * "tool_call_id"}; an assistant's message of an earlier reply is put back as
 * it came.  A part may be OpenAI's, or hold a media ref as NodeTool's do:
 * {"type": "image"|"image_url", "image": ref}, {"type": "audio", "audio":
 * ref}, {"type": "video", "video": ref}, {"type": "document", "document":
 * ref}; the bytes behind the ref are sent.
 */
typedef struct {
    const json_t          *model;  /* the ref; its provider may be empty */
    const struct nt_model *target; /* in place of what the ref means; or NULL */
    const json_t          *messages; /* array */

    /* NULL for none: an array of {"name", "description", "parameters"}, as
     * nt_call_tools gives, or of OpenAI's {"type": "function", ...} */
    const json_t *tools;

    /* NULL for none: more members of the request, as OpenAI names them:
     * "max_tokens", "temperature", "top_p", "stop", "seed", "tool_choice",
     * "parallel_tool_calls", "response_format", "reasoning_effort",
     * "web_search_options" ... */
    const json_t *options;

    /* NULL, or called with each piece as it comes; may wait (nt_call_emit,
     * nt_call_tool).  False after nt_call_fail ends the call. */
    bool (*delta)(void *ctx, const nt_llm_delta_t *delta);
    void *ctx;
} nt_model_chat_t;

/* Asks a model, and returns its reply, a chat.completion; tokens used are
 * logged.  A new reference; NULL after nt_call_fail.  What finished by
 * "length" or "content_filter" is a reply as well. */
json_t *nt_model_chat(nt_node_call_t *call, const nt_model_chat_t *chat);

/* Of a reply, borrowed: the assistant's message, to be put behind the
 * messages; its text ("" when it has none); why it ended. */
json_t     *nt_model_message(const json_t *reply);
nt_str_t    nt_model_text(const json_t *reply);
const char *nt_model_finish(const json_t *reply);

/* The arguments of a tool call as an object, {} for none.  A new reference;
 * NULL: *error is a sentence for the model (malloc'ed), or NULL when memory
 * is out. */
json_t *nt_model_arguments(const json_t *tool_call, char **error);

/* New messages; NULL when memory is out.  `text` need not end with a NUL.
 * The tool's result is any value; a string is sent as it is. */
json_t *nt_model_text_message(const char *role, nt_str_t text);
json_t *nt_model_tool_message(const json_t *tool_call, const json_t *result);

/* Makes a user's message of a text and media refs, each of which may be NULL
 * or empty (no uri, asset_id or data), and appends it.  False when memory is
 * out. */
bool nt_model_add_user(json_t *messages, nt_str_t text, const json_t *image,
                       const json_t *audio);

/* True for a media ref that leads nowhere: no uri, asset_id or data. */
bool nt_model_ref_empty(const json_t *ref);

/* {"type": "chunk", "content", "content_type": "text", "done", "thinking"...}
 * as outputs named "chunk" carry. New reference; NULL when memory is out. */
json_t *nt_model_chunk(nt_node_call_t *call, nt_str_t text, bool thinking,
                       bool done);

/* --- embeddings --- */

/* Embeds each text: an array of arrays of numbers, in their order.  `model`
 * is an embedding_model or language_model ref, `dimensions` 0 for the model's
 * own.  A new reference; NULL after nt_call_fail. */
json_t *nt_model_embed(nt_node_call_t *call, const json_t *model,
                       const json_t *texts, int64_t dimensions);

#endif
