/*
 * engine/nodes/search_text.c - what a search says, as a text that people and
 * models read.
 */

#include "engine/nodes/pytext.h"
#include "engine/nodes/search.h"
#include "engine/nodes/ustr.h"

#define KEY_MAX 64


/* null, "", false and empty lists and dicts say nothing. */
static bool
says_something(const json_t *value)
{
    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
        return true;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    default:
        return false;
    }
}


json_t *
nt_search_at(const json_t *value, const char *path)
{
    char          key[KEY_MAX];
    size_t        len;
    const json_t *at = value;

    for (/* void */;;) {
        len = strcspn(path, ".|");
        len = len < KEY_MAX ? len : KEY_MAX - 1;
        memcpy(key, path, len);
        key[len] = '\0';
        at = json_object_get(at, key);

        if (path[len] == '.' && at != NULL) {
            path += len + 1;
            continue;
        }

        if (path[len] != '.' && says_something(at)) {
            return (json_t *) at;
        }

        path = strchr(path, '|');
        if (path == NULL) {
            return NULL;
        }

        path++;
        at = value;
    }
}


/* str(value), lists with commas. */
static void
append_value(nt_buf_t *out, const json_t *value)
{
    size_t  i;
    json_t *item;

    if (!json_is_array(value)) {
        nt_py_str(out, value);
        return;
    }

    json_array_foreach(value, i, item)
    {
        nt_buf_append(out, ", ", i > 0 ? 2 : 0);
        nt_py_str(out, item);
    }
}


/* The value, at most `cut` characters of it. */
static void
append_cut(nt_buf_t *out, const json_t *value, size_t cut)
{
    size_t   len;
    nt_buf_t text = { 0 };
    nt_str_t whole;

    append_value(&text, value);
    out->failed |= text.failed;
    whole = (nt_str_t) { text.data != NULL ? text.data : "", text.len };
    len = cut > 0 ? nt_ustr_offset(whole, cut) : whole.len;
    nt_buf_append(out, whole.data, len);

    if (len < whole.len) {
        nt_buf_append_str(out, NT_STR("..."));
    }

    nt_buf_free(&text);
}


/* LABEL value [MID more END]; false when there is nothing to say. */
static bool
append_line(nt_buf_t *out, const nt_search_line_t *line, const json_t *value)
{
    const json_t *found = nt_search_at(value, line->path), *more;

    if (found == NULL) {
        return false;
    }

    nt_buf_append_str(out, nt_str(line->label != NULL ? line->label : ""));
    append_cut(out, found, line->cut);
    more = line->more != NULL ? nt_search_at(value, line->more) : NULL;

    if (more != NULL) {
        nt_buf_append_str(out, nt_str(line->mid));
        append_value(out, more);
        nt_buf_append_str(out, nt_str(line->end));
    } else if (line->more == NULL && line->end != NULL) {
        nt_buf_append_str(out, nt_str(line->end));
    }

    return true;
}


static void
append_lines(nt_buf_t *out, const nt_search_line_t *line, const json_t *value,
             const char *indent)
{
    size_t        i, start;
    json_t       *item;
    const json_t *list;

    for (; line != NULL && line->path != NULL; line++) {
        if (line->each != NULL) {
            list = nt_search_at(value, line->path);

            json_array_foreach(list, i, item)
            {
                append_lines(out, line->each, item, indent);
            }
            continue;
        }

        start = out->len;
        nt_buf_append_str(out, nt_str(indent));

        if (append_line(out, line, value)) {
            nt_buf_append_char(out, '\n');
        } else {
            out->len = start;
        }
    }
}


static void
append_result(nt_buf_t *out, const nt_search_t *search, const json_t *result,
              size_t i)
{
    const json_t *position = nt_search_at(result, "position|position_on_page");

    nt_buf_append_char(out, '[');
    if (json_is_integer(position)) {
        nt_py_str(out, position);
    } else {
        nt_buf_append_uint(out, i + 1);
    }
    nt_buf_append_str(out, NT_STR("] "));

    if (!append_line(out, &search->head, result)) {
        nt_buf_append_str(out, NT_STR("Untitled"));
    }

    nt_buf_append_char(out, '\n');
    append_lines(out, search->lines, result, "    ");

    if (!(search->flags & NT_SEARCH_TIGHT)) {
        nt_buf_append_char(out, '\n');
    }
}


json_t *
nt_search_text(const nt_search_t *search, const json_t *reply,
               const json_t *results)
{
    size_t   i;
    json_t  *result;
    nt_buf_t text = { 0 };

    append_lines(&text, search->top, reply, "");
    nt_buf_append(&text, "\n", text.len > 0 ? 1 : 0);

    json_array_foreach(results, i, result)
    {
        append_result(&text, search, result, i);
    }

    append_lines(&text, search->bottom, reply, "");

    if (text.len > 0 && text.data[text.len - 1] == '\n') {
        text.len--;
    }

    return nt_ustr_take(&text);
}
