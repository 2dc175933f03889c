/*
 * core/llm/nt_llm_gemini.c - Gemini's generateContent: requests
 * (https://ai.google.dev/api/generate-content).
 */

#include <stdio.h>
#include <stdlib.h>

#include "core/llm/nt_llm_gemini.h"

#define CONFIG(name) "generationConfig." name


static nt_rc_t put_search(nt_llm_build_t *b, const json_t *value,
                          const char *to);
static nt_rc_t put_modalities(nt_llm_build_t *b, const json_t *value,
                              const char *to);

static const nt_llm_field_t gemini_fields[] = {
    { .name = "model" },
    { .name = "messages" },
    { .name = "tools" },
    { .name = "tool_choice" },
    { .name = "stream" },
    { .name = "stream_options" },
    { .name = "max_tokens" },
    { .name = "max_completion_tokens" },
    { .name = "reasoning_effort" },
    { .name = "response_format" },
    { "temperature", nt_llm_put, CONFIG("temperature") },
    { "top_p", nt_llm_put, CONFIG("topP") },
    { "top_k", nt_llm_put, CONFIG("topK") },
    { "stop", nt_llm_put_stop, CONFIG("stopSequences") },
    { "seed", nt_llm_put, CONFIG("seed") },
    { "n", nt_llm_put, CONFIG("candidateCount") },
    { "presence_penalty", nt_llm_put, CONFIG("presencePenalty") },
    { "frequency_penalty", nt_llm_put, CONFIG("frequencyPenalty") },
    { "modalities", put_modalities, CONFIG("responseModalities") },
    { "web_search_options", put_search, "tools" },
    { "logprobs", nt_llm_put_only, "logprobs=false" },
    { "parallel_tool_calls", nt_llm_put_only, "parallel_tool_calls=true" },
    { "logit_bias", nt_llm_put_zero, "logit_bias" },
    { "top_logprobs", nt_llm_put_zero, "top_logprobs" },
    { "verbosity", nt_llm_put_only, "verbosity=\"medium\"" },
    /* for the provider's books or its speed, not for the model */
    { .name = "user" },
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
put_search(nt_llm_build_t *b, const json_t *value, const char *to)
{
    if (nt_llm_get(value, "user_location") != NULL) {
        return nt_llm_fail(b->error, "web_search_options",
                           "Gemini does not search for a place: leave "
                           "'user_location' out.");
    }

    return nt_llm_set(b->body, to, json_pack("[{s:{}}]", "googleSearch"));
}


static nt_rc_t
put_modalities(nt_llm_build_t *b, const json_t *value, const char *to)
{
    size_t      i;
    nt_rc_t     rc;
    json_t     *item, *list = json_array();
    const char *name;

    rc = list != NULL ? NT_OK : NT_NOMEM;

    json_array_foreach(value, i, item)
    {
        name = nt_str_eq(nt_llm_str(item), NT_STR("text"))    ? "TEXT"
               : nt_str_eq(nt_llm_str(item), NT_STR("image")) ? "IMAGE"
                                                              : NULL;
        if (name == NULL) {
            json_decref(list);
            return nt_llm_fail(b->error, "modalities",
                               "Gemini's 'modalities' are text and image.");
        }

        rc = rc == NT_OK ? nt_llm_append(list, json_string(name)) : rc;
    }

    rc = rc == NT_OK ? nt_llm_put(b, list, to) : rc;
    json_decref(list);

    return rc;
}


/* A new member of generationConfig; takes the reference over. */
static nt_rc_t
put_new(nt_llm_build_t *b, const char *to, json_t *value)
{
    nt_rc_t rc = value != NULL ? nt_llm_put(b, value, to) : NT_NOMEM;

    json_decref(value);

    return rc;
}


bool
nt_gemini_since(const char *model, unsigned major)
{
    return strncmp(model, "gemini-", 7) == 0 &&
           strtoul(model + 7, NULL, 10) >= major;
}


/* Budgets of tokens for 2.5, levels from 3 on. */
static nt_rc_t
put_effort(nt_llm_build_t *b)
{
    static const struct {
        const char *effort;
        const char *level;
        int         budget;
    } rows[] = { { "none", "minimal", 0 },  { "minimal", "minimal", 512 },
                 { "low", "low", 1024 },    { "medium", "medium", 8192 },
                 { "high", "high", 24576 }, { "xhigh", "high", 24576 } };

    size_t      i = 0, n = sizeof(rows) / sizeof(rows[0]);
    json_t     *config;
    const char *effort = nt_llm_get_text(b->request, "reasoning_effort");

    if (effort[0] == '\0') {
        return NT_OK;
    }

    while (i < n && strcmp(effort, rows[i].effort) != 0) {
        i++;
    }

    if (i == n) {
        return nt_llm_fail(b->error, "reasoning_effort",
                           "'reasoning_effort' must be none, minimal, low, "
                           "medium, high or xhigh.");
    }

    if (strncmp(b->model, "gemini-2.0", 10) == 0 ||
        strncmp(b->model, "gemini-1", 8) == 0)
    {
        return i == 0 ? NT_OK
                      : nt_llm_fail(b->error, "reasoning_effort",
                                    "This model does not think: leave "
                                    "'reasoning_effort' out.");
    }

    if (nt_gemini_since(b->model, 3)) {
        config = json_pack("{s:s,s:b}", "thinkingLevel", rows[i].level,
                           "includeThoughts", i != 0);
    } else {
        config = json_pack("{s:i,s:b}", "thinkingBudget", rows[i].budget,
                           "includeThoughts", i != 0);
    }

    return put_new(b, CONFIG("thinkingConfig"), config);
}


static nt_rc_t
put_format(nt_llm_build_t *b)
{
    nt_rc_t         rc;
    json_t         *schema;
    nt_llm_format_t format;

    rc = nt_llm_response_format(b, &format, &schema);
    if (rc != NT_OK || format == NT_LLM_FORMAT_TEXT) {
        return rc;
    }

    rc =
        put_new(b, CONFIG("responseMimeType"), json_string("application/json"));

    return rc == NT_OK && schema != NULL
               ? nt_llm_put(b, schema, CONFIG("responseJsonSchema"))
               : rc;
}


static nt_rc_t
put_tools(nt_llm_build_t *b)
{
    json_t *list, *tools = json_object_get(b->body, "tools");
    size_t  n = json_array_size(json_object_get(b->request, "tools"));

    if (n == 0) {
        return NT_OK;
    }

    if (tools == NULL) {
        tools = json_array();
        if (nt_llm_set(b->body, "tools", tools) != NT_OK) {
            return NT_NOMEM;
        }
    }

    list = json_array();
    if (nt_llm_append(tools, json_pack("{s:o}", "functionDeclarations",
                                       list)) != NT_OK)
    {
        return NT_NOMEM;
    }

    return nt_llm_tool_list(b, list, "parametersJsonSchema");
}


static nt_rc_t
put_tool_choice(nt_llm_build_t *b)
{
    nt_rc_t     rc;
    json_t     *config;
    nt_str_t    name;
    const char *choice;

    rc = nt_llm_tool_choice(b, &choice, &name);
    if (rc != NT_OK || choice == NULL) {
        return rc;
    }

    config = json_pack("{s:s}", "mode",
                       strcmp(choice, "auto") == 0   ? "AUTO"
                       : strcmp(choice, "none") == 0 ? "NONE"
                                                     : "ANY");
    if (config != NULL && name.len != 0 &&
        nt_llm_set(config, "allowedFunctionNames",
                   json_pack("[o]", nt_llm_json_str(name))) != NT_OK)
    {
        json_decref(config);
        return NT_NOMEM;
    }

    return put_new(b, "toolConfig.functionCallingConfig", config);
}


/* "/v1beta/models/MODEL:METHOD"; a model may have "models/" in front. */
static void
put_path(nt_llm_build_t *b, const char *method)
{
    const char *model = b->model;

    if (strncmp(model, "models/", 7) == 0) {
        model += 7;
    }

    nt_buf_append_str(&b->out->path, NT_STR("/v1beta/models/"));
    nt_llm_append_escaped(&b->out->path, nt_str(model));
    nt_buf_append_str(&b->out->path, nt_str(method));
}


static nt_rc_t
gemini_chat(nt_llm_build_t *b)
{
    nt_rc_t rc;
    int64_t max;

    put_path(b, json_is_true(json_object_get(b->request, "stream"))
                    ? ":streamGenerateContent?alt=sse"
                    : ":generateContent");

    rc = nt_llm_max_tokens(b, 0, &max);
    if (rc == NT_OK && max != 0) {
        rc = put_new(b, CONFIG("maxOutputTokens"), json_integer(max));
    }

    rc = rc == NT_OK ? put_effort(b) : rc;
    rc = rc == NT_OK ? put_format(b) : rc;
    rc = rc == NT_OK ? put_tools(b) : rc;
    rc = rc == NT_OK ? put_tool_choice(b) : rc;

    return rc == NT_OK ? nt_gemini_contents(b) : rc;
}


static nt_rc_t
gemini_embed(nt_llm_build_t *b)
{
    size_t  i;
    json_t *text, *request, *list = json_array();
    json_t *dimensions = nt_llm_get(b->request, "dimensions");
    char    model[256];

    snprintf(model, sizeof(model), "models/%s",
             strncmp(b->model, "models/", 7) == 0 ? b->model + 7 : b->model);
    put_path(b, ":batchEmbedContents");

    if (nt_llm_set(b->body, "requests", list) != NT_OK) {
        return NT_NOMEM;
    }

    json_array_foreach(json_object_get(b->request, "input"), i, text)
    {
        request = json_pack("{s:s,s:{s:[{s:O}]}}", "model", model, "content",
                            "parts", "text", text);
        if (request != NULL && dimensions != NULL &&
            json_object_set(request, "outputDimensionality", dimensions) != 0)
        {
            json_decref(request);
            return NT_NOMEM;
        }

        if (nt_llm_append(list, request) != NT_OK) {
            return NT_NOMEM;
        }
    }

    return NT_OK;
}


static nt_rc_t
gemini_headers(nt_llm_request_t *request, nt_str_t key)
{
    return key.len != 0 ? nt_llm_add_header(request, "x-goog-api-key", key)
                        : NT_OK;
}


static nt_rc_t
gemini_vectors(const json_t *reply, json_t *vectors, nt_llm_usage_t *usage)
{
    size_t  i;
    json_t *item, *values;

    json_array_foreach(json_object_get(reply, "embeddings"), i, item)
    {
        values = json_object_get(item, "values");
        if (nt_llm_append(vectors, values != NULL ? json_incref(values)
                                                  : json_null()) != NT_OK)
        {
            return NT_NOMEM;
        }
    }

    return NT_OK;
}


static json_t *
gemini_model(const json_t *model, nt_rc_t *rc)
{
    size_t   i;
    bool     good = false;
    json_t  *method;
    nt_str_t name = nt_llm_get_str(model, "name");

    json_array_foreach(json_object_get(model, "supportedGenerationMethods"), i,
                       method)
    {
        good |= nt_str_eq(nt_llm_str(method), NT_STR("generateContent")) ||
                nt_str_eq(nt_llm_str(method), NT_STR("embedContent"));
    }

    if (name.len > 7 && memcmp(name.data, "models/", 7) == 0) {
        name.data += 7;
        name.len -= 7;
    }

    return good ? nt_llm_model_entry(name, 0, NT_STR("google"), rc) : NULL;
}


const nt_llm_dialect_t nt_llm_gemini = { .name = "gemini",
                                         .title = "Gemini",
                                         .fields = gemini_fields,
                                         .chat = gemini_chat,
                                         .embed = gemini_embed,
                                         .models_path =
                                             "/v1beta/models?pageSize=1000",
                                         .headers = gemini_headers,
                                         .whole = nt_gemini_whole,
                                         .event = nt_gemini_event,
                                         .shape = nt_gemini_shape,
                                         .quick = nt_gemini_quick,
                                         .end = nt_gemini_end,
                                         .vectors = gemini_vectors,
                                         .models_member = "models",
                                         .model = gemini_model,
                                         .error = nt_gemini_error };
