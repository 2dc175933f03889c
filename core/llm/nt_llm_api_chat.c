/*
 * core/llm/nt_llm_api_chat.c - OpenAI's chat completions, as clients have it
 * (https://platform.openai.com/docs/api-reference/chat-streaming).
 *
 * Streams keep to what OpenAI's SDKs rely on: they join the pieces of a
 * choice, so the role comes once, a call's id, type and name once and with
 * empty arguments, and what is in lists has an index of its own.
 */

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_private.h"
#include "core/nt_error.h"

typedef struct {
    bool     role; /* was told */
    unsigned images;
    unsigned annotations;
    unsigned thinking;
} chat_choice_t;

typedef struct {
    nt_llm_writer_t w;
    nt_buf_t        head; /* an event up to the choice's number */
    nt_str_t        tail; /* behind finish_reason */
    chat_choice_t   choices[NT_LLM_CHOICES_MAX];
} chat_writer_t;


/* --- whole replies --- */

/* An object, with a null for what clients expect to be there. */
static void
write_with_null(nt_buf_t *out, const json_t *object, const char *expected)
{
    bool        first = true;
    const char *name;
    json_t     *value, *o = (json_t *) (uintptr_t) object; /* only read */

    nt_buf_append_char(out, '{');

    json_object_foreach(o, name, value)
    {
        nt_buf_append(out, ",", !first);
        first = false;
        nt_buf_append_json(out, nt_str(name));
        nt_buf_append_char(out, ':');
        if (strcmp(name, "message") == 0 && json_is_object(value)) {
            write_with_null(out, value, "refusal");
        } else {
            nt_json_append(out, value);
        }
    }

    if (json_object_get(object, expected) == NULL) {
        nt_buf_append(out, ",", !first);
        nt_buf_append_json(out, nt_str(expected));
        nt_buf_append_str(out, NT_STR(":null"));
    }

    nt_buf_append_char(out, '}');
}


static void
write_choices(nt_buf_t *out, const json_t *choices)
{
    size_t  i;
    json_t *choice;

    nt_buf_append_char(out, '[');

    json_array_foreach(choices, i, choice)
    {
        nt_buf_append(out, ",", i != 0);
        write_with_null(out, choice, "logprobs");
    }

    nt_buf_append_char(out, ']');
}


static nt_rc_t
chat_reply(const json_t *reply, const nt_llm_reply_options_t *options,
           nt_buf_t *out)
{
    const char *name;
    json_t     *value, *r = (json_t *) (uintptr_t) reply; /* only read */

    nt_buf_append_str(out, NT_STR("{\"id\":\"chatcmpl-"));
    nt_buf_append_str(out, options->id);
    nt_buf_append_str(out, NT_STR("\",\"object\":\"chat.completion\","
                                  "\"created\":"));
    nt_buf_append_uint(out, (uint64_t) options->created);
    nt_llm_write_member(out, true, "model", options->model);

    json_object_foreach(r, name, value)
    {
        if (strcmp(name, "id") != 0 && strcmp(name, "object") != 0 &&
            strcmp(name, "created") != 0 && strcmp(name, "model") != 0)
        {
            nt_buf_append_char(out, ',');
            nt_buf_append_json(out, nt_str(name));
            nt_buf_append_char(out, ':');
            if (strcmp(name, "choices") == 0) {
                write_choices(out, value);
            } else {
                nt_json_append(out, value);
            }
        }
    }

    nt_buf_append_char(out, '}');

    return NT_OK;
}


static void
chat_error(const nt_llm_error_t *error, nt_buf_t *out)
{
    nt_error_body(out, error->status, nt_llm_error_text(error));
}


/* --- streams --- */

static nt_rc_t
chat_open(nt_llm_writer_t *w)
{
    chat_writer_t *c = (chat_writer_t *) w;

    nt_buf_append_str(&c->head, NT_STR("data: {\"id\":\"chatcmpl-"));
    nt_buf_append_str(&c->head, w->options.id);
    nt_buf_append_str(&c->head, NT_STR("\",\"object\":\"chat.completion.chunk\""
                                       ",\"created\":"));
    nt_buf_append_uint(&c->head, (uint64_t) w->options.created);
    nt_llm_write_member(&c->head, true, "model", w->options.model);
    nt_buf_append_str(&c->head, NT_STR(",\"choices\":["));

    c->tail = w->options.include_usage ? NT_STR("}],\"usage\":null}\n\n")
                                       : NT_STR("}]}\n\n");

    return c->head.failed ? NT_NOMEM : NT_OK;
}


