/*
 * ngx_http_nodetool_workflow_reply.c - the reply of the engine: a head line,
 * then JSON of a known length or an event stream (docs/wire.md).
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#include "ngx_nodetool_common/ngx_nodetool_websocket.h"

#include "core/nt_id.h"
#include "core/nt_json_scan.h"

enum {
    NGX_HTTP_NODETOOL_WORKFLOW_STATUS = 0,
    NGX_HTTP_NODETOOL_WORKFLOW_LENGTH,
    NGX_HTTP_NODETOOL_WORKFLOW_EVENT_STREAM,
    NGX_HTTP_NODETOOL_WORKFLOW_JOB_ID,
    NGX_HTTP_NODETOOL_WORKFLOW_RETRY_AFTER,
    NGX_HTTP_NODETOOL_WORKFLOW_FIELDS
};


ngx_int_t
ngx_http_nodetool_workflow_reinit_request(ngx_http_request_t *r)
{
    ngx_http_nodetool_workflow_ctx_t *ctx;

    ctx = r->upstream->input_filter_ctx;

    ngx_str_null(&ctx->job_id);

    ctx->state = 0;
    ctx->digits = 0;
    ctx->current = NULL;
    ctx->lines = NULL;
    ctx->complete = 0;
    ctx->stream = 0;
    ctx->split = 0;
    ctx->ended = 0;

    return NGX_OK;
}


/* A number field; -1 when it is not there. */

