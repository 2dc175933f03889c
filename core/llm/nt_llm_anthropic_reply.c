/*
 * core/llm/nt_llm_anthropic_reply.c - Anthropic's replies and streams
 * (https://docs.anthropic.com/en/docs/build-with-claude/streaming).
 *
 * A block of a stream is started, grows and is stopped; one is open at a
 * time.  In a whole reply the blocks stand complete.
 */

#include "core/llm/nt_llm_anthropic.h"

#define NO_BLOCK (-1)


/* Counts that are not there keep what an earlier event said. */
static void
anthropic_usage(nt_llm_stream_t *s, const json_t *usage)
{
    int64_t input, output, created, read;

    if (!json_is_object(usage)) {
        return;
    }

    s->has_usage = true;
    output = nt_llm_get_count(usage, "output_tokens");
    if (output >= 0) {
        s->usage.completion = output;
    }

    input = nt_llm_get_count(usage, "input_tokens");
    if (input < 0) {
        return;
    }

    created = nt_llm_get_count(usage, "cache_creation_input_tokens");
    read = nt_llm_get_count(usage, "cache_read_input_tokens");
    s->usage.prompt = nt_llm_count(input + (created > 0 ? created : 0) +
                                   (read > 0 ? read : 0));
    s->usage.cached = read;
}


static const char *
finish_reason(const char *reason)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = { { "max_tokens", "length" },
                 { "model_context_window_exceeded", "length" },
                 { "tool_use", "tool_calls" },
                 { "refusal", "content_filter" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(reason, rows[i].from) == 0) {
            return rows[i].to;
        }
    }

    return "stop"; /* end_turn, stop_sequence, pause_turn */
}


static nt_rc_t
citation(nt_llm_stream_t *s, const json_t *value)
{
    nt_rc_t  rc;
    json_t  *list;
    nt_str_t url = nt_llm_get_str(value, "url");

    if (url.len == 0) { /* of a document */
        return NT_OK;
    }

    list = json_pack("[{s:s,s:{s:o,s:o}}]", "type", "url_citation",
                     "url_citation", "url", nt_llm_json_str(url), "title",
                     nt_llm_json_str(nt_llm_get_str(value, "title")));
    rc = list != NULL ? nt_llm_emit_data(s, 0, NT_LLM_ANNOTATIONS, list)
                      : NT_NOMEM;
    json_decref(list);

    return rc;
}


/* A block of thinking, to be kept for later turns. */
static nt_rc_t
thinking_block(nt_llm_stream_t *s, nt_str_t text, nt_str_t signature)
{
    nt_rc_t rc;
    json_t *block;

    if (signature.len == 0) {
        return NT_OK; /* it would be refused */
    }

    block = json_pack("{s:s,s:o,s:o}", "type", "thinking", "thinking",
                      nt_llm_json_str(text), "signature",
                      nt_llm_json_str(signature));
    rc = block != NULL ? nt_llm_emit_data(s, 0, NT_LLM_THINKING, block)
                       : NT_NOMEM;
    json_decref(block);

    return rc;
}


/* --- whole replies --- */

static nt_rc_t
whole_text(nt_llm_stream_t *s, const json_t *block)
{
    size_t  i;
    nt_rc_t rc;
    json_t *value;

    rc = nt_llm_emit_text(s, 0, NT_LLM_CONTENT, nt_llm_get_str(block, "text"));

    json_array_foreach(json_object_get(block, "citations"), i, value)
    {
        rc = rc == NT_OK ? citation(s, value) : rc;
    }

    return rc;
}


static nt_rc_t
whole_block(nt_llm_stream_t *s, const json_t *block)
{
    nt_rc_t     rc;
    unsigned    call;
    const char *type = nt_llm_get_text(block, "type");

    if (strcmp(type, "text") == 0) {
        return whole_text(s, block);
    }

    if (strcmp(type, "thinking") == 0) {
        rc = nt_llm_emit_text(s, 0, NT_LLM_REASONING,
                              nt_llm_get_str(block, "thinking"));
        return rc == NT_OK
                   ? thinking_block(s, nt_llm_get_str(block, "thinking"),
                                    nt_llm_get_str(block, "signature"))
                   : rc;
    }

    if (strcmp(type, "redacted_thinking") == 0) {
        return nt_llm_emit_data(s, 0, NT_LLM_THINKING, block);
    }

    if (strcmp(type, "tool_use") == 0) {
        return nt_llm_emit_whole_call(s, 0, nt_llm_get_str(block, "id"),
                                      nt_llm_get_str(block, "name"),
                                      json_object_get(block, "input"), &call);
    }

    return NT_OK; /* of tools that the provider runs itself */
}


