/*
 * engine/nodes/generators.c - nodetool.generators.ListGenerator and
 * DataGenerator, which send what a model makes as it streams in.
 */

#include "engine/agents/list_items.h"
#include "engine/agents/table_rows.h"
#include "engine/nodes/agents.h"
#include "engine/nodes/dataframe.h"
#include "engine/nodes/ustr.h"

/* Of a generator in the middle of its answer. */
typedef struct {
    nt_node_call_t *call;
    nt_list_items_t items;
    nt_table_rows_t table;
    json_t         *rows; /* owned, as they came */
    int64_t         index;
    bool            failed; /* nt_call_fail has said why */
} generator_t;


/* The properties "prompt" and "input_text", as one text; where both are
 * empty, what else there is to say. */
static bool
add_prompt(nt_agent_t *agent, nt_str_t otherwise)
{
    nt_buf_t text = { 0 };
    nt_str_t input = nt_agent_property(agent->call, "input_text");

    nt_buf_append_str(&text, nt_agent_property(agent->call, "prompt"));

    if (text.len > 0 && input.len > 0) {
        nt_buf_append_str(&text, NT_STR("\n\n"));
    }

    nt_buf_append_str(&text, input);

    if (text.len == 0 && !text.failed) {
        nt_call_log(agent->call, "warning", "'prompt' is empty");
        nt_buf_append_str(&text, otherwise);
    }

    return nt_agent_user_buf(agent, &text, false);
}


/* What a parser's failure means. */
static bool
fail_parse(generator_t *generator, nt_rc_t rc)
{
    if (!generator->failed) {
        (void) (rc == NT_LIMIT
                    ? nt_call_fail(generator->call,
                                   "the model's answer has a part of more than "
                                   "1 MiB")
                    : nt_arg_nomem(generator->call));
    }

    return false;
}


/* --- ListGenerator --- */

static const char list_prompt[] =
    "You write lists. If a number of items is asked for, write exactly that "
    "many.\n"
    "Put each item between <LIST_ITEM> and </LIST_ITEM>; an item may have "
    "several lines. Write nothing else: no numbers, no bullets, no "
    "introduction.\n"
    "\n"
    "Example, for \"three rivers\":\n"
    "<LIST_ITEM>Nile</LIST_ITEM>\n"
    "<LIST_ITEM>Danube</LIST_ITEM>\n"
    "<LIST_ITEM>Mekong</LIST_ITEM>\n";


static bool
send_item(void *arg, nt_str_t item)
{
    generator_t *generator = arg;

    generator->failed =
        nt_call_emit(generator->call, "item", nt_ustr_json(item)) !=
            NT_NODE_DONE ||
        nt_call_emit(generator->call, "index",
                     json_integer(generator->index)) != NT_NODE_DONE;
    generator->index++;
    return !generator->failed;
}


static bool
take_items(void *arg, nt_str_t text)
{
    nt_rc_t      rc;
    generator_t *generator = arg;

    rc = nt_list_items_feed(&generator->items, text, send_item, generator);
    return rc == NT_OK || fail_parse(generator, rc);
}


/* The answer is complete. */
static nt_node_rc_t
end_list(const nt_agent_t *agent, generator_t *generator)
{
    nt_rc_t  rc = NT_OK;
    nt_str_t text = { agent->text.data, agent->text.len };

    if (!generator->items.tagged && text.len > 0) {
        rc = nt_list_items_plain(text, send_item, generator);
    }

    if (rc != NT_OK) {
        (void) fail_parse(generator, rc);
        return NT_NODE_FAIL;
    }

    if (generator->index == 0) {
        return nt_call_fail(generator->call,
                            "the model made no list: there is neither a "
                            "<LIST_ITEM> nor a line with a number or bullet in "
                            "its answer");
    }

    return NT_NODE_DONE;
}


