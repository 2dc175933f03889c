#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "engine/process/argv.h"
#include "engine/ws/shell.h"

#define NT_SHELL_PATH "/usr/local/bin:/usr/bin:/bin"

/* util-linux: makes a session of itself and the terminal its own, and then
 * becomes the shell.  A fork of the engine could not do that: libuv's offers
 * no such step, and code of ours between fork and exec would have to do
 * without everything that takes a lock in another thread. */
#define NT_SHELL_SETSID "/usr/bin/setsid"


static const char *
shell_path(void)
{
    const char *shell = getenv("SHELL");

    if (shell != NULL && shell[0] != '\0') {
        return shell;
    }

    return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}


static const char *
home_path(void)
{
    const char *home = getenv("HOME");

    return home != NULL && access(home, X_OK) == 0 ? home : "/";
}


/* The variables of a login; those of a server may be secrets. */
static void
environment(nt_argv_t *env, const char *shell)
{
    static const char *const names[] = { "HOME", "USER",   "LOGNAME",
                                         "LANG", "TMPDIR", "LANGUAGE",
                                         "TZ" };

    const char *value = getenv("PATH");

    nt_argv_addf(env, "PATH=%s", value != NULL ? value : NT_SHELL_PATH);
    nt_argv_addf(env, "SHELL=%s", shell);
    nt_argv_add(env, "TERM=xterm-256color");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = getenv(names[i]);
        if (value != NULL) {
            nt_argv_addf(env, "%s=%s", names[i], value);
        }
    }

    for (char **p = environ; *p != NULL; p++) {
        if (strncmp(*p, "LC_", 3) == 0) {
            nt_argv_add(env, *p);
        }
    }
}


/* Both ends of a new terminal.  0 or -errno. */
static int
open_pty(int *master, int *slave)
{
    int                  error;
    struct termios       mode;
    const struct winsize size = { .ws_col = 80, .ws_row = 24 };

    *slave = -1;
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (*master != -1 && grantpt(*master) == 0 && unlockpt(*master) == 0) {
        *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    }

    if (*slave == -1) {
        error = errno;
        if (*master != -1) {
            (void) close(*master);
        }

        return -error;
    }

    /* erasing takes a character, not a byte of it */
    if (tcgetattr(*slave, &mode) == 0) {
        mode.c_iflag |= IUTF8;
        (void) tcsetattr(*slave, TCSANOW, &mode);
    }

    (void) ioctl(*master, TIOCSWINSZ, &size);

    return 0;
}


static int
spawn(uv_loop_t *loop, uv_process_t *process, uv_exit_cb on_exit, int slave,
      const nt_argv_t *argv, const nt_argv_t *env)
{
    uv_stdio_container_t stdio[3];
    uv_process_options_t options = { .exit_cb = on_exit,
                                     .file = NT_SHELL_SETSID,
                                     .args = argv->items,
                                     .env = env->items,
                                     .cwd = home_path(),
                                     .stdio = stdio,
                                     .stdio_count = 3 };

    for (int i = 0; i < 3; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = slave;
    }

    /* what the engine was started with is not the shell's, either */
    (void) close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);

    return uv_spawn(loop, process, &options);
}


int
nt_shell_start(uv_loop_t *loop, uv_process_t *process, uv_exit_cb on_exit,
               int *master, const char **what)
{
    int         rc, slave;
    nt_argv_t   argv = { 0 }, env = { 0 };
    const char *shell = shell_path();

    *what = shell;
    if (access(shell, X_OK) == -1) {
        return -errno;
    }

    nt_argv_list(&argv, NT_SHELL_SETSID, "--ctty", shell, "-l");
    environment(&env, shell);

    if (nt_argv_get(&argv) != NULL && nt_argv_get(&env) != NULL) {
        *what = "pseudo-terminal";
        rc = open_pty(master, &slave);
    } else {
        rc = UV_ENOMEM;
    }

    if (rc == 0) {
        *what = NT_SHELL_SETSID;
        rc = spawn(loop, process, on_exit, slave, &argv, &env);
        (void) close(slave);

        if (rc != 0) {
            (void) close(*master);
            *master = -1;
        }
    }

    nt_argv_free(&argv);
    nt_argv_free(&env);

    return rc;
}
