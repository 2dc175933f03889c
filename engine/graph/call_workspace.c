#include "engine/graph/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/assets/beneath.h"
#include "engine/process/command.h"

/*
 * The workspace as nodes use it (engine/nodetool_node.h): on the pool.
 */

#define NEW_NAMES_MAX 10000 /* names that nt_call_open_new tries */
#define FOLDER_FLAGS  (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static void
fail_path(nt_node_call_t *call, const char *path)
{
    (void) nt_call_fail(call, "file \"%s\" %s", path, nt_call_errno(errno));
}

/* The run's folder in the workspace, for nodes that may need it at once on
 * several threads: the first one opens it.  -1 after nt_call_fail. */
static int
open_workspace(nt_run_t *run, nt_node_call_t *call)
{
    const char *name = run->options.workspace_name;
    int         all = run->options.workspace;
    int         fd = -1, other = -1;

    if (all == -1) {
        (void) nt_call_fail(call, "this server gives workflows no workspace");
        return -1;
    }
    if (nt_beneath_make_folder(all, name, false) == 0) {
        fd = nt_beneath_open(all, name, FOLDER_FLAGS, 0);
    }
    if (fd == -1) {
        (void) nt_call_fail(call, "the workflow's workspace %s",
                            nt_call_errno(errno));
        return -1;
    }
    if (geteuid() == 0) {
        /* what nodes make in it is for root's programs, too; these refuse to
         * start where this fails */
        (void) !fchown(fd, NT_PROCESS_NOBODY, NT_PROCESS_NOBODY);
    }
    if (!__atomic_compare_exchange_n(&run->workspace, &other, fd, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    {
        (void) close(fd);
        return other;
    }
    return fd;
}

int
nt_call_workspace(nt_node_call_t *call)
{
    int workspace = __atomic_load_n(&call->run->workspace, __ATOMIC_ACQUIRE);

    return workspace != -1 ? workspace : open_workspace(call->run, call);
}

/* The folder of the workspace; makes *path relative to it.  -1 after
 * nt_call_fail. */
static int
enter(nt_node_call_t *call, const char **path)
{
    int workspace = nt_call_workspace(call);

    if (workspace == -1) {
        return -1;
    }
    *path += strspn(*path, "/");
    if (**path == '\0') {
        *path = ".";
    }
    return workspace;
}

int
nt_call_user_folder(nt_node_call_t *call, const char *name)
{
    const nt_run_options_t *options = &call->run->options;
    const char             *user = options->workspace_name;
    char                   *path;
    int                     length, fd = -1;

    if (options->workspace == -1) {
        (void) nt_call_fail(call, "this server keeps nothing for users");
        return -1;
    }

    /* USER/.NAME: no workflow's folder begins with a dot */
    length = user != NULL ? (int) strcspn(user, "/") : 0;
    if (asprintf(&path, "%.*s%s.%s", length, length > 0 ? user : "",
                 length > 0 ? "/" : "", name) < 0)
    {
        (void) nt_call_fail(call, "the server is out of memory");
        return -1;
    }
    if (nt_beneath_make_folder(options->workspace, path, false) == 0) {
        fd = nt_beneath_open(options->workspace, path, FOLDER_FLAGS, 0);
    }
    if (fd == -1) {
        (void) nt_call_fail(call, "the user's folder \"%s\" %s", name,
                            nt_call_errno(errno));
    }
    free(path);
    return fd;
}

/* Code of workflows makes pipes and sockets, too: to open or read one may
 * take forever. */
static bool
is_file(int fd)
{
    struct stat stat;

    return fstat(fd, &stat) == 0 &&
           (S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode));
}

int
nt_call_open(nt_node_call_t *call, const char *path, int flags)
{
    int workspace = enter(call, &path);
    int fd;

    if (workspace == -1) {
        return -1;
    }
    if ((flags & O_CREAT) != 0 &&
        nt_beneath_make_folders(workspace, path) == -1) {
        fail_path(call, path);
        return -1;
    }
    fd = nt_beneath_open(workspace, path, flags | O_NONBLOCK, 0644);
    if (fd == -1 && errno != ENXIO) {
        fail_path(call, path);
        return -1;
    }
    if (fd == -1 || !is_file(fd)) {
        (void) nt_call_fail(call, "\"%s\" is not a file", path);
        if (fd != -1) {
            (void) close(fd);
        }
        return -1;
    }
    if ((flags & O_CREAT) != 0) {
        nt_beneath_give(workspace, fd, "");
    }
    return fd;
}

/* NAME_n.EXT, malloc'ed; NAME.EXT itself for 0. */
static char *
numbered(const char *path, unsigned n)
{
    const char *name, *dot;
    char       *text;

    if (n == 0) {
        return strdup(path);
    }
    name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    dot = strrchr(name, '.');
    if (dot == NULL || dot == name) {
        dot = name + strlen(name);
    }
    if (asprintf(&text, "%.*s_%u%s", (int) (dot - path), path, n, dot) < 0) {
        return NULL;
    }
    return text;
}

int
nt_call_open_new(nt_node_call_t *call, const char *path, char **used)
{
    int      workspace = enter(call, &path);
    int      fd, saved;
    unsigned n;

    if (workspace == -1) {
        return -1;
    }
    if (nt_beneath_make_folders(workspace, path) == -1) {
        fail_path(call, path);
        return -1;
    }

    for (n = 0; n < NEW_NAMES_MAX; n++) {
        *used = numbered(path, n);
        if (*used == NULL) {
            break;
        }
        fd = nt_beneath_open(workspace, *used, O_WRONLY | O_CREAT | O_EXCL,
                             0644);
        if (fd != -1) {
            nt_beneath_give(workspace, fd, "");
            return fd;
        }
        saved = errno;
        free(*used);
        errno = saved;
        if (errno != EEXIST) {
            break;
        }
    }
    fail_path(call, path);
    return -1;
}

static struct timespec
to_time(struct statx_timestamp time)
{
    return (struct timespec) { .tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec };
}

static nt_file_kind_t
kind_of(unsigned mode)
{
    return S_ISREG(mode)   ? NT_FILE_REGULAR
           : S_ISDIR(mode) ? NT_FILE_FOLDER
                           : NT_FILE_OTHER;
}

bool
nt_call_stat(nt_node_call_t *call, const char *path, nt_file_info_t *info)
{
    int          workspace = enter(call, &path);
    struct statx stat;

    *info = (nt_file_info_t) { .kind = NT_FILE_NONE };
    if (workspace == -1) {
        return false;
    }
    if (nt_beneath_stat(workspace, path, false, &stat) == 0 &&
        S_ISLNK(stat.stx_mode))
    {
        info->link = true;
    }
    if (nt_beneath_stat(workspace, path, true, &stat) == -1) {
        if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) {
            return true;
        }
        fail_path(call, path);
        return false;
    }

    info->kind = kind_of(stat.stx_mode);
    info->size = (int64_t) stat.stx_size;
    info->created = to_time(
        (stat.stx_mask & STATX_BTIME) != 0 ? stat.stx_btime : stat.stx_ctime);
    info->modified = to_time(stat.stx_mtime);
    info->accessed = to_time(stat.stx_atime);
    return true;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Frees the names. NULL when memory is out. */
static json_t *
to_list(char **names, size_t n)
{
    json_t *list = json_array(), *name;
    size_t  i;
    bool    good = list != NULL;

    if (n > 1) {
        qsort(names, n, sizeof(*names), by_name);
    }
    for (i = 0; i < n; i++) {
        name = json_string(names[i]); /* NULL: not UTF-8 */
        if (name != NULL && good) {
            good = json_array_append(list, name) == 0;
        }
        json_decref(name);
        free(names[i]);
    }
    free(names);
    if (!good) {
        json_decref(list);
        errno = ENOMEM;
        return NULL;
    }
    return list;
}

static bool
is_folder(DIR *dir, const struct dirent *entry)
{
    struct stat stat;

    return entry->d_type != DT_UNKNOWN
               ? entry->d_type == DT_DIR
               : fstatat(dirfd(dir), entry->d_name, &stat,
                         AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISDIR(stat.st_mode);
}

/* NULL with errno. */
static json_t *
read_names(DIR *dir)
{
    struct dirent *entry;
    char         **names = NULL, **more;
    size_t         n = 0, cap = 0;

    while ((errno = 0, entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        {
            continue;
        }
        if (n == cap) {
            cap = cap > 0 ? 2 * cap : 64;
            more = realloc(names, cap * sizeof(*names));
            if (more == NULL) {
                break;
            }
            names = more;
        }
        if (asprintf(&names[n], "%s%s", entry->d_name,
                     is_folder(dir, entry) ? "/" : "") < 0)
        {
            errno = ENOMEM;
            break;
        }
        n++;
    }
    if (errno != 0) {
        while (n > 0) {
            free(names[--n]);
        }
        free(names);
        return NULL;
    }
    return to_list(names, n);
}

json_t *
nt_call_list_folder(nt_node_call_t *call, const char *path)
{
    int     workspace = enter(call, &path);
    int     fd;
    DIR    *dir;
    json_t *names = NULL;

    if (workspace == -1) {
        return NULL;
    }
    fd = nt_beneath_open(workspace, path, FOLDER_FLAGS, 0);
    dir = fd != -1 ? fdopendir(fd) : NULL;
    if (dir != NULL) {
        names = read_names(dir);
    }
    if (names == NULL) {
        fail_path(call, path);
    }
    if (dir != NULL) {
        (void) closedir(dir);
    } else if (fd != -1) {
        (void) close(fd);
    }
    return names;
}

bool
nt_call_make_folder(nt_node_call_t *call, const char *path, bool exclusive)
{
    int workspace = enter(call, &path);

    if (workspace == -1) {
        return false;
    }
    if (nt_beneath_make_folder(workspace, path, exclusive) == -1) {
        fail_path(call, path);
        return false;
    }
    return true;
}

bool
nt_call_rename(nt_node_call_t *call, const char *from, const char *to)
{
    int workspace = enter(call, &from);

    if (workspace == -1 || enter(call, &to) == -1) {
        return false;
    }
    if (nt_beneath_rename(workspace, from, to) == 0) {
        return true;
    }
    if (errno == EINVAL) {
        (void) nt_call_fail(call, "folder \"%s\" cannot be moved into itself",
                            from);
    } else if (errno == ENOTEMPTY || errno == EISDIR || errno == ENOTDIR) {
        (void) nt_call_fail(call, "\"%s\" cannot be moved over \"%s\"", from,
                            to);
    } else {
        (void) nt_call_fail(call, "\"%s\" cannot be moved to \"%s\": it %s",
                            from, to, nt_call_errno(errno));
    }
    return false;
}

bool
nt_call_remove(nt_node_call_t *call, const char *path, bool recursive)
{
    int workspace = enter(call, &path);

    if (workspace == -1) {
        return false;
    }
    if (nt_beneath_remove(workspace, path, recursive) == -1) {
        fail_path(call, path);
        return false;
    }
    return true;
}
