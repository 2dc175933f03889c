/*
 * core/llm/nt_llm_stream.c - from bytes to events, and what events emit.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_private.h"


nt_llm_stream_t *
nt_llm_stream_new(const nt_llm_dialect_t *dialect, nt_llm_sink_t sink,
                  void *ctx)
{
    nt_llm_stream_t *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }

    nt_sse_init(&s->sse);
    s->sse.max = NT_LLM_EVENT_MAX;
    nt_llm_usage_none(&s->usage);
    s->dialect = dialect;
    s->sink = sink;
    s->ctx = ctx;
    s->error.retry_after = -1;

    return s;
}


void
nt_llm_stream_free(nt_llm_stream_t *s)
{
    if (s == NULL) {
        return;
    }

    for (size_t i = 0; i < NT_LLM_CHOICES_MAX; i++) {
        if (s->choices[i] != NULL) {
            for (unsigned c = 0; c < s->choices[i]->n_calls; c++) {
                nt_buf_free(&s->choices[i]->id[c]);
            }

            free(s->choices[i]);
        }
    }

    nt_sse_free(&s->sse);
    nt_buf_free(&s->line);
    nt_buf_free(&s->pull.text);
    nt_buf_free(&s->pull.name);
    nt_buf_free(&s->thinking_text);
    nt_buf_free(&s->signature);
    nt_llm_error_free(&s->error);
    free(s);
}


const nt_llm_error_t *
nt_llm_stream_error(const nt_llm_stream_t *s)
{
    return &s->error;
}


nt_llm_usage_t
nt_llm_stream_usage(const nt_llm_stream_t *s)
{
    return s->usage;
}


bool
nt_llm_stream_done(const nt_llm_stream_t *s)
{
    return s->done;
}


/* --- failures --- */

nt_rc_t
nt_llm_protocol(nt_llm_stream_t *s, const char *what)
{
    nt_rc_t rc = nt_llm_fail(&s->error, "", "The provider %s", what);

    s->error.kind = NT_LLM_PROTOCOL;
    s->error.status = 502;

    return rc;
}


nt_rc_t
nt_llm_in_band(nt_llm_stream_t *s, const json_t *event)
{
    nt_llm_error_free(&s->error);
    memset(&s->error, 0, sizeof(s->error));
    nt_llm_error_read(s->dialect, 0, NT_STR(""), event, &s->error);

    return s->error.message.failed ? NT_NOMEM : NT_ERROR;
}


/* --- framing --- */

static bool
take_quickly(nt_llm_stream_t *s, nt_str_t data, nt_rc_t *rc)
{
    nt_llm_quick_t q;

    return !s->trees &&
           nt_llm_quick_read(&s->pull, data, s->dialect->shape, &q) &&
           s->dialect->quick(s, &q, rc);
}


static nt_rc_t
take_event(nt_llm_stream_t *s, nt_str_t data)
{
    nt_rc_t rc;
    json_t *event;

    if (nt_str_eq(data, NT_STR("[DONE]"))) {
        if (s->dialect->done_mark) {
            s->done = true;
            return nt_llm_emit_usage(s);
        }

        return NT_OK;
    }

    if (take_quickly(s, data, &rc)) {
        return rc;
    }

    event = nt_llm_object(data, &rc);
    if (event == NULL) {
        return rc == NT_NOMEM ? rc
                              : nt_llm_protocol(s, "sent something that is not "
                                                   "JSON.");
    }

    rc = s->dialect->event(s, event);
    json_decref(event);

    return rc;
}


static nt_rc_t
feed_events(nt_llm_stream_t *s, const char *data, size_t len)
{
    size_t         taken;
    nt_rc_t        rc = NT_OK;
    nt_sse_event_t event;

    while (rc == NT_OK && len > 0 && !s->done) {
        rc = nt_sse_next(&s->sse, data, len, &taken, &event);
        if (rc == NT_AGAIN) {
            return NT_OK;
        }

        data += taken;
        len -= taken;
        rc = rc == NT_OK ? take_event(s, event.data) : rc;
    }

    return rc;
}


/* White space makes no event. */
static nt_rc_t
take_line(nt_llm_stream_t *s)
{
    nt_rc_t  rc = NT_OK;
    nt_str_t line = nt_llm_text((nt_str_t) { s->line.data, s->line.len });

    if (s->line.failed) {
        return NT_NOMEM;
    }

    while (line.len > 0 && strchr(" \t\r", line.data[line.len - 1]) != NULL) {
        line.len--;
    }

    if (line.len != 0) {
        rc = take_event(s, line);
    }

    nt_buf_reset(&s->line);

    return rc;
}


