/*
 * ngx_http_nodetool_storage_upload.c - a request body goes to a file in the
 * store's folder of uploads as it comes.
 *
 * In constant memory: what the client sends is read into one buffer of
 * client_body_buffer_size, which is written before more is read.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

/* How many buffers one system call writes. */
#define NGX_HTTP_NODETOOL_IOVS 16

/* What is copied at once of a body that somebody read to a file before. */
#define NGX_HTTP_NODETOOL_COPY (1024 * 1024)

/* Writing out starts after so many bytes, so that the fsync at the end of a
 * large upload finds little to do. */
#define NGX_HTTP_NODETOOL_FLUSH (8 * 1024 * 1024)

/* The free space is looked at again after so many bytes. */
#define NGX_HTTP_NODETOOL_CHECK (16 * 1024 * 1024)

static void ngx_http_nodetool_upload_cleanup(void *data);
static void ngx_http_nodetool_upload_remove(ngx_http_nodetool_object_t *o);
static void ngx_http_nodetool_upload_read(ngx_http_request_t *r);
static ngx_uint_t ngx_http_nodetool_upload_full(ngx_http_request_t *r);
static ngx_int_t  ngx_http_nodetool_upload_copy(ngx_http_nodetool_object_t *o);
static void       ngx_http_nodetool_upload_take(ngx_http_nodetool_object_t *o);
static void       ngx_http_nodetool_upload_give(ngx_http_nodetool_object_t *o);
static ngx_int_t  ngx_http_nodetool_upload_flush(ngx_http_nodetool_object_t *o);
static void      ngx_http_nodetool_upload_written(ngx_http_nodetool_object_t *o,
                                                  ngx_err_t                   err);
static ngx_err_t ngx_http_nodetool_upload_write(ngx_http_nodetool_object_t *o);
static ssize_t   ngx_http_nodetool_upload_writev(ngx_http_nodetool_object_t *o);


ngx_err_t
ngx_http_nodetool_upload_space(ngx_http_nodetool_object_t *o, off_t size)
{
    uint64_t       avail;
    struct statvfs fs;

    if (o->conf->min_free == 0) {
        return 0;
    }

    if (fstatvfs(o->store->fd, &fs) == -1) {
        return ngx_errno;
    }

    avail = (uint64_t) fs.f_bavail * fs.f_frsize;

    return avail < (uint64_t) ngx_max(size, 0) + o->conf->min_free ? NGX_ENOSPC
                                                                   : 0;
}


ngx_err_t
ngx_http_nodetool_upload_create(ngx_http_nodetool_object_t *o,
                                ngx_pool_cleanup_t         *cln)
{
    ngx_fd_t   fd;
    ngx_uint_t tries;

    fd = NGX_INVALID_FILE;

    for (tries = 0; tries < 16; tries++) {
        *ngx_sprintf(o->tmp, "%P-%xL", ngx_pid,
                     (int64_t) ngx_random() << 16 ^ ngx_current_msec) = '\0';

        fd = openat(o->store->tmp, (char *) o->tmp,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    o->conf->access);

        if (fd != -1 || ngx_errno != NGX_EEXIST) {
            break;
        }
    }

    if (fd == -1) {
        return ngx_errno;
    }

    o->fd = fd;

    cln->handler = ngx_http_nodetool_upload_cleanup;
    cln->data = o;

    /* says to sweepers that somebody still writes; where the file system
     * has no locks, they leave uploads alone */

    (void) flock(fd, LOCK_SH | LOCK_NB);

    return 0;
}


static void
ngx_http_nodetool_upload_cleanup(void *data)
{
    ngx_http_nodetool_object_t *o = data;

    ngx_http_nodetool_upload_remove(o);

    if (close(o->fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, o->request->pool->log, ngx_errno,
                      "close() of an upload of \"%V/%V\" failed",
                      &o->store->path, &o->key);
    }
}


/* An upload that was not renamed goes. */

static void
ngx_http_nodetool_upload_remove(ngx_http_nodetool_object_t *o)
{
    if (o->tmp[0] != '\0' && unlinkat(o->store->tmp, (char *) o->tmp, 0) == -1)
    {
        ngx_log_error(NGX_LOG_ERR, o->request->pool->log, ngx_errno,
                      "unlinkat() of an upload \"%V/%s/%s\" failed",
                      &o->store->path, NGX_HTTP_NODETOOL_STORE_TMP, o->tmp);
    }

    o->tmp[0] = '\0';
}


