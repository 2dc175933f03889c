/*
 * engine/nodes/data_join.c - nodetool.data.*: one data frame of two.
 */

#include "engine/nodes/data.h"
#include "engine/nodes/groups.h"
#include "engine/nodes/ustr.h"


/* The frames that a node joins, and what becomes of them.  All of them are
 * to be freed in any case; false after nt_call_fail. */
typedef struct {
    nt_dataframe_t a, b, out;
} pair_t;


static bool
read_pair(nt_node_call_t *call, pair_t *pair)
{
    *pair = (pair_t) { 0 };

    if (!nt_arg_dataframe(call, "dataframe_a", &pair->a) ||
        !nt_arg_dataframe(call, "dataframe_b", &pair->b))
    {
        return false;
    }

    return nt_dataframe_init(&pair->out) || nt_arg_nomem(call) == NT_NODE_DONE;
}


static nt_node_rc_t
emit_pair(nt_node_call_t *call, pair_t *pair, bool ok)
{
    nt_dataframe_free(&pair->a);
    nt_dataframe_free(&pair->b);
    return nt_emit_dataframe(call, &pair->out, ok);
}


#define NT_PROP_PAIR                                                           \
    NT_PROP_DATAFRAME("dataframe_a", "The first data frame"),                  \
        NT_PROP_DATAFRAME("dataframe_b", "The second one")

static const nt_property_t pair_properties[] = { NT_PROP_PAIR, NT_PROP_END };


/* --- Merge --- */

/* Appends a row, or nulls in its place; false when memory is out. */
static bool
extend(json_t *row, json_t *with, size_t width)
{
    size_t i;

    if (with != NULL) {
        return json_array_extend(row, with) == 0;
    }

    for (i = 0; i < width; i++) {
        if (json_array_append_new(row, json_null()) != 0) {
            return false;
        }
    }

    return true;
}


static bool
merge(pair_t *pair)
{
    size_t  i, rows_a, rows_b;
    json_t *row;

    rows_a = json_array_size(pair->a.rows);
    rows_b = json_array_size(pair->b.rows);

    if (json_array_extend(pair->out.columns, pair->a.columns) != 0 ||
        json_array_extend(pair->out.columns, pair->b.columns) != 0)
    {
        return false;
    }

    for (i = 0; i < rows_a || i < rows_b; i++) {
        row = json_array();

        if (row == NULL ||
            !extend(row, json_array_get(pair->a.rows, i),
                    nt_dataframe_width(&pair->a)) ||
            !extend(row, json_array_get(pair->b.rows, i),
                    nt_dataframe_width(&pair->b)) ||
            json_array_append(pair->out.rows, row) != 0)
        {
            json_decref(row);
            return false;
        }

        json_decref(row);
    }

    return true;
}


static nt_node_rc_t
run_merge(nt_node_call_t *call)
{
    bool   ok = false;
    size_t rows_a, rows_b;
    pair_t pair;

    if (read_pair(call, &pair)) {
        rows_a = json_array_size(pair.a.rows);
        rows_b = json_array_size(pair.b.rows);

        if (nt_dataframe_is_too_large(nt_dataframe_width(&pair.a) +
                                          nt_dataframe_width(&pair.b),
                                      rows_a > rows_b ? rows_a : rows_b))
        {
            (void) nt_call_fail(call, "the result has more than %d cells",
                                NT_DATAFRAME_CELLS_MAX);
        } else {
            ok = merge(&pair) || nt_arg_nomem(call) == NT_NODE_DONE;
        }
    }

    return emit_pair(call, &pair, ok);
}


const nt_node_type_t nt_data_merge = { .type = "nodetool.data.Merge",
                                       .title = "Merge",
                                       .description =
                                           "Puts the columns of one data frame "
                                           "beside those of another.",
                                       .properties = pair_properties,
                                       .outputs = nt_out_dataframe,
                                       .flags = NT_NODE_THREAD,
                                       .run = run_merge };


/* --- Append --- */

static bool
same_columns(const nt_dataframe_t *a, const nt_dataframe_t *b)
{
    size_t i, n = nt_dataframe_width(a);

    for (i = 0; i < n; i++) {
        if (!nt_str_eq(nt_dataframe_name(a, i), nt_dataframe_name(b, i))) {
            return false;
        }
    }

    return n == nt_dataframe_width(b);
}


static nt_node_rc_t
run_append(nt_node_call_t *call)
{
    bool                  ok = false;
    pair_t                pair;
    const nt_dataframe_t *first;

    if (read_pair(call, &pair)) {
        /* without rows, a frame's columns do not matter */
        first = json_array_size(pair.a.rows) > 0 ? &pair.a : &pair.b;

        if (json_array_size(pair.a.rows) > 0 &&
            json_array_size(pair.b.rows) > 0 && !same_columns(&pair.a, &pair.b))
        {
            (void) nt_call_fail(call, "'dataframe_b' must have the columns of "
                                      "'dataframe_a', in their order");
        } else {
            ok = (json_array_extend(pair.out.columns, first->columns) == 0 &&
                  json_array_extend(pair.out.rows, pair.a.rows) == 0 &&
                  json_array_extend(pair.out.rows, pair.b.rows) == 0) ||
                 nt_arg_nomem(call) == NT_NODE_DONE;
        }
    }

    return emit_pair(call, &pair, ok);
}


