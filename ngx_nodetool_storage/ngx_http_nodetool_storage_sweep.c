/*
 * ngx_http_nodetool_storage_sweep.c - removes expired objects, and uploads
 * whose process died.
 *
 * A round walks the folders a few entries at a time, on a timer of one worker
 * process.  Two sweepers (during a reload, or of two servers with one store)
 * do no harm: what is removed is looked at again under the store's lock.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

#include "core/nt_key.h"

#include <dirent.h>
#include <sys/file.h>

#define NGX_HTTP_NODETOOL_SWEEP_ENTRIES  256   /* in one go */
#define NGX_HTTP_NODETOOL_SWEEP_PAUSE    10    /* msec to the next go */
#define NGX_HTTP_NODETOOL_SWEEP_INTERVAL 60000 /* msec to the next round */

/* A process opens an upload and locks it a moment later; and where locks do
 * not reach other machines, an upload that goes on is younger than this. */
#define NGX_HTTP_NODETOOL_SWEEP_GRACE 300 /* sec */

/* A key of single letters, and the store's folder. */
#define NGX_HTTP_NODETOOL_SWEEP_DEPTH (NT_KEY_MAX / 2 + 1)

typedef struct {
    DIR       *dir;
    ngx_uint_t idle; /* nobody changed it for the time that objects live */
    u_char     name[NT_KEY_SEGMENT_MAX + 1];
} ngx_http_nodetool_sweep_folder_t;

struct ngx_http_nodetool_sweep_s {
    ngx_http_nodetool_store_t *store;
    ngx_event_t                event;
    ngx_uint_t                 removed; /* in this round */

    ngx_uint_t depth; /* folders that are open; 0 between rounds */
    ngx_http_nodetool_sweep_folder_t folders[NGX_HTTP_NODETOOL_SWEEP_DEPTH];

    unsigned uploads : 1; /* the folder of uploads is walked */
};

static void       ngx_http_nodetool_sweep_handler(ngx_event_t *ev);
static ngx_int_t  ngx_http_nodetool_sweep_go(ngx_http_nodetool_sweep_t *sweep);
static ngx_msec_t ngx_http_nodetool_sweep_interval(
    ngx_http_nodetool_sweep_t *sweep);
static ngx_int_t ngx_http_nodetool_sweep_push(ngx_http_nodetool_sweep_t *sweep,
                                              ngx_fd_t at, const char *name);
static void      ngx_http_nodetool_sweep_pop(ngx_http_nodetool_sweep_t *sweep);
static void      ngx_http_nodetool_sweep_entry(ngx_http_nodetool_sweep_t *sweep,
                                               ngx_fd_t dir, const char *name);
static void ngx_http_nodetool_sweep_remove(ngx_http_nodetool_sweep_t *sweep,
                                           ngx_fd_t dir, const char *name);
static void ngx_http_nodetool_sweep_upload(ngx_http_nodetool_sweep_t *sweep,
                                           ngx_fd_t dir, const char *name);


ngx_int_t
ngx_http_nodetool_sweep_start(ngx_cycle_t               *cycle,
                              ngx_http_nodetool_store_t *store)
{
    ngx_http_nodetool_sweep_t *sweep;

    sweep = ngx_pcalloc(cycle->pool, sizeof(ngx_http_nodetool_sweep_t));
    if (sweep == NULL) {
        return NGX_ERROR;
    }

    sweep->store = store;
    sweep->event.data = sweep;
    sweep->event.handler = ngx_http_nodetool_sweep_handler;
    sweep->event.log = cycle->log;
    sweep->event.cancelable = 1;

    store->sweep = sweep;

    ngx_add_timer(&sweep->event, NGX_HTTP_NODETOOL_SWEEP_PAUSE);

    return NGX_OK;
}


void
ngx_http_nodetool_sweep_stop(ngx_http_nodetool_store_t *store)
{
    ngx_http_nodetool_sweep_t *sweep = store->sweep;

    if (sweep == NULL) {
        return;
    }

    if (sweep->event.timer_set) {
        ngx_del_timer(&sweep->event);
    }

    while (sweep->depth != 0) {
        (void) closedir(sweep->folders[--sweep->depth].dir);
    }

    store->sweep = NULL;
}


static void
ngx_http_nodetool_sweep_handler(ngx_event_t *ev)
{
    ngx_http_nodetool_sweep_t *sweep = ev->data;

    ngx_msec_t wait;

    wait = ngx_http_nodetool_sweep_interval(sweep);

    if (ngx_http_nodetool_store_open(sweep->store, ev->log) == NGX_OK &&
        ngx_http_nodetool_sweep_go(sweep) == NGX_AGAIN)
    {
        wait = NGX_HTTP_NODETOOL_SWEEP_PAUSE;
    }

    ngx_add_timer(ev, wait);
}


static ngx_msec_t
ngx_http_nodetool_sweep_interval(ngx_http_nodetool_sweep_t *sweep)
{
    time_t expire = sweep->store->expire;

    if (expire != 0 && expire < NGX_HTTP_NODETOOL_SWEEP_INTERVAL / 1000) {
        return expire * 1000;
    }

    return NGX_HTTP_NODETOOL_SWEEP_INTERVAL;
}


/* Looks at a few entries. NGX_AGAIN: the round is not at its end. */

