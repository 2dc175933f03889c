/*
 * core/llm/nt_llm_openai.c - OpenAI's chat completions and those that speak
 * them (https://platform.openai.com/docs/api-reference/chat), and what
 * Mistral's differ in (https://docs.mistral.ai/api).
 *
 * Requests go out as they came, but for members of messages that only other
 * dialects know.
 */

#include "core/llm/nt_llm_private.h"


static bool
same(const nt_llm_build_t *b, const nt_llm_dialect_t *dialect)
{
    return b->dialect == dialect;
}


/* Reasoning models of OpenAI's refuse max_tokens. */
static bool
is_reasoning(const char *model)
{
    return (model[0] == 'o' && model[1] >= '1' && model[1] <= '9') ||
           (strncmp(model, "gpt-", 4) == 0 && model[4] >= '5' &&
            model[4] <= '9');
}


/* OpenAI refuses members of messages that are not its own, which those like
 * it want back. */
static bool
is_openais(const char *model)
{
    return is_reasoning(model) || strncmp(model, "gpt-4", 5) == 0 ||
           strncmp(model, "gpt-3", 5) == 0 ||
           strncmp(model, "chatgpt-", 8) == 0;
}


static nt_rc_t
rename_member(json_t *body, const char *from, const char *to)
{
    json_t *value = json_object_get(body, from);

    if (value == NULL) {
        return NT_OK;
    }

    if (nt_llm_get(body, to) == NULL &&
        nt_llm_set(body, to, json_incref(value)) != NT_OK)
    {
        return NT_NOMEM;
    }

    json_object_del(body, from);

    return NT_OK;
}


/* A copy without what an assistant's message has from other dialects. */
static json_t *
copy_message(nt_llm_build_t *b, const json_t *message)
{
    json_t *copy = json_copy((json_t *) (uintptr_t) message);

    if (json_is_object(copy)) {
        json_object_del(copy, "thinking_blocks");
        json_object_del(copy, "images");
        json_object_del(copy, "is_error");
        if (same(b, &nt_llm_mistral) || is_openais(b->model)) {
            json_object_del(copy, "reasoning_content");
            json_object_del(copy, "annotations");
            json_object_del(copy, "extra_content");
        }

        if (same(b, &nt_llm_mistral)) {
            json_object_del(copy, "refusal");
        }
    }

    return copy;
}


static nt_rc_t
openai_chat(nt_llm_build_t *b)
{
    size_t  i;
    json_t *message, *messages = json_array();

    json_array_foreach(json_object_get(b->request, "messages"), i, message)
    {
        if (nt_llm_append(messages, copy_message(b, message)) != NT_OK) {
            json_decref(messages);
            return NT_NOMEM;
        }
    }

    if (json_object_update(b->body, (json_t *) (uintptr_t) b->request) != 0) {
        json_decref(messages);
        return NT_NOMEM;
    }

    if (nt_llm_set(b->body, "messages", messages) != NT_OK) {
        return NT_NOMEM;
    }

    nt_buf_append_str(&b->out->path, NT_STR("/chat/completions"));

    if (same(b, &nt_llm_mistral)) {
        json_object_del(b->body, "stream_options");
        if (rename_member(b->body, "seed", "random_seed") != NT_OK) {
            return NT_NOMEM;
        }

        return rename_member(b->body, "max_completion_tokens", "max_tokens");
    }

    return is_reasoning(b->model)
               ? rename_member(b->body, "max_tokens", "max_completion_tokens")
               : NT_OK;
}


static nt_rc_t
openai_embed(nt_llm_build_t *b)
{
    nt_buf_append_str(&b->out->path, NT_STR("/embeddings"));

    if (json_object_update(b->body, (json_t *) (uintptr_t) b->request) != 0) {
        return NT_NOMEM;
    }

    if (same(b, &nt_llm_mistral)) {
        return rename_member(b->body, "dimensions", "output_dimension");
    }

    return nt_llm_set(b->body, "encoding_format", json_string("float"));
}


static nt_rc_t
openai_headers(nt_llm_request_t *request, nt_str_t key)
{
    nt_rc_t  rc;
    nt_buf_t value = { 0 };

    if (key.len == 0) {
        return NT_OK;
    }

    nt_buf_append(&value, "Bearer ", 7);
    nt_buf_append_str(&value, key);
    rc = value.failed ? NT_NOMEM
                      : nt_llm_add_header(request, "Authorization",
                                          (nt_str_t) { value.data, value.len });
    nt_buf_free(&value);

    return rc;
}


