/*
 * ngx_http_nodetool_auth_upstream.c - callbacks of nginx's upstream for what
 * is fetched: the request out, the reply's header and body in.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

/* Since then trailers can be kept. */
#if (nginx_version >= 1027005)
#define ngx_nodetool_parse_chunked(r, b, ctx)                                  \
    ngx_http_parse_chunked(r, b, ctx, 0)
#else
#define ngx_nodetool_parse_chunked(r, b, ctx) ngx_http_parse_chunked(r, b, ctx)
#endif

static ngx_int_t ngx_http_nodetool_auth_create_request(ngx_http_request_t *sr);
static ngx_int_t ngx_http_nodetool_auth_reinit_request(ngx_http_request_t *sr);
static ngx_int_t ngx_http_nodetool_auth_process_status(ngx_http_request_t *sr);
static ngx_int_t ngx_http_nodetool_auth_process_header(ngx_http_request_t *sr);
static ngx_int_t ngx_http_nodetool_auth_header_line(
    ngx_http_request_t *sr, ngx_http_nodetool_auth_fetch_t *fetch);
static ngx_int_t ngx_http_nodetool_auth_filter_init(void *data);
static ngx_int_t ngx_http_nodetool_auth_filter(void *data, ssize_t bytes);
static ngx_int_t ngx_http_nodetool_auth_chunks(ngx_http_request_t *sr,
                                               ssize_t             bytes);
static ngx_int_t ngx_http_nodetool_auth_body(
    ngx_http_nodetool_auth_fetch_t *fetch, u_char *data, size_t len);
static void ngx_http_nodetool_auth_abort_request(ngx_http_request_t *sr);
static void ngx_http_nodetool_auth_finalize_request(ngx_http_request_t *sr,
                                                    ngx_int_t           rc);


ngx_int_t
ngx_http_nodetool_auth_upstream(ngx_http_request_t             *sr,
                                ngx_http_nodetool_auth_fetch_t *fetch)
{
    ngx_http_upstream_t *u;

    u = sr->upstream;
    u->conf = &fetch->conf->transport->upstream;
    u->buffering = 0;
    u->output.tag = (ngx_buf_tag_t) &ngx_http_nodetool_auth_module;

    ngx_str_set(&u->schema, "http://");

    if (fetch->https) {
#if (NGX_HTTP_SSL)
        ngx_str_set(&u->schema, "https://");
        u->ssl = 1;
#else
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "this nginx has no TLS to ask \"%V\" by", &fetch->url);
        return NGX_ERROR;
#endif
    }

    u->create_request = ngx_http_nodetool_auth_create_request;
    u->reinit_request = ngx_http_nodetool_auth_reinit_request;
    u->process_header = ngx_http_nodetool_auth_process_status;
    u->abort_request = ngx_http_nodetool_auth_abort_request;
    u->finalize_request = ngx_http_nodetool_auth_finalize_request;
    u->input_filter_init = ngx_http_nodetool_auth_filter_init;
    u->input_filter = ngx_http_nodetool_auth_filter;
    u->input_filter_ctx = sr;

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_create_request(ngx_http_request_t *sr)
{
    size_t                          size;
    ngx_buf_t                      *b;
    ngx_chain_t                    *cl;
    ngx_http_nodetool_auth_fetch_t *fetch;

    static const char lines[] =
        " HTTP/1.1" CRLF "Host: " CRLF "User-Agent: NodeTool" CRLF
        "Accept: application/json" CRLF "Accept-Encoding: identity" CRLF
        "Connection: close" CRLF CRLF;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);

    size = sizeof("GET /") + fetch->uri.len + fetch->host.len +
           fetch->head.len + sizeof(lines);

    b = ngx_create_temp_buf(sr->pool, size);
    cl = ngx_alloc_chain_link(sr->pool);
    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    /* a URL may be a host and a query */

    b->last =
        ngx_sprintf(b->last,
                    "GET %s%V HTTP/1.1" CRLF "Host: %V" CRLF
                    "User-Agent: NodeTool" CRLF "Accept: application/json" CRLF
                    "Accept-Encoding: identity" CRLF "Connection: close" CRLF
                    "%V" CRLF,
                    fetch->uri.data[0] == '/' ? "" : "/", &fetch->uri,
                    &fetch->host, &fetch->head);

    b->flush = 1;
    cl->buf = b;
    cl->next = NULL;

    sr->upstream->request_bufs = cl;

    return ngx_http_nodetool_auth_reinit_request(sr);
}


static ngx_int_t
ngx_http_nodetool_auth_reinit_request(ngx_http_request_t *sr)
{
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);

    ngx_memzero(&fetch->line, sizeof(ngx_http_status_t));
    ngx_memzero(&fetch->chunked, sizeof(ngx_http_chunked_t));
    nt_buf_reset(&fetch->body);

    fetch->status = 0;
    fetch->length = -1;
    fetch->whole = 0;

    sr->upstream->process_header = ngx_http_nodetool_auth_process_status;
    sr->state = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_process_status(ngx_http_request_t *sr)
{
    ngx_int_t                       rc;
    ngx_http_upstream_t            *u;
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);
    u = sr->upstream;

    rc = ngx_http_parse_status_line(sr, &u->buffer, &fetch->line);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "\"%V\" sent no valid HTTP/1 header", &fetch->url);
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (u->state && u->state->status == 0) {
        u->state->status = fetch->line.code;
    }

    u->headers_in.status_n = fetch->line.code;
    u->process_header = ngx_http_nodetool_auth_process_header;

    return ngx_http_nodetool_auth_process_header(sr);
}


