/*
 * core/llm/nt_echo_private.h - the answer between reading and writing.
 */

#ifndef NT_ECHO_PRIVATE_H
#define NT_ECHO_PRIVATE_H

#include "core/llm/nt_echo.h"

#include <jansson.h>

#define NT_ECHO_CALLS_MAX 16
#define NT_ECHO_N_MAX     16
#define NT_ECHO_STOP_MAX  4

typedef struct {
    nt_str_t name; /* in the request */
    nt_buf_t arguments;
} nt_echo_call_t;

typedef enum {
    NT_ECHO_ROLE = 0,
    NT_ECHO_TEXT,
    NT_ECHO_CALL,
    NT_ECHO_ARGUMENTS,
    NT_ECHO_FINISH,
    NT_ECHO_USAGE,
    NT_ECHO_DONE,
    NT_ECHO_END
} nt_echo_state_e;

struct nt_echo {
    json_t  *request;
    nt_buf_t model;
    nt_buf_t id;
    int64_t  created;

    nt_buf_t        text;
    nt_echo_call_t  calls[NT_ECHO_CALLS_MAX];
    size_t          n_calls;
    size_t          n; /* choices */
    const char     *finish_reason;
    nt_echo_usage_t usage;
    bool            stream;
    bool            include_usage;

    /* where the stream stands */
    nt_echo_state_e state;
    size_t          choice;
    size_t          call;
    size_t          pos; /* in text or arguments */
};

/* A request while it is read. */
typedef struct {
    nt_echo_t *echo;
    json_t    *messages;
    int        status; /* of the error that message is about */
    nt_buf_t  *message;
} nt_echo_reader_t;

/* Says what is wrong; the value is NT_ERROR. */
#define nt_echo_fail(reader, status_, ...)                                     \
    ((reader)->status = (status_),                                             \
     nt_buf_printf((reader)->message, __VA_ARGS__), NT_ERROR)

NT_BEGIN_DECLS

/* The length of the token that `text` begins with, 0 at its end. */
size_t   nt_echo_token(nt_str_t text);
uint64_t nt_echo_count(nt_str_t text);

const char *nt_echo_type(const json_t *value);

/* A member that is not there, or null, is NULL. */
json_t *nt_echo_get(const json_t *object, const char *name);

/* Leaves *out as it is when the request has no such parameter. */
nt_rc_t nt_echo_integer(nt_echo_reader_t *reader, const char *name,
                        json_int_t min, json_int_t max, json_int_t *out);

/* Appends the text of a message; counts its parts that are none. */
size_t nt_echo_text(const json_t *message, nt_buf_t *text);

/* Checks messages and parameters, counts the prompt's tokens. */
nt_rc_t nt_echo_check(nt_echo_reader_t *reader);

/* Checks the request and fills in the answer. As nt_echo_create. */
nt_rc_t nt_echo_answer(nt_echo_t *echo, int *status, nt_buf_t *message);

static inline bool
nt_echo_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline nt_str_t
nt_echo_str(const json_t *string)
{
    return (nt_str_t) { json_string_value(string), json_string_length(string) };
}

static inline nt_str_t
nt_echo_buf(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->data, buf->len };
}

NT_END_DECLS

#endif
