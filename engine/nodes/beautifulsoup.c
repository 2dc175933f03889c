/*
 * engine/nodes/beautifulsoup.c - lib.beautifulsoup.*: texts of HTML, and the
 * library.
 */

#include <ctype.h>
#include <strings.h>

#include "engine/nodes/beautifulsoup.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


const char *const nt_soup_hidden[] = { "script", "style", "template", NULL };


xmlDoc *
nt_soup_parse(nt_node_call_t *call, const char *property)
{
    xmlDoc  *doc;
    nt_rc_t  rc;
    nt_str_t html;

    if (!nt_arg_str(call, property, &html)) {
        return NULL;
    }

    rc = NT_OK;
    doc = html.len > 0 ? nt_html_parse(html, &rc)
                       : xmlNewDoc((const xmlChar *) "1.0");

    if (doc == NULL && rc == NT_LIMIT) {
        (void) nt_call_fail(call,
                            "'%s' is too large or its elements are nested too "
                            "deeply",
                            property);

    } else if (doc == NULL) {
        (void) nt_arg_nomem(call);
    }

    return doc;
}


/* Appends the text with each run of white space as one space. */
static void
append_collapsed(nt_buf_t *out, nt_str_t text)
{
    size_t pos, start;
    bool   space = false;

    text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);

    for (pos = 0; pos < text.len;) {
        start = pos;

        if (nt_ustr_is_space(nt_ustr_next(text, &pos))) {
            space = true;
            continue;
        }

        if (space) {
            nt_buf_append_char(out, ' ');
            space = false;
        }

        nt_buf_append(out, text.data + start, pos - start);
    }
}


/* --- BaseUrl --- */

/* The length of the scheme, 0 if there is none (RFC 3986, 3.1). */
static size_t
scheme_len(nt_str_t url)
{
    size_t n;

    for (n = 0; n < url.len; n++) {
        if (url.data[n] == ':') {
            return n;
        }

        if (!isalpha((unsigned char) url.data[n]) &&
            (n == 0 || (!isdigit((unsigned char) url.data[n]) &&
                        strchr("+-.", url.data[n]) == NULL)))
        {
            break;
        }
    }

    return 0;
}


static nt_node_rc_t
run_base_url(nt_node_call_t *call)
{
    size_t   i, scheme, host;
    nt_buf_t base = { 0 };
    nt_str_t url;

    if (!nt_arg_name(call, "url", &url)) {
        return NT_NODE_FAIL;
    }

    url = nt_ustr_strip(url, NT_USTR_BOTH, NULL);
    scheme = scheme_len(url);
    host = scheme + 3;

    if (scheme == 0 || url.len <= host ||
        memcmp(url.data + scheme, "://", 3) != 0 ||
        memchr("/?#", url.data[host], 3) != NULL)
    {
        return nt_call_fail(call, "'url' must have a scheme and a host, such "
                                  "as https://example.com/");
    }

    for (i = 0; i < scheme; i++) {
        nt_buf_append_char(&base, (char) tolower((unsigned char) url.data[i]));
    }

    for (i = host; i < url.len && strchr("/?#", url.data[i]) == NULL; i++) {
        continue;
    }

    nt_buf_append(&base, url.data + scheme, i - scheme);
    return nt_emit_buf(call, &base);
}


static const nt_property_t base_url_properties[] = {
    NT_PROP("url", "str", "\"\"", "The URL of a page"), NT_PROP_END
};

static const nt_node_type_t base_url_type = {
    .type = "lib.beautifulsoup.BaseUrl",
    .title = "Base Url",
    .description = "Gives the scheme and host of a URL.",
    .properties = base_url_properties,
    .outputs = nt_out_str,
    .run = run_base_url
};


/* --- ExtractMetadata --- */

static const char *const title_names[] = { "title", NULL };
static const char *const meta_names[] = { "meta", NULL };


/* A string with the text of the first <title>; "" when there is none. */
static json_t *
title_of(xmlNode *root)
{
    xmlNode              *node;
    nt_buf_t              text = { 0 };
    const nt_html_plain_t options = { .hidden = nt_soup_hidden };

    for (node = root; node != NULL; node = nt_html_next(root, node, false)) {
        if (nt_html_is(node, title_names)) {
            nt_html_plain(&text, node, &options);
            break;
        }
    }

    return nt_ustr_take(&text);
}


