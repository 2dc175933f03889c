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

#define NGX_NODETOOL_NATIVES_MAX 2
#define NGX_NODETOOL_NEEDS_MAX   2

/* What is looked for in a reply, and in an event's data. */
enum {
    NGX_NODETOOL_REPLY_USAGE = 0,
    NGX_NODETOOL_REPLY_PROMPT,
    NGX_NODETOOL_REPLY_COMPLETION,
    NGX_NODETOOL_REPLY_TOTAL,
    NGX_NODETOOL_REPLY_CACHED,     /* tokens of the prompt, among PROMPT */
    NGX_NODETOOL_REPLY_CACHE_READ, /* and beside it */
    NGX_NODETOOL_REPLY_CACHE_CREATED,
    NGX_NODETOOL_REPLY_REASONING,
    NGX_NODETOOL_REPLY_CHOICES,
    NGX_NODETOOL_REPLY_ERROR,
    NGX_NODETOOL_REPLY_MESSAGE,
    NGX_NODETOOL_REPLY_TYPE,
    NGX_NODETOOL_REPLY_N
};

/* Where it stands; NULL: nowhere. */
typedef const char *ngx_nodetool_paths_t[NGX_NODETOOL_REPLY_N];

/* An event of a stream that means something. */
typedef struct {
    ngx_str_t                   name;     /* or "type" in the data */
    const ngx_nodetool_paths_t *paths;    /* to its usage; NULL: it has none */
    unsigned                    last : 1; /* the stream is complete */
    unsigned                    failed : 1; /* the provider has failed */
} ngx_nodetool_event_t;

/* A member that a request has to have. */
typedef struct {
    const char *name;
    const char *expected; /* "an array of messages" */
    ngx_uint_t  types;    /* a bit for each nt_json_type_t */
} ngx_nodetool_need_t;

/* A dialect that has an API of its own, and where, below the provider's
 * URL. */
typedef struct {
    const nt_llm_dialect_t *llm;
    const char             *path;
} ngx_nodetool_native_t;

/* What a path below the location is. */
typedef struct {
    ngx_str_t           path;      /* "chat/completions" */
    const char         *operation; /* gen_ai.operation.name of OpenTelemetry */
    const nt_llm_api_t *llm;       /* NULL: it can be passed through only */

    ngx_nodetool_native_t native[NGX_NODETOOL_NATIVES_MAX];

    ngx_nodetool_need_t need[NGX_NODETOOL_NEEDS_MAX]; /* up to a NULL name */

    const ngx_nodetool_paths_t *paths; /* of a whole reply */

    /* NULL: data: [DONE] is the last one */
    const ngx_nodetool_event_t *events; /* up to one without a name */

    unsigned json : 1;      /* the body may be JSON */
    unsigned form : 1;      /* it may be multipart/form-data */
    unsigned either : 1;    /* one of the members in `need` is enough */
    unsigned options : 1;   /* has stream_options */
    unsigned format : 1;    /* "stream_format": "sse" asks for a stream */
    unsigned any_type : 1;  /* the reply may be anything, a sound say */
    unsigned anthropic : 1; /* errors and headers are as Anthropic's */
} ngx_nodetool_api_t;

#endif
