/*
 * core/llm/nt_llm_anthropic_messages.c - messages as Anthropic's blocks.
 *
 * Results of tools are the user's blocks, and have to stand together and in
 * front of what the user says; so neighbouring messages of the tools and of
 * the user become one.
 */

#include "core/llm/nt_llm_anthropic.h"

typedef struct {
    nt_llm_place_t place;
    json_t        *messages; /* of the body; borrowed */
    json_t        *blocks;   /* of the user's message that is open; borrowed */
    size_t         results;  /* at its beginning */
    nt_buf_t       system;
} anthropic_messages_t;


static json_t *
base64_source(nt_str_t mime, nt_str_t data)
{
    return json_pack("{s:s,s:o,s:o}", "type", "base64", "media_type",
                     nt_llm_json_str(mime), "data", nt_llm_json_str(data));
}


static json_t *
source_of(const nt_llm_part_t *part)
{
    if (part->url.len != 0) {
        return json_pack("{s:s,s:o}", "type", "url", "url",
                         nt_llm_json_str(part->url));
    }

    return base64_source(part->mime, part->data);
}


static json_t *
document_block(const nt_llm_part_t *part)
{
    json_t *block =
        json_pack("{s:s,s:o}", "type", "document", "source", source_of(part));

    if (block != NULL && part->name.len != 0 &&
        nt_llm_set(block, "title", nt_llm_json_str(part->name)) != NT_OK)
    {
        json_decref(block);
        return NULL;
    }

    return block;
}


/* ctx is the list of blocks. */
static nt_rc_t
add_block(void *ctx, const nt_llm_place_t *place, const nt_llm_part_t *part)
{
    switch (part->kind) {
    case NT_LLM_PART_TEXT:
        return nt_llm_append(ctx, json_pack("{s:s,s:o}", "type", "text", "text",
                                            nt_llm_json_str(part->text)));

    case NT_LLM_PART_IMAGE:
        return nt_llm_append(ctx, json_pack("{s:s,s:o}", "type", "image",
                                            "source", source_of(part)));

    case NT_LLM_PART_FILE:
        if (part->url.len == 0 &&
            !nt_str_eq(part->mime, NT_STR("application/pdf"))) {
            return nt_llm_place_fail(place, "of files, Anthropic takes PDF "
                                            "only: send the text instead.");
        }

        return nt_llm_append(ctx, document_block(part));

    default:
        return nt_llm_place_fail(place, "Anthropic takes no sound and no "
                                        "video.");
    }
}


/* The blocks of the user's message that is open, or of a new one. */
static json_t *
user_blocks(anthropic_messages_t *m)
{
    json_t *blocks;

    if (m->blocks == NULL) {
        blocks = json_array();
        if (nt_llm_append(m->messages, json_pack("{s:s,s:o}", "role", "user",
                                                 "content", blocks)) != NT_OK)
        {
            return NULL;
        }

        m->blocks = blocks;
        m->results = 0;
    }

    return m->blocks;
}


static nt_rc_t
tool_message(anthropic_messages_t *m, const json_t *message)
{
    nt_rc_t  rc;
    json_t  *content = json_array(), *result, *blocks = user_blocks(m);
    nt_str_t id = nt_llm_get_str(message, "tool_call_id");

    if (blocks == NULL || content == NULL) {
        json_decref(content);
        return NT_NOMEM;
    }

    if (id.len == 0) {
        json_decref(content);
        return nt_llm_place_fail(&m->place, "it has no 'tool_call_id'.");
    }

    rc = nt_llm_parts(&m->place, message, add_block, content);
    if (rc != NT_OK) {
        json_decref(content);
        return rc;
    }

    result = json_pack("{s:s,s:o,s:o}", "type", "tool_result", "tool_use_id",
                       nt_llm_json_str(id), "content", content);
    if (result != NULL && json_is_true(json_object_get(message, "is_error")) &&
        nt_llm_set(result, "is_error", json_true()) != NT_OK)
    {
        json_decref(result);
        return NT_NOMEM;
    }

    return json_array_insert_new(blocks, m->results++, result) == 0 ? NT_OK
                                                                    : NT_NOMEM;
}


