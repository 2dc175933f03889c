/*
 * core/llm/nt_llm_api_messages_content.c - Anthropic's messages as canonical
 * ones.
 *
 * A message of the user that has results of tools becomes a message of each
 * tool and, behind them, one with the rest.  Pictures in a result go into
 * that one: tools of others give text.
 */

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_messages.h"

/* --- of the user --- */

static nt_rc_t
tool_result(nt_messages_content_t *c, const json_t *block)
{
    nt_rc_t  rc;
    json_t  *message, *parts = json_array();
    nt_str_t id = nt_llm_get_str(block, "tool_use_id");
    nt_buf_t text = { 0 };

    if (id.len == 0) {
        json_decref(parts);
        return nt_messages_block_fail(c, "it has no 'tool_use_id'.");
    }

    rc =
        parts != NULL
            ? nt_messages_add_parts(c, json_object_get(block, "content"), parts)
            : NT_NOMEM;
    rc = rc == NT_OK ? nt_llm_api_texts(parts, &text, c->parts) : rc;

    if (rc == NT_OK) {
        message = json_pack("{s:s,s:o,s:o}", "role", "tool", "tool_call_id",
                            nt_llm_json_str(id), "content",
                            nt_llm_json_str(nt_llm_buf_str(&text)));
        rc = nt_llm_append(c->messages, message);
        if (rc == NT_OK && json_is_true(json_object_get(block, "is_error"))) {
            rc = nt_llm_set(message, "is_error", json_true());
        }
    }

    nt_buf_free(&text);
    json_decref(parts);

    return rc;
}


static nt_rc_t
user_message(nt_messages_content_t *c, const json_t *content)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *block;

    if (json_is_string(content)) {
        rc = nt_messages_add_text(c->parts, nt_llm_str(content));
    }

    json_array_foreach(content, i, block)
    {
        c->block = i;
        if (strcmp(nt_llm_get_text(block, "type"), "tool_result") == 0) {
            rc = tool_result(c, block);
        } else {
            rc = nt_messages_add_part(c, block, c->parts);
        }

        if (rc != NT_OK) {
            return rc;
        }
    }

    return rc == NT_OK && json_array_size(c->parts) != 0
               ? nt_llm_api_message(c->messages, "user", c->parts)
               : rc;
}


/* --- of the assistant --- */

static nt_rc_t
tool_use(nt_messages_content_t *c, const json_t *block)
{
    nt_rc_t  rc;
    json_t  *input = nt_llm_get(block, "input");
    nt_buf_t arguments = { 0 };
    nt_str_t id = nt_llm_get_str(block, "id");
    nt_str_t name = nt_llm_get_str(block, "name");

    if (id.len == 0 || name.len == 0 || !json_is_object(input)) {
        return nt_messages_block_fail(
            c, "it needs an 'id', a 'name' and an 'input'.");
    }

    nt_json_append(&arguments, input);
    rc = arguments.failed
             ? NT_NOMEM
             : nt_llm_append(c->calls,
                             json_pack("{s:o,s:s,s:{s:o,s:o}}", "id",
                                       nt_llm_json_str(id), "type", "function",
                                       "function", "name",
                                       nt_llm_json_str(name), "arguments",
                                       nt_llm_json_str(
                                           nt_llm_buf_str(&arguments))));
    nt_buf_free(&arguments);

    return rc;
}


/* Blocks of other models have no signature, and would be refused. */
static nt_rc_t
thinking(nt_messages_content_t *c, const json_t *block)
{
    nt_buf_append_str(&c->reasoning, nt_llm_get_str(block, "thinking"));

    return nt_llm_get_str(block, "signature").len == 0 ||
                   json_array_append(c->thinking,
                                     (json_t *) (uintptr_t) block) == 0
               ? NT_OK
               : NT_NOMEM;
}


static nt_rc_t
assistant_block(nt_messages_content_t *c, const json_t *block)
{
    size_t      n;
    const char *type = nt_llm_get_text(block, "type");

    if (strcmp(type, "text") == 0) {
        nt_buf_append_str(&c->text, nt_llm_get_str(block, "text"));
        return NT_OK;
    }

    if (strcmp(type, "tool_use") == 0) {
        return tool_use(c, block);
    }

    if (strcmp(type, "thinking") == 0) {
        return thinking(c, block);
    }

    if (strcmp(type, "redacted_thinking") == 0) {
        return json_array_append(c->thinking, (json_t *) (uintptr_t) block) == 0
                   ? NT_OK
                   : NT_NOMEM;
    }

    /* what Anthropic's servers found; the text tells it */
    n = strlen(type);
    if (strcmp(type, "server_tool_use") == 0 ||
        (n > 12 && strcmp(type + n - 12, "_tool_result") == 0))
    {
        return NT_OK;
    }

    return nt_messages_unknown(c, type);
}


