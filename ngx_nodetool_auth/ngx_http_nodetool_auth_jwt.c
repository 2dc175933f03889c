/*
 * ngx_http_nodetool_auth_jwt.c - a token that an issuer has signed, or knows:
 * by the cache, by the keys, by asking.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

static ngx_int_t ngx_http_nodetool_auth_known(
    ngx_http_nodetool_auth_ctx_t *ctx, ngx_http_nodetool_auth_known_t *known);
static void ngx_http_nodetool_auth_remember(
    ngx_http_nodetool_auth_main_conf_t *amcf,
    ngx_http_nodetool_auth_digest_t *key, nt_jwt_rc_t rc, nt_jwt_t *jwt,
    ngx_http_nodetool_auth_known_t *known);
static ngx_int_t ngx_http_nodetool_auth_no_key(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx);
static ngx_int_t ngx_http_nodetool_auth_undecided(
    ngx_http_request_t *r, ngx_http_nodetool_auth_ctx_t *ctx,
    ngx_http_nodetool_auth_digest_t *key, nt_str_t token);


ngx_int_t
ngx_http_nodetool_auth_jwt(ngx_http_request_t           *r,
                           ngx_http_nodetool_auth_ctx_t *ctx, nt_str_t token,
                           ngx_uint_t may_ask, ngx_uint_t limited)
{
    nt_jwt_t                            jwt;
    ngx_int_t                           rc;
    ngx_uint_t                          fresh;
    nt_jwt_rc_t                         verified;
    nt_jwt_rules_t                      rules;
    ngx_http_nodetool_auth_known_t      known;
    ngx_http_nodetool_auth_digest_t     key;
    ngx_http_nodetool_auth_loc_conf_t  *alcf;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    alcf = ctx->conf;
    amcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_auth_module);

    if (ngx_http_nodetool_auth_sha256(&key,
                                      (nt_str_t) { (char *) &alcf->digest,
                                                   sizeof(alcf->digest) },
                                      token) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_nodetool_auth_cache_get(amcf->zone, &key, &known);

    if (rc == NGX_OK) {
        return ngx_http_nodetool_auth_known(ctx, &known);
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    rules = alcf->rules;
    rules.keys = ngx_http_nodetool_auth_keys(r, alcf, &fresh);

    verified = nt_jwt_verify(token, &rules, ngx_time(), &jwt);

    switch (verified) {
    case NT_JWT_OK:
        ctx->stale = rules.keys != NULL && !fresh;
        break;

    case NT_JWT_NOMEM:
        return NGX_ERROR;

    case NT_JWT_KEY:
        return may_ask ? ngx_http_nodetool_auth_no_key(r, ctx) : NGX_AGAIN;

    case NT_JWT_OPAQUE:
    case NT_JWT_ALG:
        if (alcf->userinfo && !limited) {
            return may_ask
                       ? ngx_http_nodetool_auth_undecided(r, ctx, &key, token)
                       : NGX_AGAIN;
        }

        return ngx_http_nodetool_auth_invalid(ctx, verified);

    case NT_JWT_SIGNATURE:
        break;

    default: /* told at once each time */
        return ngx_http_nodetool_auth_invalid(ctx, verified);
    }

    ngx_http_nodetool_auth_remember(amcf, &key, verified, &jwt, &known);

    return ngx_http_nodetool_auth_known(ctx, &known);
}


static void
ngx_http_nodetool_auth_remember(ngx_http_nodetool_auth_main_conf_t *amcf,
                                ngx_http_nodetool_auth_digest_t    *key,
                                nt_jwt_rc_t rc, nt_jwt_t *jwt,
                                ngx_http_nodetool_auth_known_t *known)
{
    time_t until;

    ngx_memzero(known, sizeof(ngx_http_nodetool_auth_known_t));
    known->rc = rc;

    if (rc == NT_JWT_OK) {
        /* within the leeway it is verified each time */
        until = ngx_min(ngx_time() + amcf->ttl, (time_t) jwt->exp);

        known->admin = jwt->admin;
        known->user_len = jwt->user_len;
        ngx_memcpy(known->user, jwt->user, jwt->user_len);

    } else {
        until = ngx_time() + NGX_HTTP_NODETOOL_AUTH_BAD_TTL;
    }

    ngx_http_nodetool_auth_cache_put(amcf->zone, key, known, until);
}


static ngx_int_t
ngx_http_nodetool_auth_known(ngx_http_nodetool_auth_ctx_t   *ctx,
                             ngx_http_nodetool_auth_known_t *known)
{
    if (known->rc != NT_JWT_OK) {
        return ngx_http_nodetool_auth_invalid(ctx, known->rc);
    }

    ctx->user.data = ngx_pnalloc(ctx->request->pool, known->user_len);
    if (ctx->user.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(ctx->user.data, known->user, known->user_len);
    ctx->user.len = known->user_len;
    ctx->admin = known->admin ? 1 : 0;

    return NGX_OK;
}


/* The issuer may have made a key since its keys were fetched. */

static ngx_int_t
ngx_http_nodetool_auth_no_key(ngx_http_request_t           *r,
                              ngx_http_nodetool_auth_ctx_t *ctx)
{
    time_t    retry;
    ngx_int_t rc;

    rc = ngx_http_nodetool_auth_keys_fetch(r, ctx->conf, &retry);

    if (rc == NGX_DECLINED) {
        return ngx_http_nodetool_auth_invalid(ctx, NT_JWT_KEY);
    }

    if (rc == NGX_BUSY) {
        ngx_http_nodetool_auth_unavailable(ctx, retry);
        return NGX_OK;
    }

    return rc;
}


static ngx_int_t
ngx_http_nodetool_auth_undecided(ngx_http_request_t              *r,
                                 ngx_http_nodetool_auth_ctx_t    *ctx,
                                 ngx_http_nodetool_auth_digest_t *key,
                                 nt_str_t                         token)
{
    time_t    retry;
    ngx_int_t rc;

    rc = ngx_http_nodetool_auth_ask(r, ctx->conf, key, token, &retry);

    if (rc == NGX_DECLINED) {
        return ngx_http_nodetool_auth_invalid(ctx, NT_JWT_OPAQUE);
    }

    if (rc == NGX_BUSY) {
        ngx_http_nodetool_auth_unavailable(ctx, retry);
        return NGX_OK;
    }

    return rc;
}
