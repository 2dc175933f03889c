/*
 * core/llm/nt_echo.h - a model that answers without a network.
 *
 * Takes OpenAI's chat completion requests and answers them in OpenAI's
 * format, always the same for the same request, so that a gateway can be
 * tried and tested with no key:
 *
 *   - It says "You said: " and the text of the last user message; images and
 *     other parts are counted behind it.
 *   - With tools, a last user message of lines "call NAME {json}" makes it
 *     call these tools, one call a line; after tool messages it says what
 *     they returned. tool_choice is obeyed.
 *   - response_format json_object makes it {"you_said": TEXT}.
 *   - A token is a word with the white space before it; so usage, max_tokens
 *     and the pieces of a stream can be foretold.
 */

#ifndef NT_ECHO_H
#define NT_ECHO_H

#include "core/nt_buf.h"

typedef struct nt_echo nt_echo_t;

typedef struct {
    nt_str_t model;   /* the name that the reply carries */
    nt_str_t id;      /* makes the reply's id: letters and digits */
    int64_t  created; /* seconds since the epoch */
} nt_echo_options_t;

typedef struct {
    uint64_t prompt_tokens;
    uint64_t completion_tokens;
} nt_echo_usage_t;

NT_BEGIN_DECLS

/*
 * Reads a request body. NT_OK: *out is to be freed with nt_echo_free.
 * NT_ERROR: *status is 400 or 422 and `message` has been appended a sentence
 * for the caller that names the parameter. NT_NOMEM.
 */
nt_rc_t nt_echo_create(nt_echo_t **out, nt_str_t body,
                       const nt_echo_options_t *options, int *status,
                       nt_buf_t *message);
void    nt_echo_free(nt_echo_t *echo);

bool            nt_echo_is_stream(const nt_echo_t *echo);
nt_echo_usage_t nt_echo_usage(const nt_echo_t *echo);

/* Appends the whole reply, a chat.completion. */
void nt_echo_reply(const nt_echo_t *echo, nt_buf_t *out);

/* Appends the next event of the stream, ready to be sent; false when
 * "data: [DONE]" was the last. */
bool nt_echo_next(nt_echo_t *echo, nt_buf_t *out);

NT_END_DECLS

#endif
