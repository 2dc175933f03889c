/*
 * engine/http/http.h - HTTP requests on the loop, by libcurl.
 *
 * For code that has no fiber; nodes use nt_call_http (engine/nodetool_node.h),
 * which is made of this.  Requests and replies are those of nodetool_node.h;
 * nt_http_status, nt_http_url, nt_http_header and nt_http_free work at any
 * time, nt_http_read and nt_http_read_all only on replies of nt_call_http.
 *
 * A client keeps connections for all requests of an engine and shares those of
 * HTTP/2.  Names are resolved in threads of libcurl's.  Proxies are not used:
 * the address that is connected to is looked at, each time, and also when a
 * kept connection is used again (engine/http/address.h).
 *
 * Compressed bodies are decompressed, unless the request has an
 * Accept-Encoding of its own; limits count what comes out.  At most 256 KiB of
 * a body wait to be taken, then the server has to wait.
 *
 * Redirects are followed here: to another origin go neither credentials nor
 * unknown headers, and not the trust of NT_HTTP_TRUSTED.
 *
 * All functions belong to the thread of the loop.
 */

#ifndef NT_HTTP_H
#define NT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "engine/nodetool_node.h"

typedef struct nt_http_client nt_http_client_t;

typedef struct {
    const char *allow;   /* networks, see address.h; NULL: the Internet only */
    const char *ca_file; /* of certificates, PEM; NULL: the system's */
} nt_http_options_t;

/* Costs nothing until the first request.  NULL: `error` says why. */
nt_http_client_t *nt_http_client_new(uv_loop_t               *loop,
                                     const nt_http_options_t *options,
                                     char *error, size_t size);

/* Replies that are there fail.  The memory goes when the loop has closed the
 * handles; NULL is fine. */
void nt_http_client_free(nt_http_client_t *client);

/* Something has changed: the head is there, more of the body, or the end.
 * Called on the loop, never from within a function of this header; any of
 * them may be called from it. */
typedef void (*nt_http_notify_t)(nt_http_reply_t *reply, void *arg);

typedef enum {
    NT_HTTP_WAITING, /* no head yet */
    NT_HTTP_OPEN,    /* the head is there, the body comes */
    NT_HTTP_ENDED,   /* all of the body is there */
    NT_HTTP_FAILED   /* nt_http_error says why */
} nt_http_state_t;

/* Starts a request; its strings must live until nt_http_free.  NULL: *error is
 * a sentence (malloc'ed) about what is wrong with it. */
nt_http_reply_t *nt_http_start(nt_http_client_t        *client,
                               const nt_http_request_t *request,
                               nt_http_notify_t notify, void *arg,
                               char **error);

/* Another function to call, or none with NULL. */
void  nt_http_set_notify(nt_http_reply_t *reply, nt_http_notify_t notify,
                         void *arg);
void *nt_http_arg(const nt_http_reply_t *reply);

nt_http_state_t nt_http_state(const nt_http_reply_t *reply);

/* Whether the head came, also of a reply that has failed since. */
bool nt_http_has_head(const nt_http_reply_t *reply);

/* A sentence; NULL unless the reply has failed. */
const char *nt_http_error(const nt_http_reply_t *reply);

/* Header number `i`, from 0, as the server spelled it; NULL behind the last.
 */
const char *nt_http_header_at(const nt_http_reply_t *reply, size_t i,
                              const char **value);

/* Takes what has come of the body: NUL-terminated beyond its length, it lives
 * until the next call for this reply.  False when nothing waits. */
bool nt_http_take(nt_http_reply_t *reply, const char **data, size_t *len);

/* Lets the whole body wait, up to the request's limit, instead of 256 KiB. */
void nt_http_keep_all(nt_http_reply_t *reply);

/* Closes the connection at once; the reply has failed for this reason, unless
 * it had ended. Nobody is notified. */
void nt_http_abort(nt_http_reply_t *reply, const char *reason);

#endif
