/*
 * core/llm/nt_llm_api_responses_items.c - the events of a response's items.
 *
 * Calls may come in each other: they stay open to the end.  Of other items
 * one is open at a time.
 */

#include <stdlib.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_responses.h"


/* --- events --- */

void
nt_responses_event(nt_responses_writer_t *r, const char *type)
{
    nt_buf_t *out = r->w.out;

    nt_buf_append(out, "event: ", 7);
    nt_buf_append_str(out, nt_str(type));
    nt_buf_append_str(out, NT_STR("\ndata: {\"type\":\""));
    nt_buf_append_str(out, nt_str(type));
    nt_buf_append_str(out, NT_STR("\",\"sequence_number\":"));
    nt_buf_append_uint(out, r->sequence++);
}


void
nt_responses_event_end(nt_responses_writer_t *r)
{
    nt_buf_append(r->w.out, "}\n\n", 3);
}


void
nt_responses_event_object(nt_responses_writer_t *r, const char *type,
                          const char *status, const nt_llm_error_t *error)
{
    nt_responses_event(r, type);
    nt_buf_append_str(r->w.out, NT_STR(",\"response\":"));
    nt_responses_object(r, status, error, r->w.out);
    nt_responses_event_end(r);
}


void
nt_responses_begin(nt_responses_writer_t *r)
{
    if (!r->w.begun) {
        r->w.begun = true;
        nt_responses_event_object(r, "response.created", "in_progress", NULL);
        nt_responses_event_object(r, "response.in_progress", "in_progress",
                                  NULL);
    }
}


/* The names of an item's events. */
static const struct {
    const char *delta;
    const char *done;
    const char *member; /* of the event that is done */
    const char *added;  /* of its part; NULL: it has none */
    const char *part_done;
} names[] = {
    [NT_RESPONSES_TEXT] = { "response.output_text.delta",
                            "response.output_text.done", "text",
                            "response.content_part.added",
                            "response.content_part.done" },
    [NT_RESPONSES_REFUSAL] = { "response.refusal.delta",
                               "response.refusal.done", "refusal",
                               "response.content_part.added",
                               "response.content_part.done" },
    [NT_RESPONSES_REASONING] = { "response.reasoning_text.delta",
                                 "response.reasoning_text.done", "text",
                                 "response.content_part.added",
                                 "response.content_part.done" },
    [NT_RESPONSES_SUMMARY] = { "response.reasoning_summary_text.delta",
                               "response.reasoning_summary_text.done", "text",
                               "response.reasoning_summary_part.added",
                               "response.reasoning_summary_part.done" },
    [NT_RESPONSES_CALL] = { "response.function_call_arguments.delta",
                            "response.function_call_arguments.done",
                            "arguments", NULL, NULL }
};


static void
write_index(nt_responses_writer_t *r, unsigned i)
{
    nt_buf_append_str(r->w.out, NT_STR(",\"output_index\":"));
    nt_buf_append_uint(r->w.out, i);
}


/* An event with a whole item. */
static void
item_event(nt_responses_writer_t *r, const char *type, unsigned i, bool whole)
{
    nt_responses_event(r, type);
    write_index(r, i);
    nt_buf_append_str(r->w.out, NT_STR(",\"item\":"));
    nt_responses_item(r, i, whole, r->w.out);
    nt_responses_event_end(r);
}


/* An event within an item; each item has one part, number 0. */
static void
begin_inner(nt_responses_writer_t *r, const char *type, unsigned i)
{
    const nt_responses_item_t *item = &r->items[i];

    nt_responses_event(r, type);
    nt_buf_append_str(r->w.out, NT_STR(",\"item_id\":\""));
    nt_responses_item_id(r, i, r->w.out);
    nt_buf_append_char(r->w.out, '"');
    write_index(r, i);

    if (item->kind == NT_RESPONSES_SUMMARY) {
        nt_buf_append_str(r->w.out, NT_STR(",\"summary_index\":0"));
    } else if (item->kind != NT_RESPONSES_CALL) {
        nt_buf_append_str(r->w.out, NT_STR(",\"content_index\":0"));
    }
}


