/*
 * engine/nodes/html_element.c - what the elements of HTML are in Markdown.
 */

#include <stdlib.h>

#include "engine/nodes/html_walk.h"


static const nt_html_element_t elements[] = {
    { "a", NT_HTML_LINK, NULL },
    { "address", NT_HTML_BLOCK, NULL },
    { "article", NT_HTML_BLOCK, NULL },
    { "aside", NT_HTML_BLOCK, NULL },
    { "b", NT_HTML_MARK, "**" },
    { "blockquote", NT_HTML_QUOTE, NULL },
    { "br", NT_HTML_BREAK, NULL },
    { "code", NT_HTML_MARK, "`" },
    { "dd", NT_HTML_DEFINITION, NULL },
    { "del", NT_HTML_MARK, "~~" },
    { "details", NT_HTML_BLOCK, NULL },
    { "div", NT_HTML_BLOCK, NULL },
    { "dl", NT_HTML_BLOCK, NULL },
    { "dt", NT_HTML_BLOCK, NULL },
    { "em", NT_HTML_MARK, "_" },
    { "fieldset", NT_HTML_BLOCK, NULL },
    { "figcaption", NT_HTML_BLOCK, NULL },
    { "figure", NT_HTML_BLOCK, NULL },
    { "footer", NT_HTML_BLOCK, NULL },
    { "form", NT_HTML_BLOCK, NULL },
    { "h1", NT_HTML_HEADING, "# " },
    { "h2", NT_HTML_HEADING, "## " },
    { "h3", NT_HTML_HEADING, "### " },
    { "h4", NT_HTML_HEADING, "#### " },
    { "h5", NT_HTML_HEADING, "##### " },
    { "h6", NT_HTML_HEADING, "###### " },
    { "head", NT_HTML_HIDDEN, NULL },
    { "header", NT_HTML_BLOCK, NULL },
    { "hr", NT_HTML_RULE, NULL },
    { "i", NT_HTML_MARK, "_" },
    { "img", NT_HTML_IMAGE, NULL },
    { "kbd", NT_HTML_MARK, "`" },
    { "li", NT_HTML_ITEM, NULL },
    { "main", NT_HTML_BLOCK, NULL },
    { "nav", NT_HTML_BLOCK, NULL },
    { "ol", NT_HTML_LIST, NULL },
    { "p", NT_HTML_BLOCK, NULL },
    { "pre", NT_HTML_PRE, NULL },
    { "q", NT_HTML_MARK, "\"" },
    { "s", NT_HTML_MARK, "~~" },
    { "script", NT_HTML_HIDDEN, NULL },
    { "section", NT_HTML_BLOCK, NULL },
    { "strike", NT_HTML_MARK, "~~" },
    { "strong", NT_HTML_MARK, "**" },
    { "style", NT_HTML_HIDDEN, NULL },
    { "summary", NT_HTML_BLOCK, NULL },
    { "table", NT_HTML_TABLE, NULL },
    { "td", NT_HTML_CELL, NULL },
    { "template", NT_HTML_HIDDEN, NULL },
    { "th", NT_HTML_CELL, NULL },
    { "title", NT_HTML_HIDDEN, NULL },
    { "tr", NT_HTML_ROW, NULL },
    { "tt", NT_HTML_MARK, "`" },
    { "u", NT_HTML_MARK, "_" },
    { "ul", NT_HTML_LIST, NULL },
};

static const nt_html_element_t other = { "", NT_HTML_OTHER, NULL };


static int
by_name(const void *key, const void *element)
{
    return strcmp(key, ((const nt_html_element_t *) element)->name);
}


const nt_html_element_t *
nt_html_element(const xmlNode *node)
{
    const nt_html_element_t *found;

    found = bsearch((const char *) node->name, elements,
                    sizeof(elements) / sizeof(elements[0]), sizeof(elements[0]),
                    by_name);

    return found == NULL ? &other : found;
}


/* The innermost frame of a kind; NULL when none is open. */
static nt_html_frame_t *
innermost(nt_html_walk_t *walk, nt_html_kind_t kind)
{
    size_t i;

    for (i = walk->depth; i-- > 0;) {
        if (walk->frames[i].element->kind == kind) {
            return &walk->frames[i];
        }
    }

    return NULL;
}


/* --- lists and tables --- */

static void
open_list(nt_html_walk_t *walk, nt_html_frame_t *frame, const xmlNode *node)
{
    xmlChar *start;

    frame->ordered = strcmp((const char *) node->name, "ol") == 0;
    start = xmlGetProp(node, (const xmlChar *) "start");

    if (start != NULL) {
        frame->count = (unsigned) atoi((const char *) start) - 1;
        xmlFree(start);
    }

    nt_html_break(&walk->w, walk->lists == 0 ? 2 : 1);
    walk->lists++;
}


static void
open_item(nt_html_walk_t *walk)
{
    unsigned          i;
    nt_html_frame_t  *list;
    nt_html_writer_t *w;

    w = &walk->w;
    list = innermost(walk, NT_HTML_LIST);
    nt_buf_reset(&w->bullet);
    nt_html_break(w, 1);

    for (i = 0; i < walk->lists; i++) {
        nt_buf_append(&w->bullet, "  ", 2);
    }

    if (list != NULL && list->ordered) {
        nt_buf_printf(&w->bullet, "%u. ", ++list->count);

    } else {
        nt_buf_append(&w->bullet, "* ", 2);
    }

    w->indent = (walk->lists + 1) * 2;
}


