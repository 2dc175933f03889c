/*
 * engine/ws/pty.c - the descriptor of a terminal on the loop.
 *
 * Not one of libuv's streams: they take a read that brings less than asked
 * for, and a hang-up, for the end, but a terminal gives at most a page at a
 * time, and has more.
 */

#include "engine/ws/pty.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/nt_buf.h"
#include "core/nt_utf8.h"
#include "engine/ws/shell.h"

#define NT_PTY_READ  8192 /* bytes; the kernel gives 4095 at most */
#define NT_PTY_READS 8    /* in a turn of the loop */
#define NT_PTY_GRACE 1000 /* ms from the last output to the shell's end */
#define NT_PTY_KILL  2000 /* ms from SIGHUP to SIGKILL */

struct nt_pty {
    nt_pty_events_t events;

    uv_poll_t    poll; /* of `master` */
    uv_process_t process;
    uv_timer_t   timer;   /* grace, then SIGKILL */
    unsigned     handles; /* open ones */

    int   master;     /* -1: closed */
    pid_t shell;      /* leads its session and its process group */
    pid_t foreground; /* process group to kill with it; 0: none */
    int   status;

    bool reading; /* somebody wants output */
    bool drained; /* there is no more */
    bool exited;
    bool told; /* `exit` has been called */

    nt_buf_t input; /* waits, from `written` on */
    size_t   written;

    size_t carry; /* bytes of `in`: a character without its end */
    char   in[4 + NT_PTY_READ];
};


/* --- the end --------------------------------------------------------------*/

static void
on_closed(uv_handle_t *handle)
{
    nt_pty_t *pty = handle->data;

    if (--pty->handles == 0) {
        nt_buf_free(&pty->input);
        free(pty);
    }
}


static void
close_handle(void *handle)
{
    uv_handle_t *h = handle;

    if (h->loop != NULL && !uv_is_closing(h)) {
        uv_close(h, on_closed);
    }
}


static void
close_master(nt_pty_t *pty)
{
    close_handle(&pty->poll);

    if (pty->master != -1) {
        (void) close(pty->master);
        pty->master = -1;
    }
}


/* Says that it is over, when it is; from the loop, never from within a call
 * of the owner's. */
static void
finish(nt_pty_t *pty)
{
    if (!pty->exited || !pty->drained || pty->told) {
        return;
    }

    pty->told = true;

    close_master(pty);
    close_handle(&pty->process);
    close_handle(&pty->timer);

    if (pty->events.exit != NULL) {
        pty->events.exit(pty->events.arg, pty->status);
    }
}


static void
on_finish(uv_timer_t *timer)
{
    finish(timer->data);
}


static void
on_exit_status(uv_process_t *process, int64_t status, int signal)
{
    nt_pty_t *pty = process->data;

    pty->exited = true;
    pty->status = signal != 0 ? 128 + signal : (int) status;

    /* what was in the foreground and ignores that the terminal is gone; the
     * number of a group is not taken anew while it has members */
    if (pty->foreground != 0) {
        (void) kill(-pty->foreground, SIGKILL);
    }

    finish(pty);
}


static void
on_kill(uv_timer_t *timer)
{
    nt_pty_t *pty = timer->data;

    (void) kill(-pty->shell, SIGKILL);

    if (pty->foreground != 0) {
        (void) kill(-pty->foreground, SIGKILL);
    }
}


void
nt_pty_hang_up(nt_pty_t *pty)
{
    pid_t group;

    if (pty->master == -1) {
        return;
    }

    pty->drained = true;

    if (pty->exited) {
        (void) uv_timer_start(&pty->timer, on_finish, 0, 0);

    } else {
        group = tcgetpgrp(pty->master);
        pty->foreground = group > 1 ? group : 0; /* others are not a group */

        (void) kill(-pty->shell, SIGHUP);
        (void) kill(-pty->shell, SIGCONT); /* one that is stopped, too */
        (void) uv_timer_start(&pty->timer, on_kill, NT_PTY_KILL, 0);
    }

    close_master(pty); /* the kernel tells the foreground */
}


/* --- reading and writing --------------------------------------------------*/

static void on_event(uv_poll_t *poll, int status, int events);


/* Asks the loop for what is wanted. */
static void
update(nt_pty_t *pty)
{
    int events = (pty->reading && !pty->drained ? UV_READABLE : 0) |
                 (pty->written < pty->input.len ? UV_WRITABLE : 0);

    if (pty->master == -1) {
        return;
    }

    if (events == 0) {
        (void) uv_poll_stop(&pty->poll);

    } else if (uv_poll_start(&pty->poll, events, on_event) != 0) {
        nt_pty_hang_up(pty);
    }
}


