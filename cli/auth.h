/*
 * cli/auth.h - who may call: AUTH_PROVIDER and what belongs to it, from the
 * environment into nginx's configuration.
 *
 * Secrets stay in the environment; the configuration names the variables.
 */

#ifndef NT_CLI_AUTH_H
#define NT_CLI_AUTH_H

#include "cli/home.h"
#include "cli/options.h"
#include "core/nt_buf.h"

/* Sets o->auth and o->token. False: stderr says what is wrong or missing. */
bool nt_auth_choose(nt_cli_options_t *o);

/* Directives for the http block (the zones), and for the server block. */
void nt_auth_conf_http(nt_buf_t *conf, const nt_cli_options_t *o);
void nt_auth_conf_server(nt_buf_t *conf, const nt_cli_options_t *o,
                         const nt_home_t *home);

#endif
