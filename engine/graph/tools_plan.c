#include "engine/graph/tools.h"

#include <stdio.h>

/*
 * Makes the tools of a node: what a model is told of them, and the plans of
 * the chains behind its outputs.
 */

#define ENTRY       "nodetool.workflows.base_node.Entry"
#define TOOL_RESULT "nodetool.workflows.base_node.ToolResult"

#define ENTRY_OUTPUT "value"

/* --- what stands in a chain for the nodes around it --- */

static nt_node_rc_t
run_entry(nt_node_call_t *call)
{
    return nt_call_emit(call, ENTRY_OUTPUT,
                        json_incref(nt_call_input(call, "value")));
}

static const nt_property_t entry_properties[] = {
    { .name = "value", .type = "any" }, { .name = NULL }
};

const nt_node_type_t nt_tool_entry = { .type = ENTRY,
                                       .title = "Entry",
                                       .properties = entry_properties,
                                       .flags = NT_NODE_INPUT |
                                                NT_NODE_DYNAMIC_OUTPUTS,
                                       .run = run_entry };

/* --- control edges --- */

static const json_t *
source_node(const nt_compile_t *c, uint32_t number)
{
    return json_array_get(json_object_get(c->source, "nodes"), number);
}

/* What the editor shows as the node's name. */
static const char *
title_of(nt_compile_t *c, uint32_t number)
{
    static const char *const members[] = { "title", "label", "name" };
    const json_t            *ui;
    const json_t            *text;
    size_t                   i;

    ui = json_object_get(source_node(c, number), "ui_properties");
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        text = json_object_get(ui, members[i]);
        if (json_string_length(text) > 0) {
            return json_string_value(text);
        }
    }
    return c->graph->nodes[number].type->title;
}

static json_t *
control_parameters(nt_compile_t *c, const nt_node_plan_t *node)
{
    const char *name;
    json_t     *parameters, *value, *schema;
    uint32_t    i;
    bool        good = true;

    parameters = nt_tool_empty_schema();
    for (i = 0; i < node->n_properties && good; i++) {
        if (node->handles[i] == NT_NONE) {
            good =
                nt_tool_add_property(parameters, node->type->properties[i].name,
                                     nt_tool_property_schema(c, node, i),
                                     node->type->properties[i].required &&
                                         json_is_null(node->values[i]));
        }
    }
    json_object_foreach(node->dynamic, name, value)
    {
        schema = json_object();
        if (nt_tool_is_plain(value)) {
            good = good && json_object_set(schema, "default", value) == 0;
        }
        good = nt_tool_add_property(parameters, name, schema, false) && good;
    }
    if (!good) {
        json_decref(parameters);
        return NULL;
    }
    return parameters;
}

static bool
add_control(nt_compile_t *c, nt_node_plan_t *node, uint32_t edge)
{
    const nt_node_plan_t *target;
    nt_tool_plan_t       *tool = &node->tools[node->n_tools];
    char                  name[NT_TOOL_NAME_MAX + 1];

    tool->edge = edge;
    tool->target = c->drafts[edge].target;
    tool->output = NT_NONE;
    target = &c->graph->nodes[tool->target];
    nt_tool_snake(name, sizeof(name), title_of(c, tool->target));
    tool->name = nt_tool_unique(c, node, name);
    node->n_tools++;
    return tool->name != NULL &&
           nt_tool_set_schema(tool, target->type,
                              control_parameters(c, target));
}

/* --- chains --- */

/* A chain's plan under way. */
typedef struct {
    nt_compile_t     *c;
    const nt_chain_t *chain;
    nt_tool_plan_t   *tool;
    json_t           *nodes;
    json_t           *edges;
    uint32_t          n_nodes;
    uint32_t          n_edges;
    json_t           *parameters;
    bool              good;
} nt_draft_chain_t;

