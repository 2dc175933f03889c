#include "engine/graph/run.h"

#include <stdlib.h>

static bool
grow(nt_inbox_t *inbox)
{
    nt_item_t *items;
    uint32_t   i;

    items = calloc(2 * (size_t) inbox->cap, sizeof(*items));
    if (items == NULL) {
        return false;
    }
    for (i = 0; i < inbox->count; i++) {
        items[i] = inbox->items[(inbox->head + i) & (inbox->cap - 1)];
    }
    if (inbox->items != inbox->fixed) {
        free(inbox->items);
    }
    inbox->items = items;
    inbox->cap *= 2;
    inbox->head = 0;
    return true;
}

bool
nt_inbox_put(nt_inbox_t *inbox, json_t *value, uint32_t seq)
{
    nt_item_t *item;

    /* The limit holds producers back, but a node may emit several values in
     * one activation; they all have their place. */
    if (inbox->count == inbox->cap && !grow(inbox)) {
        return false;
    }
    item = &inbox->items[(inbox->head + inbox->count) & (inbox->cap - 1)];
    item->value = json_incref(value);
    item->seq = seq;
    inbox->count++;
    return true;
}

json_t *
nt_inbox_take(nt_inbox_t *inbox)
{
    json_t *value;

    value = inbox->items[inbox->head].value;
    inbox->head = (inbox->head + 1) & (inbox->cap - 1);
    inbox->count--;
    return value;
}

void
nt_inbox_clear(nt_inbox_t *inbox)
{
    while (inbox->count > 0) {
        json_decref(nt_inbox_take(inbox));
    }
    if (inbox->items != inbox->fixed) {
        free(inbox->items);
        inbox->items = inbox->fixed;
        inbox->cap = sizeof(inbox->fixed) / sizeof(inbox->fixed[0]);
        inbox->head = 0;
    }
    json_decref(inbox->value);
    inbox->value = NULL;
}

uint32_t
nt_inbox_first(const nt_node_call_t *call)
{
    const nt_inbox_t *inbox;
    uint32_t          i, seq, best = 0, best_age = 0;

    for (i = 0; i < call->plan->n_handles; i++) {
        inbox = &call->inboxes[i];
        if (inbox->count == 0) {
            continue;
        }
        /* Ages and not numbers are compared: the numbers wrap around. */
        seq = inbox->items[inbox->head].seq;
        if (call->arrivals - seq > best_age) {
            best_age = call->arrivals - seq;
            best = i;
        }
    }
    return best;
}
