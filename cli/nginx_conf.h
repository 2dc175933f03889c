/*
 * cli/nginx_conf.h - the nginx configuration of a server.
 */

#ifndef NT_CLI_NGINX_CONF_H
#define NT_CLI_NGINX_CONF_H

#include "cli/home.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "core/nt_buf.h"

/* Seconds that streams have to end when nginx is asked to stop. */
#define NT_DRAIN_S 20

/* Appends the configuration; `name` is the server's, for the names of its
 * files.  False: a setting is wrong, said on stderr. */
bool nt_nginx_conf(nt_buf_t *conf, const nt_cli_options_t *options,
                   const nt_paths_t *paths, const nt_home_t *home,
                   const char *name);

#endif
