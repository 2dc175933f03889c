/*
 * core/llm/nt_llm_content.c - what stands in canonical messages.
 */

#include <stdarg.h>
#include <stdio.h>

#include "core/llm/nt_llm_private.h"


nt_rc_t
nt_llm_place_fail(const nt_llm_place_t *place, const char *format, ...)
{
    char    param[64], text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    snprintf(param, sizeof(param), "messages[%zu]", place->message);
    if (place->part != NT_LLM_WHOLE) {
        snprintf(param, sizeof(param), "messages[%zu].content[%zu]",
                 place->message, place->part);
    }

    return nt_llm_fail(place->build->error, param, "'%s': %s", param, text);
}


/* "data:image/png;base64,..." or another URL. */
static nt_rc_t
read_url(const nt_llm_place_t *place, nt_str_t url, nt_llm_part_t *part)
{
    size_t      head;
    const char *comma, *end;
    nt_str_t    mark = NT_STR(";base64");

    if (url.len < 5 || memcmp(url.data, "data:", 5) != 0) {
        part->url = url;
        return url.len != 0 ? NT_OK
                            : nt_llm_place_fail(place, "it has no 'url'.");
    }

    comma = memchr(url.data, ',', url.len);
    head = comma != NULL ? (size_t) (comma - url.data) : 0;
    if (head < 5 + mark.len ||
        memcmp(comma - mark.len, mark.data, mark.len) != 0) {
        return nt_llm_place_fail(place, "a data URI must have base64.");
    }

    part->mime = (nt_str_t) { url.data + 5, head - 5 - mark.len };
    end = memchr(part->mime.data, ';', part->mime.len);
    if (end != NULL) {
        part->mime.len = (size_t) (end - part->mime.data);
    }

    part->data = (nt_str_t) { comma + 1, url.len - head - 1 };

    return NT_OK;
}


static nt_rc_t
read_part(const nt_llm_place_t *place, const json_t *value, nt_llm_part_t *part)
{
    const char   *type = nt_llm_get_text(value, "type");
    const json_t *inner = json_object_get(value, type);

    if (strcmp(type, "text") == 0) {
        part->kind = NT_LLM_PART_TEXT;
        part->text = nt_llm_str(inner);
        return json_is_string(inner)
                   ? NT_OK
                   : nt_llm_place_fail(place, "'text' must be a text.");
    }

    if (strcmp(type, "image_url") == 0) {
        part->kind = NT_LLM_PART_IMAGE;
        return read_url(place,
                        json_is_string(inner) ? nt_llm_str(inner)
                                              : nt_llm_get_str(inner, "url"),
                        part);
    }

    if (strcmp(type, "video_url") == 0) {
        part->kind = NT_LLM_PART_VIDEO;
        return read_url(place, nt_llm_get_str(inner, "url"), part);
    }

    if (strcmp(type, "input_audio") == 0) {
        part->kind = NT_LLM_PART_AUDIO;
        part->data = nt_llm_get_str(inner, "data");
        part->name = nt_llm_get_str(inner, "format");
        part->mime = nt_str_eq(part->name, NT_STR("mp3")) ? NT_STR("audio/mp3")
                                                          : NT_STR("audio/wav");
        return part->data.len != 0
                   ? NT_OK
                   : nt_llm_place_fail(place, "it has no 'data'.");
    }

    if (strcmp(type, "file") == 0) {
        part->kind = NT_LLM_PART_FILE;
        part->name = nt_llm_get_str(inner, "filename");
        if (nt_llm_get(inner, "file_data") == NULL) {
            return nt_llm_place_fail(place, "a file needs its 'file_data'.");
        }

        return read_url(place, nt_llm_get_str(inner, "file_data"), part);
    }

    return nt_llm_place_fail(place,
                             "parts of type '%.32s' are not known; use text, "
                             "image_url, input_audio, video_url or file.",
                             type);
}


nt_rc_t
nt_llm_parts(nt_llm_place_t *place, const json_t *message,
             nt_rc_t (*add)(void *ctx, const nt_llm_place_t *place,
                            const nt_llm_part_t *part),
             void *ctx)
{
    json_t       *value, *content = nt_llm_get(message, "content");
    nt_rc_t       rc;
    nt_llm_part_t part;

    place->part = NT_LLM_WHOLE;

    if (content == NULL) {
        return NT_OK;
    }

    if (json_is_string(content)) {
        part = (nt_llm_part_t) { .kind = NT_LLM_PART_TEXT,
                                 .text = nt_llm_str(content) };
        return part.text.len != 0 ? add(ctx, place, &part) : NT_OK;
    }

    if (!json_is_array(content)) {
        return nt_llm_place_fail(place, "'content' must be a text or a list "
                                        "of parts.");
    }

    json_array_foreach(content, place->part, value)
    {
        part = (nt_llm_part_t) { .kind = NT_LLM_PART_TEXT };
        rc = read_part(place, value, &part);

        if (rc == NT_OK &&
            (part.kind != NT_LLM_PART_TEXT || part.text.len != 0)) {
            rc = add(ctx, place, &part);
        }

        if (rc != NT_OK) {
            return rc;
        }
    }

    place->part = NT_LLM_WHOLE;

    return NT_OK;
}


