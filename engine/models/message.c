/*
 * engine/models/message.c - messages, and the media in them.
 */

#include <stdlib.h>

#include "core/nt_utf8.h"
#include "engine/json.h"
#include "engine/models/models_int.h"
#include "engine/nodes/args.h"


/* --- media --- */

bool
nt_model_ref_empty(const json_t *ref)
{
    static const char *const names[] = { "uri", "asset_id", "data" };

    json_t *value;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = json_object_get(ref, names[i]);
        if (value != NULL && !json_is_null(value) &&
            !(json_is_string(value) && json_string_length(value) == 0))
        {
            return false;
        }
    }

    return true;
}


bool
nt_model_load(nt_node_call_t *call, const json_t *ref, nt_str_t *data)
{
    char  *bytes;
    size_t len;

    if (!nt_call_load(call, ref, &bytes, &len)) {
        return false;
    }

    if (len > NT_MODEL_MEDIA_MAX) {
        free(bytes);
        (void) nt_call_fail(call,
                            "a file for a model has more than %d MiB: "
                            "send a smaller one",
                            NT_MODEL_MEDIA_MAX / 1024 / 1024);
        return false;
    }

    *data = (nt_str_t) { bytes, len };

    return true;
}


static bool
is_text(nt_str_t data)
{
    int step;

    for (size_t i = 0; i < data.len; i += (size_t) step) {
        step = nt_utf8_step(data.data + i, data.len - i);
        if (step < 0 || data.data[i] == '\0') {
            return false;
        }
    }

    return true;
}


/* A part that has a data URI: {"type": TYPE, TYPE: {MEMBER: URI}}. */
static json_t *
uri_part(const char *type, const char *member, const char *mime, nt_str_t data)
{
    json_t  *part;
    nt_buf_t uri = { 0 };

    nt_data_uri_append(&uri, mime, data);
    part = uri.failed ? NULL
                      : json_pack("{s:s,s:{s:o}}", "type", type, type, member,
                                  json_stringn_nocheck(uri.data, uri.len));
    nt_buf_free(&uri);

    return part;
}


static json_t *
audio_part(const char *mime, nt_str_t data)
{
    json_t     *part;
    nt_buf_t    text = { 0 };
    const char *format = strcmp(mime, "audio/wav") == 0    ? "wav"
                         : strcmp(mime, "audio/mpeg") == 0 ? "mp3"
                                                           : NULL;

    if (format == NULL) { /* for those that take others: Gemini */
        return uri_part("file", "file_data", mime, data);
    }

    nt_base64_append(&text, data);
    part = text.failed ? NULL
                       : json_pack("{s:s,s:{s:o,s:s}}", "type", "input_audio",
                                   "input_audio", "data",
                                   json_stringn_nocheck(text.data, text.len),
                                   "format", format);
    nt_buf_free(&text);

    return part;
}


/* NULL after nt_call_fail. */
static json_t *
document_part(nt_node_call_t *call, const char *mime, nt_str_t data)
{
    json_t *part;

    if (mime != NULL && strcmp(mime, "application/pdf") == 0) {
        part = uri_part("file", "file_data", mime, data);
        if (part != NULL &&
            json_object_set_new(json_object_get(part, "file"), "filename",
                                json_string("document.pdf")) != 0)
        {
            json_decref(part);
            part = NULL;
        }

        return part;
    }

    if (mime != NULL || !is_text(data)) {
        (void) nt_call_fail(call, "a document for a model must be PDF or "
                                  "text: convert it first");
        return NULL;
    }

    return json_pack("{s:s,s:s%}", "type", "text", "text", data.data, data.len);
}


/* The part for the media behind a ref.  A new reference; NULL after
 * nt_call_fail. */
static json_t *
media_part(nt_node_call_t *call, const char *kind, const json_t *ref)
{
    json_t     *part = NULL;
    nt_str_t    data;
    const char *mime;

    if (!nt_model_load(call, ref, &data)) {
        return NULL;
    }

    mime = nt_media_type(data);

    if (strcmp(kind, "document") == 0) {
        part = document_part(call, mime, data);
    } else if (mime == NULL || strncmp(mime, kind, 5) != 0) {
        (void) nt_call_fail(call,
                            "what should be %s %s for a model is %s: choose "
                            "another file",
                            kind[0] == 'v' ? "a" : "an", kind,
                            mime != NULL ? mime : "of an unknown format");
    } else if (kind[0] == 'i') {
        part = uri_part("image_url", "url", mime, data);
    } else if (kind[0] == 'v') {
        part = uri_part("video_url", "url", mime, data);
    } else {
        part = audio_part(mime, data);
    }

    free((char *) (uintptr_t) data.data);

    return part;
}


/* --- parts --- */

/* The kind of media, and the ref, of a part that has one; NULL for others. */
static const char *
part_ref(const json_t *part, const json_t **ref)
{
    static const char *const kinds[] = { "image", "audio", "video",
                                         "document" };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        *ref = json_object_get(part, kinds[i]);
        if (json_is_object(*ref)) {
            return kinds[i];
        }
    }

    return NULL;
}


/* An image's URL that the provider cannot fetch. */
static bool
must_load(const nt_model_t *model, nt_str_t url)
{
    if (url.len >= 5 && memcmp(url.data, "data:", 5) == 0) {
        return false;
    }

    if (url.len >= 4 && memcmp(url.data, "http", 4) == 0) {
        return model->provider->dialect == &nt_llm_gemini ||
               model->provider->dialect == &nt_llm_ollama;
    }

    return true;
}


