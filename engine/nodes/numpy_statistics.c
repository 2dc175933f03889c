/*
 * engine/nodes/numpy_statistics.c - lib.numpy.statistics.*: what makes one
 * element of those along an axis.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/numpy.h"
#include "engine/nodes/registry.h"

typedef enum {
    RED_MAX,
    RED_MIN,
    RED_MEAN,
    RED_SUM,
    RED_ARGMAX,
    RED_ARGMIN
} red_t;


bool
nt_np_axis(nt_node_call_t *call, const nt_ndarray_t *a, nt_np_axis_t *axis)
{
    int64_t  wanted;
    unsigned d, n_dims;

    /* without dimensions there is one element, and the axis 0 */
    n_dims = a->n_dims > 0 ? a->n_dims : 1;

    if (!nt_arg_int(call, "axis", &wanted)) {
        return false;
    }

    if (wanted < -(int64_t) n_dims || wanted >= (int64_t) n_dims) {
        (void) nt_call_fail(call,
                            "'axis' is %lld; an array of %u dimensions has 0 "
                            "to %u",
                            (long long) wanted, a->n_dims, n_dims - 1);
        return false;
    }

    *axis = (nt_np_axis_t) { .axis = (unsigned) (wanted < 0 ? wanted + n_dims
                                                            : wanted),
                             .outer = 1,
                             .n = 1,
                             .inner = 1 };

    for (d = 0; d < a->n_dims; d++) {
        if (d < axis->axis) {
            axis->outer *= a->shape[d];
        } else if (d == axis->axis) {
            axis->n = a->shape[d];
        } else {
            axis->inner *= a->shape[d];
        }
    }

    return true;
}


void
nt_np_copy(nt_ndarray_t *to, size_t k, const nt_ndarray_t *from, size_t j)
{
    if (to->f != NULL) {
        to->f[k] = nt_nd_float(from, j);
    } else {
        to->i[k] = from->i[j];
    }
}


/* Is x better than what is best so far?  The first nan wins for good. */
static bool
is_better(const nt_ndarray_t *a, size_t x, size_t best, bool max)
{
    if (a->f == NULL) {
        return max ? a->i[x] > a->i[best] : a->i[x] < a->i[best];
    }

    if (isnan(a->f[best])) {
        return false;
    }

    return isnan(a->f[x]) ||
           (max ? a->f[x] > a->f[best] : a->f[x] < a->f[best]);
}


/* The lane that begins at `start` becomes element k. */
static void
reduce(red_t red, nt_ndarray_t *result, size_t k, const nt_ndarray_t *a,
       size_t start, const nt_np_axis_t *axis)
{
    double   sum;
    size_t   j, at, best;
    uint64_t whole;

    sum = 0;
    best = 0;
    whole = 0;

    for (j = 0; j < axis->n; j++) {
        at = start + j * axis->inner;

        if (red == RED_SUM || red == RED_MEAN) {
            if (result->f != NULL) {
                sum += nt_nd_float(a, at);
            } else {
                whole += (uint64_t) a->i[at];
            }
        } else if (is_better(a, at, start + best * axis->inner,
                             red == RED_MAX || red == RED_ARGMAX))
        {
            best = j;
        }
    }

    if (red == RED_ARGMAX || red == RED_ARGMIN) {
        result->i[k] = (int64_t) best;
    } else if (red == RED_MAX || red == RED_MIN) {
        nt_np_copy(result, k, a, start + best * axis->inner);
    } else if (result->f == NULL) {
        result->i[k] = (int64_t) whole;
    } else {
        result->f[k] = red == RED_MEAN ? sum / (double) axis->n : sum;
    }
}


static nt_nd_type_t
type_of(red_t red, const nt_ndarray_t *a)
{
    switch (red) {
    case RED_MAX:
    case RED_MIN:
        return a->type;
    case RED_MEAN:
        return nt_nd_is_float(a->type) ? a->type : NT_ND_F8;
    case RED_SUM:
        return nt_nd_is_float(a->type) ? a->type : NT_ND_I8;
    default:
        return NT_ND_I8;
    }
}


