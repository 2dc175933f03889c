/*
 * ngx_http_nodetool_chat_form.c - bodies that are multipart/form-data: sounds
 * to be transcribed, images to be edited.
 *
 * They are scanned while they arrive and forwarded from where nginx put them,
 * as JSON is.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_multipart.h"
#include "ngx_nodetool_common/ngx_nodetool_origin.h"

enum {
    NGX_NODETOOL_FORM_MODEL = 0,
    NGX_NODETOOL_FORM_STREAM,
    NGX_NODETOOL_FORM_NEED,
    NGX_NODETOOL_FORM_N
};

struct ngx_nodetool_form_s {
    nt_str_t        boundary;
    nt_form_scan_t  scan;
    nt_form_field_t fields[NGX_NODETOOL_FORM_N];
};


/* A script of another site can send a form without the browser asking this
 * one first, though not with a token. */
static ngx_uint_t
ngx_nodetool_form_foreign(ngx_http_request_t *r)
{
    ngx_str_t             header, url;
    ngx_nodetool_origin_t origin, own;

    if (ngx_nodetool_header_in(r, "origin", &header) == 0 ||
        ngx_nodetool_header_in(r, "authorization", &url) > 0 ||
        ngx_nodetool_header_in(r, "x-api-key", &url) > 0)
    {
        return 0;
    }

    return ngx_nodetool_origin_parse(&header, &origin) != NGX_OK ||
           ngx_nodetool_base_url(r, &url) != NGX_OK ||
           ngx_nodetool_origin_parse(&url, &own) != NGX_OK ||
           !ngx_nodetool_origin_equal(&origin, &own);
}


ngx_uint_t
ngx_nodetool_form_is(ngx_http_request_t *r)
{
    ngx_table_elt_t *type;

    type = r->headers_in.content_type;

    return type != NULL && nt_header_begins(ngx_nodetool_str(&type->value),
                                            "multipart/form-data");
}


ngx_int_t
ngx_nodetool_form_create(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_str_t            boundary;
    ngx_http_request_t *r;

    r = ctx->request;
    boundary = nt_multipart_boundary(
        ngx_nodetool_str(&r->headers_in.content_type->value));

    if (boundary.len == 0) {
        return ngx_nodetool_errorf(r, NGX_HTTP_BAD_REQUEST,
                                   "Content-Type has no boundary, or one that "
                                   "is too long");
    }

    if (ngx_nodetool_form_foreign(r)) {
        return ngx_nodetool_errorf(r, NGX_HTTP_FORBIDDEN,
                                   "A form of another site needs a token in "
                                   "its Authorization header");
    }

    ctx->form = ngx_palloc(r->pool, sizeof(ngx_nodetool_form_t));
    if (ctx->form == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->form->boundary = boundary;

    return NGX_OK;
}


void
ngx_nodetool_form_begin(ngx_nodetool_chat_ctx_t *ctx)
{
    size_t               n;
    ngx_nodetool_form_t *form;

    form = ctx->form;
    n = NGX_NODETOOL_FORM_NEED;

    form->fields[NGX_NODETOOL_FORM_MODEL].name = "model";
    form->fields[NGX_NODETOOL_FORM_STREAM].name = "stream";

    if (ctx->api->need[0].name != NULL) {
        form->fields[n++].name = ctx->api->need[0].name;
    }

    nt_form_scan_init(&form->scan, form->boundary, form->fields, n);
}


void
ngx_nodetool_form_feed(ngx_nodetool_chat_ctx_t *ctx, u_char *pos, u_char *last)
{
    /* an error stays in the scan until the whole body has come */
    (void) nt_form_scan_feed(&ctx->form->scan, (char *) pos, last - pos);
}


ngx_int_t
ngx_nodetool_form_validate(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_form_field_t     *f, *need;
    nt_json_field_t     *model;
    ngx_nodetool_form_t *form;

    form = ctx->form;

    if (nt_form_scan_end(&form->scan) != NT_OK) {
        return ngx_nodetool_chat_reject(
            ctx, NGX_HTTP_BAD_REQUEST,
            "The request body is not valid multipart/form-data: %s",
            nt_form_scan_error(&form->scan));
    }

    need = &form->fields[NGX_NODETOOL_FORM_NEED];

    if (ctx->api->need[0].name != NULL && need->parts == 0) {
        return ngx_nodetool_chat_reject(ctx, 422,
                                        "%s: expected %s, got nothing",
                                        need->name, ctx->api->need[0].expected);
    }

    f = &form->fields[NGX_NODETOOL_FORM_MODEL];

    if (f->parts > 1) {
        /* which one is asked must not depend on who reads them */
        return ngx_nodetool_chat_reject(ctx, 422,
                                        "model: expected one field, got %uD",
                                        f->parts);
    }

    model = &ctx->fields[NGX_NODETOOL_REQ_MODEL];

    ngx_memzero(model, offsetof(nt_json_field_t, value));

    if (f->parts > 0) {
        model->type = NT_JSON_STRING;
        model->truncated = f->truncated;
        model->value_len = f->value_len;
        ngx_memcpy(model->value, f->value, f->value_len);
    }

    f = &form->fields[NGX_NODETOOL_FORM_STREAM];

    ctx->stream =
        f->parts > 0 &&
        nt_str_eq((nt_str_t) { f->value, f->value_len }, NT_STR("true"));

    return NGX_OK;
}


/* The model that the provider is asked for, where it is another one. */
ngx_int_t
ngx_nodetool_form_edit(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_buf_t             text;
    nt_str_t             name;
    uint64_t             start, end;
    ngx_int_t            rc;
    nt_form_field_t     *f;
    ngx_nodetool_form_t *form;

    form = ctx->form;
    f = &form->fields[NGX_NODETOOL_FORM_MODEL];
    name = ngx_nodetool_str(&ctx->upstream_model);

    if (f->parts > 0 && nt_str_eq(name, (nt_str_t) { f->value, f->value_len }))
    {
        return NGX_OK;
    }

    if (memchr(name.data, '\r', name.len) != NULL) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "a name of a model has a line end in it");
        return NGX_ERROR;
    }

    ngx_memzero(&text, sizeof(nt_buf_t));

    if (f->parts > 0) {
        start = f->start;
        end = f->end;
        nt_buf_append_str(&text, name);

    } else {
        start = end = nt_form_scan_first(&form->scan);
        nt_buf_append_str(&text, NT_STR("--"));
        nt_buf_append_str(&text, form->boundary);
        nt_buf_append_str(&text, NT_STR(CRLF "Content-Disposition: form-data; "
                                             "name=\"model\"" CRLF CRLF));
        nt_buf_append_str(&text, name);
        nt_buf_append_str(&text, NT_STR(CRLF));
    }

    rc = ngx_nodetool_chat_edit_add(ctx, start, end, &text);

    nt_buf_free(&text);

    return rc;
}
