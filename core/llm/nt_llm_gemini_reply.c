/*
 * core/llm/nt_llm_gemini_reply.c - Gemini's replies and streams.
 *
 * A stream has no last event: it ends by closing, after an event with a
 * finishReason.  Counts of tokens are cumulative, and the reason may come in
 * a later event than the calls that decide what it means; so both are told
 * at the end.
 */

#include <stdlib.h>

#include "core/llm/nt_llm_gemini.h"


enum {
    GEMINI_PROMPT,
    GEMINI_CANDIDATES,
    GEMINI_TOTAL,
    GEMINI_CACHED,
    GEMINI_THOUGHTS,
    GEMINI_COUNTS
};

static const char *const gemini_counts[] = {
    "promptTokenCount", "candidatesTokenCount", "totalTokenCount",
    "cachedContentTokenCount", "thoughtsTokenCount"
};


static void
set_usage(nt_llm_stream_t *s, const int64_t counts[GEMINI_COUNTS])
{
    int64_t thoughts = counts[GEMINI_THOUGHTS];

    s->has_usage = true;
    s->usage.prompt = counts[GEMINI_PROMPT];
    s->usage.completion = counts[GEMINI_CANDIDATES];
    s->usage.total = counts[GEMINI_TOTAL];
    s->usage.cached = counts[GEMINI_CACHED];
    s->usage.reasoning = thoughts;

    if (thoughts >= 0) {
        s->usage.completion = nt_llm_count(
            thoughts + (s->usage.completion > 0 ? s->usage.completion : 0));
    }
}


static void
gemini_usage(nt_llm_stream_t *s, const json_t *usage)
{
    int64_t counts[GEMINI_COUNTS];

    if (!json_is_object(usage)) {
        return;
    }

    for (int i = 0; i < GEMINI_COUNTS; i++) {
        counts[i] = nt_llm_get_count(usage, gemini_counts[i]);
    }

    set_usage(s, counts);
}


/* NULL for one that is a failure. */
static const char *
finish_reason(const char *reason)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = { { "STOP", "stop" },
                 { "MAX_TOKENS", "length" },
                 { "SAFETY", "content_filter" },
                 { "RECITATION", "content_filter" },
                 { "LANGUAGE", "content_filter" },
                 { "BLOCKLIST", "content_filter" },
                 { "PROHIBITED_CONTENT", "content_filter" },
                 { "SPII", "content_filter" },
                 { "IMAGE_SAFETY", "content_filter" },
                 { "IMAGE_PROHIBITED_CONTENT", "content_filter" },
                 { "IMAGE_RECITATION", "content_filter" },
                 { "OTHER", "stop" },
                 { "FINISH_REASON_UNSPECIFIED", "stop" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(reason, rows[i].from) == 0) {
            return rows[i].to;
        }
    }

    /* MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL ... */
    return NULL;
}


static nt_rc_t
signature(nt_llm_stream_t *s, unsigned choice, int call, const json_t *part)
{
    nt_rc_t rc;
    json_t *extra, *value = nt_llm_get(part, "thoughtSignature");

    if (value == NULL) {
        return NT_OK;
    }

    extra = json_pack("{s:{s:O}}", "google", "thought_signature", value);
    rc = extra != NULL ? nt_llm_emit_extra(s, choice, call, extra) : NT_NOMEM;
    json_decref(extra);

    return rc;
}


static nt_rc_t
inline_data(nt_llm_stream_t *s, unsigned choice, const json_t *data)
{
    nt_rc_t  rc;
    nt_buf_t uri = { 0 };

    nt_buf_append(&uri, "data:", 5);
    nt_buf_append_str(&uri, nt_llm_get_str(data, "mimeType"));
    nt_buf_append(&uri, ";base64,", 8);
    nt_buf_append_str(&uri, nt_llm_get_str(data, "data"));

    rc = uri.failed ? NT_NOMEM
                    : nt_llm_emit_text(s, choice, NT_LLM_IMAGE,
                                       (nt_str_t) { uri.data, uri.len });
    nt_buf_free(&uri);

    return rc;
}


static nt_rc_t
part_of(nt_llm_stream_t *s, unsigned choice, const json_t *part)
{
    nt_rc_t  rc;
    json_t  *value = nt_llm_get(part, "functionCall");
    unsigned call;

    if (value != NULL) {
        rc = nt_llm_emit_whole_call(s, choice, nt_llm_get_str(value, "id"),
                                    nt_llm_get_str(value, "name"),
                                    json_object_get(value, "args"), &call);
        return rc == NT_OK ? signature(s, choice, (int) call, part) : rc;
    }

    value = nt_llm_get(part, "inlineData");
    if (value != NULL) {
        rc = inline_data(s, choice, value);
    } else {
        rc = nt_llm_emit_text(s, choice,
                              json_is_true(json_object_get(part, "thought"))
                                  ? NT_LLM_REASONING
                                  : NT_LLM_CONTENT,
                              nt_llm_get_str(part, "text"));
    }

    return rc == NT_OK ? signature(s, choice, -1, part) : rc;
}


