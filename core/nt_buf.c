#include "core/nt_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/nt_json_plain.h"
#include "core/nt_utf8.h"

#define NT_BUF_MIN 128 /* bytes of the first allocation */

char *
nt_buf_reserve(nt_buf_t *buf, size_t len)
{
    size_t cap;
    char  *data;

    if (buf->failed) {
        return NULL;
    }

    if (buf->data != NULL && buf->cap - buf->len >= len) {
        return buf->data + buf->len;
    }

    if (len > SIZE_MAX / 2 - buf->len) {
        buf->failed = true;
        return NULL;
    }

    cap = buf->cap < NT_BUF_MIN ? NT_BUF_MIN : buf->cap * 2;
    if (cap < buf->len + len) {
        cap = buf->len + len;
    }

    data = realloc(buf->data, cap);
    if (data == NULL) {
        buf->failed = true;
        return NULL;
    }

    buf->data = data;
    buf->cap = cap;

    return data + buf->len;
}


void
nt_buf_append(nt_buf_t *buf, const void *data, size_t len)
{
    char *p;

    if (len == 0) {
        return;
    }

    p = nt_buf_reserve(buf, len);
    if (p != NULL) {
        memcpy(p, data, len);
        buf->len += len;
    }
}


void
nt_buf_append_str(nt_buf_t *buf, nt_str_t str)
{
    nt_buf_append(buf, str.data, str.len);
}


void
nt_buf_append_char(nt_buf_t *buf, char c)
{
    nt_buf_append(buf, &c, 1);
}


void
nt_buf_append_uint(nt_buf_t *buf, uint64_t value)
{
    char   text[20]; /* of UINT64_MAX */
    size_t i = sizeof(text);

    do {
        text[--i] = (char) ('0' + value % 10);
        value /= 10;
    } while (value != 0);

    nt_buf_append(buf, text + i, sizeof(text) - i);
}


void
nt_buf_printf(nt_buf_t *buf, const char *format, ...)
{
    int     n;
    char   *p;
    size_t  room;
    va_list args;

    p = nt_buf_reserve(buf, NT_BUF_MIN);
    if (p == NULL) {
        return;
    }

    room = buf->cap - buf->len;

    va_start(args, format);
    n = vsnprintf(p, room, format, args);
    va_end(args);

    if (n < 0) {
        buf->failed = true;
        return;
    }

    if ((size_t) n >= room) {
        p = nt_buf_reserve(buf, (size_t) n + 1);
        if (p == NULL) {
            return;
        }

        va_start(args, format);
        vsnprintf(p, (size_t) n + 1, format, args);
        va_end(args);
    }

    buf->len += (size_t) n;
}


static void
nt_buf_append_escape(nt_buf_t *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    char esc[6] = { '\\', 'u', '0', '0', 0, 0 };

    switch (c) {
    case '"':
    case '\\':
        esc[1] = (char) c;
        break;
    case '\b':
        esc[1] = 'b';
        break;
    case '\f':
        esc[1] = 'f';
        break;
    case '\n':
        esc[1] = 'n';
        break;
    case '\r':
        esc[1] = 'r';
        break;
    case '\t':
        esc[1] = 't';
        break;
    default:
        esc[4] = hex[c >> 4];
        esc[5] = hex[c & 0xf];
        nt_buf_append(buf, esc, 6);
        return;
    }

    nt_buf_append(buf, esc, 2);
}


void
nt_buf_append_json(nt_buf_t *buf, nt_str_t str)
{
    int           step;
    size_t        i, run;
    unsigned char c;

    nt_buf_append_char(buf, '"');

    run = 0;
    i = 0;

    while (i < str.len) {
        i += nt_json_plain(str.data + i, str.len - i);
        if (i == str.len) {
            break;
        }

        c = (unsigned char) str.data[i];
        step = nt_utf8_step(str.data + i, str.len - i);
        if (step > 1) {
            i += (size_t) step;
            continue;
        }

        nt_buf_append(buf, str.data + run, i - run);

        if (step == 1) {
            nt_buf_append_escape(buf, c);
            i++;

        } else {
            nt_buf_append_str(buf, NT_STR("\xef\xbf\xbd"));
            i += (size_t) -step;
        }

        run = i;
    }

    if (i > run) { /* an empty string may have no data */
        nt_buf_append(buf, str.data + run, i - run);
    }

    nt_buf_append_char(buf, '"');
}


void
nt_buf_append_percent(nt_buf_t *buf, nt_str_t str, const char *keep)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "abcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    size_t            i;
    unsigned char     c;

    for (i = 0; i < str.len; i++) {
        c = (unsigned char) str.data[i];

        if (c != '\0' &&
            (strchr(unreserved, c) != NULL || strchr(keep, c) != NULL)) {
            nt_buf_append_char(buf, (char) c);
        } else {
            nt_buf_append_char(buf, '%');
            nt_buf_append_char(buf, digits[c >> 4]);
            nt_buf_append_char(buf, digits[c & 0xf]);
        }
    }
}


void
nt_buf_reset(nt_buf_t *buf)
{
    buf->len = 0;
    buf->failed = false;
}


void
nt_buf_free(nt_buf_t *buf)
{
    free(buf->data);
    *buf = (nt_buf_t) { 0 };
}