static nt_rc_t
feed_lines(nt_llm_stream_t *s, const char *data, size_t len)
{
    nt_rc_t     rc = NT_OK;
    size_t      n;
    const char *end;

    while (rc == NT_OK && len > 0 && !s->done) {
        end = memchr(data, '\n', len);
        n = end != NULL ? (size_t) (end - data) : len;

        if (n > NT_LLM_EVENT_MAX - s->line.len) {
            return NT_LIMIT;
        }

        nt_buf_append(&s->line, data, n);
        if (end == NULL) {
            return s->line.failed ? NT_NOMEM : NT_OK;
        }

        rc = take_line(s);
        data += n + 1;
        len -= n + 1;
    }

    return rc;
}


/* A failure stays, and has a sentence. */
static nt_rc_t
settle(nt_llm_stream_t *s, nt_rc_t rc)
{
    if (rc == NT_LIMIT && s->error.message.len == 0) {
        (void) nt_llm_protocol(s, "sent more at once than can be taken.");
    }

    s->rc = rc;

    return rc;
}


nt_rc_t
nt_llm_stream_feed(nt_llm_stream_t *s, const char *data, size_t len)
{
    if (s->rc != NT_OK) {
        return s->rc;
    }

    return settle(s, s->dialect->lines ? feed_lines(s, data, len)
                                       : feed_events(s, data, len));
}


nt_rc_t
nt_llm_stream_end(nt_llm_stream_t *s)
{
    nt_rc_t        rc = s->rc;
    nt_sse_event_t event;

    if (rc != NT_OK || s->done) {
        return rc;
    }

    if (s->dialect->lines) {
        rc = take_line(s);
    } else {
        rc = nt_sse_end(&s->sse, &event);
        rc = rc == NT_OK ? take_event(s, event.data)
                         : (rc == NT_AGAIN ? NT_OK : rc);
    }

    if (rc == NT_OK && !s->done && s->dialect->end != NULL) {
        rc = s->dialect->end(s);
    }

    if (rc == NT_OK && !s->done) {
        rc = nt_llm_protocol(s, "ended its reply before it was complete; try "
                                "again.");
    }

    return settle(s, rc);
}


/* --- pieces --- */

/* What our own ids are made of; most replies have the provider's. */
static nt_rc_t
need_seed(nt_llm_stream_t *s)
{
    uint64_t seed;

    if (s->seed[0] != '\0') {
        return NT_OK;
    }

    /* 8 bytes are given at once, and only an old kernel has none */
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t) sizeof(seed)) {
        return NT_NOMEM;
    }

    snprintf(s->seed, sizeof(s->seed), "%016llx", (unsigned long long) seed);

    return NT_OK;
}


void
nt_llm_usage_none(nt_llm_usage_t *usage)
{
    *usage = (nt_llm_usage_t) { -1, -1, -1, -1, -1 };
}


nt_rc_t
nt_llm_emit_start(nt_llm_stream_t *s, nt_str_t id, nt_str_t model)
{
    char           own[32];
    nt_llm_delta_t delta = { .kind = NT_LLM_START, .text = id, .name = model };

    if (s->started) {
        return NT_OK;
    }

    s->started = true;
    if (id.len == 0) {
        if (need_seed(s) != NT_OK) {
            return NT_NOMEM;
        }

        snprintf(own, sizeof(own), "chatcmpl-%s", s->seed);
        delta.text = nt_str(own);
    }

    return s->sink(s->ctx, &delta);
}


nt_rc_t
nt_llm_emit_text(nt_llm_stream_t *s, unsigned choice, nt_llm_kind_t kind,
                 nt_str_t text)
{
    nt_llm_delta_t delta = { .kind = kind, .choice = choice, .text = text };

    return text.len != 0 ? s->sink(s->ctx, &delta) : NT_OK;
}


nt_rc_t
nt_llm_emit_data(nt_llm_stream_t *s, unsigned choice, nt_llm_kind_t kind,
                 const json_t *data)
{
    nt_llm_delta_t delta = { .kind = kind, .choice = choice, .data = data };

    return s->sink(s->ctx, &delta);
}


