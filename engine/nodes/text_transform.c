/*
 * engine/nodes/text_transform.c - nodetool.text.*: one text into another.
 */

#include "engine/nodes/text.h"


static const nt_property_t text_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL), NT_PROP_END
};


/* --- cases --- */

static nt_node_rc_t
map(nt_node_call_t *call, void (*mapping)(nt_buf_t *out, nt_str_t s))
{
    nt_buf_t buf = { 0 };

    mapping(&buf, nt_text_input(call, "text"));
    return nt_text_emit(call, &buf);
}


static nt_node_rc_t
run_lowercase(nt_node_call_t *call)
{
    return map(call, nt_ustr_lower);
}


static nt_node_rc_t
run_uppercase(nt_node_call_t *call)
{
    return map(call, nt_ustr_upper);
}


static nt_node_rc_t
run_titlecase(nt_node_call_t *call)
{
    return map(call, nt_ustr_title);
}


static nt_node_rc_t
run_capitalize(nt_node_call_t *call)
{
    return map(call, nt_ustr_capitalize);
}


const nt_node_type_t nt_text_lowercase = { .type = "nodetool.text.ToLowercase",
                                           .title = "To Lowercase",
                                           .description =
                                               "Converts a text to lower case.",
                                           .properties = text_properties,
                                           .outputs = nt_out_str,
                                           .run = run_lowercase };

const nt_node_type_t nt_text_uppercase = { .type = "nodetool.text.ToUppercase",
                                           .title = "To Uppercase",
                                           .description =
                                               "Converts a text to upper case.",
                                           .properties = text_properties,
                                           .outputs = nt_out_str,
                                           .run = run_uppercase };

const nt_node_type_t nt_text_titlecase = {
    .type = "nodetool.text.ToTitlecase",
    .title = "To Title Case",
    .description = "Starts each word with a capital letter.",
    .properties = text_properties,
    .outputs = nt_out_str,
    .run = run_titlecase
};

const nt_node_type_t nt_text_capitalize = {
    .type = "nodetool.text.CapitalizeText",
    .title = "Capitalize Text",
    .description = "Makes the first character a capital, the others small.",
    .properties = text_properties,
    .outputs = nt_out_str,
    .run = run_capitalize
};


/* --- white space --- */

static nt_node_rc_t
run_trim(nt_node_call_t *call)
{
    int sides;

    sides = (nt_call_bool(call, "trim_start") ? NT_USTR_LEFT : 0) |
            (nt_call_bool(call, "trim_end") ? NT_USTR_RIGHT : 0);

    return nt_text_emit_str(call, nt_ustr_strip(nt_text_input(call, "text"),
                                                sides, NULL));
}


static const nt_property_t trim_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("trim_start", "bool", "true", NULL),
    NT_PROP("trim_end", "bool", "true", NULL), NT_PROP_END
};

const nt_node_type_t nt_text_trim = {
    .type = "nodetool.text.TrimWhitespace",
    .title = "Trim Whitespace",
    .description = "Takes white space off the start and the end of a text.",
    .properties = trim_properties,
    .outputs = nt_out_str,
    .run = run_trim
};


static nt_node_rc_t
run_collapse(nt_node_call_t *call)
{
    bool     keep_lines, in_run;
    size_t   pos, start;
    uint32_t c;
    nt_buf_t buf = { 0 };
    nt_str_t text, replacement;

    text = nt_text_input(call, "text");
    replacement = nt_text_input(call, "replacement");
    keep_lines = nt_call_bool(call, "preserve_newlines");

    if (nt_call_bool(call, "trim_edges")) {
        text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);
    }

    in_run = false;

    for (pos = 0; pos < text.len && !nt_text_too_long(&buf);) {
        start = pos;
        c = nt_ustr_next(text, &pos);

        if (!nt_ustr_is_space(c) || (keep_lines && (c == '\n' || c == '\r'))) {
            nt_buf_append(&buf, text.data + start, pos - start);
            in_run = false;

        } else if (!in_run) {
            nt_buf_append_str(&buf, replacement);
            in_run = true;
        }
    }

    return nt_text_emit(call, &buf);
}


static const nt_property_t collapse_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    { .name = "preserve_newlines",
      .type = "bool",
      .default_json = "false",
      .description = "Keep line ends as they are" },
    { .name = "replacement",
      .type = "str",
      .default_json = "\" \"",
      .description = "What stands for a run of white space" },
    { .name = "trim_edges",
      .type = "bool",
      .default_json = "true",
      .description = "First take white space off both ends" },
    NT_PROP_END
};

const nt_node_type_t nt_text_collapse = {
    .type = "nodetool.text.CollapseWhitespace",
    .title = "Collapse Whitespace",
    .description = "Makes one separator of each run of white space.",
    .properties = collapse_properties,
    .outputs = nt_out_str,
    .run = run_collapse
};


