/*
 * engine/nodes/text_html.c - nodetool.text.HtmlToText.
 */

#include "engine/nodes/html_text.h"
#include "engine/nodes/text.h"


static nt_node_rc_t
run_html_to_text(nt_node_call_t *call)
{
    int64_t           width;
    nt_rc_t           rc;
    nt_buf_t          buf = { 0 };
    nt_html_options_t options = { 0 };

    width = nt_call_int(call, "body_width");
    options.base_url = nt_text_input(call, "base_url").data;
    options.width = width < 0 ? 0 : (size_t) width;
    options.ignore_images = nt_call_bool(call, "ignore_images");
    options.ignore_mailto = nt_call_bool(call, "ignore_mailto_links");

    rc = nt_html_text(&buf, nt_text_input(call, "html"), &options);

    if (rc == NT_OK) {
        return nt_emit_buf(call, &buf);
    }

    nt_buf_free(&buf);

    return rc == NT_LIMIT
               ? nt_call_fail(call, "html is too large or its elements are "
                                    "nested too deeply")
               : nt_arg_nomem(call);
}


static const nt_property_t properties[] = {
    NT_PROP("html", "str", "\"\"", "The HTML, a document or a part of one"),
    NT_PROP("base_url", "str", "\"\"", "What relative links are relative to"),
    NT_PROP("body_width", "int", "1000",
            "Characters after which lines are broken; 0: never"),
    NT_PROP("ignore_images", "bool", "true", "Leave images out"),
    NT_PROP("ignore_mailto_links", "bool", "true",
            "Write the text of mailto: links only"),
    NT_PROP_END
};

const nt_node_type_t nt_text_html_to_text = {
    .type = "nodetool.text.HtmlToText",
    .title = "HTML to Text",
    .description = "Makes Markdown text of HTML.",
    .properties = properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_html_to_text
};
