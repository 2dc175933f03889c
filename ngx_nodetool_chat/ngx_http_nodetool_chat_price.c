/*
 * ngx_http_nodetool_chat_price.c - what tokens cost.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

#include "core/nt_money.h"


static void
ngx_nodetool_prices_cleanup(void *data)
{
    nt_prices_free(data);
}


/* nodetool_prices FILE; */
char *
ngx_nodetool_prices_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_main_conf_t *mcf = conf;

    nt_rc_t             rc;
    ngx_str_t          *value, text;
    nt_prices_t        *prices;
    ngx_pool_cleanup_t *cln;

    prices = &mcf->limit->prices;

    if (prices->line != 0) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_nodetool_conf_file(cf, cf->pool, &value[1], "prices", &text) !=
        NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = nt_prices_parse(prices, ngx_nodetool_str(&text));

    cln->handler = ngx_nodetool_prices_cleanup;
    cln->data = prices;

    if (rc == NT_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s in %V:%ui", prices->error,
                      &value[1], (ngx_uint_t) prices->line);
    }

    return rc == NT_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


int64_t
ngx_nodetool_limit_cost(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_llm_usage_t                 usage;
    const nt_price_t              *price;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_nodetool_chat_module);

    if (ctx->provider == NULL || mcf->limit->prices.n == 0) {
        return -1;
    }

    price = nt_prices_find(&mcf->limit->prices,
                           ngx_nodetool_str(&ctx->provider->name),
                           ngx_nodetool_str(&ctx->upstream_model));

    if (price == NULL) {
        return -1;
    }

    ngx_nodetool_limit_usage(ctx, &usage);

    return nt_price_cost(price, &usage);
}


/* $nodetool_cost: dollars, in decimal. */
ngx_int_t
ngx_nodetool_cost_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
                           uintptr_t data)
{
    int64_t                  cost;
    nt_buf_t                 text;
    ngx_nodetool_chat_ctx_t *ctx;

    v->not_found = 1;

    ctx = ngx_nodetool_chat_ctx(r);
    cost = ctx != NULL ? ngx_nodetool_limit_cost(ctx) : -1;

    if (cost < 0) {
        return NGX_OK;
    }

    ngx_memzero(&text, sizeof(nt_buf_t));
    nt_money_append(&text, cost);

    v->data = text.failed ? NULL : ngx_pnalloc(r->pool, text.len);

    if (v->data != NULL) {
        ngx_memcpy(v->data, text.data, text.len);
        v->len = text.len;
        v->valid = 1;
        v->no_cacheable = 0;
        v->not_found = 0;
    }

    nt_buf_free(&text);

    return v->not_found ? NGX_ERROR : NGX_OK;
}
