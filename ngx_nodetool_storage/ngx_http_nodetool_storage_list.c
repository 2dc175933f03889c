/*
 * ngx_http_nodetool_storage_list.c - GET of a location itself: which objects
 * there are, sorted, a page at a time.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage_list.h"

#include "core/nt_buf.h"

#define NGX_HTTP_NODETOOL_LIST_LIMIT     100 /* unless the request says */
#define NGX_HTTP_NODETOOL_LIST_LIMIT_MAX 1000

/* Entries in one go: on the loop as long as a request may hold it, in a thread
 * as long as it may hold a thread. */
#define NGX_HTTP_NODETOOL_LIST_LOOP   1024
#define NGX_HTTP_NODETOOL_LIST_THREAD 65536
#define NGX_HTTP_NODETOOL_LIST_PAUSE  1 /* msec, in which others are served */

static ngx_int_t   ngx_http_nodetool_list_args(ngx_http_request_t       *r,
                                               ngx_http_nodetool_list_t *list,
                                               ngx_int_t                *rc);
static ngx_int_t   ngx_http_nodetool_list_arg(ngx_http_request_t *r,
                                              const char *name, ngx_str_t *value);
static const char *ngx_http_nodetool_list_prefix(ngx_str_t *prefix);
static void        ngx_http_nodetool_list_cleanup(void *data);
static ngx_err_t   ngx_http_nodetool_list_work(ngx_http_nodetool_object_t *o);
static void        ngx_http_nodetool_list_next(ngx_http_nodetool_object_t *o,
                                               ngx_err_t                   err);
static void        ngx_http_nodetool_list_event(ngx_event_t *ev);
static ngx_int_t   ngx_http_nodetool_list_answer(ngx_http_nodetool_object_t *o);
static ngx_int_t   ngx_http_nodetool_list_object(ngx_http_request_t       *r,
                                                 nt_buf_t                 *buf,
                                                 ngx_http_nodetool_item_t *item);
static ngx_int_t   ngx_http_nodetool_list_type(ngx_http_request_t *r,
                                               ngx_str_t *key, ngx_str_t *type);


