/*
 * engine/nodes/data_clean.c - nodetool.data.*: doubles and missing values.
 */

#include <stdlib.h>

#include "engine/nodes/aggregate.h"
#include "engine/nodes/data.h"
#include "engine/nodes/groups.h"
#include "engine/nodes/ustr.h"


/* --- DropDuplicates --- */

/* Keeps the first of rows that are equal; false when memory is out. */
static bool
drop_duplicates(nt_dataframe_t *df)
{
    bool        ok;
    size_t      i, width = nt_dataframe_width(df), *columns;
    json_t     *members, *rows = json_array();
    nt_groups_t groups = { 0 };

    columns = malloc((width + 1) * sizeof(*columns));

    for (i = 0; columns != NULL && i < width; i++) {
        columns[i] = i;
    }

    ok = columns != NULL && rows != NULL &&
         nt_groups_make(&groups, df->rows, columns, width, false);

    json_array_foreach(groups.members, i, members)
    {
        ok = ok && json_array_append(rows, json_array_get(members, 0)) == 0;
    }

    nt_groups_free(&groups);
    free(columns);

    if (!ok) {
        json_decref(rows);
        return false;
    }

    json_decref(df->rows);
    df->rows = rows;
    return true;
}


static nt_node_rc_t
run_drop_duplicates(nt_node_call_t *call)
{
    bool           ok;
    nt_dataframe_t df;

    ok = nt_arg_dataframe(call, "df", &df) &&
         (drop_duplicates(&df) || nt_arg_nomem(call) == NT_NODE_DONE);
    return nt_emit_dataframe(call, &df, ok);
}


const nt_node_type_t nt_data_drop_duplicates = {
    .type = "nodetool.data.DropDuplicates",
    .title = "Drop Duplicates",
    .description = "Keeps the first of rows that are equal.",
    .properties = nt_data_df,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_THREAD,
    .run = run_drop_duplicates
};


/* --- DropNA --- */

static bool
is_complete(const json_t *row)
{
    size_t  i;
    json_t *cell;

    json_array_foreach(row, i, cell)
    {
        if (json_is_null(cell)) {
            return false;
        }
    }

    return true;
}


static bool
drop_incomplete(nt_dataframe_t *df)
{
    size_t  i;
    json_t *row, *rows = json_array();

    json_array_foreach(df->rows, i, row)
    {
        if (is_complete(row) && json_array_append(rows, row) != 0) {
            json_decref(rows);
            return false;
        }
    }

    json_decref(df->rows);
    df->rows = rows;
    return rows != NULL;
}


/* What were floats only because of missing values stay floats, as in
 * pandas: nothing but the rows changes. */
static nt_node_rc_t
run_drop_na(nt_node_call_t *call)
{
    bool           ok;
    nt_dataframe_t df;

    ok = nt_arg_dataframe(call, "df", &df) &&
         (drop_incomplete(&df) || nt_arg_nomem(call) == NT_NODE_DONE);
    return nt_emit_dataframe(call, &df, ok);
}


const nt_node_type_t nt_data_drop_na = { .type = "nodetool.data.DropNA",
                                         .title = "Drop NA",
                                         .description =
                                             "Drops the rows that lack a "
                                             "value.",
                                         .properties = nt_data_df,
                                         .outputs = nt_out_dataframe,
                                         .flags = NT_NODE_THREAD,
                                         .run = run_drop_na };


/* --- FillNA --- */

typedef enum {
    FILL_VALUE,
    FILL_FORWARD,
    FILL_BACKWARD,
    FILL_MEAN,
    FILL_MEDIAN
} fill_t;


static bool
read_method(nt_node_call_t *call, fill_t *method)
{
    static const char *const names[] = { "value", "forward", "backward", "mean",
                                         "median" };

    unsigned i;
    nt_str_t name;

    if (!nt_arg_str(call, "method", &name)) {
        return false;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (nt_str_eq(name, nt_str(names[i]))) {
            *method = i;
            return true;
        }
    }

    (void) nt_call_fail(call, "'method' must be one of value, forward, "
                              "backward, mean, median");
    return false;
}