static nt_rc_t
end_assistant(nt_messages_content_t *c)
{
    nt_rc_t rc;
    json_t *message;
    bool    calls = json_array_size(c->calls) != 0;

    if (c->text.failed || c->reasoning.failed) {
        return NT_NOMEM;
    }

    message = json_pack("{s:s,s:o}", "role", "assistant", "content",
                        c->text.len != 0 || !calls
                            ? nt_llm_json_str(nt_llm_buf_str(&c->text))
                            : json_null());
    rc = nt_llm_append(c->messages, message);

    if (rc == NT_OK && c->reasoning.len != 0) {
        rc = nt_llm_set(message, "reasoning_content",
                        nt_llm_json_str(nt_llm_buf_str(&c->reasoning)));
    }

    if (rc == NT_OK && json_array_size(c->thinking) != 0) {
        rc = nt_llm_set(message, "thinking_blocks", json_incref(c->thinking));
    }

    return rc == NT_OK && calls
               ? nt_llm_set(message, "tool_calls", json_incref(c->calls))
               : rc;
}


static nt_rc_t
assistant_message(nt_messages_content_t *c, const json_t *content)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *block;

    nt_buf_append_str(&c->text, nt_llm_str(content));

    json_array_foreach(content, i, block)
    {
        c->block = i;
        rc = rc == NT_OK ? assistant_block(c, block) : rc;
    }

    return rc == NT_OK ? end_assistant(c) : rc;
}


/* --- all --- */

static nt_rc_t
any_message(nt_messages_content_t *c, const json_t *message)
{
    nt_rc_t     rc;
    json_t     *content = nt_llm_get(message, "content");
    const char *role = nt_llm_get_text(message, "role");

    c->block = NT_MESSAGES_WHOLE;
    if (!json_is_string(content) && !json_is_array(content)) {
        return nt_messages_block_fail(
            c, "its 'content' must be a text or a list of blocks.");
    }

    if (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0) {
        return nt_messages_block_fail(c,
                                      "its 'role' must be user or assistant.");
    }

    c->parts = json_array();
    c->calls = json_array();
    c->thinking = json_array();
    nt_buf_reset(&c->text);
    nt_buf_reset(&c->reasoning);

    if (c->parts == NULL || c->calls == NULL || c->thinking == NULL) {
        rc = NT_NOMEM;
    } else {
        rc = strcmp(role, "user") == 0 ? user_message(c, content)
                                       : assistant_message(c, content);
    }

    json_decref(c->parts);
    json_decref(c->calls);
    json_decref(c->thinking);

    return rc;
}


static nt_rc_t
put_system(const json_t *system, json_t *messages, nt_llm_error_t *error)
{
    size_t   i;
    nt_rc_t  rc = NT_OK;
    json_t  *block;
    nt_buf_t text = { 0 };

    if (system != NULL && !json_is_string(system) && !json_is_array(system)) {
        return nt_llm_fail(error, "system",
                           "system: it must be a text or a list of blocks.");
    }

    nt_buf_append_str(&text, nt_llm_str(system));

    json_array_foreach(system, i, block)
    {
        if (strcmp(nt_llm_get_text(block, "type"), "text") != 0) {
            nt_buf_free(&text);
            return nt_llm_fail(error, "system",
                               "system.%zu: only text may stand here.", i);
        }

        if (text.len != 0) {
            nt_buf_append(&text, "\n\n", 2);
        }

        nt_buf_append_str(&text, nt_llm_get_str(block, "text"));
    }

    if (text.failed) {
        rc = NT_NOMEM;
    } else if (text.len != 0) {
        rc = nt_llm_append(messages,
                           json_pack("{s:s,s:o}", "role", "system", "content",
                                     nt_llm_json_str(nt_llm_buf_str(&text))));
    }

    nt_buf_free(&text);

    return rc;
}


nt_rc_t
nt_messages_content(const json_t *request, json_t *out, nt_llm_error_t *error)
{
    nt_rc_t rc;
    json_t *message, *messages = json_object_get(request, "messages");
    size_t  n = json_array_size(messages);
    nt_messages_content_t c = { .error = error, .block = NT_MESSAGES_WHOLE };

    if (n == 0) {
        return nt_llm_fail(error, "messages",
                           "messages: at least one message is required.");
    }

    c.messages = json_array();
    rc = nt_llm_set(out, "messages", c.messages);
    if (rc == NT_OK) {
        rc = put_system(nt_llm_get(request, "system"), c.messages, error);
    }

    json_array_foreach(messages, c.message, message)
    {
        rc = rc == NT_OK ? any_message(&c, message) : rc;
        if (rc != NT_OK) {
            break;
        }
    }

    nt_buf_free(&c.text);
    nt_buf_free(&c.reasoning);

    /* others would begin a new answer instead of going on with this one */
    if (rc == NT_OK &&
        strcmp(nt_llm_get_text(json_array_get(messages, n - 1), "role"),
               "assistant") == 0)
    {
        c.message = n - 1;
        c.block = NT_MESSAGES_WHOLE;
        return nt_messages_block_fail(
            &c, "the last message must be the user's: only some of "
                "Anthropic's models go on with the assistant's.");
    }

    return rc;
}
