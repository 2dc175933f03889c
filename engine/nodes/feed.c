/*
 * engine/nodes/feed.c - news feeds.
 *
 * Entities of HTML are taken, which feeds use without declaring them, those of
 * a document's own are not.
 */

#include "engine/nodes/feed.h"

#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/uri.h>

#include "engine/nodes/ustr.h"
#include "engine/nodes/webdate.h"

#define DEPTH_MAX  64 /* of markup in a text */
#define ENTITY_MAX 32 /* characters of a reference */

typedef struct {
    const char *url;
    bool        nomem;
} feed_t;


/* --- the tree --- */

static bool
is_named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE &&
           strcasecmp((const char *) node->name, name) == 0;
}


/* Is it an element of a namespace whose URI has this in it ("" for those of
 * the feed's own kind: none of the others that are known)? */
static bool
is_of(const xmlNode *node, const char *part)
{
    const char *href;

    href = node->ns != NULL && node->ns->href != NULL
               ? (const char *) node->ns->href
               : "";

    if (part[0] != '\0') {
        return strstr(href, part) != NULL;
    }

    return strstr(href, "/dc/") == NULL && strstr(href, "itunes") == NULL &&
           strstr(href, "mrss") == NULL &&
           strstr(href, "/rss/1.0/modules/") == NULL;
}


static xmlNode *
child(const xmlNode *node, const char *namespace, const char *name)
{
    xmlNode *c;

    for (c = node != NULL ? node->children : NULL; c != NULL; c = c->next) {
        if (is_named(c, name) && is_of(c, namespace)) {
            return c;
        }
    }

    return NULL;
}


/* The text in a node, without its markup. */
static void
append_text(nt_buf_t *out, const xmlNode *node, unsigned depth)
{
    const xmlNode *c;

    for (c = node->children; c != NULL && depth < DEPTH_MAX; c = c->next) {
        switch (c->type) {
        case XML_TEXT_NODE:
        case XML_CDATA_SECTION_NODE:
            if (c->content != NULL) {
                nt_buf_append_str(out, nt_str((const char *) c->content));
            }
            break;

        case XML_ELEMENT_NODE:
            append_text(out, c, depth + 1);
            break;

        default:
            break;
        }
    }
}


/* What is in a node of Atom's type "xhtml", with its markup. */
static void
append_markup(nt_buf_t *out, xmlNode *node)
{
    xmlNode   *c;
    xmlBuffer *buffer = xmlBufferCreate();

    for (c = node->children; c != NULL && buffer != NULL; c = c->next) {
        if (xmlNodeDump(buffer, node->doc, c, 0, 0) < 0) {
            out->failed = true;
        }
    }

    if (buffer == NULL) {
        out->failed = true;
    } else {
        nt_buf_append(out, xmlBufferContent(buffer),
                      (size_t) xmlBufferLength(buffer));
        xmlBufferFree(buffer);
    }
}


static json_t *
strip_json(feed_t *feed, nt_buf_t *text)
{
    json_t  *value;
    nt_str_t stripped = { text->data != NULL ? text->data : "", text->len };

    stripped = nt_ustr_strip(stripped, NT_USTR_BOTH, NULL);
    value = text->failed ? NULL : json_stringn(stripped.data, stripped.len);
    feed->nomem |= value == NULL;
    nt_buf_free(text);
    return value;
}


/* The text of a node as a value; "" for no node. */
static json_t *
text_of(feed_t *feed, xmlNode *node)
{
    xmlChar *type;
    nt_buf_t text = { 0 };

    if (node != NULL) {
        type = xmlGetNoNsProp(node, (const xmlChar *) "type");

        if (type != NULL && strcmp((const char *) type, "xhtml") == 0) {
            append_markup(&text, node);
        } else {
            append_text(&text, node, 0);
        }

        xmlFree(type);
    }

    return strip_json(feed, &text);
}


/* A URL made absolute; takes `value` over. */
static json_t *
absolute(feed_t *feed, json_t *value)
{
    json_t     *made;
    xmlChar    *built;
    const char *text = json_string_value(value);

    if (text == NULL || text[0] == '\0') {
        return value;
    }

    built = xmlBuildURI((const xmlChar *) text, (const xmlChar *) feed->url);
    if (built == NULL) {
        return value;
    }

    made = json_string((const char *) built);
    xmlFree(built);
    json_decref(value);
    feed->nomem |= made == NULL;
    return made;
}


/* --- links --- */

/* Atom's <link rel href>: the first that is an alternate one. */
static json_t *
atom_link(feed_t *feed, const xmlNode *node)
{
    bool     alternate;
    json_t  *link = NULL;
    xmlNode *c;
    xmlChar *rel, *href;

    for (c = node->children; c != NULL && link == NULL; c = c->next) {
        if (!is_named(c, "link")) {
            continue;
        }

        rel = xmlGetNoNsProp(c, (const xmlChar *) "rel");
        href = xmlGetNoNsProp(c, (const xmlChar *) "href");
        alternate = rel == NULL || strcmp((const char *) rel, "alternate") == 0;

        if (href != NULL && alternate) {
            link = json_string((const char *) href);
        }

        xmlFree(rel);
        xmlFree(href);
    }

    return link;
}


