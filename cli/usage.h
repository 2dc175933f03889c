/*
 * cli/usage.h - what --help of the servers says.
 */

#ifndef NT_CLI_USAGE_H
#define NT_CLI_USAGE_H

#include "cli/options.h"

/* Static text, ended by a newline. */
const char *nt_usage(nt_surface_t surface);

#endif
