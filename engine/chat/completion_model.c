/*
 * A completion that asks a model: a run whose one node is the conversation,
 * as those of turns.
 *
 * In each round the model is asked; workflows that it calls are run, and it is
 * asked again with what they gave.  The client sees one stream: the text of
 * all rounds, and the calls of its own functions.  A round with such a call is
 * the last one, as nobody here can answer it; what the model called beside it
 * is then not run, and not told: it will call it again.
 */

#include "engine/chat/completion_int.h"

#include <stdlib.h>

#include "engine/json.h"
#include "engine/models/models.h"
#include "engine/models/provider.h"
#include "engine/nodes/args.h"
#include "engine/nodes/ustr.h"

#define PIECES 512 /* of an answer in a turn of the loop */

/* A round, on the fiber's stack. */
typedef struct {
    nt_completion_t *c;
    const json_t    *names;    /* of the workflows */
    json_t          *messages; /* so far; owned */
    json_t          *options;  /* the rest of the request; owned */
    json_t          *tools;    /* the client's and ours; owned */
    nt_buf_t         finish;
    nt_buf_t         calls;   /* an int of each call: the client's number of
                               * it, or -1 of a workflow's */
    int              n_calls; /* the client's */
    bool             ours;    /* a workflow was called */
    bool             started; /* START was told */
    bool             told;    /* something else of this round */
    bool             spoke;   /* text was told */
    bool             broken;  /* text of this round has begun */
    unsigned         pieces;
    size_t           target; /* that is asked, or was last */
} rounds_t;


static bool
fail(nt_completion_t *c, int status, const char *sentence)
{
    nt_completion_fault(&c->fault, status, NULL, "%s", sentence);
    (void) nt_call_fail(c->call, "%s", sentence);
    return false;
}


/* --- what comes of the model --- */

static bool
is_workflow(const rounds_t *r, nt_str_t name)
{
    const size_t len = sizeof(NT_COMPLETION_TOOL) - 1;

    return name.len > len && memcmp(name.data, NT_COMPLETION_TOOL, len) == 0 &&
           json_object_getn(r->names, name.data + len, name.len - len) != NULL;
}


/* The client's number of a call; -1 for a workflow's, or one that is not
 * known. */
static int
number_of(const rounds_t *r, unsigned call)
{
    int number = -1;

    if ((call + 1) * sizeof(number) <= r->calls.len) {
        memcpy(&number, r->calls.data + call * sizeof(number), sizeof(number));
    }

    return number;
}


/* A piece of a call; the first one of each has the name. */
static bool
on_call(rounds_t *r, const nt_llm_delta_t *delta)
{
    int            number = -1;
    nt_llm_delta_t copy = *delta;

    if (delta->call * sizeof(number) == r->calls.len) {
        if (is_workflow(r, delta->name)) {
            r->ours = true;
        } else {
            number = r->n_calls++;
        }

        nt_buf_append(&r->calls, &number, sizeof(number));

        if (r->calls.failed) {
            r->c->nomem = true;
            return false;
        }
    }

    number = number_of(r, delta->call);

    if (number < 0) {
        return true;
    }

    r->told = true;
    copy.call = (unsigned) number;
    return nt_completion_tell(r->c, &copy);
}


static bool
on_text(rounds_t *r, const nt_llm_delta_t *delta)
{
    if (delta->text.len == 0) {
        return true;
    }

    if (r->spoke && !r->broken && delta->kind == NT_LLM_CONTENT) {
        if (!nt_completion_say(r->c, NT_LLM_CONTENT, NT_STR("\n\n"))) {
            return false;
        }
    }

    if (delta->kind == NT_LLM_CONTENT) {
        r->spoke = r->broken = true;
    }

    r->told = true;
    return nt_completion_tell(r->c, delta);
}


static bool
on_extra(rounds_t *r, const nt_llm_delta_t *delta)
{
    nt_llm_delta_t copy = *delta;

    if (delta->of_call) {
        if (number_of(r, delta->call) < 0) {
            return true;
        }

        copy.call = (unsigned) number_of(r, delta->call);
    }

    r->told = true;
    return nt_completion_tell(r->c, &copy);
}