static nt_rc_t
add_text(void *ctx, const nt_llm_place_t *place, const nt_llm_part_t *part)
{
    if (part->kind != NT_LLM_PART_TEXT) {
        return nt_llm_place_fail(place, "only text may stand here.");
    }

    nt_buf_append_str(ctx, part->text);

    return ((nt_buf_t *) ctx)->failed ? NT_NOMEM : NT_OK;
}


nt_rc_t
nt_llm_text_of(nt_llm_place_t *place, const json_t *message, nt_buf_t *text)
{
    return nt_llm_parts(place, message, add_text, text);
}


nt_rc_t
nt_llm_system(nt_llm_place_t *place, const json_t *message, nt_buf_t *text)
{
    if (text->len != 0) {
        nt_buf_append(text, "\n\n", 2);
    }

    return nt_llm_text_of(place, message, text);
}


const char *
nt_llm_role(nt_llm_place_t *place, const json_t *message)
{
    static const char *const roles[] = { "system", "user", "assistant",
                                         "tool" };

    const char *role = nt_llm_get_text(message, "role");

    if (strcmp(role, "developer") == 0) {
        return "system";
    }

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(role, roles[i]) == 0) {
            return roles[i];
        }
    }

    (void) nt_llm_place_fail(place, "'role' must be system, developer, user, "
                                    "assistant or tool.");

    return NULL;
}


/* --- tool calls --- */

nt_rc_t
nt_llm_call_of(nt_llm_place_t *place, const json_t *message, size_t i,
               nt_llm_call_t *call)
{
    json_t      *value, *function;
    nt_str_t     arguments;
    json_error_t error;

    place->part = NT_LLM_WHOLE;
    value = json_array_get(json_object_get(message, "tool_calls"), i);
    function = json_object_get(value, "function");
    call->id = nt_llm_get_str(value, "id");
    call->name = nt_llm_get_str(function, "name");
    call->extra = nt_llm_get(value, "extra_content");

    if (call->name.len == 0) {
        return nt_llm_place_fail(place, "a tool call has no 'function' with a "
                                        "'name'.");
    }

    arguments = nt_llm_get_str(function, "arguments");
    if (arguments.len == 0) {
        call->arguments = json_object();
        return call->arguments != NULL ? NT_OK : NT_NOMEM;
    }

    call->arguments =
        json_loadb(arguments.data, arguments.len, JSON_ALLOW_NUL, &error);
    if (!json_is_object(call->arguments)) {
        json_decref(call->arguments);
        call->arguments = NULL;
        return nt_llm_place_fail(place,
                                 "the arguments of the tool call '%.*s' are "
                                 "not a JSON object.",
                                 (int) (call->name.len < 64 ? call->name.len
                                                            : 64),
                                 call->name.data);
    }

    return NT_OK;
}


/* Each message is looked at once, however many results of tools there are. */
static nt_rc_t
index_calls(nt_llm_build_t *b, const json_t *messages, size_t n)
{
    size_t   i;
    json_t  *call, *name;
    nt_str_t id;

    if (b->called == NULL) {
        b->called = json_object();
    }

    for (; b->n_called < n; b->n_called++) {
        json_array_foreach(json_object_get(json_array_get(messages,
                                                          b->n_called),
                                           "tool_calls"),
                           i, call)
        {
            id = nt_llm_get_str(call, "id");
            name = json_object_get(json_object_get(call, "function"), "name");

            if (id.len != 0 &&
                json_object_setn_new_nocheck(b->called, id.data, id.len,
                                             name != NULL ? json_incref(name)
                                                          : json_null()) != 0)
            {
                return NT_NOMEM;
            }
        }
    }

    return b->called != NULL ? NT_OK : NT_NOMEM;
}