/* --- replies --- */

static int64_t
detail(const json_t *usage, const char *name, const char *inner)
{
    return nt_llm_get_count(json_object_get(usage, name), inner);
}


void
nt_llm_usage_read(nt_llm_usage_t *usage, const json_t *value)
{
    usage->prompt = nt_llm_get_count(value, "prompt_tokens");
    usage->completion = nt_llm_get_count(value, "completion_tokens");
    usage->total = nt_llm_get_count(value, "total_tokens");
    usage->cached = detail(value, "prompt_tokens_details", "cached_tokens");
    usage->reasoning =
        detail(value, "completion_tokens_details", "reasoning_tokens");
}


/*
 * Pieces of a call have its index; some servers leave it out, or give 0 to
 * each of several calls: there a new id begins a new call.
 */
static nt_rc_t
tool_call(nt_llm_stream_t *s, unsigned choice, const json_t *piece)
{
    int             at = -1;
    unsigned        call;
    int64_t         index = nt_llm_get_int(piece, "index", -1);
    nt_str_t        id = nt_llm_get_str(piece, "id");
    const json_t   *extra = nt_llm_get(piece, "extra_content");
    const json_t   *function = json_object_get(piece, "function");
    nt_str_t        name = nt_llm_get_str(function, "name");
    nt_str_t        arguments = nt_llm_get_str(function, "arguments");
    nt_rc_t         rc = NT_OK;
    nt_llm_calls_t *calls = nt_llm_calls(s, choice);

    if (calls == NULL) {
        return NT_NOMEM;
    }

    for (unsigned i = calls->n_calls; i-- > 0 && at < 0;) {
        if (index < 0 || calls->index[i] == index) {
            at = (int) i; /* without an index, the last one */
        }
    }

    if (at >= 0 && id.len != 0 && name.len != 0 &&
        !nt_str_eq(id, (nt_str_t) { calls->id[at].data, calls->id[at].len }))
    {
        at = -1;
    }

    if (at < 0) {
        if (json_is_object(json_object_get(function, "arguments"))) {
            rc = nt_llm_emit_whole_call(s, choice, id, name,
                                        json_object_get(function, "arguments"),
                                        &call);
        } else {
            rc = nt_llm_emit_call(s, choice, index, id, name, arguments, &call);
        }

        at = (int) call;
    } else {
        rc = nt_llm_emit_arguments(s, choice, (unsigned) at, arguments);
    }

    return rc == NT_OK && extra != NULL
               ? nt_llm_emit_extra(s, choice, at, extra)
               : rc;
}


/* Mistral's reasoning models give a list: {"type": "text", "text"} and
 * {"type": "thinking", "thinking": [such texts]}. */
static nt_rc_t
content(nt_llm_stream_t *s, unsigned choice, const json_t *value,
        nt_llm_kind_t kind)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *part, *thinking;

    if (!json_is_array(value)) {
        return nt_llm_emit_text(s, choice, kind, nt_llm_str(value));
    }

    json_array_foreach(value, i, part)
    {
        thinking = json_object_get(part, "thinking");
        if (thinking != NULL && kind == NT_LLM_CONTENT) {
            rc = content(s, choice, thinking, NT_LLM_REASONING);
        } else {
            rc =
                nt_llm_emit_text(s, choice, kind, nt_llm_get_str(part, "text"));
        }

        if (rc != NT_OK) {
            return rc;
        }
    }

    return NT_OK;
}


static nt_rc_t
rarer(nt_llm_stream_t *s, unsigned choice, const json_t *delta)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *value, *image;

    value = nt_llm_get(delta, "audio");
    if (json_is_object(value)) {
        rc = nt_llm_emit_data(s, choice, NT_LLM_AUDIO, value);
    }

    json_array_foreach(json_object_get(delta, "images"), i, image)
    {
        value = json_object_get(image, "image_url");
        rc = rc == NT_OK ? nt_llm_emit_text(s, choice, NT_LLM_IMAGE,
                                            nt_llm_get_str(value, "url"))
                         : rc;
    }

    value = nt_llm_get(delta, "annotations");
    if (rc == NT_OK && json_array_size(value) != 0) {
        rc = nt_llm_emit_data(s, choice, NT_LLM_ANNOTATIONS, value);
    }

    value = nt_llm_get(delta, "extra_content");
    if (rc == NT_OK && value != NULL) {
        rc = nt_llm_emit_extra(s, choice, -1, value);
    }

    return rc;
}


