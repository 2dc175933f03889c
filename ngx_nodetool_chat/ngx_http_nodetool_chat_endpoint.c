/*
 * ngx_http_nodetool_chat_endpoint.c - how a provider is reached: its URL,
 * TLS, and the upstream behind it.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


#if (NGX_HTTP_SSL)

static ngx_int_t
ngx_nodetool_endpoint_ssl(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    ngx_str_t                 bundle;
    ngx_pool_cleanup_t       *cln;
    ngx_http_upstream_conf_t *u;

    u = &p->upstream;

    ngx_conf_init_value(u->ssl_verify, 1);
    ngx_conf_init_value(u->ssl_server_name, 1);
    ngx_conf_init_ptr_value(u->ssl_name, NULL);
    ngx_conf_init_value(p->ssl_verify_depth, 5);
    u->ssl_session_reuse = 1;

    if (p->ssl_protocols == 0) {
        p->ssl_protocols = NGX_SSL_TLSv1_2 | NGX_SSL_TLSv1_3;
    }

    if (p->ssl_ciphers.len == 0) {
        ngx_str_set(&p->ssl_ciphers, "DEFAULT");
    }

    u->ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (u->ssl == NULL) {
        return NGX_ERROR;
    }

    u->ssl->log = cf->log;

    if (ngx_ssl_create(u->ssl, p->ssl_protocols, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(u->ssl);
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = u->ssl;

    if (ngx_ssl_ciphers(cf, u->ssl, &p->ssl_ciphers, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (u->ssl_verify) {
        if (p->ssl_trusted_certificate.len == 0) {
            ngx_str_set(&bundle, "/etc/ssl/certs/ca-certificates.crt");
            p->ssl_trusted_certificate = bundle;
        }

        if (ngx_ssl_trusted_certificate(cf, u->ssl, &p->ssl_trusted_certificate,
                                        p->ssl_verify_depth) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_ssl_crl(cf, u->ssl, &p->ssl_crl) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_ssl_client_session_cache(cf, u->ssl, u->ssl_session_reuse);
}

#endif


/* Takes the URL apart; it is looked up when all upstream{} blocks are
 * known. */
static char *
ngx_nodetool_endpoint_url(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    size_t    prefix;
    ngx_url_t u;

    if (ngx_strncasecmp(p->url.data, (u_char *) "https://", 8) == 0) {
        p->https = 1;
        prefix = 8;

    } else if (ngx_strncasecmp(p->url.data, (u_char *) "http://", 7) == 0) {
        prefix = 7;

    } else if (p->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
        prefix = 0; /* a socket, or an upstream{} of several */

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "url \"%V\" of nodetool_provider \"%V\" starts "
                           "with neither \"https://\" nor \"http://\"",
                           &p->url, &p->name);
        return NGX_CONF_ERROR;
    }

#if !(NGX_HTTP_SSL)
    if (p->https) {
        return "needs an nginx with TLS for its https url";
    }
#endif

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = p->url.data + prefix;
    u.url.len = p->url.len - prefix;
    u.default_port = p->https ? 443 : 80;
    u.uri_part = 1;
    u.no_resolve = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in url \"%V\" of nodetool_provider \"%V\"",
                           u.err ? u.err : "error", &p->url, &p->name);
        return NGX_CONF_ERROR;
    }

    p->host = u.host;
    p->port = u.port;
    p->no_port = u.no_port;
    p->path = u.uri;

    p->addr.data = p->url.data + prefix;
    p->addr.len = p->url.len - prefix - u.uri.len;

    if (u.family == AF_UNIX) {
        ngx_str_set(&p->host, "localhost");

        if (p->addr.data[p->addr.len - 1] == ':') {
            p->addr.len--; /* what ends the socket's path before a URI */
        }
    }

    while (p->path.len > 0 && p->path.data[p->path.len - 1] == '/') {
        p->path.len--;
    }

    return NGX_CONF_OK;
}


