/*
 * engine/nodes/markdown.c - lib.markdown.*: parts of Markdown texts.
 */

#include "engine/nodes/markdown.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


bool
nt_markdown_input(nt_node_call_t *call, nt_markdown_t *markdown)
{
    nt_rc_t  rc;
    nt_str_t text;

    if (!nt_arg_str(call, "markdown", &text)) {
        return false;
    }

    rc = nt_markdown_parse(markdown, text);

    if (rc == NT_LIMIT) {
        (void) nt_call_fail(call, "'markdown' is longer than 16 MiB");

    } else if (rc != NT_OK) {
        (void) nt_arg_nomem(call);
    }

    return rc == NT_OK;
}


/* Adds what a node stands for to the list `found`; false when memory is out.
 * Nodes come in the order of the document. */
typedef bool (*visit_t)(nt_node_call_t *call, const nt_markdown_t *markdown,
                        cmark_node *node, json_t *found);

/* Emits the list that is made of the property "markdown". */
static nt_node_rc_t
extract(nt_node_call_t *call, visit_t visit)
{
    bool             good = true;
    json_t          *found;
    cmark_iter      *iter;
    nt_markdown_t    markdown;
    cmark_event_type event;

    if (!nt_markdown_input(call, &markdown)) {
        return NT_NODE_FAIL;
    }

    found = json_array();
    iter = cmark_iter_new(markdown.root);

    while (good && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        good = event != CMARK_EVENT_ENTER ||
               visit(call, &markdown, cmark_iter_get_node(iter), found);
    }

    cmark_iter_free(iter);
    nt_markdown_free(&markdown);

    if (!good) {
        json_decref(found);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, found);
}


#define MARKDOWN_PROPERTY                                                      \
    NT_PROP("markdown", "str", "\"\"", "The Markdown text")

static const nt_property_t markdown_properties[] = { MARKDOWN_PROPERTY,
                                                     NT_PROP_END };


/* --- ExtractLinks --- */

static bool
visit_link(nt_node_call_t *call, const nt_markdown_t *markdown,
           cmark_node *node, json_t *found)
{
    json_t         *link;
    nt_buf_t        text = { 0 };
    nt_str_t        title, url;
    cmark_node_type type;

    type = cmark_node_get_type(node);

    if (type != CMARK_NODE_LINK && type != CMARK_NODE_IMAGE) {
        return true;
    }

    nt_markdown_plain(&text, node);
    title = (nt_str_t) { text.data, text.len };
    url = nt_str(cmark_node_get_url(node));

    /* <https://example.com> has no text of its own */
    if (!nt_call_bool(call, "include_titles") || nt_str_eq(title, url) ||
        (nt_ustr_starts(url, NT_STR("mailto:")) &&
         nt_str_eq(title, (nt_str_t) { url.data + 7, url.len - 7 })))
    {
        title.len = 0;
    }

    link = text.failed ? NULL
                       : json_pack("{s:o, s:o}", "url", nt_ustr_json(url),
                                   "title", nt_ustr_json(title));
    nt_buf_free(&text);
    return json_array_append_new(found, link) == 0;
}


static nt_node_rc_t
run_links(nt_node_call_t *call)
{
    return extract(call, visit_link);
}


static const nt_property_t link_properties[] = {
    MARKDOWN_PROPERTY,
    NT_PROP("include_titles", "bool", "true",
            "The title of each is its text; else it is empty"),
    NT_PROP_END
};

static const nt_output_t texts_outputs[] = {
    { "output", "list[dict[str,str]]" }, { NULL, NULL }
};

static const nt_node_type_t links_type = {
    .type = "lib.markdown.ExtractLinks",
    .title = "Extract Links",
    .description = "Lists the links and images of a Markdown text.",
    .properties = link_properties,
    .outputs = texts_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_links
};


/* --- ExtractHeaders --- */

static bool
visit_header(nt_node_call_t *call, const nt_markdown_t *markdown,
             cmark_node *node, json_t *found)
{
    int      level;
    json_t  *header;
    nt_buf_t text = { 0 };

    if (cmark_node_get_type(node) != CMARK_NODE_HEADING ||
        cmark_node_parent(node) != markdown->root)
    {
        return true;
    }

    level = cmark_node_get_heading_level(node);
    nt_markdown_text(&text, markdown, node);

    if (level > nt_call_int(call, "max_level") ||
        (text.len == 0 && !text.failed)) {
        nt_buf_free(&text);
        return true;
    }

    header = json_pack("{s:i, s:o, s:I}", "level", level, "text",
                       nt_ustr_take(&text), "index",
                       (json_int_t) json_array_size(found));
    return json_array_append_new(found, header) == 0;
}


static nt_node_rc_t
run_headers(nt_node_call_t *call)
{
    return extract(call, visit_header);
}


static const double one = 1, six = 6;

static const nt_property_t header_properties[] = {
    MARKDOWN_PROPERTY,
    { .name = "max_level",
      .type = "int",
      .default_json = "6",
      .description = "The lowest level of headings to list: 1 to 6",
      .min = &one,
      .max = &six },
    NT_PROP_END
};

static const nt_output_t values_outputs[] = {
    { "output", "list[dict[str,any]]" }, { NULL, NULL }
};

static const nt_node_type_t headers_type = {
    .type = "lib.markdown.ExtractHeaders",
    .title = "Extract Headers",
    .description = "Lists the headings of a Markdown text with their levels.",
    .properties = header_properties,
    .outputs = values_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_headers
};


/* --- ExtractBulletLists, ExtractNumberedLists --- */

