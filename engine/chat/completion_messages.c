/*
 * Messages of OpenAI's as NodeTool has them: media are refs, and the arguments
 * of calls are objects.
 */

#include "engine/chat/completion_int.h"

#include <stdlib.h>

#include "engine/models/models.h"
#include "engine/nodes/ustr.h"


/* --- content --- */

static json_t *
ref_part(const char *type, const char *kind, json_t *uri)
{
    return json_pack("{s:s, s:{s:s, s:o}}", "type", type, kind, "type", kind,
                     "uri", uri);
}


static json_t *
audio_part(const json_t *audio)
{
    json_t     *part;
    nt_buf_t    uri = { 0 };
    const char *format = nt_chat_member(audio, "format");

    nt_buf_printf(&uri, "data:audio/%s;base64,",
                  strcmp(format, "mp3") == 0 ? "mpeg" : format);
    nt_buf_append_str(&uri, nt_ustr(json_object_get(audio, "data")));
    part = uri.failed ? NULL
                      : ref_part("audio", "audio",
                                 json_stringn_nocheck(uri.data, uri.len));
    nt_buf_free(&uri);
    return part;
}


/* A new reference; NULL when memory is out, or for a part of no such type:
 * *known tells. */
static json_t *
convert_part(json_t *part, bool *known)
{
    size_t        i;
    const char   *type = nt_chat_member(part, "type");
    const json_t *inner = json_object_get(part, type);
    static const struct {
        const char *type; /* of OpenAI's, and the member that has the rest */
        const char *uri;  /* in that */
        const char *part;
        const char *kind;
    } media[] = { { "image_url", "url", "image_url", "image" },
                  { "video_url", "url", "video", "video" },
                  { "file", "file_data", "document", "document" } };

    *known = true;

    if (strcmp(type, "text") == 0 || strcmp(type, "refusal") == 0) {
        return json_pack("{s:s, s:O?}", "type", "text", "text",
                         json_object_get(part, type));
    }

    if (strcmp(type, "input_audio") == 0 &&
        json_is_string(json_object_get(inner, "data")))
    {
        return audio_part(inner);
    }

    for (i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
        if (strcmp(type, media[i].type) == 0 &&
            json_is_string(json_object_get(inner, media[i].uri)))
        {
            return ref_part(media[i].part, media[i].kind,
                            json_incref(json_object_get(inner, media[i].uri)));
        }
    }

    *known = false;
    return NULL;
}


/* A new reference; NULL with *error. */
static json_t *
convert_content(json_t *content, size_t number, nt_llm_error_t *error)
{
    bool    known;
    size_t  i;
    json_t *parts, *part;

    if (json_is_string(content)) {
        return json_incref(content);
    }

    parts = json_array();

    json_array_foreach(content, i, part)
    {
        part = convert_part(part, &known);

        if (!known) {
            nt_completion_fault(error, 400, "messages",
                                "'messages[%zu].content[%zu]' is of no type "
                                "that a workflow takes.",
                                number, i);
            json_decref(parts);
            return NULL;
        }

        if (json_array_append_new(parts, part) != 0) {
            nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
            json_decref(parts);
            return NULL;
        }
    }

    return parts;
}


/* --- messages --- */

/* NodeTool's calls of OpenAI's; a new reference, NULL when memory is out. */
static json_t *
convert_calls(const json_t *calls)
{
    size_t        i;
    char         *sentence;
    json_t       *list = json_array(), *args;
    const json_t *call;

    json_array_foreach(calls, i, call)
    {
        args = nt_model_arguments(call, &sentence);
        free(sentence);
        args = args != NULL ? args : json_object(); /* the model was told */

        if (json_array_append_new(
                list,
                json_pack("{s:O?, s:O?, s:o, s:n}", "id",
                          json_object_get(call, "id"), "name",
                          json_object_get(json_object_get(call, "function"),
                                          "name"),
                          "args", args, "result")) != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static json_t *
convert(const json_t *message, size_t number, const char *user,
        nt_llm_error_t *error)
{
    int         rc = 0;
    json_t     *out, *content, *value;
    const char *role = nt_chat_member(message, "role");

    if (strcmp(role, "developer") == 0) {
        role = "system";
    }

    if (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0 &&
        strcmp(role, "system") != 0 && strcmp(role, "tool") != 0)
    {
        nt_completion_fault(error, 400, "messages",
                            "'messages[%zu].role' must be system, developer, "
                            "user, assistant or tool.",
                            number);
        return NULL;
    }

    content =
        convert_content(json_object_get(message, "content"), number, error);

    if (content == NULL) {
        return NULL;
    }

    out = json_pack("{s:s, s:s, s:o, s:s, s:O*, s:O*}", "type", "message",
                    "role", role, "content", content, "user_id", user, "name",
                    json_object_get(message, "name"), "tool_call_id",
                    json_object_get(message, "tool_call_id"));
    value = json_object_get(message, "tool_calls");

    if (json_array_size(value) > 0) {
        rc = json_object_set_new(out, "tool_calls", convert_calls(value));
    }

    if (out == NULL || rc != 0) {
        json_decref(out);
        nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
        return NULL;
    }

    return out;
}


json_t *
nt_completion_messages(const json_t *messages, const char *user,
                       nt_llm_error_t *error)
{
    size_t        i;
    json_t       *list = json_array(), *out;
    const json_t *message = NULL;

    json_array_foreach(messages, i, message)
    {
        out = convert(message, i, user, error);

        if (out == NULL || json_array_append_new(list, out) != 0) {
            if (out != NULL) {
                nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
            }

            json_decref(list);
            return NULL;
        }
    }

    if (strcmp(nt_chat_member(message, "role"), "user") != 0) {
        nt_completion_fault(error, 400, "messages",
                            "The last of the 'messages' must be the user's: "
                            "a workflow answers it.");
        json_decref(list);
        return NULL;
    }

    return list;
}
