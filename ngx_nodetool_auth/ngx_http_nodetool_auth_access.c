/*
 * ngx_http_nodetool_auth_access.c - who is calling: judged by the location
 * that a request is in, waited for where an issuer has to be asked, and
 * refused.
 *
 * There are two handlers of the access phase.  The first one runs before
 * nginx's own and judges.  Where one module is enough ("satisfy any"), what
 * it has to say beyond "not this one" (try again later, say) waits for the
 * second one, which runs after them, when nobody else has let the request in.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include "core/nt_token.h"
#include "ngx_nodetool_common/ngx_nodetool_websocket.h"

#define NGX_HTTP_NODETOOL_AUTH_REALM "Bearer realm=\"nodetool\""

/* A policy is violated (RFC 6455, section 7.4.1). */
#define NGX_HTTP_NODETOOL_AUTH_POLICY 1008

static ngx_int_t ngx_http_nodetool_auth_judge_token(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx,
    ngx_uint_t may_ask);
static void      ngx_http_nodetool_auth_cleanup(void *data);
static void      ngx_http_nodetool_auth_let_in(ngx_http_request_t           *r,
                                               ngx_http_nodetool_auth_ctx_t *ctx);
static ngx_int_t ngx_http_nodetool_auth_turn_away(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx);
static ngx_int_t ngx_http_nodetool_auth_answer(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx);
static ngx_int_t ngx_http_nodetool_auth_challenge(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx);
static ngx_int_t ngx_http_nodetool_auth_retry_after(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx);


ngx_int_t
ngx_http_nodetool_auth_judge(ngx_http_request_t           *r,
                             ngx_http_nodetool_auth_ctx_t *ctx,
                             ngx_uint_t                    may_ask)
{
    ngx_int_t                          rc;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    alcf = ngx_http_get_module_loc_conf(r->main, ngx_http_nodetool_auth_module);

    /* an error page with authentication off still has the caller's name */

    if (ctx->conf == alcf || alcf->provider == NGX_HTTP_NODETOOL_AUTH_OFF) {
        return NGX_OK;
    }

    ctx->conf = alcf;
    ctx->provider = alcf->provider;
    ctx->status = NGX_HTTP_UNAUTHORIZED;
    ctx->error = NULL;
    ctx->retry_after = 0;
    ctx->admin = 0;
    ctx->refused = 0;
    ctx->guessed = 0;
    ctx->stale = 0;

    ngx_http_nodetool_auth_drop_key(ctx);
    ngx_str_null(&ctx->user);
    ngx_str_set(&ctx->challenge, NGX_HTTP_NODETOOL_AUTH_REALM);

    switch (alcf->provider) {
    case NGX_HTTP_NODETOOL_AUTH_LOCAL:
        ctx->error = ngx_http_nodetool_auth_foreign(r->main);

        if (ctx->error != NULL) {
            ctx->status = NGX_HTTP_FORBIDDEN;
            return NGX_OK;
        }

        /* fall through */

    case NGX_HTTP_NODETOOL_AUTH_NONE:
        ngx_str_set(&ctx->user, "1");
        ctx->admin = 1;
        return NGX_OK;

    default:
        rc = ngx_http_nodetool_auth_judge_token(r->main, ctx, may_ask);
    }

    if (rc != NGX_OK) {
        ctx->conf = NULL; /* not judged */
    }

    return rc;
}


