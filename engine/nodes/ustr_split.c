/*
 * engine/nodes/ustr_split.c - Python's str.split and its relatives.
 */

#include "engine/nodes/ustr.h"


/* Appends s[from:to] in bytes; on failure frees the list and returns false. */
static bool
add_part(json_t **list, nt_str_t s, size_t from, size_t to)
{
    nt_str_t part;

    part.data = s.data + from;
    part.len = to - from;

    if (*list != NULL && json_array_append_new(*list, nt_ustr_json(part)) == 0)
    {
        return true;
    }

    json_decref(*list);
    *list = NULL;
    return false;
}


json_t *
nt_ustr_split(nt_str_t s, nt_str_t sep, int64_t count)
{
    json_t   *list;
    size_t    pos;
    ptrdiff_t at;

    list = json_array();

    for (pos = 0; count != 0; count--) {
        at = nt_ustr_find(s, sep, pos, s.len);

        if (at < 0) {
            break;
        }

        if (!add_part(&list, s, pos, (size_t) at)) {
            return NULL;
        }

        pos = (size_t) at + sep.len;
    }

    (void) add_part(&list, s, pos, s.len);
    return list;
}


json_t *
nt_ustr_rsplit(nt_str_t s, nt_str_t sep, int64_t count)
{
    json_t   *list, *parts;
    size_t    end, i;
    ptrdiff_t at;

    parts = json_array(); /* from the right */

    for (end = s.len; count != 0; count--) {
        at = nt_ustr_rfind(s, sep, 0, end);

        if (at < 0) {
            break;
        }

        if (!add_part(&parts, s, (size_t) at + sep.len, end)) {
            return NULL;
        }

        end = (size_t) at;
    }

    list = json_array();

    if (!add_part(&parts, s, 0, end) || list == NULL) {
        json_decref(parts);
        json_decref(list);
        return NULL;
    }

    for (i = json_array_size(parts); i-- > 0;) {
        if (json_array_append(list, json_array_get(parts, i)) != 0) {
            json_decref(list);
            list = NULL;
            break;
        }
    }

    json_decref(parts);
    return list;
}


json_t *
nt_ustr_split_space(nt_str_t s, int64_t count)
{
    json_t *list;
    size_t  pos, start, end;

    list = json_array();

    for (;;) {
        s = nt_ustr_strip(s, NT_USTR_LEFT, NULL);

        if (s.len == 0) {
            return list;
        }

        if (count-- == 0) {
            (void) add_part(&list, s, 0, s.len);
            return list;
        }

        for (pos = 0, end = 0; pos < s.len; end = pos) {
            start = pos;

            if (nt_ustr_is_space(nt_ustr_next(s, &pos))) {
                end = start;
                break;
            }
        }

        if (!add_part(&list, s, 0, end)) {
            return NULL;
        }

        s.data += end;
        s.len -= end;
    }
}


static bool
is_line_end(uint32_t c)
{
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 ||
           c == 0x2028 || c == 0x2029;
}


json_t *
nt_ustr_lines(nt_str_t s, bool keep_ends)
{
    json_t  *list;
    size_t   line, pos, end;
    uint32_t c;

    list = json_array();
    line = 0;
    pos = 0;

    while (pos < s.len) {
        end = pos;
        c = nt_ustr_next(s, &pos);

        if (!is_line_end(c)) {
            continue;
        }

        if (c == '\r' && pos < s.len && s.data[pos] == '\n') {
            pos++;
        }

        if (!add_part(&list, s, line, keep_ends ? pos : end)) {
            return NULL;
        }

        line = pos;
    }

    if (line < s.len) {
        (void) add_part(&list, s, line, s.len);
    }

    return list;
}
