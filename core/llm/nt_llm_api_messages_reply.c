/*
 * core/llm/nt_llm_api_messages_reply.c - whole replies and errors as
 * Anthropic's (https://docs.anthropic.com/en/api/errors).
 *
 * Pictures and sound have no place in them and are left out: a request of
 * this API cannot ask for them.
 */

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_messages.h"


const char *
nt_messages_reason(nt_str_t finish, bool called, bool refused)
{
    if (nt_str_eq(finish, NT_STR("length"))) {
        return "max_tokens";
    }

    if (refused || nt_str_eq(finish, NT_STR("content_filter"))) {
        return "refusal";
    }

    return called || nt_str_eq(finish, NT_STR("tool_calls")) ? "tool_use"
                                                             : "end_turn";
}


/* Tokens of the input are those that no cache had.  The clients' types have
 * no place for what is not known. */
void
nt_messages_usage(nt_buf_t *out, const nt_llm_usage_t *usage)
{
    int64_t cached = usage->cached > 0 ? usage->cached : 0;
    int64_t input = usage->prompt > cached ? usage->prompt - cached : 0;

    nt_buf_append_str(out, NT_STR("\"usage\":{\"input_tokens\":"));
    nt_buf_append_uint(out, (uint64_t) input);
    if (usage->cached >= 0) {
        nt_buf_append_str(out, NT_STR(",\"cache_creation_input_tokens\":0,"
                                      "\"cache_read_input_tokens\":"));
        nt_buf_append_uint(out, (uint64_t) cached);
    }

    nt_buf_append_str(out, NT_STR(",\"output_tokens\":"));
    nt_buf_append_uint(out, usage->completion > 0 ? (uint64_t) usage->completion
                                                  : 0);
    nt_buf_append_char(out, '}');
}


/* --- whole replies --- */

static nt_rc_t
add_thinking(const json_t *message, json_t *content)
{
    json_t *blocks = nt_llm_get(message, "thinking_blocks");
    json_t *text = nt_llm_get(message, "reasoning_content");

    text = text != NULL ? text : nt_llm_get(message, "reasoning");
    if (json_array_size(blocks) != 0) {
        return json_array_extend(content, blocks) == 0 ? NT_OK : NT_NOMEM;
    }

    return nt_llm_str(text).len == 0
               ? NT_OK
               : nt_llm_append(content,
                               json_pack("{s:s,s:O,s:s}", "type", "thinking",
                                         "thinking", text, "signature", ""));
}


/* Where the text was found. */
static nt_rc_t
add_citations(const json_t *message, json_t *block)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *item, *from, *list = json_array();

    rc = list != NULL ? NT_OK : NT_NOMEM;

    json_array_foreach(nt_llm_get(message, "annotations"), i, item)
    {
        from = nt_llm_get(item, "url_citation");
        if (rc == NT_OK && from != NULL) {
            rc = nt_llm_append(list, nt_messages_citation(from));
        }
    }

    if (rc == NT_OK && json_array_size(list) != 0) {
        rc = nt_llm_set(block, "citations", json_incref(list));
    }

    json_decref(list);

    return rc;
}


static nt_rc_t
add_texts(const json_t *message, json_t *content)
{
    nt_rc_t     rc = NT_OK;
    json_t     *block;
    nt_str_t    text;
    const char *names[] = { "content", "refusal" };

    for (size_t i = 0; rc == NT_OK && i < 2; i++) {
        text = nt_llm_get_str(message, names[i]);
        if (text.len == 0) {
            continue;
        }

        block = json_pack("{s:s,s:o}", "type", "text", "text",
                          nt_llm_json_str(text));
        rc = nt_llm_append(content, block);
        rc = rc == NT_OK && i == 0 ? add_citations(message, block) : rc;
    }

    return rc;
}


/* Arguments that cannot be read are given as Anthropic tells its clients to
 * (fine-grained tool streaming). */
