/*
 * Any bytes are a stream of each dialect, and any split of them gives the same
 * pieces, as do trees of all events; nothing that a dialect builds of any JSON is no JSON.  The input's
 * first byte says which dialect, its second where to cut.
 */

#include <stdlib.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_private.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    nt_buf_t text;
    nt_rc_t  rc;
} outcome_t;


/* Ids that are made are random, and begin as these. */
static bool
is_made(nt_str_t id)
{
    return (id.len == 23 && memcmp(id.data, "call_", 5) == 0) ||
           (id.len == 25 && memcmp(id.data, "chatcmpl-", 9) == 0);
}


static nt_rc_t
note(void *ctx, const nt_llm_delta_t *delta)
{
    nt_buf_t *out = ctx;

    nt_buf_printf(out, "%d,%u,%u,%d:", delta->kind, delta->choice, delta->call,
                  delta->of_call);

    if (!is_made(delta->text)) {
        nt_buf_append_json(out, delta->text);
    }

    if (!is_made(delta->id)) {
        nt_buf_append_json(out, delta->id);
    }

    nt_buf_append_json(out, delta->name);
    nt_buf_printf(out, "%lld,%lld", (long long) delta->usage.prompt,
                  (long long) delta->usage.completion);
    if (delta->data != NULL) {
        nt_json_append(out, delta->data);
    }

    return NT_OK;
}


static void
parse(const nt_llm_dialect_t *dialect, const char *data, size_t len, size_t cut,
      bool trees, outcome_t *out)
{
    size_t           n;
    nt_llm_stream_t *s = nt_llm_stream_new(dialect, note, &out->text);

    if (s == NULL) {
        abort();
    }

    s->trees = trees;
    out->rc = NT_OK;
    for (size_t i = 0; i < len && out->rc == NT_OK; i += n) {
        n = len - i < cut ? len - i : cut;
        out->rc = nt_llm_stream_feed(s, data + i, n);
    }

    if (out->rc == NT_OK) {
        out->rc = nt_llm_stream_end(s);
    }

    if (out->rc == NT_ERROR && nt_llm_stream_error(s)->message.len == 0) {
        abort();
    }

    nt_llm_stream_free(s);
}


static void
check_same(const outcome_t *a, const outcome_t *b)
{
    if (a->rc != b->rc || a->text.len != b->text.len ||
        (a->text.len != 0 &&
         memcmp(a->text.data, b->text.data, a->text.len) != 0))
    {
        abort();
    }
}


static void
check_splits(const nt_llm_dialect_t *dialect, const char *data, size_t len,
             size_t cut)
{
    outcome_t whole = { 0 }, split = { 0 }, trees = { 0 };

    parse(dialect, data, len, len + 1, false, &whole);
    parse(dialect, data, len, cut, false, &split);
    parse(dialect, data, len, len + 1, true, &trees);
    check_same(&whole, &split);
    check_same(&whole, &trees);

    nt_buf_free(&whole.text);
    nt_buf_free(&split.text);
    nt_buf_free(&trees.text);
}


static void
check_request(const nt_llm_dialect_t *dialect, const char *data, size_t len)
{
    nt_rc_t          rc;
    json_t          *request = json_loadb(data, len, JSON_ALLOW_NUL, NULL);
    json_t          *body;
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t out = { 0 };

    if (!json_is_object(request)) {
        json_decref(request);
        return;
    }

    rc = nt_llm_chat(dialect, request, NT_STR("key"), &out, &error);
    if (rc == NT_OK) {
        body = json_loadb(out.body.data, out.body.len, JSON_ALLOW_NUL, NULL);
        if (!json_is_object(body)) {
            abort();
        }

        json_decref(body);
    } else if (rc == NT_ERROR && error.message.len == 0) {
        abort();
    }

    nt_llm_request_free(&out);
    nt_llm_error_free(&error);
    json_decref(request);
}


static void
check_replies(const nt_llm_dialect_t *dialect, nt_str_t body)
{
    json_t        *reply = NULL;
    nt_llm_error_t error = { 0 }, status = { 0 };

    if (nt_llm_reply(dialect, body, &reply, &error) == NT_OK) {
        json_decref(reply);
    }

    nt_llm_error_free(&error);
    memset(&error, 0, sizeof(error));
    reply = NULL;
    if (nt_llm_model_list(dialect, body, &reply, &error) == NT_OK) {
        json_decref(reply);
    }

    nt_llm_error_free(&error);
    nt_llm_error_reply(dialect, 429, NT_STR("1"), body, &status);
    if (status.message.len == 0) {
        abort();
    }

    nt_llm_error_free(&status);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const nt_llm_dialect_t *const dialects[] = {
        &nt_llm_openai, &nt_llm_anthropic, &nt_llm_gemini, &nt_llm_ollama,
        &nt_llm_mistral
    };

    const nt_llm_dialect_t *dialect;
    const char             *in = (const char *) data + 2;

    if (size < 2) {
        return 0;
    }

    dialect = dialects[data[0] % 5];
    check_splits(dialect, in, size - 2, data[1] % 16 + 1u);
    check_request(dialect, in, size - 2);
    check_replies(dialect, (nt_str_t) { in, size - 2 });

    return 0;
}
