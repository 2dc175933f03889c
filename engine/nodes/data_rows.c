/*
 * engine/nodes/data_rows.c - nodetool.data.*: rows of data frames.
 */

#include <stdlib.h>

#include "engine/nodes/data.h"
#include "engine/nodes/groups.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/query.h"
#include "engine/nodes/ustr.h"


/* --- Filter, FindRow --- */

/* The query of 'condition', whose names are columns; NULL after
 * nt_call_fail. */
static nt_query_t *
read_condition(nt_node_call_t *call, const nt_dataframe_t *df)
{
    json_t     *names;
    nt_buf_t    error = { 0 };
    nt_str_t    text, name;
    nt_query_t *query;

    if (!nt_arg_str(call, "condition", &text)) {
        return NULL;
    }

    if (nt_ustr_strip(text, NT_USTR_BOTH, NULL).len == 0) {
        (void) nt_call_fail(call, "'condition' must not be empty");
        return NULL;
    }

    query = nt_query_parse(text, &error);
    names = nt_dataframe_dict(df, df->columns);

    if (query == NULL || names == NULL) {
        (void) (error.len > 0 ? nt_call_fail(call, "'condition': %.*s",
                                             (int) error.len, error.data)
                              : nt_arg_nomem(call));
        nt_query_free(query);
        query = NULL;

    } else if ((name = nt_query_unknown(query, names)).data != NULL) {
        (void) nt_call_fail(call, "'condition': there is no column \"%.*s\"",
                            (int) (name.len < 100 ? name.len : 100), name.data);
        nt_query_free(query);
        query = NULL;
    }

    json_decref(names);
    nt_buf_free(&error);
    return query;
}


/* Keeps the first `limit` rows that meet the condition. */
static bool
keep_matching(nt_node_call_t *call, nt_dataframe_t *df, const nt_query_t *query,
              size_t limit)
{
    int     rc = 0;
    size_t  i;
    json_t *row, *dict, *rows = json_array();

    json_array_foreach(df->rows, i, row)
    {
        if (json_array_size(rows) == limit) {
            break;
        }

        dict = nt_dataframe_dict(df, row);
        rc = dict != NULL ? nt_query_test(query, dict) : -1;
        json_decref(dict);

        if (rc < 0 || (rc > 0 && json_array_append(rows, row) != 0)) {
            json_decref(rows);
            return nt_arg_nomem(call) == NT_NODE_DONE;
        }
    }

    json_decref(df->rows);
    df->rows = rows;
    return true;
}


static nt_node_rc_t
filter(nt_node_call_t *call, size_t limit)
{
    bool           ok = false;
    nt_query_t    *query = NULL;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "df", &df)) {
        query = read_condition(call, &df);
    }

    ok = query != NULL && keep_matching(call, &df, query, limit);
    nt_query_free(query);
    return nt_emit_dataframe(call, &df, ok);
}


static nt_node_rc_t
run_filter(nt_node_call_t *call)
{
    return filter(call, SIZE_MAX);
}


static const nt_property_t filter_properties[] = {
    NT_PROP_DATAFRAME("df", "The data frame"),
    NT_PROP("condition", "str", "\"\"",
            "The condition: age > 30 and city in [\"Rome\", \"Oslo\"]"),
    NT_PROP_END
};

const nt_node_type_t nt_data_filter = { .type = "nodetool.data.Filter",
                                        .title = "Filter",
                                        .description =
                                            "Keeps the rows of a data frame "
                                            "that meet a condition.",
                                        .properties = filter_properties,
                                        .outputs = nt_out_dataframe,
                                        .flags = NT_NODE_THREAD,
                                        .run = run_filter };


static nt_node_rc_t
run_find(nt_node_call_t *call)
{
    return filter(call, 1);
}


const nt_node_type_t nt_data_find_row = { .type = "nodetool.data.FindRow",
                                          .title = "Find Row",
                                          .description =
                                              "Keeps the first row of a data "
                                              "frame that meets a condition.",
                                          .properties = filter_properties,
                                          .outputs = nt_out_dataframe,
                                          .flags = NT_NODE_THREAD,
                                          .run = run_find };


/* --- Slice --- */

