/*
 * engine/nodes/data_columns.c - nodetool.data.*: columns of data frames.
 */

#include <stdlib.h>

#include "engine/nodes/data.h"
#include "engine/nodes/ustr.h"


/* --- SelectColumn --- */

/* Some columns of `df` as a frame of its own; false when memory is out. */
static bool
select_columns(const nt_dataframe_t *df, const size_t *columns, size_t n,
               nt_dataframe_t *out)
{
    bool    ok = nt_dataframe_init(out);
    size_t  i, j;
    json_t *row, *picked;

    for (j = 0; j < n && ok; j++) {
        ok = json_array_append(out->columns,
                               json_array_get(df->columns, columns[j])) == 0;
    }

    json_array_foreach(df->rows, i, row)
    {
        picked = json_array();

        for (j = 0; j < n && ok; j++) {
            ok =
                json_array_append(picked, json_array_get(row, columns[j])) == 0;
        }

        ok = ok && json_array_append(out->rows, picked) == 0;
        json_decref(picked);

        if (!ok) {
            return false;
        }
    }

    return ok;
}


static nt_node_rc_t
run_select(nt_node_call_t *call)
{
    bool           ok = false;
    size_t         n, *columns = NULL;
    nt_dataframe_t df, out = { 0 };

    if (nt_arg_dataframe(call, "dataframe", &df)) {
        columns = nt_arg_columns(call, "columns", &df, &n);
    }

    if (columns != NULL) {
        if (nt_dataframe_is_too_large(n, json_array_size(df.rows))) {
            (void) nt_call_fail(call, "'columns' makes more than %d cells",
                                NT_DATAFRAME_CELLS_MAX);
        } else {
            ok = select_columns(&df, columns, n, &out) ||
                 nt_arg_nomem(call) == NT_NODE_DONE;
        }
    }

    free(columns);
    nt_dataframe_free(&df);
    return nt_emit_dataframe(call, &out, ok);
}


static const nt_property_t select_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("columns", "str", "\"\"",
            "The names of the columns to keep, separated by commas"),
    NT_PROP_END
};

const nt_node_type_t nt_data_select_column = {
    .type = "nodetool.data.SelectColumn",
    .title = "Select Column",
    .description = "Keeps some columns of a data frame.",
    .properties = select_properties,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_THREAD,
    .run = run_select
};


/* --- ExtractColumn --- */

static nt_node_rc_t
run_extract(nt_node_call_t *call)
{
    size_t         i, column = NT_NO_COLUMN;
    json_t        *row, *list;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "dataframe", &df)) {
        column = nt_arg_column(call, "column_name", &df);
    }

    if (column == NT_NO_COLUMN) {
        nt_dataframe_free(&df);
        return NT_NODE_FAIL;
    }

    list = json_array();

    json_array_foreach(df.rows, i, row)
    {
        if (json_array_append(list, json_array_get(row, column)) != 0) {
            json_decref(list);
            list = NULL;
            break;
        }
    }

    nt_dataframe_free(&df);
    return nt_emit(call, list);
}


static const nt_property_t extract_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("column_name", "str", "\"\"", "The column to take"), NT_PROP_END
};

const nt_node_type_t nt_data_extract_column = {
    .type = "nodetool.data.ExtractColumn",
    .title = "Extract Column",
    .description = "Makes a list of a column of a data frame.",
    .properties = extract_properties,
    .outputs = nt_out_list,
    .flags = NT_NODE_THREAD,
    .run = run_extract
};


/* --- AddColumn --- */

/* Puts values into a column, which is the next one or there already; false
 * when memory is out. */
static bool
put_column(nt_dataframe_t *df, size_t column, nt_str_t name,
           const json_t *values)
{
    size_t  i, width = nt_dataframe_width(df);
    json_t *value, *row;

    if (column == width && !nt_dataframe_add_column(df, name)) {
        return false;
    }

    json_array_foreach(values, i, value)
    {
        if (i == json_array_size(df->rows) &&
            json_array_append_new(df->rows, json_array()) != 0)
        {
            return false;
        }

        row = json_array_get(df->rows, i);

        if ((column == width ? json_array_append(row, value)
                             : json_array_set(row, column, value)) != 0)
        {
            return false;
        }
    }

    return true;
}


