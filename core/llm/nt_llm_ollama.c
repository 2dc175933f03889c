/*
 * core/llm/nt_llm_ollama.c - Ollama's /api/chat
 * (https://github.com/ollama/ollama/blob/main/docs/api.md): lines of JSON,
 * images as base64 beside the text, tool calls without ids.
 */

#include "core/llm/nt_llm_private.h"


static const nt_llm_field_t ollama_fields[] = {
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
    { "temperature", nt_llm_put, "options.temperature" },
    { "top_p", nt_llm_put, "options.top_p" },
    { "top_k", nt_llm_put, "options.top_k" },
    { "stop", nt_llm_put_stop, "options.stop" },
    { "seed", nt_llm_put, "options.seed" },
    { "presence_penalty", nt_llm_put, "options.presence_penalty" },
    { "frequency_penalty", nt_llm_put, "options.frequency_penalty" },
    { "keep_alive", nt_llm_put, "keep_alive" },
    { "n", nt_llm_put_one, NULL },
    { "logprobs", nt_llm_put_only, "logprobs=false" },
    { "parallel_tool_calls", nt_llm_put_only, "parallel_tool_calls=true" },
    { "modalities", nt_llm_put_only, "modalities=[\"text\"]" },
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


/* --- messages --- */

typedef struct {
    nt_buf_t text;
    json_t  *images; /* owned, or NULL */
} ollama_content_t;


static nt_rc_t
ollama_part(void *ctx, const nt_llm_place_t *place, const nt_llm_part_t *part)
{
    ollama_content_t *content = ctx;

    if (part->kind == NT_LLM_PART_TEXT) {
        nt_buf_append_str(&content->text, part->text);
        return content->text.failed ? NT_NOMEM : NT_OK;
    }

    if (part->kind != NT_LLM_PART_IMAGE) {
        return nt_llm_place_fail(place, "Ollama takes texts and images only.");
    }

    if (part->url.len != 0) {
        return nt_llm_place_fail(place, "Ollama fetches no images: send a data "
                                        "URI instead of a URL.");
    }

    if (content->images == NULL) {
        content->images = json_array();
    }

    return nt_llm_append(content->images, nt_llm_json_str(part->data));
}


static nt_rc_t
ollama_calls(nt_llm_place_t *place, const json_t *message, json_t *to)
{
    nt_rc_t       rc = NT_OK;
    json_t       *calls;
    nt_llm_call_t call;
    size_t        n = json_array_size(json_object_get(message, "tool_calls"));

    if (n == 0) {
        return NT_OK;
    }

    calls = json_array();
    if (nt_llm_set(to, "tool_calls", calls) != NT_OK) {
        return NT_NOMEM;
    }

    for (size_t i = 0; rc == NT_OK && i < n; i++) {
        rc = nt_llm_call_of(place, message, i, &call);
        if (rc == NT_OK) {
            rc = nt_llm_append(calls,
                               json_pack("{s:{s:o,s:o}}", "function", "name",
                                         nt_llm_json_str(call.name),
                                         "arguments", call.arguments));
        }
    }

    return rc;
}


static nt_rc_t
ollama_message(nt_llm_place_t *place, const json_t *messages,
               const json_t *message, json_t *to)
{
    nt_rc_t          rc;
    nt_str_t         text;
    const char      *role = nt_llm_role(place, message);
    ollama_content_t content = { 0 };

    if (role == NULL) {
        return NT_ERROR;
    }

    rc = nt_llm_parts(place, message, ollama_part, &content);
    if (rc == NT_OK) {
        text = (nt_str_t) { content.text.data, content.text.len };
        rc = nt_llm_set(to, "role", json_string(role));
        rc =
            rc == NT_OK ? nt_llm_set(to, "content", nt_llm_json_str(text)) : rc;
    }

    if (rc == NT_OK && content.images != NULL) {
        rc = nt_llm_set(to, "images", json_incref(content.images));
    }

    if (rc == NT_OK && strcmp(role, "tool") == 0) {
        rc = nt_llm_tool_name(place, messages, message, &text);
        rc = rc == NT_OK ? nt_llm_set(to, "tool_name", nt_llm_json_str(text))
                         : rc;
    }

    text = nt_llm_get_str(message, "reasoning_content");
    if (rc == NT_OK && strcmp(role, "assistant") == 0 && text.len != 0) {
        rc = nt_llm_set(to, "thinking", nt_llm_json_str(text));
    }

    nt_buf_free(&content.text);
    json_decref(content.images);

    return rc == NT_OK ? ollama_calls(place, message, to) : rc;
}


static nt_rc_t
ollama_messages(nt_llm_build_t *b)
{
    nt_rc_t        rc;
    json_t        *message, *to, *list = json_array();
    json_t        *messages = json_object_get(b->request, "messages");
    nt_llm_place_t place = { .build = b };

    if (nt_llm_set(b->body, "messages", list) != NT_OK) {
        return NT_NOMEM;
    }

    json_array_foreach(messages, place.message, message)
    {
        to = json_object();
        if (nt_llm_append(list, to) != NT_OK) {
            return NT_NOMEM;
        }

        rc = ollama_message(&place, messages, message, to);
        if (rc != NT_OK) {
            return rc;
        }
    }

    return NT_OK;
}


/* --- the rest of a request --- */

static nt_rc_t
ollama_tools(nt_llm_build_t *b)
{
    nt_rc_t       rc;
    json_t       *list, *value;
    nt_str_t      name;
    nt_llm_tool_t tool;
    const char   *choice;
    size_t        n = json_array_size(json_object_get(b->request, "tools"));

    rc = nt_llm_tool_choice(b, &choice, &name);
    if (rc != NT_OK) {
        return rc;
    }

    if (choice != NULL && strcmp(choice, "auto") != 0 &&
        strcmp(choice, "none") != 0)
    {
        return nt_llm_fail(b->error, "tool_choice",
                           "Ollama cannot be made to call a tool: leave "
                           "'tool_choice' out, or set it to auto or none.");
    }

    if (n == 0 || (choice != NULL && strcmp(choice, "none") == 0)) {
        return NT_OK;
    }

    list = json_array();
    if (nt_llm_set(b->body, "tools", list) != NT_OK) {
        return NT_NOMEM;
    }

    for (size_t i = 0; i < n; i++) {
        rc = nt_llm_tool_of(b, i, &tool);
        if (rc != NT_OK) {
            return rc;
        }

        value = json_pack("{s:s,s:{s:o,s:o,s:o}}", "type", "function",
                          "function", "name", nt_llm_json_str(tool.name),
                          "description", nt_llm_json_str(tool.description),
                          "parameters", tool.parameters);
        if (nt_llm_append(list, value) != NT_OK) {
            return NT_NOMEM;
        }
    }

    return NT_OK;
}


/* Levels are known to gpt-oss; other models think or do not. */
static nt_rc_t
ollama_think(nt_llm_build_t *b)
{
    const char *effort = nt_llm_get_text(b->request, "reasoning_effort");

    if (effort[0] == '\0') {
        return NT_OK;
    }

    if (strcmp(effort, "none") == 0 || strcmp(effort, "minimal") == 0) {
        return nt_llm_set(b->body, "think", json_false());
    }

    if (strncmp(b->model, "gpt-oss", 7) != 0) {
        return nt_llm_set(b->body, "think", json_true());
    }

    return nt_llm_set(b->body, "think",
                      json_string(strcmp(effort, "xhigh") == 0 ? "high"
                                                               : effort));
}


static nt_rc_t
ollama_chat(nt_llm_build_t *b)
{
    nt_rc_t         rc;
    int64_t         max;
    json_t         *schema, *number;
    nt_llm_format_t format;

    nt_buf_append_str(&b->out->path, NT_STR("/api/chat"));

    rc = nt_llm_set(b->body, "model", json_string(b->model));
    if (rc == NT_OK) { /* not said, it would be true */
        rc = nt_llm_set(b->body, "stream",
                        json_boolean(json_is_true(
                            json_object_get(b->request, "stream"))));
    }

    rc = rc == NT_OK ? nt_llm_max_tokens(b, 0, &max) : rc;
    if (rc == NT_OK && max != 0) {
        number = json_integer(max);
        rc = number != NULL ? nt_llm_put(b, number, "options.num_predict")
                            : NT_NOMEM;
        json_decref(number);
    }

    rc = rc == NT_OK ? nt_llm_response_format(b, &format, &schema) : rc;
    if (rc == NT_OK && format != NT_LLM_FORMAT_TEXT) {
        rc = nt_llm_set(b->body, "format",
                        format == NT_LLM_FORMAT_OBJECT ? json_string("json")
                                                       : json_incref(schema));
    }

    rc = rc == NT_OK ? ollama_think(b) : rc;
    rc = rc == NT_OK ? ollama_tools(b) : rc;

    return rc == NT_OK ? ollama_messages(b) : rc;
}


static nt_rc_t
ollama_embed(nt_llm_build_t *b)
{
    nt_buf_append_str(&b->out->path, NT_STR("/api/embed"));

    return json_object_update(b->body, (json_t *) (uintptr_t) b->request) == 0
               ? NT_OK
               : NT_NOMEM;
}


/* --- replies --- */

static const char *
ollama_reason(const nt_llm_stream_t *s, const char *reason)
{
    if (strcmp(reason, "length") == 0) {
        return "length";
    }

    return s->choices[0] != NULL && s->choices[0]->n_calls != 0 ? "tool_calls"
                                                                : "stop";
}


static nt_rc_t
ollama_done(nt_llm_stream_t *s, const json_t *line)
{
    nt_rc_t rc =
        nt_llm_emit_finish(s, 0,
                           ollama_reason(s,
                                         nt_llm_get_text(line, "done_reason")));

    s->done = true;
    s->usage.prompt = nt_llm_get_count(line, "prompt_eval_count");
    s->usage.completion = nt_llm_get_count(line, "eval_count");
    s->has_usage = s->usage.prompt >= 0 || s->usage.completion >= 0;

    return rc == NT_OK ? nt_llm_emit_usage(s) : rc;
}


static nt_rc_t
ollama_event(nt_llm_stream_t *s, const json_t *line)
{
    size_t   i;
    nt_rc_t  rc;
    unsigned n;
    json_t  *call, *function, *message = json_object_get(line, "message");

    if (nt_llm_get(line, "error") != NULL) {
        return nt_llm_in_band(s, line);
    }

    rc = nt_llm_emit_start(s, NT_STR(""), nt_llm_get_str(line, "model"));
    if (rc == NT_OK) {
        rc = nt_llm_emit_text(s, 0, NT_LLM_REASONING,
                              nt_llm_get_str(message, "thinking"));
    }

    if (rc == NT_OK) {
        rc = nt_llm_emit_text(s, 0, NT_LLM_CONTENT,
                              nt_llm_get_str(message, "content"));
    }

    json_array_foreach(json_object_get(message, "tool_calls"), i, call)
    {
        if (rc == NT_OK) {
            function = json_object_get(call, "function");
            rc = nt_llm_emit_whole_call(s, 0, nt_llm_get_str(call, "id"),
                                        nt_llm_get_str(function, "name"),
                                        json_object_get(function, "arguments"),
                                        &n);
        }
    }

    if (rc == NT_OK && json_is_true(json_object_get(line, "done"))) {
        rc = ollama_done(s, line);
    }

    return rc;
}


enum { OLLAMA_MODEL, OLLAMA_CONTENT, OLLAMA_THINKING };

static const nt_llm_shape_t ollama_saying[] = {
    { NT_LLM_NAME("content"), NT_LLM_QUICK_TEXT, OLLAMA_CONTENT, NULL },
    { NT_LLM_NAME("thinking"), NT_LLM_QUICK_TEXT, OLLAMA_THINKING, NULL },
    { NT_LLM_NAME("tool_calls"), NT_LLM_QUICK_EMPTY, 0, NULL },
    { .name = { NULL, 0 } }
};

static const nt_llm_shape_t ollama_shape[] = {
    { NT_LLM_NAME("model"), NT_LLM_QUICK_TEXT, OLLAMA_MODEL, NULL },
    { NT_LLM_NAME("message"), NT_LLM_QUICK_OBJECT, 0, ollama_saying },
    { NT_LLM_NAME("done"), NT_LLM_QUICK_FALSE, 0, NULL },
    { NT_LLM_NAME("error"), NT_LLM_QUICK_NULL, 0, NULL },
    { .name = { NULL, 0 } }
};


/* A piece of text. */
static bool
ollama_quick(nt_llm_stream_t *s, const nt_llm_quick_t *q, nt_rc_t *rc)
{
    *rc = nt_llm_emit_start(s, NT_STR(""), q->text[OLLAMA_MODEL]);
    *rc = *rc == NT_OK ? nt_llm_emit_text(s, 0, NT_LLM_REASONING,
                                          q->text[OLLAMA_THINKING])
                       : *rc;
    *rc = *rc == NT_OK
              ? nt_llm_emit_text(s, 0, NT_LLM_CONTENT, q->text[OLLAMA_CONTENT])
              : *rc;

    return true;
}


static nt_rc_t
ollama_vectors(const json_t *reply, json_t *vectors, nt_llm_usage_t *usage)
{
    json_t *list = json_object_get(reply, "embeddings");

    usage->prompt = nt_llm_get_count(reply, "prompt_eval_count");

    return list == NULL || json_array_extend(vectors, list) == 0 ? NT_OK
                                                                 : NT_NOMEM;
}


static json_t *
ollama_model(const json_t *model, nt_rc_t *rc)
{
    return nt_llm_model_entry(nt_llm_get_str(model, "name"), 0,
                              NT_STR("ollama"), rc);
}


/* Ollama's own needs no key, its cloud does. */
static nt_rc_t
ollama_headers(nt_llm_request_t *request, nt_str_t key)
{
    return nt_llm_openai.headers(request, key);
}


const nt_llm_dialect_t nt_llm_ollama = { .name = "ollama",
                                         .title = "Ollama",
                                         .lines = true,
                                         .fields = ollama_fields,
                                         .chat = ollama_chat,
                                         .embed = ollama_embed,
                                         .models_path = "/api/tags",
                                         .headers = ollama_headers,
                                         .whole = ollama_event,
                                         .event = ollama_event,
                                         .shape = ollama_shape,
                                         .quick = ollama_quick,
                                         .vectors = ollama_vectors,
                                         .models_member = "models",
                                         .model = ollama_model };
