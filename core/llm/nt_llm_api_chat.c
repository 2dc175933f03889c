/*
 * core/llm/nt_llm_api_chat.c - OpenAI's chat completions, as clients have it.
 */

#include "core/llm/nt_llm_api_private.h"

const nt_llm_api_t nt_llm_api_chat = {
    .name = "chat",
};
