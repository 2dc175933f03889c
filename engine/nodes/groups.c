/*
 * engine/nodes/groups.c - rows of data frames by equal cells.
 */

#include <stdlib.h>

#include "engine/nodes/groups.h"
#include "engine/nodes/pyvalue.h"


/* --- order --- */

typedef struct {
    json_t *const *values;
    const json_t **fault;
} order_t;


static int
compare(const void *a, const void *b, void *data)
{
    int      order = 0;
    size_t   i = *(const size_t *) a, j = *(const size_t *) b;
    order_t *sort = data;

    if (!nt_py_order(sort->values[i], sort->values[j], &order)) {
        order = 0;
        sort->fault[0] = sort->values[i];
        sort->fault[1] = sort->values[j];
    }

    return order != 0 ? order : (i > j) - (i < j);
}


size_t *
nt_sort_order(json_t *const *values, size_t n, const json_t *fault[2])
{
    size_t  i, *order;
    order_t sort = { values, fault };

    fault[0] = NULL;
    order = malloc((n + 1) * sizeof(*order));

    if (order == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        order[i] = i;
    }

    qsort_r(order, n, sizeof(*order), compare, &sort);

    if (fault[0] != NULL) {
        free(order);
        return NULL;
    }

    return order;
}


/* --- groups --- */

/* The cells of some columns as a list; NULL when memory is out. */
static json_t *
make_key(const json_t *row, const size_t *columns, size_t n)
{
    size_t  i;
    json_t *key = json_array();

    for (i = 0; i < n; i++) {
        if (json_array_append(key, json_array_get(row, columns[i])) != 0) {
            json_decref(key);
            return NULL;
        }
    }

    return key;
}


static bool
has_null(const json_t *key)
{
    size_t  i;
    json_t *cell;

    json_array_foreach(key, i, cell)
    {
        if (json_is_null(cell)) {
            return true;
        }
    }

    return false;
}


static bool
set_position(json_t *index, const json_t *key, size_t position)
{
    bool     ok;
    nt_buf_t text = { 0 };

    nt_py_key(&text, key);
    ok = !text.failed &&
         json_object_setn_new_nocheck(index, text.data, text.len,
                                      json_integer((json_int_t) position)) == 0;
    nt_buf_free(&text);
    return ok;
}


static bool
get_position(const json_t *index, const json_t *key, size_t *position,
             bool *failed)
{
    json_t  *found = NULL;
    nt_buf_t text = { 0 };

    nt_py_key(&text, key);
    *failed = text.failed;

    if (!text.failed) {
        found = json_object_getn(index, text.data, text.len);
        *position = (size_t) json_integer_value(found);
    }

    nt_buf_free(&text);
    return found != NULL;
}


static bool
add_row(nt_groups_t *groups, json_t *key, json_t *row)
{
    bool   failed;
    size_t position;

    if (!get_position(groups->index, key, &position, &failed)) {
        position = json_array_size(groups->keys);

        if (failed || !set_position(groups->index, key, position) ||
            json_array_append(groups->keys, key) != 0 ||
            json_array_append_new(groups->members, json_array()) != 0)
        {
            return false;
        }
    }

    return json_array_append(json_array_get(groups->members, position), row) ==
           0;
}


bool
nt_groups_make(nt_groups_t *groups, const json_t *rows, const size_t *columns,
               size_t n, bool skip_null)
{
    bool    ok;
    size_t  i;
    json_t *row, *key;

    groups->index = json_object();
    groups->keys = json_array();
    groups->members = json_array();
    ok = groups->index != NULL && groups->keys != NULL &&
         groups->members != NULL;

    json_array_foreach(rows, i, row)
    {
        if (!ok) {
            break;
        }

        key = make_key(row, columns, n);
        ok = key != NULL &&
             ((skip_null && has_null(key)) || add_row(groups, key, row));
        json_decref(key);
    }

    return ok;
}


void
nt_groups_free(nt_groups_t *groups)
{
    json_decref(groups->index);
    json_decref(groups->keys);
    json_decref(groups->members);
    *groups = (nt_groups_t) { 0 };
}


static bool
reorder(nt_groups_t *groups, const size_t *order)
{
    bool    ok = true;
    size_t  i, n = json_array_size(groups->keys);
    json_t *keys = json_array(), *members = json_array(), *key;

    for (i = 0; i < n && ok; i++) {
        key = json_array_get(groups->keys, order[i]);
        ok = json_array_append(keys, key) == 0 &&
             json_array_append(members, json_array_get(groups->members,
                                                       order[i])) == 0 &&
             set_position(groups->index, key, i);
    }

    if (!ok) {
        json_decref(keys);
        json_decref(members);
        return false;
    }

    json_decref(groups->keys);
    json_decref(groups->members);
    groups->keys = keys;
    groups->members = members;
    return true;
}


bool
nt_groups_sort(nt_groups_t *groups)
{
    bool          ok;
    size_t        i, *order, n = json_array_size(groups->keys);
    json_t      **keys;
    const json_t *fault[2];

    keys = malloc((n + 1) * sizeof(json_t *));

    if (keys == NULL) {
        return false;
    }

    for (i = 0; i < n; i++) {
        keys[i] = json_array_get(groups->keys, i);
    }

    order = nt_sort_order(keys, n, fault);
    free(keys);

    /* without an order the groups stay as they came up */
    ok = order != NULL ? reorder(groups, order) : fault[0] != NULL;
    free(order);
    return ok;
}


bool
nt_groups_find(const nt_groups_t *groups, const json_t *row,
               const size_t *columns, size_t n, size_t *position, bool *failed)
{
    bool    found;
    json_t *key = make_key(row, columns, n);

    *failed = key == NULL;
    found = key != NULL && get_position(groups->index, key, position, failed);
    json_decref(key);
    return found;
}
