/*
 * ngx_nodetool_common.c - what the NodeTool modules share that needs nginx.
 */

#include "ngx_nodetool_common/ngx_nodetool_common.h"

#include <sys/random.h>

#include "core/nt_buf.h"
#include "core/nt_error.h"
#include "core/nt_id.h"

#define NGX_NODETOOL_MESSAGE_MAX 1024

/* The longest host of a URL: a DNS name, brackets and a port fit well. */
#define NGX_NODETOOL_HOST_MAX 300

#define NGX_NODETOOL_CONF_FILE_MAX (1024 * 1024)

/* A getrandom() of up to 256 bytes is never short. */
#define NGX_NODETOOL_IDS 16

static ngx_int_t ngx_nodetool_send(ngx_http_request_t *r, ngx_str_t *body);
static ngx_int_t ngx_nodetool_local_address(ngx_http_request_t *r,
                                            ngx_str_t          *host);


ngx_int_t
ngx_nodetool_error(ngx_http_request_t *r, ngx_uint_t status, ngx_str_t *message)
{
    ngx_str_t body;

    if (r->header_sent) {
        return NGX_ERROR;
    }

    if (ngx_nodetool_error_for(r, status, message, &body) != NGX_OK) {
        return status;
    }

    /* as nginx does before a body of its own: no 100 Continue any more */

    r->expect_tested = 1;

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    return ngx_nodetool_json(r, status, &body);
}


ngx_int_t
ngx_nodetool_errorf(ngx_http_request_t *r, ngx_uint_t status,
                    const char *format, ...)
{
    u_char    buf[NGX_NODETOOL_MESSAGE_MAX];
    va_list   args;
    ngx_str_t message;

    va_start(args, format);
    message.data = buf;
    message.len = ngx_vslprintf(buf, buf + sizeof(buf), format, args) - buf;
    va_end(args);

    return ngx_nodetool_error(r, status, &message);
}


ngx_int_t
ngx_nodetool_error_text(ngx_pool_t *pool, ngx_uint_t status, ngx_str_t *message,
                        ngx_str_t *body)
{
    nt_buf_t buf;

    ngx_memzero(&buf, sizeof(nt_buf_t));

    nt_error_body(&buf, (int) status, ngx_nodetool_str(message));

    return ngx_nodetool_take(pool, &buf, body);
}


ngx_int_t
ngx_nodetool_error_for(ngx_http_request_t *r, ngx_uint_t status,
                       ngx_str_t *message, ngx_str_t *body)
{
    nt_buf_t  buf;
    ngx_str_t format, id;

    format = ngx_nodetool_variable(r, "nodetool_error_format");

    if (!nt_str_eq(ngx_nodetool_str(&format), NT_STR("anthropic"))) {
        return ngx_nodetool_error_text(r->pool, status, message, body);
    }

    id = ngx_nodetool_variable(r, "nodetool_request_id");

    ngx_memzero(&buf, sizeof(nt_buf_t));

    nt_error_anthropic(&buf, (int) status, ngx_nodetool_str(message),
                       ngx_nodetool_str(&id));

    return ngx_nodetool_take(r->pool, &buf, body);
}


