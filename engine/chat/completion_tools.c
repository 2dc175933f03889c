/*
 * The workflows that a model may call.
 *
 * A model knows one as "workflow_" and its tool_name, as agents do, or its id
 * where it has none.
 */

#include "engine/chat/completion_int.h"


static bool
is_ours(const json_t *tool)
{
    return strcmp(nt_chat_member(tool, "type"), "workflow") == 0;
}


bool
nt_completion_take_tools(json_t *request, json_t *tools)
{
    int     rc = 0;
    size_t  i;
    json_t *list = json_object_get(request, "tools"), *rest, *tool;

    json_array_foreach(list, i, tool)
    {
        if (is_ours(tool)) {
            rc |= json_array_append(tools, tool);
        }
    }

    if (json_array_size(tools) == 0) {
        return rc == 0;
    }

    rest = json_array();

    json_array_foreach(list, i, tool)
    {
        if (!is_ours(tool)) {
            rc |= json_array_append(rest, tool);
        }
    }

    if (json_array_size(rest) > 0) {
        rc |= json_object_set(request, "tools", rest);
    } else {
        rc |= rest == NULL;
        (void) json_object_del(request, "tools");
    }

    json_decref(rest);
    return rc == 0;
}


/* --- finding them --- */

/* The name for the model, of a workflow: characters that no function's name
 * has become "_". */
static void
make_name(nt_buf_t *name, const json_t *view)
{
    char       *p;
    const char *own = nt_chat_member(view, "tool_name");

    nt_buf_append_str(name, NT_STR(NT_COMPLETION_TOOL));
    nt_buf_append_str(name,
                      nt_str(*own != '\0' ? own : nt_chat_member(view, "id")));

    if (name->len > NT_CHAT_TOOL_NAME_MAX) {
        name->len = NT_CHAT_TOOL_NAME_MAX;
    }

    nt_buf_append_char(name, '\0');

    for (p = name->data; !name->failed && *p != '\0'; p++) {
        if (strchr("0123456789abcdefghijklmnopqrstuvwxyz"
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-",
                   *p) == NULL)
        {
            *p = '_';
        }
    }
}


/* Is there a function of the client's of this name? */
static bool
is_taken(const nt_completion_t *c, const char *name)
{
    size_t        i;
    const json_t *tool;

    json_array_foreach(json_object_get(c->request, "tools"), i, tool)
    {
        if (strcmp(nt_chat_member(json_object_get(tool, "function"), "name"),
                   name) == 0)
        {
            return true;
        }
    }

    return false;
}


static bool
add_tool(nt_completion_t *c, const json_t *view, nt_llm_error_t *error)
{
    bool        good = true;
    json_t     *schema, *parameters = json_object_get(view, "input_schema");
    nt_buf_t    name = { 0 };
    const char *known, *id = nt_chat_member(view, "id");

    make_name(&name, view);
    known =
        name.failed
            ? NULL
            : json_string_value(
                  json_object_get(c->names,
                                  name.data + sizeof(NT_COMPLETION_TOOL) - 1));

    if (!name.failed &&
        (is_taken(c, name.data) || (known != NULL && strcmp(known, id) != 0)))
    {
        nt_completion_fault(error, 400, "tools",
                            "There are two tools of the name \"%s\".",
                            name.data);
        good = false;

    } else if (known == NULL) {
        schema = name.failed
                     ? NULL
                     : json_pack("{s:s, s:{s:s, s:s, s:O}}", "type", "function",
                                 "function", "name", name.data, "description",
                                 nt_chat_member(view, "description"),
                                 "parameters", parameters);
        good = json_array_append_new(c->schemas, schema) == 0 &&
               json_object_set_new(c->names,
                                   name.data + sizeof(NT_COMPLETION_TOOL) - 1,
                                   json_string(id)) == 0;

        if (!good) {
            nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
        }
    }

    nt_buf_free(&name);
    return good;
}


/* By its id or, as "tool_name" and "name", the name that it has as a tool. */
static bool
find_tool(nt_completion_t *c, const json_t *tool, nt_llm_error_t *error)
{
    int              status;
    bool             good = false, by_id;
    nt_buf_t         sentence = { 0 };
    const char      *name = nt_chat_member(tool, "workflow_id");
    nt_subworkflow_t found = { 0 };

    by_id = *name != '\0';

    if (!by_id) {
        name = nt_chat_member(tool, *nt_chat_member(tool, "tool_name") != '\0'
                                        ? "tool_name"
                                        : "name");
    }

    if (*name == '\0') {
        nt_completion_fault(error, 400, "tools",
                            "A tool of the type \"workflow\" must have a "
                            "'workflow_id' or a 'tool_name'.");
        return false;
    }

    status = nt_workflows_find(c->chat->options.workflows, c->user, name,
                               !by_id, &found, &sentence);

    if (status == 200) {
        good = add_tool(c, found.view, error);

    } else {
        nt_completion_fault(error, status == 404 ? 400 : status, "tools",
                            "%.*s", (int) sentence.len, sentence.data);
    }

    nt_graph_unref(found.graph);
    json_decref(found.view);
    nt_buf_free(&sentence);
    return good;
}


bool
nt_completion_find_tools(nt_completion_t *c, nt_llm_error_t *error)
{
    size_t        i;
    const json_t *tool;

    c->names = json_object();
    c->schemas = json_array();

    if (c->names == NULL || c->schemas == NULL) {
        nt_completion_fault(error, 503, NULL, NT_COMPLETION_NOMEM);
        return false;
    }

    if (json_array_size(c->tools) > NT_COMPLETION_TOOLS_MAX) {
        nt_completion_fault(error, 400, "tools",
                            "'tools' may have at most %d workflows.",
                            NT_COMPLETION_TOOLS_MAX);
        return false;
    }

    json_array_foreach(c->tools, i, tool)
    {
        if (!find_tool(c, tool, error)) {
            return false;
        }
    }

    return true;
}


bool
nt_completion_find_workflow(void *arg, const char *name, bool tool,
                            nt_subworkflow_t *found, nt_buf_t *error)
{
    nt_completion_t *c = arg;
    const char      *id = NULL;

    if (tool) {
        id = json_string_value(json_object_get(c->names, name));
    }

    return nt_workflows_find(c->chat->options.workflows, c->user,
                             id != NULL ? id : name, tool && id == NULL, found,
                             error) == 200;
}
