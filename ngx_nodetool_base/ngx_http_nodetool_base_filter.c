/*
 * ngx_http_nodetool_base_filter.c - gives every error response a JSON body
 * and every response its request id.
 *
 * A filter, because nginx consults no error_page for a request that it could
 * not parse, while every response passes here.
 */

#include "ngx_nodetool_base/ngx_http_nodetool_base.h"

/* Seconds; enough to spread a retry, not enough to notice. */
#define NGX_HTTP_NODETOOL_BASE_RETRY_429 "1"
#define NGX_HTTP_NODETOOL_BASE_RETRY_503 "5"

typedef struct {
    ngx_str_t  body;
    ngx_uint_t sent; /* unsigned  sent:1; */
} ngx_http_nodetool_base_ctx_t;

static ngx_int_t  ngx_http_nodetool_base_header_filter(ngx_http_request_t *r);
static ngx_int_t  ngx_http_nodetool_base_body_filter(ngx_http_request_t *r,
                                                     ngx_chain_t        *in);
static ngx_int_t  ngx_http_nodetool_base_send_id(ngx_http_request_t *r);
static ngx_uint_t ngx_http_nodetool_base_is_json(ngx_http_request_t *r);
static ngx_int_t  ngx_http_nodetool_base_replace(ngx_http_request_t *r);
static ngx_int_t  ngx_http_nodetool_base_complete(ngx_http_request_t *r);
static ngx_uint_t ngx_http_nodetool_base_by_static(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt   ngx_http_next_body_filter;


/* Headers that speak of the body that is replaced. */

static const char *const ngx_http_nodetool_base_body_headers[] = {
    "Content-Disposition", "Content-Encoding", "Content-Language",
    "Content-Location",    "Content-MD5",      NULL
};


void
ngx_http_nodetool_base_init_filters(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_nodetool_base_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_nodetool_base_body_filter;
}


static ngx_int_t
ngx_http_nodetool_base_header_filter(ngx_http_request_t *r)
{
    ngx_http_nodetool_base_loc_conf_t *blcf;

    if (r != r->main || r->header_sent) {
        return ngx_http_next_header_filter(r);
    }

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_base_module);

    if (blcf->ids && ngx_http_nodetool_base_send_id(r) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_set_ctx(r, NULL, ngx_http_nodetool_base_module);

    if (!blcf->errors || r->headers_out.status < NGX_HTTP_BAD_REQUEST) {
        return ngx_http_next_header_filter(r);
    }

    if (ngx_http_nodetool_base_complete(r) != NGX_OK) {
        return NGX_ERROR;
    }

    /* who sends headers only will send no body that could be replaced */

    if (!ngx_http_nodetool_base_is_json(r) &&
        (!r->header_only || r->method == NGX_HTTP_HEAD) &&
        ngx_http_nodetool_base_replace(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


/* An id of an upstream gives way to ours: one request, one id. */

static ngx_int_t
ngx_http_nodetool_base_send_id(ngx_http_request_t *r)
{
    ngx_str_t        id;
    ngx_table_elt_t *h;

    if (ngx_http_nodetool_base_request_id(r, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    while ((h = ngx_nodetool_header_out(r, "X-Request-Id")) != NULL) {
        h->hash = 0;
    }

    return ngx_nodetool_add_header(r, "X-Request-Id", &id);
}


static ngx_uint_t
ngx_http_nodetool_base_is_json(ngx_http_request_t *r)
{
    size_t     len;
    ngx_str_t *type;

    static const ngx_str_t json = ngx_string("application/json");

    type = &r->headers_out.content_type;
    len = json.len;

    if (type->len < len || ngx_strncasecmp(type->data, json.data, len) != 0) {
        return 0;
    }

    return type->len == len || type->data[len] == ';' || type->data[len] == ' ';
}


/* Headers that an error of its status has to have. */

static ngx_int_t
ngx_http_nodetool_base_complete(ngx_http_request_t *r)
{
    const char *name;
    ngx_str_t   value;

    switch (r->headers_out.status) {
    case NGX_HTTP_NOT_ALLOWED:
        if (!ngx_http_nodetool_base_by_static(r)) {
            return NGX_OK;
        }

        name = "Allow";
        ngx_str_set(&value, "GET, HEAD");
        break;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        name = "Retry-After";
        ngx_str_set(&value, NGX_HTTP_NODETOOL_BASE_RETRY_429);
        break;

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        name = "Retry-After";
        ngx_str_set(&value, NGX_HTTP_NODETOOL_BASE_RETRY_503);
        break;

    default:
        return NGX_OK;
    }

    if (ngx_nodetool_header_out(r, name) != NULL) {
        return NGX_OK;
    }

    return ngx_nodetool_add_header(r, name, &value);
}


/*
 * Whether nginx's handler of static files has answered: it alone refuses
 * methods without saying which it takes, when no content handler is set and
 * the request has come to the content phase.
 */

static ngx_uint_t
ngx_http_nodetool_base_by_static(ngx_http_request_t *r)
{
    ngx_http_phase_handler_t  *ph;
    ngx_http_core_main_conf_t *cmcf;

    if (r->upstream != NULL || r->content_handler != NULL) {
        return 0;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    ph = cmcf->phase_engine.handlers;

    return ph[r->phase_handler].checker == ngx_http_core_content_phase;
}


static ngx_int_t
ngx_http_nodetool_base_replace(ngx_http_request_t *r)
{
    ngx_str_t                     message;
    ngx_uint_t                    i, status;
    ngx_table_elt_t              *h;
    ngx_http_nodetool_base_ctx_t *ctx;

    status = r->headers_out.status;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_nodetool_base_ctx_t));
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&message);

    if (status == NGX_HTTP_BAD_REQUEST || status == NGX_HTTP_UNAUTHORIZED ||
        status == NGX_HTTP_FORBIDDEN)
    {
        message = ngx_nodetool_variable(r, "nodetool_auth_error");
    }

    if (ngx_nodetool_error_for(r, status, &message, &ctx->body) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; ngx_http_nodetool_base_body_headers[i] != NULL; i++) {
        h = ngx_nodetool_header_out(r, ngx_http_nodetool_base_body_headers[i]);
        if (h != NULL) {
            h->hash = 0;
        }
    }

    r->headers_out.content_encoding = NULL;

    if (r->headers_out.content_range &&
        status != NGX_HTTP_RANGE_NOT_SATISFIABLE) {
        r->headers_out.content_range->hash = 0;
        r->headers_out.content_range = NULL;
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);
    r->headers_out.override_charset = NULL;
    r->headers_out.content_length_n = ctx->body.len;

    ngx_http_set_ctx(r, ctx, ngx_http_nodetool_base_module);

    return NGX_OK;
}


/*
 * Sends the error body in place of the first buffer and drops all that comes
 * later, marked as taken, so that its sender can go on to its end.
 */

static ngx_int_t
ngx_http_nodetool_base_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t                    *b;
    ngx_chain_t                   out, *cl;
    ngx_http_nodetool_base_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_base_module);

    if (ctx == NULL || in == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    for (cl = in; cl != NULL; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    if (ctx->sent) {
        return ngx_http_next_body_filter(r, NULL);
    }

    ctx->sent = 1;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = ctx->body.data;
    b->last = ctx->body.data + ctx->body.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}