static nt_rc_t
message(nt_llm_stream_t *s, unsigned choice, const json_t *delta)
{
    size_t  i;
    nt_rc_t rc;
    json_t *value = nt_llm_get(delta, "reasoning_content");

    /* some send both names */
    value = value != NULL ? value : nt_llm_get(delta, "reasoning");
    rc = content(s, choice, value, NT_LLM_REASONING);
    if (rc == NT_OK) {
        rc = content(s, choice, json_object_get(delta, "content"),
                     NT_LLM_CONTENT);
    }

    if (rc == NT_OK) {
        rc = nt_llm_emit_text(s, choice, NT_LLM_REFUSAL,
                              nt_llm_get_str(delta, "refusal"));
    }

    json_array_foreach(json_object_get(delta, "tool_calls"), i, value)
    {
        rc = rc == NT_OK ? tool_call(s, choice, value) : rc;
    }

    return rc == NT_OK ? rarer(s, choice, delta) : rc;
}


static nt_rc_t
finish(nt_llm_stream_t *s, unsigned choice, const char *reason)
{
    if (reason[0] == '\0') {
        return NT_OK;
    }

    if (strcmp(reason, "error") == 0) {
        return nt_llm_protocol(s, "failed while it answered; try again.");
    }

    if (strcmp(reason, "model_length") == 0) {
        reason = "length";
    } else if (strcmp(reason, "function_call") == 0) {
        reason = "tool_calls";
    }

    return nt_llm_emit_finish(s, choice, reason);
}


static nt_rc_t
openai_choices(nt_llm_stream_t *s, const json_t *event, const char *member)
{
    size_t   i;
    nt_rc_t  rc;
    unsigned choice;
    json_t  *item, *usage;

    if (nt_llm_get(event, "error") != NULL) {
        return nt_llm_in_band(s, event);
    }

    rc = nt_llm_emit_start(s, nt_llm_get_str(event, "id"),
                           nt_llm_get_str(event, "model"));

    json_array_foreach(json_object_get(event, "choices"), i, item)
    {
        if (rc == NT_OK) {
            rc = nt_llm_choice(s, nt_llm_get_int(item, "index", (int64_t) i),
                               &choice);
        }

        if (rc == NT_OK) {
            rc = message(s, choice, json_object_get(item, member));
        }

        if (rc == NT_OK) {
            rc = finish(s, choice, nt_llm_get_text(item, "finish_reason"));
        }
    }

    usage = nt_llm_get(event, "usage");
    if (json_is_object(usage)) {
        nt_llm_usage_read(&s->usage, usage);
        s->has_usage = true;
    }

    return rc;
}


static nt_rc_t
openai_event(nt_llm_stream_t *s, const json_t *event)
{
    return openai_choices(s, event, "delta");
}


enum { OPENAI_ID, OPENAI_MODEL, OPENAI_CONTENT, OPENAI_THOUGHT, OPENAI_THINKS };

static const nt_llm_shape_t openai_delta[] = {
    { NT_LLM_NAME("content"), NT_LLM_QUICK_TEXT, OPENAI_CONTENT, NULL },
    { NT_LLM_NAME("reasoning_content"), NT_LLM_QUICK_TEXT, OPENAI_THOUGHT,
      NULL },
    { NT_LLM_NAME("reasoning"), NT_LLM_QUICK_TEXT, OPENAI_THINKS, NULL },
    { NT_LLM_NAME("tool_calls"), NT_LLM_QUICK_EMPTY, 0, NULL },
    { NT_LLM_NAME("refusal"), NT_LLM_QUICK_NULL, 0, NULL },
    { NT_LLM_NAME("audio"), NT_LLM_QUICK_NULL, 0, NULL },
    { NT_LLM_NAME("images"), NT_LLM_QUICK_EMPTY, 0, NULL },
    { NT_LLM_NAME("annotations"), NT_LLM_QUICK_EMPTY, 0, NULL },
    { NT_LLM_NAME("extra_content"), NT_LLM_QUICK_NULL, 0, NULL },
    { .name = { NULL, 0 } }
};

