/*
 * What runs on a turn's fiber: the model is asked, until it calls no more
 * tools.
 */

#include "engine/chat/chat_int.h"

#include <stdlib.h>

#include "engine/agents/agent.h"
#include "engine/agents/history.h"
#include "engine/json.h"
#include "engine/nodes/args.h"

#define PIECES 512 /* of an answer in a turn of the loop */

static const nt_str_t prompts[] = {
    [NT_CHAT_PLAIN] = NT_STR(
        "You are a helpful assistant.\n\n"
        "Media are objects with a type (image, audio, video, document) and a "
        "uri. When a tool gives you an image, show it as a Markdown image with "
        "its uri."),
    [NT_CHAT_HELP] = NT_STR(
        "You help to build NodeTool workflows: graphs whose nodes are "
        "operations and whose edges carry typed values from an output of one "
        "node to a property of another.\n\n"
        "Nodes run when their inputs are there; a value that streams is worked "
        "on piece by piece. Inputs are nodes of nodetool.input, results those "
        "of nodetool.output. A node that an agent is to use as a tool is fed "
        "by a dynamic output of the agent.\n\n"
        "Look node types up with search_nodes before you name them: never make "
        "up a type, a property or an output. Answer briefly, in points where "
        "there are several."),
    [NT_CHAT_AGENT] = NT_STR(
        "You are an agent that carries out what the user asks for. Work step "
        "by step, and use your tools to find out and to do what is needed "
        "rather than to guess. When a tool fails, read why and try another "
        "way. Files that you make are in your workspace. When you are done, "
        "answer in Markdown with what came of it.")
};


static bool
fail_nomem(nt_turn_t *turn)
{
    turn->error_type = "internal_error";
    (void) nt_arg_nomem(turn->call);
    return false;
}


/* --- what comes of the model --- */

static void
resume(void *arg)
{
    nt_turn_ready(arg);
}


/* A piece of the answer has been told. */
static bool
on_piece(void *ctx, nt_str_t text)
{
    nt_turn_t *turn = ctx;

    nt_buf_append_str(&turn->said, text);

    while (turn->sink.slow != NULL && turn->sink.slow(turn->sink.arg) &&
           !nt_call_cancelled(turn->call))
    {
        turn->slow = true;
        nt_call_suspend(turn->call, resume, turn);
        turn->slow = false;
    }

    /* a model that is not waited for has to wait for the others */
    if (++turn->pieces % PIECES == 0) {
        (void) nt_call_sleep(turn->call, 0);
    }

    return !turn->said.failed || fail_nomem(turn);
}


/* Adds what a request has used, where the provider says it. */
static bool
add_usage(nt_turn_t *turn, const json_t *usage)
{
    int                      rc = 0;
    size_t                   i;
    json_int_t               sum;
    static const char *const members[] = { "prompt_tokens", "completion_tokens",
                                           "total_tokens" };

    if (!json_is_object(usage)) {
        return true;
    }

    if (turn->usage == NULL) {
        turn->usage = json_object();
    }

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (json_object_get(usage, members[i]) != NULL) {
            sum = json_integer_value(json_object_get(turn->usage, members[i])) +
                  json_integer_value(json_object_get(usage, members[i]));
            rc |=
                json_object_set_new(turn->usage, members[i], json_integer(sum));
        }
    }

    return rc == 0;
}


/* The name of the tool whose result this is: of a call in the last message
 * with calls. */
static json_t *
tool_name(const nt_turn_t *turn, const json_t *message)
{
    size_t        i;
    const json_t *call;
    json_t       *id = json_object_get(message, "tool_call_id");

    json_array_foreach(json_object_get(turn->answer, "tool_calls"), i, call)
    {
        if (json_equal(json_object_get(call, "id"), id)) {
            return json_object_get(call, "name");
        }
    }

    return NULL;
}


/*
 * A message is behind the others: it goes into the thread at once, but for
 * the last one, of which the end of the answer is told first.
 */
static bool
on_heard(void *ctx, const json_t *message, const json_t *usage)
{
    bool       calls;
    json_t    *kept, *name;
    nt_turn_t *turn = ctx;

    calls = json_array_size(json_object_get(message, "tool_calls")) > 0;
    kept = nt_chat_from_model(turn, message);

    if (kept == NULL || !add_usage(turn, usage)) {
        json_decref(kept);
        return fail_nomem(turn);
    }

    if (json_object_get(message, "tool_call_id") != NULL) {
        name = tool_name(turn, message);

        if (name != NULL && json_object_set(kept, "name", name) != 0) {
            json_decref(kept);
            return fail_nomem(turn);
        }

        return nt_turn_keep(turn, kept);
    }

    json_decref(turn->answer);
    turn->answer = kept;

    if (!calls) {
        return true;
    }

    nt_buf_reset(&turn->said);
    return nt_turn_keep(turn, json_incref(kept));
}


