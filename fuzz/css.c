/*
 * CSS selectors of workflows, on one page: parsed and matched they come to an
 * end, and what is refused has a reason.
 */

#include <stdlib.h>

#include "engine/nodes/css.h"
#include "engine/nodes/html_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const char page[] =
    "<html><body><div id=a class='x y'><p lang=en>1<p>2<span></span><p>3</div>"
    "<ul data-k='one two'><li>1<li>2<li><b>3</b></ul></body></html>";


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nt_rc_t   rc;
    xmlDoc   *doc;
    xmlNode  *node, *root;
    nt_buf_t  error = { 0 };
    nt_css_t *css;

    css = nt_css_parse((nt_str_t) { (const char *) data, size }, &error);

    if (css == NULL) {
        if (error.len == 0) {
            abort();
        }

        nt_buf_free(&error);
        return 0;
    }

    doc = nt_html_parse((nt_str_t) { page, sizeof(page) - 1 }, &rc);
    root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;

    for (node = root; node != NULL; node = nt_html_next(root, node, false)) {
        (void) nt_css_matches(css, node);
    }

    xmlFreeDoc(doc);
    nt_css_free(css);
    nt_buf_free(&error);
    return 0;
}
