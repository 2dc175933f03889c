/*
 * ngx_http_nodetool_auth_value.c - arguments of directives that stand
 * elsewhere, in the environment or in a file.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#define NGX_HTTP_NODETOOL_AUTH_FILE_MAX (1024 * 1024)

static char *ngx_http_nodetool_auth_env(ngx_conf_t *cf, ngx_command_t *cmd,
                                        ngx_str_t *name, ngx_str_t *value);


char *
ngx_http_nodetool_auth_value(ngx_conf_t *cf, ngx_command_t *cmd,
                             ngx_str_t *argument, ngx_str_t *value)
{
    char     *rv;
    ngx_str_t name;

    *value = *argument;
    name = *argument;

    if (name.len >= 4 && ngx_strncmp(name.data, "env:", 4) == 0) {
        name.len -= 4;
        name.data += 4;
        return ngx_http_nodetool_auth_env(cf, cmd, &name, value);
    }

    if (name.len < 5 || ngx_strncmp(name.data, "file:", 5) != 0) {
        return NGX_CONF_OK;
    }

    name.len -= 5;
    name.data += 5;

    rv = ngx_http_nodetool_auth_read_file(cf, &name, value);

    if (rv == NGX_CONF_OK && value->len != 0 &&
        value->data[value->len - 1] == LF) {
        value->len--;

        if (value->len != 0 && value->data[value->len - 1] == CR) {
            value->len--;
        }
    }

    return rv;
}


static char *
ngx_http_nodetool_auth_env(ngx_conf_t *cf, ngx_command_t *cmd, ngx_str_t *name,
                           ngx_str_t *value)
{
    char *env;

    /* arguments of directives end in a NUL */

    env = getenv((char *) name->data);

    if (env == NULL || env[0] == '\0') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the environment variable \"%V\" that %V names is "
                           "not set",
                           name, &cmd->name);
        return NGX_CONF_ERROR;
    }

    value->data = (u_char *) env;
    value->len = ngx_strlen(env);

    return NGX_CONF_OK;
}


char *
ngx_http_nodetool_auth_read_file(ngx_conf_t *cf, ngx_str_t *path,
                                 ngx_str_t *text)
{
    size_t     size;
    ssize_t    n;
    ngx_file_t file;

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

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
                           "\"%V\" is not a file of tokens or secrets: not a "
                           "regular file, or larger than 1 MiB",
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
