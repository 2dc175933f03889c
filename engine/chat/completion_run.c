/*
 * The run of a completion that asks a model: a graph whose one node is the
 * conversation.
 */

#include "engine/chat/completion_int.h"

#include "engine/assets/workspace.h"


static void
on_event(void *arg, const char *line, size_t len)
{
    json_t          *event;
    nt_completion_t *c = arg;

    /* what the conversation itself asks for is counted as it comes */
    if (memmem(line, len, "\"usage\"", 7) == NULL) {
        return;
    }

    event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);

    if (strcmp(nt_chat_member(event, "node_name"), nt_completion_node.title) !=
        0) {
        nt_completion_use_json(c, json_object_get(event, "usage"));
    }

    json_decref(event);
}


static void
on_done(void *arg, const nt_run_result_t *result)
{
    nt_completion_t *c = arg;

    c->ended = true;

    if (result->status != NT_RUN_COMPLETED) {
        c->good = false;

        if (c->fault.message.len == 0) {
            nt_completion_fault(&c->fault, 500, NULL, "%s",
                                result->message != NULL
                                    ? result->message
                                    : "The conversation was stopped.");
        }
    }
}


static void
on_wake(void *arg)
{
    nt_completion_t *c = arg;

    nt_chat_activate(c->chat, &c->pumped);
}


static bool
start_run(nt_completion_t *c, nt_graph_t *graph, const char *workspace)
{
    const nt_chat_options_t *o = &c->chat->options;
    nt_values_t        *settings = nt_settings_values(o->settings, c->user);
    const nt_run_sink_t sink = {
        .arg = c, .event = on_event, .done = on_done, .wake = on_wake
    };
    const nt_run_options_t options = { .loop = o->loop,
                                       .workspace = o->workspace,
                                       .workspace_name = workspace,
                                       .assets = o->assets,
                                       .base_url = c->base_url,
                                       .http = o->http,
                                       .allow = o->allow,
                                       .workflow = nt_completion_find_workflow,
                                       .workflow_arg = c,
                                       .results = o->results,
                                       .user = c->user,
                                       .settings = settings,
                                       .owner = c };

    c->run = nt_run_new(graph, &options, &sink);
    nt_values_unref(settings);
    return c->run != NULL;
}


bool
nt_completion_start_run(nt_completion_t *c, nt_llm_error_t *error)
{
    json_t     *source, *errors = json_array(), *warnings = json_array();
    nt_buf_t    workspace = { 0 };
    nt_graph_t *graph = NULL;

    source = json_pack("{s:[{s:s, s:s}], s:[]}", "nodes", "id", "chat", "type",
                       nt_completion_node.type, "edges");
    nt_workspace_name(&workspace, nt_str(c->user), NT_STR("completions"));

    if (source != NULL && errors != NULL && warnings != NULL &&
        !workspace.failed) {
        graph = nt_graph_compile_own(source, c->chat->options.registry,
                                     &nt_completion_node, errors, warnings);
    }

    if (graph == NULL || !start_run(c, graph, workspace.data)) {
        nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
    }

    nt_graph_unref(graph);
    nt_buf_free(&workspace);
    json_decref(source);
    json_decref(errors);
    json_decref(warnings);
    return c->run != NULL;
}
