/*
 * engine/nodes/regex_sub.c - re.findall, re.split and re.sub.
 */

#include <stdlib.h>

#include "engine/nodes/regex.h"
#include "engine/nodes/ustr.h"


#define RESULT_MAX (64 * 1024 * 1024) /* bytes of a text made by sub */


json_t *
nt_regex_text(const nt_regex_t *regex, nt_str_t text, unsigned group,
              json_t *missing)
{
    size_t start, end;

    if (!nt_regex_span(regex, group, &start, &end)) {
        return json_incref(missing);
    }

    return nt_ustr_json((nt_str_t) { text.data + start, end - start });
}


/* What findall has for a match: itself, its group, or all its groups. */
static json_t *
found(const nt_regex_t *regex, nt_str_t text, json_t *empty)
{
    json_t  *groups;
    unsigned i, n;

    n = nt_regex_groups(regex);

    if (n <= 1) {
        return nt_regex_text(regex, text, n, empty);
    }

    groups = json_array();

    for (i = 1; groups != NULL && i <= n; i++) {
        if (json_array_append_new(groups,
                                  nt_regex_text(regex, text, i, empty)) != 0) {
            json_decref(groups);
            return NULL;
        }
    }

    return groups;
}


json_t *
nt_regex_findall(nt_regex_t *regex, nt_str_t text, nt_buf_t *error)
{
    int               rc;
    json_t           *list, *empty;
    nt_regex_cursor_t cursor = { 0 };

    list = json_array();
    empty = json_string("");
    rc = list == NULL || empty == NULL ? -1 : 1;

    while (rc == 1) {
        rc = nt_regex_next(regex, text, &cursor, error);

        if (rc == 1 &&
            json_array_append_new(list, found(regex, text, empty)) != 0) {
            rc = -1;
        }
    }

    json_decref(empty);

    if (rc < 0) {
        json_decref(list);
        return NULL;
    }

    return list;
}


/* Appends text[from:to] and, if it is a match that ends it, its groups. */
static bool
append_part(json_t *list, const nt_regex_t *regex, nt_str_t text, size_t from,
            size_t to, bool groups)
{
    json_t  *none;
    unsigned i;

    if (json_array_append_new(list, nt_ustr_json((nt_str_t) {
                                        text.data + from, to - from })) != 0)
    {
        return false;
    }

    none = json_null();

    for (i = 1; groups && i <= nt_regex_groups(regex); i++) {
        if (json_array_append_new(list, nt_regex_text(regex, text, i, none)) !=
            0) {
            return false;
        }
    }

    return true;
}


json_t *
nt_regex_split(nt_regex_t *regex, nt_str_t text, int64_t limit, nt_buf_t *error)
{
    int               rc;
    size_t            from, start, end;
    json_t           *list;
    int64_t           n;
    nt_regex_cursor_t cursor = { 0 };

    list = json_array();
    from = 0;
    rc = list == NULL ? -1 : 1;

    for (n = 0; rc == 1 && (limit <= 0 || n < limit); n++) {
        rc = nt_regex_next(regex, text, &cursor, error);

        if (rc == 1 && nt_regex_span(regex, 0, &start, &end)) {
            rc = append_part(list, regex, text, from, start, true) ? 1 : -1;
            from = end;
        }
    }

    if (rc < 0 || !append_part(list, regex, text, from, text.len, false)) {
        json_decref(list);
        return NULL;
    }

    return list;
}


/* --- replacements --- */

typedef struct {
    size_t start; /* of the literal text, in template_t.text */
    size_t len;
    int    group; /* that follows it; -1 for none */
} part_t;

typedef struct {
    const nt_regex_t *regex;
    nt_buf_t          text;
    nt_buf_t          parts; /* of part_t */
    size_t            start; /* of the part that is being read */
    nt_buf_t         *error;
} template_t;


static void
end_part(template_t *t, int group)
{
    part_t part = { t->start, t->text.len - t->start, group };

    nt_buf_append(&t->parts, &part, sizeof(part));
    t->start = t->text.len;
}


static bool
add_group(template_t *t, int64_t group)
{
    if (group < 0 || group > nt_regex_groups(t->regex)) {
        nt_buf_printf(t->error,
                      "replacement refers to a group that is not in "
                      "pattern: it has %u",
                      nt_regex_groups(t->regex));
        return false;
    }

    end_part(t, (int) group);
    return true;
}


static bool
is_octal(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '7';
}


