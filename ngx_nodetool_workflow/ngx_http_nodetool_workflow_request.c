/*
 * ngx_http_nodetool_workflow_request.c - the request to the engine: one line
 * of JSON, then the client's body as it came (docs/wire.md).
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#define NGX_HTTP_NODETOOL_WORKFLOW_HEAD_SIZE 512   /* most are shorter */
#define NGX_HTTP_NODETOOL_WORKFLOW_HEAD_MAX  16384 /* bytes, by the protocol */

/* What stands behind ctx->head: the body's length and the line's end. */
#define NGX_HTTP_NODETOOL_WORKFLOW_HEAD_REST                                   \
    (sizeof(",\"length\":}\n") - 1 + NGX_OFF_T_LEN)

#define NGX_HTTP_NODETOOL_WORKFLOW_KEY_MAX  255  /* of an Idempotency-Key */
#define NGX_HTTP_NODETOOL_WORKFLOW_TYPE_MAX 255  /* of a Content-Type */
#define NGX_HTTP_NODETOOL_WORKFLOW_ARG_MAX  1024 /* of a query argument */


static void
ngx_http_nodetool_workflow_field(nt_buf_t *buf, const char *name,
                                 ngx_str_t *value)
{
    nt_buf_append_str(buf, NT_STR(",\""));
    nt_buf_append_str(buf, nt_str(name));
    nt_buf_append_str(buf, NT_STR("\":"));
    nt_buf_append_json(buf, ngx_nodetool_str(value));
}


/* A decoded query argument; empty when it is not there. */

static ngx_int_t
ngx_http_nodetool_workflow_arg(ngx_http_request_t *r, const char *name,
                               ngx_str_t *value)
{
    u_char   *dst, *src;
    ngx_str_t raw;

    ngx_str_null(value);

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &raw) != NGX_OK ||
        raw.len == 0)
    {
        return NGX_OK;
    }

    dst = ngx_pnalloc(r->pool, raw.len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    value->data = dst;
    src = raw.data;

    ngx_unescape_uri(&dst, &src, raw.len, 0);

    value->len = dst - value->data;

    return NGX_OK;
}


/* Appends a number; NGX_DECLINED when it is none. */

static ngx_int_t
ngx_http_nodetool_workflow_number(nt_buf_t *buf, const char *name,
                                  ngx_str_t *value)
{
    if (value->len == 0) {
        return NGX_OK;
    }

    if (ngx_atoof(value->data, value->len) == NGX_ERROR) {
        return NGX_DECLINED;
    }

    /* leading zeros are no JSON */

    while (value->len > 1 && value->data[0] == '0') {
        value->data++;
        value->len--;
    }

    nt_buf_printf(buf, ",\"%s\":", name);
    nt_buf_append_str(buf, ngx_nodetool_str(value));

    return NGX_OK;
}


ngx_uint_t
ngx_http_nodetool_workflow_is_true(ngx_str_t *value)
{
    return (value->len == 1 && value->data[0] == '1') ||
           (value->len == sizeof("true") - 1 &&
            ngx_strncasecmp(value->data, (u_char *) "true", value->len) == 0);
}


/* Appends a flag; NGX_DECLINED when it is none. */

static ngx_int_t
ngx_http_nodetool_workflow_flag(nt_buf_t *buf, const char *name,
                                ngx_str_t *value)
{
    if (ngx_http_nodetool_workflow_is_true(value)) {
        nt_buf_printf(buf, ",\"%s\":true", name);
        return NGX_OK;
    }

    return (value->len == 1 && value->data[0] == '0') ||
                   (value->len == sizeof("false") - 1 &&
                    ngx_strncasecmp(value->data, (u_char *) "false",
                                    value->len) == 0)
               ? NGX_OK
               : NGX_DECLINED;
}


