/*
 * ngx_http_nodetool_storage_reply.c - what the methods share: errors, entity
 * tags, preconditions, and work that may take long.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

typedef struct {
    ngx_err_t   err;
    ngx_uint_t  status;
    ngx_uint_t  level;
    const char *message;
} ngx_http_nodetool_failure_t;

static const ngx_http_nodetool_failure_t ngx_http_nodetool_failures[] = {
    { NGX_ENOENT, NGX_HTTP_NOT_FOUND, NGX_LOG_INFO, "Object not found" },
    { NGX_ELOOP, NGX_HTTP_BAD_REQUEST, NGX_LOG_ERR,
      "The storage key leads through a symbolic link" },
    { NGX_ENAMETOOLONG, NGX_HTTP_BAD_REQUEST, NGX_LOG_INFO,
      "The storage key is too long for this store" },
    { NGX_ENOTDIR, NGX_HTTP_CONFLICT, NGX_LOG_INFO,
      "A folder of the storage key is an object" },
    { NGX_EISDIR, NGX_HTTP_CONFLICT, NGX_LOG_INFO,
      "The storage key names a folder that holds objects" },
    { NGX_EACCES, NGX_HTTP_FORBIDDEN, NGX_LOG_ERR,
      "The store does not permit this" },
    { NGX_EPERM, NGX_HTTP_FORBIDDEN, NGX_LOG_ERR,
      "The store does not permit this" },
    { EROFS, NGX_HTTP_FORBIDDEN, NGX_LOG_ERR, "The store is read-only" },
    { EFBIG, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, NGX_LOG_ERR,
      "The object is too large for this store" },
    { NGX_ENOSPC, NGX_HTTP_SERVICE_UNAVAILABLE, NGX_LOG_CRIT,
      "The store is full; delete objects or try again later" },
    { EDQUOT, NGX_HTTP_SERVICE_UNAVAILABLE, NGX_LOG_CRIT,
      "The store is full; delete objects or try again later" },
    { ENODEV, NGX_HTTP_SERVICE_UNAVAILABLE, NGX_LOG_ERR,
      "The store is not available; try again later" },
    { NGX_EMFILE, NGX_HTTP_SERVICE_UNAVAILABLE, NGX_LOG_CRIT,
      "The server is busy; try again later" },
    { NGX_ENFILE, NGX_HTTP_SERVICE_UNAVAILABLE, NGX_LOG_CRIT,
      "The server is busy; try again later" },
    { 0, NGX_HTTP_INTERNAL_SERVER_ERROR, NGX_LOG_CRIT,
      "The store failed; the server's log says why" }
};

static ngx_uint_t ngx_http_nodetool_etag_in(ngx_str_t *list, ngx_str_t *etag,
                                            ngx_uint_t weak);
static ngx_int_t  ngx_http_nodetool_storage_post(ngx_http_nodetool_object_t *o);


ngx_int_t
ngx_http_nodetool_storage_failed(ngx_http_nodetool_object_t *o, ngx_err_t err,
                                 const char *call)
{
    ngx_str_t                          after;
    ngx_http_request_t                *r;
    const ngx_http_nodetool_failure_t *f;

    r = o->request;

    for (f = ngx_http_nodetool_failures; f->err != 0 && f->err != err; f++) {
        /* void */
    }

    ngx_log_error(f->level, r->connection->log, err, "%s \"%V/%V\" failed",
                  call, &o->store->path, &o->key);

    if (f->status == NGX_HTTP_SERVICE_UNAVAILABLE) {
        ngx_str_set(&after, "60");

        if (ngx_nodetool_add_header(r, "Retry-After", &after) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_nodetool_errorf(r, f->status, "%s", f->message);
}


ngx_int_t
ngx_http_nodetool_storage_precondition(ngx_http_request_t *r)
{
    return ngx_nodetool_errorf(r, NGX_HTTP_PRECONDITION_FAILED,
                               "The object is not as the request's "
                               "precondition says");
}


/*
 * nginx's own entity tag counts seconds, so two objects of one size that
 * were written in the same second would share it.
 */

u_char *
ngx_http_nodetool_storage_etag(u_char *p, struct stat *info)
{
    return ngx_sprintf(p, "\"%xL.%xL-%xO\"", (int64_t) info->st_mtim.tv_sec,
                       (int64_t) info->st_mtim.tv_nsec, info->st_size);
}


ngx_int_t
ngx_http_nodetool_storage_set_etag(ngx_http_request_t *r, struct stat *info)
{
    ngx_table_elt_t          *etag;
    ngx_http_core_loc_conf_t *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!clcf->etag) {
        return NGX_OK;
    }

    etag = ngx_list_push(&r->headers_out.headers);
    if (etag == NULL) {
        return NGX_ERROR;
    }

    etag->hash = 1;
#if (nginx_version >= 1023000)
    etag->next = NULL;
#endif
    ngx_str_set(&etag->key, "ETag");

    etag->value.data = ngx_pnalloc(r->pool, NGX_HTTP_NODETOOL_ETAG_LEN);
    if (etag->value.data == NULL) {
        etag->hash = 0;
        return NGX_ERROR;
    }

    etag->value.len = ngx_http_nodetool_storage_etag(etag->value.data, info) -
                      etag->value.data;

    r->headers_out.etag = etag;

    return NGX_OK;
}


