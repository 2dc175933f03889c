#include "engine/agents/answer.h"

#include <stdlib.h>
#include <strings.h>

#include "engine/nodes/ustr.h"

#define DEPTH_MAX   32  /* of types within types */
#define STARTS_MAX  256 /* braces of a text that may start an object */
#define SIMILAR_MAX 256 /* characters that are compared */


/* --- schemas --- */

/* A media ref, as a model can give one: by its address. */
static json_t *
ref_schema(const char *name)
{
    return json_pack("{s:s, s:{s:{s:s, s:[s]}, s:{s:s}}, s:[s, s], s:b}",
                     "type", "object", "properties", "type", "type", "string",
                     "enum", name, "uri", "type", "string", "required", "type",
                     "uri", "additionalProperties", 0);
}


static bool
is_ref(const char *name)
{
    size_t                   i;
    static const char *const names[] = { "image",    "audio",    "video",
                                         "document", "model_3d", "folder" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }

    return false;
}


static const char *
scalar(const char *name)
{
    size_t                   i;
    static const char *const names[][2] = {
        { "str", "string" },  { "text", "string" },  { "bytes", "string" },
        { "int", "integer" }, { "float", "number" }, { "bool", "boolean" },
        { "none", "null" },   { "date", "string" },  { "datetime", "string" },
        { "enum", "string" },
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], name) == 0) {
            return names[i][1];
        }
    }

    return NULL;
}


static json_t *schema_of(const json_t *type, bool *strict, unsigned depth);


static json_t *
list_schema(const json_t *args, bool *strict, unsigned depth)
{
    json_t *items = json_array_get(args, 0);

    if (items != NULL) {
        return json_pack("{s:s, s:o}", "type", "array", "items",
                         schema_of(items, strict, depth));
    }

    *strict = false;
    return json_pack("{s:s, s:{}}", "type", "array", "items");
}


/* dict[K, V]: keys are texts in JSON. */
static json_t *
dict_schema(const json_t *args, bool *strict, unsigned depth)
{
    json_t *values = json_array_get(args, 1);

    *strict = false;

    if (values != NULL) {
        return json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                         schema_of(values, strict, depth));
    }

    return json_pack("{s:s}", "type", "object");
}


