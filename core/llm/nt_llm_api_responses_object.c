/*
 * core/llm/nt_llm_api_responses_object.c - a response and its items as JSON
 * (https://platform.openai.com/docs/api-reference/responses/object).
 */

#include <stdio.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_responses.h"


void
nt_responses_item_id(const nt_responses_writer_t *r, unsigned i, nt_buf_t *out)
{
    static const char *const prefixes[] = { "msg_", "msg_", "rs_",
                                            "rs_",  "fc_",  "ig_" };

    nt_buf_append_str(out, nt_str(prefixes[r->items[i].kind]));
    nt_buf_append_str(out, r->w.options.id);
    nt_buf_append_uint(out, i);
}


void
nt_responses_part(const nt_responses_writer_t *r, unsigned i, bool whole,
                  nt_buf_t *out)
{
    const nt_responses_item_t *item = &r->items[i];
    nt_str_t text = whole ? nt_llm_buf_str(&item->text) : NT_STR("");

    switch (item->kind) {
    case NT_RESPONSES_REFUSAL:
        nt_buf_append_str(out, NT_STR("{\"type\":\"refusal\""));
        nt_llm_write_member(out, true, "refusal", text);
        break;

    case NT_RESPONSES_REASONING:
        nt_buf_append_str(out, NT_STR("{\"type\":\"reasoning_text\""));
        nt_llm_write_member(out, true, "text", text);
        break;

    case NT_RESPONSES_SUMMARY:
        nt_buf_append_str(out, NT_STR("{\"type\":\"summary_text\""));
        nt_llm_write_member(out, true, "text", text);
        break;

    default:
        nt_buf_append_str(out, NT_STR("{\"type\":\"output_text\","
                                      "\"annotations\":"));
        if (whole && item->list != NULL) {
            nt_json_append(out, item->list);
        } else {
            nt_buf_append(out, "[]", 2);
        }

        nt_buf_append_str(out, NT_STR(",\"logprobs\":[]"));
        nt_llm_write_member(out, true, "text", text);
        break;
    }

    nt_buf_append_char(out, '}');
}


static void
write_reasoning(const nt_responses_writer_t *r, unsigned i, bool whole,
                nt_buf_t *out)
{
    const nt_responses_item_t *item = &r->items[i];
    nt_buf_t                   opaque = { 0 };
    bool                       text = whole && item->text.len != 0;

    nt_buf_append_str(out, NT_STR(",\"summary\":["));
    if (text && item->kind == NT_RESPONSES_SUMMARY) {
        nt_responses_part(r, i, true, out);
    }

    nt_buf_append_char(out, ']');
    if (text && item->kind == NT_RESPONSES_REASONING) {
        nt_buf_append_str(out, NT_STR(",\"content\":["));
        nt_responses_part(r, i, true, out);
        nt_buf_append_char(out, ']');
    }

    if (whole && item->list != NULL) {
        nt_buf_append_str(&opaque, NT_STR("{\"thinking_blocks\":"));
        nt_json_append(&opaque, item->list);
        nt_buf_append_char(&opaque, '}');
        nt_llm_write_member(out, true, NT_RESPONSES_OPAQUE,
                            nt_llm_buf_str(&opaque));
        out->failed |= opaque.failed;
        nt_buf_free(&opaque);
    }
}


void
nt_responses_item(const nt_responses_writer_t *r, unsigned i, bool whole,
                  nt_buf_t *out)
{
    static const char *const types[] = {
        "message",   "message",       "reasoning",
        "reasoning", "function_call", "image_generation_call"
    };

    const nt_responses_item_t *item = &r->items[i];
    nt_str_t text = whole ? nt_llm_buf_str(&item->text) : NT_STR("");

    nt_buf_append_str(out, NT_STR("{\"id\":\""));
    nt_responses_item_id(r, i, out);
    nt_buf_append_char(out, '"');
    nt_llm_write_member(out, true, "type", nt_str(types[item->kind]));
    nt_llm_write_member(out, true, "status",
                        !whole ? NT_STR("in_progress")
                        : item->incomplete || !item->done
                            ? NT_STR("incomplete")
                            : NT_STR("completed"));

    switch (item->kind) {
    case NT_RESPONSES_REASONING:
    case NT_RESPONSES_SUMMARY:
        write_reasoning(r, i, whole, out);
        break;

    case NT_RESPONSES_CALL:
        nt_llm_write_member(out, true, "call_id", nt_llm_buf_str(&item->id));
        nt_llm_write_member(out, true, "name", nt_llm_buf_str(&item->name));
        nt_llm_write_member(out, true, "arguments", text);
        break;

    case NT_RESPONSES_IMAGE:
        nt_buf_append_str(out, NT_STR(",\"result\":"));
        if (whole) {
            nt_buf_append_json(out, text);
        } else {
            nt_buf_append(out, "null", 4);
        }

        break;

    default:
        nt_buf_append_str(out, NT_STR(",\"role\":\"assistant\",\"content\":["));
        if (whole) {
            nt_responses_part(r, i, true, out);
        }

        nt_buf_append_char(out, ']');
        break;
    }

    nt_buf_append_char(out, '}');
}


