/*
 * ngx_http_nodetool_auth_local.c - what a browser on this machine must not
 * be used for.
 *
 * With "nodetool_auth local" whoever reaches the server is its user, and a
 * browser of this machine reaches it for any web page.  A page of another
 * site is told by Origin, which browsers send with all but plain reads.  One
 * whose name its owner has pointed at a loopback address is of the same site
 * to the browser, and reads, too; it is told by the name in Host.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include "ngx_nodetool_common/ngx_nodetool_origin.h"

static ngx_uint_t ngx_http_nodetool_auth_to_loopback(ngx_connection_t *c);
static ngx_uint_t ngx_http_nodetool_auth_origin(ngx_http_request_t *r,
                                                ngx_str_t          *text);


const char *
ngx_http_nodetool_auth_foreign(ngx_http_request_t *r)
{
    ngx_str_t origin, *host;

    host = &r->headers_in.server;

    if (host->len != 0 && !ngx_nodetool_host_is_address(host) &&
        !ngx_nodetool_host_is_localhost(host) &&
        ngx_http_nodetool_auth_to_loopback(r->connection))
    {
        return "This server is for its own machine: it answers to localhost "
               "and to addresses, not to other names.";
    }

    if (ngx_nodetool_header_in(r, "origin", &origin) != 0 &&
        !ngx_http_nodetool_auth_origin(r, &origin) &&
        ngx_nodetool_variable(r, "nodetool_origin_listed").len == 0)
    {
        return "This server takes no requests of other sites' pages.";
    }

    return NULL;
}


static ngx_uint_t
ngx_http_nodetool_auth_to_loopback(ngx_connection_t *c)
{
    struct sockaddr_in *sin;
#if (NGX_HAVE_INET6)
    struct in6_addr *in6;
#endif

    /* the address of a wildcard listen is looked up here */

    if (ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK) {
        return 1;
    }

    switch (c->local_sockaddr->sa_family) {
    case AF_INET:
        sin = (struct sockaddr_in *) c->local_sockaddr;
        return (ntohl(sin->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        in6 = &((struct sockaddr_in6 *) c->local_sockaddr)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(in6) ||
               (IN6_IS_ADDR_V4MAPPED(in6) &&
                in6->s6_addr[12] == IN_LOOPBACKNET);
#endif

    default: /* a browser opens no Unix socket */
        return 0;
    }
}


/* Whether an origin is this server or this machine. */

static ngx_uint_t
ngx_http_nodetool_auth_origin(ngx_http_request_t *r, ngx_str_t *text)
{
    size_t                len;
    ngx_table_elt_t      *own;
    ngx_nodetool_origin_t origin;

    if (ngx_nodetool_origin_parse(text, &origin) != NGX_OK) {
        return 0; /* "null" is that of files and sandboxes */
    }

    own = r->headers_in.host;
    len = text->data + text->len - origin.host.data;

    if (own != NULL && own->value.len == len &&
        ngx_strncasecmp(own->value.data, origin.host.data, len) == 0)
    {
        return 1;
    }

    return ngx_nodetool_host_is_loopback(&origin.host);
}
