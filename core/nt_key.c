#include "core/nt_key.h"

#include "core/nt_utf8.h"


/* What is wrong with one segment of a key, which has no slash. */
static const char *
nt_key_segment(nt_str_t segment)
{
    if (segment.len == 0) {
        return "the storage key has an empty segment";
    }

    if (nt_str_eq(segment, NT_STR(".")) || nt_str_eq(segment, NT_STR(".."))) {
        return "the storage key must not have \".\" or \"..\" as a segment";
    }

    if (segment.len > NT_KEY_SEGMENT_MAX) {
        return "a segment of the storage key is longer than 255 bytes";
    }

    return NULL;
}


static const char *
nt_key_characters(nt_str_t key)
{
    for (size_t i = 0; i < key.len;) {
        unsigned char c = (unsigned char) key.data[i];
        int           step;

        if (c < 0x20 || c == 0x7f) {
            return "the storage key has a control character";
        }

        if (c == '\\') {
            return "the storage key has a backslash; use \"/\"";
        }

        step = nt_utf8_step(key.data + i, key.len - i);
        if (step < 0) {
            return "the storage key is not valid UTF-8";
        }

        i += (size_t) step;
    }

    return NULL;
}


const char *
nt_key_check(nt_str_t key)
{
    const char *fault;

    if (key.len == 0) {
        return "the storage key is empty";
    }

    if (key.len > NT_KEY_MAX) {
        return "the storage key is longer than 1024 bytes";
    }

    if (key.data[0] == '/') {
        return "the storage key must not start with a slash";
    }

    if (key.data[key.len - 1] == '/') {
        return "the storage key must not end with a slash";
    }

    fault = nt_key_characters(key);

    for (size_t start = 0; fault == NULL && start <= key.len;) {
        const char *p = key.data + start;
        const char *slash = memchr(p, '/', key.len - start);
        size_t      len = slash ? (size_t) (slash - p) : key.len - start;

        fault = nt_key_segment((nt_str_t) { p, len });
        start += len + 1;
    }

    return fault;
}
