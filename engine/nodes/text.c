/*
 * engine/nodes/text.c - nodetool.text.*: the library, and the nodes that put
 * text together and take it apart.
 */

#include "engine/nodes/registry.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/text.h"


const nt_output_t nt_text_out_list[] = { { "output", "list[str]" },
                                         { NULL, NULL } };


nt_str_t
nt_text_input(nt_node_call_t *call, const char *name)
{
    nt_str_t s;

    s.data = nt_call_string(call, name, &s.len);
    return s;
}


bool
nt_text_too_long(const nt_buf_t *buf)
{
    return buf->len > NT_TEXT_MAX;
}


nt_node_rc_t
nt_text_emit(nt_node_call_t *call, nt_buf_t *buf)
{
    if (nt_text_too_long(buf)) {
        nt_buf_free(buf);
        return nt_call_fail(call, "the text becomes longer than %d bytes",
                            NT_TEXT_MAX);
    }

    return nt_emit_buf(call, buf);
}


nt_node_rc_t
nt_text_emit_str(nt_node_call_t *call, nt_str_t s)
{
    return nt_emit(call, nt_ustr_json(s));
}


nt_node_rc_t
nt_text_emit_bool(nt_node_call_t *call, bool value)
{
    return nt_emit(call, json_boolean(value));
}


nt_node_rc_t
nt_text_emit_int(nt_node_call_t *call, int64_t value)
{
    return nt_emit(call, json_integer(value));
}


nt_str_t
nt_text_fold(nt_buf_t *buf, nt_str_t s, bool case_sensitive)
{
    if (case_sensitive) {
        return s;
    }

    nt_ustr_lower(buf, s);
    return (nt_str_t) { buf->data == NULL ? "" : buf->data, buf->len };
}


static nt_node_rc_t
concat(nt_node_call_t *call)
{
    nt_buf_t buf = { 0 };

    nt_buf_append_str(&buf, nt_text_input(call, "a"));
    nt_buf_append_str(&buf, nt_text_input(call, "b"));
    return nt_emit_buf(call, &buf);
}


static const nt_property_t concat_properties[] = {
    NT_PROP("a", "str", "\"\"", NULL), NT_PROP("b", "str", "\"\"", NULL),
    NT_PROP_END
};

const nt_node_type_t nt_text_concat = { .type = "nodetool.text.Concat",
                                        .title = "Concatenate Text",
                                        .description =
                                            "Puts two texts together.",
                                        .properties = concat_properties,
                                        .outputs = nt_out_str,
                                        .run = concat };


/* --- lists of texts --- */

static nt_node_rc_t
join(nt_node_call_t *call)
{
    size_t   i;
    json_t  *item;
    nt_buf_t buf = { 0 };
    nt_str_t separator;

    separator = nt_text_input(call, "separator");

    json_array_foreach(nt_call_input(call, "strings"), i, item)
    {
        if (i > 0) {
            nt_buf_append_str(&buf, separator);
        }

        nt_py_str(&buf, item);

        if (nt_text_too_long(&buf)) {
            break;
        }
    }

    return nt_text_emit(call, &buf);
}


static const nt_property_t join_properties[] = {
    { .name = "strings",
      .type = "list[any]",
      .default_json = "[]",
      .description = "The values to join, each as its text" },
    NT_PROP("separator", "str", "\"\"", NULL),
    NT_PROP_END
};

const nt_node_type_t nt_text_join = {
    .type = "nodetool.text.Join",
    .title = "Join",
    .description = "Joins a list of values with a separator.",
    .properties = join_properties,
    .outputs = nt_out_str,
    .run = join
};


static nt_node_rc_t
split(nt_node_call_t *call)
{
    nt_str_t delimiter;

    delimiter = nt_text_input(call, "delimiter");

    if (delimiter.len == 0) {
        return nt_call_fail(call, "delimiter must not be empty");
    }

    return nt_emit(call,
                   nt_ustr_split(nt_text_input(call, "text"), delimiter, -1));
}


