/*
 * ngx_http_nodetool_auth_issuer.c - whom tokens come from, and how that is
 * reached: one issuer and one transport for all locations that name the same.
 *
 * Hosts are looked up when the configuration is read, as those of proxy_pass
 * are.  What cannot be found then, and what an issuer names itself, is asked
 * of the "resolver" when it is needed; an upstream{} block goes first.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include "ngx_nodetool_common/ngx_nodetool_origin.h"

#define NGX_HTTP_NODETOOL_AUTH_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define NGX_HTTP_NODETOOL_AUTH_DEPTH  5 /* certificates between */

static char *ngx_http_nodetool_auth_issuer_host(ngx_conf_t *cf, ngx_str_t *url,
                                                ngx_url_t *u);
static ngx_uint_t ngx_http_nodetool_auth_is_upstream(ngx_conf_t *cf,
                                                     ngx_str_t  *host);
static ngx_http_nodetool_auth_issuer_t *ngx_http_nodetool_auth_find_issuer(
    ngx_conf_t *cf, ngx_http_nodetool_auth_issuer_t *like);
static ngx_http_nodetool_auth_transport_t *ngx_http_nodetool_auth_transport(
    ngx_conf_t *cf, ngx_http_nodetool_auth_loc_conf_t *alcf);
static ngx_int_t ngx_http_nodetool_auth_ssl(
    ngx_conf_t *cf, ngx_http_nodetool_auth_transport_t *t);
static ngx_int_t ngx_http_nodetool_auth_join(ngx_conf_t *cf, ngx_str_t *text,
                                             ngx_str_t *base, const char *end);


/* Checks a URL of the configuration, and makes its host known. */

char *
ngx_http_nodetool_auth_issuer_url(ngx_conf_t *cf, ngx_str_t *url)
{
    char      *rv;
    size_t     i;
    ngx_url_t  u;
    ngx_uint_t https;

    https = ngx_strncasecmp(url->data, (u_char *) "https://", 8) == 0;

    if (!https && ngx_strncasecmp(url->data, (u_char *) "http://", 7) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "URL \"%V\" starts with neither \"https://\" nor "
                           "\"http://\"",
                           url);
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < url->len; i++) {
        if (url->data[i] <= ' ' || url->data[i] >= 0x7f ||
            url->data[i] == '#' || url->data[i] == '@' || url->data[i] == '"')
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "URL \"%V\" has a user, a fragment, or "
                               "characters that no URL has",
                               url);
            return NGX_CONF_ERROR;
        }
    }

    rv = ngx_http_nodetool_auth_issuer_host(cf, url, &u);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (!https && u.family != AF_UNIX &&
        !ngx_nodetool_host_is_loopback(&u.host)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the issuer \"%V\" is asked without TLS: who is on "
                           "the way to it can make tokens",
                           url);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_auth_issuer_host(ngx_conf_t *cf, ngx_str_t *url, ngx_url_t *u)
{
    size_t    prefix;
    ngx_url_t found;

    prefix = (url->data[4] == 's' || url->data[4] == 'S') ? 8 : 7;

    ngx_memzero(u, sizeof(ngx_url_t));

    u->url.data = url->data + prefix;
    u->url.len = url->len - prefix;
    u->default_port = prefix == 8 ? 443 : 80;
    u->uri_part = 1;
    u->no_resolve = 1;

    if (ngx_parse_url(cf->pool, u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s in URL \"%V\"",
                           u->err ? u->err : "error", url);
        return NGX_CONF_ERROR;
    }

    if (u->family == AF_UNIX || u->naddrs != 0) {
        return NGX_CONF_OK; /* an address needs no looking up */
    }

    if (ngx_http_nodetool_auth_is_upstream(cf, &u->host)) {
        return NGX_CONF_OK;
    }

    found = *u;
    found.no_resolve = 0;

    if (ngx_parse_url(cf->pool, &found) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "%s: \"%V\" will be asked of the \"resolver\", "
                           "or is an upstream",
                           found.err ? found.err : "error", &u->host);
        return NGX_CONF_OK;
    }

    found = *u;

    return ngx_http_upstream_add(cf, &found, 0) ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* Whether there is an upstream{} block of that name so far. */