static nt_node_rc_t
run_add(nt_node_call_t *call)
{
    bool           ok = false;
    size_t         column, rows;
    json_t        *values;
    nt_str_t       name;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "dataframe", &df) &&
        nt_arg_name(call, "column_name", &name) &&
        (values = nt_arg_list(call, "values")) != NULL)
    {
        rows = json_array_size(df.rows);
        column = nt_dataframe_find(&df, name);

        if (json_array_size(values) != rows && nt_dataframe_width(&df) > 0) {
            (void) nt_call_fail(call,
                                "'values' has %zu items, but the data frame "
                                "has %zu rows",
                                json_array_size(values), rows);
        } else {
            ok = put_column(&df,
                            column != NT_NO_COLUMN ? column
                                                   : nt_dataframe_width(&df),
                            name, values) ||
                 nt_arg_nomem(call) == NT_NODE_DONE;
        }
    }

    return nt_emit_dataframe(call, &df, ok);
}


static const nt_property_t add_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("column_name", "str", "\"\"",
            "The name of the column; one that is there is replaced"),
    NT_PROP("values", "list[any]", "[]", "Its values, one for each row"),
    NT_PROP_END
};

const nt_node_type_t nt_data_add_column = {
    .type = "nodetool.data.AddColumn",
    .title = "Add Column",
    .description = "Adds a list to a data frame as a column.",
    .properties = add_properties,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_THREAD,
    .run = run_add
};


/* --- Rename --- */

/* "old:new,old2:new2" as a dict; what has no colon is left out.  NULL when
 * memory is out. */
static json_t *
read_map(nt_str_t text)
{
    size_t    i;
    json_t   *map = json_object(), *parts, *part;
    nt_str_t  entry, from, to;
    ptrdiff_t colon;

    parts = nt_ustr_split(text, NT_STR(","), -1);

    json_array_foreach(parts, i, part)
    {
        entry = nt_ustr(part);
        colon = nt_ustr_find(entry, NT_STR(":"), 0, entry.len);

        if (colon < 0) {
            continue;
        }

        from = (nt_str_t) { entry.data, (size_t) colon };
        to = (nt_str_t) { entry.data + colon + 1,
                          entry.len - (size_t) colon - 1 };
        from = nt_ustr_strip(from, NT_USTR_BOTH, NULL);

        if (json_object_setn_new(map, from.data, from.len,
                                 nt_ustr_json(nt_ustr_strip(to, NT_USTR_BOTH,
                                                            NULL))) != 0)
        {
            json_decref(parts);
            json_decref(map);
            return NULL;
        }
    }

    if (parts == NULL) {
        json_decref(map);
        map = NULL;
    }

    json_decref(parts);
    return map;
}


static bool
rename_columns(nt_dataframe_t *df, const json_t *map)
{
    size_t   i;
    json_t  *column, *copy, *to;
    nt_str_t from;

    json_array_foreach(df->columns, i, column)
    {
        from = nt_dataframe_name(df, i);
        to = json_object_getn(map, from.data, from.len);

        if (to == NULL) {
            continue;
        }

        copy = json_copy(column);

        if (copy == NULL || json_object_set(copy, "name", to) != 0 ||
            json_array_set(df->columns, i, copy) != 0)
        {
            json_decref(copy);
            return false;
        }

        json_decref(copy);
    }

    return true;
}


static nt_node_rc_t
run_rename(nt_node_call_t *call)
{
    bool           ok = false;
    json_t        *map;
    nt_str_t       text;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "dataframe", &df) &&
        nt_arg_str(call, "rename_map", &text))
    {
        map = read_map(text);
        ok = (map != NULL && rename_columns(&df, map)) ||
             nt_arg_nomem(call) == NT_NODE_DONE;
        json_decref(map);
    }

    return nt_emit_dataframe(call, &df, ok);
}


static const nt_property_t rename_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("rename_map", "str", "\"\"",
            "Old and new names of columns: old1:new1,old2:new2"),
    NT_PROP_END
};

const nt_node_type_t nt_data_rename = { .type = "nodetool.data.Rename",
                                        .title = "Rename",
                                        .description =
                                            "Gives columns of a data frame "
                                            "other names.",
                                        .properties = rename_properties,
                                        .outputs = nt_out_dataframe,
                                        .flags = NT_NODE_THREAD,
                                        .run = run_rename };
