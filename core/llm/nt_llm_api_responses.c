/*
 * core/llm/nt_llm_api_responses.c - OpenAI's Responses, as clients have them
 * (https://platform.openai.com/docs/api-reference/responses): requests.
 *
 * Nothing is stored, so what refers to stored things is refused.
 */

#include <stdio.h>

#include "core/llm/nt_llm_api_responses.h"


/* --- tools --- */

static nt_rc_t
put_search(const json_t *tool, json_t *out, const char *param,
           nt_llm_error_t *error)
{
    json_t *options = json_object();
    json_t *size = nt_llm_get(tool, "search_context_size");
    json_t *location = nt_llm_get(tool, "user_location");

    if (nt_llm_set(out, "web_search_options", options) != NT_OK) {
        return NT_NOMEM;
    }

    if (json_object_size(nt_llm_get(tool, "filters")) != 0) {
        return nt_llm_fail(error, param,
                           "'%s': this model's provider cannot search with "
                           "'filters'.",
                           param);
    }

    if (size != NULL &&
        nt_llm_set(options, "search_context_size", json_incref(size)) != NT_OK)
    {
        return NT_NOMEM;
    }

    return location != NULL ? nt_llm_api_location(options, location) : NT_OK;
}


static nt_rc_t
put_tool(const json_t *tool, size_t i, json_t *list, json_t *out,
         nt_llm_error_t *error)
{
    char        param[32];
    const char *type = nt_llm_get_text(tool, "type");

    snprintf(param, sizeof(param), "tools[%zu]", i);

    if (strncmp(type, "web_search", 10) == 0) {
        return put_search(tool, out, param, error);
    }

    if (strcmp(type, "function") != 0) {
        return nt_llm_fail(error, param,
                           "'%s': tools of type '%.64s' are known to "
                           "OpenAI's models only; use functions.",
                           param, type);
    }

    if (nt_llm_get_str(tool, "name").len == 0) {
        return nt_llm_fail(error, param, "'%s' has no 'name'.", param);
    }

    return nt_llm_api_function(list, tool, nt_llm_get(tool, "parameters"));
}


static nt_rc_t
put_tools(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    return nt_llm_api_tools(value, out, error, put_tool);
}


static nt_rc_t
put_tool_choice(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    nt_str_t name = nt_llm_get_str(value, "name");

    if (json_is_string(value)) {
        return nt_llm_set(out, "tool_choice",
                          json_incref((json_t *) (uintptr_t) value));
    }

    if (strcmp(nt_llm_get_text(value, "type"), "function") != 0 ||
        name.len == 0) {
        return nt_llm_fail(error, "tool_choice",
                           "'tool_choice' must be auto, none, required or a "
                           "function with its name.");
    }

    return nt_llm_set(out, "tool_choice",
                      json_pack("{s:s,s:{s:o}}", "type", "function", "function",
                                "name", nt_llm_json_str(name)));
}


/* --- texts and reasoning --- */

static nt_rc_t
put_text(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    json_t     *schema, *format = nt_llm_get(value, "format");
    json_t     *verbosity = nt_llm_get(value, "verbosity");
    const char *type = nt_llm_get_text(format, "type");

    if (verbosity != NULL &&
        !nt_str_eq(nt_llm_str(verbosity), NT_STR("medium")) &&
        nt_llm_set(out, "verbosity", json_incref(verbosity)) != NT_OK)
    {
        return NT_NOMEM;
    }

    if (format == NULL || strcmp(type, "text") == 0) {
        return NT_OK;
    }

    if (strcmp(type, "json_schema") != 0) {
        return nt_llm_set(out, "response_format", json_incref(format));
    }

    /* the schema's name and settings stand beside it */
    schema = json_copy(format);
    if (schema == NULL || json_object_del(schema, "type") != 0) {
        json_decref(schema);
        return NT_NOMEM;
    }

    return nt_llm_set(out, "response_format",
                      json_pack("{s:s,s:o}", "type", "json_schema",
                                "json_schema", schema));
}


static nt_rc_t
put_reasoning(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    json_t *effort = nt_llm_get(value, "effort");

    return effort == NULL
               ? NT_OK
               : nt_llm_set(out, "reasoning_effort", json_incref(effort));
}


static nt_rc_t
check_include(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    size_t  i;
    json_t *item;

    json_array_foreach(value, i, item)
    {
        if (nt_str_eq(nt_llm_str(item), NT_STR("message.output_text.logprobs")))
        {
            return nt_llm_fail(error, "include",
                               "This model's provider gives no logprobs here: "
                               "leave 'message.output_text.logprobs' out.");
        }
    }

    return NT_OK;
}


