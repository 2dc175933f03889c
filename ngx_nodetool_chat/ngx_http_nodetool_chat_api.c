/*
 * ngx_http_nodetool_chat_api.c - the APIs that clients speak, by their paths.
 *
 * OpenAI's are of https://platform.openai.com/docs/api-reference, Anthropic's
 * of https://docs.anthropic.com/en/api; rerank is that of vLLM, llama.cpp and
 * Jina.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_STRING (1 << NT_JSON_STRING)
#define NGX_NODETOOL_NUMBER (1 << NT_JSON_NUMBER)
#define NGX_NODETOOL_ARRAY  (1 << NT_JSON_ARRAY)
#define NGX_NODETOOL_OBJECT (1 << NT_JSON_OBJECT)
#define NGX_NODETOOL_TEXTS  (NGX_NODETOOL_STRING | NGX_NODETOOL_ARRAY)

/* --- where usage stands --- */

static const ngx_nodetool_paths_t ngx_nodetool_chat_paths = {
    [NGX_NODETOOL_REPLY_USAGE] = "usage",
    [NGX_NODETOOL_REPLY_PROMPT] = "usage.prompt_tokens",
    [NGX_NODETOOL_REPLY_COMPLETION] = "usage.completion_tokens",
    [NGX_NODETOOL_REPLY_TOTAL] = "usage.total_tokens",
    [NGX_NODETOOL_REPLY_CACHED] = "usage.prompt_tokens_details.cached_tokens",
    [NGX_NODETOOL_REPLY_REASONING] =
        "usage.completion_tokens_details.reasoning_tokens",
    [NGX_NODETOOL_REPLY_CHOICES] = "choices",
    [NGX_NODETOOL_REPLY_ERROR] = "error",
    [NGX_NODETOOL_REPLY_MESSAGE] = "error.message"
};

/* responses, images, sounds */
#define NGX_NODETOOL_INPUT_PATHS(usage)                                        \
    {                                                                          \
        [NGX_NODETOOL_REPLY_USAGE] = usage,                                    \
        [NGX_NODETOOL_REPLY_PROMPT] = usage ".input_tokens",                   \
        [NGX_NODETOOL_REPLY_COMPLETION] = usage ".output_tokens",              \
        [NGX_NODETOOL_REPLY_TOTAL] = usage ".total_tokens",                    \
        [NGX_NODETOOL_REPLY_CACHED] =                                          \
            usage ".input_tokens_details.cached_tokens",                       \
        [NGX_NODETOOL_REPLY_REASONING] =                                       \
            usage ".output_tokens_details.reasoning_tokens",                   \
        [NGX_NODETOOL_REPLY_ERROR] = "error",                                  \
        [NGX_NODETOOL_REPLY_MESSAGE] = "error.message",                        \
        [NGX_NODETOOL_REPLY_TYPE] = "type"                                     \
    }

static const ngx_nodetool_paths_t ngx_nodetool_input_paths =
    NGX_NODETOOL_INPUT_PATHS("usage");

static const ngx_nodetool_paths_t ngx_nodetool_response_paths =
    NGX_NODETOOL_INPUT_PATHS("response.usage");

/* The prompt's tokens are told in three counts. */
#define NGX_NODETOOL_ANTHROPIC_PATHS(usage)                                    \
    {                                                                          \
        [NGX_NODETOOL_REPLY_USAGE] = usage,                                    \
        [NGX_NODETOOL_REPLY_PROMPT] = usage ".input_tokens",                   \
        [NGX_NODETOOL_REPLY_COMPLETION] = usage ".output_tokens",              \
        [NGX_NODETOOL_REPLY_CACHE_READ] = usage ".cache_read_input_tokens",    \
        [NGX_NODETOOL_REPLY_CACHE_CREATED] =                                   \
            usage ".cache_creation_input_tokens",                              \
        [NGX_NODETOOL_REPLY_ERROR] = "error",                                  \
        [NGX_NODETOOL_REPLY_MESSAGE] = "error.message",                        \
        [NGX_NODETOOL_REPLY_TYPE] = "type"                                     \
    }

