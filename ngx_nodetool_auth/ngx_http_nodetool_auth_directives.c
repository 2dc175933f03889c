/*
 * ngx_http_nodetool_auth_directives.c - directives that are more than one
 * value.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"


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
