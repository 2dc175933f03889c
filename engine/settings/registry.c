#include "engine/settings/registry.h"

#include <string.h>

#define SECRET(name, group, description)                                       \
    {                                                                          \
        name, group, description, true, false                                  \
    }
#define SETTING(name, group, description)                                      \
    {                                                                          \
        name, group, description, false, false                                 \
    }
#define ADMIN(name, group, description)                                        \
    {                                                                          \
        name, group, description, false, true                                  \
    }

const nt_setting_t nt_settings_known[] = {
    SECRET("OPENAI_API_KEY", "OpenAI", "Key for OpenAI's models"),
    ADMIN("OPENAI_BASE_URL", "OpenAI",
          "Address of the API for OpenAI's models"),
    SECRET("ANTHROPIC_API_KEY", "Anthropic",
           "Key for Anthropic's Claude models"),
    ADMIN("ANTHROPIC_BASE_URL", "Anthropic",
          "Address of the API for Anthropic's Claude models"),
    SECRET("GEMINI_API_KEY", "Gemini", "Key for Google's Gemini models"),
    ADMIN("GEMINI_BASE_URL", "Gemini",
          "Address of the API for Google's Gemini models"),
    SECRET("MISTRAL_API_KEY", "Mistral", "Key for Mistral's models"),
    ADMIN("MISTRAL_BASE_URL", "Mistral",
          "Address of the API for Mistral's models"),
    SECRET("OPENROUTER_API_KEY", "OpenRouter", "Key for models by OpenRouter"),
    ADMIN("OPENROUTER_BASE_URL", "OpenRouter",
          "Address of the API for models by OpenRouter"),
    SECRET("GROQ_API_KEY", "Groq", "Key for models by Groq"),
    ADMIN("GROQ_BASE_URL", "Groq", "Address of the API for models by Groq"),
    SECRET("TOGETHER_API_KEY", "Together", "Key for models by Together AI"),
    ADMIN("TOGETHER_BASE_URL", "Together",
          "Address of the API for models by Together AI"),
    SECRET("DEEPSEEK_API_KEY", "DeepSeek", "Key for DeepSeek's models"),
    ADMIN("DEEPSEEK_BASE_URL", "DeepSeek",
          "Address of the API for DeepSeek's models"),
    SECRET("XAI_API_KEY", "xAI", "Key for xAI's models"),
    ADMIN("XAI_BASE_URL", "xAI", "Address of the API for xAI's models"),
    SECRET("CEREBRAS_API_KEY", "Cerebras", "Key for models by Cerebras"),
    ADMIN("CEREBRAS_BASE_URL", "Cerebras",
          "Address of the API for models by Cerebras"),
    SECRET("MOONSHOT_API_KEY", "Moonshot", "Key for Moonshot's models"),
    ADMIN("MOONSHOT_BASE_URL", "Moonshot",
          "Address of the API for Moonshot's models"),
    SECRET("MINIMAX_API_KEY", "MiniMax", "Key for MiniMax' models"),
    ADMIN("MINIMAX_BASE_URL", "MiniMax",
          "Address of the API for MiniMax' models"),
    SECRET("HF_TOKEN", "HF", "Key for Hugging Face's inference providers"),
    ADMIN("HF_BASE_URL", "HF",
          "Address of the API for Hugging Face's inference providers"),
    SECRET("FAL_API_KEY", "FAL", "Key for models by fal.ai"),
    ADMIN("FAL_BASE_URL", "FAL", "Address of the API for models by fal.ai"),
    SECRET("KIE_API_KEY", "KIE", "Key for models by Kie.ai"),
    ADMIN("KIE_BASE_URL", "KIE", "Address of the API for models by Kie.ai"),
    SECRET("OLLAMA_API_KEY", "Ollama", "Key for an Ollama server"),
    ADMIN("OLLAMA_API_URL", "Ollama", "Address of an Ollama server"),
    SECRET("VLLM_API_KEY", "vLLM", "Key for a vLLM server"),
    ADMIN("VLLM_BASE_URL", "vLLM", "Address of a vLLM server"),
    SECRET("LMSTUDIO_API_KEY", "LMStudio", "Key for an LM Studio server"),
    ADMIN("LMSTUDIO_API_URL", "LMStudio", "Address of an LM Studio server"),
    SECRET("LLAMA_CPP_API_KEY", "LlamaCpp", "Key for a llama.cpp server"),
    ADMIN("LLAMA_CPP_URL", "LlamaCpp", "Address of a llama.cpp server"),
    SETTING("NODETOOL_DEFAULT_MODEL", "Models",
            "The chat model of nodes that name none: provider/model"),
    SETTING("NODETOOL_DEFAULT_IMAGE_MODEL", "Models",
            "The image model of nodes that name none: provider/model"),
    SETTING("NODETOOL_DEFAULT_VIDEO_MODEL", "Models",
            "The video model of nodes that name none: provider/model"),
    SETTING("NODETOOL_DEFAULT_TTS_MODEL", "Models",
            "The speech model of nodes that name none: provider/model"),
    SETTING(
        "NODETOOL_DEFAULT_ASR_MODEL", "Models",
        "The speech recognition model of nodes that name none: provider/model"),
    SETTING("NODETOOL_DEFAULT_EMBEDDING_MODEL", "Models",
            "The embedding model of nodes that name none: provider/model"),
    SECRET("SERPAPI_API_KEY", "SerpAPI", "Key for the searches of SerpApi"),
    ADMIN("SERPAPI_BASE_URL", "SerpAPI", "Address of SerpApi's API"),
    SECRET("APIFY_API_TOKEN", "Apify", "Token for the scrapers of Apify"),
    SECRET("APIFY_API_KEY", "Apify", "The same, by its other name"),
    ADMIN("APIFY_BASE_URL", "Apify", "Address of Apify's API"),
    SECRET("GOOGLE_MAIL_USER", "Google",
           "Address of the Gmail account that mail nodes use"),
    SECRET("GOOGLE_APP_PASSWORD", "Google", "App password of that account"),
    ADMIN("GOOGLE_IMAP_URL", "Google", "Address of the IMAP server"),
    ADMIN("GOOGLE_FONTS_URL", "Google", "Address of Google Fonts' API"),
    ADMIN("NODE_SUPABASE_URL", "NodeSupabase",
          "Address of the Supabase project that nodes use"),
    SECRET("NODE_SUPABASE_KEY", "NodeSupabase", "Service key of that project"),
    ADMIN("NODE_SUPABASE_SCHEMA", "NodeSupabase",
          "Schema of its tables (default public)"),
    ADMIN("NODE_SUPABASE_TABLE_PREFIX", "NodeSupabase",
          "What the names of its tables begin with"),
    ADMIN("DISCORD_BASE_URL", "Messaging", "Address of Discord's API"),
    ADMIN("TELEGRAM_BASE_URL", "Messaging", "Address of Telegram's API"),
};

const size_t nt_settings_known_count =
    sizeof(nt_settings_known) / sizeof(nt_settings_known[0]);


const nt_setting_t *
nt_setting_find(const char *name)
{
    for (size_t i = 0; i < nt_settings_known_count; i++) {
        if (strcmp(nt_settings_known[i].name, name) == 0) {
            return &nt_settings_known[i];
        }
    }

    return NULL;
}


bool
nt_secret_name_valid(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789_";

    const nt_setting_t *known = nt_setting_find(name);
    const size_t        n = sizeof(NT_SECRET_PREFIX) - 1;
    size_t              len;

    if (known != NULL) {
        return known->secret;
    }

    if (strncmp(name, NT_SECRET_PREFIX, n) != 0) {
        return false;
    }

    len = strlen(name + n);

    return len > 0 && len <= 64 && strspn(name + n, allowed) == len;
}