/* --- an answer --- */

/* A model of nobody's must not become another one, the default. */
static bool
check_model(nt_turn_t *turn, const json_t *model)
{
    const char *id = json_string_value(json_object_get(model, "id"));

    if (id == NULL) {
        return fail_nomem(turn);
    }

    if (*id != '\0' &&
        json_string_length(json_object_get(model, "provider")) == 0) {
        turn->error_type = "invalid_message";
        (void) nt_call_fail(turn->call,
                            "whose model \"%.100s\" is does not show from its "
                            "name: send its provider with it",
                            id);
        return false;
    }

    return true;
}


static bool
set_up(nt_turn_t *turn, nt_agent_t *agent)
{
    nt_buf_t system = { 0 };

    turn->error_type = "internal_error";

    if (!nt_agent_init(agent, turn->call)) {
        return false;
    }

    json_decref(agent->model);
    agent->model = nt_chat_model(turn->message);

    if (!check_model(turn, agent->model)) {
        return false;
    }

    agent->piece = on_piece;
    agent->heard = on_heard;
    agent->ctx = turn;
    turn->error_type = "tool_error";
    agent->tools = nt_chat_toolbox(turn);

    if (agent->tools == NULL) {
        return false;
    }

    turn->error_type = "internal_error";
    nt_buf_append_str(&system, prompts[turn->mode]);

    if (turn->mode == NT_CHAT_HELP) {
        nt_chat_graph(turn, &system);
    }

    return nt_agent_system_buf(agent, &system) &&
           (nt_history_append(agent->messages, turn->history) ||
            fail_nomem(turn)) &&
           nt_chat_query(turn, agent->messages);
}


/* The last message: of the model that has no more turns, what it has said. */
static json_t *
last_message(nt_turn_t *turn, const nt_agent_t *agent)
{
    json_t *message;

    if (json_object_get(turn->answer, "tool_calls") == NULL &&
        turn->answer != NULL) {
        message = json_incref(turn->answer);
    } else {
        message = nt_chat_message(turn, "assistant",
                                  json_stringn(agent->text.data != NULL
                                                   ? agent->text.data
                                                   : "",
                                               agent->text.len));
    }

    if (message != NULL && turn->usage != NULL &&
        json_object_set(message, "usage", turn->usage) != 0)
    {
        json_decref(message);
        return NULL;
    }

    return message;
}


/* An agent's work is told as a task. */
static bool
work(nt_turn_t *turn, nt_agent_t *agent)
{
    bool            good;
    nt_buf_t        text = { 0 };
    nt_agent_task_t task = { .id = "task", .title = "Task" };

    if (turn->mode != NT_CHAT_AGENT) {
        return nt_agent_run(agent);
    }

    nt_chat_text(turn->message, &text);
    task.objective = (nt_str_t) { text.data, text.len };
    nt_agent_tell_task(turn->call, &task, "task_created", false, false);
    task.started = time(NULL);
    nt_agent_tell_task(turn->call, &task, "step_started", true, false);
    good = nt_agent_run(agent);

    if (good) {
        nt_agent_tell_task(turn->call, &task, "step_completed", true, true);
        nt_agent_tell_task(turn->call, &task, "task_completed", false, true);
    } else {
        nt_agent_tell_task(turn->call, &task, "step_failed", true, false);
    }

    nt_buf_free(&text);
    return good;
}


static bool
converse(nt_turn_t *turn, nt_agent_t *agent)
{
    json_t *message;

    if (!set_up(turn, agent)) {
        return false;
    }

    turn->error_type =
        turn->mode == NT_CHAT_AGENT ? "agent_error" : "provider_error";

    if (!work(turn, agent)) {
        return false;
    }

    message = last_message(turn, agent);
    nt_buf_reset(&turn->said);
    return nt_turn_answer(turn, message, NULL);
}


static nt_node_rc_t
run_turn(nt_node_call_t *call)
{
    bool       good;
    nt_turn_t *turn = nt_call_owner(call);
    nt_agent_t agent = { .shows = NT_SHOW_CHUNKS };

    turn->call = call;

    if (turn->mode == NT_CHAT_WORKFLOW) {
        return nt_chat_run_workflow(turn);
    }

    good = converse(turn, &agent);
    nt_agent_free(&agent);
    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


const nt_node_type_t nt_chat_node = { .type = "nodetool.chat.Turn",
                                      .title = "Chat",
                                      .flags = NT_NODE_ASYNC | NT_NODE_TOOLS,
                                      .run = run_turn };
