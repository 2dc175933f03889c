/*
 * engine/nodes/ndarray.c - NumPy's arrays as values.
 */

#include <math.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "engine/assets/uri.h"
#include "engine/nodes/ndarray.h"
#include "engine/nodes/ustr.h"

typedef struct {
    const char *name; /* of the dtype */
    size_t      size; /* bytes of an element */
} dtype_t;

static const dtype_t dtypes[] = {
    [NT_ND_BOOL] = { "|b1", 1 }, [NT_ND_I1] = { "|i1", 1 },
    [NT_ND_I2] = { "<i2", 2 },   [NT_ND_I4] = { "<i4", 4 },
    [NT_ND_I8] = { "<i8", 8 },   [NT_ND_U1] = { "|u1", 1 },
    [NT_ND_U2] = { "<u2", 2 },   [NT_ND_U4] = { "<u4", 4 },
    [NT_ND_F4] = { "<f4", 4 },   [NT_ND_F8] = { "<f8", 8 }
};

#define N_DTYPES (sizeof(dtypes) / sizeof(dtypes[0]))


bool
nt_nd_is_float(nt_nd_type_t type)
{
    return type >= NT_ND_F4;
}


static bool
is_unsigned(nt_nd_type_t type)
{
    return type >= NT_ND_U1 && type <= NT_ND_U4;
}


const char *
nt_nd_dtype(nt_nd_type_t type)
{
    return dtypes[type].name;
}


nt_nd_type_t
nt_nd_promote(nt_nd_type_t a, nt_nd_type_t b)
{
    nt_nd_type_t swap;

    if (a == b || b == NT_ND_BOOL) {
        return a;
    }

    if (a == NT_ND_BOOL) {
        return b;
    }

    if (nt_nd_is_float(a) || nt_nd_is_float(b)) {
        if (!nt_nd_is_float(a)) {
            swap = a;
            a = b;
            b = swap;
        }

        if (a == NT_ND_F8 || b == NT_ND_F8) {
            return NT_ND_F8;
        }

        /* a float of four bytes holds every int of two, not of four */
        return dtypes[b].size <= 2 ? NT_ND_F4 : NT_ND_F8;
    }

    if (is_unsigned(a) == is_unsigned(b)) {
        return dtypes[a].size > dtypes[b].size ? a : b;
    }

    if (is_unsigned(b)) {
        swap = a;
        a = b;
        b = swap;
    }

    /* a is unsigned, b is not: the smallest signed type for both */
    if (dtypes[b].size > dtypes[a].size) {
        return b;
    }

    return a == NT_ND_U1 ? NT_ND_I2 : a == NT_ND_U2 ? NT_ND_I4 : NT_ND_I8;
}


