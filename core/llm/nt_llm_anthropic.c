/*
 * core/llm/nt_llm_anthropic.c - Anthropic's Messages: requests
 * (https://docs.anthropic.com/en/api/messages).
 */

#include "core/llm/nt_llm_anthropic.h"

/* What models can and refuse, by generation. */
enum {
    CLAUDE_BUDGET = 1 << 0,   /* thinking with a budget of tokens */
    CLAUDE_EFFORT = 1 << 1,   /* output_config.effort */
    CLAUDE_ADAPTIVE = 1 << 2, /* thinking as long as it takes */
    CLAUDE_FORMAT = 1 << 3,   /* output_config.format */
    CLAUDE_ONE = 1 << 4,      /* temperature or top_p, not both */
    CLAUDE_GREEDY = 1 << 5,   /* neither of them, nor top_k */
    CLAUDE_NO_PREFILL = 1 << 6
};

/* Versions are 100 * major + minor: claude-sonnet-4-5 is 405. */
static const struct {
    unsigned since; /* of any family */
    unsigned opus;  /* of Opus */
    unsigned what;
} claude_rows[] = { { 307, 307, CLAUDE_BUDGET },    { 406, 405, CLAUDE_EFFORT },
                    { 406, 406, CLAUDE_ADAPTIVE },  { 405, 401, CLAUDE_FORMAT },
                    { 405, 401, CLAUDE_ONE },       { 500, 407, CLAUDE_GREEDY },
                    { 406, 406, CLAUDE_NO_PREFILL } };


/* "claude-3-5-haiku-20241022" is 305; 0 for names that say none. */
static unsigned
claude_version(const char *model)
{
    unsigned    parts[2] = { 0, 0 }, n = 0, value;
    const char *p = model, *start;

    while (*p != '\0' && n < 2) {
        start = p;
        value = 0;
        while (*p >= '0' && *p <= '9' && p - start < 3) {
            value = value * 10 + (unsigned) (*p++ - '0');
        }

        if (p > start && p - start < 3 && (*p < '0' || *p > '9')) {
            parts[n++] = value;
        } else if (n > 0) {
            break; /* a date, or a word: the version has ended */
        } else {
            p += strcspn(p, "-.@");
        }

        p += *p != '\0';
    }

    return parts[0] * 100 + parts[1];
}


/* Names that are not known are taken for models that can what new ones can,
 * and refuse nothing: the provider will say. */
static unsigned
claude_what(const char *model)
{
    bool     opus = strstr(model, "opus") != NULL;
    unsigned what = 0, version = claude_version(model);

    if (version == 0) {
        return CLAUDE_BUDGET | CLAUDE_EFFORT | CLAUDE_ADAPTIVE | CLAUDE_FORMAT;
    }

    for (size_t i = 0; i < sizeof(claude_rows) / sizeof(claude_rows[0]); i++) {
        if (version >= (opus ? claude_rows[i].opus : claude_rows[i].since)) {
            what |= claude_rows[i].what;
        }
    }

    return what;
}


/* Where the request does not say: the most that the oldest take, and enough
 * for a long text or file else. */
static int64_t
default_max_tokens(const char *model)
{
    unsigned version = claude_version(model);

    return version != 0 && version < 305   ? 4096
           : version != 0 && version < 307 ? 8192
                                           : 16384;
}


static nt_rc_t
put_temperature(nt_llm_build_t *b, const json_t *value, const char *to)
{
    nt_rc_t rc;
    double  t = json_number_value(value);
    json_t *number;

    number =
        t > 1 ? json_integer(1) : json_incref((json_t *) (uintptr_t) value);
    rc = number != NULL ? nt_llm_put(b, number, to) : NT_NOMEM;
    json_decref(number);

    return rc;
}


static nt_rc_t
put_search(nt_llm_build_t *b, const json_t *value, const char *to)
{
    json_t *tool, *where, *tools = json_object_get(b->body, to);

    if (tools == NULL) {
        tools = json_array();
        if (nt_llm_set(b->body, to, tools) != NT_OK) {
            return NT_NOMEM;
        }
    }

    tool = json_pack("{s:s,s:s}", "type", "web_search_20250305", "name",
                     "web_search");
    if (nt_llm_append(tools, tool) != NT_OK) {
        return NT_NOMEM;
    }

    where =
        json_object_get(json_object_get(value, "user_location"), "approximate");
    if (!json_is_object(where)) {
        return NT_OK;
    }

    where = json_copy(where);
    if (nt_llm_set(tool, "user_location", where) != NT_OK) {
        return NT_NOMEM;
    }

    return nt_llm_set(where, "type", json_string("approximate"));
}


