#include "cli/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/capture.h"
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


/* The folder that nginx was built to load modules from. */
static char *
nginx_modules(const char *nginx)
{
    char              text[8192];
    char             *start;
    const char *const argv[] = { nginx, "-V", NULL };

    (void) nt_cli_capture(argv, text, sizeof(text));

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