static void
chat_close(nt_llm_writer_t *w)
{
    nt_buf_free(&((chat_writer_t *) w)->head);
}


/* Up to the members of a delta; the first one of a choice has the role. */
static void
begin_delta(chat_writer_t *c, unsigned choice)
{
    nt_buf_t *out = c->w.out;

    nt_buf_append(out, c->head.data, c->head.len);
    nt_buf_append_str(out, NT_STR("{\"index\":"));
    nt_buf_append_uint(out, choice);
    nt_buf_append_str(out, NT_STR(",\"delta\":{"));

    if (!c->choices[choice].role) {
        nt_buf_append_str(out, NT_STR("\"role\":\"assistant\","));
        c->choices[choice].role = true;
    }

    c->w.begun = true;
}


static void
end_delta(chat_writer_t *c)
{
    nt_buf_append_str(c->w.out, NT_STR("},\"finish_reason\":null"));
    nt_buf_append_str(c->w.out, c->tail);
}


static void
write_text(chat_writer_t *c, const nt_llm_delta_t *d, const char *name)
{
    begin_delta(c, d->choice);
    nt_llm_write_member(c->w.out, false, name, d->text);
    end_delta(c);
}


/* The members of a call, which its index begins, up to the arguments. */
static void
begin_call(chat_writer_t *c, const nt_llm_delta_t *d)
{
    begin_delta(c, d->choice);
    nt_buf_append_str(c->w.out, NT_STR("\"tool_calls\":[{\"index\":"));
    nt_buf_append_uint(c->w.out, d->call);
}


static void
end_call(chat_writer_t *c, nt_str_t arguments)
{
    nt_llm_write_member(c->w.out, false, "arguments", arguments);
    nt_buf_append_str(c->w.out, NT_STR("}}]"));
    end_delta(c);
}


static void
write_call(chat_writer_t *c, const nt_llm_delta_t *d)
{
    nt_buf_t *out = c->w.out;

    if (d->id.len != 0) {
        begin_call(c, d);
        nt_llm_write_member(out, true, "id", d->id);
        nt_buf_append_str(out, NT_STR(",\"type\":\"function\",\"function\":{"));
        nt_llm_write_member(out, false, "name", d->name);
        nt_buf_append_char(out, ',');
        end_call(c, NT_STR(""));
    }

    if (d->text.len != 0) {
        begin_call(c, d);
        nt_buf_append_str(out, NT_STR(",\"function\":{"));
        end_call(c, d->text);
    }
}


/* An object with an index in front of its own members. */
static void
write_indexed(nt_buf_t *out, unsigned index, const json_t *value)
{
    const char *name;
    json_t     *member, *v = (json_t *) (uintptr_t) value; /* only read */

    nt_buf_append_str(out, NT_STR("{\"index\":"));
    nt_buf_append_uint(out, index);

    json_object_foreach(v, name, member)
    {
        if (strcmp(name, "index") != 0) {
            nt_buf_append_char(out, ',');
            nt_buf_append_json(out, nt_str(name));
            nt_buf_append_char(out, ':');
            nt_json_append(out, member);
        }
    }

    nt_buf_append_char(out, '}');
}


static void
write_annotations(chat_writer_t *c, const nt_llm_delta_t *d)
{
    size_t  i;
    json_t *item;

    begin_delta(c, d->choice);
    nt_buf_append_str(c->w.out, NT_STR("\"annotations\":["));

    json_array_foreach(d->data, i, item)
    {
        nt_buf_append(c->w.out, ",", i != 0);
        write_indexed(c->w.out, c->choices[d->choice].annotations++, item);
    }

    nt_buf_append_char(c->w.out, ']');
    end_delta(c);
}


static void
write_image(chat_writer_t *c, const nt_llm_delta_t *d)
{
    nt_buf_t *out = c->w.out;

    begin_delta(c, d->choice);
    nt_buf_append_str(out, NT_STR("\"images\":[{\"index\":"));
    nt_buf_append_uint(out, c->choices[d->choice].images++);
    nt_buf_append_str(out, NT_STR(",\"type\":\"image_url\",\"image_url\":{"));
    nt_llm_write_member(out, false, "url", d->text);
    nt_buf_append_str(out, NT_STR("}}]"));
    end_delta(c);
}


