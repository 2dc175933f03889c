/*
 * engine/models/node.c - arguments and results of nodes about models.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/assets/uri.h"
#include "engine/models/node.h"
#include "engine/nodes/generated.h"

const nt_output_t nt_out_audio[] = { { "output", "audio" }, { NULL, NULL } };
const nt_output_t nt_out_image[] = { { "output", "image" }, { NULL, NULL } };
const nt_output_t nt_out_video[] = { { "output", "video" }, { NULL, NULL } };
const nt_output_t nt_out_np_array[] = { { "output", "np_array" },
                                        { NULL, NULL } };

const double nt_zero = 0, nt_one = 1, nt_least_seed = -1;


bool
nt_arg_filled(nt_node_call_t *call, const char *name, nt_str_t *text)
{
    if (!nt_arg_str(call, name, text)) {
        return false;
    }

    if (text->len == 0) {
        (void) nt_call_fail(call, "'%s' is empty: it needs a text", name);
        return false;
    }

    return true;
}


bool
nt_arg_is_set(nt_node_call_t *call, const char *name)
{
    return !nt_model_ref_empty(nt_call_input(call, name));
}


bool
nt_arg_media(nt_node_call_t *call, const char *name, const char *kind,
             nt_str_t *data, const char **type)
{
    if (!nt_arg_is_set(call, name)) {
        (void) nt_call_fail(call, "'%s' is not set: it needs %s %s", name,
                            kind[0] == 'v' ? "a" : "an", kind);
        return false;
    }

    if (!nt_model_load(call, nt_call_input(call, name), data)) {
        return false;
    }

    *type = nt_media_type(*data);

    /* sound comes in video's containers, too */
    if (*type == NULL || (strncmp(*type, kind, 5) != 0 &&
                          !(kind[0] == 'a' && (*type)[0] == 'v')))
    {
        free((char *) (uintptr_t) data->data);
        (void) nt_call_fail(call, "'%s' is no %s of a known format", name,
                            kind);
        return false;
    }

    return true;
}


bool
nt_use_model(nt_node_call_t *call, const char *provider, const char *id,
             nt_model_t *model)
{
    int n;

    if (!nt_provider_use(call, nt_provider_find(provider), model)) {
        return false;
    }

    n = snprintf(model->id, sizeof(model->id), "%s", id);
    if (n < 0 || (size_t) n >= sizeof(model->id)) {
        (void) nt_call_fail(call, "the model's id is longer than 255 bytes");
        return false;
    }

    return true;
}


void
nt_model_tell_lost(nt_node_call_t *call, const nt_model_t *model,
                   const char *name)
{
    nt_call_log(call, "warning",
                "%s (%s) has nothing like '%s', which does "
                "nothing here",
                model->provider->title, model->id, name);
}


nt_media_api_t
nt_media_api(nt_node_call_t *call, nt_model_t *model, char *path, size_t size)
{
    char                *router = strrchr(model->id, ':');
    const nt_provider_t *provider = model->provider;

    if (strcmp(provider->name, "fal_ai") == 0) {
        snprintf(path, size, "/%s", model->id);
        return NT_MEDIA_FAL;
    }

    if (provider->dialect == &nt_llm_gemini) {
        return NT_MEDIA_GEMINI;
    }

    if (strcmp(provider->name, "huggingface") != 0) {
        return provider->dialect == &nt_llm_openai ||
                       provider->dialect == &nt_llm_mistral
                   ? NT_MEDIA_OPENAI
                   : NT_MEDIA_NONE;
    }

    model->root = true;
    if (router != NULL && strcmp(router, ":fal-ai") == 0) {
        *router = '\0';
        snprintf(path, size, "/fal-ai/%s", model->id);
        return NT_MEDIA_FAL;
    }

    if (router == NULL || strcmp(router, ":hf-inference") == 0) {
        if (router != NULL) {
            *router = '\0';
        }

        snprintf(path, size, "/hf-inference/models/%s", model->id);
        return NT_MEDIA_HF;
    }

    return NT_MEDIA_NONE;
}


/* --- asking --- */

static bool
show_text(void *ctx, const nt_llm_delta_t *delta)
{
    if (delta->kind == NT_LLM_CONTENT) {
        nt_call_chunk(ctx, delta->text.data, delta->text.len, false);
    }

    return true;
}


json_t *
nt_ask(nt_node_call_t *call, const nt_ask_t *ask, json_t *options)
{
    bool    good;
    json_t *reply = NULL, *messages = json_array();
    json_t *model =
        json_pack("{s:s,s:s}", "provider", ask->provider, "id", ask->id);
    nt_model_chat_t chat = { .model = model,
                             .messages = messages,
                             .options = options,
                             .delta = show_text,
                             .ctx = call };

    good = messages != NULL && model != NULL && options != NULL;
    if (good && ask->system.len != 0) {
        good = json_array_append_new(messages,
                                     nt_model_text_message("system",
                                                           ask->system)) == 0;
    }

    good = good &&
           nt_model_add_user(messages, ask->prompt, ask->image, ask->audio);
    if (good) {
        reply = nt_model_chat(call, &chat);
        nt_call_chunk(call, "", 0, true);
    } else {
        (void) nt_arg_nomem(call);
    }

    json_decref(messages);
    json_decref(model);
    json_decref(options);

    return reply;
}


