/*
 * ngx_http_nodetool_storage_put.c - PUT: the body goes to a file in the
 * store's folder of uploads as it comes, and the file takes the object's name
 * when it is whole.
 *
 *   read, write ... -> fsync -> rename -> fsync of the folders -> answer
 *
 * In constant memory: what the client sends is read into one buffer of
 * client_body_buffer_size, which is written before more is read.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* How many buffers one system call writes. */
#define NGX_HTTP_NODETOOL_IOVS 16

/* What is copied at once of a body that somebody read to a file before. */
#define NGX_HTTP_NODETOOL_COPY (1024 * 1024)

/* Writing out starts after so many bytes, so that the fsync at the end of a
 * large upload finds little to do. */
#define NGX_HTTP_NODETOOL_FLUSH (8 * 1024 * 1024)

/* The free space is looked at again after so many bytes. */
#define NGX_HTTP_NODETOOL_CHECK (16 * 1024 * 1024)

static ngx_int_t ngx_http_nodetool_put_early(ngx_http_nodetool_object_t *o);
static ngx_int_t ngx_http_nodetool_put_space(ngx_http_nodetool_object_t *o,
                                             off_t                       size);
static ngx_err_t ngx_http_nodetool_put_create(ngx_http_nodetool_object_t *o,
                                              ngx_pool_cleanup_t         *cln);
static void      ngx_http_nodetool_put_cleanup(void *data);
static void      ngx_http_nodetool_put_body(ngx_http_request_t *r);
static void      ngx_http_nodetool_put_read(ngx_http_request_t *r);
static void      ngx_http_nodetool_put_take(ngx_http_nodetool_object_t *o);
static void      ngx_http_nodetool_put_give(ngx_http_nodetool_object_t *o);
static ngx_int_t ngx_http_nodetool_put_flush(ngx_http_nodetool_object_t *o);
static void      ngx_http_nodetool_put_written(ngx_http_nodetool_object_t *o,
                                               ngx_err_t                   err);
static ngx_err_t ngx_http_nodetool_put_write(ngx_http_nodetool_object_t *o);
static ssize_t   ngx_http_nodetool_put_writev(ngx_http_nodetool_object_t *o);
static void      ngx_http_nodetool_put_whole(ngx_http_nodetool_object_t *o);
static ngx_err_t ngx_http_nodetool_put_fsync(ngx_http_nodetool_object_t *o);
static void      ngx_http_nodetool_put_publish(ngx_http_nodetool_object_t *o,
                                               ngx_err_t                   err);
static ngx_int_t ngx_http_nodetool_put_replace(ngx_http_nodetool_object_t *o,
                                               ngx_fd_t dir, u_char *name);
static ngx_err_t ngx_http_nodetool_put_newer(ngx_http_nodetool_object_t *o,
                                             struct stat                *old);
static ngx_err_t ngx_http_nodetool_put_fsync_folders(
    ngx_http_nodetool_object_t *o);
static void ngx_http_nodetool_put_answer(ngx_http_nodetool_object_t *o,
                                         ngx_err_t                   err);