static bool
take(rounds_t *r, const nt_llm_delta_t *delta)
{
    switch (delta->kind) {
    case NT_LLM_START:
        if (r->started) {
            return true;
        }

        r->started = true;
        return nt_completion_tell(r->c, delta);

    case NT_LLM_TOOL_CALL:
        return on_call(r, delta);

    case NT_LLM_FINISH:
        nt_buf_reset(&r->finish);
        nt_buf_append_str(&r->finish, delta->text);
        return !r->finish.failed;

    case NT_LLM_USAGE:
        nt_completion_use(r->c, &delta->usage);
        return true;

    case NT_LLM_CONTENT:
    case NT_LLM_REASONING:
    case NT_LLM_REFUSAL:
        return on_text(r, delta);

    default:
        return on_extra(r, delta);
    }
}


static void
resume(void *arg)
{
    nt_completion_ready(arg);
}


static bool
on_delta(void *ctx, const nt_llm_delta_t *delta)
{
    rounds_t        *r = ctx;
    nt_completion_t *c = r->c;

    if (!take(r, delta)) {
        return fail(c, 503, NT_COMPLETION_NOMEM);
    }

    while (c->sink.slow != NULL && c->sink.slow(c->sink.arg) &&
           !nt_call_cancelled(c->call))
    {
        c->slow = true;
        nt_call_suspend(c->call, resume, c);
        c->slow = false;
    }

    /* a model that is not waited for has to wait for the others */
    if (++r->pieces % PIECES == 0) {
        (void) nt_call_sleep(c->call, 0);
    }

    return true;
}


/* --- asking --- */

/* Might another provider do better? */
static bool
is_passing(const nt_llm_error_t *error)
{
    return error->kind != NT_LLM_INVALID || error->status == 408 ||
           error->status == 429 || error->status >= 500;
}


/* NULL after nt_call_fail and with c->fault. */
static json_t *
ask_target(rounds_t *r, const json_t *target, bool last)
{
    char            *sentence;
    json_t          *reply;
    const char      *dialect = nt_chat_member(target, "dialect");
    nt_completion_t *c = r->c;
    nt_provider_t    provider = { .name = nt_chat_member(target, "name"),
                                  .title = nt_chat_member(target, "name") };
    nt_model_t       model = { .provider = &provider,
                               .base = nt_chat_member(target, "url"),
                               .key = nt_chat_member(target, "key"),
                               .headers = json_object_get(target, "headers"),
                               .fault = &c->fault,
                               .flags = last ? 0 : NT_HTTP_NO_RETRY,
                               .trusted = true };
    nt_model_chat_t  chat = { .target = &model,
                              .messages = r->messages,
                              .tools = r->tools,
                              .options = r->options,
                              .delta = on_delta,
                              .ctx = r };

    if (snprintf(model.id, sizeof(model.id), "%s",
                 nt_chat_member(target, "model")) >= (int) sizeof(model.id))
    {
        (void) fail(c, 400, "The name of the model is too long.");
        return NULL;
    }

    /* the built-in echo speaks as OpenAI does */
    provider.dialect = strcmp(dialect, "echo") == 0
                           ? &nt_llm_openai
                           : nt_llm_dialect_find(nt_str(dialect));

    if (provider.dialect == NULL) {
        (void) fail(c, 400, "A model of this provider cannot call workflows.");
        return NULL;
    }

    nt_buf_reset(&c->fault.message);
    reply = nt_model_chat(c->call, &chat);

    if (reply == NULL && c->fault.message.len == 0) {
        sentence = nt_call_take_error(c->call);
        (void) fail(c, 502, sentence != NULL ? sentence : NT_COMPLETION_NOMEM);
        free(sentence);

    } else if (reply == NULL && c->fault.kind == NT_LLM_AUTH) {
        /* it speaks to who has the key, which is not the client */
        nt_completion_fault(&c->fault, 502, NULL,
                            "The provider \"%s\" refused the gateway's "
                            "credentials.",
                            provider.name);
    }

    return reply;
}


/* Asks one target after the other, until one has begun to answer; it is the
 * first one to be asked in the next round. */
static json_t *
ask(rounds_t *r)
{
    size_t           i, n;
    json_t          *reply = NULL;
    nt_completion_t *c = r->c;

    n = json_array_size(c->targets);
    nt_buf_reset(&r->calls);
    r->n_calls = 0;
    r->ours = r->told = r->broken = false;

    if (n == 0) {
        (void) fail(c, 400, "There is no provider for this model.");
    }

    for (i = 0; i < n && reply == NULL; i++) {
        if (i > 0) {
            if (r->told || !is_passing(&c->fault) || nt_call_cancelled(c->call))
            {
                break;
            }

            free(nt_call_take_error(c->call));
            r->target = (r->target + 1) % n;
        }

        reply =
            ask_target(r, json_array_get(c->targets, r->target), i + 1 == n);
    }

    return reply;
}


