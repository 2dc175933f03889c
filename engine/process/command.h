/*
 * engine/process/command.h - how a program is started: the launcher that sets
 * its limits, and the sandbox.
 *
 * Limits are set by setpriv and prlimit (util-linux), the sandbox is bwrap
 * (bubblewrap); each replaces itself with what it was given to run.
 */

#ifndef NT_PROCESS_COMMAND_H
#define NT_PROCESS_COMMAND_H

#include "engine/nodetool_node.h"
#include "engine/process/argv.h"

#define NT_SANDBOX_FOLDER "/workspace" /* the folder's name in a sandbox */
#define NT_SANDBOX_FD     3            /* its descriptor, for bwrap */
#define NT_SANDBOX_FILE   4            /* that of what becomes /run/input */

/* As whom programs run when the engine is root: nobody. */
#define NT_PROCESS_NOBODY 65534

/* Signals of limits, as exit statuses. */
#define NT_STATUS_XCPU (128 + SIGXCPU)
#define NT_STATUS_XFSZ (128 + SIGXFSZ)

/* The limits of a process with the defaults filled in. */
nt_process_t nt_process_limits(const nt_process_t *process);

/* The whole command line for `process`, which has its limits filled in.
 * False: *error is a sentence (malloc'ed). */
bool nt_process_command(nt_argv_t *argv, const nt_process_t *process,
                        char **error);

/* The environment, of which nothing is the engine's.  `folder` is where the
 * program works. */
void nt_process_environment(nt_argv_t *env, const nt_process_t *process,
                            const char *folder);

#endif
