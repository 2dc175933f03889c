/*
 * engine/nodes/html_write.c - writing Markdown.
 */

#include "engine/nodes/html_write.h"
#include "engine/nodes/ustr.h"


void
nt_html_writer_init(nt_html_writer_t *w)
{
    memset(w, 0, sizeof(*w));
    w->line_start = true;
}


void
nt_html_writer_free(nt_html_writer_t *w)
{
    nt_buf_free(&w->out);
    nt_buf_free(&w->bullet);
    nt_buf_free(&w->marks);
}


static void
append_times(nt_buf_t *out, nt_str_t s, unsigned n)
{
    while (n-- > 0) {
        nt_buf_append_str(out, s);
    }
}


/* Line ends; an empty line inside of a quotation has its ">", too. */
static void
end_lines(nt_html_writer_t *w)
{
    unsigned i, quote;

    quote = w->quote < w->last_quote ? w->quote : w->last_quote;

    for (i = 0; i < w->breaks || (w->breaks == 0 && i < w->hard); i++) {
        if (i > 0 && quote > 0) {
            append_times(&w->out, NT_STR("> "), quote - 1);
            nt_buf_append_char(&w->out, '>');
        }

        if (w->hard > 0 && w->breaks < 2) {
            nt_buf_append(&w->out, "  ", 2);
        }

        nt_buf_append_char(&w->out, '\n');
    }
}


static void
start_line(nt_html_writer_t *w)
{
    append_times(&w->out, NT_STR("> "), w->quote);

    if (w->bullet.len > 0) {
        nt_buf_append(&w->out, w->bullet.data, w->bullet.len);
        nt_buf_reset(&w->bullet);

    } else {
        append_times(&w->out, NT_STR(" "), w->indent);
    }

    if (w->pre) {
        nt_buf_append(&w->out, "    ", 4);
    }

    w->last_quote = w->quote;
    w->line_start = false;
    w->space = false;
}


/* Writes what waits for a text. */
static void
flush(nt_html_writer_t *w)
{
    if (w->breaks > 0 || w->hard > 0) {
        if (w->out.len > 0) {
            end_lines(w);
        }

        w->breaks = 0;
        w->hard = 0;
        w->line_start = true;
    }

    if (w->line_start) {
        start_line(w);

    } else if (w->space) {
        nt_buf_append_char(&w->out, ' ');
        w->space = false;
    }

    if (w->marks.len > 0) {
        nt_buf_append(&w->out, w->marks.data, w->marks.len);
        nt_buf_reset(&w->marks);
    }
}


void
nt_html_break(nt_html_writer_t *w, unsigned n)
{
    /* a paragraph that starts an item follows its bullet */
    if (w->bullet.len > 0 && w->breaks > 0) {
        return;
    }

    w->breaks = w->breaks < n ? n : w->breaks;
    w->space = false;

    if (n > 1) {
        w->hard = 0;
    }
}


void
nt_html_raw(nt_html_writer_t *w, nt_str_t text)
{
    flush(w);
    nt_buf_append_str(&w->out, text);
}


/*
 * What would make a list of a paragraph gets a backslash: "1." "-" "+" at the
 * start of a line.  Writes the start of `text` if that is so, and returns how
 * much of it.
 */
static size_t
put_line_start(nt_html_writer_t *w, nt_str_t text)
{
    char   next;
    size_t digits;

    digits = 0;

    while (digits < text.len && text.data[digits] >= '0' &&
           text.data[digits] <= '9')
    {
        digits++;
    }

    next = digits + 1 < text.len ? text.data[digits + 1] : '\0';

    if (digits > 0 && digits < text.len && text.data[digits] == '.' &&
        (next == ' ' || next == '\n' || next == '\t'))
    {
        flush(w);
        nt_buf_append(&w->out, text.data, digits);
        nt_buf_append(&w->out, "\\.", 2);
        return digits + 1;
    }

    if (digits == 0 && text.len > 1 &&
        (text.data[0] == '-' || text.data[0] == '+') &&
        (next == ' ' || next == '\n' || next == '\t' ||
         (next == '-' && text.data[0] == '-')))
    {
        flush(w);
        nt_buf_append_char(&w->out, '\\');
        nt_buf_append_char(&w->out, text.data[0]);
        return 1;
    }

    return 0;
}