/* The rows from `from` on; false when memory is out. */
static bool
keep_slice(nt_dataframe_t *df, size_t from, size_t count)
{
    size_t  i;
    json_t *rows = json_array();

    for (i = 0; i < count; i++) {
        if (json_array_append(rows, json_array_get(df->rows, from + i)) != 0) {
            json_decref(rows);
            return false;
        }
    }

    json_decref(df->rows);
    df->rows = rows;
    return rows != NULL;
}


static nt_node_rc_t
run_slice(nt_node_call_t *call)
{
    bool           ok = false;
    size_t         count;
    int64_t        start, end, from;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "dataframe", &df) &&
        nt_arg_int(call, "start_index", &start) &&
        nt_arg_int(call, "end_index", &end))
    {
        nt_slice(json_array_size(df.rows), &start, end != -1 ? &end : NULL, 1,
                 &from, &count);
        ok = keep_slice(&df, (size_t) from, count) ||
             nt_arg_nomem(call) == NT_NODE_DONE;
    }

    return nt_emit_dataframe(call, &df, ok);
}


static const nt_property_t slice_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("start_index", "int", "0",
            "The first row; negative ones count from the end"),
    NT_PROP("end_index", "int", "-1",
            "The row to stop before; -1 goes on to the end"),
    NT_PROP_END
};

const nt_node_type_t nt_data_slice = { .type = "nodetool.data.Slice",
                                       .title = "Slice",
                                       .description =
                                           "Keeps some rows of a data frame, "
                                           "by their positions.",
                                       .properties = slice_properties,
                                       .outputs = nt_out_dataframe,
                                       .flags = NT_NODE_THREAD,
                                       .run = run_slice };


/* --- SortByColumn --- */

/* Puts rows in the order of a column, those without a value last. */
static bool
sort_rows(nt_node_call_t *call, nt_dataframe_t *df, size_t column)
{
    bool          ok;
    size_t        i, n = 0, size = json_array_size(df->rows), *order = NULL;
    json_t      **cells, **rows, *row, *cell, *sorted, *last;
    const json_t *fault[2] = { NULL, NULL };

    cells = malloc((size + 1) * sizeof(json_t *));
    rows = malloc((size + 1) * sizeof(json_t *));
    sorted = json_array();
    last = json_array();
    ok = cells != NULL && rows != NULL && sorted != NULL && last != NULL;

    json_array_foreach(df->rows, i, row)
    {
        cell = json_array_get(row, column);

        if (ok && json_is_null(cell)) {
            ok = json_array_append(last, row) == 0;

        } else if (ok) {
            cells[n] = cell;
            rows[n++] = row;
        }
    }

    if (ok) {
        order = nt_sort_order(cells, n, fault);
        ok = order != NULL;
    }

    for (i = 0; i < n && ok; i++) {
        ok = json_array_append(sorted, rows[order[i]]) == 0;
    }

    ok = ok && json_array_extend(sorted, last) == 0;
    free(order);
    free(cells);
    free(rows);
    json_decref(last);

    if (ok) {
        json_decref(df->rows);
        df->rows = sorted;
        return true;
    }

    json_decref(sorted);
    return (fault[0] != NULL
                ? nt_call_fail(call,
                               "'column' cannot be sorted by: %s and %s have "
                               "no order",
                               nt_py_type(fault[0]), nt_py_type(fault[1]))
                : nt_arg_nomem(call)) == NT_NODE_DONE;
}


static nt_node_rc_t
run_sort(nt_node_call_t *call)
{
    size_t         column = NT_NO_COLUMN;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "df", &df)) {
        column = nt_arg_column(call, "column", &df);
    }

    return nt_emit_dataframe(call, &df,
                             column != NT_NO_COLUMN &&
                                 sort_rows(call, &df, column));
}


static const nt_property_t sort_properties[] = {
    NT_PROP_DATAFRAME("df", "The data frame"),
    NT_PROP("column", "str", "\"\"", "The column to sort by"), NT_PROP_END
};

const nt_node_type_t nt_data_sort = { .type = "nodetool.data.SortByColumn",
                                      .title = "Sort By Column",
                                      .description =
                                          "Sorts the rows of a data frame by a "
                                          "column, the least first.",
                                      .properties = sort_properties,
                                      .outputs = nt_out_dataframe,
                                      .flags = NT_NODE_THREAD,
                                      .run = run_sort };
