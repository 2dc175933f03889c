/*
 * ngx_http_nodetool_auth_directives.c - directives that are more than one
 * value.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#define NGX_HTTP_NODETOOL_AUTH_RATE_MAX  1000000
#define NGX_HTTP_NODETOOL_AUTH_BURST_MAX 1000000

static nt_str_t *ngx_http_nodetool_auth_push(ngx_conf_t *cf, ngx_array_t **list,
                                             ngx_str_t *text);
static ngx_int_t ngx_http_nodetool_auth_cache_time(
    ngx_http_nodetool_auth_main_conf_t *amcf, ngx_str_t *value);
static char *ngx_http_nodetool_auth_cache_zone(ngx_conf_t *cf,
                                               ngx_str_t  *value);
static char *ngx_http_nodetool_auth_limit_param(
    ngx_conf_t *cf, ngx_http_nodetool_auth_limit_t *limit, ngx_str_t *value);
static char *ngx_http_nodetool_auth_limit_zone(ngx_conf_t *cf, ngx_str_t *value,
                                               ngx_shm_zone_t **zone);
static ngx_int_t ngx_http_nodetool_auth_limit_rate(ngx_str_t  *value,
                                                   ngx_uint_t *rate);


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
    ngx_int_t  max;
    ngx_str_t *value, zone;
    ngx_uint_t i;

    if (amcf->zone != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    max = 0;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_strncmp(value[i].data, "zone=", 5) == 0 && amcf->zone == NULL) {
            zone.data = value[i].data + 5;
            zone.len = value[i].len - 5;

            rv = ngx_http_nodetool_auth_cache_zone(cf, &zone);
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

        if (ngx_http_nodetool_auth_cache_time(amcf, &value[i]) != NGX_OK) {
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


static ngx_int_t
ngx_http_nodetool_auth_cache_time(ngx_http_nodetool_auth_main_conf_t *amcf,
                                  ngx_str_t                          *value)
{
    size_t     len;
    time_t     seconds;
    ngx_str_t  text;
    ngx_uint_t i;

    const struct {
        const char *name;
        time_t     *seconds;
        time_t      min;
    } times[] = { { "ttl=", &amcf->ttl, 0 },
                  { "keys=", &amcf->keys, 1 },
                  { "stale=", &amcf->stale, 0 },
                  { "retry=", &amcf->retry, 1 } };

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        len = ngx_strlen(times[i].name);

        if (ngx_strncmp(value->data, times[i].name, len) != 0) {
            continue;
        }

        text.data = value->data + len;
        text.len = value->len - len;
        seconds = ngx_parse_time(&text, 1);

        if (seconds < times[i].min) {
            return NGX_ERROR;
        }

        *times[i].seconds = seconds;

        return NGX_OK;
    }

    return NGX_ERROR;
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


/* nodetool_auth_limit zone=NAME[:SIZE] rate=RATE [burst=NUMBER] | off; */

char *
ngx_http_nodetool_auth_set_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    char                           *rv;
    ngx_str_t                      *value;
    ngx_uint_t                      i;
    ngx_http_nodetool_auth_limit_t *limit;

    if (alcf->limit != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        alcf->limit = NULL;
        return NGX_CONF_OK;
    }

    limit = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_auth_limit_t));
    if (limit == NULL) {
        return NGX_CONF_ERROR;
    }

    limit->burst = 10;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = ngx_http_nodetool_auth_limit_param(cf, limit, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (limit->zone == NULL || limit->rate == 0) {
        return "needs \"zone=\" and \"rate=\"";
    }

    alcf->limit = limit;

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_auth_limit_param(ngx_conf_t                     *cf,
                                   ngx_http_nodetool_auth_limit_t *limit,
                                   ngx_str_t                      *value)
{
    ngx_int_t n;
    ngx_str_t rest;

    if (ngx_strncmp(value->data, "zone=", 5) == 0) {
        rest.data = value->data + 5;
        rest.len = value->len - 5;

        return ngx_http_nodetool_auth_limit_zone(cf, &rest, &limit->zone);
    }

    if (ngx_strncmp(value->data, "rate=", 5) == 0) {
        rest.data = value->data + 5;
        rest.len = value->len - 5;

        if (ngx_http_nodetool_auth_limit_rate(&rest, &limit->rate) == NGX_OK) {
            return NGX_CONF_OK;
        }

    } else if (ngx_strncmp(value->data, "burst=", 6) == 0) {
        n = ngx_atoi(value->data + 6, value->len - 6);

        if (n > 0 && n <= NGX_HTTP_NODETOOL_AUTH_BURST_MAX) {
            limit->burst = n;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", value);

    return NGX_CONF_ERROR;
}


/* NAME:SIZE, or NAME of a zone that another directive gives a size. */

static char *
ngx_http_nodetool_auth_limit_zone(ngx_conf_t *cf, ngx_str_t *value,
                                  ngx_shm_zone_t **zone)
{
    u_char   *colon;
    ssize_t   size;
    ngx_str_t name, s;

    name = *value;
    size = 0;
    colon = ngx_strlchr(value->data, value->data + value->len, ':');

    if (colon != NULL) {
        name.len = colon - value->data;
        s.data = colon + 1;
        s.len = value->data + value->len - s.data;
        size = ngx_parse_size(&s);

        if (size < (ssize_t) (8 * ngx_pagesize)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid or too small size of zone \"%V\"",
                               value);
            return NGX_CONF_ERROR;
        }
    }

    if (name.len == 0) {
        return "has a zone without a name";
    }

    *zone = ngx_shared_memory_add(cf, &name, size,
                                  (void *) ngx_http_nodetool_auth_limit_init);
    if (*zone == NULL) {
        return NGX_CONF_ERROR;
    }

    (*zone)->init = ngx_http_nodetool_auth_limit_init;

    return NGX_CONF_OK;
}


/* Thousandths of failures a minute, of "10r/m" or "1r/s". */

static ngx_int_t
ngx_http_nodetool_auth_limit_rate(ngx_str_t *value, ngx_uint_t *rate)
{
    ngx_int_t  n;
    ngx_uint_t scale;

    if (value->len <= 3) {
        return NGX_ERROR;
    }

    if (ngx_strcmp(value->data + value->len - 3, "r/s") == 0) {
        scale = 60;

    } else if (ngx_strcmp(value->data + value->len - 3, "r/m") == 0) {
        scale = 1;

    } else {
        return NGX_ERROR;
    }

    n = ngx_atoi(value->data, value->len - 3);

    if (n <= 0 || n > NGX_HTTP_NODETOOL_AUTH_RATE_MAX) {
        return NGX_ERROR;
    }

    *rate = n * scale * 1000;

    return NGX_OK;
}


/* nodetool_auth_header NAME ... | off; */

char *
ngx_http_nodetool_auth_set_header(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    ngx_str_t *value, *name;
    ngx_uint_t i;

    if (alcf->headers != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        alcf->headers = NULL;
        return NGX_CONF_OK;
    }

    alcf->headers = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (alcf->headers == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_strcasecmp(value[i].data, (u_char *) "authorization") == 0) {
            return "has Authorization, which is looked at anyway";
        }

        name = ngx_array_push(alcf->headers);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = value[i];
        ngx_strlow(name->data, name->data, name->len);
    }

    return NGX_CONF_OK;
}