static ngx_uint_t
ngx_http_nodetool_auth_is_upstream(ngx_conf_t *cf, ngx_str_t *host)
{
    ngx_uint_t                     i;
    ngx_http_upstream_srv_conf_t **uscfp;
    ngx_http_upstream_main_conf_t *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscfp = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if ((uscfp[i]->flags & NGX_HTTP_UPSTREAM_CREATE) &&
            uscfp[i]->host.len == host->len &&
            ngx_strncasecmp(uscfp[i]->host.data, host->data, host->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


char *
ngx_http_nodetool_auth_issuer(ngx_conf_t                        *cf,
                              ngx_http_nodetool_auth_loc_conf_t *alcf)
{
    ngx_http_nodetool_auth_issuer_t like;

    if (alcf->issuer_url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"nodetool_auth supabase\" and \"oidc\" need a "
                           "\"nodetool_auth_issuer\" on the same level or "
                           "above");
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&like, sizeof(ngx_http_nodetool_auth_issuer_t));

    like.oidc = alcf->provider == NGX_HTTP_NODETOOL_AUTH_OIDC;
    like.jwks = alcf->issuer_jwks;

    if (like.oidc) {
        /* OpenID Connect Discovery 1.0, section 4 */

        if (like.jwks.len == 0 &&
            ngx_http_nodetool_auth_join(cf, &like.discovery, &alcf->issuer_url,
                                        "/.well-known/openid-configuration") !=
                NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

    } else {
        if (ngx_http_nodetool_auth_join(cf, &like.user, &alcf->issuer_url,
                                        "/auth/v1/user") != NGX_OK ||
            (like.jwks.len == 0 &&
             ngx_http_nodetool_auth_join(cf, &like.jwks, &alcf->issuer_url,
                                         "/auth/v1/.well-known/jwks.json") !=
                 NGX_OK))
        {
            return NGX_CONF_ERROR;
        }
    }

    like.name = alcf->issuer_name;

    if (like.name.len == 0 &&
        ngx_http_nodetool_auth_join(cf, &like.name, &alcf->issuer_url,
                                    like.oidc ? "" : "/auth/v1") != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    like.trusted_certificate = alcf->trusted_certificate;

    alcf->issuer = ngx_http_nodetool_auth_find_issuer(cf, &like);
    alcf->transport = ngx_http_nodetool_auth_transport(cf, alcf);

    return alcf->issuer && alcf->transport ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_nodetool_auth_join(ngx_conf_t *cf, ngx_str_t *text, ngx_str_t *base,
                            const char *end)
{
    u_char *p;

    p = ngx_pnalloc(cf->pool, base->len + ngx_strlen(end) + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(p, "%V%s%Z", base, end) - p - 1;
    text->data = p;

    return NGX_OK;
}


static ngx_http_nodetool_auth_issuer_t *
ngx_http_nodetool_auth_find_issuer(ngx_conf_t                      *cf,
                                   ngx_http_nodetool_auth_issuer_t *like)
{
    nt_buf_t                            id;
    ngx_int_t                           rc;
    ngx_uint_t                          i;
    ngx_pool_cleanup_t                 *cln;
    ngx_http_nodetool_auth_issuer_t   **p;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_auth_module);

    /* keys must not be had by somebody who has less to show for them */

    ngx_memzero(&id, sizeof(nt_buf_t));
    nt_buf_printf(&id, "%d\n%.*s\n%.*s\n%.*s\n%.*s", (int) like->oidc,
                  (int) like->discovery.len, like->discovery.data,
                  (int) like->jwks.len, like->jwks.data, (int) like->name.len,
                  like->name.data, (int) like->trusted_certificate.len,
                  like->trusted_certificate.data);

    rc = id.failed
             ? NGX_ERROR
             : ngx_http_nodetool_auth_sha256(&like->id,
                                             (nt_str_t) { id.data, id.len },
                                             NT_STR(""));
    nt_buf_free(&id);

    if (rc != NGX_OK) {
        return NULL;
    }

    p = amcf->issuers.elts;

    for (i = 0; i < amcf->issuers.nelts; i++) {
        if (ngx_memcmp(&p[i]->id, &like->id, sizeof(like->id)) == 0) {
            return p[i];
        }
    }

    p = ngx_array_push(&amcf->issuers);
    cln =
        ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_nodetool_auth_issuer_t));
    if (p == NULL || cln == NULL) {
        return NULL;
    }

    ngx_memcpy(cln->data, like, sizeof(ngx_http_nodetool_auth_issuer_t));
    cln->handler = ngx_http_nodetool_auth_free_keys;

    *p = cln->data;

    return *p;
}


static ngx_http_nodetool_auth_transport_t *
ngx_http_nodetool_auth_transport(ngx_conf_t                        *cf,
                                 ngx_http_nodetool_auth_loc_conf_t *alcf)
{
    ngx_uint_t                           i;
    ngx_http_upstream_conf_t            *u;
    ngx_http_nodetool_auth_transport_t **p, *t;
    ngx_http_nodetool_auth_main_conf_t  *amcf;

    amcf =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_auth_module);
    p = amcf->transports.elts;

    for (i = 0; i < amcf->transports.nelts; i++) {
        if (p[i]->timeout == alcf->timeout &&
            p[i]->trusted_certificate.len == alcf->trusted_certificate.len &&
            ngx_strncmp(p[i]->trusted_certificate.data,
                        alcf->trusted_certificate.data,
                        alcf->trusted_certificate.len) == 0)
        {
            return p[i];
        }
    }

    t = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_auth_transport_t));
    p = ngx_array_push(&amcf->transports);
    if (t == NULL || p == NULL) {
        return NULL;
    }

    *p = t;
    t->timeout = alcf->timeout;
    t->trusted_certificate = alcf->trusted_certificate;

    u = &t->upstream;

    u->connect_timeout = alcf->timeout;
    u->send_timeout = alcf->timeout;
    u->read_timeout = alcf->timeout;
    u->next_upstream_timeout = alcf->timeout;
    u->next_upstream =
        NGX_HTTP_UPSTREAM_FT_ERROR | NGX_HTTP_UPSTREAM_FT_TIMEOUT;
    u->buffer_size = 16384;
    u->buffering = 0;
    u->request_buffering = 1;
    u->ignore_client_abort = 1; /* others wait for the answer, too */
    u->socket_keepalive = 1;
    ngx_str_set(&u->module, "nodetool_auth");

    return ngx_http_nodetool_auth_ssl(cf, t) == NGX_OK ? t : NULL;
}


