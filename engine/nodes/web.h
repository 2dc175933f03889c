/*
 * engine/nodes/web.h - what nodes that ask servers share: from nodes with
 * NT_NODE_ASYNC.  All fail the node with a sentence.
 */

#ifndef NT_WEB_H
#define NT_WEB_H

#include "engine/nodes/args.h"

/* A whole reply; a zeroed one may be freed. */
typedef struct {
    nt_http_reply_t *reply;
    nt_str_t         body; /* NUL-terminated beyond its length */
} nt_web_t;

/* Sends a request and waits for all of its reply; a status that is none of
 * success (2xx) is a failure.  *web is to be freed in any case. */
bool nt_web_send(nt_node_call_t *call, const nt_http_request_t *request,
                 nt_web_t *web);

/* The end of a request: waits for all of web->reply; NULL is a failure, with
 * `error`, a sentence that is freed. */
bool nt_web_read(nt_node_call_t *call, nt_web_t *web, char *error);

void nt_web_free(nt_web_t *web);

/* How much of a URL may stand in a message: its query may hold a key. */
int nt_web_url_length(const char *url);

/* Appends the body as UTF-8, out of the charset that the server names, else
 * UTF-8. */
bool nt_web_text(nt_node_call_t *call, const nt_web_t *web, nt_buf_t *out);

/* The body as JSON; a new reference or NULL. */
json_t *nt_web_json(nt_node_call_t *call, const nt_web_t *web);

/*
 * One request of an API that speaks JSON: `body` (NULL: none) is sent, *status
 * is that of the answer, and any will do.  The answer, a new reference; null
 * where there is none or it is no JSON.  NULL after nt_call_fail.
 */
json_t *nt_web_call(nt_node_call_t *call, const nt_http_request_t *request,
                    const json_t *body, int *status);

/* Emits "output": the body as {"type": "bytes", "uri": "data:TYPE;base64,
 * ..."}, so that it can be loaded as other refs.  Frees *web; fails if it is
 * not `good`. */
nt_node_rc_t nt_web_emit_bytes(nt_node_call_t *call, nt_web_t *web, bool good);

/* The media type of the reply in lower case, without parameters, such as
 * "text/html"; "" when there is none or it is long. */
void nt_web_media_type(const nt_http_reply_t *reply, char *type, size_t size);

/* Whether the first bytes are those of an image that is known. */
bool nt_web_is_image(nt_str_t content);

/* Stores content among the assets, equal content once, and returns its ref as
 * nt_call_store does. */
json_t *nt_web_store(nt_node_call_t *call, const char *ref_type,
                     nt_str_t content, const char *type, const char *url);

/* Appends base64 (RFC 4648). */
void nt_web_base64(nt_buf_t *out, nt_str_t bytes);

#endif
