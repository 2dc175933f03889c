/*
 * engine/nodes/aggregate.c - one value of the cells of a column.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/aggregate.h"
#include "engine/nodes/groups.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"

static const char *const names[] = {
    "sum",   "mean", "count", "min", "max",
    "first", "last", "std",   "var", "median"
};


bool
nt_arg_agg(nt_node_call_t *call, const char *property, nt_agg_t end,
           nt_agg_t *agg)
{
    unsigned i;
    nt_str_t name;
    nt_buf_t list = { 0 };

    if (!nt_arg_str(call, property, &name)) {
        return false;
    }

    for (i = 0; i < end; i++) {
        if (nt_str_eq(name, nt_str(names[i]))) {
            nt_buf_free(&list);
            *agg = i;
            return true;
        }

        nt_buf_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    }

    (void) nt_call_fail(call, "'%s' must be one of %.*s", property,
                        (int) list.len, list.data != NULL ? list.data : "");
    nt_buf_free(&list);
    return false;
}


/* The cells of a column that are not null, in order. */
typedef struct {
    nt_node_call_t *call;
    nt_agg_t        agg;
    nt_str_t        column; /* its name */
    json_t        **cells;
    size_t          n;
} values_t;


static json_t *
wrong_type(const values_t *v, const json_t *cell)
{
    (void) nt_call_fail(v->call,
                        "column \"%.*s\" has a %s, of which there is "
                        "no %s",
                        (int) (v->column.len < 100 ? v->column.len : 100),
                        v->column.data, nt_py_type(cell), names[v->agg]);
    return NULL;
}


static json_t *
real(const values_t *v, double x)
{
    json_t *value;

    if (!isfinite(x)) {
        (void) nt_call_fail(v->call,
                            "the %s of column \"%.*s\" is too large "
                            "for a number",
                            names[v->agg],
                            (int) (v->column.len < 100 ? v->column.len : 100),
                            v->column.data);
        return NULL;
    }

    value = json_real(x);

    if (value == NULL) {
        (void) nt_arg_nomem(v->call);
    }

    return value;
}


/* Kahan's sum, as pandas has it: errors do not add up. */
static double
add_up(const values_t *v)
{
    size_t i;
    double sum = 0, lost = 0, x, next;

    for (i = 0; i < v->n; i++) {
        x = nt_py_number(v->cells[i]) - lost;
        next = sum + x;
        lost = next - sum - x;
        sum = next;
    }

    return sum;
}


static json_t *
join_texts(const values_t *v)
{
    size_t   i;
    nt_buf_t text = { 0 };
    json_t  *value;

    for (i = 0; i < v->n; i++) {
        if (!json_is_string(v->cells[i])) {
            nt_buf_free(&text);
            return wrong_type(v, v->cells[i]);
        }

        nt_buf_append_str(&text, nt_ustr(v->cells[i]));
    }

    value = nt_ustr_take(&text);

    if (value == NULL) {
        (void) nt_arg_nomem(v->call);
    }

    return value;
}


/* Are all cells numbers?  Else *wrong is one that is none. */
static bool
all_numbers(const values_t *v, const json_t **wrong)
{
    size_t i;

    for (i = 0; i < v->n; i++) {
        if (!nt_py_is_number(v->cells[i])) {
            *wrong = v->cells[i];
            return false;
        }
    }

    return true;
}


static json_t *
make_sum(const values_t *v)
{
    size_t        i;
    int64_t       n, sum = 0;
    const json_t *wrong;

    if (v->n > 0 && json_is_string(v->cells[0])) {
        return join_texts(v);
    }

    if (!all_numbers(v, &wrong)) {
        return wrong_type(v, wrong);
    }

    for (i = 0; i < v->n; i++) {
        if (!nt_py_integer(v->cells[i], &n) ||
            __builtin_add_overflow(sum, n, &sum)) {
            return real(v, add_up(v));
        }
    }

    return json_integer(sum);
}


/* Welford's way, which keeps digits that the sum of squares would lose. */
static json_t *
make_variance(const values_t *v)
{
    size_t i;
    double x, delta, mean = 0, squares = 0;

    if (v->n < 2) {
        return json_null();
    }

    for (i = 0; i < v->n; i++) {
        x = nt_py_number(v->cells[i]);
        delta = x - mean;
        mean += delta / (double) (i + 1);
        squares += (x - mean) * delta;
    }

    x = squares / (double) (v->n - 1);
    return real(v, v->agg == NT_AGG_STD ? sqrt(x) : x);
}


static json_t *
make_median(const values_t *v)
{
    double        x;
    size_t       *order, middle = v->n / 2;
    const json_t *fault[2];

    order = nt_sort_order(v->cells, v->n, fault);

    if (order == NULL) {
        (void) nt_arg_nomem(v->call);
        return NULL;
    }

    x = nt_py_number(v->cells[order[middle]]);

    if (v->n % 2 == 0) {
        x = x / 2 + nt_py_number(v->cells[order[middle - 1]]) / 2;
    }

    free(order);
    return real(v, x);
}


/* The least or the greatest value; the first of those that are equal. */
static json_t *
make_extreme(const values_t *v)
{
    int    order;
    size_t i, best = 0;

    for (i = 1; i < v->n; i++) {
        if (!nt_py_order(v->cells[i], v->cells[best], &order)) {
            return wrong_type(v, v->cells[i]);
        }

        best = (v->agg == NT_AGG_MIN ? order < 0 : order > 0) ? i : best;
    }

    return json_incref(v->cells[best]);
}


static json_t *
make(const values_t *v)
{
    const json_t *wrong;

    if (v->agg == NT_AGG_COUNT) {
        return json_integer((json_int_t) v->n);
    }

    if (v->agg == NT_AGG_SUM) {
        return make_sum(v);
    }

    if (v->n == 0) {
        return json_null();
    }

    switch (v->agg) {
    case NT_AGG_MIN:
    case NT_AGG_MAX:
        return make_extreme(v);

    case NT_AGG_FIRST:
        return json_incref(v->cells[0]);

    case NT_AGG_LAST:
        return json_incref(v->cells[v->n - 1]);

    default:
        break;
    }

    if (!all_numbers(v, &wrong)) {
        return wrong_type(v, wrong);
    }

    return v->agg == NT_AGG_MEAN     ? real(v, add_up(v) / (double) v->n)
           : v->agg == NT_AGG_MEDIAN ? make_median(v)
                                     : make_variance(v);
}


json_t *
nt_aggregate(nt_node_call_t *call, nt_agg_t agg, const nt_dataframe_t *df,
             const json_t *rows, size_t column)
{
    size_t   i;
    json_t  *row, *cell, *value;
    values_t v = { .call = call,
                   .agg = agg,
                   .column = nt_dataframe_name(df, column) };

    v.cells = malloc((json_array_size(rows) + 1) * sizeof(json_t *));

    if (v.cells == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    json_array_foreach(rows, i, row)
    {
        cell = json_array_get(row, column);

        if (!json_is_null(cell)) {
            v.cells[v.n++] = cell;
        }
    }

    value = make(&v);
    free(v.cells);
    return value;
}
