/*
 * engine/nodes/ndarray.h - NumPy's arrays.
 *
 * The value is {"type": "np_array", "value": BASE64, "dtype": "<f8",
 * "shape": [2, 3]}: the bytes of the elements in C order, as
 * numpy.ndarray.tobytes() gives them.  A null value is an array that was
 * never set.  Types: |b1 |i1 <i2 <i4 <i8 |u1 <u2 <u4 <f4 <f8.
 *
 * In memory elements are int64_t, bools among them, or double; they become
 * of the array's type when it is written: ints wrap, floats are rounded.
 */

#ifndef NT_NDARRAY_H
#define NT_NDARRAY_H

#include <jansson.h>

#include "engine/nodes/args.h"

#define NT_ND_DIMS 32
#define NT_ND_MAX  ((size_t) 8 * 1024 * 1024) /* elements */

typedef enum {
    NT_ND_BOOL,
    NT_ND_I1,
    NT_ND_I2,
    NT_ND_I4,
    NT_ND_I8,
    NT_ND_U1,
    NT_ND_U2,
    NT_ND_U4,
    NT_ND_F4,
    NT_ND_F8
} nt_nd_type_t;

/* A zeroed one may be freed. */
typedef struct {
    nt_nd_type_t type;
    unsigned     n_dims;
    size_t       shape[NT_ND_DIMS];
    size_t       size; /* elements */
    int64_t     *i;    /* those of ints and bools, or NULL */
    double      *f;    /* those of floats, or NULL */
} nt_ndarray_t;

bool nt_nd_is_float(nt_nd_type_t type);

/* numpy.result_type(a, b) */
nt_nd_type_t nt_nd_promote(nt_nd_type_t a, nt_nd_type_t b);

/* Makes one of zeros.  False after nt_call_fail: it would have more than
 * NT_ND_MAX elements or NT_ND_DIMS dimensions, or memory is out. */
bool nt_nd_make(nt_node_call_t *call, nt_ndarray_t *a, nt_nd_type_t type,
                unsigned n_dims, const size_t *shape);
void nt_nd_free(nt_ndarray_t *a);

/* Element k as a double. */
double nt_nd_float(const nt_ndarray_t *a, size_t k);

/* Makes it of floats; false when memory is out. */
bool nt_nd_to_float(nt_ndarray_t *a, nt_nd_type_t type);

/* Appends the bytes of the elements. */
void nt_nd_bytes(nt_buf_t *out, const nt_ndarray_t *a);

const char *nt_nd_dtype(nt_nd_type_t type); /* "<f8" */

/* Reads a value: an array, or a number or bool as one without dimensions.
 * `name` is the property that messages tell of.  False after
 * nt_call_fail. */
bool nt_nd_read(nt_node_call_t *call, const char *name, const json_t *value,
                nt_ndarray_t *a);
bool nt_arg_ndarray(nt_node_call_t *call, const char *name, nt_ndarray_t *a);

/* Reads nested lists of numbers, as numpy.array() does. */
bool nt_nd_from_list(nt_node_call_t *call, const char *name, json_t *list,
                     nt_ndarray_t *a);

/* The value.  A new reference; NULL when memory is out. */
json_t *nt_nd_json(const nt_ndarray_t *a);

/* Element k, or all as nested lists.  A new reference; NULL when memory is
 * out or after nt_call_fail: JSON has no infinities and no nan. */
json_t *nt_nd_item(nt_node_call_t *call, const nt_ndarray_t *a, size_t k);
json_t *nt_nd_to_list(nt_node_call_t *call, const nt_ndarray_t *a);

/* Sends it out of an output and frees it. */
nt_node_rc_t nt_emit_ndarray(nt_node_call_t *call, const char *output,
                             nt_ndarray_t *a);

/* Sends it out of "output", a single element as a number, and frees it. */
nt_node_rc_t nt_emit_nd_result(nt_node_call_t *call, nt_ndarray_t *a);

#endif
