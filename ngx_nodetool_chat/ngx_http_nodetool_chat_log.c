/*
 * ngx_http_nodetool_chat_log.c - a request that is over: counted, and its
 * story told to the log, in one line at "info".
 *
 * Of what client and provider said to each other nothing is in it, nor any
 * key; names are quoted and bounded, as clients choose them.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_error.h"

#define NGX_NODETOOL_LOG_NAME_MAX 96


ngx_msec_t
ngx_nodetool_chat_elapsed(ngx_http_request_t *r)
{
    ngx_time_t    *tp;
    ngx_msec_int_t ms;

    tp = ngx_timeofday();

    ms = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000 +
                           (tp->msec - r->start_msec));

    return ngx_max(ms, 0);
}


ngx_msec_t
ngx_nodetool_chat_duration(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->elapsed ? ctx->elapsed
                        : ngx_nodetool_chat_elapsed(ctx->request);
}


int64_t
ngx_nodetool_chat_token_time(ngx_nodetool_chat_ctx_t *ctx)
{
    int64_t tokens;

    if (!ctx->stream || !ctx->ttft_set) {
        return -1;
    }

    tokens = ctx->usage.completion >= 0 ? ctx->usage.completion
                                        : (int64_t) ctx->n_events;
    if (tokens < 2) {
        return -1;
    }

    return (int64_t) (ctx->last_event - ctx->first_event) * 1000 / (tokens - 1);
}


/* Who closed the connection to the client did so before the end. */
static ngx_uint_t
ngx_nodetool_chat_client_left(ngx_http_request_t *r)
{
    return r->headers_out.status == NGX_HTTP_CLIENT_CLOSED_REQUEST ||
           r->connection->error || r->connection->timedout;
}


ngx_str_t
ngx_nodetool_chat_outcome(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_str_t           outcome;
    ngx_uint_t          status;
    const char         *type;
    ngx_http_request_t *r;

    r = ctx->request;
    status = r->err_status ? r->err_status : r->headers_out.status;

    if (ctx->late_status != 0) {
        status = ctx->late_status;
    }

    if (ngx_nodetool_chat_client_left(r)) {
        type = "client_left";

    } else if (status >= NGX_HTTP_BAD_REQUEST) {
        type = nt_error_type((int) status);

    } else if (ctx->upstream_rc == NGX_HTTP_GATEWAY_TIME_OUT) {
        type = nt_error_type(NGX_HTTP_GATEWAY_TIME_OUT);

    } else if (ctx->failed) {
        type = "provider_error"; /* it said so in its stream */

    } else if (ctx->upstream_rc != 0 || (ctx->events && !ctx->complete)) {
        type = "provider_cut";

    } else {
        type = "done";
    }

    outcome.data = (u_char *) type;
    outcome.len = ngx_strlen(type);

    return outcome;
}


/* name="value", when there is one. */
static u_char *
ngx_nodetool_log_name(u_char *p, u_char *last, const char *name,
                      ngx_str_t *value)
{
    size_t i;

    if (value->len == 0) {
        return p;
    }

    p = ngx_slprintf(p, last, " %s=\"", name);

    for (i = 0; i < value->len && i < NGX_NODETOOL_LOG_NAME_MAX; i++) {
        if (value->data[i] < 0x20 || value->data[i] == 0x7f ||
            value->data[i] == '"' || value->data[i] == '\\')
        {
            p = ngx_slprintf(p, last, "\\x%02Xd", (ngx_int_t) value->data[i]);

        } else {
            p = ngx_slprintf(p, last, "%c", value->data[i]);
        }
    }

    return ngx_slprintf(p, last, "%s\"", i < value->len ? "..." : "");
}


static u_char *
ngx_nodetool_log_variable(u_char *p, u_char *last, ngx_http_request_t *r,
                          const char *name, const char *variable)
{
    ngx_str_t value;

    value = ngx_nodetool_variable(r, variable);

    return ngx_nodetool_log_name(p, last, name, &value);
}


static u_char *
ngx_nodetool_log_count(u_char *p, u_char *last, const char *name, int64_t n)
{
    return n < 0 ? p : ngx_slprintf(p, last, " %s=%L", name, n);
}


