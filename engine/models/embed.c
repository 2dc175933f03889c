/*
 * engine/models/embed.c - embeddings of texts.
 */

#include <stdlib.h>

#include "engine/models/models_int.h"
#include "engine/nodes/args.h"

#define NT_EMBED_BATCH 96 /* texts a request: Gemini takes 100 */


/* Sends one request.  A new reference; NULL after nt_call_fail. */
static json_t *
send_request(nt_node_call_t *call, const nt_model_t *model,
             const nt_llm_request_t *llm, size_t n)
{
    bool           good;
    nt_rc_t        rc;
    json_t        *out = NULL;
    nt_str_t       data;
    nt_buf_t       path = { 0 };
    nt_llm_error_t error = { 0 };

    nt_buf_append(&path, llm->path.data, llm->path.len);
    nt_buf_append_char(&path, '\0');
    if (path.failed) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    good = nt_provider_bytes(call, model, path.data,
                             (nt_str_t) { llm->body.data, llm->body.len },
                             "application/json", 0, &data, NULL);
    nt_buf_free(&path);
    if (!good) {
        return NULL;
    }

    rc = nt_llm_embeddings(model->provider->dialect, data, n, &out, &error);
    free((char *) (uintptr_t) data.data);

    if (rc == NT_NOMEM) {
        (void) nt_arg_nomem(call);
    } else if (rc != NT_OK) {
        (void) nt_provider_fail(call, model, &error);
    }

    nt_llm_error_free(&error);

    return rc == NT_OK ? out : NULL;
}


/* Appends the vectors of texts[from ... from + n - 1]. */
static bool
embed_batch(nt_node_call_t *call, const nt_model_t *model, const json_t *texts,
            size_t from, size_t n, int64_t dimensions, json_t *vectors)
{
    bool    good = true;
    size_t  i;
    nt_rc_t rc;
    json_t *item, *reply = NULL, *input = json_array();
    json_t *request =
        json_pack("{s:s,s:o}", "model", model->id, "input", input);
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t llm = { 0 };

    for (i = from; good && i < from + n; i++) {
        good = json_array_append(input, json_array_get(texts, i)) == 0;
    }

    if (good && dimensions > 0) {
        good = json_object_set_new(request, "dimensions",
                                   json_integer(dimensions)) == 0;
    }

    rc = good && request != NULL
             ? nt_llm_embed(model->provider->dialect, request,
                            nt_str(model->key), &llm, &error)
             : NT_NOMEM;

    if (rc == NT_NOMEM) {
        (void) nt_arg_nomem(call);
    } else if (rc != NT_OK) {
        (void) nt_provider_fail(call, model, &error);
    } else {
        reply = send_request(call, model, &llm, n);
    }

    json_array_foreach(json_object_get(reply, "data"), i, item)
    {
        if (json_array_append(vectors, json_object_get(item, "embedding")) != 0)
        {
            (void) nt_arg_nomem(call);
            rc = NT_NOMEM;
            break;
        }
    }

    good = reply != NULL && rc == NT_OK;
    json_decref(reply);
    json_decref(request);
    nt_llm_request_free(&llm);
    nt_llm_error_free(&error);

    return good;
}


json_t *
nt_model_embed(nt_node_call_t *call, const json_t *model, const json_t *texts,
               int64_t dimensions)
{
    size_t     size, total = json_array_size(texts);
    json_t    *vectors;
    nt_model_t found;

    if (!nt_model_resolve(call, model, NT_MODEL_EMBEDDING, &found)) {
        return NULL;
    }

    if (found.provider->dialect == NULL || found.base[0] == '\0') {
        (void) nt_call_fail(call,
                            "%s has no embedding models: choose a model "
                            "of another provider",
                            found.provider->title);
        return NULL;
    }

    vectors = json_array();
    if (vectors == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    for (size_t from = 0; from < total; from += NT_EMBED_BATCH) {
        size = total - from < NT_EMBED_BATCH ? total - from : NT_EMBED_BATCH;
        if (!embed_batch(call, &found, texts, from, size, dimensions, vectors))
        {
            json_decref(vectors);
            return NULL;
        }
    }

    return vectors;
}