/* The lines of a request to this provider that are always the same. */
static ngx_int_t
ngx_nodetool_endpoint_head(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    u_char   *last;
    ngx_str_t host;

    static const char agent[] =
        "User-Agent: NodeTool" CRLF "Accept-Encoding: identity" CRLF;

    host = p->addr;
    if (p->addr.len > 5 && ngx_strncmp(p->addr.data, "unix:", 5) == 0) {
        host = p->host;
    }

    last =
        ngx_pnalloc(cf->pool, sizeof("Host: " CRLF) + host.len + sizeof(agent));
    if (last == NULL) {
        return NGX_ERROR;
    }

    p->head.data = last;

    if (!p->has_host) {
        last = ngx_sprintf(last, "Host: %V" CRLF, &host);
    }

    last = ngx_cpymem(last, agent, sizeof(agent) - 1);
    p->head.len = last - p->head.data;

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_endpoint_conf(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    ngx_hash_init_t           hash;
    ngx_http_upstream_conf_t *u, prev;

    static ngx_str_t hide[] = { ngx_null_string };

    u = &p->upstream;

    ngx_conf_init_msec_value(u->connect_timeout, 10000);
    ngx_conf_init_msec_value(u->send_timeout, 60000);
    ngx_conf_init_msec_value(u->read_timeout, 300000);
    ngx_conf_init_msec_value(p->first_token_timeout, u->read_timeout);
    ngx_conf_init_msec_value(p->next_upstream_timeout, 0);
    ngx_conf_init_uint_value(p->next_upstream_tries, 0);
    ngx_conf_init_value(p->key_rotation, 1);
    ngx_conf_init_msec_value(p->key_timeout, 60000);
    ngx_conf_init_value(p->max_fails, 3);
    ngx_conf_init_msec_value(p->fail_timeout, 10000);
    ngx_conf_init_size_value(u->buffer_size, 16384);
    ngx_conf_init_msec_value(p->models_timeout, 5000);
    ngx_conf_init_value(p->keepalive, 32);

    if (p->next_upstream == 0) {
        p->next_upstream =
            NGX_HTTP_UPSTREAM_FT_ERROR | NGX_HTTP_UPSTREAM_FT_TIMEOUT;
    }

    if (p->next_upstream & NGX_HTTP_UPSTREAM_FT_OFF) {
        p->next_upstream = NGX_HTTP_UPSTREAM_FT_OFF;
    }

    u->buffering = 0;
    u->request_buffering = 1;
    u->pass_request_headers = 0;
    u->pass_request_body = 1;
    u->ignore_client_abort = 0;
    u->intercept_errors = 0;
    u->force_ranges = 0;
    u->socket_keepalive = 1;
    u->hide_headers = NGX_CONF_UNSET_PTR;
    u->pass_headers = NGX_CONF_UNSET_PTR;
    ngx_str_set(&u->module, "nodetool_chat");

    /* which headers pass is decided where they are parsed; nginx needs the
     * table all the same */

    ngx_memzero(&prev, sizeof(ngx_http_upstream_conf_t));
    prev.hide_headers = NGX_CONF_UNSET_PTR;
    prev.pass_headers = NGX_CONF_UNSET_PTR;

    hash.max_size = 64;
    hash.bucket_size = ngx_align(64, ngx_cacheline_size);
    hash.name = "nodetool_headers_hash";

    if (ngx_http_upstream_hide_headers_hash(cf, u, &prev, hide, &hash) !=
        NGX_OK) {
        return NGX_ERROR;
    }

#if (NGX_HTTP_SSL)
    if (p->https && ngx_nodetool_endpoint_ssl(cf, p) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "nodetool_provider \"%V\" cannot use TLS", &p->name);
        return NGX_ERROR;
    }
#endif

    p->models_upstream = *u;
    p->models_upstream.next_upstream = p->next_upstream;
    p->models_upstream.next_upstream_tries = p->next_upstream_tries;
    p->models_upstream.next_upstream_timeout = p->next_upstream_timeout;
    p->models_upstream.connect_timeout =
        ngx_min(u->connect_timeout, p->models_timeout);
    p->models_upstream.send_timeout = p->models_timeout;
    p->models_upstream.read_timeout = p->models_timeout;

    /* whatever fails, the peer is asked (see _peer) */
    u->next_upstream = NGX_HTTP_UPSTREAM_FT_ERROR |
                       NGX_HTTP_UPSTREAM_FT_TIMEOUT |
                       NGX_HTTP_UPSTREAM_FT_INVALID_HEADER |
                       NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT;

    p->first_upstream = *u;
    p->first_upstream.read_timeout = p->first_token_timeout;

    return NGX_OK;
}


