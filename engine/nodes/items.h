/*
 * engine/nodes/items.h - nodes that make a list and send it item by item.
 */

#ifndef NT_ITEMS_H
#define NT_ITEMS_H

#include "engine/nodes/args.h"

/* Makes the items: an array of objects whose members are values of outputs.
 * A new reference; NULL after nt_call_fail. */
typedef json_t *(*nt_items_make_t)(nt_node_call_t *call);

/* The run of a node with NT_NODE_STREAMING_OUTPUT: one item a call. */
nt_node_rc_t nt_items_run(nt_node_call_t *call, nt_items_make_t make);

#endif