/* At a digit: \1 to \99 are groups; \0 and three octal digits characters. */
static bool
read_number(template_t *t, const char **p, const char *end)
{
    const char *q;
    uint32_t    code;

    q = *p;

    if (*q == '0' || (is_octal(q, end) && *q <= '3' && is_octal(q + 1, end) &&
                      is_octal(q + 2, end)))
    {
        for (code = 0; q < *p + 3 && is_octal(q, end); q++) {
            code = code * 8 + (uint32_t) (*q - '0');
        }

        nt_ustr_put(&t->text, code);
        *p = q;
        return true;
    }

    code = (uint32_t) (*q++ - '0');

    if (q < end && *q >= '0' && *q <= '9') {
        code = code * 10 + (uint32_t) (*q++ - '0');
    }

    *p = q;
    return add_group(t, code);
}


/* Behind \g: <name> or <number>. */
static bool
read_name(template_t *t, const char **p, const char *end)
{
    nt_str_t    name;
    const char *close;

    close = *p < end ? memchr(*p, '>', (size_t) (end - *p)) : NULL;

    if (close == NULL || **p != '<' || close == *p + 1) {
        nt_buf_printf(t->error, "replacement has a \\g without <name>");
        return false;
    }

    name.data = *p + 1;
    name.len = (size_t) (close - name.data);
    *p = close + 1;

    if (strspn(name.data, "0123456789") >= name.len) {
        return add_group(t, name.len > 3 ? -1 : atoi(name.data));
    }

    return add_group(t, nt_regex_group(t->regex, name));
}


/* Behind "\". */
static bool
read_escape(template_t *t, const char **p, const char *end)
{
    static const char letters[] = "\\abfnrtv";
    static const char meaning[] = "\\\a\b\f\n\r\t\v";

    char        c;
    const char *found;

    if (*p == end) {
        nt_buf_printf(t->error, "replacement ends in a single backslash");
        return false;
    }

    c = **p;

    if (c >= '0' && c <= '9') {
        return read_number(t, p, end);
    }

    (*p)++;

    if (c == 'g') {
        return read_name(t, p, end);
    }

    found = c == '\0' ? NULL : strchr(letters, c);

    if (found != NULL) {
        nt_buf_append_char(&t->text, meaning[found - letters]);
        return true;
    }

    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        nt_buf_printf(t->error,
                      "replacement has an unknown escape \\%c: write "
                      "\\\\ for a backslash",
                      c);
        return false;
    }

    nt_buf_append_char(&t->text, '\\');
    nt_buf_append_char(&t->text, c);
    return true;
}


static bool
read_template(template_t *t, nt_str_t replacement)
{
    const char *p, *end;

    p = replacement.data;
    end = p + replacement.len;

    while (p < end) {
        if (*p != '\\') {
            nt_buf_append_char(&t->text, *p++);
            continue;
        }

        p++;

        if (!read_escape(t, &p, end)) {
            return false;
        }
    }

    end_part(t, -1);
    return !t->text.failed && !t->parts.failed;
}


static void
append_replacement(nt_buf_t *out, const template_t *t, nt_str_t text)
{
    part_t part;
    size_t i, start, end;

    for (i = 0; i < t->parts.len; i += sizeof(part)) {
        memcpy(&part, t->parts.data + i, sizeof(part));
        nt_buf_append(out, t->text.data + part.start, part.len);

        if (part.group >= 0 &&
            nt_regex_span(t->regex, (unsigned) part.group, &start, &end))
        {
            nt_buf_append(out, text.data + start, end - start);
        }
    }
}


static int
substitute(nt_regex_t *regex, nt_str_t text, const template_t *t, int64_t limit,
           nt_buf_t *out, nt_buf_t *error)
{
    int               rc;
    size_t            from, start, end;
    int64_t           n;
    nt_regex_cursor_t cursor = { 0 };

    from = 0;
    rc = 1;

    for (n = 0; rc == 1 && (limit <= 0 || n < limit); n++) {
        rc = nt_regex_next(regex, text, &cursor, error);

        if (rc == 1 && nt_regex_span(regex, 0, &start, &end)) {
            nt_buf_append(out, text.data + from, start - from);
            append_replacement(out, t, text);
            from = end;
        }

        if (out->len > RESULT_MAX) {
            nt_buf_printf(error, "the text becomes longer than %d bytes",
                          RESULT_MAX);
            return -1;
        }
    }

    nt_buf_append(out, text.data + from, text.len - from);
    return rc;
}


json_t *
nt_regex_sub(nt_regex_t *regex, nt_str_t text, nt_str_t replacement,
             int64_t limit, nt_buf_t *error)
{
    int        rc;
    nt_buf_t   out = { 0 };
    template_t t = { .regex = regex, .error = error };

    rc = read_template(&t, replacement)
             ? substitute(regex, text, &t, limit, &out, error)
             : -1;

    nt_buf_free(&t.text);
    nt_buf_free(&t.parts);

    if (rc < 0) {
        nt_buf_free(&out);
        return NULL;
    }

    return nt_ustr_take(&out);
}