static void
open_cell(nt_html_walk_t *walk)
{
    nt_html_frame_t *row;

    row = innermost(walk, NT_HTML_ROW);

    if (row != NULL && row->count++ > 0) {
        walk->w.space = false;
        nt_html_raw(&walk->w, NT_STR("| "));
    }
}


/* The first row is the head of the table. */
static void
close_row(nt_html_walk_t *walk, const nt_html_frame_t *frame)
{
    unsigned         i;
    nt_html_frame_t *table;

    walk->w.hard = 1;
    walk->w.space = false;
    table = innermost(walk, NT_HTML_TABLE);

    if (table == NULL || table->count++ > 0 || frame->count == 0) {
        return;
    }

    for (i = 0; i < frame->count; i++) {
        nt_html_raw(&walk->w, i == 0 ? NT_STR("---") : NT_STR("|---"));
    }

    walk->w.hard = 1;
}


/* --- elements --- */

static void
open_mark(nt_html_walk_t *walk, const nt_html_element_t *element)
{
    if (!walk->w.pre) {
        nt_buf_append_str(&walk->w.marks, nt_str(element->mark));
    }
}


/* A mark that waited in vain for a text is taken back. */
static bool
unmark(nt_html_walk_t *walk, const nt_html_frame_t *frame, const char *mark)
{
    size_t len;

    len = strlen(mark);

    if (walk->w.out.len > frame->out_len) {
        return false;
    }

    walk->w.marks.len -= walk->w.marks.len < len ? walk->w.marks.len : len;
    return true;
}


void
nt_html_open(nt_html_walk_t *walk, nt_html_frame_t *frame, const xmlNode *node)
{
    nt_html_writer_t *w;

    w = &walk->w;

    switch (frame->element->kind) {
    case NT_HTML_HIDDEN:
        frame->hidden = true;
        break;

    case NT_HTML_BLOCK:
    case NT_HTML_TABLE:
        nt_html_break(w, 2);
        break;

    case NT_HTML_HEADING:
        nt_html_break(w, 2);
        open_mark(walk, frame->element);
        break;

    case NT_HTML_MARK:
        open_mark(walk, frame->element);
        break;

    case NT_HTML_LINK:
        nt_html_open_link(walk, frame, node);
        break;

    case NT_HTML_IMAGE:
        nt_html_put_image(walk, node);
        break;

    case NT_HTML_BREAK:
        w->hard++;
        w->space = false;
        break;

    case NT_HTML_RULE:
        nt_html_break(w, 2);
        nt_html_raw(w, NT_STR("* * *"));
        nt_html_break(w, 2);
        break;

    case NT_HTML_LIST:
        open_list(walk, frame, node);
        break;

    case NT_HTML_ITEM:
        open_item(walk);
        break;

    case NT_HTML_QUOTE:
        nt_html_break(w, 2);
        w->quote++;
        break;

    case NT_HTML_PRE:
        nt_html_break(w, 2);
        w->pre = true;
        break;

    case NT_HTML_CELL:
        open_cell(walk);
        break;

    case NT_HTML_DEFINITION:
        nt_html_break(w, 2);
        w->indent += 4;
        break;

    case NT_HTML_ROW:
    case NT_HTML_OTHER:
        break;
    }
}


void
nt_html_close(nt_html_walk_t *walk, nt_html_frame_t *frame, const xmlNode *node)
{
    nt_html_writer_t *w;

    w = &walk->w;

    switch (frame->element->kind) {
    case NT_HTML_HEADING:
        (void) unmark(walk, frame, frame->element->mark);
        nt_html_break(w, 2);
        break;

    case NT_HTML_MARK:
        if (!w->pre && !unmark(walk, frame, frame->element->mark)) {
            nt_buf_append_str(&w->out, nt_str(frame->element->mark));
        }

        break;

    case NT_HTML_LINK:
        if (frame->url != NULL && !unmark(walk, frame, "[")) {
            nt_html_close_link(walk, frame, node);
        }

        xmlFree(frame->url);
        break;

    case NT_HTML_LIST:
        walk->lists--;
        w->indent = walk->lists == 0 ? 0 : (walk->lists + 1) * 2;
        nt_html_break(w, walk->lists == 0 ? 2 : 1);
        break;

    case NT_HTML_ITEM:
        nt_buf_reset(&w->bullet);
        nt_html_break(w, 1);
        break;

    case NT_HTML_QUOTE:
        w->quote--;
        nt_html_break(w, 2);
        break;

    case NT_HTML_PRE:
        w->pre = false;
        w->breaks = 0; /* line ends at the end of it */
        nt_html_break(w, 2);
        break;

    case NT_HTML_ROW:
        close_row(walk, frame);
        break;

    case NT_HTML_DEFINITION:
        w->indent -= 4;
        nt_html_break(w, 2);
        break;

    case NT_HTML_BLOCK:
    case NT_HTML_TABLE:
        nt_html_break(w, 2);
        break;

    default:
        break;
    }
}
