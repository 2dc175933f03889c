/*
 * ngx_http_nodetool_auth_value.c - arguments of directives that stand
 * elsewhere, in the environment or in a file.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"


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
    return ngx_nodetool_conf_file(cf, cf->temp_pool, path, "tokens or secrets",
                                  text) == NGX_OK
               ? NGX_CONF_OK
               : NGX_CONF_ERROR;
}
