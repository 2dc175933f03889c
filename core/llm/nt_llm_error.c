/*
 * core/llm/nt_llm_error.c - what providers say when they fail.
 *
 * Their bodies: {"error": {"message", "type", "code"}} (OpenAI and those like
 * it, Anthropic, Gemini), {"error": "text"} (Ollama), {"message", "code"} or
 * {"detail"} (Mistral, and frameworks of servers).
 */

#include <stdlib.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_private.h"

#define NT_LLM_TEXT_MAX  500   /* bytes of a body that is no JSON */
#define NT_LLM_RETRY_MAX 86400 /* seconds that can be meant */


static nt_llm_error_kind_t
kind_of(int status)
{
    switch (status) {
    case 401:
    case 403:
        return NT_LLM_AUTH;
    case 402:
        return NT_LLM_QUOTA;
    case 429:
        return NT_LLM_RATE_LIMIT;
    case 503:
    case 529:
        return NT_LLM_OVERLOADED;
    default:
        return status >= 400 && status < 500 ? NT_LLM_INVALID : NT_LLM_SERVER;
    }
}


void
nt_llm_error_status(nt_llm_error_t *error, int status)
{
    error->kind = kind_of(status);
    error->status = status == 529 ? 503 : status;

    /* a redirect, or an error within a reply, is no status for a client */
    if (error->status < 400) {
        error->status = 502;
    }
}


static void
append_message(nt_buf_t *message, const json_t *value)
{
    if (json_is_string(value)) {
        nt_buf_append_str(message, nt_llm_str(value));
    } else if (value != NULL) {
        nt_json_append(message, value);
    }
}


static void
append_code(nt_buf_t *code, const json_t *value)
{
    if (code->len == 0 && json_is_string(value)) {
        nt_buf_append_str(code, nt_llm_str(value));
    }
}


/* Types and codes that say more than the status, or stand for it within a
 * stream. */
static void
read_code(nt_llm_error_t *error, int status)
{
    static const struct {
        const char *code;
        int         status;
    } rows[] = { { "insufficient_quota", 402 },
                 { "invalid_request_error", 400 },
                 { "authentication_error", 401 },
                 { "invalid_api_key", 401 },
                 { "billing_error", 402 },
                 { "permission_error", 403 },
                 { "not_found_error", 404 },
                 { "request_too_large", 413 },
                 { "rate_limit_error", 429 },
                 { "rate_limit_exceeded", 429 },
                 { "api_error", 500 },
                 { "server_error", 500 },
                 { "timeout_error", 504 },
                 { "overloaded_error", 503 } };

    nt_str_t code = { error->code.data, error->code.len };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (nt_str_eq(code, nt_str(rows[i].code)) &&
            (status == 0 || rows[i].status == 402))
        {
            error->kind = kind_of(rows[i].status);
            error->status = status != 0 ? error->status : rows[i].status;
            return;
        }
    }
}


void
nt_llm_error_read(const nt_llm_dialect_t *dialect, int status,
                  nt_str_t retry_after, const json_t *body,
                  nt_llm_error_t *error)
{
    char         *end, digits[32] = "";
    int64_t       code;
    const json_t *inner = nt_llm_get(body, "error");

    if (status == 0) { /* within a stream; some have the status in "code" */
        code = nt_llm_get_int(inner, "code", 0);
        nt_llm_error_status(error,
                            code >= 400 && code < 600 ? (int) code : 500);
        if (code == 0) {
            error->status = 502;
        }
    } else {
        nt_llm_error_status(error, status);
    }

    error->retry_after = -1;
    if (retry_after.len != 0 && retry_after.len < sizeof(digits)) {
        memcpy(digits, retry_after.data, retry_after.len);
        error->retry_after = strtod(digits, &end);
        if (*end != '\0' || !(error->retry_after >= 0) ||
            error->retry_after > NT_LLM_RETRY_MAX)
        {
            error->retry_after = -1; /* a date: too far away to wait for */
        }
    }

    if (json_is_object(inner)) {
        append_message(&error->message, nt_llm_get(inner, "message"));
        append_code(&error->code, nt_llm_get(inner, "code"));
        append_code(&error->code, nt_llm_get(inner, "type"));
        append_code(&error->code, nt_llm_get(inner, "status"));
        nt_buf_append_str(&error->param, nt_llm_get_str(inner, "param"));
    } else if (inner != NULL) {
        append_message(&error->message, inner);
    } else {
        append_message(&error->message, nt_llm_get(body, "message"));
        if (error->message.len == 0) {
            append_message(&error->message, nt_llm_get(body, "detail"));
        }

        append_code(&error->code, nt_llm_get(body, "type"));
    }

    if (error->message.len == 0) {
        nt_buf_printf(&error->message, "%s failed", dialect->title);
        nt_buf_printf(&error->message,
                      status != 0 ? " with the status %d." : ".", status);
    }

    read_code(error, status);
    if (dialect->error != NULL) {
        dialect->error(body, error);
    }
}


void
nt_llm_error_reply(const nt_llm_dialect_t *dialect, int status,
                   nt_str_t retry_after, nt_str_t body, nt_llm_error_t *error)
{
    size_t       len = body.len < NT_LLM_TEXT_MAX ? body.len : NT_LLM_TEXT_MAX;
    json_t      *value = NULL;
    json_error_t e;

    if (body.len != 0) {
        value = json_loadb(body.data, body.len, JSON_ALLOW_NUL, &e);
    }

    /* Gemini's stream without "alt=sse" and some errors of it are lists */
    if (json_is_array(value) && json_array_size(value) > 0) {
        nt_llm_error_read(dialect, status, retry_after,
                          json_array_get(value, 0), error);
    } else {
        if (value == NULL && len != 0 && body.data[0] != '<') {
            nt_buf_append(&error->message, body.data, len);
        }

        nt_llm_error_read(dialect, status, retry_after, value, error);
    }

    json_decref(value);
}
