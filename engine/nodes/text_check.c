/*
 * engine/nodes/text_check.c - nodetool.text.*: questions about texts.
 */

#include <stdlib.h>

#include "engine/nodes/text.h"


/* --- comparisons --- */

static bool
compare(nt_node_call_t *call, int *order)
{
    bool     trim, sensitive, ok;
    nt_buf_t buf_a = { 0 }, buf_b = { 0 };
    nt_str_t a, b;

    a = nt_text_input(call, "text_a");
    b = nt_text_input(call, "text_b");
    trim = nt_call_bool(call, "trim_whitespace");
    sensitive = nt_call_bool(call, "case_sensitive");

    if (trim) {
        a = nt_ustr_strip(a, NT_USTR_BOTH, NULL);
        b = nt_ustr_strip(b, NT_USTR_BOTH, NULL);
    }

    *order = nt_ustr_cmp(nt_text_fold(&buf_a, a, sensitive),
                         nt_text_fold(&buf_b, b, sensitive));
    ok = !buf_a.failed && !buf_b.failed;
    nt_buf_free(&buf_a);
    nt_buf_free(&buf_b);
    return ok;
}


static nt_node_rc_t
run_compare(nt_node_call_t *call)
{
    int order;

    if (!compare(call, &order)) {
        return nt_arg_nomem(call);
    }

    return nt_text_emit_str(call, nt_str(order < 0   ? "less"
                                         : order > 0 ? "greater"
                                                     : "equal"));
}


static nt_node_rc_t
run_equals(nt_node_call_t *call)
{
    int order;

    return compare(call, &order) ? nt_text_emit_bool(call, order == 0)
                                 : nt_arg_nomem(call);
}


