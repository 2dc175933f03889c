/*
 * ngx_nodetool_websocket.h - the opening handshake of WebSockets (RFC 6455,
 * section 4.2), for the modules that accept or refuse one.
 */

#ifndef NGX_NODETOOL_WEBSOCKET_H
#define NGX_NODETOOL_WEBSOCKET_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

#define NGX_NODETOOL_UPGRADE_REQUIRED 426

NT_BEGIN_DECLS

/*
 * NGX_OK: the request is a good handshake.  Else *why is a sentence for the
 * client; NGX_DECLINED: it does not ask for a WebSocket; 400; or 426 for a
 * version other than 13.
 */
ngx_int_t ngx_nodetool_websocket_check(ngx_http_request_t *r, const char **why);

/* Answers a request that the check had this to say of: 400, or 426 with
 * Upgrade and Sec-WebSocket-Version.  Returns what ngx_nodetool_error does. */
ngx_int_t ngx_nodetool_websocket_invalid(ngx_http_request_t *r, ngx_int_t rc,
                                         const char *why);

/* Sets status 101, Upgrade and Sec-WebSocket-Accept of a good handshake. */
ngx_int_t ngx_nodetool_websocket_accept(ngx_http_request_t *r);

/*
 * Accepts a good handshake, only to send a close frame with this code
 * (section 7.4.1) and reason (at most 123 bytes of ASCII; longer ones are cut):
 * what a browser's script can read, as it sees no status and body.  Returns
 * what a phase or content handler is to return, which ends the request; the
 * connection then closes, lingering.
 */
ngx_int_t ngx_nodetool_websocket_refuse(ngx_http_request_t *r, ngx_uint_t code,
                                        const char *reason);

NT_END_DECLS

#endif
