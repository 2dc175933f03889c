#include "cli/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

#define NT_BACKOFF_MIN 200   /* ms before the first restart */
#define NT_BACKOFF_MAX 30000 /* and before any */
#define NT_STEADY      60000 /* who ran that long begins anew */
#define NT_READY_POLL  20    /* ms between two questions */
#define NT_READY_SAY   3000  /* ms after which a start is slow */


bool
nt_supervisor_init(nt_supervisor_t *s)
{
    sigset_t set;

    *s = (nt_supervisor_t) { .signals = -1 };

    (void) sigemptyset(&set);
    (void) sigaddset(&set, SIGTERM);
    (void) sigaddset(&set, SIGINT);
    (void) sigaddset(&set, SIGHUP);
    (void) sigaddset(&set, SIGCHLD);

    (void) signal(SIGPIPE, SIG_IGN);

    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
        (s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
    {
        nt_cli_say("signals: %s", strerror(errno));
        return false;
    }

    return true;
}


static nt_child_t *
find_child(nt_supervisor_t *s, pid_t pid)
{
    for (unsigned i = 0; i < s->n_children; i++) {
        if (s->children[i]->pid == pid) {
            return s->children[i];
        }
    }

    return NULL;
}


static void
plan_restart(nt_child_t *child)
{
    int64_t now = nt_cli_now();

    if (child->backoff_ms == 0 || now - child->started_at > NT_STEADY) {
        child->backoff_ms = NT_BACKOFF_MIN;
    } else if (child->backoff_ms < NT_BACKOFF_MAX) {
        child->backoff_ms *= 2;
    }

    if (child->backoff_ms > NT_BACKOFF_MAX) {
        child->backoff_ms = NT_BACKOFF_MAX;
    }

    child->restart_at = now + child->backoff_ms;
}


/* Takes note of programs that have ended. */
static void
reap(nt_supervisor_t *s, bool restart)
{
    int         status;
    pid_t       pid;
    nt_child_t *child;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        child = find_child(s, pid);
        if (child == NULL) {
            continue;
        }

        /* what is left of it holds ports and sockets of the next one */
        nt_child_signal(child, SIGKILL, true);
        child->pid = 0;

        if (!restart) {
            continue;
        }

        plan_restart(child);
        nt_cli_log("%s (process %d) %s; it is started again in %.1f s, its "
                   "log is %s",
                   child->name, (int) pid, nt_child_describe(status),
                   child->backoff_ms / 1000.0, child->log);
    }
}


/* Waits for a signal, at most `timeout` ms, and takes note of it. */
static void
wait_signal(nt_supervisor_t *s, int timeout, bool restart)
{
    struct pollfd           fd = { .fd = s->signals, .events = POLLIN };
    struct signalfd_siginfo info;

    (void) poll(&fd, 1, timeout);

    while (read(s->signals, &info, sizeof(info)) == (ssize_t) sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            s->reload = true;
        } else if (info.ssi_signo != SIGCHLD) {
            s->stopping++;
        }
    }

    reap(s, restart);
}


bool
nt_supervisor_start(nt_supervisor_t *s, nt_child_t *child)
{
    bool    said = false;
    int64_t until;

    s->children[s->n_children++] = child;

    if (!nt_child_start(child)) {
        return false;
    }

    until = child->started_at + child->ready_ms;

    while (s->stopping == 0 && child->pid != 0) {
        if (child->ready(child->arg)) {
            return true;
        }

        if (nt_cli_now() > until) {
            break;
        }

        if (!said && nt_cli_now() > child->started_at + NT_READY_SAY) {
            said = true;
            nt_cli_say("waiting for %s (at most %lld s); its log, %s, ends "
                       "with:",
                       child->name, (long long) child->ready_ms / 1000,
                       child->log);
            nt_child_print_log(child);
        }

        wait_signal(s, NT_READY_POLL, false);
    }

    if (s->stopping == 0) {
        nt_cli_say("%s %s; its log, %s, ends with:", child->name,
                   child->pid == 0 ? "has ended" : "does not get ready",
                   child->log);
        nt_child_print_log(child);
    }

    return false;
}


/* Starts what is due; how long until the next is, in ms, -1 for none. */
static int
restart_due(nt_supervisor_t *s)
{
    int64_t now = nt_cli_now(), next = -1;

    for (unsigned i = 0; i < s->n_children; i++) {
        nt_child_t *child = s->children[i];

        if (child->restart_at == 0) {
            continue;
        }

        if (child->restart_at <= now) {
            if (nt_child_start(child)) {
                nt_cli_log("%s is started again (process %d)", child->name,
                           (int) child->pid);
                continue;
            }

            plan_restart(child);
        }

        if (next == -1 || child->restart_at - now < next) {
            next = child->restart_at - now;
        }
    }

    return (int) next;
}


static void
reload(nt_child_t *child)
{
    if (child->reloadable == NULL || child->reloadable(child->arg)) {
        nt_cli_log("reloading %s", child->name);
        nt_child_signal(child, SIGHUP, false);
    }
}


void
nt_supervisor_run(nt_supervisor_t *s)
{
    while (s->stopping == 0) {
        wait_signal(s, restart_due(s), true);

        if (s->reload) {
            s->reload = false;
            reload(s->children[s->n_children - 1]);
        }
    }
}


static void
stop_child(nt_supervisor_t *s, nt_child_t *child)
{
    int     asked = s->stopping;
    int64_t until = nt_cli_now() + child->stop_ms;

    nt_child_signal(child, child->stop_signal, false);

    if (child->stop_with != NULL) {
        nt_child_signal(child->stop_with, child->stop_with->stop_signal, false);
    }

    while (child->pid != 0 && nt_cli_now() < until && s->stopping == asked) {
        wait_signal(s, NT_READY_POLL, false);
    }

    if (child->pid != 0) {
        nt_cli_log("%s has not ended, killing it", child->name);
        nt_child_signal(child, SIGKILL, true);

        while (child->pid != 0) {
            wait_signal(s, NT_READY_POLL, false);
        }
    }
}


void
nt_supervisor_stop(nt_supervisor_t *s)
{
    while (s->n_children > 0) {
        stop_child(s, s->children[s->n_children - 1]);
        s->n_children--;
    }

    (void) close(s->signals);
}
