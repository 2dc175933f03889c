/*
 * ngx_http_nodetool_storage_key.c - which object a request is for.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

#include "core/nt_key.h"

#define NGX_HTTP_NODETOOL_MERGED                                               \
    "the path has an empty, \".\" or \"..\" segment, or a \"#\""

static ngx_uint_t ngx_http_nodetool_storage_merged(ngx_http_request_t *r,
                                                   ngx_str_t          *path);
static ngx_uint_t ngx_http_nodetool_storage_dots(u_char *segment, u_char *last);


/*
 * The key is taken from the URI as nginx decoded it, so that rewrites and
 * locations mean what they mean elsewhere.  nginx resolves ".." and merges
 * slashes silently, though: a client that sent such a path must learn that
 * it is wrong, not be answered about another object.
 */

const char *
ngx_http_nodetool_storage_key(ngx_http_nodetool_object_t *o)
{
    ngx_str_t           key;
    const char         *fault;
    ngx_http_request_t *r;

    r = o->request;

    if (ngx_http_nodetool_storage_merged(r, &key)) {
        return NGX_HTTP_NODETOOL_MERGED;
    }

    if (o->conf->key != NULL) {
        if (ngx_http_complex_value(r, o->conf->key, &key) != NGX_OK) {
            return NULL;
        }

    } else {
        key = r->uri;

        if (key.len < o->conf->prefix.len ||
            ngx_strncmp(key.data, o->conf->prefix.data, o->conf->prefix.len) !=
                0)
        {
            return "the path was rewritten to one outside of the store";
        }

        key.data += o->conf->prefix.len;
        key.len -= o->conf->prefix.len;
    }

    fault = nt_key_check(ngx_nodetool_str(&key));
    if (fault != NULL) {
        return fault;
    }

    if (key.len >= sizeof(NGX_HTTP_NODETOOL_STORE_TMP) - 1 &&
        ngx_strncmp(key.data, NGX_HTTP_NODETOOL_STORE_TMP,
                    sizeof(NGX_HTTP_NODETOOL_STORE_TMP) - 1) == 0)
    {
        return NGX_HTTP_NODETOOL_RESERVED;
    }

    o->key.data = ngx_pnalloc(r->pool, key.len + 1);
    if (o->key.data == NULL) {
        return NULL;
    }

    o->key.len = key.len;
    *ngx_cpymem(o->key.data, key.data, key.len) = '\0';

    return NULL;
}


ngx_int_t
ngx_http_nodetool_storage_rewrite(ngx_http_request_t *r)
{
    ngx_str_t                             path, *prefix;
    ngx_uint_t                            i;
    ngx_http_nodetool_storage_srv_conf_t *sscf;

    sscf = ngx_http_get_module_srv_conf(r, ngx_http_nodetool_storage_module);

    if (sscf->prefixes.nelts == 0 ||
        !ngx_http_nodetool_storage_merged(r, &path)) {
        return NGX_DECLINED;
    }

    prefix = sscf->prefixes.elts;

    for (i = 0; i < sscf->prefixes.nelts; i++) {
        if (path.len >= prefix[i].len &&
            ngx_memcmp(path.data, prefix[i].data, prefix[i].len) == 0)
        {
            return ngx_nodetool_errorf(
                r, NGX_HTTP_BAD_REQUEST,
                "Bad request: " NGX_HTTP_NODETOOL_MERGED);
        }
    }

    return NGX_DECLINED;
}


/* Whether nginx's idea of the path is another than the client's; `path` is
 * the client's then, decoded. */

static ngx_uint_t
ngx_http_nodetool_storage_merged(ngx_http_request_t *r, ngx_str_t *path)
{
    u_char *p, *src, *last, *segment;

    if (r != r->main || (!r->complex_uri && !r->quoted_uri)) {
        return 0;
    }

    src = r->unparsed_uri.data;
    last = ngx_strlchr(src, src + r->unparsed_uri.len, '?');

    if (last == NULL) {
        last = src + r->unparsed_uri.len;
    }

    path->data = ngx_pnalloc(r->pool, last - src);
    if (path->data == NULL) {
        return 1;
    }

    p = path->data;
    ngx_unescape_uri(&p, &src, last - src, 0);
    path->len = p - path->data;

    if (ngx_strlchr(r->unparsed_uri.data, last, '#') != NULL) {
        return 1;
    }

    last = p;
    segment = path->data + 1;

    for (p = segment; p < last; p++) {
        if (*p != '/') {
            continue;
        }

        if (p == segment || ngx_http_nodetool_storage_dots(segment, p)) {
            return 1;
        }

        segment = p + 1;
    }

    return ngx_http_nodetool_storage_dots(segment, last);
}


static ngx_uint_t
ngx_http_nodetool_storage_dots(u_char *segment, u_char *last)
{
    return (last == segment + 1 && segment[0] == '.') ||
           (last == segment + 2 && segment[0] == '.' && segment[1] == '.');
}
