/*
 * packs/office/word.c - Word documents: a new one, and what is added to them.
 */

#include <stdlib.h>

#include "packs/office/office.h"


xmlNode *
nt_word_body(nt_package_t *package)
{
    char    *part;
    xmlNode *root, *body;

    part = nt_relation_target(package, "", "officeDocument", NULL);

    if (part == NULL) {
        return NULL;
    }

    root = nt_package_xml(package, part);
    free(part);

    if (root == NULL) {
        return NULL;
    }

    body = nt_xml_child(root, "body");

    if (body == NULL) {
        (void) nt_call_fail(package->call, "'%s' has no body", package->name);
    }

    return body;
}


bool
nt_word_append(xmlNode *body, xmlNode *node)
{
    xmlNode *child, *section;

    for (child = nt_xml_child(body, NULL), section = NULL; child != NULL;
         child = nt_xml_next(child, NULL))
    {
        section = nt_xml_is(child, "sectPr") ? child : NULL;
    }

    return (section != NULL ? xmlAddPrevSibling(section, node)
                            : xmlAddChild(body, node)) != NULL;
}


xmlNode *
nt_word_paragraph(xmlNode *body, xmlNode **run)
{
    xmlNode *paragraph;

    paragraph = nt_xml_new(body, "p");

    if (paragraph == NULL) {
        return NULL;
    }

    *run = nt_xml_add(paragraph, "r");

    if (*run == NULL) {
        xmlFreeNode(paragraph);
        return NULL;
    }

    return paragraph;
}


/* Line ends and tabulators are elements. */
bool
nt_word_text(xmlNode *run, nt_str_t text)
{
    size_t   from, to;
    xmlNode *t;

    for (from = 0; from < text.len; from = to) {
        for (to = from;
             to < text.len && strchr("\n\r\t", text.data[to]) == NULL; to++)
        { /* to the end of a piece */
        }

        if (to == from) {
            to++;

            if (text.data[from] == '\r' && to < text.len &&
                text.data[to] == '\n') {
                to++;
            }

            if (nt_xml_add(run, text.data[from] == '\t' ? "tab" : "br") == NULL)
            {
                return false;
            }

            continue;
        }

        t = nt_xml_add(run, "t");

        if (t == NULL) {
            return false;
        }

        xmlNodeSetSpacePreserve(t, 1);

        if (!nt_xml_text(t, (nt_str_t) { text.data + from, to - from })) {
            return false;
        }
    }

    return true;
}
