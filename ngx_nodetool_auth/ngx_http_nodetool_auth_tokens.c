/*
 * ngx_http_nodetool_auth_tokens.c - static tokens: read once, when the
 * configuration is, and compared in constant time.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include <openssl/evp.h>

#include "core/nt_token.h"

static char *ngx_http_nodetool_auth_add_file(ngx_conf_t  *cf,
                                             ngx_array_t *tokens,
                                             ngx_str_t   *path);
static char *ngx_http_nodetool_auth_add(ngx_conf_t *cf, ngx_array_t *tokens,
                                        nt_str_t token, const char *from,
                                        ngx_str_t *name);


char *
ngx_http_nodetool_auth_set_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    char      *rv;
    ngx_str_t  name, token, *value;
    ngx_uint_t env;

    value = cf->args->elts;

    if (alcf->tokens == NULL) {
        alcf->tokens = ngx_array_create(cf->pool, 2,
                                        sizeof(ngx_http_nodetool_auth_token_t));
        if (alcf->tokens == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    name = value[1];

    if (name.len >= 5 && ngx_strncmp(name.data, "file:", 5) == 0) {
        name.len -= 5;
        name.data += 5;
        return ngx_http_nodetool_auth_add_file(cf, alcf->tokens, &name);
    }

    rv = ngx_http_nodetool_auth_value(cf, cmd, &name, &token);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    env = token.data != name.data;

    if (env) {
        name.len -= 4;
        name.data += 4;
    }

    rv = ngx_http_nodetool_auth_add(cf, alcf->tokens, ngx_nodetool_str(&token),
                                    env ? "the environment variable"
                                        : "the configuration",
                                    env ? &name : NULL);

    if (!env) {
        ngx_explicit_memzero(name.data, name.len);
    }

    return rv;
}


static char *
ngx_http_nodetool_auth_add_file(ngx_conf_t *cf, ngx_array_t *tokens,
                                ngx_str_t *path)
{
    char      *rv;
    nt_str_t   rest, token;
    ngx_str_t  text;
    ngx_uint_t n;

    rv = ngx_http_nodetool_auth_read_file(cf, path, &text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rest = ngx_nodetool_str(&text);

    for (n = 0; /* void */; n++) {
        token = nt_token_file_next(&rest);
        if (token.len == 0) {
            break;
        }

        rv = ngx_http_nodetool_auth_add(cf, tokens, token, "the file", path);
        if (rv != NGX_CONF_OK) {
            break;
        }
    }

    ngx_explicit_memzero(text.data, text.len);

    if (rv == NGX_CONF_OK && n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the token file \"%V\" holds no token", path);
        return NGX_CONF_ERROR;
    }

    return rv;
}


/* A fault is told without the token: the log is no place for it. */

static char *
ngx_http_nodetool_auth_add(ngx_conf_t *cf, ngx_array_t *tokens, nt_str_t token,
                           const char *from, ngx_str_t *name)
{
    nt_buf_t                        header;
    nt_str_t                        parsed;
    ngx_uint_t                      bad;
    ngx_http_nodetool_auth_token_t *t;

    ngx_memzero(&header, sizeof(nt_buf_t));
    nt_buf_append_str(&header, NT_STR("Bearer "));
    nt_buf_append_str(&header, token);

    if (header.failed) {
        nt_buf_free(&header);
        return NGX_CONF_ERROR;
    }

    parsed = nt_token_bearer((nt_str_t) { header.data, header.len });
    bad = !nt_str_eq(parsed, token) || token.len == 0;

    ngx_explicit_memzero(header.data, header.len);
    nt_buf_free(&header);

    if (bad) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a token in %s%s%V%s cannot be sent as a bearer "
                           "token: use letters, digits and -._~+/, at most "
                           "%d characters",
                           from, name ? " \"" : "",
                           name ? name : &(ngx_str_t) ngx_null_string,
                           name ? "\"" : "", NT_TOKEN_MAX);
        return NGX_CONF_ERROR;
    }

    t = ngx_array_push(tokens);

    if (t == NULL ||
        ngx_http_nodetool_auth_sha256(t, token, NT_STR("")) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_nodetool_auth_match(ngx_array_t                     *tokens,
                             ngx_http_nodetool_auth_digest_t *digest)
{
    if (tokens == NULL) {
        return NGX_DECLINED;
    }

    return nt_token_among(tokens->elts, tokens->nelts,
                          (nt_str_t) { (char *) digest->digest,
                                       sizeof(digest->digest) })
               ? NGX_OK
               : NGX_DECLINED;
}


ngx_int_t
ngx_http_nodetool_auth_sha256(ngx_http_nodetool_auth_digest_t *digest,
                              nt_str_t first, nt_str_t second)
{
    ngx_int_t   rc;
    EVP_MD_CTX *ctx;

    ctx = EVP_MD_CTX_new();

    rc = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
         EVP_DigestUpdate(ctx, first.data, first.len) == 1 &&
         EVP_DigestUpdate(ctx, second.data, second.len) == 1 &&
         EVP_DigestFinal_ex(ctx, digest->digest, NULL) == 1;

    EVP_MD_CTX_free(ctx);

    return rc ? NGX_OK : NGX_ERROR;
}
