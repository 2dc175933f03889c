#include "cli/home.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/folder.h"
#include "core/nt_id.h"
#include "engine/workflows/file.h"

#define NT_SETTLE_MS      20000
#define NT_SETTLE_STEP_MS 50

/* Room for the longest name of a socket, "/engine.sock", and the NUL. */
#define NT_RUN_MAX (sizeof(((struct sockaddr_un *) 0)->sun_path) - 13)


static bool
failed(const char *path, int error)
{
    nt_cli_say("%s: %s", path, strerror(error));
    return false;
}


/* A folder for sockets elsewhere, when paths below the home would be longer
 * than a socket's address can hold. */
static char *
make_run(const char *home)
{
    char       *run;
    uint64_t    hash = UINT64_C(14695981039346656037); /* FNV-1a */
    struct stat st;
    const char *base = nt_cli_env("XDG_RUNTIME_DIR");

    for (const char *p = home; *p != '\0'; p++) {
        hash = (hash ^ (unsigned char) *p) * UINT64_C(1099511628211);
    }

    if (base == NULL || strlen(base) > NT_RUN_MAX - 40) {
        base = "/tmp";
    }

    run = nt_cli_printf("%s/nodetool-%u-%016llx", base, (unsigned) geteuid(),
                        (unsigned long long) hash);

    /* somebody else may have made it, to read along */
    if (!nt_folder_make(run, NULL) || lstat(run, &st) == -1 ||
        !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 077) != 0)
    {
        nt_cli_say("%s is needed for sockets, because the path of the home "
                   "is too long for them, but it is not a private folder of "
                   "this user",
                   run);
        free(run);
        return NULL;
    }

    return run;
}


bool
nt_home_path(char **path)
{
    char       *cwd, *relative;
    const char *env = nt_cli_env("NODETOOL_HOME");

    if (*path == NULL && env != NULL) {
        *path = nt_cli_strdup(env);
    }

    if (*path == NULL) {
        env = nt_cli_env("HOME");
        if (env == NULL) {
            nt_cli_say("there is no $HOME; say --home DIR");
            return false;
        }

        *path = nt_cli_printf("%s/.local/share/nodetool", env);
    }

    if ((*path)[0] != '/') {
        cwd = getcwd(NULL, 0);
        if (cwd == NULL) {
            nt_cli_say("the current folder: %s", strerror(errno));
            return false;
        }

        relative = *path;
        *path = nt_cli_printf("%s/%s", cwd, relative);
        free(relative);
        free(cwd);
    }

    return true;
}


/* --- the lock: "PID NAME" in run/LOCK.lock --- */

/* The server that has locked a home: its process, and its name in `name`,
 * "server" when the file does not tell; 0 when not even its process. */
static pid_t
lock_owner(int lock, char name[NT_HOME_NAME])
{
    int     pid = 0;
    char    text[64];
    ssize_t n = pread(lock, text, sizeof(text) - 1, 0);

    (void) strcpy(name, "server");

    if (n > 0) {
        text[n] = '\0';
        (void) sscanf(text, "%d %15s", &pid, name);
    }

    return pid;
}


/* The number of a server that was killed may be another process's now, whom
 * a signal could end. */
static bool
is_server(pid_t pid)
{
    bool  is = false;
    char  name[NT_HOME_NAME];
    char *path = nt_cli_printf("/proc/%d/comm", (int) pid);
    FILE *file = fopen(path, "re");

    if (file != NULL) {
        is = fgets(name, sizeof(name), file) != NULL &&
             strcmp(name, "nodetool\n") == 0;
        (void) fclose(file);
    }

    free(path);

    return is;
}


pid_t
nt_home_server(const char *path, const char *lock, char name[NT_HOME_NAME])
{
    int   fd;
    pid_t pid = 0;
    char *file = nt_cli_printf("%s/run/%s.lock", path, lock);

    fd = open(file, O_RDONLY | O_CLOEXEC);
    free(file);

    if (fd == -1) {
        return 0;
    }

    if (flock(fd, LOCK_SH | LOCK_NB) == -1) {
        pid = lock_owner(fd, name);
        if (pid != 0 && !is_server(pid)) {
            pid = 0; /* only its programs are left, and about to end */
        }
    }

    (void) close(fd);

    return pid;
}


void
nt_home_settle(const char *path, const char *lock_name)
{
    int   lock;
    char  name[NT_HOME_NAME] = "";
    char *file = nt_cli_printf("%s/run/%s.lock", path, lock_name);

    lock = open(file, O_RDONLY | O_CLOEXEC);
    free(file);

    if (lock == -1) {
        return;
    }

    for (int i = 0; i < NT_SETTLE_MS / NT_SETTLE_STEP_MS; i++) {
        if (flock(lock, LOCK_SH | LOCK_NB) == 0 ||
            kill(lock_owner(lock, name), 0) == 0 || errno != ESRCH)
        {
            break;
        }

        if (i == 0) {
            nt_cli_say("waiting for the programs of a %s that was killed",
                       name);
        }

        (void) usleep(NT_SETTLE_STEP_MS * 1000);
    }

    (void) close(lock);
}


/* The programs that are started inherit the lock: a home is free when the
 * last of them has ended, whatever became of their parent. */
