/*
 * ngx_nodetool_origin.c - where a browser's request comes from.
 */

#include "ngx_nodetool_common/ngx_nodetool_origin.h"


ngx_int_t
ngx_nodetool_origin_parse(ngx_str_t *text, ngx_nodetool_origin_t *origin)
{
    u_char *p, *last;

    last = text->data + text->len;
    p = ngx_strnstr(text->data, "://", text->len);

    if (p == NULL || p == text->data) {
        return NGX_DECLINED;
    }

    origin->scheme.data = text->data;
    origin->scheme.len = p - text->data;
    origin->host.data = p + sizeof("://") - 1;
    origin->host.len = last - origin->host.data;
    ngx_str_null(&origin->port);

    for (p = last; p > origin->host.data && p[-1] >= '0' && p[-1] <= '9'; p--) {
        /* void */
    }

    if (p < last && p > origin->host.data && p[-1] == ':') {
        origin->port.data = p;
        origin->port.len = last - p;
        origin->host.len = p - 1 - origin->host.data;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_nodetool_origin_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_strncasecmp(a->data, b->data, a->len) == 0;
}


/* Browsers leave out the default port of a scheme. */

static ngx_str_t
ngx_nodetool_origin_port(ngx_nodetool_origin_t *origin)
{
    ngx_str_t port;

    static ngx_str_t http = ngx_string("http");
    static ngx_str_t https = ngx_string("https");

    port = origin->port;

    if (port.len == 0 && ngx_nodetool_origin_same(&origin->scheme, &http)) {
        ngx_str_set(&port, "80");
    }

    if (port.len == 0 && ngx_nodetool_origin_same(&origin->scheme, &https)) {
        ngx_str_set(&port, "443");
    }

    return port;
}


ngx_uint_t
ngx_nodetool_origin_same_port(ngx_nodetool_origin_t *a,
                              ngx_nodetool_origin_t *b)
{
    ngx_str_t port_a, port_b;

    port_a = ngx_nodetool_origin_port(a);
    port_b = ngx_nodetool_origin_port(b);

    return ngx_nodetool_origin_same(&a->scheme, &b->scheme) &&
           ngx_nodetool_origin_same(&port_a, &port_b);
}


ngx_uint_t
ngx_nodetool_origin_equal(ngx_nodetool_origin_t *a, ngx_nodetool_origin_t *b)
{
    return ngx_nodetool_origin_same_port(a, b) &&
           ngx_nodetool_origin_same(&a->host, &b->host);
}


ngx_uint_t
ngx_nodetool_host_is_localhost(ngx_str_t *host)
{
    size_t len;

    static const ngx_str_t name = ngx_string(".localhost");

    len = name.len - 1;

    if (host->len == len) {
        return ngx_strncasecmp(host->data, name.data + 1, len) == 0;
    }

    return host->len > name.len &&
           ngx_strncasecmp(host->data + host->len - name.len, name.data,
                           name.len) == 0;
}


ngx_uint_t
ngx_nodetool_host_is_address(ngx_str_t *host)
{
    return host->len != 0 &&
           (host->data[0] == '[' ||
            ngx_inet_addr(host->data, host->len) != INADDR_NONE);
}


ngx_uint_t
ngx_nodetool_host_is_loopback(ngx_str_t *host)
{
    in_addr_t addr;

    if (ngx_nodetool_host_is_localhost(host)) {
        return 1;
    }

    if (host->len == sizeof("[::1]") - 1 &&
        ngx_strncmp(host->data, "[::1]", host->len) == 0)
    {
        return 1;
    }

    addr = ngx_inet_addr(host->data, host->len);

    return addr != INADDR_NONE && (ntohl(addr) >> 24) == IN_LOOPBACKNET;
}
