/*
 * engine/nodes/data_group.c - nodetool.data.*: values of groups of rows.
 */

#include <stdlib.h>

#include "engine/nodes/aggregate.h"
#include "engine/nodes/data.h"
#include "engine/nodes/groups.h"
#include "engine/nodes/pytext.h"


/* --- Aggregate --- */

static bool
is_among(const size_t *columns, size_t n, size_t column)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (columns[i] == column) {
            return true;
        }
    }

    return false;
}


/* Columns: those to group by, and then all others. */
static size_t *
arrange(const nt_dataframe_t *df, const size_t *columns, size_t n,
        nt_dataframe_t *out, size_t *n_others)
{
    int     rc = 0;
    size_t  i, width = nt_dataframe_width(df);
    size_t *others = malloc((width + 1) * sizeof(*others));

    if (others == NULL || !nt_dataframe_init(out)) {
        free(others);
        return NULL;
    }

    for (i = 0; i < n; i++) {
        rc |= json_array_append(out->columns,
                                json_array_get(df->columns, columns[i]));
    }

    for (i = *n_others = 0; i < width; i++) {
        if (!is_among(columns, n, i)) {
            others[(*n_others)++] = i;
            rc |=
                json_array_append(out->columns, json_array_get(df->columns, i));
        }
    }

    if (rc != 0) {
        free(others);
        return NULL;
    }

    return others;
}


/* One row for each group; false after nt_call_fail. */
static bool
add_groups(nt_node_call_t *call, const nt_dataframe_t *df, nt_agg_t agg,
           const nt_groups_t *groups, const size_t *others, size_t n_others,
           nt_dataframe_t *out)
{
    size_t  i, j;
    json_t *key, *row, *value;

    json_array_foreach(groups->keys, i, key)
    {
        row = json_copy(key);

        if (row == NULL || json_array_append_new(out->rows, row) != 0) {
            return nt_arg_nomem(call) == NT_NODE_DONE;
        }

        for (j = 0; j < n_others; j++) {
            value = nt_aggregate(call, agg, df,
                                 json_array_get(groups->members, i), others[j]);

            if (value == NULL) {
                return false;
            }

            if (json_array_append_new(row, value) != 0) {
                return nt_arg_nomem(call) == NT_NODE_DONE;
            }
        }
    }

    return true;
}


static bool
aggregate(nt_node_call_t *call, const nt_dataframe_t *df, nt_dataframe_t *out)
{
    bool        ok = false;
    size_t      n, n_others, *columns, *others;
    nt_agg_t    agg;
    nt_groups_t groups = { 0 };

    if (!nt_arg_agg(call, "aggregation", NT_AGG_N, &agg)) {
        return false;
    }

    columns = nt_arg_columns(call, "columns", df, &n);

    if (columns == NULL) {
        return false;
    }

    if (n > nt_dataframe_width(df)) {
        free(columns);
        (void) nt_call_fail(call, "'columns' names a column twice");
        return false;
    }

    others = arrange(df, columns, n, out, &n_others);

    if (others == NULL ||
        !nt_groups_make(&groups, df->rows, columns, n, true) ||
        !nt_groups_sort(&groups))
    {
        (void) nt_arg_nomem(call);

    } else {
        ok = add_groups(call, df, agg, &groups, others, n_others, out);
    }

    nt_groups_free(&groups);
    free(others);
    free(columns);
    return ok;
}


static nt_node_rc_t
run_aggregate(nt_node_call_t *call)
{
    bool           ok;
    nt_dataframe_t df, out = { 0 };

    ok = nt_arg_dataframe(call, "dataframe", &df) && aggregate(call, &df, &out);
    nt_dataframe_free(&df);
    return nt_emit_dataframe(call, &out, ok);
}


static const nt_property_t aggregate_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("columns", "str", "\"\"",
            "The columns to group rows by, separated by commas"),
    NT_PROP("aggregation", "str", "\"sum\"",
            "What becomes of the other columns: sum, mean, count, min, max, "
            "first, last, std, var, median"),
    NT_PROP_END
};

const nt_node_type_t nt_data_aggregate = {
    .type = "nodetool.data.Aggregate",
    .title = "Aggregate",
    .description = "Makes one row of all rows that are equal in some columns.",
    .properties = aggregate_properties,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_THREAD,
    .run = run_aggregate
};


/* --- Pivot --- */

/* What a cell of the result is made from. */
enum { CELL_INDEX, CELL_COLUMN, CELL_VALUE };


/* A list of [index, column, value], one for each pair that has a value; NULL
 * after nt_call_fail. */
static json_t *
make_cells(nt_node_call_t *call, const nt_dataframe_t *df, const size_t keys[2],
           size_t values, nt_agg_t agg)
{
    size_t      i;
    json_t     *key, *cell, *value, *cells = json_array();
    nt_groups_t groups = { 0 };

    if (!nt_groups_make(&groups, df->rows, keys, 2, true)) {
        (void) nt_arg_nomem(call);
        goto failed;
    }

    json_array_foreach(groups.keys, i, key)
    {
        value = nt_aggregate(call, agg, df, json_array_get(groups.members, i),
                             values);

        if (value == NULL) {
            goto failed;
        }

        if (json_is_null(value)) {
            continue;
        }

        cell = json_copy(key);

        if (json_array_append_new(cell, value) != 0 ||
            json_array_append(cells, cell) != 0)
        {
            json_decref(cell);
            (void) nt_arg_nomem(call);
            goto failed;
        }

        json_decref(cell);
    }

    nt_groups_free(&groups);
    return cells;

failed:

    nt_groups_free(&groups);
    json_decref(cells);
    return NULL;
}