static ngx_int_t
ngx_http_nodetool_sweep_go(ngx_http_nodetool_sweep_t *sweep)
{
    DIR           *dir;
    ngx_uint_t     n;
    struct dirent *entry;

    if (sweep->depth == 0) {
        sweep->removed = 0;
        sweep->uploads = 1;

        if (ngx_http_nodetool_sweep_push(sweep, sweep->store->tmp, ".") !=
            NGX_OK) {
            return NGX_OK;
        }
    }

    for (n = 0; n < NGX_HTTP_NODETOOL_SWEEP_ENTRIES; n++) {
        dir = sweep->folders[sweep->depth - 1].dir;
        entry = readdir(dir);

        if (entry != NULL) {
            ngx_http_nodetool_sweep_entry(sweep, dirfd(dir), entry->d_name);
            continue;
        }

        ngx_http_nodetool_sweep_pop(sweep);

        if (sweep->depth != 0) {
            continue;
        }

        if (sweep->uploads && sweep->store->expire != 0) {
            sweep->uploads = 0;

            if (ngx_http_nodetool_sweep_push(sweep, sweep->store->fd, ".") ==
                NGX_OK) {
                continue;
            }
        }

        if (sweep->removed != 0) {
            ngx_log_error(NGX_LOG_NOTICE, sweep->event.log, 0,
                          "%ui expired objects and dead uploads removed from "
                          "the store \"%V\"",
                          sweep->removed, &sweep->store->path);
        }

        return NGX_OK;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_nodetool_sweep_push(ngx_http_nodetool_sweep_t *sweep, ngx_fd_t at,
                             const char *name)
{
    DIR                              *dir;
    ngx_fd_t                          fd;
    struct stat                       info;
    ngx_http_nodetool_sweep_folder_t *folder;

    if (sweep->depth == NGX_HTTP_NODETOOL_SWEEP_DEPTH) {
        return NGX_DECLINED;
    }

    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    dir = fd == -1 ? NULL : fdopendir(fd);

    if (dir == NULL) {
        ngx_log_error(NGX_LOG_ERR, sweep->event.log, ngx_errno,
                      "a folder \"%s\" of the store \"%V\" could not be read",
                      name, &sweep->store->path);

        if (fd != -1) {
            (void) close(fd);
        }

        return NGX_ERROR;
    }

    folder = &sweep->folders[sweep->depth++];

    folder->dir = dir;
    folder->idle = fstat(fd, &info) == 0 &&
                   ngx_http_nodetool_store_expired(sweep->store, &info);
    (void) ngx_cpystrn(folder->name, (u_char *) name, NT_KEY_SEGMENT_MAX + 1);

    return NGX_OK;
}


/* Leaves a folder, and removes it when nobody had done anything in it for the
 * time that an object lives; the system refuses when it is not empty. */

static void
ngx_http_nodetool_sweep_pop(ngx_http_nodetool_sweep_t *sweep)
{
    ngx_fd_t                          parent;
    ngx_http_nodetool_sweep_folder_t *folder;

    folder = &sweep->folders[--sweep->depth];

    (void) closedir(folder->dir);

    if (sweep->depth == 0 || !folder->idle) {
        return;
    }

    if (ngx_http_nodetool_store_lock(sweep->store, sweep->event.log) != NGX_OK)
    {
        return;
    }

    parent = dirfd(sweep->folders[sweep->depth - 1].dir);
    (void) unlinkat(parent, (char *) folder->name, AT_REMOVEDIR);

    ngx_http_nodetool_store_unlock(sweep->store);
}


static void
ngx_http_nodetool_sweep_entry(ngx_http_nodetool_sweep_t *sweep, ngx_fd_t dir,
                              const char *name)
{
    struct stat info;

    if (ngx_strcmp(name, ".") == 0 || ngx_strcmp(name, "..") == 0) {
        return;
    }

    if (sweep->uploads) {
        ngx_http_nodetool_sweep_upload(sweep, dir, name);
        return;
    }

    if (sweep->depth == 1 && ngx_strcmp(name, NGX_HTTP_NODETOOL_STORE_TMP) == 0)
    {
        return;
    }

    if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == -1) {
        return;
    }

    if (S_ISDIR(info.st_mode)) {
        (void) ngx_http_nodetool_sweep_push(sweep, dir, name);

    } else if (S_ISREG(info.st_mode) &&
               ngx_http_nodetool_store_expired(sweep->store, &info))
    {
        ngx_http_nodetool_sweep_remove(sweep, dir, name);
    }
}


/* Looks again, as the object may have been replaced by now. */

static void
ngx_http_nodetool_sweep_remove(ngx_http_nodetool_sweep_t *sweep, ngx_fd_t dir,
                               const char *name)
{
    struct stat info;

    if (ngx_http_nodetool_store_lock(sweep->store, sweep->event.log) != NGX_OK)
    {
        return;
    }

    if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        ngx_http_nodetool_store_expired(sweep->store, &info))
    {
        if (unlinkat(dir, name, 0) == 0) {
            sweep->removed++;

        } else if (ngx_errno != NGX_ENOENT) {
            ngx_log_error(NGX_LOG_ERR, sweep->event.log, ngx_errno,
                          "unlinkat() of the expired \"%s\" in the store "
                          "\"%V\" failed",
                          name, &sweep->store->path);
        }
    }

    ngx_http_nodetool_store_unlock(sweep->store);
}


/* Whoever writes an upload holds a lock on it until he dies. */

static void
ngx_http_nodetool_sweep_upload(ngx_http_nodetool_sweep_t *sweep, ngx_fd_t dir,
                               const char *name)
{
    ngx_fd_t    fd;
    struct stat info;

    if (ngx_strcmp(name, NGX_HTTP_NODETOOL_LOCK_FILE) == 0) {
        return;
    }

    fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1) {
        return;
    }

    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        info.st_mtime + NGX_HTTP_NODETOOL_SWEEP_GRACE <= ngx_time() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir, name, 0) == 0)
    {
        sweep->removed++;
    }

    (void) close(fd);
}