static const nt_property_t compare_properties[] = {
    NT_PROP("text_a", "str", "\"\"", NULL),
    NT_PROP("text_b", "str", "\"\"", NULL),
    NT_PROP("case_sensitive", "bool", "true", NULL),
    NT_PROP("trim_whitespace", "bool", "false", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_compare = {
    .type = "nodetool.text.Compare",
    .title = "Compare Text",
    .description = "Says which of two texts comes first: less, equal or "
                   "greater.",
    .properties = compare_properties,
    .outputs = nt_out_str,
    .run = run_compare
};

const nt_node_type_t nt_text_equals = { .type = "nodetool.text.Equals",
                                        .title = "Equals",
                                        .description =
                                            "Says whether two texts are equal.",
                                        .properties = compare_properties,
                                        .outputs = nt_out_bool,
                                        .run = run_equals };


static nt_node_rc_t
run_starts_with(nt_node_call_t *call)
{
    return nt_text_emit_bool(call,
                             nt_ustr_starts(nt_text_input(call, "text"),
                                            nt_text_input(call, "prefix")));
}


static nt_node_rc_t
run_ends_with(nt_node_call_t *call)
{
    return nt_text_emit_bool(call, nt_ustr_ends(nt_text_input(call, "text"),
                                                nt_text_input(call, "suffix")));
}


static const nt_property_t starts_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("prefix", "str", "\"\"", NULL), NT_PROP_END
};

static const nt_property_t ends_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("suffix", "str", "\"\"", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_starts_with = {
    .type = "nodetool.text.StartsWith",
    .title = "Starts With",
    .description = "Says whether a text starts with a prefix.",
    .properties = starts_properties,
    .outputs = nt_out_bool,
    .run = run_starts_with
};

const nt_node_type_t nt_text_ends_with = {
    .type = "nodetool.text.EndsWith",
    .title = "Ends With",
    .description = "Says whether a text ends with a suffix.",
    .properties = ends_properties,
    .outputs = nt_out_bool,
    .run = run_ends_with
};


/* --- Contains --- */

/* How many of the needles are in the text; false when memory is out. */
static bool
count_found(nt_node_call_t *call, json_t *needles, size_t *found)
{
    bool     sensitive, ok;
    size_t   i;
    json_t  *item;
    nt_buf_t buf = { 0 }, needle_buf = { 0 };
    nt_str_t text, needle;

    sensitive = nt_call_bool(call, "case_sensitive");
    text = nt_text_fold(&buf, nt_text_input(call, "text"), sensitive);
    *found = 0;

    json_array_foreach(needles, i, item)
    {
        nt_buf_reset(&needle_buf);
        needle = nt_text_fold(&needle_buf, nt_ustr(item), sensitive);
        *found += nt_ustr_find(text, needle, 0, text.len) >= 0;
    }

    ok = !buf.failed && !needle_buf.failed;
    nt_buf_free(&buf);
    nt_buf_free(&needle_buf);
    return ok;
}


static nt_node_rc_t
run_contains(nt_node_call_t *call)
{
    bool     ok, answer;
    size_t   i, n, found;
    json_t  *needles, *item;
    nt_str_t mode;

    needles = nt_call_input(call, "search_values");

    json_array_foreach(needles, i, item)
    {
        if (!json_is_string(item)) {
            return nt_call_fail(call,
                                "search_values must be a list of texts: "
                                "item %zu is none",
                                i);
        }
    }

    if (json_array_size(needles) > 0) {
        json_incref(needles);

    } else {
        needles = json_pack("[O]", nt_call_input(call, "substring"));
    }

    n = json_array_size(needles);
    ok = needles != NULL && count_found(call, needles, &found);
    json_decref(needles);

    if (!ok) {
        return nt_arg_nomem(call);
    }

    mode = nt_text_input(call, "match_mode");
    answer = nt_str_eq(mode, NT_STR("all"))    ? found == n
             : nt_str_eq(mode, NT_STR("none")) ? found == 0
                                               : found > 0;

    return nt_text_emit_bool(call, answer);
}


static const char *const match_modes[] = { "any", "all", "none", NULL };

static const nt_property_t contains_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("substring", "str", "\"\"", NULL),
    { .name = "search_values",
      .type = "list[str]",
      .default_json = "[]",
      .description = "Texts to look for instead of substring" },
    NT_PROP("case_sensitive", "bool", "true", NULL),
    { .name = "match_mode",
      .type = "enum",
      .default_json = "\"any\"",
      .values = match_modes,
      .description = "any: one is there; all: each is; none: none is" },
    NT_PROP_END
};

const nt_node_type_t nt_text_contains = {
    .type = "nodetool.text.Contains",
    .title = "Contains Text",
    .description = "Says whether a text contains others.",
    .properties = contains_properties,
    .outputs = nt_out_bool,
    .run = run_contains
};


/* --- lengths --- */

static nt_node_rc_t
run_is_empty(nt_node_call_t *call)
{
    nt_str_t text;

    text = nt_text_input(call, "text");

    if (nt_call_bool(call, "trim_whitespace")) {
        text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);
    }

    return nt_text_emit_bool(call, text.len == 0);
}


static const nt_property_t is_empty_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("trim_whitespace", "bool", "true", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_is_empty = {
    .type = "nodetool.text.IsEmpty",
    .title = "Is Empty",
    .description = "Says whether a text is empty or only white space.",
    .properties = is_empty_properties,
    .outputs = nt_out_bool,
    .run = run_is_empty
};


/* A length of 0, the default, asks for nothing. */
static nt_node_rc_t
run_has_length(nt_node_call_t *call)
{
    int64_t length, min, max, exact;

    length = (int64_t) nt_ustr_len(nt_text_input(call, "text"));
    min = nt_call_int(call, "min_length");
    max = nt_call_int(call, "max_length");
    exact = nt_call_int(call, "exact_length");

    if (exact > 0) {
        return nt_text_emit_bool(call, length == exact);
    }

    return nt_text_emit_bool(call,
                             length >= min && (max <= 0 || length <= max));
}


static const nt_property_t has_length_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("min_length", "int", "0", NULL),
    { .name = "max_length",
      .type = "int",
      .default_json = "0",
      .description = "0: no limit" },
    { .name = "exact_length",
      .type = "int",
      .default_json = "0",
      .description = "Counts alone when it is above 0" },
    NT_PROP_END
};

const nt_node_type_t nt_text_has_length = {
    .type = "nodetool.text.HasLength",
    .title = "Check Length",
    .description = "Says whether the length of a text is as asked for.",
    .properties = has_length_properties,
    .outputs = nt_out_bool,
    .run = run_has_length
};


