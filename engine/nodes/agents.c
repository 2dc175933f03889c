/*
 * engine/nodes/agents.c - nodetool.agents.Agent, and the libraries of
 * agents.
 */

#include <stdlib.h>

#include "engine/agents/history.h"
#include "engine/agents/thread.h"
#include "engine/nodes/agents.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

const double nt_agents_one = 1, nt_agents_tokens = 100000;


bool
nt_agents_want_outputs(nt_agent_t *agent, const char *title)
{
    bool    good;
    json_t *fields;

    fields = nt_call_dynamic_outputs(agent->call);

    if (json_object_size(fields) == 0) {
        json_decref(fields);
        (void) nt_call_fail(agent->call,
                            "add an output for each field that the result is "
                            "to have");
        return false;
    }

    good = nt_agent_want(agent, title, fields);
    json_decref(fields);
    return good;
}


/* --- what an agent may use --- */

/*
 * Dynamic outputs that are no tools are the fields of a structured result: it
 * is asked for by response_format where there are no tools, and handed in by
 * a tool of its own where there are, as not all providers let the two go
 * together.
 */
static bool
set_up(nt_agent_t *agent)
{
    bool            good = true;
    json_t         *fields;
    nt_node_call_t *call = agent->call;

    agent->tools = nt_toolbox_new(call);

    if (agent->tools == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    if (!nt_toolbox_add_names(agent->tools, nt_call_input(call, "tools")) ||
        !nt_toolbox_add_workflow(agent->tools))
    {
        return false;
    }

    fields = nt_call_dynamic_outputs(call);

    if (json_object_size(fields) > 0) {
        agent->by_format = json_array_size(nt_toolbox_list(agent->tools)) == 0;
        good = nt_agent_want(agent, "Result", fields) &&
               (agent->by_format ||
                nt_toolbox_add_finish(agent->tools, agent->schema));
    }

    json_decref(fields);
    return good;
}


/* Models that speak need to be told to, and how (OpenAI's). */
static bool
set_voice(nt_agent_t *agent)
{
    int         rc;
    const char *id = json_string_value(json_object_get(agent->model, "id"));
    const char *provider =
        json_string_value(json_object_get(agent->model, "provider"));

    if (id == NULL || strstr(id, "audio") == NULL || provider == NULL ||
        strcmp(provider, "openai") != 0)
    {
        return true;
    }

    rc = json_object_set_new(agent->options, "modalities",
                             json_pack("[s, s]", "text", "audio"));
    rc |= json_object_set_new(agent->options, "audio",
                              json_pack("{s:s, s:s}", "voice", "alloy",
                                        "format", "pcm16"));

    if (rc != 0) {
        (void) nt_arg_nomem(agent->call);
        return false;
    }

    return true;
}


/* The messages up to the question; *from is the number of the first that is
 * new to the thread. */
static bool
set_messages(nt_agent_t *agent, nt_str_t thread, size_t *from)
{
    nt_node_call_t *call = agent->call;

    if (!nt_agent_system(agent, nt_agent_property(call, "system")) ||
        (thread.len > 0 && !nt_thread_load(call, thread, agent->messages)))
    {
        return false;
    }

    if (!nt_history_append(agent->messages, nt_call_input(call, "history"))) {
        (void) nt_arg_nomem(call);
        return false;
    }

    *from = json_array_size(agent->messages);
    return nt_agent_user(agent, nt_agent_property(call, "prompt"), true);
}


/* --- Agent --- */

static nt_node_rc_t
emit_answer(nt_agent_t *agent)
{
    nt_node_rc_t rc = NT_NODE_DONE;

    if (agent->text.len > 0) {
        rc = nt_call_emit(agent->call, "text",
                          json_stringn(agent->text.data, agent->text.len));
    }

    if (rc == NT_NODE_DONE && agent->result != NULL) {
        rc = nt_agent_emit_result(agent);
    }

    return rc;
}


static nt_node_rc_t
ask_agent(nt_agent_t *agent)
{
    size_t   from;
    nt_str_t thread = nt_agent_property(agent->call, "thread_id");

    if (!set_up(agent) || !set_voice(agent) ||
        !set_messages(agent, thread, &from) || !nt_agent_run(agent))
    {
        return NT_NODE_FAIL;
    }

    /* Kept only now: a thread never ends with a question without its answer,
     * or a call without its result, which no provider would take. */
    if (thread.len > 0 &&
        !nt_thread_save(agent->call, thread, agent->messages, from))
    {
        return NT_NODE_FAIL;
    }

    return emit_answer(agent);
}


static nt_node_rc_t
run_agent(nt_node_call_t *call)
{
    nt_agent_t   agent = { .shows = NT_SHOW_CHUNKS | NT_SHOW_OUTPUT |
                                    NT_SHOW_THINKING | NT_SHOW_AUDIO };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call)) {
        rc = ask_agent(&agent);
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t agent_properties[] = {
    NT_PROP_MODEL("The model that answers"),
    NT_PROP("system", "str", "\"You are a friendly assistant\"",
            "What the model is to be and how it is to behave"),
    NT_PROP("prompt", "str", "\"\"", "The question or task"),
    NT_PROP("tools", "list[tool_name]", "[]",
            "Built-in tools that the model may call"),
    NT_PROP_IMAGE("An image that goes with the prompt"),
    NT_PROP_AUDIO("A sound that goes with the prompt"),
    NT_PROP("history", "list[message]", "[]",
            "Messages of the conversation so far"),
    NT_PROP("thread_id", "str?", "\"\"",
            "A conversation that is kept, and goes on here"),
    NT_PROP_TOKENS("8192", nt_agents_tokens),
    NT_PROP_END
};

static const nt_output_t agent_outputs[] = { { "text", "str" },
                                             { "chunk", "chunk" },
                                             { "thinking", "chunk" },
                                             { "audio", "audio" },
                                             { NULL, NULL } };

const nt_node_type_t nt_agent_node = {
    .type = "nodetool.agents.Agent",
    .title = "Agent",
    .description = "Asks a language model, streams its answer, and runs the "
                   "tools that it calls: built-in ones, nodes behind control "
                   "edges, and chains behind dynamic outputs.",
    .properties = agent_properties,
    .outputs = agent_outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_STREAMING_OUTPUT | NT_NODE_TOOLS |
             NT_NODE_DYNAMIC_OUTPUTS,
    .run = run_agent
};


/* --- libraries --- */

static const nt_node_type_t *const agents[] = {
    &nt_agent_node, &nt_research_agent, &nt_control_agent, &nt_summarizer,
    &nt_classifier, &nt_extractor,      &nt_create_thread, NULL
};

const nt_node_library_t nt_nodes_agents = { NODETOOL_NODE_ABI, "agents",
                                            agents };

static const nt_node_type_t *const generators[] = {
    &nt_list_generator,  &nt_data_generator, &nt_structured_generator,
    &nt_chart_generator, &nt_svg_generator,  NULL
};

const nt_node_library_t nt_nodes_generators = { NODETOOL_NODE_ABI, "generators",
                                                generators };

static const nt_node_type_t *const claude[] = { &nt_claude_agent, NULL };

const nt_node_library_t nt_nodes_claude = { NODETOOL_NODE_ABI, "claude",
                                            claude };
