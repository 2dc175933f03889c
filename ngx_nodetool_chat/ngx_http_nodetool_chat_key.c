/*
 * ngx_http_nodetool_chat_key.c - the key of a provider, from where it is kept.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_token.h"

#define NGX_NODETOOL_KEY_MAX 8192 /* bytes of a key file */


/* A value that is not looked at for variables. */
static char *
ngx_nodetool_provider_literal(ngx_conf_t *cf, ngx_str_t *value,
                              ngx_http_complex_value_t **cv)
{
    *cv = ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*cv == NULL) {
        return NGX_CONF_ERROR;
    }

    (*cv)->value = *value;

    return NGX_CONF_OK;
}


/* The first key of a file, as nt_token_file_next reads them. */
static ngx_int_t
ngx_nodetool_provider_key_file(ngx_conf_t *cf, ngx_str_t *path, ngx_str_t *key)
{
    u_char   buf[NGX_NODETOOL_KEY_MAX];
    ssize_t  n;
    ngx_fd_t fd;
    nt_str_t text, token;

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, buf, sizeof(buf));
    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", path);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    if (n == -1) {
        return NGX_ERROR;
    }

    text.data = (char *) buf;
    text.len = n;
    token = nt_token_file_next(&text);

    if (token.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "no key in \"%V\"", path);
        return NGX_ERROR;
    }

    key->len = token.len;
    key->data = ngx_pnalloc(cf->pool, token.len);
    if (key->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(key->data, token.data, token.len);
    ngx_explicit_memzero(buf, sizeof(buf));

    return NGX_OK;
}


/* key VALUE | env:NAME | file:PATH; */
char *
ngx_nodetool_provider_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_provider_t *p = conf;

    char      *env;
    ngx_str_t *value, path, key;

    if (p->key != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len > 5 && ngx_strncmp(value[1].data, "file:", 5) == 0) {
        path.data = value[1].data + 5;
        path.len = value[1].len - 5;

        if (ngx_nodetool_provider_key_file(cf, &path, &key) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        return ngx_nodetool_provider_literal(cf, &key, &p->key);
    }

    if (value[1].len > 4 && ngx_strncmp(value[1].data, "env:", 4) == 0) {
        env = getenv((char *) value[1].data + 4);

        if (env == NULL || *env == '\0') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "environment variable \"%s\" is not set, it "
                               "should hold the key of nodetool_provider "
                               "\"%V\"",
                               value[1].data + 4, &p->name);
            return NGX_CONF_ERROR;
        }

        key.len = ngx_strlen(env);
        key.data = ngx_pnalloc(cf->pool, key.len);
        if (key.data == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memcpy(key.data, env, key.len);

        return ngx_nodetool_provider_literal(cf, &key, &p->key);
    }

    return ngx_nodetool_chat_complex(cf, &value[1], &p->key);
}
