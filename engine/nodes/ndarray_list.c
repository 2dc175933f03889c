/*
 * engine/nodes/ndarray_list.c - NumPy's arrays from and to nested lists.
 */

#include "engine/nodes/ndarray.h"


/* The shape along the first items, and the type of all. */
static bool
list_shape(json_t *list, size_t *shape, unsigned *n_dims)
{
    for (*n_dims = 0; json_is_array(list); list = json_array_get(list, 0)) {
        if (*n_dims == NT_ND_DIMS) {
            return false;
        }

        shape[(*n_dims)++] = json_array_size(list);
    }

    return true;
}


/* Does `value` have the shape?  Widens *type to that of its numbers, of
 * which *any tells whether there are some. */
static bool
list_fits(json_t *value, const size_t *shape, unsigned n_dims,
          nt_nd_type_t *type, bool *any)
{
    size_t       i;
    json_t      *item;
    nt_nd_type_t own;

    if (n_dims == 0) {
        if (!json_is_number(value) && !json_is_boolean(value)) {
            return false;
        }

        own = json_is_real(value)      ? NT_ND_F8
              : json_is_integer(value) ? NT_ND_I8
                                       : NT_ND_BOOL;
        *type = *any ? nt_nd_promote(*type, own) : own;
        *any = true;
        return true;
    }

    if (!json_is_array(value) || json_array_size(value) != shape[0]) {
        return false;
    }

    json_array_foreach(value, i, item)
    {
        if (!list_fits(item, shape + 1, n_dims - 1, type, any)) {
            return false;
        }
    }

    return true;
}


static void
list_fill(nt_ndarray_t *a, json_t *value, size_t *k)
{
    size_t  i;
    json_t *item;

    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            list_fill(a, item, k);
        }

        return;
    }

    if (a->f != NULL) {
        a->f[*k] = json_is_number(value) ? json_number_value(value)
                                         : json_is_true(value);
    } else {
        a->i[*k] = json_is_integer(value) ? json_integer_value(value)
                                          : json_is_true(value);
    }

    (*k)++;
}


bool
nt_nd_from_list(nt_node_call_t *call, const char *name, json_t *list,
                nt_ndarray_t *a)
{
    bool         any;
    size_t       k, shape[NT_ND_DIMS];
    unsigned     n_dims;
    nt_nd_type_t type;

    *a = (nt_ndarray_t) { 0 };
    type = NT_ND_F8; /* of an empty list */
    any = false;

    if (!list_shape(list, shape, &n_dims) ||
        !list_fits(list, shape, n_dims, &type, &any))
    {
        (void) nt_call_fail(call,
                            "'%s' must be a list of numbers, or of lists of "
                            "the same shape",
                            name);
        return false;
    }

    if (!nt_nd_make(call, a, type, n_dims, shape)) {
        return false;
    }

    k = 0;
    list_fill(a, list, &k);
    return true;
}


static json_t *
to_list(nt_node_call_t *call, const nt_ndarray_t *a, unsigned dim, size_t *k)
{
    size_t  i;
    json_t *list;

    if (dim == a->n_dims) {
        return nt_nd_item(call, a, (*k)++);
    }

    list = json_array();

    for (i = 0; list != NULL && i < a->shape[dim]; i++) {
        if (json_array_append_new(list, to_list(call, a, dim + 1, k)) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


json_t *
nt_nd_to_list(nt_node_call_t *call, const nt_ndarray_t *a)
{
    size_t   k, lists;
    unsigned d;

    /* of a shape like (4194304, 0) there would be nothing but lists */
    for (lists = 1, d = 0; d + 1 < a->n_dims; d++) {
        if (__builtin_mul_overflow(lists, a->shape[d], &lists) ||
            lists > NT_ND_MAX) {
            (void) nt_call_fail(call, "the array is too large for a list");
            return NULL;
        }
    }

    k = 0;
    return to_list(call, a, 0, &k);
}
