/*
 * The run of a turn: its graph, what it tells, and what the fiber puts into
 * the thread.
 */

#include "engine/chat/chat_int.h"

#include <stdlib.h>

#define BUDGET 64 /* activations in a turn of the loop */

#define NOMEM "The server is out of memory"


static void
on_event(void *arg, const char *line, size_t len)
{
    json_t     *event;
    nt_turn_t  *turn = arg;
    const char *type, *node;
    bool        ours;

    if (turn->sink.event == NULL) {
        return;
    }

    event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
    type = json_string_value(json_object_get(event, "type"));
    node = json_string_value(json_object_get(event, "node_id"));

    if (type == NULL || strcmp(type, "edge_update") == 0) {
        json_decref(event);
        return;
    }

    ours = node == NULL || !nt_chat_is_tool(node);

    /* the conversation and what belongs to it are no nodes to see; pieces of
     * what a tool says are not the answer's, whose end nt_turn_answer tells */
    if (strcmp(type, ours ? "node_update" : "chunk") == 0 ||
        (strcmp(type, "chunk") == 0 &&
         json_is_true(json_object_get(event, "done"))))
    {
        json_decref(event);
        return;
    }

    if (ours) {
        (void) json_object_set_new(event, "node_id", json_null());
    }

    if (strcmp(type, "tool_result_update") == 0) {
        (void) json_object_set_new(event, "type", json_string("tool_result"));
    }

    nt_turn_tell(turn, event);
}


static void
on_run_done(void *arg, const nt_run_result_t *result)
{
    nt_turn_t *turn = arg;

    turn->ended = true;

    if (result->status == NT_RUN_FAILED) {
        turn->error = strdup(result->message);
    }
}


static void
on_wake(void *arg)
{
    nt_turn_t *turn = arg;

    nt_chat_activate(turn->chat, &turn->pumped);
}


void
nt_turn_pump(nt_pumped_t *pumped)
{
    nt_turn_t *turn = (nt_turn_t *) pumped;

    if (turn->run == NULL) {
        return;
    }

    if (nt_run_pump(turn->run, BUDGET)) {
        nt_chat_activate(turn->chat, &turn->pumped);
    }

    if (!turn->ended) {
        return;
    }

    nt_run_free(turn->run);
    turn->run = NULL;
    turn->call = NULL;

    if (turn->error != NULL) {
        nt_turn_keep_said(turn);
        nt_turn_fail(turn, turn->error_type, turn->error);
    } else {
        nt_turn_end(turn);
    }
}


static bool
find_workflow(void *arg, const char *name, bool tool, nt_subworkflow_t *found,
              nt_buf_t *error)
{
    nt_turn_t *turn = arg;

    return nt_workflows_find(turn->chat->options.workflows, turn->user, name,
                             tool, found, error) == 200;
}


static bool
start_run(nt_turn_t *turn, nt_graph_t *graph)
{
    const nt_chat_options_t *o = &turn->chat->options;
    nt_values_t        *settings = nt_settings_values(o->settings, turn->user);
    const nt_run_sink_t sink = {
        .arg = turn, .event = on_event, .done = on_run_done, .wake = on_wake
    };
    const nt_run_options_t options = { .loop = o->loop,
                                       .workspace = o->workspace,
                                       .workspace_name = turn->workspace,
                                       .assets = o->assets,
                                       .base_url = turn->base_url,
                                       .http = o->http,
                                       .allow = o->allow,
                                       .workflow = find_workflow,
                                       .workflow_arg = turn,
                                       .results = o->results,
                                       .user = turn->user,
                                       .settings = settings,
                                       .owner = turn };

    turn->run = nt_run_new(graph, &options, &sink);
    nt_values_unref(settings);

    if (turn->run == NULL) {
        return false;
    }

    nt_chat_activate(turn->chat, &turn->pumped);

    if (turn->left) {
        nt_turn_leave(turn); /* now it is known what it is */
    }

    return true;
}


