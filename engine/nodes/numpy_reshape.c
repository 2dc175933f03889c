/*
 * engine/nodes/numpy_reshape.c - lib.numpy.reshaping.*
 */

#include <string.h>

#include "engine/nodes/numpy.h"
#include "engine/nodes/registry.h"


/* The one length of -1 becomes what fits. */
static bool
fill_shape(nt_node_call_t *call, const nt_ndarray_t *a, const int64_t *wanted,
           unsigned n_dims, size_t *shape)
{
    bool     good;
    size_t   size;
    unsigned d, open;

    size = 1;
    open = n_dims;
    good = true;

    for (d = 0; good && d < n_dims; d++) {
        if (wanted[d] == -1 && open == n_dims) {
            open = d;
            continue;
        }

        good = wanted[d] >= 0 &&
               !__builtin_mul_overflow(size, (size_t) wanted[d], &size);
        shape[d] = (size_t) wanted[d];
    }

    if (good && open < n_dims) {
        good = size > 0 && a->size % size == 0;
        shape[open] = good ? a->size / size : 0;
    } else if (good) {
        good = size == a->size;
    }

    if (!good) {
        (void) nt_call_fail(call,
                            "an array of %zu elements does not fit the new "
                            "shape; one length may be -1, for what is left",
                            a->size);
    }

    return good;
}


static nt_node_rc_t
run_reshape(nt_node_call_t *call, unsigned n_dims)
{
    static const char *const one[] = { "num_elements" };
    static const char *const more[] = { "num_rows", "num_cols", "num_depths",
                                        "num_channels" };

    bool         good;
    size_t       shape[4];
    int64_t      wanted[4];
    unsigned     d;
    nt_ndarray_t a;

    good = nt_arg_ndarray(call, "values", &a);

    for (d = 0; good && d < n_dims; d++) {
        good = nt_arg_int(call, n_dims == 1 ? one[d] : more[d], &wanted[d]);
    }

    if (!good || !fill_shape(call, &a, wanted, n_dims, shape)) {
        nt_nd_free(&a);
        return NT_NODE_FAIL;
    }

    a.n_dims = n_dims;
    (void) memcpy(a.shape, shape, n_dims * sizeof(*shape));
    return nt_emit_ndarray(call, "output", &a);
}


static nt_node_rc_t
run_reshape1(nt_node_call_t *call)
{
    return run_reshape(call, 1);
}


static nt_node_rc_t
run_reshape2(nt_node_call_t *call)
{
    return run_reshape(call, 2);
}


static nt_node_rc_t
run_reshape3(nt_node_call_t *call)
{
    return run_reshape(call, 3);
}


static nt_node_rc_t
run_reshape4(nt_node_call_t *call)
{
    return run_reshape(call, 4);
}


/* --- the types --- */

NT_NP_OUTPUT(output, "np_array");

#define VALUES             NT_NP_ARRAY("values", "The array")
#define LENGTH(name, text) NT_PROP(name, "int", "0", text)
#define ROWS                                                                   \
    LENGTH("num_rows", "The length of the first dimension; -1: what is left")
#define COLUMNS LENGTH("num_cols", "The length of the second dimension")
#define DEPTHS  LENGTH("num_depths", "The length of the third dimension")

static const nt_property_t reshape1_properties[] = {
    VALUES, LENGTH("num_elements", "How many elements there are; -1: as many"),
    NT_PROP_END
};
static const nt_property_t reshape2_properties[] = { VALUES, ROWS, COLUMNS,
                                                     NT_PROP_END };
static const nt_property_t reshape3_properties[] = { VALUES, ROWS, COLUMNS,
                                                     DEPTHS, NT_PROP_END };
static const nt_property_t reshape4_properties[] = {
    VALUES,
    ROWS,
    COLUMNS,
    DEPTHS,
    LENGTH("num_channels", "The length of the fourth dimension"),
    NT_PROP_END
};

NT_NP_TYPE(reshape1_type, "reshaping.Reshape1D", "Reshape 1D",
           "The same elements in one row.", reshape1_properties, output,
           run_reshape1);
NT_NP_TYPE(reshape2_type, "reshaping.Reshape2D", "Reshape 2D",
           "The same elements in two dimensions.", reshape2_properties, output,
           run_reshape2);
NT_NP_TYPE(reshape3_type, "reshaping.Reshape3D", "Reshape 3D",
           "The same elements in three dimensions.", reshape3_properties,
           output, run_reshape3);
NT_NP_TYPE(reshape4_type, "reshaping.Reshape4D", "Reshape 4D",
           "The same elements in four dimensions.", reshape4_properties, output,
           run_reshape4);
static const nt_node_type_t *const types[] = { &reshape1_type, &reshape2_type,
                                               &reshape3_type, &reshape4_type,
                                               NULL };

const nt_node_library_t nt_nodes_numpy_reshape = { .abi = NODETOOL_NODE_ABI,
                                                   .name = "numpy",
                                                   .types = types };