static nt_node_rc_t
run_list(nt_node_call_t *call)
{
    generator_t  generator = { .call = call };
    nt_agent_t   agent = { .piece = take_items, .ctx = &generator };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call) &&
        nt_agent_system(&agent, nt_str(list_prompt)) &&
        add_prompt(&agent, NT_STR("Write a list.")) && nt_agent_run(&agent))
    {
        rc = end_list(&agent, &generator);
    }

    nt_list_items_free(&generator.items);
    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t list_properties[] = {
    NT_PROP_MODEL("The model that writes"),
    NT_PROP("prompt", "str", "\"\"", "What the list is to be of"),
    NT_PROP("input_text", "str", "\"\"", "A text to make it from"),
    NT_PROP_TOKENS("4096", nt_agents_tokens), NT_PROP_END
};

static const nt_output_t list_outputs[] = { { "item", "str" },
                                            { "index", "int" },
                                            { NULL, NULL } };

const nt_node_type_t nt_list_generator = {
    .type = "nodetool.generators.ListGenerator",
    .title = "List Generator",
    .description = "Has a language model write a list, and sends each item as "
                   "soon as it is complete.",
    .properties = list_properties,
    .outputs = list_outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_STREAMING_OUTPUT,
    .run = run_list
};


/* --- DataGenerator --- */

static const char data_prompt[] =
    "You make data. Write one Markdown table and nothing else: no text in "
    "front of it or behind it.\n"
    "First the line of headers, then the line of dashes, then a line for each "
    "record, with | between the cells. Write numbers as plain digits, true or "
    "false for booleans, \\| for a bar in a text, and leave a cell empty where "
    "there is no value.";


/* The names and types of the columns, behind the prompt. */
static bool
add_columns(nt_agent_t *agent, const json_t *columns)
{
    size_t   i;
    json_t  *column;
    nt_buf_t text = { 0 };
    nt_str_t about;

    nt_buf_append_str(&text, nt_str(data_prompt));

    if (json_array_size(columns) > 0) {
        nt_buf_append_str(&text, NT_STR("\nThe columns, in this order:\n"));
    }

    json_array_foreach(columns, i, column)
    {
        about = nt_ustr(json_object_get(column, "description"));
        nt_buf_append_str(&text, NT_STR("- "));
        nt_buf_append_str(&text, nt_ustr(json_object_get(column, "name")));
        nt_buf_append_str(&text, NT_STR(" ("));
        nt_buf_append_str(&text, nt_ustr(json_object_get(column, "data_type")));
        nt_buf_append_str(&text, about.len > 0 ? NT_STR("): ") : NT_STR(")"));
        nt_buf_append_str(&text, about);
        nt_buf_append_char(&text, '\n');
    }

    return nt_agent_system_buf(agent, &text);
}


static bool
send_row(void *arg, json_t *row)
{
    generator_t *generator = arg;

    if (json_array_append(generator->rows, row) != 0) {
        return false;
    }

    generator->failed =
        nt_call_emit(generator->call, "record", json_incref(row)) !=
            NT_NODE_DONE ||
        nt_call_emit(generator->call, "index",
                     json_integer(generator->index)) != NT_NODE_DONE;
    generator->index++;
    return !generator->failed;
}


static bool
take_rows(void *arg, nt_str_t text)
{
    nt_rc_t      rc;
    generator_t *generator = arg;

    rc = nt_table_rows_feed(&generator->table, text, send_row, generator);
    return rc == NT_OK || fail_parse(generator, rc);
}


/* The columns of the table: those of the property, else of its header.  New
 * reference; NULL when memory is out. */
static json_t *
table_columns(const generator_t *generator)
{
    size_t  i;
    json_t *columns, *name;

    if (json_array_size(generator->table.columns) > 0) {
        return json_incref((json_t *) generator->table.columns);
    }

    columns = json_array();

    json_array_foreach(generator->table.header, i, name)
    {
        if (json_array_append_new(columns,
                                  json_pack("{s:O, s:s, s:s}", "name", name,
                                            "data_type", "string",
                                            "description", "")) != 0)
        {
            json_decref(columns);
            return NULL;
        }
    }

    return columns;
}


