/*
 * engine/nodes/ustr.c - Python's str over UTF-8: lengths, slices, searching,
 * splitting. Case mappings are in ustr_case.c.
 */

#include <stdlib.h>

#include "core/nt_utf8.h"
#include "engine/nodes/ustr.h"


nt_str_t
nt_ustr(const json_t *value)
{
    if (!json_is_string(value)) {
        return NT_STR("");
    }

    return (nt_str_t) { json_string_value(value), json_string_length(value) };
}


json_t *
nt_ustr_json(nt_str_t s)
{
    return json_stringn_nocheck(s.len == 0 ? "" : s.data, s.len);
}


json_t *
nt_ustr_bytes(nt_str_t bytes)
{
    json_t  *text = NULL;
    nt_buf_t json = { 0 };

    nt_buf_append_json(&json, bytes);

    if (!json.failed) {
        text = json_loadb(json.data, json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                          NULL);
    }

    nt_buf_free(&json);
    return text;
}


json_t *
nt_ustr_take(nt_buf_t *buf)
{
    json_t *json;

    json = NULL;

    if (!buf->failed) {
        json = nt_ustr_json((nt_str_t) { buf->data, buf->len });
    }

    nt_buf_free(buf);
    return json;
}


static inline bool
is_continuation(char c)
{
    return ((unsigned char) c & 0xc0) == 0x80;
}


size_t
nt_ustr_len(nt_str_t s)
{
    size_t i, n;

    n = 0;

    for (i = 0; i < s.len; i++) {
        n += !is_continuation(s.data[i]);
    }

    return n;
}


size_t
nt_ustr_offset(nt_str_t s, size_t index)
{
    size_t i;

    for (i = 0; i < s.len; i++) {
        if (is_continuation(s.data[i])) {
            continue;
        }

        if (index-- == 0) {
            break;
        }
    }

    return i;
}


uint32_t
nt_ustr_next(nt_str_t s, size_t *pos)
{
    unsigned char c;
    uint32_t      code;
    size_t        i, n;

    i = *pos;
    c = (unsigned char) s.data[i++];

    if (c < 0x80) {
        *pos = i;
        return c;
    }

    n = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    code = c & (0x3f >> n);

    while (n-- > 0 && i < s.len) {
        code = code << 6 | ((unsigned char) s.data[i++] & 0x3f);
    }

    *pos = i;
    return code;
}


void
nt_ustr_put(nt_buf_t *out, uint32_t c)
{
    char bytes[4];

    nt_buf_append(out, bytes, nt_utf8_encode(bytes, c));
}


static int64_t
slice_bound(int64_t len, int64_t bound, int64_t low, int64_t high)
{
    if (bound < 0) {
        bound += len;
        return bound < low ? low : bound;
    }

    return bound > high ? high : bound;
}


void
nt_slice(size_t len, const int64_t *start, const int64_t *stop, int64_t step,
         int64_t *from, size_t *count)
{
    int64_t n, low, high, to;

    n = (int64_t) len;
    low = step < 0 ? -1 : 0;
    high = step < 0 ? n - 1 : n;

    *from = step < 0 ? high : low;
    to = step < 0 ? low : high;

    if (start != NULL) {
        *from = slice_bound(n, *start, low, high);
    }

    if (stop != NULL) {
        to = slice_bound(n, *stop, low, high);
    }

    *count = 0;

    if (step > 0 && *from < to) {
        *count = (size_t) ((to - *from - 1) / step) + 1;

    } else if (step < 0 && to < *from) {
        /* -(step + 1) does not overflow where -step would */
        *count =
            (uint64_t) (*from - to - 1) / ((uint64_t) - (step + 1) + 1) + 1;
    }
}


void
nt_ustr_slice(nt_buf_t *out, nt_str_t s, const int64_t *start,
              const int64_t *stop, int64_t step)
{
    int64_t from, i;
    size_t  count, begin, end;

    nt_slice(nt_ustr_len(s), start, stop, step, &from, &count);

    if (count == 0) {
        return;
    }

    begin = nt_ustr_offset(s, (size_t) from);

    if (step == 1) {
        s.data += begin;
        s.len -= begin;
        nt_buf_append(out, s.data, nt_ustr_offset(s, count));
        return;
    }

    for (;;) {
        end = begin + 1;

        while (end < s.len && is_continuation(s.data[end])) {
            end++;
        }

        nt_buf_append(out, s.data + begin, end - begin);

        if (--count == 0) {
            return;
        }

        for (i = 0; i < step; i++) {
            do {
                begin++;
            } while (is_continuation(s.data[begin]));
        }

        for (i = 0; i > step; i--) {
            do {
                begin--;
            } while (is_continuation(s.data[begin]));
        }
    }
}


bool
nt_ustr_is_space(uint32_t c)
{
    if (c < 0x80) {
        return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20);
    }

    return c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}


