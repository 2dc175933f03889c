/*
 * engine/nodes/list.h - what the files of nodetool.list.* share.
 */

#ifndef NT_LIST_H
#define NT_LIST_H

#include "engine/nodes/args.h"

extern const nt_property_t nt_list_values[]; /* values: list[any] */

/* list_range.c */
extern const nt_node_type_t nt_list_range, nt_list_sequence;

/* list_sets.c */
extern const nt_node_type_t nt_list_dedupe, nt_list_union, nt_list_intersection,
    nt_list_difference, nt_list_sort, nt_list_randomize, nt_list_save;

/* list_numbers.c */
extern const nt_node_type_t nt_list_sum, nt_list_average, nt_list_minimum,
    nt_list_maximum, nt_list_product;

#endif
