#include "engine/assets/beneath.h"

#include <errno.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* The next part of a path, which it cuts off; NULL at the end. */
static char *
next_part(char **path)
{
    char *part = *path + strspn(*path, "/");
    char *end;

    if (*part == '\0') {
        return NULL;
    }
    end = part + strcspn(part, "/");
    *path = *end == '\0' ? end : end + 1;
    *end = '\0';
    return part;
}

/* Without openat2: one part at a time, through folders that are no links. */
static int
walk(int folder, const char *path, int flags, mode_t mode)
{
    char *copy, *rest, *part, *next;
    int   fd, down;

    copy = strdup(path);
    fd = copy != NULL ? openat(folder, ".", FOLDER_FLAGS) : -1;
    if (fd == -1) {
        free(copy);
        return -1;
    }

    rest = copy;
    part = next_part(&rest);
    do {
        next = next_part(&rest);
        if (part != NULL && strcmp(part, "..") == 0) {
            errno = EXDEV;
            down = -1;
        } else if (next == NULL) {
            down = openat(fd, part != NULL ? part : ".",
                          flags | O_NOFOLLOW | O_CLOEXEC, mode);
        } else {
            down = openat(fd, part, FOLDER_FLAGS | O_NOFOLLOW);
        }
        (void) close(fd);
        fd = down;
        part = next;
    } while (fd != -1 && part != NULL);

    free(copy);
    return fd;
}

int
nt_beneath_open(int folder, const char *path, int flags, mode_t mode)
{
    struct open_how how = { .flags = (uint64_t) (flags | O_CLOEXEC),
                            .resolve =
                                RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    int             fd, tries = 0;

    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {
        how.mode = mode;
    }
    do {
        fd = (int) syscall(SYS_openat2, folder, path, &how, sizeof(how));
        /* A rename elsewhere raced with "..": the kernel asks to try again. */
    } while (fd == -1 && errno == EAGAIN && ++tries < 8);

    /* Old kernels say ENOSYS, some sandboxes EPERM. */
    if (fd == -1 && (errno == ENOSYS || errno == EPERM)) {
        return walk(folder, path, flags, mode);
    }
    return fd;
}

int
nt_beneath_open_parent(int folder, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    char       *parent;
    int         fd;

    *name = slash != NULL ? slash + 1 : path;
    if (slash == NULL) {
        return nt_beneath_open(folder, ".", FOLDER_FLAGS, 0);
    }
    parent = strndup(path, (size_t) (slash - path));
    if (parent == NULL) {
        return -1;
    }
    fd = nt_beneath_open(folder, *parent != '\0' ? parent : ".", FOLDER_FLAGS,
                         0);
    free(parent);
    return fd;
}

void
nt_beneath_give(int folder, int at, const char *name)
{
    struct stat owner;

    if (geteuid() == 0 && fstat(folder, &owner) == 0 && owner.st_uid != 0) {
        (void) !fchownat(at, name, owner.st_uid, owner.st_gid,
                         AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
    }
}

static int
make_folder(int folder, const char *path)
{
    const char *name;
    int         parent, rc, saved;

    parent = nt_beneath_open_parent(folder, path, &name);
    if (parent == -1) {
        return -1;
    }
    rc = mkdirat(parent, name, 0755);
    if (rc == 0) {
        nt_beneath_give(parent, parent, name);
    } else if (errno == EEXIST) {
        rc = 0; /* somebody else was faster */
    }
    saved = errno;
    (void) close(parent);
    errno = saved;
    return rc;
}

int
nt_beneath_make_folders(int folder, const char *path)
{
    char *copy, *end;
    int   fd, rc, saved;

    copy = strdup(path);
    if (copy == NULL) {
        return -1;
    }

    /* Each folder is looked up from the top, so that the kernel decides for
     * the whole way so far; one that is there costs one call. */
    rc = 0;
    end = copy + strspn(copy, "/");
    while (rc == 0 && (end = strchr(end, '/')) != NULL) {
        *end = '\0';
        fd = nt_beneath_open(folder, copy, FOLDER_FLAGS, 0);
        if (fd == -1 && errno == ENOENT) {
            rc = make_folder(folder, copy);
        } else if (fd == -1) {
            rc = -1;
        } else {
            (void) close(fd);
        }
        *end++ = '/';
        end += strspn(end, "/");
    }

    saved = errno;
    free(copy);
    errno = saved;
    return rc;
}
