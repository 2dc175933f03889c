#include "engine/nodes/registry.h"

/*
 * nodetool.workflows.base_node.*: what belongs to the editor.  Comments and
 * groups do nothing in a run; a preview shows each value that arrives.
 */

static const nt_property_t comment_properties[] = {
    { .name = "headline",
      .type = "str",
      .default_json = "\"\"",
      .description = "Headline of the comment" },
    { .name = "comment",
      .type = "any",
      .default_json = "{}",
      .description = "Text of the comment" },
    { .name = "comment_color",
      .type = "str",
      .default_json = "\"#f0f0f0\"",
      .description = "Color of the comment" },
    { .name = NULL }
};

static const nt_property_t preview_properties[] = {
    { .name = "value", .type = "any", .description = "The value to show" },
    { .name = "name",
      .type = "str",
      .default_json = "\"\"",
      .description = "Name of the preview" },
    { .name = NULL }
};

static const nt_output_t preview_outputs[] = { { "output", "any" },
                                               { NULL, NULL } };

static const nt_node_type_t comment = {
    .type = "nodetool.workflows.base_node.Comment",
    .title = "Comment",
    .description = "A remark in the workflow",
    .properties = comment_properties,
    .flags = NT_NODE_INERT
};

static const nt_node_type_t preview = {
    .type = "nodetool.workflows.base_node.Preview",
    .title = "Preview",
    .description = "Shows the values that arrive",
    .properties = preview_properties,
    .outputs = preview_outputs,
    .flags = NT_NODE_PREVIEW | NT_NODE_STREAMING_OUTPUT
};

/* --- ToolResult: what an agent gets back from a chain of nodes --- */

static const nt_output_t tool_result_outputs[] = { { "result", "any" },
                                                   { NULL, NULL } };

static nt_node_rc_t
tell_result(nt_node_call_t *call, json_t *result)
{
    if (result == NULL) {
        return nt_call_fail(call, "the server is out of memory");
    }
    nt_call_event(call, "tool_result_update",
                  json_pack("{s:O}", "result", result));
    return nt_call_emit(call, "result", result);
}

static nt_node_rc_t
tool_result_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    bool *told = nt_call_state(call, sizeof(*told), NULL);

    if (told == NULL) {
        return nt_call_fail(call, "the server is out of memory");
    }
    *told = true;
    return tell_result(call, json_pack("{s:O}", handle, value));
}

/* Without edges the result is what the workflow has. */
static nt_node_rc_t
tool_result_end(nt_node_call_t *call)
{
    const bool *told = nt_call_state(call, sizeof(*told), NULL);

    if ((told != NULL && *told) || json_object_size(nt_call_dynamic(call)) == 0)
    {
        return NT_NODE_DONE;
    }
    return tell_result(call, json_copy(nt_call_dynamic(call)));
}

static const nt_node_type_t tool_result = {
    .type = "nodetool.workflows.base_node.ToolResult",
    .title = "Tool Result",
    .description = "Gives an agent the result of a tool",
    .outputs = tool_result_outputs,
    .flags = NT_NODE_DYNAMIC | NT_NODE_STREAMING_OUTPUT,
    .item = tool_result_item,
    .end = tool_result_end
};

static const nt_node_type_t group = { .type =
                                          "nodetool.workflows.base_node.Group",
                                      .title = "Group",
                                      .description = "A frame around nodes",
                                      .flags = NT_NODE_INERT };

static const nt_node_type_t *const types[] = { &comment, &preview, &tool_result,
                                               &group, NULL };

const nt_node_library_t nt_nodes_base = { NODETOOL_NODE_ABI, "base", types };