/* RSS's <link>, whose text it is; NULL when there is none. */
static json_t *
rss_link(feed_t *feed, const xmlNode *node)
{
    json_t  *link;
    xmlNode *c;

    for (c = node->children; c != NULL; c = c->next) {
        if (!is_named(c, "link") || !is_of(c, "")) {
            continue;
        }

        link = text_of(feed, c);
        if (json_string_length(link) > 0) {
            return link;
        }

        json_decref(link);
    }

    return NULL;
}


/* RSS's link, else Atom's, else a <guid> that is one. */
static json_t *
link_of(feed_t *feed, const xmlNode *node)
{
    json_t  *link = rss_link(feed, node);
    xmlNode *guid = child(node, "", "guid");
    xmlChar *permanent;

    if (link == NULL) {
        link = atom_link(feed, node);
    }

    if (link == NULL && guid != NULL) {
        permanent = xmlGetNoNsProp(guid, (const xmlChar *) "isPermaLink");

        if (permanent == NULL || strcmp((const char *) permanent, "false") != 0)
        {
            link = text_of(feed, guid);
        }

        xmlFree(permanent);
    }

    return absolute(feed, link != NULL ? link : json_string(""));
}


/* --- entries --- */

/* The first of these children, each {part of its namespace, name}. */
static xmlNode *
first_of(const xmlNode *node, const char *const (*names)[2])
{
    xmlNode *found = NULL;

    for (; found == NULL && (*names)[1] != NULL; names++) {
        found = child(node, (*names)[0], (*names)[1]);
    }

    return found;
}


static json_t *
author_of(feed_t *feed, const xmlNode *node)
{
    static const char *const names[][2] = { { "", "author" },
                                            { "/dc/", "creator" },
                                            { "itunes", "author" },
                                            { NULL, NULL } };
    xmlNode                 *author, *name;

    author = first_of(node, names);
    name = child(author, "", "name");
    return text_of(feed, name != NULL ? name : author);
}


static json_t *
published_of(feed_t *feed, const xmlNode *node)
{
    static const char *const names[][2] = {
        { "", "pubDate" },  { "", "published" }, { "", "issued" },
        { "/dc/", "date" }, { "", "updated" },   { "", "modified" },
        { NULL, NULL }
    };
    int64_t  seconds = 0;
    bool     good;
    json_t  *text;
    xmlNode *found = first_of(node, names);

    if (found == NULL) {
        return json_null();
    }

    text = text_of(feed, found);
    good = text != NULL && nt_webdate_read(json_string_value(text), &seconds);
    json_decref(text);
    return good ? json_integer(seconds) : json_null();
}


static json_t *
entry_of(feed_t *feed, const xmlNode *node)
{
    static const char *const summaries[][2] = { { "", "description" },
                                                { "", "summary" },
                                                { "/modules/content",
                                                  "encoded" },
                                                { "", "content" },
                                                { "itunes", "summary" },
                                                { NULL, NULL } };

    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "title",
                     text_of(feed, child(node, "", "title")), "link",
                     link_of(feed, node), "summary",
                     text_of(feed, first_of(node, summaries)), "author",
                     author_of(feed, node), "published",
                     published_of(feed, node));
}


static json_t *
entries_of(feed_t *feed, const xmlNode *node)
{
    json_t  *entries = json_array();
    xmlNode *c;

    for (c = node->children; c != NULL; c = c->next) {
        if ((is_named(c, "item") || is_named(c, "entry")) &&
            json_array_append_new(entries, entry_of(feed, c)) != 0)
        {
            feed->nomem = true;
        }
    }

    return entries;
}


/* --- feeds --- */

static json_t *
language_of(feed_t *feed, xmlNode *node)
{
    static const char *const names[][2] = { { "", "language" },
                                            { "/dc/", "language" },
                                            { NULL, NULL } };
    json_t                  *language;
    xmlChar                 *lang;
    xmlNode                 *found = first_of(node, names);

    if (found != NULL) {
        return text_of(feed, found);
    }

    lang = xmlNodeGetLang(node);
    language = json_string(lang != NULL ? (const char *) lang : "");
    xmlFree(lang);
    return language;
}


/* `node` describes the feed, `items` has its entries: in RSS 1.0 they are
 * beside one another. */
