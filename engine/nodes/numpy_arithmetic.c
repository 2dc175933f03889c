/*
 * engine/nodes/numpy_arithmetic.c - lib.numpy.*: what takes two arrays, or
 * numbers, element by element.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/numpy.h"
#include "engine/nodes/registry.h"

typedef enum {
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_MOD,
    OP_POWER
} op_t;


/* --- two shapes --- */

/* Makes both as long in their first dimension, by zeros at the end of the
 * shorter one, unless one is a single element.  False after nt_call_fail. */
static bool
nt_np_pad(nt_node_call_t *call, nt_ndarray_t *a, nt_ndarray_t *b)
{
    size_t       k, shape[NT_ND_DIMS];
    nt_ndarray_t padded, *shorter;

    /* more than one element: there is a first dimension */
    if (a->size <= 1 || b->size <= 1 || a->shape[0] == b->shape[0]) {
        return true;
    }

    shorter = a->shape[0] < b->shape[0] ? a : b;
    (void) memcpy(shape, shorter->shape, sizeof(shape));
    shape[0] = a->shape[0] < b->shape[0] ? b->shape[0] : a->shape[0];

    if (!nt_nd_make(call, &padded, shorter->type, shorter->n_dims, shape)) {
        return false;
    }

    for (k = 0; k < shorter->size; k++) {
        nt_np_copy(&padded, k, shorter, k);
    }

    nt_nd_free(shorter);
    *shorter = padded;
    return true;
}


/* The length of dimension d from the end; 1 beyond the first. */
static size_t
length_at(const nt_ndarray_t *a, unsigned d)
{
    return d < a->n_dims ? a->shape[a->n_dims - 1 - d] : 1;
}


bool
nt_np_broadcast(nt_node_call_t *call, const nt_ndarray_t *a,
                const nt_ndarray_t *b, size_t *shape, unsigned *n_dims)
{
    size_t   left, right;
    unsigned d;

    *n_dims = a->n_dims > b->n_dims ? a->n_dims : b->n_dims;

    for (d = 0; d < *n_dims; d++) {
        left = length_at(a, d);
        right = length_at(b, d);

        if (left != right && left != 1 && right != 1) {
            (void) nt_call_fail(call,
                                "the shapes do not go together: dimension %u "
                                "has the lengths %zu and %zu",
                                *n_dims - d - 1, left, right);
            return false;
        }

        shape[*n_dims - 1 - d] = left == 1 ? right : left;
    }

    return true;
}


/* How far each dimension of the result goes on in `a`: 0 where it has one
 * element for all. */
static void
strides_of(const nt_ndarray_t *a, const nt_ndarray_t *result, size_t *strides)
{
    size_t   step;
    unsigned d;

    step = 1;

    for (d = 0; d < result->n_dims; d++) {
        strides[result->n_dims - 1 - d] = length_at(a, d) == 1 ? 0 : step;
        step *= length_at(a, d);
    }
}


/* --- one pair --- */

static double
float_mod(double a, double b)
{
    double r;

    if (b == 0) {
        return NAN;
    }

    r = fmod(a, b);

    if (r == 0) {
        return copysign(0.0, b);
    }

    return (r < 0) != (b < 0) ? r + b : r;
}


static double
float_op(op_t op, double a, double b)
{
    switch (op) {
    case OP_ADD:
        return a + b;
    case OP_SUBTRACT:
        return a - b;
    case OP_MULTIPLY:
        return a * b;
    case OP_DIVIDE:
        return a / b;
    case OP_MOD:
        return float_mod(a, b);
    default:
        return pow(a, b);
    }
}


static int64_t
int_mod(int64_t a, int64_t b)
{
    int64_t r;

    if (b == 0 || b == -1) {
        return 0;
    }

    r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}


/* Wraps, as NumPy's does. */
static int64_t
int_power(int64_t base, int64_t exponent)
{
    uint64_t factor, result;

    factor = (uint64_t) base;

    for (result = 1; exponent > 0; exponent >>= 1) {
        if (exponent & 1) {
            result *= factor;
        }

        factor *= factor;
    }

    return (int64_t) result;
}


static int64_t
int_op(op_t op, int64_t a, int64_t b)
{
    switch (op) {
    case OP_ADD:
        return (int64_t) ((uint64_t) a + (uint64_t) b);
    case OP_SUBTRACT:
        return (int64_t) ((uint64_t) a - (uint64_t) b);
    case OP_MULTIPLY:
        return (int64_t) ((uint64_t) a * (uint64_t) b);
    case OP_MOD:
        return int_mod(a, b);
    default:
        return int_power(a, b);
    }
}


/* --- all of them --- */

static nt_nd_type_t
type_of(op_t op, const nt_ndarray_t *a, const nt_ndarray_t *b)
{
    nt_nd_type_t type;

    type = nt_nd_promote(a->type, b->type);

    if (op == OP_DIVIDE && !nt_nd_is_float(type)) {
        return NT_ND_F8;
    }

    return type == NT_ND_BOOL && (op == OP_MOD || op == OP_POWER) ? NT_ND_I1
                                                                  : type;
}


