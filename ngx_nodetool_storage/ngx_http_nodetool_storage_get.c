/*
 * ngx_http_nodetool_storage_get.c - GET and HEAD, as nginx's static files.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

/* Smaller files are not worth a hint, as in nginx's open_file_cache. */
#define NGX_HTTP_NODETOOL_READ_AHEAD_MIN (128 * 1024)

static ngx_fd_t   ngx_http_nodetool_storage_open(ngx_http_nodetool_object_t *o,
                                                 ngx_pool_cleanup_t         *cln);
static ngx_int_t  ngx_http_nodetool_storage_send(ngx_http_nodetool_object_t *o);
static ngx_uint_t ngx_http_nodetool_storage_tune(ngx_http_nodetool_object_t *o);


ngx_int_t
ngx_http_nodetool_storage_get(ngx_http_nodetool_object_t *o)
{
    ngx_err_t           err;
    ngx_int_t           rc;
    ngx_pool_cleanup_t *cln;

    rc = ngx_http_discard_request_body(o->request);
    if (rc != NGX_OK) {
        return rc;
    }

    cln =
        ngx_pool_cleanup_add(o->request->pool, sizeof(ngx_pool_cleanup_file_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    o->fd = ngx_http_nodetool_storage_open(o, cln);

    if (o->fd == NGX_INVALID_FILE) {
        err = ngx_errno;

        /* whatever else has the name, it is no object */

        if (err == NGX_ENOTDIR || err == NGX_EISDIR || err == ENXIO) {
            err = NGX_ENOENT;
        }

        return ngx_http_nodetool_storage_failed(o, err, "open");
    }

    if (fstat(o->fd, &o->info) == -1) {
        return ngx_http_nodetool_storage_failed(o, ngx_errno, "fstat");
    }

    if (!S_ISREG(o->info.st_mode) ||
        ngx_http_nodetool_store_expired(o->store, &o->info))
    {
        return ngx_http_nodetool_storage_failed(o, NGX_ENOENT, "open");
    }

    return ngx_http_nodetool_storage_send(o);
}


/* O_NONBLOCK, not to hang on a FIFO. */

static ngx_fd_t
ngx_http_nodetool_storage_open(ngx_http_nodetool_object_t *o,
                               ngx_pool_cleanup_t         *cln)
{
    ngx_fd_t                 fd;
    ngx_pool_cleanup_file_t *clnf;

    fd = ngx_http_nodetool_store_openat(o->store, o->key.data,
                                        O_RDONLY | O_NONBLOCK);
    if (fd == NGX_INVALID_FILE) {
        return NGX_INVALID_FILE;
    }

    cln->handler = ngx_pool_cleanup_file;

    clnf = cln->data;
    clnf->fd = fd;
    clnf->name = o->key.data;
    clnf->log = o->request->pool->log;

    return fd;
}


static ngx_int_t
ngx_http_nodetool_storage_send(ngx_http_nodetool_object_t *o)
{
    ngx_int_t           rc;
    ngx_buf_t          *b;
    ngx_chain_t         out;
    ngx_http_request_t *r;

    r = o->request;

    r->connection->log->action = "sending response to client";

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = o->info.st_size;
    r->headers_out.last_modified_time = o->info.st_mtime;

    if (ngx_http_nodetool_storage_set_etag(r, &o->info) != NGX_OK ||
        ngx_http_set_content_type(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->allow_ranges = 1;

    /* all that can fail before the header is sent */

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->file = ngx_pcalloc(r->pool, sizeof(ngx_file_t));
    if (b->file == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->file->fd = o->fd;
    b->file->name = o->key;
    b->file->log = r->connection->log;
    b->file->directio = ngx_http_nodetool_storage_tune(o);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->file_last = o->info.st_size;
    b->in_file = b->file_last ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;
    b->sync = (b->last_buf || b->in_file) ? 0 : 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/* `read_ahead` and `directio`; true when the file is read directly. */

static ngx_uint_t
ngx_http_nodetool_storage_tune(ngx_http_nodetool_object_t *o)
{
    ngx_log_t                *log;
    ngx_http_core_loc_conf_t *clcf;

    log = o->request->connection->log;
    clcf = ngx_http_get_module_loc_conf(o->request, ngx_http_core_module);

    if (clcf->read_ahead &&
        o->info.st_size > NGX_HTTP_NODETOOL_READ_AHEAD_MIN &&
        ngx_read_ahead(o->fd, clcf->read_ahead) == NGX_ERROR)
    {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      ngx_read_ahead_n " \"%V\" failed", &o->key);
    }

    if (clcf->directio > o->info.st_size) {
        return 0;
    }

    if (ngx_directio_on(o->fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      ngx_directio_on_n " \"%V\" failed", &o->key);
        return 0;
    }

    return 1;
}