static void
write_thinking(chat_writer_t *c, const nt_llm_delta_t *d)
{
    begin_delta(c, d->choice);
    nt_buf_append_str(c->w.out, NT_STR("\"thinking_blocks\":["));
    write_indexed(c->w.out, c->choices[d->choice].thinking++, d->data);
    nt_buf_append_char(c->w.out, ']');
    end_delta(c);
}


static void
write_data(chat_writer_t *c, const nt_llm_delta_t *d, const char *name)
{
    begin_delta(c, d->choice);
    nt_buf_append_json(c->w.out, nt_str(name));
    nt_buf_append_char(c->w.out, ':');
    nt_json_append(c->w.out, d->data);
    end_delta(c);
}


/* openai-python wants a function in each piece of a call. */
static void
write_call_extra(chat_writer_t *c, const nt_llm_delta_t *d)
{
    begin_call(c, d);
    nt_buf_append_str(c->w.out, NT_STR(",\"extra_content\":"));
    nt_json_append(c->w.out, d->data);
    nt_buf_append_str(c->w.out, NT_STR(",\"function\":{"));
    end_call(c, NT_STR(""));
}


static void
write_finish(chat_writer_t *c, const nt_llm_delta_t *d)
{
    bool silent = !c->choices[d->choice].role;

    begin_delta(c, d->choice);
    if (silent) { /* the SDKs want a content where nothing else came */
        nt_buf_append_str(c->w.out, NT_STR("\"content\":\"\""));
    }

    nt_buf_append_str(c->w.out, NT_STR("},\"finish_reason\":"));
    nt_buf_append_json(c->w.out, d->text);
    nt_buf_append_str(c->w.out, c->tail);
}


static nt_rc_t
write_usage(chat_writer_t *c, const nt_llm_delta_t *d)
{
    json_t *usage;

    if (!c->w.options.include_usage) {
        return NT_OK;
    }

    usage = nt_llm_usage_json(&d->usage);
    if (usage == NULL) {
        return NT_NOMEM;
    }

    nt_buf_append(c->w.out, c->head.data, c->head.len);
    nt_buf_append_str(c->w.out, NT_STR("],\"usage\":"));
    nt_json_append(c->w.out, usage);
    nt_buf_append_str(c->w.out, NT_STR("}\n\n"));
    json_decref(usage);

    return NT_OK;
}


static nt_rc_t
chat_add(nt_llm_writer_t *w, const nt_llm_delta_t *d)
{
    chat_writer_t *c = (chat_writer_t *) w;

    if (d->choice >= NT_LLM_CHOICES_MAX) {
        return NT_LIMIT;
    }

    switch (d->kind) {
    case NT_LLM_CONTENT:
        write_text(c, d, "content");
        break;
    case NT_LLM_REASONING:
        write_text(c, d, "reasoning_content");
        break;
    case NT_LLM_REFUSAL:
        write_text(c, d, "refusal");
        break;
    case NT_LLM_TOOL_CALL:
        write_call(c, d);
        break;
    case NT_LLM_IMAGE:
        write_image(c, d);
        break;
    case NT_LLM_AUDIO:
        write_data(c, d, "audio");
        break;
    case NT_LLM_ANNOTATIONS:
        write_annotations(c, d);
        break;
    case NT_LLM_THINKING:
        write_thinking(c, d);
        break;
    case NT_LLM_EXTRA:
        if (d->of_call) {
            write_call_extra(c, d);
        } else {
            write_data(c, d, "extra_content");
        }
        break;
    case NT_LLM_FINISH:
        write_finish(c, d);
        break;
    case NT_LLM_USAGE:
        return write_usage(c, d);
    case NT_LLM_START:
        break;
    }

    return NT_OK;
}


static nt_rc_t
chat_end(nt_llm_writer_t *w)
{
    nt_buf_append_str(w->out, NT_STR("data: [DONE]\n\n"));

    return NT_OK;
}


static nt_rc_t
chat_fail(nt_llm_writer_t *w, const nt_llm_error_t *error)
{
    nt_buf_append_str(w->out, NT_STR("data: "));
    chat_error(error, w->out);
    nt_buf_append_str(w->out, NT_STR("\n\n"));

    return NT_OK;
}


const nt_llm_api_t nt_llm_api_chat = { .name = "chat",
                                       .reply = chat_reply,
                                       .error = chat_error,
                                       .writer_size = sizeof(chat_writer_t),
                                       .open = chat_open,
                                       .close = chat_close,
                                       .add = chat_add,
                                       .end = chat_end,
                                       .fail = chat_fail };
