#include "cli/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"


/* In the new process. */
static void
exec_program(const char *const *argv, int out)
{
    sigset_t none;

    (void) sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);

    if (dup2(out, STDOUT_FILENO) != -1 && dup2(out, STDERR_FILENO) != -1) {
        (void) execv(argv[0], (char *const *) argv);
    }

    _exit(NT_CLI_FAILED);
}


static void
read_all(int fd, char *text, size_t size)
{
    char    rest[1024];
    size_t  len = 0;
    ssize_t n;

    do {
        n = len < size - 1 ? read(fd, text + len, size - 1 - len)
                           : read(fd, rest, sizeof(rest));

        if (n > 0 && len < size - 1) {
            len += (size_t) n;
        }
    } while (n > 0 || (n == -1 && errno == EINTR));

    text[len] = '\0';
}


int
nt_cli_capture(const char *const *argv, char *text, size_t size)
{
    int   out[2], status;
    pid_t pid;

    text[0] = '\0';

    if (pipe2(out, O_CLOEXEC) == -1) {
        return -1;
    }

    pid = fork();
    if (pid == 0) {
        exec_program(argv, out[1]);
    }

    (void) close(out[1]);

    if (pid != -1) {
        read_all(out[0], text, size);
    }

    (void) close(out[0]);

    if (pid == -1 || waitpid(pid, &status, 0) == -1) {
        return -1;
    }

    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
