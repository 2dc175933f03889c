/*
 * engine/nodes/numpy.h - the parts of lib.numpy.*; see ndarray.h for values.
 *
 * Types of results are those of NumPy 2: a number counts as int64 or
 * float64.
 */

#ifndef NT_NUMPY_H
#define NT_NUMPY_H

#include "engine/nodes/defaults.h"
#include "engine/nodes/ndarray.h"

#define NT_NP_ARRAY(property, text)                                            \
    NT_PROP(property, "np_array", NT_DEFAULT_NP_ARRAY, text)

#define NT_NP_OUTPUT(variable, type)                                           \
    static const nt_output_t variable[] = { { "output", type }, { NULL, NULL } }

/* A type of lib.numpy: "math.AbsArray". */
#define NT_NP_TYPE(variable, name, words, text, in, out, function)             \
    static const nt_node_type_t variable = { .type = "lib.numpy." name,        \
                                             .title = words,                   \
                                             .description = text,              \
                                             .properties = in,                 \
                                             .outputs = out,                   \
                                             .flags = NT_NODE_THREAD,          \
                                             .run = function }

/* An array seen along one axis: element j of the lane (o, i) stands at
 * (o * n + j) * inner + i. */
typedef struct {
    unsigned axis;
    size_t   outer, n, inner;
} nt_np_axis_t;

/* Resolves the property `axis`, negative ones from the end.  False after
 * nt_call_fail. */
bool nt_np_axis(nt_node_call_t *call, const nt_ndarray_t *a,
                nt_np_axis_t *axis);

/* Element j of `from` becomes element k of `to`, of the same class. */
void nt_np_copy(nt_ndarray_t *to, size_t k, const nt_ndarray_t *from, size_t j);

/* The shape that both are broadcast to.  False after nt_call_fail. */
bool nt_np_broadcast(nt_node_call_t *call, const nt_ndarray_t *a,
                     const nt_ndarray_t *b, size_t *shape, unsigned *n_dims);

extern const nt_node_type_t nt_np_matmul;

#endif