/* The array without its axis. */
static bool
make_result(nt_node_call_t *call, red_t red, const nt_ndarray_t *a,
            const nt_np_axis_t *axis, nt_ndarray_t *result)
{
    size_t   shape[NT_ND_DIMS];
    unsigned d, n_dims;

    for (d = n_dims = 0; d < a->n_dims; d++) {
        if (d != axis->axis) {
            shape[n_dims++] = a->shape[d];
        }
    }

    return nt_nd_make(call, result, type_of(red, a), n_dims, shape);
}


static nt_node_rc_t
run_reduce(nt_node_call_t *call, red_t red)
{
    bool         good;
    size_t       o, i;
    nt_ndarray_t a, result = { 0 };
    nt_np_axis_t axis;

    good = nt_arg_ndarray(call, "values", &a) && nt_np_axis(call, &a, &axis);

    if (good && axis.n == 0 && red != RED_SUM) {
        (void) nt_call_fail(call, "'values' has no elements along its axis");
        good = false;
    }

    good = good && make_result(call, red, &a, &axis, &result);

    for (o = 0; good && o < axis.outer; o++) {
        for (i = 0; i < axis.inner; i++) {
            reduce(red, &result, o * axis.inner + i, &a,
                   o * axis.n * axis.inner + i, &axis);
        }
    }

    nt_nd_free(&a);

    if (!good) {
        nt_nd_free(&result);
        return NT_NODE_FAIL;
    }

    return nt_emit_nd_result(call, &result);
}


/* --- the types --- */

static nt_node_rc_t
run_max(nt_node_call_t *call)
{
    return run_reduce(call, RED_MAX);
}


static nt_node_rc_t
run_min(nt_node_call_t *call)
{
    return run_reduce(call, RED_MIN);
}


static nt_node_rc_t
run_mean(nt_node_call_t *call)
{
    return run_reduce(call, RED_MEAN);
}


static nt_node_rc_t
run_sum(nt_node_call_t *call)
{
    return run_reduce(call, RED_SUM);
}


static nt_node_rc_t
run_argmax(nt_node_call_t *call)
{
    return run_reduce(call, RED_ARGMAX);
}


static nt_node_rc_t
run_argmin(nt_node_call_t *call)
{
    return run_reduce(call, RED_ARGMIN);
}


static const nt_property_t properties[] = {
    NT_NP_ARRAY("values", "The array"),
    NT_PROP("axis", "int", "0", "The axis that goes; negative: from the end"),
    NT_PROP_END
};

NT_NP_OUTPUT(value_output, "union[np_array,float,int]");
NT_NP_OUTPUT(index_output, "union[np_array,int]");

#define REDUCTION(variable, name, words, text, out, function)                  \
    NT_NP_TYPE(variable, "statistics." name, words, text, properties, out,     \
               function)

REDUCTION(max_type, "MaxArray", "Max Array",
          "The largest elements along an axis.", value_output, run_max);
REDUCTION(min_type, "MinArray", "Min Array",
          "The smallest elements along an axis.", value_output, run_min);
REDUCTION(mean_type, "MeanArray", "Mean Array", "The means along an axis.",
          value_output, run_mean);
REDUCTION(sum_type, "SumArray", "Sum Array", "The sums along an axis.",
          value_output, run_sum);
REDUCTION(argmax_type, "ArgMaxArray", "Arg Max Array",
          "Where the largest elements along an axis are.", index_output,
          run_argmax);
REDUCTION(argmin_type, "ArgMinArray", "Arg Min Array",
          "Where the smallest elements along an axis are.", index_output,
          run_argmin);

static const nt_node_type_t *const types[] = { &max_type,    &min_type,
                                               &mean_type,   &sum_type,
                                               &argmax_type, &argmin_type,
                                               NULL };

const nt_node_library_t nt_nodes_numpy_statistics = { .abi = NODETOOL_NODE_ABI,
                                                      .name = "numpy",
                                                      .types = types };