static void
inner_event(nt_responses_writer_t *r, const char *type, unsigned i,
            const char *name, nt_str_t text)
{
    begin_inner(r, type, i);
    nt_llm_write_member(r->w.out, true, name, text);
    if (r->items[i].kind == NT_RESPONSES_TEXT) {
        nt_buf_append_str(r->w.out, NT_STR(",\"logprobs\":[]"));
    } else if (type == names[NT_RESPONSES_CALL].done) {
        nt_llm_write_member(r->w.out, true, "name",
                            nt_llm_buf_str(&r->items[i].name));
    }

    nt_responses_event_end(r);
}


static void
part_event(nt_responses_writer_t *r, const char *type, unsigned i, bool whole)
{
    begin_inner(r, type, i);
    nt_buf_append_str(r->w.out, NT_STR(",\"part\":"));
    nt_responses_part(r, i, whole, r->w.out);
    nt_responses_event_end(r);
}


/* --- items --- */

static void
close_item(nt_responses_writer_t *r, unsigned i)
{
    nt_responses_item_t *item = &r->items[i];

    if (item->done) {
        return;
    }

    item->done = true;
    item->incomplete = r->incomplete != NULL;
    if (item->kind == NT_RESPONSES_CALL && item->text.len == 0) {
        nt_buf_append(&item->text, "{}", 2); /* a call without arguments */
    }

    if (item->kind == NT_RESPONSES_CALL || item->part) {
        inner_event(r, names[item->kind].done, i, names[item->kind].member,
                    nt_llm_buf_str(&item->text));
    }

    if (item->part) {
        part_event(r, names[item->kind].part_done, i, true);
    }

    item_event(r, "response.output_item.done", i, true);
}


static void
close_open(nt_responses_writer_t *r)
{
    if (r->open >= 0) {
        close_item(r, (unsigned) r->open);
        r->open = -1;
    }
}


/* NULL when memory is out. */
static nt_responses_item_t *
add_item(nt_responses_writer_t *r, nt_responses_kind_t kind)
{
    nt_responses_item_t *items;

    nt_responses_begin(r);
    close_open(r);

    items = realloc(r->items, (r->n_items + 1) * sizeof(items[0]));
    if (items == NULL) {
        return NULL;
    }

    r->items = items;
    items[r->n_items] = (nt_responses_item_t) { .kind = kind };

    return &items[r->n_items++];
}


/* The item of this kind that is open, or a new one. */
static nt_responses_item_t *
open_item(nt_responses_writer_t *r, nt_responses_kind_t kind)
{
    nt_responses_item_t *item;

    if (r->open >= 0 && r->items[r->open].kind == kind) {
        return &r->items[r->open];
    }

    item = add_item(r, kind);
    if (item != NULL) {
        r->open = (int) r->n_items - 1;
        item_event(r, "response.output_item.added", (unsigned) r->open, false);
    }

    return item;
}


nt_rc_t
nt_responses_add_text(nt_responses_writer_t *r, nt_responses_kind_t kind,
                      nt_str_t text)
{
    unsigned             i;
    nt_responses_item_t *item = open_item(r, kind);

    if (item == NULL) {
        return NT_NOMEM;
    }

    i = (unsigned) r->open;
    if (!item->part) {
        item->part = true;
        part_event(r, names[item->kind].added, i, false);
    }

    nt_buf_append_str(&item->text, text);
    inner_event(r, names[kind].delta, i, "delta", text);

    return item->text.failed ? NT_NOMEM : NT_OK;
}


