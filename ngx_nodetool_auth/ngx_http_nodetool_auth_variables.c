/*
 * ngx_http_nodetool_auth_variables.c - what other modules learn of the
 * caller.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

static ngx_int_t ngx_http_nodetool_auth_variable(ngx_http_request_t        *r,
                                                 ngx_http_variable_value_t *v,
                                                 uintptr_t data);
static ngx_int_t ngx_http_nodetool_auth_key_variable(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);

/* A text of the virtual key; an empty one where it is not limited. */
#define NGX_HTTP_NODETOOL_AUTH_KEY_VAR(name, field)                            \
    {                                                                          \
        ngx_string(name), NULL, ngx_http_nodetool_auth_key_variable,           \
            offsetof(nt_virtual_key_t, field), NGX_HTTP_VAR_NOCACHEABLE, 0     \
    }


enum {
    NGX_HTTP_NODETOOL_AUTH_VAR_USER = 0,
    NGX_HTTP_NODETOOL_AUTH_VAR_ROLE,
    NGX_HTTP_NODETOOL_AUTH_VAR_PROVIDER,
    NGX_HTTP_NODETOOL_AUTH_VAR_ERROR
};


static ngx_http_variable_t ngx_http_nodetool_auth_vars[] = {

    { ngx_string("nodetool_user"), NULL, ngx_http_nodetool_auth_variable,
      NGX_HTTP_NODETOOL_AUTH_VAR_USER, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("nodetool_role"), NULL, ngx_http_nodetool_auth_variable,
      NGX_HTTP_NODETOOL_AUTH_VAR_ROLE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("nodetool_auth_provider"), NULL,
      ngx_http_nodetool_auth_variable, NGX_HTTP_NODETOOL_AUTH_VAR_PROVIDER,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("nodetool_auth_error"), NULL, ngx_http_nodetool_auth_variable,
      NGX_HTTP_NODETOOL_AUTH_VAR_ERROR, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    NGX_HTTP_NODETOOL_AUTH_KEY_VAR("nodetool_key", name),
    NGX_HTTP_NODETOOL_AUTH_KEY_VAR("nodetool_key_models", models),
    NGX_HTTP_NODETOOL_AUTH_KEY_VAR("nodetool_key_rpm", rpm),
    NGX_HTTP_NODETOOL_AUTH_KEY_VAR("nodetool_key_tpm", tpm),
    NGX_HTTP_NODETOOL_AUTH_KEY_VAR("nodetool_key_budget_day", budget_day),
    NGX_HTTP_NODETOOL_AUTH_KEY_VAR("nodetool_key_budget_month", budget_month),

    ngx_http_null_variable
};


static ngx_int_t
ngx_http_nodetool_auth_variable(ngx_http_request_t        *r,
                                ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                     value;
    ngx_http_nodetool_auth_ctx_t *ctx;

    ctx = ngx_http_nodetool_auth_get_ctx(r->main);

    /* before the access phase (limit_req) nobody is asked, and a caller who
     * would have to be asked for is not known */

    if (ctx == NULL || ngx_http_nodetool_auth_judge(r, ctx, 0) == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_str_null(&value);

    switch (data) {
    case NGX_HTTP_NODETOOL_AUTH_VAR_USER:
        value = ctx->user;
        break;

    case NGX_HTTP_NODETOOL_AUTH_VAR_ROLE:
        if (ctx->user.len && ctx->admin) {
            ngx_str_set(&value, "admin");

        } else if (ctx->user.len) {
            ngx_str_set(&value, "user");
        }

        break;

    case NGX_HTTP_NODETOOL_AUTH_VAR_PROVIDER:
        if (ctx->user.len) {
            value = ngx_http_nodetool_auth_provider_name(ctx->provider);
        }

        break;

    default: /* NGX_HTTP_NODETOOL_AUTH_VAR_ERROR */

        /* "satisfy any" may have let the request in all the same, to fail
         * by something else */

        if (ctx->refused &&
            r->main->headers_out.status == (ngx_uint_t) ctx->status) {
            value.len = ngx_strlen(ctx->error);
            value.data = (u_char *) ctx->error;
        }
    }

    v->len = value.len;
    v->data = value.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = (value.len == 0);

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_key_variable(ngx_http_request_t        *r,
                                    ngx_http_variable_value_t *v,
                                    uintptr_t                  data)
{
    const nt_str_t               *text;
    ngx_http_nodetool_auth_ctx_t *ctx;

    ctx = ngx_http_nodetool_auth_get_ctx(r->main);

    if (ctx == NULL || ngx_http_nodetool_auth_judge(r, ctx, 0) == NGX_ERROR) {
        return NGX_ERROR;
    }

    v->not_found = 1;

    if (ctx->key != NULL && ctx->user.len != 0) {
        text = (const nt_str_t *) ((const char *) ctx->key + data);

        v->len = text->len;
        v->data = (u_char *) text->data;
        v->valid = 1;
        v->no_cacheable = 0;
        v->not_found = (text->len == 0);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_auth_add_variables(ngx_conf_t *cf)
{
    return ngx_nodetool_add_variables(cf, ngx_http_nodetool_auth_vars);
}
