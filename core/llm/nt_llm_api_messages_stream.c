/*
 * core/llm/nt_llm_api_messages_stream.c - streams as Anthropic's
 * (https://docs.anthropic.com/en/docs/build-with-claude/streaming).
 *
 * One block is open at a time, and a block that was closed cannot be opened
 * again.  So a call stays open until its arguments are whole; what comes in
 * between, of other calls or as text, waits.
 */

#include <stdlib.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_messages.h"

enum { BLOCK_NONE = 0, BLOCK_TEXT, BLOCK_THINKING, BLOCK_REDACTED, BLOCK_CALL };

#define EVENT(type) NT_STR("event: " type "\ndata: {\"type\":\"" type "\"")


nt_rc_t
nt_messages_open(nt_llm_writer_t *w)
{
    nt_messages_writer_t *m = (nt_messages_writer_t *) w;

    nt_llm_usage_none(&m->usage);
    m->reason = "end_turn";

    return NT_OK;
}


static void
drop_first(nt_messages_writer_t *m)
{
    nt_messages_call_t *call = &m->waiting[0];

    nt_buf_free(&call->id);
    nt_buf_free(&call->name);
    nt_buf_free(&call->arguments);
    memmove(call, call + 1, --m->n_waiting * sizeof(call[0]));
}


void
nt_messages_close(nt_llm_writer_t *w)
{
    nt_messages_writer_t *m = (nt_messages_writer_t *) w;

    while (m->n_waiting != 0) {
        drop_first(m);
    }

    free(m->waiting);
    nt_buf_free(&m->text);
    nt_buf_free(&m->thinking);
}


/* --- blocks --- */

static void
begin(nt_messages_writer_t *m)
{
    nt_buf_t *out = m->w.out;

    if (m->w.begun) {
        return;
    }

    m->w.begun = true;
    nt_buf_append_str(out, EVENT("message_start"));
    nt_buf_append_str(out, NT_STR(",\"message\":{\"id\":\"msg_"));
    nt_buf_append_str(out, m->w.options.id);
    nt_buf_append_str(out, NT_STR("\",\"type\":\"message\",\"role\":"
                                  "\"assistant\""));
    nt_llm_write_member(out, true, "model", m->w.options.model);
    nt_buf_append_str(out, NT_STR(",\"content\":[],\"stop_reason\":null,"
                                  "\"stop_sequence\":null,"));
    nt_messages_usage(out, &m->usage);
    nt_buf_append_str(out, NT_STR("}}\n\n"));
}


/* Up to the members of what is in the block. */
static void
begin_event(nt_messages_writer_t *m, nt_str_t event, const char *inner)
{
    nt_buf_append_str(m->w.out, event);
    nt_buf_append_str(m->w.out, NT_STR(",\"index\":"));
    nt_buf_append_uint(m->w.out, m->n_blocks - 1);
    nt_buf_append_str(m->w.out, nt_str(inner));
}


static void
close_block(nt_messages_writer_t *m)
{
    if (m->open == BLOCK_NONE) {
        return;
    }

    m->open = BLOCK_NONE;
    begin_event(m, EVENT("content_block_stop"), "}\n\n");
}


static void
open_block(nt_messages_writer_t *m, int kind)
{
    begin(m);
    close_block(m);
    m->open = kind;
    m->n_blocks++;
    begin_event(m, EVENT("content_block_start"), ",\"content_block\":{");

    if (kind == BLOCK_TEXT) {
        nt_buf_append_str(m->w.out,
                          NT_STR("\"type\":\"text\",\"text\":\"\"}}\n\n"));
    } else if (kind == BLOCK_THINKING) {
        nt_buf_append_str(m->w.out,
                          NT_STR("\"type\":\"thinking\",\"thinking\":\"\","
                                 "\"signature\":\"\"}}\n\n"));
    }
}


static void
write_delta(nt_messages_writer_t *m, const char *type, const char *name,
            nt_str_t text)
{
    begin_event(m, EVENT("content_block_delta"), ",\"delta\":{\"type\":\"");
    nt_buf_append_str(m->w.out, nt_str(type));
    nt_buf_append_char(m->w.out, '"');
    nt_llm_write_member(m->w.out, true, name, text);
    nt_buf_append_str(m->w.out, NT_STR("}}\n\n"));
}


static void
write_text(nt_messages_writer_t *m, nt_str_t text)
{
    if (m->open != BLOCK_TEXT) {
        open_block(m, BLOCK_TEXT);
    }

    write_delta(m, "text_delta", "text", text);
}


