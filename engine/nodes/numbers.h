/*
 * engine/nodes/numbers.h - the conditions that filters of numbers share.
 */

#ifndef NT_NUMBERS_H
#define NT_NUMBERS_H

#include "engine/nodetool_node.h"

extern const char *const nt_number_conditions[]; /* values of filter_type */

/* Whether `value` meets the latest filter_type and compare_value.  Only ints
 * are even or odd unless `whole_floats`. */
bool nt_number_meets(nt_node_call_t *call, const json_t *value,
                     bool whole_floats);

/* Whether it lies between the latest min_value and max_value. */
bool nt_number_between(nt_node_call_t *call, const json_t *value);

#endif
