/*
 * ngx_http_nodetool_storage_delete.c - DELETE.
 *
 * Folders that become empty go, too: keys are flat names to a client, and
 * the folder of a deleted "a/b" would keep "a" from being stored.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

static ngx_int_t ngx_http_nodetool_delete(ngx_http_nodetool_object_t *o);
static ngx_int_t ngx_http_nodetool_delete_object(ngx_http_nodetool_object_t *o,
                                                 ngx_fd_t dir, u_char *name);
static ngx_err_t ngx_http_nodetool_delete_fsync(ngx_http_nodetool_object_t *o);
static void      ngx_http_nodetool_delete_answer(ngx_http_nodetool_object_t *o,
                                                 ngx_err_t                   err);


ngx_int_t
ngx_http_nodetool_storage_delete(ngx_http_nodetool_object_t *o)
{
    ngx_int_t           rc;
    ngx_http_request_t *r;

    r = o->request;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_nodetool_store_lock(o->store, r->connection->log) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_nodetool_delete(o);

    ngx_http_nodetool_store_unlock(o->store);

    if (rc == NGX_DECLINED) {
        return ngx_http_nodetool_storage_precondition(r);
    }

    if (rc != 0) {
        return ngx_http_nodetool_storage_failed(o, rc, "unlink");
    }

    r->main->count++;

    if (o->conf->fsync) {
        ngx_http_nodetool_storage_work(o, ngx_http_nodetool_delete_fsync,
                                       ngx_http_nodetool_delete_answer);

    } else {
        ngx_http_nodetool_delete_answer(o, 0);
    }

    return NGX_DONE;
}


/* With the lock held. Returns 0, an errno, or NGX_DECLINED when a
 * precondition fails. */

static ngx_int_t
ngx_http_nodetool_delete(ngx_http_nodetool_object_t *o)
{
    u_char   *name;
    ngx_fd_t  dir;
    ngx_int_t rc;

    dir = ngx_http_nodetool_store_enter(o->store, &o->key, &name, NULL);

    if (dir == NGX_INVALID_FILE) {
        return ngx_errno == NGX_ENOTDIR ? NGX_ENOENT : (ngx_int_t) ngx_errno;
    }

    rc = ngx_http_nodetool_delete_object(o, dir, name);

    ngx_http_nodetool_store_leave(o->store, dir);

    if (rc == 0) {
        ngx_http_nodetool_store_prune(o->store, &o->key);
    }

    return rc;
}


static ngx_int_t
ngx_http_nodetool_delete_object(ngx_http_nodetool_object_t *o, ngx_fd_t dir,
                                u_char *name)
{
    ngx_err_t err;

    err = ngx_http_nodetool_store_look(o->store, dir, name, &o->info);

    /* an expired object is the sweeper's, a folder is no object */

    if (err == ESTALE || err == NGX_EISDIR) {
        err = NGX_ENOENT;
    }

    if (err != 0 && err != NGX_ENOENT) {
        return err;
    }

    if (!ngx_http_nodetool_storage_allowed(o->request,
                                           err == 0 ? &o->info : NULL)) {
        return NGX_DECLINED;
    }

    if (err == 0 && unlinkat(dir, (char *) name, 0) == -1) {
        err = ngx_errno;
    }

    return err;
}


static ngx_err_t
ngx_http_nodetool_delete_fsync(ngx_http_nodetool_object_t *o)
{
    return ngx_http_nodetool_store_sync(o->store, &o->key, 0);
}


static void
ngx_http_nodetool_delete_answer(ngx_http_nodetool_object_t *o, ngx_err_t err)
{
    ngx_int_t           rc;
    ngx_http_request_t *r;

    r = o->request;

    if (err != 0) {
        rc = ngx_http_nodetool_storage_failed(o, err, "sync folder of");

    } else {
        r->headers_out.status = NGX_HTTP_NO_CONTENT;
        r->header_only = 1;
        r->headers_out.content_length_n = -1;

        rc = ngx_http_send_header(r);
    }

    ngx_http_finalize_request(r, rc);
}
