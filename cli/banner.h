/*
 * cli/banner.h - what the user is told when a server is ready.
 */

#ifndef NT_CLI_BANNER_H
#define NT_CLI_BANNER_H

#include "cli/server.h"

/* On stdout: address, auth, token once, where things are, curl lines. */
void nt_banner_print(const nt_server_t *server);

#endif