static const nt_llm_field_t anthropic_fields[] = {
    { .name = "model" },
    { .name = "messages" },
    { .name = "tools" },
    { .name = "tool_choice" },
    { .name = "parallel_tool_calls" },
    { .name = "max_tokens" },
    { .name = "max_completion_tokens" },
    { .name = "reasoning_effort" },
    { .name = "response_format" },
    { .name = "stream_options" },
    { .name = "user" },
    { "stream", nt_llm_put, "stream" },
    { "temperature", put_temperature, "temperature" },
    { "top_p", nt_llm_put, "top_p" },
    { "top_k", nt_llm_put, "top_k" },
    { "stop", nt_llm_put_stop, "stop_sequences" },
    { "web_search_options", put_search, "tools" },
    { "cache_control", nt_llm_put, "cache_control" },
    { "n", nt_llm_put_one, NULL },
    { "presence_penalty", nt_llm_put_zero, "presence_penalty" },
    { "frequency_penalty", nt_llm_put_zero, "frequency_penalty" },
    { "logprobs", nt_llm_put_only, "logprobs=false" },
    { "modalities", nt_llm_put_only, "modalities=[\"text\"]" },
    { "logit_bias", nt_llm_put_zero, "logit_bias" },
    { "top_logprobs", nt_llm_put_zero, "top_logprobs" },
    { "verbosity", nt_llm_put_only, "verbosity=\"medium\"" },
    /* for the provider's books or its speed, not for the model */
    { .name = "metadata" },
    { .name = "store" },
    { .name = "safety_identifier" },
    { .name = "prompt_cache_key" },
    { .name = "service_tier" },
    { .name = "prompt_cache_retention" },
    { .name = "prediction" },
    { .name = NULL }
};


static nt_rc_t
put_tools(nt_llm_build_t *b)
{
    json_t *list = json_object_get(b->body, "tools");
    size_t  n = json_array_size(json_object_get(b->request, "tools"));

    if (n != 0 && list == NULL) {
        list = json_array();
        if (nt_llm_set(b->body, "tools", list) != NT_OK) {
            return NT_NOMEM;
        }
    }

    return nt_llm_tool_list(b, list, "input_schema");
}


static nt_rc_t
put_tool_choice(nt_llm_build_t *b)
{
    nt_rc_t     rc;
    json_t     *choice;
    nt_str_t    name;
    const char *type;
    bool        single =
        json_is_false(json_object_get(b->request, "parallel_tool_calls"));

    rc = nt_llm_tool_choice(b, &type, &name);
    if (rc != NT_OK || json_object_get(b->body, "tools") == NULL ||
        (type == NULL && !single))
    {
        return rc;
    }

    if (type == NULL) {
        type = "auto";
    } else if (strcmp(type, "required") == 0) {
        type = "any";
    } else if (strcmp(type, "function") == 0) {
        type = "tool";
    }

    choice = json_pack("{s:s}", "type", type);
    rc = nt_llm_set(b->body, "tool_choice", choice);
    if (rc == NT_OK && name.len != 0) {
        rc = nt_llm_set(choice, "name", nt_llm_json_str(name));
    }

    if (rc == NT_OK && single && strcmp(type, "none") != 0) {
        rc = nt_llm_set(choice, "disable_parallel_tool_use", json_true());
    }

    return rc;
}


static json_t *
output_config(nt_llm_build_t *b)
{
    json_t *config = json_object_get(b->body, "output_config");

    if (config == NULL) {
        config = json_object();
        if (nt_llm_set(b->body, "output_config", config) != NT_OK) {
            return NULL;
        }
    }

    return config;
}


