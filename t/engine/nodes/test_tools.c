/*
 * test.Caller: calls its tools as its property `calls` says, the way an agent
 * does as a model says.  {"repeat": n} in a call repeats it.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/nodetool_node.h"

extern const nt_node_type_t test_caller;
extern const nt_node_type_t test_dynamic_outputs;
extern const nt_node_type_t test_gather;
extern const nt_node_type_t test_dear;

static const nt_output_t caller_outputs[] = {
    { "text", "any" }, { "tools", "list" }, { "result", "any" }, { NULL, NULL }
};

static const nt_property_t caller_properties[] = {
    { .name = "prompt", .type = "any" },
    { .name = "calls", .type = "list[dict]", .default_json = "[]" },
    { .name = "schema", .type = "str", .default_json = "\"\"" },
    { .name = NULL }
};

/* {"NAME": result} or {"error": sentence} */
static json_t *
call_once(nt_node_call_t *call, const json_t *what)
{
    const char *name = json_string_value(json_object_get(what, "tool"));
    char       *error;
    json_t     *result;

    result =
        nt_call_tool(call, name, json_object_get(what, "arguments"), &error);
    if (result == NULL) {
        result = json_pack("{s:s}", "error", error);
        free(error);
    }
    return result;
}

/* Its tools and the workflow that `schema` names. */
static json_t *
list_tools(nt_node_call_t *call)
{
    const char *name = nt_call_string(call, "schema", NULL);
    json_t     *tools = nt_call_tools(call);
    char       *error;

    if (*name != '\0') {
        json_array_append_new(tools, nt_call_workflow_tool(call, name, &error));
        free(error);
    }
    return tools;
}

static nt_node_rc_t
run_caller(nt_node_call_t *call)
{
    const json_t *calls = nt_call_input(call, "calls"), *what;
    json_t       *all = json_array(), *result;
    json_int_t    n;
    size_t        i;

    if (nt_call_emit(call, "tools", list_tools(call)) != NT_NODE_DONE) {
        json_decref(all);
        return NT_NODE_FAIL;
    }
    for (i = 0; i < json_array_size(calls); i++) {
        what = json_array_get(calls, i);
        n = json_integer_value(json_object_get(what, "repeat"));
        do {
            result = call_once(call, what);
            json_array_append(all, result);
            if (nt_call_emit(call, "result", result) != NT_NODE_DONE) {
                json_decref(all);
                return NT_NODE_FAIL;
            }
        } while (--n > 0);
    }
    return nt_call_emit(call, "text", all);
}

const nt_node_type_t test_caller = { .type = "test.Caller",
                                     .title = "Caller",
                                     .properties = caller_properties,
                                     .outputs = caller_outputs,
                                     .flags = NT_NODE_ASYNC | NT_NODE_TOOLS |
                                              NT_NODE_DYNAMIC_OUTPUTS |
                                              NT_NODE_STREAMING_OUTPUT,
                                     .run = run_caller };

/* --- Outputs: dynamic outputs that are no tools --- */

static const nt_output_t types_output[] = { { "types", "dict" },
                                            { NULL, NULL } };

static nt_node_rc_t
run_dynamic_outputs(nt_node_call_t *call)
{
    json_t     *types = nt_call_dynamic_outputs(call), *type;
    const char *name;

    json_object_foreach(types, name, type)
    {
        if (nt_call_emit(call, name, json_string(name)) != NT_NODE_DONE) {
            json_decref(types);
            return NT_NODE_FAIL;
        }
    }
    return nt_call_emit(call, "types", types);
}

const nt_node_type_t test_dynamic_outputs = { .type = "test.Outputs",
                                              .title = "Outputs",
                                              .outputs = types_output,
                                              .flags = NT_NODE_DYNAMIC_OUTPUTS,
                                              .run = run_dynamic_outputs };

/* --- Gather: a list, sorted, since several edges bring it in any order --- */

static const nt_output_t list_output[] = { { "output", "list" },
                                           { NULL, NULL } };

static const nt_property_t gather_properties[] = {
    { .name = "values", .type = "list[any]", .default_json = "[]" },
    { .name = NULL }
};

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static nt_node_rc_t
run_gather(nt_node_call_t *call)
{
    const json_t *values = nt_call_input(call, "values");
    size_t        i, n = json_array_size(values);
    char        **texts = calloc(n + 1, sizeof(*texts));
    json_t       *list = json_array();

    for (i = 0; i < n; i++) {
        texts[i] = json_dumps(json_array_get(values, i),
                              JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    }
    qsort(texts, n, sizeof(*texts), compare);
    for (i = 0; i < n; i++) {
        json_array_append_new(list,
                              json_loads(texts[i], JSON_DECODE_ANY, NULL));
        free(texts[i]);
    }
    free(texts);
    return nt_call_emit(call, "output", list);
}

const nt_node_type_t test_gather = { .type = "test.Gather",
                                     .title = "Gather",
                                     .properties = gather_properties,
                                     .outputs = list_output,
                                     .run = run_gather };

/* --- Dear: says how often it has run --- */

static const nt_property_t dear_properties[] = {
    { .name = "value", .type = "any" }, { .name = NULL }
};

static nt_node_rc_t
run_dear(nt_node_call_t *call)
{
    static json_int_t n;

    if (json_is_false(nt_call_input(call, "value"))) {
        return nt_call_fail(call, "false number %d", (int) ++n);
    }
    return nt_call_emit(call, "output",
                        json_pack("[O, I]", nt_call_input(call, "value"), ++n));
}

const nt_node_type_t test_dear = { .type = "test.Dear",
                                   .title = "Dear",
                                   .properties = dear_properties,
                                   .outputs = list_output,
                                   .flags = NT_NODE_CACHE,
                                   .run = run_dear };