ngx_int_t
ngx_http_nodetool_storage_put(ngx_http_nodetool_object_t *o)
{
    ngx_int_t           rc;
    ngx_err_t           err;
    ngx_pool_cleanup_t *cln;
    ngx_http_request_t *r;

    r = o->request;

    rc = ngx_http_nodetool_put_early(o);
    if (rc != NGX_OK) {
        return rc;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    err = ngx_http_nodetool_put_create(o, cln);
    if (err != 0) {
        return ngx_http_nodetool_storage_failed(o, err, "create upload of");
    }

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_nodetool_put_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/* What can be refused before the body is read, and need not be sent then. */

static ngx_int_t
ngx_http_nodetool_put_early(ngx_http_nodetool_object_t *o)
{
    u_char             *name;
    ngx_fd_t            dir;
    ngx_str_t           encoding;
    ngx_uint_t          found;
    struct stat         info;
    ngx_http_request_t *r;

    r = o->request;

    if (r->headers_in.content_range != NULL) {
        return ngx_nodetool_errorf(r, NGX_HTTP_BAD_REQUEST,
                                   "An object is stored whole; "
                                   "PUT takes no Content-Range");
    }

    if (ngx_nodetool_header_in(r, "content-encoding", &encoding) != 0 &&
        (encoding.len != 8 ||
         ngx_strncasecmp(encoding.data, (u_char *) "identity", 8) != 0))
    {
        return ngx_nodetool_errorf(r, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                                   "Objects are stored as they come; send "
                                   "the body without Content-Encoding");
    }

    if (r->headers_in.if_match != NULL || r->headers_in.if_none_match != NULL ||
        r->headers_in.if_unmodified_since != NULL)
    {
        /* only to spare the client the upload: looked at again at its end */

        dir = ngx_http_nodetool_store_enter(o->store, &o->key, &name, NULL);

        found = dir != NGX_INVALID_FILE &&
                fstatat(dir, (char *) name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISREG(info.st_mode) &&
                !ngx_http_nodetool_store_expired(o->store, &info);

        ngx_http_nodetool_store_leave(o->store, dir);

        if (!ngx_http_nodetool_storage_allowed(r, found ? &info : NULL)) {
            return ngx_nodetool_errorf(r, NGX_HTTP_PRECONDITION_FAILED,
                                       "The object is not as the "
                                       "precondition says");
        }
    }

    return ngx_http_nodetool_put_space(o, r->headers_in.content_length_n);
}


/* Whether `size` more bytes leave nodetool_storage_min_free. */

static ngx_int_t
ngx_http_nodetool_put_space(ngx_http_nodetool_object_t *o, off_t size)
{
    struct statvfs fs;

    if (o->conf->min_free == 0) {
        return NGX_OK;
    }

    if (fstatvfs(o->store->fd, &fs) == -1) {
        return ngx_http_nodetool_storage_failed(o, ngx_errno, "fstatvfs");
    }

    if (size < 0) {
        size = 0;
    }

    if ((uint64_t) fs.f_bavail * fs.f_frsize <
        (uint64_t) size + o->conf->min_free) {
        return ngx_http_nodetool_storage_failed(o, NGX_ENOSPC,
                                                "min_free refuses");
    }

    return NGX_OK;
}


static ngx_err_t
ngx_http_nodetool_put_create(ngx_http_nodetool_object_t *o,
                             ngx_pool_cleanup_t         *cln)
{
    ngx_fd_t   fd;
    ngx_uint_t tries;

    for (tries = 0; tries < 16; tries++) {
        *ngx_sprintf(o->tmp, "%P-%xL", ngx_pid,
                     (int64_t) ngx_random() << 16 ^ ngx_current_msec) = '\0';

        fd = openat(o->store->tmp, (char *) o->tmp,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    o->conf->access);

        if (fd != -1) {
            break;
        }

        if (ngx_errno != NGX_EEXIST) {
            break;
        }
    }

    if (fd == -1) {
        return ngx_errno;
    }

    o->fd = fd;

    cln->handler = ngx_http_nodetool_put_cleanup;
    cln->data = o;

    /* says to sweepers that somebody still writes; where the file system
     * has no locks, they leave uploads alone */

    (void) flock(fd, LOCK_SH | LOCK_NB);

    return 0;
}


static void
ngx_http_nodetool_put_cleanup(void *data)
{
    ngx_http_nodetool_object_t *o = data;

    if (o->tmp[0] != '\0' && unlinkat(o->store->tmp, (char *) o->tmp, 0) == -1)
    {
        ngx_log_error(NGX_LOG_ERR, o->request->pool->log, ngx_errno,
                      "unlinkat() of an upload \"%V/%s/%s\" failed",
                      &o->store->path, NGX_HTTP_NODETOOL_STORE_TMP, o->tmp);
    }

    if (close(o->fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, o->request->pool->log, ngx_errno,
                      "close() of an upload of \"%V/%V\" failed",
                      &o->store->path, &o->key);
    }
}


static void
ngx_http_nodetool_put_body(ngx_http_request_t *r)
{
    ngx_http_nodetool_object_t *o;

    o = ngx_http_get_module_ctx(r, ngx_http_nodetool_storage_module);

    ngx_http_nodetool_put_take(o);

    ngx_http_nodetool_put_read(r);
}


/* Reads what is there, and writes it; called when more may have come. */

static void
ngx_http_nodetool_put_read(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_http_nodetool_object_t *o;

    o = ngx_http_get_module_ctx(r, ngx_http_nodetool_storage_module);

    for (;;) {
        if (o->out != NULL) {
            rc = ngx_http_nodetool_put_flush(o);

            if (rc == NGX_AGAIN) {
                return;
            }

            if (rc != NGX_OK) {
                ngx_http_finalize_request(r, rc);
                return;
            }
        }

        ngx_http_nodetool_put_give(o);

        if (!r->reading_body) {
            ngx_http_nodetool_put_whole(o);
            return;
        }

        r->read_event_handler = ngx_http_nodetool_put_read;

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_http_finalize_request(r, rc);
            return;
        }

        ngx_http_nodetool_put_take(o);

        if (o->out == NULL && r->reading_body) {
            return;
        }
    }
}


static void
ngx_http_nodetool_put_take(ngx_http_nodetool_object_t *o)
{
    ngx_http_request_body_t *rb;

    rb = o->request->request_body;

    o->taken = rb->bufs;
    o->out = rb->bufs;
    rb->bufs = NULL;
}


/* Gives the links back, lest a long upload collects them in the pool. */

static void
ngx_http_nodetool_put_give(ngx_http_nodetool_object_t *o)
{
    ngx_chain_t *cl, *next;

    for (cl = o->taken; cl != NULL; cl = next) {
        next = cl->next;
        ngx_free_chain(o->request->pool, cl);
    }

    o->taken = NULL;
}


/* Writes o->out: in this process, or with `aio threads` and `aio_write on`
 * in a thread. NGX_OK, NGX_AGAIN, or what finalizes the request. */

static ngx_int_t
ngx_http_nodetool_put_flush(ngx_http_nodetool_object_t *o)
{
    ngx_err_t                 err;
    ngx_int_t                 rc;
    ngx_event_t              *rev;
    ngx_http_core_loc_conf_t *clcf;

    if (o->conf->min_free != 0 &&
        o->size >= o->checked + NGX_HTTP_NODETOOL_CHECK) {
        o->checked = o->size;

        rc = ngx_http_nodetool_put_space(o, 0);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    clcf = ngx_http_get_module_loc_conf(o->request, ngx_http_core_module);

    if (clcf->aio == NGX_HTTP_AIO_THREADS && clcf->aio_write) {
        /* the client is not late while the disk is slow */

        rev = o->request->connection->read;

        if (rev->timer_set) {
            ngx_del_timer(rev);
        }

        ngx_http_nodetool_storage_work(o, ngx_http_nodetool_put_write,
                                       ngx_http_nodetool_put_written);
        return NGX_AGAIN;
    }

    err = ngx_http_nodetool_put_write(o);

    if (err != 0) {
        return ngx_http_nodetool_storage_failed(o, err, "write upload of");
    }

    if (o->out != NULL) {
        /* more of a file is to be copied; others have their turn before */

        o->request->read_event_handler = ngx_http_block_reading;
        o->request->write_event_handler = ngx_http_nodetool_put_read;

        ngx_post_event(o->request->connection->write, &ngx_posted_next_events);
        return NGX_AGAIN;
    }

    return NGX_OK;
}


static void
ngx_http_nodetool_put_written(ngx_http_nodetool_object_t *o, ngx_err_t err)
{
    if (err != 0) {
        ngx_http_finalize_request(o->request, ngx_http_nodetool_storage_failed(
                                                  o, err, "write upload of"));
        return;
    }

    ngx_http_nodetool_put_read(o->request);
}


/* Writes o->out, or a part of it when that is much. Runs in a thread, too. */

static ngx_err_t
ngx_http_nodetool_put_write(ngx_http_nodetool_object_t *o)
{
    ssize_t    n;
    ngx_buf_t *b;

    while (o->out != NULL) {
        b = o->out->buf;

        if (!ngx_buf_in_memory(b) && b->in_file) {
            /* read before, for a mirror say */

            n = sendfile(o->fd, b->file->fd, &b->file_pos,
                         ngx_min(b->file_last - b->file_pos,
                                 NGX_HTTP_NODETOOL_COPY));

            if (n == 0 && b->file_pos < b->file_last) {
                return EIO;
            }

            if (n >= 0 && b->file_pos < b->file_last) {
                o->size += n;
                return 0;
            }

            if (n >= 0) {
                o->out = o->out->next;
            }

        } else {
            n = ngx_http_nodetool_put_writev(o);
        }

        if (n == -1 && ngx_errno != NGX_EINTR) {
            return ngx_errno;
        }

        if (n > 0) {
            o->size += n;
        }
    }

    if (o->conf->fsync && o->size - o->flushed >= NGX_HTTP_NODETOOL_FLUSH) {
        (void) sync_file_range(o->fd, o->flushed, o->size - o->flushed,
                               SYNC_FILE_RANGE_WRITE);
        o->flushed = o->size;
    }

    return 0;
}


/* One writev(2) of the buffers in memory; moves o->out past what it wrote. */

static ssize_t
ngx_http_nodetool_put_writev(ngx_http_nodetool_object_t *o)
{
    size_t       len;
    ssize_t      n, left;
    ngx_buf_t   *b;
    ngx_uint_t   count;
    ngx_chain_t *cl;
    struct iovec iov[NGX_HTTP_NODETOOL_IOVS];

    count = 0;

    for (cl = o->out; cl && count < NGX_HTTP_NODETOOL_IOVS; cl = cl->next) {
        b = cl->buf;

        if (!ngx_buf_in_memory(b) && b->in_file) {
            break;
        }

        if (b->last > b->pos) {
            iov[count].iov_base = b->pos;
            iov[count++].iov_len = b->last - b->pos;
        }
    }

    n = count ? writev(o->fd, iov, count) : 0;

    if (n == -1) {
        return -1;
    }

    for (left = n; o->out != cl; o->out = o->out->next) {
        b = o->out->buf;
        len = b->last - b->pos;

        if ((size_t) left < len) {
            b->pos += left;
            break;
        }

        b->pos = b->last;
        left -= len;
    }

    return n;
}


static void
ngx_http_nodetool_put_whole(ngx_http_nodetool_object_t *o)
{
    o->request->read_event_handler = ngx_http_block_reading;

    if (o->conf->fsync) {
        ngx_http_nodetool_storage_work(o, ngx_http_nodetool_put_fsync,
                                       ngx_http_nodetool_put_publish);
        return;
    }

    ngx_http_nodetool_put_publish(o, 0);
}


static ngx_err_t
ngx_http_nodetool_put_fsync(ngx_http_nodetool_object_t *o)
{
    return fsync(o->fd) == -1 ? ngx_errno : 0;
}


/*
 * Gives the upload the object's name.  From looking at what is there to the
 * rename the store is locked, so preconditions hold and no folder vanishes;
 * programs that do not know the lock can only make it try again.
 */

static void
ngx_http_nodetool_put_publish(ngx_http_nodetool_object_t *o, ngx_err_t err)
{
    u_char             *name;
    ngx_fd_t            dir;
    ngx_int_t           rc;
    ngx_uint_t          tries;
    ngx_http_request_t *r;

    r = o->request;

    if (err == 0 && fstat(o->fd, &o->info) == -1) {
        err = ngx_errno;
    }

    /* what the umask took away */

    if (err == 0 && (o->info.st_mode & 0777) != o->conf->access &&
        fchmod(o->fd, o->conf->access) == -1)
    {
        err = ngx_errno;
    }

    if (err != 0) {
        rc = ngx_http_nodetool_storage_failed(o, err, "sync upload of");
        ngx_http_finalize_request(r, rc);
        return;
    }

    if (ngx_http_nodetool_store_lock(o->store, r->connection->log) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    for (tries = 0; tries < 8; tries++) {
        dir = ngx_http_nodetool_store_enter(o->store, &o->key, &name,
                                            &o->folders);
        rc = dir == NGX_INVALID_FILE
                 ? (ngx_int_t) ngx_errno
                 : ngx_http_nodetool_put_replace(o, dir, name);

        ngx_http_nodetool_store_leave(o->store, dir);

        if (rc != NGX_ENOENT && rc != NGX_EEXIST) {
            break;
        }
    }

    ngx_http_nodetool_store_unlock(o->store);

    if (rc == NGX_DECLINED) {
        rc = ngx_nodetool_errorf(r, NGX_HTTP_PRECONDITION_FAILED,
                                 "The object is not as the precondition says");
        ngx_http_finalize_request(r, rc);
        return;
    }

    if (rc != 0) {
        /* ENOENT is not "no such object" here: somebody else removes folders,
         * or uploads */

        rc = ngx_http_nodetool_storage_failed(o, rc == NGX_ENOENT ? EIO : rc,
                                              "rename upload to");
        ngx_http_finalize_request(r, rc);
        return;
    }

    o->tmp[0] = '\0';

    if (o->conf->fsync) {
        ngx_http_nodetool_storage_work(o, ngx_http_nodetool_put_fsync_folders,
                                       ngx_http_nodetool_put_answer);
        return;
    }

    ngx_http_nodetool_put_answer(o, 0);
}


/* Returns 0, an errno, or NGX_DECLINED when a precondition fails. */

static ngx_int_t
ngx_http_nodetool_put_replace(ngx_http_nodetool_object_t *o, ngx_fd_t dir,
                              u_char *name)
{
    ngx_err_t   err;
    ngx_uint_t  there, valid;
    struct stat old;

    there = fstatat(dir, (char *) name, &old, AT_SYMLINK_NOFOLLOW) == 0;

    if (!there && ngx_errno != NGX_ENOENT) {
        return ngx_errno;
    }

    if (there && !S_ISREG(old.st_mode)) {
        return S_ISLNK(old.st_mode) ? NGX_ELOOP : NGX_EISDIR;
    }

    valid = there && !ngx_http_nodetool_store_expired(o->store, &old);

    if (!ngx_http_nodetool_storage_allowed(o->request, valid ? &old : NULL)) {
        return NGX_DECLINED;
    }

    if (there) {
        err = ngx_http_nodetool_put_newer(o, &old);
        if (err != 0) {
            return err;
        }

    } else {
        if (syscall(SYS_renameat2, o->store->tmp, o->tmp, dir, name,
                    RENAME_NOREPLACE) == 0)
        {
            o->status = NGX_HTTP_CREATED;
            return 0;
        }

        /* EEXIST: a program without the lock was faster, look again;
         * EINVAL, ENOSYS: this file system cannot, the lock has to do */

        if (ngx_errno != NGX_EINVAL && ngx_errno != NGX_ENOSYS) {
            return ngx_errno;
        }
    }

    if (renameat(o->store->tmp, (char *) o->tmp, dir, (char *) name) == -1) {
        return ngx_errno;
    }

    o->status = valid ? NGX_HTTP_OK : NGX_HTTP_CREATED;

    return 0;
}


/*
 * The kernel's clock for files ticks every few milliseconds.  An object that
 * replaces others within a tick must not get the time, and with it the entity
 * tag, of one of them.
 */

static ngx_err_t
ngx_http_nodetool_put_newer(ngx_http_nodetool_object_t *o, struct stat *old)
{
    struct timespec now, times[2];

    now = o->info.st_mtim;

    if (now.tv_sec != old->st_mtim.tv_sec || now.tv_nsec > old->st_mtim.tv_nsec)
    {
        return 0;
    }

    times[0].tv_sec = 0;
    times[0].tv_nsec = UTIME_OMIT;
    times[1] = old->st_mtim;

    if (++times[1].tv_nsec == 1000000000) {
        times[1].tv_sec++;
        times[1].tv_nsec = 0;
    }

    if (futimens(o->fd, times) == -1) {
        return ngx_errno;
    }

    o->info.st_mtim = times[1];

    return 0;
}


static ngx_err_t
ngx_http_nodetool_put_fsync_folders(ngx_http_nodetool_object_t *o)
{
    return ngx_http_nodetool_store_sync(o->store, &o->key, o->folders);
}


static void
ngx_http_nodetool_put_answer(ngx_http_nodetool_object_t *o, ngx_err_t err)
{
    ngx_http_request_t *r;

    r = o->request;

    if (err != 0) {
        ngx_http_finalize_request(
            r, ngx_http_nodetool_storage_failed(o, err, "sync folder of"));
        return;
    }

    r->headers_out.status = o->status;
    r->headers_out.content_length_n = 0;
    r->header_only = 1;

    /* the preconditions were about the object that this one replaced */

    r->disable_not_modified = 1;

    if (ngx_http_nodetool_storage_set_etag(r, &o->info) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_http_finalize_request(r, ngx_http_send_header(r));
}