static ngx_int_t
ngx_http_nodetool_auth_judge_token(ngx_http_request_t           *r,
                                   ngx_http_nodetool_auth_ctx_t *ctx,
                                   ngx_uint_t                    may_ask)
{
    time_t                             wait;
    nt_str_t                           token;
    ngx_int_t                          rc, same;
    ngx_uint_t                         known, ours;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    alcf = ctx->conf;
    wait = 0;
    known = 0;

    if (ngx_http_nodetool_auth_credentials(r, ctx, &token) != NGX_OK) {
        return NGX_OK;
    }

    if (ngx_http_nodetool_auth_sha256(&ctx->digest, token, NT_STR("")) !=
        NGX_OK) {
        return NGX_ERROR;
    }

    /* an error page is not refused for the failure that it tells of */

    if (alcf->limit != NULL && !ctx->counted) {
        wait = ngx_http_nodetool_auth_limited(r, alcf->limit, &ctx->digest,
                                              &known);
    }

    same = ngx_http_nodetool_auth_match(alcf->tokens, &ctx->digest);

    if (same == NGX_OK && (wait == 0 || known)) {
        ctx->provider = NGX_HTTP_NODETOOL_AUTH_STATIC;
        ctx->admin = 1;
        ngx_str_set(&ctx->user, "1");

        return NGX_OK;
    }

    ngx_http_nodetool_auth_find_key(ctx);

    if (ctx->key != NULL && (wait == 0 || known)) {
        return ngx_http_nodetool_auth_take_key(ctx);
    }

    ours = same == NGX_OK || ctx->key != NULL;
    ngx_http_nodetool_auth_drop_key(ctx);

    if (alcf->provider == NGX_HTTP_NODETOOL_AUTH_STATIC || ours) {
        ctx->guessed = 1;
        ngx_http_nodetool_auth_refuse(
            ctx, NGX_HTTP_UNAUTHORIZED,
            "The token is not valid. Send one of this server's.");
        ngx_str_set(&ctx->challenge,
                    NGX_HTTP_NODETOOL_AUTH_REALM ", error=\"invalid_token\"");

    } else {
        rc = ngx_http_nodetool_auth_jwt(r, ctx, token, may_ask, wait > 0);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* what can be guessed is not even looked at any more */

    if (wait > 0 && ctx->guessed) {
        ngx_http_nodetool_auth_refuse(
            ctx, NGX_HTTP_TOO_MANY_REQUESTS,
            "Too many tokens that are not valid came from your address. Try "
            "again later.");
        ctx->retry_after = wait;
    }

    return NGX_OK;
}


void
ngx_http_nodetool_auth_refuse(ngx_http_nodetool_auth_ctx_t *ctx,
                              ngx_int_t status, const char *error)
{
    ngx_str_null(&ctx->user);
    ctx->status = status;
    ctx->error = error;
}


ngx_int_t
ngx_http_nodetool_auth_invalid(ngx_http_nodetool_auth_ctx_t *ctx,
                               nt_jwt_rc_t                   rc)
{
    u_char     *p;
    const char *error;

    static const char format[] = NGX_HTTP_NODETOOL_AUTH_REALM
        ", error=\"invalid_token\", error_description=\"%s\"";

    error = nt_jwt_message(rc);
    ngx_http_nodetool_auth_refuse(ctx, NGX_HTTP_UNAUTHORIZED, error);

    p = ngx_pnalloc(ctx->request->pool, sizeof(format) + ngx_strlen(error));
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->challenge.data = p;
    ctx->challenge.len = ngx_sprintf(p, format, error) - p;

    /* one that its issuer signed is no guess, whatever it says */

    switch (rc) {
    case NT_JWT_EXPIRED:
    case NT_JWT_EARLY:
    case NT_JWT_ISSUER:
    case NT_JWT_AUDIENCE:
    case NT_JWT_CLAIMS:
        break;

    default:
        ctx->guessed = 1;
    }

    return NGX_OK;
}


void
ngx_http_nodetool_auth_unavailable(ngx_http_nodetool_auth_ctx_t *ctx,
                                   time_t                        retry)
{
    ngx_http_nodetool_auth_refuse(
        ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
        "Tokens cannot be checked at the moment. Try again later.");

    ctx->retry_after = ngx_max(retry, 1);
}


ngx_http_nodetool_auth_ctx_t *
ngx_http_nodetool_auth_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_nodetool_auth_ctx_t *ctx;

    for (cln = r->pool->cleanup; cln != NULL; cln = cln->next) {
        if (cln->handler == ngx_http_nodetool_auth_cleanup) {
            return cln->data;
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_nodetool_auth_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_nodetool_auth_cleanup;

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_nodetool_auth_ctx_t));
    ctx->request = r->main;

    return ctx;
}


/* Its address is also what the context is found by. */

static void
ngx_http_nodetool_auth_cleanup(void *data)
{
    ngx_http_nodetool_auth_ctx_t *ctx = data;

    if (ctx->event.timer_set) {
        ngx_del_timer(&ctx->event);
    }

    ngx_http_nodetool_auth_drop_key(ctx);
}


ngx_int_t
ngx_http_nodetool_auth_access(ngx_http_request_t *r)
{
    ngx_int_t                          rc;
    ngx_http_nodetool_auth_ctx_t      *ctx;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_auth_module);

    if (alcf->provider == NGX_HTTP_NODETOOL_AUTH_OFF ||
        alcf->provider == NGX_HTTP_NODETOOL_AUTH_NONE)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_http_nodetool_auth_get_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_nodetool_auth_judge(r, ctx, 1);

    if (rc == NGX_AGAIN) {
        rc = ngx_http_nodetool_auth_wait(r, ctx);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }
    }

    ngx_http_nodetool_auth_stop_waiting(r, ctx);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_nodetool_auth_let_in(r, ctx);

    if (ctx->user.len && !ctx->admin &&
        alcf->role == NGX_HTTP_NODETOOL_AUTH_ADMIN) {
        /* who it is stays known, to logs and limits */

        ctx->status = NGX_HTTP_FORBIDDEN;
        ctx->error = "Only an administrator may do this.";

    } else if (ctx->user.len) {
        /*
         * Without a token to check there is nothing to allow either:
         * "satisfy any" is left to the other access modules.
         */

        return alcf->provider == NGX_HTTP_NODETOOL_AUTH_LOCAL ? NGX_DECLINED
                                                              : NGX_OK;
    }

    return ngx_http_nodetool_auth_turn_away(r, ctx);
}