static ngx_int_t
ngx_http_nodetool_workflow_number(nt_json_field_t *field, off_t *number)
{
    *number = -1;

    if (field->type == NT_JSON_ABSENT) {
        return NGX_OK;
    }

    if (field->type != NT_JSON_NUMBER) {
        return NGX_ERROR;
    }

    *number = ngx_atoof((u_char *) field->value, field->value_len);

    return *number == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_workflow_header(ngx_http_request_t *r, const char *name,
                                  nt_json_field_t *field, ngx_str_t *value)
{
    value->len = field->value_len;
    value->data = ngx_pnalloc(r->pool, value->len);

    if (value->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(value->data, field->value, value->len);

    return ngx_nodetool_add_header(r, name, value);
}


static ngx_int_t
ngx_http_nodetool_workflow_job_id(ngx_http_request_t               *r,
                                  ngx_http_nodetool_workflow_ctx_t *ctx,
                                  nt_json_field_t                  *field)
{
    if (field->type != NT_JSON_STRING) {
        return NGX_OK;
    }

    /* it goes into a header; ids have no more characters than these */

    if (!nt_workflow_id_valid((nt_str_t) { field->value, field->value_len })) {
        return NGX_DECLINED;
    }

    return ngx_http_nodetool_workflow_header(r, "X-Job-Id", field,
                                             &ctx->job_id);
}


static ngx_int_t
ngx_http_nodetool_workflow_stream_headers(ngx_http_request_t               *r,
                                          ngx_http_nodetool_workflow_ctx_t *ctx)
{
    ngx_str_t value;

    if (ctx->ndjson) {
        ngx_str_set(&r->headers_out.content_type, "application/x-ndjson");
    } else {
        ngx_str_set(&r->headers_out.content_type, "text/event-stream");
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    ngx_str_set(&value, "no-store");

    if (ngx_nodetool_add_header(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_set(&value, "no");

    return ngx_nodetool_add_header(r, "X-Accel-Buffering", &value);
}


/* What follows the head line are frames for the client, and its are for the
 * engine: nginx passes both on. */

static ngx_int_t
ngx_http_nodetool_workflow_take_tunnel(ngx_http_request_t *r, off_t status)
{
    ngx_http_upstream_t *u;

    u = r->upstream;

    if (status != NGX_HTTP_SWITCHING_PROTOCOLS) {
        return NGX_DECLINED;
    }

    if (ngx_nodetool_websocket_accept(r) != NGX_OK) {
        return NGX_ERROR;
    }

    /* nginx copies them back */

    u->headers_in.status_n = r->headers_out.status;
    u->headers_in.status_line = r->headers_out.status_line;
    u->state->status = status;

    u->upgrade = 1;

    return NGX_OK;
}


/* Takes over what the head line said.  NGX_DECLINED when it is wrong. */

static ngx_int_t
ngx_http_nodetool_workflow_take_head(ngx_http_request_t               *r,
                                     ngx_http_nodetool_workflow_ctx_t *ctx,
                                     nt_json_field_t                  *fields)
{
    off_t                status, length, retry_after;
    ngx_str_t            value;
    ngx_int_t            rc;
    nt_json_field_t     *retry;
    ngx_http_upstream_t *u;

    u = r->upstream;
    retry = &fields[NGX_HTTP_NODETOOL_WORKFLOW_RETRY_AFTER];

    if (ngx_http_nodetool_workflow_number(
            &fields[NGX_HTTP_NODETOOL_WORKFLOW_STATUS], &status) != NGX_OK ||
        ngx_http_nodetool_workflow_number(
            &fields[NGX_HTTP_NODETOOL_WORKFLOW_LENGTH], &length) != NGX_OK ||
        ngx_http_nodetool_workflow_number(retry, &retry_after) != NGX_OK ||
        status > 599)
    {
        return NGX_DECLINED;
    }

    if (ctx->tunnel && status < 300) {
        return ngx_http_nodetool_workflow_take_tunnel(r, status);
    }

    if (status < 200) {
        return NGX_DECLINED;
    }

    ctx->stream =
        fields[NGX_HTTP_NODETOOL_WORKFLOW_EVENT_STREAM].type == NT_JSON_TRUE;

    rc = ngx_http_nodetool_workflow_job_id(
        r, ctx, &fields[NGX_HTTP_NODETOOL_WORKFLOW_JOB_ID]);

    if (rc != NGX_OK) {
        return rc;
    }

    if (retry_after != -1 &&
        ngx_http_nodetool_workflow_header(r, "Retry-After", retry, &value) !=
            NGX_OK)
    {
        return NGX_ERROR;
    }

    u->headers_in.status_n = status;
    u->state->status = status;

    if (ctx->stream) {
        return ngx_http_nodetool_workflow_stream_headers(r, ctx);
    }

    if (length == -1) {
        length = 0;
    }

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    u->headers_in.content_length_n = length;

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_workflow_process_header(ngx_http_request_t *r)
{
    u_char                           *lf;
    ngx_int_t                         rc;
    nt_json_scan_t                    scan;
    nt_json_field_t                   fields[NGX_HTTP_NODETOOL_WORKFLOW_FIELDS];
    ngx_http_upstream_t              *u;
    ngx_http_nodetool_workflow_ctx_t *ctx;

    u = r->upstream;
    ctx = r->upstream->input_filter_ctx;

    lf = memchr(u->buffer.pos, LF, u->buffer.last - u->buffer.pos);
    if (lf == NULL) {
        return NGX_AGAIN;
    }

    ngx_memzero(fields, sizeof(fields));

    fields[NGX_HTTP_NODETOOL_WORKFLOW_STATUS].path = "status";
    fields[NGX_HTTP_NODETOOL_WORKFLOW_LENGTH].path = "length";
    fields[NGX_HTTP_NODETOOL_WORKFLOW_EVENT_STREAM].path = "events";
    fields[NGX_HTTP_NODETOOL_WORKFLOW_JOB_ID].path = "job_id";
    fields[NGX_HTTP_NODETOOL_WORKFLOW_RETRY_AFTER].path = "retry_after";

    nt_json_scan_init(&scan, fields, NGX_HTTP_NODETOOL_WORKFLOW_FIELDS);

    rc = NGX_DECLINED;

    if (nt_json_scan_feed(&scan, (char *) u->buffer.pos, lf - u->buffer.pos) ==
            NT_OK &&
        nt_json_scan_end(&scan) == NT_OK)
    {
        rc = ngx_http_nodetool_workflow_take_head(r, ctx, fields);
    }

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "nodetool engine sent an invalid reply head");
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    u->buffer.pos = lf + 1;

    if (rc == NGX_OK && !ctx->stream && !u->upgrade &&
        u->headers_in.content_length_n == 0 && u->buffer.pos == u->buffer.last)
    {
        /* without a body the filter may never be called */
        u->keepalive = 1;
    }

    return rc;
}


ngx_int_t
ngx_http_nodetool_workflow_filter_init(void *data)
{
    ngx_http_nodetool_workflow_ctx_t *ctx = data;

    ngx_http_upstream_t *u;

    u = ctx->request->upstream;

    if (!ctx->stream) {
        u->length = u->headers_in.content_length_n;
        return NGX_OK;
    }

    /* not 0 before the end was seen: an engine that dies is noticed */

    u->length = 1;
    ngx_http_nodetool_workflow_events_init(ctx);

    return NGX_OK;
}


static void
ngx_http_nodetool_workflow_excess(ngx_http_request_t *r)
{
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "nodetool engine sent more than its reply");

    r->upstream->keepalive = 0;
}


static ngx_int_t
ngx_http_nodetool_workflow_filter_events(ngx_http_nodetool_workflow_ctx_t *ctx,
                                         size_t bytes)
{
    size_t               used;
    ngx_int_t            rc;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    if (u->length == 0) {
        ngx_http_nodetool_workflow_excess(r);
        return NGX_OK;
    }

    rc = ngx_http_nodetool_workflow_events(ctx, u->buffer.last, bytes, &used);

    /*
     * nginx reads on while u->buffer has room, and empties it when the client
     * has taken all.  With a client that is behind it counts as full: small
     * reads must not pile up in a buffer each.
     */

    if (u->busy_bufs != NULL) {
        u->buffer.last = u->buffer.end;

    } else {
        u->buffer.last += bytes;
    }

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "nodetool engine sent an invalid event");
        u->error = 1;
        return NGX_OK;
    }

    if (rc == NGX_DONE) {
        u->length = 0;
        u->keepalive = 1;

        if (used < bytes) {
            ngx_http_nodetool_workflow_excess(r);
        }

        return NGX_OK;
    }

    return rc;
}


/* JSON is passed on where it was read to. */

static ngx_int_t
ngx_http_nodetool_workflow_filter_json(ngx_http_request_t *r, size_t bytes)
{
    ngx_buf_t           *b;
    ngx_chain_t         *cl, **ll;
    ngx_http_upstream_t *u;

    u = r->upstream;

    if ((off_t) bytes > u->length) {
        bytes = u->length;
        u->length = 0;
        ngx_http_nodetool_workflow_excess(r);

    } else {
        u->length -= bytes;
        u->keepalive = (u->length == 0);
    }

    if (bytes == 0) {
        return NGX_OK;
    }

    cl = ngx_chain_get_free_buf(r->pool, &u->free_bufs);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    for (ll = &u->out_bufs; *ll; ll = &(*ll)->next) {
        /* void */
    }

    *ll = cl;

    b = cl->buf;

    b->memory = 1;
    b->flush = 1;
    b->tag = u->output.tag;
    b->pos = u->buffer.last;

    u->buffer.last += bytes;
    b->last = u->buffer.last;

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_workflow_filter(void *data, ssize_t bytes)
{
    ngx_http_nodetool_workflow_ctx_t *ctx = data;

    if (ctx->stream) {
        return ngx_http_nodetool_workflow_filter_events(ctx, bytes);
    }

    return ngx_http_nodetool_workflow_filter_json(ctx->request, bytes);
}


void
ngx_http_nodetool_workflow_abort_request(ngx_http_request_t *r)
{
    /* the engine notices that its connection is closed */
}


void
ngx_http_nodetool_workflow_finalize_request(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_nodetool_workflow_ctx_t *ctx;

    ctx = r->upstream->input_filter_ctx;

    if (ctx->comment.timer_set) {
        ngx_del_timer(&ctx->comment);
    }

    if (ctx->stream && !ctx->ended && r->upstream->header_sent &&
        !r->header_only && rc >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        ngx_http_nodetool_workflow_events_broken(ctx, rc);
    }
}
