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
    ngx_conf_t *cf, ngx_http_nodetool_auth_loc_conf_t *conf);
static ngx_int_t ngx_http_nodetool_auth_digest(
    ngx_http_nodetool_auth_loc_conf_t *conf);
static void  ngx_http_nodetool_auth_digest_str(nt_buf_t *buf, nt_str_t text);
static char *ngx_http_nodetool_auth_add_zone(ngx_conf_t *cf, ngx_str_t *name,
                                             size_t size);
static char *ngx_http_nodetool_auth_cache_zone(ngx_conf_t *cf,
                                               ngx_str_t  *value);
static nt_str_t *ngx_http_nodetool_auth_push(ngx_conf_t *cf, ngx_array_t **list,
                                             ngx_str_t *text);


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
            NGX_OK)
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
    ngx_conf_merge_ptr_value(conf->limit, prev->limit, NULL);
    ngx_conf_merge_str_value(conf->apikey, prev->apikey, "");
    ngx_conf_merge_str_value(conf->trusted_certificate,
                             prev->trusted_certificate, "");

    if (conf->tokens == NULL) {
        conf->tokens = prev->tokens;
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

    if (conf->provider == NGX_HTTP_NODETOOL_AUTH_STATIC && conf->tokens == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"nodetool_auth static\" needs a "
                           "\"nodetool_auth_token\" on the same level or "
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

    return ngx_http_nodetool_auth_rules(cf, conf);
}


static char *
ngx_http_nodetool_auth_rules(ngx_conf_t                        *cf,
                             ngx_http_nodetool_auth_loc_conf_t *conf)
{
    ngx_str_t       audience;
    nt_jwt_rules_t *rules;

    if (conf->audiences == NULL) {
        ngx_str_set(&audience, "authenticated");

        if (ngx_http_nodetool_auth_push(cf, &conf->audiences, &audience) ==
            NULL) {
            return NGX_CONF_ERROR;
        }
    }

    rules = &conf->rules;

    if (conf->secrets != NULL) {
        rules->secrets = conf->secrets->elts;
        rules->n_secrets = conf->secrets->nelts;
    }

    rules->audiences = conf->audiences->elts;
    rules->n_audiences = conf->audiences->nelts;
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


/* A list of texts for core, which lives as long as the configuration. */

static nt_str_t *
ngx_http_nodetool_auth_push(ngx_conf_t *cf, ngx_array_t **list, ngx_str_t *text)
{
    u_char   *p;
    nt_str_t *str;

    if (*list == NULL) {
        *list = ngx_array_create(cf->pool, 2, sizeof(nt_str_t));
        if (*list == NULL) {
            return NULL;
        }
    }

    p = ngx_pstrdup(cf->pool, text);
    str = ngx_array_push(*list);
    if (p == NULL || str == NULL) {
        return NULL;
    }

    str->data = (char *) p;
    str->len = text->len;

    return str;
}


/* nodetool_auth_issuer URL [iss=NAME] [jwks=URL]; */

char *
ngx_http_nodetool_auth_set_issuer(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    char      *rv;
    ngx_str_t *value, url;
    ngx_uint_t i;

    if (alcf->issuer_url.len != 0) {
        return "is duplicate";
    }

    value = cf->args->elts;

    rv = ngx_http_nodetool_auth_value(cf, cmd, &value[1], &url);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    while (url.len != 0 && url.data[url.len - 1] == '/') {
        url.len--;
    }

    alcf->issuer_url.data = ngx_pstrdup(cf->pool, &url);
    alcf->issuer_url.len = url.len;
    if (alcf->issuer_url.data == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (value[i].len > 4 && ngx_strncmp(value[i].data, "iss=", 4) == 0) {
            alcf->issuer_name.data = value[i].data + 4;
            alcf->issuer_name.len = value[i].len - 4;
            continue;
        }

        if (value[i].len > 5 && ngx_strncmp(value[i].data, "jwks=", 5) == 0) {
            alcf->issuer_jwks.data = value[i].data + 5;
            alcf->issuer_jwks.len = value[i].len - 5;

            rv = ngx_http_nodetool_auth_issuer_url(cf, &alcf->issuer_jwks);
            if (rv != NGX_CONF_OK) {
                return rv;
            }

            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           &value[i]);
        return NGX_CONF_ERROR;
    }

    return ngx_http_nodetool_auth_issuer_url(cf, &alcf->issuer_url);
}


char *
ngx_http_nodetool_auth_set_secret(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    char      *rv;
    ngx_str_t *value, secret;

    value = cf->args->elts;

    rv = ngx_http_nodetool_auth_value(cf, cmd, &value[1], &secret);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (secret.len < NT_JWT_SECRET_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a nodetool_auth_secret has fewer than %d bytes: "
                           "whoever has a token could find it by trying",
                           NT_JWT_SECRET_MIN);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_nodetool_auth_push(cf, &alcf->secrets, &secret) == NULL) {
        return NGX_CONF_ERROR;
    }

    if (secret.data == value[1].data) {
        ngx_explicit_memzero(secret.data, secret.len);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_nodetool_auth_set_audience(ngx_conf_t *cf, ngx_command_t *cmd,
                                    void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    ngx_str_t *value;
    ngx_uint_t i;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (value[i].len == 0) {
            return "has an empty name";
        }

        if (ngx_http_nodetool_auth_push(cf, &alcf->audiences, &value[i]) ==
            NULL) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_nodetool_auth_set_admin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    ngx_str_t *value;

    if (alcf->admin_claim.len != 0) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0 || value[2].len == 0) {
        return "has an empty argument";
    }

    alcf->admin_claim = value[1];
    alcf->admin_value = value[2];

    return NGX_CONF_OK;
}


char *
ngx_http_nodetool_auth_set_apikey(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    char      *rv;
    size_t     i;
    ngx_str_t *value, key;

    if (alcf->apikey.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    rv = ngx_http_nodetool_auth_value(cf, cmd, &value[1], &key);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    for (i = 0; i < key.len; i++) {
        if (key.data[i] <= ' ' || key.data[i] >= 0x7f) {
            return "has characters that no key has";
        }
    }

    alcf->apikey.data = ngx_pstrdup(cf->pool, &key);
    alcf->apikey.len = key.len;

    return alcf->apikey.data ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* nodetool_auth_cache zone=NAME:SIZE [max=N] [ttl=T] [keys=T] [stale=T]
 * [retry=T]; */

char *
ngx_http_nodetool_auth_set_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_auth_main_conf_t *amcf = conf;

    char      *rv;
    time_t     seconds;
    ngx_int_t  max;
    ngx_str_t *value, text;
    ngx_uint_t i, j;

    const struct {
        const char *name;
        time_t     *seconds;
        time_t      min;
    } times[] = { { "ttl=", &amcf->ttl, 0 },
                  { "keys=", &amcf->keys, 1 },
                  { "stale=", &amcf->stale, 0 },
                  { "retry=", &amcf->retry, 1 } };

    if (amcf->zone != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    max = 0;

    for (i = 1; i < cf->args->nelts; i++) {
        if (value[i].len > 5 && ngx_strncmp(value[i].data, "zone=", 5) == 0 &&
            amcf->zone == NULL)
        {
            text.data = value[i].data + 5;
            text.len = value[i].len - 5;

            rv = ngx_http_nodetool_auth_cache_zone(cf, &text);
            if (rv != NGX_CONF_OK) {
                return rv;
            }

            continue;
        }

        if (ngx_strncmp(value[i].data, "max=", 4) == 0) {
            max = ngx_atoi(value[i].data + 4, value[i].len - 4);

            if (max > 0) {
                continue;
            }
        }

        for (j = 0; j < sizeof(times) / sizeof(times[0]); j++) {
            text.data = value[i].data + ngx_strlen(times[j].name);

            if (ngx_strncmp(value[i].data, times[j].name,
                            ngx_strlen(times[j].name)) != 0) {
                continue;
            }

            text.len = value[i].data + value[i].len - text.data;
            seconds = ngx_parse_time(&text, 1);

            if (seconds >= times[j].min) {
                *times[j].seconds = seconds;
                break;
            }
        }

        if (j == sizeof(times) / sizeof(times[0])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    if (amcf->zone == NULL) {
        return "needs \"zone=\"";
    }

    if (max > 0) {
        amcf->zone->max = max;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_auth_cache_zone(ngx_conf_t *cf, ngx_str_t *value)
{
    u_char   *colon;
    ssize_t   size;
    ngx_str_t name, s;

    colon = ngx_strlchr(value->data, value->data + value->len, ':');

    if (colon == NULL || colon == value->data) {
        return "needs the name and the size of a zone";
    }

    name.data = value->data;
    name.len = colon - value->data;

    s.data = colon + 1;
    s.len = value->data + value->len - s.data;
    size = ngx_parse_size(&s);

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid or too small size of zone \"%V\"", value);
        return NGX_CONF_ERROR;
    }

    return ngx_http_nodetool_auth_add_zone(cf, &name, size);
}


static char *
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
