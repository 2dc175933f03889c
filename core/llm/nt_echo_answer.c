/*
 * core/llm/nt_echo_answer.c - what the echo model says.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

#include "core/llm/nt_echo_private.h"


static bool
nt_echo_has_tool(nt_echo_t *echo, nt_str_t name, nt_str_t *found)
{
    size_t  i;
    json_t *tool, *value;

    json_array_foreach(json_object_get(echo->request, "tools"), i, tool)
    {
        value = json_object_get(json_object_get(tool, "function"), "name");

        if (json_is_string(value) && nt_str_eq(nt_echo_str(value), name)) {
            *found = nt_echo_str(value);
            return true;
        }
    }

    return false;
}


static bool
nt_echo_add_call(nt_echo_t *echo, nt_str_t name, nt_str_t arguments)
{
    nt_str_t        found;
    json_t         *value;
    json_error_t    error;
    nt_echo_call_t *call;

    if (echo->n_calls == NT_ECHO_CALLS_MAX ||
        !nt_echo_has_tool(echo, name, &found)) {
        return false;
    }

    if (arguments.len == 0) {
        arguments = NT_STR("{}");
    }

    value = json_loadb(arguments.data, arguments.len, 0, &error);
    if (!json_is_object(value)) {
        json_decref(value);
        return false;
    }

    json_decref(value);

    call = &echo->calls[echo->n_calls++];
    call->name = found;
    nt_buf_append_str(&call->arguments, arguments);

    return true;
}


static nt_str_t
nt_echo_trim(nt_str_t s)
{
    while (s.len > 0 && nt_echo_blank(s.data[0])) {
        s.data++;
        s.len--;
    }

    while (s.len > 0 && nt_echo_blank(s.data[s.len - 1])) {
        s.len--;
    }

    return s;
}


static void
nt_echo_drop_calls(nt_echo_t *echo)
{
    while (echo->n_calls > 0) {
        nt_buf_free(&echo->calls[--echo->n_calls].arguments);
    }
}


/* Lines "call NAME {json}"; none is a call unless all are. */
static void
nt_echo_read_calls(nt_echo_t *echo, nt_str_t text)
{
    bool        parallel;
    nt_str_t    line, name;
    const char *end;

    parallel =
        !json_is_false(json_object_get(echo->request, "parallel_tool_calls"));

    while (text.len > 0) {
        line = nt_echo_trim(nt_str_line(&text));

        if (line.len == 0) {
            continue;
        }

        if (line.len < 5 || memcmp(line.data, "call ", 5) != 0) {
            nt_echo_drop_calls(echo);
            return;
        }

        line.data += 5;
        line.len -= 5;
        line = nt_echo_trim(line);

        end = memchr(line.data, ' ', line.len);
        name.data = line.data;
        name.len = end ? (size_t) (end - line.data) : line.len;
        line.data += name.len;
        line.len -= name.len;

        if (!nt_echo_add_call(echo, name, nt_echo_trim(line))) {
            nt_echo_drop_calls(echo);
            return;
        }

        if (!parallel) {
            return;
        }
    }
}


static nt_rc_t
nt_echo_call(nt_echo_reader_t *reader, nt_str_t text)
{
    json_t    *choice, *value;
    nt_echo_t *echo = reader->echo;

    choice = nt_echo_get(echo->request, "tool_choice");

    if (json_is_string(choice) &&
        nt_str_eq(nt_echo_str(choice), NT_STR("none"))) {
        return NT_OK;
    }

    nt_echo_read_calls(echo, text);

    if (echo->n_calls > 0 || choice == NULL ||
        (json_is_string(choice) &&
         nt_str_eq(nt_echo_str(choice), NT_STR("auto"))))
    {
        return NT_OK;
    }

    /* "required", or the one that is named */

    if (json_is_object(choice)) {
        value = json_object_get(json_object_get(choice, "function"), "name");

    } else {
        value = json_array_get(json_object_get(echo->request, "tools"), 0);
        value = json_object_get(json_object_get(value, "function"), "name");
    }

    if (!json_is_string(value) ||
        !nt_echo_add_call(echo, nt_echo_str(value), NT_STR("{}")))
    {
        return nt_echo_fail(reader, 422,
                            "tool_choice: there is no such tool in tools");
    }

    return NT_OK;
}


