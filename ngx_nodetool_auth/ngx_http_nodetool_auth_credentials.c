/*
 * ngx_http_nodetool_auth_credentials.c - where a request has its token: in
 * the Authorization header, in others that some clients know instead, or, as
 * browsers cannot set one for WebSockets, in the query of a handshake.
 *
 * What stands in a query stands in logs: nginx writes the request line into
 * every line of the error log, too.  So the query's tokens are taken out,
 * where they stand, before anything of this request can be logged that comes
 * after the choice of its location.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include "core/nt_token.h"
#include "ngx_nodetool_common/ngx_nodetool_websocket.h"

static ngx_uint_t ngx_http_nodetool_auth_next_arg(ngx_str_t *rest,
                                                  ngx_str_t *name,
                                                  ngx_str_t *value);
static ngx_uint_t ngx_http_nodetool_auth_is_token(ngx_str_t *name);
static ngx_int_t  ngx_http_nodetool_auth_keep(ngx_http_nodetool_auth_ctx_t *ctx,
                                              ngx_str_t *value);
static void       ngx_http_nodetool_auth_blot_query(ngx_str_t *text);
static void       ngx_http_nodetool_auth_blot(ngx_str_t args);
static ngx_int_t  ngx_http_nodetool_auth_other_token(
     ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx, nt_str_t *token);
static ngx_int_t ngx_http_nodetool_auth_query_token(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx, nt_str_t *token);
static ngx_int_t ngx_http_nodetool_auth_no_token(
    ngx_http_nodetool_auth_ctx_t *ctx, ngx_int_t status, const char *error);
static ngx_int_t ngx_http_nodetool_auth_differ(
    ngx_http_nodetool_auth_ctx_t *ctx);


ngx_int_t
ngx_http_nodetool_auth_credentials(ngx_http_request_t           *r,
                                   ngx_http_nodetool_auth_ctx_t *ctx,
                                   nt_str_t                     *token)
{
    nt_str_t   query, bearer;
    ngx_int_t  rc, other;
    ngx_str_t  header;
    ngx_uint_t n;

    n = ngx_nodetool_header_in(r, "authorization", &header);

    if (n > 1) {
        return ngx_http_nodetool_auth_no_token(
            ctx, NGX_HTTP_BAD_REQUEST,
            "The request has more than one Authorization header. Send one.");
    }

    rc = ngx_http_nodetool_auth_query_token(r, ctx, &query);

    if (rc == NGX_ERROR) {
        return NGX_DECLINED;
    }

    other = ngx_http_nodetool_auth_other_token(r, ctx, token);

    if (other == NGX_ERROR) {
        return NGX_DECLINED;
    }

    if (n == 0 && other == NGX_DECLINED && rc == NGX_OK) {
        *token = query;
        return NGX_OK;
    }

    if (n == 0 && other == NGX_DECLINED) {
        return ngx_http_nodetool_auth_no_token(
            ctx, NGX_HTTP_UNAUTHORIZED,
            "This server needs a token. Send it in the header "
            "\"Authorization: Bearer TOKEN\".");
    }

    if (n > 0) {
        bearer = nt_token_bearer(ngx_nodetool_str(&header));

        if (bearer.len == 0) {
            return ngx_http_nodetool_auth_no_token(
                ctx, NGX_HTTP_UNAUTHORIZED,
                "The Authorization header is not of the form \"Bearer "
                "TOKEN\".");
        }

        if (other == NGX_OK && !nt_token_equal(*token, bearer)) {
            return ngx_http_nodetool_auth_differ(ctx);
        }

        *token = bearer;
    }

    if (rc == NGX_OK && !nt_token_equal(*token, query)) {
        return ngx_http_nodetool_auth_no_token(
            ctx, NGX_HTTP_BAD_REQUEST,
            "The request has one token in its header, and another one in its "
            "query. Send one.");
    }

    return NGX_OK;
}


/* The headers of nodetool_auth_header; returns as the next one does. */

static ngx_int_t
ngx_http_nodetool_auth_other_token(ngx_http_request_t           *r,
                                   ngx_http_nodetool_auth_ctx_t *ctx,
                                   nt_str_t                     *token)
{
    ngx_int_t  rc;
    ngx_str_t *name, value;
    ngx_uint_t i, n;

    rc = NGX_DECLINED;
    name = ctx->conf->headers ? ctx->conf->headers->elts : NULL;

    for (i = 0; name != NULL && i < ctx->conf->headers->nelts; i++) {
        n = ngx_nodetool_header_in(r, (char *) name[i].data, &value);

        if (n == 0) {
            continue;
        }

        if (n > 1 ||
            (rc == NGX_OK && !nt_token_equal(*token, ngx_nodetool_str(&value))))
        {
            (void) ngx_http_nodetool_auth_differ(ctx);
            return NGX_ERROR;
        }

        *token = ngx_nodetool_str(&value);

        if (!nt_token_valid(*token)) {
            (void) ngx_http_nodetool_auth_no_token(
                ctx, NGX_HTTP_UNAUTHORIZED,
                "What a header has for a token cannot be one.");
            return NGX_ERROR;
        }

        rc = NGX_OK;
    }

    return rc;
}


/* NGX_DECLINED without one, NGX_ERROR when the request is refused. */

