/*
 * engine/ws/pty.h - a shell behind a pseudo-terminal: what it shows, what is
 * typed, and its end.
 *
 * Everything belongs to the loop's thread.
 */

#ifndef NT_PTY_H
#define NT_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#define NT_PTY_SIZE_MAX  1000       /* columns and rows */
#define NT_PTY_INPUT_MAX (1u << 20) /* bytes that wait for the shell */

typedef struct nt_pty nt_pty_t;

typedef struct {
    /* What the shell shows; a character of UTF-8 comes whole. */
    void (*output)(void *arg, const char *data, size_t len);

    /* The shell has ended, and all that it showed was given, but after a
     * hang-up.  Its status, 128 + N for signal N.  The last call: the pty is
     * gone then. */
    void (*exit)(void *arg, int status);

    void *arg;
} nt_pty_events_t;

/* NULL: *error is a libuv error, *what could not be had (text that is not
 * owned).  No event comes before this has returned. */
nt_pty_t *nt_pty_start(uv_loop_t *loop, const nt_pty_events_t *events,
                       int *error, const char **what);

pid_t nt_pty_process(const nt_pty_t *pty);

/* Whether `output` comes; true at first.  A shell that nobody reads waits. */
void nt_pty_read(nt_pty_t *pty, bool on);

/* False: nothing was written, as too much waits already or memory is out. */
bool nt_pty_write(nt_pty_t *pty, const char *data, size_t len);

/* False when the terminal takes no size. */
bool nt_pty_resize(nt_pty_t *pty, unsigned columns, unsigned rows);

/* Takes the terminal away, as when a line is lost: the shell gets SIGHUP,
 * passes it to its jobs, and ends; after two seconds it and what is in the
 * foreground get SIGKILL.  No more output; `exit` comes in any case. */
void nt_pty_hang_up(nt_pty_t *pty);

#endif
