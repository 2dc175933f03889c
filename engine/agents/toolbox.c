#include "engine/agents/tool.h"

#include <ctype.h>
#include <stdlib.h>

#include "engine/json.h"

#define MESSAGE_VALUE_MAX 120 /* bytes of an argument in a message */

struct nt_toolbox {
    nt_node_call_t   *call;
    const nt_tool_t **builtin; /* n of them */
    size_t            n;
    json_t           *list;  /* schemas, in the order of adding */
    json_t           *names; /* those on the list, as an object */
};

static const nt_tool_t *const tables[] = { nt_tools_search, nt_tools_web,
                                           nt_tools_files, nt_tools_math };


nt_toolbox_t *
nt_toolbox_new(nt_node_call_t *call)
{
    nt_toolbox_t *box;

    box = calloc(1, sizeof(*box));

    if (box == NULL) {
        return NULL;
    }

    box->call = call;
    box->list = json_array();
    box->names = json_object();

    if (box->list == NULL || box->names == NULL) {
        nt_toolbox_free(box);
        return NULL;
    }

    return box;
}


void
nt_toolbox_free(nt_toolbox_t *box)
{
    if (box == NULL) {
        return;
    }

    free(box->builtin);
    json_decref(box->list);
    json_decref(box->names);
    free(box);
}


static bool
fail_nomem(nt_toolbox_t *box)
{
    (void) nt_call_fail(box->call, "the server is out of memory");
    return false;
}


/* Puts a tool on the list; takes the references over. */
static bool
enlist(nt_toolbox_t *box, const char *name, json_t *tool)
{
    if (tool == NULL || json_array_append_new(box->list, tool) != 0 ||
        json_object_set_new(box->names, name, json_true()) != 0)
    {
        return fail_nomem(box);
    }

    return true;
}


/* The schema of one parameter; new reference, NULL when memory is out. */
static json_t *
param_schema(const nt_tool_param_t *param)
{
    json_t *schema;

    schema = param->type[0] == '{' ? json_loads(param->type, 0, NULL)
                                   : json_pack("{s:s}", "type", param->type);

    if (schema != NULL &&
        json_object_set_new(schema, "description",
                            json_string(param->description)) != 0)
    {
        json_decref(schema);
        return NULL;
    }

    return schema;
}


/* The same of all of them. */
static json_t *
make_schema(const nt_tool_param_t *param)
{
    int     rc = 0;
    json_t *properties, *required;

    properties = json_object();
    required = json_array();

    for (/* void */; param->name != NULL; param++) {
        rc |= json_object_set_new(properties, param->name, param_schema(param));

        if (param->required) {
            rc |= json_array_append_new(required, json_string(param->name));
        }
    }

    if (rc != 0) {
        json_decref(properties);
        json_decref(required);
        return NULL;
    }

    return json_pack("{s:s, s:o, s:o}", "type", "object", "properties",
                     properties, "required", required);
}


bool
nt_toolbox_add_schema(nt_toolbox_t *box, const nt_tool_t *tool,
                      json_t *parameters)
{
    const nt_tool_t **builtin;

    if (json_object_get(box->names, tool->name) != NULL) {
        json_decref(parameters);
        return true;
    }

    builtin = realloc(box->builtin, (box->n + 1) * sizeof(*builtin));

    if (builtin == NULL) {
        json_decref(parameters);
        return fail_nomem(box);
    }

    box->builtin = builtin;
    box->builtin[box->n++] = tool;
    return enlist(box, tool->name,
                  json_pack("{s:s, s:s, s:o}", "name", tool->name,
                            "description", tool->description, "parameters",
                            parameters));
}


bool
nt_toolbox_add(nt_toolbox_t *box, const nt_tool_t *tool)
{
    return nt_toolbox_add_schema(box, tool, make_schema(tool->params));
}


static const nt_tool_t *
find_builtin(const char *name)
{
    size_t           i;
    const nt_tool_t *tool;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (tool = tables[i]; tool->name != NULL; tool++) {
            if (strcmp(tool->name, name) == 0) {
                return tool;
            }
        }
    }

    return NULL;
}


bool
nt_tool_exists(const char *name)
{
    return find_builtin(name) != NULL;
}


static bool
fail_unknown(nt_toolbox_t *box, const char *name)
{
    size_t           i;
    nt_buf_t         names = { 0 };
    const nt_tool_t *tool;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (tool = tables[i]; tool->name != NULL; tool++) {
            nt_buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
                          tool->name);
        }
    }

    (void) nt_call_fail(box->call,
                        "'tools': this server has no tool \"%s\"; it has %.*s",
                        name, (int) names.len, names.data);
    nt_buf_free(&names);
    return false;
}


/* A workflow of the user's, "workflow_" and its tool_name. */
static bool
add_workflow_tool(nt_toolbox_t *box, const char *name)
{
    char   *error = NULL;
    json_t *tool;

    tool = nt_call_workflow_tool(box->call, name, &error);

    if (tool == NULL) {
        (void) nt_call_fail(box->call, "'tools': %s",
                            error != NULL ? error
                                          : "the server is out of memory");
        free(error);
        return false;
    }

    return enlist(box, name, tool);
}


