/*
 * ngx_http_nodetool_storage_put.c - PUT: an upload takes the object's name
 * when it is whole.
 *
 *   upload -> fsync -> rename -> fsync of the folders -> answer
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

#include <sys/syscall.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* So often something else may remove a folder, or make the object. */
#define NGX_HTTP_NODETOOL_TRIES 8

static ngx_int_t ngx_http_nodetool_put_early(ngx_http_nodetool_object_t *o);
static ngx_err_t ngx_http_nodetool_put_fsync(ngx_http_nodetool_object_t *o);
static void      ngx_http_nodetool_put_publish(ngx_http_nodetool_object_t *o,
                                               ngx_err_t                   err);
static ngx_int_t ngx_http_nodetool_put_rename(ngx_http_nodetool_object_t *o);
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
    if (rc != NGX_DECLINED) {
        return rc;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    err = ngx_http_nodetool_upload_create(o, cln);
    if (err != 0) {
        return ngx_http_nodetool_storage_failed(o, err, "create upload of");
    }

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_nodetool_upload_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/* What can be refused before the body is read, and need not be sent then.
 * NGX_DECLINED: nothing, else what a content handler returns. */

static ngx_int_t
ngx_http_nodetool_put_early(ngx_http_nodetool_object_t *o)
{
    u_char             *name;
    ngx_fd_t            dir;
    ngx_str_t           encoding;
    ngx_err_t           err;
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
                ngx_http_nodetool_store_look(o->store, dir, name, &info) == 0;

        ngx_http_nodetool_store_leave(o->store, dir);

        if (!ngx_http_nodetool_storage_allowed(r, found ? &info : NULL)) {
            return ngx_http_nodetool_storage_precondition(r);
        }
    }

    err = ngx_http_nodetool_upload_space(o, r->headers_in.content_length_n);
    if (err != 0) {
        return ngx_http_nodetool_storage_failed(o, err, "make room for");
    }

    return NGX_DECLINED;
}


void
ngx_http_nodetool_storage_put_whole(ngx_http_nodetool_object_t *o)
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
    ngx_int_t           rc;
    ngx_http_request_t *r;

    r = o->request;

    if (err == 0 && fstat(o->fd, &o->info) == -1) {
        err = ngx_errno;
    }

    /* what the umask took away; some mounts have modes of their own */

    if (err == 0 && (o->info.st_mode & 0777) != o->conf->access &&
        fchmod(o->fd, o->conf->access) == -1)
    {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, ngx_errno,
                      "fchmod() of an upload of \"%V/%V\" failed",
                      &o->store->path, &o->key);
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

    rc = ngx_http_nodetool_put_rename(o);

    ngx_http_nodetool_store_unlock(o->store);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_nodetool_storage_precondition(r);
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


/* With the lock held. Returns as put_replace. */

static ngx_int_t
ngx_http_nodetool_put_rename(ngx_http_nodetool_object_t *o)
{
    u_char    *name;
    ngx_fd_t   dir;
    ngx_int_t  rc;
    ngx_str_t  key;
    ngx_uint_t tries;

    rc = NGX_ENOENT;

    for (tries = 0; tries < NGX_HTTP_NODETOOL_TRIES; tries++) {
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

    if (rc != 0 && o->folders != 0) {
        /* what was made for nothing would keep its name from objects */

        key = o->key;
        ngx_http_nodetool_store_prune(o->store, &key);
    }

    return rc;
}


/* Returns 0, an errno, or NGX_DECLINED when a precondition fails. */

static ngx_int_t
ngx_http_nodetool_put_replace(ngx_http_nodetool_object_t *o, ngx_fd_t dir,
                              u_char *name)
{
    ngx_err_t   found, err;
    struct stat old;

    found = ngx_http_nodetool_store_look(o->store, dir, name, &old);

    if (found != 0 && found != NGX_ENOENT && found != ESTALE) {
        return found;
    }

    if (!ngx_http_nodetool_storage_allowed(o->request,
                                           found == 0 ? &old : NULL)) {
        return NGX_DECLINED;
    }

    o->status = found == 0 ? NGX_HTTP_OK : NGX_HTTP_CREATED;

    if (found == NGX_ENOENT) {
        if (syscall(SYS_renameat2, o->store->tmp, o->tmp, dir, name,
                    RENAME_NOREPLACE) == 0)
        {
            return 0;
        }

        /* EEXIST: a program without the lock was faster, look again;
         * EINVAL, ENOSYS: this file system cannot, the lock has to do */

        if (ngx_errno != NGX_EINVAL && ngx_errno != NGX_ENOSYS) {
            return ngx_errno;
        }

    } else {
        err = ngx_http_nodetool_put_newer(o, &old);
        if (err != 0) {
            return err;
        }
    }

    return renameat(o->store->tmp, (char *) o->tmp, dir, (char *) name) == -1
               ? (ngx_int_t) ngx_errno
               : 0;
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
