/*
 * ngx_http_nodetool_workflow_origin.c - whose pages may open a WebSocket.
 *
 * A browser opens one for any page, with the user's cookies and from within
 * his network; the page's Origin is all that tells it.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#include "ngx_nodetool_common/ngx_nodetool_origin.h"

typedef struct {
    ngx_nodetool_origin_t origin; /* a wildcard's host is what comes behind
                                     the star; its scheme may be empty */
    unsigned              any : 1;
    unsigned              null : 1;
    unsigned              wildcard : 1;
} ngx_http_nodetool_workflow_origin_t;


/* Whether a browser can send one like this.  Files have no host. */

static ngx_uint_t
ngx_http_nodetool_workflow_origin_valid(ngx_nodetool_origin_t *origin)
{
    static const ngx_str_t file = ngx_string("file");

    if (origin->host.len != 0) {
        return ngx_nodetool_host_valid(&origin->host);
    }

    return origin->port.len == 0 && origin->scheme.len == file.len &&
           ngx_strncasecmp(origin->scheme.data, file.data, file.len) == 0;
}


static ngx_int_t
ngx_http_nodetool_workflow_origin_parse(ngx_str_t             *text,
                                        ngx_nodetool_origin_t *origin)
{
    if (ngx_nodetool_origin_parse(text, origin) != NGX_OK ||
        !ngx_http_nodetool_workflow_origin_valid(origin))
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* --- the directive --- */

static ngx_int_t
ngx_http_nodetool_workflow_origin_read(
    ngx_str_t *text, ngx_http_nodetool_workflow_origin_t *entry)
{
    ngx_str_t *host;

    ngx_memzero(entry, sizeof(ngx_http_nodetool_workflow_origin_t));

    if (ngx_strcmp(text->data, "*") == 0) {
        entry->any = 1;
        return NGX_OK;
    }

    if (ngx_strcmp(text->data, "null") == 0) {
        entry->null = 1;
        return NGX_OK;
    }

    host = &entry->origin.host;

    if (ngx_nodetool_origin_parse(text, &entry->origin) != NGX_OK) {
        if (ngx_strncmp(text->data, "*.", 2) != 0) {
            return NGX_ERROR;
        }

        *host = *text;
    }

    if (host->len > 2 && ngx_strncmp(host->data, "*.", 2) == 0) {
        entry->wildcard = 1;
        host->data++;
        host->len--;
    }

    if (!ngx_http_nodetool_workflow_origin_valid(&entry->origin)) {
        return NGX_ERROR;
    }

    /* without a scheme a port would be taken for a part of the name */

    return entry->origin.scheme.len == 0 &&
                   ngx_strlchr(host->data, host->data + host->len, ':') != NULL
               ? NGX_ERROR
               : NGX_OK;
}


char *
ngx_http_nodetool_workflow_set_origin(ngx_conf_t *cf, ngx_command_t *cmd,
                                      void *conf)
{
    ngx_http_nodetool_workflow_loc_conf_t *wlcf = conf;

    ngx_str_t                           *value;
    ngx_uint_t                           i;
    ngx_http_nodetool_workflow_origin_t *entry;

    value = cf->args->elts;

    if (wlcf->origins == NGX_CONF_UNSET_PTR) {
        wlcf->origins =
            ngx_array_create(cf->pool, cf->args->nelts - 1,
                             sizeof(ngx_http_nodetool_workflow_origin_t));
        if (wlcf->origins == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    for (i = 1; i < cf->args->nelts; i++) {
        entry = ngx_array_push(wlcf->origins);
        if (entry == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_http_nodetool_workflow_origin_read(&value[i], entry) != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid origin \"%V\", it must be of the form "
                               "\"scheme://host[:port]\" or "
                               "\"*.example.com\", or \"null\" or \"*\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* --- requests --- */

static ngx_uint_t
ngx_http_nodetool_workflow_origin_match(
    ngx_http_nodetool_workflow_origin_t *entry, ngx_nodetool_origin_t *origin)
{
    ngx_str_t             *host, *tail;
    ngx_nodetool_origin_t *listed;

    listed = &entry->origin;

    if (!entry->wildcard) {
        return ngx_nodetool_origin_equal(listed, origin);
    }

    if (listed->scheme.len != 0 &&
        !ngx_nodetool_origin_same_port(listed, origin)) {
        return 0;
    }

    host = &origin->host;
    tail = &listed->host;

    return host->len > tail->len &&
           ngx_strncasecmp(host->data + host->len - tail->len, tail->data,
                           tail->len) == 0;
}


ngx_uint_t
ngx_http_nodetool_workflow_origin_listed(ngx_http_request_t *r,
                                         ngx_array_t        *origins)
{
    ngx_str_t                            text;
    ngx_uint_t                           i, null;
    ngx_nodetool_origin_t                origin;
    ngx_http_nodetool_workflow_origin_t *entry;

    if (origins == NULL || ngx_nodetool_header_in(r, "origin", &text) != 1) {
        return 0;
    }

    null = ngx_http_nodetool_workflow_origin_parse(&text, &origin) != NGX_OK;

    if (null && (text.len != sizeof("null") - 1 ||
                 ngx_strncmp(text.data, "null", text.len) != 0))
    {
        return 0;
    }

    entry = origins->elts;

    for (i = 0; i < origins->nelts; i++) {
        if (entry[i].any || (null && entry[i].null)) {
            return 1;
        }

        if (!null && !entry[i].null &&
            ngx_http_nodetool_workflow_origin_match(&entry[i], &origin))
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_nodetool_workflow_origin_check(ngx_http_request_t *r,
                                        ngx_array_t        *origins)
{
    ngx_str_t             text, url, provider;
    ngx_uint_t            n;
    ngx_nodetool_origin_t origin, own;

    n = ngx_nodetool_header_in(r, "origin", &text);

    if (n == 0 || ngx_http_nodetool_workflow_origin_listed(r, origins)) {
        return NGX_OK;
    }

    if (n != 1 ||
        ngx_http_nodetool_workflow_origin_parse(&text, &origin) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ngx_nodetool_base_url(r, &url) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_nodetool_origin_parse(&url, &own) == NGX_OK &&
        ngx_nodetool_origin_equal(&origin, &own))
    {
        return NGX_OK;
    }

    /* a server of this machine's user serves his other servers' pages */

    provider = ngx_nodetool_variable(r, "nodetool_auth_provider");

    return provider.len == sizeof("local") - 1 &&
                   ngx_strncmp(provider.data, "local", provider.len) == 0 &&
                   ngx_nodetool_host_is_loopback(&origin.host)
               ? NGX_OK
               : NGX_DECLINED;
}