/* Only the members that it came with: pieces of a stream have an index. */
static nt_rc_t
add_thinking(json_t *blocks, const json_t *block)
{
    static const char *const names[] = { "type", "thinking", "signature",
                                         "data" };

    json_t *value, *copy = json_object();

    if (nt_llm_append(blocks, copy) != NT_OK) {
        return NT_NOMEM;
    }

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = nt_llm_get(block, names[i]);
        if (value != NULL &&
            nt_llm_set(copy, names[i], json_incref(value)) != NT_OK) {
            return NT_NOMEM;
        }
    }

    return NT_OK;
}


static nt_rc_t
assistant_blocks(anthropic_messages_t *m, const json_t *message, json_t *blocks)
{
    size_t        i;
    nt_rc_t       rc;
    json_t       *block;
    nt_llm_call_t call;
    size_t        n = json_array_size(json_object_get(message, "tool_calls"));

    /* they are refused without their signature */
    json_array_foreach(json_object_get(message, "thinking_blocks"), i, block)
    {
        if (add_thinking(blocks, block) != NT_OK) {
            return NT_NOMEM;
        }
    }

    rc = nt_llm_parts(&m->place, message, add_block, blocks);

    for (i = 0; rc == NT_OK && i < n; i++) {
        rc = nt_llm_call_of(&m->place, message, i, &call);
        if (rc == NT_OK) {
            rc =
                nt_llm_append(blocks,
                              json_pack("{s:s,s:o,s:o,s:o}", "type", "tool_use",
                                        "id", nt_llm_json_str(call.id), "name",
                                        nt_llm_json_str(call.name), "input",
                                        call.arguments));
        }
    }

    return rc;
}


static nt_rc_t
assistant_message(anthropic_messages_t *m, const json_t *message)
{
    nt_rc_t rc;
    json_t *blocks = json_array();

    rc = blocks != NULL ? assistant_blocks(m, message, blocks) : NT_NOMEM;

    /* a message without content is refused */
    if (rc == NT_OK && json_array_size(blocks) != 0) {
        m->blocks = NULL;
        return nt_llm_append(m->messages,
                             json_pack("{s:s,s:o}", "role", "assistant",
                                       "content", blocks));
    }

    json_decref(blocks);

    return rc;
}


static nt_rc_t
any_message(anthropic_messages_t *m, const json_t *message)
{
    json_t     *blocks;
    const char *role = nt_llm_role(&m->place, message);

    if (role == NULL) {
        return NT_ERROR;
    }

    if (strcmp(role, "system") == 0) {
        return nt_llm_system(&m->place, message, &m->system);
    }

    if (strcmp(role, "tool") == 0) {
        return tool_message(m, message);
    }

    if (strcmp(role, "assistant") == 0) {
        return assistant_message(m, message);
    }

    blocks = user_blocks(m);

    return blocks != NULL ? nt_llm_parts(&m->place, message, add_block, blocks)
                          : NT_NOMEM;
}


nt_rc_t
nt_anthropic_messages(nt_llm_build_t *b)
{
    nt_rc_t              rc;
    json_t              *message;
    anthropic_messages_t m = { .place = { .build = b } };

    m.messages = json_array();
    rc = nt_llm_set(b->body, "messages", m.messages);

    json_array_foreach(json_object_get(b->request, "messages"), m.place.message,
                       message)
    {
        m.place.part = NT_LLM_WHOLE;
        rc = rc == NT_OK ? any_message(&m, message) : rc;
        if (rc != NT_OK) {
            break;
        }
    }

    if (rc == NT_OK && m.system.len != 0) {
        rc = nt_llm_set(b->body, "system",
                        json_stringn(m.system.data, m.system.len));
    }

    nt_buf_free(&m.system);

    return rc;
}