static void
apply(op_t op, nt_ndarray_t *result, const nt_ndarray_t *a,
      const nt_ndarray_t *b)
{
    size_t   k, left, right, counter[NT_ND_DIMS] = { 0 };
    size_t   a_strides[NT_ND_DIMS], b_strides[NT_ND_DIMS];
    unsigned d;

    strides_of(a, result, a_strides);
    strides_of(b, result, b_strides);
    left = right = 0;

    for (k = 0; k < result->size; k++) {
        if (result->f != NULL) {
            result->f[k] =
                float_op(op, nt_nd_float(a, left), nt_nd_float(b, right));
        } else {
            result->i[k] = int_op(op, a->i[left], b->i[right]);
        }

        for (d = result->n_dims; d-- > 0;) {
            left += a_strides[d];
            right += b_strides[d];

            if (++counter[d] < result->shape[d]) {
                break;
            }

            left -= a_strides[d] * result->shape[d];
            right -= b_strides[d] * result->shape[d];
            counter[d] = 0;
        }
    }
}


static bool
check_op(nt_node_call_t *call, op_t op, const nt_ndarray_t *a,
         const nt_ndarray_t *b)
{
    size_t k;

    if (op == OP_SUBTRACT && a->type == NT_ND_BOOL && b->type == NT_ND_BOOL) {
        (void) nt_call_fail(call, "arrays of bools cannot be subtracted");
        return false;
    }

    if (op != OP_POWER || a->f != NULL || b->f != NULL) {
        return true;
    }

    for (k = 0; k < b->size; k++) {
        if (b->i[k] < 0) {
            (void) nt_call_fail(call,
                                "'exponent' must not be negative where base "
                                "and exponent are ints; a float base serves");
            return false;
        }
    }

    return true;
}


static nt_node_rc_t
run_op(nt_node_call_t *call, op_t op, const char *first, const char *second)
{
    bool         good;
    size_t       shape[NT_ND_DIMS];
    unsigned     n_dims;
    nt_ndarray_t a, b = { 0 }, result = { 0 };

    good = nt_arg_ndarray(call, first, &a) &&
           nt_arg_ndarray(call, second, &b) && check_op(call, op, &a, &b) &&
           nt_np_pad(call, &a, &b) &&
           nt_np_broadcast(call, &a, &b, shape, &n_dims) &&
           nt_nd_make(call, &result, type_of(op, &a, &b), n_dims, shape);

    if (good) {
        apply(op, &result, &a, &b);
    }

    nt_nd_free(&a);
    nt_nd_free(&b);

    if (!good) {
        nt_nd_free(&result);
        return NT_NODE_FAIL;
    }

    return nt_emit_nd_result(call, &result);
}


/* --- the types --- */

static nt_node_rc_t
run_add(nt_node_call_t *call)
{
    return run_op(call, OP_ADD, "a", "b");
}


static nt_node_rc_t
run_subtract(nt_node_call_t *call)
{
    return run_op(call, OP_SUBTRACT, "a", "b");
}


static nt_node_rc_t
run_multiply(nt_node_call_t *call)
{
    return run_op(call, OP_MULTIPLY, "a", "b");
}


static nt_node_rc_t
run_divide(nt_node_call_t *call)
{
    return run_op(call, OP_DIVIDE, "a", "b");
}


static nt_node_rc_t
run_mod(nt_node_call_t *call)
{
    return run_op(call, OP_MOD, "a", "b");
}


static nt_node_rc_t
run_power(nt_node_call_t *call)
{
    return run_op(call, OP_POWER, "base", "exponent");
}


static const nt_property_t pair_properties[] = {
    NT_PROP("a", "union[int,float,np_array]", "0.0", "A number or an array"),
    NT_PROP("b", "union[int,float,np_array]", "0.0",
            "Another; of two arrays the shorter one is filled up with zeros"),
    NT_PROP_END
};

NT_NP_OUTPUT(pair_output, "union[int,float,np_array]");

#define PAIR(variable, name, words, text, function)                            \
    NT_NP_TYPE(variable, "arithmetic." name, words, text, pair_properties,     \
               pair_output, function)

PAIR(add_type, "AddArray", "Add Array", "Adds element by element.", run_add);
PAIR(subtract_type, "SubtractArray", "Subtract Array",
     "Subtracts b from a, element by element.", run_subtract);
PAIR(multiply_type, "MultiplyArray", "Multiply Array",
     "Multiplies element by element.", run_multiply);
PAIR(divide_type, "DivideArray", "Divide Array",
     "Divides a by b, element by element.", run_divide);
PAIR(mod_type, "ModulusArray", "Modulus Array",
     "The remainder of a divided by b, with the sign of b.", run_mod);

static const nt_property_t power_properties[] = {
    NT_PROP("base", "union[float,int,np_array]", "1.0", "A number or an array"),
    NT_PROP("exponent", "union[float,int,np_array]", "2.0",
            "A number or an array"),
    NT_PROP_END
};

NT_NP_OUTPUT(power_output, "union[float,int,np_array]");

static const nt_node_type_t power_type = {
    .type = "lib.numpy.math.PowerArray",
    .title = "Power Array",
    .description = "Raises base to the power of exponent, element by element.",
    .properties = power_properties,
    .outputs = power_output,
    .flags = NT_NODE_THREAD,
    .run = run_power
};

static const nt_node_type_t *const types[] = {
    &add_type,    &subtract_type, &multiply_type,
    &divide_type, &mod_type,      &power_type,
    NULL
};

const nt_node_library_t nt_nodes_numpy_arithmetic = { .abi = NODETOOL_NODE_ABI,
                                                      .name = "numpy",
                                                      .types = types };
