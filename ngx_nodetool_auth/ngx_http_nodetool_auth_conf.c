/*
 * ngx_http_nodetool_auth_conf.c - the configuration of the module, and what
 * is made of a location's.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#define NGX_HTTP_NODETOOL_AUTH_ZONE      "nodetool_auth"
#define NGX_HTTP_NODETOOL_AUTH_ZONE_SIZE (1024 * 1024)

static char *ngx_http_nodetool_auth_merge_jwt(
    ngx_conf_t *cf, ngx_http_nodetool_auth_loc_conf_t *conf);
static char *ngx_http_nodetool_auth_rules(
    ngx_http_nodetool_auth_loc_conf_t *conf);
static ngx_int_t ngx_http_nodetool_auth_digest(
    ngx_http_nodetool_auth_loc_conf_t *conf);
static void ngx_http_nodetool_auth_digest_str(nt_buf_t *buf, nt_str_t text);


void *
ngx_http_nodetool_auth_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_auth_main_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_auth_main_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&conf->issuers, cf->pool, 2, sizeof(void *)) != NGX_OK ||
        ngx_array_init(&conf->transports, cf->pool, 2, sizeof(void *)) !=
            NGX_OK ||
        ngx_array_init(&conf->key_files, cf->pool, 1, sizeof(void *)) != NGX_OK)
    {
        return NULL;
    }

    conf->ttl = 300;
    conf->keys = 600;
    conf->stale = 24 * 60 * 60;
    conf->retry = 10;

    return conf;
}


void *
ngx_http_nodetool_auth_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_auth_loc_conf_t *conf;

    /* set by ngx_pcalloc(): texts and lists are empty */

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_auth_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->provider = NGX_CONF_UNSET_UINT;
    conf->role = NGX_CONF_UNSET_UINT;
    conf->leeway = NGX_CONF_UNSET;
    conf->userinfo = NGX_CONF_UNSET;
    conf->timeout = NGX_CONF_UNSET_MSEC;
    conf->query = NGX_CONF_UNSET;
    conf->headers = NGX_CONF_UNSET_PTR;
    conf->limit = NGX_CONF_UNSET_PTR;

    return conf;
}


