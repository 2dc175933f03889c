/*
 * engine/nodes/pathname.c - Python's os.path.
 */

#include "engine/nodes/pathname.h"


void
nt_path_expand(nt_buf_t *out, nt_str_t path)
{
    if (path.len > 0 && path.data[0] == '~' &&
        (path.len == 1 || path.data[1] == '/'))
    {
        path.data++;
        path.len--;

        if (path.len == 0) {
            path = NT_STR("/");
        }
    }

    nt_buf_append_str(out, path);
}


void
nt_path_join(nt_buf_t *out, nt_str_t part)
{
    if (part.len > 0 && part.data[0] == '/') {
        nt_buf_reset(out);

    } else if (out->len > 0 && out->data[out->len - 1] != '/') {
        nt_buf_append_char(out, '/');
    }

    nt_buf_append_str(out, part);
}


void
nt_path_split(nt_str_t path, nt_str_t *folder, nt_str_t *name)
{
    size_t len = path.len;

    while (len > 0 && path.data[len - 1] != '/') {
        len--;
    }

    *name = (nt_str_t) { path.data + len, path.len - len };
    *folder = (nt_str_t) { path.data, len };

    while (len > 0 && path.data[len - 1] == '/') {
        len--;
    }

    /* nothing but slashes is kept */
    if (len > 0) {
        folder->len = len;
    }
}


void
nt_path_splitext(nt_str_t path, nt_str_t *root, nt_str_t *extension)
{
    size_t   i, dot;
    nt_str_t folder, name;

    nt_path_split(path, &folder, &name);

    /* dots that a name begins with are part of it */
    i = 0;

    while (i < name.len && name.data[i] == '.') {
        i++;
    }

    dot = name.len;

    for (; i < name.len; i++) {
        if (name.data[i] == '.') {
            dot = i;
        }
    }

    *extension = (nt_str_t) { name.data + dot, name.len - dot };
    *root = (nt_str_t) { path.data, path.len - extension->len };
}


bool
nt_path_next(nt_str_t *path, nt_str_t *part)
{
    const char *slash;

    if (path->len == 0) {
        return false;
    }

    slash = memchr(path->data, '/', path->len);
    part->data = path->data;
    part->len = slash != NULL ? (size_t) (slash - path->data) : path->len;

    path->data += part->len + (slash != NULL);
    path->len -= part->len + (slash != NULL);
    return true;
}


bool
nt_path_goes_up(nt_str_t path)
{
    nt_str_t part;

    while (nt_path_next(&path, &part)) {
        if (nt_str_eq(part, NT_STR(".."))) {
            return true;
        }
    }

    return false;
}


/* Takes the last part off what was appended since `start`; false when that
 * is ".." or nothing. */
static bool
take_part_off(nt_buf_t *out, size_t start)
{
    nt_str_t text, folder, name;

    if (out->failed || out->len == start) {
        return false;
    }

    text = (nt_str_t) { out->data + start, out->len - start };
    nt_path_split(text, &folder, &name);

    if (nt_str_eq(name, NT_STR(".."))) {
        return false;
    }

    out->len = start + folder.len;
    return true;
}


void
nt_path_normalize(nt_buf_t *out, nt_str_t path)
{
    size_t   start, slashes = 0;
    nt_str_t part;

    /* POSIX has a meaning for two slashes at the start, not for three */
    while (slashes < path.len && path.data[slashes] == '/') {
        slashes++;
    }

    slashes = slashes == 2 ? 2 : slashes > 0;
    nt_buf_append(out, "//", slashes);
    start = out->len;

    while (nt_path_next(&path, &part)) {
        if (part.len == 0 || nt_str_eq(part, NT_STR("."))) {
            continue;
        }

        if (nt_str_eq(part, NT_STR("..")) &&
            (take_part_off(out, start) || (slashes > 0 && out->len == start)))
        {
            continue;
        }

        if (out->len > start) {
            nt_buf_append_char(out, '/');
        }

        nt_buf_append_str(out, part);
    }

    if (out->len == start && slashes == 0) {
        nt_buf_append_char(out, '.');
    }
}


void
nt_path_absolute(nt_buf_t *out, nt_str_t path)
{
    nt_buf_t joined = { 0 };

    nt_buf_append_char(&joined, '/');
    nt_path_join(&joined, path);

    if (joined.failed) {
        out->failed = true;
    } else {
        nt_path_normalize(out, (nt_str_t) { joined.data, joined.len });
    }

    nt_buf_free(&joined);
}


/* The next part that is not empty. */
static bool
next_name(nt_str_t *path, nt_str_t *part)
{
    while (nt_path_next(path, part)) {
        if (part->len > 0) {
            return true;
        }
    }

    return false;
}


static void
relative(nt_buf_t *out, nt_str_t path, nt_str_t start)
{
    bool     more, less;
    size_t   begin = out->len;
    nt_str_t part, from;

    do {
        more = next_name(&path, &part);
        less = next_name(&start, &from);
    } while (more && less && nt_str_eq(part, from));

    for (; less; less = next_name(&start, &from)) {
        nt_buf_append_str(out, out->len > begin ? NT_STR("/..") : NT_STR(".."));
    }

    for (; more; more = next_name(&path, &part)) {
        if (out->len > begin) {
            nt_buf_append_char(out, '/');
        }

        nt_buf_append_str(out, part);
    }

    if (out->len == begin) {
        nt_buf_append_char(out, '.');
    }
}


void
nt_path_relative(nt_buf_t *out, nt_str_t path, nt_str_t start)
{
    nt_buf_t target = { 0 }, from = { 0 };

    nt_path_absolute(&target, path);
    nt_path_absolute(&from, start);

    if (target.failed || from.failed) {
        out->failed = true;
    } else {
        relative(out, (nt_str_t) { target.data, target.len },
                 (nt_str_t) { from.data, from.len });
    }

    nt_buf_free(&target);
    nt_buf_free(&from);
}