/* The graph of the turn: the conversation and the nodes that are its tools. A
 * new reference; NULL with a sentence. */
static nt_graph_t *
make_graph(nt_turn_t *turn, nt_buf_t *error)
{
    json_t     *nodes, *edges, *source, *errors, *warnings;
    nt_graph_t *graph = NULL;

    nodes = json_pack("[{s:s, s:s}]", "id", "chat", "type", nt_chat_node.type);
    edges = json_array();
    errors = json_array();
    warnings = json_array();
    source = json_pack("{s:O, s:O}", "nodes", nodes, "edges", edges);

    if (source != NULL && nt_chat_find_tools(turn, nodes, edges, error)) {
        graph = nt_graph_compile_own(source, turn->chat->options.registry,
                                     &nt_chat_node, errors, warnings);
    }

    if (graph == NULL && error->len == 0) {
        nt_buf_printf(error, "%s",
                      json_array_size(errors) > 0
                          ? json_string_value(
                                json_object_get(json_array_get(errors, 0),
                                                "message"))
                          : NOMEM);
    }

    json_decref(source);
    json_decref(nodes);
    json_decref(edges);
    json_decref(errors);
    json_decref(warnings);
    return graph;
}


void
nt_turn_begin_run(nt_turn_t *turn)
{
    nt_buf_t    error = { 0 };
    nt_graph_t *graph = make_graph(turn, &error);

    nt_buf_append_char(&error, '\0');

    if (graph == NULL) {
        nt_turn_fail(turn, "invalid_message",
                     error.failed ? NOMEM : error.data);

    } else if (!start_run(turn, graph)) {
        nt_turn_fail(turn, "service_unavailable", NOMEM);
    }

    nt_graph_unref(graph);
    nt_buf_free(&error);
}


/* --- from the fiber --- */

typedef struct {
    nt_turn_t *turn;
    json_t    *message; /* as the thread has it; owned */
} keeping_t;


static void
on_kept(void *arg, int status, const char *message, json_t *value)
{
    keeping_t *keeping = arg;
    nt_turn_t *turn = keeping->turn;

    if (status == 200) {
        keeping->message = json_incref(value);
    } else {
        (void) nt_call_fail(turn->call, "%s", message);
    }

    nt_call_resume(turn->call);
}


/* Waits until the message (taken over) is in the thread.  It as the thread has
 * it, a new reference; NULL after nt_call_fail. */
static json_t *
keep(nt_turn_t *turn, json_t *message)
{
    keeping_t keeping = { .turn = turn };

    if (message == NULL || nt_call_cancelled(turn->call)) {
        json_decref(message);
        (void) nt_call_fail(turn->call, NOMEM);
        return NULL;
    }

    nt_messages_append(turn->chat->options.threads, turn->user, turn->thread_id,
                       NULL, message, on_kept, &keeping);
    json_decref(message);
    nt_call_suspend(turn->call, NULL, NULL); /* the store always answers */

    if (keeping.message == NULL) {
        turn->error_type = "service_unavailable";
    }

    return keeping.message;
}


bool
nt_turn_keep(nt_turn_t *turn, json_t *message)
{
    message = keep(turn, message);

    if (message == NULL) {
        return false;
    }

    nt_turn_tell(turn, message);
    return true;
}


bool
nt_turn_answer(nt_turn_t *turn, json_t *message, const char *job_id)
{
    json_t *workflow = NULL;

    message = keep(turn, message);

    if (message == NULL) {
        return false;
    }

    if (job_id != NULL) {
        workflow = json_object_get(turn->message, "workflow_id");
    }

    nt_turn_tell(turn, json_pack("{s:s, s:n, s:s, s:s, s:b, s:s*, s:O*}",
                                 "type", "chunk", "node_id", "content_type",
                                 "text", "content", "", "done", 1, "job_id",
                                 job_id, "workflow_id", workflow));
    nt_turn_tell(turn, message);
    return true;
}