/* What follows from a good token, once the access phase has come. */

static void
ngx_http_nodetool_auth_let_in(ngx_http_request_t           *r,
                              ngx_http_nodetool_auth_ctx_t *ctx)
{
    time_t                             retry;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    alcf = ctx->conf;

    if (ctx->user.len && alcf->limit != NULL &&
        (ctx->provider == NGX_HTTP_NODETOOL_AUTH_STATIC || ctx->key != NULL))
    {
        ngx_http_nodetool_auth_succeeded(r, alcf->limit, &ctx->digest);
    }

    if (ctx->stale) {
        /* nobody waits for them */

        ctx->stale = 0;
        (void) ngx_http_nodetool_auth_keys_fetch(r, alcf, &retry);
    }
}


static ngx_int_t
ngx_http_nodetool_auth_turn_away(ngx_http_request_t           *r,
                                 ngx_http_nodetool_auth_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_nodetool_auth_limit_t *limit;

    ctx->refused = 1;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "nodetool auth refused: %s", ctx->error);

    limit = ctx->conf->limit;

    if (ctx->status == NGX_HTTP_UNAUTHORIZED && ctx->guessed && !ctx->counted &&
        limit != NULL)
    {
        ctx->counted = 1;
        ngx_http_nodetool_auth_failed(r, limit);
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ALL) {
        return ngx_http_nodetool_auth_answer(r, ctx);
    }

    switch (ctx->status) {
    case NGX_HTTP_UNAUTHORIZED:
        if (ngx_http_nodetool_auth_challenge(r, ctx) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* fall through */

    case NGX_HTTP_FORBIDDEN:
        return ctx->status;

    default:
        return NGX_DECLINED;
    }
}


ngx_int_t
ngx_http_nodetool_auth_last(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t          *clcf;
    ngx_http_nodetool_auth_ctx_t      *ctx;
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    alcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_auth_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ALL ||
        alcf->provider <= NGX_HTTP_NODETOOL_AUTH_LOCAL)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_http_nodetool_auth_get_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ctx->refused && ctx->conf == alcf
               ? ngx_http_nodetool_auth_answer(r, ctx)
               : NGX_DECLINED;
}


static ngx_int_t
ngx_http_nodetool_auth_answer(ngx_http_request_t           *r,
                              ngx_http_nodetool_auth_ctx_t *ctx)
{
    const char *why;

    if (ctx->status == NGX_HTTP_UNAUTHORIZED) {
        /* what a script of a browser can see of it */

        if (ngx_nodetool_websocket_check(r, &why) == NGX_OK) {
            /* what $nodetool_auth_error knows the refusal by */

            ctx->status = NGX_HTTP_SWITCHING_PROTOCOLS;

            return ngx_nodetool_websocket_refuse(r,
                                                 NGX_HTTP_NODETOOL_AUTH_POLICY,
                                                 ctx->error);
        }

        if (ngx_http_nodetool_auth_challenge(r, ctx) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ctx->retry_after != 0 &&
        ngx_http_nodetool_auth_retry_after(r, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ctx->status;
}


static ngx_int_t
ngx_http_nodetool_auth_challenge(ngx_http_request_t           *r,
                                 ngx_http_nodetool_auth_ctx_t *ctx)
{
    ngx_table_elt_t *h;

    /* an error page in a location like this one has been refused before */

    h = r->headers_out.www_authenticate;

    if (h != NULL && h->hash != 0 &&
        h->value.len >= sizeof(NGX_HTTP_NODETOOL_AUTH_REALM) - 1 &&
        ngx_strncmp(h->value.data, NGX_HTTP_NODETOOL_AUTH_REALM,
                    sizeof(NGX_HTTP_NODETOOL_AUTH_REALM) - 1) == 0)
    {
        h->value = ctx->challenge;
        return NGX_OK;
    }

    h = ngx_nodetool_push_header(r, "WWW-Authenticate", &ctx->challenge);
    if (h == NULL) {
        return NGX_ERROR;
    }

    /* "satisfy any" takes them back when another module allows the request */

#if (nginx_version >= 1023000)
    h->next = r->headers_out.www_authenticate;
#endif
    r->headers_out.www_authenticate = h;

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_retry_after(ngx_http_request_t           *r,
                                   ngx_http_nodetool_auth_ctx_t *ctx)
{
    ngx_str_t        value;
    ngx_table_elt_t *h;

    value.data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%T", ctx->retry_after) - value.data;

    /* as above */

    h = ngx_nodetool_header_out(r, "Retry-After");

    if (h != NULL) {
        h->value = value;
        return NGX_OK;
    }

    return ngx_nodetool_add_header(r, "Retry-After", &value);
}