nt_rc_t
nt_responses_add_call(nt_responses_writer_t *r, const nt_llm_delta_t *d)
{
    unsigned             i = r->n_items;
    nt_responses_item_t *item = NULL;

    if (d->id.len != 0) {
        item = add_item(r, NT_RESPONSES_CALL);
        if (item == NULL) {
            return NT_NOMEM;
        }

        item->call = d->call;
        nt_buf_append_str(&item->id, d->id);
        nt_buf_append_str(&item->name, d->name);
        item_event(r, "response.output_item.added", i, false);
    } else {
        while (i-- > 0 && item == NULL) {
            if (r->items[i].kind == NT_RESPONSES_CALL &&
                r->items[i].call == d->call) {
                item = &r->items[i];
                break;
            }
        }
    }

    if (item == NULL || d->text.len == 0) {
        return NT_OK;
    }

    nt_buf_append_str(&item->text, d->text);
    inner_event(r, names[NT_RESPONSES_CALL].delta, i, "delta", d->text);

    return item->text.failed || item->id.failed || item->name.failed ? NT_NOMEM
                                                                     : NT_OK;
}


/* Blocks that the provider wants back go with the reasoning. */
nt_rc_t
nt_responses_add_block(nt_responses_writer_t *r, const json_t *block)
{
    nt_responses_item_t *item = open_item(r, r->thinks);

    if (item != NULL && item->list == NULL) {
        item->list = json_array();
    }

    return item != NULL && json_array_append(item->list,
                                             (json_t *) (uintptr_t) block) == 0
               ? NT_OK
               : NT_NOMEM;
}


/* Pictures come whole: of a data URI what is behind its comma. */
nt_rc_t
nt_responses_add_image(nt_responses_writer_t *r, nt_str_t url)
{
    unsigned             i = r->n_items;
    const char          *comma = memchr(url.data, ',', url.len);
    nt_responses_item_t *item;

    if (comma == NULL || url.len < 5 || memcmp(url.data, "data:", 5) != 0) {
        return NT_OK; /* there is no place for a URL */
    }

    item = add_item(r, NT_RESPONSES_IMAGE);
    if (item == NULL) {
        return NT_NOMEM;
    }

    nt_buf_append(&item->text, comma + 1,
                  url.len - (size_t) (comma + 1 - url.data));
    item_event(r, "response.output_item.added", i, false);
    close_item(r, i);

    return item->text.failed ? NT_NOMEM : NT_OK;
}


static void
annotation_event(nt_responses_writer_t *r, unsigned i, const json_t *annotation)
{
    begin_inner(r, "response.output_text.annotation.added", i);
    nt_buf_append_str(r->w.out, NT_STR(",\"annotation_index\":"));
    nt_buf_append_uint(r->w.out, json_array_size(r->items[i].list) - 1);
    nt_buf_append_str(r->w.out, NT_STR(",\"annotation\":"));
    nt_json_append(r->w.out, annotation);
    nt_responses_event_end(r);
}


/* Where the text was found; it may be done, in a whole reply. */
nt_rc_t
nt_responses_add_annotations(nt_responses_writer_t *r, const json_t *list)
{
    size_t               n;
    json_t              *from, *annotation;
    unsigned             i = r->n_items;
    nt_responses_item_t *item = NULL;

    while (i > 0 && item == NULL) {
        item = r->items[--i].kind == NT_RESPONSES_TEXT ? &r->items[i] : NULL;
    }

    if (item == NULL) {
        return NT_OK;
    }

    if (item->list == NULL) {
        item->list = json_array();
    }

    json_array_foreach(list, n, from)
    {
        from = nt_llm_get(from, "url_citation");
        if (from == NULL) {
            continue;
        }

        annotation =
            json_pack("{s:s,s:I,s:I,s:o,s:o}", "type", "url_citation",
                      "start_index",
                      (json_int_t) nt_llm_get_int(from, "start_index", 0),
                      "end_index",
                      (json_int_t) nt_llm_get_int(from, "end_index", 0),
                      "title", nt_llm_json_str(nt_llm_get_str(from, "title")),
                      "url", nt_llm_json_str(nt_llm_get_str(from, "url")));
        if (nt_llm_append(item->list, annotation) != NT_OK) {
            return NT_NOMEM;
        }

        if (!item->done) {
            annotation_event(r, i, annotation);
        }
    }

    return NT_OK;
}


void
nt_responses_close_items(nt_responses_writer_t *r)
{
    close_open(r);
    for (unsigned i = 0; i < r->n_items; i++) {
        close_item(r, i);
    }
}