/* The name of the tool whose call has this id. */
static nt_str_t
nt_echo_called(nt_echo_reader_t *reader, const json_t *id)
{
    size_t  i, k;
    json_t *message, *call, *name;

    json_array_foreach(reader->messages, i, message)
    {
        json_array_foreach(json_object_get(message, "tool_calls"), k, call)
        {
            name = json_object_get(json_object_get(call, "function"), "name");

            if (json_is_string(name) &&
                json_equal(json_object_get(call, "id"), (json_t *) id))
            {
                return nt_echo_str(name);
            }
        }
    }

    return NT_STR("The tool");
}


/* What the tool messages at the end have brought; false when there are
 * none. */
static bool
nt_echo_tool_results(nt_echo_reader_t *reader)
{
    size_t    i, n;
    json_t   *message;
    nt_buf_t *text = &reader->echo->text;

    n = json_array_size(reader->messages);

    for (i = n; i > 0; i--) {
        message = json_array_get(reader->messages, i - 1);

        if (!nt_str_eq(nt_echo_str(json_object_get(message, "role")),
                       NT_STR("tool"))) {
            break;
        }
    }

    for (; i < n; i++) {
        message = json_array_get(reader->messages, i);

        if (text->len > 0) {
            nt_buf_append_char(text, '\n');
        }

        nt_buf_append_str(text,
                          nt_echo_called(reader,
                                         json_object_get(message,
                                                         "tool_call_id")));
        nt_buf_append_str(text, NT_STR(" returned: "));
        (void) nt_echo_text(message, text);
    }

    return text->len > 0;
}


static nt_rc_t
nt_echo_say(nt_echo_reader_t *reader, nt_str_t said, size_t others)
{
    json_t    *format, *type;
    nt_str_t   name;
    nt_echo_t *echo = reader->echo;

    format = nt_echo_get(echo->request, "response_format");
    type = json_object_get(format, "type");
    name = json_is_string(type) ? nt_echo_str(type) : NT_STR("text");

    if (nt_str_eq(name, NT_STR("json_object"))) {
        nt_buf_append_str(&echo->text, NT_STR("{\"you_said\": "));
        nt_buf_append_json(&echo->text, said);
        nt_buf_append_char(&echo->text, '}');
        return NT_OK;
    }

    if (!nt_str_eq(name, NT_STR("text"))) {
        return nt_echo_fail(reader, 400,
                            "response_format.type: the echo model has text "
                            "and json_object, not \"%.64s\"",
                            name.data);
    }

    nt_buf_append_str(&echo->text, NT_STR("You said: "));
    nt_buf_append_str(&echo->text, said);

    if (others > 0) {
        nt_buf_printf(&echo->text, " (and %zu attachment%s)", others,
                      others == 1 ? "" : "s");
    }

    return NT_OK;
}


/* Cuts the text where `stop` stands in it. */
static void
nt_echo_stop_at(nt_buf_t *text, const json_t *stop)
{
    char *found;

    if (json_string_length(stop) > 0 && text->len > 0) {
        found = memmem(text->data, text->len, json_string_value(stop),
                       json_string_length(stop));

        if (found != NULL) {
            text->len = found - text->data;
        }
    }
}


static nt_rc_t
nt_echo_stop(nt_echo_reader_t *reader)
{
    size_t  i;
    json_t *stop, *value;

    stop = nt_echo_get(reader->echo->request, "stop");

    if (stop == NULL) {
        return NT_OK;
    }

    if (!json_is_string(stop) && !json_is_array(stop)) {
        return nt_echo_fail(reader, 422,
                            "stop: expected a string or an array of strings, "
                            "got %s",
                            nt_echo_type(stop));
    }

    if (json_array_size(stop) > NT_ECHO_STOP_MAX) {
        return nt_echo_fail(reader, 422,
                            "stop: expected at most %d strings, got %zu",
                            NT_ECHO_STOP_MAX, json_array_size(stop));
    }

    nt_echo_stop_at(&reader->echo->text, stop);

    json_array_foreach(stop, i, value)
    {
        if (!json_is_string(value)) {
            return nt_echo_fail(reader, 422,
                                "stop[%zu]: expected a string, got %s", i,
                                nt_echo_type(value));
        }

        nt_echo_stop_at(&reader->echo->text, value);
    }

    return NT_OK;
}


