/*
 * engine/nodes/html_text.c - walks the tree that libxml2 makes of HTML.
 *
 * The walk is a loop: documents can be nested deeper than a stack allows.
 */

#include <stdlib.h>

#include "engine/nodes/html_tree.h"
#include "engine/nodes/html_walk.h"


static bool
enter(nt_html_walk_t *walk, const xmlNode *node)
{
    size_t           cap;
    nt_html_frame_t *frames, *frame;

    if (walk->depth == walk->cap) {
        cap = walk->cap == 0 ? 64 : walk->cap * 2;
        frames = realloc(walk->frames, cap * sizeof(nt_html_frame_t));

        if (frames == NULL) {
            walk->nomem = true;
            return false;
        }

        walk->frames = frames;
        walk->cap = cap;
    }

    frame = &walk->frames[walk->depth];
    memset(frame, 0, sizeof(*frame));
    frame->element = nt_html_element(node);
    frame->out_len = walk->w.out.len;
    frame->hidden = walk->depth > 0 && walk->frames[walk->depth - 1].hidden;

    if (!frame->hidden) {
        nt_html_open(walk, frame, node);
    }

    walk->depth++;
    return true;
}


static void
leave(nt_html_walk_t *walk, const xmlNode *node)
{
    nt_html_frame_t *frame;

    frame = &walk->frames[--walk->depth];

    if (!frame->hidden) {
        nt_html_close(walk, frame, node);
    }
}


static void
put_text(nt_html_walk_t *walk, const xmlNode *node)
{
    nt_str_t text;

    if (node->content == NULL || walk->frames[walk->depth - 1].hidden) {
        return;
    }

    text = nt_str((const char *) node->content);

    /* a line end right behind <pre> is not part of it */
    if (walk->w.pre && node->prev == NULL && text.len > 0 &&
        text.data[0] == '\n' && node->parent != NULL &&
        strcmp((const char *) node->parent->name, "pre") == 0)
    {
        text.data++;
        text.len--;
    }

    nt_html_put(&walk->w, text);
}


static void
walk_tree(nt_html_walk_t *walk, const xmlNode *root)
{
    const xmlNode *node;

    node = root;

    while (node != NULL) {
        if (node->type == XML_ELEMENT_NODE) {
            if (!enter(walk, node)) {
                return;
            }

            if (node->children != NULL) {
                node = node->children;
                continue;
            }

            leave(walk, node);

        } else if (node->type == XML_TEXT_NODE && walk->depth > 0) {
            put_text(walk, node);
        }

        while (node != root && node->next == NULL) {
            node = node->parent;
            leave(walk, node);
        }

        node = node == root ? NULL : node->next;
    }
}


nt_rc_t
nt_html_text(nt_buf_t *out, nt_str_t html, const nt_html_options_t *options)
{
    xmlDoc        *doc;
    nt_rc_t        rc;
    nt_html_walk_t walk = { .options = options };

    rc = NT_OK;
    nt_html_writer_init(&walk.w);
    doc = html.len == 0 ? NULL : nt_html_parse(html, &rc);

    if (doc != NULL) {
        walk_tree(&walk, xmlDocGetRootElement(doc));
        xmlFreeDoc(doc);
    }

    if (options->width > 0 && walk.w.out.len > 0) {
        nt_html_wrap(out, (nt_str_t) { walk.w.out.data, walk.w.out.len },
                     options->width);

    } else {
        nt_buf_append(out, walk.w.out.data, walk.w.out.len);
    }

    nt_buf_append(out, "\n\n", 2);

    if (walk.nomem || walk.w.out.failed || walk.w.marks.failed ||
        walk.w.bullet.failed || out->failed)
    {
        rc = NT_NOMEM;
    }

    nt_html_writer_free(&walk.w);
    free(walk.frames);
    return rc;
}
