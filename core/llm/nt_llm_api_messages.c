/*
 * core/llm/nt_llm_api_messages.c - Anthropic's Messages, as clients have them
 * (https://docs.anthropic.com/en/api/messages): requests.
 */

#include <stdio.h>

#include "core/llm/nt_llm_api_messages.h"


/* --- tools --- */

static nt_rc_t
put_search(const json_t *tool, json_t *out, nt_llm_error_t *error)
{
    nt_rc_t     rc;
    const char *name;
    json_t     *value, *t = (json_t *) (uintptr_t) tool; /* only read */
    json_t     *options = json_object();

    rc = nt_llm_set(out, "web_search_options", options);

    json_object_foreach(t, name, value)
    {
        if (rc != NT_OK) {
            return rc;
        }

        if (json_is_null(value) || strcmp(name, "type") == 0 ||
            strcmp(name, "name") == 0 || strcmp(name, "cache_control") == 0 ||
            (json_is_array(value) && json_array_size(value) == 0))
        {
            continue;
        }

        if (strcmp(name, "user_location") != 0) {
            return nt_llm_fail(error, "tools",
                               "tools: the '%.64s' of web_search is known to "
                               "Anthropic's models only.",
                               name);
        }

        rc = nt_llm_api_location(options, value);
    }

    return rc;
}


static nt_rc_t
put_tool(const json_t *tool, size_t i, json_t *list, json_t *out,
         nt_llm_error_t *error)
{
    json_t     *schema = nt_llm_get(tool, "input_schema");
    const char *type = nt_llm_get_text(tool, "type");

    if (strncmp(type, "web_search_", 11) == 0) {
        return put_search(tool, out, error);
    }

    if (type[0] != '\0' && strcmp(type, "custom") != 0) {
        return nt_llm_fail(error, "tools",
                           "tools.%zu: tools of type '%.64s' are known to "
                           "Anthropic's models only.",
                           i, type);
    }

    if (nt_llm_get_str(tool, "name").len == 0) {
        return nt_llm_fail(error, "tools", "tools.%zu.name: it is required.",
                           i);
    }

    if (!json_is_object(schema)) {
        return nt_llm_fail(error, "tools",
                           "tools.%zu.input_schema: it must be an object.", i);
    }

    return nt_llm_api_function(list, tool, schema);
}


static nt_rc_t
put_tool_choice(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    json_t     *choice;
    nt_str_t    name = nt_llm_get_str(value, "name");
    const char *type = nt_llm_get_text(value, "type");

    if (json_is_true(json_object_get(value, "disable_parallel_tool_use")) &&
        nt_llm_set(out, "parallel_tool_calls", json_false()) != NT_OK)
    {
        return NT_NOMEM;
    }

    if (strcmp(type, "auto") == 0 || strcmp(type, "none") == 0) {
        choice = json_string(type);
    } else if (strcmp(type, "any") == 0) {
        choice = json_string("required");
    } else if (strcmp(type, "tool") == 0 && name.len != 0) {
        choice = json_pack("{s:s,s:{s:o}}", "type", "function", "function",
                           "name", nt_llm_json_str(name));
    } else {
        return nt_llm_fail(error, "tool_choice",
                           "tool_choice: its type must be auto, any, none, or "
                           "tool with a name.");
    }

    return nt_llm_set(out, "tool_choice", choice);
}


/* --- thinking and formats --- */

/*
 * The other way round than the Anthropic dialect.  An effort without thinking
 * is a hint of how much to say, which others do not have.
 */
static nt_rc_t
put_thinking(const json_t *value, const json_t *config, json_t *out,
             nt_llm_error_t *error)
{
    int64_t     budget = nt_llm_get_int(value, "budget_tokens", 0);
    nt_str_t    wanted = nt_llm_get_str(config, "effort");
    const char *effort, *type = nt_llm_get_text(value, "type");

    if (strcmp(type, "disabled") == 0) {
        return NT_OK;
    }

    if (strcmp(type, "adaptive") == 0) {
        effort = "high"; /* unless told otherwise */
    } else if (strcmp(type, "enabled") == 0 && budget > 0) {
        effort = budget <= 2048 ? "low" : budget <= 8192 ? "medium" : "high";
    } else {
        return nt_llm_fail(error, "thinking",
                           "thinking: its type must be adaptive, disabled, or "
                           "enabled with 'budget_tokens'.");
    }

    if (nt_str_eq(wanted, NT_STR("max"))) {
        effort = "xhigh";
    } else if (wanted.len != 0) {
        return nt_llm_set(out, "reasoning_effort", nt_llm_json_str(wanted));
    }

    return nt_llm_set(out, "reasoning_effort", json_string(effort));
}


