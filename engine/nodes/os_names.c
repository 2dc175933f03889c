/*
 * engine/nodes/os_names.c - lib.os.*: names of files and patterns.
 */

#include "engine/nodes/os.h"
#include "engine/nodes/text.h"
#include "engine/nodes/wildcard.h"


/* The property, in lower case unless "case_sensitive"; free *buf when done.
 * False after nt_call_fail. */
static bool
read_pattern(nt_node_call_t *call, nt_buf_t *buf, nt_str_t *pattern)
{
    if (!nt_arg_str(call, "pattern", pattern)) {
        return false;
    }

    if (pattern->len > NT_WILDCARD_MAX) {
        (void) nt_call_fail(call, "'pattern' is longer than %d bytes",
                            NT_WILDCARD_MAX);
        return false;
    }

    *pattern =
        nt_text_fold(buf, *pattern, nt_call_bool(call, "case_sensitive"));
    return true;
}


/* False after nt_call_fail. */
static bool
match(nt_node_call_t *call, nt_str_t pattern, nt_str_t name, bool *matches)
{
    nt_buf_t buf = { 0 };

    if (name.len > NT_WILDCARD_MAX) {
        (void) nt_call_fail(call, "a file's name is longer than %d bytes",
                            NT_WILDCARD_MAX);
        return false;
    }

    name = nt_text_fold(&buf, name, nt_call_bool(call, "case_sensitive"));

    if (buf.failed) {
        nt_buf_free(&buf);
        (void) nt_arg_nomem(call);
        return false;
    }

    *matches = nt_wildcard_match(pattern, name);
    nt_buf_free(&buf);
    return true;
}


/* --- FileNameMatch --- */

static nt_node_rc_t
run_match(nt_node_call_t *call)
{
    bool     matches = false, good;
    nt_buf_t buf = { 0 };
    nt_str_t name, pattern;

    good = nt_arg_str(call, "filename", &name) &&
           read_pattern(call, &buf, &pattern) &&
           match(call, pattern, name, &matches);
    nt_buf_free(&buf);

    return good ? nt_emit(call, json_boolean(matches)) : NT_NODE_FAIL;
}


static const nt_property_t match_properties[] = {
    NT_PROP("filename", "str", "\"\"", "The name"),
    NT_PROP("pattern", "str", "\"*\"",
            "What it has to match, such as *.txt or data_[0-9].csv"),
    NT_PROP("case_sensitive", "bool", "true",
            "Tell capital letters from small ones"),
    NT_PROP_END
};

const nt_node_type_t nt_os_match = { .type = "lib.os.FileNameMatch",
                                     .title = "File Name Match",
                                     .description =
                                         "Does a file's name match a pattern?",
                                     .properties = match_properties,
                                     .outputs = nt_out_bool,
                                     .flags = NT_NODE_THREAD,
                                     .run = run_match };


/* --- FilterFileNames --- */

static nt_node_rc_t
run_filter(nt_node_call_t *call)
{
    bool     good, matches = false;
    size_t   i;
    json_t  *names = nt_arg_list(call, "filenames"), *name, *found;
    nt_buf_t buf = { 0 };
    nt_str_t pattern;

    if (names == NULL || !read_pattern(call, &buf, &pattern)) {
        return NT_NODE_FAIL;
    }

    found = json_array();
    good = found != NULL && !buf.failed;

    if (!good) {
        (void) nt_arg_nomem(call);
    }

    json_array_foreach(names, i, name)
    {
        good = good && !nt_call_cancelled(call) &&
               match(call, pattern, nt_ustr(name), &matches);

        if (good && matches && json_array_append(found, name) != 0) {
            good = false;
            (void) nt_arg_nomem(call);
        }
    }

    nt_buf_free(&buf);

    if (!good) {
        json_decref(found);
        return NT_NODE_FAIL;
    }

    return nt_emit(call, found);
}


static const nt_property_t filter_properties[] = {
    NT_PROP("filenames", "list[str]", "[]", "The names"),
    NT_PROP("pattern", "str", "\"*\"",
            "What they have to match, such as *.txt or data_[0-9].csv"),
    NT_PROP("case_sensitive", "bool", "true",
            "Tell capital letters from small ones"),
    NT_PROP_END
};

const nt_node_type_t nt_os_filter = {
    .type = "lib.os.FilterFileNames",
    .title = "Filter File Names",
    .description = "The names of a list that match a pattern.",
    .properties = filter_properties,
    .outputs = nt_text_out_list,
    .flags = NT_NODE_THREAD,
    .run = run_filter
};
