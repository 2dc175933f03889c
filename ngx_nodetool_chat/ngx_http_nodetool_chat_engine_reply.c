/*
 * ngx_http_nodetool_chat_engine_reply.c - the head of the engine's replies, as
 * if it had been HTTP's; what follows it is what HTTP has, too.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

enum {
    NGX_NODETOOL_ENGINE_STATUS = 0,
    NGX_NODETOOL_ENGINE_LENGTH,
    NGX_NODETOOL_ENGINE_CHUNKED,
    NGX_NODETOOL_ENGINE_TYPE,
    NGX_NODETOOL_ENGINE_JOB_ID,
    NGX_NODETOOL_ENGINE_RETRY_AFTER,
    NGX_NODETOOL_ENGINE_FIELDS
};


/* A number; -1 when there is none. */
static off_t
ngx_nodetool_engine_number(nt_json_field_t *field)
{
    off_t n;

    n = field->type == NT_JSON_NUMBER
            ? ngx_atoof((u_char *) field->value, field->value_len)
            : -1;

    return n == NGX_ERROR ? -1 : n;
}


/* Adds a header that the field has, if it has one that can stand there. */
static ngx_int_t
ngx_nodetool_engine_add(ngx_http_request_t *r, const char *name,
                        nt_json_field_t *field)
{
    size_t  i;
    u_char *value;

    for (i = 0; i < field->value_len; i++) {
        if ((u_char) field->value[i] < 0x20 || (u_char) field->value[i] > 0x7e)
        {
            return NGX_OK;
        }
    }

    if (field->value_len == 0) {
        return NGX_OK;
    }

    value = ngx_pnalloc(r->pool, field->value_len + 1);
    if (value == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn(value, (u_char *) field->value, field->value_len + 1);

    return ngx_nodetool_chat_set_header(r, NULL, name, (char *) value);
}


static ngx_int_t
ngx_nodetool_engine_headers_in(ngx_http_request_t *r, nt_json_field_t *f)
{
    ngx_list_part_t     *last;
    ngx_table_elt_t     *h;
    nt_json_field_t     *type;
    ngx_http_upstream_t *u;

    u = r->upstream;
    type = &f[NGX_NODETOOL_ENGINE_TYPE];

    if (type->value_len == 0) {
        type->value_len = sizeof("application/json") - 1;
        ngx_memcpy(type->value, "application/json", type->value_len);
    }

    if (ngx_nodetool_engine_add(r, "Content-Type", type) != NGX_OK) {
        return NGX_ERROR;
    }

    last = u->headers_in.headers.last;
    h = last->elts;
    u->headers_in.content_type = last->nelts ? &h[last->nelts - 1] : NULL;

    if (ngx_nodetool_engine_add(r, "X-Job-Id",
                                &f[NGX_NODETOOL_ENGINE_JOB_ID]) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_nodetool_engine_add(r, "Retry-After",
                                   &f[NGX_NODETOOL_ENGINE_RETRY_AFTER]);
}


static ngx_int_t
ngx_nodetool_engine_scan(ngx_http_request_t *r, nt_str_t line)
{
    off_t                status;
    nt_json_scan_t       scan;
    nt_json_field_t      f[NGX_NODETOOL_ENGINE_FIELDS];
    ngx_http_upstream_t *u;

    u = r->upstream;
    ngx_memzero(f, sizeof(f));

    f[NGX_NODETOOL_ENGINE_STATUS].path = "status";
    f[NGX_NODETOOL_ENGINE_LENGTH].path = "length";
    f[NGX_NODETOOL_ENGINE_CHUNKED].path = "chunked";
    f[NGX_NODETOOL_ENGINE_TYPE].path = "type";
    f[NGX_NODETOOL_ENGINE_JOB_ID].path = "job_id";
    f[NGX_NODETOOL_ENGINE_RETRY_AFTER].path = "retry_after";

    nt_json_scan_init(&scan, f, NGX_NODETOOL_ENGINE_FIELDS);

    if (nt_json_scan_feed(&scan, line.data, line.len) != NT_OK ||
        nt_json_scan_end(&scan) != NT_OK)
    {
        return NGX_DECLINED;
    }

    status = ngx_nodetool_engine_number(&f[NGX_NODETOOL_ENGINE_STATUS]);
    u->headers_in.chunked = f[NGX_NODETOOL_ENGINE_CHUNKED].type == NT_JSON_TRUE;
    u->headers_in.content_length_n =
        ngx_nodetool_engine_number(&f[NGX_NODETOOL_ENGINE_LENGTH]);

    if (status < 200 || status > 599 ||
        (u->headers_in.content_length_n == -1) != u->headers_in.chunked)
    {
        return NGX_DECLINED;
    }

    u->headers_in.status_n = status;

    if (u->state && u->state->status == 0) {
        u->state->status = status;
    }

    return ngx_nodetool_engine_headers_in(r, f);
}


ngx_int_t
ngx_nodetool_engine_process_header(ngx_http_request_t *r)
{
    u_char                  *lf;
    nt_str_t                 line;
    ngx_int_t                rc;
    ngx_buf_t               *b;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);
    b = &r->upstream->buffer;

    lf = ngx_strlchr(b->pos, b->last, LF);
    if (lf == NULL) {
        return NGX_AGAIN;
    }

    line.data = (char *) b->pos;
    line.len = lf - b->pos;
    rc = ngx_nodetool_engine_scan(r, line);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "nodetool_provider \"%V\" sent no valid head line",
                      &ctx->provider->name);
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    b->pos = lf + 1;

    return ngx_nodetool_chat_reply_header(ctx);
}