static ngx_int_t
ngx_http_nodetool_workflow_head_arg(ngx_http_request_t                     *r,
                                    ngx_http_nodetool_workflow_ctx_t       *ctx,
                                    nt_buf_t                               *buf,
                                    const ngx_http_nodetool_workflow_arg_t *arg)
{
    ngx_int_t   rc;
    ngx_str_t   value;
    const char *what;

    if (ngx_http_nodetool_workflow_arg(r, arg->name, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    if (value.len > NGX_HTTP_NODETOOL_WORKFLOW_ARG_MAX ||
        memchr(value.data, '\0', value.len) != NULL)
    {
        ctx->refusal =
            ngx_nodetool_errorf(r, 422,
                                "Query parameter \"%s\" must have no NUL and "
                                "at most %d bytes.",
                                arg->name, NGX_HTTP_NODETOOL_WORKFLOW_ARG_MAX);
        return NGX_DECLINED;
    }

    switch (arg->type) {
    case NGX_HTTP_NODETOOL_WORKFLOW_NUMBER:
        rc = ngx_http_nodetool_workflow_number(buf, arg->field, &value);
        what = "a number";
        break;

    case NGX_HTTP_NODETOOL_WORKFLOW_FLAG:
        rc = ngx_http_nodetool_workflow_flag(buf, arg->field, &value);
        what = "\"true\" or \"false\"";
        break;

    default: /* NGX_HTTP_NODETOOL_WORKFLOW_STRING */
        ngx_http_nodetool_workflow_field(buf, arg->field, &value);
        return NGX_OK;
    }

    if (rc == NGX_DECLINED) {
        ctx->refusal = ngx_nodetool_errorf(r, 422,
                                           "Query parameter \"%s\" must be "
                                           "%s, not \"%V\".",
                                           arg->name, what, &value);
    }

    return rc;
}


static ngx_int_t
ngx_http_nodetool_workflow_head_args(
    ngx_http_request_t *r, ngx_http_nodetool_workflow_ctx_t *ctx, nt_buf_t *buf,
    const ngx_http_nodetool_workflow_arg_t *args)
{
    ngx_int_t rc;

    for (/* void */; args->name != NULL; args++) {
        rc = ngx_http_nodetool_workflow_head_arg(r, ctx, buf, args);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* A reconnecting client says in a header what it has, a new one may say in
 * the query where to start. */

static ngx_int_t
ngx_http_nodetool_workflow_head_events(ngx_http_request_t               *r,
                                       ngx_http_nodetool_workflow_ctx_t *ctx,
                                       nt_buf_t                         *buf)
{
    ngx_str_t value;

    ngx_str_null(&value);

    (void) ngx_nodetool_header_in(r, "last-event-id", &value);

    if (value.len == 0 &&
        ngx_http_nodetool_workflow_arg(r, "after", &value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_nodetool_workflow_number(buf, "after", &value) != NGX_OK) {
        ctx->refusal =
            ngx_nodetool_errorf(r, 422,
                                "Last-Event-ID must be the id of an event "
                                "of this job, a number, not \"%V\".",
                                &value);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_workflow_head_run(ngx_http_request_t               *r,
                                    ngx_http_nodetool_workflow_ctx_t *ctx,
                                    nt_buf_t                         *buf)
{
    size_t    i;
    ngx_str_t value;

    if (ngx_nodetool_header_in(r, "idempotency-key", &value) == 0 ||
        value.len == 0) {
        return NGX_OK;
    }

    for (i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] > 0x7e) {
            break;
        }
    }

    if (i < value.len || value.len > NGX_HTTP_NODETOOL_WORKFLOW_KEY_MAX) {
        ctx->refusal =
            ngx_nodetool_errorf(r, NGX_HTTP_BAD_REQUEST,
                                "Idempotency-Key must be 1 to %d printable "
                                "ASCII characters.",
                                NGX_HTTP_NODETOOL_WORKFLOW_KEY_MAX);
        return NGX_DECLINED;
    }

    ngx_http_nodetool_workflow_field(buf, "idempotency_key", &value);

    return NGX_OK;
}


/* What an upload says that it is; its boundary is in there. */

static ngx_int_t
ngx_http_nodetool_workflow_head_type(ngx_http_request_t               *r,
                                     ngx_http_nodetool_workflow_ctx_t *ctx,
                                     nt_buf_t                         *buf)
{
    ngx_table_elt_t *type;

    type = r->headers_in.content_type;

    if (type == NULL || type->value.len == 0) {
        return NGX_OK;
    }

    if (type->value.len > NGX_HTTP_NODETOOL_WORKFLOW_TYPE_MAX) {
        ctx->refusal = ngx_nodetool_errorf(r, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                                           "Content-Type must be at most %d "
                                           "bytes long.",
                                           NGX_HTTP_NODETOOL_WORKFLOW_TYPE_MAX);
        return NGX_DECLINED;
    }

    ngx_http_nodetool_workflow_field(buf, "content_type", &type->value);

    return NGX_OK;
}


/* Who asks, and of whose things an administrator wants a list. */

static ngx_int_t
ngx_http_nodetool_workflow_head_peer(
    ngx_http_request_t *r, ngx_http_nodetool_workflow_ctx_t *ctx, nt_buf_t *buf,
    const ngx_http_nodetool_workflow_route_t *route)
{
    ngx_str_t  value;
    ngx_uint_t admin;

    static const ngx_http_nodetool_workflow_arg_t owner = {
        "user_id", "owner", NGX_HTTP_NODETOOL_WORKFLOW_STRING
    };

    value = ngx_nodetool_variable(r, "nodetool_user");
    if (value.len) {
        ngx_http_nodetool_workflow_field(buf, "user", &value);
    }

    value = ngx_nodetool_variable(r, "nodetool_request_id");
    if (value.len) {
        ngx_http_nodetool_workflow_field(buf, "request_id", &value);
    }

    value = ngx_nodetool_variable(r, "nodetool_role");
    admin = value.len == sizeof("admin") - 1 &&
            ngx_strncmp(value.data, "admin", value.len) == 0;

    if (!admin) {
        return NGX_OK;
    }

    nt_buf_append_str(buf, NT_STR(",\"role\":\"admin\""));

    if (ctx->safe && route->args != NULL) {
        return ngx_http_nodetool_workflow_head_arg(r, ctx, buf, &owner);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_workflow_head_build(
    ngx_http_request_t *r, ngx_http_nodetool_workflow_ctx_t *ctx, nt_buf_t *buf,
    const ngx_http_nodetool_workflow_route_t *route, ngx_str_t *id)
{
    ngx_int_t  rc;
    ngx_str_t  base;
    ngx_uint_t flags;

    flags = route->flags;

    nt_buf_append_str(buf, NT_STR("{\"op\":\""));
    nt_buf_append_str(buf, nt_str(route->op));
    nt_buf_append_char(buf, '"');

    rc = ngx_http_nodetool_workflow_head_peer(r, ctx, buf, route);

    if (rc != NGX_OK) {
        return rc;
    }

    if (route->id != NULL) {
        ngx_http_nodetool_workflow_field(buf, route->id, id);
    }

    if (route->fields != NULL) {
        nt_buf_append_char(buf, ',');
        nt_buf_append_str(buf, nt_str(route->fields));
    }

    if (flags & NGX_HTTP_NODETOOL_WORKFLOW_BASE) {
        if (ngx_nodetool_base_url(r, &base) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_nodetool_workflow_field(buf, "base", &base);
    }

    if (route->args != NULL) {
        rc = ngx_http_nodetool_workflow_head_args(r, ctx, buf, route->args);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (flags & NGX_HTTP_NODETOOL_WORKFLOW_UPLOAD) {
        return ngx_http_nodetool_workflow_head_type(r, ctx, buf);
    }

    if (flags & NGX_HTTP_NODETOOL_WORKFLOW_RUN) {
        if (ctx->events) {
            nt_buf_append_str(buf, NT_STR(",\"events\":true"));
        }

        return ngx_http_nodetool_workflow_head_run(r, ctx, buf);
    }

    if (flags & NGX_HTTP_NODETOOL_WORKFLOW_EVENTS) {
        return ngx_http_nodetool_workflow_head_events(r, ctx, buf);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_workflow_head(ngx_http_request_t                       *r,
                                ngx_http_nodetool_workflow_ctx_t         *ctx,
                                const ngx_http_nodetool_workflow_route_t *route,
                                ngx_str_t                                *id)
{
    nt_buf_t  buf;
    ngx_int_t rc;

    ngx_memzero(&buf, sizeof(nt_buf_t));
    (void) nt_buf_reserve(&buf, NGX_HTTP_NODETOOL_WORKFLOW_HEAD_SIZE);

    rc = ngx_http_nodetool_workflow_head_build(r, ctx, &buf, route, id);

    if (rc != NGX_OK) {
        goto done;
    }

    if (buf.len > NGX_HTTP_NODETOOL_WORKFLOW_HEAD_MAX -
                      NGX_HTTP_NODETOOL_WORKFLOW_HEAD_REST)
    {
        ctx->refusal = ngx_nodetool_errorf(r, NGX_HTTP_REQUEST_URI_TOO_LARGE,
                                           "The path and query are too long.");
        rc = NGX_DECLINED;
        goto done;
    }

    ctx->head.len = buf.len;
    ctx->head.data =
        ngx_pnalloc(r->pool, buf.len + NGX_HTTP_NODETOOL_WORKFLOW_HEAD_REST);

    if (buf.failed || ctx->head.data == NULL) {
        rc = NGX_ERROR;
        goto done;
    }

    ngx_memcpy(ctx->head.data, buf.data, buf.len);

done:

    nt_buf_free(&buf);

    return rc;
}


/*
 * The body's length is that of its buffers: chunked and HTTP/2 requests have
 * no other.  Buffers are copied, as sending moves their positions.
 */

ngx_int_t
ngx_http_nodetool_workflow_create_request(ngx_http_request_t *r)
{
    off_t                             length;
    ngx_buf_t                        *b;
    ngx_chain_t                      *cl, *body, **last;
    ngx_http_upstream_t              *u;
    ngx_http_nodetool_workflow_ctx_t *ctx;

    u = r->upstream;
    ctx = r->upstream->input_filter_ctx;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    last = &cl->next;
    length = 0;

    for (body = u->request_bufs; body; body = body->next) {
        length += ngx_buf_size(body->buf);

        *last = ngx_alloc_chain_link(r->pool);
        if (*last == NULL) {
            return NGX_ERROR;
        }

        (*last)->buf = ngx_alloc_buf(r->pool);
        if ((*last)->buf == NULL) {
            return NGX_ERROR;
        }

        *(*last)->buf = *body->buf;

        b = (*last)->buf;
        last = &(*last)->next;
    }

    *last = NULL;
    b->flush = 1;

    b = cl->buf;
    b->temporary = 1;
    b->start = ctx->head.data;
    b->pos = b->start;
    b->last = b->start + ctx->head.len;
    b->end = b->last + NGX_HTTP_NODETOOL_WORKFLOW_HEAD_REST;

    if (length) {
        b->last = ngx_sprintf(b->last, ",\"length\":%O", length);
    }

    *b->last++ = '}';
    *b->last++ = LF;

    u->request_bufs = cl;

    return NGX_OK;
}


/*
 * From the first byte on no other engine gets this request.  What only reads
 * may still be tried again where a kept-alive connection turns out closed.
 */

ngx_int_t
ngx_http_nodetool_workflow_send(void *data, ngx_chain_t *in)
{
    ngx_http_nodetool_workflow_ctx_t *ctx = data;

    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    u->peer.tries = 0;

    if (!ctx->safe) {
        u->peer.cached = 0;
    }

    return ngx_chain_writer(&u->writer, in);
}
