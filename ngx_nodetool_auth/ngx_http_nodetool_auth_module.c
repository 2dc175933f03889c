/*
 * ngx_http_nodetool_auth_module - who is calling: nobody in particular, the
 * local user, the bearer of a shared token, or a user whom an issuer of
 * tokens vouches for.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

static ngx_int_t ngx_http_nodetool_auth_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_nodetool_auth_init_last(
    ngx_http_core_main_conf_t *cmcf);

#define NGX_HTTP_NODETOOL_AUTH_ANY                                             \
    NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF


static ngx_conf_enum_t ngx_http_nodetool_auth_providers[] = {
    { ngx_string("off"), NGX_HTTP_NODETOOL_AUTH_OFF },
    { ngx_string("none"), NGX_HTTP_NODETOOL_AUTH_NONE },
    { ngx_string("local"), NGX_HTTP_NODETOOL_AUTH_LOCAL },
    { ngx_string("static"), NGX_HTTP_NODETOOL_AUTH_STATIC },
    { ngx_string("supabase"), NGX_HTTP_NODETOOL_AUTH_SUPABASE },
    { ngx_string("oidc"), NGX_HTTP_NODETOOL_AUTH_OIDC },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t ngx_http_nodetool_auth_roles[] = {
    { ngx_string("any"), NGX_HTTP_NODETOOL_AUTH_ANYBODY },
    { ngx_string("admin"), NGX_HTTP_NODETOOL_AUTH_ADMIN },
    { ngx_null_string, 0 }
};


static ngx_command_t ngx_http_nodetool_auth_commands[] = {

    { ngx_string("nodetool_auth"), NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, provider),
      &ngx_http_nodetool_auth_providers },

    { ngx_string("nodetool_auth_role"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_HTTP_LMT_CONF | NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, role),
      &ngx_http_nodetool_auth_roles },

    { ngx_string("nodetool_auth_token"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1,
      ngx_http_nodetool_auth_set_token, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_keys"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1,
      ngx_http_nodetool_auth_set_keys, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_issuer"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE123,
      ngx_http_nodetool_auth_set_issuer, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_secret"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1,
      ngx_http_nodetool_auth_set_secret, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_audience"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_1MORE,
      ngx_http_nodetool_auth_set_audience, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_admin"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE2,
      ngx_http_nodetool_auth_set_admin, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_leeway"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1, ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, leeway), NULL },

    { ngx_string("nodetool_auth_userinfo"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, userinfo), NULL },

    { ngx_string("nodetool_auth_apikey"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1,
      ngx_http_nodetool_auth_set_apikey, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_cache"), NGX_HTTP_MAIN_CONF | NGX_CONF_1MORE,
      ngx_http_nodetool_auth_set_cache, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_timeout"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1, ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, timeout), NULL },

    { ngx_string("nodetool_auth_trusted_certificate"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, trusted_certificate), NULL },

    { ngx_string("nodetool_auth_query"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_auth_loc_conf_t, query), NULL },

    { ngx_string("nodetool_auth_header"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_1MORE,
      ngx_http_nodetool_auth_set_header, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_auth_limit"),
      NGX_HTTP_NODETOOL_AUTH_ANY | NGX_CONF_TAKE123,
      ngx_http_nodetool_auth_set_limit, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    ngx_null_command
};


static ngx_http_module_t ngx_http_nodetool_auth_module_ctx = {
    ngx_http_nodetool_auth_add_variables, /* preconfiguration */
    ngx_http_nodetool_auth_init,          /* postconfiguration */

    ngx_http_nodetool_auth_create_main_conf, /* create main configuration */
    NULL,                                    /* init main configuration */

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
    ngx_http_nodetool_auth_init_keys,   /* init process */
    NULL,                               /* init thread */
    NULL,                               /* exit thread */
    NULL,                               /* exit process */
    NULL,                               /* exit master */
    NGX_MODULE_V1_PADDING
};


ngx_str_t
ngx_http_nodetool_auth_provider_name(ngx_uint_t provider)
{
    static ngx_str_t key = ngx_string("key");

    if (provider == NGX_HTTP_NODETOOL_AUTH_KEY) {
        return key;
    }

    return ngx_http_nodetool_auth_providers[provider].name;
}


static ngx_int_t
ngx_http_nodetool_auth_init(ngx_conf_t *cf)
{
    ngx_uint_t                 i;
    ngx_http_handler_pt       *h;
    ngx_http_core_main_conf_t *cmcf;

    /* post-read for what a server says, rewrite for what a location does:
     * both before the modules that limit, and log whom they refuse */

    static const struct {
        ngx_uint_t          phase;
        ngx_http_handler_pt handler;
    } handlers[] = {
        { NGX_HTTP_POST_READ_PHASE, ngx_http_nodetool_auth_scrub },
        { NGX_HTTP_REWRITE_PHASE, ngx_http_nodetool_auth_scrub },
        { NGX_HTTP_ACCESS_PHASE, ngx_http_nodetool_auth_access },
    };

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        h = ngx_array_push(&cmcf->phases[handlers[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = handlers[i].handler;
    }

    return ngx_http_nodetool_auth_init_last(cmcf);
}


/* Handlers run in the order that is the reverse of the array's. */

static ngx_int_t
ngx_http_nodetool_auth_init_last(ngx_http_core_main_conf_t *cmcf)
{
    ngx_array_t         *handlers;
    ngx_http_handler_pt *first;

    handlers = &cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers;

    if (ngx_array_push(handlers) == NULL) {
        return NGX_ERROR;
    }

    first = handlers->elts;
    ngx_memmove(first + 1, first,
                (handlers->nelts - 1) * sizeof(ngx_http_handler_pt));

    *first = ngx_http_nodetool_auth_last;

    return NGX_OK;
}