ngx_int_t
ngx_http_nodetool_storage_list(ngx_http_nodetool_object_t *o)
{
    ngx_int_t                 rc;
    ngx_pool_cleanup_t       *cln;
    ngx_http_request_t       *r;
    ngx_http_core_loc_conf_t *clcf;
    ngx_http_nodetool_list_t *list;

    r = o->request;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_nodetool_list_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list = cln->data;
    ngx_memzero(list, sizeof(ngx_http_nodetool_list_t));

    list->store = o->store;

    switch (ngx_http_nodetool_list_args(r, list, &rc)) {
    case NGX_OK:
        break;

    case NGX_DECLINED:
        return rc;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->pool = ngx_create_pool(4096, r->connection->log);
    if (list->pool == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_nodetool_list_cleanup;

    if (ngx_http_nodetool_walk_start(list) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    list->slice = NGX_HTTP_NODETOOL_LIST_LOOP;
#if (NGX_THREADS)
    if (clcf->aio == NGX_HTTP_AIO_THREADS) {
        list->slice = NGX_HTTP_NODETOOL_LIST_THREAD;
    }
#endif

    list->request = o;
    list->event.data = list;
    list->event.handler = ngx_http_nodetool_list_event;
    list->event.log = r->connection->log;

    o->list = list;
    o->key = list->prefix;

    r->main->count++;

    ngx_http_nodetool_storage_work(o, ngx_http_nodetool_list_work,
                                   ngx_http_nodetool_list_next);

    return NGX_DONE;
}


/* The request's arguments. NGX_DECLINED: one was refused, `rc` is what the
 * content handler returns. */

static ngx_int_t
ngx_http_nodetool_list_args(ngx_http_request_t       *r,
                            ngx_http_nodetool_list_t *list, ngx_int_t *rc)
{
    ngx_int_t   n;
    ngx_str_t   limit, delimiter;
    const char *fault;

    if (ngx_http_nodetool_list_arg(r, "prefix", &list->prefix) != NGX_OK ||
        ngx_http_nodetool_list_arg(r, "cursor", &list->cursor) != NGX_OK ||
        ngx_http_nodetool_list_arg(r, "delimiter", &delimiter) != NGX_OK ||
        ngx_http_nodetool_list_arg(r, "limit", &limit) != NGX_OK)
    {
        return NGX_ERROR;
    }

    fault = ngx_http_nodetool_list_prefix(&list->prefix);

    if (fault != NULL) {
        *rc = ngx_nodetool_errorf(r, NGX_HTTP_BAD_REQUEST, "Bad request: %s",
                                  fault);
        return NGX_DECLINED;
    }

    if (list->cursor.len > NT_KEY_MAX) {
        *rc = ngx_nodetool_errorf(r, 422,
                                  "Query parameter \"cursor\" must be the "
                                  "\"next\" of a list");
        return NGX_DECLINED;
    }

    if (delimiter.len > 1 || (delimiter.len == 1 && delimiter.data[0] != '/')) {
        *rc = ngx_nodetool_errorf(r, 422,
                                  "Query parameter \"delimiter\" must be "
                                  "\"/\" or absent, not \"%V\"",
                                  &delimiter);
        return NGX_DECLINED;
    }

    n = NGX_HTTP_NODETOOL_LIST_LIMIT;

    if (limit.len != 0) {
        n = ngx_atoi(limit.data, limit.len);
    }

    if (n < 1 || n > NGX_HTTP_NODETOOL_LIST_LIMIT_MAX) {
        *rc = ngx_nodetool_errorf(r, 422,
                                  "Query parameter \"limit\" must be a number "
                                  "from 1 to %d, not \"%V\"",
                                  NGX_HTTP_NODETOOL_LIST_LIMIT_MAX, &limit);
        return NGX_DECLINED;
    }

    list->delimiter = delimiter.len;
    list->limit = n;

    return NGX_OK;
}


/* An argument, decoded as forms encode it: a plus is a space. */

static ngx_int_t
ngx_http_nodetool_list_arg(ngx_http_request_t *r, const char *name,
                           ngx_str_t *value)
{
    u_char   *p, *dst, *src;
    ngx_str_t raw;

    ngx_str_set(value, "");

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &raw) != NGX_OK ||
        raw.len == 0)
    {
        return NGX_OK;
    }

    src = ngx_pstrdup(r->pool, &raw);
    if (src == NULL) {
        return NGX_ERROR;
    }

    for (p = src; p < src + raw.len; p++) {
        if (*p == '+') {
            *p = ' ';
        }
    }

    value->data = src;
    dst = src;

    ngx_unescape_uri(&dst, &src, raw.len, 0);

    value->len = dst - value->data;

    return NGX_OK;
}


/* The folders of a prefix are those of a key; behind them it is the begin of a
 * name. Returns what is wrong, or NULL. */

static const char *
ngx_http_nodetool_list_prefix(ngx_str_t *prefix)
{
    size_t len;

    len = prefix->len;

    if (len > NT_KEY_MAX) {
        return "the prefix is longer than a storage key";
    }

    while (len > 0 && prefix->data[len - 1] != '/') {
        len--;
    }

    if (len == 0) {
        return NULL;
    }

    if (len >= sizeof(NGX_HTTP_NODETOOL_STORE_TMP) &&
        ngx_strncmp(prefix->data, NGX_HTTP_NODETOOL_STORE_TMP,
                    sizeof(NGX_HTTP_NODETOOL_STORE_TMP) - 1) == 0)
    {
        return NGX_HTTP_NODETOOL_RESERVED;
    }

    return nt_key_check((nt_str_t) { (char *) prefix->data, len - 1 });
}


static void
ngx_http_nodetool_list_cleanup(void *data)
{
    ngx_http_nodetool_list_t *list = data;

    if (list->event.timer_set) {
        ngx_del_timer(&list->event);
    }

    ngx_http_nodetool_walk_stop(list);
    ngx_destroy_pool(list->pool);
}


static ngx_err_t
ngx_http_nodetool_list_work(ngx_http_nodetool_object_t *o)
{
    return ngx_http_nodetool_walk_go(o->list, o->list->slice);
}


static void
ngx_http_nodetool_list_next(ngx_http_nodetool_object_t *o, ngx_err_t err)
{
    ngx_int_t                 rc;
    ngx_http_request_t       *r;
    ngx_http_nodetool_list_t *list;

    r = o->request;
    list = o->list;

    if (err == NGX_EAGAIN) {
        /* a timer, not a posted event: a worker that shuts down waits for it */
        ngx_add_timer(&list->event, NGX_HTTP_NODETOOL_LIST_PAUSE);
        return;
    }

    /* what was found up to here is a page */

    if (err == E2BIG && list->found != 0) {
        list->more = 1;
        err = 0;
    }

    if (err == E2BIG) {
        rc = ngx_nodetool_errorf(r, 422,
                                 "The store holds too many objects to be "
                                 "listed like this; ask for a longer "
                                 "\"prefix\" or the \"delimiter\"");

    } else if (err != 0) {
        rc = ngx_http_nodetool_storage_failed(o, err, "list");

    } else {
        rc = ngx_http_nodetool_list_answer(o);
    }

    ngx_http_finalize_request(r, rc);
}


/* The loop has served others meanwhile. */

static void
ngx_http_nodetool_list_event(ngx_event_t *ev)
{
    ngx_connection_t           *c;
    ngx_http_nodetool_list_t   *list;
    ngx_http_nodetool_object_t *o;

    list = ev->data;
    o = list->request;
    c = o->request->connection;

    ngx_http_set_log_request(c->log, o->request);

    if (c->error || c->close) {
        ngx_http_finalize_request(o->request, NGX_ERROR);

    } else {
        ngx_http_nodetool_storage_work(o, ngx_http_nodetool_list_work,
                                       ngx_http_nodetool_list_next);
    }

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_nodetool_list_answer(ngx_http_nodetool_object_t *o)
{
    nt_buf_t                  buf;
    ngx_str_t                 body;
    ngx_uint_t                i, folder, first;
    ngx_http_nodetool_list_t *list;
    ngx_http_nodetool_item_t *item;

    list = o->list;
    ngx_memzero(&buf, sizeof(nt_buf_t));

    for (folder = 0; folder < 2; folder++) {
        nt_buf_append_str(&buf, folder ? NT_STR("],\"prefixes\":[")
                                       : NT_STR("{\"objects\":["));
        first = 1;

        for (i = 0; i < list->found; i++) {
            item = &list->items[i];

            if (item->folder != folder) {
                continue;
            }

            if (!first) {
                nt_buf_append_char(&buf, ',');
            }

            first = 0;

            if (folder) {
                nt_buf_append_json(&buf, ngx_nodetool_str(&item->key));

            } else if (ngx_http_nodetool_list_object(o->request, &buf, item) !=
                       NGX_OK) {
                nt_buf_free(&buf);
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }
        }
    }

    nt_buf_append_str(&buf, NT_STR("],\"next\":"));

    if (list->more) {
        item = &list->items[list->found - 1];
        nt_buf_append_json(&buf, ngx_nodetool_str(&item->key));

    } else {
        nt_buf_append_str(&buf, NT_STR("null"));
    }

    nt_buf_append_char(&buf, '}');

    body.len = buf.len;
    body.data = buf.failed ? NULL : ngx_pnalloc(o->request->pool, buf.len);

    if (body.data != NULL) {
        ngx_memcpy(body.data, buf.data, buf.len);
    }

    nt_buf_free(&buf);

    return body.data == NULL
               ? NGX_HTTP_INTERNAL_SERVER_ERROR
               : ngx_nodetool_json(o->request, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_http_nodetool_list_object(ngx_http_request_t *r, nt_buf_t *buf,
                              ngx_http_nodetool_item_t *item)
{
    ngx_tm_t  tm;
    ngx_str_t type, etag;
    u_char    tag[NGX_HTTP_NODETOOL_ETAG_LEN];

    if (ngx_http_nodetool_list_type(r, &item->key, &type) != NGX_OK) {
        return NGX_ERROR;
    }

    etag.data = tag;
    etag.len = ngx_http_nodetool_storage_etag(tag, &item->info) - tag;

    ngx_gmtime(item->info.st_mtim.tv_sec, &tm);

    nt_buf_append_str(buf, NT_STR("{\"key\":"));
    nt_buf_append_json(buf, ngx_nodetool_str(&item->key));
    nt_buf_printf(buf,
                  ",\"size\":%lld,\"last_modified\":"
                  "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",\"etag\":",
                  (long long) item->info.st_size, tm.ngx_tm_year, tm.ngx_tm_mon,
                  tm.ngx_tm_mday, tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
                  (int) (item->info.st_mtim.tv_nsec / 1000000));
    nt_buf_append_json(buf, ngx_nodetool_str(&etag));
    nt_buf_append_str(buf, NT_STR(",\"content_type\":"));
    nt_buf_append_json(buf, ngx_nodetool_str(&type));
    nt_buf_append_char(buf, '}');

    return NGX_OK;
}


/* The Content-Type that a GET of the object has. */

static ngx_int_t
ngx_http_nodetool_list_type(ngx_http_request_t *r, ngx_str_t *key,
                            ngx_str_t *type)
{
    u_char   *p;
    ngx_int_t rc;
    ngx_str_t exten;

    exten = r->exten;
    ngx_str_null(&r->exten);

    for (p = key->data + key->len; p > key->data && p[-1] != '/'; p--) {
        if (p[-1] == '.') {
            r->exten.data = p;
            r->exten.len = key->data + key->len - p;
            break;
        }
    }

    ngx_str_null(&r->headers_out.content_type);

    rc = ngx_http_set_content_type(r);

    *type = r->headers_out.content_type;
    r->exten = exten;

    return rc;
}
