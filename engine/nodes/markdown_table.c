/*
 * engine/nodes/markdown_table.c - lib.markdown.ExtractTables.
 */

#include "engine/nodes/defaults.h"
#include "engine/nodes/markdown.h"
#include "engine/nodes/ustr.h"


static bool
is_type(cmark_node *node, const char *type)
{
    return strcmp(cmark_node_get_type_string(node), type) == 0;
}


static cmark_node *
first_table(cmark_node *root)
{
    cmark_node      *table = NULL;
    cmark_iter      *iter;
    cmark_event_type event;

    iter = cmark_iter_new(root);

    while (table == NULL && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
    {
        if (event == CMARK_EVENT_ENTER &&
            is_type(cmark_iter_get_node(iter), "table")) {
            table = cmark_iter_get_node(iter);
        }
    }

    cmark_iter_free(iter);
    return table;
}


/* Takes the first cell off a row whose leading bar is gone.  In a cell, \|
 * is a bar. */
static json_t *
take_cell(nt_str_t *row)
{
    size_t   i;
    nt_buf_t cell = { 0 };
    nt_str_t text;
    json_t  *value;

    for (i = 0; i < row->len && row->data[i] != '|'; i++) {
        if (row->data[i] == '\\' && i + 1 < row->len) {
            if (row->data[i + 1] != '|') {
                nt_buf_append_char(&cell, '\\');
            }

            i++;
        }

        nt_buf_append_char(&cell, row->data[i]);
    }

    i = i < row->len ? i + 1 : i;
    row->data += i;
    row->len -= i;

    text =
        nt_ustr_strip((nt_str_t) { cell.data, cell.len }, NT_USTR_BOTH, NULL);
    value = cell.failed ? NULL : nt_ustr_json(text);
    nt_buf_free(&cell);
    return value;
}


/* The cells of a row as they are written, n of them.  NULL when memory is
 * out. */
static json_t *
row_cells(const nt_markdown_t *markdown, cmark_node *node, size_t n)
{
    size_t   column;
    json_t  *cells;
    nt_str_t row;

    row = nt_markdown_line(markdown, node);
    column = (size_t) cmark_node_get_start_column(node);
    column = column > 0 && column <= row.len ? column - 1 : 0;
    row = nt_ustr_strip((nt_str_t) { row.data + column, row.len - column },
                        NT_USTR_BOTH, NULL);

    if (row.len > 0 && row.data[0] == '|') {
        row.data++;
        row.len--;
    }

    cells = json_array();

    while (json_array_size(cells) < n) {
        if (json_array_append_new(cells, take_cell(&row)) != 0) {
            json_decref(cells);
            return NULL;
        }
    }

    return cells;
}


/* Adds a column for each cell of the header. */
static bool
add_columns(json_t *columns, json_t *cells)
{
    size_t  i;
    json_t *cell;

    json_array_foreach(cells, i, cell)
    {
        if (json_array_append_new(columns,
                                  json_pack("{s:O, s:s, s:s}", "name", cell,
                                            "data_type", "string",
                                            "description", "")) != 0)
        {
            return false;
        }
    }

    return true;
}


static bool
add_table(const nt_markdown_t *markdown, cmark_node *table, json_t *columns,
          json_t *data)
{
    bool        good = true;
    size_t      n = 0;
    json_t     *cells;
    cmark_node *row, *cell;

    row = cmark_node_first_child(table);

    for (cell = cmark_node_first_child(row); cell != NULL;
         cell = cmark_node_next(cell))
    {
        n++;
    }

    for (; row != NULL && good; row = cmark_node_next(row)) {
        cells = row_cells(markdown, row, n);

        if (is_type(row, "table_header")) {
            good = cells != NULL && add_columns(columns, cells);
            json_decref(cells);

        } else {
            good = json_array_append_new(data, cells) == 0;
        }
    }

    return good;
}


static nt_node_rc_t
run_tables(nt_node_call_t *call)
{
    bool          good;
    json_t       *columns, *data, *frame;
    cmark_node   *table;
    nt_markdown_t markdown;

    if (!nt_markdown_input(call, &markdown)) {
        return NT_NODE_FAIL;
    }

    columns = json_array();
    data = json_array();
    table = first_table(markdown.root);
    good = table == NULL || add_table(&markdown, table, columns, data);
    nt_markdown_free(&markdown);
    frame = good ? json_loads(NT_DEFAULT_DATAFRAME, 0, NULL) : NULL;

    if (json_object_set(frame, "columns", columns) != 0 ||
        json_object_set(frame, "data", data) != 0)
    {
        json_decref(frame);
        frame = NULL;
    }

    json_decref(columns);
    json_decref(data);
    return frame == NULL ? nt_arg_nomem(call) : nt_emit(call, frame);
}


static const nt_property_t properties[] = {
    NT_PROP("markdown", "str", "\"\"", "The Markdown text"), NT_PROP_END
};

static const nt_output_t outputs[] = { { "output", "dataframe" },
                                       { NULL, NULL } };

const nt_node_type_t nt_markdown_tables = {
    .type = "lib.markdown.ExtractTables",
    .title = "Extract Tables",
    .description = "Makes a data frame of the first table of a Markdown text.",
    .properties = properties,
    .outputs = outputs,
    .flags = NT_NODE_THREAD,
    .run = run_tables
};