/* Where search found what the text says. */
static nt_rc_t
grounding(nt_llm_stream_t *s, unsigned choice, const json_t *metadata)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *chunk, *web, *list = json_array();

    json_array_foreach(json_object_get(metadata, "groundingChunks"), i, chunk)
    {
        web = nt_llm_get(chunk, "web");
        if (web != NULL && rc == NT_OK) {
            rc = nt_llm_append(
                list,
                json_pack("{s:s,s:{s:o,s:o}}", "type", "url_citation",
                          "url_citation", "url",
                          nt_llm_json_str(nt_llm_get_str(web, "uri")), "title",
                          nt_llm_json_str(nt_llm_get_str(web, "title"))));
        }
    }

    if (rc == NT_OK && json_array_size(list) != 0) {
        rc = nt_llm_emit_data(s, choice, NT_LLM_ANNOTATIONS, list);
    }

    json_decref(list);

    return rc;
}


static nt_rc_t
candidate(nt_llm_stream_t *s, const json_t *value, int64_t index)
{
    size_t      i;
    nt_rc_t     rc;
    json_t     *part, *content = json_object_get(value, "content");
    unsigned    choice;
    const char *reason = nt_llm_get_text(value, "finishReason");

    rc = nt_llm_choice(s, index, &choice);

    json_array_foreach(json_object_get(content, "parts"), i, part)
    {
        rc = rc == NT_OK ? part_of(s, choice, part) : rc;
    }

    if (rc == NT_OK) {
        rc = grounding(s, choice, json_object_get(value, "groundingMetadata"));
    }

    if (rc != NT_OK || reason[0] == '\0') {
        return rc;
    }

    s->finish[choice] = finish_reason(reason);

    return s->finish[choice] != NULL
               ? NT_OK
               : nt_llm_protocol(s, "made a tool call that cannot be read; "
                                    "try again.");
}


nt_rc_t
nt_gemini_event(nt_llm_stream_t *s, const json_t *event)
{
    size_t  i;
    nt_rc_t rc;
    json_t *value, *blocked = json_object_get(event, "promptFeedback");
    json_t *candidates = json_object_get(event, "candidates");

    if (nt_llm_get(event, "error") != NULL) {
        return nt_llm_in_band(s, event);
    }

    rc = nt_llm_emit_start(s, nt_llm_get_str(event, "responseId"),
                           nt_llm_get_str(event, "modelVersion"));

    json_array_foreach(candidates, i, value)
    {
        rc = rc == NT_OK
                 ? candidate(s, value,
                             nt_llm_get_int(value, "index", (int64_t) i))
                 : rc;
    }

    if (json_array_size(candidates) == 0 &&
        nt_llm_get(blocked, "blockReason") != NULL)
    {
        s->finish[0] = "content_filter";
    }

    gemini_usage(s, json_object_get(event, "usageMetadata"));

    return rc;
}


/* --- a piece of text --- */

enum { GEMINI_ID, GEMINI_MODEL, GEMINI_TEXT };

/* Integers behind the counts. */
enum {
    GEMINI_INDEX = GEMINI_COUNTS,
    GEMINI_THOUGHT,
    GEMINI_USAGE,
    GEMINI_CONTENT
};

static const nt_llm_shape_t gemini_part[] = {
    { NT_LLM_NAME("text"), NT_LLM_QUICK_TEXT, GEMINI_TEXT, NULL },
    { NT_LLM_NAME("thought"), NT_LLM_QUICK_BOOL, GEMINI_THOUGHT, NULL },
    { NT_LLM_NAME("functionCall"), NT_LLM_QUICK_NULL, 0, NULL },
    { NT_LLM_NAME("inlineData"), NT_LLM_QUICK_NULL, 0, NULL },
    { NT_LLM_NAME("thoughtSignature"), NT_LLM_QUICK_NULL, 0, NULL },
    { .name = { NULL, 0 } }
};

static const nt_llm_shape_t gemini_content[] = {
    { NT_LLM_NAME("parts"), NT_LLM_QUICK_ONE, 0, gemini_part },
    { .name = { NULL, 0 } }
};

static const nt_llm_shape_t gemini_candidate[] = {
    { NT_LLM_NAME("content"), NT_LLM_QUICK_OBJECT, GEMINI_CONTENT,
      gemini_content },
    { NT_LLM_NAME("index"), NT_LLM_QUICK_INT, GEMINI_INDEX, NULL },
    { NT_LLM_NAME("finishReason"), NT_LLM_QUICK_NULL, 0, NULL },
    { NT_LLM_NAME("groundingMetadata"), NT_LLM_QUICK_NULL, 0, NULL },
    { .name = { NULL, 0 } }
};

