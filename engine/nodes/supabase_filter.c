/*
 * engine/nodes/supabase_filter.c - conditions of PostgREST.
 */

#include "engine/nodes/supabase.h"

#include "engine/json.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/ustr.h"

static const struct {
    const char *name;
    const char *op; /* of PostgREST */
} operators[] = {
    { "eq", "eq." },   { "ne", "neq." },    { "gt", "gt." },
    { "gte", "gte." }, { "lt", "lt." },     { "lte", "lte." },
    { "in", "in." },   { "like", "like." }, { "contains", "cs." }
};


/* A value as PostgREST reads it. */
static void
append_value(nt_buf_t *out, const json_t *value)
{
    if (json_is_boolean(value)) {
        nt_buf_append_str(out, json_is_true(value) ? NT_STR("true")
                                                   : NT_STR("false"));
    } else if (json_is_object(value)) {
        nt_json_append(out, value);
    } else if (json_is_null(value)) {
        nt_buf_append_str(out, NT_STR("null"));
    } else {
        nt_py_str(out, value);
    }
}


/* A list's members, quoted where they hold what separates them. */
static void
append_list(nt_buf_t *out, const json_t *list, char open, char close)
{
    size_t   i, j;
    json_t  *item;
    nt_buf_t text = { 0 };

    nt_buf_append_char(out, open);

    json_array_foreach(list, i, item)
    {
        nt_buf_append(out, ",", i > 0 ? 1 : 0);
        nt_buf_reset(&text);
        append_value(&text, item);

        if (!json_is_string(item)) {
            nt_buf_append(out, text.data != NULL ? text.data : "", text.len);
            continue;
        }

        nt_buf_append_char(out, '"');
        for (j = 0; j < text.len; j++) {
            nt_buf_append(out, "\\",
                          text.data[j] == '"' || text.data[j] == '\\' ? 1 : 0);
            nt_buf_append_char(out, text.data[j]);
        }
        nt_buf_append_char(out, '"');
    }

    nt_buf_append_char(out, close);
    out->failed |= text.failed;
    nt_buf_free(&text);
}


void
nt_supabase_condition(nt_buf_t *out, const char *op, const json_t *value)
{
    if (json_is_null(value)) {
        /* null equals nothing in SQL */
        nt_buf_append_str(out, op[0] == 'n' ? NT_STR("not.is.null")
                                            : NT_STR("is.null"));
        return;
    }

    nt_buf_append_str(out, nt_str(op));

    if (json_is_array(value)) {
        append_list(out, value, op[0] == 'i' ? '(' : '{',
                    op[0] == 'i' ? ')' : '}');
    } else {
        append_value(out, value);
    }
}


/* NULL when there is no such operator. */
const char *
nt_supabase_operator(const json_t *name)
{
    size_t i;

    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (nt_str_eq(nt_ustr(name), nt_str(operators[i].name))) {
            return operators[i].op;
        }
    }

    return NULL;
}