ngx_int_t
ngx_nodetool_take(ngx_pool_t *pool, nt_buf_t *buf, ngx_str_t *text)
{
    text->len = buf->len;
    text->data = buf->failed ? NULL : ngx_pnalloc(pool, buf->len);

    if (text->data != NULL) {
        ngx_memcpy(text->data, buf->data, buf->len);
    }

    nt_buf_free(buf);

    return text->data ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_nodetool_json(ngx_http_request_t *r, ngx_uint_t status, ngx_str_t *body)
{
    if (r->header_sent) {
        return NGX_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    r->headers_out.content_length_n = body->len;

    return ngx_nodetool_send(r, body);
}


static ngx_int_t
ngx_nodetool_send(ngx_http_request_t *r, ngx_str_t *body)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;
    ngx_chain_t out;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = body->len ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_nodetool_add_header(ngx_http_request_t *r, const char *key,
                        ngx_str_t *value)
{
    return ngx_nodetool_push_header(r, key, value) ? NGX_OK : NGX_ERROR;
}


ngx_table_elt_t *
ngx_nodetool_push_header(ngx_http_request_t *r, const char *key,
                         ngx_str_t *value)
{
    ngx_table_elt_t *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key.len = ngx_strlen(key);
    h->key.data = (u_char *) key;
    h->value = *value;
    h->lowcase_key = NULL;

    return h;
}


ngx_uint_t
ngx_nodetool_header_in(ngx_http_request_t *r, const char *name,
                       ngx_str_t *value)
{
    size_t           len;
    ngx_uint_t       i, count;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    count = 0;
    len = ngx_strlen(name);
    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */; i++) {
        if (i >= part->nelts) {
            if (part->next == NULL) {
                return count;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len != len ||
            ngx_strncmp(h[i].lowcase_key, name, len) != 0) {
            continue;
        }

        if (count++ == 0) {
            *value = h[i].value;
        }
    }
}


ngx_table_elt_t *
ngx_nodetool_header_out(ngx_http_request_t *r, const char *name)
{
    size_t           len;
    ngx_uint_t       i;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    len = ngx_strlen(name);
    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */; i++) {
        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash != 0 && h[i].key.len == len &&
            ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
        {
            return &h[i];
        }
    }
}


ngx_int_t
ngx_nodetool_not_allowed(ngx_http_request_t *r, const char *allow)
{
    ngx_str_t value;

    value.len = ngx_strlen(allow);
    value.data = (u_char *) allow;

    if (ngx_nodetool_add_header(r, "Allow", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_nodetool_errorf(r, NGX_HTTP_NOT_ALLOWED,
                               "Method %V is not allowed here. Use %V.",
                               &r->method_name, &value);
}


ngx_int_t
ngx_nodetool_add_variables(ngx_conf_t *cf, ngx_http_variable_t *vars)
{
    ngx_http_variable_t *var, *v;

    for (v = vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->set_handler = v->set_handler;
        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


ngx_str_t
ngx_nodetool_variable(ngx_http_request_t *r, const char *name)
{
    ngx_str_t                  var, value;
    ngx_http_variable_value_t *vv;

    ngx_str_null(&value);

    var.len = ngx_strlen(name);
    var.data = (u_char *) name;

    vv = ngx_http_get_variable(r, &var, ngx_hash_key(var.data, var.len));

    if (vv != NULL && vv->valid && !vv->not_found) {
        value.len = vv->len;
        value.data = vv->data;
    }

    return value;
}


ngx_int_t
ngx_nodetool_base_url(ngx_http_request_t *r, ngx_str_t *url)
{
    *url = ngx_nodetool_variable(r, "nodetool_base_url");

    if (url->len) {
        return NGX_OK;
    }

    return ngx_nodetool_own_url(r, NULL, NULL, url);
}


ngx_int_t
ngx_nodetool_own_url(ngx_http_request_t *r, ngx_str_t *scheme, ngx_str_t *host,
                     ngx_str_t *url)
{
    u_char   *p;
    ngx_str_t proto, local;

    if (scheme != NULL) {
        proto = *scheme;

#if (NGX_HTTP_SSL)
    } else if (r->connection->ssl) {
        ngx_str_set(&proto, "https");
#endif

    } else {
        ngx_str_set(&proto, "http");
    }

    if (host == NULL && r->headers_in.host != NULL &&
        ngx_nodetool_host_valid(&r->headers_in.host->value))
    {
        host = &r->headers_in.host->value;
    }

    if (host == NULL) {
        if (ngx_nodetool_local_address(r, &local) != NGX_OK) {
            return NGX_ERROR;
        }

        host = &local;
    }

    p = ngx_pnalloc(r->pool, proto.len + sizeof("://") - 1 + host->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    url->data = p;
    url->len = ngx_sprintf(p, "%V://%V", &proto, host) - p;

    return NGX_OK;
}


/* Where the client sends no Host: the address that it connected to. */

static ngx_int_t
ngx_nodetool_local_address(ngx_http_request_t *r, ngx_str_t *host)
{
    ngx_connection_t *c;

    c = r->connection;

    host->data = ngx_pnalloc(r->pool, NGX_SOCKADDR_STRLEN);
    if (host->data == NULL) {
        return NGX_ERROR;
    }

    host->len = NGX_SOCKADDR_STRLEN;

    if (ngx_connection_local_sockaddr(c, host, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a socket's path is nobody's business outside */

    if (c->local_sockaddr->sa_family != AF_INET
#if (NGX_HAVE_INET6)
        && c->local_sockaddr->sa_family != AF_INET6
#endif
    )
    {
        ngx_str_set(host, "localhost");
    }

    return NGX_OK;
}


ngx_uint_t
ngx_nodetool_host_valid(ngx_str_t *host)
{
    u_char     c;
    ngx_uint_t i;

    if (host->len == 0 || host->len > NGX_NODETOOL_HOST_MAX) {
        return 0;
    }

    for (i = 0; i < host->len; i++) {
        c = host->data[i];

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
            (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' ||
            c == ':' || c == '[' || c == ']')
        {
            continue;
        }

        return 0;
    }

    return 1;
}


ngx_int_t
ngx_nodetool_conf_file(ngx_conf_t *cf, ngx_pool_t *pool, ngx_str_t *path,
                       const char *what, ngx_str_t *text)
{
    size_t     size;
    ssize_t    n;
    ngx_file_t file;

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = cf->log;
    file.fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    n = NGX_ERROR;

    if (ngx_fd_info(file.fd, &file.info) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", path);

    } else if (!ngx_is_file(&file.info) ||
               ngx_file_size(&file.info) > NGX_NODETOOL_CONF_FILE_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a file of %s: not a regular file, "
                           "or larger than 1 MiB",
                           path, what);

    } else {
        size = (size_t) ngx_file_size(&file.info);

        text->data = ngx_pnalloc(pool, size + 1);
        if (text->data != NULL) {
            n = ngx_read_file(&file, text->data, size, 0);
        }
    }

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    text->len = n;

    return NGX_OK;
}


/* OpenSSL's generator takes a microsecond for each, and asks for the process
 * id; one call of the kernel serves several. */
ngx_int_t
ngx_nodetool_make_id(char *id)
{
    static ngx_uint_t left;
    static u_char     random[NGX_NODETOOL_IDS][16];

    if (left == 0) {
        if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
            return NGX_ERROR;
        }

        left = NGX_NODETOOL_IDS;
    }

    nt_id_hex(id, random[--left]);

    return NGX_OK;
}