static const ngx_nodetool_paths_t ngx_nodetool_message_paths =
    NGX_NODETOOL_ANTHROPIC_PATHS("usage");

static const ngx_nodetool_paths_t ngx_nodetool_start_paths =
    NGX_NODETOOL_ANTHROPIC_PATHS("message.usage");

/* What has no usage may have an error. */
static const ngx_nodetool_paths_t ngx_nodetool_no_paths = {
    [NGX_NODETOOL_REPLY_ERROR] = "error",
    [NGX_NODETOOL_REPLY_MESSAGE] = "error.message"
};

/* --- how streams end --- */

#define NGX_NODETOOL_EVENT_ERROR                                               \
    {                                                                          \
        .name = ngx_string("error"), .failed = 1                               \
    }

static const ngx_nodetool_event_t ngx_nodetool_message_events[] = {
    { .name = ngx_string("message_start"), .paths = &ngx_nodetool_start_paths },
    { .name = ngx_string("message_delta"),
      .paths = &ngx_nodetool_message_paths },
    { .name = ngx_string("message_stop"), .last = 1 },
    NGX_NODETOOL_EVENT_ERROR,
    { .name = ngx_null_string }
};

static const ngx_nodetool_event_t ngx_nodetool_response_events[] = {
    { .name = ngx_string("response.completed"),
      .paths = &ngx_nodetool_response_paths,
      .last = 1 },
    { .name = ngx_string("response.incomplete"),
      .paths = &ngx_nodetool_response_paths,
      .last = 1 },
    { .name = ngx_string("response.failed"),
      .paths = &ngx_nodetool_response_paths,
      .last = 1,
      .failed = 1 },
    NGX_NODETOOL_EVENT_ERROR,
    { .name = ngx_null_string }
};

static const ngx_nodetool_event_t ngx_nodetool_image_events[] = {
    { .name = ngx_string("image_generation.completed"),
      .paths = &ngx_nodetool_input_paths,
      .last = 1 },
    { .name = ngx_string("image_edit.completed"),
      .paths = &ngx_nodetool_input_paths,
      .last = 1 },
    NGX_NODETOOL_EVENT_ERROR,
    { .name = ngx_null_string }
};

static const ngx_nodetool_event_t ngx_nodetool_audio_events[] = {
    { .name = ngx_string("speech.audio.done"),
      .paths = &ngx_nodetool_input_paths,
      .last = 1 },
    { .name = ngx_string("transcript.text.done"),
      .paths = &ngx_nodetool_input_paths,
      .last = 1 },
    NGX_NODETOOL_EVENT_ERROR,
    { .name = ngx_null_string }
};

/* --- the APIs --- */