static ngx_int_t
ngx_http_nodetool_auth_query_token(ngx_http_request_t           *r,
                                   ngx_http_nodetool_auth_ctx_t *ctx,
                                   nt_str_t                     *token)
{
    const char *why;

    if (!ctx->conf->query || ctx->token[0].data == NULL ||
        ngx_nodetool_websocket_check(r, &why) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (ctx->token[1].data != NULL) {
        ngx_http_nodetool_auth_no_token(
            ctx, NGX_HTTP_BAD_REQUEST,
            "The request has two tokens in its query. Send one.");
        return NGX_ERROR;
    }

    *token = ngx_nodetool_str(&ctx->token[0]);

    if (!nt_token_valid(*token)) {
        ngx_http_nodetool_auth_no_token(
            ctx, NGX_HTTP_UNAUTHORIZED,
            "What the query has for a token cannot be one.");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_no_token(ngx_http_nodetool_auth_ctx_t *ctx,
                                ngx_int_t status, const char *error)
{
    ctx->status = status;
    ctx->error = error;

    return NGX_DECLINED;
}


/* Whoever sees one of them only must see who it was. */

static ngx_int_t
ngx_http_nodetool_auth_differ(ngx_http_nodetool_auth_ctx_t *ctx)
{
    return ngx_http_nodetool_auth_no_token(
        ctx, NGX_HTTP_BAD_REQUEST,
        "The request has several tokens in its headers. Send one.");
}


ngx_int_t
ngx_http_nodetool_auth_scrub(ngx_http_request_t *r)
{
    ngx_str_t                          rest, name, value;
    ngx_http_nodetool_auth_ctx_t      *ctx;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_auth_module);

    if (!alcf->query || r != r->main || r->args.len == 0) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_nodetool_auth_get_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->scrubbed) {
        return NGX_DECLINED;
    }

    ctx->scrubbed = 1;
    rest = r->args;

    while (ngx_http_nodetool_auth_next_arg(&rest, &name, &value)) {
        if (ngx_http_nodetool_auth_is_token(&name) && value.len != 0 &&
            ngx_http_nodetool_auth_keep(ctx, &value) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    /* parts of one text with HTTP/1, texts of their own with HTTP/2 and after
     * a rewrite */

    ngx_http_nodetool_auth_blot(r->args);
    ngx_http_nodetool_auth_blot_query(&r->unparsed_uri);
    ngx_http_nodetool_auth_blot_query(&r->request_line);

    return NGX_DECLINED;
}


/* Takes the next name=value off the arguments. */

static ngx_uint_t
ngx_http_nodetool_auth_next_arg(ngx_str_t *rest, ngx_str_t *name,
                                ngx_str_t *value)
{
    u_char *last, *end, *equals;

    if (rest->len == 0) {
        return 0;
    }

    last = rest->data + rest->len;
    end = ngx_strlchr(rest->data, last, '&');

    if (end == NULL) {
        end = last;
    }

    equals = ngx_strlchr(rest->data, end, '=');

    name->data = rest->data;
    name->len = (equals ? equals : end) - rest->data;
    value->data = equals ? equals + 1 : end;
    value->len = end - value->data;

    rest->data = end < last ? end + 1 : last;
    rest->len = last - rest->data;

    return 1;
}


/* In any case, as $arg_token is of any case, too. */

static ngx_uint_t
ngx_http_nodetool_auth_is_token(ngx_str_t *name)
{
    return (name->len == 5 &&
            ngx_strncasecmp(name->data, (u_char *) "token", 5) == 0) ||
           (name->len == 7 &&
            ngx_strncasecmp(name->data, (u_char *) "api_key", 7) == 0);
}


static ngx_int_t
ngx_http_nodetool_auth_keep(ngx_http_nodetool_auth_ctx_t *ctx, ngx_str_t *value)
{
    u_char    *dst, *src;
    ngx_str_t  token;
    ngx_uint_t i;

    token.data = ngx_pnalloc(ctx->request->pool, value->len);
    if (token.data == NULL) {
        return NGX_ERROR;
    }

    dst = token.data;
    src = value->data;
    ngx_unescape_uri(&dst, &src, value->len, 0);
    token.len = dst - token.data;

    for (i = 0; i < 2; i++) {
        if (ctx->token[i].data == NULL) {
            ctx->token[i] = token;
            break;
        }

        if (nt_str_eq(ngx_nodetool_str(&ctx->token[i]),
                      ngx_nodetool_str(&token))) {
            break;
        }
    }

    return NGX_OK;
}


/* The query of a URI, or of a request line, which goes on behind it. */

static void
ngx_http_nodetool_auth_blot_query(ngx_str_t *text)
{
    u_char   *start, *end, *last;
    ngx_str_t args;

    last = text->data + text->len;
    start = ngx_strlchr(text->data, last, '?');

    if (start == NULL) {
        return;
    }

    end = ngx_strlchr(start, last, ' ');

    args.data = start + 1;
    args.len = (end ? end : last) - args.data;

    ngx_http_nodetool_auth_blot(args);
}


/* Overwrites the values of tokens. */

static void
ngx_http_nodetool_auth_blot(ngx_str_t args)
{
    ngx_str_t name, value;

    while (ngx_http_nodetool_auth_next_arg(&args, &name, &value)) {
        if (ngx_http_nodetool_auth_is_token(&name)) {
            ngx_memset(value.data, '*', value.len);
        }
    }
}
