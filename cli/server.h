/*
 * cli/server.h - a server of this command: its settings, its home, and the
 * programs that make it up.
 */

#ifndef NT_CLI_SERVER_H
#define NT_CLI_SERVER_H

#include "cli/home.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/supervisor.h"

#define NT_SERVER_TEXTS 24

typedef struct {
    const char      *name; /* "worker", "serve", "chat-server" */
    nt_cli_options_t options;
    nt_paths_t       paths;
    nt_home_t        home;
    nt_supervisor_t  supervisor;
    nt_child_t       redis;
    nt_child_t       engine;
    nt_child_t       nginx;

    const char *redis_socket;
    const char *engine_socket;
    const char *conf;

    char    *texts[NT_SERVER_TEXTS]; /* freed at the end */
    unsigned n_texts;
} nt_server_t;

static inline bool
nt_server_has_engine(const nt_server_t *server)
{
    return server->options.surface != NT_SURFACE_CHAT;
}

#endif
