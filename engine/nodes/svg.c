/*
 * engine/nodes/svg.c - lib.svg.*: shapes, text and what is around them;
 * lib.svg.SVGToImage is in the image pack.
 */

#include <inttypes.h>

#include "engine/nodes/args.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/svg.h"
#include "engine/nodes/ustr.h"


const nt_output_t nt_svg_outputs[] = { { "output", "svg_element" },
                                       { NULL, NULL } };


json_t *
nt_svg_make(const char *name, json_t *attributes, json_t *content,
            json_t *children)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "type", "svg_element", "name",
                     name, "attributes", attributes, "content", content,
                     "children", children);
}


/* A property as the value of an attribute; a new reference. */
json_t *
nt_svg_value(nt_node_call_t *call, const char *property)
{
    json_t  *value = nt_call_input(call, property), *text;
    nt_buf_t buf = { 0 };

    if (json_is_string(value)) {
        return json_incref(value);
    }

    if (json_is_object(value)) { /* a colour */
        value = json_object_get(value, "value");
        return json_is_string(value) ? json_incref(value) : json_string("none");
    }

    if (json_is_integer(value)) {
        return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }

    nt_py_float(&buf, json_real_value(value));
    text = buf.failed ? NULL : json_stringn(buf.data, buf.len);
    nt_buf_free(&buf);

    return text;
}


static json_t *
nt_svg_attributes(nt_node_call_t *call, const nt_svg_attribute_t *list)
{
    json_t *attributes = json_object();

    for (/* void */; list->name != NULL; list++) {
        if (json_object_set_new(attributes, list->name,
                                nt_svg_value(call, list->property)) != 0)
        {
            json_decref(attributes);
            return NULL;
        }
    }

    return attributes;
}


static nt_node_rc_t
emit_shape(nt_node_call_t *call, const char *name,
           const nt_svg_attribute_t *list)
{
    return nt_emit(call, nt_svg_make(name, nt_svg_attributes(call, list),
                                     json_null(), json_array()));
}


