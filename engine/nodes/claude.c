/*
 * engine/nodes/claude.c - anthropic.agents.ClaudeAgent: an agent with Claude
 * Code's tools, run here as a loop of requests.
 */

#include <stdlib.h>

#include "engine/agents/tool_run.h"
#include "engine/nodes/agents.h"
#include "engine/nodes/ustr.h"

static const double turns_max = 100;

static const char *const permission_modes[] = { "default", "acceptEdits",
                                                "plan", "bypassPermissions",
                                                NULL };


/* --- tools --- */

static bool
is_listed(const json_t *names, const char *name)
{
    size_t      i;
    json_t     *entry;
    const char *text;

    json_array_foreach(names, i, entry)
    {
        text = json_string_value(entry);

        if (text != NULL && strcmp(text, name) == 0) {
            return true;
        }
    }

    return false;
}


static bool
is_known(const char *name)
{
    const nt_tool_t *tool;

    for (tool = nt_tools_claude; tool->name != NULL; tool++) {
        if (strcmp(tool->name, name) == 0) {
            return true;
        }
    }

    return false;
}


/* A name that is none of ours is a mistake, which must not pass in silence. */
static bool
check_names(nt_node_call_t *call, const json_t *names)
{
    size_t      i;
    json_t     *entry;
    const char *name;

    json_array_foreach(names, i, entry)
    {
        name = json_string_value(entry);

        if (name == NULL || !is_known(name)) {
            (void) nt_call_fail(call,
                                "'allowed_tools': this server has no tool "
                                "\"%s\"; it has Read, Write, Edit, Glob, LS, "
                                "Bash, WebFetch, WebSearch",
                                name != NULL ? name : "");
            return false;
        }
    }

    return true;
}


/* In plan mode nothing is changed. */
static bool
changes(const char *name)
{
    return strcmp(name, "Write") == 0 || strcmp(name, "Edit") == 0 ||
           strcmp(name, "Bash") == 0;
}


/* May the agent use a tool? */
static bool
is_allowed(nt_node_call_t *call, const char *name, const json_t *names)
{
    const char *mode = nt_call_string(call, "permission_mode", NULL);

    if (strcmp(mode, "bypassPermissions") != 0 &&
        (!is_listed(names, name) ||
         (strcmp(mode, "plan") == 0 && changes(name))))
    {
        return false;
    }

    if (strcmp(name, "Bash") == 0 && !nt_tool_bash_allowed(call)) {
        nt_call_log(call, "info",
                    "the tool Bash is left out: programs run here only with "
                    "the option --allow-code");
        return false;
    }

    return true;
}


static bool
add_tools(nt_agent_t *agent)
{
    const json_t    *names;
    const nt_tool_t *tool;

    names = nt_arg_list(agent->call, "allowed_tools");
    agent->tools = nt_toolbox_new(agent->call);

    if (names == NULL || !check_names(agent->call, names)) {
        return false;
    }

    if (agent->tools == NULL) {
        (void) nt_arg_nomem(agent->call);
        return false;
    }

    for (tool = nt_tools_claude; tool->name != NULL; tool++) {
        if (is_allowed(agent->call, tool->name, names) &&
            !nt_toolbox_add(agent->tools, tool))
        {
            return false;
        }
    }

    return nt_toolbox_add_workflow(agent->tools);
}


/* --- the agent --- */

/* A ref without a provider means Anthropic's. */
static bool
set_provider(nt_agent_t *agent)
{
    json_t     *model;
    const char *provider =
        json_string_value(json_object_get(agent->model, "provider"));

    if (provider != NULL && provider[0] != '\0' &&
        strcmp(provider, "empty") != 0) {
        return true;
    }

    if (json_string_length(json_object_get(agent->model, "id")) == 0) {
        return true; /* the engine's own choice, or its error */
    }

    model = json_copy(agent->model);
    json_decref(agent->model);
    agent->model = model;

    if (json_object_set_new(model, "provider", json_string("anthropic")) != 0) {
        (void) nt_arg_nomem(agent->call);
        return false;
    }

    return true;
}


static nt_node_rc_t
ask_claude(nt_agent_t *agent)
{
    int64_t         turns;
    nt_str_t        prompt;
    nt_node_call_t *call = agent->call;

    prompt =
        nt_ustr_strip(nt_agent_property(call, "prompt"), NT_USTR_BOTH, NULL);

    if (prompt.len == 0) {
        return nt_call_fail(call, "'prompt' must say what to do");
    }

    if (!nt_arg_int(call, "max_turns", &turns)) {
        return NT_NODE_FAIL;
    }

    if (nt_call_bool(call, "use_claude_credentials")) {
        nt_call_log(call, "info",
                    "use_claude_credentials: there is no login of Claude Code "
                    "on this server, its ANTHROPIC_API_KEY is used");
    }

    agent->turns_max = turns < 1 ? 1 : turns > 100 ? 100 : (unsigned) turns;

    if (!set_provider(agent) || !add_tools(agent) ||
        !nt_agent_system(agent, nt_agent_property(call, "system_prompt")) ||
        !nt_agent_user(agent, prompt, false) || !nt_agent_run(agent))
    {
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "text",
                        nt_ustr_json(
                            (nt_str_t) { agent->all.data, agent->all.len }));
}


static nt_node_rc_t
run_claude(nt_node_call_t *call)
{
    nt_agent_t   agent = { .shows = NT_SHOW_CHUNKS | NT_SHOW_OUTPUT };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call)) {
        rc = ask_claude(&agent);
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t properties[] = {
    NT_PROP("prompt", "str", "\"\"", "The task"),
    NT_PROP_MODEL("The Claude model"),
    NT_PROP("system_prompt", "str", "\"\"",
            "What the agent is to be and how it is to behave"),
    { .name = "max_turns",
      .type = "int",
      .default_json = "20",
      .min = &nt_agents_one,
      .max = &turns_max,
      .description = "How often the model may be asked" },
    NT_PROP("allowed_tools", "list[str]", "[\"Read\",\"Write\",\"Bash\"]",
            "Tools on the workspace and the web: Read, Write, Edit, Glob, LS, "
            "Bash (where programs may run), WebFetch, WebSearch"),
    NT_PROP_ENUM("permission_mode", permission_modes, "\"acceptEdits\"",
                 "plan: no tool that changes files; bypassPermissions: all "
                 "tools, listed or not"),
    NT_PROP("use_claude_credentials", "bool", "false",
            "A login of Claude Code; here the server's key is used"),
    NT_PROP_END
};

static const nt_output_t outputs[] = { { "text", "str" },
                                       { "chunk", "chunk" },
                                       { NULL, NULL } };

const nt_node_type_t nt_claude_agent = {
    .type = "anthropic.agents.ClaudeAgent",
    .title = "Claude Agent",
    .description = "Has Claude work on a task with tools on the workspace and "
                   "the nodes behind its control edges.",
    .properties = properties,
    .outputs = outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_STREAMING_OUTPUT | NT_NODE_TOOLS,
    .run = run_claude
};
