/*
 * core/llm/nt_llm_api_private.h - what the APIs of clients share.
 */

#ifndef NT_LLM_API_PRIVATE_H
#define NT_LLM_API_PRIVATE_H

#include "core/llm/nt_llm_api.h"

struct nt_llm_api {
    const char *name;
};

#endif
