/*
 * core/llm/nt_llm_quick.c - events of a shape that is known.
 */

#include "core/llm/nt_llm_quick.h"

static bool read_object(nt_json_pull_t *p, const nt_llm_shape_t *members,
                        nt_llm_quick_t *q);


/* There is one buffer for the text that has escapes. */
static bool
read_text(nt_json_pull_t *p, unsigned slot, nt_llm_quick_t *q)
{
    nt_str_t text;

    nt_json_pull_blanks(p);
    if (p->at < p->end && *p->at == 'n') {
        return nt_json_pull_null(p);
    }

    if (!nt_json_pull_string(p, p->text.len != 0 ? &p->name : &p->text,
                             &text) ||
        text.data == NULL || text.data == p->name.data)
    {
        return false;
    }

    q->text[slot] = text;

    return true;
}


static bool
read_bool(nt_json_pull_t *p, unsigned slot, nt_llm_quick_t *q)
{
    nt_json_pull_blanks(p);
    q->integer[slot] = nt_json_pull_word(p, NT_STR("true"));
    if (!q->integer[slot] && !nt_json_pull_word(p, NT_STR("false"))) {
        return false;
    }

    q->integers |= 1u << slot;
    nt_json_pull_blanks(p);

    return true;
}


static bool
read_empty(nt_json_pull_t *p)
{
    if (!nt_json_pull_open(p, '[')) {
        return nt_json_pull_null(p);
    }

    nt_json_pull_blanks(p);
    if (!nt_json_pull_char(p, ']')) {
        return false;
    }

    nt_json_pull_blanks(p);

    return true;
}


static bool
read_one(nt_json_pull_t *p, const nt_llm_shape_t *members, nt_llm_quick_t *q)
{
    if (!nt_json_pull_open(p, '[') || !read_object(p, members, q) ||
        !nt_json_pull_char(p, ']'))
    {
        return false;
    }

    nt_json_pull_blanks(p);

    return true;
}


static bool
read_value(nt_json_pull_t *p, const nt_llm_shape_t *shape, nt_llm_quick_t *q)
{
    switch (shape->kind) {
    case NT_LLM_QUICK_TEXT:
        return read_text(p, shape->slot, q);

    case NT_LLM_QUICK_INT:
        q->integers |= 1u << shape->slot;
        return nt_json_pull_integer(p, &q->integer[shape->slot]);

    case NT_LLM_QUICK_BOOL:
        return read_bool(p, shape->slot, q);

    case NT_LLM_QUICK_FALSE:
        return read_bool(p, shape->slot, q) && q->integer[shape->slot] == 0;

    case NT_LLM_QUICK_NULL:
        return nt_json_pull_null(p);

    case NT_LLM_QUICK_EMPTY:
        return read_empty(p);

    case NT_LLM_QUICK_OBJECT:
        q->integers |= 1u << shape->slot;
        q->integer[shape->slot] = 1;
        return read_object(p, shape->members, q);

    default:
        return read_one(p, shape->members, q);
    }
}


static unsigned
find_row(const nt_llm_shape_t *members, nt_str_t name)
{
    unsigned i = 0;

    while (members[i].name.len != 0 && !nt_str_eq(members[i].name, name)) {
        i++;
    }

    return i;
}


/* Of a member that comes twice the last one would count. */
static bool
read_object(nt_json_pull_t *p, const nt_llm_shape_t *members, nt_llm_quick_t *q)
{
    int      got;
    bool     good;
    unsigned row, seen = 0;
    nt_str_t name;

    if (!nt_json_pull_open(p, '{')) {
        return false;
    }

    for (bool first = true;; first = false) {
        got = nt_json_pull_member(p, first, &name);
        if (got != 1) {
            nt_json_pull_blanks(p);
            return got == 0;
        }

        row = find_row(members, name);
        if (members[row].name.len == 0) {
            good = nt_json_pull_skip(p);
        } else {
            good = (seen & 1u << row) == 0 && read_value(p, &members[row], q);
            seen |= 1u << row;
        }

        if (!good) {
            return false;
        }
    }
}


bool
nt_llm_quick_read(nt_json_pull_t *p, nt_str_t event,
                  const nt_llm_shape_t *members, nt_llm_quick_t *q)
{
    memset(q->text, 0, sizeof(q->text));
    q->integers = 0;
    p->at = event.data;
    p->end = event.data + event.len;
    p->depth = 0;
    nt_buf_reset(&p->text);

    return read_object(p, members, q) && p->at == p->end;
}