static nt_rc_t
put_format(const json_t *value, json_t *out, nt_llm_error_t *error)
{
    json_t *schema = nt_llm_get(value, "schema");

    if (value == NULL) {
        return NT_OK;
    }

    if (strcmp(nt_llm_get_text(value, "type"), "json_schema") != 0 ||
        !json_is_object(schema))
    {
        return nt_llm_fail(error, "output_config",
                           "output_config.format: it must be of type "
                           "json_schema and have a 'schema'.");
    }

    return nt_llm_set(out, "response_format",
                      json_pack("{s:s,s:{s:s,s:b,s:O}}", "type", "json_schema",
                                "json_schema", "name", "output", "strict", 1,
                                "schema", schema));
}


/* --- the request --- */

/* Members of the request, and what becomes of them. */
static const struct {
    const char *name;
    const char *to; /* the same under this name; NULL: seen to elsewhere, or
                     * it says nothing to the model */
} fields[] = { { "model", "model" },
               { "max_tokens", "max_tokens" },
               { "temperature", "temperature" },
               { "top_p", "top_p" },
               { "top_k", "top_k" },
               { "stop_sequences", "stop" },
               { "stream", "stream" },
               { "messages", NULL },
               { "system", NULL },
               { "metadata", NULL },
               { "tools", NULL },
               { "tool_choice", NULL },
               { "thinking", NULL },
               { "output_config", NULL },
               { "output_format", NULL },
               { "service_tier", NULL },
               { "cache_control", NULL },
               { "context_management", NULL } };


static nt_rc_t
put_fields(const json_t *request, json_t *out, nt_llm_error_t *error)
{
    size_t      i, n = sizeof(fields) / sizeof(fields[0]);
    const char *name;
    json_t     *value, *r = (json_t *) (uintptr_t) request; /* only read */

    json_object_foreach(r, name, value)
    {
        if (json_is_null(value) ||
            (json_is_array(value) && json_array_size(value) == 0))
        {
            continue;
        }

        for (i = 0; i < n && strcmp(fields[i].name, name) != 0; i++) {
        }

        if (i == n) {
            return nt_llm_fail(error, name,
                               "%.64s: it is known to Anthropic's models only; "
                               "leave it out.",
                               name);
        }

        if (fields[i].to != NULL &&
            nt_llm_set(out, fields[i].to, json_incref(value)) != NT_OK)
        {
            return NT_NOMEM;
        }
    }

    return NT_OK;
}


static nt_rc_t
messages_request(const json_t *request, json_t *out, nt_llm_error_t *error)
{
    nt_rc_t  rc = put_fields(request, out, error);
    json_t  *value, *config = nt_llm_get(request, "output_config");
    nt_str_t user =
        nt_llm_get_str(json_object_get(request, "metadata"), "user_id");

    rc = rc == NT_OK ? nt_messages_content(request, out, error) : rc;

    if (rc == NT_OK && user.len != 0) {
        rc = nt_llm_set(out, "user", nt_llm_json_str(user));
    }

    /* the last event tells how many tokens there were */
    if (rc == NT_OK && json_is_true(json_object_get(out, "stream"))) {
        rc = nt_llm_set(out, "stream_options",
                        json_pack("{s:b}", "include_usage", 1));
    }

    rc = rc == NT_OK ? nt_llm_api_tools(json_object_get(request, "tools"), out,
                                        error, put_tool)
                     : rc;

    value = nt_llm_get(request, "tool_choice");
    if (rc == NT_OK && value != NULL) {
        rc = put_tool_choice(value, out, error);
    }

    value = nt_llm_get(request, "thinking");
    if (rc == NT_OK && value != NULL) {
        rc = put_thinking(value, config, out, error);
    }

    value = nt_llm_get(config, "format");
    value = value != NULL ? value : nt_llm_get(request, "output_format");

    return rc == NT_OK ? put_format(value, out, error) : rc;
}


const nt_llm_api_t nt_llm_api_messages = { .name = "messages",
                                           .request = messages_request,
                                           .reply = nt_messages_reply,
                                           .error = nt_messages_error,
                                           .writer_size =
                                               sizeof(nt_messages_writer_t),
                                           .open = nt_messages_open,
                                           .close = nt_messages_close,
                                           .add = nt_messages_add,
                                           .end = nt_messages_end,
                                           .fail = nt_messages_fail };
