/*
 * engine/nodes/numpy_shape.c - lib.numpy.manipulation.*
 */

#include <errno.h>
#include <stdlib.h>

#include "engine/nodes/numpy.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


/* --- along an axis --- */

/* Makes an array of those elements along the axis that `pick` lists. */
static bool
take(nt_node_call_t *call, const nt_ndarray_t *a, const nt_np_axis_t *axis,
     const size_t *pick, size_t n, nt_ndarray_t *result)
{
    size_t   o, j, i, shape[NT_ND_DIMS];
    unsigned n_dims;

    (void) memcpy(shape, a->shape, sizeof(shape));
    shape[axis->axis] = n;
    n_dims = a->n_dims > 0 ? a->n_dims : 1;

    if (!nt_nd_make(call, result, a->type, n_dims, shape)) {
        return false;
    }

    for (o = 0; o < axis->outer; o++) {
        for (j = 0; j < n; j++) {
            for (i = 0; i < axis->inner; i++) {
                nt_np_copy(result, (o * n + j) * axis->inner + i, a,
                           (o * axis->n + pick[j]) * axis->inner + i);
            }
        }
    }

    return true;
}


/* The elements from, from + step, ... */
static bool
take_range(nt_node_call_t *call, const nt_ndarray_t *a,
           const nt_np_axis_t *axis, int64_t from, size_t n, int64_t step,
           nt_ndarray_t *result)
{
    bool   good;
    size_t j, *pick;

    pick = malloc((n > 0 ? n : 1) * sizeof(*pick));

    if (pick == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    for (j = 0; j < n; j++) {
        pick[j] = (size_t) (from + (int64_t) j * step);
    }

    good = take(call, a, axis, pick, n, result);
    free(pick);
    return good;
}


/* An array with at least one dimension, and its axis. */
static bool
read_lanes(nt_node_call_t *call, nt_ndarray_t *a, nt_np_axis_t *axis)
{
    if (!nt_arg_ndarray(call, "values", a)) {
        return false;
    }

    if (a->n_dims == 0) {
        (void) nt_call_fail(call, "'values' has no dimensions");
        return false;
    }

    return nt_np_axis(call, a, axis);
}


static nt_node_rc_t
run_slice(nt_node_call_t *call)
{
    bool         good;
    size_t       n;
    int64_t      start, stop, step, from;
    nt_ndarray_t a = { 0 }, result = { 0 };
    nt_np_axis_t axis;

    good = nt_arg_int(call, "start", &start) &&
           nt_arg_int(call, "stop", &stop) && nt_arg_int(call, "step", &step);

    if (good && step == 0) {
        return nt_call_fail(call, "'step' must not be 0");
    }

    good = good && read_lanes(call, &a, &axis);

    if (good) {
        nt_slice(axis.n, &start, &stop, step, &from, &n);
        good = take_range(call, &a, &axis, from, n, step, &result);
    }

    nt_nd_free(&a);

    if (!good) {
        nt_nd_free(&result);
        return NT_NODE_FAIL;
    }

    return nt_emit_ndarray(call, "output", &result);
}


/* The ints of a text, separated by commas, as places along the axis;
 * malloc'ed, *n of them.  NULL after nt_call_fail. */
static size_t *
read_indices(nt_node_call_t *call, const nt_np_axis_t *axis, size_t *n)
{
    char       *end;
    size_t     *places, length;
    long long   index;
    const char *text, *p;

    text = nt_call_string(call, "indices", &length);
    places = malloc((length / 2 + 1) * sizeof(*places));

    if (places == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    for (*n = 0, p = text; *p != '\0';) {
        if (*p == ',' || *p == ' ') {
            p++;
            continue;
        }

        errno = 0;
        index = strtoll(p, &end, 10);
        end += strspn(end, " ");

        if (errno != 0 || end == p || (*end != ',' && *end != '\0')) {
            (void) nt_call_fail(call, "'indices' must be ints, separated by "
                                      "commas");
            free(places);
            return NULL;
        }

        if (index >= (long long) axis->n || index < -(long long) axis->n) {
            (void) nt_call_fail(call,
                                "'indices': there is no %lld along an axis "
                                "of %zu",
                                index, axis->n);
            free(places);
            return NULL;
        }

        places[(*n)++] =
            (size_t) (index < 0 ? index + (long long) axis->n : index);
        p = end;
    }

    return places;
}


static nt_node_rc_t
run_index(nt_node_call_t *call)
{
    bool         good;
    size_t       n, *places;
    nt_ndarray_t a, result = { 0 };
    nt_np_axis_t axis;

    places = read_lanes(call, &a, &axis) ? read_indices(call, &axis, &n) : NULL;
    good = places != NULL && take(call, &a, &axis, places, n, &result);
    free(places);
    nt_nd_free(&a);

    if (!good) {
        nt_nd_free(&result);
        return NT_NODE_FAIL;
    }

    return nt_emit_ndarray(call, "output", &result);
}


/* As numpy.array_split(): the first parts are longer by one where it does
 * not come out even. */
static json_t *
split(nt_node_call_t *call, const nt_ndarray_t *a, const nt_np_axis_t *axis,
      int64_t parts)
{
    bool         good;
    json_t      *list;
    size_t       from, n;
    int64_t      part;
    nt_ndarray_t result;

    list = json_array();
    from = 0;

    for (part = 0; part < parts; part++) {
        n = axis->n / (size_t) parts +
            ((size_t) part < axis->n % (size_t) parts);
        result = (nt_ndarray_t) { 0 };

        if (!take_range(call, a, axis, (int64_t) from, n, 1, &result)) {
            nt_nd_free(&result);
            json_decref(list);
            return NULL;
        }

        good = json_array_append_new(list, nt_nd_json(&result)) == 0;
        nt_nd_free(&result);
        from += n;

        if (!good) {
            json_decref(list);
            (void) nt_arg_nomem(call);
            return NULL;
        }
    }

    return list;
}


static nt_node_rc_t
run_split(nt_node_call_t *call)
{
    json_t      *list = NULL;
    int64_t      parts;
    nt_ndarray_t a = { 0 };
    nt_np_axis_t axis;

    if (!nt_arg_int(call, "num_splits", &parts)) {
        return NT_NODE_FAIL;
    }

    if (parts < 1 || parts > 100000) {
        return nt_call_fail(call, "'num_splits' must be 1 to 100000");
    }

    if (read_lanes(call, &a, &axis)) {
        list = split(call, &a, &axis, parts);
    }

    nt_nd_free(&a);
    return list == NULL ? NT_NODE_FAIL : nt_emit(call, list);
}


/* --- Stack --- */

static bool
same_shape(const nt_ndarray_t *a, const nt_ndarray_t *b)
{
    return a->n_dims == b->n_dims &&
           memcmp(a->shape, b->shape, a->n_dims * sizeof(*a->shape)) == 0;
}


/* Makes the array that n like the first one are put into, one by one. */
static bool
make_stack(nt_node_call_t *call, const nt_ndarray_t *first, size_t n,
           nt_nd_type_t type, nt_np_axis_t *axis, nt_ndarray_t *result)
{
    size_t   shape[NT_ND_DIMS + 1];
    int64_t  wanted;
    unsigned d;

    if (!nt_arg_int(call, "axis", &wanted)) {
        return false;
    }

    if (wanted < 0 || wanted > first->n_dims) {
        (void) nt_call_fail(call, "'axis' must be 0 to %u for these arrays",
                            first->n_dims);
        return false;
    }

    *axis = (nt_np_axis_t) { (unsigned) wanted, 1, n, 1 };

    for (d = 0; d < first->n_dims; d++) {
        if (d < axis->axis) {
            axis->outer *= first->shape[d];
            shape[d] = first->shape[d];
        } else {
            axis->inner *= first->shape[d];
            shape[d + 1] = first->shape[d];
        }
    }

    shape[axis->axis] = n;
    return nt_nd_make(call, result, type, first->n_dims + 1, shape);
}


static void
put_layer(nt_ndarray_t *result, size_t j, const nt_ndarray_t *a,
          const nt_np_axis_t *axis)
{
    size_t o, i;

    for (o = 0; o < axis->outer; o++) {
        for (i = 0; i < axis->inner; i++) {
            nt_np_copy(result, (o * axis->n + j) * axis->inner + i, a,
                       o * axis->inner + i);
        }
    }
}


/* All arrays must have the shape of the first one. */
static bool
read_arrays(nt_node_call_t *call, json_t *list, nt_ndarray_t *arrays,
            nt_nd_type_t *type)
{
    size_t  i;
    json_t *value;

    json_array_foreach(list, i, value)
    {
        if (!nt_nd_read(call, "arrays", value, &arrays[i])) {
            return false;
        }

        if (!same_shape(&arrays[i], &arrays[0])) {
            (void) nt_call_fail(call,
                                "'arrays' must be of one shape; number %zu "
                                "has another",
                                i + 1);
            return false;
        }

        *type = i == 0 ? arrays[0].type : nt_nd_promote(*type, arrays[i].type);
    }

    return true;
}


static nt_node_rc_t
run_stack(nt_node_call_t *call)
{
    bool          good;
    json_t       *list;
    size_t        n, j;
    nt_ndarray_t *arrays, result = { 0 };
    nt_np_axis_t  axis = { 0 };
    nt_nd_type_t  type = NT_ND_F8;

    list = nt_arg_list(call, "arrays");
    n = json_array_size(list);

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    if (n == 0) {
        return nt_call_fail(call, "'arrays' must not be empty");
    }

    arrays = calloc(n, sizeof(*arrays));

    if (arrays == NULL) {
        return nt_arg_nomem(call);
    }

    good = read_arrays(call, list, arrays, &type) &&
           make_stack(call, &arrays[0], n, type, &axis, &result);

    for (j = 0; j < n; j++) {
        if (good) {
            put_layer(&result, j, &arrays[j], &axis);
        }

        nt_nd_free(&arrays[j]);
    }

    free(arrays);

    if (!good) {
        nt_nd_free(&result);
        return NT_NODE_FAIL;
    }

    return nt_emit_ndarray(call, "output", &result);
}


/* --- TransposeArray --- */

static void
transpose(nt_ndarray_t *result, const nt_ndarray_t *a)
{
    size_t   k, at, stride[NT_ND_DIMS], counter[NT_ND_DIMS] = { 0 };
    unsigned d;

    /* how far dimension d of the result goes on in `a` */
    for (at = 1, d = 0; d < a->n_dims; d++) {
        stride[d] = at;
        at *= a->shape[a->n_dims - 1 - d];
    }

    for (k = at = 0; k < result->size; k++) {
        nt_np_copy(result, k, a, at);

        for (d = result->n_dims; d-- > 0;) {
            at += stride[d];

            if (++counter[d] < result->shape[d]) {
                break;
            }

            at -= stride[d] * result->shape[d];
            counter[d] = 0;
        }
    }
}


static nt_node_rc_t
run_transpose(nt_node_call_t *call)
{
    bool         good;
    size_t       shape[NT_ND_DIMS];
    unsigned     d;
    nt_ndarray_t a, result = { 0 };

    good = nt_arg_ndarray(call, "values", &a);

    for (d = 0; good && d < a.n_dims; d++) {
        shape[d] = a.shape[a.n_dims - 1 - d];
    }

    good = good && nt_nd_make(call, &result, a.type, a.n_dims, shape);

    if (good) {
        transpose(&result, &a);
    }

    nt_nd_free(&a);

    if (!good) {
        nt_nd_free(&result);
        return NT_NODE_FAIL;
    }

    return nt_emit_ndarray(call, "output", &result);
}


/* --- the types --- */

NT_NP_OUTPUT(array_output, "np_array");
NT_NP_OUTPUT(list_output, "list[np_array]");

#define VALUES NT_NP_ARRAY("values", "The array")
#define AXIS(text)                                                             \
    NT_PROP("axis", "int", "0", text "; negative ones count from the end")

static const nt_property_t slice_properties[] = {
    VALUES,
    NT_PROP("start", "int", "0", "The first one"),
    NT_PROP("stop", "int", "0", "Where it ends; this one is left out"),
    NT_PROP("step", "int", "1", "Every how many"),
    AXIS("The axis to slice along"),
    NT_PROP_END
};

static const nt_property_t index_properties[] = {
    VALUES,
    NT_PROP("indices", "str", "\"\"",
            "Which ones, in their order: ints, separated by commas"),
    AXIS("The axis to pick along"), NT_PROP_END
};

static const nt_property_t split_properties[] = {
    VALUES, NT_PROP("num_splits", "int", "0", "How many parts"),
    AXIS("The axis to split along"), NT_PROP_END
};

static const double zero = 0;

static const nt_property_t stack_properties[] = {
    NT_PROP("arrays", "list[np_array]", "[]", "Arrays of one shape"),
    { .name = "axis",
      .type = "int",
      .default_json = "0",
      .min = &zero,
      .description = "The place of the new dimension" },
    NT_PROP_END
};

static const nt_property_t transpose_properties[] = { VALUES, NT_PROP_END };

NT_NP_TYPE(slice_type, "manipulation.SliceArray", "Slice Array",
           "A slice along an axis.", slice_properties, array_output, run_slice);
NT_NP_TYPE(index_type, "manipulation.IndexArray", "Index Array",
           "Picks elements along an axis by their place.", index_properties,
           array_output, run_index);
NT_NP_TYPE(split_type, "manipulation.SplitArray", "Split Array",
           "Splits an array along an axis, as evenly as it goes.",
           split_properties, list_output, run_split);
NT_NP_TYPE(stack_type, "manipulation.Stack", "Stack",
           "Puts arrays together along a new axis.", stack_properties,
           array_output, run_stack);
NT_NP_TYPE(transpose_type, "manipulation.TransposeArray", "Transpose Array",
           "Turns the order of the dimensions round.", transpose_properties,
           array_output, run_transpose);

static const nt_node_type_t *const types[] = { &slice_type,     &index_type,
                                               &split_type,     &stack_type,
                                               &transpose_type, NULL };

const nt_node_library_t nt_nodes_numpy_shape = { .abi = NODETOOL_NODE_ABI,
                                                 .name = "numpy",
                                                 .types = types };