static void
write_thinking(nt_messages_writer_t *m, nt_str_t text)
{
    if (m->open != BLOCK_THINKING) {
        open_block(m, BLOCK_THINKING);
    }

    write_delta(m, "thinking_delta", "thinking", text);
}


/* --- calls --- */

/* Looks for the end of the arguments, which are an object. */
static void
track(nt_messages_writer_t *m, nt_str_t piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        char c = piece.data[i];

        if (m->escaped) {
            m->escaped = false;
        } else if (m->in_string) {
            m->escaped = c == '\\';
            m->in_string = c != '"';
        } else if (c == '"') {
            m->in_string = true;
        } else if (c == '{' || c == '[') {
            m->depth++;
        } else if ((c == '}' || c == ']') && m->depth > 0) {
            m->whole = --m->depth == 0;
        }
    }
}


static void
write_arguments(nt_messages_writer_t *m, nt_str_t piece)
{
    if (piece.len != 0) {
        write_delta(m, "input_json_delta", "partial_json", piece);
        track(m, piece);
    }
}


static void
open_call(nt_messages_writer_t *m, unsigned call, nt_str_t id, nt_str_t name)
{
    open_block(m, BLOCK_CALL);
    nt_llm_write_member(m->w.out, false, "type", NT_STR("tool_use"));
    nt_llm_write_member(m->w.out, true, "id", id);
    nt_llm_write_member(m->w.out, true, "name", name);
    nt_buf_append_str(m->w.out, NT_STR(",\"input\":{}}}\n\n"));

    m->call = call;
    m->depth = 0;
    m->in_string = m->escaped = m->whole = false;
    m->called = true;
}


/* The first one that waits. */
static void
next_call(nt_messages_writer_t *m)
{
    nt_messages_call_t *call = &m->waiting[0];

    open_call(m, call->call, nt_llm_buf_str(&call->id),
              nt_llm_buf_str(&call->name));
    write_arguments(m, nt_llm_buf_str(&call->arguments));
    drop_first(m);
}


static nt_rc_t
wait_call(nt_messages_writer_t *m, const nt_llm_delta_t *d)
{
    nt_messages_call_t *call, *list;

    if (m->n_waiting == NT_LLM_CALLS_MAX) {
        return NT_LIMIT;
    }

    list = realloc(m->waiting, (m->n_waiting + 1) * sizeof(list[0]));
    if (list == NULL) {
        return NT_NOMEM;
    }

    m->waiting = list;
    call = &list[m->n_waiting++];
    *call = (nt_messages_call_t) { .call = d->call };
    nt_buf_append_str(&call->id, d->id);
    nt_buf_append_str(&call->name, d->name);
    nt_buf_append_str(&call->arguments, d->text);

    return call->id.failed || call->name.failed || call->arguments.failed
               ? NT_NOMEM
               : NT_OK;
}


/* Of a call that was closed, only white space can come. */
static nt_rc_t
wait_piece(nt_messages_writer_t *m, const nt_llm_delta_t *d)
{
    for (unsigned i = 0; i < m->n_waiting; i++) {
        if (m->waiting[i].call == d->call) {
            nt_buf_append_str(&m->waiting[i].arguments, d->text);
            return m->waiting[i].arguments.failed ? NT_NOMEM : NT_OK;
        }
    }

    return NT_OK;
}


static nt_rc_t
add_call(nt_messages_writer_t *m, const nt_llm_delta_t *d)
{
    if (d->id.len != 0) {
        if (m->open == BLOCK_CALL && !m->whole) {
            return wait_call(m, d);
        }

        open_call(m, d->call, d->id, d->name);
        write_arguments(m, d->text);

        return NT_OK;
    }

    if (m->open != BLOCK_CALL || m->call != d->call) {
        return wait_piece(m, d);
    }

    write_arguments(m, d->text);
    while (m->whole && m->n_waiting != 0) {
        next_call(m);
    }

    return NT_OK;
}


/* --- pieces --- */

/* True when it has to wait. */
static bool
held(nt_messages_writer_t *m, nt_buf_t *buf, nt_str_t text)
{
    if (m->open != BLOCK_CALL || m->whole) {
        return false;
    }

    nt_buf_append_str(buf, text);

    return true;
}


