/*
 * core/llm/nt_llm_api_responses_input.c - items of a request as messages.
 *
 * What the model did stands in items of its own: reasoning, a message, calls
 * of functions; neighbouring ones are one message of the assistant.
 */

#include <stdarg.h>
#include <stdio.h>

#include "core/llm/nt_llm_api_responses.h"

#define NO_PART SIZE_MAX /* the item itself */

typedef struct {
    nt_llm_error_t *error;
    json_t         *messages;  /* borrowed */
    json_t         *assistant; /* its message that is open; borrowed */
    json_t         *pictures;  /* in results of functions; owned */
    size_t          item;
    size_t          part;
} input_t;


static nt_rc_t __attribute__((format(printf, 2, 3)))
fail(input_t *in, const char *format, ...)
{
    va_list args;
    char    param[64], text[256];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    snprintf(param, sizeof(param), "input[%zu]", in->item);
    if (in->part != NO_PART) {
        snprintf(param, sizeof(param), "input[%zu].content[%zu]", in->item,
                 in->part);
    }

    return nt_llm_fail(in->error, param, "'%s': %s", param, text);
}


/* --- parts --- */

static nt_rc_t
add_image(input_t *in, const json_t *part, json_t *parts)
{
    json_t *image, *url = nt_llm_get(part, "image_url");
    json_t *detail = nt_llm_get(part, "detail");

    if (!json_is_string(url)) {
        return fail(in, "an image needs its 'image_url'; files of OpenAI's "
                        "are known to its models only.");
    }

    image = json_pack("{s:O}", "url", url);
    if (nt_llm_append(parts, json_pack("{s:s,s:o}", "type", "image_url",
                                       "image_url", image)) != NT_OK)
    {
        return NT_NOMEM;
    }

    return detail == NULL || nt_str_eq(nt_llm_str(detail), NT_STR("auto"))
               ? NT_OK
               : nt_llm_set(image, "detail", json_incref(detail));
}


static nt_rc_t
add_file(input_t *in, const json_t *part, json_t *parts)
{
    json_t  *data = nt_llm_get(part, "file_data");
    nt_str_t name = nt_llm_get_str(part, "filename");

    data = data != NULL ? data : nt_llm_get(part, "file_url");
    if (!json_is_string(data)) {
        return fail(in, "a file needs its 'file_data' or 'file_url'; files of "
                        "OpenAI's are known to its models only.");
    }

    return nt_llm_append(parts,
                         json_pack("{s:s,s:{s:o,s:O}}", "type", "file", "file",
                                   "filename",
                                   nt_llm_json_str(name.len != 0
                                                       ? name
                                                       : NT_STR("file.pdf")),
                                   "file_data", data));
}


static nt_rc_t
add_part(input_t *in, const json_t *part, json_t *parts)
{
    nt_str_t    text;
    const char *type = nt_llm_get_text(part, "type");

    if (strcmp(type, "input_text") == 0 || strcmp(type, "output_text") == 0 ||
        strcmp(type, "refusal") == 0)
    {
        text =
            nt_llm_get_str(part, strcmp(type, "refusal") == 0 ? type : "text");
        return text.len == 0
                   ? NT_OK
                   : nt_llm_append(parts,
                                   json_pack("{s:s,s:o}", "type", "text",
                                             "text", nt_llm_json_str(text)));
    }

    if (strcmp(type, "input_image") == 0) {
        return add_image(in, part, parts);
    }

    if (strcmp(type, "input_file") == 0) {
        return add_file(in, part, parts);
    }

    if (strcmp(type, "input_audio") == 0) { /* as chat completions have it */
        return json_array_append(parts, (json_t *) (uintptr_t) part) == 0
                   ? NT_OK
                   : NT_NOMEM;
    }

    return fail(in,
                "parts of type '%.64s' are not known; use input_text, "
                "input_image, input_file, input_audio or output_text.",
                type);
}


/* Parts of a text or a list; a new reference, NULL after failing. */
static json_t *
parts_of(input_t *in, const json_t *content, nt_rc_t *rc)
{
    json_t *part, *parts = json_array();

    *rc = parts != NULL ? NT_OK : NT_NOMEM;

    if (json_is_string(content)) {
        *rc = nt_llm_append(parts, json_pack("{s:s,s:O}", "type", "text",
                                             "text", content));
    } else if (!json_is_array(content)) {
        *rc = fail(in, "its content must be a text or a list of parts.");
    }

    json_array_foreach(content, in->part, part)
    {
        *rc = *rc == NT_OK ? add_part(in, part, parts) : *rc;
        if (*rc != NT_OK) {
            break;
        }
    }

    in->part = NO_PART;
    if (*rc != NT_OK) {
        json_decref(parts);
        return NULL;
    }

    return parts;
}


