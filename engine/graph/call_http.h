/*
 * engine/graph/call_http.h - requests of nodes, beyond nodetool_node.h: for
 * the built-in library, whose nodes have several under way at once.
 */

#ifndef NT_CALL_HTTP_H
#define NT_CALL_HTTP_H

#include "engine/http/http.h"
#include "engine/http/mail.h"

/* nt_call_http that does not wait for the head.  Its state is nt_http_state. */
nt_http_reply_t *nt_call_http_start(nt_node_call_t          *call,
                                    const nt_http_request_t *request,
                                    char                   **error);

/* The same for mail. */
nt_http_reply_t *nt_call_mail_start(nt_node_call_t          *call,
                                    const nt_mail_request_t *request,
                                    char                   **error);

/* Waits until something has changed with one of these replies; those that are
 * NULL or have ended are left out.  All of them fail when the job is
 * cancelled. */
void nt_call_http_wait(nt_node_call_t *call, nt_http_reply_t *const *replies,
                       size_t n);

/* All that a URL leads to: *data is malloc'ed, NUL-terminated beyond its
 * length.  False after nt_call_fail, also for a status that is none of
 * success. */
bool nt_call_http_load(nt_node_call_t *call, const char *url, char **data,
                       size_t *len);

/* What waits in the body, without waiting: as nt_http_read, but 2 when there
 * is nothing yet. */
int nt_call_http_poll(nt_http_reply_t *reply, const char **data, size_t *len,
                      char **error);

#endif
