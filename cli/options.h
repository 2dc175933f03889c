/*
 * cli/options.h - the command line and environment of the servers.
 */

#ifndef NT_CLI_OPTIONS_H
#define NT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define NT_ENGINE_OPTIONS 16

/* The rows of the API that a server has. */
typedef enum {
    NT_SURFACE_WORKER,
    NT_SURFACE_EDITOR,
    NT_SURFACE_CHAT
} nt_surface_t;

typedef struct {
    nt_surface_t surface;
    const char  *host; /* an IP address; "::1" has no brackets */
    unsigned     port;
    char        *home;      /* absolute; owned */
    const char **workflows; /* files to serve; owned array */
    size_t       n_workflows;
    const char  *provider;           /* of models that no rule names, or NULL */
    const char  *default_model;      /* or NULL */
    const char  *redis;              /* URL, or NULL */
    const char  *http_allow;         /* networks for HTTP nodes, or NULL */
    bool         allow_code;         /* of workflows, in a sandbox ... */
    bool         allow_code_network; /* ... that has the network */
    bool         memory;             /* jobs are kept in memory */
    const char  *auth;     /* "none", "local", "static", "supabase", "oidc" */
    bool         token;    /* requests carry one ... */
    bool         issuer;   /* ... which somebody else may have made */
    char       **engine;   /* options behind "--", for the engine */
    int          n_engine; /* at most NT_ENGINE_OPTIONS */
} nt_cli_options_t;

/* NT_CLI_OK: go on; -1: end with status 0, --help has been answered; else
 * the exit status, stderr has said why.  Strings that are not owned belong
 * to argv and the environment. */
int nt_cli_options_parse(nt_cli_options_t *options, nt_surface_t surface,
                         int argc, char **argv);

void nt_cli_options_free(nt_cli_options_t *options);

/* Whether a text is a number from 1 to `most`, and which. */
bool nt_cli_number(const char *text, long most, long *value);

/* Whether a text, or NULL, may stand in nginx's configuration between
 * quotes.  False: stderr says why. */
bool nt_cli_plain(const char *what, const char *text);

/* Whether only this machine can reach `host`. */
bool nt_cli_loopback(const char *host);

/* Whether a caller from another machine has to have a token. */
bool nt_cli_guarded(const nt_cli_options_t *options);

#endif
