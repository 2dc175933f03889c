#include "engine/graph/subworkflow.h"
#include "engine/nodes/registry.h"

/*
 * nodetool.workflows.workflow_node.Workflow: another workflow as a node.  Its
 * dynamic properties are that workflow's parameters, its dynamic outputs that
 * workflow's results.
 */

static const nt_property_t properties[] = { { .name = "workflow_id",
                                              .type = "str",
                                              .default_json = "\"\"",
                                              .description =
                                                  "Id of the workflow to run" },
                                            { .name = NULL } };

/* An input that is null is one that was not given. */
static json_t *
params_of(nt_node_call_t *call)
{
    const char *name;
    json_t     *params, *value;

    params = json_object();
    json_object_foreach(nt_call_dynamic(call), name, value)
    {
        if (!json_is_null(value) && json_object_set(params, name, value) != 0) {
            json_decref(params);
            return NULL;
        }
    }
    return params;
}

static nt_node_rc_t
run_workflow(nt_node_call_t *call)
{
    const char  *id = nt_call_string(call, "workflow_id", NULL);
    json_t      *params;
    nt_node_rc_t rc;

    if (*id == '\0') {
        return nt_call_fail(call, "\"workflow_id\" is empty; choose a "
                                  "workflow");
    }
    params = params_of(call);
    if (params == NULL) {
        return nt_call_fail(call, "the server is out of memory");
    }
    rc = nt_call_workflow(call, id, params);
    json_decref(params);
    return rc;
}

static const nt_node_type_t workflow = {
    .type = "nodetool.workflows.workflow_node.Workflow",
    .title = "Workflow",
    .description = "Runs another workflow: its inputs are the node's "
                   "properties, its outputs those of the node",
    .properties = properties,
    .flags = NT_NODE_ASYNC | NT_NODE_DYNAMIC | NT_NODE_DYNAMIC_OUTPUTS |
             NT_NODE_STREAMING_OUTPUT,
    .run = run_workflow
};

static const nt_node_type_t *const types[] = { &workflow, NULL };

const nt_node_library_t nt_nodes_workflow = { NODETOOL_NODE_ABI, "workflow",
                                              types };