static json_t *
feed_of(feed_t *feed, xmlNode *node, const xmlNode *items)
{
    static const char *const descriptions[][2] = { { "", "description" },
                                                   { "", "subtitle" },
                                                   { "", "tagline" },
                                                   { NULL, NULL } };
    static const char *const dates[][2] = {
        { "", "lastBuildDate" }, { "", "updated" },  { "", "modified" },
        { "", "pubDate" },       { "/dc/", "date" }, { NULL, NULL }
    };

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "title",
                     text_of(feed, child(node, "", "title")), "description",
                     text_of(feed, first_of(node, descriptions)), "link",
                     link_of(feed, node), "language", language_of(feed, node),
                     "updated", text_of(feed, first_of(node, dates)),
                     "generator", text_of(feed, child(node, "", "generator")),
                     "entries", entries_of(feed, items));
}


/* --- entities --- */

/* The length of a reference at `text`, which begins with &; 0: it is none. */
static size_t
reference_length(nt_str_t text)
{
    size_t i = 1;

    i += i < text.len && text.data[i] == '#';

    while (i < text.len && i < ENTITY_MAX &&
           ((text.data[i] | 0x20) >= 'a'
                ? (text.data[i] | 0x20) <= 'z'
                : text.data[i] >= '0' && text.data[i] <= '9'))
    {
        i++;
    }

    return i > 1 && i < text.len && text.data[i] == ';' ? i + 1 : 0;
}


/* XML knows five names; what is none of them becomes a number if HTML has it,
 * else plain text. libxml2 drops all references behind the first that it does
 * not know, and expands those that a document declares, to any size. */
static void
append_reference(nt_buf_t *out, nt_str_t reference)
{
    static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;",
                                         "&apos;" };
    size_t                   i;
    char                     name[ENTITY_MAX + 2];
    const htmlEntityDesc    *entity;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (nt_str_eq(reference, nt_str(known[i]))) {
            nt_buf_append_str(out, reference);
            return;
        }
    }

    if (reference.data[1] == '#') {
        nt_buf_append_str(out, reference);
        return;
    }

    memcpy(name, reference.data + 1, reference.len - 2);
    name[reference.len - 2] = '\0';
    entity = htmlEntityLookup((const xmlChar *) name);

    if (entity != NULL) {
        nt_buf_printf(out, "&#%u;", entity->value);
    } else {
        nt_buf_append_str(out, NT_STR("&amp;"));
        nt_buf_append(out, reference.data + 1, reference.len - 1);
    }
}


/* Appends the text with references that any reader of XML takes. */
static void
append_clean(nt_buf_t *out, nt_str_t text)
{
    size_t      len, pos = 0;
    const char *end, *p = text.data;

    while (pos < text.len) {
        if (text.len - pos > 9 && memcmp(p + pos, "<![CDATA[", 9) == 0) {
            end = memmem(p + pos, text.len - pos, "]]>", 3);
            len = end != NULL ? (size_t) (end - p) - pos : text.len - pos;
            nt_buf_append(out, p + pos, len);
            pos += len;

        } else if (p[pos] == '&') {
            len = reference_length((nt_str_t) { p + pos, text.len - pos });
            if (len > 0) {
                append_reference(out, (nt_str_t) { p + pos, len });
            } else {
                nt_buf_append_str(out, NT_STR("&amp;"));
            }
            pos += len > 0 ? len : 1;

        } else {
            nt_buf_append_char(out, p[pos++]);
        }
    }
}


/* --- documents --- */

static xmlDoc *
parse(feed_t *feed, nt_str_t text)
{
    xmlDoc  *doc = NULL;
    nt_buf_t clean = { 0 };

    /* UTF-16 is left alone */
    if (memchr(text.data, '\0', text.len) == NULL) {
        append_clean(&clean, text);
        text = (nt_str_t) { clean.data != NULL ? clean.data : "", clean.len };
    }

    feed->nomem = clean.failed;

    if (!clean.failed && text.len <= INT_MAX) {
        doc = xmlReadMemory(text.data, (int) text.len, NULL, NULL,
                            XML_PARSE_RECOVER | XML_PARSE_NONET |
                                XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    }

    nt_buf_free(&clean);
    return doc;
}


json_t *
nt_feed_read(nt_str_t text, const char *url, nt_rc_t *rc)
{
    feed_t   feed = { .url = url };
    json_t  *value = NULL;
    xmlDoc  *doc;
    xmlNode *root, *channel;

    doc = parse(&feed, text);
    root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;

    if (root != NULL && (is_named(root, "rss") || is_named(root, "RDF"))) {
        channel = child(root, "", "channel");

        if (channel != NULL) {
            value =
                feed_of(&feed, channel, is_named(root, "rss") ? channel : root);
            feed.nomem |= value == NULL;
        }

    } else if (root != NULL && is_named(root, "feed")) {
        value = feed_of(&feed, root, root);
        feed.nomem |= value == NULL;
    }

    xmlFreeDoc(doc);

    if (feed.nomem) {
        *rc = NT_NOMEM;
        json_decref(value);
        return NULL;
    }

    *rc = value != NULL ? NT_OK : NT_ERROR;
    return value;
}
