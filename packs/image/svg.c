/*
 * packs/image/svg.c - lib.svg.SVGToImage.
 */

#include "core/nt_buf.h"
#include "engine/nodes/args.h"
#include "engine/nodes/svg_text.h"
#include "packs/image/image.h"
#include "packs/image/types.h"


static bool
draw(nt_node_call_t *call, nt_image_t *image)
{
    int      scale;
    bool     good;
    nt_buf_t text = { 0 };

    good = nt_image_int(call, "scale", 1, 10, &scale) &&
           nt_svg_document(call, &text) &&
           nt_image_svg(call, (nt_str_t) { text.data, text.len }, scale, image);
    nt_buf_free(&text);

    return good;
}


static nt_node_rc_t
run_svg(nt_node_call_t *call)
{
    static const char *const no_images[] = { NULL };

    return nt_image_run(call, no_images, draw);
}


static const nt_property_t svg_properties[] = {
    NT_PROP("content", "union[str,svg_element,list[svg_element]]", "[]",
            "What is drawn: elements, or a text of SVG"),
    NT_IMAGE_INT("width", "800", 1, 4096, "The document's width in pixels"),
    NT_IMAGE_INT("height", "600", 1, 4096, "The document's height in pixels"),
    NT_PROP("viewBox", "str", "\"0 0 800 600\"",
            "Which part of the plane it shows: left, top, width and height"),
    NT_IMAGE_INT("scale", "1", 1, 10,
                 "How many times as large as the document the image is"),
    NT_PROP_END
};

const nt_node_type_t nt_image_svg_type =
    NT_IMAGE_TYPE("lib.svg.SVGToImage", "SVG to Image",
                  "Draws SVG elements as an image.", svg_properties, run_svg);
