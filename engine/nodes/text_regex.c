/*
 * engine/nodes/text_regex.c - nodetool.text.*: regular expressions.
 */

#include "engine/nodes/args.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/regex.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/text.h"


/* The regex of a property; NULL after nt_call_fail. */
static nt_regex_t *
compile(nt_node_call_t *call, const char *name)
{
    unsigned    flags;
    nt_buf_t    error = { 0 };
    nt_regex_t *regex;

    /* nodes without these properties have none of the flags */
    flags = (nt_call_bool(call, "dotall") ? NT_REGEX_DOTALL : 0) |
            (nt_call_bool(call, "ignorecase") ? NT_REGEX_IGNORECASE : 0) |
            (nt_call_bool(call, "multiline") ? NT_REGEX_MULTILINE : 0);
    regex = nt_regex_compile(nt_text_input(call, name), flags, name, &error);

    if (regex == NULL) {
        (void) nt_call_fail(call, "%.*s", (int) error.len, error.data);
    }

    nt_buf_free(&error);
    return regex;
}


/* What a node does with its regex: a new reference, or NULL with a sentence
 * in `error`, or without one when memory is out. */
typedef json_t *(*use_t)(nt_node_call_t *call, nt_regex_t *regex, nt_str_t text,
                         nt_buf_t *error);


/* Emits what `use` makes of the regex in the property `name`. */
static nt_node_rc_t
run(nt_node_call_t *call, const char *name, use_t use)
{
    json_t      *result;
    nt_buf_t     error = { 0 };
    nt_regex_t  *regex;
    nt_node_rc_t rc;

    regex = compile(call, name);

    if (regex == NULL) {
        return NT_NODE_FAIL;
    }

    result = use(call, regex, nt_text_input(call, "text"), &error);
    nt_regex_free(regex);

    if (result == NULL && error.len > 0) {
        rc = nt_call_fail(call, "%.*s", (int) error.len, error.data);

    } else {
        rc = nt_emit(call, result);
    }

    nt_buf_free(&error);
    return rc;
}


#define FLAGS                                                                  \
    { .name = "dotall",                                                        \
      .type = "bool",                                                          \
      .default_json = "false",                                                 \
      .description = "A dot is any character, line ends included" },           \
        { .name = "ignorecase",                                                \
          .type = "bool",                                                      \
          .default_json = "false",                                             \
          .description = "Upper and lower case are the same" },                \
    {                                                                          \
        .name = "multiline", .type = "bool", .default_json = "false",          \
        .description = "^ and $ are at each line"                              \
    }


static json_t *
extract(nt_node_call_t *call, nt_regex_t *regex, nt_str_t text, nt_buf_t *error)
{
    int      rc;
    json_t  *groups, *none;
    unsigned i;

    rc = nt_regex_exec(regex, NT_REGEX_SEARCH, text, error);
    groups = rc < 0 ? NULL : json_array();
    none = json_null();

    for (i = 1; rc == 1 && groups != NULL && i <= nt_regex_groups(regex); i++) {
        if (json_array_append_new(groups,
                                  nt_regex_text(regex, text, i, none)) != 0) {
            json_decref(groups);
            return NULL;
        }
    }

    return groups;
}


static nt_node_rc_t
run_extract(nt_node_call_t *call)
{
    return run(call, "regex", extract);
}


static json_t *
find_all(nt_node_call_t *call, nt_regex_t *regex, nt_str_t text,
         nt_buf_t *error)
{
    return nt_regex_findall(regex, text, error);
}


static nt_node_rc_t
run_find_all(nt_node_call_t *call)
{
    return run(call, "regex", find_all);
}


static const nt_property_t extract_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL), NT_PROP("regex", "str", "\"\"", NULL),
    FLAGS, NT_PROP_END
};

static const nt_node_type_t extract_type = {
    .type = "nodetool.text.ExtractRegex",
    .title = "Extract Regex Groups",
    .description = "The groups of the first match of a regular expression.",
    .properties = extract_properties,
    .outputs = nt_text_out_list,
    .flags = NT_NODE_THREAD,
    .run = run_extract
};

static const nt_node_type_t find_all_type = {
    .type = "nodetool.text.FindAllRegex",
    .title = "Find All Regex Matches",
    .description = "All matches of a regular expression; where it has groups, "
                   "those.",
    .properties = extract_properties,
    .outputs = nt_text_out_list,
    .flags = NT_NODE_THREAD,
    .run = run_find_all
};


/* --- RegexMatch --- */

/* One group of each match. */
static json_t *
group_of_matches(nt_regex_t *regex, nt_str_t text, int64_t group,
                 nt_buf_t *error)
{
    int               rc;
    json_t           *list, *none;
    nt_regex_cursor_t cursor = { 0 };

    if (group < 0 || group > nt_regex_groups(regex)) {
        nt_buf_printf(error, "group %lld is not in pattern: it has %u groups",
                      (long long) group, nt_regex_groups(regex));
        return NULL;
    }

    list = json_array();
    none = json_null();
    rc = list == NULL ? -1 : 1;

    while (rc == 1) {
        rc = nt_regex_next(regex, text, &cursor, error);

        if (rc == 1 &&
            json_array_append_new(list,
                                  nt_regex_text(regex, text, (unsigned) group,
                                                none)) != 0)
        {
            rc = -1;
        }
    }

    if (rc < 0) {
        json_decref(list);
        return NULL;
    }

    return list;
}


static json_t *
match(nt_node_call_t *call, nt_regex_t *regex, nt_str_t text, nt_buf_t *error)
{
    if (json_is_null(nt_call_input(call, "group"))) {
        return nt_regex_findall(regex, text, error);
    }

    return group_of_matches(regex, text, nt_call_int(call, "group"), error);
}


