/*
 * engine/nodes/text_filter.c - nodetool.text.FilterString and Collect, which
 * take streams.
 */

#include <stdlib.h>

#include "engine/nodes/pytext.h"
#include "engine/nodes/text.h"


/* --- FilterString --- */

/* int(text) as Python reads it; false when it is no whole number. */
static bool
read_length(nt_str_t text, size_t *length)
{
    char      digits[24], *end;
    long long number;

    text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);

    if (text.len == 0 || text.len >= sizeof(digits)) {
        return false;
    }

    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    number = strtoll(digits, &end, 10);
    *length = number < 0 ? 0 : (size_t) number;
    return *end == '\0' && number >= 0;
}


static bool
passes(nt_str_t type, nt_str_t criteria, nt_str_t value)
{
    size_t length, limit;

    if (nt_str_eq(type, NT_STR("contains"))) {
        return nt_ustr_find(value, criteria, 0, value.len) >= 0;
    }

    if (nt_str_eq(type, NT_STR("starts_with"))) {
        return nt_ustr_starts(value, criteria);
    }

    if (nt_str_eq(type, NT_STR("ends_with"))) {
        return nt_ustr_ends(value, criteria);
    }

    if (!read_length(criteria, &limit)) {
        return false;
    }

    length = nt_ustr_len(value);

    if (nt_str_eq(type, NT_STR("length_greater"))) {
        return length > limit;
    }

    return nt_str_eq(type, NT_STR("length_less")) ? length < limit
                                                  : length == limit;
}


static nt_node_rc_t
filter_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    bool failed;

    if (nt_latest_keep(call, handle, value, &failed)) {
        return failed ? NT_NODE_FAIL : NT_NODE_DONE;
    }

    if (!json_is_string(value) ||
        !passes(nt_ustr(nt_latest(call, "filter_type")),
                nt_ustr(nt_latest(call, "criteria")), nt_ustr(value)))
    {
        return NT_NODE_DONE;
    }

    return nt_emit(call, json_incref(value));
}


static const char *const filter_types[] = { "contains",    "starts_with",
                                            "ends_with",   "length_greater",
                                            "length_less", "exact_length",
                                            NULL };

static const nt_property_t filter_properties[] = {
    { .name = "value",
      .type = "str",
      .default_json = "\"\"",
      .description = "The stream of texts" },
    { .name = "filter_type",
      .type = "enum",
      .default_json = "\"contains\"",
      .values = filter_types,
      .description = "What lets a text pass" },
    { .name = "criteria",
      .type = "str",
      .default_json = "\"\"",
      .description = "The text to look for, or the length" },
    NT_PROP_END
};

const nt_node_type_t nt_text_filter = {
    .type = "nodetool.text.FilterString",
    .title = "Filter String",
    .description = "Lets those texts of a stream pass that meet a criterion.",
    .properties = filter_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = filter_item
};


/* --- Collect --- */

typedef struct {
    nt_buf_t text;
    bool     any;
    json_t  *separator;
} collect_t;


static void
collect_free(void *state)
{
    collect_t *collect = state;

    nt_buf_free(&collect->text);
    json_decref(collect->separator);
}


static collect_t *
collect_state(nt_node_call_t *call)
{
    return nt_call_state(call, sizeof(collect_t), collect_free);
}


static nt_node_rc_t
collect_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    collect_t *collect;

    collect = collect_state(call);

    if (collect == NULL) {
        return nt_arg_nomem(call);
    }

    if (strcmp(handle, "separator") == 0) {
        json_decref(collect->separator);
        collect->separator = json_incref(value);
        return NT_NODE_DONE;
    }

    if (collect->any) {
        nt_buf_append_str(&collect->text,
                          collect->separator != NULL
                              ? nt_ustr(collect->separator)
                              : nt_text_input(call, "separator"));
    }

    collect->any = true;
    nt_py_str(&collect->text, value);
    return collect->text.failed ? nt_arg_nomem(call) : NT_NODE_DONE;
}


static nt_node_rc_t
collect_end(nt_node_call_t *call)
{
    collect_t *collect;

    collect = collect_state(call);

    return collect == NULL ? nt_arg_nomem(call)
                           : nt_emit_buf(call, &collect->text);
}


static const nt_property_t collect_properties[] = {
    NT_PROP("input_item", "str", "\"\"", NULL),
    NT_PROP("separator", "str", "\"\"", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_collect = {
    .type = "nodetool.text.Collect",
    .title = "Collect",
    .description = "Makes one text of a stream of texts.",
    .properties = collect_properties,
    .outputs = nt_out_str,
    .item = collect_item,
    .end = collect_end
};
