#include "engine/agents/history.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/json.h"


static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}


/* Is there a message of a tool for this call, behind message `at`? */
static bool
is_answered(const json_t *history, size_t at, const char *id)
{
    size_t  i;
    json_t *message;

    for (i = at + 1; i < json_array_size(history); i++) {
        message = json_array_get(history, i);

        if (strcmp(text_of(message, "role"), "tool") == 0 &&
            strcmp(text_of(message, "tool_call_id"), id) == 0)
        {
            return true;
        }
    }

    return false;
}


/* Was the call made in a message in front of `at`? */
static bool
is_called(const json_t *history, size_t at, const char *id)
{
    size_t  i, j;
    json_t *call;

    for (i = 0; i < at; i++) {
        json_array_foreach(json_object_get(json_array_get(history, i),
                                           "tool_calls"),
                           j, call)
        {
            if (strcmp(text_of(call, "id"), id) == 0) {
                return true;
            }
        }
    }

    return false;
}


/* A call of NodeTool's, or one that is canonical already. New reference. */
static json_t *
convert_call(json_t *call)
{
    char   *args;
    json_t *result;

    if (json_is_object(json_object_get(call, "function"))) {
        return json_incref(call);
    }

    args = nt_json_text(json_object_get(call, "args"));
    result = json_pack("{s:s, s:s, s:{s:s, s:s}, s:O*}", "id",
                       text_of(call, "id"), "type", "function", "function",
                       "name", text_of(call, "name"), "arguments",
                       args != NULL && strcmp(args, "null") != 0 ? args : "{}",
                       "extra_content", json_object_get(call, "extra_content"));
    free(args);
    return result;
}


static bool
add_calls(json_t *out, const json_t *history, size_t at)
{
    int     rc = 0;
    size_t  i;
    json_t *call, *calls, *list;

    calls = json_object_get(json_array_get(history, at), "tool_calls");
    list = json_array();

    json_array_foreach(calls, i, call)
    {
        if (is_answered(history, at, text_of(call, "id"))) {
            rc |= json_array_append_new(list, convert_call(call));
        }
    }

    if (json_array_size(list) > 0) {
        rc |= json_object_set(out, "tool_calls", list);
    }

    json_decref(list);
    return rc == 0;
}


/* What its provider wants back. */
static bool
add_extras(json_t *out, const json_t *message)
{
    int                      rc = 0;
    size_t                   i;
    json_t                  *value;
    static const char *const members[] = { "thinking_blocks", "extra_content" };

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(message, members[i]);

        if (value != NULL && !json_is_null(value)) {
            rc |= json_object_set(out, members[i], value);
        }
    }

    return rc == 0;
}


/* The content as a new reference: a text, parts, or JSON as text. */
static json_t *
convert_content(const json_t *content)
{
    char   *text;
    json_t *result;

    if (json_is_string(content) || json_is_array(content)) {
        return json_incref((json_t *) content);
    }

    if (!json_is_object(content)) {
        return json_string("");
    }

    text = nt_json_text(content);
    result = text != NULL ? json_string(text) : NULL;
    free(text);
    return result;
}


/* New reference; NULL when memory is out, or there is no such role. */
static json_t *
convert(const json_t *history, size_t at, bool *skip)
{
    json_t     *message = json_array_get(history, at), *out;
    const char *role = text_of(message, "role");
    const char *id = text_of(message, "tool_call_id");

    *skip = true;

    if (strcmp(role, "tool") == 0 && !is_called(history, at, id)) {
        return NULL;
    }

    if (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0 &&
        strcmp(role, "system") != 0 && strcmp(role, "tool") != 0)
    {
        return NULL;
    }

    *skip = false;
    out = json_pack("{s:s, s:o}", "role", role, "content",
                    convert_content(json_object_get(message, "content")));

    if (strcmp(role, "tool") == 0) {
        if (json_object_set_new(out, "tool_call_id", json_string(id)) != 0) {
            json_decref(out);
            return NULL;
        }

    } else if (strcmp(role, "assistant") == 0 &&
               (!add_calls(out, history, at) || !add_extras(out, message)))
    {
        json_decref(out);
        return NULL;
    }

    return out;
}


bool
nt_history_append(json_t *messages, const json_t *history)
{
    bool    skip;
    size_t  i;
    json_t *message;

    for (i = 0; i < json_array_size(history); i++) {
        message = convert(history, i, &skip);

        if (skip) {
            continue;
        }

        if (message == NULL || json_array_append_new(messages, message) != 0) {
            return false;
        }
    }

    return true;
}
