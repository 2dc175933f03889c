/*
 * core/llm/nt_llm_api_messages_content.c - Anthropic's messages as canonical
 * ones.
 *
 * A message of the user that has results of tools becomes a message of each
 * tool and, behind them, one with the rest.  Pictures in a result go into
 * that one: tools of others give text.
 */

#include <stdarg.h>
#include <stdio.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_messages.h"

#define NO_BLOCK SIZE_MAX /* the message itself */

typedef struct {
    nt_llm_error_t *error;
    json_t         *messages; /* canonical; borrowed */
    size_t          message;
    size_t          block;

    /* of the message that is read */
    json_t  *parts; /* the user's; owned */
    json_t  *calls; /* the assistant's; owned, as the next */
    json_t  *thinking;
    nt_buf_t text;      /* of the assistant */
    nt_buf_t reasoning; /* likewise */
} content_t;


static nt_rc_t __attribute__((format(printf, 2, 3)))
fail(content_t *c, const char *format, ...)
{
    va_list args;
    char    param[64], text[256];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    snprintf(param, sizeof(param), "messages.%zu", c->message);
    if (c->block != NO_BLOCK) {
        snprintf(param, sizeof(param), "messages.%zu.content.%zu", c->message,
                 c->block);
    }

    return nt_llm_fail(c->error, param, "%s: %s", param, text);
}


static nt_rc_t
unknown(content_t *c, const char *type)
{
    return fail(c,
                "blocks of type '%.64s' are known to Anthropic's models only.",
                type);
}


static nt_rc_t
add_text(json_t *parts, nt_str_t text)
{
    return text.len == 0
               ? NT_OK
               : nt_llm_append(parts, json_pack("{s:s,s:o}", "type", "text",
                                                "text", nt_llm_json_str(text)));
}


/* The URL of a source: its own, or a data URI. */
static nt_rc_t
source_url(content_t *c, const json_t *source, nt_buf_t *url)
{
    const char *type = nt_llm_get_text(source, "type");

    if (strcmp(type, "base64") == 0) {
        nt_buf_append(url, "data:", 5);
        nt_buf_append_str(url, nt_llm_get_str(source, "media_type"));
        nt_buf_append(url, ";base64,", 8);
        nt_buf_append_str(url, nt_llm_get_str(source, "data"));
    } else if (strcmp(type, "url") == 0) {
        nt_buf_append_str(url, nt_llm_get_str(source, "url"));
    } else {
        return fail(c,
                    "its source must be base64 or url; '%.32s' is known to "
                    "Anthropic's models only.",
                    type);
    }

    return url->failed ? NT_NOMEM : NT_OK;
}


static nt_rc_t
add_image(content_t *c, const json_t *block, json_t *parts)
{
    nt_buf_t url = { 0 };
    nt_rc_t  rc = source_url(c, json_object_get(block, "source"), &url);

    if (rc == NT_OK) {
        rc = nt_llm_append(parts,
                           json_pack("{s:s,s:{s:o}}", "type", "image_url",
                                     "image_url", "url",
                                     nt_llm_json_str(nt_llm_buf_str(&url))));
    }

    nt_buf_free(&url);

    return rc;
}


static nt_rc_t
add_file(content_t *c, const json_t *block, json_t *parts)
{
    nt_buf_t url = { 0 };
    nt_str_t name = nt_llm_get_str(block, "title");
    nt_rc_t  rc = source_url(c, json_object_get(block, "source"), &url);

    if (rc == NT_OK) {
        rc = nt_llm_append(
            parts,
            json_pack("{s:s,s:{s:o,s:o}}", "type", "file", "file", "filename",
                      nt_llm_json_str(name.len != 0 ? name
                                                    : NT_STR("document.pdf")),
                      "file_data", nt_llm_json_str(nt_llm_buf_str(&url))));
    }

    nt_buf_free(&url);

    return rc;
}


static nt_rc_t add_parts(content_t *c, const json_t *content, json_t *parts);


/* Documents are files, or text with a title. */
static nt_rc_t
add_document(content_t *c, const json_t *block, json_t *parts)
{
    nt_rc_t       rc;
    const json_t *source = json_object_get(block, "source");
    const char   *type = nt_llm_get_text(source, "type");

    if (json_is_true(
            json_object_get(json_object_get(block, "citations"), "enabled")))
    {
        return fail(c, "citations are known to Anthropic's models only.");
    }

    if (strcmp(type, "text") != 0 && strcmp(type, "content") != 0) {
        rc = add_text(parts, nt_llm_get_str(block, "context"));
        return rc == NT_OK ? add_file(c, block, parts) : rc;
    }

    rc = add_text(parts, nt_llm_get_str(block, "title"));
    rc = rc == NT_OK ? add_text(parts, nt_llm_get_str(block, "context")) : rc;
    if (rc != NT_OK) {
        return rc;
    }

    return strcmp(type, "text") == 0
               ? add_text(parts, nt_llm_get_str(source, "data"))
               : add_parts(c, json_object_get(source, "content"), parts);
}


