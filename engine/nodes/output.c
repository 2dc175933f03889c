#include "engine/nodes/registry.h"

/*
 * nodetool.output.*: where results leave a workflow.  The runner takes each
 * value that arrives as the result of the output's name.
 */

static const nt_property_t properties[] = {
    { .name = "name",
      .type = "str",
      .default_json = "\"\"",
      .description = "Name of the workflow's result" },
    { .name = "value", .type = "any", .description = "The result" },
    { .name = "description",
      .type = "str",
      .default_json = "\"\"",
      .description = "What the result is" },
    { .name = NULL }
};

static const nt_output_t outputs[] = { { "output", "any" }, { NULL, NULL } };

static const nt_node_type_t output = {
    .type = "nodetool.output.Output",
    .title = "Output",
    .description = "Makes a value a result of the workflow",
    .properties = properties,
    .outputs = outputs,
    .flags = NT_NODE_OUTPUT | NT_NODE_STREAMING_OUTPUT
};

static const nt_node_type_t *const types[] = { &output, NULL };

const nt_node_library_t nt_nodes_output = { NODETOOL_NODE_ABI, "output",
                                            types };