/* The content of the first <meta> of a name; "" when there is none. */
static json_t *
meta_of(xmlNode *root, const char *name)
{
    bool     found;
    json_t  *value;
    xmlNode *node;
    xmlChar *is, *content = NULL;

    for (node = root; node != NULL; node = nt_html_next(root, node, false)) {
        if (!nt_html_is(node, meta_names)) {
            continue;
        }

        is = xmlGetProp(node, (const xmlChar *) "name");
        found = is != NULL && strcasecmp((const char *) is, name) == 0;
        xmlFree(is);

        if (found) {
            content = xmlGetProp(node, (const xmlChar *) "content");
            break;
        }
    }

    value = json_string(content == NULL ? "" : (const char *) content);
    xmlFree(content);
    return value;
}


static nt_node_rc_t
run_metadata(nt_node_call_t *call)
{
    bool     good;
    xmlDoc  *doc;
    xmlNode *root;

    doc = nt_soup_parse(call, "html");

    if (doc == NULL) {
        return NT_NODE_FAIL;
    }

    root = xmlDocGetRootElement(doc);
    good = nt_call_emit(call, "title", title_of(root)) == NT_NODE_DONE &&
           nt_call_emit(call, "description", meta_of(root, "description")) ==
               NT_NODE_DONE &&
           nt_call_emit(call, "keywords", meta_of(root, "keywords")) ==
               NT_NODE_DONE;
    xmlFreeDoc(doc);

    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


static const nt_property_t metadata_properties[] = {
    NT_PROP("html", "str", "\"\"", "The HTML of a page"), NT_PROP_END
};

static const nt_output_t metadata_outputs[] = { { "title", "str" },
                                                { "description", "str" },
                                                { "keywords", "str" },
                                                { NULL, NULL } };

static const nt_node_type_t metadata_type = {
    .type = "lib.beautifulsoup.ExtractMetadata",
    .title = "Extract Metadata",
    .description = "Gives the title, description and keywords of a page; "
                   "what it does not have is empty.",
    .properties = metadata_properties,
    .outputs = metadata_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_metadata
};


/* --- HTMLToText --- */

static const char *const line_ends[] = { "p",  "div", "h1", "h2", "h3", "h4",
                                         "h5", "h6",  "li", "br", NULL };


/* Runs of white space with several line ends become two line ends, runs of
 * spaces one space. */
static void
append_tidy(nt_buf_t *out, nt_str_t text)
{
    size_t pos, end, last;
    char   c;

    text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);

    for (pos = 0; pos < text.len;) {
        c = text.data[pos++];

        if (c != '\n') {
            if (c != ' ' || out->len == 0 || out->data[out->len - 1] != ' ') {
                nt_buf_append_char(out, c);
            }

            continue;
        }

        last = 0;

        for (end = pos; end < text.len;) {
            if (text.data[end] == '\n') {
                last = end + 1;
            }

            if (!nt_ustr_is_space(nt_ustr_next(text, &end))) {
                break;
            }
        }

        nt_buf_append_str(out, last > 0 ? NT_STR("\n\n") : NT_STR("\n"));
        pos = last > 0 ? last : pos;
    }
}


static nt_node_rc_t
run_to_text(nt_node_call_t *call)
{
    xmlDoc         *doc;
    nt_buf_t        text = { 0 }, tidy = { 0 };
    nt_html_plain_t options = { .hidden = nt_soup_hidden, .end = '\n' };

    doc = nt_soup_parse(call, "text");

    if (doc == NULL) {
        return NT_NODE_FAIL;
    }

    if (nt_call_bool(call, "preserve_linebreaks")) {
        options.blocks = line_ends;
    }

    nt_html_plain(&text, xmlDocGetRootElement(doc), &options);
    xmlFreeDoc(doc);
    append_tidy(&tidy, (nt_str_t) { text.data, text.len });
    tidy.failed = tidy.failed || text.failed;
    nt_buf_free(&text);

    return nt_emit_buf(call, &tidy);
}