static void
put_pre(nt_html_writer_t *w, nt_str_t text)
{
    size_t i, start;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '\n') {
            w->breaks++;
            continue;
        }

        if (text.data[i] == '\r') {
            continue;
        }

        for (start = i; i + 1 < text.len && text.data[i + 1] != '\n' &&
                        text.data[i + 1] != '\r';
             i++)
        {
            /* void */
        }

        nt_html_raw(w, (nt_str_t) { text.data + start, i + 1 - start });
    }
}


static bool
is_html_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


void
nt_html_put(nt_html_writer_t *w, nt_str_t text)
{
    bool     first;
    size_t   pos, start;
    uint32_t c;

    if (w->pre) {
        put_pre(w, text);
        return;
    }

    first = w->line_start || w->breaks > 0 || w->hard > 0;

    for (pos = 0; pos < text.len;) {
        start = pos;
        c = nt_ustr_next(text, &pos);

        if (is_html_space(c)) {
            w->space = true;
            continue;
        }

        if (first) {
            first = false;
            pos = start + put_line_start(w, (nt_str_t) { text.data + start,
                                                         text.len - start });

            if (pos > start) {
                continue;
            }

            (void) nt_ustr_next(text, &pos);
        }

        flush(w);

        if (c == 0xa0) {
            nt_buf_append_char(&w->out, ' ');
            continue;
        }

        if (c == '\\' && pos < text.len &&
            strchr("\\`*_{}[]()#+-.!", text.data[pos]) != NULL)
        {
            nt_buf_append_char(&w->out, '\\');
        }

        nt_buf_append(&w->out, text.data + start, pos - start);
    }
}


/* --- width --- */

/* Does a line belong to a list, a table or code? */
static bool
keeps_lines(nt_str_t line)
{
    nt_str_t text;

    if (nt_ustr_starts(line, NT_STR("    ")) ||
        nt_ustr_find(line, NT_STR("| "), 0, line.len) >= 0)
    {
        return true;
    }

    text = nt_ustr_strip(line, NT_USTR_LEFT, NULL);

    if (nt_ustr_starts(text, NT_STR("* ")) ||
        nt_ustr_starts(text, NT_STR("---"))) {
        return true;
    }

    while (text.len > 1 && text.data[0] >= '0' && text.data[0] <= '9') {
        text.data++;
        text.len--;

        if (text.data[0] == '.') {
            return true;
        }
    }

    return false;
}


static void
wrap_line(nt_buf_t *out, nt_str_t line, size_t width)
{
    size_t   column, len, i;
    nt_str_t word, prefix;

    prefix.data = line.data;
    prefix.len = 0;

    while (line.len - prefix.len >= 2 &&
           memcmp(line.data + prefix.len, "> ", 2) == 0)
    {
        prefix.len += 2;
    }

    nt_buf_append_str(out, prefix);
    column = prefix.len;

    for (i = prefix.len; i < line.len; i += word.len) {
        while (i < line.len && line.data[i] == ' ') {
            i++;
        }

        word.data = line.data + i;
        word.len = 0;

        while (i + word.len < line.len && word.data[word.len] != ' ') {
            word.len++;
        }

        len = nt_ustr_len(word);

        if (column > prefix.len && column + 1 + len > width) {
            nt_buf_append_char(out, '\n');
            nt_buf_append_str(out, prefix);
            column = prefix.len;

        } else if (column > prefix.len && len > 0) {
            nt_buf_append_char(out, ' ');
            column++;
        }

        nt_buf_append_str(out, word);
        column += len;
    }

    if (nt_ustr_ends(line, NT_STR("  "))) {
        nt_buf_append(out, "  ", 2);
    }
}


void
nt_html_wrap(nt_buf_t *out, nt_str_t text, size_t width)
{
    nt_str_t    line;
    const char *end;

    while (text.len > 0) {
        end = memchr(text.data, '\n', text.len);
        line.data = text.data;
        line.len = end == NULL ? text.len : (size_t) (end - text.data);

        if (nt_ustr_len(line) <= width || keeps_lines(line)) {
            nt_buf_append_str(out, line);

        } else {
            wrap_line(out, line, width);
        }

        if (end == NULL) {
            return;
        }

        nt_buf_append_char(out, '\n');
        text.data += line.len + 1;
        text.len -= line.len + 1;
    }
}