/* --- characters --- */

/* Each character of a text is looked for in such a set. */
#define SET_MAX 4096

static nt_node_rc_t
run_remove_punctuation(nt_node_call_t *call)
{
    size_t   pos, start;
    nt_buf_t buf = { 0 };
    nt_str_t text, replacement, punctuation, one;

    text = nt_text_input(call, "text");
    replacement = nt_text_input(call, "replacement");
    punctuation = nt_text_input(call, "punctuation");

    if (punctuation.len > SET_MAX) {
        return nt_call_fail(call, "punctuation is longer than %d bytes",
                            SET_MAX);
    }

    for (pos = 0; pos < text.len && !nt_text_too_long(&buf);) {
        start = pos;
        (void) nt_ustr_next(text, &pos);
        one.data = text.data + start;
        one.len = pos - start;

        nt_buf_append_str(&buf,
                          nt_ustr_find(punctuation, one, 0, punctuation.len) < 0
                              ? one
                              : replacement);
    }

    return nt_text_emit(call, &buf);
}


static const nt_property_t punctuation_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    { .name = "replacement",
      .type = "str",
      .default_json = "\"\"",
      .description = "What comes where punctuation was" },
    { .name = "punctuation",
      .type = "str",
      .default_json = "\"!\\\"#$%&'()*+,-./:;<=>?@[\\\\]^_`{|}~\"",
      .description = "The characters to remove or replace" },
    NT_PROP_END
};

const nt_node_type_t nt_text_remove_punctuation = {
    .type = "nodetool.text.RemovePunctuation",
    .title = "Remove Punctuation",
    .description = "Removes or replaces punctuation.",
    .properties = punctuation_properties,
    .outputs = nt_out_str,
    .run = run_remove_punctuation
};


static nt_node_rc_t
run_strip_accents(nt_node_call_t *call)
{
    bool     keep;
    size_t   pos, start;
    uint32_t c;
    nt_buf_t buf = { 0 }, decomposed = { 0 };
    nt_str_t text;

    keep = nt_call_bool(call, "preserve_non_ascii");
    nt_ustr_nfkd(&decomposed, nt_text_input(call, "text"));
    text.data = decomposed.data;
    text.len = decomposed.len;

    for (pos = 0; pos < text.len && !nt_text_too_long(&buf);) {
        start = pos;
        c = nt_ustr_next(text, &pos);

        if (c < 0x80 || (keep && !nt_ustr_is_combining(c))) {
            nt_buf_append(&buf, text.data + start, pos - start);
        }
    }

    buf.failed |= decomposed.failed;
    nt_buf_free(&decomposed);
    return nt_text_emit(call, &buf);
}


static const nt_property_t accents_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    { .name = "preserve_non_ascii",
      .type = "bool",
      .default_json = "true",
      .description = "Keep characters beyond ASCII that are no accents" },
    NT_PROP_END
};

const nt_node_type_t nt_text_strip_accents = {
    .type = "nodetool.text.StripAccents",
    .title = "Strip Accents",
    .description = "Takes the accents off letters.",
    .properties = accents_properties,
    .outputs = nt_out_str,
    .run = run_strip_accents
};


/* Runs of white space, "_" and "-" become one separator; of what else there
 * is, only letters and digits stay. */
static void
slugify(nt_buf_t *out, nt_str_t text, nt_str_t separator, bool unicode)
{
    bool     in_run;
    size_t   pos, start;
    uint32_t c;

    in_run = false;

    for (pos = 0; pos < text.len && !nt_text_too_long(out);) {
        start = pos;
        c = nt_ustr_next(text, &pos);

        if (c >= 0x80 && !unicode) {
            continue;
        }

        if (c == '_' || c == '-' || nt_ustr_is_space(c)) {
            if (!in_run) {
                nt_buf_append_str(out, separator);
            }

            in_run = true;

        } else if (nt_ustr_is_alnum(c)) {
            nt_buf_append(out, text.data + start, pos - start);
            in_run = false;
        }
    }
}


static nt_node_rc_t
run_slugify(nt_node_call_t *call)
{
    nt_buf_t decomposed = { 0 }, slug = { 0 }, buf = { 0 };
    nt_str_t text, separator;

    separator = nt_text_input(call, "separator");

    if (separator.len > SET_MAX) {
        return nt_call_fail(call, "separator is longer than %d bytes", SET_MAX);
    }

    nt_ustr_nfkd(&decomposed, nt_text_input(call, "text"));
    slugify(&slug, (nt_str_t) { decomposed.data, decomposed.len }, separator,
            nt_call_bool(call, "allow_unicode"));
    slug.failed |= decomposed.failed;
    nt_buf_free(&decomposed);

    if (slug.failed || nt_text_too_long(&slug)) {
        return nt_text_emit(call, &slug);
    }

    text = nt_ustr_strip((nt_str_t) { slug.data, slug.len }, NT_USTR_BOTH,
                         &separator);

    if (nt_call_bool(call, "lowercase")) {
        nt_ustr_lower(&buf, text);

    } else {
        nt_buf_append_str(&buf, text);
    }

    nt_buf_free(&slug);
    return nt_text_emit(call, &buf);
}