void
ngx_nodetool_chat_tried(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status)
{
    ngx_uint_t i;

    i = ngx_nodetool_attempts(ctx);

    if (i == 0 || i > NGX_NODETOOL_TRIED_MAX) {
        return;
    }

    ctx->n_tried = i;
    ctx->tried[i - 1].provider = ctx->provider;
    ctx->tried[i - 1].status = status;
}


/* The providers that were asked, each with how that ended. */
static u_char *
ngx_nodetool_log_tried(u_char *p, u_char *last, ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_uint_t            i;
    ngx_nodetool_tried_t *tried;

    if (ctx->n_tried == 0) {
        return p;
    }

    p = ngx_slprintf(p, last, " tried=\"");

    for (i = 0; i < ctx->n_tried; i++) {
        tried = &ctx->tried[i];

        if (tried->provider != NULL) {
            p = ngx_slprintf(p, last, "%s%V %ui", i > 0 ? ", " : "",
                             &tried->provider->name, tried->status);
        }
    }

    return ngx_slprintf(p, last, "\"");
}


static void
ngx_nodetool_chat_story(ngx_nodetool_chat_ctx_t *ctx)
{
    u_char             *p, *last;
    u_char              line[NGX_MAX_ERROR_STR];
    ngx_str_t           operation, outcome;
    ngx_uint_t          status;
    ngx_http_request_t *r;

    r = ctx->request;
    p = line;
    last = line + sizeof(line);

    operation.data = (u_char *) ctx->api->operation;
    operation.len = ngx_strlen(ctx->api->operation);
    status = r->err_status ? r->err_status : r->headers_out.status;
    outcome = ngx_nodetool_chat_outcome(ctx);

    p = ngx_nodetool_log_variable(p, last, r, "id", "nodetool_request_id");
    p = ngx_nodetool_log_name(p, last, "trace", &ctx->trace_id);
    p = ngx_nodetool_log_variable(p, last, r, "user", "nodetool_user");
    p = ngx_nodetool_log_variable(p, last, r, "key", "nodetool_key");
    p = ngx_nodetool_log_name(p, last, "api", &operation);
    p = ngx_nodetool_log_name(p, last, "model", &ctx->model);

    if (ctx->provider != NULL) {
        p = ngx_nodetool_log_name(p, last, "provider", &ctx->provider->name);
        p = ngx_nodetool_log_name(p, last, "upstream_model",
                                  &ctx->upstream_model);
    }

    p = ngx_nodetool_log_tried(p, last, ctx);
    p = ngx_slprintf(p, last, " stream=%d status=%ui", ctx->stream, status);
    p = ngx_nodetool_log_count(p, last, "input", ctx->usage.prompt);
    p = ngx_nodetool_log_count(p, last, "output", ctx->usage.completion);
    p = ngx_nodetool_log_count(p, last, "cached", ctx->usage.cached);
    p = ngx_nodetool_log_count(p, last, "reasoning", ctx->usage.reasoning);
    p = ngx_nodetool_log_variable(p, last, r, "cost", "nodetool_cost");
    p = ngx_nodetool_log_variable(p, last, r, "cache", "nodetool_cache");

    if (ctx->ttft_set) {
        p = ngx_slprintf(p, last, " ttft_ms=%M", ctx->ttft);
    }

    p = ngx_slprintf(p, last, " ms=%M", ngx_nodetool_chat_duration(ctx));
    p = ngx_nodetool_log_name(p, last, "outcome", &outcome);

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "nodetool request%*s",
                  (size_t) (p - line), line);
}


ngx_int_t
ngx_nodetool_chat_log(ngx_http_request_t *r)
{
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_nodetool_chat_ctx(r);

    if (ctx == NULL || ctx->api == NULL) {
        return NGX_OK;
    }

    ngx_nodetool_limit_settle(ctx);
    ngx_nodetool_metrics_record(ctx);

    if (r->connection->log->log_level >= NGX_LOG_INFO) {
        ngx_nodetool_chat_story(ctx);
    }

    return NGX_OK;
}
