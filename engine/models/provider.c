/*
 * engine/models/provider.c - which providers there are, and what a ref means.
 */

#include <stdio.h>
#include <string.h>

#include "engine/models/provider.h"

/* The first that is configured gives the default model. */
static const nt_provider_t providers[] = {
    { "openai",
      "OpenAI",
      &nt_llm_openai,
      "https://api.openai.com/v1",
      "OPENAI_API_KEY",
      "OPENAI_BASE_URL",
      NULL,
      { "gpt-4o-mini", "gpt-image-1", "sora-2", "tts-1", "whisper-1",
        "text-embedding-3-small" } },
    { "anthropic",
      "Anthropic",
      &nt_llm_anthropic,
      "https://api.anthropic.com",
      "ANTHROPIC_API_KEY",
      "ANTHROPIC_BASE_URL",
      NULL,
      { "claude-sonnet-4-5" } },
    { "gemini",
      "Gemini",
      &nt_llm_gemini,
      "https://generativelanguage.googleapis.com",
      "GEMINI_API_KEY",
      "GEMINI_BASE_URL",
      NULL,
      { "gemini-2.5-flash", "gemini-2.5-flash-image",
        "veo-3.1-generate-preview", "gemini-2.5-flash-preview-tts",
        "gemini-2.5-flash", "gemini-embedding-001" } },
    { "mistral",
      "Mistral",
      &nt_llm_mistral,
      "https://api.mistral.ai/v1",
      "MISTRAL_API_KEY",
      "MISTRAL_BASE_URL",
      NULL,
      { "mistral-small-latest", NULL, NULL, NULL, "voxtral-mini-latest",
        "mistral-embed" } },
    { "openrouter",
      "OpenRouter",
      &nt_llm_openai,
      "https://openrouter.ai/api/v1",
      "OPENROUTER_API_KEY",
      "OPENROUTER_BASE_URL",
      NULL,
      { "openai/gpt-4o-mini" } },
    { "groq",
      "Groq",
      &nt_llm_openai,
      "https://api.groq.com/openai/v1",
      "GROQ_API_KEY",
      "GROQ_BASE_URL",
      NULL,
      { "llama-3.3-70b-versatile", NULL, NULL, NULL, "whisper-large-v3" } },
    { "together",
      "Together",
      &nt_llm_openai,
      "https://api.together.xyz/v1",
      "TOGETHER_API_KEY",
      "TOGETHER_BASE_URL",
      NULL,
      { "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "black-forest-labs/FLUX.1-schnell" } },
    { "deepseek",
      "DeepSeek",
      &nt_llm_openai,
      "https://api.deepseek.com/v1",
      "DEEPSEEK_API_KEY",
      "DEEPSEEK_BASE_URL",
      NULL,
      { "deepseek-chat" } },
    { "xai",
      "xAI",
      &nt_llm_openai,
      "https://api.x.ai/v1",
      "XAI_API_KEY",
      "XAI_BASE_URL",
      NULL,
      { "grok-3-mini" } },
    { "cerebras",
      "Cerebras",
      &nt_llm_openai,
      "https://api.cerebras.ai/v1",
      "CEREBRAS_API_KEY",
      "CEREBRAS_BASE_URL",
      NULL,
      { "llama-3.3-70b" } },
    { "moonshot",
      "Moonshot",
      &nt_llm_openai,
      "https://api.moonshot.ai/v1",
      "MOONSHOT_API_KEY",
      "MOONSHOT_BASE_URL",
      NULL,
      { NULL } },
    { "minimax",
      "MiniMax",
      &nt_llm_openai,
      "https://api.minimax.io/v1",
      "MINIMAX_API_KEY",
      "MINIMAX_BASE_URL",
      NULL,
      { NULL } },
    { "huggingface",
      "Hugging Face",
      &nt_llm_openai,
      "https://router.huggingface.co/v1",
      "HF_TOKEN",
      "HF_BASE_URL",
      NULL,
      { "openai/gpt-oss-120b", "black-forest-labs/FLUX.1-schnell", NULL, NULL,
        "openai/whisper-large-v3" } },
    { "fal_ai",
      "fal.ai",
      NULL,
      "https://fal.run",
      "FAL_API_KEY",
      "FAL_BASE_URL",
      "Key",
      { NULL, "fal-ai/flux/dev", "fal-ai/wan-t2v",
        "fal-ai/kokoro/american-english", "fal-ai/whisper" } },
    { "ollama",
      "Ollama",
      &nt_llm_ollama,
      NULL,
      "OLLAMA_API_KEY",
      "OLLAMA_API_URL",
      NULL,
      { "llama3.2", NULL, NULL, NULL, NULL, "nomic-embed-text" } },
    { "vllm",
      "vLLM",
      &nt_llm_openai,
      NULL,
      "VLLM_API_KEY",
      "VLLM_BASE_URL",
      NULL,
      { NULL } },
    { "lmstudio",
      "LM Studio",
      &nt_llm_openai,
      NULL,
      "LMSTUDIO_API_KEY",
      "LMSTUDIO_API_URL",
      NULL,
      { NULL } },
    { "llama_cpp",
      "llama.cpp",
      &nt_llm_openai,
      NULL,
      "LLAMA_CPP_API_KEY",
      "LLAMA_CPP_URL",
      NULL,
      { NULL } },
    { "kie",
      "Kie.ai",
      NULL,
      "https://api.kie.ai",
      "KIE_API_KEY",
      "KIE_BASE_URL",
      NULL,
      { NULL } },
    { "nodetool",
      "NodeTool's echo",
      &nt_llm_openai,
      NULL,
      NULL,
      NULL,
      NULL,
      { "echo" } }
};

/* By kind: the setting of the default model, and what to call such a model. */
static const struct {
    const char *setting;
    const char *name;
    const char *example;
} kinds[] = { [NT_MODEL_CHAT] = { "NODETOOL_DEFAULT_MODEL", "model",
                                  "openai/gpt-4o-mini" },
              [NT_MODEL_IMAGE] = { "NODETOOL_DEFAULT_IMAGE_MODEL",
                                   "image model", "openai/gpt-image-1" },
              [NT_MODEL_VIDEO] = { "NODETOOL_DEFAULT_VIDEO_MODEL",
                                   "video model", "openai/sora-2" },
              [NT_MODEL_TTS] = { "NODETOOL_DEFAULT_TTS_MODEL", "speech model",
                                 "openai/tts-1" },
              [NT_MODEL_ASR] = { "NODETOOL_DEFAULT_ASR_MODEL",
                                 "speech recognition model",
                                 "openai/whisper-1" },
              [NT_MODEL_EMBEDDING] = { "NODETOOL_DEFAULT_EMBEDDING_MODEL",
                                       "embedding model",
                                       "openai/text-embedding-3-small" } };

#define N_PROVIDERS (sizeof(providers) / sizeof(providers[0]))


static bool
is_router(const char *name)
{
    return strncmp(name, "huggingface_", 12) == 0;
}


static bool
is_echo(const nt_provider_t *provider)
{
    return provider->base_setting == NULL;
}


const nt_provider_t *
nt_provider_find(const char *name)
{
    if (is_router(name)) {
        name = "huggingface";

    } else if (strcmp(name, "echo") == 0) {
        name = "nodetool"; /* as the servers' configuration calls it */
    }

    for (size_t i = 0; i < N_PROVIDERS; i++) {
        if (strcmp(providers[i].name, name) == 0) {
            return &providers[i];
        }
    }

    return NULL;
}


/* False when the operator has given neither key nor address. */
static bool
read_settings(nt_node_call_t *call, const nt_provider_t *provider,
              nt_model_t *model)
{
    const char *base, *key;

    model->provider = provider;
    model->base = "";
    model->key = "";
    model->trusted = false;
    model->root = false;
    model->flags = 0;
    model->headers = NULL;
    model->fault = NULL;

    if (is_echo(provider)) {
        return true;
    }

    base = nt_call_setting(call, provider->base_setting);
    key = provider->key_setting != NULL
              ? nt_call_setting(call, provider->key_setting)
              : NULL;

    model->trusted = base != NULL;
    model->base = base != NULL ? base : provider->base;
    model->key = key != NULL ? key : "";

    return model->base != NULL && (base != NULL || key != NULL);
}


bool
nt_provider_use(nt_node_call_t *call, const nt_provider_t *provider,
                nt_model_t *model)
{
    if (read_settings(call, provider, model)) {
        return true;
    }

    (void) nt_call_fail(call, "%s is not configured: set %s for the engine",
                        provider->title,
                        provider->base != NULL ? provider->key_setting
                                               : provider->base_setting);

    return false;
}


/* Ids become parts of URLs that are asked with the operator's key: those with
 * which a workflow would ask for something else are refused. */
static bool
is_id(const char *id)
{
    for (const char *p = id; *p != '\0'; p++) {
        if ((unsigned char) *p <= ' ' || *p == 0x7f ||
            strchr("?#%\\", *p) != NULL) {
            return false;
        }

        if ((p == id || p[-1] == '/') && strncmp(p, "..", 2) == 0 &&
            (p[2] == '\0' || p[2] == '/' || p[2] == ':'))
        {
            return false;
        }
    }

    return true;
}


static bool
set_id(nt_node_call_t *call, const char *id, const char *suffix,
       nt_model_t *model)
{
    int n;

    if (!is_id(id)) {
        (void) nt_call_fail(call,
                            "the model's id \"%.64s\" is none: it must "
                            "be one as the provider lists it",
                            id);
        return false;
    }

    n = snprintf(model->id, sizeof(model->id), "%s%s%s", id,
                 suffix[0] != '\0' ? ":" : "", suffix);

    /* the router's names have dashes */
    for (char *p = model->id + strlen(id); suffix[0] != '\0' && *p != '\0'; p++)
    {
        if (*p == '_') {
            *p = '-';
        }
    }

    if (n < 0 || (size_t) n >= sizeof(model->id)) {
        (void) nt_call_fail(call, "the model's id is longer than 255 bytes");
        return false;
    }

    return true;
}


/* "provider/id" of the operator. */
static bool
use_setting(nt_node_call_t *call, const char *value, nt_model_kind_t kind,
            nt_model_t *model)
{
    char                 name[64] = "";
    const char          *slash = strchr(value, '/');
    const nt_provider_t *provider = NULL;

    if (slash != NULL && (size_t) (slash - value) < sizeof(name)) {
        memcpy(name, value, (size_t) (slash - value));
        provider = nt_provider_find(name);
    }

    if (provider == NULL || slash[1] == '\0') {
        (void) nt_call_fail(call,
                            "the setting %s must be a provider and a model: "
                            "%s",
                            kinds[kind].setting, kinds[kind].example);
        return false;
    }

    return nt_provider_use(call, provider, model) &&
           set_id(call, slash + 1, is_router(name) ? name + 12 : "", model);
}


static bool
use_default(nt_node_call_t *call, nt_model_kind_t kind, nt_model_t *model)
{
    const char *value = nt_call_setting(call, kinds[kind].setting);

    if (value != NULL) {
        return use_setting(call, value, kind, model);
    }

    for (size_t i = 0; i < N_PROVIDERS; i++) {
        if (providers[i].models[kind] != NULL && !is_echo(&providers[i]) &&
            read_settings(call, &providers[i], model))
        {
            return set_id(call, providers[i].models[kind], "", model);
        }
    }

    (void) nt_call_fail(call,
                        "no %s is chosen: choose one in the workflow, or set "
                        "%s (%s) or the key of a provider (OPENAI_API_KEY) "
                        "for the engine",
                        kinds[kind].name, kinds[kind].setting,
                        kinds[kind].example);

    return false;
}


bool
nt_model_resolve(nt_node_call_t *call, const json_t *ref, nt_model_kind_t kind,
                 nt_model_t *model)
{
    const char *name = json_string_value(json_object_get(ref, "provider"));
    const char *id = json_string_value(json_object_get(ref, "id"));
    const nt_provider_t *provider;

    if (name == NULL || name[0] == '\0' || strcmp(name, "empty") == 0) {
        return use_default(call, kind, model);
    }

    provider = nt_provider_find(name);
    if (provider == NULL) {
        (void) nt_call_fail(call,
                            "the model's provider '%.64s' is not known here: "
                            "choose a model of another one",
                            name);
        return false;
    }

    if (id == NULL || id[0] == '\0') {
        id = provider->models[kind];
    }

    if (id == NULL) {
        (void) nt_call_fail(call, "the %s of %s has no id: choose one",
                            kinds[kind].name, provider->title);
        return false;
    }

    return nt_provider_use(call, provider, model) &&
           set_id(call, id, is_router(name) ? name + 12 : "", model);
}
