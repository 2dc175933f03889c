/*
 * ngx_nodetool_websocket.c - the opening handshake of WebSockets (RFC 6455,
 * section 4.2).
 *
 * Subprotocols and extensions that a client offers are not answered, which
 * declines them.
 */

#include "ngx_nodetool_common/ngx_nodetool_websocket.h"

#include <ngx_sha1.h>

#define NGX_NODETOOL_WEBSOCKET_GUID       "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define NGX_NODETOOL_WEBSOCKET_KEY_LEN    24 /* of 16 bytes in base64 */
#define NGX_NODETOOL_WEBSOCKET_SHA1_LEN   20
#define NGX_NODETOOL_WEBSOCKET_REASON_MAX 123  /* bytes of a close frame's */
#define NGX_NODETOOL_WEBSOCKET_CLOSE      0x88 /* FIN and the opcode */


/* Whether a comma-separated list has a token, in any case. */

static ngx_uint_t
ngx_nodetool_websocket_in_list(ngx_str_t *list, const char *token)
{
    size_t  len;
    u_char *p, *start, *last, *comma;

    len = ngx_strlen(token);
    last = list->data + list->len;

    for (p = list->data; p < last; p = comma + 1) {
        comma = ngx_strlchr(p, last, ',');

        if (comma == NULL) {
            comma = last;
        }

        for (start = p; start < comma && (*start == ' ' || *start == '\t');
             start++) {
            /* void */
        }

        for (p = comma; p > start && (p[-1] == ' ' || p[-1] == '\t'); p--) {
            /* void */
        }

        if ((size_t) (p - start) == len &&
            ngx_strncasecmp(start, (u_char *) token, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* The same over all headers of a name, which make up one list. */

static ngx_uint_t
ngx_nodetool_websocket_has(ngx_http_request_t *r, const char *name,
                           const char *token)
{
    size_t           len;
    ngx_uint_t       i;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    len = ngx_strlen(name);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == len &&
                ngx_strncmp(h[i].lowcase_key, name, len) == 0 &&
                ngx_nodetool_websocket_in_list(&h[i].value, token))
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_nodetool_websocket_key_valid(ngx_str_t *key)
{
    u_char    buf[ngx_base64_decoded_length(NGX_NODETOOL_WEBSOCKET_KEY_LEN)];
    ngx_str_t decoded;

    if (key->len != NGX_NODETOOL_WEBSOCKET_KEY_LEN ||
        ngx_strncmp(key->data + key->len - 2, "==", 2) != 0)
    {
        return 0;
    }

    decoded.data = buf;

    return ngx_decode_base64(&decoded, key) == NGX_OK && decoded.len == 16;
}


ngx_int_t
ngx_nodetool_websocket_check(ngx_http_request_t *r, const char **why)
{
    ngx_str_t value;

    if (r->http_version >= NGX_HTTP_VERSION_20) {
        *why = "WebSockets are to be opened over HTTP/1.1.";
        return NGX_HTTP_BAD_REQUEST;
    }

    if (!ngx_nodetool_websocket_has(r, "upgrade", "websocket")) {
        *why = "This is a WebSocket: send a handshake, with "
               "\"Upgrade: websocket\".";
        return NGX_DECLINED;
    }

    if (r->method != NGX_HTTP_GET || r->http_version != NGX_HTTP_VERSION_11) {
        *why = "A WebSocket's handshake is a GET of HTTP/1.1.";
        return NGX_HTTP_BAD_REQUEST;
    }

    if (!ngx_nodetool_websocket_has(r, "connection", "upgrade")) {
        *why = "A WebSocket's handshake has the header "
               "\"Connection: Upgrade\".";
        return NGX_HTTP_BAD_REQUEST;
    }

    if (r->headers_in.content_length_n > 0 || r->headers_in.chunked) {
        *why = "A WebSocket's handshake has no body.";
        return NGX_HTTP_BAD_REQUEST;
    }

    if (ngx_nodetool_header_in(r, "sec-websocket-version", &value) != 1 ||
        value.len != 2 || ngx_strncmp(value.data, "13", 2) != 0)
    {
        *why = "Only version 13 of WebSockets is spoken here.";
        return NGX_NODETOOL_UPGRADE_REQUIRED;
    }

    if (ngx_nodetool_header_in(r, "sec-websocket-key", &value) != 1 ||
        !ngx_nodetool_websocket_key_valid(&value))
    {
        *why = "A WebSocket's handshake has one Sec-WebSocket-Key, of 16 "
               "bytes in base64.";
        return NGX_HTTP_BAD_REQUEST;
    }

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_websocket_invalid(ngx_http_request_t *r, ngx_int_t rc,
                               const char *why)
{
    ngx_str_t value;

    if (rc == NGX_HTTP_BAD_REQUEST) {
        return ngx_nodetool_errorf(r, NGX_HTTP_BAD_REQUEST, "%s", why);
    }

    /* RFC 9110, section 7.8: who sends Upgrade names it in Connection */

    ngx_str_set(&value, "Upgrade");

    if (ngx_nodetool_add_header(r, "Connection", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&value, "websocket");

    if (ngx_nodetool_add_header(r, "Upgrade", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&value, "13");

    if (ngx_nodetool_add_header(r, "Sec-WebSocket-Version", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_nodetool_errorf(r, NGX_NODETOOL_UPGRADE_REQUIRED, "%s", why);
}


ngx_int_t
ngx_nodetool_websocket_accept(ngx_http_request_t *r)
{
    u_char     digest[NGX_NODETOOL_WEBSOCKET_SHA1_LEN];
    ngx_str_t  value, hash;
    ngx_sha1_t sha1;

    if (ngx_nodetool_header_in(r, "sec-websocket-key", &value) != 1) {
        return NGX_ERROR;
    }

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, value.data, value.len);
    ngx_sha1_update(&sha1, NGX_NODETOOL_WEBSOCKET_GUID,
                    sizeof(NGX_NODETOOL_WEBSOCKET_GUID) - 1);
    ngx_sha1_final(digest, &sha1);

    hash.data = digest;
    hash.len = sizeof(digest);

    value.data = ngx_pnalloc(r->pool, ngx_base64_encoded_length(hash.len));
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    ngx_encode_base64(&value, &hash);

    if (ngx_nodetool_add_header(r, "Sec-WebSocket-Accept", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_set(&value, "websocket");

    if (ngx_nodetool_add_header(r, "Upgrade", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    /* nginx says "Connection: upgrade" with this status */

    r->headers_out.status = NGX_HTTP_SWITCHING_PROTOCOLS;
    ngx_str_set(&r->headers_out.status_line, "101 Switching Protocols");

    ngx_str_null(&r->headers_out.content_type);
    r->headers_out.content_type_len = 0;
    r->headers_out.content_type_lowcase = NULL;

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);

    r->keepalive = 0;

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_websocket_refuse(ngx_http_request_t *r, ngx_uint_t code,
                              const char *reason)
{
    size_t      len;
    ngx_buf_t  *b;
    ngx_int_t   rc;
    ngx_chain_t out;

    len = ngx_min(ngx_strlen(reason), NGX_NODETOOL_WEBSOCKET_REASON_MAX);

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "nodetool refused a WebSocket with code %ui: %s", code,
                  reason);

    b = ngx_create_temp_buf(r->pool, 4 + len);

    if (b == NULL || ngx_nodetool_websocket_accept(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *b->last++ = NGX_NODETOOL_WEBSOCKET_CLOSE;
    *b->last++ = (u_char) (2 + len);
    *b->last++ = (u_char) (code >> 8);
    *b->last++ = (u_char) code;
    b->last = ngx_cpymem(b->last, reason, len);
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    /* frames of the client that are on their way must not become a reset,
     * which would take the close frame from it */

    r->lingering_close = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    rc = ngx_http_output_filter(r, &out);

    /*
     * The request is to end here in any phase, also where NGX_OK leads on to
     * the next: a status that nginx has no page for does.
     */

    return rc == NGX_ERROR ? NGX_ERROR : NGX_HTTP_SWITCHING_PROTOCOLS;
}
