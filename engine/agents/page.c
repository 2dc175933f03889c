#include "engine/agents/page.h"

#include <strings.h>

#include "engine/nodes/encoding.h"
#include "engine/nodes/html_text.h"
#include "engine/nodes/html_tree.h"

#define SNIFF_MAX 1024 /* bytes that are looked at (WHATWG HTML 13.2.3.2) */


/* The place behind `needle`, whose letters are small, in any case; NULL when
 * it is not there. */
static const char *
behind(nt_str_t text, const char *needle)
{
    size_t i, len = strlen(needle);

    for (i = 0; i + len <= text.len; i++) {
        if (strncasecmp(text.data + i, needle, len) == 0) {
            return text.data + i + len;
        }
    }

    return NULL;
}


static nt_str_t
head(nt_str_t body)
{
    return (nt_str_t) { body.data,
                        body.len < SNIFF_MAX ? body.len : SNIFF_MAX };
}


nt_page_kind_t
nt_page_kind(const char *content_type, nt_str_t body)
{
    nt_str_t type = nt_str(content_type != NULL ? content_type : "");

    if (behind(type, "html") != NULL) {
        return NT_PAGE_HTML;
    }

    if (behind(type, "text/") != NULL || behind(type, "json") != NULL ||
        behind(type, "xml") != NULL || behind(type, "javascript") != NULL ||
        behind(type, "yaml") != NULL)
    {
        return NT_PAGE_TEXT;
    }

    if (type.len > 0) {
        return NT_PAGE_OTHER;
    }

    if (behind(head(body), "<html") != NULL ||
        behind(head(body), "<!doctype html") != NULL)
    {
        return NT_PAGE_HTML;
    }

    return memchr(body.data, '\0', head(body).len) == NULL ? NT_PAGE_TEXT
                                                           : NT_PAGE_OTHER;
}


/* The name behind "charset="; empty when there is none. */
static nt_str_t
charset_of(nt_str_t text)
{
    nt_str_t    name = { "", 0 };
    const char *end = text.data + text.len, *p;

    p = behind(text, "charset=");

    if (p == NULL) {
        return name;
    }

    while (p < end && strchr(" \"'", *p) != NULL) {
        p++;
    }

    name.data = p;

    while (p < end && strchr(" \"';>/\t\r\n", *p) == NULL) {
        p++;
    }

    name.len = (size_t) (p - name.data);
    return name;
}


static bool
decode_as(nt_buf_t *out, nt_str_t charset, nt_str_t body)
{
    bool     good;
    size_t   len = out->len;
    nt_buf_t error = { 0 };

    good = charset.len > 0 && nt_encoding_read(out, charset, body, &error);

    if (!good) {
        out->len = len;
    }

    nt_buf_free(&error);
    return good;
}


bool
nt_page_decode(nt_buf_t *out, const char *content_type, nt_str_t body)
{
    return decode_as(out,
                     charset_of(
                         nt_str(content_type != NULL ? content_type : "")),
                     body) ||
           decode_as(out, charset_of(head(body)), body) ||
           decode_as(out, NT_STR("utf-8"), body) ||
           decode_as(out, NT_STR("latin-1"), body);
}


/* --- metadata --- */

static bool
set_text(json_t *object, const char *name, const xmlChar *text)
{
    return json_object_set_new(object, name,
                               json_string((const char *) text)) == 0;
}


/* Is it one of the names that are worth keeping? */
static bool
is_kept(const char *name)
{
    size_t                   i;
    static const char *const names[] = { "description", "keywords", "author",
                                         "generator", "robots" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(names[i], name) == 0) {
            return true;
        }
    }

    return false;
}


static void
add_meta(json_t *metadata, json_t *og, xmlNode *node)
{
    xmlChar    *name, *content;
    const char *text;

    name = xmlGetProp(node, BAD_CAST "property");

    if (name == NULL) {
        name = xmlGetProp(node, BAD_CAST "name");
    }

    content = xmlGetProp(node, BAD_CAST "content");
    text = (const char *) name;

    if (text != NULL && content != NULL) {
        if (strncmp(text, "og:", 3) == 0) {
            (void) set_text(og, text + 3, content);

        } else if (is_kept(text)) {
            (void) set_text(metadata, text, content);
        }
    }

    xmlFree(name);
    xmlFree(content);
}


/* New reference; NULL when memory is out. */
static json_t *
read_metadata(xmlDoc *doc)
{
    json_t  *metadata, *og;
    xmlNode *root = xmlDocGetRootElement(doc), *node;
    nt_buf_t title = { 0 };

    const char *const title_name[] = { "title", NULL };
    const char *const meta_name[] = { "meta", NULL };

    metadata = json_object();
    og = json_object();

    for (node = root; node != NULL; node = nt_html_next(root, node, false)) {
        if (nt_html_is(node, title_name) && title.len == 0) {
            nt_html_plain(&title, node, &(nt_html_plain_t) { 0 });

        } else if (nt_html_is(node, meta_name)) {
            add_meta(metadata, og, node);
        }
    }

    if (title.len > 0) {
        (void) json_object_set_new(metadata, "title",
                                   json_stringn(title.data, title.len));
    }

    if (json_object_size(og) > 0) {
        (void) json_object_set(metadata, "og", og);
    }

    nt_buf_free(&title);
    json_decref(og);
    return metadata;
}


nt_rc_t
nt_page_read(nt_buf_t *out, json_t **metadata, nt_str_t html, const char *url)
{
    nt_rc_t           rc;
    xmlDoc           *doc;
    nt_html_options_t options = { .base_url = url,
                                  .ignore_images = true,
                                  .ignore_mailto = true };

    doc = nt_html_parse(html, &rc);

    if (doc == NULL) {
        return rc;
    }

    *metadata = read_metadata(doc);
    xmlFreeDoc(doc);

    if (*metadata == NULL) {
        return NT_NOMEM;
    }

    rc = nt_html_text(out, html, &options);

    if (rc != NT_OK) {
        json_decref(*metadata);
        *metadata = NULL;
    }

    return rc;
}
