/*
 * ngx_http_nodetool_auth.h - private to the auth module.
 */

#ifndef NGX_HTTP_NODETOOL_AUTH_H
#define NGX_HTTP_NODETOOL_AUTH_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

enum {
    NGX_HTTP_NODETOOL_AUTH_OFF = 0,
    NGX_HTTP_NODETOOL_AUTH_NONE,
    NGX_HTTP_NODETOOL_AUTH_LOCAL,
    NGX_HTTP_NODETOOL_AUTH_STATIC,
    NGX_HTTP_NODETOOL_AUTH_SUPABASE
};

/* Tokens are kept and compared as their SHA-256: no token lies in a worker's
 * configuration, and the time of a comparison does not tell a length. */
#define NGX_HTTP_NODETOOL_AUTH_DIGEST_LEN 32

typedef struct {
    u_char digest[NGX_HTTP_NODETOOL_AUTH_DIGEST_LEN];
} ngx_http_nodetool_auth_token_t;

typedef struct {
    ngx_uint_t   provider;
    ngx_array_t *tokens; /* of ngx_http_nodetool_auth_token_t; may be NULL */
} ngx_http_nodetool_auth_loc_conf_t;

NT_BEGIN_DECLS

/* The directive nodetool_auth_token. */
char *ngx_http_nodetool_auth_set_token(ngx_conf_t *cf, ngx_command_t *cmd,
                                       void *conf);

/* Whether a token of the request is one of `tokens`; looks at all of them in
 * any case.  NGX_OK, NGX_DECLINED, or NGX_ERROR. */
ngx_int_t ngx_http_nodetool_auth_match(ngx_array_t *tokens, nt_str_t token);

/* Why a request is not one of the local user, a sentence for the client;
 * NULL when it is. */
const char *ngx_http_nodetool_auth_foreign(ngx_http_request_t *r);

NT_END_DECLS

#endif
