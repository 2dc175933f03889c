/*
 * core/nt_error.h - the error bodies of the HTTP API.
 *
 *   {"error": {"message": "...", "type": "not_found", "code": 404}}
 */

#ifndef NT_ERROR_H
#define NT_ERROR_H

#include "core/nt_buf.h"

NT_BEGIN_DECLS

/* The error type of an HTTP status: "not_found" for 404 ...  Statuses that
 * have no row of their own get that of their class: other 4xx
 * "bad_request", other 5xx "internal_error".  Static storage. */
const char *nt_error_type(int status);

/* A sentence for the caller where nobody knows more. Static storage. */
const char *nt_error_message(int status);

/* Appends the body.  An empty message becomes nt_error_message(status). */
void nt_error_body(nt_buf_t *buf, int status, nt_str_t message);

/*
 * The same as clients of Anthropic's API read it
 * (https://docs.anthropic.com/en/api/errors):
 *
 *   {"type": "error", "error": {"type": "not_found_error", "message": "..."},
 *    "request_id": "..."}
 *
 * request_id is left out when it is empty.
 */
void nt_error_anthropic(nt_buf_t *buf, int status, nt_str_t message,
                        nt_str_t request_id);

NT_END_DECLS

#endif
