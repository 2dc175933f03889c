/*
 * engine/agents/list_items.h - items of a list in a model's answer, as they
 * stream in.
 *
 *   <LIST_ITEM>first</LIST_ITEM>
 *   <LIST_ITEM>second, over
 *   two lines</LIST_ITEM>
 *
 * Text between items is skipped; tags are found in any case.  An item loses
 * its asterisks of bold text, and white space in it becomes one space.  An
 * item that the answer's end cuts off is none.
 */

#ifndef NT_LIST_ITEMS_H
#define NT_LIST_ITEMS_H

#include "core/nt_buf.h"

#define NT_LIST_ITEM_MAX (1024 * 1024) /* bytes of one item */

typedef struct {
    nt_buf_t item;   /* of the open item, as it came */
    size_t   match;  /* characters of the next tag that have come */
    bool     inside; /* an item is open */
    bool     tagged; /* there was a tag */
} nt_list_items_t;   /* zeroed: at the start */

/* What is done with an item; false ends the parsing. */
typedef bool (*nt_list_item_pt)(void *arg, nt_str_t item);

/*
 * Takes the next piece of the answer, cut anywhere.  NT_OK; NT_ERROR when
 * `item` returned false; NT_LIMIT for an item of more than NT_LIST_ITEM_MAX;
 * NT_NOMEM.
 */
nt_rc_t nt_list_items_feed(nt_list_items_t *items, nt_str_t text,
                           nt_list_item_pt item, void *arg);

void nt_list_items_free(nt_list_items_t *items);

/*
 * Items of an answer without tags, from models that write lists their own
 * way: the lines that start with "-", "*", "+", a bullet, "1." or "1)".  As
 * above.
 */
nt_rc_t nt_list_items_plain(nt_str_t text, nt_list_item_pt item, void *arg);

#endif
