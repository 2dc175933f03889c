/*
 * t/core/llm.h - for tests of dialects: JSON with ' for ", and what a parser
 * emitted as text.
 */

#ifndef LLM_TEST_H
#define LLM_TEST_H

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm.h"
#include "t/core/tap.h"


/* malloc'ed. */
static inline char *
quoted(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        abort();
    }

    for (char *p = copy; *p != '\0'; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }

    return copy;
}


static inline json_t *
json_of(const char *text)
{
    char        *copy = quoted(text);
    json_t      *value;
    json_error_t e;

    value = json_loads(copy, JSON_DECODE_ANY, &e);
    if (value == NULL) {
        diag("bad JSON in a test: %s: %s", e.text, copy);
        abort();
    }

    free(copy);

    return value;
}


/* Ids that were made here are random. */
static inline nt_str_t
known_id(nt_str_t id)
{
    if (id.len == 23 && memcmp(id.data, "call_", 5) == 0) {
        return NT_STR("MADE");
    }

    return id.len == 25 && memcmp(id.data, "chatcmpl-", 9) == 0 ? NT_STR("MADE")
                                                                : id;
}


/* "content:Hi|" ... */
static inline nt_rc_t
note_delta(void *ctx, const nt_llm_delta_t *d)
{
    static const char *const names[] = { "start",   "content",     "reasoning",
                                         "refusal", "call",        "image",
                                         "audio",   "annotations", "thinking",
                                         "extra",   "finish",      "usage" };

    nt_str_t  id = known_id(d->kind == NT_LLM_START ? d->text : d->id);
    nt_buf_t *out = ctx;

    nt_buf_append_str(out, nt_str(names[d->kind]));
    if (d->choice != 0) {
        nt_buf_printf(out, "#%u", d->choice);
    }

    if (d->kind == NT_LLM_TOOL_CALL || d->of_call) {
        nt_buf_printf(out, "@%u", d->call);
    }

    nt_buf_append_char(out, ':');
    if (id.len != 0) {
        nt_buf_append_str(out, id);
        nt_buf_append_char(out, ',');
    }

    if (d->name.len != 0) {
        nt_buf_append_str(out, d->name);
        nt_buf_append_char(out, ',');
    }

    if (d->kind == NT_LLM_USAGE) {
        nt_buf_printf(out, "%lld,%lld,%lld,%lld,%lld",
                      (long long) d->usage.prompt,
                      (long long) d->usage.completion,
                      (long long) d->usage.total, (long long) d->usage.cached,
                      (long long) d->usage.reasoning);
    } else if (d->data != NULL) {
        nt_json_append(out, d->data);
    } else if (d->kind != NT_LLM_START) {
        nt_buf_append_str(out, d->text);
    }

    nt_buf_append_char(out, '|');

    return NT_OK;
}

#endif
