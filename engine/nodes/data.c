/*
 * engine/nodes/data.c - nodetool.data.*: making data frames, and taking them
 * apart.
 */

#include "engine/nodes/data.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

const nt_output_t nt_out_dataframe[] = { { "output", "dataframe" },
                                         { NULL, NULL } };

const nt_property_t nt_data_df[] = { NT_PROP_DATAFRAME("df", "The data frame"),
                                     NT_PROP_END };
static const nt_property_t nt_data_dataframe[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"), NT_PROP_END
};


/* --- Schema --- */

static nt_node_rc_t
run_schema(nt_node_call_t *call)
{
    json_t *columns = nt_arg_dict(call, "columns");

    return columns != NULL ? nt_emit(call, json_incref(columns)) : NT_NODE_FAIL;
}


static const nt_property_t schema_properties[] = {
    NT_PROP("columns", "record_type", NT_DEFAULT_RECORD_TYPE,
            "The columns of a data frame: their names and types"),
    NT_PROP_END
};

static const nt_output_t schema_outputs[] = { { "output", "record_type" },
                                              { NULL, NULL } };

static const nt_node_type_t data_schema = { .type = "nodetool.data.Schema",
                                            .title = "Schema",
                                            .description =
                                                "The columns that a data frame "
                                                "is to have.",
                                            .properties = schema_properties,
                                            .outputs = schema_outputs,
                                            .run = run_schema };


/* --- ImportCSV, JSONToDataframe --- */

static nt_node_rc_t
run_import(nt_node_call_t *call)
{
    bool           ok;
    nt_str_t       text;
    nt_dataframe_t df = { 0 };

    if (!nt_arg_str(call, "csv_data", &text)) {
        return NT_NODE_FAIL;
    }

    ok = nt_dataframe_init(&df)
             ? nt_dataframe_from_csv(call, "'csv_data'", text, &df)
             : nt_arg_nomem(call) == NT_NODE_DONE;
    return nt_emit_dataframe(call, &df, ok);
}


static const nt_property_t import_properties[] = {
    NT_PROP("csv_data", "str", "\"\"",
            "The text, whose first record names the columns"),
    NT_PROP_END
};

static const nt_node_type_t data_import = { .type = "nodetool.data.ImportCSV",
                                            .title = "Import CSV",
                                            .description =
                                                "Makes a data frame of a text "
                                                "of CSV.",
                                            .properties = import_properties,
                                            .outputs = nt_out_dataframe,
                                            .flags = NT_NODE_THREAD,
                                            .run = run_import };


/* Takes the value over. */
static nt_node_rc_t
emit_json(nt_node_call_t *call, const char *what, json_t *value)
{
    bool           ok;
    nt_dataframe_t df = { 0 };

    ok = nt_dataframe_init(&df) ? nt_dataframe_from_json(call, what, value, &df)
                                : nt_arg_nomem(call) == NT_NODE_DONE;
    json_decref(value);
    return nt_emit_dataframe(call, &df, ok);
}


static nt_node_rc_t
run_from_json(nt_node_call_t *call)
{
    json_t  *value;
    nt_str_t text;

    if (!nt_arg_str(call, "text", &text)) {
        return NT_NODE_FAIL;
    }

    value = nt_call_parse(call, "'text'", text);
    return value != NULL ? emit_json(call, "'text'", value) : NT_NODE_FAIL;
}


static const nt_property_t from_json_properties[] = {
    NT_PROP("text", "str", "\"\"",
            "A list of objects, one a row, or an object of lists, one a "
            "column"),
    NT_PROP_END
};

static const nt_node_type_t data_from_json = {
    .type = "nodetool.data.JSONToDataframe",
    .title = "Convert JSON to DataFrame",
    .description = "Makes a data frame of a JSON text.",
    .properties = from_json_properties,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_THREAD,
    .run = run_from_json
};


/* --- FromList, ToList --- */