/* The column of the index, and one for each value of the column that is
 * spread; false when memory is out. */
static bool
add_columns(const nt_dataframe_t *df, size_t index, const nt_groups_t *columns,
            nt_dataframe_t *out)
{
    bool     ok;
    size_t   i;
    json_t  *key;
    nt_buf_t name = { 0 };

    ok = nt_dataframe_init(out) &&
         json_array_append(out->columns, json_array_get(df->columns, index)) ==
             0;

    json_array_foreach(columns->keys, i, key)
    {
        nt_buf_reset(&name);
        nt_py_str(&name, json_array_get(key, 0));
        ok = ok && !name.failed &&
             nt_dataframe_add_column(out, (nt_str_t) { name.data, name.len });
    }

    nt_buf_free(&name);
    return ok;
}


/* False when memory is out. */
static bool
add_rows(const nt_groups_t *rows, const nt_groups_t *columns,
         nt_dataframe_t *out)
{
    bool    failed;
    size_t  i, j, position, by_column = CELL_COLUMN;
    json_t *key, *row, *cell;

    json_array_foreach(rows->keys, i, key)
    {
        row = json_copy(key);

        if (row == NULL || json_array_append_new(out->rows, row) != 0) {
            return false;
        }

        for (j = 0; j < json_array_size(columns->keys); j++) {
            if (json_array_append_new(row, json_null()) != 0) {
                return false;
            }
        }

        json_array_foreach(json_array_get(rows->members, i), j, cell)
        {
            if (!nt_groups_find(columns, cell, &by_column, 1, &position,
                                &failed) ||
                json_array_set(row, position + 1,
                               json_array_get(cell, CELL_VALUE)) != 0)
            {
                return false;
            }
        }
    }

    return true;
}


/* False after nt_call_fail. */
static bool
spread(nt_node_call_t *call, const nt_dataframe_t *df, size_t index,
       const json_t *cells, nt_dataframe_t *out)
{
    bool        ok;
    size_t      by_index = CELL_INDEX, by_column = CELL_COLUMN;
    nt_groups_t rows = { 0 }, columns = { 0 };

    ok = nt_groups_make(&rows, cells, &by_index, 1, false) &&
         nt_groups_make(&columns, cells, &by_column, 1, false) &&
         nt_groups_sort(&rows) && nt_groups_sort(&columns);

    if (ok && nt_dataframe_is_too_large(json_array_size(columns.keys) + 1,
                                        json_array_size(rows.keys)))
    {
        (void) nt_call_fail(call, "the result has more than %d cells",
                            NT_DATAFRAME_CELLS_MAX);
        ok = false;

    } else {
        ok = (ok && add_columns(df, index, &columns, out) &&
              add_rows(&rows, &columns, out)) ||
             nt_arg_nomem(call) == NT_NODE_DONE;
    }

    nt_groups_free(&rows);
    nt_groups_free(&columns);
    return ok;
}


static bool
pivot(nt_node_call_t *call, const nt_dataframe_t *df, nt_dataframe_t *out)
{
    bool     ok;
    size_t   keys[2], values;
    json_t  *cells;
    nt_agg_t agg;

    if (!nt_arg_agg(call, "aggfunc", NT_AGG_STD, &agg) ||
        (keys[0] = nt_arg_column(call, "index", df)) == NT_NO_COLUMN ||
        (keys[1] = nt_arg_column(call, "columns", df)) == NT_NO_COLUMN ||
        (values = nt_arg_column(call, "values", df)) == NT_NO_COLUMN)
    {
        return false;
    }

    cells = make_cells(call, df, keys, values, agg);

    if (cells == NULL) {
        return false;
    }

    ok = spread(call, df, keys[0], cells, out);
    json_decref(cells);
    return ok;
}


static nt_node_rc_t
run_pivot(nt_node_call_t *call)
{
    bool           ok;
    nt_dataframe_t df, out = { 0 };

    ok = nt_arg_dataframe(call, "dataframe", &df) && pivot(call, &df, &out);
    nt_dataframe_free(&df);
    return nt_emit_dataframe(call, &out, ok);
}


static const nt_property_t pivot_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("index", "str", "\"\"", "The column whose values are the rows"),
    NT_PROP("columns", "str", "\"\"",
            "The column whose values become the columns"),
    NT_PROP("values", "str", "\"\"", "The column that the cells are made of"),
    NT_PROP("aggfunc", "str", "\"sum\"",
            "What becomes of several values for a cell: sum, mean, count, "
            "min, max, first, last"),
    NT_PROP_END
};

const nt_node_type_t nt_data_pivot = { .type = "nodetool.data.Pivot",
                                       .title = "Pivot",
                                       .description =
                                           "Spreads the values of a column "
                                           "over columns of their own.",
                                       .properties = pivot_properties,
                                       .outputs = nt_out_dataframe,
                                       .flags = NT_NODE_THREAD,
                                       .run = run_pivot };
