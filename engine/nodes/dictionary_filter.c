/*
 * engine/nodes/dictionary_filter.c - nodetool.dictionary.*: filters of
 * streams of dicts.
 *
 * What is no dict, or lacks the key, does not pass.
 */

#include <stdlib.h>

#include "engine/nodes/dictionary.h"
#include "engine/nodes/numbers.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/query.h"
#include "engine/nodes/regex.h"
#include "engine/nodes/ustr.h"

/* Whether a dict passes, by the value of its key: 1, 0, or -1 after
 * nt_call_fail. */
typedef int (*test_t)(nt_node_call_t *call, const json_t *value);


static nt_node_rc_t
filter_by_key(nt_node_call_t *call, const char *handle, json_t *dict,
              test_t test)
{
    int      rc = 0;
    bool     failed;
    json_t  *value;
    nt_str_t key;

    if (nt_latest_keep(call, handle, dict, &failed)) {
        return failed ? NT_NODE_FAIL : NT_NODE_DONE;
    }

    key = nt_ustr(nt_latest(call, "key"));
    value = json_object_getn(dict, key.data, key.len);

    if (value != NULL) {
        rc = test(call, value);
    }

    return rc == 0  ? NT_NODE_DONE
           : rc > 0 ? nt_emit(call, json_incref(dict))
                    : NT_NODE_FAIL;
}


#define NT_DICT_STREAM NT_PROP("value", "dict", "{}", "The stream of dicts")
#define NT_DICT_KEY    NT_PROP("key", "str", "\"\"", "The key to look at")


/* --- FilterDictByValue --- */

/* len(value); false for what has none. */
static bool
length(const json_t *value, size_t *len)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        *len = nt_ustr_len(nt_ustr(value));
        return true;

    case JSON_ARRAY:
        *len = json_array_size(value);
        return true;

    case JSON_OBJECT:
        *len = json_object_size(value);
        return true;

    default:
        return false;
    }
}


static int
compare_length(nt_str_t type, nt_str_t criteria, const json_t *value)
{
    char      digits[24] = "", *end;
    size_t    len;
    long long limit;

    criteria = nt_ustr_strip(criteria, NT_USTR_BOTH, NULL);

    if (criteria.len == 0 || criteria.len >= sizeof(digits) ||
        !length(value, &len)) {
        return 0;
    }

    memcpy(digits, criteria.data, criteria.len);
    limit = strtoll(digits, &end, 10);

    if (*end != '\0') {
        return 0;
    }

    return nt_str_eq(type, NT_STR("length_greater")) ? (long long) len > limit
           : nt_str_eq(type, NT_STR("length_less"))  ? (long long) len < limit
                                                     : (long long) len == limit;
}


static int
test_value(nt_node_call_t *call, const json_t *value)
{
    int      rc;
    nt_buf_t buf = { 0 };
    nt_str_t type, criteria, text;

    type = nt_ustr(nt_latest(call, "filter_type"));
    criteria = nt_ustr(nt_latest(call, "criteria"));

    if (nt_str_eq(type, NT_STR("type_is"))) {
        return nt_str_eq(criteria, nt_str(nt_py_type(value)));
    }

    if (type.len > 6 && (memcmp(type.data, "length", 6) == 0 ||
                         nt_str_eq(type, NT_STR("exact_length"))))
    {
        return compare_length(type, criteria, value);
    }

    nt_py_str(&buf, value);

    if (buf.failed) {
        nt_buf_free(&buf);
        (void) nt_arg_nomem(call);
        return -1;
    }

    text = (nt_str_t) { buf.data != NULL ? buf.data : "", buf.len };

    rc = nt_str_eq(type, NT_STR("contains"))
             ? nt_ustr_find(text, criteria, 0, text.len) >= 0
         : nt_str_eq(type, NT_STR("starts_with"))
             ? nt_ustr_starts(text, criteria)
         : nt_str_eq(type, NT_STR("ends_with")) ? nt_ustr_ends(text, criteria)
                                                : nt_str_eq(text, criteria);

    nt_buf_free(&buf);
    return rc;
}


static nt_node_rc_t
by_value_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    return filter_by_key(call, handle, value, test_value);
}


static const char *const value_types[] = {
    "contains",       "starts_with", "ends_with",    "equals", "type_is",
    "length_greater", "length_less", "exact_length", NULL
};

static const nt_property_t by_value_properties[] = {
    NT_DICT_STREAM, NT_DICT_KEY,
    NT_PROP_ENUM("filter_type", value_types, "\"contains\"",
                 "What lets a dict pass"),
    NT_PROP("criteria", "str", "\"\"",
            "The text to look for, the name of a type, or the length"),
    NT_PROP_END
};

const nt_node_type_t nt_dict_by_value = {
    .type = "nodetool.dictionary.FilterDictByValue",
    .title = "Filter Dict By Value",
    .description = "Lets those dicts of a stream pass whose value at a key "
                   "meets a condition.",
    .properties = by_value_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = by_value_item
};


/* --- FilterDictByRange, FilterDictByNumber --- */

static int
test_range(nt_node_call_t *call, const json_t *value)
{
    return nt_py_is_number(value) && nt_number_between(call, value);
}