/* What stands in a cell for the member of a dict: a dict's own member
 * "value", numbers, texts and truth values themselves, str() of lists.  A new
 * reference; NULL after nt_call_fail. */
static json_t *
cell_of(nt_node_call_t *call, nt_str_t name, json_t *value)
{
    json_t  *cell;
    nt_buf_t text = { 0 };

    if (json_is_object(value)) {
        cell = json_incref(json_object_get(value, "value"));

        if (cell == NULL) {
            (void) nt_call_fail(call,
                                "'values': the dict at \"%.*s\" has no "
                                "\"value\"",
                                (int) (name.len < 100 ? name.len : 100),
                                name.data);
        }

        return cell;
    }

    if (!json_is_array(value)) {
        return json_incref(value);
    }

    nt_py_str(&text, value);
    cell = nt_ustr_take(&text);

    if (cell == NULL) {
        (void) nt_arg_nomem(call);
    }

    return cell;
}


/* NULL after nt_call_fail. */
static json_t *
flat_row(nt_node_call_t *call, json_t *dict)
{
    size_t      len;
    json_t     *row = json_object(), *value, *cell;
    const char *name;

    json_object_keylen_foreach(dict, name, len, value)
    {
        cell = cell_of(call, (nt_str_t) { name, len }, value);

        if (cell == NULL) {
            json_decref(row);
            return NULL;
        }

        if (json_object_setn_new(row, name, len, cell) != 0) {
            json_decref(row);
            row = NULL;
            break;
        }
    }

    if (row == NULL) {
        (void) nt_arg_nomem(call);
    }

    return row;
}


static nt_node_rc_t
run_from_list(nt_node_call_t *call)
{
    size_t  i;
    json_t *list = nt_arg_list(call, "values"), *value, *rows, *row;

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    rows = json_array();

    json_array_foreach(list, i, value)
    {
        if (!json_is_object(value)) {
            json_decref(rows);
            return nt_call_fail(call, "'values': item %zu is no dict", i);
        }

        row = flat_row(call, value);

        if (row == NULL) {
            json_decref(rows);
            return NT_NODE_FAIL;
        }

        if (json_array_append_new(rows, row) != 0) {
            json_decref(rows);
            return nt_arg_nomem(call);
        }
    }

    return rows != NULL ? emit_json(call, "'values'", rows)
                        : nt_arg_nomem(call);
}


static const nt_property_t from_list_properties[] = {
    NT_PROP("values", "list[any]", "[]", "The dicts, one a row"), NT_PROP_END
};

static const nt_node_type_t data_from_list = { .type = "nodetool.data.FromList",
                                               .title = "From List",
                                               .description =
                                                   "Makes a data frame of a "
                                                   "list of dicts.",
                                               .properties =
                                                   from_list_properties,
                                               .outputs = nt_out_dataframe,
                                               .flags = NT_NODE_THREAD,
                                               .run = run_from_list };


static nt_node_rc_t
run_to_list(nt_node_call_t *call)
{
    size_t         i;
    json_t        *row, *list;
    nt_node_rc_t   rc;
    nt_dataframe_t df;

    if (!nt_arg_dataframe(call, "dataframe", &df)) {
        nt_dataframe_free(&df);
        return NT_NODE_FAIL;
    }

    list = json_array();

    json_array_foreach(df.rows, i, row)
    {
        if (json_array_append_new(list, nt_dataframe_dict(&df, row)) != 0) {
            json_decref(list);
            list = NULL;
            break;
        }
    }

    rc = list != NULL ? nt_emit(call, list) : nt_arg_nomem(call);
    nt_dataframe_free(&df);
    return rc;
}


static const nt_output_t to_list_outputs[] = { { "output", "list[dict]" },
                                               { NULL, NULL } };

static const nt_node_type_t data_to_list = { .type = "nodetool.data.ToList",
                                             .title = "To List",
                                             .description =
                                                 "Makes a list of dicts of a "
                                                 "data frame.",
                                             .properties = nt_data_dataframe,
                                             .outputs = to_list_outputs,
                                             .flags = NT_NODE_THREAD,
                                             .run = run_to_list };