static bool
strip_char(nt_str_t s, size_t begin, size_t end, const nt_str_t *chars)
{
    nt_str_t one;

    if (chars == NULL) {
        return nt_ustr_is_space(nt_ustr_next(s, &begin));
    }

    one.data = s.data + begin;
    one.len = end - begin;

    return nt_ustr_find(*chars, one, 0, chars->len) >= 0;
}


nt_str_t
nt_ustr_strip(nt_str_t s, int sides, const nt_str_t *chars)
{
    size_t i;

    while ((sides & NT_USTR_LEFT) && s.len > 0) {
        i = nt_ustr_offset(s, 1);

        if (!strip_char(s, 0, i, chars)) {
            break;
        }

        s.data += i;
        s.len -= i;
    }

    while ((sides & NT_USTR_RIGHT) && s.len > 0) {
        i = s.len - 1;

        while (i > 0 && is_continuation(s.data[i])) {
            i--;
        }

        if (!strip_char(s, i, s.len, chars)) {
            break;
        }

        s.len = i;
    }

    return s;
}


ptrdiff_t
nt_ustr_find(nt_str_t s, nt_str_t needle, size_t from, size_t to)
{
    const char *p;

    if (from > to || needle.len > to - from) {
        return -1;
    }

    if (needle.len == 0) {
        return (ptrdiff_t) from;
    }

    p = memmem(s.data + from, to - from, needle.data, needle.len);

    return p == NULL ? -1 : p - s.data;
}


/* The last place of a long needle: the first one in the mirrored text, as
 * memmem takes linear time and a loop from the end does not.  False when
 * memory is out. */
static bool
rfind_long(nt_str_t s, nt_str_t needle, size_t from, size_t to, ptrdiff_t *at)
{
    char       *mirror;
    size_t      i, n;
    const char *p;

    n = to - from;
    mirror = malloc(n + needle.len);

    if (mirror == NULL) {
        return false;
    }

    for (i = 0; i < n; i++) {
        mirror[i] = s.data[to - 1 - i];
    }

    for (i = 0; i < needle.len; i++) {
        mirror[n + i] = needle.data[needle.len - 1 - i];
    }

    p = memmem(mirror, n, mirror + n, needle.len);
    *at = p == NULL ? -1 : (ptrdiff_t) (to - needle.len) - (p - mirror);
    free(mirror);
    return true;
}


ptrdiff_t
nt_ustr_rfind(nt_str_t s, nt_str_t needle, size_t from, size_t to)
{
    size_t    i;
    ptrdiff_t at;

    if (from > to || needle.len > to - from) {
        return -1;
    }

    if (needle.len == 0) {
        return (ptrdiff_t) to;
    }

    if (needle.len > 64 && rfind_long(s, needle, from, to, &at)) {
        return at;
    }

    for (i = to - needle.len + 1; i-- > from;) {
        if (memcmp(s.data + i, needle.data, needle.len) == 0) {
            return (ptrdiff_t) i;
        }
    }

    return -1;
}


bool
nt_ustr_starts(nt_str_t s, nt_str_t prefix)
{
    return s.len >= prefix.len &&
           (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}


bool
nt_ustr_ends(nt_str_t s, nt_str_t suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 ||
            memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}


/* An empty `old` stands before each character and at the end. */
static void
replace_empty(nt_buf_t *out, nt_str_t s, nt_str_t with, int64_t count,
              size_t max)
{
    size_t pos, start;

    for (pos = 0; count != 0 && out->len <= max; count--) {
        nt_buf_append_str(out, with);

        if (pos == s.len) {
            break;
        }

        start = pos;
        (void) nt_ustr_next(s, &pos);
        nt_buf_append(out, s.data + start, pos - start);
    }

    nt_buf_append(out, s.data + pos, s.len - pos);
}


void
nt_ustr_replace(nt_buf_t *out, nt_str_t s, nt_str_t old, nt_str_t with,
                int64_t count, size_t max)
{
    size_t    pos;
    ptrdiff_t at;

    if (s.len == 0 && old.len > 0) {
        return;
    }

    if (old.len == 0) {
        replace_empty(out, s, with, count, max);
        return;
    }

    for (pos = 0; count != 0 && out->len <= max; count--) {
        at = nt_ustr_find(s, old, pos, s.len);

        if (at < 0) {
            break;
        }

        nt_buf_append(out, s.data + pos, (size_t) at - pos);
        nt_buf_append_str(out, with);
        pos = (size_t) at + old.len;
    }

    nt_buf_append(out, s.data + pos, s.len - pos);
}


int
nt_ustr_cmp(nt_str_t a, nt_str_t b)
{
    size_t n;
    int    rc;

    n = a.len < b.len ? a.len : b.len;
    rc = n == 0 ? 0 : memcmp(a.data, b.data, n);

    if (rc == 0) {
        rc = a.len < b.len ? -1 : a.len > b.len;
    }

    return rc;
}