bool
nt_toolbox_add_names(nt_toolbox_t *box, const json_t *names)
{
    size_t           i;
    json_t          *entry;
    const char      *name;
    const nt_tool_t *tool;

    json_array_foreach(names, i, entry)
    {
        name = json_string_value(
            json_is_object(entry) ? json_object_get(entry, "name") : entry);

        if (name == NULL || *name == '\0') {
            continue; /* a place in the editor that is not filled in */
        }

        if (strncmp(name, "workflow_", 9) == 0) {
            if (json_object_get(box->names, name) == NULL &&
                !add_workflow_tool(box, name)) {
                return false;
            }

            continue;
        }

        tool = find_builtin(name);

        if (tool == NULL) {
            return fail_unknown(box, name);
        }

        if (!nt_toolbox_add(box, tool)) {
            return false;
        }
    }

    return true;
}


bool
nt_toolbox_add_workflow(nt_toolbox_t *box)
{
    bool        good = true;
    size_t      i;
    json_t     *tools, *tool;
    const char *name;

    tools = nt_call_tools(box->call);

    json_array_foreach(tools, i, tool)
    {
        name = json_string_value(json_object_get(tool, "name"));

        if (name == NULL) {
            continue;
        }

        if (json_object_get(box->names, name) != NULL) {
            nt_call_log(box->call, "warning",
                        "two tools are called \"%s\"; the workflow's is left "
                        "out",
                        name);
            continue;
        }

        good = enlist(box, name, json_incref(tool));

        if (!good) {
            break;
        }
    }

    json_decref(tools);
    return good;
}


bool
nt_toolbox_add_finish(nt_toolbox_t *box, const json_t *schema)
{
    static const char text[] =
        "Hands in the result. Call it once, when the work is done; the result "
        "must have every field of the schema.";

    return enlist(box, NT_FINISH_TOOL,
                  json_pack("{s:s, s:s, s:{s:s, s:{s:O}, s:[s], s:b}}", "name",
                            NT_FINISH_TOOL, "description", text, "parameters",
                            "type", "object", "properties", "result", schema,
                            "required", "result", "additionalProperties", 0));
}


const json_t *
nt_toolbox_list(const nt_toolbox_t *box)
{
    return box->list;
}


/* Are two names the same but for case and punctuation? */
static bool
resembles(const char *a, const char *b)
{
    for (;;) {
        while (*a != '\0' && !isalnum((unsigned char) *a)) {
            a++;
        }

        while (*b != '\0' && !isalnum((unsigned char) *b)) {
            b++;
        }

        if (tolower((unsigned char) *a) != tolower((unsigned char) *b)) {
            return false;
        }

        if (*a == '\0') {
            return true;
        }

        a++;
        b++;
    }
}


const char *
nt_toolbox_find(const nt_toolbox_t *box, const char *name)
{
    json_t     *value;
    const char *known;

    if (json_object_get(box->names, name) != NULL) {
        return name;
    }

    json_object_foreach(box->names, known, value)
    {
        if (resembles(known, name)) {
            return known;
        }
    }

    return NULL;
}


static const nt_tool_t *
get_builtin(const nt_toolbox_t *box, const char *name)
{
    size_t i;

    for (i = 0; i < box->n; i++) {
        if (strcmp(box->builtin[i]->name, name) == 0) {
            return box->builtin[i];
        }
    }

    return NULL;
}


/* Appends an argument's value, a long one cut at a character's start. */
static void
append_value(nt_buf_t *out, const json_t *value)
{
    size_t   len;
    nt_buf_t text = { 0 };

    if (json_is_string(value)) {
        nt_buf_append(&text, json_string_value(value),
                      json_string_length(value));

    } else if (value != NULL) {
        nt_json_append(&text, value);
    }

    len = text.len;

    if (len > MESSAGE_VALUE_MAX) {
        len = MESSAGE_VALUE_MAX;

        while (len > 0 && (text.data[len] & 0xC0) == 0x80) {
            len--;
        }
    }

    nt_buf_append(out, text.data, len);

    if (len < text.len) {
        nt_buf_append_str(out, NT_STR("..."));
    }

    nt_buf_free(&text);
}


void
nt_toolbox_message(const nt_toolbox_t *box, const char *name,
                   const json_t *args, nt_buf_t *out)
{
    char             argument[64];
    size_t           len;
    const char      *open, *close;
    const nt_tool_t *tool;

    tool = get_builtin(box, name);

    if (tool == NULL) {
        nt_buf_printf(out, "Running %s", name);
        return;
    }

    open = strchr(tool->message, '{');
    close = open != NULL ? strchr(open, '}') : NULL;
    len = close != NULL ? (size_t) (close - open - 1) : 0;

    if (close == NULL || len >= sizeof(argument)) {
        nt_buf_append_str(out, nt_str(tool->message));
        return;
    }

    memcpy(argument, open + 1, len);
    argument[len] = '\0';
    nt_buf_append(out, tool->message, (size_t) (open - tool->message));
    append_value(out, json_object_get(args, argument));
    nt_buf_append_str(out, nt_str(close + 1));
}


json_t *
nt_toolbox_run(nt_toolbox_t *box, const char *name, const json_t *args,
               nt_buf_t *error)
{
    char            *sentence = NULL;
    json_t          *result;
    const nt_tool_t *tool;

    tool = get_builtin(box, name);

    if (tool != NULL) {
        return tool->run(box->call, tool->arg, args, error);
    }

    result = nt_call_tool(box->call, name, args, &sentence);

    if (result == NULL && sentence != NULL) {
        nt_buf_append_str(error, nt_str(sentence));
    }

    free(sentence);
    return result;
}