char *
ngx_http_nodetool_auth_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_nodetool_auth_loc_conf_t *prev = parent;
    ngx_http_nodetool_auth_loc_conf_t *conf = child;

    ngx_conf_merge_uint_value(conf->provider, prev->provider,
                              NGX_HTTP_NODETOOL_AUTH_OFF);
    ngx_conf_merge_uint_value(conf->role, prev->role,
                              NGX_HTTP_NODETOOL_AUTH_ANYBODY);
    ngx_conf_merge_sec_value(conf->leeway, prev->leeway, 30);
    ngx_conf_merge_value(conf->userinfo, prev->userinfo, 0);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 5000);
    ngx_conf_merge_value(conf->query, prev->query, 0);
    ngx_conf_merge_ptr_value(conf->headers, prev->headers, NULL);
    ngx_conf_merge_ptr_value(conf->limit, prev->limit, NULL);
    ngx_conf_merge_str_value(conf->apikey, prev->apikey, "");
    ngx_conf_merge_str_value(conf->trusted_certificate,
                             prev->trusted_certificate, "");

    if (conf->tokens == NULL) {
        conf->tokens = prev->tokens;
    }

    if (conf->keys == NULL) {
        conf->keys = prev->keys;
    }

    if (conf->secrets == NULL) {
        conf->secrets = prev->secrets;
    }

    if (conf->audiences == NULL) {
        conf->audiences = prev->audiences;
    }

    if (conf->admin_claim.len == 0) {
        conf->admin_claim = prev->admin_claim;
        conf->admin_value = prev->admin_value;
    }

    if (conf->issuer_url.len == 0) {
        conf->issuer_url = prev->issuer_url;
        conf->issuer_name = prev->issuer_name;
        conf->issuer_jwks = prev->issuer_jwks;
    }

    if (conf->provider == NGX_HTTP_NODETOOL_AUTH_STATIC &&
        conf->tokens == NULL && conf->keys == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"nodetool_auth static\" needs a "
                           "\"nodetool_auth_token\" or "
                           "\"nodetool_auth_keys\" on the same level or "
                           "above");
        return NGX_CONF_ERROR;
    }

    if (conf->provider == NGX_HTTP_NODETOOL_AUTH_SUPABASE ||
        conf->provider == NGX_HTTP_NODETOOL_AUTH_OIDC)
    {
        return ngx_http_nodetool_auth_merge_jwt(cf, conf);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_auth_merge_jwt(ngx_conf_t                        *cf,
                                 ngx_http_nodetool_auth_loc_conf_t *conf)
{
    char                               *rv;
    ngx_str_t                           name;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    if (conf->provider == NGX_HTTP_NODETOOL_AUTH_OIDC &&
        conf->audiences == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"nodetool_auth oidc\" needs a "
                           "\"nodetool_auth_audience\": without one, what an "
                           "issuer makes for others would be good here, too");
        return NGX_CONF_ERROR;
    }

    if (conf->provider == NGX_HTTP_NODETOOL_AUTH_OIDC && conf->userinfo &&
        conf->issuer_jwks.len != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"nodetool_auth_userinfo\" needs the issuer's "
                           "discovery, which \"jwks=\" stands for");
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_nodetool_auth_issuer(cf, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    amcf =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_auth_module);

    if (amcf->zone == NULL) {
        ngx_str_set(&name, NGX_HTTP_NODETOOL_AUTH_ZONE);

        rv = ngx_http_nodetool_auth_add_zone(cf, &name,
                                             NGX_HTTP_NODETOOL_AUTH_ZONE_SIZE);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return ngx_http_nodetool_auth_rules(conf);
}


static char *
ngx_http_nodetool_auth_rules(ngx_http_nodetool_auth_loc_conf_t *conf)
{
    nt_jwt_rules_t *rules;

    static const nt_str_t authenticated = { "authenticated", 13 };

    rules = &conf->rules;

    if (conf->secrets != NULL) {
        rules->secrets = conf->secrets->elts;
        rules->n_secrets = conf->secrets->nelts;
    }

    rules->audiences = &authenticated;
    rules->n_audiences = 1;

    if (conf->audiences != NULL) {
        rules->audiences = conf->audiences->elts;
        rules->n_audiences = conf->audiences->nelts;
    }

    rules->issuer = ngx_nodetool_str(&conf->issuer->name);
    rules->leeway = conf->leeway;
    rules->admin_claim = ngx_nodetool_str(&conf->admin_claim);
    rules->admin_value = ngx_nodetool_str(&conf->admin_value);

    if (conf->provider == NGX_HTTP_NODETOOL_AUTH_SUPABASE) {
        rules->service_user = NT_STR("1");

        if (conf->admin_claim.len == 0) {
            rules->admin_claim = NT_STR("role");
            rules->admin_value = NT_STR("service_role");
        }
    }

    return ngx_http_nodetool_auth_digest(conf) == NGX_OK ? NGX_CONF_OK
                                                         : NGX_CONF_ERROR;
}


/* Of all that a token is judged by, each with its length before it. */

static ngx_int_t
ngx_http_nodetool_auth_digest(ngx_http_nodetool_auth_loc_conf_t *conf)
{
    size_t          i;
    nt_buf_t        buf;
    ngx_int_t       rc;
    nt_jwt_rules_t *rules;

    rules = &conf->rules;
    ngx_memzero(&buf, sizeof(nt_buf_t));

    nt_buf_append(&buf, &conf->issuer->id, sizeof(conf->issuer->id));
    nt_buf_printf(&buf, "%d %d %jd %zu %zu ", (int) conf->provider,
                  (int) conf->userinfo, (intmax_t) rules->leeway,
                  rules->n_secrets, rules->n_audiences);

    for (i = 0; i < rules->n_secrets; i++) {
        ngx_http_nodetool_auth_digest_str(&buf, rules->secrets[i]);
    }

    for (i = 0; i < rules->n_audiences; i++) {
        ngx_http_nodetool_auth_digest_str(&buf, rules->audiences[i]);
    }

    ngx_http_nodetool_auth_digest_str(&buf, rules->admin_claim);
    ngx_http_nodetool_auth_digest_str(&buf, rules->admin_value);
    ngx_http_nodetool_auth_digest_str(&buf, ngx_nodetool_str(&conf->apikey));

    rc = NGX_ERROR;

    if (!buf.failed) {
        rc = ngx_http_nodetool_auth_sha256(&conf->digest,
                                           (nt_str_t) { buf.data, buf.len },
                                           NT_STR(""));

        ngx_explicit_memzero(buf.data, buf.len);
    }

    nt_buf_free(&buf);

    return rc;
}


static void
ngx_http_nodetool_auth_digest_str(nt_buf_t *buf, nt_str_t text)
{
    nt_buf_append_uint(buf, text.len);
    nt_buf_append_char(buf, ' ');
    nt_buf_append_str(buf, text);
}


char *
ngx_http_nodetool_auth_add_zone(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    ngx_shm_zone_t                     *shm_zone;
    ngx_http_nodetool_auth_zone_t      *zone;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_auth_module);

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_auth_zone_t));
    shm_zone =
        ngx_shared_memory_add(cf, name, size, &ngx_http_nodetool_auth_module);
    if (zone == NULL || shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->max = 10000;

    shm_zone->init = ngx_http_nodetool_auth_cache_init;
    shm_zone->data = zone;
    amcf->zone = zone;

    return NGX_CONF_OK;
}