/* --- the request --- */

/* What cannot be done, whatever its value is. */
static nt_rc_t
refuse_stored(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    return nt_llm_fail(error, "previous_response_id",
                       "Responses of this model are not stored: send the "
                       "earlier items in 'input' instead of "
                       "'previous_response_id', 'conversation' or 'prompt'.");
}


static nt_rc_t
refuse_background(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    return json_is_true(value)
               ? nt_llm_fail(error, "background",
                             "Responses of this model cannot be made in the "
                             "background: leave 'background' out.")
               : NT_OK;
}


static nt_rc_t
refuse_logprobs(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    return json_integer_value(value) != 0
               ? nt_llm_fail(error, "top_logprobs",
                             "This model's provider gives no logprobs here: "
                             "leave 'top_logprobs' out.")
               : NT_OK;
}


/* Members of the request, and what becomes of them. */
static const struct {
    const char *name;
    const char *to; /* the same under this name */
    nt_rc_t (*put)(const json_t *value, json_t *out, nt_llm_error_t *error);
    /* neither: seen to elsewhere, or it says nothing to the model */
} fields[] = { { "model", "model", NULL },
               { "stream", "stream", NULL },
               { "temperature", "temperature", NULL },
               { "top_p", "top_p", NULL },
               { "max_output_tokens", "max_tokens", NULL },
               { "parallel_tool_calls", "parallel_tool_calls", NULL },
               { "user", "user", NULL },
               { "tools", NULL, put_tools },
               { "tool_choice", NULL, put_tool_choice },
               { "text", NULL, put_text },
               { "reasoning", NULL, put_reasoning },
               { "include", NULL, check_include },
               { "previous_response_id", NULL, refuse_stored },
               { "conversation", NULL, refuse_stored },
               { "prompt", NULL, refuse_stored },
               { "background", NULL, refuse_background },
               { "top_logprobs", NULL, refuse_logprobs },
               { "input", NULL, NULL },
               { "instructions", NULL, NULL },
               { "stream_options", NULL, NULL },
               { "truncation", NULL, NULL },
               { "max_tool_calls", NULL, NULL }, /* of tools that are refused */
               /* for the provider's books */
               { "store", NULL, NULL },
               { "metadata", NULL, NULL },
               { "safety_identifier", NULL, NULL },
               { "prompt_cache_key", NULL, NULL },
               { "prompt_cache_retention", NULL, NULL },
               { "service_tier", NULL, NULL } };


static nt_rc_t
responses_request(const json_t *request, json_t *out, nt_llm_error_t *error)
{
    size_t      i, n = sizeof(fields) / sizeof(fields[0]);
    nt_rc_t     rc = NT_OK;
    const char *name;
    json_t     *value, *r = (json_t *) (uintptr_t) request; /* only read */

    json_object_foreach(r, name, value)
    {
        if (json_is_null(value)) {
            continue;
        }

        for (i = 0; i < n && strcmp(fields[i].name, name) != 0; i++) {
        }

        if (i == n) {
            return nt_llm_fail(error, name,
                               "The parameter '%.64s' is not known to this "
                               "model's provider: leave it out.",
                               name);
        }

        if (fields[i].put != NULL) {
            rc = fields[i].put(value, out, error);
        } else if (fields[i].to != NULL) {
            rc = nt_llm_set(out, fields[i].to, json_incref(value));
        }

        if (rc != NT_OK) {
            return rc;
        }
    }

    /* the last event tells how many tokens there were */
    if (json_is_true(json_object_get(out, "stream"))) {
        rc = nt_llm_set(out, "stream_options",
                        json_pack("{s:b}", "include_usage", 1));
    }

    return rc == NT_OK ? nt_responses_input(request, out, error) : rc;
}


static void
responses_error(const nt_llm_error_t *error, nt_buf_t *out)
{
    nt_llm_api_chat.error(error, out);
}


const nt_llm_api_t nt_llm_api_responses = { .name = "responses",
                                            .request = responses_request,
                                            .reply = nt_responses_reply,
                                            .error = responses_error,
                                            .writer_size =
                                                sizeof(nt_responses_writer_t),
                                            .open = nt_responses_open,
                                            .close = nt_responses_close,
                                            .add = nt_responses_add,
                                            .end = nt_responses_end,
                                            .fail = nt_responses_fail };