static const ngx_nodetool_api_t ngx_nodetool_apis[] = {
    { .path = ngx_string("chat/completions"),
      .operation = "chat",
      .llm = &nt_llm_api_chat,
      .native = { { &nt_llm_openai, "/chat/completions" } },
      .need = { { "messages", "an array of messages", NGX_NODETOOL_ARRAY } },
      .paths = &ngx_nodetool_chat_paths,
      .json = 1,
      .options = 1 },

    { .path = ngx_string("messages"),
      .operation = "chat",
      .llm = &nt_llm_api_messages,
      .native = { { &nt_llm_anthropic, "/v1/messages" } },
      .need = { { "messages", "an array of messages", NGX_NODETOOL_ARRAY },
                { "max_tokens", "a number", NGX_NODETOOL_NUMBER } },
      .paths = &ngx_nodetool_message_paths,
      .events = ngx_nodetool_message_events,
      .json = 1,
      .anthropic = 1 },

    { .path = ngx_string("messages/count_tokens"),
      .operation = "count_tokens",
      .native = { { &nt_llm_anthropic, "/v1/messages/count_tokens" } },
      .need = { { "messages", "an array of messages", NGX_NODETOOL_ARRAY } },
      .paths = &ngx_nodetool_no_paths,
      .json = 1,
      .anthropic = 1 },

    { .path = ngx_string("responses"),
      .operation = "chat",
      .llm = &nt_llm_api_responses,
      .native = { { &nt_llm_openai, "/responses" } },
      .need = { { "input", "a text or an array of items", NGX_NODETOOL_TEXTS },
                { "prompt", "an object", NGX_NODETOOL_OBJECT } },
      .paths = &ngx_nodetool_input_paths,
      .events = ngx_nodetool_response_events,
      .json = 1,
      .either = 1 },

    { .path = ngx_string("embeddings"),
      .operation = "embeddings",
      .llm = &nt_llm_api_embeddings,
      .native = { { &nt_llm_openai, "/embeddings" } },
      .need = { { "input", "a text or an array of them", NGX_NODETOOL_TEXTS } },
      .paths = &ngx_nodetool_chat_paths,
      .json = 1 },

    { .path = ngx_string("completions"),
      .operation = "text_completion",
      .native = { { &nt_llm_openai, "/completions" },
                  { &nt_llm_ollama, "/v1/completions" } },
      .need = { { "prompt", "a text or an array of them",
                  NGX_NODETOOL_TEXTS } },
      .paths = &ngx_nodetool_chat_paths,
      .json = 1,
      .options = 1 },

    { .path = ngx_string("images/generations"),
      .operation = "generate_content",
      .native = { { &nt_llm_openai, "/images/generations" } },
      .need = { { "prompt", "a text", NGX_NODETOOL_STRING } },
      .paths = &ngx_nodetool_input_paths,
      .events = ngx_nodetool_image_events,
      .json = 1 },

    { .path = ngx_string("images/edits"),
      .operation = "generate_content",
      .native = { { &nt_llm_openai, "/images/edits" } },
      .need = { { "prompt", "a text", NGX_NODETOOL_STRING } },
      .paths = &ngx_nodetool_input_paths,
      .events = ngx_nodetool_image_events,
      .json = 1,
      .form = 1 },

    { .path = ngx_string("images/variations"),
      .operation = "generate_content",
      .native = { { &nt_llm_openai, "/images/variations" } },
      .need = { { "image", "a file", 0 } },
      .paths = &ngx_nodetool_input_paths,
      .form = 1 },

    { .path = ngx_string("audio/speech"),
      .operation = "generate_content",
      .native = { { &nt_llm_openai, "/audio/speech" } },
      .need = { { "input", "a text", NGX_NODETOOL_STRING } },
      .paths = &ngx_nodetool_input_paths,
      .events = ngx_nodetool_audio_events,
      .json = 1,
      .format = 1,
      .any_type = 1 },

    { .path = ngx_string("audio/transcriptions"),
      .operation = "generate_content",
      .native = { { &nt_llm_openai, "/audio/transcriptions" },
                  { &nt_llm_mistral, "/audio/transcriptions" } },
      .need = { { "file", "a file", 0 } },
      .paths = &ngx_nodetool_input_paths,
      .events = ngx_nodetool_audio_events,
      .form = 1,
      .any_type = 1 },

    { .path = ngx_string("audio/translations"),
      .operation = "generate_content",
      .native = { { &nt_llm_openai, "/audio/translations" } },
      .need = { { "file", "a file", 0 } },
      .paths = &ngx_nodetool_input_paths,
      .form = 1,
      .any_type = 1 },

    { .path = ngx_string("moderations"),
      .operation = "moderation",
      .native = { { &nt_llm_openai, "/moderations" },
                  { &nt_llm_mistral, "/moderations" } },
      .need = { { "input", "a text or an array", NGX_NODETOOL_TEXTS } },
      .paths = &ngx_nodetool_chat_paths,
      .json = 1 },

    { .path = ngx_string("rerank"),
      .operation = "rerank",
      .native = { { &nt_llm_openai, "/rerank" } },
      .need = { { "query", "a text", NGX_NODETOOL_STRING },
                { "documents", "an array", NGX_NODETOOL_ARRAY } },
      .paths = &ngx_nodetool_chat_paths,
      .json = 1 },

    { .path = ngx_null_string }
};


