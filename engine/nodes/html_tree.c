/*
 * engine/nodes/html_tree.c - trees that libxml2 makes of HTML.
 *
 * Walks are loops: documents can be nested deeper than a stack allows.
 */

#include <pthread.h>

#include <libxml/HTMLparser.h>
#include <libxml/uri.h>

#include "engine/nodes/html_tree.h"


static void
init_parser(void)
{
    xmlInitParser();
}


xmlDoc *
nt_html_parse(nt_str_t html, nt_rc_t *rc)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    xmlDoc         *doc;
    htmlParserCtxt *context;

    (void) pthread_once(&once, init_parser);

    if (html.len > INT32_MAX) {
        *rc = NT_LIMIT;
        return NULL;
    }

    context = htmlNewParserCtxt();

    if (context == NULL) {
        *rc = NT_NOMEM;
        return NULL;
    }

    doc = htmlCtxtReadMemory(context, html.data, (int) html.len, NULL, "UTF-8",
                             HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                                 HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                 HTML_PARSE_IGNORE_ENC);

    /* the parser has stopped before the end */
    if (context->disableSAX != 0 || doc == NULL) {
        *rc =
            context->lastError.code == XML_ERR_NO_MEMORY ? NT_NOMEM : NT_LIMIT;
        xmlFreeDoc(doc);
        doc = NULL;
    }

    htmlFreeParserCtxt(context);
    return doc;
}


xmlNode *
nt_html_next(const xmlNode *root, xmlNode *node, bool skip)
{
    if (!skip && node->type == XML_ELEMENT_NODE && node->children != NULL) {
        return node->children;
    }

    while (node != root && node->next == NULL) {
        node = node->parent;
    }

    return node == root ? NULL : node->next;
}


bool
nt_html_is(const xmlNode *node, const char *const *names)
{
    if (node->type != XML_ELEMENT_NODE || names == NULL) {
        return false;
    }

    for (; *names != NULL; names++) {
        if (strcmp((const char *) node->name, *names) == 0) {
            return true;
        }
    }

    return false;
}


static void
end_block(nt_buf_t *out, const xmlNode *node, const nt_html_plain_t *options)
{
    if (nt_html_is(node, options->blocks)) {
        nt_buf_append_char(out, options->end);
    }
}


void
nt_html_plain(nt_buf_t *out, const xmlNode *root,
              const nt_html_plain_t *options)
{
    const xmlNode *node;

    node = root;

    while (node != NULL) {
        if ((node->type == XML_TEXT_NODE ||
             node->type == XML_CDATA_SECTION_NODE) &&
            node->content != NULL)
        {
            nt_buf_append_str(out, nt_str((const char *) node->content));
        }

        if (node->type == XML_ELEMENT_NODE && node->children != NULL &&
            !nt_html_is(node, options->hidden))
        {
            node = node->children;
            continue;
        }

        end_block(out, node, options);

        while (node != root && node->next == NULL) {
            node = node->parent;
            end_block(out, node, options);
        }

        node = node == root ? NULL : node->next;
    }
}


char *
nt_html_url(const xmlNode *node, const char *attribute, const char *base)
{
    xmlChar *value, *absolute, *escaped;

    value = xmlGetProp(node, (const xmlChar *) attribute);

    if (value == NULL || base[0] == '\0') {
        return (char *) value;
    }

    absolute = xmlBuildURI(value, (const xmlChar *) base);

    if (absolute == NULL) {
        /* with a space, say: browsers take these, too */
        escaped =
            xmlURIEscapeStr(value, (const xmlChar *) ":/?#[]@!$&'()*+,;=%~");
        absolute = escaped == NULL
                       ? NULL
                       : xmlBuildURI(escaped, (const xmlChar *) base);
        xmlFree(escaped);
    }

    if (absolute == NULL) {
        return (char *) value;
    }

    xmlFree(value);
    return (char *) absolute;
}
