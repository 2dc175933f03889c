/*
 * engine/nodes/list_numbers.c - nodetool.list.*: Sum, Average, Minimum,
 * Maximum, Product.
 */

#include "engine/nodes/list.h"
#include "engine/nodes/pyvalue.h"


/* The property, a list of numbers that is not empty; NULL after a failure. */
static json_t *
numbers(nt_node_call_t *call)
{
    size_t  i;
    json_t *list = nt_arg_list(call, "values"), *item;

    if (list == NULL) {
        return NULL;
    }

    if (json_array_size(list) == 0) {
        (void) nt_call_fail(call, "'values' must not be empty");
        return NULL;
    }

    json_array_foreach(list, i, item)
    {
        if (!nt_py_is_number(item)) {
            (void) nt_call_fail(call,
                                "'values' must hold numbers only; item "
                                "%zu is of type %s",
                                i, nt_py_type(item));
            return NULL;
        }
    }

    return list;
}


/* Sum or product.  As long as all items are ints, so is the result; *exact
 * says whether it is, and fits. */
static double
fold(const json_t *list, bool product, bool *exact, int64_t *integer)
{
    bool    failed;
    size_t  i;
    double  result = product;
    int64_t value;
    json_t *item;

    *exact = true;
    *integer = product;

    json_array_foreach(list, i, item)
    {
        if (*exact && nt_py_integer(item, &value)) {
            failed = product ? __builtin_mul_overflow(*integer, value, integer)
                             : __builtin_add_overflow(*integer, value, integer);
            *exact = !failed;
        } else {
            *exact = false;
        }

        result =
            product ? result * nt_py_number(item) : result + nt_py_number(item);
    }

    return result;
}


static nt_node_rc_t
run_fold(nt_node_call_t *call, bool product)
{
    bool    exact;
    double  result;
    int64_t integer;
    json_t *list = numbers(call);

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    result = fold(list, product, &exact, &integer);

    return exact ? nt_emit(call, json_integer((json_int_t) integer))
                 : nt_emit_float(call, result);
}


static nt_node_rc_t
run_sum(nt_node_call_t *call)
{
    return run_fold(call, false);
}


static nt_node_rc_t
run_product(nt_node_call_t *call)
{
    return run_fold(call, true);
}


static nt_node_rc_t
run_average(nt_node_call_t *call)
{
    bool    exact;
    double  sum;
    int64_t integer;
    json_t *list = numbers(call);

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    sum = fold(list, false, &exact, &integer);

    return nt_emit_float(call, sum / (double) json_array_size(list));
}


/* The item that none is below (sign 1) or above (-1); the first of equals. */
static nt_node_rc_t
run_extreme(nt_node_call_t *call, int sign)
{
    int     order;
    size_t  i;
    json_t *list = numbers(call), *item, *best;

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    best = json_array_get(list, 0);

    json_array_foreach(list, i, item)
    {
        if (nt_py_order(item, best, &order) && order * sign < 0) {
            best = item;
        }
    }

    return nt_emit(call, json_incref(best));
}


static nt_node_rc_t
run_minimum(nt_node_call_t *call)
{
    return run_extreme(call, 1);
}


static nt_node_rc_t
run_maximum(nt_node_call_t *call)
{
    return run_extreme(call, -1);
}


static const nt_property_t properties[] = {
    NT_PROP("values", "list[float]", "[]", "The numbers, at least one"),
    NT_PROP_END
};

#define NT_LIST_NUMBERS(variable, name, text, function)                        \
    const nt_node_type_t variable = { .type = "nodetool.list." name,           \
                                      .title = name,                           \
                                      .description = text,                     \
                                      .properties = properties,                \
                                      .outputs = nt_out_float,                 \
                                      .run = function }

NT_LIST_NUMBERS(nt_list_sum, "Sum", "The sum of the numbers of a list.",
                run_sum);
NT_LIST_NUMBERS(nt_list_average, "Average",
                "The arithmetic mean of the numbers of a list.", run_average);
NT_LIST_NUMBERS(nt_list_minimum, "Minimum", "The least number of a list.",
                run_minimum);
NT_LIST_NUMBERS(nt_list_maximum, "Maximum", "The greatest number of a list.",
                run_maximum);
NT_LIST_NUMBERS(nt_list_product, "Product",
                "The product of the numbers of a list.", run_product);