static nt_rc_t
put_budget(nt_llm_build_t *b, const char *effort, int64_t max)
{
    int64_t budget = strcmp(effort, "low") == 0      ? 2048
                     : strcmp(effort, "medium") == 0 ? 8192
                                                     : 16384;

    if (budget >= max) {
        budget = max / 2;
    }

    if (budget < 1024) {
        return nt_llm_fail(b->error, "max_tokens",
                           "With 'reasoning_effort', 'max_tokens' must be at "
                           "least 2048.");
    }

    return nt_llm_set(b->body, "thinking",
                      json_pack("{s:s,s:I}", "type", "enabled", "budget_tokens",
                                (json_int_t) budget));
}


static nt_rc_t
put_effort(nt_llm_build_t *b, unsigned what, int64_t max)
{
    nt_rc_t     rc = NT_OK;
    json_t     *config;
    const char *effort = nt_llm_get_text(b->request, "reasoning_effort");

    if (effort[0] == '\0' || strcmp(effort, "none") == 0) {
        return NT_OK;
    }

    if (strcmp(effort, "minimal") == 0) {
        effort = "low";
    } else if (strcmp(effort, "xhigh") == 0) {
        effort = "max";
    } else if (strcmp(effort, "low") != 0 && strcmp(effort, "medium") != 0 &&
               strcmp(effort, "high") != 0)
    {
        return nt_llm_fail(b->error, "reasoning_effort",
                           "'reasoning_effort' must be none, minimal, low, "
                           "medium, high or xhigh.");
    }

    if (what & CLAUDE_ADAPTIVE) {
        rc = nt_llm_set(b->body, "thinking",
                        json_pack("{s:s}", "type", "adaptive"));
    } else if (what & CLAUDE_BUDGET) {
        rc = put_budget(b, effort, max);
    } else {
        return nt_llm_fail(b->error, "reasoning_effort",
                           "This model does not think: leave "
                           "'reasoning_effort' out.");
    }

    if (rc != NT_OK || (what & CLAUDE_EFFORT) == 0) {
        return rc;
    }

    if (strcmp(effort, "max") == 0 && (what & CLAUDE_ADAPTIVE) == 0) {
        effort = "high";
    }

    config = output_config(b);

    return config != NULL ? nt_llm_set(config, "effort", json_string(effort))
                          : NT_NOMEM;
}


static nt_rc_t
put_format(nt_llm_build_t *b, unsigned what)
{
    nt_rc_t         rc;
    json_t         *schema, *config;
    nt_llm_format_t format;

    rc = nt_llm_response_format(b, &format, &schema);
    if (rc != NT_OK || format == NT_LLM_FORMAT_TEXT) {
        return rc;
    }

    if (format == NT_LLM_FORMAT_OBJECT || (what & CLAUDE_FORMAT) == 0) {
        return nt_llm_fail(b->error, "response_format",
                           format == NT_LLM_FORMAT_OBJECT
                               ? "Anthropic has no 'response_format' "
                                 "json_object: give a json_schema."
                               : "This model has no 'response_format': take "
                                 "a newer one, or use a tool.");
    }

    config = output_config(b);

    return config != NULL
               ? nt_llm_set(config, "format",
                            json_pack("{s:s,s:O}", "type", "json_schema",
                                      "schema", schema))
               : NT_NOMEM;
}


/* What the provider would refuse with less of a sentence. */
static nt_rc_t
check_sampling(nt_llm_build_t *b, unsigned what)
{
    static const char *const names[] = { "temperature", "top_p", "top_k" };

    const char *type =
        nt_llm_get_text(json_object_get(b->body, "thinking"), "type");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (json_object_get(b->body, names[i]) == NULL) {
            continue;
        }

        if (what & CLAUDE_GREEDY) {
            return nt_llm_fail(b->error, names[i],
                               "This model takes no '%s': leave it out.",
                               names[i]);
        }

        if (type[0] != '\0' &&
            (i != 0 ||
             json_number_value(json_object_get(b->body, names[i])) != 1.0))
        {
            return nt_llm_fail(b->error, names[i],
                               "A model that thinks takes no '%s': leave it "
                               "or 'reasoning_effort' out.",
                               names[i]);
        }
    }

    if ((what & CLAUDE_ONE) && json_object_get(b->body, "top_p") != NULL &&
        json_object_get(b->body, "temperature") != NULL)
    {
        return nt_llm_fail(b->error, "top_p",
                           "This model takes 'temperature' or 'top_p', not "
                           "both: leave one out.");
    }

    return NT_OK;
}


