/*
 * ngx_http_nodetool_auth_tokens.c - static tokens: read once, when the
 * configuration is, and compared in constant time.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#include <openssl/sha.h>

#include "core/nt_token.h"

#define NGX_HTTP_NODETOOL_AUTH_FILE_MAX (1024 * 1024)

static char *ngx_http_nodetool_auth_add_env(ngx_conf_t *cf, ngx_array_t *tokens,
                                            ngx_str_t *name);
static char *ngx_http_nodetool_auth_add_file(ngx_conf_t  *cf,
                                             ngx_array_t *tokens,
                                             ngx_str_t   *path);
static char *ngx_http_nodetool_auth_read_file(ngx_conf_t *cf, ngx_str_t *path,
                                              ngx_str_t *text);
static char *ngx_http_nodetool_auth_add(ngx_conf_t *cf, ngx_array_t *tokens,
                                        nt_str_t token, const char *from,
                                        ngx_str_t *name);


char *
ngx_http_nodetool_auth_set_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    char     *rv;
    ngx_str_t name, *value;

    value = cf->args->elts;

    if (alcf->tokens == NULL) {
        alcf->tokens = ngx_array_create(cf->pool, 2,
                                        sizeof(ngx_http_nodetool_auth_token_t));
        if (alcf->tokens == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    name = value[1];

    if (name.len >= 4 && ngx_strncmp(name.data, "env:", 4) == 0) {
        name.len -= 4;
        name.data += 4;
        return ngx_http_nodetool_auth_add_env(cf, alcf->tokens, &name);
    }

    if (name.len >= 5 && ngx_strncmp(name.data, "file:", 5) == 0) {
        name.len -= 5;
        name.data += 5;
        return ngx_http_nodetool_auth_add_file(cf, alcf->tokens, &name);
    }

    rv = ngx_http_nodetool_auth_add(cf, alcf->tokens, ngx_nodetool_str(&name),
                                    "the configuration", NULL);

    ngx_explicit_memzero(name.data, name.len);

    return rv;
}


static char *
ngx_http_nodetool_auth_add_env(ngx_conf_t *cf, ngx_array_t *tokens,
                               ngx_str_t *name)
{
    char *token;

    /* arguments of directives end in a NUL */

    token = getenv((char *) name->data);

    if (token == NULL || token[0] == '\0') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the environment variable \"%V\" that "
                           "nodetool_auth_token names is not set",
                           name);
        return NGX_CONF_ERROR;
    }

    return ngx_http_nodetool_auth_add(cf, tokens, nt_str(token),
                                      "the environment variable", name);
}


static char *
ngx_http_nodetool_auth_add_file(ngx_conf_t *cf, ngx_array_t *tokens,
                                ngx_str_t *path)
{
    char      *rv;
    nt_str_t   rest, token;
    ngx_str_t  text;
    ngx_uint_t n;

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

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


static char *
ngx_http_nodetool_auth_read_file(ngx_conf_t *cf, ngx_str_t *path,
                                 ngx_str_t *text)
{
    size_t     size;
    ssize_t    n;
    ngx_file_t file;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = cf->log;
    file.fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_CONF_ERROR;
    }

    n = NGX_ERROR;

    if (ngx_fd_info(file.fd, &file.info) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", path);

    } else if (!ngx_is_file(&file.info) ||
               ngx_file_size(&file.info) > NGX_HTTP_NODETOOL_AUTH_FILE_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a file of tokens: not a regular "
                           "file, or larger than 1 MiB",
                           path);

    } else {
        size = (size_t) ngx_file_size(&file.info);

        text->data = ngx_pnalloc(cf->temp_pool, size + 1);
        if (text->data != NULL) {
            n = ngx_read_file(&file, text->data, size, 0);
        }
    }

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    if (n == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    text->len = n;

    return NGX_CONF_OK;
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
        SHA256((const u_char *) token.data, token.len, t->digest) == NULL)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_nodetool_auth_match(ngx_array_t *tokens, nt_str_t token)
{
    u_char                          digest[NGX_HTTP_NODETOOL_AUTH_DIGEST_LEN];
    ngx_uint_t                      i, found;
    ngx_http_nodetool_auth_token_t *t;

    if (SHA256((const u_char *) token.data, token.len, digest) == NULL) {
        return NGX_ERROR;
    }

    found = 0;
    t = tokens->elts;

    for (i = 0; i < tokens->nelts; i++) {
        found |= nt_token_equal((nt_str_t) { (char *) digest, sizeof(digest) },
                                (nt_str_t) { (char *) t[i].digest,
                                             sizeof(t[i].digest) });
    }

    return found ? NGX_OK : NGX_DECLINED;
}