static nt_node_rc_t
by_range_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    return filter_by_key(call, handle, value, test_range);
}


static const nt_property_t by_range_properties[] = {
    NT_DICT_STREAM,
    NT_DICT_KEY,
    NT_PROP("min_value", "float", "0", "The least number that passes"),
    NT_PROP("max_value", "float", "0", "The greatest number that passes"),
    NT_PROP("inclusive", "bool", "true", "Whether the bounds pass, too"),
    NT_PROP_END
};

const nt_node_type_t nt_dict_by_range = {
    .type = "nodetool.dictionary.FilterDictByRange",
    .title = "Filter Dict By Range",
    .description = "Lets those dicts of a stream pass whose number at a key "
                   "lies in a range.",
    .properties = by_range_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = by_range_item
};


static int
test_number(nt_node_call_t *call, const json_t *value)
{
    return nt_py_is_number(value) && nt_number_meets(call, value, false);
}


static nt_node_rc_t
by_number_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    return filter_by_key(call, handle, value, test_number);
}


static const nt_property_t by_number_properties[] = {
    NT_DICT_STREAM, NT_DICT_KEY,
    NT_PROP_ENUM("filter_type", nt_number_conditions, "\"greater_than\"",
                 "What lets a dict pass"),
    NT_PROP("compare_value", "float", "0",
            "What greater_than, less_than and equal_to compare with"),
    NT_PROP_END
};

const nt_node_type_t nt_dict_by_number = {
    .type = "nodetool.dictionary.FilterDictByNumber",
    .title = "Filter Dict By Number",
    .description = "Lets those dicts of a stream pass whose number at a key "
                   "meets a condition.",
    .properties = by_number_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = by_number_item
};


/* --- FilterDictRegex --- */

static int
test_regex(nt_node_call_t *call, const json_t *value)
{
    int         rc = -1;
    nt_buf_t    error = { 0 }, text = { 0 };
    nt_regex_t *regex;

    regex = nt_regex_compile(nt_ustr(nt_latest(call, "pattern")), 0, "pattern",
                             &error);

    if (regex != NULL) {
        nt_py_str(&text, value);

        if (!text.failed) {
            rc = nt_regex_exec(regex,
                               nt_py_truth(nt_latest(call, "full_match"))
                                   ? NT_REGEX_FULLMATCH
                                   : NT_REGEX_SEARCH,
                               (nt_str_t) { text.data != NULL ? text.data : "",
                                            text.len },
                               &error);
        }
    }

    if (rc < 0) {
        (void) (error.len > 0
                    ? nt_call_fail(call, "%.*s", (int) error.len, error.data)
                    : nt_arg_nomem(call));
    }

    nt_regex_free(regex);
    nt_buf_free(&text);
    nt_buf_free(&error);
    return rc;
}


static nt_node_rc_t
by_regex_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    return filter_by_key(call, handle, value, test_regex);
}


static const nt_property_t by_regex_properties[] = {
    NT_DICT_STREAM, NT_DICT_KEY,
    NT_PROP("pattern", "str", "\"\"", "The regular expression"),
    NT_PROP("full_match", "bool", "false",
            "Whether the whole value has to match"),
    NT_PROP_END
};

const nt_node_type_t nt_dict_by_regex = {
    .type = "nodetool.dictionary.FilterDictRegex",
    .title = "Filter Dict Regex",
    .description = "Lets those dicts of a stream pass whose value at a key "
                   "matches a regular expression.",
    .properties = by_regex_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = by_regex_item
};


/* --- FilterDictByQuery --- */

static nt_node_rc_t
by_query_item(nt_node_call_t *call, const char *handle, json_t *dict)
{
    int         rc;
    bool        failed;
    nt_buf_t    error = { 0 };
    nt_str_t    condition;
    nt_query_t *query;

    if (nt_latest_keep(call, handle, dict, &failed)) {
        return failed ? NT_NODE_FAIL : NT_NODE_DONE;
    }

    if (!json_is_object(dict)) {
        return NT_NODE_DONE;
    }

    condition = nt_ustr(nt_latest(call, "condition"));

    if (condition.len == 0) {
        return nt_emit(call, json_incref(dict));
    }

    query = nt_query_parse(condition, &error);
    rc = query != NULL ? nt_query_test(query, dict) : -1;
    nt_query_free(query);

    if (rc < 0) {
        (void) (error.len > 0 ? nt_call_fail(call, "'condition': %.*s",
                                             (int) error.len, error.data)
                              : nt_arg_nomem(call));
    }

    nt_buf_free(&error);

    return rc == 0  ? NT_NODE_DONE
           : rc > 0 ? nt_emit(call, json_incref(dict))
                    : NT_NODE_FAIL;
}


static const nt_property_t by_query_properties[] = {
    NT_DICT_STREAM,
    NT_PROP("condition", "str", "\"\"",
            "The condition: age > 30 and `full name` != \"x\""),
    NT_PROP_END
};

const nt_node_type_t nt_dict_by_query = {
    .type = "nodetool.dictionary.FilterDictByQuery",
    .title = "Filter Dict By Query",
    .description = "Lets those dicts of a stream pass that meet a condition "
                   "in the syntax of pandas.",
    .properties = by_query_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = by_query_item
};
