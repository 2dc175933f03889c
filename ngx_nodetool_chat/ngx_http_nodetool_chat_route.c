/*
 * ngx_http_nodetool_chat_route.c - the providers that a model belongs to, and
 * their order.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_glob.h"


static void
ngx_nodetool_attempt_order(ngx_nodetool_attempt_t *a,
                           ngx_nodetool_target_t  *targets)
{
    ngx_int_t              total, swap;
    ngx_uint_t             i, first;
    ngx_nodetool_target_t *t, *best;

    total = 0;
    best = NULL;
    first = 0;

    for (i = 0; i < a->n; i++) {
        a->choices[i].target = &targets[i];
    }

    /* smooth weighted round robin, as between servers of an upstream{} */

    for (i = 0; i < a->n && targets[i].weight > 0; i++) {
        t = &targets[i];
        t->current += t->weight;
        total += t->weight;

        if (best == NULL || t->current > best->current) {
            best = t;
            first = i;
        }
    }

    if (best != NULL) {
        best->current -= total;
    }

    /* it goes before the others, which stay in their order */

    for (swap = first; swap > 0; swap--) {
        a->choices[swap].target = a->choices[swap - 1].target;
    }

    a->choices[0].target = &targets[first];
}


static ngx_int_t
ngx_nodetool_attempt_create(ngx_nodetool_chat_ctx_t *ctx,
                            ngx_nodetool_target_t *targets, ngx_uint_t n)
{
    ngx_int_t               rc;
    ngx_msec_t              left;
    ngx_nodetool_attempt_t *a;

    a = ngx_pcalloc(ctx->request->pool, sizeof(ngx_nodetool_attempt_t));
    if (a == NULL) {
        return NGX_ERROR;
    }

    a->choices =
        ngx_pcalloc(ctx->request->pool, n * sizeof(ngx_nodetool_choice_t));
    if (a->choices == NULL) {
        return NGX_ERROR;
    }

    a->ctx = ctx;
    a->n = n;
    a->begun = ngx_current_msec;

    ngx_nodetool_attempt_order(a, targets);

    ctx->attempt = a;

    if (ngx_nodetool_engine_take(ctx) == NGX_ERROR) {
        return NGX_ERROR;
    }

    rc = ngx_nodetool_attempt_select(a, ngx_nodetool_chat_loc(ctx)->retry.wait,
                                     &left);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        /* all rest; start() says so */
        ngx_nodetool_attempt_choose(a, &a->choices[0], 0, 0, left);
        a->next = NGX_NODETOOL_NEXT_NONE;
    }

    ngx_nodetool_attempt_show(a);

    return NGX_OK;
}


/* One target, which no rule has. */
static ngx_int_t
ngx_nodetool_route_single(ngx_nodetool_chat_ctx_t *ctx,
                          ngx_nodetool_provider_t *p, ngx_str_t *model)
{
    ngx_nodetool_target_t *target;

    target = ngx_pcalloc(ctx->request->pool, sizeof(ngx_nodetool_target_t));
    if (target == NULL) {
        return NGX_ERROR;
    }

    target->provider = p;
    target->weight = 1;

    if (model != NULL) {
        target->model =
            ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_complex_value_t));
        if (target->model == NULL) {
            return NGX_ERROR;
        }

        target->model->value = *model;
    }

    ctx->targets = target;
    ctx->n_targets = 1;

    return NGX_OK;
}


/* As access_log has it: neither empty nor "0". */
ngx_uint_t
ngx_nodetool_rule_applies(ngx_http_request_t *r, ngx_nodetool_rule_t *rule)
{
    ngx_str_t value;

    if (rule->condition == NULL) {
        return 1;
    }

    return ngx_http_complex_value(r, rule->condition, &value) == NGX_OK &&
           value.len > 0 && (value.len > 1 || value.data[0] != '0');
}


/* The targets of the first rule for this model that applies. */
static ngx_array_t *
ngx_nodetool_route_rule(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_uint_t           i;
    ngx_array_t         *rules;
    ngx_nodetool_rule_t *rule;

    rules = ngx_nodetool_chat_loc(ctx)->rules;
    rule = rules ? rules->elts : NULL;

    for (i = 0; rule != NULL && i < rules->nelts; i++) {
        if (nt_glob_match(ngx_nodetool_str(&rule[i].pattern),
                          ngx_nodetool_str(&ctx->model)) &&
            ngx_nodetool_rule_applies(ctx->request, &rule[i]))
        {
            return rule[i].targets;
        }
    }

    return NULL;
}


/* Those of a rule that can answer; if none can, all, so that one says so. */
static ngx_int_t
ngx_nodetool_route_targets(ngx_nodetool_chat_ctx_t *ctx, ngx_array_t *targets)
{
    ngx_uint_t             i, n;
    ngx_nodetool_target_t *target, *can;

    target = targets->elts;
    n = 0;

    for (i = 0; i < targets->nelts; i++) {
        n += !ngx_nodetool_api_lacks(ctx->api, target[i].provider);
    }

    ctx->targets = target;
    ctx->n_targets = targets->nelts;

    if (n == 0 || n == targets->nelts) {
        return NGX_OK;
    }

    can = ngx_palloc(ctx->request->pool, n * sizeof(ngx_nodetool_target_t));
    if (can == NULL) {
        return NGX_ERROR;
    }

    ctx->targets = can;
    ctx->n_targets = n;

    for (i = 0; i < targets->nelts; i++) {
        if (!ngx_nodetool_api_lacks(ctx->api, target[i].provider)) {
            *can++ = target[i];
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_route_find(ngx_nodetool_chat_ctx_t *ctx)
{
    u_char                        *slash, *last;
    ngx_str_t                      name, model;
    ngx_array_t                   *targets;
    ngx_http_request_t            *r;
    ngx_nodetool_provider_t       *p;
    ngx_nodetool_chat_main_conf_t *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);

    if (ctx->targets != NULL) {
        return NGX_OK;
    }

    targets = ngx_nodetool_route_rule(ctx);

    if (targets != NULL) {
        return ngx_nodetool_route_targets(ctx, targets);
    }

    p = ngx_nodetool_engine_find(ctx);

    if (p != NULL) {
        return ngx_nodetool_route_single(ctx, p, NULL);
    }

    last = ctx->model.data + ctx->model.len;
    slash = ngx_strlchr(ctx->model.data, last, '/');

    if (slash != NULL && slash + 1 < last) {
        name.data = ctx->model.data;
        name.len = slash - name.data;
        model.data = slash + 1;
        model.len = last - model.data;

        p = ngx_nodetool_provider_find(mcf, &name);

        if (p != NULL && (ngx_nodetool_chat_loc(ctx)->echo ||
                          p->dialect != NGX_NODETOOL_DIALECT_ECHO))
        {
            return ngx_nodetool_route_single(ctx, p, &model);
        }
    }

    p = ngx_nodetool_models_find(r, &ctx->model);

    return p ? ngx_nodetool_route_single(ctx, p, NULL) : NGX_DECLINED;
}


ngx_int_t
ngx_nodetool_chat_route(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t rc;

    rc = ngx_nodetool_route_find(ctx);

    return rc == NGX_OK
               ? ngx_nodetool_attempt_create(ctx, ctx->targets, ctx->n_targets)
               : rc;
}
