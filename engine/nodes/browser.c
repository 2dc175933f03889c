/*
 * engine/nodes/browser.c - lib.browser.*: what needs no browser.
 */

#include <string.h>

#include <libxml/HTMLtree.h>

#include "engine/nodes/css.h"
#include "engine/nodes/html_text.h"
#include "engine/nodes/html_tree.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/web.h"

#define WIDTH 78 /* characters of a line of text, as html2text has it */


/* --- WebFetch --- */

/* The elements that match, one behind the other, as HTML. */
static bool
select_html(nt_node_call_t *call, nt_str_t selector, const nt_buf_t *page,
            xmlBuffer *html)
{
    nt_rc_t   rc;
    xmlDoc   *doc;
    xmlNode  *node, *root;
    nt_buf_t  error = { 0 };
    nt_css_t *css;

    css = nt_css_parse(selector, &error);

    if (css == NULL) {
        (void) (error.len == 0 ? nt_arg_nomem(call)
                               : nt_call_fail(call, "'selector': %.*s",
                                              (int) error.len, error.data));
        nt_buf_free(&error);
        return false;
    }

    doc = nt_html_parse((nt_str_t) { page->data, page->len }, &rc);

    if (doc == NULL) {
        nt_css_free(css);
        (void) (rc == NT_LIMIT ? nt_call_fail(call, "the page is too large or "
                                                    "too deeply nested")
                               : nt_arg_nomem(call));
        return false;
    }

    root = xmlDocGetRootElement(doc);

    for (node = root; node != NULL; node = nt_html_next(root, node, false)) {
        if (nt_css_matches(css, node)) {
            (void) htmlNodeDump(html, doc, node);
        }
    }

    xmlFreeDoc(doc);
    nt_css_free(css);

    if (xmlBufferLength(html) == 0) {
        (void) nt_call_fail(call,
                            "'selector' matches nothing on the page: "
                            "%.*s",
                            (int) selector.len, selector.data);
        return false;
    }

    return true;
}


/* The text of the elements that the selector matches. */
static bool
page_text(nt_node_call_t *call, const nt_buf_t *page, nt_buf_t *text)
{
    bool              good;
    nt_rc_t           rc;
    nt_str_t          selector;
    xmlBuffer        *html;
    nt_html_options_t options = { .base_url = "", .width = WIDTH };

    if (!nt_arg_str(call, "selector", &selector)) {
        return false;
    }

    html = xmlBufferCreate();

    if (html == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = select_html(call, selector.len > 0 ? selector : NT_STR("body"), page,
                       html);

    if (good) {
        rc = nt_html_text(text, nt_str((const char *) xmlBufferContent(html)),
                          &options);
        good = rc == NT_OK;

        if (!good) {
            (void) (rc == NT_LIMIT
                        ? nt_call_fail(call, "the page is too large or too "
                                             "deeply nested")
                        : nt_arg_nomem(call));
        }
    }

    xmlBufferFree(html);
    return good;
}


typedef struct {
    nt_buf_t page;
    nt_buf_t text;
    bool     good;
} fetch_t;


/* On the pool. */
static void
read_page(nt_node_call_t *call, void *arg)
{
    fetch_t *fetch = arg;

    fetch->good = page_text(call, &fetch->page, &fetch->text);
}


static nt_node_rc_t
run_fetch(nt_node_call_t *call)
{
    char              type[128];
    bool              good;
    fetch_t           fetch = { 0 };
    nt_str_t          url;
    nt_web_t          web = { 0 };
    nt_http_request_t request = { 0 };

    if (!nt_arg_name(call, "url", &url)) {
        return NT_NODE_FAIL;
    }

    request.url = url.data;
    good = nt_web_send(call, &request, &web) &&
           nt_web_text(call, &web, &fetch.page);

    if (good) {
        nt_web_media_type(web.reply, type, sizeof(type));
    }

    nt_web_free(&web);

    if (good && (strcmp(type, "text/html") == 0 ||
                 strcmp(type, "application/xhtml+xml") == 0))
    {
        good = nt_call_thread(call, read_page, &fetch) && fetch.good;
        nt_buf_free(&fetch.page);
        fetch.page = fetch.text;
    }

    if (!good) {
        nt_buf_free(&fetch.page);
        return NT_NODE_FAIL;
    }

    return nt_emit_buf(call, &fetch.page);
}


/* --- DownloadFile --- */

static nt_node_rc_t
run_download(nt_node_call_t *call)
{
    nt_str_t          url;
    nt_web_t          web = { 0 };
    nt_http_request_t request = { 0 };

    if (!nt_arg_name(call, "url", &url)) {
        return NT_NODE_FAIL;
    }

    request.url = url.data;
    return nt_web_emit_bytes(call, &web, nt_web_send(call, &request, &web));
}


/* --- the types --- */

static const nt_property_t fetch_properties[] = {
    NT_PROP("url", "str", "\"\"", "The address of the page"),
    NT_PROP("selector", "str", "\"body\"",
            "A CSS selector of the elements whose text is wanted"),
    NT_PROP_END
};

static const nt_property_t download_properties[] = {
    NT_PROP("url", "str", "\"\"", "The address of the file"), NT_PROP_END
};

static const nt_output_t bytes_output[] = { { "output", "bytes" },
                                            { NULL, NULL } };

static const nt_node_type_t fetch_type = {
    .type = "lib.browser.WebFetch",
    .title = "Web Fetch",
    .description = "A page, or parts of it, as Markdown; what is no HTML as it "
                   "is.",
    .properties = fetch_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC,
    .run = run_fetch
};

static const nt_node_type_t download_type = {
    .type = "lib.browser.DownloadFile",
    .title = "Download File",
    .description = "The bytes of a file on the web.",
    .properties = download_properties,
    .outputs = bytes_output,
    .flags = NT_NODE_ASYNC,
    .run = run_download
};

static const nt_node_type_t *const types[] = { &fetch_type, &download_type,
                                               NULL };

const nt_node_library_t nt_nodes_browser = { .abi = NODETOOL_NODE_ABI,
                                             .name = "browser",
                                             .types = types };
