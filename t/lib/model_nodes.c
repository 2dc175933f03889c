/*
 * A node library for tests: what nodes ask models by, bare.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/models/models.h"

typedef struct {
    nt_node_call_t *call;
    int             pieces;
    bool            refuse;
} chat_t;

static bool
take(void *ctx, const nt_llm_delta_t *delta)
{
    chat_t *chat = ctx;

    if (delta->kind == NT_LLM_CONTENT) {
        chat->pieces++;
        nt_call_chunk(chat->call, delta->text.data, delta->text.len, false);
        if (chat->refuse) {
            (void) nt_call_fail(chat->call, "enough");
            return false;
        }
    }
    return true;
}

/* {"text", "finish", "pieces", "message", "usage"} */
static nt_node_rc_t
chat_run(nt_node_call_t *call)
{
    chat_t          chat = { .call = call };
    json_t         *reply, *output;
    nt_str_t        text;
    nt_model_chat_t ask = { .model = nt_call_input(call, "model"),
                            .messages = nt_call_input(call, "messages"),
                            .tools = nt_call_input(call, "tools"),
                            .options = nt_call_input(call, "options"),
                            .delta = take,
                            .ctx = &chat };

    chat.refuse = nt_call_bool(call, "refuse");
    reply = nt_model_chat(call, &ask);
    if (reply == NULL) {
        return NT_NODE_FAIL;
    }
    text = nt_model_text(reply);
    output = json_pack("{s:s%,s:s,s:i,s:O,s:O*}", "text", text.data, text.len,
                       "finish", nt_model_finish(reply), "pieces", chat.pieces,
                       "message", nt_model_message(reply), "usage",
                       json_object_get(reply, "usage"));
    json_decref(reply);
    return nt_call_emit(call, "output", output);
}

/* The vectors of texts. */
static nt_node_rc_t
embed_run(nt_node_call_t *call)
{
    json_t *vectors = nt_model_embed(call, nt_call_input(call, "model"),
                                     nt_call_input(call, "texts"),
                                     nt_call_int(call, "dimensions"));

    return vectors != NULL ? nt_call_emit(call, "output", vectors)
                           : NT_NODE_FAIL;
}

static const nt_property_t chat_properties[] = {
    { .name = "model", .type = "language_model" },
    { .name = "messages", .type = "list[any]", .default_json = "[]" },
    { .name = "tools", .type = "list[any]", .default_json = "[]" },
    { .name = "options", .type = "dict[str,any]", .default_json = "{}" },
    { .name = "refuse", .type = "bool", .default_json = "false" },
    { .name = NULL }
};

static const nt_property_t embed_properties[] = {
    { .name = "model", .type = "embedding_model" },
    { .name = "texts", .type = "list[any]", .default_json = "[]" },
    { .name = "dimensions", .type = "int", .default_json = "0" },
    { .name = NULL }
};

static const nt_output_t outputs[] = { { "output", "any" }, { NULL, NULL } };

static const nt_node_type_t chat = { .type = "models.Chat",
                                     .title = "Chat",
                                     .description = "Asks a model.",
                                     .properties = chat_properties,
                                     .outputs = outputs,
                                     .flags = NT_NODE_ASYNC,
                                     .run = chat_run };

static const nt_node_type_t embed = { .type = "models.Embed",
                                      .title = "Embed",
                                      .description = "Embeds texts.",
                                      .properties = embed_properties,
                                      .outputs = outputs,
                                      .flags = NT_NODE_ASYNC,
                                      .run = embed_run };

static const nt_node_type_t *const types[] = { &chat, &embed, NULL };

NT_NODE_API const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI,
                                                              "models-test",
                                                              types };
