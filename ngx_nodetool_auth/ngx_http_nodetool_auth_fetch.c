/*
 * ngx_http_nodetool_auth_fetch.c - a GET of an issuer, by nginx's upstream,
 * in a subrequest that runs in the background of the request that needs it:
 * no phase sees it, and none of it reaches the client.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

static ngx_int_t ngx_http_nodetool_auth_fetch_url(
    ngx_http_request_t *sr, ngx_http_nodetool_auth_fetch_t *fetch);
static void ngx_http_nodetool_auth_fetch_over(
    ngx_http_nodetool_auth_fetch_t *fetch);
static void      ngx_http_nodetool_auth_fetch_cleanup(void *data);
static ngx_int_t ngx_http_nodetool_auth_fetch_post(ngx_http_request_t *sr,
                                                   void *data, ngx_int_t rc);
static void      ngx_http_nodetool_auth_fetch_begin(ngx_http_request_t *sr);


ngx_int_t
ngx_http_nodetool_auth_fetch(ngx_http_request_t             *r,
                             ngx_http_nodetool_auth_fetch_t *fetch)
{
    ngx_http_request_t           *sr;
    ngx_pool_cleanup_t           *cln;
    ngx_http_post_subrequest_t   *ps;
    ngx_http_nodetool_auth_ctx_t *ctx;

    fetch->request = r->main;
    fetch->main_conf =
        ngx_http_get_module_main_conf(r, ngx_http_nodetool_auth_module);

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);
    ctx = ngx_http_nodetool_auth_get_ctx(r->main);

    if (ps == NULL || cln == NULL || ctx == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_http_nodetool_auth_fetch_post;
    ps->data = fetch;

    /* until all is there for a subrequest, its end says nothing */

    fetch->over = 1;

    if (ngx_http_subrequest(r->main, &r->main->uri, NULL, &sr, ps,
                            NGX_HTTP_SUBREQUEST_IN_MEMORY |
                                NGX_HTTP_SUBREQUEST_BACKGROUND) != NGX_OK)
    {
        return NGX_ERROR;
    }

    sr->loc_conf = r->main->loc_conf;
    sr->write_event_handler = ngx_http_nodetool_auth_fetch_begin;
    ngx_http_set_ctx(sr, fetch, ngx_http_nodetool_auth_module);

    cln->handler = ngx_http_nodetool_auth_fetch_cleanup;
    cln->data = fetch;

    if (ngx_http_nodetool_auth_fetch_url(sr, fetch) != NGX_OK) {
        return NGX_ERROR; /* begin() ends it */
    }

    ctx->fetching = 1;
    fetch->over = 0;
    fetch->deadline = ngx_current_msec + 2 * fetch->conf->timeout;

    return NGX_OK;
}


/* Takes the URL apart, as proxy_pass with variables does. */

static ngx_int_t
ngx_http_nodetool_auth_fetch_url(ngx_http_request_t             *sr,
                                 ngx_http_nodetool_auth_fetch_t *fetch)
{
    size_t                        prefix;
    ngx_url_t                     url;
    ngx_http_upstream_resolved_t *resolved;

    fetch->https =
        ngx_strncasecmp(fetch->url.data, (u_char *) "https:", 6) == 0;
    prefix = fetch->https ? sizeof("https://") - 1 : sizeof("http://") - 1;

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url.data = fetch->url.data + prefix;
    url.url.len = fetch->url.len - prefix;
    url.default_port = fetch->https ? 443 : 80;
    url.uri_part = 1;
    url.no_resolve = 1;

    if (ngx_parse_url(sr->pool, &url) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0, "%s in URL \"%V\"",
                      url.err ? url.err : "error", &fetch->url);
        return NGX_ERROR;
    }

    fetch->uri = url.uri;
    fetch->host = url.url;
    fetch->host.len -= url.uri.len;

    if (url.family == AF_UNIX) {
        ngx_str_set(&fetch->host, "localhost");
    }

    if (fetch->uri.len == 0) {
        ngx_str_set(&fetch->uri, "/");
    }

    resolved = ngx_pcalloc(sr->pool, sizeof(ngx_http_upstream_resolved_t));

    if (resolved == NULL || ngx_http_upstream_create(sr) != NGX_OK) {
        return NGX_ERROR;
    }

    resolved->host = url.host;
    resolved->port = (in_port_t) (url.no_port ? url.default_port : url.port);
    resolved->no_port = url.no_port;

    if (url.addrs != NULL) {
        resolved->sockaddr = url.addrs[0].sockaddr;
        resolved->socklen = url.addrs[0].socklen;
        resolved->name = url.addrs[0].name;
        resolved->naddrs = 1;
    }

    sr->upstream->resolved = resolved;

    return ngx_http_nodetool_auth_upstream(sr, fetch);
}


static void
ngx_http_nodetool_auth_fetch_over(ngx_http_nodetool_auth_fetch_t *fetch)
{
    ngx_http_nodetool_auth_ctx_t *ctx;

    if (fetch->over) {
        return;
    }

    fetch->over = 1;

    if (!fetch->whole || fetch->body.failed) {
        fetch->status = 0;
    }

    if (fetch->request != NULL) {
        ctx = ngx_http_nodetool_auth_get_ctx(fetch->request);

        if (ctx != NULL) {
            ctx->fetching = 0;
        }
    }

    fetch->done(fetch);
    nt_buf_free(&fetch->body);
}


/* The request has ended before its subrequest did. */

static void
ngx_http_nodetool_auth_fetch_cleanup(void *data)
{
    ngx_http_nodetool_auth_fetch_t *fetch = data;

    fetch->request = NULL;
    ngx_http_nodetool_auth_fetch_over(fetch);
}


static ngx_int_t
ngx_http_nodetool_auth_fetch_post(ngx_http_request_t *sr, void *data,
                                  ngx_int_t rc)
{
    ngx_http_nodetool_auth_fetch_over(data);

    return NGX_OK; /* what it means is the request's matter */
}


static void
ngx_http_nodetool_auth_fetch_begin(ngx_http_request_t *sr)
{
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);

    if (fetch == NULL || fetch->over) {
        /* it could not be made */
        ngx_http_finalize_request(sr, NGX_OK);
        return;
    }

    sr->write_event_handler = ngx_http_request_empty_handler;
    sr->request_body = NULL;

    ngx_http_upstream_init(sr);
}
