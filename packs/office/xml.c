/*
 * packs/office/xml.c - elements and attributes by their local names: there
 * are two namespaces for each, of the transitional and of the strict variant.
 */

#include <stdio.h>
#include <stdlib.h>

#include "packs/office/office.h"


bool
nt_xml_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE &&
           (name == NULL || strcmp((const char *) node->name, name) == 0);
}


static xmlNode *
find(xmlNode *node, const char *name)
{
    while (node != NULL && !nt_xml_is(node, name)) {
        node = node->next;
    }

    return node;
}


xmlNode *
nt_xml_child(const xmlNode *parent, const char *name)
{
    return parent == NULL ? NULL : find(parent->children, name);
}


xmlNode *
nt_xml_next(const xmlNode *node, const char *name)
{
    return find(node->next, name);
}


const char *
nt_xml_attr(const xmlNode *node, const char *name)
{
    const xmlAttr *attr;

    for (attr = node->properties; attr != NULL; attr = attr->next) {
        if (strcmp((const char *) attr->name, name) == 0) {
            return attr->children != NULL && attr->children->content != NULL
                       ? (const char *) attr->children->content
                       : "";
        }
    }

    return "";
}


long
nt_xml_int(const xmlNode *node, const char *name, long fallback)
{
    char       *end;
    long        n;
    const char *text;

    text = nt_xml_attr(node, name);
    n = strtol(text, &end, 10);
    return end == text || *end != '\0' ? fallback : n;
}


bool
nt_xml_set(xmlNode *node, const char *name, const char *value)
{
    return xmlSetProp(node, BAD_CAST name, BAD_CAST value) != NULL;
}


bool
nt_xml_set_int(xmlNode *node, const char *name, long value)
{
    char text[32];

    (void) snprintf(text, sizeof(text), "%ld", value);
    return nt_xml_set(node, name, text);
}


bool
nt_xml_set_ns(xmlNode *node, const char *name, const char *value)
{
    return xmlSetNsProp(node, node->ns, BAD_CAST name, BAD_CAST value) != NULL;
}


xmlNode *
nt_xml_new(const xmlNode *like, const char *name)
{
    return xmlNewDocNode(like->doc, like->ns, BAD_CAST name, NULL);
}


xmlNode *
nt_xml_add(xmlNode *parent, const char *name)
{
    xmlNode *node;

    node = nt_xml_new(parent, name);
    return node == NULL ? NULL : xmlAddChild(parent, node);
}


xmlNode *
nt_xml_need(xmlNode *parent, const char *name, const char *const *after)
{
    xmlNode           *node, *next;
    const char *const *later;

    node = nt_xml_child(parent, name);

    if (node != NULL) {
        return node;
    }

    node = nt_xml_new(parent, name);

    if (node == NULL) {
        return NULL;
    }

    for (next = nt_xml_child(parent, NULL); next != NULL;
         next = nt_xml_next(next, NULL))
    {
        for (later = after; later != NULL && *later != NULL; later++) {
            if (nt_xml_is(next, *later)) {
                return xmlAddPrevSibling(next, node);
            }
        }
    }

    return xmlAddChild(parent, node);
}


bool
nt_xml_text(xmlNode *node, nt_str_t text)
{
    bool          good;
    size_t        i;
    nt_buf_t      clean = { 0 };
    unsigned char c;

    for (i = 0; i < text.len; i++) {
        c = (unsigned char) text.data[i];

        /* U+FFFE and U+FFFF, too */
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
            (c == 0xef && i + 2 < text.len &&
             (unsigned char) text.data[i + 1] == 0xbf &&
             (unsigned char) text.data[i + 2] >= 0xbe))
        {
            i += c == 0xef ? 2 : 0;
            continue;
        }

        nt_buf_append_char(&clean, (char) c);
    }

    if (clean.failed || clean.len > INT32_MAX) {
        nt_buf_free(&clean);
        return false;
    }

    good = clean.len == 0;

    if (!good) {
        xmlNodeAddContentLen(node, BAD_CAST clean.data, (int) clean.len);
        good = node->children != NULL;
    }

    nt_buf_free(&clean);
    return good;
}