bool
nt_nd_make(nt_node_call_t *call, nt_ndarray_t *a, nt_nd_type_t type,
           unsigned n_dims, const size_t *shape)
{
    size_t   size;
    unsigned d;

    *a = (nt_ndarray_t) { .type = type, .n_dims = n_dims };

    if (n_dims > NT_ND_DIMS) {
        (void) nt_call_fail(call,
                            "an array would have %u dimensions; at most %d "
                            "are possible",
                            n_dims, NT_ND_DIMS);
        return false;
    }

    size = 1;

    for (d = 0; d < n_dims; d++) {
        a->shape[d] = shape[d];

        if (__builtin_mul_overflow(size, shape[d], &size)) {
            size = SIZE_MAX;
            break;
        }
    }

    if (size > NT_ND_MAX) {
        (void) nt_call_fail(call,
                            "an array would have more than %zu elements, "
                            "which is the most",
                            NT_ND_MAX);
        return false;
    }

    a->size = size;
    size = size > 0 ? size : 1;

    if (nt_nd_is_float(type)) {
        a->f = calloc(size, sizeof(*a->f));
    } else {
        a->i = calloc(size, sizeof(*a->i));
    }

    if (a->f == NULL && a->i == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


void
nt_nd_free(nt_ndarray_t *a)
{
    free(a->i);
    free(a->f);
    *a = (nt_ndarray_t) { 0 };
}


double
nt_nd_float(const nt_ndarray_t *a, size_t k)
{
    return a->f != NULL ? a->f[k] : (double) a->i[k];
}


bool
nt_nd_to_float(nt_ndarray_t *a, nt_nd_type_t type)
{
    size_t k;

    if (a->f == NULL) {
        a->f = malloc((a->size > 0 ? a->size : 1) * sizeof(*a->f));

        if (a->f == NULL) {
            return false;
        }

        for (k = 0; k < a->size; k++) {
            a->f[k] = (double) a->i[k];
        }

        free(a->i);
        a->i = NULL;
    }

    if (type == NT_ND_F4) {
        for (k = 0; k < a->size; k++) {
            a->f[k] = (float) a->f[k];
        }
    }

    a->type = type;
    return true;
}


/* --- bytes --- */

static int64_t
wrap(nt_nd_type_t type, int64_t n)
{
    switch (type) {
    case NT_ND_BOOL:
        return n != 0;
    case NT_ND_I1:
        return (int8_t) n;
    case NT_ND_I2:
        return (int16_t) n;
    case NT_ND_I4:
        return (int32_t) n;
    case NT_ND_U1:
        return (uint8_t) n;
    case NT_ND_U2:
        return (uint16_t) n;
    case NT_ND_U4:
        return (uint32_t) n;
    default:
        return n;
    }
}


void
nt_nd_bytes(nt_buf_t *out, const nt_ndarray_t *a)
{
    char         *p;
    float         single;
    size_t        k, size;
    unsigned      shift;
    uint64_t      bits;
    const double *f;

    size = dtypes[a->type].size;
    p = nt_buf_reserve(out, a->size * size);

    if (p == NULL) {
        return;
    }

    for (k = 0; k < a->size; k++) {
        if (a->type == NT_ND_F8) {
            f = &a->f[k];
            (void) memcpy(&bits, f, sizeof(bits));
        } else if (a->type == NT_ND_F4) {
            single = (float) a->f[k];
            bits = 0;
            (void) memcpy(&bits, &single, sizeof(single));
        } else {
            bits = (uint64_t) wrap(a->type, a->i[k]);
        }

        for (shift = 0; shift < 8 * size; shift += 8) {
            *p++ = (char) (bits >> shift);
        }
    }

    out->len += a->size * size;
}


static void
read_bytes(nt_ndarray_t *a, const char *data)
{
    float                single;
    size_t               k, b, size;
    uint64_t             bits;
    const unsigned char *p;

    p = (const unsigned char *) data;
    size = dtypes[a->type].size;

    for (k = 0; k < a->size; k++, p += size) {
        bits = 0;

        for (b = 0; b < size; b++) {
            bits |= (uint64_t) p[b] << (8 * b);
        }

        if (a->type == NT_ND_F8) {
            (void) memcpy(&a->f[k], &bits, sizeof(bits));
        } else if (a->type == NT_ND_F4) {
            (void) memcpy(&single, &bits, sizeof(single));
            a->f[k] = single;
        } else {
            a->i[k] = wrap(a->type, (int64_t) bits);
        }
    }
}


/* --- from JSON --- */

static bool
read_type(nt_node_call_t *call, const char *name, const json_t *value,
          nt_nd_type_t *type)
{
    size_t   i;
    nt_str_t dtype;

    dtype = nt_ustr(json_object_get(value, "dtype"));

    for (i = 0; i < N_DTYPES; i++) {
        if (nt_str_eq(dtype, nt_str(dtypes[i].name))) {
            *type = (nt_nd_type_t) i;
            return true;
        }
    }

    (void) nt_call_fail(call,
                        "'%s' is an array of the type \"%.*s\"; only |b1 |i1 "
                        "<i2 <i4 <i8 |u1 <u2 <u4 <f4 and <f8 are known here",
                        name, (int) dtype.len, dtype.data);
    return false;
}


static bool
read_shape(nt_node_call_t *call, const char *name, const json_t *value,
           size_t *shape, unsigned *n_dims)
{
    size_t        d;
    json_t       *length;
    const json_t *list;

    list = json_object_get(value, "shape");

    if (!json_is_array(list) || json_array_size(list) > NT_ND_DIMS) {
        (void) nt_call_fail(call,
                            "'%s' must have a \"shape\": a list of at most "
                            "%d ints",
                            name, NT_ND_DIMS);
        return false;
    }

    json_array_foreach(list, d, length)
    {
        if (!json_is_integer(length) || json_integer_value(length) < 0) {
            (void) nt_call_fail(call,
                                "'%s' must have ints that are not negative "
                                "in its \"shape\"",
                                name);
            return false;
        }

        shape[d] = (size_t) json_integer_value(length);
    }

    *n_dims = (unsigned) json_array_size(list);
    return true;
}


static bool
read_array(nt_node_call_t *call, const char *name, const json_t *value,
           nt_ndarray_t *a)
{
    bool          good;
    size_t        shape[NT_ND_DIMS];
    nt_rc_t       rc;
    nt_buf_t      bytes = { 0 };
    unsigned      n_dims;
    nt_nd_type_t  type;
    const json_t *base64;

    base64 = json_object_get(value, "value");

    if (!json_is_string(base64)) {
        (void) nt_call_fail(call,
                            "'%s' is an array without a value: connect one, "
                            "or give its bytes as base64",
                            name);
        return false;
    }

    if (!read_type(call, name, value, &type) ||
        !read_shape(call, name, value, shape, &n_dims) ||
        !nt_nd_make(call, a, type, n_dims, shape))
    {
        return false;
    }

    rc = nt_base64_decode(&bytes, nt_ustr(base64));
    good = rc == NT_OK && !bytes.failed &&
           bytes.len == a->size * dtypes[type].size;

    if (good) {
        read_bytes(a, bytes.data);
    } else if (bytes.failed || rc == NT_NOMEM) {
        (void) nt_arg_nomem(call);
    } else if (rc != NT_OK) {
        (void) nt_call_fail(call, "'%s' has a \"value\" that is not base64",
                            name);
    } else {
        (void) nt_call_fail(call,
                            "'%s' has a \"value\" of %zu bytes; its dtype "
                            "and shape ask for %zu",
                            name, bytes.len, a->size * dtypes[type].size);
    }

    nt_buf_free(&bytes);
    return good;
}


bool
nt_nd_read(nt_node_call_t *call, const char *name, const json_t *value,
           nt_ndarray_t *a)
{
    *a = (nt_ndarray_t) { 0 };

    if (json_is_object(value)) {
        return read_array(call, name, value, a);
    }

    if (!json_is_number(value) && !json_is_boolean(value)) {
        (void) nt_call_fail(call, "'%s' must be an array or a number", name);
        return false;
    }

    if (!nt_nd_make(call, a,
                    json_is_real(value)      ? NT_ND_F8
                    : json_is_integer(value) ? NT_ND_I8
                                             : NT_ND_BOOL,
                    0, NULL))
    {
        return false;
    }

    if (a->f != NULL) {
        a->f[0] = json_real_value(value);
    } else {
        a->i[0] = json_is_integer(value) ? json_integer_value(value)
                                         : json_is_true(value);
    }

    return true;
}


bool
nt_arg_ndarray(nt_node_call_t *call, const char *name, nt_ndarray_t *a)
{
    return nt_nd_read(call, name, nt_call_input(call, name), a);
}


/* --- to JSON --- */

json_t *
nt_nd_item(nt_node_call_t *call, const nt_ndarray_t *a, size_t k)
{
    double  x;
    int64_t n;

    if (a->f == NULL) {
        n = wrap(a->type, a->i[k]);
        return a->type == NT_ND_BOOL ? json_boolean(n) : json_integer(n);
    }

    x = a->type == NT_ND_F4 ? (float) a->f[k] : a->f[k];

    if (!isfinite(x)) {
        (void) nt_call_fail(call, "the result is %s, which JSON cannot hold",
                            isnan(x) ? "nan" : "infinite");
        return NULL;
    }

    return json_real(x);
}


static json_t *
shape_json(const nt_ndarray_t *a)
{
    json_t  *shape;
    unsigned d;

    shape = json_array();

    for (d = 0; shape != NULL && d < a->n_dims; d++) {
        if (json_array_append_new(shape,
                                  json_integer((json_int_t) a->shape[d])) != 0)
        {
            json_decref(shape);
            return NULL;
        }
    }

    return shape;
}


json_t *
nt_nd_json(const nt_ndarray_t *a)
{
    char    *p;
    json_t  *value;
    nt_buf_t bytes = { 0 }, text = { 0 };

    nt_nd_bytes(&bytes, a);
    p = bytes.failed ? NULL : nt_buf_reserve(&text, bytes.len / 3 * 4 + 5);
    value = NULL;

    if (p != NULL) {
        /* at most 64 MiB, so an int holds it */
        text.len = (size_t) EVP_EncodeBlock((unsigned char *) p,
                                            (unsigned char *) bytes.data,
                                            (int) bytes.len);
        value = json_pack("{s:s, s:s%, s:s, s:o}", "type", "np_array", "value",
                          text.data, text.len, "dtype", nt_nd_dtype(a->type),
                          "shape", shape_json(a));
    }

    nt_buf_free(&bytes);
    nt_buf_free(&text);
    return value;
}


nt_node_rc_t
nt_emit_ndarray(nt_node_call_t *call, const char *output, nt_ndarray_t *a)
{
    json_t *value;

    value = nt_nd_json(a);
    nt_nd_free(a);
    return nt_call_emit(call, output, value);
}


nt_node_rc_t
nt_emit_nd_result(nt_node_call_t *call, nt_ndarray_t *a)
{
    json_t *item;

    if (a->size != 1) {
        return nt_emit_ndarray(call, "output", a);
    }

    item = nt_nd_item(call, a, 0);
    nt_nd_free(a);
    return item == NULL ? NT_NODE_FAIL : nt_emit(call, item);
}
