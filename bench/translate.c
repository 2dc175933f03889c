/*
 * What an event of a stream costs: through each dialect's parser and a
 * client's writer, beside the same by way of a tree for each event, and beside
 * looking for the events' ends and copying them, which passing through does.
 *
 *   make build/bench/translate && build/bench/translate [EVENTS]
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/llm/nt_llm_api_private.h"

#define PIECE 4096 /* bytes that are fed at once */

static const struct {
    const nt_llm_dialect_t *dialect;
    const nt_llm_api_t     *api;
    const char             *start;
    const char             *event;
} rows[] = {
    { &nt_llm_openai, &nt_llm_api_chat, "",
      "data: {\"id\":\"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012\",\"object\":"
      "\"chat.completion.chunk\",\"created\":1760000000,\"model\":"
      "\"gpt-4o-2024-08-06\",\"service_tier\":\"default\","
      "\"system_fingerprint\":\"fp_0123456789\",\"choices\":[{\"index\":0,"
      "\"delta\":{\"content\":\" token\"},\"logprobs\":null,"
      "\"finish_reason\":null}],\"usage\":null}\n\n" },
    { &nt_llm_anthropic, &nt_llm_api_chat,
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
      "\"id\":\"msg_1\",\"model\":\"claude-sonnet-4-5\"}}\n\n"
      "event: content_block_start\ndata: {\"type\":\"content_block_start\","
      "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
      "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" token\"}}"
      "\n\n" },
    { &nt_llm_gemini, &nt_llm_api_chat, "",
      "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": "
      "\" token\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {"
      "\"promptTokenCount\": 11,\"candidatesTokenCount\": 7,"
      "\"totalTokenCount\": 18,\"promptTokensDetails\": [{\"modality\": "
      "\"TEXT\",\"tokenCount\": 11}]},\"modelVersion\": \"gemini-2.5-flash\","
      "\"responseId\": \"abcdefghijkl\"}\r\n\r\n" },
    { &nt_llm_ollama, &nt_llm_api_chat, "",
      "{\"model\":\"llama3.2\",\"created_at\":\"2026-01-01T00:00:00.123456Z\","
      "\"message\":{\"role\":\"assistant\",\"content\":\" token\"},"
      "\"done\":false}\n" },
    { &nt_llm_openai, &nt_llm_api_messages, "", NULL },
    { &nt_llm_openai, &nt_llm_api_responses, "", NULL }
};

static const nt_llm_reply_options_t options = {
    .id = { "0123456789abcdef0123456789abcdef", 32 },
    .created = 1760000000,
    .model = { "default", 7 },
    .include_usage = true
};


static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);

    return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}


static void
check(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "translate: %s failed\n", what);
        exit(1);
    }
}


/* The stream as a provider's reads have it. */
static double
translate(size_t row, const nt_buf_t *in, bool trees)
{
    double           begun = now();
    size_t           n;
    nt_buf_t         out = { 0 };
    nt_llm_writer_t *w = nt_llm_writer_new(rows[row].api, &options, &out);
    nt_llm_stream_t *s =
        nt_llm_stream_new(rows[row].dialect, nt_llm_writer_add, w);

    check(w != NULL && s != NULL, "memory");
    s->trees = trees;

    for (size_t at = 0; at < in->len; at += n) {
        n = in->len - at < PIECE ? in->len - at : PIECE;
        nt_buf_reset(&out);
        check(nt_llm_stream_feed(s, in->data + at, n) == NT_OK, "feed");
    }

    nt_llm_stream_free(s);
    nt_llm_writer_free(w);
    nt_buf_free(&out);

    return now() - begun;
}


static double
pass(const nt_buf_t *in, bool lines)
{
    double         begun = now();
    size_t         n, taken;
    nt_sse_t       sse;
    nt_buf_t       out = { 0 };
    nt_sse_event_t event;

    nt_sse_init(&sse);

    for (size_t at = 0; at < in->len; at += n) {
        n = in->len - at < PIECE ? in->len - at : PIECE;
        nt_buf_reset(&out);
        nt_buf_append(&out, in->data + at, n);

        for (size_t i = 0; i < n && !lines; i += taken) {
            (void) nt_sse_next(&sse, in->data + at + i, n - i, &taken, &event);
        }
    }

    check(!out.failed, "memory");
    nt_sse_free(&sse);
    nt_buf_free(&out);

    return now() - begun;
}


int
main(int argc, char **argv)
{
    size_t      events = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    nt_buf_t    in = { 0 };
    const char *event;

    printf("%-10s %-10s %8s %8s %8s   ns an event\n", "dialect", "client",
           "pass", "quick", "trees");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        event = rows[i].event != NULL ? rows[i].event : rows[0].event;
        nt_buf_reset(&in);
        nt_buf_append_str(&in, nt_str(rows[i].start));
        for (size_t n = 0; n < events; n++) {
            nt_buf_append_str(&in, nt_str(event));
        }

        check(!in.failed, "memory");
        printf("%-10s %-10s %8.0f %8.0f %8.0f\n", rows[i].dialect->name,
               rows[i].api->name,
               pass(&in, rows[i].dialect->lines) / (double) events,
               translate(i, &in, false) / (double) events,
               translate(i, &in, true) / (double) events);
    }

    nt_buf_free(&in);

    return 0;
}
