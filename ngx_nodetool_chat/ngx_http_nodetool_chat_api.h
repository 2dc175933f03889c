/*
 * ngx_http_nodetool_chat_api.h - an API that clients speak: what the table in
 * _api says of each.
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_API_H
#define NGX_HTTP_NODETOOL_CHAT_API_H

#include <ngx_config.h>
#include <ngx_core.h>

#include "core/llm/nt_llm_api.h"
#include "core/nt_json_scan.h"

#define NGX_NODETOOL_DIALECTS_MAX 8 /* of ngx_nodetool_dialect_e */
#define NGX_NODETOOL_NEEDS_MAX    2

/* A member that a request has to have. */
typedef struct {
    const char *name;
    const char *expected; /* "an array of messages" */
    ngx_uint_t  types;    /* a bit for each nt_json_type_t */
} ngx_nodetool_need_t;

/* What a path below the location is. */
typedef struct {
    ngx_str_t           path;      /* "chat/completions" */
    const char         *operation; /* gen_ai.operation.name of OpenTelemetry */
    const nt_llm_api_t *llm;       /* NULL: it can be passed through only */

    /* what the dialects have it under, below the provider's URL; NULL: they
     * do not speak it, and it is translated, or cannot be asked */
    const char *native[NGX_NODETOOL_DIALECTS_MAX];

    ngx_nodetool_need_t need[NGX_NODETOOL_NEEDS_MAX]; /* ended by a NULL name */

    unsigned options : 1; /* has stream_options */
} ngx_nodetool_api_t;

#endif
