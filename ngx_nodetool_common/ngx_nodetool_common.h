/*
 * ngx_nodetool_common.h - what the NodeTool modules share that needs nginx.
 *
 * Linked into each module's shared object with hidden visibility; holds no
 * state.
 */

#ifndef NGX_NODETOOL_COMMON_H
#define NGX_NODETOOL_COMMON_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/nt_buf.h"

NT_BEGIN_DECLS

/*
 * Answers with an error body of the API:
 * {"error": {"message", "type", "code"}}, from a content handler or after a
 * body was read.  `message` may be empty.  A request body that nobody has
 * begun to read is discarded.  Returns what a content handler
 * returns; a caller that owns the request (a body handler, say) passes it to
 * ngx_http_finalize_request.  Where it cannot build the body it returns
 * `status`, and nginx answers.
 */
ngx_int_t ngx_nodetool_error(ngx_http_request_t *r, ngx_uint_t status,
                             ngx_str_t *message);

/* The same with a printf format of ngx_sprintf; cut at 1,024 bytes. */
ngx_int_t ngx_nodetool_errorf(ngx_http_request_t *r, ngx_uint_t status,
                              const char *format, ...);

/*
 * The body that such an answer to this request has, in r->pool: as Anthropic's
 * clients read it where $nodetool_error_format, a variable of the chat module,
 * is "anthropic".
 */
ngx_int_t ngx_nodetool_error_for(ngx_http_request_t *r, ngx_uint_t status,
                                 ngx_str_t *message, ngx_str_t *body);

/* The body alone, for callers that send it themselves; lives in `pool`. */
ngx_int_t ngx_nodetool_error_text(ngx_pool_t *pool, ngx_uint_t status,
                                  ngx_str_t *message, ngx_str_t *body);

/* Moves what a buffer holds into `pool` and frees it; NGX_ERROR: memory is
 * out, or was when it was filled. */
ngx_int_t ngx_nodetool_take(ngx_pool_t *pool, nt_buf_t *buf, ngx_str_t *text);

/* Sends a whole JSON body; `body` lives in r->pool. Returns as above. */
ngx_int_t ngx_nodetool_json(ngx_http_request_t *r, ngx_uint_t status,
                            ngx_str_t *body);

/* Adds a response header; key and value are kept by reference. `key` is a
 * literal such as "Retry-After". */
ngx_int_t ngx_nodetool_add_header(ngx_http_request_t *r, const char *key,
                                  ngx_str_t *value);

/* The same, returning the header; NULL when memory is out. */
ngx_table_elt_t *ngx_nodetool_push_header(ngx_http_request_t *r,
                                          const char *key, ngx_str_t *value);

/* Counts the request's headers of a name, written in lower case, and sets
 * *value to the first one's. */
ngx_uint_t ngx_nodetool_header_in(ngx_http_request_t *r, const char *name,
                                  ngx_str_t *value);

/* The response's header of a name, written in any case; NULL when it is not
 * there. */
ngx_table_elt_t *ngx_nodetool_header_out(ngx_http_request_t *r,
                                         const char         *name);

/* Refuses a method: 405 with Allow, e.g. "GET, HEAD". */
ngx_int_t ngx_nodetool_not_allowed(ngx_http_request_t *r, const char *allow);

/* Registers variables, up to one with an empty name; for preconfiguration. */
ngx_int_t ngx_nodetool_add_variables(ngx_conf_t *cf, ngx_http_variable_t *vars);

/* Reads a file that a directive names, of at most 1 MiB, into `pool`; *path
 * becomes its full name, `what` is in the error of one that is none: "prices".
 * NGX_ERROR: it was said why. */
ngx_int_t ngx_nodetool_conf_file(ngx_conf_t *cf, ngx_pool_t *pool,
                                 ngx_str_t *path, const char *what,
                                 ngx_str_t *text);

/* Writes a random id of NT_ID_HEX_LEN digits; NGX_ERROR with ngx_errno. */
ngx_int_t ngx_nodetool_make_id(char *id);

/* The value of a variable by its name, e.g. "nodetool_user", of a module
 * that may not be loaded; an empty string when it is not there. */
ngx_str_t ngx_nodetool_variable(ngx_http_request_t *r, const char *name);

/* "http://host:port" as the client sees this server: from the request's Host
 * header and scheme, and X-Forwarded-Proto/-Host where
 * nodetool_trust_forwarded (see base) makes $nodetool_base_url say so. */
ngx_int_t ngx_nodetool_base_url(ngx_http_request_t *r, ngx_str_t *url);

/* The same from parts: a NULL scheme is that of the connection, a NULL host
 * is the request's Host or, where that is missing or unfit for a URL, the
 * address that the client connected to. */
ngx_int_t ngx_nodetool_own_url(ngx_http_request_t *r, ngx_str_t *scheme,
                               ngx_str_t *host, ngx_str_t *url);

/* Whether a host, maybe with a port, may stand in a URL as it is. */
ngx_uint_t ngx_nodetool_host_valid(ngx_str_t *host);

static ngx_inline nt_str_t
ngx_nodetool_str(ngx_str_t *s)
{
    return (nt_str_t) { (const char *) s->data, s->len };
}

NT_END_DECLS

#endif
