/*
 * What a model may call in a turn: built-in tools, nodes, workflows of the
 * user's, tools of the client.
 */

#include "engine/chat/chat_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "engine/nodes/args.h"
#include "engine/nodes/ustr.h"

static const char workflow_prefix[] = "workflow_"; /* of tools */
static const char node_prefix[] = "tool-";         /* of ids */

/* What an agent has when its message names no tools. */
static const char *const agent_tools[] = { "read_file",      "write_file",
                                           "list_directory", "browser",
                                           "google_search",  "calculator" };


/* --- nodes --- */

static json_t *
run_node(nt_node_call_t *call, const void *arg, const json_t *args,
         nt_buf_t *error)
{
    char                 *sentence = NULL;
    json_t               *result;
    const nt_chat_tool_t *tool = arg;

    result = nt_call_tool(call, tool->inner, args, &sentence);

    if (result == NULL && sentence != NULL) {
        nt_buf_append_str(error, nt_str(sentence));
    }

    free(sentence);
    return result;
}


/* --- the client's --- */

static void
on_timeout(uv_timer_t *timer)
{
    nt_turn_t *turn = timer->data;

    if (turn->waits[0] != '\0') {
        turn->waits[0] = '\0';
        nt_call_resume(turn->call);
    }
}


static void
cancel_wait(void *arg)
{
    nt_turn_t *turn = arg;

    turn->waits[0] = '\0';
    nt_call_resume(turn->call);
}


/* What the client has sent: its result, a new reference; NULL with a
 * sentence. */
static json_t *
read_result(const json_t *reply, nt_buf_t *error)
{
    json_t *ok = json_object_get(reply, "ok");
    json_t *fault = json_object_get(reply, "error");
    json_t *result = json_object_get(reply, "result");

    if (json_is_false(ok) ||
        (!json_is_true(ok) && fault != NULL && !json_is_null(fault)))
    {
        nt_buf_append_str(error, NT_STR("the client's tool has failed: "));
        nt_buf_append_str(error, json_is_string(fault) ? nt_ustr(fault)
                                                       : NT_STR("no reason"));
        return NULL;
    }

    return result != NULL ? json_incref(result) : json_object();
}


static json_t *
run_client(nt_node_call_t *call, const void *arg, const json_t *args,
           nt_buf_t *error)
{
    json_t               *reply, *result;
    unsigned char         random[16];
    const nt_chat_tool_t *tool = arg;
    nt_turn_t            *turn = tool->turn;

    if (turn->sink.event == NULL) {
        nt_buf_append_str(error, NT_STR("the client is gone"));
        return NULL;
    }

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        nt_buf_append_str(error, NT_STR("the server has no random numbers"));
        return NULL;
    }

    nt_id_hex(turn->waits, random);
    turn->waits[NT_ID_HEX_LEN] = '\0';
    (void) uv_timer_start(&turn->timer, on_timeout, NT_CHAT_TOOL_MS, 0);
    nt_turn_tell(turn, json_pack("{s:s, s:s, s:s, s:O}", "type", "tool_call",
                                 "tool_call_id", turn->waits, "name",
                                 tool->name, "args", args));
    nt_call_suspend(call, cancel_wait, turn);

    if (!turn->left) {
        (void) uv_timer_stop(&turn->timer);
    }

    reply = turn->result;
    turn->result = NULL;

    if (reply == NULL) {
        nt_buf_printf(error,
                      turn->sink.event == NULL
                          ? "the client is gone"
                          : "the client has not answered within %d seconds",
                      NT_CHAT_TOOL_MS / 1000);
        return NULL;
    }

    result = read_result(reply, error);
    json_decref(reply);
    return result;
}


/* --- finding them --- */

static nt_chat_tool_t *
add_tool(nt_turn_t *turn, const char *name)
{
    nt_chat_tool_t *tool = &turn->tools[turn->n_tools++];

    (void) snprintf(tool->name, sizeof(tool->name), "%s", name);
    tool->turn = turn;
    tool->tool = (nt_tool_t) { .name = tool->name, .arg = tool };
    return tool;
}


static void
add_client(nt_turn_t *turn, const char *name, json_t *client)
{
    const char     *text;
    nt_chat_tool_t *tool = add_tool(turn, name);

    text = json_string_value(json_object_get(client, "description"));
    tool->client = client;
    tool->tool.description = text != NULL ? text : "A tool of the client's";
    tool->tool.message = "Asking the client";
    tool->tool.run = run_client;
}


bool
nt_chat_add_node(json_t *nodes, json_t *edges, const char *id, const char *type,
                 const char *title)
{
    json_t *node, *edge;

    node = json_pack("{s:s, s:s, s:{s:s}}", "id", id, "type", type,
                     "ui_properties", "title", title);
    edge = json_pack("{s:s, s:s, s:s, s:s, s:s}", "source", "chat",
                     "sourceHandle", "__control__", "target", id,
                     "targetHandle", "__control__", "edge_type", "control");

    /* both, as they take the references over */
    return (json_array_append_new(nodes, node) |
            json_array_append_new(edges, edge)) == 0;
}


bool
nt_chat_is_tool(const char *node)
{
    return strncmp(node, node_prefix, sizeof(node_prefix) - 1) == 0;
}