/* --- what the model did --- */

static json_t *
assistant(input_t *in)
{
    json_t *message;

    if (in->assistant == NULL) {
        message = json_pack("{s:s,s:n}", "role", "assistant", "content");
        if (nt_llm_append(in->messages, message) == NT_OK) {
            in->assistant = message;
        }
    }

    return in->assistant;
}


/* Appends to a text of the assistant's message. */
static nt_rc_t
append_text(input_t *in, const char *name, nt_str_t text)
{
    nt_rc_t  rc;
    json_t  *message = assistant(in);
    nt_buf_t all = { 0 };

    if (message == NULL) {
        return NT_NOMEM;
    }

    nt_buf_append_str(&all, nt_llm_get_str(message, name));
    if (all.len != 0 && text.len != 0) {
        nt_buf_append(&all, "\n\n", 2);
    }

    nt_buf_append_str(&all, text);
    rc = all.failed
             ? NT_NOMEM
             : nt_llm_set(message, name, nt_llm_json_str(nt_llm_buf_str(&all)));
    nt_buf_free(&all);

    return rc;
}


static nt_rc_t
assistant_message(input_t *in, const json_t *item)
{
    nt_rc_t  rc;
    json_t  *parts = parts_of(in, json_object_get(item, "content"), &rc);
    json_t  *rest = json_array();
    nt_buf_t text = { 0 };

    if (rc == NT_OK) {
        rc = rest != NULL ? nt_llm_api_texts(parts, &text, rest) : NT_NOMEM;
    }

    if (rc == NT_OK && json_array_size(rest) != 0) {
        rc = fail(in, "only text may stand here.");
    }

    rc = rc == NT_OK ? append_text(in, "content", nt_llm_buf_str(&text)) : rc;
    nt_buf_free(&text);
    json_decref(parts);
    json_decref(rest);

    return rc;
}


static nt_rc_t
function_call(input_t *in, const json_t *item)
{
    json_t  *calls, *message = assistant(in);
    nt_str_t id = nt_llm_get_str(item, "call_id");
    nt_str_t name = nt_llm_get_str(item, "name");

    if (message == NULL) {
        return NT_NOMEM;
    }

    if (id.len == 0 || name.len == 0) {
        return fail(in, "it needs a 'call_id' and a 'name'.");
    }

    calls = json_object_get(message, "tool_calls");
    if (calls == NULL) {
        calls = json_array();
        if (nt_llm_set(message, "tool_calls", calls) != NT_OK) {
            return NT_NOMEM;
        }
    }

    return nt_llm_append(calls,
                         json_pack("{s:o,s:s,s:{s:o,s:o}}", "id",
                                   nt_llm_json_str(id), "type", "function",
                                   "function", "name", nt_llm_json_str(name),
                                   "arguments",
                                   nt_llm_json_str(
                                       nt_llm_get_str(item, "arguments"))));
}


/* What was put there is given back; what another made says nothing here. */
static nt_rc_t
opaque(input_t *in, nt_str_t text)
{
    nt_rc_t rc = NT_OK;
    json_t *list, *value, *message = assistant(in);

    if (text.len == 0) {
        return NT_OK;
    }

    value = json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL);
    list = json_object_get(value, "thinking_blocks");

    if (json_is_array(list)) {
        if (json_object_get(message, "thinking_blocks") == NULL) {
            rc = nt_llm_set(message, "thinking_blocks", json_incref(list));
        } else if (json_array_extend(json_object_get(message,
                                                     "thinking_blocks"),
                                     list) != 0)
        {
            rc = NT_NOMEM;
        }
    }

    json_decref(value);

    return rc;
}


static nt_rc_t
reasoning(input_t *in, const json_t *item)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *part, *list = nt_llm_get(item, "content");

    if (json_array_size(list) == 0) {
        list = nt_llm_get(item, "summary");
    }

    json_array_foreach(list, i, part)
    {
        if (rc == NT_OK) {
            rc = append_text(in, "reasoning_content",
                             nt_llm_get_str(part, "text"));
        }
    }

    if (rc == NT_OK && assistant(in) == NULL) {
        rc = NT_NOMEM;
    }

    return rc == NT_OK ? opaque(in, nt_llm_get_str(item, NT_RESPONSES_OPAQUE))
                       : rc;
}


/* --- what others said --- */

