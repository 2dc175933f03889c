#include "engine/nodes/registry.h"

/*
 * nodetool.control.*: branches, loops and joints.
 */

/* --- If --- */

static const nt_property_t if_properties[] = {
    { .name = "condition",
      .type = "bool",
      .default_json = "false",
      .description = "Which way the value goes" },
    { .name = "value",
      .type = "any",
      .default_json = "[]",
      .description = "The value that goes on" },
    { .name = NULL }
};

static const nt_output_t if_outputs[] = { { "if_true", "any" },
                                          { "if_false", "any" },
                                          { NULL, NULL } };

static nt_node_rc_t
run_if(nt_node_call_t *call)
{
    return nt_call_emit(call,
                        nt_call_bool(call, "condition") ? "if_true"
                                                        : "if_false",
                        json_incref(nt_call_input(call, "value")));
}

static const nt_node_type_t branch = {
    .type = "nodetool.control.If",
    .title = "If",
    .description = "Sends each value one of two ways, by its condition",
    .properties = if_properties,
    .outputs = if_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_ZIP,
    .run = run_if
};

/* --- ForEach --- */

static const nt_property_t for_each_properties[] = {
    { .name = "input_list",
      .type = "list[any]",
      .default_json = "[]",
      .description = "The list to go through" },
    { .name = NULL }
};

static const nt_output_t for_each_outputs[] = { { "output", "any" },
                                                { "index", "int" },
                                                { NULL, NULL } };

static nt_node_rc_t
run_for_each(nt_node_call_t *call)
{
    const json_t *list = nt_call_input(call, "input_list");
    size_t       *next = nt_call_state(call, sizeof(*next), NULL);

    if (next == NULL) {
        return nt_call_fail(call, "the server is out of memory");
    }
    if (*next >= json_array_size(list)) {
        return NT_NODE_DONE;
    }
    if (nt_call_emit(call, "output",
                     json_incref(json_array_get(list, *next))) ||
        nt_call_emit(call, "index", json_integer((json_int_t) *next)))
    {
        return NT_NODE_FAIL;
    }
    (*next)++;
    return *next < json_array_size(list) ? NT_NODE_MORE : NT_NODE_DONE;
}

static const nt_node_type_t for_each = {
    .type = "nodetool.control.ForEach",
    .title = "For Each",
    .description = "Sends the members of a list one by one",
    .properties = for_each_properties,
    .outputs = for_each_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .run = run_for_each
};

/* --- Collect --- */

static const nt_property_t collect_properties[] = {
    { .name = "input_item",
      .type = "any",
      .default_json = "[]",
      .description = "The values to collect" },
    { .name = NULL }
};

static const nt_output_t collect_outputs[] = { { "output", "list[any]" },
                                               { NULL, NULL } };

static void
free_list(void *state)
{
    json_decref(*(json_t **) state);
}

/* The list so far; NULL after nt_call_fail. */
static json_t *
collected(nt_node_call_t *call)
{
    json_t **list = nt_call_state(call, sizeof(*list), free_list);

    if (list != NULL && *list == NULL) {
        *list = json_array();
    }
    if (list == NULL || *list == NULL) {
        (void) nt_call_fail(call, "the server is out of memory");
        return NULL;
    }
    return *list;
}

static nt_node_rc_t
collect_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    json_t *list = collected(call);

    (void) handle;
    if (list == NULL) {
        return NT_NODE_FAIL;
    }
    if (json_array_append(list, value) != 0) {
        return nt_call_fail(call, "the server is out of memory");
    }
    return NT_NODE_DONE;
}

static nt_node_rc_t
collect_end(nt_node_call_t *call)
{
    json_t *list = collected(call);

    return list != NULL ? nt_call_emit(call, "output", json_incref(list))
                        : NT_NODE_FAIL;
}

static const nt_node_type_t collect = {
    .type = "nodetool.control.Collect",
    .title = "Collect",
    .description = "Makes a list of all values that arrive",
    .properties = collect_properties,
    .outputs = collect_outputs,
    .item = collect_item,
    .end = collect_end
};

/* --- Reroute --- */

static const nt_property_t reroute_properties[] = {
    { .name = "input_value",
      .type = "any",
      .default_json = "[]",
      .description = "The value that goes on" },
    { .name = NULL }
};

static const nt_output_t reroute_outputs[] = { { "output", "any" },
                                               { NULL, NULL } };

static nt_node_rc_t
reroute_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    (void) handle;
    return nt_call_emit(call, "output", json_incref(value));
}

static const nt_node_type_t reroute = { .type = "nodetool.control.Reroute",
                                        .title = "Reroute",
                                        .description =
                                            "Sends values on as they are",
                                        .properties = reroute_properties,
                                        .outputs = reroute_outputs,
                                        .flags = NT_NODE_STREAMING_OUTPUT,
                                        .item = reroute_item };

static const nt_node_type_t *const types[] = { &branch, &for_each, &collect,
                                               &reroute, NULL };

const nt_node_library_t nt_nodes_control = { NODETOOL_NODE_ABI, "control",
                                             types };
