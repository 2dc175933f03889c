/*
 * cli/providers.h - providers of chat, as the environment has them.
 */

#ifndef NT_CLI_PROVIDERS_H
#define NT_CLI_PROVIDERS_H

#include <stdbool.h>

#include "cli/options.h"
#include "core/nt_buf.h"

/* Appends the nodetool_provider blocks and the rules of models.  False: a
 * setting is wrong, said on stderr. */
bool nt_providers_conf(nt_buf_t *conf, const nt_cli_options_t *options);

/* Appends the providers' names, for people: "openai, ollama, echo". */
void nt_providers_names(nt_buf_t *names);

#endif
