/*
 * cli/run_options.h - what `nodetool run` is to run.
 */

#ifndef NT_CLI_RUN_OPTIONS_H
#define NT_CLI_RUN_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>

typedef struct {
    char   *home;        /* owned */
    char   *workflow_id; /* for events; owned */
    json_t *graph;       /* owned */
    json_t *params;      /* an object; owned */
    bool    jsonl;
    bool    allow_code;
    bool    allow_code_network;
    char   *http_allow; /* networks, or NULL; owned */
} nt_run_request_t;

/* As nt_cli_options_parse. Free in any case. */
int  nt_run_request_parse(nt_run_request_t *request, int argc, char **argv);
void nt_run_request_free(nt_run_request_t *request);

#endif