/* Also for issuers without TLS: they may name others that have it. */

static ngx_int_t
ngx_http_nodetool_auth_ssl(ngx_conf_t                         *cf,
                           ngx_http_nodetool_auth_transport_t *t)
{
#if (NGX_HTTP_SSL)
    ngx_str_t                 bundle, ciphers;
    ngx_file_info_t           info;
    ngx_pool_cleanup_t       *cln;
    ngx_http_upstream_conf_t *u;

    u = &t->upstream;

    u->ssl_verify = 1;
    u->ssl_server_name = 1;
    u->ssl_session_reuse = 1;

    u->ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (u->ssl == NULL) {
        return NGX_ERROR;
    }

    u->ssl->log = cf->log;

    if (ngx_ssl_create(u->ssl, NGX_SSL_TLSv1_2 | NGX_SSL_TLSv1_3, NULL) !=
        NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(u->ssl);
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = u->ssl;

    ngx_str_set(&ciphers, "DEFAULT");
    ngx_str_set(&bundle, NGX_HTTP_NODETOOL_AUTH_BUNDLE);

    if (ngx_ssl_ciphers(cf, u->ssl, &ciphers, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    /* where there is no bundle, no certificate is good */

    if (t->trusted_certificate.len != 0) {
        bundle = t->trusted_certificate;

    } else if (ngx_file_info(bundle.data, &info) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           "\"%V\" is not there, so no issuer is trusted by "
                           "TLS; see nodetool_auth_trusted_certificate",
                           &bundle);
        return NGX_OK;
    }

    if (ngx_ssl_trusted_certificate(cf, u->ssl, &bundle,
                                    NGX_HTTP_NODETOOL_AUTH_DEPTH) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ssl_client_session_cache(cf, u->ssl, 1);
#else
    return NGX_OK;
#endif
}