char *
ngx_nodetool_endpoint(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    char *rv;

    rv = ngx_nodetool_endpoint_url(cf, p);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_nodetool_endpoint_head(cf, p) != NGX_OK ||
        ngx_nodetool_endpoint_conf(cf, p) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* An upstream{} block of the provider's host name. */
static ngx_http_upstream_srv_conf_t *
ngx_nodetool_endpoint_block(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    ngx_uint_t                     i;
    ngx_http_upstream_srv_conf_t **uscfp;
    ngx_http_upstream_main_conf_t *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscfp = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if ((uscfp[i]->flags & NGX_HTTP_UPSTREAM_CREATE) &&
            uscfp[i]->host.len == p->host.len &&
            ngx_strncasecmp(uscfp[i]->host.data, p->host.data, p->host.len) ==
                0)
        {
            return uscfp[i];
        }
    }

    return NULL;
}


/* The module that keeps idle connections; nginx can be built without it. */
static ngx_module_t *
ngx_nodetool_endpoint_module(ngx_conf_t *cf)
{
    ngx_uint_t i;

    static const char name[] = "ngx_http_upstream_keepalive_module";

    for (i = 0; cf->cycle->modules[i]; i++) {
        if (ngx_strcmp(cf->cycle->modules[i]->name, name) == 0) {
            return cf->cycle->modules[i];
        }
    }

    return NULL;
}


/* Does what "keepalive N;" does in an upstream{} block. */
static ngx_int_t
ngx_nodetool_endpoint_keepalive(ngx_conf_t *cf, ngx_nodetool_provider_t *p,
                                ngx_http_upstream_srv_conf_t *uscf)
{
    char               *rv;
    u_char             *last;
    ngx_str_t          *value;
    ngx_uint_t          index;
    ngx_conf_t          save;
    ngx_module_t       *module;
    ngx_command_t      *cmd;
    ngx_http_module_t  *ctx;
    ngx_http_conf_ctx_t conf_ctx, *http_ctx;

    module = ngx_nodetool_endpoint_module(cf);

    if (module == NULL || p->keepalive == 0) {
        return NGX_OK;
    }

    for (cmd = module->commands; cmd->name.len; cmd++) {
        if (ngx_strcmp(cmd->name.data, "keepalive") == 0) {
            break;
        }
    }

    ctx = module->ctx;
    index = module->ctx_index;

    if (cmd->name.len == 0 || ctx->create_srv_conf == NULL) {
        return NGX_OK;
    }

    uscf->srv_conf[index] = ctx->create_srv_conf(cf);
    if (uscf->srv_conf[index] == NULL) {
        return NGX_ERROR;
    }

    http_ctx = cf->ctx;
    conf_ctx = *http_ctx;
    conf_ctx.srv_conf = uscf->srv_conf;

    save = *cf;
    cf->ctx = &conf_ctx;
    cf->cmd_type = NGX_HTTP_UPS_CONF;
    cf->args = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    value = cf->args ? ngx_array_push_n(cf->args, 2) : NULL;

    if (value == NULL) {
        *cf = save;
        return NGX_ERROR;
    }

    value[0] = cmd->name;
    value[1].data = ngx_pnalloc(cf->pool, NGX_INT_T_LEN + 1);
    if (value[1].data == NULL) {
        *cf = save;
        return NGX_ERROR;
    }

    last = ngx_sprintf(value[1].data, "%i", p->keepalive);
    *last = '\0';
    value[1].len = last - value[1].data;

    rv = cmd->set(cf, cmd, uscf->srv_conf[index]);

    *cf = save;

    return rv == NGX_CONF_OK ? NGX_OK : NGX_ERROR;
}


/* Newer versions of that module wrap themselves around the upstreams that are
 * there when the configuration has been read.  This one is none of them, so it
 * is shown to the module by itself. */
