#include "cli/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

#define NT_MODULE "ngx_http_nodetool_base_module.so"


/* FOLDER/NAME when it is there. */
static char *
find_in(const char *folder, const char *name, int mode)
{
    char *path = nt_cli_printf("%s/%s", folder, name);

    if (access(path, mode) == 0) {
        return path;
    }

    free(path);

    return NULL;
}


/* A program of $PATH, or of the folders where Debian has daemons. */
static char *
find_program(const char *name)
{
    char       *folders, *rest, *folder, *found = NULL;
    const char *path = nt_cli_env("PATH");

    folders = nt_cli_printf("%s:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin",
                            path != NULL ? path : "");
    rest = folders;

    while (found == NULL && (folder = strsep(&rest, ":")) != NULL) {
        if (folder[0] == '/') {
            found = find_in(folder, name, X_OK);
        }
    }

    free(folders);

    return found;
}


/* The folder of this program. */
static char *
own_folder(void)
{
    char    path[PATH_MAX];
    char   *slash;
    ssize_t n;

    n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n == -1) {
        return nt_cli_strdup("/usr/local/bin");
    }

    path[n] = '\0';
    slash = strrchr(path, '/');
    *slash = '\0';

    return nt_cli_strdup(path);
}


/* What "nginx -V" prints, in `text`; empty when it cannot be had. */
static void
nginx_version(const char *nginx, char *text, size_t size)
{
    int     out[2];
    pid_t   pid;
    size_t  len = 0;
    ssize_t n = 0;

    text[0] = '\0';

    if (pipe2(out, O_CLOEXEC) == -1) {
        return;
    }

    pid = fork();
    if (pid == 0) {
        (void) dup2(out[1], STDOUT_FILENO);
        (void) dup2(out[1], STDERR_FILENO);
        (void) execl(nginx, nginx, "-V", (char *) NULL);
        _exit(NT_CLI_FAILED);
    }

    (void) close(out[1]);

    while (pid != -1 && len < size - 1 &&
           ((n = read(out[0], text + len, size - 1 - len)) > 0 ||
            (n == -1 && errno == EINTR)))
    {
        len += n > 0 ? (size_t) n : 0;
    }

    text[len] = '\0';
    (void) close(out[0]);

    if (pid != -1) {
        (void) waitpid(pid, NULL, 0);
    }
}


/* The folder that nginx was built to load modules from. */
static char *
nginx_modules(const char *nginx)
{
    char  text[8192];
    char *start;

    nginx_version(nginx, text, sizeof(text));

    start = strstr(text, "--modules-path=");
    if (start == NULL) {
        return NULL;
    }

    start += strlen("--modules-path=");
    start[strcspn(start, " \n")] = '\0';

    return nt_cli_strdup(start);
}


static char *
find_modules(const char *own, const char *nginx)
{
    char *folder, *module;

    folder = nt_cli_printf("%s/nginx/objs", own);
    module = find_in(folder, NT_MODULE, R_OK);

    if (module == NULL) {
        free(folder);
        folder = nginx_modules(nginx);
        module = folder != NULL ? find_in(folder, NT_MODULE, R_OK) : NULL;
    }

    if (module == NULL) {
        nt_cli_say("nginx's modules of NodeTool are neither in %s/nginx/objs "
                   "nor in %s; run \"make\" or \"make install\"",
                   own, folder != NULL ? folder : "nginx's module folder");
        free(folder);
        return NULL;
    }

    free(module);

    return folder;
}


/* SHARE is beside the program in a build folder, beside bin/ when
 * installed. */
static char *
find_share(const char *own)
{
    static const char *const places[] = { "share/nodetool",
                                          "../share/nodetool" };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char *share = nt_cli_printf("%s/%s", own, places[i]);
        char *conf = find_in(share, "conf/nodetool-chat.conf", R_OK);

        if (conf != NULL) {
            free(conf);
            return share;
        }

        free(share);
    }

    nt_cli_say("the shared files of NodeTool are neither in "
               "%s/share/nodetool nor in %s/../share/nodetool; run \"make\" "
               "or \"make install\"",
               own, own);

    return NULL;
}


static bool
find_all(nt_paths_t *paths, const char *own, bool engine, bool redis)
{
    paths->nginx = find_program("nginx");
    if (paths->nginx == NULL) {
        nt_cli_say("nginx is not installed: apt-get install nginx");
        return false;
    }

    if (redis) {
        paths->redis = find_program("redis-server");
        if (paths->redis == NULL) {
            nt_cli_say("redis-server is not installed: apt-get install "
                       "redis-server, or take --store memory or --redis URL");
            return false;
        }
    }

    if (engine) {
        paths->engine = find_in(own, "nodetool-engine", X_OK);
        if (paths->engine == NULL) {
            nt_cli_say("%s/nodetool-engine is missing; run \"make\" or "
                       "\"make install\"",
                       own);
            return false;
        }
    }

    paths->modules = find_modules(own, paths->nginx);
    paths->share = find_share(own);

    return paths->modules != NULL && paths->share != NULL;
}


bool
nt_paths_find(nt_paths_t *paths, bool engine, bool redis)
{
    bool  ok;
    char *own = own_folder();

    *paths = (nt_paths_t) { 0 };
    ok = find_all(paths, own, engine, redis);
    free(own);

    return ok;
}


void
nt_paths_free(nt_paths_t *paths)
{
    free(paths->engine);
    free(paths->nginx);
    free(paths->redis);
    free(paths->modules);
    free(paths->share);
}
