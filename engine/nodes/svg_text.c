#include "engine/nodes/svg_text.h"

#include <inttypes.h>

#include "engine/nodes/args.h"
#include "engine/nodes/ustr.h"

#define NT_DEPTH_MAX 64
#define NT_SVG_MAX   ((size_t) 16 << 20)
#define NT_SIDE_MAX  32767


static bool
is_name(nt_str_t name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_:";

    size_t i;

    for (i = 0; i < name.len; i++) {
        if (name.data[i] == '\0' ||
            (strchr(letters, name.data[i]) == NULL &&
             (i == 0 || strchr("-.0123456789", name.data[i]) == NULL)))
        {
            return false;
        }
    }

    return name.len > 0;
}


/* Control characters, which XML cannot have, become blanks. */
static void
append_escaped(nt_buf_t *out, nt_str_t text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '&':
            nt_buf_append_str(out, NT_STR("&amp;"));
            break;
        case '<':
            nt_buf_append_str(out, NT_STR("&lt;"));
            break;
        case '>':
            nt_buf_append_str(out, NT_STR("&gt;"));
            break;
        case '"':
            nt_buf_append_str(out, NT_STR("&quot;"));
            break;
        default:
            nt_buf_append_char(out,
                               (unsigned char) text.data[i] < ' ' &&
                                       strchr("\t\n\r", text.data[i]) == NULL
                                   ? ' '
                                   : text.data[i]);
        }
    }
}


static bool
append_attributes(nt_node_call_t *call, json_t *attributes, nt_buf_t *out)
{
    json_t     *value;
    const char *name;

    json_object_foreach(attributes, name, value)
    {
        if (!is_name(nt_str(name)) || !json_is_string(value)) {
            (void) nt_call_fail(call,
                                "an SVG element has a malformed attribute "
                                "\"%.40s\"; it must be a name and a string",
                                name);
            return false;
        }

        nt_buf_printf(out, " %s=\"", name);
        append_escaped(out, nt_ustr(value));
        nt_buf_append_char(out, '"');
    }

    return true;
}


static bool
append_element(nt_node_call_t *call, const json_t *element, nt_buf_t *out,
               int depth)
{
    size_t   i;
    json_t  *child;
    nt_str_t name = nt_ustr(json_object_get(element, "name"));

    if (depth > NT_DEPTH_MAX || out->len > NT_SVG_MAX) {
        (void) nt_call_fail(call,
                            "the SVG is too large: at most %d elements one in "
                            "another and %zu MiB are allowed",
                            NT_DEPTH_MAX, NT_SVG_MAX >> 20);
        return false;
    }

    if (!is_name(name)) {
        (void) nt_call_fail(call, "a value is no SVG element: it has no name");
        return false;
    }

    nt_buf_append_char(out, '<');
    nt_buf_append_str(out, name);

    if (!append_attributes(call, json_object_get(element, "attributes"), out)) {
        return false;
    }

    nt_buf_append_char(out, '>');
    append_escaped(out, nt_ustr(json_object_get(element, "content")));

    json_array_foreach(json_object_get(element, "children"), i, child)
    {
        if (!append_element(call, child, out, depth + 1)) {
            return false;
        }
    }

    nt_buf_append_str(out, NT_STR("</"));
    nt_buf_append_str(out, name);
    nt_buf_append_char(out, '>');

    return true;
}


bool
nt_svg_element(nt_node_call_t *call, const json_t *element, nt_buf_t *out)
{
    if (!append_element(call, element, out, 0)) {
        return false;
    }

    if (out->failed) {
        (void) nt_arg_nomem(call);
    }

    return !out->failed;
}


static bool
append_content(nt_node_call_t *call, const json_t *content, nt_buf_t *out)
{
    size_t  i;
    json_t *item;

    if (json_is_string(content)) {
        nt_buf_append_str(out, nt_ustr(content));
        return true;
    }

    if (!json_is_array(content)) {
        return nt_svg_element(call, content, out);
    }

    json_array_foreach(content, i, item)
    {
        if (json_is_array(item) || !append_content(call, item, out)) {
            return false;
        }
        nt_buf_append_char(out, '\n');
    }

    return true;
}


bool
nt_svg_document(nt_node_call_t *call, nt_buf_t *out)
{
    int64_t  width, height;
    nt_str_t box;

    if (!nt_arg_int(call, "width", &width) ||
        !nt_arg_int(call, "height", &height) ||
        !nt_arg_str(call, "viewBox", &box))
    {
        return false;
    }

    if (width < 1 || width > NT_SIDE_MAX || height < 1 || height > NT_SIDE_MAX)
    {
        (void) nt_call_fail(call, "'width' and 'height' must be 1 to %d",
                            NT_SIDE_MAX);
        return false;
    }

    nt_buf_printf(out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                  "xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
                  "width=\"%" PRId64 "\" height=\"%" PRId64 "\" viewBox=\"",
                  width, height);
    append_escaped(out, box);
    nt_buf_append_str(out, NT_STR("\">\n"));

    if (!append_content(call, nt_call_input(call, "content"), out)) {
        return false;
    }

    nt_buf_append_str(out, NT_STR("\n</svg>\n"));

    if (out->failed) {
        (void) nt_arg_nomem(call);
    }

    return !out->failed;
}