static char *
ngx_nodetool_endpoint_wrap(ngx_conf_t *cf, ngx_http_upstream_srv_conf_t *uscf)
{
    char                          *rv;
    ngx_array_t                    all;
    ngx_module_t                  *module;
    ngx_http_module_t             *ctx;
    ngx_http_upstream_main_conf_t *umcf;

    module = ngx_nodetool_endpoint_module(cf);
    ctx = module ? module->ctx : NULL;

    if (ctx == NULL || ctx->init_main_conf == NULL ||
        uscf->srv_conf[module->ctx_index] == NULL)
    {
        return NGX_CONF_OK;
    }

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);

    all = umcf->upstreams;
    umcf->upstreams.elts = &uscf;
    umcf->upstreams.nelts = 1;

    rv = ctx->init_main_conf(cf, NULL);

    umcf->upstreams = all;

    return rv;
}


/* The upstream of a host without an upstream{} block, with the addresses
 * that it has now. */
static ngx_http_upstream_srv_conf_t *
ngx_nodetool_endpoint_implicit(ngx_conf_t *cf, ngx_nodetool_provider_t *p,
                               ngx_url_t *u)
{
    ngx_http_upstream_init_pt     init;
    ngx_http_upstream_server_t   *server;
    ngx_http_upstream_srv_conf_t *uscf;

    uscf = ngx_pcalloc(cf->pool, sizeof(ngx_http_upstream_srv_conf_t));
    if (uscf == NULL) {
        return NULL;
    }

    uscf->host = p->host;
    uscf->port = p->port;
    uscf->file_name = (u_char *) "nodetool_provider";

    uscf->srv_conf =
        ngx_pcalloc(cf->pool, sizeof(void *) * ngx_http_max_module);
    uscf->servers =
        ngx_array_create(cf->pool, 1, sizeof(ngx_http_upstream_server_t));
    server = uscf->servers ? ngx_array_push(uscf->servers) : NULL;

    if (uscf->srv_conf == NULL || server == NULL) {
        return NULL;
    }

    uscf->srv_conf[ngx_http_upstream_module.ctx_index] = uscf;

    ngx_memzero(server, sizeof(ngx_http_upstream_server_t));
    server->name = u->url;
    server->addrs = u->addrs;
    server->naddrs = u->naddrs;
    server->weight = 1;
    server->max_fails = 1;
    server->fail_timeout = 10;

    if (ngx_nodetool_endpoint_keepalive(cf, p, uscf) != NGX_OK) {
        return NULL;
    }

    init = uscf->peer.init_upstream ? uscf->peer.init_upstream
                                    : ngx_http_upstream_init_round_robin;

    if (init(cf, uscf) != NGX_OK ||
        ngx_nodetool_endpoint_wrap(cf, uscf) != NGX_CONF_OK)
    {
        return NULL;
    }

    return uscf;
}


ngx_int_t
ngx_nodetool_endpoint_init(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    ngx_url_t                     u;
    ngx_http_upstream_srv_conf_t *uscf;

    if (p->llm == NULL) {
        return NGX_OK;
    }

    uscf = ngx_nodetool_endpoint_block(cf, p);

    if (uscf != NULL && !p->no_port) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "upstream \"%V\" may not have a port in the url of "
                      "nodetool_provider \"%V\"",
                      &p->host, &p->name);
        return NGX_ERROR;
    }

    if (uscf == NULL) {
        ngx_memzero(&u, sizeof(ngx_url_t));
        u.url = p->addr;
        u.default_port = p->port;

        if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "%s: \"%V\" of nodetool_provider \"%V\" will be "
                          "asked of the \"resolver\" for each request",
                          u.err ? u.err : "error", &p->host, &p->name);
        }

        if (u.naddrs > 0) {
            uscf = ngx_nodetool_endpoint_implicit(cf, p, &u);
            if (uscf == NULL) {
                return NGX_ERROR;
            }
        }
    }

    p->models_upstream.upstream = uscf;
    p->upstream.upstream = ngx_nodetool_peer_conf(cf, p, uscf);
    p->first_upstream.upstream = p->upstream.upstream;

    return p->upstream.upstream ? NGX_OK : NGX_ERROR;
}
