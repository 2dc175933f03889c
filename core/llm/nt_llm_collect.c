/*
 * core/llm/nt_llm_collect.c - a reply from its pieces.
 */

#include <stdlib.h>
#include <time.h>

#include "core/llm/nt_llm_private.h"

typedef struct {
    nt_buf_t id;
    nt_buf_t name;
    nt_buf_t arguments;
    json_t  *extra; /* owned */
} collect_call_t;

typedef struct {
    bool            used;
    nt_buf_t        content;
    nt_buf_t        reasoning;
    nt_buf_t        refusal;
    nt_buf_t        finish;
    json_t         *members; /* owned: those that are JSON */
    collect_call_t *calls;
    unsigned        n_calls;
} collect_choice_t;

struct nt_llm_collect {
    nt_buf_t         id;
    nt_buf_t         model;
    nt_llm_usage_t   usage;
    bool             has_usage;
    collect_choice_t choices[NT_LLM_CHOICES_MAX];
};


nt_llm_collect_t *
nt_llm_collect_new(void)
{
    return calloc(1, sizeof(nt_llm_collect_t));
}


void
nt_llm_collect_free(nt_llm_collect_t *collect)
{
    collect_choice_t *choice;

    if (collect == NULL) {
        return;
    }

    for (size_t i = 0; i < NT_LLM_CHOICES_MAX; i++) {
        choice = &collect->choices[i];
        nt_buf_free(&choice->content);
        nt_buf_free(&choice->reasoning);
        nt_buf_free(&choice->refusal);
        nt_buf_free(&choice->finish);
        json_decref(choice->members);

        for (unsigned c = 0; c < choice->n_calls; c++) {
            nt_buf_free(&choice->calls[c].id);
            nt_buf_free(&choice->calls[c].name);
            nt_buf_free(&choice->calls[c].arguments);
            json_decref(choice->calls[c].extra);
        }

        free(choice->calls);
    }

    nt_buf_free(&collect->id);
    nt_buf_free(&collect->model);
    free(collect);
}


static nt_rc_t
append(nt_buf_t *buf, nt_str_t text)
{
    nt_buf_append_str(buf, text);

    return buf->failed ? NT_NOMEM : NT_OK;
}


static nt_rc_t
add_call(collect_choice_t *choice, const nt_llm_delta_t *delta)
{
    nt_rc_t         rc;
    collect_call_t *calls;

    if (delta->call > choice->n_calls || delta->call >= NT_LLM_CALLS_MAX) {
        return NT_LIMIT;
    }

    if (delta->call == choice->n_calls) {
        calls = realloc(choice->calls,
                        (choice->n_calls + 1) * sizeof(choice->calls[0]));
        if (calls == NULL) {
            return NT_NOMEM;
        }

        choice->calls = calls;
        memset(&calls[choice->n_calls++], 0, sizeof(calls[0]));
    }

    calls = &choice->calls[delta->call];
    rc = append(&calls->id, delta->id);
    rc = rc == NT_OK ? append(&calls->name, delta->name) : rc;

    return rc == NT_OK ? append(&calls->arguments, delta->text) : rc;
}


/* Adds to the list `name`. */
static nt_rc_t
add_member(collect_choice_t *choice, const char *name, json_t *value)
{
    json_t *list = json_object_get(choice->members, name);

    if (list == NULL) {
        list = json_array();
        if (nt_llm_set(choice->members, name, list) != NT_OK) {
            json_decref(value);
            return NT_NOMEM;
        }
    }

    return nt_llm_append(list, value);
}


