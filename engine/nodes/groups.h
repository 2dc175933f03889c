/*
 * engine/nodes/groups.h - rows of data frames by equal cells.
 */

#ifndef NT_GROUPS_H
#define NT_GROUPS_H

#include "engine/nodes/dataframe.h"

/* A zeroed one may be freed.  The lists go together. */
typedef struct {
    json_t *index;   /* the position of a group by the text of its key */
    json_t *keys;    /* of each group, the list of its cells */
    json_t *members; /* of each group, the list of its rows */
} nt_groups_t;

/* Groups rows by the cells of `n` columns, in the order in which groups come
 * up; with `skip_null`, rows with a null among these are left out.  False
 * when memory is out; *groups is to be freed in either case. */
bool nt_groups_make(nt_groups_t *groups, const json_t *rows,
                    const size_t *columns, size_t n, bool skip_null);
void nt_groups_free(nt_groups_t *groups);

/* Puts groups in the order of their keys, unless these have none.  False
 * when memory is out. */
bool nt_groups_sort(nt_groups_t *groups);

/* The position of the group that a row belongs to by its own columns; false
 * when there is none, with *failed set when memory is out. */
bool nt_groups_find(const nt_groups_t *groups, const json_t *row,
                    const size_t *columns, size_t n, size_t *position,
                    bool *failed);

/* Sorts `n` values by nt_py_order, equal ones by their places; order[i] is
 * the place of the i-th one.  malloc'ed; NULL when memory is out, or with
 * *fault set to a pair of values that have no order (borrowed). */
size_t *nt_sort_order(json_t *const *values, size_t n, const json_t *fault[2]);

#endif
