/*
 * ngx_http_nodetool_auth_zones.c - the directives that have a zone:
 * nodetool_auth_cache and nodetool_auth_limit.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#define NGX_HTTP_NODETOOL_AUTH_RATE_MAX  1000000
#define NGX_HTTP_NODETOOL_AUTH_BURST_MAX 1000000

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
