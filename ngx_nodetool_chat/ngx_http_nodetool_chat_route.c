/*
 * ngx_http_nodetool_chat_route.c - the provider that a model belongs to.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


/* Does `name` match `pattern`, in which * stands for any characters? */
static ngx_uint_t
ngx_nodetool_chat_match(ngx_str_t *pattern, ngx_str_t *name)
{
    u_char *p, *plast, *n, *nlast, *star, *retry;

    p = pattern->data;
    plast = p + pattern->len;
    n = name->data;
    nlast = n + name->len;
    star = NULL;
    retry = NULL;

    while (n < nlast) {
        if (p < plast && *p == '*') {
            star = ++p;
            retry = n;

        } else if (p < plast && *p == *n) {
            p++;
            n++;

        } else if (star != NULL) {
            p = star;
            n = ++retry;

        } else {
            return 0;
        }
    }

    while (p < plast && *p == '*') {
        p++;
    }

    return p == plast;
}


/* Sets provider and upstream_model; NGX_DECLINED when there is none. */
ngx_int_t
ngx_nodetool_chat_route(ngx_nodetool_chat_ctx_t *ctx)
{
    u_char                        *slash, *last;
    ngx_str_t                      name;
    ngx_uint_t                     i;
    ngx_http_request_t            *r;
    ngx_nodetool_rule_t           *rule;
    ngx_nodetool_chat_loc_conf_t  *lcf;
    ngx_nodetool_chat_main_conf_t *mcf;

    r = ctx->request;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);
    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);

    ctx->upstream_model = ctx->model;

    rule = lcf->rules ? lcf->rules->elts : NULL;

    for (i = 0; rule != NULL && i < lcf->rules->nelts; i++) {
        if (!ngx_nodetool_chat_match(&rule[i].pattern, &ctx->model)) {
            continue;
        }

        ctx->provider = rule[i].provider;

        if (rule[i].model != NULL &&
            ngx_http_complex_value(r, rule[i].model, &ctx->upstream_model) !=
                NGX_OK)
        {
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    last = ctx->model.data + ctx->model.len;
    slash = ngx_strlchr(ctx->model.data, last, '/');

    if (slash != NULL && slash + 1 < last) {
        name.data = ctx->model.data;
        name.len = slash - name.data;

        ctx->provider = ngx_nodetool_provider_find(mcf, &name);

        if (ctx->provider != NULL &&
            (lcf->echo || ctx->provider->dialect != NGX_NODETOOL_DIALECT_ECHO))
        {
            ctx->upstream_model.data = slash + 1;
            ctx->upstream_model.len = last - (slash + 1);
            return NGX_OK;
        }
    }

    ctx->provider = ngx_nodetool_models_find(r, &ctx->model);

    if (ctx->provider == NULL) {
        ngx_str_null(&ctx->upstream_model);
        return NGX_DECLINED;
    }

    return NGX_OK;
}
