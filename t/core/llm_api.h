/*
 * t/core/llm_api.h - for tests of the clients' APIs: a provider's stream
 * through a writer, however it is cut.
 */

#ifndef LLM_API_TEST_H
#define LLM_API_TEST_H

#include <ctype.h>

#include "core/llm/nt_llm_api.h"
#include "t/core/llm_streams.h"

#define TEST_ID "0123456789abcdef0123456789abcdef"

static const nt_llm_reply_options_t test_options = {
    .id = { TEST_ID, sizeof(TEST_ID) - 1 },
    .created = 1700000000,
    .model = { "m", 1 },
    .include_usage = true
};


/* Ids of calls that a dialect makes are random. */
static inline void
hide_ids(nt_buf_t *text)
{
    size_t to = 0, n;

    for (size_t i = 0; i < text->len;) {
        n = 0;
        if (text->len - i >= 5 && memcmp(text->data + i, "call_", 5) == 0) {
            while (i + 5 + n < text->len &&
                   isxdigit((unsigned char) text->data[i + 5 + n])) {
                n++;
            }
        }

        if (n == 18) {
            memcpy(text->data + to, "MADE", 4);
            to += 4;
            i += 23;
        } else {
            text->data[to++] = text->data[i++];
        }
    }

    text->len = to;
}


/* Fed in pieces of `cut` bytes; or, if `once`, two pieces. */
static inline void
translate(const nt_llm_api_t *api, const nt_llm_reply_options_t *options,
          const nt_llm_dialect_t *dialect, const char *in, size_t cut,
          bool once, nt_buf_t *out)
{
    size_t           len = strlen(in), n, at = 0;
    nt_rc_t          rc = NT_OK;
    nt_llm_writer_t *w = nt_llm_writer_new(api, options, out);
    nt_llm_stream_t *s = nt_llm_stream_new(dialect, nt_llm_writer_add, w);

    if (s == NULL || w == NULL) {
        abort();
    }

    while (rc == NT_OK && at < len) {
        n = len - at < cut || (once && at != 0) ? len - at : cut;
        rc = feed(s, in + at, n);
        at += n;
    }

    rc = rc == NT_OK ? nt_llm_stream_end(s) : rc;
    rc = rc == NT_OK ? nt_llm_writer_end(w)
                     : nt_llm_writer_error(w, nt_llm_stream_error(s));
    if (rc != NT_OK || out->failed) {
        abort();
    }

    nt_llm_stream_free(s);
    nt_llm_writer_free(w);
    hide_ids(out);
}


static inline bool
same_bytes(const nt_buf_t *a, const nt_buf_t *b)
{
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


/* Each recorded stream gives the same bytes however it is cut; `check`, if
 * there is one, looks at them. */
static inline void
test_splits(const nt_llm_api_t *api, const nt_llm_reply_options_t *options,
            bool (*check)(const vector_t *v, nt_str_t out))
{
    char    *in;
    size_t   len, wrong;
    nt_buf_t whole = { 0 }, piece = { 0 };

    for (size_t i = 0; i < N_VECTORS; i++) {
        in = quoted(vectors[i].in);
        len = strlen(in);
        wrong = 0;

        nt_buf_reset(&whole);
        translate(api, options, vectors[i].dialect, in, len + 1, false, &whole);

        for (size_t cut = 0; cut <= len; cut++) {
            nt_buf_reset(&piece);
            translate(api, options, vectors[i].dialect, in, cut != 0 ? cut : 1,
                      cut != 0, &piece);
            wrong += !same_bytes(&whole, &piece);
        }

        ok(wrong == 0, "%s, %s: however it is cut",
           nt_llm_dialect_name(vectors[i].dialect), vectors[i].name);
        ok(check(&vectors[i], (nt_str_t) { whole.data, whole.len }),
           "and is well formed");
        free(in);
    }

    nt_buf_free(&whole);
    nt_buf_free(&piece);
}


static inline nt_llm_error_t
test_error(nt_llm_error_kind_t kind, int status, const char *message)
{
    nt_llm_error_t error = { .kind = kind,
                             .status = status,
                             .retry_after = -1 };

    nt_buf_append_str(&error.message, nt_str(message));

    return error;
}


/* A request in, what is canonical, or "!param: message", out. */
static inline void
test_request(const nt_llm_api_t *api, const char *in, const char *want,
             const char *name)
{
    char          *wanted = want[0] == '!' ? strdup(want) : quoted(want);
    json_t        *request = json_of(in), *out = NULL;
    nt_buf_t       text = { 0 };
    nt_llm_error_t error = { 0 };

    if (nt_llm_api_request(api, request, &out, &error) == NT_OK) {
        nt_json_append(&text, out);
    } else {
        nt_buf_printf(&text, "!%.*s: %.*s", (int) error.param.len,
                      error.param.len != 0 ? error.param.data : "",
                      (int) error.message.len, error.message.data);
    }

    is_str((nt_str_t) { text.data, text.len }, wanted != NULL ? wanted : "",
           name);

    nt_llm_error_free(&error);
    nt_buf_free(&text);
    json_decref(request);
    json_decref(out);
    free(wanted);
}


static inline void
test_reply(const nt_llm_api_t *api, const nt_llm_reply_options_t *options,
           const char *in, const char *want, const char *name)
{
    char    *wanted = quoted(want);
    json_t  *reply = json_of(in);
    nt_buf_t text = { 0 };

    if (nt_llm_api_reply(api, reply, options, &text) != NT_OK) {
        abort();
    }

    is_str((nt_str_t) { text.data, text.len }, wanted, name);

    nt_buf_free(&text);
    json_decref(reply);
    free(wanted);
}

#endif
