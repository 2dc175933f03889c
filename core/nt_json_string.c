#include "core/nt_json_plain.h"
#include "core/nt_json_private.h"
#include "core/nt_utf8.h"


/* Keeps the beginning of a character that the end of the data cuts. */
static void
nt_json_split(nt_json_scan_t *scan, const char *p, size_t len)
{
    memcpy(scan->partial, p, len);
    scan->partial_len = (uint8_t) len;
    scan->state = S_CHARACTER;
}


size_t
nt_json_character(nt_json_scan_t *scan, const char *p)
{
    int step;

    scan->partial[scan->partial_len++] = *p;
    step = nt_utf8_step(scan->partial, scan->partial_len);

    if (step > 0) {
        nt_json_bytes(scan, scan->partial, scan->partial_len);
        scan->state = S_STRING;

    } else if (-step != scan->partial_len) {
        nt_json_fail(scan, scan->offset + 1 - scan->partial_len,
                     "invalid UTF-8");
    }

    return 1;
}


/* An unpaired half of a surrogate pair stands for no character. */
static void
nt_json_unpaired(nt_json_scan_t *scan)
{
    nt_json_bytes(scan, "\xef\xbf\xbd", 3);
    scan->high = 0;
}


/* The byte at `p` ends a run of characters; returns what it takes. */
static size_t
nt_json_string_special(nt_json_scan_t *scan, const char *p, size_t len,
                       uint64_t offset)
{
    unsigned char c = (unsigned char) *p;

    if (c == '"') {
        if (scan->in_key) {
            nt_json_key_end(scan);
        } else {
            nt_json_value_end(scan, offset + 1);
        }

        return 1;
    }

    if (c == '\\') {
        scan->state = S_ESCAPE;
        return 1;
    }

    if (c < 0x20) {
        nt_json_fail(scan, offset, "control character in a string");
        return 0;
    }

    if (c < 0xc2 || c > 0xf4 || (size_t) -nt_utf8_step(p, len) != len) {
        nt_json_fail(scan, offset, "invalid UTF-8");
        return 0;
    }

    nt_json_split(scan, p, len);

    return len;
}


size_t
nt_json_string(nt_json_scan_t *scan, const char *p, size_t len)
{
    size_t i = 0;

    if (scan->high != 0 && *p != '\\') {
        nt_json_unpaired(scan);
    }

    for (;;) {
        int step;

        i += nt_json_plain(p + i, len - i);
        if (i == len || (unsigned char) p[i] < 0x80) {
            break;
        }

        step = nt_utf8_step(p + i, len - i);
        if (step < 0) {
            break;
        }

        i += (size_t) step;
    }

    nt_json_bytes(scan, p, i);

    if (i < len) {
        i += nt_json_string_special(scan, p + i, len - i, scan->offset + i);
    }

    return i;
}


size_t
nt_json_escape(nt_json_scan_t *scan, char c)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";

    const char *name;

    if (c == 'u') {
        scan->code = 0;
        scan->hex_left = 4;
        scan->state = S_HEX;
        return 1;
    }

    name = memchr(names, c, sizeof(names) - 1);
    if (name == NULL) {
        nt_json_fail(scan, scan->offset, "unknown escape in a string");
        return 0;
    }

    if (scan->high != 0) {
        nt_json_unpaired(scan);
    }

    nt_json_bytes(scan, &bytes[name - names], 1);
    scan->state = S_STRING;

    return 1;
}


static void
nt_json_encode(nt_json_scan_t *scan, uint32_t code)
{
    char out[4];

    nt_json_bytes(scan, out, nt_utf8_encode(out, code));
}


static void
nt_json_code_unit(nt_json_scan_t *scan)
{
    uint32_t unit = scan->code;

    scan->state = S_STRING;

    if (unit >= 0xdc00 && unit <= 0xdfff && scan->high != 0) {
        unit = 0x10000 + ((scan->high - 0xd800) << 10) + (unit - 0xdc00);
        scan->high = 0;
        nt_json_encode(scan, unit);
        return;
    }

    if (scan->high != 0) {
        nt_json_unpaired(scan);
    }

    if (unit >= 0xd800 && unit <= 0xdbff) {
        scan->high = unit;
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
        nt_json_unpaired(scan);
    } else {
        nt_json_encode(scan, unit);
    }
}


size_t
nt_json_hex(nt_json_scan_t *scan, char c)
{
    uint32_t digit;
    char     lower = (char) (c | 0x20);

    if (c >= '0' && c <= '9') {
        digit = (uint32_t) (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
        digit = (uint32_t) (lower - 'a') + 10;
    } else {
        nt_json_fail(scan, scan->offset, "expected four hex digits after \\u");
        return 0;
    }

    scan->code = scan->code << 4 | digit;

    if (--scan->hex_left == 0) {
        nt_json_code_unit(scan);
    }

    return 1;
}
