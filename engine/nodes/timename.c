/*
 * engine/nodes/timename.c - file names made of the time.
 */

#include <time.h>

#include "engine/nodes/timename.h"

/* Codes that strftime knows without modifiers; others are kept as text, so
 * that "100%.txt" is a name. */
static const char codes[] = "aAbBcCdDeFgGhHIjklmMnpPrRsSTuUVwWxXyYzZ%";


void
nt_timename(nt_buf_t *out, nt_str_t pattern)
{
    char      format[3] = "%x", text[128];
    size_t    i;
    time_t    now = time(NULL);
    struct tm tm;

    if (localtime_r(&now, &tm) == NULL) {
        nt_buf_append_str(out, pattern);
        return;
    }

    for (i = 0; i < pattern.len; i++) {
        if (pattern.data[i] != '%' || i + 1 == pattern.len ||
            memchr(codes, pattern.data[i + 1], sizeof(codes) - 1) == NULL)
        {
            nt_buf_append_char(out, pattern.data[i]);
            continue;
        }

        format[1] = pattern.data[++i];
        nt_buf_append(out, text, strftime(text, sizeof(text), format, &tm));
    }
}


void
nt_timename_path(nt_buf_t *out, nt_str_t folder, nt_str_t pattern)
{
    nt_buf_append_str(out, folder);

    if (folder.len > 0 && folder.data[folder.len - 1] != '/') {
        nt_buf_append_char(out, '/');
    }

    nt_timename(out, pattern);
    nt_buf_append_char(out, '\0');
}