/* --- what it calls --- */

/* The result of a call, or what went wrong with it; NULL when memory is
 * out. */
static json_t *
run_call(nt_completion_t *c, const json_t *call)
{
    char   *sentence = NULL;
    json_t *args, *result = NULL;

    args = nt_model_arguments(call, &sentence);

    if (args != NULL) {
        result = nt_call_tool(c->call,
                              nt_chat_member(json_object_get(call, "function"),
                                             "name"),
                              args, &sentence);
        json_decref(args);
    }

    if (result == NULL && sentence != NULL) {
        result = json_pack("{s:o}", "error", nt_ustr_bytes(nt_str(sentence)));
    }

    free(sentence);
    return result;
}


/* Runs the calls of a message and puts it and the results behind the
 * messages. */
static bool
run_calls(rounds_t *r, const json_t *reply)
{
    int              rc;
    size_t           i;
    json_t          *call, *result, *message = nt_model_message(reply);
    nt_completion_t *c = r->c;

    rc = json_array_append(r->messages, message);

    json_array_foreach(json_object_get(message, "tool_calls"), i, call)
    {
        result = run_call(c, call);

        if (nt_call_cancelled(c->call)) {
            json_decref(result);
            return false;
        }

        rc |= result == NULL ||
              json_array_append_new(r->messages,
                                    nt_model_tool_message(call, result)) != 0;
        json_decref(result);
    }

    return rc == 0 || fail(c, 503, NT_COMPLETION_NOMEM);
}


/* Who had to call a tool has done so; in the last round none may be called. */
static bool
set_choice(rounds_t *r, unsigned round)
{
    json_t *choice = json_object_get(r->options, "tool_choice");

    if (round + 1 == NT_COMPLETION_ROUNDS) {
        return json_object_set_new(r->options, "tool_choice",
                                   json_string("none")) == 0;
    }

    return round == 0 || choice == NULL ||
           json_object_set_new(r->options, "tool_choice",
                               json_string("auto")) == 0;
}


static bool
converse(rounds_t *r)
{
    unsigned         i;
    json_t          *reply;
    nt_completion_t *c = r->c;

    for (i = 0; i < NT_COMPLETION_ROUNDS; i++) {
        if (!set_choice(r, i)) {
            return fail(c, 503, NT_COMPLETION_NOMEM);
        }

        reply = ask(r);

        if (reply == NULL) {
            return false;
        }

        if (!r->ours || r->n_calls > 0) {
            json_decref(reply);
            break;
        }

        if (!run_calls(r, reply)) {
            json_decref(reply);
            return false;
        }

        json_decref(reply);
    }

    nt_completion_finish(c, r->finish.len > 0
                                ? (nt_str_t) { r->finish.data, r->finish.len }
                                : NT_STR("stop"));
    return true;
}


/* The request in parts: what goes with each question stays the same. */
static bool
set_up(rounds_t *r)
{
    int                      rc;
    size_t                   i;
    json_t                  *tools;
    nt_completion_t         *c = r->c;
    static const char *const members[] = { "model", "messages", "tools",
                                           "stream", "stream_options" };

    r->names = c->names;
    r->messages = json_copy(json_object_get(c->request, "messages"));
    r->options = json_copy(c->request);
    r->tools = json_array();
    tools = json_object_get(c->request, "tools");
    rc = tools != NULL ? json_array_extend(r->tools, tools) : 0;
    rc |= json_array_extend(r->tools, c->schemas);

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        (void) json_object_del(r->options, members[i]);
    }

    return rc == 0 && r->messages != NULL && r->options != NULL
               ? true
               : fail(c, 503, NT_COMPLETION_NOMEM);
}


static nt_node_rc_t
run_rounds(nt_node_call_t *call)
{
    rounds_t r = { .c = nt_call_owner(call) };

    r.c->call = call;
    r.c->good = set_up(&r) && converse(&r);

    json_decref(r.messages);
    json_decref(r.options);
    json_decref(r.tools);
    nt_buf_free(&r.finish);
    nt_buf_free(&r.calls);
    return r.c->good ? NT_NODE_DONE : NT_NODE_FAIL;
}


const nt_node_type_t nt_completion_node = { .type = "nodetool.chat.Completion",
                                            .title = "Completion",
                                            .flags =
                                                NT_NODE_ASYNC | NT_NODE_TOOLS,
                                            .run = run_rounds };
