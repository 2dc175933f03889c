/*
 * engine/ws/shell.h - a login shell at a new pseudo-terminal.
 *
 * The shell leads a session and the terminal is its controlling one, so jobs,
 * Ctrl-C and SIGHUP work as at any terminal.  It gets the user's home as its
 * folder, and of the environment what a login has: no key and no token of the
 * server.
 */

#ifndef NT_SHELL_H
#define NT_SHELL_H

#include <uv.h>

/* Starts $SHELL, else bash or sh.  *process is zeroed; where its loop is set,
 * its handle is to be closed, also after an error.  0: *master is the
 * descriptor to read and write, owned by the caller.  Else a libuv error, and
 * *what could not be had (text that is not owned). */
int nt_shell_start(uv_loop_t *loop, uv_process_t *process, uv_exit_cb on_exit,
                   int *master, const char **what);

#endif
