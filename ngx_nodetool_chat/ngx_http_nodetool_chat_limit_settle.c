/*
 * ngx_http_nodetool_chat_limit_settle.c - what a request took, when it is
 * over: as the provider counted it, or estimated.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

/* Tokens that a provider is taken to make in a second, of a reply that nobody
 * saw the end of. */
#define NGX_NODETOOL_LIMIT_SPEED 50


/* Tokens of a reply whose end nobody saw, or told the length of: an event of
 * a stream is about one, and without events time is what there is. */
static int64_t
ngx_nodetool_limit_guess(ngx_nodetool_chat_ctx_t *ctx)
{
    int64_t              n;
    ngx_msec_int_t       ms;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    if (ctx->stream && ctx->n_events > 0) {
        return (int64_t) ctx->n_events;
    }

    if (r->headers_out.status == NGX_HTTP_OK && u->state != NULL) {
        return u->state->response_length / 4;
    }

    ms = (ngx_msec_int_t) ((ngx_time() - r->start_sec) * 1000) +
         (ngx_msec_int_t) (ngx_timeofday()->msec - r->start_msec);

    n = (int64_t) ngx_max(ms, 0) * NGX_NODETOOL_LIMIT_SPEED / 1000;

    if (ctx->limit != NULL && ctx->limit->max_tokens >= 0) {
        n = ngx_min(n, ctx->limit->max_tokens);
    }

    return n;
}


void
ngx_nodetool_limit_usage(ngx_nodetool_chat_ctx_t *ctx, nt_llm_usage_t *usage)
{
    ngx_uint_t           status;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    *usage = ctx->usage;

    if (usage->prompt >= 0 && usage->completion >= 0) {
        return;
    }

    r = ctx->request;
    u = r->upstream;
    status = r->headers_out.status;

    /* who left, or waited in vain, may have to be paid for all the same */

    if (ctx->provider == NULL || u == NULL || !u->request_sent ||
        (status >= 400 && status != NGX_HTTP_CLIENT_CLOSED_REQUEST &&
         status != NGX_HTTP_GATEWAY_TIME_OUT))
    {
        usage->prompt = 0;
        usage->completion = 0;
        return;
    }

    if (usage->prompt < 0) {
        usage->prompt = nt_estimate_tokens(&ctx->estimate);
    }

    if (usage->completion < 0) {
        usage->completion = ngx_nodetool_limit_guess(ctx);
    }
}


/* At most once a minute: what has no price costs nothing, which its owner may
 * not have meant. */
static void
ngx_nodetool_limit_unpriced(ngx_nodetool_chat_ctx_t   *ctx,
                            ngx_nodetool_limit_main_t *lmcf)
{
    ngx_uint_t          i;
    ngx_nodetool_use_t *use;

    for (i = 0; i < ctx->limit->take.n; i++) {
        use = &ctx->limit->take.uses[i];

        if (use->limit[NGX_NODETOOL_LIMIT_DAY] < 0 &&
            use->limit[NGX_NODETOOL_LIMIT_MONTH] < 0)
        {
            continue;
        }

        if (ctx->provider != NULL && ngx_time() - lmcf->warned >= 60) {
            lmcf->warned = ngx_time();
            ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                          "the model \"%V\" of nodetool_provider \"%V\" is in "
                          "no line of nodetool_prices, and counts for no "
                          "budget",
                          &ctx->upstream_model, &ctx->provider->name);
        }

        return;
    }
}


void
ngx_nodetool_limit_settle(ngx_nodetool_chat_ctx_t *ctx)
{
    int64_t                        cost;
    nt_llm_usage_t                 usage;
    ngx_nodetool_chat_main_conf_t *mcf;

    if (ctx->limit == NULL || ctx->limit->take.taken == 0) {
        return;
    }

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_nodetool_chat_module);

    ngx_nodetool_limit_usage(ctx, &usage);
    cost = ngx_nodetool_limit_cost(ctx);

    if (cost < 0) {
        ngx_nodetool_limit_unpriced(ctx, mcf->limit);
        cost = 0;
    }

    ngx_nodetool_limit_give(mcf->limit->zone, &ctx->limit->take,
                            usage.prompt + usage.completion, cost);
}