/* Fills with a value; without one the cells stay. */
static bool
fill_with(nt_dataframe_t *df, size_t column, json_t *value)
{
    size_t  i;
    json_t *row;

    json_array_foreach(df->rows, i, row)
    {
        if (value != NULL && json_is_null(json_array_get(row, column)) &&
            json_array_set(row, column, value) != 0)
        {
            return false;
        }
    }

    return true;
}


/* Fills with the last value before, or the next one behind. */
static bool
fill_along(nt_dataframe_t *df, size_t column, bool backward)
{
    size_t  i, n = json_array_size(df->rows);
    json_t *row, *cell, *last = NULL;

    for (i = 0; i < n; i++) {
        row = json_array_get(df->rows, backward ? n - 1 - i : i);
        cell = json_array_get(row, column);

        if (!json_is_null(cell)) {
            last = cell;

        } else if (last != NULL && json_array_set(row, column, last) != 0) {
            return false;
        }
    }

    return true;
}


/* False after nt_call_fail. */
static bool
fill_column(nt_node_call_t *call, nt_dataframe_t *df, size_t column,
            fill_t method)
{
    bool     ok;
    json_t  *value;
    nt_str_t name;

    switch (method) {
    case FILL_VALUE:
        name = nt_dataframe_name(df, column);
        value = nt_call_input(call, "value");

        /* a dict has a value for each column that it names */
        if (json_is_object(value)) {
            value = json_object_getn(value, name.data, name.len);
        }

        ok = fill_with(df, column, value);
        break;

    case FILL_FORWARD:
    case FILL_BACKWARD:
        ok = fill_along(df, column, method == FILL_BACKWARD);
        break;

    default:
        if (!nt_dataframe_is_numeric(df, column)) {
            return true;
        }

        value = nt_aggregate(call,
                             method == FILL_MEAN ? NT_AGG_MEAN : NT_AGG_MEDIAN,
                             df, df->rows, column);

        if (value == NULL) {
            return false;
        }

        ok = fill_with(df, column, value);
        json_decref(value);
    }

    return ok || nt_arg_nomem(call) == NT_NODE_DONE;
}


/* Fills the columns that are named, or all of them. */
static bool
fill_columns(nt_node_call_t *call, nt_dataframe_t *df, fill_t method)
{
    bool     ok = true;
    size_t   i, n = nt_dataframe_width(df), *columns = NULL;
    nt_str_t names;

    if (!nt_arg_str(call, "columns", &names)) {
        return false;
    }

    if (names.len > 0) {
        columns = nt_arg_columns(call, "columns", df, &n);

        if (columns == NULL) {
            return false;
        }
    }

    for (i = 0; i < n && ok; i++) {
        ok = fill_column(call, df, columns != NULL ? columns[i] : i, method);
    }

    free(columns);
    return ok;
}


static nt_node_rc_t
run_fill(nt_node_call_t *call)
{
    bool           ok = false;
    fill_t         method;
    json_t        *value = nt_call_input(call, "value");
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "dataframe", &df) && read_method(call, &method))
    {
        if (method == FILL_VALUE &&
            (json_is_null(value) || json_is_array(value))) {
            (void) nt_call_fail(call, "'value' must be a value for the cells, "
                                      "or a dict of those of columns");
        } else {
            ok = fill_columns(call, &df, method);
        }
    }

    return nt_emit_dataframe(call, &df, ok);
}


static const nt_property_t fill_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("value", "any", "0", "What to fill in by the method value"),
    NT_PROP("method", "str", "\"value\"",
            "value, forward (the last one before), backward (the next one), "
            "mean or median (of the column)"),
    NT_PROP("columns", "str", "\"\"",
            "The columns to fill, separated by commas; all when empty"),
    NT_PROP_END
};

const nt_node_type_t nt_data_fill_na = { .type = "nodetool.data.FillNA",
                                         .title = "Fill NA",
                                         .description =
                                             "Fills in what a data frame "
                                             "lacks.",
                                         .properties = fill_properties,
                                         .outputs = nt_out_dataframe,
                                         .flags = NT_NODE_THREAD,
                                         .run = run_fill };