static json_t *
input_of(nt_str_t arguments)
{
    json_t *input;

    if (arguments.len == 0) {
        return json_object();
    }

    input = json_loadb(arguments.data, arguments.len, JSON_ALLOW_NUL, NULL);
    if (json_is_object(input)) {
        return input;
    }

    json_decref(input);

    return json_pack("{s:o}", "INVALID_JSON", nt_llm_json_str(arguments));
}


static nt_rc_t
add_calls(const json_t *message, json_t *content)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *call, *function;

    json_array_foreach(json_object_get(message, "tool_calls"), i, call)
    {
        function = json_object_get(call, "function");
        if (rc == NT_OK) {
            rc = nt_llm_append(
                content,
                json_pack("{s:s,s:o,s:o,s:o}", "type", "tool_use", "id",
                          nt_llm_json_str(nt_llm_get_str(call, "id")), "name",
                          nt_llm_json_str(nt_llm_get_str(function, "name")),
                          "input",
                          input_of(nt_llm_get_str(function, "arguments"))));
        }
    }

    return rc;
}


nt_rc_t
nt_messages_reply(const json_t *reply, const nt_llm_reply_options_t *options,
                  nt_buf_t *out)
{
    nt_rc_t        rc;
    json_t        *choice, *message, *content = json_array();
    nt_llm_usage_t usage;

    choice = json_array_get(json_object_get(reply, "choices"), 0);
    message = json_object_get(choice, "message");
    nt_llm_usage_none(&usage);
    nt_llm_usage_read(&usage, json_object_get(reply, "usage"));

    rc = content != NULL ? add_thinking(message, content) : NT_NOMEM;
    rc = rc == NT_OK ? add_texts(message, content) : rc;
    rc = rc == NT_OK ? add_calls(message, content) : rc;
    if (rc != NT_OK) {
        json_decref(content);
        return rc;
    }

    nt_buf_append_str(out, NT_STR("{\"id\":\"msg_"));
    nt_buf_append_str(out, options->id);
    nt_buf_append_str(out, NT_STR("\",\"type\":\"message\",\"role\":"
                                  "\"assistant\""));
    nt_llm_write_member(out, true, "model", options->model);
    nt_buf_append_str(out, NT_STR(",\"content\":"));
    nt_json_append(out, content);
    nt_llm_write_member(out, true, "stop_reason",
                        nt_str(nt_messages_reason(
                            nt_llm_get_str(choice, "finish_reason"),
                            json_array_size(
                                json_object_get(message, "tool_calls")) != 0,
                            nt_llm_get_str(message, "refusal").len != 0)));
    nt_buf_append_str(out, NT_STR(",\"stop_sequence\":null,"));
    nt_messages_usage(out, &usage);
    nt_buf_append_char(out, '}');
    json_decref(content);

    return NT_OK;
}


json_t *
nt_messages_citation(const json_t *from)
{
    return json_pack("{s:s,s:s,s:s,s:o,s:o}", "type",
                     "web_search_result_location", "cited_text", "",
                     "encrypted_index", "", "title",
                     nt_llm_json_str(nt_llm_get_str(from, "title")), "url",
                     nt_llm_json_str(nt_llm_get_str(from, "url")));
}


/* --- errors --- */

static const char *
error_type(int status)
{
    static const struct {
        int         status;
        const char *type;
    } rows[] = { { 401, "authentication_error" }, { 402, "billing_error" },
                 { 403, "permission_error" },     { 404, "not_found_error" },
                 { 413, "request_too_large" },    { 429, "rate_limit_error" },
                 { 503, "overloaded_error" },     { 504, "timeout_error" },
                 { 529, "overloaded_error" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].status == status) {
            return rows[i].type;
        }
    }

    return status >= 500 ? "api_error" : "invalid_request_error";
}


void
nt_messages_error(const nt_llm_error_t *error, nt_buf_t *out)
{
    nt_buf_append_str(out, NT_STR("{\"type\":\"error\",\"error\":{"));
    nt_llm_write_member(out, false, "type", nt_str(error_type(error->status)));
    nt_llm_write_member(out, true, "message", nt_llm_error_text(error));
    nt_buf_append_str(out, NT_STR("}}"));
}