void
ngx_http_nodetool_upload_body(ngx_http_request_t *r)
{
    ngx_http_nodetool_object_t *o;

    o = ngx_http_get_module_ctx(r, ngx_http_nodetool_storage_module);

    if (r->request_body == NULL) {
        /* a subrequest whose main request has not read its body */
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    if (r != r->main || r->preserve_body) {
        if (ngx_http_nodetool_upload_copy(o) != NGX_OK) {
            ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
            return;
        }

    } else {
        ngx_http_nodetool_upload_take(o);
    }

    ngx_http_nodetool_upload_read(r);
}


/* A body that a main request and its mirrors share stays as it is: writing
 * moves the positions of buffers. */

static ngx_int_t
ngx_http_nodetool_upload_copy(ngx_http_nodetool_object_t *o)
{
    ngx_pool_t  *pool;
    ngx_chain_t *in, *cl, **last;

    pool = o->request->pool;
    last = &o->taken;

    for (in = o->request->request_body->bufs; in != NULL; in = in->next) {
        cl = ngx_alloc_chain_link(pool);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        cl->buf = ngx_alloc_buf(pool);
        if (cl->buf == NULL) {
            return NGX_ERROR;
        }

        *cl->buf = *in->buf;
        cl->next = NULL;
        *last = cl;
        last = &cl->next;
    }

    o->out = o->taken;

    return NGX_OK;
}


/* Reads what is there, and writes it; called when more may have come. */

static void
ngx_http_nodetool_upload_read(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_http_nodetool_object_t *o;

    o = ngx_http_get_module_ctx(r, ngx_http_nodetool_storage_module);

    for (;;) {
        if (o->out != NULL && ngx_http_nodetool_upload_flush(o) != NGX_OK) {
            return;
        }

        ngx_http_nodetool_upload_give(o);

        if (!r->reading_body) {
            ngx_http_nodetool_storage_put_whole(o);
            return;
        }

        r->read_event_handler = ngx_http_nodetool_upload_read;

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (r->reading_body && !ngx_http_nodetool_upload_full(r)) {
            return;
        }

        ngx_http_nodetool_upload_take(o);
    }
}


/* Whether it is time to write. HTTP/2 opens its window again when the buffer
 * is taken, so whatever is there is taken; else the buffer may fill up. */

static ngx_uint_t
ngx_http_nodetool_upload_full(ngx_http_request_t *r)
{
    ngx_http_request_body_t *rb = r->request_body;

#if (NGX_HTTP_V2)
    if (r->stream != NULL) {
        return rb->bufs != NULL;
    }
#endif

    return rb->bufs != NULL && rb->buf->last == rb->buf->end;
}


static void
ngx_http_nodetool_upload_take(ngx_http_nodetool_object_t *o)
{
    ngx_http_request_body_t *rb;

    rb = o->request->request_body;

    o->taken = rb->bufs;
    o->out = rb->bufs;
    rb->bufs = NULL;
}


/* Gives the links back, lest a long upload collects them in the pool. */

static void
ngx_http_nodetool_upload_give(ngx_http_nodetool_object_t *o)
{
    ngx_chain_t *cl, *next;

    for (cl = o->taken; cl != NULL; cl = next) {
        next = cl->next;
        ngx_free_chain(o->request->pool, cl);
    }

    o->taken = NULL;
}


/* Writes o->out: in this process, or with `aio threads` and `aio_write on`
 * in a thread. NGX_DONE: upload_written, or _read, has been or will be called,
 * or the request has ended. */

static ngx_int_t
ngx_http_nodetool_upload_flush(ngx_http_nodetool_object_t *o)
{
    ngx_err_t                 err;
    ngx_event_t              *rev;
    ngx_http_request_t       *r;
    ngx_http_core_loc_conf_t *clcf;

    r = o->request;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->aio == NGX_HTTP_AIO_THREADS && clcf->aio_write) {
        /* the client is not late while the disk is slow */

        rev = r->connection->read;

        if (rev->timer_set) {
            ngx_del_timer(rev);
        }

        ngx_http_nodetool_storage_work(o, ngx_http_nodetool_upload_write,
                                       ngx_http_nodetool_upload_written);
        return NGX_DONE;
    }

    do {
        err = ngx_http_nodetool_upload_write(o);
    } while (err == 0 && o->out != NULL && r != r->main);

    if (err != 0) {
        ngx_http_nodetool_upload_written(o, err);
        return NGX_DONE;
    }

    if (o->out == NULL) {
        return NGX_OK;
    }

    /* more of a file is to be copied; others have their turn before, unless
     * for a subrequest, to which no event of the connection comes */

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_nodetool_upload_read;

    ngx_post_event(r->connection->write, &ngx_posted_next_events);

    return NGX_DONE;
}


static void
ngx_http_nodetool_upload_written(ngx_http_nodetool_object_t *o, ngx_err_t err)
{
    ngx_int_t rc;

    if (err != 0) {
        /* now and not with the request, which may linger: the disk is full */

        if (ftruncate(o->fd, 0) == -1) {
            ngx_log_error(NGX_LOG_ERR, o->request->connection->log, ngx_errno,
                          "ftruncate() of an upload failed");
        }

        ngx_http_nodetool_upload_remove(o);

        rc = ngx_http_nodetool_storage_failed(o, err, "write upload of");
        ngx_http_finalize_request(o->request, rc);
        return;
    }

    ngx_http_nodetool_upload_read(o->request);
}


/* Writes o->out, or a part of it when that is much. Returns 0 or an errno; may
 * run in a thread. */

static ngx_err_t
ngx_http_nodetool_upload_write(ngx_http_nodetool_object_t *o)
{
    ssize_t    n;
    ngx_buf_t *b;
    ngx_err_t  err;

    if (o->size >= o->checked + NGX_HTTP_NODETOOL_CHECK) {
        o->checked = o->size;

        err = ngx_http_nodetool_upload_space(o, 0);
        if (err != 0) {
            return err;
        }
    }

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
            n = ngx_http_nodetool_upload_writev(o);
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
ngx_http_nodetool_upload_writev(ngx_http_nodetool_object_t *o)
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