const nt_node_type_t nt_data_append = { .type = "nodetool.data.Append",
                                        .title = "Append",
                                        .description =
                                            "Puts the rows of one data frame "
                                            "behind those of another.",
                                        .properties = pair_properties,
                                        .outputs = nt_out_dataframe,
                                        .flags = NT_NODE_THREAD,
                                        .run = run_append };


/* --- Join --- */

/* Adds the columns of one side without its `key`; those that the other side
 * has, too, with a suffix. */
static bool
add_columns(nt_dataframe_t *out, const nt_dataframe_t *df, size_t key,
            const nt_dataframe_t *other, size_t other_key, nt_str_t suffix)
{
    bool     ok = true;
    size_t   i, at, n = nt_dataframe_width(df);
    json_t  *copy;
    nt_buf_t name = { 0 };

    for (i = 0; i < n && ok; i++) {
        if (i == key) {
            continue;
        }

        at = nt_dataframe_find(other, nt_dataframe_name(df, i));
        nt_buf_reset(&name);
        nt_buf_append_str(&name, nt_dataframe_name(df, i));

        if (at != NT_NO_COLUMN && at != other_key) {
            nt_buf_append_str(&name, suffix);
        }

        copy = json_copy(json_array_get(df->columns, i));
        ok =
            !name.failed && copy != NULL &&
            json_object_set_new(copy, "name",
                                json_stringn(name.data != NULL ? name.data : "",
                                             name.len)) == 0 &&
            json_array_append(out->columns, copy) == 0;
        json_decref(copy);
    }

    nt_buf_free(&name);
    return ok;
}


/* Appends a row of both; false when memory is out. */
static bool
add_joined(nt_dataframe_t *out, json_t *left, json_t *right, size_t right_key)
{
    bool    ok;
    json_t *row = json_copy(left), *rest = json_copy(right);

    ok = row != NULL && rest != NULL &&
         json_array_remove(rest, right_key) == 0 &&
         json_array_extend(row, rest) == 0 &&
         json_array_append(out->rows, row) == 0;
    json_decref(row);
    json_decref(rest);
    return ok;
}


/* Every row of the left side with each row of the right one that has the same
 * key.  False after nt_call_fail. */
static bool
join_rows(nt_node_call_t *call, pair_t *pair, size_t left_key, size_t right_key,
          const nt_groups_t *groups)
{
    bool    failed;
    size_t  i, j, position;
    json_t *left, *right, *matches;

    json_array_foreach(pair->a.rows, i, left)
    {
        if (!nt_groups_find(groups, left, &left_key, 1, &position, &failed)) {
            if (failed) {
                return nt_arg_nomem(call) == NT_NODE_DONE;
            }
            continue;
        }

        matches = json_array_get(groups->members, position);

        if (nt_dataframe_is_too_large(nt_dataframe_width(&pair->out),
                                      json_array_size(pair->out.rows) +
                                          json_array_size(matches)))
        {
            (void) nt_call_fail(call, "the result has more than %d cells",
                                NT_DATAFRAME_CELLS_MAX);
            return false;
        }

        json_array_foreach(matches, j, right)
        {
            if (!add_joined(&pair->out, left, right, right_key)) {
                return nt_arg_nomem(call) == NT_NODE_DONE;
            }
        }
    }

    return true;
}


static bool
join(nt_node_call_t *call, pair_t *pair)
{
    bool        ok;
    size_t      left, right;
    nt_groups_t groups = { 0 };

    left = nt_arg_column(call, "join_on", &pair->a);
    right = left != NT_NO_COLUMN ? nt_arg_column(call, "join_on", &pair->b)
                                 : NT_NO_COLUMN;

    if (right == NT_NO_COLUMN) {
        return false;
    }

    ok = add_columns(&pair->out, &pair->a, NT_NO_COLUMN, &pair->b, right,
                     NT_STR("_x")) &&
         add_columns(&pair->out, &pair->b, right, &pair->a, left,
                     NT_STR("_y")) &&
         nt_groups_make(&groups, pair->b.rows, &right, 1, false);

    ok = ok ? join_rows(call, pair, left, right, &groups)
            : nt_arg_nomem(call) == NT_NODE_DONE;
    nt_groups_free(&groups);
    return ok;
}


static nt_node_rc_t
run_join(nt_node_call_t *call)
{
    bool   ok;
    pair_t pair;

    ok = read_pair(call, &pair) && join(call, &pair);
    return emit_pair(call, &pair, ok);
}


static const nt_property_t join_properties[] = {
    NT_PROP_PAIR,
    NT_PROP("join_on", "str", "\"\"", "The column that both have"), NT_PROP_END
};

const nt_node_type_t nt_data_join = {
    .type = "nodetool.data.Join",
    .title = "Join",
    .description = "Joins the rows of two data frames that are equal in a "
                   "column.  Other columns of the same name become name_x and "
                   "name_y.",
    .properties = join_properties,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_THREAD,
    .run = run_join
};