static nt_node_rc_t
run_match(nt_node_call_t *call)
{
    return run(call, "pattern", match);
}


static const nt_property_t match_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("pattern", "str", "\"\"", NULL),
    { .name = "group",
      .type = "int",
      .default_json = "0",
      .description = "The group to take; 0 for the whole match" },
    NT_PROP_END
};

static const nt_node_type_t match_type = {
    .type = "nodetool.text.RegexMatch",
    .title = "Find Regex Matches",
    .description = "A group, or the whole, of each match of a regular "
                   "expression.",
    .properties = match_properties,
    .outputs = nt_text_out_list,
    .flags = NT_NODE_THREAD,
    .run = run_match
};


static json_t *
replace(nt_node_call_t *call, nt_regex_t *regex, nt_str_t text, nt_buf_t *error)
{
    return nt_regex_sub(regex, text, nt_text_input(call, "replacement"),
                        nt_call_int(call, "count"), error);
}


static nt_node_rc_t
run_replace(nt_node_call_t *call)
{
    return run(call, "pattern", replace);
}


static const nt_property_t replace_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("pattern", "str", "\"\"", NULL),
    { .name = "replacement",
      .type = "str",
      .default_json = "\"\"",
      .description = "\\1 and \\g<name> stand for groups" },
    { .name = "count",
      .type = "int",
      .default_json = "0",
      .description = "At most so many; 0 for all" },
    NT_PROP_END
};

static const nt_node_type_t replace_type = {
    .type = "nodetool.text.RegexReplace",
    .title = "Replace with Regex",
    .description = "Replaces the matches of a regular expression.",
    .properties = replace_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_replace
};


static json_t *
split(nt_node_call_t *call, nt_regex_t *regex, nt_str_t text, nt_buf_t *error)
{
    return nt_regex_split(regex, text, nt_call_int(call, "maxsplit"), error);
}


static nt_node_rc_t
run_split(nt_node_call_t *call)
{
    return run(call, "pattern", split);
}


static const nt_property_t split_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("pattern", "str", "\"\"", NULL),
    { .name = "maxsplit",
      .type = "int",
      .default_json = "0",
      .description = "At most so many splits; 0 for all" },
    NT_PROP_END
};

static const nt_node_type_t split_type = {
    .type = "nodetool.text.RegexSplit",
    .title = "Split with Regex",
    .description = "Splits a text at the matches of a regular expression.",
    .properties = split_properties,
    .outputs = nt_text_out_list,
    .flags = NT_NODE_THREAD,
    .run = run_split
};


static json_t *
validate(nt_node_call_t *call, nt_regex_t *regex, nt_str_t text,
         nt_buf_t *error)
{
    int rc;

    rc = nt_regex_exec(regex, NT_REGEX_MATCH, text, error);

    return rc < 0 ? NULL : json_boolean(rc);
}


static nt_node_rc_t
run_validate(nt_node_call_t *call)
{
    return run(call, "pattern", validate);
}


static const nt_property_t validate_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("pattern", "str", "\"\"", NULL), NT_PROP_END
};

static const nt_node_type_t validate_type = {
    .type = "nodetool.text.RegexValidate",
    .title = "Validate with Regex",
    .description = "Says whether a text starts with a match of a regular "
                   "expression; end it with $ to match the whole.",
    .properties = validate_properties,
    .outputs = nt_out_bool,
    .flags = NT_NODE_THREAD,
    .run = run_validate
};


/* --- FilterRegexString --- */

static nt_node_rc_t
filter_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    int             rc;
    bool            failed;
    nt_buf_t        error = { 0 };
    nt_regex_t     *regex;
    nt_node_rc_t    result;
    nt_regex_mode_t mode;

    if (nt_latest_keep(call, handle, value, &failed)) {
        return failed ? NT_NODE_FAIL : NT_NODE_DONE;
    }

    if (!json_is_string(value)) {
        return NT_NODE_DONE;
    }

    mode = nt_py_truth(nt_latest(call, "full_match")) ? NT_REGEX_FULLMATCH
                                                      : NT_REGEX_SEARCH;
    regex = nt_regex_compile(nt_ustr(nt_latest(call, "pattern")), 0, "pattern",
                             &error);
    rc =
        regex == NULL ? -1 : nt_regex_exec(regex, mode, nt_ustr(value), &error);
    nt_regex_free(regex);

    if (rc < 0) {
        result = nt_call_fail(call, "%.*s", (int) error.len, error.data);

    } else {
        result = rc == 0 ? NT_NODE_DONE : nt_emit(call, json_incref(value));
    }

    nt_buf_free(&error);
    return result;
}


static const nt_property_t filter_properties[] = {
    { .name = "value",
      .type = "str",
      .default_json = "\"\"",
      .description = "The stream of texts" },
    { .name = "pattern",
      .type = "str",
      .default_json = "\"\"",
      .description = "The regular expression" },
    { .name = "full_match",
      .type = "bool",
      .default_json = "false",
      .description = "It must match the whole text" },
    NT_PROP_END
};

static const nt_node_type_t filter_type = {
    .type = "nodetool.text.FilterRegexString",
    .title = "Filter Regex String",
    .description = "Lets those texts of a stream pass that a regular "
                   "expression matches.",
    .properties = filter_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = filter_item
};


static const nt_node_type_t *const types[] = { &extract_type,  &filter_type,
                                               &find_all_type, &match_type,
                                               &replace_type,  &split_type,
                                               &validate_type, NULL };

const nt_node_library_t nt_nodes_text_regex = { NODETOOL_NODE_ABI, "text_regex",
                                                types };
