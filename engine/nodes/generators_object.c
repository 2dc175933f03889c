/*
 * engine/nodes/generators_object.c - nodetool.generators.*: nodes that have a
 * model make one thing.
 */

#include <stdlib.h>

#include "engine/json.h"
#include "engine/nodes/agent_prompts.h"
#include "engine/nodes/agents.h"
#include "engine/nodes/dataframe.h"
#include "engine/nodes/ustr.h"

#define DATA_MAX (2 * 1024 * 1024) /* bytes of JSON that a model is shown */

static const double structured_tokens = 16384;


/* Appends a property between tags, unless it is blank. */
static void
append_section(nt_buf_t *text, nt_node_call_t *call, const char *name,
               const char *tag)
{
    nt_str_t value;

    value = nt_ustr_strip(nt_agent_property(call, name), NT_USTR_BOTH, NULL);

    if (value.len > 0) {
        nt_buf_printf(text, "\n<%s>\n", tag);
        nt_buf_append_str(text, value);
        nt_buf_printf(text, "\n</%s>\n", tag);
    }
}


/* --- StructuredOutputGenerator --- */

static bool
add_instructions(nt_agent_t *agent)
{
    nt_buf_t text = { 0 };

    nt_buf_append_str(&text, NT_STR("Make a JSON object that meets all of "
                                    "this.\n"));
    append_section(&text, agent->call, "instructions", "INSTRUCTIONS");
    append_section(&text, agent->call, "context", "CONTEXT");
    return nt_agent_user_buf(agent, &text, false);
}