/* OpenAI's audio comes in pieces whose data and transcript are joined. */
static nt_rc_t
add_audio(collect_choice_t *choice, const json_t *piece)
{
    nt_rc_t     rc = NT_OK;
    json_t     *value, *old, *audio, *p = (json_t *) (uintptr_t) piece;
    nt_buf_t    text = { 0 };
    const char *name;

    audio = json_object_get(choice->members, "audio");
    if (audio == NULL) {
        return nt_llm_set(choice->members, "audio", json_copy(p));
    }

    json_object_foreach(p, name, value)
    {
        old = json_object_get(audio, name);
        if (json_is_string(value) && json_is_string(old) &&
            (strcmp(name, "data") == 0 || strcmp(name, "transcript") == 0))
        {
            nt_buf_append_str(&text, nt_llm_str(old));
            nt_buf_append_str(&text, nt_llm_str(value));
            rc = text.failed ? NT_NOMEM
                             : nt_llm_set(audio, name,
                                          json_stringn(text.data, text.len));
            nt_buf_reset(&text);
        } else {
            rc = nt_llm_set(audio, name, json_incref(value));
        }

        if (rc != NT_OK) {
            break;
        }
    }

    nt_buf_free(&text);

    return rc;
}


static nt_rc_t
add_data(collect_choice_t *choice, const nt_llm_delta_t *delta)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *item, *data = (json_t *) (uintptr_t) delta->data; /* counted */

    switch (delta->kind) {
    case NT_LLM_IMAGE:
        return add_member(choice, "images",
                          json_pack("{s:s,s:{s:o}}", "type", "image_url",
                                    "image_url", "url",
                                    nt_llm_json_str(delta->text)));

    case NT_LLM_ANNOTATIONS:
        json_array_foreach(data, i, item)
        {
            rc = add_member(choice, "annotations", json_incref(item));
            if (rc != NT_OK) {
                return rc;
            }
        }

        return NT_OK;

    case NT_LLM_THINKING:
        return add_member(choice, "thinking_blocks", json_incref(data));

    case NT_LLM_AUDIO:
        return add_audio(choice, data);

    default: /* NT_LLM_EXTRA */
        if (!delta->of_call) {
            return nt_llm_set(choice->members, "extra_content",
                              json_incref(data));
        }

        if (delta->call < choice->n_calls) {
            json_decref(choice->calls[delta->call].extra);
            choice->calls[delta->call].extra = json_incref(data);
        }

        return NT_OK;
    }
}


nt_rc_t
nt_llm_collect_add(void *ctx, const nt_llm_delta_t *delta)
{
    nt_rc_t           rc;
    nt_llm_collect_t *collect = ctx;
    collect_choice_t *choice;

    if (delta->kind == NT_LLM_START) {
        rc = append(&collect->id, delta->text);
        return rc == NT_OK ? append(&collect->model, delta->name) : rc;
    }

    if (delta->kind == NT_LLM_USAGE) {
        collect->usage = delta->usage;
        collect->has_usage = true;
        return NT_OK;
    }

    if (delta->choice >= NT_LLM_CHOICES_MAX) {
        return NT_LIMIT;
    }

    choice = &collect->choices[delta->choice];
    choice->used = true;
    if (choice->members == NULL) {
        choice->members = json_object();
        if (choice->members == NULL) {
            return NT_NOMEM;
        }
    }

    switch (delta->kind) {
    case NT_LLM_CONTENT:
        return append(&choice->content, delta->text);
    case NT_LLM_REASONING:
        return append(&choice->reasoning, delta->text);
    case NT_LLM_REFUSAL:
        return append(&choice->refusal, delta->text);
    case NT_LLM_TOOL_CALL:
        return add_call(choice, delta);
    case NT_LLM_FINISH:
        nt_buf_reset(&choice->finish);
        return append(&choice->finish, delta->text);
    default:
        return add_data(choice, delta);
    }
}


/* --- the reply --- */

static json_t *
text_of(const nt_buf_t *buf)
{
    return nt_llm_json_str((nt_str_t) { buf->data, buf->len });
}


