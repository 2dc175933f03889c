#include "engine/process/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/log.h"


struct nt_process_folder {
    uv_loop_t *loop;
    uv_work_t  work;
    char      *path;
};


nt_process_folder_t *
nt_process_folder_new(uv_loop_t *loop)
{
    const char          *base = getenv("TMPDIR");
    nt_process_folder_t *folder;

    folder = calloc(1, sizeof(*folder));
    if (folder == NULL) {
        return NULL;
    }

    folder->loop = loop;

    if (base == NULL || base[0] != '/') {
        base = "/tmp";
    }

    if (asprintf(&folder->path, "%s/nodetool-XXXXXX", base) == -1) {
        folder->path = NULL;
        errno = ENOMEM;
    }

    if (folder->path == NULL || mkdtemp(folder->path) == NULL) {
        free(folder->path);
        free(folder);
        return NULL;
    }

    return folder;
}


const char *
nt_process_folder_path(const nt_process_folder_t *folder)
{
    return folder->path;
}


/*
 * Removes what is in `dir`.  A folder in it is emptied by moving what it holds
 * up to `top`, so that neither the stack nor the number of descriptors grows
 * with a tree that a program has made as deep as it could.
 */

typedef struct {
    int      top;
    unsigned n; /* numbers the names of what is moved */
} removal_t;

static void empty(removal_t *removal, int fd, bool move);


static void
remove_folder(removal_t *removal, int dir, const char *name)
{
    int fd;

    if (unlinkat(dir, name, AT_REMOVEDIR) == 0) {
        return;
    }

    /* the program may have taken its own rights away */
    if (fchmodat(dir, name, 0700, 0) == -1) {
        return;
    }

    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd != -1) {
        empty(removal, fd, true);
        (void) unlinkat(dir, name, AT_REMOVEDIR);
    }
}


static void
move_up(removal_t *removal, int dir, const char *name)
{
    char to[32];

    /* no program makes such names by chance, and none runs any more */
    (void) snprintf(to, sizeof(to), ".nodetool-%u", removal->n++);

    if (fchmodat(dir, name, 0700, 0) == 0) {
        (void) renameat(dir, name, removal->top, to);
    }
}


/* Takes `fd` over. */
static void
empty(removal_t *removal, int fd, bool move)
{
    DIR           *stream;
    struct dirent *entry;

    stream = fdopendir(fd);
    if (stream == NULL) {
        (void) close(fd);
        return;
    }

    while ((entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0 ||
            unlinkat(fd, entry->d_name, 0) == 0)
        {
            continue;
        }

        if (move) {
            move_up(removal, fd, entry->d_name);
        } else {
            remove_folder(removal, fd, entry->d_name);
        }
    }

    (void) closedir(stream);
}


static void
on_remove(uv_work_t *work)
{
    int                  tries;
    removal_t            removal = { .n = 0 };
    nt_process_folder_t *folder = work->data;

    removal.top =
        open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (removal.top == -1) {
        return;
    }

    /* each round takes one level of folders away */
    for (tries = 0; tries < 100000; tries++) {
        empty(&removal, dup(removal.top), false);
        (void) lseek(removal.top, 0, SEEK_SET);

        if (rmdir(folder->path) == 0 || errno != ENOTEMPTY) {
            break;
        }
    }

    (void) close(removal.top);
}


static void
on_removed(uv_work_t *work, int status)
{
    nt_process_folder_t *folder = work->data;

    if (access(folder->path, F_OK) == 0) {
        nt_log(NT_LOG_WARN, "the temporary folder %s cannot be removed",
               folder->path);
    }

    free(folder->path);
    free(folder);
}


void
nt_process_folder_free(nt_process_folder_t *folder)
{
    if (folder == NULL) {
        return;
    }

    folder->work.data = folder;

    if (uv_queue_work(folder->loop, &folder->work, on_remove, on_removed) != 0)
    {
        on_remove(&folder->work);
        on_removed(&folder->work, 0);
    }
}