nt_rc_t
nt_llm_emit_finish(nt_llm_stream_t *s, unsigned choice, const char *reason)
{
    nt_llm_delta_t  delta = { .kind = NT_LLM_FINISH,
                              .choice = choice,
                              .text = nt_str(reason) };
    nt_llm_calls_t *calls = nt_llm_calls(s, choice);

    if (calls == NULL) {
        return NT_NOMEM;
    }

    if (calls->finished) {
        return NT_OK;
    }

    calls->finished = true;

    return s->sink(s->ctx, &delta);
}


nt_rc_t
nt_llm_emit_usage(nt_llm_stream_t *s)
{
    nt_llm_delta_t delta = { .kind = NT_LLM_USAGE, .usage = s->usage };

    if (!s->has_usage) {
        return NT_OK;
    }

    s->has_usage = false;
    if (delta.usage.total < 0 && delta.usage.prompt >= 0 &&
        delta.usage.completion >= 0)
    {
        delta.usage.total = delta.usage.prompt + delta.usage.completion;
    }

    return s->sink(s->ctx, &delta);
}


nt_llm_calls_t *
nt_llm_calls(nt_llm_stream_t *s, unsigned choice)
{
    if (s->choices[choice] == NULL) {
        s->choices[choice] = calloc(1, sizeof(nt_llm_calls_t));
    }

    return s->choices[choice];
}


nt_rc_t
nt_llm_choice(nt_llm_stream_t *s, int64_t index, unsigned *choice)
{
    if (index < 0 || index >= NT_LLM_CHOICES_MAX) {
        return nt_llm_protocol(s, "sent more choices than were asked for.");
    }

    *choice = (unsigned) index;

    return NT_OK;
}


nt_rc_t
nt_llm_emit_call(nt_llm_stream_t *s, unsigned choice, int64_t index,
                 nt_str_t id, nt_str_t name, nt_str_t arguments, unsigned *call)
{
    nt_buf_t       *own;
    nt_llm_calls_t *calls = nt_llm_calls(s, choice);
    nt_llm_delta_t  delta = { .kind = NT_LLM_TOOL_CALL,
                              .choice = choice,
                              .text = arguments,
                              .name = name };

    if (calls == NULL) {
        return NT_NOMEM;
    }

    if (calls->n_calls == NT_LLM_CALLS_MAX) {
        return NT_LIMIT;
    }

    if (name.len == 0) {
        return nt_llm_protocol(s, "sent a tool call without a name.");
    }

    delta.call = calls->n_calls++;
    calls->index[delta.call] = index;
    calls->last = *call = delta.call;

    own = &calls->id[delta.call];
    if (id.len != 0) {
        nt_buf_append_str(own, id);
    } else if (need_seed(s) == NT_OK) {
        nt_buf_printf(own, "call_%s%02x", s->seed, s->made++);
    } else {
        return NT_NOMEM;
    }

    if (own->failed) {
        return NT_NOMEM;
    }

    delta.id = (nt_str_t) { own->data, own->len };

    return s->sink(s->ctx, &delta);
}


nt_rc_t
nt_llm_emit_arguments(nt_llm_stream_t *s, unsigned choice, unsigned call,
                      nt_str_t arguments)
{
    nt_llm_delta_t delta = { .kind = NT_LLM_TOOL_CALL,
                             .choice = choice,
                             .call = call,
                             .text = arguments };

    return arguments.len != 0 ? s->sink(s->ctx, &delta) : NT_OK;
}


nt_rc_t
nt_llm_emit_whole_call(nt_llm_stream_t *s, unsigned choice, nt_str_t id,
                       nt_str_t name, const json_t *arguments, unsigned *call)
{
    nt_rc_t  rc;
    nt_buf_t text = { 0 };

    if (json_is_object(arguments)) {
        nt_json_append(&text, arguments);
    } else {
        nt_buf_append(&text, "{}", 2);
    }

    rc = text.failed
             ? NT_NOMEM
             : nt_llm_emit_call(s, choice, -1, id, name,
                                (nt_str_t) { text.data, text.len }, call);
    nt_buf_free(&text);

    return rc;
}


nt_rc_t
nt_llm_emit_extra(nt_llm_stream_t *s, unsigned choice, int call,
                  const json_t *extra)
{
    nt_llm_delta_t delta = { .kind = NT_LLM_EXTRA,
                             .choice = choice,
                             .call = call >= 0 ? (unsigned) call : 0,
                             .of_call = call >= 0,
                             .data = extra };

    return s->sink(s->ctx, &delta);
}
