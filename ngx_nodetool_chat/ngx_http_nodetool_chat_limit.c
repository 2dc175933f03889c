/*
 * ngx_http_nodetool_chat_limit.c - a request and its limits, before a
 * provider is asked.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

#include <ngx_md5.h>

#include "core/nt_glob.h"


/* --- what limits a request --- */

/* Finds what an earlier location has taken, for the same request. */
static void
ngx_nodetool_limit_cleanup(void *data)
{
}


static ngx_nodetool_limit_ctx_t *
ngx_nodetool_limit_earlier(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_nodetool_limit_ctx_t *limit;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_nodetool_limit_cleanup) {
            limit = cln->data;

            if (limit->take.taken != 0) {
                return limit;
            }
        }
    }

    return NULL;
}


static ngx_nodetool_limit_ctx_t *
ngx_nodetool_limit_create(ngx_http_request_t *r, ngx_uint_t n)
{
    ngx_pool_cleanup_t       *cln;
    ngx_nodetool_limit_ctx_t *limit;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_nodetool_limit_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_nodetool_limit_cleanup;

    limit = cln->data;
    ngx_memzero(limit, sizeof(ngx_nodetool_limit_ctx_t));

    limit->take.uses = ngx_pcalloc(r->pool, n * sizeof(ngx_nodetool_use_t));

    return limit->take.uses != NULL ? limit : NULL;
}


/* TEXT=VALUE, of which what is too long is replaced by its hash. */
static ngx_int_t
ngx_nodetool_limit_name(ngx_http_request_t *r, ngx_nodetool_use_t *use,
                        ngx_str_t *text, ngx_str_t *value)
{
    u_char   *p, hash[16];
    ngx_md5_t md5;

    use->name.len = text->len + 1 + value->len;
    use->name.data = ngx_pnalloc(r->pool, ngx_max(use->name.len, 32));
    if (use->name.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(use->name.data, text->data, text->len);
    *p++ = '=';
    ngx_memcpy(p, value->data, value->len);

    if (use->name.len > NGX_NODETOOL_LIMIT_NAME_MAX) {
        ngx_md5_init(&md5);
        ngx_md5_update(&md5, use->name.data, use->name.len);
        ngx_md5_final(hash, &md5);

        ngx_hex_dump(use->name.data, hash, sizeof(hash));
        use->name.len = 2 * sizeof(hash);
    }

    use->hash = ngx_crc32_short(use->name.data, use->name.len);

    return NGX_OK;
}


/* The number behind rpm=, say; -1 when it is empty.  What is none must not be
 * taken for one that does not limit. */
static ngx_int_t
ngx_nodetool_limit_value(ngx_http_request_t *r, ngx_nodetool_limit_t *limit,
                         ngx_uint_t kind, int64_t *value)
{
    ngx_str_t text;

    *value = -1;

    if (limit->value[kind] == NULL) {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, limit->value[kind], &text) != NGX_OK) {
        return NGX_ERROR;
    }

    if (text.len == 0 || ngx_nodetool_limit_parse(kind, &text, value)) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "nodetool_limit \"%V\" has \"%V\" where a number has to be",
                  &limit->text, &text);

    return NGX_ERROR;
}


