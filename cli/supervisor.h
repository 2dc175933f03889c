/*
 * cli/supervisor.h - keeps a few programs running until it is told to stop.
 */

#ifndef NT_CLI_SUPERVISOR_H
#define NT_CLI_SUPERVISOR_H

#include "cli/child.h"

#define NT_CHILDREN_MAX 4

typedef struct {
    nt_child_t *children[NT_CHILDREN_MAX]; /* in the order of their start */
    unsigned    n_children;
    int         signals;  /* signalfd */
    int         stopping; /* signals that asked for it, so far */
    bool        reload;   /* SIGHUP has come */
} nt_supervisor_t;

/* Takes SIGTERM, SIGINT, SIGHUP and SIGCHLD over. False: said on stderr. */
bool nt_supervisor_init(nt_supervisor_t *supervisor);

/* Starts a program and waits until it is ready.  False when it ended, or
 * was not ready in time (said, with its last lines), or when a signal asked
 * to stop meanwhile. */
bool nt_supervisor_start(nt_supervisor_t *supervisor, nt_child_t *child);

/* Starts again what ends, after a pause that doubles each time; passes
 * SIGHUP to the last program.  Returns when asked to stop. */
void nt_supervisor_run(nt_supervisor_t *supervisor);

/* Stops the programs, the last that was started first; what does not end in
 * its time, or when a second signal comes, is killed. */
void nt_supervisor_stop(nt_supervisor_t *supervisor);

#endif