/*
 * A model that thinks with a budget wants to see what it thought before it
 * called.  Clients that did not keep it go on without thinking: the request
 * would be refused.
 */
static void
check_thought(nt_llm_build_t *b)
{
    json_t     *blocks = NULL, *messages = json_object_get(b->body, "messages");
    size_t      i = json_array_size(messages), n;
    const char *type;

    type = nt_llm_get_text(json_object_get(b->body, "thinking"), "type");
    if (strcmp(type, "enabled") != 0) {
        return;
    }

    while (i-- > 0) {
        json_t *message = json_array_get(messages, i);

        if (strcmp(nt_llm_get_text(message, "role"), "assistant") == 0) {
            blocks = json_object_get(message, "content");
            break;
        }
    }

    n = json_array_size(blocks);
    if (n != 0 &&
        strcmp(nt_llm_get_text(json_array_get(blocks, n - 1), "type"),
               "tool_use") == 0 &&
        strstr(nt_llm_get_text(json_array_get(blocks, 0), "type"),
               "thinking") == NULL)
    {
        json_object_del(b->body, "thinking");
    }
}


static nt_rc_t
check_prefill(nt_llm_build_t *b, unsigned what)
{
    json_t *messages = json_object_get(b->body, "messages");
    size_t  n = json_array_size(messages);

    if (n == 0) {
        return nt_llm_fail(b->error, "messages",
                           "'messages' needs a message of the user.");
    }

    if ((what & CLAUDE_NO_PREFILL) &&
        strcmp(nt_llm_get_text(json_array_get(messages, n - 1), "role"),
               "assistant") == 0)
    {
        return nt_llm_fail(b->error, "messages",
                           "This model does not go on with a message of the "
                           "assistant: the last one must be the user's.");
    }

    return NT_OK;
}


static nt_rc_t
anthropic_chat(nt_llm_build_t *b)
{
    nt_rc_t  rc;
    int64_t  max;
    unsigned what = claude_what(b->model);
    nt_str_t user = nt_llm_get_str(b->request, "user");

    nt_buf_append_str(&b->out->path, NT_STR("/v1/messages"));

    rc = nt_llm_set(b->body, "model", json_string(b->model));
    rc = rc == NT_OK ? nt_llm_max_tokens(b, default_max_tokens(b->model), &max)
                     : rc;
    rc =
        rc == NT_OK ? nt_llm_set(b->body, "max_tokens", json_integer(max)) : rc;

    if (rc == NT_OK && user.len != 0) {
        rc = nt_llm_set(b->body, "metadata",
                        json_pack("{s:o}", "user_id", nt_llm_json_str(user)));
    }

    rc = rc == NT_OK ? put_tools(b) : rc;
    rc = rc == NT_OK ? put_tool_choice(b) : rc;
    rc = rc == NT_OK ? put_effort(b, what, max) : rc;
    rc = rc == NT_OK ? put_format(b, what) : rc;
    rc = rc == NT_OK ? check_sampling(b, what) : rc;
    rc = rc == NT_OK ? nt_anthropic_messages(b) : rc;
    if (rc == NT_OK) {
        check_thought(b);
    }

    return rc == NT_OK ? check_prefill(b, what) : rc;
}


static nt_rc_t
anthropic_headers(nt_llm_request_t *request, nt_str_t key)
{
    nt_rc_t rc =
        nt_llm_add_header(request, "anthropic-version", NT_STR("2023-06-01"));

    return rc == NT_OK && key.len != 0
               ? nt_llm_add_header(request, "x-api-key", key)
               : rc;
}


static json_t *
anthropic_model(const json_t *model, nt_rc_t *rc)
{
    return nt_llm_model_entry(nt_llm_get_str(model, "id"), 0,
                              NT_STR("anthropic"), rc);
}


const nt_llm_dialect_t nt_llm_anthropic = { .name = "anthropic",
                                            .title = "Anthropic",
                                            .fields = anthropic_fields,
                                            .chat = anthropic_chat,
                                            .models_path =
                                                "/v1/models?limit=1000",
                                            .headers = anthropic_headers,
                                            .whole = nt_anthropic_whole,
                                            .event = nt_anthropic_event,
                                            .shape = nt_anthropic_shape,
                                            .quick = nt_anthropic_quick,
                                            .models_member = "data",
                                            .model = anthropic_model };