nt_rc_t
nt_llm_tool_name(nt_llm_place_t *place, const json_t *messages,
                 const json_t *message, nt_str_t *name)
{
    json_t  *found;
    nt_rc_t  rc = index_calls(place->build, messages, place->message);
    nt_str_t id = nt_llm_get_str(message, "tool_call_id");

    if (rc != NT_OK) {
        return rc;
    }

    found = id.len != 0
                ? json_object_getn(place->build->called, id.data, id.len)
                : NULL;

    if (found != NULL) {
        *name = json_is_string(found) ? (nt_str_t) { json_string_value(found),
                                                     json_string_length(found) }
                                      : NT_STR("");
        return NT_OK;
    }

    *name = nt_llm_get_str(message, "name");
    if (name->len != 0) {
        return NT_OK;
    }

    place->part = NT_LLM_WHOLE;

    return nt_llm_place_fail(place,
                             "no earlier message has a tool call with this "
                             "'tool_call_id'.");
}


/* --- tools and formats --- */

nt_rc_t
nt_llm_tool_of(nt_llm_build_t *b, size_t i, nt_llm_tool_t *tool)
{
    char    param[32];
    json_t *value = json_array_get(json_object_get(b->request, "tools"), i);
    json_t *function = json_object_get(value, "function");

    tool->name = nt_llm_get_str(function, "name");
    tool->description = nt_llm_get_str(function, "description");
    tool->parameters = nt_llm_get(function, "parameters");

    if (tool->name.len == 0) {
        snprintf(param, sizeof(param), "tools[%zu]", i);
        return nt_llm_fail(b->error, param,
                           "'%s' must be of type function and have a "
                           "'function' with a 'name'.",
                           param);
    }

    tool->parameters =
        tool->parameters != NULL
            ? json_incref(tool->parameters)
            : json_pack("{s:s,s:{}}", "type", "object", "properties");

    return tool->parameters != NULL ? NT_OK : NT_NOMEM;
}


nt_rc_t
nt_llm_tool_list(nt_llm_build_t *b, json_t *list, const char *schema)
{
    nt_rc_t       rc;
    json_t       *value;
    nt_llm_tool_t tool;
    size_t        n = json_array_size(json_object_get(b->request, "tools"));

    for (size_t i = 0; i < n; i++) {
        rc = nt_llm_tool_of(b, i, &tool);
        if (rc != NT_OK) {
            return rc;
        }

        value = json_pack("{s:o,s:o,s:o}", "name", nt_llm_json_str(tool.name),
                          "description", nt_llm_json_str(tool.description),
                          schema, tool.parameters);
        if (nt_llm_append(list, value) != NT_OK) {
            return NT_NOMEM;
        }
    }

    return NT_OK;
}


nt_rc_t
nt_llm_tool_choice(nt_llm_build_t *b, const char **choice, nt_str_t *name)
{
    static const char *const choices[] = { "auto", "none", "required" };

    json_t *value = nt_llm_get(b->request, "tool_choice");

    *choice = NULL;
    *name = NT_STR("");

    if (value == NULL) {
        return NT_OK;
    }

    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        if (nt_str_eq(nt_llm_str(value), nt_str(choices[i]))) {
            *choice = choices[i];
            return NT_OK;
        }
    }

    *name = nt_llm_get_str(json_object_get(value, "function"), "name");
    if (name->len != 0) {
        *choice = "function";
        return NT_OK;
    }

    return nt_llm_fail(b->error, "tool_choice",
                       "'tool_choice' must be auto, none, required or a "
                       "function with its name.");
}


nt_rc_t
nt_llm_response_format(nt_llm_build_t *b, nt_llm_format_t *format,
                       json_t **schema)
{
    json_t     *value = nt_llm_get(b->request, "response_format");
    const char *type = nt_llm_get_text(value, "type");

    *schema = NULL;
    *format = NT_LLM_FORMAT_TEXT;

    if (value == NULL || strcmp(type, "text") == 0) {
        return NT_OK;
    }

    if (strcmp(type, "json_object") == 0) {
        *format = NT_LLM_FORMAT_OBJECT;
        return NT_OK;
    }

    *schema = nt_llm_get(json_object_get(value, "json_schema"), "schema");
    if (strcmp(type, "json_schema") == 0 && json_is_object(*schema)) {
        *format = NT_LLM_FORMAT_SCHEMA;
        return NT_OK;
    }

    return nt_llm_fail(b->error, "response_format",
                       "'response_format' must be of type text, json_object, "
                       "or json_schema with a 'json_schema' that has a "
                       "'schema'.");
}


nt_rc_t
nt_llm_max_tokens(nt_llm_build_t *b, int64_t otherwise, int64_t *out)
{
    const char *name = "max_completion_tokens";
    json_t     *value = nt_llm_get(b->request, name);

    if (value == NULL) {
        name = "max_tokens";
        value = nt_llm_get(b->request, name);
    }

    *out = value != NULL ? json_integer_value(value) : otherwise;
    if (value != NULL && *out < 1) {
        return nt_llm_fail(b->error, name,
                           "'%s' must be a whole number from 1 on.", name);
    }

    return NT_OK;
}
