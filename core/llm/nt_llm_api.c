/*
 * core/llm/nt_llm_api.c - what every API of clients does.
 */

#include <stdlib.h>

#include "core/llm/nt_llm_api_private.h"
#include "core/nt_error.h"


nt_rc_t
nt_llm_api_request(const nt_llm_api_t *api, const json_t *request, json_t **out,
                   nt_llm_error_t *error)
{
    nt_rc_t rc;

    *out = NULL;
    if (!json_is_object(request)) {
        return nt_llm_fail(error, "", "The body must be a JSON object.");
    }

    if (nt_llm_get_text(request, "model")[0] == '\0') {
        return nt_llm_fail(error, "model", "'model' must be a text.");
    }

    if (api->request == NULL) {
        *out = json_incref((json_t *) (uintptr_t) request); /* counted */
        return NT_OK;
    }

    *out = json_object();
    rc = *out != NULL ? api->request(request, *out, error) : NT_NOMEM;
    if (rc != NT_OK) {
        json_decref(*out);
        *out = NULL;
    }

    return rc;
}


nt_rc_t
nt_llm_api_reply(const nt_llm_api_t *api, const json_t *reply,
                 const nt_llm_reply_options_t *options, nt_buf_t *out)
{
    nt_rc_t rc = api->reply(reply, options, out);

    return out->failed ? NT_NOMEM : rc;
}


void
nt_llm_api_error(const nt_llm_api_t *api, const nt_llm_error_t *error,
                 nt_buf_t *out)
{
    api->error(error, out);
}


/* --- streams --- */

nt_llm_writer_t *
nt_llm_writer_new(const nt_llm_api_t           *api,
                  const nt_llm_reply_options_t *options, nt_buf_t *out)
{
    nt_llm_writer_t *w =
        api->writer_size != 0 ? calloc(1, api->writer_size) : NULL;

    if (w == NULL) {
        return NULL;
    }

    w->api = api;
    w->options = *options;
    w->out = out;

    if (api->open != NULL && api->open(w) != NT_OK) {
        nt_llm_writer_free(w);
        return NULL;
    }

    return w;
}


void
nt_llm_writer_free(nt_llm_writer_t *w)
{
    if (w == NULL) {
        return;
    }

    if (w->api->close != NULL) {
        w->api->close(w);
    }

    free(w);
}


nt_rc_t
nt_llm_writer_add(void *ctx, const nt_llm_delta_t *delta)
{
    nt_rc_t          rc;
    nt_llm_writer_t *w = ctx;

    /* the reply has an id of ours and the name that the client asked for */
    if (w->ended || delta->kind == NT_LLM_START) {
        return NT_OK;
    }

    rc = w->api->add(w, delta);

    return w->out->failed ? NT_NOMEM : rc;
}


nt_rc_t
nt_llm_writer_end(nt_llm_writer_t *w)
{
    nt_rc_t rc;

    if (w->ended) {
        return NT_OK;
    }

    w->ended = true;
    rc = w->api->end(w);

    return w->out->failed ? NT_NOMEM : rc;
}


nt_rc_t
nt_llm_writer_error(nt_llm_writer_t *w, const nt_llm_error_t *error)
{
    nt_rc_t rc;

    if (w->ended) {
        return NT_OK;
    }

    w->ended = true;
    rc = w->api->fail(w, error);

    return w->out->failed ? NT_NOMEM : rc;
}


bool
nt_llm_writer_begun(const nt_llm_writer_t *w)
{
    return w->begun;
}


/* --- for the APIs --- */

void
nt_llm_write_member(nt_buf_t *out, bool more, const char *name, nt_str_t text)
{
    nt_buf_append(out, ",\"", more ? 2 : 0);
    nt_buf_append(out, "\"", more ? 0 : 1);
    nt_buf_append_str(out, nt_str(name));
    nt_buf_append(out, "\":", 2);
    nt_buf_append_json(out, text);
}


nt_str_t
nt_llm_error_text(const nt_llm_error_t *error)
{
    return error->message.len != 0 ? nt_llm_buf_str(&error->message)
                                   : nt_str(nt_error_message(error->status));
}


/* --- for their requests --- */

nt_rc_t
nt_llm_api_tools(const json_t *value, json_t *out, nt_llm_error_t *error,
                 nt_rc_t (*put)(const json_t *tool, size_t i, json_t *list,
                                json_t *out, nt_llm_error_t *error))
{
    size_t  i;
    nt_rc_t rc;
    json_t *tool, *list = json_array();

    rc = list != NULL ? NT_OK : NT_NOMEM;

    json_array_foreach(value, i, tool)
    {
        rc = rc == NT_OK ? put(tool, i, list, out, error) : rc;
    }

    if (rc == NT_OK && json_array_size(list) != 0) {
        rc = nt_llm_set(out, "tools", json_incref(list));
    }

    json_decref(list);

    return rc;
}


nt_rc_t
nt_llm_api_function(json_t *list, const json_t *tool, json_t *schema)
{
    static const char *const kept[] = { "description", "strict" };

    json_t *value, *function;

    function = json_pack("{s:o}", "name",
                         nt_llm_json_str(nt_llm_get_str(tool, "name")));
    if (nt_llm_append(list, json_pack("{s:s,s:o}", "type", "function",
                                      "function", function)) != NT_OK)
    {
        return NT_NOMEM;
    }

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        value = nt_llm_get(tool, kept[i]);
        if (value != NULL &&
            nt_llm_set(function, kept[i], json_incref(value)) != NT_OK) {
            return NT_NOMEM;
        }
    }

    return schema == NULL
               ? NT_OK
               : nt_llm_set(function, "parameters", json_incref(schema));
}


nt_rc_t
nt_llm_api_location(json_t *options, const json_t *location)
{
    const char *name;
    json_t     *value, *place = json_object();
    json_t     *from = (json_t *) (uintptr_t) location; /* only read */

    if (nt_llm_set(options, "user_location",
                   json_pack("{s:s,s:o}", "type", "approximate", "approximate",
                             place)) != NT_OK)
    {
        return NT_NOMEM;
    }

    json_object_foreach(from, name, value)
    {
        if (strcmp(name, "type") != 0 && !json_is_null(value) &&
            nt_llm_set(place, name, json_incref(value)) != NT_OK)
        {
            return NT_NOMEM;
        }
    }

    return NT_OK;
}


nt_rc_t
nt_llm_api_texts(const json_t *parts, nt_buf_t *text, json_t *rest)
{
    size_t  i;
    json_t *part;

    json_array_foreach(parts, i, part)
    {
        if (strcmp(nt_llm_get_text(part, "type"), "text") != 0) {
            if (json_array_append(rest, part) != 0) {
                return NT_NOMEM;
            }

            continue;
        }

        if (text->len != 0) {
            nt_buf_append_char(text, '\n');
        }

        nt_buf_append_str(text, nt_llm_get_str(part, "text"));
    }

    return text->failed ? NT_NOMEM : NT_OK;
}


nt_rc_t
nt_llm_api_message(json_t *messages, const char *role, json_t *parts)
{
    json_t *first = json_array_get(parts, 0);

    if (json_array_size(parts) == 1 &&
        strcmp(nt_llm_get_text(first, "type"), "text") == 0)
    {
        parts = json_object_get(first, "text");
    }

    return nt_llm_append(messages, json_pack("{s:s,s:O}", "role", role,
                                             "content", parts));
}