const ngx_nodetool_api_t *
ngx_nodetool_api_find(ngx_str_t *path)
{
    const ngx_nodetool_api_t *api;

    for (api = ngx_nodetool_apis; api->path.len; api++) {
        if (api->path.len == path->len &&
            ngx_memcmp(api->path.data, path->data, path->len) == 0)
        {
            return api;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_nodetool_api_suffix(ngx_str_t *path)
{
    size_t                    len;
    u_char                   *p;
    const ngx_nodetool_api_t *api;

    len = 0;

    for (api = ngx_nodetool_apis; api->path.len; api++) {
        if (api->path.len < len || api->path.len >= path->len) {
            continue;
        }

        p = path->data + path->len - api->path.len;

        if (p[-1] == '/' && ngx_memcmp(p, api->path.data, api->path.len) == 0) {
            len = api->path.len;
        }
    }

    if (len == 0) {
        return 0;
    }

    path->data += path->len - len;
    path->len = len;

    return 1;
}


ngx_int_t
ngx_nodetool_api_unknown(ngx_http_request_t *r)
{
    u_char                    paths[512], *p;
    const ngx_nodetool_api_t *api;

    p = paths;

    for (api = ngx_nodetool_apis; api->path.len; api++) {
        p = ngx_slprintf(p, paths + sizeof(paths), "%V, ", &api->path);
    }

    return ngx_nodetool_errorf(r, NGX_HTTP_NOT_FOUND,
                               "Unknown path: %V; there are %*smodels and "
                               "models/{id}",
                               &r->uri, (size_t) (p - paths), paths);
}


const char *
ngx_nodetool_api_native(const ngx_nodetool_api_t      *api,
                        const ngx_nodetool_provider_t *p)
{
    ngx_uint_t                 i;
    const ngx_nodetool_api_t **own;

    if (p->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
        return ngx_nodetool_engine_api(api);
    }

    if (p->apis != NULL) {
        own = p->apis->elts;

        for (i = 0; i < p->apis->nelts && own[i] != api; i++) {
            /* void */
        }

        if (i == p->apis->nelts) {
            return NULL;
        }
    }

    for (i = 0; i < NGX_NODETOOL_NATIVES_MAX; i++) {
        if (api->native[i].llm != NULL && api->native[i].llm == p->llm) {
            return api->native[i].path;
        }
    }

    /* beside what others of its dialect have */
    return p->apis != NULL ? api->native[0].path : NULL;
}


ngx_uint_t
ngx_nodetool_api_lacks(const ngx_nodetool_api_t      *api,
                       const ngx_nodetool_provider_t *p)
{
    if (ngx_nodetool_api_native(api, p) != NULL) {
        return 0;
    }

    if (p->dialect == NGX_NODETOOL_DIALECT_ENGINE || api->llm == NULL) {
        return 1;
    }

    return api->llm == &nt_llm_api_embeddings &&
           (p->dialect == NGX_NODETOOL_DIALECT_ECHO ||
            p->llm == &nt_llm_anthropic);
}


/* apis NAME ...; in nodetool_provider */
char *
ngx_nodetool_provider_apis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_provider_t *p = conf;

    ngx_str_t                 *value;
    ngx_uint_t                 i;
    const ngx_nodetool_api_t **api;

    if (p->apis != NULL) {
        return "is duplicate";
    }

    p->apis = ngx_array_create(cf->pool, 4, sizeof(const ngx_nodetool_api_t *));
    if (p->apis == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        api = ngx_array_push(p->apis);
        if (api == NULL) {
            return NGX_CONF_ERROR;
        }

        *api = ngx_nodetool_api_find(&value[i]);

        if (*api == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "there is no API \"%V\" that a "
                               "nodetool_provider could have",
                               &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_nodetool_api_is_anthropic(ngx_http_request_t *r)
{
    ngx_str_t                 path, version;
    const ngx_nodetool_api_t *api;
    ngx_http_core_loc_conf_t *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->handler != ngx_nodetool_chat_handler || r->uri.len == 0) {
        return 0;
    }

    path = ngx_nodetool_chat_path(r);
    api = ngx_nodetool_api_find(&path);

    return api != NULL
               ? api->anthropic
               : ngx_nodetool_header_in(r, "anthropic-version", &version) > 0;
}
