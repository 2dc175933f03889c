#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define NT_LOG_TAIL 4096 /* bytes of a log that are printed at most */


int64_t
nt_cli_now(void)
{
    struct timespec ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}


/* In the new process: the program, or errno through `report`. */
static void
exec_child(const nt_child_t *child, int log, int report, pid_t parent)
{
    int      null, error;
    sigset_t none;

    (void) setpgid(0, 0);
    (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void) sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);
    (void) signal(SIGPIPE, SIG_DFL);

    if (getppid() != parent) {
        _exit(NT_CLI_FAILED); /* it died before it could be watched */
    }

    for (int i = 0; i < NT_CHILD_ENV && child->env[i] != NULL; i++) {
        (void) putenv((char *) child->env[i]);
    }

    null = open("/dev/null", O_RDONLY);
    if (null != -1 && dup2(null, STDIN_FILENO) != -1 &&
        dup2(log, STDOUT_FILENO) != -1 && dup2(log, STDERR_FILENO) != -1)
    {
        (void) execv(child->argv[0], (char *const *) child->argv);
    }

    error = errno;
    while (write(report, &error, sizeof(error)) == -1 && errno == EINTR) {
        /* void */
    }

    _exit(NT_CLI_FAILED);
}


/* 0 when the program has been executed, else an errno value. */
static int
exec_result(int report)
{
    int     error;
    ssize_t n;

    do {
        n = read(report, &error, sizeof(error));
    } while (n == -1 && errno == EINTR);

    return n == (ssize_t) sizeof(error) ? error : 0;
}


static bool
start_failed(const nt_child_t *child, const char *what, int error)
{
    nt_cli_log("%s cannot be started: %s: %s", child->name, what,
               strerror(error));

    return false;
}


bool
nt_child_start(nt_child_t *child)
{
    int   log, report[2], error;
    pid_t pid, self = getpid();

    log = open(child->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log == -1) {
        return start_failed(child, child->log, errno);
    }

    child->log_start = lseek(log, 0, SEEK_END);

    if (pipe2(report, O_CLOEXEC) == -1) {
        error = errno;
        (void) close(log);
        return start_failed(child, "pipe", error);
    }

    pid = fork();
    if (pid == 0) {
        exec_child(child, log, report[1], self);
    }

    error = errno;
    (void) close(log);
    (void) close(report[1]);

    if (pid != -1) {
        (void) setpgid(pid, pid); /* whoever of the two comes first */
        error = exec_result(report[0]);
    }

    (void) close(report[0]);

    if (pid == -1) {
        return start_failed(child, "fork", error);
    }

    if (error != 0) {
        (void) waitpid(pid, NULL, 0);
        return start_failed(child, child->argv[0], error);
    }

    child->pid = pid;
    child->started_at = nt_cli_now();
    child->restart_at = 0;

    return true;
}


void
nt_child_signal(nt_child_t *child, int signal, bool group)
{
    if (child->pid != 0) {
        (void) kill(group ? -child->pid : child->pid, signal);
    }
}


void
nt_child_print_log(const nt_child_t *child)
{
    int         fd;
    char        text[NT_LOG_TAIL];
    off_t       end, start = child->log_start;
    ssize_t     n, len;
    const char *line, *newline;

    fd = open(child->log, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return;
    }

    end = lseek(fd, 0, SEEK_END);
    if (end - start > NT_LOG_TAIL) {
        start = end - NT_LOG_TAIL;
    }

    n = pread(fd, text, sizeof(text), start);
    (void) close(fd);

    for (line = text; n > 0; line += len + 1, n -= len + 1) {
        newline = memchr(line, '\n', (size_t) n);
        len = newline != NULL ? newline - line : n;
        (void) fprintf(stderr, "    %.*s\n", (int) len, line);
    }
}


const char *
nt_child_describe(int status)
{
    static char text[64];

    if (WIFSIGNALED(status)) {
        (void) snprintf(text, sizeof(text), "was killed by signal %d (%s)",
                        WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        (void) snprintf(text, sizeof(text), "ended with status %d",
                        WEXITSTATUS(status));
    }

    return text;
}