static ngx_int_t
ngx_nodetool_limit_uses(ngx_http_request_t *r, ngx_array_t *limits,
                        ngx_nodetool_take_t *take)
{
    ngx_str_t             key;
    ngx_uint_t            i, k;
    ngx_nodetool_use_t   *use;
    ngx_nodetool_limit_t *limit;

    limit = limits->elts;

    for (i = 0; i < limits->nelts; i++) {
        if (ngx_http_complex_value(r, &limit[i].key, &key) != NGX_OK) {
            return NGX_ERROR;
        }

        if (key.len == 0) {
            continue;
        }

        use = &take->uses[take->n++];

        if (ngx_nodetool_limit_name(r, use, &limit[i].text, &key) != NGX_OK) {
            return NGX_ERROR;
        }

        for (k = 0; k < NGX_NODETOOL_LIMIT_N; k++) {
            if (ngx_nodetool_limit_value(r, &limit[i], k, &use->limit[k]) !=
                NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_nodetool_limit_allows(ngx_http_request_t *r, ngx_str_t *model)
{
    ngx_str_t                     key, models;
    ngx_uint_t                    i;
    ngx_nodetool_limit_t         *limit;
    ngx_nodetool_chat_loc_conf_t *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    if (lcf->limits == NULL) {
        return 1;
    }

    limit = lcf->limits->elts;

    for (i = 0; i < lcf->limits->nelts; i++) {
        if (limit[i].models == NULL) {
            continue;
        }

        if (ngx_http_complex_value(r, &limit[i].key, &key) != NGX_OK ||
            ngx_http_complex_value(r, limit[i].models, &models) != NGX_OK)
        {
            return 0;
        }

        if (key.len != 0 && models.len != 0 &&
            !nt_glob_among(ngx_nodetool_str(&models), ngx_nodetool_str(model)))
        {
            return 0;
        }
    }

    return 1;
}


/* --- headers --- */

static ngx_int_t
ngx_nodetool_limit_header(ngx_http_request_t *r, const char *name,
                          const char *format, ...)
{
    u_char           text[NGX_INT64_LEN + 8], *last;
    va_list          args;
    ngx_str_t        value;
    ngx_table_elt_t *h;

    va_start(args, format);
    last = ngx_vslprintf(text, text + sizeof(text), format, args);
    va_end(args);

    value.len = last - text;
    value.data = ngx_pnalloc(r->pool, value.len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(value.data, text, value.len);

    /* of a location before this one */

    h = ngx_nodetool_header_out(r, name);

    if (h != NULL) {
        h->value = value;
        return NGX_OK;
    }

    return ngx_nodetool_add_header(r, name, &value);
}


/* Of several limits, the one that is nearest. */
static ngx_nodetool_use_t *
ngx_nodetool_limit_nearest(ngx_nodetool_take_t *take, ngx_uint_t kind)
{
    ngx_uint_t          i;
    ngx_nodetool_use_t *use, *nearest;

    nearest = NULL;

    for (i = 0; i < take->n; i++) {
        use = &take->uses[i];

        if (use->limit[kind] >= 0 &&
            (nearest == NULL || use->limit[kind] - use->used[kind] <
                                    nearest->limit[kind] - nearest->used[kind]))
        {
            nearest = use;
        }
    }

    return nearest;
}


/* As OpenAI's: see "Rate limits" in its documentation. */
static ngx_int_t
ngx_nodetool_limit_headers(ngx_http_request_t *r, ngx_nodetool_take_t *take)
{
    time_t              reset;
    int64_t             left;
    ngx_int_t           rc;
    ngx_uint_t          kind;
    ngx_nodetool_use_t *use;

    static const char *names[2][3] = {
        { "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
          "x-ratelimit-reset-requests" },
        { "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens",
          "x-ratelimit-reset-tokens" }
    };

    for (kind = NGX_NODETOOL_LIMIT_RPM; kind <= NGX_NODETOOL_LIMIT_TPM; kind++)
    {
        use = ngx_nodetool_limit_nearest(take, kind);

        if (use == NULL) {
            continue;
        }

        left = ngx_max(use->limit[kind] - use->used[kind], 0);
        reset = ngx_max(use->reset[kind], 0);

        if (ngx_nodetool_limit_header(r, names[kind][0], "%L",
                                      use->limit[kind]) != NGX_OK ||
            ngx_nodetool_limit_header(r, names[kind][1], "%L", left) != NGX_OK)
        {
            return NGX_ERROR;
        }

        rc = reset < 60
                 ? ngx_nodetool_limit_header(r, names[kind][2], "%Ts", reset)
                 : ngx_nodetool_limit_header(r, names[kind][2], "%Tm%Ts",
                                             reset / 60, reset % 60);
        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* --- refusals --- */

static ngx_int_t
ngx_nodetool_limit_refuse(ngx_nodetool_chat_ctx_t *ctx,
                          ngx_nodetool_refusal_t  *refusal)
{
    int64_t             limit;
    ngx_tm_t            tm;
    ngx_http_request_t *r;

    r = ctx->request;
    limit = refusal->use->limit[refusal->kind];

    if (ngx_nodetool_limit_header(r, "Retry-After", "%T", refusal->wait) !=
        NGX_OK) {
        return NGX_ERROR;
    }

    if (refusal->kind < NGX_NODETOOL_LIMIT_DAY) {
        ctx->answer = ngx_nodetool_errorf(
            r, NGX_HTTP_TOO_MANY_REQUESTS,
            "The limit of %L %s a minute is reached. Try again in %T seconds.",
            limit,
            refusal->kind == NGX_NODETOOL_LIMIT_RPM ? "requests" : "tokens",
            refusal->wait);

        return NGX_DECLINED;
    }

    /* clients of OpenAI's and Anthropic's would try again at once */

    if (ngx_nodetool_limit_header(r, "x-should-retry", "false") != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_gmtime(ngx_time() + refusal->wait, &tm);

    ctx->answer = ngx_nodetool_errorf(
        r, NGX_HTTP_TOO_MANY_REQUESTS,
        "The budget of this %s is used up. A new one begins on "
        "%4d-%02d-%02d at 00:00 UTC.",
        refusal->kind == NGX_NODETOOL_LIMIT_DAY ? "day" : "month",
        tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday);

    return NGX_DECLINED;
}


/* --- a request --- */

void
ngx_nodetool_limit_begin(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_chat_loc_conf_t  *lcf;
    ngx_nodetool_chat_main_conf_t *mcf;

    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);
    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_nodetool_chat_module);

    ctx->estimating = lcf->limits != NULL || mcf->limit->prices.n != 0;
    ngx_memzero(&ctx->estimate, sizeof(nt_estimate_t));
}


/* How many tokens the reply may have, by the client's word: the most of what it
 * says, as the provider may read another one than we do; -1: it did not say. */
static int64_t
ngx_nodetool_limit_max(ngx_nodetool_chat_ctx_t *ctx)
{
    int64_t          n, max;
    ngx_str_t        text;
    ngx_uint_t       i;
    nt_json_field_t *f;

    max = -1;

    for (i = NGX_NODETOOL_REQ_MAX_TOKENS;
         i <= NGX_NODETOOL_REQ_MAX_OUTPUT_TOKENS; i++)
    {
        f = &ctx->fields[i];

        text.data = (u_char *) f->value;
        text.len = f->value_len;

        if (f->type == NT_JSON_NUMBER &&
            ngx_nodetool_limit_parse(NGX_NODETOOL_LIMIT_TPM, &text, &n))
        {
            max = ngx_max(max, n);
        }
    }

    return max;
}


/* What is reserved.  The provider is not known yet: a price that only it has
 * is left out. */
static void
ngx_nodetool_limit_reserve(ngx_nodetool_chat_ctx_t   *ctx,
                           ngx_nodetool_limit_main_t *lmcf)
{
    nt_llm_usage_t            usage;
    const nt_price_t         *price;
    ngx_nodetool_limit_ctx_t *limit;

    limit = ctx->limit;
    limit->max_tokens = ngx_nodetool_limit_max(ctx);

    ngx_memset(&usage, 0xff, sizeof(nt_llm_usage_t)); /* -1: not known */
    usage.prompt = nt_estimate_tokens(&ctx->estimate);
    usage.completion = ngx_max(limit->max_tokens, 0);

    limit->take.tokens = usage.prompt + usage.completion;

    price = nt_prices_find(&lmcf->prices, NT_STR(""),
                           ngx_nodetool_str(&ctx->model));

    if (price != NULL) {
        limit->take.cost = nt_price_cost(price, &usage);
    }
}


ngx_int_t
ngx_nodetool_limit_admit(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t                      rc;
    ngx_http_request_t            *r;
    ngx_nodetool_refusal_t         refusal;
    ngx_nodetool_chat_loc_conf_t  *lcf;
    ngx_nodetool_chat_main_conf_t *mcf;

    /* what runs as a tool could be asked as a model, too */
    static ngx_str_t workflows = ngx_string("workflow/*");

    r = ctx->request;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);
    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);

    /* an error page is the same request */

    ctx->limit = ngx_nodetool_limit_earlier(r);

    if (lcf->limits == NULL) {
        return NGX_OK;
    }

    if (!ngx_nodetool_limit_allows(r, &ctx->model)) {
        ctx->answer =
            ngx_nodetool_errorf(r, NGX_HTTP_FORBIDDEN,
                                "You may not use the model \"%V\": GET "
                                "/v1/models lists those that you may",
                                &ctx->model);
        return NGX_DECLINED;
    }

    if (ctx->engine.tools != NULL && ctx->engine.tools->workflow &&
        ngx_nodetool_engine_api(ctx->api) != NULL &&
        !ngx_nodetool_limit_allows(r, &workflows))
    {
        ctx->answer = ngx_nodetool_errorf(
            r, NGX_HTTP_FORBIDDEN,
            "You may not have workflows for tools: your models would have to "
            "have \"%V\" among them",
            &workflows);
        return NGX_DECLINED;
    }

    if (ctx->limit != NULL) {
        return NGX_OK;
    }

    ctx->limit = ngx_nodetool_limit_create(r, lcf->limits->nelts);

    if (ctx->limit == NULL ||
        ngx_nodetool_limit_uses(r, lcf->limits, &ctx->limit->take) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx->limit->take.n == 0) {
        ctx->limit = NULL;
        return NGX_OK;
    }

    ngx_nodetool_limit_reserve(ctx, mcf->limit);

    rc = ngx_nodetool_limit_take(mcf->limit->zone, &ctx->limit->take, &refusal);

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "the zone of nodetool_limit is full of budgets that are "
                      "in use; see nodetool_limit_zone");
        ctx->answer = ngx_nodetool_errorf(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                          "No request can be counted at the "
                                          "moment");
        return NGX_DECLINED;
    }

    if (ngx_nodetool_limit_headers(r, &ctx->limit->take) != NGX_OK) {
        return NGX_ERROR;
    }

    return rc == NGX_DECLINED ? ngx_nodetool_limit_refuse(ctx, &refusal)
                              : NGX_OK;
}
