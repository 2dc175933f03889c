/*
 * ngx_nodetool_origin.h - where a browser's request comes from: the Origin
 * header (RFC 6454) and names of this machine.
 */

#ifndef NGX_NODETOOL_ORIGIN_H
#define NGX_NODETOOL_ORIGIN_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

NT_BEGIN_DECLS

/* scheme://host[:port], parts of the text that it was read from. */
typedef struct {
    ngx_str_t scheme;
    ngx_str_t host; /* an IPv6 address has its brackets */
    ngx_str_t port; /* empty when it is not said */
} ngx_nodetool_origin_t;

/* NGX_DECLINED when the text is no scheme://host[:port]; "null" is not.  An
 * empty host, of file://, is. */
ngx_int_t ngx_nodetool_origin_parse(ngx_str_t             *text,
                                    ngx_nodetool_origin_t *origin);

/* Whether scheme and port are the same; those of http and https have
 * defaults. */
ngx_uint_t ngx_nodetool_origin_same_port(ngx_nodetool_origin_t *a,
                                         ngx_nodetool_origin_t *b);

/* Whether the whole is the same. */
ngx_uint_t ngx_nodetool_origin_equal(ngx_nodetool_origin_t *a,
                                     ngx_nodetool_origin_t *b);

/* localhost and the names below it. */
ngx_uint_t ngx_nodetool_host_is_localhost(ngx_str_t *host);

/* An IPv4 address, or anything in brackets. */
ngx_uint_t ngx_nodetool_host_is_address(ngx_str_t *host);

/* localhost, or an address of the loopback interface. */
ngx_uint_t ngx_nodetool_host_is_loopback(ngx_str_t *host);

NT_END_DECLS

#endif