static ngx_int_t
ngx_http_nodetool_auth_process_header(ngx_http_request_t *sr)
{
    ngx_int_t                       rc;
    ngx_http_upstream_t            *u;
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);
    u = sr->upstream;

    for (;;) {
        rc = ngx_http_parse_header_line(sr, &u->buffer, 1);

        if (rc != NGX_OK) {
            break;
        }

        if (ngx_http_nodetool_auth_header_line(sr, fetch) != NGX_OK) {
            rc = NGX_ERROR;
            break;
        }
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_HTTP_PARSE_HEADER_DONE) {
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "\"%V\" sent an invalid header line", &fetch->url);
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (u->headers_in.status_n < NGX_HTTP_OK) {
        /* an interim reply, the final one follows (RFC 9110, 15.2) */

        if (u->state) {
            u->state->status = 0;
        }

        u->headers_in.chunked = 0;

        return ngx_http_nodetool_auth_reinit_request(sr) == NGX_OK
                   ? ngx_http_nodetool_auth_process_status(sr)
                   : NGX_ERROR;
    }

    fetch->status = u->headers_in.status_n;

    /* nginx would look whether it fits into subrequest_output_buffer_size,
     * where nothing of it goes */

    u->headers_in.content_length_n = -1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_header_line(ngx_http_request_t             *sr,
                                   ngx_http_nodetool_auth_fetch_t *fetch)
{
    size_t  len, value;
    u_char *name;

    name = sr->header_name_start;
    len = sr->header_name_end - name;
    value = sr->header_end - sr->header_start;

    if (len == sizeof("Content-Length") - 1 &&
        ngx_strncasecmp(name, (u_char *) "Content-Length", len) == 0)
    {
        fetch->length = ngx_atoof(sr->header_start, value);
        return fetch->length >= 0 ? NGX_OK : NGX_ERROR;
    }

    if (len == sizeof("Transfer-Encoding") - 1 &&
        ngx_strncasecmp(name, (u_char *) "Transfer-Encoding", len) == 0)
    {
        if (value != sizeof("chunked") - 1 ||
            ngx_strncasecmp(sr->header_start, (u_char *) "chunked", value) != 0)
        {
            return NGX_ERROR;
        }

        sr->upstream->headers_in.chunked = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_auth_filter_init(void *data)
{
    ngx_http_request_t *sr = data;

    ngx_http_upstream_t            *u;
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);
    u = sr->upstream;

    if (u->headers_in.chunked) {
        u->length = 1; /* until the last chunk */

    } else {
        u->length = fetch->length;
        fetch->whole = fetch->length == 0;
    }

    return NGX_OK;
}


/* The bytes stand behind u->buffer.last, which stays: they are copied. */

static ngx_int_t
ngx_http_nodetool_auth_filter(void *data, ssize_t bytes)
{
    ngx_http_request_t *sr = data;

    ngx_http_upstream_t            *u;
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);
    u = sr->upstream;

    if ((ngx_msec_int_t) (fetch->deadline - ngx_current_msec) < 0) {
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "\"%V\" sends too slowly", &fetch->url);
        return NGX_ERROR;
    }

    if (u->headers_in.chunked) {
        return ngx_http_nodetool_auth_chunks(sr, bytes);
    }

    if (u->length != -1) {
        bytes = ngx_min(bytes, (ssize_t) u->length);
        u->length -= bytes;
        fetch->whole = u->length == 0;
    }

    return ngx_http_nodetool_auth_body(fetch, u->buffer.last, bytes);
}


static ngx_int_t
ngx_http_nodetool_auth_chunks(ngx_http_request_t *sr, ssize_t bytes)
{
    off_t                           size;
    ngx_buf_t                       b;
    ngx_int_t                       rc;
    ngx_http_upstream_t            *u;
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);
    u = sr->upstream;

    b = u->buffer;
    b.pos = u->buffer.last;
    b.last = b.pos + bytes;

    for (;;) {
        rc = ngx_nodetool_parse_chunked(sr, &b, &fetch->chunked);

        if (rc == NGX_OK) {
            size = ngx_min(b.last - b.pos, fetch->chunked.size);

            if (ngx_http_nodetool_auth_body(fetch, b.pos, size) != NGX_OK) {
                return NGX_ERROR;
            }

            b.pos += size;
            fetch->chunked.size -= size;
            continue;
        }

        if (rc == NGX_DONE) {
            u->length = 0;
            fetch->whole = 1;
            return NGX_OK;
        }

        if (rc == NGX_AGAIN) {
            u->length = 1;
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "\"%V\" sent an invalid chunked body", &fetch->url);
        return NGX_ERROR;
    }
}


static ngx_int_t
ngx_http_nodetool_auth_body(ngx_http_nodetool_auth_fetch_t *fetch, u_char *data,
                            size_t len)
{
    if (fetch->body.len + len > fetch->max) {
        ngx_log_error(NGX_LOG_ERR, fetch->request->connection->log, 0,
                      "\"%V\" sent more than %uz bytes", &fetch->url,
                      fetch->max);
        return NGX_ERROR;
    }

    nt_buf_append(&fetch->body, data, len);

    return fetch->body.failed ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_nodetool_auth_abort_request(ngx_http_request_t *sr)
{
    /* nginx does not call it */
}


static void
ngx_http_nodetool_auth_finalize_request(ngx_http_request_t *sr, ngx_int_t rc)
{
    ngx_http_nodetool_auth_fetch_t *fetch;

    fetch = ngx_http_get_module_ctx(sr, ngx_http_nodetool_auth_module);

    /* a body without a length ends with its connection: a cut one is told by
     * its JSON */

    if (rc == NGX_OK && sr->upstream->length == -1) {
        fetch->whole = 1;
    }
}