/* A node that gives what comes from outside; returns its id and name. */
static const char *
add_entry(nt_draft_chain_t *d, const nt_type_t *type)
{
    char    id[32];
    json_t *meta, *node;

    /* No node's id can be taken by chance: they are looked at. */
    do {
        (void) snprintf(id, sizeof(id), "entry-%u", d->n_nodes++);
    } while (json_object_get(d->c->index, id) != NULL);

    meta = type != NULL ? nt_type_to_json(type) : json_null();
    node = json_pack("{s:s, s:s, s:{s:s}, s:{s:o}}", "id", id, "type", ENTRY,
                     "data", "name", id, "dynamic_outputs", ENTRY_OUTPUT, meta);
    d->good = d->good && json_array_append_new(d->nodes, node) == 0;
    return nt_arena_copy(&d->c->graph->arena, id, strlen(id));
}

/* `outer` is the edge's number in the plan around the chain. */
static void
add_edge(nt_draft_chain_t *d, const nt_draft_t *draft, const char *source,
         uint32_t outer)
{
    json_t *edge;

    edge = source == NULL
               ? json_incref((json_t *) draft->json)
               : json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", draft->id,
                           "source", source, "sourceHandle", ENTRY_OUTPUT,
                           "target", d->c->graph->nodes[draft->target].id,
                           "targetHandle", draft->target_handle);
    d->tool->edges[d->n_edges++] = outer;
    d->good = d->good && json_array_append_new(d->edges, edge) == 0;
}

/* The type of an argument, told apart by the property that it goes to. */
static bool
describe_param(nt_draft_chain_t *d, nt_tool_param_t *param,
               const nt_draft_t *draft)
{
    const nt_node_plan_t *node = &d->c->graph->nodes[draft->target];
    const nt_property_t  *property;
    json_t               *schema;
    uint32_t              i;

    i = nt_type_property(node->type, draft->target_handle);
    property = i != NT_NONE ? &node->type->properties[i] : NULL;
    if (property != NULL && strcmp(property->type, "any") != 0) {
        param->type = nt_type_parse(&d->c->graph->arena, property->type,
                                    property->values);
        schema = nt_tool_property_schema(d->c, node, i);
        return param->type != NULL &&
               nt_tool_add_property(d->parameters, param->name, schema, true);
    }
    schema = param->type != NULL ? nt_type_schema(param->type) : json_object();
    return nt_tool_add_property(d->parameters, param->name, schema, true);
}

/* The argument that an edge takes into the chain. */
static const char *
find_param(nt_draft_chain_t *d, const nt_draft_t *draft)
{
    const nt_node_plan_t *agent = &d->c->graph->nodes[d->chain->agent];
    nt_tool_plan_t       *tool = d->tool;
    nt_tool_param_t      *param;
    uint32_t              i;

    for (i = 0; i < tool->n_params; i++) {
        if (strcmp(tool->params[i].name, draft->target_handle) == 0) {
            return tool->params[i].entry;
        }
    }
    param = &tool->params[tool->n_params++];
    param->name = nt_arena_copy(&d->c->graph->arena, draft->target_handle,
                                strlen(draft->target_handle));
    param->type = agent->outputs[tool->output].type;
    param->entry = add_entry(d, param->type);
    d->good = d->good && param->name != NULL && param->entry != NULL &&
              describe_param(d, param, draft);
    return param->entry;
}

/* What comes from around the chain, once for each input. */
static void
add_input(nt_draft_chain_t *d, const nt_draft_t *draft, uint32_t edge)
{
    const nt_edge_plan_t *plan = &d->c->graph->edges[edge];
    nt_tool_plan_t       *tool = d->tool;
    nt_tool_input_t      *input;
    uint32_t              i;

    for (i = 0; i < tool->n_inputs; i++) {
        if (tool->inputs[i].handle == plan->handle) {
            return;
        }
    }
    input = &tool->inputs[tool->n_inputs++];
    input->handle = plan->handle;
    input->entry = add_entry(
        d, d->c->graph->nodes[draft->source].outputs[draft->output].type);
    d->good = d->good && input->entry != NULL;
    if (d->good) {
        add_edge(d, draft, input->entry, NT_NONE);
    }
}

