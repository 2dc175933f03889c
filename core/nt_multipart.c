#include "core/nt_multipart.h"

#include <string.h>
#include <strings.h>


static nt_str_t
nt_header_skip(nt_str_t s, size_t n)
{
    return (nt_str_t) { s.data + n, s.len - n };
}


nt_str_t
nt_header_trim(nt_str_t s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s = nt_header_skip(s, 1);
    }

    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
    {
        s.len--;
    }

    return s;
}


bool
nt_header_begins(nt_str_t s, const char *word)
{
    size_t n = strlen(word);

    return s.len >= n && strncasecmp(s.data, word, n) == 0;
}


/* --- parameters: ; name=value; name="va\"lue" -----------------------------*/

/* The value that *rest begins with, which then begins behind it. */
static nt_str_t
nt_header_take_value(nt_str_t *rest)
{
    size_t   n = 0;
    nt_str_t value;

    if (rest->len == 0 || rest->data[0] != '"') {
        while (n < rest->len && rest->data[n] != ';') {
            n++;
        }

        value = nt_header_trim((nt_str_t) { rest->data, n });
        *rest = nt_header_skip(*rest, n);
        return value;
    }

    for (n = 1; n < rest->len && rest->data[n] != '"'; n++) {
        if (rest->data[n] == '\\' && n + 1 < rest->len) {
            n++;
        }
    }

    value = (nt_str_t) { rest->data + 1, n < rest->len ? n - 1 : 0 };
    *rest = nt_header_skip(*rest, n < rest->len ? n + 1 : rest->len);

    return value;
}


nt_str_t
nt_header_parameter(nt_str_t header, const char *name, size_t *times)
{
    size_t   n, count = 0;
    nt_str_t key, value, first = NT_STR("");

    for (n = 0; n < header.len && header.data[n] != ';'; n++) {
        /* the value that parameters are of */
    }

    header = nt_header_skip(header, n);

    while (header.len > 0) {
        /* the semicolon, or what is behind a value */
        header = nt_header_skip(header, 1);

        for (n = 0;
             n < header.len && header.data[n] != '=' && header.data[n] != ';';
             n++)
        {
            /* its name */
        }

        key = nt_header_trim((nt_str_t) { header.data, n });
        header = nt_header_skip(header, n);

        if (header.len == 0 || header.data[0] == ';') {
            continue;
        }

        header = nt_header_trim(nt_header_skip(header, 1));
        value = nt_header_take_value(&header);

        if (key.len == strlen(name) && nt_header_begins(key, name) &&
            count++ == 0) {
            first = value;
        }
    }

    if (times != NULL) {
        *times = count;
    }

    return first;
}


nt_str_t
nt_multipart_boundary(nt_str_t content_type)
{
    nt_str_t boundary, type = nt_header_trim(content_type);

    if (!nt_header_begins(type, "multipart/form-data") ||
        (type.len > 19 && strchr("; \t", type.data[19]) == NULL))
    {
        return NT_STR("");
    }

    boundary = nt_header_parameter(type, "boundary", NULL);

    return boundary.len <= NT_MULTIPART_BOUNDARY_MAX ? boundary : NT_STR("");
}
