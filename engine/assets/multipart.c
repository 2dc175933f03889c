#include "engine/assets/multipart.h"

#define NT_DELIMITER_MAX (4 + NT_MULTIPART_BOUNDARY_MAX)


static nt_str_t
skip(nt_str_t s, size_t n)
{
    return (nt_str_t) { s.data + n, s.len - n };
}


/* Position of `needle`, -1 when it is not there. */
static ptrdiff_t
find(nt_str_t s, const char *needle, size_t len)
{
    const char *p = s.len > 0 ? memmem(s.data, s.len, needle, len) : NULL;

    return p != NULL ? p - s.data : -1;
}


/* --- parts ----------------------------------------------------------------*/

static bool
wrong(nt_buf_t *error, const char *what)
{
    nt_buf_printf(error, "The body is not multipart/form-data: %s.", what);
    return false;
}


/* Reads the headers of a part; *rest then begins with its data. */
static bool
take_headers(nt_str_t *rest, nt_part_t *part, nt_buf_t *error)
{
    size_t    used = 0;
    ptrdiff_t n;
    nt_str_t  line, value;

    *part = (nt_part_t) { NT_STR(""), NT_STR(""), NT_STR(""), NT_STR("") };

    for (;;) {
        n = find(*rest, "\r\n", 2);
        if (n == -1) {
            return wrong(error, "it ends within the headers of a part");
        }

        line = (nt_str_t) { rest->data, (size_t) n };
        *rest = skip(*rest, (size_t) n + 2);

        if (line.len == 0) {
            break;
        }

        used += line.len;
        if (used > NT_MULTIPART_HEADERS_MAX) {
            return wrong(error, "the headers of a part are too long");
        }

        if (nt_header_begins(line, "Content-Disposition:")) {
            value = nt_header_trim(skip(line, 20));
            part->name = nt_header_parameter(value, "name", NULL);
            part->filename = nt_header_parameter(value, "filename", NULL);

        } else if (nt_header_begins(line, "Content-Type:")) {
            part->type = nt_header_trim(skip(line, 13));
        }
    }

    return part->name.len > 0 || wrong(error, "a part has no name");
}


/* What is behind a boundary: "--" at the end, else a line's end.  -1 when the
 * boundary is only a part of something longer. */
static ptrdiff_t
delimiter_end(nt_str_t rest, bool *last)
{
    size_t n = 0;

    *last = rest.len >= 2 && memcmp(rest.data, "--", 2) == 0;
    if (*last) {
        return 2;
    }

    while (n < rest.len && (rest.data[n] == ' ' || rest.data[n] == '\t')) {
        n++;
    }

    return rest.len - n >= 2 && memcmp(rest.data + n, "\r\n", 2) == 0
               ? (ptrdiff_t) n + 2
               : -1;
}


/* Finds the next delimiter: *before is what stands before it, *rest then
 * begins behind it. */
static bool
take_delimiter(nt_str_t *rest, const char *delimiter, size_t len,
               nt_str_t *before, bool *last)
{
    size_t    from = 0;
    ptrdiff_t at, end;

    while ((at = find(skip(*rest, from), delimiter, len)) != -1) {
        from += (size_t) at;
        end = delimiter_end(skip(*rest, from + len), last);

        if (end != -1) {
            *before = (nt_str_t) { rest->data, from };
            *rest = skip(*rest, from + len + (size_t) end);
            return true;
        }

        from++;
    }

    return false;
}


bool
nt_multipart_parse(nt_str_t body, nt_str_t boundary, nt_part_t *parts,
                   size_t max, size_t *n, nt_buf_t *error)
{
    bool      last = false;
    char      delimiter[NT_DELIMITER_MAX];
    size_t    len = 4 + boundary.len;
    ptrdiff_t end;
    nt_str_t  rest = body, before;

    *n = 0;

    if (boundary.len == 0 || boundary.len > NT_MULTIPART_BOUNDARY_MAX) {
        return wrong(error, "it has no boundary");
    }

    memcpy(delimiter, "\r\n--", 4);
    memcpy(delimiter + 4, boundary.data, boundary.len);

    /* the first one may stand at the start, without the line's end before */
    end = -1;
    if (rest.len >= len - 2 && memcmp(rest.data, delimiter + 2, len - 2) == 0) {
        end = delimiter_end(skip(rest, len - 2), &last);
    }

    if (end != -1) {
        rest = skip(rest, len - 2 + (size_t) end);

    } else if (!take_delimiter(&rest, delimiter, len, &before, &last)) {
        return wrong(error, "its boundary is not in it");
    }

    while (!last) {
        if (*n == max) {
            return wrong(error, "it has too many parts");
        }

        if (!take_headers(&rest, &parts[*n], error)) {
            return false;
        }

        /* data may be empty: then its end is that of the headers */
        rest = (nt_str_t) { rest.data - 2, rest.len + 2 };

        if (!take_delimiter(&rest, delimiter, len, &before, &last)) {
            return wrong(error, "it is cut off");
        }

        parts[*n].data.data = before.data + 2;
        parts[*n].data.len = before.len >= 2 ? before.len - 2 : 0;
        (*n)++;
    }

    return true;
}