static bool
lock_home(nt_home_t *home, const char *lock, const char *name)
{
    char  other[NT_HOME_NAME];
    char *path = nt_cli_printf("%s/run/%s.lock", home->path, lock);
    pid_t pid;

    home->lock = open(path, O_RDWR | O_CREAT, 0600);
    if (home->lock == -1) {
        (void) failed(path, errno);
        free(path);
        return false;
    }

    free(path);

    if (flock(home->lock, LOCK_EX | LOCK_NB) == -1) {
        pid = lock_owner(home->lock, other);
        nt_cli_say("another nodetool %s (process %d) uses %s; stop it, or "
                   "choose another --home",
                   other, (int) pid, home->path);
        return false;
    }

    if (ftruncate(home->lock, 0) == -1 ||
        dprintf(home->lock, "%d %s\n", (int) getpid(), name) < 0)
    {
        return failed(home->path, errno);
    }

    return true;
}


bool
nt_home_open(nt_home_t *home, const char *path, const char *lock,
             const char *name)
{
    static const char *const folders[] = { "storage/assets", "storage/temp",
                                           "workspace",      "redis",
                                           "logs",           "run",
                                           "conf",           "tmp" };

    bool  ok;
    char *folder;

    *home = (nt_home_t) { .path = nt_cli_strdup(path), .lock = -1 };

    folder = nt_cli_printf("%s/workflows", path);
    ok = nt_folder_make(folder, &home->fresh);
    free(folder);

    for (size_t i = 0; ok && i < sizeof(folders) / sizeof(folders[0]); i++) {
        folder = nt_cli_printf("%s/%s", path, folders[i]);
        ok = nt_folder_make(folder, NULL);
        free(folder);
    }

    if (!ok || !lock_home(home, lock, name)) {
        return false;
    }

    home->run = nt_cli_printf("%s/run", path);
    if (strlen(home->run) > NT_RUN_MAX) {
        free(home->run);
        home->run = make_run(path);
    }

    return home->run != NULL;
}


void
nt_home_free(nt_home_t *home)
{
    free(home->path);
    free(home->run);
    free(home->token);
    free(home->secrets_key);
    free(home->old_keys);

    if (home->lock != -1) {
        (void) close(home->lock);
    }
}


static bool
replace(const nt_home_t *home, const char *folder, const char *name,
        const char *data, size_t len)
{
    int error, dir;

    dir = nt_folder_open(home->path, folder);
    if (dir == -1) {
        return false;
    }

    error = nt_file_replace(dir, name, data, len);
    (void) close(dir);

    if (error != 0) {
        nt_cli_say("%s/%s/%s: %s", home->path, folder, name, strerror(error));
    }

    return error == 0;
}


/* --- workflows --- */

/* "Data Pipeline.json" becomes "data-pipeline". */
static char *
id_of_file(const char *file)
{
    char       *id, *p;
    const char *slash = strrchr(file, '/');
    size_t      len;

    id = nt_cli_strdup(slash != NULL ? slash + 1 : file);
    len = strlen(id);

    if (len > 5 && strcmp(id + len - 5, ".json") == 0) {
        id[len - 5] = '\0';
    }

    for (p = id; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char) (*p - 'A' + 'a');
        } else if (!nt_workflow_id_valid((nt_str_t) { p, 1 })) {
            *p = '-';
        }
    }

    return id;
}


bool
nt_home_add_workflow(nt_home_t *home, const char *file)
{
    bool         ok;
    char        *id, *name, *text;
    json_t      *document;
    const char  *own;
    json_error_t error;

    document = json_load_file(file, 0, &error);
    if (document == NULL) {
        nt_cli_say("%s is not a workflow: %s (line %d, column %d)", file,
                   error.text, error.line, error.column);
        return false;
    }

    if (!json_is_object(json_object_get(document, "graph"))) {
        nt_cli_say("%s is not a workflow: it has no graph", file);
        json_decref(document);
        return false;
    }

    own = json_string_value(json_object_get(document, "id"));
    id = own != NULL && nt_workflow_id_valid(nt_str(own)) ? nt_cli_strdup(own)
                                                          : id_of_file(file);

    name = nt_cli_printf("%s.json", id);
    text = NULL;
    if (json_object_set_new(document, "id", json_string(id)) == 0) {
        text = json_dumps(document, JSON_INDENT(2));
    }

    if (text == NULL) {
        nt_cli_say("%s: its name does not make a workflow's id", file);
    }

    ok = text != NULL && replace(home, "workflows", name, text, strlen(text));

    free(text);
    free(name);
    free(id);
    json_decref(document);

    return ok;
}


bool
nt_home_seed(nt_home_t *home, const char *folder)
{
    DIR           *dir;
    bool           ok = true;
    size_t         len;
    struct dirent *entry;

    dir = opendir(folder);
    if (dir == NULL) {
        return failed(folder, errno);
    }

    while (ok && (entry = readdir(dir)) != NULL) {
        char *file;

        len = strlen(entry->d_name);
        if (len < 6 || strcmp(entry->d_name + len - 5, ".json") != 0) {
            continue;
        }

        file = nt_cli_printf("%s/%s", folder, entry->d_name);
        ok = nt_home_add_workflow(home, file);
        free(file);
    }

    (void) closedir(dir);

    return ok;
}


bool
nt_home_has_workflow(const nt_home_t *home, const char *id)
{
    bool  there;
    char *path = nt_cli_printf("%s/workflows/%s.json", home->path, id);

    there = access(path, R_OK) == 0;
    free(path);

    return there;
}


char *
nt_home_write_conf(const nt_home_t *home, const char *name, const char *text,
                   size_t len)
{
    if (!replace(home, "conf", name, text, len)) {
        return NULL;
    }

    return nt_cli_printf("%s/conf/%s", home->path, name);
}
