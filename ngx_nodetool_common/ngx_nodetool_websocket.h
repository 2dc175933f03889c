/*
 * ngx_nodetool_websocket.h - the opening handshake of WebSockets (RFC 6455,
 * section 4.2), for the modules that accept or refuse one.
 */

#ifndef NGX_NODETOOL_WEBSOCKET_H
#define NGX_NODETOOL_WEBSOCKET_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

NT_BEGIN_DECLS

/*
 * NGX_OK: the request is a good handshake.  NGX_DECLINED: it does not ask for
 * a WebSocket.  Else the status that it is to be refused with: 400, or 426
 * with Sec-WebSocket-Version for a version other than 13; *why is a sentence
 * for the client.
 */
ngx_int_t ngx_nodetool_websocket_check(ngx_http_request_t *r, const char **why);

/* Sets status 101, Upgrade and Sec-WebSocket-Accept of a good handshake. */
ngx_int_t ngx_nodetool_websocket_accept(ngx_http_request_t *r);

/*
 * Accepts a good handshake, only to send a close frame with this code
 * (section 7.4.1) and reason (at most 123 bytes): what a browser's script can
 * read, as it sees no status and body.  Returns what a phase or content
 * handler is to return; the connection then closes.
 */
ngx_int_t ngx_nodetool_websocket_refuse(ngx_http_request_t *r, ngx_uint_t code,
                                        const char *reason);

NT_END_DECLS

#endif