/* Is it in another list of the same kind? */
static bool
is_nested(cmark_node *list, cmark_list_type type)
{
    cmark_node *parent;

    for (parent = cmark_node_parent(list); parent != NULL;
         parent = cmark_node_parent(parent))
    {
        if (cmark_node_get_type(parent) == CMARK_NODE_LIST &&
            cmark_node_get_list_type(parent) == type)
        {
            return true;
        }
    }

    return false;
}


/* The text of an item's first paragraph or heading in `out`; false when it
 * starts with something else. */
static bool
item_text(nt_buf_t *out, const nt_markdown_t *markdown, cmark_node *item)
{
    cmark_node     *child;
    cmark_node_type type;

    child = cmark_node_first_child(item);

    if (child == NULL) {
        return false;
    }

    type = cmark_node_get_type(child);

    if (type != CMARK_NODE_PARAGRAPH && type != CMARK_NODE_HEADING) {
        return false;
    }

    nt_markdown_text(out, markdown, child);
    return true;
}


/* Lists in lists of the same kind go on with the outer one. */
static bool
visit_list(const nt_markdown_t *markdown, cmark_node *node,
           cmark_list_type type, json_t *found)
{
    json_t     *text, *list;
    nt_buf_t    buf = { 0 };
    cmark_node *parent;

    if (cmark_node_get_type(node) == CMARK_NODE_LIST &&
        cmark_node_get_list_type(node) == type && !is_nested(node, type))
    {
        return json_array_append_new(found, json_array()) == 0;
    }

    parent = cmark_node_parent(node);

    if (cmark_node_get_type(node) != CMARK_NODE_ITEM ||
        cmark_node_get_list_type(parent) != type ||
        !item_text(&buf, markdown, node))
    {
        return true;
    }

    text = nt_ustr_take(&buf);

    if (type == CMARK_BULLET_LIST) {
        text = json_pack("{s:o}", "text", text);
    }

    list = json_array_get(found, json_array_size(found) - 1);
    return json_array_append_new(list, text) == 0;
}


static bool
visit_bullets(nt_node_call_t *call, const nt_markdown_t *markdown,
              cmark_node *node, json_t *found)
{
    return visit_list(markdown, node, CMARK_BULLET_LIST, found);
}


static bool
visit_numbers(nt_node_call_t *call, const nt_markdown_t *markdown,
              cmark_node *node, json_t *found)
{
    return visit_list(markdown, node, CMARK_ORDERED_LIST, found);
}


static nt_node_rc_t
run_bullets(nt_node_call_t *call)
{
    return extract(call, visit_bullets);
}


static nt_node_rc_t
run_numbers(nt_node_call_t *call)
{
    return extract(call, visit_numbers);
}


static const nt_node_type_t bullets_type = {
    .type = "lib.markdown.ExtractBulletLists",
    .title = "Extract Bullet Lists",
    .description = "Lists the bulleted lists of a Markdown text, each with its "
                   "items and those of lists in it.",
    .properties = markdown_properties,
    .outputs = values_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_bullets
};

static const nt_output_t numbers_outputs[] = { { "output", "list[str]" },
                                               { NULL, NULL } };

static const nt_node_type_t numbers_type = {
    .type = "lib.markdown.ExtractNumberedLists",
    .title = "Extract Numbered Lists",
    .description = "Lists the numbered lists of a Markdown text, each with its "
                   "items and those of lists in it.",
    .properties = markdown_properties,
    .outputs = numbers_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_numbers
};


/* --- ExtractCodeBlocks --- */

/* Without empty lines in front and white space behind. */
static nt_str_t
trim_code(nt_str_t code)
{
    nt_str_t    rest;
    const char *end;

    code = nt_ustr_strip(code, NT_USTR_RIGHT, NULL);

    for (;;) {
        end = code.len > 0 ? memchr(code.data, '\n', code.len) : NULL;

        if (end == NULL) {
            return code;
        }

        rest =
            nt_ustr_strip((nt_str_t) { code.data, (size_t) (end - code.data) },
                          NT_USTR_LEFT, NULL);

        if (rest.len > 0) {
            return code;
        }

        code.len -= (size_t) (end + 1 - code.data);
        code.data = end + 1;
    }
}


static bool
visit_code(nt_node_call_t *call, const nt_markdown_t *markdown,
           cmark_node *node, json_t *found)
{
    int      length, offset;
    char     fence;
    size_t   n;
    json_t  *block;
    nt_str_t info;

    if (cmark_node_get_type(node) != CMARK_NODE_CODE_BLOCK ||
        !cmark_node_get_fenced(node, &length, &offset, &fence))
    {
        return true;
    }

    info = nt_str(cmark_node_get_fence_info(node));

    for (n = 0; n < info.len && strchr(" \t", info.data[n]) == NULL; n++) {
        continue;
    }

    info.len = n;
    block =
        json_pack("{s:o, s:o}", "language",
                  nt_ustr_json(info.len > 0 ? info : NT_STR("text")), "code",
                  nt_ustr_json(
                      trim_code(nt_str(cmark_node_get_literal(node)))));
    return json_array_append_new(found, block) == 0;
}


static nt_node_rc_t
run_code(nt_node_call_t *call)
{
    return extract(call, visit_code);
}


static const nt_node_type_t code_type = {
    .type = "lib.markdown.ExtractCodeBlocks",
    .title = "Extract Code Blocks",
    .description = "Lists the fenced code blocks of a Markdown text with their "
                   "languages.",
    .properties = markdown_properties,
    .outputs = texts_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_code
};

static const nt_node_type_t *const types[] = {
    &bullets_type, &code_type,          &headers_type, &links_type,
    &numbers_type, &nt_markdown_tables, NULL
};

const nt_node_library_t nt_nodes_markdown = { .abi = NODETOOL_NODE_ABI,
                                              .name = "markdown",
                                              .types = types };
