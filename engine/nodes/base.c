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

static const nt_node_type_t group = { .type =
                                          "nodetool.workflows.base_node.Group",
                                      .title = "Group",
                                      .description = "A frame around nodes",
                                      .flags = NT_NODE_INERT };

static const nt_node_type_t *const types[] = { &comment, &preview, &group,
                                               NULL };

const nt_node_library_t nt_nodes_base = { NODETOOL_NODE_ABI, "base", types };