static const nt_property_t slugify_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    NT_PROP("separator", "str", "\"-\"", NULL),
    NT_PROP("lowercase", "bool", "true", NULL),
    { .name = "allow_unicode",
      .type = "bool",
      .default_json = "false",
      .description = "Keep letters beyond ASCII" },
    NT_PROP_END
};

const nt_node_type_t nt_text_slugify = {
    .type = "nodetool.text.Slugify",
    .title = "Slugify",
    .description = "Makes a slug for a URL or an id of a text.",
    .properties = slugify_properties,
    .outputs = nt_out_str,
    .run = run_slugify
};


/* --- lengths --- */

static nt_node_rc_t
run_truncate(nt_node_call_t *call)
{
    size_t   len, n;
    int64_t  max;
    nt_buf_t buf = { 0 };
    nt_str_t text, ellipsis;

    text = nt_text_input(call, "text");
    ellipsis = nt_text_input(call, "ellipsis");
    max = nt_call_int(call, "max_length");
    len = nt_ustr_len(text);
    n = nt_ustr_len(ellipsis);

    if (max <= 0) {
        return nt_text_emit_str(call, ellipsis);
    }

    if ((uint64_t) max < len) {
        /* an ellipsis that would leave no text is left out */
        if (n >= (uint64_t) max) {
            ellipsis.len = n = 0;
        }

        text.len = nt_ustr_offset(text, (size_t) max - n);
        nt_buf_append_str(&buf, text);
        nt_buf_append_str(&buf, ellipsis);
        return nt_text_emit(call, &buf);
    }

    return nt_text_emit_str(call, text);
}


static const double zero = 0;

static const nt_property_t truncate_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    { .name = "max_length",
      .type = "int",
      .default_json = "100",
      .min = &zero,
      .description = "Characters, those of the ellipsis included" },
    { .name = "ellipsis",
      .type = "str",
      .default_json = "\"\"",
      .description = "What ends a text that was cut" },
    NT_PROP_END
};

const nt_node_type_t nt_text_truncate = { .type = "nodetool.text.TruncateText",
                                          .title = "Truncate Text",
                                          .description =
                                              "Cuts a text to a length.",
                                          .properties = truncate_properties,
                                          .outputs = nt_out_str,
                                          .run = run_truncate };


#define PAD_MAX (16 * 1024 * 1024)


static void
append_times(nt_buf_t *buf, nt_str_t s, size_t n)
{
    while (n-- > 0) {
        nt_buf_append_str(buf, s);
    }
}


static nt_node_rc_t
run_pad(nt_node_call_t *call)
{
    size_t   len, needed, left;
    int64_t  length;
    nt_buf_t buf = { 0 };
    nt_str_t text, with, direction;

    text = nt_text_input(call, "text");
    with = nt_text_input(call, "pad_character");
    direction = nt_text_input(call, "direction");
    length = nt_call_int(call, "length");
    len = nt_ustr_len(text);

    if (nt_ustr_len(with) != 1) {
        return nt_call_fail(call,
                            "pad_character must be one character, not "
                            "%zu",
                            nt_ustr_len(with));
    }

    if (length > PAD_MAX) {
        return nt_call_fail(call, "length must be at most %d", PAD_MAX);
    }

    needed = length > (int64_t) len ? (size_t) length - len : 0;
    left = nt_str_eq(direction, NT_STR("left"))   ? needed
           : nt_str_eq(direction, NT_STR("both")) ? needed / 2
                                                  : 0;

    append_times(&buf, with, left);
    nt_buf_append_str(&buf, text);
    append_times(&buf, with, needed - left);
    return nt_text_emit(call, &buf);
}


static const char *const directions[] = { "left", "right", "both", NULL };

static const nt_property_t pad_properties[] = {
    NT_PROP("text", "str", "\"\"", NULL),
    { .name = "length",
      .type = "int",
      .default_json = "0",
      .min = &zero,
      .description = "Characters that the text must have" },
    NT_PROP("pad_character", "str", "\" \"", NULL),
    { .name = "direction",
      .type = "enum",
      .default_json = "\"right\"",
      .values = directions,
      .description = "The side that is padded" },
    NT_PROP_END
};

const nt_node_type_t nt_text_pad = { .type = "nodetool.text.PadText",
                                     .title = "Pad Text",
                                     .description = "Pads a text to a length.",
                                     .properties = pad_properties,
                                     .outputs = nt_out_str,
                                     .run = run_pad };