ngx_uint_t
ngx_http_nodetool_storage_allowed(ngx_http_request_t *r, struct stat *info)
{
    time_t                 time;
    ngx_str_t              etag;
    u_char                 buf[NGX_HTTP_NODETOOL_ETAG_LEN];
    ngx_http_headers_in_t *in;

    in = &r->headers_in;

    if (in->if_match == NULL && in->if_none_match == NULL &&
        in->if_unmodified_since == NULL)
    {
        return 1;
    }

    ngx_str_null(&etag);

    if (info != NULL) {
        etag.data = buf;
        etag.len = ngx_http_nodetool_storage_etag(buf, info) - buf;
    }

    if (in->if_match != NULL) {
        if (!ngx_http_nodetool_etag_in(&in->if_match->value, &etag, 0)) {
            return 0;
        }

    } else if (in->if_unmodified_since != NULL) {
        time = ngx_parse_http_time(in->if_unmodified_since->value.data,
                                   in->if_unmodified_since->value.len);

        if (time != NGX_ERROR && (info == NULL || info->st_mtime > time)) {
            return 0;
        }
    }

    return in->if_none_match == NULL ||
           !ngx_http_nodetool_etag_in(&in->if_none_match->value, &etag, 1);
}


/* `etag` is strong, and empty when there is no object, which "*" does not
 * match either. A list's weak tag matches in the weak comparison only. */

static ngx_uint_t
ngx_http_nodetool_etag_in(ngx_str_t *list, ngx_str_t *etag, ngx_uint_t weak)
{
    u_char    *p, *last, *tag;
    ngx_uint_t is_weak;

    if (etag->len == 0) {
        return 0;
    }

    if (list->len == 1 && list->data[0] == '*') {
        return 1;
    }

    p = list->data;
    last = list->data + list->len;

    while (p < last) {
        if (*p == ' ' || *p == '\t' || *p == ',') {
            p++;
            continue;
        }

        is_weak = 0;

        if (last - p > 2 && p[0] == 'W' && p[1] == '/') {
            is_weak = 1;
            p += 2;
        }

        if (*p != '"') {
            return 0;
        }

        tag = p;
        p = ngx_strlchr(p + 1, last, '"');

        if (p == NULL) {
            return 0;
        }

        p++;

        if ((weak || !is_weak) && (size_t) (p - tag) == etag->len &&
            ngx_memcmp(tag, etag->data, etag->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


#if (NGX_THREADS)

static void
ngx_http_nodetool_storage_thread(void *data, ngx_log_t *log)
{
    ngx_http_nodetool_object_t *o = *(ngx_http_nodetool_object_t **) data;

    o->err = o->work(o);
}


static void
ngx_http_nodetool_storage_thread_done(ngx_event_t *ev)
{
    ngx_connection_t   *c;
    ngx_http_request_t *r;

    r = ev->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    r->main->blocked--;
    r->aio = 0;

    r->write_event_handler(r);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_nodetool_storage_resume(ngx_http_request_t *r)
{
    ngx_http_nodetool_object_t *o;

    /* a write event of the connection is not what is waited for */

    if (r->aio) {
        return;
    }

    o = ngx_http_get_module_ctx(r, ngx_http_nodetool_storage_module);

    r->write_event_handler = ngx_http_request_empty_handler;

    o->next(o, o->err);
}


/* NGX_DECLINED: the location has no threads. */

static ngx_int_t
ngx_http_nodetool_storage_post(ngx_http_nodetool_object_t *o)
{
    ngx_str_t                 name;
    ngx_thread_pool_t        *tp;
    ngx_http_request_t       *r;
    ngx_http_core_loc_conf_t *clcf;

    r = o->request;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->aio != NGX_HTTP_AIO_THREADS) {
        return NGX_DECLINED;
    }

    tp = clcf->thread_pool;

    if (tp == NULL) {
        if (ngx_http_complex_value(r, clcf->thread_pool_value, &name) != NGX_OK)
        {
            return NGX_ERROR;
        }

        tp = ngx_thread_pool_get((ngx_cycle_t *) ngx_cycle, &name);

        if (tp == NULL) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "thread pool \"%V\" not found", &name);
            return NGX_ERROR;
        }
    }

    if (o->task == NULL) {
        o->task = ngx_thread_task_alloc(r->pool, sizeof(o));
        if (o->task == NULL) {
            return NGX_ERROR;
        }

        *(ngx_http_nodetool_object_t **) o->task->ctx = o;
    }

    o->task->handler = ngx_http_nodetool_storage_thread;
    o->task->event.data = r;
    o->task->event.handler = ngx_http_nodetool_storage_thread_done;

    if (ngx_thread_task_post(tp, o->task) != NGX_OK) {
        return NGX_ERROR;
    }

    r->main->blocked++;
    r->aio = 1;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_nodetool_storage_resume;

    return NGX_OK;
}

#else

static ngx_int_t
ngx_http_nodetool_storage_post(ngx_http_nodetool_object_t *o)
{
    return NGX_DECLINED;
}

#endif


void
ngx_http_nodetool_storage_work(ngx_http_nodetool_object_t *o,
                               ngx_http_nodetool_work_pt   work,
                               ngx_http_nodetool_next_pt   next)
{
    o->work = work;
    o->next = next;

    switch (ngx_http_nodetool_storage_post(o)) {
    case NGX_OK:
        return;

    case NGX_DECLINED:
        next(o, work(o));
        return;

    default:
        ngx_http_finalize_request(o->request, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
}