static const nt_property_t split_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("delimiter", "str", "\",\"", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_split = {
    .type = "nodetool.text.Split",
    .title = "Split Text",
    .description = "Splits a text into a list at a delimiter.",
    .properties = split_properties,
    .outputs = nt_text_out_list,
    .run = split
};


/* words[from:from + length] with spaces between them */
static json_t *
chunk_of(json_t *words, size_t from, size_t length)
{
    size_t   i;
    nt_buf_t buf = { 0 };

    for (i = from; i < json_array_size(words) && i - from < length; i++) {
        if (i > from) {
            nt_buf_append_char(&buf, ' ');
        }

        nt_buf_append_str(&buf, nt_ustr(json_array_get(words, i)));
    }

    return nt_ustr_take(&buf);
}


static nt_node_rc_t
chunk(nt_node_call_t *call)
{
    size_t   i;
    json_t  *words, *chunks;
    int64_t  length, overlap, step;
    nt_str_t separator;

    separator = nt_text_input(call, "separator");
    length = nt_call_int(call, "length");
    overlap = nt_call_int(call, "overlap");

    if (separator.len == 0) {
        return nt_call_fail(call, "separator must not be empty");
    }

    if (length < 1 || overlap < 0 || overlap >= length) {
        return nt_call_fail(call,
                            "overlap (%lld) must be from 0 to below "
                            "length (%lld)",
                            (long long) overlap, (long long) length);
    }

    step = length - overlap;
    words = nt_ustr_split(nt_text_input(call, "text"), separator, -1);
    chunks = words == NULL ? NULL : json_array();

    for (i = 0; chunks != NULL && i < json_array_size(words);
         i += (size_t) step) {
        if (json_array_append_new(chunks,
                                  chunk_of(words, i, (size_t) length)) != 0) {
            json_decref(chunks);
            chunks = NULL;
        }
    }

    json_decref(words);
    return nt_emit(call, chunks);
}


static const double one = 1, thousand = 1000;

static const nt_property_t chunk_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    { .name = "length",
      .type = "int",
      .default_json = "100",
      .min = &one,
      .max = &thousand,
      .description = "Words in a chunk" },
    { .name = "overlap",
      .type = "int",
      .default_json = "0",
      .description = "Words that a chunk shares with the one before it" },
    { .name = "separator",
      .type = "str",
      .default_json = "\" \"",
      .description = "What stands between words" },
    NT_PROP_END
};

const nt_node_type_t nt_text_chunk = {
    .type = "nodetool.text.Chunk",
    .title = "Split Text into Chunks",
    .description = "Splits a text into chunks of so many words.",
    .properties = chunk_properties,
    .outputs = nt_text_out_list,
    .run = chunk
};


/* --- parts of a text --- */

static nt_node_rc_t
extract(nt_node_call_t *call)
{
    int64_t  start, end;
    nt_buf_t buf = { 0 };

    start = nt_call_int(call, "start");
    end = nt_call_int(call, "end");
    nt_ustr_slice(&buf, nt_text_input(call, "text"), &start,
                  json_is_null(nt_call_input(call, "end")) ? NULL : &end, 1);
    return nt_emit_buf(call, &buf);
}


static const nt_property_t extract_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL), NT_PROP("start", "int", "0", NULL),
    NT_PROP("end", "int", "0", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_extract = {
    .type = "nodetool.text.Extract",
    .title = "Extract Text",
    .description = "Takes the characters from start to before end; negative "
                   "positions count from the end of the text.",
    .properties = extract_properties,
    .outputs = nt_out_str,
    .run = extract
};


/*
 * NodeTool documents start=-5 as the last five characters, start=0, stop=5 as
 * the first five and step=-1 as the reverse, so a stop of 0, the default,
 * stands for no bound; and with it, going backwards, a start of 0.
 */
static nt_node_rc_t
slice(nt_node_call_t *call)
{
    bool     open_start;
    int64_t  start, stop, step;
    nt_buf_t buf = { 0 };

    start = nt_call_int(call, "start");
    stop = nt_call_int(call, "stop");
    step = nt_call_int(call, "step");

    if (step == 0) {
        return nt_call_fail(call, "step must not be 0");
    }

    open_start = start == 0 && stop == 0 && step < 0;
    nt_ustr_slice(&buf, nt_text_input(call, "text"), open_start ? NULL : &start,
                  stop == 0 ? NULL : &stop, step);
    return nt_emit_buf(call, &buf);
}


static const nt_property_t slice_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("start", "int", "0", NULL),
    { .name = "stop",
      .type = "int",
      .default_json = "0",
      .description = "0: up to the end of the text" },
    { .name = "step",
      .type = "int",
      .default_json = "1",
      .description = "2: every second character; -1: backwards" },
    NT_PROP_END
};

const nt_node_type_t nt_text_slice = {
    .type = "nodetool.text.Slice",
    .title = "Slice Text",
    .description = "Takes a slice of a text, as Python's text[start:stop:"
                   "step].",
    .properties = slice_properties,
    .outputs = nt_out_str,
    .run = slice
};


