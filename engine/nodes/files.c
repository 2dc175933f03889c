/*
 * engine/nodes/files.c - files of the workspace.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include "engine/nodes/args.h"
#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"

#define STEP       (64 * 1024)
#define FOLDER_MAX 32 /* nesting of folders that are copied */


bool
nt_files_stat(nt_node_call_t *call, const char *path, nt_file_info_t *info)
{
    if (!nt_call_stat(call, path, info)) {
        return false;
    }

    if (info->kind == NT_FILE_NONE) {
        (void) nt_call_fail(call, "file \"%s\" does not exist", path);
    }

    return info->kind != NT_FILE_NONE;
}


bool
nt_files_read(nt_node_call_t *call, const char *path, nt_buf_t *out)
{
    int     fd;
    char   *space;
    ssize_t n;

    fd = nt_call_open(call, path, O_RDONLY | O_CLOEXEC);

    if (fd == -1) {
        return false;
    }

    do {
        space = nt_buf_reserve(out, STEP);
        n = space != NULL ? read(fd, space, STEP) : -1;
        out->len += n > 0 ? (size_t) n : 0;
    } while ((n > 0 && out->len <= NT_FILE_MAX) ||
             (n == -1 && space != NULL && errno == EINTR));

    if (out->failed) {
        (void) nt_arg_nomem(call);

    } else if (n == -1) {
        (void) nt_call_fail(call, "file \"%s\" %s", path,
                            errno == EISDIR ? "is a folder"
                                            : "could not be read");

    } else if (n > 0) {
        (void) nt_call_fail(call, "file \"%s\" is larger than %zu MiB", path,
                            NT_FILE_MAX / (1024 * 1024));
    }

    (void) close(fd);
    return n == 0;
}


static bool
write_all(int fd, nt_str_t data)
{
    ssize_t n;

    while (data.len > 0) {
        n = write(fd, data.data, data.len);

        if (n == -1 && errno != EINTR) {
            return false;
        }

        if (n > 0) {
            data.data += n;
            data.len -= (size_t) n;
        }
    }

    return true;
}


static bool
fail_write(nt_node_call_t *call, const char *path)
{
    (void) nt_call_fail(call, "file \"%s\" could not be written%s", path,
                        errno == ENOSPC || errno == EDQUOT
                            ? ": the disk is full"
                            : "");
    return false;
}


bool
nt_files_write(nt_node_call_t *call, int fd, const char *path, nt_str_t data)
{
    if (!write_all(fd, data)) {
        (void) fail_write(call, path);
        (void) close(fd);
        return false;
    }

    return close(fd) == 0 || fail_write(call, path);
}


/* --- copying --- */

static bool
copy_bytes(nt_node_call_t *call, int in, int out, const char *from,
           const char *to)
{
    char   *space = malloc(STEP);
    bool    good = space != NULL || nt_arg_nomem(call) == NT_NODE_DONE;
    ssize_t n = 1;

    while (good && n != 0) {
        n = read(in, space, STEP);

        if (n == -1 && errno != EINTR) {
            (void) nt_call_fail(call, "file \"%s\" could not be read", from);
            good = false;

        } else if (n > 0 && !write_all(out, (nt_str_t) { space, (size_t) n })) {
            good = fail_write(call, to);

        } else if (nt_call_cancelled(call)) {
            good = false;
        }
    }

    free(space);
    return good;
}


/* Copies an open file; its mode and times go with it, as far as they can. */
static bool
copy_open(nt_node_call_t *call, int in, const char *from, const char *to)
{
    int         out;
    bool        good;
    struct stat source, target;

    if (fstat(in, &source) == -1 || !S_ISREG(source.st_mode)) {
        (void) nt_call_fail(call, "\"%s\" is not a file", from);
        return false;
    }

    /* not truncated before it is known to be another file */
    out = nt_call_open(call, to, O_WRONLY | O_CREAT | O_CLOEXEC);

    if (out == -1) {
        return false;
    }

    if (fstat(out, &target) == 0 && target.st_dev == source.st_dev &&
        target.st_ino == source.st_ino)
    {
        (void) nt_call_fail(call, "\"%s\" and \"%s\" are the same file", from,
                            to);
        (void) close(out);
        return false;
    }

    good = ftruncate(out, 0) == 0 || fail_write(call, to);
    good = good && copy_bytes(call, in, out, from, to);

    if (good) {
        (void) fchmod(out, source.st_mode & 0777);
        (void) futimens(out, (struct timespec[2]) { source.st_atim,
                                                    source.st_mtim });
    }

    if (close(out) == -1 && good) {
        good = fail_write(call, to);
    }

    return good;
}