nt_rc_t
nt_anthropic_whole(nt_llm_stream_t *s, const json_t *reply)
{
    size_t      i;
    nt_rc_t     rc;
    json_t     *block;
    const char *reason = nt_llm_get_text(reply, "stop_reason");

    if (nt_llm_get(reply, "error") != NULL) {
        return nt_llm_in_band(s, reply);
    }

    rc = nt_llm_emit_start(s, nt_llm_get_str(reply, "id"),
                           nt_llm_get_str(reply, "model"));

    json_array_foreach(json_object_get(reply, "content"), i, block)
    {
        rc = rc == NT_OK ? whole_block(s, block) : rc;
    }

    if (rc == NT_OK && reason[0] != '\0') {
        s->done = true;
        rc = nt_llm_emit_finish(s, 0, finish_reason(reason));
    }

    anthropic_usage(s, json_object_get(reply, "usage"));

    return rc == NT_OK ? nt_llm_emit_usage(s) : rc;
}


/* --- streams --- */

static nt_rc_t
block_start(nt_llm_stream_t *s, const json_t *event)
{
    nt_rc_t     rc = NT_OK;
    json_t     *block = json_object_get(event, "content_block");
    const char *type = nt_llm_get_text(block, "type");

    s->block = nt_llm_get_int(event, "index", 0);
    s->block_is = NT_LLM_START; /* none that matters */
    nt_buf_reset(&s->thinking_text);
    nt_buf_reset(&s->signature);

    if (strcmp(type, "tool_use") == 0) {
        s->block_is = NT_LLM_TOOL_CALL;
        s->block_input = json_object_size(json_object_get(block, "input")) != 0;
        return s->block_input ? whole_block(s, block)
                              : nt_llm_emit_call(s, 0, s->block,
                                                 nt_llm_get_str(block, "id"),
                                                 nt_llm_get_str(block, "name"),
                                                 NT_STR(""), &s->block_call);
    }

    if (strcmp(type, "text") == 0) {
        s->block_is = NT_LLM_CONTENT;
        rc = whole_text(s, block);
    } else if (strcmp(type, "thinking") == 0) {
        s->block_is = NT_LLM_THINKING;
        nt_buf_append_str(&s->thinking_text, nt_llm_get_str(block, "thinking"));
        nt_buf_append_str(&s->signature, nt_llm_get_str(block, "signature"));
        rc = nt_llm_emit_text(s, 0, NT_LLM_REASONING,
                              nt_llm_get_str(block, "thinking"));
    } else if (strcmp(type, "redacted_thinking") == 0) {
        rc = whole_block(s, block);
    }

    return rc;
}


/* A piece of text, of arguments or of thinking; *known says whether it was
 * one. */
static nt_rc_t
text_delta(nt_llm_stream_t *s, nt_str_t type, const nt_str_t text[3],
           bool *known)
{
    *known = true;

    if (nt_str_eq(type, NT_STR("text_delta")) && s->block_is == NT_LLM_CONTENT)
    {
        return nt_llm_emit_text(s, 0, NT_LLM_CONTENT, text[0]);
    }

    if (nt_str_eq(type, NT_STR("input_json_delta")) &&
        s->block_is == NT_LLM_TOOL_CALL)
    {
        s->block_input |= text[1].len != 0;
        return nt_llm_emit_arguments(s, 0, s->block_call, text[1]);
    }

    if (nt_str_eq(type, NT_STR("thinking_delta"))) {
        nt_buf_append_str(&s->thinking_text, text[2]);
        return nt_llm_emit_text(s, 0, NT_LLM_REASONING, text[2]);
    }

    *known = false;

    return NT_OK;
}


static nt_rc_t
not_open(nt_llm_stream_t *s)
{
    return nt_llm_protocol(s, "sent a piece of a block that is not open.");
}


static nt_rc_t
block_delta(nt_llm_stream_t *s, const json_t *event)
{
    bool           known;
    nt_rc_t        rc;
    json_t        *delta = json_object_get(event, "delta");
    nt_str_t       type = nt_llm_get_str(delta, "type");
    const nt_str_t text[3] = { nt_llm_get_str(delta, "text"),
                               nt_llm_get_str(delta, "partial_json"),
                               nt_llm_get_str(delta, "thinking") };

    if (nt_llm_get_int(event, "index", 0) != s->block) {
        return not_open(s);
    }

    rc = text_delta(s, type, text, &known);
    if (known) {
        return rc;
    }

    if (nt_str_eq(type, NT_STR("signature_delta"))) {
        nt_buf_append_str(&s->signature, nt_llm_get_str(delta, "signature"));
    } else if (nt_str_eq(type, NT_STR("citations_delta"))) {
        return citation(s, json_object_get(delta, "citation"));
    }

    return NT_OK;
}


