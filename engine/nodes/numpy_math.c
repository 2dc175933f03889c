/*
 * engine/nodes/numpy_math.c - lib.numpy.math.*: functions of one array.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/numpy.h"
#include "engine/nodes/registry.h"


/* --- in floats --- */

/* NumPy computes in the type of the array, of ints of up to two bytes in
 * four bytes, else in eight. */
static nt_nd_type_t
float_type(nt_nd_type_t type)
{
    return nt_nd_is_float(type) ? type : nt_nd_promote(type, NT_ND_F4);
}


static nt_node_rc_t
run_float(nt_node_call_t *call, const char *name, bool single,
          double (*function)(double x))
{
    size_t       k;
    nt_ndarray_t a;

    if (!nt_arg_ndarray(call, name, &a)) {
        nt_nd_free(&a);
        return NT_NODE_FAIL;
    }

    if (!nt_nd_to_float(&a, single ? NT_ND_F4 : float_type(a.type))) {
        nt_nd_free(&a);
        return nt_arg_nomem(call);
    }

    for (k = 0; k < a.size; k++) {
        a.f[k] = function(a.f[k]);
    }

    return nt_emit_nd_result(call, &a);
}


static nt_node_rc_t
run_sine(nt_node_call_t *call)
{
    return run_float(call, "angle_rad", false, sin);
}


static nt_node_rc_t
run_cosine(nt_node_call_t *call)
{
    return run_float(call, "angle_rad", false, cos);
}


/* These three give float32, as NodeTool's do. */

static nt_node_rc_t
run_sqrt(nt_node_call_t *call)
{
    return run_float(call, "values", true, sqrt);
}


static nt_node_rc_t
run_exp(nt_node_call_t *call)
{
    return run_float(call, "values", true, exp);
}


static nt_node_rc_t
run_log(nt_node_call_t *call)
{
    return run_float(call, "values", true, log);
}


static nt_node_rc_t
run_abs(nt_node_call_t *call)
{
    size_t       k;
    nt_ndarray_t a;

    if (!nt_arg_ndarray(call, "values", &a)) {
        nt_nd_free(&a);
        return NT_NODE_FAIL;
    }

    for (k = 0; k < a.size; k++) {
        if (a.f != NULL) {
            a.f[k] = fabs(a.f[k]);
        } else if (a.i[k] < 0) {
            a.i[k] = (int64_t) - (uint64_t) a.i[k];
        }
    }

    return nt_emit_nd_result(call, &a);
}


/* --- the types --- */

static const nt_property_t array_properties[] = {
    NT_NP_ARRAY("values", "The array"), NT_PROP_END
};

static const nt_property_t angle_properties[] = {
    NT_PROP("angle_rad", "union[float,int,np_array]", "0.0",
            "Angles in radians: a number or an array"),
    NT_PROP_END
};

NT_NP_OUTPUT(array_output, "np_array");
NT_NP_OUTPUT(angle_output, "union[float,np_array]");
NT_NP_OUTPUT(number_output, "union[float,int,np_array]");

NT_NP_TYPE(abs_type, "math.AbsArray", "Abs Array", "The absolute values.",
           array_properties, array_output, run_abs);
NT_NP_TYPE(cosine_type, "math.CosineArray", "Cosine Array",
           "The cosines of angles.", angle_properties, angle_output,
           run_cosine);
NT_NP_TYPE(exp_type, "math.ExpArray", "Exp Array",
           "The powers of e, in single precision.", array_properties,
           number_output, run_exp);
NT_NP_TYPE(log_type, "math.LogArray", "Log Array",
           "The natural logarithms, in single precision.", array_properties,
           number_output, run_log);
NT_NP_TYPE(sine_type, "math.SineArray", "Sine Array", "The sines of angles.",
           angle_properties, angle_output, run_sine);
NT_NP_TYPE(sqrt_type, "math.SqrtArray", "Sqrt Array",
           "The square roots, in single precision.", array_properties,
           number_output, run_sqrt);

static const nt_node_type_t *const types[] = {
    &abs_type, &cosine_type, &exp_type, &log_type, &sine_type, &sqrt_type, NULL
};

const nt_node_library_t nt_nodes_numpy_math = { .abi = NODETOOL_NODE_ABI,
                                                .name = "numpy",
                                                .types = types };
