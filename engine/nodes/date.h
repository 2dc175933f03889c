/*
 * engine/nodes/date.h - what the files of lib.date share.
 */

#ifndef NT_DATE_H
#define NT_DATE_H

#include "engine/nodes/args.h"
#include "engine/nodes/datetime.h"
#include "engine/nodes/defaults.h"

#define NT_PROP_DATETIME(name, text)                                           \
    NT_PROP(name, "datetime", NT_DEFAULT_DATETIME, text)

/* The single output "output". */
extern const nt_output_t nt_out_datetime[];

extern const nt_property_t nt_date_input_datetime[];

/* Fails the node, as its result would lie outside of the years 1 to 9999. */
nt_node_rc_t nt_date_range_error(nt_node_call_t *call);

extern const nt_node_type_t nt_date_boundary;
extern const nt_node_type_t nt_date_in_range;
extern const nt_node_type_t nt_date_quarter;
extern const nt_node_type_t nt_date_range;
extern const nt_node_type_t nt_date_relative;

#endif