static void
add_edges(nt_draft_chain_t *d)
{
    const nt_draft_t *draft;
    uint32_t          i;

    for (i = 0; i < d->c->graph->n_edges && d->good; i++) {
        draft = &d->c->drafts[i];
        if (!d->chain->nodes[draft->target]) {
            continue;
        }
        if (!draft->inner) {
            add_input(d, draft, i);
        } else if (d->chain->nodes[draft->source]) {
            add_edge(d, draft, NULL, i);
        } else if (draft->entry && draft->source == d->chain->agent &&
                   draft->output == d->chain->output)
        {
            add_edge(d, draft, find_param(d, draft), i);
        }
    }
}

/* The nodes whose values are the result: those called ToolResult, else those
 * that lead nowhere but to previews, else the previews. */
static void
mark_kept(nt_graph_t *chain)
{
    const nt_node_plan_t *target;
    nt_node_plan_t       *node;
    uint32_t              i, j, n[3] = { 0 };
    char                 *rank;

    rank = nt_arena_alloc(&chain->arena, chain->n_nodes);
    if (rank == NULL) {
        return;
    }
    for (i = 0; i < chain->n_nodes; i++) {
        node = &chain->nodes[i];
        rank[i] = strcmp(node->type_name, TOOL_RESULT) == 0 ? 0
                  : node->kind == NT_KIND_PREVIEW           ? 2
                                                            : 1;
        if (node->type == &nt_tool_entry || node->kind == NT_KIND_INERT ||
            node->callers > 0 || node->inner)
        {
            rank[i] = 3;
        }
    }
    for (j = 0; j < chain->n_edges; j++) {
        if (chain->edges[j].output == NT_NONE) {
            continue;
        }
        target = &chain->nodes[chain->edges[j].target];
        i = chain->edges[j].source;
        if (rank[i] != 0 && target->kind != NT_KIND_PREVIEW) {
            rank[i] = 3;
        }
    }
    for (i = 0; i < chain->n_nodes; i++) {
        if (rank[i] < 3) {
            n[(int) rank[i]]++;
        }
    }
    for (i = 0; i < chain->n_nodes; i++) {
        chain->nodes[i].kept = rank[i] == (n[0] > 0 ? 0 : n[1] > 0 ? 1 : 2);
    }
}

static bool
compile_chain(nt_draft_chain_t *d)
{
    nt_compile_t sub = { .registry = d->c->registry,
                         .errors = d->c->errors,
                         .warnings = d->c->warnings,
                         .budget = d->c->budget,
                         .chain = true };
    json_t      *source;

    if (json_array_size(d->nodes) > *d->c->budget) {
        nt_compile_report(d->c, d->c->errors,
                          &d->c->graph->nodes[d->chain->agent], NULL, NULL,
                          "Tool \"%s\": the tools of the graph have more than "
                          "%d nodes",
                          d->tool->name, NT_NODES_MAX);
        return true;
    }
    *d->c->budget -= json_array_size(d->nodes);
    source = json_pack("{s:O, s:O}", "nodes", d->nodes, "edges", d->edges);
    sub.source = source;
    d->tool->chain = source != NULL ? nt_compile_graph(&sub) : NULL;
    json_decref(source);
    d->c->failed |= sub.failed;
    if (d->tool->chain == NULL || d->tool->chain->n_edges != d->n_edges) {
        return sub.failed; /* reported, or memory is out */
    }
    mark_kept(d->tool->chain);
    return true;
}

static bool
prepare_chain(nt_draft_chain_t *d)
{
    nt_graph_t     *graph = d->c->graph;
    nt_tool_plan_t *tool = d->tool;
    uint32_t        i, n = 0;
    size_t          n_edges = 0;

    for (i = 0; i < graph->n_nodes; i++) {
        n += d->chain->nodes[i] != 0;
    }
    for (i = 0; i < graph->n_edges; i++) {
        n_edges += d->chain->nodes[d->c->drafts[i].target] != 0;
    }
    tool->nodes = nt_arena_alloc(&graph->arena, (n + 1) * sizeof(*tool->nodes));
    tool->edges =
        nt_arena_alloc(&graph->arena, (n_edges + 1) * sizeof(*tool->edges));
    tool->params =
        nt_arena_alloc(&graph->arena, (n_edges + 1) * sizeof(*tool->params));
    tool->inputs =
        nt_arena_alloc(&graph->arena, (n_edges + 1) * sizeof(*tool->inputs));
    if (tool->nodes == NULL || tool->edges == NULL || tool->params == NULL ||
        tool->inputs == NULL)
    {
        return false;
    }
    for (i = 0; i < graph->n_nodes; i++) {
        if (d->chain->nodes[i]) {
            tool->nodes[tool->n_nodes++] = i;
            d->good = d->good &&
                      json_array_append(d->nodes,
                                        (json_t *) source_node(d->c, i)) == 0;
        }
    }
    return d->good;
}