static nt_rc_t
add_part(content_t *c, const json_t *block, json_t *parts)
{
    const char *type = nt_llm_get_text(block, "type");

    if (strcmp(type, "text") == 0) {
        return json_is_string(json_object_get(block, "text"))
                   ? add_text(parts, nt_llm_get_str(block, "text"))
                   : fail(c, "its 'text' must be a text.");
    }

    if (strcmp(type, "image") == 0) {
        return add_image(c, block, parts);
    }

    return strcmp(type, "document") == 0 ? add_document(c, block, parts)
                                         : unknown(c, type);
}


/* Of a text, or blocks without calls and results. */
static nt_rc_t
add_parts(content_t *c, const json_t *content, json_t *parts)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *block;

    if (json_is_string(content)) {
        return add_text(parts, nt_llm_str(content));
    }

    json_array_foreach(content, i, block)
    {
        rc = rc == NT_OK ? add_part(c, block, parts) : rc;
    }

    return rc;
}


/* --- of the user --- */

/* Moves what is no text to the user's parts. */
static nt_rc_t
split_result(content_t *c, const json_t *from, nt_buf_t *text)
{
    size_t  i;
    json_t *part;

    json_array_foreach(from, i, part)
    {
        if (strcmp(nt_llm_get_text(part, "type"), "text") != 0) {
            if (json_array_append(c->parts, part) != 0) {
                return NT_NOMEM;
            }

            continue;
        }

        if (text->len != 0) {
            nt_buf_append_char(text, '\n');
        }

        nt_buf_append_str(text, nt_llm_get_str(part, "text"));
    }

    return text->failed ? NT_NOMEM : NT_OK;
}


static nt_rc_t
tool_result(content_t *c, const json_t *block)
{
    nt_rc_t  rc;
    json_t  *message, *parts = json_array();
    nt_str_t id = nt_llm_get_str(block, "tool_use_id");
    nt_buf_t text = { 0 };

    if (id.len == 0) {
        json_decref(parts);
        return fail(c, "it has no 'tool_use_id'.");
    }

    rc = parts != NULL ? add_parts(c, json_object_get(block, "content"), parts)
                       : NT_NOMEM;
    rc = rc == NT_OK ? split_result(c, parts, &text) : rc;

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


/* One text is a text: not every server takes lists. */
static nt_rc_t
end_user(content_t *c)
{
    json_t *first = json_array_get(c->parts, 0);

    if (first == NULL) {
        return NT_OK;
    }

    if (json_array_size(c->parts) == 1 &&
        strcmp(nt_llm_get_text(first, "type"), "text") == 0)
    {
        return nt_llm_append(c->messages,
                             json_pack("{s:s,s:O}", "role", "user", "content",
                                       json_object_get(first, "text")));
    }

    return nt_llm_append(c->messages, json_pack("{s:s,s:O}", "role", "user",
                                                "content", c->parts));
}


static nt_rc_t
user_message(content_t *c, const json_t *content)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *block;

    if (json_is_string(content)) {
        rc = add_text(c->parts, nt_llm_str(content));
    }

    json_array_foreach(content, i, block)
    {
        c->block = i;
        if (strcmp(nt_llm_get_text(block, "type"), "tool_result") == 0) {
            rc = tool_result(c, block);
        } else {
            rc = add_part(c, block, c->parts);
        }

        if (rc != NT_OK) {
            return rc;
        }
    }

    return rc == NT_OK ? end_user(c) : rc;
}


/* --- of the assistant --- */

static nt_rc_t
tool_use(content_t *c, const json_t *block)
{
    nt_rc_t  rc;
    json_t  *input = nt_llm_get(block, "input");
    nt_buf_t arguments = { 0 };
    nt_str_t id = nt_llm_get_str(block, "id");
    nt_str_t name = nt_llm_get_str(block, "name");

    if (id.len == 0 || name.len == 0 || !json_is_object(input)) {
        return fail(c, "it needs an 'id', a 'name' and an 'input'.");
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
thinking(content_t *c, const json_t *block)
{
    nt_buf_append_str(&c->reasoning, nt_llm_get_str(block, "thinking"));

    return nt_llm_get_str(block, "signature").len == 0 ||
                   json_array_append(c->thinking,
                                     (json_t *) (uintptr_t) block) == 0
               ? NT_OK
               : NT_NOMEM;
}


static nt_rc_t
assistant_block(content_t *c, const json_t *block)
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

    return unknown(c, type);
}


static nt_rc_t
end_assistant(content_t *c)
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
assistant_message(content_t *c, const json_t *content)
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
any_message(content_t *c, const json_t *message)
{
    nt_rc_t     rc;
    json_t     *content = nt_llm_get(message, "content");
    const char *role = nt_llm_get_text(message, "role");

    c->block = NO_BLOCK;
    if (!json_is_string(content) && !json_is_array(content)) {
        return fail(c, "its 'content' must be a text or a list of blocks.");
    }

    if (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0) {
        return fail(c, "its 'role' must be user or assistant.");
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
    nt_rc_t   rc;
    json_t   *message, *messages = json_object_get(request, "messages");
    size_t    n = json_array_size(messages);
    content_t c = { .error = error, .block = NO_BLOCK };

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
        c.block = NO_BLOCK;
        return fail(&c, "the last message must be the user's: only some of "
                        "Anthropic's models go on with the assistant's.");
    }

    return rc;
}