/* --- ForEachRow, RowIterator --- */

typedef struct {
    nt_dataframe_t df;
    size_t         next;
} rows_t;


static void
free_rows(void *state)
{
    nt_dataframe_free(&((rows_t *) state)->df);
}


/* Sends the next row out of the output `name`. */
static nt_node_rc_t
send_row(nt_node_call_t *call, const char *name)
{
    size_t  i;
    rows_t *rows = nt_call_state(call, sizeof(*rows), free_rows);

    if (rows == NULL) {
        return nt_arg_nomem(call);
    }

    if (rows->df.rows == NULL &&
        !nt_arg_dataframe(call, "dataframe", &rows->df)) {
        return NT_NODE_FAIL;
    }

    if (rows->next == json_array_size(rows->df.rows)) {
        return NT_NODE_DONE;
    }

    i = rows->next++;

    if (nt_call_emit(call, name,
                     nt_dataframe_dict(&rows->df,
                                       json_array_get(rows->df.rows, i))) !=
            NT_NODE_DONE ||
        nt_call_emit(call, "index", json_integer((json_int_t) i)) !=
            NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }

    return NT_NODE_MORE;
}


static nt_node_rc_t
run_for_each(nt_node_call_t *call)
{
    return send_row(call, "row");
}


static const nt_output_t for_each_outputs[] = { { "row", "dict" },
                                                { "index", "any" },
                                                { NULL, NULL } };

static const nt_node_type_t data_for_each = {
    .type = "nodetool.data.ForEachRow",
    .title = "For Each Row",
    .description = "Sends each row of a data frame, with its position.",
    .properties = nt_data_dataframe,
    .outputs = for_each_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_for_each
};


static nt_node_rc_t
run_iterator(nt_node_call_t *call)
{
    return send_row(call, "dict");
}


static const nt_output_t iterator_outputs[] = { { "dict", "dict" },
                                                { "index", "any" },
                                                { NULL, NULL } };

static const nt_node_type_t data_iterator = {
    .type = "nodetool.data.RowIterator",
    .title = "Row Iterator",
    .description = "Sends each row of a data frame, with its position.",
    .properties = nt_data_dataframe,
    .outputs = iterator_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_iterator
};


/* --- FilterNone --- */

static nt_node_rc_t
filter_none_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    (void) handle; /* there is but one */
    return json_is_null(value) ? NT_NODE_DONE
                               : nt_emit(call, json_incref(value));
}


static const nt_property_t filter_none_properties[] = {
    NT_PROP("value", "any", "[]", "The stream of values"), NT_PROP_END
};

static const nt_node_type_t data_filter_none = {
    .type = "nodetool.data.FilterNone",
    .title = "Filter None",
    .description = "Lets the values of a stream pass that are not null.",
    .properties = filter_none_properties,
    .outputs = nt_out_any,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = filter_none_item
};


static const nt_node_type_t *const types[] = {
    &data_schema,           &data_import,
    &data_from_json,        &data_from_list,
    &data_to_list,          &data_for_each,
    &data_iterator,         &data_filter_none,
    &nt_data_add_column,    &nt_data_aggregate,
    &nt_data_append,        &nt_data_drop_duplicates,
    &nt_data_drop_na,       &nt_data_extract_column,
    &nt_data_fill_na,       &nt_data_filter,
    &nt_data_find_row,      &nt_data_join,
    &nt_data_load_assets,   &nt_data_load_file,
    &nt_data_load_url,      &nt_data_merge,
    &nt_data_pivot,         &nt_data_rename,
    &nt_data_save,          &nt_data_save_file,
    &nt_data_select_column, &nt_data_slice,
    &nt_data_sort,          NULL
};

const nt_node_library_t nt_nodes_data = { .abi = NODETOOL_NODE_ABI,
                                          .name = "data",
                                          .types = types };
