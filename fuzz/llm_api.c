/*
 * Any JSON is a request of each API that clients speak, and what is made of a
 * good one is a request that a provider's dialect takes or refuses; any bytes
 * are a provider's stream, whose events are well formed and the same however
 * it is cut; any whole reply has a body.  The input's first byte says which
 * API, its second which dialect, its third where to cut.
 */

#include <stdlib.h>

#include "core/llm/nt_llm_api_private.h"
#include "core/nt_hex.h"
#include "core/nt_sse.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ids of calls that are made have 18 hex digits of chance. */
static void
hide_ids(nt_buf_t *text)
{
    size_t n;

    for (size_t i = 0; i + 23 <= text->len; i++) {
        if (memcmp(text->data + i, "call_", 5) != 0) {
            continue;
        }

        n = 0;
        while (n < 18 && nt_hex_digit(text->data[i + 5 + n]) >= 0) {
            n++;
        }

        if (n == 18) {
            memset(text->data + i + 5, 'x', n);
        }
    }
}


static void
check_events(const nt_buf_t *out)
{
    size_t         at = 0, taken;
    json_t        *value;
    nt_sse_t       sse;
    nt_sse_event_t event;

    nt_sse_init(&sse);

    while (at < out->len) {
        if (nt_sse_next(&sse, out->data + at, out->len - at, &taken, &event) !=
            NT_OK) {
            abort();
        }

        at += taken;
        if (nt_str_eq(event.data, NT_STR("[DONE]"))) {
            continue;
        }

        value =
            json_loadb(event.data.data, event.data.len, JSON_ALLOW_NUL, NULL);
        if (!json_is_object(value)) {
            abort();
        }

        json_decref(value);
    }

    nt_sse_free(&sse);
}


static void
translate(const nt_llm_api_t *api, const nt_llm_dialect_t *dialect,
          const nt_llm_reply_options_t *options, nt_str_t in, size_t cut,
          nt_buf_t *out)
{
    size_t           n;
    nt_rc_t          rc = NT_OK;
    nt_llm_writer_t *w = nt_llm_writer_new(api, options, out);
    nt_llm_stream_t *s = nt_llm_stream_new(dialect, nt_llm_writer_add, w);

    if (w == NULL || s == NULL) {
        abort();
    }

    for (size_t at = 0; at < in.len && rc == NT_OK; at += n) {
        n = in.len - at < cut ? in.len - at : cut;
        rc = nt_llm_stream_feed(s, in.data + at, n);
    }

    rc = rc == NT_OK ? nt_llm_stream_end(s) : rc;
    rc = rc == NT_OK ? nt_llm_writer_end(w)
                     : nt_llm_writer_error(w, nt_llm_stream_error(s));
    if (rc != NT_OK) {
        abort();
    }

    nt_llm_stream_free(s);
    nt_llm_writer_free(w);
    hide_ids(out);
}


static void
check_stream(const nt_llm_api_t *api, const nt_llm_dialect_t *dialect,
             const nt_llm_reply_options_t *options, nt_str_t in, size_t cut)
{
    nt_buf_t whole = { 0 }, split = { 0 };

    translate(api, dialect, options, in, in.len + 1, &whole);
    translate(api, dialect, options, in, cut, &split);
    check_events(&whole);

    if (whole.len != split.len ||
        memcmp(whole.data, split.data, whole.len) != 0) {
        abort();
    }

    nt_buf_free(&whole);
    nt_buf_free(&split);
}


static void
check_body(const nt_buf_t *body)
{
    json_t *value = json_loadb(body->data, body->len, JSON_ALLOW_NUL, NULL);

    if (!json_is_object(value)) {
        abort();
    }

    json_decref(value);
}


static void
check_reply(const nt_llm_api_t *api, const nt_llm_dialect_t *dialect,
            const nt_llm_reply_options_t *options, nt_str_t in)
{
    json_t        *reply = NULL;
    nt_buf_t       out = { 0 };
    nt_llm_error_t error = { 0 };

    if (nt_llm_reply(dialect, in, &reply, &error) == NT_OK) {
        if (nt_llm_api_reply(api, reply, options, &out) != NT_OK) {
            abort();
        }

        json_decref(reply);
    } else {
        nt_llm_api_error(api, &error, &out);
    }

    check_body(&out);
    nt_buf_free(&out);
    nt_llm_error_free(&error);
}


static void
check_request(const nt_llm_api_t *api, const nt_llm_dialect_t *dialect,
              const json_t *request)
{
    nt_rc_t          rc;
    json_t          *canonical = NULL;
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t out = { 0 };

    rc = nt_llm_api_request(api, request, &canonical, &error);
    if (rc == NT_OK) {
        rc = nt_llm_chat(dialect, canonical, NT_STR("key"), &out, &error);
    }

    if (rc == NT_OK) {
        check_body(&out.body);
    } else if (rc != NT_ERROR || error.message.len == 0) {
        abort();
    }

    json_decref(canonical);
    nt_llm_request_free(&out);
    nt_llm_error_free(&error);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const nt_llm_api_t *const apis[] = { &nt_llm_api_chat,
                                                &nt_llm_api_messages,
                                                &nt_llm_api_responses };

    static const nt_llm_dialect_t *const dialects[] = {
        &nt_llm_openai, &nt_llm_anthropic, &nt_llm_gemini, &nt_llm_ollama,
        &nt_llm_mistral
    };

    json_t                 *request;
    nt_str_t                in = { (const char *) data + 3, size - 3 };
    const nt_llm_api_t     *api;
    const nt_llm_dialect_t *dialect;
    nt_llm_reply_options_t  options = { .id = NT_STR("0123"),
                                        .created = 1,
                                        .model = NT_STR("m") };

    if (size < 3) {
        return 0;
    }

    api = apis[data[0] % 3];
    dialect = dialects[data[1] % 5];
    request = json_loadb(in.data, in.len, JSON_ALLOW_NUL, NULL);
    options.include_usage = data[2] >= 128;
    options.request = request;

    if (json_is_object(request)) {
        check_request(api, dialect, request);
    }

    check_stream(api, dialect, &options, in, data[2] % 16 + 1u);
    check_reply(api, dialect, &options, in);
    json_decref(request);

    return 0;
}