/* --- the response --- */

static void
write_count(nt_buf_t *out, const char *name, int64_t value)
{
    nt_buf_append_char(out, '"');
    nt_buf_append_str(out, nt_str(name));
    nt_buf_append(out, "\":", 2);
    nt_buf_append_uint(out, value > 0 ? (uint64_t) value : 0);
}


/* null when nothing is known; details that are not are 0, for the clients'
 * types have no place for that. */
static void
write_usage(const nt_llm_usage_t *usage, nt_buf_t *out)
{
    int64_t total = usage->total;

    nt_buf_append_str(out, NT_STR(",\"usage\":"));
    if (usage->prompt < 0 && usage->completion < 0) {
        nt_buf_append(out, "null", 4);
        return;
    }

    if (total < 0) {
        total = (usage->prompt > 0 ? usage->prompt : 0) +
                (usage->completion > 0 ? usage->completion : 0);
    }

    nt_buf_append_char(out, '{');
    write_count(out, "input_tokens", usage->prompt);
    nt_buf_append_str(out, NT_STR(",\"input_tokens_details\":{"));
    write_count(out, "cached_tokens", usage->cached);
    nt_buf_append(out, "},", 2);
    write_count(out, "output_tokens", usage->completion);
    nt_buf_append_str(out, NT_STR(",\"output_tokens_details\":{"));
    write_count(out, "reasoning_tokens", usage->reasoning);
    nt_buf_append(out, "},", 2);
    write_count(out, "total_tokens", total);
    nt_buf_append_char(out, '}');
}


/* Settings are told back, or what they are when nobody says. */
static void
write_settings(const json_t *request, nt_buf_t *out)
{
    static const struct {
        const char *name;
        const char *otherwise;
    } rows[] = { { "instructions", "null" },
                 { "max_output_tokens", "null" },
                 { "max_tool_calls", "null" },
                 { "metadata", "{}" },
                 { "parallel_tool_calls", "true" },
                 { "reasoning", "{\"effort\":null,\"summary\":null}" },
                 { "temperature", "1.0" },
                 { "text", "{\"format\":{\"type\":\"text\"}}" },
                 { "tool_choice", "\"auto\"" },
                 { "tools", "[]" },
                 { "top_p", "1.0" },
                 { "truncation", "\"disabled\"" },
                 { "user", "null" } };

    json_t *value;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        value = nt_llm_get(request, rows[i].name);
        nt_buf_append(out, ",\"", 2);
        nt_buf_append_str(out, nt_str(rows[i].name));
        nt_buf_append(out, "\":", 2);
        if (value != NULL) {
            nt_json_append(out, value);
        } else {
            nt_buf_append_str(out, nt_str(rows[i].otherwise));
        }
    }

    nt_buf_append_str(out, NT_STR(",\"background\":false,\"store\":false,"
                                  "\"previous_response_id\":null"));
}


const char *
nt_responses_code(int status)
{
    return status == 429                   ? "rate_limit_exceeded"
           : status >= 400 && status < 500 ? "invalid_prompt"
                                           : "server_error";
}


void
nt_responses_object(const nt_responses_writer_t *r, const char *status,
                    const nt_llm_error_t *error, nt_buf_t *out)
{
    bool whole = strcmp(status, "in_progress") != 0;

    nt_buf_append_str(out, NT_STR("{\"id\":\"resp_"));
    nt_buf_append_str(out, r->w.options.id);
    nt_buf_append_str(out,
                      NT_STR("\",\"object\":\"response\",\"created_at\":"));
    nt_buf_append_uint(out, (uint64_t) r->w.options.created);
    nt_llm_write_member(out, true, "status", nt_str(status));
    nt_llm_write_member(out, true, "model", r->w.options.model);

    if (error != NULL) {
        nt_buf_append_str(out, NT_STR(",\"error\":{"));
        nt_llm_write_member(out, false, "code",
                            nt_str(nt_responses_code(error->status)));
        nt_llm_write_member(out, true, "message", nt_llm_error_text(error));
        nt_buf_append_char(out, '}');
    } else {
        nt_buf_append_str(out, NT_STR(",\"error\":null"));
    }

    nt_buf_append_str(out, NT_STR(",\"incomplete_details\":"));
    if (whole && error == NULL && r->incomplete != NULL) {
        nt_buf_append_char(out, '{');
        nt_llm_write_member(out, false, "reason", nt_str(r->incomplete));
        nt_buf_append_char(out, '}');
    } else {
        nt_buf_append(out, "null", 4);
    }

    nt_buf_append_str(out, NT_STR(",\"output\":["));
    for (unsigned i = 0; whole && i < r->n_items; i++) {
        nt_buf_append(out, ",", i != 0);
        nt_responses_item(r, i, true, out);
    }

    nt_buf_append_char(out, ']');
    write_settings(r->w.options.request, out);
    write_usage(&r->usage, out);
    nt_buf_append_char(out, '}');
}
