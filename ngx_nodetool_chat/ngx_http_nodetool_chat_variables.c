/*
 * ngx_http_nodetool_chat_variables.c - what a chat was, for logs, limits and
 * maps.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"


static void
ngx_nodetool_chat_found(ngx_http_variable_value_t *v, u_char *data, size_t len)
{
    v->data = data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}


/* A string of the context; `data` is its offset. */
static ngx_int_t
ngx_nodetool_chat_string_variable(ngx_http_request_t        *r,
                                  ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t               *s;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL) {
        s = (ngx_str_t *) ((char *) ctx + data);

        if (s->len > 0) {
            ngx_nodetool_chat_found(v, s->data, s->len);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_provider_variable(ngx_http_request_t        *r,
                                    ngx_http_variable_value_t *v,
                                    uintptr_t                  data)
{
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->provider != NULL) {
        ngx_nodetool_chat_found(v, ctx->provider->name.data,
                                ctx->provider->name.len);
    }

    return NGX_OK;
}


/* A count of tokens; -1 is one that nobody told. */
static ngx_int_t
ngx_nodetool_chat_tokens_variable(ngx_http_request_t        *r,
                                  ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                  *p;
    int64_t                  n;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);
    n = ctx ? *(int64_t *) ((char *) ctx + data) : -1;

    if (n >= 0) {
        p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_nodetool_chat_found(v, p, ngx_sprintf(p, "%L", n) - p);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_ttft_variable(ngx_http_request_t        *r,
                                ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                  *p;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->ttft_set) {
        p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_nodetool_chat_found(v, p,
                                ngx_sprintf(p, "%T.%03M",
                                            (time_t) (ctx->ttft / 1000),
                                            ctx->ttft % 1000) -
                                    p);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_stream_variable(ngx_http_request_t        *r,
                                  ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->provider != NULL) {
        ngx_nodetool_chat_found(v, (u_char *) (ctx->stream ? "1" : "0"), 1);
    }

    return NGX_OK;
}


/* For whoever answers with an error. */
static ngx_int_t
ngx_nodetool_chat_format_variable(ngx_http_request_t        *r,
                                  ngx_http_variable_value_t *v, uintptr_t data)
{
    v->not_found = 1;

    if (ngx_nodetool_api_is_anthropic(r)) {
        ngx_nodetool_chat_found(v, (u_char *) "anthropic", 9);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_operation_variable(ngx_http_request_t        *r,
                                     ngx_http_variable_value_t *v,
                                     uintptr_t                  data)
{
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->api != NULL) {
        ngx_nodetool_chat_found(v, (u_char *) ctx->api->operation,
                                ngx_strlen(ctx->api->operation));
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_outcome_variable(ngx_http_request_t        *r,
                                   ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                outcome;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->api != NULL) {
        outcome = ngx_nodetool_chat_outcome(ctx);
        ngx_nodetool_chat_found(v, outcome.data, outcome.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_cache_variable(ngx_http_request_t        *r,
                                 ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t               *status;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->cache_status != NGX_NODETOOL_CACHE_NONE) {
        status = ngx_nodetool_cache_status(ctx->cache_status);
        ngx_nodetool_chat_found(v, status->data, status->len);
    }

    return NGX_OK;
}


/* Seconds with microseconds. */
static ngx_int_t
ngx_nodetool_chat_token_time_variable(ngx_http_request_t        *r,
                                      ngx_http_variable_value_t *v,
                                      uintptr_t                  data)
{
    u_char                  *p;
    int64_t                  us;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);
    us = ctx ? ngx_nodetool_chat_token_time(ctx) : -1;

    if (us >= 0) {
        p = ngx_pnalloc(r->pool, NGX_INT64_LEN + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_nodetool_chat_found(v, p,
                                ngx_sprintf(p, "%L.%06L", us / 1000000,
                                            us % 1000000) -
                                    p);
    }

    return NGX_OK;
}


/* How many attempts there were, and whether the answer is of another target
 * than the first one. */
static ngx_int_t
ngx_nodetool_chat_attempts_variable(ngx_http_request_t        *r,
                                    ngx_http_variable_value_t *v,
                                    uintptr_t                  data)
{
    u_char                  *p;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->attempt != NULL) {
        p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_nodetool_chat_found(v, p,
                                ngx_sprintf(p, "%ui",
                                            ngx_nodetool_attempts(ctx)) -
                                    p);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_fallback_variable(ngx_http_request_t        *r,
                                    ngx_http_variable_value_t *v,
                                    uintptr_t                  data)
{
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx != NULL && ctx->attempt != NULL) {
        ngx_nodetool_chat_found(
            v, (u_char *) (ngx_nodetool_attempt_is_fallback(ctx) ? "1" : "0"),
            1);
    }

    return NGX_OK;
}


#define NGX_NODETOOL_VARIABLE(name, handler, field)                            \
    {                                                                          \
        ngx_string(name), NULL, ngx_nodetool_chat_##handler##_variable,        \
            offsetof(ngx_nodetool_chat_ctx_t, field),                          \
            NGX_HTTP_VAR_NOCACHEABLE, 0                                        \
    }

static ngx_http_variable_t ngx_nodetool_chat_vars[] = {
    NGX_NODETOOL_VARIABLE("nodetool_model", string, model),
    NGX_NODETOOL_VARIABLE("nodetool_upstream_model", string, upstream_model),
    NGX_NODETOOL_VARIABLE("nodetool_provider", provider, provider),
    NGX_NODETOOL_VARIABLE("nodetool_prompt_tokens", tokens, usage.prompt),
    NGX_NODETOOL_VARIABLE("nodetool_completion_tokens", tokens,
                          usage.completion),
    NGX_NODETOOL_VARIABLE("nodetool_total_tokens", tokens, usage.total),
    NGX_NODETOOL_VARIABLE("nodetool_cached_tokens", tokens, usage.cached),
    NGX_NODETOOL_VARIABLE("nodetool_reasoning_tokens", tokens, usage.reasoning),
    NGX_NODETOOL_VARIABLE("nodetool_ttft", ttft, ttft),
    NGX_NODETOOL_VARIABLE("nodetool_stream", stream, model),
    NGX_NODETOOL_VARIABLE("nodetool_attempts", attempts, attempt),
    NGX_NODETOOL_VARIABLE("nodetool_fallback", fallback, attempt),
    NGX_NODETOOL_VARIABLE("nodetool_token_time", token_time, n_events),
    NGX_NODETOOL_VARIABLE("nodetool_operation", operation, api),
    NGX_NODETOOL_VARIABLE("nodetool_outcome", outcome, api),
    NGX_NODETOOL_VARIABLE("nodetool_cache", cache, cache_status),
    NGX_NODETOOL_VARIABLE("nodetool_trace_id", string, trace_id),

    { ngx_string("nodetool_cost"), NULL, ngx_nodetool_cost_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },
    NGX_NODETOOL_VARIABLE("nodetool_error_format", format, api),
    ngx_http_null_variable
};


ngx_int_t
ngx_nodetool_chat_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t *var, *v;

    for (v = ngx_nodetool_chat_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}
