/*
 * engine/nodes/aggregate.h - one value of the cells of a column, as pandas
 * makes it: nulls do not count.
 */

#ifndef NT_AGGREGATE_H
#define NT_AGGREGATE_H

#include "engine/nodes/dataframe.h"

typedef enum {
    NT_AGG_SUM, /* of numbers; of texts, one behind the other */
    NT_AGG_MEAN,
    NT_AGG_COUNT,
    NT_AGG_MIN,
    NT_AGG_MAX,
    NT_AGG_FIRST,
    NT_AGG_LAST,
    NT_AGG_STD, /* of a sample: divided by n - 1 */
    NT_AGG_VAR,
    NT_AGG_MEDIAN,
    NT_AGG_N
} nt_agg_t;

/* Reads the name of one before `end` from a property; false after
 * nt_call_fail. */
bool nt_arg_agg(nt_node_call_t *call, const char *property, nt_agg_t end,
                nt_agg_t *agg);

/* The value for a column of some rows: null when there is none.  A new
 * reference; NULL after nt_call_fail. */
json_t *nt_aggregate(nt_node_call_t *call, nt_agg_t agg,
                     const nt_dataframe_t *df, const json_t *rows,
                     size_t column);

#endif
