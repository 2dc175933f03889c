/*
 * engine/nodes/markdown_tree.c - Markdown as a tree, beside its lines.
 */

#include <pthread.h>
#include <stdlib.h>

#include <cmark-gfm-core-extensions.h>

#include "engine/nodes/markdown_tree.h"
#include "engine/nodes/ustr.h"


#define MARKDOWN_MAX (16 * 1024 * 1024)


/* Splits as cmark does: at LF, CR and CR LF. */
static bool
split_lines(nt_markdown_t *markdown, nt_str_t text)
{
    size_t i, start, cap = 0;
    void  *lines;

    for (i = start = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '\n' && text.data[i] != '\r') {
            continue;
        }

        if (markdown->n_lines == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            lines = realloc(markdown->lines, cap * sizeof(nt_str_t));

            if (lines == NULL) {
                return false;
            }

            markdown->lines = lines;
        }

        markdown->lines[markdown->n_lines++] =
            (nt_str_t) { text.data + start, i - start };

        if (i + 1 < text.len && text.data[i] == '\r' &&
            text.data[i + 1] == '\n') {
            i++;
        }

        start = i + 1;
    }

    return true;
}


nt_rc_t
nt_markdown_parse(nt_markdown_t *markdown, nt_str_t text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    cmark_parser *parser;

    *markdown = (nt_markdown_t) { 0 };

    if (text.len > MARKDOWN_MAX) {
        return NT_LIMIT;
    }

    (void) pthread_once(&once, cmark_gfm_core_extensions_ensure_registered);
    parser = cmark_parser_new(CMARK_OPT_DEFAULT);

    if (parser == NULL) {
        return NT_NOMEM;
    }

    (void) cmark_parser_attach_syntax_extension(parser,
                                                cmark_find_syntax_extension(
                                                    "table"));
    cmark_parser_feed(parser, text.data, text.len);
    markdown->root = cmark_parser_finish(parser);
    cmark_parser_free(parser);

    if (markdown->root == NULL || !split_lines(markdown, text)) {
        nt_markdown_free(markdown);
        return NT_NOMEM;
    }

    return NT_OK;
}


void
nt_markdown_free(nt_markdown_t *markdown)
{
    if (markdown->root != NULL) {
        cmark_node_free(markdown->root);
    }

    free(markdown->lines);
    *markdown = (nt_markdown_t) { 0 };
}


static nt_str_t
line_at(const nt_markdown_t *markdown, int number)
{
    return number > 0 && (size_t) number <= markdown->n_lines
               ? markdown->lines[number - 1]
               : NT_STR("");
}


nt_str_t
nt_markdown_line(const nt_markdown_t *markdown, cmark_node *node)
{
    return line_at(markdown, cmark_node_get_start_line(node));
}


/* Is it the line of an ATX heading (CommonMark 4.2)? */
static bool
is_atx(nt_str_t line)
{
    size_t n;

    for (n = 0; n < line.len && line.data[n] == '#'; n++) {
        continue;
    }

    return n > 0 && n <= 6 &&
           (n == line.len || line.data[n] == ' ' || line.data[n] == '\t');
}


/* Takes off the marks around the text of an ATX heading. */
static nt_str_t
atx_text(nt_str_t line)
{
    size_t n;

    while (line.len > 0 && line.data[0] == '#') {
        line.data++;
        line.len--;
    }

    for (n = line.len; n > 0 && line.data[n - 1] == '#'; n--) {
        continue;
    }

    if (n == 0 || line.data[n - 1] == ' ' || line.data[n - 1] == '\t') {
        line.len = n;
    }

    return nt_ustr_strip(line, NT_USTR_BOTH, NULL);
}


/* Is it the line below a setext heading (CommonMark 4.3)? */
static bool
is_underline(nt_str_t line)
{
    size_t i;

    for (i = 1; i < line.len && line.data[i] == line.data[0]; i++) {
        continue;
    }

    return i == line.len && (line.data[0] == '=' || line.data[0] == '-');
}


/* The number-th line of a node, without space around it. */
static nt_str_t
node_line(const nt_markdown_t *markdown, cmark_node *node, int number)
{
    size_t   column;
    nt_str_t line;

    line = line_at(markdown, number);

    if (number == cmark_node_get_start_line(node)) {
        column = (size_t) cmark_node_get_start_column(node);
        column = column > 0 && column <= line.len ? column - 1 : 0;
        line.data += column;
        line.len -= column;
    }

    return nt_ustr_strip(line, NT_USTR_BOTH, NULL);
}


void
nt_markdown_text(nt_buf_t *out, const nt_markdown_t *markdown, cmark_node *node)
{
    int      number, first, last;
    bool     heading;
    nt_str_t line;

    first = cmark_node_get_start_line(node);
    last = cmark_node_get_end_line(node);
    heading = cmark_node_get_type(node) == CMARK_NODE_HEADING;
    line = node_line(markdown, node, first);

    if (heading && is_atx(line)) {
        nt_buf_append_str(out, atx_text(line));
        return;
    }

    nt_buf_append_str(out, line);

    for (number = first + 1; number <= last; number++) {
        line = node_line(markdown, node, number);

        if (line.len == 0 || (heading && is_underline(line))) {
            break;
        }

        nt_buf_append_char(out, ' ');
        nt_buf_append_str(out, line);
    }
}


void
nt_markdown_plain(nt_buf_t *out, cmark_node *node)
{
    const char      *text;
    cmark_iter      *iter;
    cmark_event_type event;

    iter = cmark_iter_new(node);

    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        if (event != CMARK_EVENT_ENTER) {
            continue;
        }

        switch (cmark_node_get_type(cmark_iter_get_node(iter))) {
        case CMARK_NODE_TEXT:
        case CMARK_NODE_CODE:
            text = cmark_node_get_literal(cmark_iter_get_node(iter));
            nt_buf_append_str(out, nt_str(text == NULL ? "" : text));
            break;
        case CMARK_NODE_SOFTBREAK:
        case CMARK_NODE_LINEBREAK:
            nt_buf_append_char(out, ' ');
            break;
        default:
            break;
        }
    }

    cmark_iter_free(iter);
}
