/*
 * core/llm/nt_llm_api_responses_stream.c - streams as OpenAI's Responses have
 * them (https://platform.openai.com/docs/api-reference/responses-streaming),
 * and whole replies, which are what a stream ends with.
 */

#include <stdlib.h>

#include "core/llm/nt_llm_api_responses.h"


nt_rc_t
nt_responses_open(nt_llm_writer_t *w)
{
    nt_responses_writer_t *r = (nt_responses_writer_t *) w;
    json_t *reasoning = nt_llm_get(w->options.request, "reasoning");

    nt_llm_usage_none(&r->usage);
    r->open = -1;
    r->thinks = nt_llm_get(reasoning, "summary") != NULL ||
                        nt_llm_get(reasoning, "generate_summary") != NULL
                    ? NT_RESPONSES_SUMMARY
                    : NT_RESPONSES_REASONING;

    return NT_OK;
}


void
nt_responses_close(nt_llm_writer_t *w)
{
    nt_responses_writer_t *r = (nt_responses_writer_t *) w;

    for (unsigned i = 0; i < r->n_items; i++) {
        nt_buf_free(&r->items[i].text);
        nt_buf_free(&r->items[i].id);
        nt_buf_free(&r->items[i].name);
        json_decref(r->items[i].list);
    }

    free(r->items);
}


/* --- pieces --- */

nt_rc_t
nt_responses_add(nt_llm_writer_t *w, const nt_llm_delta_t *d)
{
    nt_responses_writer_t *r = (nt_responses_writer_t *) w;

    if (d->kind == NT_LLM_USAGE) {
        r->usage = d->usage;
        return NT_OK;
    }

    if (d->choice != 0) {
        return NT_OK; /* one was asked for */
    }

    switch (d->kind) {
    case NT_LLM_CONTENT:
        return nt_responses_add_text(r, NT_RESPONSES_TEXT, d->text);
    case NT_LLM_REFUSAL:
        return nt_responses_add_text(r, NT_RESPONSES_REFUSAL, d->text);
    case NT_LLM_REASONING:
        return nt_responses_add_text(r, r->thinks, d->text);
    case NT_LLM_TOOL_CALL:
        return nt_responses_add_call(r, d);
    case NT_LLM_THINKING:
        return nt_responses_add_block(r, d->data);
    case NT_LLM_IMAGE:
        return nt_responses_add_image(r, d->text);
    case NT_LLM_ANNOTATIONS:
        return nt_responses_add_annotations(r, d->data);

    case NT_LLM_FINISH:
        if (nt_str_eq(d->text, NT_STR("length"))) {
            r->incomplete = "max_output_tokens";
        } else if (nt_str_eq(d->text, NT_STR("content_filter"))) {
            r->incomplete = "content_filter";
        }

        return NT_OK;

    default: /* what has no place in the API */
        return NT_OK;
    }
}


/* --- the end --- */

static const char *
status_of(const nt_responses_writer_t *r)
{
    return r->incomplete != NULL ? "incomplete" : "completed";
}


nt_rc_t
nt_responses_end(nt_llm_writer_t *w)
{
    nt_responses_writer_t *r = (nt_responses_writer_t *) w;

    nt_responses_begin(r);
    nt_responses_close_items(r);

    nt_responses_event_object(r,
                              r->incomplete != NULL ? "response.incomplete"
                                                    : "response.completed",
                              status_of(r), NULL);

    return NT_OK;
}


/*
 * The response tells that it failed; the event behind it makes the SDKs raise:
 * its members are those that are documented, and those of "error" that they
 * look for.
 */
nt_rc_t
nt_responses_fail(nt_llm_writer_t *w, const nt_llm_error_t *error)
{
    nt_responses_writer_t *r = (nt_responses_writer_t *) w;
    nt_str_t               code = nt_str(nt_responses_code(error->status));

    if (w->begun) {
        nt_responses_event_object(r, "response.failed", "failed", error);
    }

    nt_responses_event(r, "error");
    nt_llm_write_member(w->out, true, "code", code);
    nt_llm_write_member(w->out, true, "message", nt_llm_error_text(error));
    nt_buf_append_str(w->out, NT_STR(",\"param\":null,\"error\":{"));
    nt_llm_write_member(w->out, false, "type", code);
    nt_llm_write_member(w->out, true, "code", code);
    nt_llm_write_member(w->out, true, "message", nt_llm_error_text(error));
    nt_buf_append_str(w->out, NT_STR(",\"param\":null}"));
    nt_responses_event_end(r);

    return NT_OK;
}


/* --- whole replies --- */

static nt_rc_t
add_reply(nt_llm_writer_t *w, const json_t *reply)
{
    size_t           i;
    nt_rc_t          rc = NT_OK;
    json_t          *block, *choice, *blocks;
    nt_llm_stream_t *s =
        nt_llm_stream_new(&nt_llm_openai, nt_llm_writer_add, w);

    if (s == NULL) {
        return NT_NOMEM;
    }

    choice = json_array_get(json_object_get(reply, "choices"), 0);
    blocks =
        json_object_get(json_object_get(choice, "message"), "thinking_blocks");

    json_array_foreach(blocks, i, block)
    {
        nt_llm_delta_t delta = { .kind = NT_LLM_THINKING, .data = block };

        rc = rc == NT_OK ? nt_llm_writer_add(w, &delta) : rc;
    }

    rc = rc == NT_OK ? nt_llm_openai.whole(s, reply) : rc;
    nt_llm_stream_free(s);

    return rc == NT_OK ? nt_llm_writer_end(w) : rc;
}


nt_rc_t
nt_responses_reply(const json_t *reply, const nt_llm_reply_options_t *options,
                   nt_buf_t *out)
{
    nt_rc_t          rc;
    nt_buf_t         events = { 0 };
    nt_llm_writer_t *w =
        nt_llm_writer_new(&nt_llm_api_responses, options, &events);

    if (w == NULL) {
        return NT_NOMEM;
    }

    rc = add_reply(w, reply);
    if (rc == NT_OK) {
        nt_responses_object((nt_responses_writer_t *) w,
                            status_of((nt_responses_writer_t *) w), NULL, out);
    }

    nt_llm_writer_free(w);
    nt_buf_free(&events);

    return rc;
}