static const nt_llm_shape_t gemini_metadata[] = {
    { NT_LLM_NAME("promptTokenCount"), NT_LLM_QUICK_INT, GEMINI_PROMPT, NULL },
    { NT_LLM_NAME("candidatesTokenCount"), NT_LLM_QUICK_INT, GEMINI_CANDIDATES,
      NULL },
    { NT_LLM_NAME("totalTokenCount"), NT_LLM_QUICK_INT, GEMINI_TOTAL, NULL },
    { NT_LLM_NAME("cachedContentTokenCount"), NT_LLM_QUICK_INT, GEMINI_CACHED,
      NULL },
    { NT_LLM_NAME("thoughtsTokenCount"), NT_LLM_QUICK_INT, GEMINI_THOUGHTS,
      NULL },
    { .name = { NULL, 0 } }
};

const nt_llm_shape_t nt_gemini_shape[] = {
    { NT_LLM_NAME("candidates"), NT_LLM_QUICK_ONE, 0, gemini_candidate },
    { NT_LLM_NAME("usageMetadata"), NT_LLM_QUICK_OBJECT, GEMINI_USAGE,
      gemini_metadata },
    { NT_LLM_NAME("modelVersion"), NT_LLM_QUICK_TEXT, GEMINI_MODEL, NULL },
    { NT_LLM_NAME("responseId"), NT_LLM_QUICK_TEXT, GEMINI_ID, NULL },
    { NT_LLM_NAME("promptFeedback"), NT_LLM_QUICK_NULL, 0, NULL },
    { NT_LLM_NAME("error"), NT_LLM_QUICK_NULL, 0, NULL },
    { .name = { NULL, 0 } }
};


bool
nt_gemini_quick(nt_llm_stream_t *s, const nt_llm_quick_t *q, nt_rc_t *rc)
{
    int64_t  counts[GEMINI_COUNTS];
    unsigned choice = 0;

    *rc = nt_llm_emit_start(s, q->text[GEMINI_ID], q->text[GEMINI_MODEL]);
    *rc = *rc == NT_OK
              ? nt_llm_choice(s, nt_llm_quick_int(q, GEMINI_INDEX, 0), &choice)
              : *rc;
    *rc = *rc == NT_OK
              ? nt_llm_emit_text(s, choice,
                                 nt_llm_quick_int(q, GEMINI_THOUGHT, 0) != 0
                                     ? NT_LLM_REASONING
                                     : NT_LLM_CONTENT,
                                 q->text[GEMINI_TEXT])
              : *rc;

    if (nt_llm_quick_int(q, GEMINI_USAGE, 0) != 0) {
        for (unsigned i = 0; i < GEMINI_COUNTS; i++) {
            counts[i] = nt_llm_count(nt_llm_quick_int(q, i, -1));
        }

        set_usage(s, counts);
    }

    return true;
}


/* --- the end --- */

nt_rc_t
nt_gemini_end(nt_llm_stream_t *s)
{
    nt_rc_t     rc = NT_OK;
    const char *reason;

    for (unsigned i = 0; rc == NT_OK && i < NT_LLM_CHOICES_MAX; i++) {
        reason = s->finish[i];
        if (reason == NULL) {
            if (s->choices[i] != NULL) {
                s->done = false; /* without a reason: it was cut off */
                return NT_OK;
            }

            continue;
        }

        if (strcmp(reason, "stop") == 0 && s->choices[i] != NULL &&
            s->choices[i]->n_calls != 0)
        {
            reason = "tool_calls";
        }

        s->done = true;
        rc = nt_llm_emit_finish(s, i, reason);
    }

    return rc == NT_OK && s->done ? nt_llm_emit_usage(s) : rc;
}


nt_rc_t
nt_gemini_whole(nt_llm_stream_t *s, const json_t *reply)
{
    nt_rc_t rc = nt_gemini_event(s, reply);

    return rc == NT_OK ? nt_gemini_end(s) : rc;
}


/* --- errors --- */

/* A wrong key is a 400 with the reason API_KEY_INVALID; a 429 may say when to
 * come back: RetryInfo {"retryDelay": "12s"}. */
void
nt_gemini_error(const json_t *body, nt_llm_error_t *error)
{
    size_t      i;
    char       *end;
    double      delay;
    json_t     *item, *details;
    const char *text;

    details = json_object_get(json_object_get(body, "error"), "details");

    json_array_foreach(details, i, item)
    {
        if (strcmp(nt_llm_get_text(item, "reason"), "API_KEY_INVALID") == 0) {
            nt_llm_error_status(error, 401);
        }

        text = nt_llm_get_text(item, "retryDelay");
        delay = strtod(text, &end);
        if (end != text && strcmp(end, "s") == 0 && delay >= 0 &&
            error->retry_after < 0)
        {
            error->retry_after = delay;
        }
    }
}