/* A new reference; NULL after nt_call_fail. */
static json_t *
convert_part(nt_node_call_t *call, const nt_model_t *model, json_t *part)
{
    json_t       *uri, *made;
    nt_str_t      url;
    const char   *kind, *type;
    const json_t *ref;

    kind = part_ref(part, &ref);
    if (kind != NULL) {
        return media_part(call, kind, ref);
    }

    type = json_string_value(json_object_get(part, "type"));
    if (type == NULL || strcmp(type, "image_url") != 0) {
        return json_incref(part);
    }

    uri = json_object_get(json_object_get(part, "image_url"), "url");
    url = (nt_str_t) { json_string_value(uri), json_string_length(uri) };
    if (url.data == NULL || !must_load(model, url)) {
        return json_incref(part);
    }

    made = json_pack("{s:O}", "uri", uri);
    if (made == NULL) {
        return NULL;
    }

    part = media_part(call, "image", made);
    json_decref(made);

    return part;
}


static bool
convert_content(nt_node_call_t *call, const nt_model_t *model, json_t *message)
{
    size_t  i;
    json_t *part, *converted, *content = json_object_get(message, "content");
    json_t *parts = json_array();

    json_array_foreach(content, i, part)
    {
        converted = convert_part(call, model, part);
        if (json_array_append_new(parts, converted) != 0) {
            json_decref(parts);
            return false;
        }
    }

    return json_object_set_new(message, "content", parts) == 0;
}


json_t *
nt_model_messages(nt_node_call_t *call, const nt_model_t *model,
                  const json_t *messages)
{
    size_t  i;
    bool    good;
    json_t *message, *copy, *list = json_array();

    json_array_foreach(messages, i, message)
    {
        copy = json_copy(message);
        good = !json_is_array(json_object_get(copy, "content")) ||
               convert_content(call, model, copy);

        if (!good) {
            json_decref(copy);
            copy = NULL;
        }

        if (json_array_append_new(list, copy) != 0) {
            json_decref(list);
            (void) nt_arg_nomem(call); /* unless it has failed already */
            return NULL;
        }
    }

    return list;
}


/* --- new messages --- */

json_t *
nt_model_text_message(const char *role, nt_str_t text)
{
    return json_pack("{s:s,s:s%}", "role", role, "content",
                     text.data != NULL ? text.data : "", text.len);
}


json_t *
nt_model_tool_message(const json_t *tool_call, const json_t *result)
{
    json_t  *message;
    nt_buf_t text = { 0 };

    nt_json_append_text(&text, result);

    message = text.failed
                  ? NULL
                  : json_pack("{s:s,s:O,s:s%}", "role", "tool", "tool_call_id",
                              json_object_get(tool_call, "id"), "content",
                              text.data != NULL ? text.data : "", text.len);
    nt_buf_free(&text);

    return message;
}


static bool
add_media(json_t *parts, const char *kind, const json_t *ref)
{
    json_t *shared = (json_t *) (uintptr_t) ref; /* to be counted */

    return ref == NULL || nt_model_ref_empty(ref) ||
           json_array_append_new(parts, json_pack("{s:s,s:O}", "type", kind,
                                                  kind, shared)) == 0;
}


bool
nt_model_add_user(json_t *messages, nt_str_t text, const json_t *image,
                  const json_t *audio)
{
    bool    good;
    json_t *parts = json_array();

    good = parts != NULL;
    if (good && text.len != 0) {
        good = json_array_append_new(parts, json_pack("{s:s,s:s%}", "type",
                                                      "text", "text", text.data,
                                                      text.len)) == 0;
    }

    good = good && add_media(parts, "image", image) &&
           add_media(parts, "audio", audio);

    if (good && json_array_size(parts) == (text.len != 0)) {
        json_decref(parts); /* text, or nothing */
        return json_array_append_new(messages,
                                     nt_model_text_message("user", text)) == 0;
    }

    if (!good) {
        json_decref(parts);
        return false;
    }

    return json_array_append_new(messages,
                                 json_pack("{s:s,s:o}", "role", "user",
                                           "content", parts)) == 0;
}


/* --- replies --- */

json_t *
nt_model_message(const json_t *reply)
{
    return json_object_get(json_array_get(json_object_get(reply, "choices"), 0),
                           "message");
}


nt_str_t
nt_model_text(const json_t *reply)
{
    json_t *text = json_object_get(nt_model_message(reply), "content");

    if (!json_is_string(text)) {
        return NT_STR("");
    }

    return (nt_str_t) { json_string_value(text), json_string_length(text) };
}


const char *
nt_model_finish(const json_t *reply)
{
    const char *reason = json_string_value(
        json_object_get(json_array_get(json_object_get(reply, "choices"), 0),
                        "finish_reason"));

    return reason != NULL ? reason : "stop";
}


json_t *
nt_model_arguments(const json_t *tool_call, char **error)
{
    json_t *value;
    json_t *text =
        json_object_get(json_object_get(tool_call, "function"), "arguments");
    json_error_t e;

    *error = NULL;
    if (json_string_length(text) == 0) {
        return json_object();
    }

    value =
        json_loadb(json_string_value(text), json_string_length(text), 0, &e);
    if (json_is_object(value)) {
        return value;
    }

    *error = strdup("The arguments must be one JSON object.");
    json_decref(value);

    return NULL;
}


json_t *
nt_model_chunk(nt_node_call_t *call, nt_str_t text, bool thinking, bool done)
{
    return json_pack("{s:s,s:s,s:n,s:n,s:s,s:s%,s:{},s:b,s:b}", "type", "chunk",
                     "node_id", nt_call_node_id(call), "thread_id",
                     "workflow_id", "content_type", "text", "content",
                     text.data != NULL ? text.data : "", text.len,
                     "content_metadata", "done", done, "thinking", thinking);
}
