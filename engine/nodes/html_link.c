/*
 * engine/nodes/html_link.c - links and images of HTML.
 */

#include <strings.h>

#include "engine/nodes/html_tree.h"
#include "engine/nodes/html_walk.h"


static void
append_url(nt_buf_t *out, const char *url)
{
    for (; *url != '\0'; url++) {
        if (strchr("\\[]()", *url) != NULL) {
            nt_buf_append_char(out, '\\');
        }

        nt_buf_append_char(out, *url);
    }
}


void
nt_html_open_link(nt_html_walk_t *walk, nt_html_frame_t *frame,
                  const xmlNode *node)
{
    bool     skipped;
    xmlChar *href;

    href = xmlGetProp(node, (const xmlChar *) "href");
    skipped = href == NULL || href[0] == '#' ||
              (walk->options->ignore_mailto &&
               strncasecmp((const char *) href, "mailto:", 7) == 0);
    xmlFree(href);

    if (!skipped && !walk->w.pre) {
        frame->url = nt_html_url(node, "href", walk->options->base_url);
        nt_buf_append_char(&walk->w.marks, '[');
    }
}


void
nt_html_close_link(nt_html_walk_t *walk, nt_html_frame_t *frame,
                   const xmlNode *node)
{
    size_t    start;
    xmlChar  *title;
    nt_buf_t *out;
    nt_str_t  text;
    char     *bracket;

    if (frame->url == NULL) {
        return;
    }

    out = &walk->w.out;
    bracket = out->failed ? NULL
                          : memchr(out->data + frame->out_len, '[',
                                   out->len - frame->out_len);

    if (bracket == NULL) {
        return;
    }

    start = (size_t) (bracket - out->data);
    text.data = bracket + 1;
    text.len = out->len - start - 1;
    title = xmlGetProp(node, (const xmlChar *) "title");

    if (title == NULL && nt_str_eq(text, nt_str(frame->url)) &&
        strstr(frame->url, "://") != NULL)
    {
        *bracket = '<';
        nt_buf_append_char(out, '>');
        return;
    }

    nt_buf_append(out, "](", 2);
    append_url(out, frame->url);

    if (title != NULL) {
        nt_buf_append(out, " \"", 2);
        nt_buf_append_str(out, nt_str((const char *) title));
        nt_buf_append_char(out, '"');
        xmlFree(title);
    }

    nt_buf_append_char(out, ')');
}


void
nt_html_put_image(nt_html_walk_t *walk, const xmlNode *node)
{
    char    *url;
    xmlChar *alt;

    url = nt_html_url(node, "src", walk->options->base_url);

    if (url == NULL || walk->options->ignore_images) {
        xmlFree(url);
        return;
    }

    alt = xmlGetProp(node, (const xmlChar *) "alt");

    nt_html_raw(&walk->w, NT_STR("!["));
    nt_buf_append_str(&walk->w.out,
                      nt_str(alt == NULL ? "" : (const char *) alt));
    nt_buf_append(&walk->w.out, "](", 2);
    append_url(&walk->w.out, url);
    nt_buf_append_char(&walk->w.out, ')');

    xmlFree(alt);
    xmlFree(url);
}