#define NT_SVG_SHAPE(variable, type_name, title_text, text, element)           \
    static nt_node_rc_t run_##variable(nt_node_call_t *call)                   \
    {                                                                          \
        return emit_shape(call, element, variable##_attributes);               \
    }                                                                          \
                                                                               \
    static const nt_node_type_t variable##_type = { .type =                    \
                                                        "lib.svg." type_name,  \
                                                    .title = title_text,       \
                                                    .description = text,       \
                                                    .properties =              \
                                                        variable##_properties, \
                                                    .outputs = nt_svg_outputs, \
                                                    .run = run_##variable };

#define NT_SVG_FILL                                                            \
    NT_PROP("fill", "color", NT_SVG_BLACK, "The colour inside"),               \
        NT_PROP("stroke", "color", NT_SVG_NONE, "The colour of the outline"),  \
        NT_PROP("stroke_width", "int", "1", "The width of the outline")
#define NT_SVG_FILL_ATTRIBUTES                                                 \
    { "fill", "fill" }, { "stroke", "stroke" },                                \
    {                                                                          \
        "stroke-width", "stroke_width"                                         \
    }
#define NT_SVG_END                                                             \
    {                                                                          \
        NULL, NULL                                                             \
    }


/* --- Rect -----------------------------------------------------------------*/

static const nt_property_t rect_properties[] = {
    NT_PROP("x", "int", "0", "Where its left side is"),
    NT_PROP("y", "int", "0", "Where its top is"),
    NT_PROP("width", "int", "100", "Its width"),
    NT_PROP("height", "int", "100", "Its height"),
    NT_SVG_FILL,
    NT_PROP_END
};

static const nt_svg_attribute_t rect_attributes[] = {
    { "x", "x" },           { "y", "y" },           { "width", "width" },
    { "height", "height" }, NT_SVG_FILL_ATTRIBUTES, NT_SVG_END
};

NT_SVG_SHAPE(rect, "Rect", "Rectangle", "Makes a rectangle.", "rect")


/* --- Circle ---------------------------------------------------------------*/

static const nt_property_t circle_properties[] = {
    NT_PROP("cx", "int", "0", "Where its middle is, from the left"),
    NT_PROP("cy", "int", "0", "Where its middle is, from the top"),
    NT_PROP("radius", "int", "50", "Its radius"), NT_SVG_FILL, NT_PROP_END
};

static const nt_svg_attribute_t circle_attributes[] = { { "cx", "cx" },
                                                        { "cy", "cy" },
                                                        { "r", "radius" },
                                                        NT_SVG_FILL_ATTRIBUTES,
                                                        NT_SVG_END };

NT_SVG_SHAPE(circle, "Circle", "Circle", "Makes a circle.", "circle")


/* --- Ellipse --------------------------------------------------------------*/

static const nt_property_t ellipse_properties[] = {
    NT_PROP("cx", "int", "0", "Where its middle is, from the left"),
    NT_PROP("cy", "int", "0", "Where its middle is, from the top"),
    NT_PROP("rx", "int", "100", "Half of its width"),
    NT_PROP("ry", "int", "50", "Half of its height"),
    NT_SVG_FILL,
    NT_PROP_END
};

static const nt_svg_attribute_t ellipse_attributes[] = {
    { "cx", "cx" }, { "cy", "cy" },         { "rx", "rx" },
    { "ry", "ry" }, NT_SVG_FILL_ATTRIBUTES, NT_SVG_END
};

NT_SVG_SHAPE(ellipse, "Ellipse", "Ellipse", "Makes an ellipse.", "ellipse")


/* --- Polygon --------------------------------------------------------------*/

static const nt_property_t polygon_properties[] = {
    NT_PROP("points", "str", "\"\"", "Its corners, as 0,0 50,0 25,40"),
    NT_SVG_FILL, NT_PROP_END
};

static const nt_svg_attribute_t polygon_attributes[] = { { "points", "points" },
                                                         NT_SVG_FILL_ATTRIBUTES,
                                                         NT_SVG_END };

NT_SVG_SHAPE(polygon, "Polygon", "Polygon", "Makes a shape of straight lines.",
             "polygon")


/* --- Path -----------------------------------------------------------------*/

static const nt_property_t path_properties[] = {
    NT_PROP("path_data", "str", "\"\"",
            "The path in the language of SVG, as M 0 0 L 50 50"),
    NT_SVG_FILL, NT_PROP_END
};

static const nt_svg_attribute_t path_attributes[] = { { "d", "path_data" },
                                                      NT_SVG_FILL_ATTRIBUTES,
                                                      NT_SVG_END };

NT_SVG_SHAPE(path, "Path", "Path", "Makes a shape of a path.", "path")


/* --- Line -----------------------------------------------------------------*/

static const nt_property_t line_properties[] = {
    NT_PROP("x1", "int", "0", "Where it begins, from the left"),
    NT_PROP("y1", "int", "0", "Where it begins, from the top"),
    NT_PROP("x2", "int", "100", "Where it ends, from the left"),
    NT_PROP("y2", "int", "100", "Where it ends, from the top"),
    NT_PROP("stroke", "color", NT_SVG_BLACK, "Its colour"),
    NT_PROP("stroke_width", "int", "1", "Its width"),
    NT_PROP_END
};

static const nt_svg_attribute_t line_attributes[] = {
    { "x1", "x1" }, { "y1", "y1" },         { "x2", "x2" },
    { "y2", "y2" }, { "stroke", "stroke" }, { "stroke-width", "stroke_width" },
    NT_SVG_END
};

NT_SVG_SHAPE(line, "Line", "Line", "Makes a straight line.", "line")


/* --- Text -----------------------------------------------------------------*/

static nt_node_rc_t
run_text(nt_node_call_t *call)
{
    static const nt_svg_attribute_t list[] = { { "x", "x" },
                                               { "y", "y" },
                                               { "font-family", "font_family" },
                                               { "font-size", "font_size" },
                                               { "fill", "fill" },
                                               { "text-anchor", "text_anchor" },
                                               NT_SVG_END };

    return nt_emit(call, nt_svg_make("text", nt_svg_attributes(call, list),
                                     json_incref(nt_call_input(call, "text")),
                                     json_array()));
}


static const char *const anchors[] = { "start", "middle", "end", NULL };

static const nt_property_t text_properties[] = {
    NT_PROP("text", "str", "\"\"", "The text"),
    NT_PROP("x", "int", "0", "Where it is anchored, from the left"),
    NT_PROP("y", "int", "0", "Where its baseline is, from the top"),
    NT_PROP("font_family", "str", "\"Arial\"", "The font"),
    NT_PROP("font_size", "int", "16", "The size of the font"),
    NT_PROP("fill", "color", NT_SVG_BLACK, "The colour of the text"),
    NT_PROP_ENUM("text_anchor", anchors, "\"start\"",
                 "Which part of it is at x"),
    NT_PROP_END
};

static const nt_node_type_t text_type = { .type = "lib.svg.Text",
                                          .title = "Text",
                                          .description =
                                              "Makes a line of text.",
                                          .properties = text_properties,
                                          .outputs = nt_svg_outputs,
                                          .run = run_text };


static const nt_node_type_t *const types[] = { &rect_type,
                                               &circle_type,
                                               &ellipse_type,
                                               &polygon_type,
                                               &path_type,
                                               &line_type,
                                               &text_type,
                                               &nt_svg_gaussian_blur,
                                               &nt_svg_drop_shadow,
                                               &nt_svg_gradient,
                                               &nt_svg_transform,
                                               &nt_svg_clip_path,
                                               &nt_svg_document_type,
                                               NULL };

const nt_node_library_t nt_nodes_svg = { NODETOOL_NODE_ABI, "svg", types };
