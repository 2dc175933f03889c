/*
 * ngx_http_nodetool_auth_ask.c - asking an issuer whose a token is: Supabase
 * at /auth/v1/user, others at their userinfo_endpoint (OpenID Connect Core
 * 1.0, section 5.3).  One request asks for a token; others that have the same
 * one wait for the answer, which goes into the cache.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#define NGX_HTTP_NODETOOL_AUTH_USER_MAX (64 * 1024) /* bytes of a reply */

typedef struct {
    ngx_http_nodetool_auth_fetch_t  fetch;
    ngx_http_nodetool_auth_digest_t key;
    nt_str_t                        token;
} ngx_http_nodetool_auth_question_t;

static ngx_int_t ngx_http_nodetool_auth_ask_head(
    ngx_http_request_t *r, ngx_http_nodetool_auth_question_t *q);
static void ngx_http_nodetool_auth_answered(
    ngx_http_nodetool_auth_fetch_t *fetch);


ngx_int_t
ngx_http_nodetool_auth_ask(ngx_http_request_t                *r,
                           ngx_http_nodetool_auth_loc_conf_t *alcf,
                           ngx_http_nodetool_auth_digest_t *key, nt_str_t token,
                           time_t *retry)
{
    ngx_int_t                           rc;
    ngx_str_t                           url;
    ngx_http_nodetool_auth_question_t  *q;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    rc = ngx_http_nodetool_auth_user_url(r, alcf, &url);

    if (rc == NGX_DECLINED) {
        /* where to ask comes with the keys */
        rc = ngx_http_nodetool_auth_keys_fetch(r, alcf, retry);
        return rc == NGX_DECLINED ? NGX_BUSY : rc;
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (url.len == 0) {
        return NGX_DECLINED;
    }

    *retry = ngx_http_nodetool_auth_ask_wait(r, alcf->issuer);

    if (*retry > 0) {
        return NGX_BUSY;
    }

    amcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_auth_module);

    rc = ngx_http_nodetool_auth_cache_begin(amcf->zone, key,
                                            ngx_time() + 1 +
                                                2 * (time_t) (alcf->timeout /
                                                                  1000 +
                                                              1));

    if (rc == NGX_ERROR) {
        *retry = 1; /* as many are asked about as there is room for */
        return NGX_BUSY;
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    q = ngx_pcalloc(r->pool, sizeof(ngx_http_nodetool_auth_question_t));

    if (q != NULL) {
        q->key = *key;
        q->token = token;
        q->fetch.conf = alcf;
        q->fetch.url = url;
        q->fetch.max = NGX_HTTP_NODETOOL_AUTH_USER_MAX;
        q->fetch.done = ngx_http_nodetool_auth_answered;
        q->fetch.data = q;

        if (ngx_http_nodetool_auth_ask_head(r, q) == NGX_OK &&
            ngx_http_nodetool_auth_fetch(r, &q->fetch) == NGX_OK)
        {
            return NGX_AGAIN;
        }
    }

    ngx_http_nodetool_auth_cache_drop(amcf->zone, key);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_nodetool_auth_ask_head(ngx_http_request_t                *r,
                                ngx_http_nodetool_auth_question_t *q)
{
    u_char    *p;
    ngx_str_t *apikey;

    apikey = &q->fetch.conf->apikey;

    p = ngx_pnalloc(r->pool,
                    sizeof("Authorization: Bearer " CRLF "apikey: " CRLF) +
                        q->token.len + apikey->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    q->fetch.head.data = p;
    p = ngx_sprintf(p, "Authorization: Bearer %*s" CRLF, q->token.len,
                    q->token.data);

    if (apikey->len != 0) {
        p = ngx_sprintf(p, "apikey: %V" CRLF, apikey);
    }

    q->fetch.head.len = p - q->fetch.head.data;

    return NGX_OK;
}


static void
ngx_http_nodetool_auth_answered(ngx_http_nodetool_auth_fetch_t *fetch)
{
    time_t                             until;
    nt_jwt_t                           jwt;
    ngx_http_nodetool_auth_zone_t     *zone;
    ngx_http_nodetool_auth_known_t     known;
    ngx_http_nodetool_auth_question_t *q = fetch->data;

    zone = fetch->main_conf->zone;

    if (fetch->request == NULL) {
        ngx_http_nodetool_auth_cache_drop(zone, &q->key);
        return;
    }

    ngx_memzero(&known, sizeof(ngx_http_nodetool_auth_known_t));
    until = ngx_time() + fetch->main_conf->ttl;

    switch (fetch->status) {
    case NGX_HTTP_OK:
        known.rc =
            nt_jwt_vouched(q->token,
                           (nt_str_t) { fetch->body.data, fetch->body.len },
                           &fetch->conf->rules, ngx_time(), &jwt);

        if (known.rc == NT_JWT_OK) {
            until = ngx_min(until, (time_t) jwt.exp);
            known.admin = jwt.admin;
            known.user_len = jwt.user_len;
            ngx_memcpy(known.user, jwt.user, jwt.user_len);
        }

        break;

    case NGX_HTTP_BAD_REQUEST:
    case NGX_HTTP_UNAUTHORIZED:
    case NGX_HTTP_FORBIDDEN:
        known.rc = NT_JWT_OPAQUE;
        break;

    default:
        known.rc = NT_JWT_NOMEM;
    }

    if (known.rc == NT_JWT_NOMEM) {
        ngx_log_error(NGX_LOG_ERR, fetch->request->connection->log, 0,
                      "\"%V\" was asked whose a token is, and gave no answer "
                      "(status %ui)",
                      &fetch->url, fetch->status);

        ngx_http_nodetool_auth_ask_failed(fetch->request, fetch->conf->issuer);
        ngx_http_nodetool_auth_cache_drop(zone, &q->key);

    } else {
        if (known.rc != NT_JWT_OK) {
            until = ngx_time() + NGX_HTTP_NODETOOL_AUTH_BAD_TTL;
        }

        ngx_http_nodetool_auth_cache_put(zone, &q->key, &known, until);
    }

    ngx_http_nodetool_auth_wake(fetch->request);
}
