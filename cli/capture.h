/*
 * cli/capture.h - what another program says, run to its end.
 */

#ifndef NT_CLI_CAPTURE_H
#define NT_CLI_CAPTURE_H

#include <stddef.h>

/* Runs argv, ended by NULL, and puts its stdout and stderr into `text`, ended
 * by NUL, as much as fits; the rest is read over.  Its exit status, -1 when
 * it could not be run or was killed. */
int nt_cli_capture(const char *const *argv, char *text, size_t size);

#endif
