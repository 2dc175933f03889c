/*
 * engine/options.h - the command line of nodetool-engine.
 */

#ifndef NT_OPTIONS_H
#define NT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/log.h"
#include "engine/ws/terminal.h"

#define NT_ENGINE_VERSION "0.1.0"

typedef struct {
    const char    *socket;
    const char    *home;
    const char    *redis;      /* URL; NULL: jobs are kept in memory */
    const char    *nodes;      /* folder of node libraries, or NULL */
    const char    *examples;   /* folder of workflows, or NULL */
    const char    *http_allow; /* networks that workflows may reach, or NULL */
    bool           allow_code; /* of workflows, in a sandbox ... */
    bool           allow_code_network; /* ... that has the network */
    unsigned       max_running;
    unsigned       max_queued;
    unsigned       max_user;     /* running jobs of one; 0: no limit */
    unsigned       max_workflow; /* the same */
    unsigned       job_ttl;      /* seconds */
    size_t         max_memory;   /* bytes of the memory store */
    size_t         max_body;     /* bytes */
    unsigned       lease_ms;     /* of a job in Redis */
    unsigned       drain;        /* seconds */
    bool           terminal;     /* /terminal, if the environment allows it */
    nt_terminals_t terminals;    /* its limits */
    nt_log_level_t log_level;
} nt_options_t;

typedef enum {
    NT_OPTIONS_RUN,
    NT_OPTIONS_EXIT, /* --help or --version have been answered */
    NT_OPTIONS_WRONG /* stderr has said why */
} nt_options_result_t;

/* Strings point into argv. */
nt_options_result_t nt_options_parse(nt_options_t *options, int argc,
                                     char **argv);

#endif