/* Results stand together behind their calls; their pictures come behind
 * them. */
static nt_rc_t
add_pictures(input_t *in)
{
    nt_rc_t rc;

    if (json_array_size(in->pictures) == 0) {
        return NT_OK;
    }

    rc = nt_llm_api_message(in->messages, "user", in->pictures);
    json_decref(in->pictures);
    in->pictures = json_array();

    return in->pictures != NULL ? rc : NT_NOMEM;
}


static nt_rc_t
call_output(input_t *in, const json_t *item)
{
    nt_rc_t  rc;
    json_t  *parts;
    nt_str_t id = nt_llm_get_str(item, "call_id");
    nt_buf_t text = { 0 };

    in->assistant = NULL;
    if (id.len == 0) {
        return fail(in, "it needs a 'call_id'.");
    }

    parts = parts_of(in, json_object_get(item, "output"), &rc);
    rc = rc == NT_OK ? nt_llm_api_texts(parts, &text, in->pictures) : rc;
    if (rc == NT_OK) {
        rc = nt_llm_append(in->messages,
                           json_pack("{s:s,s:o,s:o}", "role", "tool",
                                     "tool_call_id", nt_llm_json_str(id),
                                     "content",
                                     nt_llm_json_str(nt_llm_buf_str(&text))));
    }

    nt_buf_free(&text);
    json_decref(parts);

    return rc;
}


static nt_rc_t
message(input_t *in, const json_t *item)
{
    nt_rc_t     rc;
    json_t     *parts;
    const char *role = nt_llm_get_text(item, "role");

    if (strcmp(role, "assistant") == 0) {
        return assistant_message(in, item);
    }

    if (strcmp(role, "developer") == 0) {
        role = "system"; /* the name that all know */
    } else if (strcmp(role, "user") != 0 && strcmp(role, "system") != 0) {
        return fail(in, "its 'role' must be user, assistant, system or "
                        "developer.");
    }

    in->assistant = NULL;
    parts = parts_of(in, json_object_get(item, "content"), &rc);
    rc = rc == NT_OK ? nt_llm_api_message(in->messages, role, parts) : rc;
    json_decref(parts);

    return rc;
}


static nt_rc_t
any_item(input_t *in, const json_t *item)
{
    nt_rc_t     rc;
    const char *type = nt_llm_get_text(item, "type");

    if (strcmp(type, "function_call_output") == 0) {
        return call_output(in, item);
    }

    rc = add_pictures(in);
    if (rc != NT_OK) {
        return rc;
    }

    if (strcmp(type, "message") == 0 ||
        (type[0] == '\0' && nt_llm_get(item, "role") != NULL))
    {
        return message(in, item);
    }

    if (strcmp(type, "function_call") == 0) {
        return function_call(in, item);
    }

    if (strcmp(type, "reasoning") == 0) {
        return reasoning(in, item);
    }

    if (strcmp(type, "web_search_call") == 0) {
        return NT_OK; /* the text behind it tells what was found */
    }

    return fail(in,
                "items of type '%.64s' are known to OpenAI's models only; use "
                "message, reasoning, function_call or function_call_output.",
                type);
}


nt_rc_t
nt_responses_input(const json_t *request, json_t *out, nt_llm_error_t *error)
{
    nt_rc_t  rc;
    json_t  *item, *input = nt_llm_get(request, "input");
    nt_str_t instructions = nt_llm_get_str(request, "instructions");
    input_t  in = { .error = error, .part = NO_PART };

    if (!json_is_string(input) && json_array_size(input) == 0) {
        return nt_llm_fail(error, "input",
                           "'input' must be a text or a list of items.");
    }

    in.messages = json_array();
    in.pictures = json_array();
    rc = nt_llm_set(out, "messages", in.messages);
    rc = in.pictures != NULL ? rc : NT_NOMEM;

    if (rc == NT_OK && instructions.len != 0) {
        rc = nt_llm_append(in.messages,
                           json_pack("{s:s,s:o}", "role", "system", "content",
                                     nt_llm_json_str(instructions)));
    }

    if (rc == NT_OK && json_is_string(input)) {
        rc = nt_llm_append(in.messages, json_pack("{s:s,s:O}", "role", "user",
                                                  "content", input));
    }

    json_array_foreach(input, in.item, item)
    {
        rc = rc == NT_OK ? any_item(&in, item) : rc;
        if (rc != NT_OK) {
            break;
        }
    }

    rc = rc == NT_OK ? add_pictures(&in) : rc;
    json_decref(in.pictures);

    return rc;
}