/* A node that the conversation controls. */
static bool
add_node(nt_turn_t *turn, const char *name, const nt_node_type_t *type,
         json_t *nodes, json_t *edges)
{
    char            title[32], id[32];
    size_t          number = turn->n_tools + 1;
    nt_chat_tool_t *tool = add_tool(turn, name);

    (void) snprintf(id, sizeof(id), "%s%zu", node_prefix, number);
    (void) snprintf(title, sizeof(title), "tool %zu", number);
    (void) snprintf(tool->inner, sizeof(tool->inner), "tool_%zu", number);
    tool->type = type->type;
    tool->tool.description =
        type->description != NULL ? type->description : type->title;
    tool->tool.message = type->title;
    tool->tool.run = run_node;

    return nt_chat_add_node(nodes, edges, id, type->type, title);
}


static bool
is_known(const nt_turn_t *turn, const char *name)
{
    size_t i;

    for (i = 0; i < turn->n_tools; i++) {
        if (strcmp(turn->tools[i].name, name) == 0) {
            return true;
        }
    }

    return false;
}


/* False with a sentence for a name that stands for nothing. */
static bool
find_tool(nt_turn_t *turn, const char *name, json_t *nodes, json_t *edges,
          nt_buf_t *error)
{
    char                  plain[NT_NODE_TOOL_NAME];
    json_t               *client = json_object_get(turn->client_tools, name);
    const nt_node_type_t *type;

    if (is_known(turn, name)) {
        return true;
    }

    if (client != NULL) {
        add_client(turn, name, client);
        return true;
    }

    if (strncmp(name, workflow_prefix, sizeof(workflow_prefix) - 1) == 0 ||
        nt_tool_exists(name))
    {
        return json_array_append_new(turn->names, json_string(name)) == 0;
    }

    type = nt_registry_find_tool(turn->chat->options.registry, name);

    if (type != NULL) {
        nt_node_tool_name(plain, sizeof(plain), type->type);
        return is_known(turn, plain) ||
               add_node(turn, plain, type, nodes, edges);
    }

    nt_buf_printf(error,
                  "there is no tool \"%.100s\": neither built in, nor a node, "
                  "nor the client's",
                  name);
    return false;
}


/* All tools of the client: an agent may use them without being told, as may
 * who has not said which tools he wants. */
static void
add_clients(nt_turn_t *turn)
{
    json_t     *tool;
    const char *name;

    json_object_foreach(turn->client_tools, name, tool)
    {
        if (!is_known(turn, name)) {
            add_client(turn, name, tool);
        }
    }
}


bool
nt_chat_find_tools(nt_turn_t *turn, json_t *nodes, json_t *edges,
                   nt_buf_t *error)
{
    size_t        i, n;
    const json_t *entry, *tools = json_object_get(turn->message, "tools");

    if (turn->mode == NT_CHAT_WORKFLOW) {
        return true;
    }

    n = json_array_size(tools) + json_object_size(turn->client_tools);
    turn->names = json_array();
    turn->tools = calloc(n + 1, sizeof(*turn->tools));

    if (turn->names == NULL || turn->tools == NULL ||
        (nt_chat_has_collections(turn) && !nt_chat_add_query(nodes, edges)))
    {
        return false;
    }

    json_array_foreach(tools, i, entry)
    {
        if (json_is_object(entry)) {
            entry = json_object_get(entry, "name");
        }

        if (!find_tool(turn, json_string_value(entry), nodes, edges, error)) {
            return false;
        }
    }

    for (i = 0; turn->mode == NT_CHAT_AGENT && json_array_size(tools) == 0 &&
                i < sizeof(agent_tools) / sizeof(agent_tools[0]);
         i++)
    {
        if (json_array_append_new(turn->names, json_string(agent_tools[i])) !=
            0) {
            return false;
        }
    }

    if (turn->mode != NT_CHAT_PLAIN || !json_is_array(tools)) {
        add_clients(turn);
    }

    return true;
}


/* --- the box --- */

/* The parameters of a tool; a new reference. */
static json_t *
parameters_of(const nt_chat_tool_t *tool, const json_t *schemas)
{
    size_t      i;
    json_t     *schema, *parameters;
    const char *name;

    if (tool->client != NULL) {
        parameters = json_object_get(tool->client, "parameters");

        return json_is_object(parameters)
                   ? json_incref(parameters)
                   : json_pack("{s:s, s:{}}", "type", "object", "properties");
    }

    json_array_foreach(schemas, i, schema)
    {
        name = json_string_value(json_object_get(schema, "name"));

        if (name != NULL && strcmp(name, tool->inner) == 0) {
            return json_incref(json_object_get(schema, "parameters"));
        }
    }

    return NULL;
}


nt_toolbox_t *
nt_chat_toolbox(nt_turn_t *turn)
{
    bool             good;
    size_t           i;
    json_t          *schemas;
    nt_toolbox_t    *box = nt_toolbox_new(turn->call);
    const nt_tool_t *help;

    if (box == NULL) {
        (void) nt_arg_nomem(turn->call);
        return NULL;
    }

    schemas = nt_call_tools(turn->call);
    good = nt_toolbox_add_names(box, turn->names);

    for (help = nt_chat_help_tools;
         good && turn->mode == NT_CHAT_HELP && help->name != NULL; help++)
    {
        good = nt_toolbox_add(box, help);
    }

    for (i = 0; good && i < turn->n_tools; i++) {
        good = nt_toolbox_add_schema(box, &turn->tools[i].tool,
                                     parameters_of(&turn->tools[i], schemas));
    }

    json_decref(schemas);

    if (!good) {
        nt_toolbox_free(box);
        return NULL;
    }

    return box;
}
