/*
 * ngx_http_nodetool_auth_module - who is calling: nobody in particular, the
 * local user, or the bearer of a shared token.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include "core/nt_token.h"

#define NGX_HTTP_NODETOOL_AUTH_REALM "Bearer realm=\"nodetool\""

/*
 * What is known of a request's caller.  Kept by a pool cleanup, because it
 * has to outlive internal redirects, which clear the module contexts.
 */
typedef struct {
    ngx_http_nodetool_auth_loc_conf_t *conf;     /* that it was judged by */
    ngx_uint_t                         provider; /* of the user */
    ngx_str_t                          user;     /* empty: not authenticated */
    ngx_int_t   status; /* of the refusal that `user` empty would mean */
    const char *error;  /* its reason; NULL for none */
    const char *challenge;
    ngx_uint_t  refused; /* unsigned  refused:1; by the access phase */
} ngx_http_nodetool_auth_ctx_t;

static ngx_http_nodetool_auth_ctx_t *ngx_http_nodetool_auth_judge(
    ngx_http_request_t *r);
static ngx_http_nodetool_auth_ctx_t *ngx_http_nodetool_auth_get_ctx(
    ngx_http_request_t *r);
static void      ngx_http_nodetool_auth_cleanup(void *data);
static ngx_int_t ngx_http_nodetool_auth_static(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx);
static ngx_int_t ngx_http_nodetool_auth_access(ngx_http_request_t *r);
static ngx_int_t ngx_http_nodetool_auth_challenge(ngx_http_request_t *r,
                                                  const char *challenge);
static ngx_int_t ngx_http_nodetool_auth_variable(ngx_http_request_t        *r,
                                                 ngx_http_variable_value_t *v,
                                                 uintptr_t data);
static ngx_int_t ngx_http_nodetool_auth_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_nodetool_auth_init(ngx_conf_t *cf);
static void     *ngx_http_nodetool_auth_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_nodetool_auth_merge_loc_conf(ngx_conf_t *cf, void *parent,
                                                   void *child);
static char *ngx_http_nodetool_auth_set(ngx_conf_t *cf, ngx_command_t *cmd,
                                        void *conf);


static ngx_conf_enum_t ngx_http_nodetool_auth_providers[] = {
    { ngx_string("off"), NGX_HTTP_NODETOOL_AUTH_OFF },
    { ngx_string("none"), NGX_HTTP_NODETOOL_AUTH_NONE },
    { ngx_string("local"), NGX_HTTP_NODETOOL_AUTH_LOCAL },
    { ngx_string("static"), NGX_HTTP_NODETOOL_AUTH_STATIC },
    { ngx_string("supabase"), NGX_HTTP_NODETOOL_AUTH_SUPABASE },
    { ngx_null_string, 0 }
};