/* Cuts the text to so many tokens. */
static void
nt_echo_limit(nt_echo_t *echo, json_int_t max)
{
    size_t   len;
    nt_str_t rest;

    rest = nt_echo_buf(&echo->text);

    while (max-- > 0 && (len = nt_echo_token(rest)) > 0) {
        rest.data += len;
        rest.len -= len;
    }

    if (rest.len > 0) {
        echo->text.len -= rest.len;
        echo->finish_reason = "length";
    }
}


static nt_rc_t
nt_echo_shape(nt_echo_reader_t *reader)
{
    size_t     i;
    nt_rc_t    rc;
    json_int_t n, max;
    nt_echo_t *echo = reader->echo;

    n = 1;
    max = INT64_MAX;

    rc = nt_echo_integer(reader, "n", 1, NT_ECHO_N_MAX, &n);
    if (rc == NT_OK) {
        rc = nt_echo_integer(reader, "max_tokens", 1, INT64_MAX, &max);
    }

    if (rc == NT_OK) {
        rc = nt_echo_integer(reader, "max_completion_tokens", 1, INT64_MAX,
                             &max);
    }

    if (rc == NT_OK) {
        rc = nt_echo_stop(reader);
    }

    if (rc != NT_OK) {
        return rc;
    }

    echo->n = (size_t) n;
    echo->finish_reason = "stop";

    if (echo->n_calls == 0) {
        nt_echo_limit(echo, max);
        echo->usage.completion_tokens = nt_echo_count(nt_echo_buf(&echo->text));

    } else {
        echo->finish_reason = "tool_calls";
    }

    for (i = 0; i < echo->n_calls; i++) {
        echo->usage.completion_tokens +=
            1 + nt_echo_count(nt_echo_buf(&echo->calls[i].arguments));
    }

    echo->usage.completion_tokens *= echo->n;

    return NT_OK;
}


static nt_rc_t
nt_echo_decide(nt_echo_reader_t *reader)
{
    size_t   i, others;
    nt_rc_t  rc;
    json_t  *message;
    nt_buf_t said;

    if (nt_echo_tool_results(reader)) {
        return NT_OK;
    }

    memset(&said, 0, sizeof(nt_buf_t));
    others = 0;

    for (i = json_array_size(reader->messages); i > 0; i--) {
        message = json_array_get(reader->messages, i - 1);

        if (nt_str_eq(nt_echo_str(json_object_get(message, "role")),
                      NT_STR("user"))) {
            others = nt_echo_text(message, &said);
            break;
        }
    }

    rc = NT_OK;

    if (json_array_size(json_object_get(reader->echo->request, "tools")) > 0) {
        rc = nt_echo_call(reader, nt_echo_buf(&said));
    }

    if (rc == NT_OK && reader->echo->n_calls == 0) {
        rc = nt_echo_say(reader, nt_echo_buf(&said), others);
    }

    if (said.failed) {
        rc = NT_NOMEM;
    }

    nt_buf_free(&said);

    return rc;
}


nt_rc_t
nt_echo_answer(nt_echo_t *echo, int *status, nt_buf_t *message)
{
    size_t           i;
    nt_rc_t          rc;
    nt_echo_reader_t reader = { .echo = echo, .message = message };

    if (!json_is_object(echo->request)) {
        *status = 400;
        nt_buf_append_str(message,
                          NT_STR("The request body is not a JSON object"));
        return NT_ERROR;
    }

    rc = nt_echo_check(&reader);

    if (rc == NT_OK) {
        rc = nt_echo_decide(&reader);
    }

    if (rc == NT_OK) {
        rc = nt_echo_shape(&reader);
    }

    *status = reader.status;

    for (i = 0; rc == NT_OK && i < echo->n_calls; i++) {
        if (echo->calls[i].arguments.failed) {
            rc = NT_NOMEM;
        }
    }

    return rc == NT_OK && echo->text.failed ? NT_NOMEM : rc;
}
