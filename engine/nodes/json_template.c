/*
 * engine/nodes/json_template.c - JSON texts with placeholders.
 */

#include "engine/nodes/json_template.h"
#include "engine/nodes/pyvalue.h"


/* The value of the longest name that stands at `text`. */
static const json_t *
placeholder(nt_str_t text, const json_t *values, size_t *name_len)
{
    size_t        len;
    json_t       *value;
    const char   *name;
    const json_t *found = NULL;

    json_object_keylen_foreach((json_t *) values, name, len, value)
    {
        if (len > 0 && len <= text.len && memcmp(name, text.data, len) == 0 &&
            (found == NULL || len > *name_len))
        {
            found = value;
            *name_len = len;
        }
    }

    return found;
}


/* The text of a value for the inside of a string: JSON, of which a string's
 * quotes are taken off and those of others escaped. */
static void
put_inside(nt_buf_t *out, const json_t *value)
{
    size_t   skip = json_is_string(value) ? 1 : 0, i;
    nt_buf_t text = { 0 };

    nt_py_dumps(&text, value, -1);

    if (text.failed) {
        out->failed = true;
    }

    for (i = skip; !text.failed && i + skip < text.len; i++) {
        if (skip == 0 && (text.data[i] == '"' || text.data[i] == '\\')) {
            nt_buf_append_char(out, '\\');
        }

        nt_buf_append_char(out, text.data[i]);
    }

    nt_buf_free(&text);
}


void
nt_json_template(nt_buf_t *out, nt_str_t text, const json_t *values)
{
    bool          string = false, whole;
    size_t        i, len = 0, end;
    const json_t *value;

    for (i = 0; i < text.len; i++) {
        value = text.data[i] == '$'
                    ? placeholder((nt_str_t) { text.data + i + 1,
                                               text.len - i - 1 },
                                  values, &len)
                    : NULL;
        end = i + 1 + len;

        if (value == NULL) {
            if (string && text.data[i] == '\\' && i + 1 < text.len) {
                nt_buf_append_char(out, text.data[i++]);
            } else if (text.data[i] == '"') {
                string = !string;
            }

            nt_buf_append_char(out, text.data[i]);
            continue;
        }

        whole = string && text.data[i - 1] == '"' && end < text.len &&
                text.data[end] == '"';

        if (whole) {
            out->len -= out->len > 0 ? 1 : 0; /* its opening quote */
            string = false;
            end++;
        }

        if (string) {
            put_inside(out, value);
        } else {
            nt_py_dumps(out, value, -1);
        }

        i = end - 1;
    }
}
