#include "engine/process/command.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define PATH "/usr/local/bin:/usr/bin:/bin"

#define TMP_SIZE  "268435456" /* bytes of /tmp in a sandbox: 256 MiB */
#define SHM_SIZE  "67108864"  /* of its /dev/shm: 64 MiB */
#define MAX_FILES "1024"
#define MAX_PROCS "256" /* processes and threads in a sandbox */

#define VISIBLE "/mnt" /* where a workspace is for nobody, see add_view() */


/* Where Debian has the programs that nodes run, when not in the package of
 * their name. */
static const struct {
    const char *program;
    const char *package;
} packages[] = { { "bwrap", "bubblewrap" },   { "ffprobe", "ffmpeg" },
                 { "lua", "lua5.4" },         { "node", "nodejs" },
                 { "prlimit", "util-linux" }, { "setpriv", "util-linux" } };


nt_process_t
nt_process_limits(const nt_process_t *process)
{
    nt_process_t p = *process;

    if (p.timeout <= 0) {
        p.timeout = 600;
    }
    if (p.cpu <= 0) {
        p.cpu = p.timeout;
    }
    if (p.memory == 0) {
        p.memory = (size_t) 4 << 30;
    }
    if (p.file_size == 0) {
        p.file_size = (size_t) 1 << 30;
    }
    if (p.output_limit == 0) {
        p.output_limit = (size_t) 64 << 20;
    }

    return p;
}


/* The absolute name of a program in `path`, malloc'ed; NULL when it is not
 * there. */
static char *
find_program(const char *path, const char *name)
{
    char  *full;
    size_t len;

    if (strchr(name, '/') != NULL) {
        return access(name, X_OK) == 0 ? strdup(name) : NULL;
    }

    for (/* void */; *path != '\0'; path += len + (path[len] == ':')) {
        len = strcspn(path, ":");

        if (path[0] != '/' ||
            asprintf(&full, "%.*s/%s", (int) len, path, name) == -1) {
            continue;
        }

        if (access(full, X_OK) == 0) {
            return full;
        }

        free(full);
    }

    return NULL;
}


/* Adds the absolute name of a program. A sandbox does not see all places that
 * the engine may have programs from. */
static bool
add_program(nt_argv_t *argv, const char *name, bool sandbox, char **error)
{
    char       *full;
    size_t      i;
    const char *package = name;
    const char *path = sandbox ? NULL : getenv("PATH");

    full = find_program(path != NULL && *path != '\0' ? path : PATH, name);
    if (full != NULL) {
        nt_argv_add(argv, full);
        free(full);
        return true;
    }

    for (i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        if (strcmp(name, packages[i].program) == 0) {
            package = packages[i].package;
        }
    }

    if (strchr(name, '/') != NULL ||
        asprintf(error,
                 "the program \"%s\" is not installed on this server; it "
                 "comes with the package %s",
                 name, package) == -1)
    {
        *error = strdup("the program is not on this server");
    }

    return false;
}


/* Of root's programs, those that run in a workspace. */
static bool
has_view(const nt_process_t *p)
{
    return geteuid() == 0 && (p->flags & NT_PROCESS_SANDBOX) &&
           (p->flags & NT_PROCESS_WORKSPACE);
}


/* A workspace is in the home, that none but root may enter; bwrap finds what
 * it binds by its path, and is nobody then.  So root first shows it the
 * workspace at another place, in a mount namespace of the program's own. */
static bool
add_view(nt_argv_t *argv, char **error)
{
    if (!add_program(argv, "bwrap", false, error)) {
        return false;
    }

    nt_argv_list(argv, "--die-with-parent", "--dev-bind", "/", "/",
                 "--bind-fd");
    nt_argv_addf(argv, "%d", NT_SANDBOX_FD);
    nt_argv_list(argv, VISIBLE, "--");

    return true;
}


/* As root, programs run as nobody: root has no limit on processes, and what
 * reads files of strangers needs no rights.  Nor do they inherit capabilities,
 * such as the one for ports below 1024: bwrap refuses to start with any. */
static bool
add_launcher(nt_argv_t *argv, const nt_process_t *p, char **error)
{
    if (!add_program(argv, "setpriv", false, error)) {
        return false;
    }

    nt_argv_list(argv, "--pdeathsig", "KILL", "--no-new-privs",
                 "--inh-caps=-all", "--ambient-caps=-all");

    if (geteuid() == 0) {
        nt_argv_addf(argv, "--reuid=%d", NT_PROCESS_NOBODY);
        nt_argv_addf(argv, "--regid=%d", NT_PROCESS_NOBODY);
        nt_argv_add(argv, "--clear-groups");
    }

    nt_argv_add(argv, "--");

    if (!add_program(argv, "prlimit", false, error)) {
        return false;
    }

    nt_argv_addf(argv, "--cpu=%.0f:%.0f", ceil(p->cpu), ceil(p->cpu) + 1);
    nt_argv_addf(argv, "--as=%zu", p->memory);
    nt_argv_addf(argv, "--fsize=%zu", p->file_size);
    nt_argv_list(argv, "--nofile=" MAX_FILES, "--core=0", "--");

    return true;
}


