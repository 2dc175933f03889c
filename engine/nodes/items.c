/*
 * engine/nodes/items.c - nodes that make a list and send it item by item.
 */

#include "engine/nodes/items.h"


typedef struct {
    json_t *list;
    size_t  next;
} items_t;


static void
items_free(void *state)
{
    json_decref(((items_t *) state)->list);
}


nt_node_rc_t
nt_items_run(nt_node_call_t *call, nt_items_make_t make)
{
    json_t     *value;
    items_t    *items;
    const char *output;

    items = nt_call_state(call, sizeof(items_t), items_free);

    if (items == NULL) {
        return nt_arg_nomem(call);
    }

    if (items->list == NULL) {
        items->list = make(call);

        if (items->list == NULL) {
            return NT_NODE_FAIL;
        }
    }

    if (items->next == json_array_size(items->list)) {
        return NT_NODE_DONE;
    }

    json_object_foreach(json_array_get(items->list, items->next), output, value)
    {
        if (nt_call_emit(call, output, json_incref(value)) != NT_NODE_DONE) {
            return NT_NODE_FAIL;
        }
    }

    items->next++;
    return NT_NODE_MORE;
}