/* The node that an output leads to first, for the tool's description. */
static const nt_node_type_t *
first_target(const nt_draft_chain_t *d)
{
    const nt_draft_t *draft;
    uint32_t          i;

    for (i = d->c->first_out[d->chain->agent]; i != NT_NONE;
         i = draft->next_out) {
        draft = &d->c->drafts[i];
        if (draft->output == d->chain->output) {
            return d->c->graph->nodes[draft->target].type;
        }
    }
    return d->c->graph->nodes[d->chain->agent].type;
}

/* An output that leads to nothing but nodes that run by themselves takes its
 * value as an argument of its own name. */
static bool
add_lone_param(nt_draft_chain_t *d, const nt_output_plan_t *output)
{
    nt_tool_param_t *param = &d->tool->params[0];

    param->name = output->name;
    param->type = output->type;
    d->tool->n_params = 1;
    return nt_tool_add_property(d->parameters, param->name,
                                param->type != NULL
                                    ? nt_type_schema(param->type)
                                    : json_object(),
                                true);
}

static bool
add_chain(nt_compile_t *c, nt_node_plan_t *node, const nt_chain_t *chain)
{
    nt_tool_plan_t   *tool = &node->tools[node->n_tools];
    nt_output_plan_t *output = &node->outputs[chain->output];
    nt_draft_chain_t d = { .c = c, .chain = chain, .tool = tool, .good = true };
    char             name[NT_TOOL_NAME_MAX + 1];
    bool             good;

    tool->edge = tool->target = NT_NONE;
    tool->output = chain->output;
    nt_tool_plain(name, sizeof(name), output->name);
    tool->name = nt_tool_unique(c, node, name);
    node->n_tools++;
    if (tool->name == NULL) {
        return false;
    }

    d.nodes = json_array();
    d.edges = json_array();
    d.parameters = nt_tool_empty_schema();
    good = prepare_chain(&d);
    d.n_nodes = tool->n_nodes;
    if (good && tool->n_nodes == 0) {
        good = add_lone_param(&d, output);
    } else if (good) {
        add_edges(&d);
        good = d.good && compile_chain(&d);
    }
    json_decref(d.nodes);
    json_decref(d.edges);
    if (!good) {
        json_decref(d.parameters);
        return false;
    }
    return nt_tool_set_schema(tool, first_target(&d), d.parameters);
}

bool
nt_compile_tools(nt_compile_t *c)
{
    nt_node_plan_t *node;
    uint32_t        i, j;
    size_t          k, n;

    for (i = 0; i < c->graph->n_nodes && c->chains != NULL; i++) {
        node = &c->graph->nodes[i];
        if (!(node->type->flags & NT_NODE_TOOLS) || node->inner) {
            continue;
        }
        for (k = n = 0; k < c->n_chains; k++) {
            n += c->chains[k].agent == i;
        }
        node->tools =
            nt_arena_alloc(&c->graph->arena,
                           (n + node->n_ends + 1) * sizeof(*node->tools));
        if (node->tools == NULL) {
            return false;
        }
        for (j = 0; j < node->n_ends; j++) {
            if (c->drafts[node->ends[j]].control &&
                !add_control(c, node, node->ends[j])) {
                return false;
            }
        }
        for (k = 0; k < c->n_chains && !c->failed; k++) {
            if (c->chains[k].agent == i && !add_chain(c, node, &c->chains[k])) {
                return false;
            }
        }
    }
    return true;
}

void
nt_tools_free(nt_node_plan_t *node)
{
    uint32_t i;

    for (i = 0; i < node->n_tools; i++) {
        json_decref(node->tools[i].schema);
        nt_graph_unref(node->tools[i].chain);
    }
}