static bool
copy_file(nt_node_call_t *call, const char *from, const char *to)
{
    int  in;
    bool good;

    in = nt_call_open(call, from, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (in == -1) {
        return false;
    }

    good = copy_open(call, in, from, to);
    (void) close(in);
    return good;
}


static bool copy_folder(nt_node_call_t *call, const char *from, const char *to,
                        unsigned depth);

/* FOLDER/NAME, malloc'ed; NULL after nt_call_fail. */
static char *
member_path(nt_node_call_t *call, const char *folder, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    return path;
}


static bool
copy_member(nt_node_call_t *call, const char *from, const char *to,
            const char *name, unsigned depth)
{
    bool           good = false;
    char          *source, *target;
    size_t         len = strlen(name);
    nt_file_info_t info;

    source = member_path(call, from, name);
    target = member_path(call, to, name);

    if (source == NULL || target == NULL) {
        good = false;

    } else if (name[len - 1] == '/') {
        source[strlen(source) - 1] = '\0';
        target[strlen(target) - 1] = '\0';
        good = copy_folder(call, source, target, depth + 1);

    } else if (nt_call_stat(call, source, &info)) {
        good = true;

        if (info.link) {
            nt_call_log(call, "warning",
                        "\"%s\" is left out: it is a symbolic link", source);
        } else {
            good = copy_file(call, source, target);
        }
    }

    free(source);
    free(target);
    return good;
}


static bool
copy_folder(nt_node_call_t *call, const char *from, const char *to,
            unsigned depth)
{
    bool    good;
    size_t  i;
    json_t *names, *name;

    if (depth > FOLDER_MAX) {
        (void) nt_call_fail(call, "folders are nested deeper than %d",
                            FOLDER_MAX);
        return false;
    }

    names = nt_call_list_folder(call, from);
    good = names != NULL && nt_call_make_folder(call, to, true);

    json_array_foreach(names, i, name)
    {
        good = good && !nt_call_cancelled(call) &&
               copy_member(call, from, to, json_string_value(name), depth);
    }

    json_decref(names);
    return good;
}


/* FOLDER/BASENAME(path): where a file goes that is put into a folder. */
static char *
path_in(nt_node_call_t *call, const char *folder, const char *path)
{
    char       *inside;
    size_t      len = strlen(path);
    const char *name;

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }

    name = memrchr(path, '/', len);
    name = name != NULL ? name + 1 : path;

    if (asprintf(&inside, "%s/%.*s", folder, (int) (path + len - name), name) <
        0) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    return inside;
}


/* Is `to` the folder `from`, or in it? */
static bool
is_inside(nt_node_call_t *call, const char *from, const char *to)
{
    bool     inside;
    nt_buf_t outer = { 0 }, inner = { 0 };

    nt_path_absolute(&outer, nt_str(from));
    nt_path_absolute(&inner, nt_str(to));

    if (outer.failed || inner.failed) {
        inside = true;
        (void) nt_arg_nomem(call);

    } else {
        inside = inner.len >= outer.len &&
                 memcmp(inner.data, outer.data, outer.len) == 0 &&
                 (inner.len == outer.len || outer.len == 1 ||
                  inner.data[outer.len] == '/');
    }

    nt_buf_free(&outer);
    nt_buf_free(&inner);
    return inside;
}


bool
nt_files_copy(nt_node_call_t *call, const char *from, const char *to)
{
    bool           good;
    char          *inside;
    nt_file_info_t source, target;

    if (!nt_files_stat(call, from, &source) || !nt_call_stat(call, to, &target))
    {
        return false;
    }

    if (source.kind == NT_FILE_FOLDER) {
        if (is_inside(call, from, to)) {
            (void) nt_call_fail(call,
                                "folder \"%s\" cannot be copied into itself",
                                from);
            return false;
        }

        return copy_folder(call, from, to, 0);
    }

    if (target.kind != NT_FILE_FOLDER) {
        return copy_file(call, from, to);
    }

    inside = path_in(call, to, from);
    good = inside != NULL && copy_file(call, from, inside);
    free(inside);
    return good;
}


bool
nt_files_move(nt_node_call_t *call, const char *from, const char *to)
{
    bool           good;
    char          *inside;
    nt_file_info_t source, target;

    if (!nt_files_stat(call, from, &source) || !nt_call_stat(call, to, &target))
    {
        return false;
    }

    if (target.kind != NT_FILE_FOLDER) {
        return nt_call_rename(call, from, to);
    }

    inside = path_in(call, to, from);

    if (inside == NULL || !nt_call_stat(call, inside, &target)) {
        free(inside);
        return false;
    }

    if (target.kind != NT_FILE_NONE) {
        (void) nt_call_fail(call, "\"%s\" exists already", inside);
        free(inside);
        return false;
    }

    good = nt_call_rename(call, from, inside);
    free(inside);
    return good;
}


void
nt_files_saved(nt_node_call_t *call, const char *path, json_t *value,
               const char *type)
{
    const char *name = strrchr(path, '/');
    json_t     *members;

    members = json_pack("{s:s, s:O, s:s, s:{}}", "name",
                        name != NULL ? name + 1 : path, "value", value,
                        "output_type", type, "metadata");

    if (members != NULL) {
        nt_call_event(call, "save_update", members);
    }
}