/* A block that was thought, behind its text, with its signature. */
static void
thinking_block(nt_messages_writer_t *m, const json_t *block)
{
    if (m->open == BLOCK_CALL && !m->whole) {
        return; /* no provider thinks while it calls */
    }

    if (strcmp(nt_llm_get_text(block, "type"), "thinking") == 0) {
        if (m->open != BLOCK_THINKING) {
            open_block(m, BLOCK_THINKING);
        }

        write_delta(m, "signature_delta", "signature",
                    nt_llm_get_str(block, "signature"));
    } else {
        open_block(m, BLOCK_REDACTED);
        nt_llm_write_member(m->w.out, false, "type",
                            NT_STR("redacted_thinking"));
        nt_llm_write_member(m->w.out, true, "data",
                            nt_llm_get_str(block, "data"));
        nt_buf_append_str(m->w.out, NT_STR("}}\n\n"));
    }

    close_block(m);
}


static nt_rc_t
citations(nt_messages_writer_t *m, const json_t *list)
{
    size_t  i;
    json_t *item, *citation;

    if (m->open != BLOCK_TEXT) {
        return NT_OK; /* there is no text that was found there */
    }

    json_array_foreach(list, i, item)
    {
        item = nt_llm_get(item, "url_citation");
        if (item == NULL) {
            continue;
        }

        citation = nt_messages_citation(item);
        if (citation == NULL) {
            return NT_NOMEM;
        }

        begin_event(m, EVENT("content_block_delta"),
                    ",\"delta\":{\"type\":\"citations_delta\",\"citation\":");
        nt_json_append(m->w.out, citation);
        nt_buf_append_str(m->w.out, NT_STR("}}\n\n"));
        json_decref(citation);
    }

    return NT_OK;
}


nt_rc_t
nt_messages_add(nt_llm_writer_t *w, const nt_llm_delta_t *d)
{
    nt_messages_writer_t *m = (nt_messages_writer_t *) w;

    if (d->kind == NT_LLM_USAGE) {
        m->usage = d->usage;
        return NT_OK;
    }

    if (d->choice != 0) {
        return NT_OK; /* one was asked for */
    }

    switch (d->kind) {
    case NT_LLM_REFUSAL:
        m->refused = true;
        /* fall through */
    case NT_LLM_CONTENT:
        if (!held(m, &m->text, d->text)) {
            write_text(m, d->text);
        }

        return NT_OK;

    case NT_LLM_REASONING:
        if (!held(m, &m->thinking, d->text)) {
            write_thinking(m, d->text);
        }

        return NT_OK;

    case NT_LLM_TOOL_CALL:
        return add_call(m, d);

    case NT_LLM_THINKING:
        thinking_block(m, d->data);
        return NT_OK;

    case NT_LLM_ANNOTATIONS:
        return citations(m, d->data);

    case NT_LLM_FINISH:
        m->reason = nt_messages_reason(d->text, m->called, m->refused);
        return NT_OK;

    default: /* what has no place in the API */
        return NT_OK;
    }
}


/* --- the end --- */

nt_rc_t
nt_messages_end(nt_llm_writer_t *w)
{
    nt_messages_writer_t *m = (nt_messages_writer_t *) w;

    begin(m);
    while (m->n_waiting != 0) {
        next_call(m);
    }

    if (m->thinking.len != 0) {
        write_thinking(m, nt_llm_buf_str(&m->thinking));
    }

    if (m->text.len != 0) {
        write_text(m, nt_llm_buf_str(&m->text));
    }

    close_block(m);

    nt_buf_append_str(w->out, EVENT("message_delta"));
    nt_buf_append_str(w->out, NT_STR(",\"delta\":{"));
    nt_llm_write_member(w->out, false, "stop_reason", nt_str(m->reason));
    nt_buf_append_str(w->out, NT_STR(",\"stop_sequence\":null},"));
    nt_messages_usage(w->out, &m->usage);
    nt_buf_append_str(w->out, NT_STR("}\n\n"));
    nt_buf_append_str(w->out, EVENT("message_stop"));
    nt_buf_append_str(w->out, NT_STR("}\n\n"));

    return m->text.failed || m->thinking.failed ? NT_NOMEM : NT_OK;
}


nt_rc_t
nt_messages_fail(nt_llm_writer_t *w, const nt_llm_error_t *error)
{
    nt_buf_append_str(w->out, NT_STR("event: error\ndata: "));
    nt_messages_error(error, w->out);
    nt_buf_append_str(w->out, NT_STR("\n\n"));

    return NT_OK;
}