static ngx_command_t ngx_http_nodetool_auth_commands[] = {

    { ngx_string("nodetool_auth"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_http_nodetool_auth_set, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, provider),
      &ngx_http_nodetool_auth_providers },

    { ngx_string("nodetool_auth_token"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_http_nodetool_auth_set_token, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    ngx_null_command
};


static ngx_http_module_t ngx_http_nodetool_auth_module_ctx = {
    ngx_http_nodetool_auth_add_variables, /* preconfiguration */
    ngx_http_nodetool_auth_init,          /* postconfiguration */

    NULL, /* create main configuration */
    NULL, /* init main configuration */

    NULL, /* create server configuration */
    NULL, /* merge server configuration */

    ngx_http_nodetool_auth_create_loc_conf, /* create location configuration */
    ngx_http_nodetool_auth_merge_loc_conf   /* merge location configuration */
};


ngx_module_t ngx_http_nodetool_auth_module = {
    NGX_MODULE_V1,
    &ngx_http_nodetool_auth_module_ctx, /* module context */
    ngx_http_nodetool_auth_commands,    /* module directives */
    NGX_HTTP_MODULE,                    /* module type */
    NULL,                               /* init master */
    NULL,                               /* init module */
    NULL,                               /* init process */
    NULL,                               /* init thread */
    NULL,                               /* exit thread */
    NULL,                               /* exit process */
    NULL,                               /* exit master */
    NGX_MODULE_V1_PADDING
};


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

    ngx_http_null_variable
};


/*
 * Judges the request by the location that it is in.  Variables may ask
 * before the access phase (limit_req does), so this is not the access
 * handler's.
 */

static ngx_http_nodetool_auth_ctx_t *
ngx_http_nodetool_auth_judge(ngx_http_request_t *r)
{
    ngx_http_nodetool_auth_ctx_t      *ctx;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    ctx = ngx_http_nodetool_auth_get_ctx(r->main);
    if (ctx == NULL) {
        return NULL;
    }

    alcf = ngx_http_get_module_loc_conf(r->main, ngx_http_nodetool_auth_module);

    /* an error page with authentication off still has the caller's name */

    if (ctx->conf == alcf || alcf->provider == NGX_HTTP_NODETOOL_AUTH_OFF) {
        return ctx;
    }

    ctx->provider = alcf->provider;
    ctx->error = NULL;
    ctx->refused = 0;

    if (alcf->provider == NGX_HTTP_NODETOOL_AUTH_STATIC) {
        ngx_str_null(&ctx->user);

        ctx->conf = alcf;

        if (ngx_http_nodetool_auth_static(r->main, ctx) != NGX_OK) {
            ctx->conf = NULL;
            return NULL;
        }

    } else {
        ctx->conf = alcf;
        ngx_str_set(&ctx->user, "1");

        if (alcf->provider == NGX_HTTP_NODETOOL_AUTH_LOCAL) {
            ctx->error = ngx_http_nodetool_auth_foreign(r->main);
        }

        if (ctx->error != NULL) {
            ctx->status = NGX_HTTP_FORBIDDEN;
            ngx_str_null(&ctx->user);
        }
    }

    return ctx;
}


static ngx_http_nodetool_auth_ctx_t *
ngx_http_nodetool_auth_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t *cln;

    for (cln = r->pool->cleanup; cln != NULL; cln = cln->next) {
        if (cln->handler == ngx_http_nodetool_auth_cleanup) {
            return cln->data;
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_nodetool_auth_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ngx_memzero(cln->data, sizeof(ngx_http_nodetool_auth_ctx_t));
    cln->handler = ngx_http_nodetool_auth_cleanup;

    return cln->data;
}


/* Its address is what the cleanup is found by. */

static void
ngx_http_nodetool_auth_cleanup(void *data)
{
}


static ngx_int_t
ngx_http_nodetool_auth_static(ngx_http_request_t           *r,
                              ngx_http_nodetool_auth_ctx_t *ctx)
{
    nt_str_t   token;
    ngx_int_t  rc;
    ngx_str_t  header;
    ngx_uint_t n;

    ctx->status = NGX_HTTP_UNAUTHORIZED;
    ctx->challenge = NGX_HTTP_NODETOOL_AUTH_REALM;

    n = ngx_nodetool_header_in(r, "authorization", &header);

    if (n == 0) {
        ctx->error = "This server needs a token. Send it in the header "
                     "\"Authorization: Bearer TOKEN\".";
        return NGX_OK;
    }

    if (n > 1) {
        ctx->status = NGX_HTTP_BAD_REQUEST;
        ctx->error = "The request has more than one Authorization header. "
                     "Send one.";
        return NGX_OK;
    }

    token = nt_token_bearer(ngx_nodetool_str(&header));

    if (token.len == 0) {
        ctx->error = "The Authorization header is not of the form "
                     "\"Bearer TOKEN\".";
        return NGX_OK;
    }

    rc = ngx_http_nodetool_auth_match(ctx->conf->tokens, token);

    if (rc == NGX_OK) {
        ngx_str_set(&ctx->user, "1");

    } else if (rc == NGX_DECLINED) {
        ctx->challenge =
            NGX_HTTP_NODETOOL_AUTH_REALM ", error=\"invalid_token\"";
        ctx->error = "The token is not valid. Send one of this server's.";
    }

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_access(ngx_http_request_t *r)
{
    ngx_http_nodetool_auth_ctx_t      *ctx;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_auth_module);

    if (alcf->provider != NGX_HTTP_NODETOOL_AUTH_STATIC &&
        alcf->provider != NGX_HTTP_NODETOOL_AUTH_LOCAL)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_http_nodetool_auth_judge(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->user.len) {
        /*
         * Without a token to check there is nothing to allow either:
         * "satisfy any" is left to the other access modules.
         */

        return alcf->provider == NGX_HTTP_NODETOOL_AUTH_STATIC ? NGX_OK
                                                               : NGX_DECLINED;
    }

    ctx->refused = 1;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "nodetool auth refused: %s", ctx->error);

    if (ctx->status == NGX_HTTP_UNAUTHORIZED &&
        ngx_http_nodetool_auth_challenge(r, ctx->challenge) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ctx->status;
}


static ngx_int_t
ngx_http_nodetool_auth_challenge(ngx_http_request_t *r, const char *challenge)
{
    ngx_str_t        value;
    ngx_table_elt_t *h;

    value.len = ngx_strlen(challenge);
    value.data = (u_char *) challenge;

    /* an error page in a location like this one has been refused before */

    h = r->headers_out.www_authenticate;

    if (h != NULL && h->hash != 0 &&
        h->value.len >= sizeof(NGX_HTTP_NODETOOL_AUTH_REALM) - 1 &&
        ngx_strncmp(h->value.data, NGX_HTTP_NODETOOL_AUTH_REALM,
                    sizeof(NGX_HTTP_NODETOOL_AUTH_REALM) - 1) == 0)
    {
        h->value = value;
        return NGX_OK;
    }

    h = ngx_nodetool_push_header(r, "WWW-Authenticate", &value);
    if (h == NULL) {
        return NGX_ERROR;
    }

    /* "satisfy any" takes them back when another module allows the request */

#if (nginx_version >= 1023000)
    h->next = r->headers_out.www_authenticate;
#endif
    r->headers_out.www_authenticate = h;

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_variable(ngx_http_request_t        *r,
                                ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                     value;
    ngx_http_nodetool_auth_ctx_t *ctx;

    ctx = ngx_http_nodetool_auth_judge(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&value);

    switch (data) {
    case NGX_HTTP_NODETOOL_AUTH_VAR_USER:
        value = ctx->user;
        break;

    case NGX_HTTP_NODETOOL_AUTH_VAR_ROLE:

        /* without tokens of their own all are the user who set this up */

        if (ctx->user.len) {
            ngx_str_set(&value, "admin");
        }

        break;

    case NGX_HTTP_NODETOOL_AUTH_VAR_PROVIDER:
        if (ctx->user.len) {
            value = ngx_http_nodetool_auth_providers[ctx->provider].name;
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
ngx_http_nodetool_auth_add_variables(ngx_conf_t *cf)
{
    return ngx_nodetool_add_variables(cf, ngx_http_nodetool_auth_vars);
}


static ngx_int_t
ngx_http_nodetool_auth_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt       *h;
    ngx_http_core_main_conf_t *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_nodetool_auth_access;

    return NGX_OK;
}


static void *
ngx_http_nodetool_auth_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_auth_loc_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_auth_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->provider = NGX_CONF_UNSET_UINT;

    return conf;
}


static char *
ngx_http_nodetool_auth_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_nodetool_auth_loc_conf_t *prev = parent;
    ngx_http_nodetool_auth_loc_conf_t *conf = child;

    ngx_conf_merge_uint_value(conf->provider, prev->provider,
                              NGX_HTTP_NODETOOL_AUTH_OFF);

    if (conf->tokens == NULL) {
        conf->tokens = prev->tokens;
    }

    if (conf->provider == NGX_HTTP_NODETOOL_AUTH_STATIC && conf->tokens == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"nodetool_auth static\" needs a "
                           "\"nodetool_auth_token\" on the same level or "
                           "above");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_auth_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    char *rv;

    rv = ngx_conf_set_enum_slot(cf, cmd, conf);

    if (rv == NGX_CONF_OK && alcf->provider == NGX_HTTP_NODETOOL_AUTH_SUPABASE)
    {
        return "does not support \"supabase\" in this version; "
               "use \"static\" or \"local\"";
    }

    return rv;
}