/* /bin and so on: links into /usr, or folders of their own. */
static void
add_root(nt_argv_t *argv)
{
    static const char *const folders[] = { "/bin", "/sbin", "/lib", "/lib64",
                                           "/lib32" };

    char    target[PATH_MAX];
    size_t  i;
    ssize_t n;

    for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        n = readlink(folders[i], target, sizeof(target) - 1);

        if (n > 0) {
            target[n] = '\0';
            nt_argv_list(argv, "--symlink", target, folders[i]);

        } else {
            nt_argv_list(argv, "--ro-bind-try", folders[i], folders[i]);
        }
    }
}


static void
add_shared(nt_argv_t *argv, const char *const *paths)
{
    for (/* void */; *paths != NULL; paths++) {
        nt_argv_list(argv, "--ro-bind-try", *paths, *paths);
    }
}


/* Everything is left out that a program does not need to run: no home, no
 * configuration, no sockets, no device but null, zero, random and tty. */
static bool
add_sandbox(nt_argv_t *argv, const nt_process_t *p, char **error)
{
    static const char *const always[] = { "/etc/alternatives", "/etc/fonts",
                                          "/etc/ld.so.cache", "/etc/localtime",
                                          NULL };
    static const char *const network[] = { "/etc/resolv.conf", "/etc/hosts",
                                           "/etc/nsswitch.conf", "/etc/ssl",
                                           NULL };

    if (!add_program(argv, "bwrap", false, error)) {
        return false;
    }

    nt_argv_list(argv, "--unshare-user", "--unshare-pid", "--unshare-ipc",
                 "--unshare-uts", "--unshare-cgroup-try", "--disable-userns",
                 "--die-with-parent", "--new-session", "--cap-drop", "ALL",
                 "--hostname", "sandbox", "--ro-bind", "/usr", "/usr");

    if (!(p->flags & NT_PROCESS_NETWORK)) {
        nt_argv_add(argv, "--unshare-net");
    }

    add_root(argv);
    nt_argv_list(argv, "--perms", "0755", "--dir", "/etc");
    add_shared(argv, always);

    if (p->flags & NT_PROCESS_NETWORK) {
        add_shared(argv, network);
    }

    nt_argv_list(argv, "--proc", "/proc", "--dev", "/dev", "--size", TMP_SIZE,
                 "--tmpfs", "/tmp", "--size", SHM_SIZE, "--tmpfs", "/dev/shm");

    if (p->file != NULL) {
        nt_argv_add(argv, "--ro-bind-data");
        nt_argv_addf(argv, "%d", NT_SANDBOX_FILE);
        nt_argv_add(argv, "/run/input");
    }

    if (has_view(p)) {
        nt_argv_list(argv, "--bind", VISIBLE);

    } else {
        nt_argv_add(argv, "--bind-fd");
        nt_argv_addf(argv, "%d", NT_SANDBOX_FD);
    }

    nt_argv_list(argv, NT_SANDBOX_FOLDER, "--remount-ro", "/dev",
                 "--remount-ro", "/", "--chdir", NT_SANDBOX_FOLDER, "--");

    /* Counted within the sandbox only from here on: its user namespace has a
     * count of its own. */
    if (!add_program(argv, "prlimit", true, error)) {
        return false;
    }

    nt_argv_list(argv, "--nproc=" MAX_PROCS, "--");
    return true;
}


bool
nt_process_command(nt_argv_t *argv, const nt_process_t *process, char **error)
{
    size_t i;
    bool   sandbox = (process->flags & NT_PROCESS_SANDBOX) != 0;

    if ((has_view(process) && !add_view(argv, error)) ||
        !add_launcher(argv, process, error) ||
        (sandbox && !add_sandbox(argv, process, error)) ||
        !add_program(argv, process->argv[0], sandbox, error))
    {
        return false;
    }

    for (i = 1; process->argv[i] != NULL; i++) {
        nt_argv_add(argv, process->argv[i]);
    }

    if (nt_argv_get(argv) == NULL) {
        *error = strdup("the server is out of memory");
        return false;
    }

    return true;
}


void
nt_process_environment(nt_argv_t *env, const nt_process_t *process,
                       const char *folder)
{
    bool sandbox = (process->flags & NT_PROCESS_SANDBOX) != 0;

    nt_argv_list(env, "PATH=" PATH, "LANG=C.UTF-8");
    nt_argv_addf(env, "HOME=%s", sandbox ? NT_SANDBOX_FOLDER : folder);
    nt_argv_addf(env, "TMPDIR=%s", sandbox ? "/tmp" : folder);
}