static json_t *
union_schema(const json_t *args, bool *strict, unsigned depth)
{
    size_t  i;
    json_t *list, *arg;

    list = json_array();

    json_array_foreach(args, i, arg)
    {
        if (json_array_append_new(list, schema_of(arg, strict, depth)) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return json_pack("{s:o}", "anyOf", list);
}


static json_t *
named_schema(const char *name, const json_t *type, bool *strict, unsigned depth)
{
    json_t *args = json_object_get(type, "type_args");
    json_t *values = json_object_get(type, "values");

    if (strcmp(name, "list") == 0 || strcmp(name, "tuple") == 0) {
        return list_schema(args, strict, depth);
    }

    if (strcmp(name, "dict") == 0) {
        return dict_schema(args, strict, depth);
    }

    if (strcmp(name, "union") == 0 && json_array_size(args) > 0) {
        return union_schema(args, strict, depth);
    }

    if (strcmp(name, "enum") == 0 && json_array_size(values) > 0) {
        return json_pack("{s:s, s:O}", "type", "string", "enum", values);
    }

    if (is_ref(name)) {
        return ref_schema(name);
    }

    if (scalar(name) != NULL) {
        return json_pack("{s:s}", "type", scalar(name));
    }

    *strict = false;
    return json_object();
}


static json_t *
schema_of(const json_t *type, bool *strict, unsigned depth)
{
    json_t     *schema;
    const char *name;

    name = json_is_string(type)
               ? json_string_value(type)
               : json_string_value(json_object_get(type, "type"));

    if (name == NULL || depth > DEPTH_MAX) {
        *strict = false;
        return json_object();
    }

    schema = named_schema(name, type, strict, depth + 1);

    if (schema != NULL && json_object_size(schema) > 0 &&
        json_is_true(json_object_get(type, "optional")))
    {
        return json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
    }

    return schema;
}


json_t *
nt_answer_type_schema(const json_t *type, bool *strict)
{
    *strict = true;
    return schema_of(type, strict, 0);
}


json_t *
nt_answer_schema(const char *title, const json_t *fields, bool *strict)
{
    int         rc = 0;
    json_t     *properties, *required, *type;
    const char *name;

    *strict = true;
    properties = json_object();
    required = json_array();

    json_object_foreach((json_t *) fields, name, type)
    {
        rc |= json_object_set_new(properties, name, schema_of(type, strict, 0));
        rc |= json_array_append_new(required, json_string(name));
    }

    if (rc != 0) {
        json_decref(properties);
        json_decref(required);
        return NULL;
    }

    return json_pack("{s:s, s:s, s:o, s:o, s:b}", "type", "object", "title",
                     title, "properties", properties, "required", required,
                     "additionalProperties", 0);
}


/* --- objects --- */

static json_t *
parse_object(const char *text, size_t len, size_t flags)
{
    json_t *value;

    value = json_loadb(text, len, flags | JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }

    return value;
}


/* What is within the first ``` block that is an object. */
static json_t *
fenced_object(nt_str_t text)
{
    json_t     *object;
    const char *end = text.data + text.len, *from, *to;

    from = memmem(text.data, text.len, "```", 3);

    while (from != NULL) {
        from = memchr(from, '\n', (size_t) (end - from));
        to =
            from != NULL ? memmem(from, (size_t) (end - from), "```", 3) : NULL;

        if (to == NULL) {
            return NULL;
        }

        object = parse_object(from, (size_t) (to - from), 0);

        if (object != NULL) {
            return object;
        }

        to += 3;
        from = memmem(to, (size_t) (end - to), "```", 3);
    }

    return NULL;
}


/* The first object that a text has in it.  Each try may read to the text's
 * end, so that there are only so many of them. */
static json_t *
first_object(nt_str_t text)
{
    size_t      n;
    json_t     *object;
    const char *end = text.data + text.len, *p;

    p = text.data;

    for (n = 0; n < STARTS_MAX; n++, p++) {
        p = memchr(p, '{', (size_t) (end - p));

        if (p == NULL) {
            return NULL;
        }

        object = parse_object(p, (size_t) (end - p), JSON_DISABLE_EOF_CHECK);

        if (object != NULL) {
            return object;
        }
    }

    return NULL;
}


json_t *
nt_answer_object(nt_str_t text)
{
    json_t *object;

    if (text.len == 0) {
        return NULL;
    }

    object = parse_object(text.data, text.len, 0);

    if (object == NULL) {
        object = fenced_object(text);
    }

    return object != NULL ? object : first_object(text);
}


/* --- categories --- */

/* Lower case, without white space around. */
static bool
normal(nt_buf_t *out, nt_str_t text)
{
    nt_ustr_lower(out, nt_ustr_strip(text, NT_USTR_BOTH, NULL));
    return !out->failed;
}


static const char *
same_category(const json_t *value, const json_t *categories)
{
    size_t      i;
    bool        same;
    json_t     *category;
    nt_buf_t    a = { 0 }, b = { 0 };
    const char *found = NULL;

    if (!json_is_string(value) || !normal(&a, nt_ustr(value))) {
        nt_buf_free(&a);
        return NULL;
    }

    json_array_foreach(categories, i, category)
    {
        nt_buf_reset(&b);
        same = normal(&b, nt_ustr(category)) &&
               nt_str_eq((nt_str_t) { a.data, a.len },
                         (nt_str_t) { b.data, b.len });

        if (same) {
            found = json_string_value(category);
            break;
        }
    }

    nt_buf_free(&a);
    nt_buf_free(&b);
    return found;
}


static bool
is_inside_word(nt_str_t text, size_t at)
{
    size_t   pos;
    uint32_t c;

    if (at >= text.len) {
        return false;
    }

    pos = at;
    c = nt_ustr_next(text, &pos);
    return nt_ustr_is_alnum(c);
}


/* Does `word` stand in `text` from here on, as a word of its own?  Its place,
 * or -1. */
static ptrdiff_t
find_word(nt_str_t text, nt_str_t word)
{
    size_t    before;
    ptrdiff_t at = 0;

    for (;;) {
        at = nt_ustr_find(text, word, (size_t) at, text.len);

        if (at < 0) {
            return -1;
        }

        before = (size_t) at;

        while (before > 0 && (text.data[--before] & 0xC0) == 0x80) {
            /* to the start of the character in front */
        }

        if ((at == 0 || !is_inside_word(text, before)) &&
            !is_inside_word(text, (size_t) at + word.len))
        {
            return at;
        }

        at++;
    }
}


/* The category that stands first in the text, the longer of two that start
 * at one place. */
static const char *
named_category(nt_str_t text, const json_t *categories)
{
    size_t      i, len = 0;
    json_t     *category;
    nt_buf_t    name = { 0 };
    ptrdiff_t   at, first = -1;
    const char *found = NULL;

    json_array_foreach(categories, i, category)
    {
        nt_buf_reset(&name);

        if (!normal(&name, nt_ustr(category)) || name.len == 0) {
            continue;
        }

        at = find_word(text, (nt_str_t) { name.data, name.len });

        if (at >= 0 &&
            (first < 0 || at < first || (at == first && name.len > len))) {
            first = at;
            len = name.len;
            found = json_string_value(category);
        }
    }

    nt_buf_free(&name);
    return found;
}


/* 2 * (longest common subsequence) / (length of both), from 0 to 1. */
static double
similarity(nt_str_t a, nt_str_t b)
{
    size_t   i, j;
    uint16_t row[SIMILAR_MAX + 1] = { 0 }, diagonal, above;

    if (a.len == 0 || b.len == 0 || a.len > SIMILAR_MAX || b.len > SIMILAR_MAX)
    {
        return 0.0;
    }

    for (i = 0; i < a.len; i++) {
        diagonal = 0;

        for (j = 1; j <= b.len; j++) {
            above = row[j];

            if (a.data[i] == b.data[j - 1]) {
                row[j] = (uint16_t) (diagonal + 1);

            } else if (row[j - 1] > row[j]) {
                row[j] = row[j - 1];
            }

            diagonal = above;
        }
    }

    return 2.0 * row[b.len] / (double) (a.len + b.len);
}


static const char *
similar_category(nt_str_t text, const json_t *categories)
{
    size_t      i;
    double      score, best = 0.5;
    json_t     *category;
    nt_buf_t    name = { 0 };
    const char *found = NULL;

    json_array_foreach(categories, i, category)
    {
        nt_buf_reset(&name);

        if (!normal(&name, nt_ustr(category))) {
            continue;
        }

        score = similarity(text, (nt_str_t) { name.data, name.len });

        if (score > best) {
            best = score;
            found = json_string_value(category);
        }
    }

    nt_buf_free(&name);
    return found;
}


static const char *
default_category(const json_t *categories)
{
    size_t                   i, j;
    const char              *name;
    static const char *const names[] = { "other", "unknown" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (j = 0; j < json_array_size(categories); j++) {
            name = json_string_value(json_array_get(categories, j));

            if (name != NULL && strcasecmp(name, names[i]) == 0) {
                return name;
            }
        }
    }

    return json_string_value(json_array_get(categories, 0));
}


const char *
nt_answer_category(nt_str_t text, const json_t *categories)
{
    json_t     *object;
    nt_buf_t    lower = { 0 };
    nt_str_t    plain;
    const char *found;

    object = nt_answer_object(text);
    found = same_category(json_object_get(object, "category"), categories);
    json_decref(object);

    if (found == NULL && normal(&lower, text)) {
        plain = (nt_str_t) { lower.data, lower.len };
        found = named_category(plain, categories);

        if (found == NULL) {
            found = similar_category(plain, categories);
        }
    }

    nt_buf_free(&lower);
    return found != NULL ? found : default_category(categories);
}
