/*
 * engine/nodes/mime_write.c - writing messages of mail.
 */

#include "engine/nodes/mime.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/web.h"

#define LINE_MAX_LEN 900 /* of RFC 5322's 998 */
#define WORD_BYTES   39  /* in an encoded word of at most 75 characters */
#define ROW_BYTES    57  /* in a line of 76 characters of base64 */


static bool
is_ascii(nt_str_t text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        if ((unsigned char) text.data[i] >= 0x80) {
            return false;
        }
    }

    return true;
}


void
nt_mime_write_header(nt_buf_t *out, nt_str_t text)
{
    size_t start, end, next;

    if (is_ascii(text)) {
        nt_buf_append_str(out, text);
        return;
    }

    for (start = 0; start < text.len; start = end) {
        for (end = next = start; next < text.len;) {
            (void) nt_ustr_next(text, &next);
            if (next - start > WORD_BYTES) {
                break;
            }
            end = next;
        }

        nt_buf_append_str(out, start > 0 ? NT_STR("\r\n =?utf-8?B?")
                                         : NT_STR("=?utf-8?B?"));
        nt_web_base64(out, (nt_str_t) { text.data + start, end - start });
        nt_buf_append_str(out, NT_STR("?="));
    }
}


/* Line ends as CRLF; *longest is the longest line. */
static void
normalize(nt_buf_t *out, nt_str_t text, size_t *longest)
{
    size_t i, start = 0;

    *longest = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '\r' && text.data[i] != '\n') {
            nt_buf_append_char(out, text.data[i]);
            continue;
        }

        if (text.data[i] == '\r' && i + 1 < text.len &&
            text.data[i + 1] == '\n') {
            i++;
        }

        *longest = out->len - start > *longest ? out->len - start : *longest;
        nt_buf_append_str(out, NT_STR("\r\n"));
        start = out->len;
    }

    *longest = out->len - start > *longest ? out->len - start : *longest;

    if (out->len > start) {
        nt_buf_append_str(out, NT_STR("\r\n"));
    }
}


void
nt_mime_write_body(nt_buf_t *out, nt_str_t text)
{
    size_t   i, longest;
    nt_buf_t lines = { 0 };

    normalize(&lines, text, &longest);
    nt_buf_append_str(out, NT_STR("MIME-Version: 1.0\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Transfer-Encoding: "));

    if (is_ascii(text) && longest <= LINE_MAX_LEN) {
        nt_buf_append_str(out, NT_STR("7bit\r\n\r\n"));
        nt_buf_append(out, lines.data != NULL ? lines.data : "", lines.len);

    } else {
        nt_buf_append_str(out, NT_STR("base64\r\n\r\n"));

        for (i = 0; i < lines.len; i += ROW_BYTES) {
            nt_web_base64(out,
                          (nt_str_t) { lines.data + i, lines.len - i < ROW_BYTES
                                                           ? lines.len - i
                                                           : ROW_BYTES });
            nt_buf_append_str(out, NT_STR("\r\n"));
        }
    }

    out->failed |= lines.failed;
    nt_buf_free(&lines);
}
