#include "engine/agents/agent.h"

#include <stdlib.h>

#include "engine/json.h"
#include "engine/nodes/ustr.h"

/*
 * The tools that a model calls in one turn.
 */

#define CALLS_MAX  32     /* of one turn */
#define RESULT_MAX 200000 /* bytes of a tool's result for the model */


/* What the model is told instead of a result. */
static json_t *
error_result(const nt_buf_t *error)
{
    return json_pack("{s:s%}", "error",
                     error->len > 0 ? error->data
                                    : "the server is out of "
                                      "memory",
                     error->len > 0 ? error->len
                                    : strlen("the server is out "
                                             "of memory"));
}


/* The result as the model gets it: one that is too long as a text that is cut
 * off.  New reference; takes `result` over. */
static json_t *
fit_result(json_t *result)
{
    size_t   len = RESULT_MAX;
    json_t  *cut;
    nt_buf_t text = { 0 };

    nt_json_append_text(&text, result);

    if (!text.failed && text.len <= RESULT_MAX) {
        nt_buf_free(&text);
        return result;
    }

    while (!text.failed && len > 0 && (text.data[len] & 0xC0) == 0x80) {
        len--;
    }

    text.len = len;
    nt_buf_append_str(&text, NT_STR("\n... (the rest is left out: the result "
                                    "is too long)"));
    cut = nt_ustr_take(&text);
    json_decref(result);
    return cut;
}


/* Runs a tool: its result or, for the model, what went wrong.  New reference;
 * NULL when memory is out. */
static json_t *
run_tool(nt_agent_t *agent, const char *name, const json_t *args)
{
    json_t  *result;
    nt_buf_t error = { 0 };

    if (strcmp(name, NT_FINISH_TOOL) == 0) {
        result = json_object_get(args, "result");
        result = nt_agent_take(agent, result != NULL ? result : (json_t *) args,
                               &error)
                     ? json_pack("{s:b}", "success", 1)
                     : error_result(&error);

    } else {
        result = nt_toolbox_run(agent->tools, name, args, &error);
        result = result != NULL ? fit_result(result) : error_result(&error);
    }

    nt_buf_free(&error);
    return result;
}


/* The tool's name of a call as the toolbox has it; else NULL, and what to
 * tell the model. */
static const char *
known_name(nt_agent_t *agent, const json_t *tool_call, size_t number,
           nt_buf_t *error)
{
    const char *name, *known;

    name = json_string_value(
        json_object_get(json_object_get(tool_call, "function"), "name"));
    known = name != NULL && agent->tools != NULL
                ? nt_toolbox_find(agent->tools, name)
                : NULL;

    if (known == NULL) {
        nt_buf_printf(error, "there is no tool \"%s\"",
                      name != NULL ? name : "");
        return NULL;
    }

    if (number >= CALLS_MAX) {
        nt_buf_printf(error,
                      "only %d tools may be called at once; call it again",
                      CALLS_MAX);
        return NULL;
    }

    return known;
}


/* One call of the model's: its result goes behind the messages. */
static bool
call_tool(nt_agent_t *agent, const json_t *tool_call, size_t number)
{
    char       *sentence = NULL;
    json_t     *args = NULL, *result, *message;
    nt_buf_t    error = { 0 };
    const char *name;

    name = known_name(agent, tool_call, number, &error);

    if (name != NULL) {
        args = nt_model_arguments(tool_call, &sentence);
    }

    if (args == NULL) {
        if (sentence != NULL) {
            nt_buf_append_str(&error, nt_str(sentence));
        }

        result = error_result(&error);

    } else {
        nt_agent_show_call(agent, tool_call, name, args);
        result = run_tool(agent, name, args);

        if (result != NULL) {
            nt_agent_show_result(agent, tool_call, name, result);
        }
    }

    free(sentence);
    nt_buf_free(&error);
    json_decref(args);

    if (nt_call_cancelled(agent->call)) {
        json_decref(result);
        (void) nt_call_fail(agent->call, "the job is cancelled");
        return false;
    }

    message = result != NULL ? nt_model_tool_message(tool_call, result) : NULL;
    json_decref(result);

    if (json_array_append_new(agent->messages, message) != 0) {
        (void) nt_call_fail(agent->call, "the server is out of memory");
        return false;
    }

    return agent->heard == NULL || agent->heard(agent->ctx, message, NULL);
}


bool
nt_agent_call_tools(nt_agent_t *agent, const json_t *tool_calls)
{
    size_t  i;
    json_t *tool_call;

    json_array_foreach(tool_calls, i, tool_call)
    {
        if (!call_tool(agent, tool_call, i)) {
            return false;
        }
    }

    return true;
}
