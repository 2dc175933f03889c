/*
 * ngx_http_nodetool_storage_fs.c - a store's folder, and nothing outside it.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

#include "core/nt_key.h"

#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/syscall.h>

static ngx_fd_t  ngx_http_nodetool_openat2(ngx_fd_t fd, const u_char *path,
                                           int flags);
static ngx_fd_t  ngx_http_nodetool_walk(ngx_fd_t fd, const u_char *path,
                                        int flags);
static ngx_fd_t  ngx_http_nodetool_step(ngx_fd_t fd, const u_char *name,
                                        int flags);
static ngx_int_t ngx_http_nodetool_store_open_tmp(
    ngx_http_nodetool_store_t *store, ngx_log_t *log);
static ngx_int_t ngx_http_nodetool_store_make_folders(
    ngx_http_nodetool_store_t *store, u_char *path, ngx_uint_t *made);
static void ngx_http_nodetool_close(ngx_fd_t *fd, ngx_log_t *log);


ngx_int_t
ngx_http_nodetool_store_make(u_char *path, ngx_uint_t access)
{
    u_char *p;

    for (p = path + 1; *p != '\0'; p++) {
        if (*p != '/') {
            continue;
        }

        *p = '\0';

        if (mkdir((char *) path, 0755) == -1 && ngx_errno != NGX_EEXIST) {
            *p = '/';
            return NGX_ERROR;
        }

        *p = '/';
    }

    if (mkdir((char *) path, ngx_dir_access(access)) == -1) {
        return ngx_errno == NGX_EEXIST ? NGX_DECLINED : NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_store_open(ngx_http_nodetool_store_t *store, ngx_log_t *log)
{
    ngx_fd_t fd, probe;

    if (store->fd != NGX_INVALID_FILE) {
        return NGX_OK;
    }

    fd = open((char *) store->path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1 && ngx_errno == NGX_ENOENT &&
        ngx_http_nodetool_store_make(store->path.data, store->access) !=
            NGX_ERROR)
    {
        fd =
            open((char *) store->path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }

    if (fd == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "the store \"%V\" could not be opened", &store->path);
        return NGX_ERROR;
    }

    /* old kernels say ENOSYS, some sandboxes EPERM or EINVAL */

    probe =
        ngx_http_nodetool_openat2(fd, (u_char *) ".", O_RDONLY | O_DIRECTORY);
    store->no_openat2 = (probe == -1);

    if (probe != -1) {
        (void) close(probe);
    }

    store->fd = fd;

    if (store->writable &&
        ngx_http_nodetool_store_open_tmp(store, log) != NGX_OK) {
        ngx_http_nodetool_store_close(store, log);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_store_open_tmp(ngx_http_nodetool_store_t *store,
                                 ngx_log_t                 *log)
{
    if (mkdirat(store->fd, NGX_HTTP_NODETOOL_STORE_TMP, 0700) == -1 &&
        ngx_errno != NGX_EEXIST)
    {
        goto failed;
    }

    store->tmp =
        ngx_http_nodetool_store_openat(store,
                                       (u_char *) NGX_HTTP_NODETOOL_STORE_TMP,
                                       O_RDONLY | O_DIRECTORY);

    if (store->tmp == -1) {
        goto failed;
    }

    store->lock = openat(store->tmp, NGX_HTTP_NODETOOL_LOCK_FILE,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (store->lock == -1) {
        goto failed;
    }

    return NGX_OK;

failed:

    ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                  "the folder of uploads \"%V/%s\" could not be opened",
                  &store->path, NGX_HTTP_NODETOOL_STORE_TMP);

    return NGX_ERROR;
}


void
ngx_http_nodetool_store_close(ngx_http_nodetool_store_t *store, ngx_log_t *log)
{
    ngx_http_nodetool_close(&store->lock, log);
    ngx_http_nodetool_close(&store->tmp, log);
    ngx_http_nodetool_close(&store->fd, log);
}


static void
ngx_http_nodetool_close(ngx_fd_t *fd, ngx_log_t *log)
{
    if (*fd != NGX_INVALID_FILE && ngx_close_file(*fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      ngx_close_file_n " of a store failed");
    }

    *fd = NGX_INVALID_FILE;
}


static ngx_fd_t
ngx_http_nodetool_openat2(ngx_fd_t fd, const u_char *path, int flags)
{
    struct open_how how;

    ngx_memzero(&how, sizeof(struct open_how));

    how.flags = flags | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

    return syscall(SYS_openat2, fd, path, &how, sizeof(struct open_how));
}


ngx_fd_t
ngx_http_nodetool_store_openat(ngx_http_nodetool_store_t *store,
                               const u_char *path, int flags)
{
    if (store->no_openat2) {
        return ngx_http_nodetool_walk(store->fd, path, flags);
    }

    return ngx_http_nodetool_openat2(store->fd, path, flags);
}


/* The same without openat2(2): segment by segment, following no link. */

static ngx_fd_t
ngx_http_nodetool_walk(ngx_fd_t fd, const u_char *path, int flags)
{
    size_t        len;
    ngx_fd_t      dir, next;
    u_char        name[NT_KEY_SEGMENT_MAX + 1];
    const u_char *slash;

    dir = fd;

    for (;;) {
        slash = (u_char *) ngx_strchr(path, '/');
        len = slash ? (size_t) (slash - path) : ngx_strlen(path);

        if (len > NT_KEY_SEGMENT_MAX) {
            next = -1;
            ngx_set_errno(NGX_ENAMETOOLONG);

        } else {
            ngx_memcpy(name, path, len);
            name[len] = '\0';
            next =
                ngx_http_nodetool_step(dir, name,
                                       slash ? O_RDONLY | O_DIRECTORY : flags);
        }

        if (dir != fd) {
            ngx_err_t err = ngx_errno;

            (void) close(dir);
            ngx_set_errno(err);
        }

        if (next == -1 || slash == NULL) {
            return next;
        }

        dir = next;
        path = slash + 1;
    }
}


static ngx_fd_t
ngx_http_nodetool_step(ngx_fd_t fd, const u_char *name, int flags)
{
    ngx_fd_t    next;
    ngx_err_t   err;
    struct stat info;

    next = openat(fd, (char *) name, flags | O_NOFOLLOW | O_CLOEXEC);

    if (next == -1 && ngx_errno == NGX_ENOTDIR) {
        err = NGX_ENOTDIR;

        /* of a link with O_DIRECTORY the kernel says ENOTDIR, too */

        if (fstatat(fd, (char *) name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(info.st_mode))
        {
            err = NGX_ELOOP;
        }

        ngx_set_errno(err);
    }

    return next;
}


ngx_fd_t
ngx_http_nodetool_store_enter(ngx_http_nodetool_store_t *store, ngx_str_t *key,
                              u_char **name, ngx_uint_t *made)
{
    u_char  *last;
    ngx_fd_t fd;
    u_char   path[NT_KEY_MAX + 1];

    ngx_memcpy(path, key->data, key->len);
    path[key->len] = '\0';

    last = (u_char *) strrchr((char *) path, '/');

    if (last == NULL) {
        *name = key->data;
        return store->fd;
    }

    *name = key->data + (last - path) + 1;
    *last = '\0';

    fd = ngx_http_nodetool_store_openat(store, path, O_RDONLY | O_DIRECTORY);

    if (fd == -1 && ngx_errno == NGX_ENOENT && made != NULL) {
        if (ngx_http_nodetool_store_make_folders(store, path, made) != NGX_OK) {
            return NGX_INVALID_FILE;
        }

        fd =
            ngx_http_nodetool_store_openat(store, path, O_RDONLY | O_DIRECTORY);
    }

    return fd;
}


/* mkdir -p beneath the store: each step is opened before the next. */

static ngx_int_t
ngx_http_nodetool_store_make_folders(ngx_http_nodetool_store_t *store,
                                     u_char *path, ngx_uint_t *made)
{
    u_char   *name, *slash;
    ngx_fd_t  dir, next;
    ngx_err_t err;

    dir = store->fd;
    name = path;

    for (;;) {
        slash = (u_char *) ngx_strchr(name, '/');

        if (slash != NULL) {
            *slash = '\0';
        }

        next = -1;

        if (mkdirat(dir, (char *) name, ngx_dir_access(store->access)) == 0) {
            (*made)++;
            next = ngx_http_nodetool_step(dir, name, O_RDONLY | O_DIRECTORY);

            /* the umask is not to narrow what the configuration says; some
             * mounts have modes of their own */

            if (next != -1 && (store->access & 077) != 0) {
                (void) fchmod(next, ngx_dir_access(store->access));
            }

        } else if (ngx_errno == NGX_EEXIST) {
            next = ngx_http_nodetool_step(dir, name, O_RDONLY | O_DIRECTORY);
        }

        err = ngx_errno;

        if (dir != store->fd) {
            (void) close(dir);
        }

        if (slash != NULL) {
            *slash = '/';
        }

        ngx_set_errno(err);

        if (next == -1) {
            return NGX_ERROR;
        }

        if (slash == NULL) {
            (void) close(next);
            return NGX_OK;
        }

        dir = next;
        name = slash + 1;
    }
}


void
ngx_http_nodetool_store_leave(ngx_http_nodetool_store_t *store, ngx_fd_t fd)
{
    if (fd != store->fd && fd != NGX_INVALID_FILE) {
        (void) close(fd);
    }
}


ngx_err_t
ngx_http_nodetool_store_look(ngx_http_nodetool_store_t *store, ngx_fd_t dir,
                             u_char *name, struct stat *info)
{
    if (fstatat(dir, (char *) name, info, AT_SYMLINK_NOFOLLOW) == -1) {
        return ngx_errno;
    }

    if (S_ISLNK(info->st_mode)) {
        return NGX_ELOOP;
    }

    if (!S_ISREG(info->st_mode)) {
        return NGX_EISDIR;
    }

    return ngx_http_nodetool_store_expired(store, info) ? ESTALE : 0;
}


ngx_int_t
ngx_http_nodetool_store_lock(ngx_http_nodetool_store_t *store, ngx_log_t *log)
{
    while (flock(store->lock, LOCK_EX) == -1) {
        if (ngx_errno == NGX_EINTR) {
            continue;
        }

        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "flock() of the store \"%V\" failed", &store->path);
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_nodetool_store_unlock(ngx_http_nodetool_store_t *store)
{
    (void) flock(store->lock, LOCK_UN);
}


void
ngx_http_nodetool_store_prune(ngx_http_nodetool_store_t *store, ngx_str_t *key)
{
    int       rc;
    u_char   *p, *name;
    ngx_fd_t  dir;
    ngx_str_t folder;
    u_char    path[NT_KEY_MAX + 1];

    folder.data = path;

    for (;;) {
        for (p = key->data + key->len - 1; p > key->data && *p != '/'; p--) {
            /* void */
        }

        if (p == key->data) {
            return;
        }

        folder.len = p - key->data;
        ngx_memcpy(path, key->data, folder.len);
        path[folder.len] = '\0';

        dir = ngx_http_nodetool_store_enter(store, &folder, &name, NULL);
        if (dir == NGX_INVALID_FILE) {
            return;
        }

        rc = unlinkat(dir, (char *) name, AT_REMOVEDIR);
        ngx_http_nodetool_store_leave(store, dir);

        if (rc == -1) {
            return;
        }

        key->len = folder.len;
    }
}


ngx_err_t
ngx_http_nodetool_store_sync(ngx_http_nodetool_store_t *store, ngx_str_t *key,
                             ngx_uint_t above)
{
    u_char   *last;
    ngx_fd_t  fd;
    ngx_err_t err;
    u_char    path[NT_KEY_MAX + 1];

    ngx_memcpy(path, key->data, key->len);
    path[key->len] = '\0';

    for (;;) {
        last = (u_char *) strrchr((char *) path, '/');
        fd = store->fd;

        if (last != NULL) {
            *last = '\0';
            fd = ngx_http_nodetool_store_openat(store, path,
                                                O_RDONLY | O_DIRECTORY);

            /* a folder that is gone again needs no sync */

            if (fd == -1 && ngx_errno != NGX_ENOENT) {
                return ngx_errno;
            }
        }

        err = 0;

        if (fd != -1 && fsync(fd) == -1) {
            err = ngx_errno;
        }

        ngx_http_nodetool_store_leave(store, fd);

        if (err != 0 || last == NULL || above-- == 0) {
            return err;
        }
    }
}
