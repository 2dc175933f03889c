/*
 * engine/nodes/numpy_matmul.c - lib.numpy.manipulation.MatMul
 */

#include <stdlib.h>

#include "engine/nodes/numpy.h"

#define WORK_MAX 50e9 /* multiplications: about half a minute */


/* One product of matrices, rows x n by n x columns, each at an offset. */
typedef struct {
    size_t rows, n, columns;
    size_t a, b, result;
} product_t;


static void
multiply(nt_ndarray_t *result, const nt_ndarray_t *a, const nt_ndarray_t *b,
         const product_t *at)
{
    double   x;
    size_t   i, k, j, to, from;
    uint64_t n;

    for (i = 0; i < at->rows; i++) {
        to = at->result + i * at->columns;

        for (k = 0; k < at->n; k++) {
            from = at->b + k * at->columns;

            if (result->f != NULL) {
                x = a->f[at->a + i * at->n + k];

                for (j = 0; j < at->columns; j++) {
                    result->f[to + j] += x * b->f[from + j];
                }
            } else {
                n = (uint64_t) a->i[at->a + i * at->n + k];

                for (j = 0; j < at->columns; j++) {
                    result->i[to + j] =
                        (int64_t) ((uint64_t) result->i[to + j] +
                                   n * (uint64_t) b->i[from + j]);
                }
            }
        }
    }
}


/* Makes a matrix of a vector: the dimension is put in front or behind, and
 * left out of the result. */
static void
make_matrix(nt_ndarray_t *a, bool behind)
{
    a->shape[1] = behind ? 1 : a->shape[0];
    a->shape[0] = behind ? a->shape[0] : 1;
    a->n_dims = 2;
}


/* All products of a stack; the dimensions before the last two are those of
 * `stack`. */
static void
multiply_all(nt_node_call_t *call, nt_ndarray_t *result, const nt_ndarray_t *a,
             const nt_ndarray_t *b, product_t *at)
{
    size_t   n, a_step, b_step, counter[NT_ND_DIMS] = { 0 };
    unsigned d, e, dims;

    dims = result->n_dims - 2;

    for (n = 0; n < result->size; n += at->rows * at->columns) {
        if (nt_call_cancelled(call)) {
            return;
        }

        at->result = n;
        at->a = at->b = 0;
        a_step = at->rows * at->n;
        b_step = at->n * at->columns;

        for (d = dims, e = 3; d-- > 0; e++) {
            if (e <= a->n_dims) {
                at->a += a->shape[a->n_dims - e] > 1 ? counter[d] * a_step : 0;
                a_step *= a->shape[a->n_dims - e];
            }

            if (e <= b->n_dims) {
                at->b += b->shape[b->n_dims - e] > 1 ? counter[d] * b_step : 0;
                b_step *= b->shape[b->n_dims - e];
            }
        }

        multiply(result, a, b, at);

        for (d = dims; d-- > 0;) {
            if (++counter[d] < result->shape[d]) {
                break;
            }

            counter[d] = 0;
        }
    }
}


/* Both are matrices or stacks of them.  The result is to be freed. */
static bool
product(nt_node_call_t *call, const nt_ndarray_t *a, const nt_ndarray_t *b,
        nt_ndarray_t *result)
{
    size_t       shape[NT_ND_DIMS];
    unsigned     n_dims;
    product_t    at;
    nt_ndarray_t left, right;

    at = (product_t) { .rows = a->shape[a->n_dims - 2],
                       .n = a->shape[a->n_dims - 1],
                       .columns = b->shape[b->n_dims - 1] };

    if (b->shape[b->n_dims - 2] != at.n) {
        (void) nt_call_fail(call,
                            "'a' has rows of %zu elements and 'b' columns of "
                            "%zu; they must be as long",
                            at.n, b->shape[b->n_dims - 2]);
        return false;
    }

    /* the stacks alone */
    left = *a;
    right = *b;
    left.n_dims -= 2;
    right.n_dims -= 2;

    if (!nt_np_broadcast(call, &left, &right, shape, &n_dims)) {
        return false;
    }

    shape[n_dims] = at.rows;
    shape[n_dims + 1] = at.columns;

    if (!nt_nd_make(call, result, nt_nd_promote(a->type, b->type), n_dims + 2,
                    shape))
    {
        return false;
    }

    if ((double) result->size * (double) at.n > WORK_MAX) {
        (void) nt_call_fail(call, "the matrices are too large to multiply");
        return false;
    }

    if (result->size > 0) {
        multiply_all(call, result, a, b, &at);
    }

    return true;
}


static bool
read_both(nt_node_call_t *call, nt_ndarray_t *a, nt_ndarray_t *b)
{
    nt_nd_type_t type;

    if (!nt_arg_ndarray(call, "a", a) || !nt_arg_ndarray(call, "b", b)) {
        return false;
    }

    if (a->n_dims == 0 || b->n_dims == 0) {
        (void) nt_call_fail(call, "'a' and 'b' must have dimensions");
        return false;
    }

    type = nt_nd_promote(a->type, b->type);

    if (nt_nd_is_float(type) &&
        (!nt_nd_to_float(a, type) || !nt_nd_to_float(b, type)))
    {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


static nt_node_rc_t
run_matmul(nt_node_call_t *call)
{
    bool         good, row, column;
    nt_ndarray_t a = { 0 }, b = { 0 }, result = { 0 };

    good = read_both(call, &a, &b);
    row = good && a.n_dims == 1;
    column = good && b.n_dims == 1;

    if (row) {
        make_matrix(&a, false);
    }

    if (column) {
        make_matrix(&b, true);
    }

    good = good && product(call, &a, &b, &result);
    nt_nd_free(&a);
    nt_nd_free(&b);

    if (!good) {
        nt_nd_free(&result);
        return NT_NODE_FAIL;
    }

    /* take out again what was put in */
    if (column) {
        result.n_dims--;
    }

    if (row) {
        result.shape[result.n_dims - 1 - !column] =
            result.shape[result.n_dims - 1];
        result.n_dims--;
    }

    return nt_emit_ndarray(call, "output", &result);
}


static const nt_property_t properties[] = {
    NT_NP_ARRAY("a", "A matrix, a vector or a stack of matrices"),
    NT_NP_ARRAY("b", "What it is multiplied with"), NT_PROP_END
};

NT_NP_OUTPUT(output, "np_array");

const nt_node_type_t nt_np_matmul = { .type = "lib.numpy.manipulation.MatMul",
                                      .title = "Mat Mul",
                                      .description = "Multiplies matrices.",
                                      .properties = properties,
                                      .outputs = output,
                                      .flags = NT_NODE_THREAD,
                                      .run = run_matmul };