static nt_node_rc_t
run_structured(nt_node_call_t *call)
{
    nt_agent_t   agent = { .by_format = true };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call) &&
        nt_agents_want_outputs(&agent, "Structured Output Specification") &&
        nt_agent_system(&agent, nt_agent_property(call, "system_prompt")) &&
        add_instructions(&agent) && nt_agent_run(&agent))
    {
        rc = nt_agent_emit_result(&agent);
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t structured_properties[] = {
    NT_PROP("system_prompt", "str", NT_PROMPT_STRUCTURED,
            "How the object is to be made"),
    NT_PROP_MODEL("The model that makes it"),
    NT_PROP("instructions", "str", "\"\"", "What it is to be"),
    NT_PROP("context", "str", "\"\"", "What it is to be based on"),
    NT_PROP_TOKENS("4096", structured_tokens),
    NT_PROP_END
};

const nt_node_type_t nt_structured_generator = {
    .type = "nodetool.generators.StructuredOutputGenerator",
    .title = "Structured Output Generator",
    .description = "Has a language model make an object with the fields that "
                   "the dynamic outputs name.",
    .properties = structured_properties,
    .flags = NT_NODE_ASYNC | NT_NODE_DYNAMIC_OUTPUTS,
    .run = run_structured
};


/* --- ChartGenerator --- */

static const char chart_prompt[] =
    "You turn data into charts for Plotly (https://plotly.com/javascript/). "
    "Look at the columns and the request, choose the chart that shows best "
    "what is asked, and answer with one JSON object: \"data\" is the list of "
    "traces, with their values written out; \"layout\" has the title, the "
    "titles of the axes, the legend and the size; \"config\" is optional. Use "
    "colors that color-blind people can tell apart. Write nothing but the "
    "object.";

/* What all charts have; Plotly knows more members than are named here. */
static const char chart_schema[] =
    "{\"type\":\"object\",\"title\":\"Plotly chart\",\"required\":[\"data\"],"
    "\"properties\":{"
    "\"data\":{\"type\":\"array\",\"description\":\"The traces\",\"items\":{"
    "\"type\":\"object\",\"required\":[\"type\"],\"properties\":{"
    "\"type\":{\"type\":\"string\",\"enum\":[\"scatter\",\"bar\",\"pie\","
    "\"line\",\"histogram\",\"box\",\"violin\",\"heatmap\"]},"
    "\"name\":{\"type\":\"string\",\"description\":\"In the legend\"},"
    "\"x\":{\"type\":\"array\",\"items\":{},\"description\":\"Values along "
    "x\"},"
    "\"y\":{\"type\":\"array\",\"items\":{},\"description\":\"Values along "
    "y\"},"
    "\"z\":{\"type\":\"array\",\"items\":{},\"description\":\"Rows of a heat "
    "map\"},"
    "\"labels\":{\"type\":\"array\",\"items\":{},\"description\":\"Of a pie\"},"
    "\"values\":{\"type\":\"array\",\"items\":{},\"description\":\"Of a pie\"},"
    "\"mode\":{\"type\":\"string\",\"description\":\"Of a scatter: lines, "
    "markers, text, or several joined by +\"},"
    "\"text\":{\"description\":\"Labels of the points\"},"
    "\"marker\":{\"type\":\"object\",\"description\":\"Color, size, "
    "opacity\"},"
    "\"line\":{\"type\":\"object\",\"description\":\"Color, width, dash\"}}}},"
    "\"layout\":{\"type\":\"object\",\"description\":\"Title, xaxis, yaxis, "
    "showlegend, width, height, margin\"},"
    "\"config\":{\"type\":\"object\",\"description\":\"responsive, "
    "displayModeBar, scrollZoom\"}}}";


/* On the pool: the data frame as JSON for the model. */
static void
data_work(nt_node_call_t *call, void *arg)
{
    nt_buf_t      *text = arg;
    nt_dataframe_t df = { 0 };

    if (nt_arg_dataframe(call, "data", &df)) {
        if (json_array_size(df.columns) == 0) {
            (void) nt_call_fail(call, "'data' must have columns");
        }

        nt_buf_append_str(text, NT_STR("Columns:\n"));
        nt_json_append(text, df.columns);
        nt_buf_append_str(text, NT_STR("\n\nRows:\n"));
        nt_json_append(text, df.rows);
    }

    nt_dataframe_free(&df);
}


static bool
add_data(nt_agent_t *agent)
{
    char    *error;
    nt_buf_t text = { 0 };

    if (!nt_call_thread(agent->call, data_work, &text)) {
        nt_buf_free(&text);
        return false;
    }

    error = nt_call_take_error(agent->call);

    if (error != NULL || text.len > DATA_MAX) {
        (void) nt_call_fail(agent->call, "%s",
                            error != NULL
                                ? error
                                : "'data' is more than 2 MiB, too much for a "
                                  "model; aggregate or filter it first");
        free(error);
        nt_buf_free(&text);
        return false;
    }

    nt_buf_append_str(&text, NT_STR("\n\nRequest: "));
    nt_buf_append_str(&text, nt_agent_property(agent->call, "prompt"));
    return nt_agent_user_buf(agent, &text, false);
}


static nt_node_rc_t
run_chart(nt_node_call_t *call)
{
    nt_agent_t   agent = { .by_format = true };
    nt_node_rc_t rc = NT_NODE_FAIL;

    agent.schema = json_loads(chart_schema, 0, NULL);

    if (agent.schema == NULL) {
        return nt_arg_nomem(call);
    }

    if (nt_agent_init(&agent, call) &&
        nt_agent_system(&agent, nt_str(chart_prompt)) && add_data(&agent) &&
        nt_agent_run(&agent))
    {
        rc = nt_emit(call, json_pack("{s:s, s:O}", "type", "plotly_config",
                                     "config", agent.result));
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t chart_properties[] = {
    NT_PROP_MODEL("The model that makes the chart"),
    NT_PROP("prompt", "str", "\"\"", "What the chart is to show"),
    NT_PROP("data", "dataframe", NT_DEFAULT_DATAFRAME, "The data"),
    NT_PROP_TOKENS("4096", nt_agents_tokens), NT_PROP_END
};

static const nt_output_t chart_outputs[] = { { "output", "plotly_config" },
                                             { NULL, NULL } };

const nt_node_type_t nt_chart_generator = {
    .type = "nodetool.generators.ChartGenerator",
    .title = "Chart Generator",
    .description = "Has a language model make a Plotly chart of a data frame.",
    .properties = chart_properties,
    .outputs = chart_outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_CACHE,
    .run = run_chart
};


/* --- SVGGenerator --- */

static const char svg_prompt[] =
    "You draw SVG. Answer with one well-formed <svg> element, with its width, "
    "height and xmlns, and nothing else: no text, no code fence.";


/* From the first <svg to the last </svg>; empty when there is none. */
static nt_str_t
find_svg(nt_str_t text)
{
    ptrdiff_t from, to;

    from = nt_ustr_find(text, NT_STR("<svg"), 0, text.len);
    to = nt_ustr_rfind(text, NT_STR("</svg>"), 0, text.len);

    if (from < 0 || to < from) {
        return NT_STR("");
    }

    return (nt_str_t) { text.data + from, (size_t) (to - from) + 6 };
}


static nt_node_rc_t
run_svg(nt_node_call_t *call)
{
    nt_str_t     svg = { 0 };
    nt_agent_t   agent = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call) &&
        nt_agent_system(&agent, nt_str(svg_prompt)) &&
        nt_agent_user(&agent, nt_agent_property(call, "prompt"), true) &&
        nt_agent_run(&agent))
    {
        svg = find_svg((nt_str_t) { agent.text.data, agent.text.len });
        rc = svg.len == 0
                 ? nt_call_fail(call, "the model drew nothing: there is no "
                                      "<svg>...</svg> in its answer")
                 : nt_emit(call,
                           json_pack("[{s:s, s:s, s:{}, s:o, s:[]}]", "type",
                                     "svg_element", "name", "", "attributes",
                                     "content", nt_ustr_json(svg), "children"));
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t svg_properties[] = {
    NT_PROP_MODEL("The model that draws"),
    NT_PROP("prompt", "str", "\"\"", "What it is to draw"),
    NT_PROP_IMAGE("An image to go by"),
    NT_PROP_AUDIO("A sound to go by"),
    NT_PROP_TOKENS("8192", nt_agents_tokens),
    NT_PROP_END
};

static const nt_output_t svg_outputs[] = { { "output", "list[svg_element]" },
                                           { NULL, NULL } };

const nt_node_type_t nt_svg_generator = {
    .type = "nodetool.generators.SVGGenerator",
    .title = "SVGGenerator",
    .description = "Has a language model draw a picture as SVG.",
    .properties = svg_properties,
    .outputs = svg_outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_CACHE,
    .run = run_svg
};