static const nt_llm_shape_t openai_choice[] = {
    { NT_LLM_NAME("index"), NT_LLM_QUICK_INT, 0, NULL },
    { NT_LLM_NAME("delta"), NT_LLM_QUICK_OBJECT, 1, openai_delta },
    { NT_LLM_NAME("finish_reason"), NT_LLM_QUICK_NULL, 0, NULL },
    { .name = { NULL, 0 } }
};

static const nt_llm_shape_t openai_shape[] = {
    { NT_LLM_NAME("id"), NT_LLM_QUICK_TEXT, OPENAI_ID, NULL },
    { NT_LLM_NAME("model"), NT_LLM_QUICK_TEXT, OPENAI_MODEL, NULL },
    { NT_LLM_NAME("choices"), NT_LLM_QUICK_ONE, 0, openai_choice },
    { NT_LLM_NAME("usage"), NT_LLM_QUICK_NULL, 0, NULL },
    { NT_LLM_NAME("error"), NT_LLM_QUICK_NULL, 0, NULL },
    { .name = { NULL, 0 } }
};


/* A piece of text. */
static bool
openai_quick(nt_llm_stream_t *s, const nt_llm_quick_t *q, nt_rc_t *rc)
{
    unsigned choice = 0;
    nt_str_t thought = q->text[OPENAI_THOUGHT];

    if (thought.data == NULL) {
        thought = q->text[OPENAI_THINKS];
    }

    *rc = nt_llm_emit_start(s, q->text[OPENAI_ID], q->text[OPENAI_MODEL]);
    *rc = *rc == NT_OK ? nt_llm_choice(s, nt_llm_quick_int(q, 0, 0), &choice)
                       : *rc;
    *rc = *rc == NT_OK ? nt_llm_emit_text(s, choice, NT_LLM_REASONING, thought)
                       : *rc;
    *rc = *rc == NT_OK ? nt_llm_emit_text(s, choice, NT_LLM_CONTENT,
                                          q->text[OPENAI_CONTENT])
                       : *rc;

    return true;
}


static nt_rc_t
openai_whole(nt_llm_stream_t *s, const json_t *reply)
{
    nt_rc_t rc = openai_choices(s, reply, "message");

    s->done = json_is_object(
        json_object_get(json_array_get(json_object_get(reply, "choices"), 0),
                        "message"));

    return rc == NT_OK ? nt_llm_emit_usage(s) : rc;
}


static nt_rc_t
openai_vectors(const json_t *reply, json_t *vectors, nt_llm_usage_t *usage)
{
    size_t  i;
    json_t *item, *vector, *data = json_object_get(reply, "data");
    int64_t n = (int64_t) json_array_size(data), at;

    /* they may come in any order */
    json_array_foreach(data, i, item)
    {
        if (nt_llm_append(vectors, json_null()) != NT_OK) {
            return NT_NOMEM;
        }
    }

    json_array_foreach(data, i, item)
    {
        at = nt_llm_get_int(item, "index", (int64_t) i);
        vector = json_object_get(item, "embedding");
        if (at >= 0 && at < n && vector != NULL &&
            json_array_set(vectors, (size_t) at, vector) != 0)
        {
            return NT_NOMEM;
        }
    }

    nt_llm_usage_read(usage, json_object_get(reply, "usage"));

    return NT_OK;
}


static json_t *
openai_model(const json_t *model, nt_rc_t *rc)
{
    return nt_llm_model_entry(nt_llm_get_str(model, "id"),
                              nt_llm_get_int(model, "created", 0),
                              nt_llm_get_str(model, "owned_by"), rc);
}


#define OPENAI_LIKE(name_, title_, canonical_)                                 \
    {                                                                          \
        .name = name_, .title = title_, .done_mark = true,                     \
        .canonical = canonical_, .chat = openai_chat, .embed = openai_embed,   \
        .models_path = "/models", .headers = openai_headers,                   \
        .whole = openai_whole, .event = openai_event, .shape = openai_shape,   \
        .quick = openai_quick, .vectors = openai_vectors,                      \
        .models_member = "data", .model = openai_model                         \
    }

const nt_llm_dialect_t nt_llm_openai = OPENAI_LIKE("openai", "OpenAI", true);
/* content may be a list in its replies */
const nt_llm_dialect_t nt_llm_mistral =
    OPENAI_LIKE("mistral", "Mistral", false);