enum { CLAUDE_EVENT, CLAUDE_DELTA, CLAUDE_TEXT };

static const nt_llm_shape_t anthropic_delta[] = {
    { NT_LLM_NAME("type"), NT_LLM_QUICK_TEXT, CLAUDE_DELTA, NULL },
    { NT_LLM_NAME("text"), NT_LLM_QUICK_TEXT, CLAUDE_TEXT, NULL },
    { NT_LLM_NAME("partial_json"), NT_LLM_QUICK_TEXT, CLAUDE_TEXT + 1, NULL },
    { NT_LLM_NAME("thinking"), NT_LLM_QUICK_TEXT, CLAUDE_TEXT + 2, NULL },
    { .name = { NULL, 0 } }
};

const nt_llm_shape_t nt_anthropic_shape[] = {
    { NT_LLM_NAME("type"), NT_LLM_QUICK_TEXT, CLAUDE_EVENT, NULL },
    { NT_LLM_NAME("index"), NT_LLM_QUICK_INT, 0, NULL },
    { NT_LLM_NAME("delta"), NT_LLM_QUICK_OBJECT, 1, anthropic_delta },
    { .name = { NULL, 0 } }
};


bool
nt_anthropic_quick(nt_llm_stream_t *s, const nt_llm_quick_t *q, nt_rc_t *rc)
{
    bool known;

    if (!nt_str_eq(q->text[CLAUDE_EVENT], NT_STR("content_block_delta"))) {
        return false;
    }

    if (nt_llm_quick_int(q, 0, 0) != s->block) {
        *rc = not_open(s);
        return true;
    }

    *rc = text_delta(s, q->text[CLAUDE_DELTA], &q->text[CLAUDE_TEXT], &known);

    return known;
}


static nt_rc_t
block_stop(nt_llm_stream_t *s)
{
    nt_llm_kind_t kind = s->block_is;

    s->block = NO_BLOCK;
    s->block_is = NT_LLM_START;

    if (kind == NT_LLM_TOOL_CALL && !s->block_input) {
        return nt_llm_emit_arguments(s, 0, s->block_call, NT_STR("{}"));
    }

    if (kind != NT_LLM_THINKING) {
        return NT_OK;
    }

    if (s->thinking_text.failed || s->signature.failed) {
        return NT_NOMEM;
    }

    return thinking_block(s,
                          (nt_str_t) { s->thinking_text.data,
                                       s->thinking_text.len },
                          (nt_str_t) { s->signature.data, s->signature.len });
}


static nt_rc_t
message_start(nt_llm_stream_t *s, const json_t *event)
{
    json_t *message = json_object_get(event, "message");

    s->block = NO_BLOCK;
    anthropic_usage(s, json_object_get(message, "usage"));

    return nt_llm_emit_start(s, nt_llm_get_str(message, "id"),
                             nt_llm_get_str(message, "model"));
}


static nt_rc_t
message_delta(nt_llm_stream_t *s, const json_t *event)
{
    const char *reason =
        nt_llm_get_text(json_object_get(event, "delta"), "stop_reason");

    anthropic_usage(s, json_object_get(event, "usage"));

    return reason[0] != '\0' ? nt_llm_emit_finish(s, 0, finish_reason(reason))
                             : NT_OK;
}


static nt_rc_t
message_stop(nt_llm_stream_t *s)
{
    s->done = true;

    return nt_llm_emit_usage(s);
}


nt_rc_t
nt_anthropic_event(nt_llm_stream_t *s, const json_t *event)
{
    const char *type = nt_llm_get_text(event, "type");

    if (strcmp(type, "content_block_delta") == 0) {
        return block_delta(s, event);
    }

    if (strcmp(type, "content_block_start") == 0) {
        return block_start(s, event);
    }

    if (strcmp(type, "content_block_stop") == 0) {
        return block_stop(s);
    }

    if (strcmp(type, "message_start") == 0) {
        return message_start(s, event);
    }

    if (strcmp(type, "message_delta") == 0) {
        return message_delta(s, event);
    }

    if (strcmp(type, "message_stop") == 0) {
        return message_stop(s);
    }

    if (strcmp(type, "error") == 0 || nt_llm_get(event, "error") != NULL) {
        return nt_llm_in_band(s, event);
    }

    return NT_OK; /* ping, and what is added later */
}
