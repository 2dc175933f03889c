/*
 * cli/child.h - one program that runs under this command.
 */

#ifndef NT_CLI_CHILD_H
#define NT_CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NT_CHILD_ARGS 32
#define NT_CHILD_ENV  4

typedef struct nt_child {
    const char *name;                /* for messages */
    const char *argv[NT_CHILD_ARGS]; /* ended by NULL; borrowed */
    const char *env[NT_CHILD_ENV];   /* "NAME=VALUE", for it alone; the same */
    const char *log;                 /* file for stdout and stderr; borrowed */

    /* Whether it serves; asked again and again after a start. */
    bool (*ready)(void *arg);
    void    *arg;
    unsigned ready_ms; /* how long that may take */

    /* Whether it may be told to reload; NULL: it may.  False: said. */
    bool (*reloadable)(void *arg);

    int      stop_signal;
    unsigned stop_ms; /* until it is killed */

    /* Asked to stop at the same time, or NULL: it holds what this one waits
     * for. */
    struct nt_child *stop_with;

    /* private */
    pid_t    pid; /* 0: does not run */
    int64_t  started_at;
    int64_t  restart_at; /* 0: not to be started again */
    unsigned backoff_ms;
    off_t    log_start; /* where this run's lines begin */
} nt_child_t;

/* Milliseconds of a clock that only goes forward. */
int64_t nt_cli_now(void);

/* Starts the program in a process group of its own; it gets SIGTERM when
 * this process dies, however that comes.  False when it could not be
 * executed, said on stderr. */
bool nt_child_start(nt_child_t *child);

/* Sends a signal to the program, or to its whole group. */
void nt_child_signal(nt_child_t *child, int signal, bool group);

/* Prints the last lines that the program wrote since its start. */
void nt_child_print_log(const nt_child_t *child);

/* "ended with status 1", "was killed by signal 9"; static storage. */
const char *nt_child_describe(int status);

#endif
