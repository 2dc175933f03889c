#include "core/nt_error.h"

typedef struct {
    int         status;
    const char *type;
    const char *message;
} nt_error_row_t;

/* The rows that stand for a class of statuses are its first ones: 400, 500. */
static const nt_error_row_t nt_error_rows[] = {
    { 400, "bad_request", "The request is malformed." },
    { 401, "unauthorized", "A valid bearer token is required." },
    { 403, "forbidden", "You may not do this." },
    { 404, "not_found", "There is nothing at this address." },
    { 405, "method_not_allowed", "This method is not allowed here." },
    { 408, "bad_request", "The request took too long to arrive." },
    { 409, "conflict", "The request conflicts with the current state." },
    { 411, "bad_request", "The request needs a Content-Length." },
    { 412, "precondition_failed", "A precondition of the request failed." },
    { 413, "payload_too_large", "The request body is too large." },
    { 414, "bad_request", "The request address is too long." },
    { 415, "unsupported_media_type", "The content type is not supported." },
    { 416, "range_not_satisfiable", "The range lies outside of the object." },
    { 422, "validation_error", "The request is not valid." },
    { 429, "rate_limited", "Too many requests; try again later." },
    { 431, "bad_request", "The request headers are too large." },
    { 500, "internal_error",
      "The server failed; the request may be tried"
      " again." },
    { 501, "internal_error", "The server cannot do this." },
    { 502, "bad_gateway", "An upstream server gave no valid answer." },
    { 503, "service_unavailable",
      "The service is not available now; try"
      " again later." },
    { 504, "timeout", "An upstream server did not answer in time." },
    { 505, "internal_error", "The HTTP version is not supported." },
    { 507, "internal_error", "There is no room to store this." }
};

#define NT_ERROR_ROWS (sizeof(nt_error_rows) / sizeof(nt_error_rows[0]))


static const nt_error_row_t *
nt_error_row(int status)
{
    const nt_error_row_t *other = &nt_error_rows[0];

    for (size_t i = 0; i < NT_ERROR_ROWS; i++) {
        if (nt_error_rows[i].status == status) {
            return &nt_error_rows[i];
        }

        if (status >= 500 && nt_error_rows[i].status == 500) {
            other = &nt_error_rows[i];
        }
    }

    return other;
}


const char *
nt_error_type(int status)
{
    return nt_error_row(status)->type;
}


const char *
nt_error_message(int status)
{
    return nt_error_row(status)->message;
}


void
nt_error_body(nt_buf_t *buf, int status, nt_str_t message)
{
    const nt_error_row_t *row = nt_error_row(status);

    if (message.len == 0) {
        message = nt_str(row->message);
    }

    nt_buf_append_str(buf, NT_STR("{\"error\": {\"message\": "));
    nt_buf_append_json(buf, message);
    nt_buf_printf(buf, ", \"type\": \"%s\", \"code\": %d}}", row->type, status);
}


static const char *
nt_error_anthropic_type(int status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 402:
        return "billing_error";
    case 403:
        return "permission_error";
    case 404:
        return "not_found_error";
    case 413:
        return "request_too_large";
    case 429:
        return "rate_limit_error";
    case 503:
    case 529:
        return "overloaded_error";
    case 504:
        return "timeout_error";
    default:
        return status >= 500 ? "api_error" : "invalid_request_error";
    }
}


void
nt_error_anthropic(nt_buf_t *buf, int status, nt_str_t message,
                   nt_str_t request_id)
{
    if (message.len == 0) {
        message = nt_str(nt_error_message(status));
    }

    nt_buf_printf(buf,
                  "{\"type\": \"error\", \"error\": {\"type\": \"%s\", "
                  "\"message\": ",
                  nt_error_anthropic_type(status));
    nt_buf_append_json(buf, message);
    nt_buf_append_char(buf, '}');

    if (request_id.len > 0) {
        nt_buf_append_str(buf, NT_STR(", \"request_id\": "));
        nt_buf_append_json(buf, request_id);
    }

    nt_buf_append_char(buf, '}');
}