static void
on_grace(uv_timer_t *timer)
{
    nt_pty_hang_up(timer->data);
}


static void
take_output(nt_pty_t *pty, size_t n)
{
    size_t len = pty->carry + n, rest = nt_utf8_unfinished(pty->in, len);

    if (len > rest) {
        pty->events.output(pty->events.arg, pty->in, len - rest);
    }

    memmove(pty->in, pty->in + len - rest, rest);
    pty->carry = rest;
}


/* Nobody has the terminal open any more: a shell that goes on has left it. */
static void
take_end(nt_pty_t *pty)
{
    pty->drained = true;

    if (pty->carry > 0) {
        pty->events.output(pty->events.arg, pty->in, pty->carry);
    }

    if (!pty->exited) {
        (void) uv_timer_start(&pty->timer, on_grace, NT_PTY_GRACE, 0);
    }
}


static void
read_some(nt_pty_t *pty)
{
    ssize_t n;

    for (int i = 0; i < NT_PTY_READS && pty->reading && !pty->drained; i++) {
        do {
            n = read(pty->master, pty->in + pty->carry, NT_PTY_READ);
        } while (n == -1 && errno == EINTR);

        if (n > 0) {
            take_output(pty, (size_t) n);

        } else if (n == 0 || errno != EAGAIN) {
            take_end(pty); /* EIO */

        } else {
            return;
        }
    }
}


/* What the terminal takes of what waits. */
static void
write_some(nt_pty_t *pty)
{
    ssize_t   n;
    nt_buf_t *input = &pty->input;

    while (pty->written < input->len) {
        n = write(pty->master, input->data + pty->written,
                  input->len - pty->written);

        if (n > 0) {
            pty->written += (size_t) n;

        } else if (n == -1 && errno == EAGAIN) {
            return;

        } else if (n == 0 || errno != EINTR) {
            break; /* nobody will read it */
        }
    }

    nt_buf_free(input);
    pty->written = 0;
}


static void
on_event(uv_poll_t *poll, int status, int events)
{
    nt_pty_t *pty = poll->data;

    if (status < 0) {
        nt_pty_hang_up(pty);
        return;
    }

    if (events & UV_WRITABLE) {
        write_some(pty);
    }

    if (events & UV_READABLE) {
        read_some(pty);
    }

    update(pty);
    finish(pty);
}


void
nt_pty_read(nt_pty_t *pty, bool on)
{
    if (on != pty->reading) {
        pty->reading = on;
        update(pty);
    }
}


bool
nt_pty_write(nt_pty_t *pty, const char *data, size_t len)
{
    nt_buf_t *input = &pty->input;

    if (input->len - pty->written + len > NT_PTY_INPUT_MAX) {
        return false;
    }

    if (pty->written > 0) {
        input->len -= pty->written;
        memmove(input->data, input->data + pty->written, input->len);
        pty->written = 0;
    }

    nt_buf_append(input, data, len);
    if (input->failed) {
        input->failed = false;
        return false;
    }

    write_some(pty);
    update(pty);

    return true;
}


bool
nt_pty_resize(nt_pty_t *pty, unsigned columns, unsigned rows)
{
    const struct winsize size = { .ws_col = (unsigned short) columns,
                                  .ws_row = (unsigned short) rows };

    return ioctl(pty->master, TIOCSWINSZ, &size) == 0;
}


pid_t
nt_pty_process(const nt_pty_t *pty)
{
    return pty->shell;
}


/* --- the start ------------------------------------------------------------*/

/* Ends what was not started whole, without a word. */
static void
abandon(nt_pty_t *pty)
{
    pty->events.exit = NULL;

    if (pty->shell != 0) {
        nt_pty_hang_up(pty);

    } else {
        close_handle(&pty->process);
        close_handle(&pty->timer);
    }
}


nt_pty_t *
nt_pty_start(uv_loop_t *loop, const nt_pty_events_t *events, int *error,
             const char **what)
{
    nt_pty_t *pty = calloc(1, sizeof(*pty));

    *what = "memory";
    *error = UV_ENOMEM;

    if (pty == NULL) {
        return NULL;
    }

    pty->events = *events;
    pty->master = -1;
    pty->reading = true;
    pty->poll.data = pty->process.data = pty->timer.data = pty;

    (void) uv_timer_init(loop, &pty->timer);
    pty->handles = 1;

    *error =
        nt_shell_start(loop, &pty->process, on_exit_status, &pty->master, what);
    pty->handles += pty->process.loop != NULL;

    if (*error == 0) {
        pty->shell = pty->process.pid;
        *error = uv_poll_init(loop, &pty->poll, pty->master);
        pty->handles += *error == 0;
    }

    if (*error != 0) {
        abandon(pty);
        return NULL;
    }

    update(pty);

    return pty;
}