static json_t *
calls_of(const collect_choice_t *choice)
{
    json_t               *call, *calls = json_array();
    const collect_call_t *c;

    for (unsigned i = 0; i < choice->n_calls; i++) {
        c = &choice->calls[i];
        call = json_pack("{s:o,s:s,s:{s:o,s:o}}", "id", text_of(&c->id), "type",
                         "function", "function", "name", text_of(&c->name),
                         "arguments",
                         c->arguments.len != 0 ? text_of(&c->arguments)
                                               : json_string("{}"));
        if (call != NULL && c->extra != NULL &&
            json_object_set(call, "extra_content", c->extra) != 0)
        {
            json_decref(call);
            call = NULL;
        }

        if (nt_llm_append(calls, call) != NT_OK) {
            json_decref(calls);
            return NULL;
        }
    }

    return calls;
}


static json_t *
message_of(const collect_choice_t *choice)
{
    bool    bad = false;
    json_t *message = json_pack("{s:s,s:o}", "role", "assistant", "content",
                                choice->content.len != 0 || choice->n_calls == 0
                                    ? text_of(&choice->content)
                                    : json_null());

    if (message == NULL) {
        return NULL;
    }

    if (choice->reasoning.len != 0) {
        bad |= nt_llm_set(message, "reasoning_content",
                          text_of(&choice->reasoning)) != NT_OK;
    }

    if (choice->refusal.len != 0) {
        bad |=
            nt_llm_set(message, "refusal", text_of(&choice->refusal)) != NT_OK;
    }

    if (choice->n_calls != 0) {
        bad |= nt_llm_set(message, "tool_calls", calls_of(choice)) != NT_OK;
    }

    bad |= json_object_update(message, choice->members) != 0;
    if (bad) {
        json_decref(message);
        return NULL;
    }

    return message;
}


static json_t *
choices_of(const nt_llm_collect_t *collect)
{
    json_t                 *list = json_array(), *item;
    const collect_choice_t *choice;

    for (int i = 0; i < NT_LLM_CHOICES_MAX; i++) {
        choice = &collect->choices[i];
        if (!choice->used) {
            continue;
        }

        item = json_pack("{s:i,s:o,s:o}", "index", i, "message",
                         message_of(choice), "finish_reason",
                         choice->finish.len != 0 ? text_of(&choice->finish)
                                                 : json_null());
        if (nt_llm_append(list, item) != NT_OK) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


json_t *
nt_llm_collect_reply(const nt_llm_collect_t *collect)
{
    json_t *reply =
        json_pack("{s:o,s:s,s:I,s:o,s:o}", "id", text_of(&collect->id),
                  "object", "chat.completion", "created",
                  (json_int_t) time(NULL), "model", text_of(&collect->model),
                  "choices", choices_of(collect));

    if (reply != NULL && collect->has_usage &&
        nt_llm_set(reply, "usage", nt_llm_usage_json(&collect->usage)) != NT_OK)
    {
        json_decref(reply);
        return NULL;
    }

    return reply;
}


static bool
set_count(json_t *object, const char *name, int64_t value)
{
    return value < 0 || nt_llm_set(object, name, json_integer(value)) == NT_OK;
}


json_t *
nt_llm_usage_json(const nt_llm_usage_t *usage)
{
    bool    good;
    json_t *object = json_object();

    good = set_count(object, "prompt_tokens", usage->prompt) &&
           set_count(object, "completion_tokens", usage->completion) &&
           set_count(object, "total_tokens", usage->total);

    if (good && usage->cached >= 0) {
        good = nt_llm_set(object, "prompt_tokens_details",
                          json_pack("{s:I}", "cached_tokens",
                                    (json_int_t) usage->cached)) == NT_OK;
    }

    if (good && usage->reasoning >= 0) {
        good = nt_llm_set(object, "completion_tokens_details",
                          json_pack("{s:I}", "reasoning_tokens",
                                    (json_int_t) usage->reasoning)) == NT_OK;
    }

    if (!good) {
        json_decref(object);
        return NULL;
    }

    return object;
}