static const nt_property_t to_text_properties[] = {
    NT_PROP("text", "str", "\"\"", "The HTML, a document or a part of one"),
    NT_PROP("preserve_linebreaks", "bool", "true",
            "Paragraphs, headings and the like end lines"),
    NT_PROP_END
};

static const nt_node_type_t to_text_type = { .type =
                                                 "lib.beautifulsoup.HTMLToText",
                                             .title = "Convert HTML to Text",
                                             .description =
                                                 "Makes plain text of HTML.",
                                             .properties = to_text_properties,
                                             .outputs = nt_out_str,
                                             .flags = NT_NODE_THREAD,
                                             .run = run_to_text };


/* --- WebsiteContentExtractor --- */

static const char *const beside_content[] = { "script", "style",   "template",
                                              "nav",    "sidebar", "footer",
                                              "header", NULL };

/* Elements that words do not go across. */
static const char *const content_blocks[] = {
    "address", "article", "aside",  "blockquote", "br", "dd", "div",
    "dl",      "dt",      "figure", "h1",         "h2", "h3", "h4",
    "h5",      "h6",      "hr",     "li",         "ol", "p",  "pre",
    "section", "table",   "td",     "th",         "tr", "ul", NULL
};


static bool
attribute_has(const xmlNode *node, const char *name, const char *part)
{
    bool     has;
    xmlChar *value;

    value = xmlGetProp(node, (const xmlChar *) name);
    has = value != NULL && strstr((const char *) value, part) != NULL;
    xmlFree(value);

    return has;
}


/* Is this the n-th best place to look for what the page is about? */
static bool
is_content(const xmlNode *node, unsigned n)
{
    static const char *const names[][2] = { { "article", NULL },
                                            { "main", NULL },
                                            { "div", NULL },
                                            { "div", NULL },
                                            { "body", NULL } };

    return nt_html_is(node, names[n]) &&
           (n != 2 || attribute_has(node, "id", "content")) &&
           (n != 3 || attribute_has(node, "class", "content"));
}


static xmlNode *
find_content(xmlNode *root)
{
    unsigned n;
    xmlNode *node;

    for (n = 0; n < 5; n++) {
        for (node = root; node != NULL; node = nt_html_next(root, node, false))
        {
            if (is_content(node, n)) {
                return node;
            }
        }
    }

    return NULL;
}


static nt_node_rc_t
run_content(nt_node_call_t *call)
{
    xmlDoc               *doc;
    xmlNode              *content;
    nt_buf_t              text = { 0 }, result = { 0 };
    const nt_html_plain_t options = { .hidden = beside_content,
                                      .blocks = content_blocks,
                                      .end = ' ' };

    doc = nt_soup_parse(call, "html_content");

    if (doc == NULL) {
        return NT_NODE_FAIL;
    }

    content = find_content(xmlDocGetRootElement(doc));

    if (content == NULL) {
        nt_buf_append_str(&result, NT_STR("No main content found"));

    } else {
        nt_html_plain(&text, content, &options);
        append_collapsed(&result, (nt_str_t) { text.data, text.len });
        result.failed = result.failed || text.failed;
        nt_buf_free(&text);
    }

    xmlFreeDoc(doc);
    return nt_emit_buf(call, &result);
}


static const nt_property_t content_properties[] = {
    NT_PROP("html_content", "str", "\"\"", "The HTML of a page"), NT_PROP_END
};

static const nt_node_type_t content_type = {
    .type = "lib.beautifulsoup.WebsiteContentExtractor",
    .title = "Website Content Extractor",
    .description = "Gives the text of a page's article, without navigation, "
                   "headers and footers.",
    .properties = content_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_content
};

static const nt_node_type_t *const types[] = {
    &base_url_type, &nt_soup_audio, &nt_soup_images,
    &nt_soup_links, &metadata_type, &nt_soup_videos,
    &to_text_type,  &content_type,  NULL
};

const nt_node_library_t nt_nodes_beautifulsoup = { .abi = NODETOOL_NODE_ABI,
                                                   .name = "beautifulsoup",
                                                   .types = types };
