/*
 * Streams of each dialect, as their providers document them: whole, byte by
 * byte, and cut at each position.
 */

#include "t/core/llm_streams.h"


static void
note_error(nt_buf_t *out, const nt_llm_error_t *error)
{
    static const char *const kinds[] = { "invalid",    "auth",       "quota",
                                         "rate_limit", "overloaded", "server",
                                         "protocol" };

    nt_buf_printf(out, "!%d %s ", error->status, kinds[error->kind]);
    nt_buf_append(out, error->message.data, error->message.len);
}


/* In pieces of `cut` bytes; or, if `once`, two pieces. */
static void
parse(const vector_t *v, const char *in, size_t cut, bool once, nt_buf_t *out)
{
    size_t           len = strlen(in), n, at = 0;
    nt_rc_t          rc = NT_OK;
    nt_llm_stream_t *s = nt_llm_stream_new(v->dialect, note_delta, out);

    if (s == NULL) {
        abort();
    }

    while (rc == NT_OK && at < len) {
        n = len - at < cut || (once && at != 0) ? len - at : cut;
        rc = feed(s, in + at, n);
        at += n;
    }

    rc = rc == NT_OK ? nt_llm_stream_end(s) : rc;
    if (rc != NT_OK) {
        note_error(out, nt_llm_stream_error(s));
    }

    nt_llm_stream_free(s);
}


static void
test_vector(const vector_t *v)
{
    char    *in = quoted(v->in);
    size_t   len = strlen(in), wrong = 0;
    nt_buf_t whole = { 0 }, piece = { 0 };
    char     name[128];

    snprintf(name, sizeof(name), "%s: %s", nt_llm_dialect_name(v->dialect),
             v->name);

    parse(v, in, len + 1, false, &whole);
    is_str((nt_str_t) { whole.data, whole.len }, v->want, name);

    for (size_t cut = 0; cut <= len; cut++) {
        nt_buf_reset(&piece);
        if (cut == 0) {
            parse(v, in, 1, false, &piece);
        } else {
            parse(v, in, cut, true, &piece);
        }

        if (piece.len != whole.len ||
            (whole.len != 0 && memcmp(piece.data, whole.data, whole.len) != 0))
        {
            wrong++;
            diag("cut at %zu: %.*s", cut, (int) piece.len, piece.data);
        }
    }

    ok(wrong == 0, "%s: however it is cut", name);
    nt_buf_free(&whole);
    nt_buf_free(&piece);
    free(in);
}


/* A sink that has enough stops the parser. */
static nt_rc_t
refuse(void *ctx, const nt_llm_delta_t *delta)
{
    return delta->kind == NT_LLM_CONTENT ? NT_AGAIN : NT_OK;
}


static void
test_sink(void)
{
    char            *in = quoted(DELTA("'content':'a'") DONE);
    nt_llm_stream_t *s = nt_llm_stream_new(&nt_llm_openai, refuse, NULL);

    is_int(nt_llm_stream_feed(s, in, strlen(in)), NT_AGAIN,
           "what the sink says is returned");
    is_int(nt_llm_stream_feed(s, in, strlen(in)), NT_AGAIN,
           "and stays, whatever comes");
    is_int(nt_llm_stream_end(s), NT_AGAIN, "to the end");
    nt_llm_stream_free(s);
    free(in);
}


static void
test_limit(void)
{
    size_t           n = 33 * 1024 * 1024;
    char            *line = malloc(n);
    nt_buf_t         out = { 0 };
    nt_llm_stream_t *s;

    if (line == NULL) {
        abort();
    }

    memset(line, ' ', n);
    s = nt_llm_stream_new(&nt_llm_ollama, note_delta, &out);
    is_int(nt_llm_stream_feed(s, line, n), NT_LIMIT,
           "a line of 33 MiB is too long");
    ok(nt_llm_stream_error(s)->message.len != 0, "which is said");
    nt_llm_stream_free(s);

    memcpy(line, "data: ", 6);
    s = nt_llm_stream_new(&nt_llm_gemini, note_delta, &out);
    is_int(nt_llm_stream_feed(s, line, n), NT_LIMIT, "as is an event");
    nt_llm_stream_free(s);
    free(line);
    nt_buf_free(&out);
}


/* What comes behind the last event belongs to nobody. */
static void
test_rest(void)
{
    char            *in = quoted(FINISH("stop") DONE "data: rubbish\n\n");
    nt_buf_t         out = { 0 };
    nt_llm_stream_t *s = nt_llm_stream_new(&nt_llm_openai, note_delta, &out);

    is_int(nt_llm_stream_feed(s, in, strlen(in)), NT_OK, "all is taken");
    ok(nt_llm_stream_done(s), "and the stream is done");
    is_int(nt_llm_stream_end(s), NT_OK, "which its end agrees with");
    nt_llm_stream_free(s);
    nt_buf_free(&out);
    free(in);
}


int
main(void)
{
    for (size_t i = 0; i < N_VECTORS; i++) {
        test_vector(&vectors[i]);
    }

    test_sink();
    test_limit();
    test_rest();

    return done();
}
