/*
 * cli/paths.h - where the programs and files of this suite are, in a build
 * folder or installed.
 */

#ifndef NT_CLI_PATHS_H
#define NT_CLI_PATHS_H

#include <stdbool.h>

typedef struct {
    char *engine; /* nodetool-engine */
    char *nginx;
    char *redis;   /* redis-server */
    char *modules; /* folder of ngx_http_nodetool_*_module.so */
    char *share;   /* folder of conf/ and examples/ */
} nt_paths_t;

/* Finds nginx, modules and shared files, and where asked for the engine and
 * redis-server.  False: stderr says what is missing and what to do. Free in
 * any case. */
bool nt_paths_find(nt_paths_t *paths, bool engine, bool redis);
void nt_paths_free(nt_paths_t *paths);

#endif