static nt_node_rc_t
run_length(nt_node_call_t *call)
{
    bool     trim;
    size_t   i, n;
    json_t  *parts, *line;
    nt_str_t text, measure;

    text = nt_text_input(call, "text");
    measure = nt_text_input(call, "measure");
    trim = nt_call_bool(call, "trim_whitespace");

    if (trim) {
        text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);
    }

    if (nt_str_eq(measure, NT_STR("words"))) {
        parts = nt_ustr_split_space(text, -1);

    } else if (nt_str_eq(measure, NT_STR("lines"))) {
        parts = nt_ustr_lines(text, false);

    } else {
        return nt_text_emit_int(call, (int64_t) nt_ustr_len(text));
    }

    if (parts == NULL) {
        return nt_arg_nomem(call);
    }

    n = 0;

    json_array_foreach(parts, i, line)
    {
        n += !trim || json_string_length(line) > 0;
    }

    json_decref(parts);
    return nt_text_emit_int(call, (int64_t) n);
}


static const char *const measures[] = { "characters", "words", "lines", NULL };

static const nt_property_t length_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    { .name = "measure",
      .type = "enum",
      .default_json = "\"characters\"",
      .values = measures,
      .description = "What is counted" },
    { .name = "trim_whitespace",
      .type = "bool",
      .default_json = "false",
      .description = "Leave white space at the ends, and empty lines, out" },
    NT_PROP_END
};

const nt_node_type_t nt_text_length = {
    .type = "nodetool.text.Length",
    .title = "Measure Length",
    .description = "Counts the characters, words or lines of a text.",
    .properties = length_properties,
    .outputs = nt_out_int,
    .run = run_length
};


/* --- IndexOf --- */

static nt_node_rc_t
run_index_of(nt_node_call_t *call)
{
    bool      sensitive;
    size_t    count, low, high;
    int64_t   start, end, from, index;
    nt_buf_t  buf = { 0 }, needle_buf = { 0 };
    nt_str_t  text, needle;
    ptrdiff_t at;

    sensitive = nt_call_bool(call, "case_sensitive");
    text = nt_text_fold(&buf, nt_text_input(call, "text"), sensitive);
    needle =
        nt_text_fold(&needle_buf, nt_text_input(call, "substring"), sensitive);
    start = nt_call_int(call, "start_index");
    end = nt_call_int(call, "end_index");

    nt_slice(nt_ustr_len(text), &start, end == 0 ? NULL : &end, 1, &from,
             &count);
    low = nt_ustr_offset(text, (size_t) from);
    high = nt_ustr_offset(text, (size_t) from + count);

    at = start > (int64_t) nt_ustr_len(text) ? -1
         : nt_call_bool(call, "search_from_end")
             ? nt_ustr_rfind(text, needle, low, high)
             : nt_ustr_find(text, needle, low, high);
    index = -1;

    if (at >= 0) {
        text.len = (size_t) at;
        index = (int64_t) nt_ustr_len(text);
    }

    if (buf.failed || needle_buf.failed) {
        nt_buf_free(&buf);
        nt_buf_free(&needle_buf);
        return nt_arg_nomem(call);
    }

    nt_buf_free(&buf);
    nt_buf_free(&needle_buf);
    return nt_text_emit_int(call, index);
}


static const double zero = 0;

static const nt_property_t index_of_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("substring", "str", "\"\"", NULL),
    NT_PROP("case_sensitive", "bool", "true", NULL),
    { .name = "start_index",
      .type = "int",
      .default_json = "0",
      .min = &zero,
      .description = "Where the search starts" },
    { .name = "end_index",
      .type = "int",
      .default_json = "0",
      .description = "Where it ends; 0: at the end of the text" },
    { .name = "search_from_end",
      .type = "bool",
      .default_json = "false",
      .description = "Find the last one" },
    NT_PROP_END
};

const nt_node_type_t nt_text_index_of = {
    .type = "nodetool.text.IndexOf",
    .title = "Index Of",
    .description = "Finds the position of a text in another, -1 if it is not "
                   "there.",
    .properties = index_of_properties,
    .outputs = nt_out_int,
    .run = run_index_of
};
