/*
 * engine/nodes/agents_research.c - nodetool.agents.ResearchAgent and
 * ControlAgent.
 */

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "engine/agents/answer.h"
#include "engine/json.h"
#include "engine/nodes/agent_prompts.h"
#include "engine/nodes/agents.h"
#include "engine/nodes/ustr.h"


/* --- ResearchAgent --- */

static bool
set_up_research(nt_agent_t *agent, nt_str_t objective)
{
    nt_node_call_t *call = agent->call;

    agent->tools = nt_toolbox_new(call);

    if (agent->tools == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return nt_agents_want_outputs(agent, "Research Results") &&
           nt_toolbox_add_names(agent->tools, nt_call_input(call, "tools")) &&
           nt_toolbox_add_finish(agent->tools, agent->schema) &&
           nt_agent_system(agent, nt_agent_property(call, "system_prompt")) &&
           nt_agent_user(agent, objective, false);
}


static nt_node_rc_t
research(nt_agent_t *agent)
{
    nt_str_t        objective;
    nt_node_call_t *call = agent->call;
    nt_agent_task_t task = { .id = "research", .title = "Research" };

    objective =
        nt_ustr_strip(nt_agent_property(call, "objective"), NT_USTR_BOTH, NULL);

    if (objective.len == 0) {
        return nt_call_fail(call, "'objective' must say what to find out");
    }

    if (!set_up_research(agent, objective)) {
        return NT_NODE_FAIL;
    }

    task.objective = objective;
    nt_agent_tell_task(call, &task, "task_created", false, false);
    task.started = time(NULL);
    nt_agent_tell_task(call, &task, "step_started", true, false);

    if (!nt_agent_run(agent)) {
        nt_agent_tell_task(call, &task, "step_failed", true, false);
        return NT_NODE_FAIL;
    }

    nt_agent_tell_task(call, &task, "step_completed", true, true);
    nt_agent_tell_task(call, &task, "task_completed", false, true);
    return nt_agent_emit_result(agent);
}


static nt_node_rc_t
run_research(nt_node_call_t *call)
{
    nt_agent_t   agent = { .shows = NT_SHOW_CHUNKS };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call)) {
        rc = research(&agent);
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t research_properties[] = {
    NT_PROP("objective", "str", "\"\"", "What is to be found out"),
    NT_PROP_MODEL("The model that does the research"),
    NT_PROP("system_prompt", "str", NT_PROMPT_RESEARCH, "How it is to be done"),
    NT_PROP("tools", "list[tool_name]",
            "[{\"name\":\"google_search\"},{\"name\":\"browser\"}]",
            "Built-in tools that the model may call"),
    NT_PROP_TOKENS("8192", nt_agents_tokens),
    NT_PROP_END
};

const nt_node_type_t nt_research_agent = {
    .type = "nodetool.agents.ResearchAgent",
    .title = "Research Agent",
    .description = "Has a language model search the web, read pages and keep "
                   "notes until it can fill in the dynamic outputs.",
    .properties = research_properties,
    .flags = NT_NODE_ASYNC | NT_NODE_DYNAMIC_OUTPUTS,
    .run = run_research
};


/* --- ControlAgent --- */

static json_t *
tool_properties(const json_t *tool)
{
    return json_object_get(json_object_get(tool, "parameters"), "properties");
}


/* What is asked: an object with any of the properties of the nodes that are
 * controlled. */
static bool
want_properties(nt_agent_t *agent, const json_t *tools)
{
    int     rc = 0;
    size_t  i;
    json_t *properties, *tool;

    properties = json_object();

    json_array_foreach(tools, i, tool)
    {
        if (json_is_object(tool_properties(tool))) {
            rc |= json_object_update_missing(properties, tool_properties(tool));
        }
    }

    agent->schema = json_pack("{s:s, s:s, s:o}", "type", "object", "title",
                              "Properties", "properties", properties);
    agent->by_format = true;

    if (rc != 0 || agent->schema == NULL) {
        (void) nt_arg_nomem(agent->call);
        return false;
    }

    return true;
}


static bool
ask_control(nt_agent_t *agent, const json_t *tools)
{
    nt_buf_t text = { 0 };

    nt_buf_append_str(&text, NT_STR("The nodes that you control, and their "
                                    "properties (_control_context):\n\n"
                                    "```json\n"));
    nt_json_append_pretty(&text, tools);
    nt_buf_append_str(&text,
                      NT_STR("\n```\n\nAnswer with a JSON object that has the "
                             "names of properties as its keys."));

    if (!nt_agent_system(agent, nt_agent_property(agent->call, "system"))) {
        nt_buf_free(&text);
        return false;
    }

    return nt_agent_user_buf(agent, &text, false) && nt_agent_run(agent);
}


/* The object of properties within an answer that puts others around it, as
 * models do.  Borrowed. */
static const json_t *
unwrap(const json_t *answer)
{
    size_t                   i;
    json_t                  *inner;
    static const char *const names[] = { "properties", "result", "output",
                                         "data", "response" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        inner = json_object_get(answer, names[i]);

        if (json_is_object(inner) && (json_object_size(answer) == 1 || i == 0))
        {
            return inner;
        }
    }

    return answer;
}


/* What of the answer is for a tool: its own member, or those of its
 * properties.  New reference; NULL when memory is out. */
static json_t *
choose(const json_t *answer, const json_t *tool)
{
    json_t     *chosen, *value, *own;
    const char *name;

    own = json_object_get(answer,
                          json_string_value(json_object_get(tool, "name")));

    if (json_is_object(own)) {
        answer = own;
    }

    chosen = json_object();

    json_object_foreach((json_t *) answer, name, value)
    {
        if (json_object_get(tool_properties(tool), name) != NULL &&
            json_object_set(chosen, name, value) != 0)
        {
            json_decref(chosen);
            return NULL;
        }
    }

    return chosen;
}


static bool
control(nt_node_call_t *call, const json_t *answer, const json_t *tool)
{
    char       *error = NULL;
    json_t     *args, *result;
    const char *name = json_string_value(json_object_get(tool, "name"));

    args = choose(answer, tool);

    if (args == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    result = nt_call_tool(call, name, args, &error);
    json_decref(args);

    if (result == NULL) {
        (void) nt_call_fail(call, "%s: %s", name,
                            error != NULL ? error
                                          : "the server is out of "
                                            "memory");
        free(error);
        return false;
    }

    json_decref(result);
    return true;
}


static nt_node_rc_t
control_all(nt_agent_t *agent, const json_t *tools)
{
    size_t          i;
    json_t         *tool;
    nt_node_call_t *call = agent->call;
    const json_t   *answer;

    if (json_array_size(tools) == 0) {
        nt_call_log(call, "warning",
                    "no control edge leads from this node to another");
        return nt_call_emit(call, "__control_output__", json_object());
    }

    if (!want_properties(agent, tools) || !ask_control(agent, tools)) {
        return NT_NODE_FAIL;
    }

    answer = unwrap(agent->result);

    json_array_foreach(tools, i, tool)
    {
        if (!control(call, answer, tool)) {
            return NT_NODE_FAIL;
        }
    }

    return nt_call_emit(call, "__control_output__",
                        json_incref((json_t *) answer));
}


static nt_node_rc_t
run_control(nt_node_call_t *call)
{
    json_t      *tools;
    nt_agent_t   agent = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;

    tools = nt_call_tools(call);

    if (nt_agent_init(&agent, call)) {
        rc = control_all(&agent, tools);
    }

    nt_agent_free(&agent);
    json_decref(tools);
    return rc;
}


static const nt_property_t control_properties[] = {
    NT_PROP_MODEL("The model that decides"),
    NT_PROP("system", "str", NT_PROMPT_CONTROL, "How it is to decide"),
    NT_PROP_TOKENS("2048", nt_agents_tokens), NT_PROP_END
};

static const nt_output_t control_outputs[] = {
    { "__control_output__", "dict[str,any]" }, { NULL, NULL }
};

const nt_node_type_t nt_control_agent = {
    .type = "nodetool.agents.ControlAgent",
    .title = "Control Agent",
    .description = "Has a language model choose properties of the nodes that "
                   "its control edges lead to, and runs these with them.",
    .properties = control_properties,
    .outputs = control_outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_TOOLS,
    .run = run_control
};
