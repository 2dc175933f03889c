/*
 * core/llm/nt_echo_check.c - is it a request as OpenAI describes it?
 */

#include "core/llm/nt_echo_private.h"


const char *
nt_echo_type(const json_t *value)
{
    if (value == NULL) {
        return "nothing";
    }

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return "a boolean";
    }
}


json_t *
nt_echo_get(const json_t *object, const char *name)
{
    json_t *value;

    value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}


nt_rc_t
nt_echo_integer(nt_echo_reader_t *reader, const char *name, json_int_t min,
                json_int_t max, json_int_t *out)
{
    json_t *value;

    value = nt_echo_get(reader->echo->request, name);
    if (value == NULL) {
        return NT_OK;
    }

    if (!json_is_integer(value)) {
        return nt_echo_fail(reader, 422, "%s: expected an integer, got %s",
                            name, nt_echo_type(value));
    }

    *out = json_integer_value(value);

    if (*out < min || *out > max) {
        return nt_echo_fail(reader, 422, "%s: expected %jd to %jd, got %jd",
                            name, (intmax_t) min, (intmax_t) max,
                            (intmax_t) *out);
    }

    return NT_OK;
}


static nt_rc_t
nt_echo_number(nt_echo_reader_t *reader, const char *name, double min,
               double max)
{
    double  number;
    json_t *value;

    value = nt_echo_get(reader->echo->request, name);
    if (value == NULL) {
        return NT_OK;
    }

    if (!json_is_number(value)) {
        return nt_echo_fail(reader, 422, "%s: expected a number, got %s", name,
                            nt_echo_type(value));
    }

    number = json_number_value(value);

    if (number < min || number > max) {
        return nt_echo_fail(reader, 422, "%s: expected %g to %g, got %g", name,
                            min, max, number);
    }

    return NT_OK;
}


static nt_rc_t
nt_echo_check_part(nt_echo_reader_t *reader, size_t i, size_t k,
                   const json_t *part)
{
    const char *type;

    type = json_string_value(json_object_get(part, "type"));

    if (type == NULL) {
        return nt_echo_fail(reader, 422,
                            "messages[%zu].content[%zu].type: expected a "
                            "string, got %s",
                            i, k, nt_echo_type(json_object_get(part, "type")));
    }

    if (strcmp(type, "text") == 0 &&
        !json_is_string(json_object_get(part, "text"))) {
        return nt_echo_fail(reader, 422,
                            "messages[%zu].content[%zu].text: expected a "
                            "string, got %s",
                            i, k, nt_echo_type(json_object_get(part, "text")));
    }

    if (strcmp(type, "image_url") == 0 &&
        !json_is_string(
            json_object_get(json_object_get(part, "image_url"), "url")))
    {
        return nt_echo_fail(reader, 422,
                            "messages[%zu].content[%zu].image_url.url: "
                            "expected a string",
                            i, k);
    }

    return NT_OK;
}


static nt_rc_t
nt_echo_check_message(nt_echo_reader_t *reader, size_t i, const json_t *message)
{
    size_t      k;
    nt_rc_t     rc;
    json_t     *content, *part;
    const char *role;

    role = json_string_value(json_object_get(message, "role"));

    if (role == NULL) {
        return nt_echo_fail(reader, 422,
                            "messages[%zu].role: expected a string, got %s", i,
                            nt_echo_type(json_object_get(message, "role")));
    }

    if (strcmp(role, "system") != 0 && strcmp(role, "developer") != 0 &&
        strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0 &&
        strcmp(role, "tool") != 0 && strcmp(role, "function") != 0)
    {
        return nt_echo_fail(reader, 422,
                            "messages[%zu].role: expected system, developer, "
                            "user, assistant or tool, got \"%.64s\"",
                            i, role);
    }

    if (strcmp(role, "tool") == 0 &&
        !json_is_string(json_object_get(message, "tool_call_id")))
    {
        return nt_echo_fail(reader, 422,
                            "messages[%zu].tool_call_id: expected a string, "
                            "got %s",
                            i,
                            nt_echo_type(
                                json_object_get(message, "tool_call_id")));
    }

    content = nt_echo_get(message, "content");

    if (content == NULL && strcmp(role, "assistant") == 0) {
        return NT_OK;
    }

    if (json_is_string(content)) {
        return NT_OK;
    }

    if (!json_is_array(content)) {
        return nt_echo_fail(reader, 422,
                            "messages[%zu].content: expected a string or an "
                            "array of parts, got %s",
                            i, nt_echo_type(content));
    }

    json_array_foreach(content, k, part)
    {
        rc = nt_echo_check_part(reader, i, k, part);
        if (rc != NT_OK) {
            return rc;
        }
    }

    return NT_OK;
}


size_t
nt_echo_text(const json_t *message, nt_buf_t *text)
{
    size_t  k, others;
    json_t *content, *part, *value;

    others = 0;
    content = json_object_get(message, "content");

    if (json_is_string(content)) {
        nt_buf_append_str(text, nt_echo_str(content));
    }

    json_array_foreach(content, k, part)
    {
        value = json_object_get(part, "text");

        if (!json_is_string(value)) {
            others++;
            continue;
        }

        if (text->len > 0) {
            nt_buf_append_char(text, '\n');
        }

        nt_buf_append_str(text, nt_echo_str(value));
    }

    return others;
}


nt_rc_t
nt_echo_check(nt_echo_reader_t *reader)
{
    size_t     i;
    nt_rc_t    rc;
    json_t    *message, *value;
    nt_buf_t   text;
    nt_echo_t *echo = reader->echo;

    reader->messages = nt_echo_get(echo->request, "messages");

    if (!json_is_array(reader->messages) ||
        json_array_size(reader->messages) == 0) {
        return nt_echo_fail(reader, 422,
                            "messages: expected an array of messages, got %s",
                            json_is_array(reader->messages)
                                ? "an empty one"
                                : nt_echo_type(reader->messages));
    }

    memset(&text, 0, sizeof(nt_buf_t));

    json_array_foreach(reader->messages, i, message)
    {
        rc = nt_echo_check_message(reader, i, message);
        if (rc != NT_OK) {
            nt_buf_free(&text);
            return rc;
        }

        nt_buf_reset(&text);
        (void) nt_echo_text(message, &text);
        echo->usage.prompt_tokens += nt_echo_count(nt_echo_buf(&text));
    }

    nt_buf_free(&text);

    rc = nt_echo_number(reader, "temperature", 0, 2);
    if (rc == NT_OK) {
        rc = nt_echo_number(reader, "top_p", 0, 1);
    }

    if (rc != NT_OK) {
        return rc;
    }

    if (json_is_true(json_object_get(echo->request, "logprobs"))) {
        return nt_echo_fail(reader, 400,
                            "logprobs: the echo model has no probabilities");
    }

    value = nt_echo_get(echo->request, "stream");
    if (value != NULL && !json_is_boolean(value)) {
        return nt_echo_fail(reader, 422,
                            "stream: expected true or false, got %s",
                            nt_echo_type(value));
    }

    echo->stream = json_is_true(value);

    value = nt_echo_get(echo->request, "stream_options");
    echo->include_usage =
        echo->stream && json_is_true(json_object_get(value, "include_usage"));

    return NT_OK;
}
