/*
 * ngx_http_nodetool_auth_discovery.c - where an issuer says that its keys and
 * users are (OpenID Connect Discovery 1.0).
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include <jansson.h>

#define NGX_HTTP_NODETOOL_AUTH_URL_MAX 2048

static const char *ngx_http_nodetool_auth_read_discovery(
    ngx_http_nodetool_auth_fetch_t *fetch, json_t *root);
static ngx_int_t ngx_http_nodetool_auth_copy_url(ngx_pool_t *pool,
                                                 json_t     *value,
                                                 ngx_uint_t  https,
                                                 ngx_str_t  *url);


void
ngx_http_nodetool_auth_discovered(ngx_http_nodetool_auth_fetch_t *fetch)
{
    json_t                          *root;
    const char                      *why;
    ngx_http_nodetool_auth_flight_t *flight = fetch->data;

    why = "its discovery cannot be had";

    if (fetch->status == NGX_HTTP_OK && fetch->request != NULL) {
        root = json_loadb(fetch->body.data, fetch->body.len,
                          JSON_REJECT_DUPLICATES, NULL);
        why = ngx_http_nodetool_auth_read_discovery(fetch, root);
        json_decref(root);

        if (why == NULL &&
            ngx_http_nodetool_auth_fetch(fetch->request, &flight->jwks) ==
                NGX_OK)
        {
            return;
        }
    }

    ngx_http_nodetool_auth_landed(fetch, why ? why : "it cannot be asked");
}


static const char *
ngx_http_nodetool_auth_read_discovery(ngx_http_nodetool_auth_fetch_t *fetch,
                                      json_t                         *root)
{
    json_t                          *issuer, *user;
    ngx_str_t                        name;
    ngx_uint_t                       https;
    ngx_pool_t                      *pool;
    ngx_http_nodetool_auth_flight_t *flight = fetch->data;

    pool = fetch->request->pool;
    issuer = json_object_get(root, "issuer");

    if (!json_is_string(issuer)) {
        return "its discovery is none";
    }

    /* section 4.3: so that nobody speaks for somebody else */

    name.data = (u_char *) json_string_value(issuer);
    name.len = json_string_length(issuer);

    if (!nt_str_eq(ngx_nodetool_str(&name),
                   ngx_nodetool_str(&flight->issuer->name)))
    {
        return "its discovery is another issuer's";
    }

    https = ngx_strncasecmp(fetch->url.data, (u_char *) "https:", 6) == 0;

    if (ngx_http_nodetool_auth_copy_url(pool, json_object_get(root, "jwks_uri"),
                                        https, &flight->jwks.url) != NGX_OK)
    {
        return "its discovery has no jwks_uri that can be asked";
    }

    user = json_object_get(root, "userinfo_endpoint");

    if (user != NULL &&
        ngx_http_nodetool_auth_copy_url(pool, user, https, &flight->user) !=
            NGX_OK)
    {
        return "its discovery has no userinfo_endpoint that can be asked";
    }

    return NULL;
}


/* URLs that an issuer names: not without TLS where it has TLS itself. */

static ngx_int_t
ngx_http_nodetool_auth_copy_url(ngx_pool_t *pool, json_t *value,
                                ngx_uint_t https, ngx_str_t *url)
{
    size_t    i;
    ngx_str_t text;

    if (!json_is_string(value) ||
        json_string_length(value) > NGX_HTTP_NODETOOL_AUTH_URL_MAX)
    {
        return NGX_ERROR;
    }

    text.data = (u_char *) json_string_value(value);
    text.len = json_string_length(value);

    if (ngx_strncasecmp(text.data, (u_char *) "https://", 8) != 0 &&
        (https || ngx_strncasecmp(text.data, (u_char *) "http://", 7) != 0))
    {
        return NGX_ERROR;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f ||
            text.data[i] == '#' || text.data[i] == '@')
        {
            return NGX_ERROR;
        }
    }

    url->data = ngx_pstrdup(pool, &text);
    url->len = url->data ? text.len : 0;

    return url->data ? NGX_OK : NGX_ERROR;
}