nt_node_rc_t
nt_emit_reply(nt_node_call_t *call, json_t *reply)
{
    nt_str_t text;
    json_t  *value;

    if (reply == NULL) {
        return NT_NODE_FAIL;
    }

    text = nt_model_text(reply);
    value = json_stringn(text.data, text.len);
    json_decref(reply);

    return nt_emit(call, value);
}


/* --- media --- */

typedef struct {
    const char *kind;
    const char *extension;
    nt_str_t    data;
    json_t     *ref;
} store_t;


/* On the pool: all of the bytes are read for their hash. */
static void
store(nt_node_call_t *call, void *arg)
{
    store_t *s = arg;

    s->ref = nt_generated_store(call, s->kind, s->extension, s->data.data,
                                s->data.len);
}


json_t *
nt_store_media(nt_node_call_t *call, const char *kind, const char *type,
               nt_str_t data)
{
    store_t s = { .kind = kind, .extension = "bin", .data = data };

    if (type == NULL) {
        type = nt_media_type(data);
    }

    if (type != NULL) {
        s.extension = nt_media_extension(type);
    }

    return nt_call_thread(call, store, &s) ? s.ref : NULL;
}


nt_node_rc_t
nt_emit_media(nt_node_call_t *call, const char *kind, const char *type,
              nt_str_t data)
{
    json_t *ref;

    if (data.len == 0) {
        free((char *) (uintptr_t) data.data);
        return nt_call_fail(call, "the provider sent an empty file");
    }

    ref = nt_store_media(call, kind, type, data);
    free((char *) (uintptr_t) data.data);

    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


/* What has been decoded, or a failure. */
static bool
give_bytes(nt_node_call_t *call, nt_rc_t rc, nt_buf_t bytes, nt_str_t *data)
{
    if (rc != NT_OK || bytes.failed || bytes.len == 0) {
        nt_buf_free(&bytes);
        (void) nt_call_fail(call, "the provider sent no file that can be "
                                  "read");
        return false;
    }

    *data = (nt_str_t) { bytes.data, bytes.len };

    return true;
}


bool
nt_media_base64(nt_node_call_t *call, const json_t *text, nt_str_t *data)
{
    nt_rc_t  rc;
    nt_buf_t bytes = { 0 };

    rc = nt_base64_decode(&bytes, (nt_str_t) { json_string_value(text),
                                               json_string_length(text) });

    return give_bytes(call, rc, bytes, data);
}


static bool
fetch_data(nt_node_call_t *call, const char *uri, nt_str_t *data)
{
    nt_rc_t  rc;
    nt_buf_t bytes = { 0 };

    rc = nt_uri_data(&bytes, nt_str(uri));

    return give_bytes(call, rc, bytes, data);
}


/* True for a URL on the server that the operator gave. */
static bool
is_origin(const nt_model_t *model, const char *url)
{
    size_t      len;
    const char *host = strstr(model->base, "://");

    if (!model->trusted || host == NULL) {
        return false;
    }

    len = (size_t) (host + 3 - model->base);
    len += strcspn(host + 3, "/");

    return strncmp(url, model->base, len) == 0 && url[len] == '/';
}


bool
nt_media_fetch(nt_node_call_t *call, const nt_model_t *model, const char *url,
               nt_str_t *data)
{
    int               status;
    bool              good;
    char             *sentence = NULL, *copy;
    size_t            len;
    const char       *bytes;
    nt_http_reply_t  *reply;
    nt_http_request_t request = { .url = url, .limit = NT_PROVIDER_BODY_MAX };

    if (strncmp(url, "data:", 5) == 0) {
        return fetch_data(call, url, data);
    }

    if (is_origin(model, url)) {
        request.flags |= NT_HTTP_TRUSTED;
    }

    reply = nt_call_http(call, &request, &sentence);
    status = reply != NULL ? nt_http_status(reply) : 0;
    good = status >= 200 && status < 300 &&
           nt_http_read_all(reply, &bytes, &len, &sentence);
    copy = good ? malloc(len + 1) : NULL;

    if (copy != NULL) {
        memcpy(copy, bytes, len);
        *data = (nt_str_t) { copy, len };
    } else if (good) {
        (void) nt_arg_nomem(call);
    } else if (sentence != NULL) {
        (void) nt_call_fail(call, "what %s has made cannot be fetched: %s",
                            model->provider->title, sentence);
    } else {
        (void) nt_call_fail(call,
                            "what %s has made cannot be fetched: status %d",
                            model->provider->title, status);
    }

    free(sentence);
    nt_http_free(reply);

    return copy != NULL;
}