static nt_node_rc_t
replace(nt_node_call_t *call)
{
    nt_buf_t buf = { 0 };

    nt_ustr_replace(&buf, nt_text_input(call, "text"),
                    nt_text_input(call, "old"), nt_text_input(call, "new"), -1,
                    NT_TEXT_MAX);

    return nt_text_emit(call, &buf);
}


static const nt_property_t replace_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL), NT_PROP("old", "str", "\"\"", NULL),
    NT_PROP("new", "str", "\"\"", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_replace = {
    .type = "nodetool.text.Replace",
    .title = "Replace Text",
    .description = "Replaces each occurrence of one text by another.",
    .properties = replace_properties,
    .outputs = nt_out_str,
    .run = replace
};


static nt_node_rc_t
surround(nt_node_call_t *call)
{
    nt_buf_t buf = { 0 };
    nt_str_t text, prefix, suffix;

    text = nt_text_input(call, "text");
    prefix = nt_text_input(call, "prefix");
    suffix = nt_text_input(call, "suffix");

    if (nt_call_bool(call, "skip_if_wrapped") && nt_ustr_starts(text, prefix) &&
        nt_ustr_ends(text, suffix))
    {
        return nt_text_emit_str(call, text);
    }

    nt_buf_append_str(&buf, prefix);
    nt_buf_append_str(&buf, text);
    nt_buf_append_str(&buf, suffix);
    return nt_emit_buf(call, &buf);
}


static const nt_property_t surround_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("prefix", "str", "\"\"", NULL),
    NT_PROP("suffix", "str", "\"\"", NULL),
    { .name = "skip_if_wrapped",
      .type = "bool",
      .default_json = "true",
      .description = "Leave a text alone that has both already" },
    NT_PROP_END
};

const nt_node_type_t nt_text_surround = {
    .type = "nodetool.text.SurroundWith",
    .title = "Surround With",
    .description = "Puts a prefix before a text and a suffix behind it.",
    .properties = surround_properties,
    .outputs = nt_out_str,
    .run = surround
};


static nt_node_rc_t
to_string(nt_node_call_t *call)
{
    json_t  *value;
    nt_buf_t buf = { 0 };

    value = nt_call_input(call, "value");

    if (nt_str_eq(nt_text_input(call, "mode"), NT_STR("repr"))) {
        nt_py_repr(&buf, value);

    } else {
        nt_py_str(&buf, value);
    }

    return nt_emit_buf(call, &buf);
}


static const char *const modes[] = { "str", "repr", NULL };

static const nt_property_t to_string_properties[] = {
    { .name = "value", .type = "any", .default_json = "[]" },
    { .name = "mode",
      .type = "enum",
      .default_json = "\"str\"",
      .values = modes,
      .description = "repr: with quotes around a text" },
    NT_PROP_END
};

const nt_node_type_t nt_text_to_string = {
    .type = "nodetool.text.ToString",
    .title = "To String",
    .description = "Converts any value to its text.",
    .properties = to_string_properties,
    .outputs = nt_out_str,
    .run = to_string
};


static const nt_node_type_t *const types[] = { &nt_text_capitalize,
                                               &nt_text_chunk,
                                               &nt_text_collapse,
                                               &nt_text_collect,
                                               &nt_text_compare,
                                               &nt_text_concat,
                                               &nt_text_contains,
                                               &nt_text_count_tokens,
                                               &nt_text_ends_with,
                                               &nt_text_equals,
                                               &nt_text_extract,
                                               &nt_text_extract_json,
                                               &nt_text_filter,
                                               &nt_text_has_length,
                                               &nt_text_html_to_text,
                                               &nt_text_index_of,
                                               &nt_text_is_empty,
                                               &nt_text_join,
                                               &nt_text_length,
                                               &nt_text_lowercase,
                                               &nt_text_pad,
                                               &nt_text_parse_json,
                                               &nt_text_remove_punctuation,
                                               &nt_text_replace,
                                               &nt_text_slice,
                                               &nt_text_slugify,
                                               &nt_text_split,
                                               &nt_text_starts_with,
                                               &nt_text_strip_accents,
                                               &nt_text_surround,
                                               &nt_text_titlecase,
                                               &nt_text_to_string,
                                               &nt_text_trim,
                                               &nt_text_truncate,
                                               &nt_text_uppercase,
                                               NULL };

const nt_node_library_t nt_nodes_text = { NODETOOL_NODE_ABI, "text", types };
