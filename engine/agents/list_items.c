#include "engine/agents/list_items.h"

#include <ctype.h>

static const char open_tag[] = "<list_item>";
static const char close_tag[] = "</list_item>";


static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


/* Hands an item on, tidied up; items of nothing are none. */
static nt_rc_t
send(nt_str_t raw, nt_list_item_pt item, void *arg)
{
    bool     space = false;
    size_t   i;
    nt_rc_t  rc = NT_OK;
    nt_buf_t text = { 0 };

    for (i = 0; i < raw.len; i++) {
        if (is_space(raw.data[i])) {
            space = text.len > 0;
            continue;
        }

        if (raw.data[i] == '*' && i + 1 < raw.len && raw.data[i + 1] == '*') {
            i++;
            continue;
        }

        if (space) {
            nt_buf_append_char(&text, ' ');
            space = false;
        }

        nt_buf_append_char(&text, raw.data[i]);
    }

    if (text.failed) {
        rc = NT_NOMEM;

    } else if (text.len > 0 && !item(arg, (nt_str_t) { text.data, text.len })) {
        rc = NT_ERROR;
    }

    nt_buf_free(&text);
    return rc;
}


/*
 * One character against the tag that is looked for.  Both tags have their
 * first character nowhere else, so a failed match can only start again at
 * the character that failed.
 */
static bool
match_tag(nt_list_items_t *items, const char *tag, char c)
{
    if (tolower((unsigned char) c) == tag[items->match]) {
        items->match++;

        if (tag[items->match] == '\0') {
            items->match = 0;
            return true;
        }

    } else {
        items->match = c == tag[0] ? 1 : 0;
    }

    return false;
}


/* The closing tag has just come whole and stands at the item's end. */
static nt_rc_t
close_item(nt_list_items_t *items, nt_list_item_pt item, void *arg)
{
    nt_rc_t  rc;
    nt_str_t raw;

    if (items->item.failed) {
        return NT_NOMEM;
    }

    raw.data = items->item.data;
    raw.len = items->item.len - (sizeof(close_tag) - 1);
    rc = send(raw, item, arg);
    nt_buf_reset(&items->item);
    items->inside = false;
    return rc;
}


nt_rc_t
nt_list_items_feed(nt_list_items_t *items, nt_str_t text, nt_list_item_pt item,
                   void *arg)
{
    size_t  i;
    nt_rc_t rc;

    for (i = 0; i < text.len; i++) {
        if (!items->inside) {
            if (match_tag(items, open_tag, text.data[i])) {
                items->inside = true;
                items->tagged = true;
            }

            continue;
        }

        if (items->item.len >= NT_LIST_ITEM_MAX) {
            return NT_LIMIT;
        }

        nt_buf_append_char(&items->item, text.data[i]);

        if (match_tag(items, close_tag, text.data[i])) {
            rc = close_item(items, item, arg);

            if (rc != NT_OK) {
                return rc;
            }
        }
    }

    return items->item.failed ? NT_NOMEM : NT_OK;
}


void
nt_list_items_free(nt_list_items_t *items)
{
    nt_buf_free(&items->item);
}


/* The length of the mark that starts a line of a list, with the space behind
 * it; 0 for none. */
static size_t
mark(nt_str_t line)
{
    size_t                n = 0;
    static const nt_str_t bullet = { "\xE2\x80\xA2", 3 };

    while (n < line.len && isdigit((unsigned char) line.data[n])) {
        n++;
    }

    if (n > 0) {
        if (n == line.len || (line.data[n] != '.' && line.data[n] != ')')) {
            return 0;
        }

        n++;

    } else if (line.len > 0 && strchr("-*+", line.data[0]) != NULL) {
        n = 1;

    } else if (line.len >= bullet.len &&
               memcmp(line.data, bullet.data, bullet.len) == 0)
    {
        n = bullet.len;
    }

    return n > 0 && n < line.len && is_space(line.data[n]) ? n + 1 : 0;
}


nt_rc_t
nt_list_items_plain(nt_str_t text, nt_list_item_pt item, void *arg)
{
    size_t      n;
    nt_rc_t     rc;
    nt_str_t    line;
    const char *end;

    while (text.len > 0) {
        end = memchr(text.data, '\n', text.len);
        line.data = text.data;
        line.len = end != NULL ? (size_t) (end - text.data) : text.len;
        n = end != NULL ? line.len + 1 : line.len;
        text.data += n;
        text.len -= n;

        while (line.len > 0 && is_space(line.data[0])) {
            line.data++;
            line.len--;
        }

        n = mark(line);

        if (n > 0) {
            rc = send((nt_str_t) { line.data + n, line.len - n }, item, arg);

            if (rc != NT_OK) {
                return rc;
            }
        }
    }

    return NT_OK;
}