/* The data frame of all rows. New reference; NULL when memory is out. */
static json_t *
make_frame(const generator_t *generator)
{
    int     rc = 0;
    size_t  i, j;
    json_t *columns, *data, *row, *cells, *column, *value;

    columns = table_columns(generator);
    data = json_array();

    json_array_foreach(generator->rows, i, row)
    {
        cells = json_array();

        json_array_foreach(columns, j, column)
        {
            value = json_object_get(row, json_string_value(
                                             json_object_get(column, "name")));
            rc |=
                json_array_append_new(cells, value != NULL ? json_incref(value)
                                                           : json_null());
        }

        rc |= json_array_append_new(data, cells);
    }

    if (rc != 0 || columns == NULL) {
        json_decref(columns);
        json_decref(data);
        return NULL;
    }

    return json_pack("{s:s, s:s, s:n, s:n, s:o, s:o}", "type", "dataframe",
                     "uri", "", "asset_id", "metadata", "columns", columns,
                     "data", data);
}


static nt_node_rc_t
end_data(generator_t *generator)
{
    nt_rc_t rc;

    rc = nt_table_rows_end(&generator->table, send_row, generator);

    if (rc != NT_OK) {
        (void) fail_parse(generator, rc);
        return NT_NODE_FAIL;
    }

    if (generator->table.header == NULL) {
        return nt_call_fail(generator->call, "the model made no table: there "
                                             "is none in its answer");
    }

    if (generator->table.skipped > 0) {
        nt_call_log(generator->call, "warning",
                    "%zu rows are left out, as they have not a cell for each "
                    "column",
                    generator->table.skipped);
    }

    return nt_call_emit(generator->call, "dataframe", make_frame(generator));
}


/* False after nt_call_fail. */
static bool
check_columns(nt_node_call_t *call, const json_t *columns)
{
    size_t  i;
    json_t *column;

    json_array_foreach(columns, i, column)
    {
        if (json_string_length(json_object_get(column, "name")) == 0) {
            (void) nt_call_fail(call,
                                "'columns' must give each column a "
                                "\"name\"; number %zu has none",
                                i + 1);
            return false;
        }
    }

    return true;
}


static nt_node_rc_t
run_data(nt_node_call_t *call)
{
    generator_t  generator = { .call = call };
    nt_agent_t   agent = { .piece = take_rows, .ctx = &generator };
    nt_node_rc_t rc = NT_NODE_FAIL;

    generator.table.columns =
        json_object_get(nt_call_input(call, "columns"), "columns");
    generator.rows = json_array();

    if (check_columns(call, generator.table.columns) &&
        nt_agent_init(&agent, call) &&
        add_columns(&agent, generator.table.columns) &&
        add_prompt(&agent, NT_STR("Make data.")) && nt_agent_run(&agent))
    {
        rc = end_data(&generator);
    }

    nt_table_rows_free(&generator.table);
    json_decref(generator.rows);
    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t data_properties[] = {
    NT_PROP_MODEL("The model that makes the data"),
    NT_PROP("prompt", "str", "\"\"", "What the data is to be of"),
    NT_PROP("input_text", "str", "\"\"", "A text to make it from"),
    NT_PROP_TOKENS("4096", nt_agents_tokens),
    NT_PROP("columns", "record_type", NT_DEFAULT_RECORD_TYPE,
            "The columns, with their types"),
    NT_PROP_END
};

static const nt_output_t data_outputs[] = { { "record", "dict" },
                                            { "dataframe", "dataframe" },
                                            { "index", "int" },
                                            { NULL, NULL } };

const nt_node_type_t nt_data_generator = {
    .type = "nodetool.generators.DataGenerator",
    .title = "Data Generator",
    .description = "Has a language model make records, and sends each as soon "
                   "as it is complete, at last all as a data frame.",
    .properties = data_properties,
    .outputs = data_outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_STREAMING_OUTPUT,
    .run = run_data
};
