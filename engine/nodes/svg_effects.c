/*
 * engine/nodes/svg_effects.c - lib.svg.*: filters, gradients, and elements
 * around elements.
 */

#include <inttypes.h>

#include "engine/nodes/args.h"
#include "engine/nodes/generated.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/svg.h"
#include "engine/nodes/svg_text.h"
#include "engine/nodes/ustr.h"


/* --- GaussianBlur, DropShadow ---------------------------------------------*/

/* An element with one attribute or two. */
static json_t *
element(const char *name, const char *a, json_t *value, const char *b,
        json_t *other)
{
    json_t *attributes = json_object();

    if ((a != NULL && json_object_set_new(attributes, a, value) != 0) ||
        (b != NULL && json_object_set_new(attributes, b, other) != 0))
    {
        json_decref(attributes);
        return NULL;
    }

    return nt_svg_make(name, attributes, json_null(), json_array());
}


static nt_node_rc_t
emit_filter(nt_node_call_t *call, const char *id, json_t *children)
{
    return nt_emit(call, nt_svg_make("filter", json_pack("{s:s}", "id", id),
                                     json_null(), children));
}


static nt_node_rc_t
run_blur(nt_node_call_t *call)
{
    return emit_filter(call, "filter_gaussian_blur",
                       json_pack("[o]",
                                 element("feGaussianBlur", "stdDeviation",
                                         nt_svg_value(call, "std_deviation"),
                                         NULL, NULL)));
}


static const nt_property_t blur_properties[] = {
    NT_PROP("std_deviation", "float", "3.0", "How far it blurs"), NT_PROP_END
};

const nt_node_type_t nt_svg_gaussian_blur = {
    .type = "lib.svg.GaussianBlur",
    .title = "Gaussian Blur",
    .description = "Makes a filter that blurs: elements use it as "
                   "url(#filter_gaussian_blur).",
    .properties = blur_properties,
    .outputs = nt_svg_outputs,
    .run = run_blur
};


static nt_node_rc_t
run_shadow(nt_node_call_t *call)
{
    json_t *merge;

    merge =
        nt_svg_make("feMerge", json_object(), json_null(),
                    json_pack("[o, o]",
                              element("feMergeNode", NULL, NULL, NULL, NULL),
                              element("feMergeNode", "in",
                                      json_string("SourceGraphic"), NULL,
                                      NULL)));

    return emit_filter(
        call, "filter_drop_shadow",
        json_pack("[o, o, o, o, o]",
                  element("feGaussianBlur", "in", json_string("SourceAlpha"),
                          "stdDeviation", nt_svg_value(call, "std_deviation")),
                  nt_svg_make("feOffset",
                              json_pack("{s:o, s:o, s:s}", "dx",
                                        nt_svg_value(call, "dx"), "dy",
                                        nt_svg_value(call, "dy"), "result",
                                        "offset"),
                              json_null(), json_array()),
                  element("feFlood", "flood-color", nt_svg_value(call, "color"),
                          NULL, NULL),
                  element("feComposite", "operator", json_string("in"), "in2",
                          json_string("offset")),
                  merge));
}


static const nt_property_t shadow_properties[] = {
    NT_PROP("std_deviation", "float", "3.0", "How soft the shadow is"),
    NT_PROP("dx", "int", "2", "How far to the right it falls"),
    NT_PROP("dy", "int", "2", "How far down it falls"),
    NT_PROP("color", "color", NT_SVG_BLACK, "The colour of the shadow"),
    NT_PROP_END
};

const nt_node_type_t nt_svg_drop_shadow = {
    .type = "lib.svg.DropShadow",
    .title = "Drop Shadow",
    .description = "Makes a filter that casts a shadow: elements use it as "
                   "url(#filter_drop_shadow).",
    .properties = shadow_properties,
    .outputs = nt_svg_outputs,
    .run = run_shadow
};


/* --- Gradient -------------------------------------------------------------*/

static json_t *
stop(nt_node_call_t *call, const char *offset, const char *property)
{
    json_t *color = nt_svg_value(call, property), *style;

    style = color == NULL ? NULL
                          : json_sprintf("stop-color:%s;stop-opacity:1",
                                         json_string_value(color));
    json_decref(color);

    return element("stop", "offset", json_string(offset), "style", style);
}


/* A number of percents. */
static json_t *
percent(nt_node_call_t *call, const char *property)
{
    json_t *value = nt_svg_value(call, property), *text;

    text =
        value == NULL ? NULL : json_sprintf("%s%%", json_string_value(value));
    json_decref(value);

    return text;
}


static nt_node_rc_t
run_gradient(nt_node_call_t *call)
{
    size_t      len;
    json_t     *attributes;
    const char *type = nt_call_string(call, "gradient_type", &len);

    if (strcmp(type, "linearGradient") == 0) {
        attributes =
            json_pack("{s:s, s:o, s:o, s:o, s:o}", "id",
                      "gradient_linearGradient", "x1", percent(call, "x1"),
                      "y1", percent(call, "y1"), "x2", percent(call, "x2"),
                      "y2", percent(call, "y2"));
    } else {
        attributes =
            json_pack("{s:s, s:o, s:o, s:o}", "id", "gradient_radialGradient",
                      "cx", percent(call, "x1"), "cy", percent(call, "y1"), "r",
                      percent(call, "x2"));
    }

    return nt_emit(call,
                   nt_svg_make(type, attributes, json_null(),
                               json_pack("[o, o]", stop(call, "0%", "color1"),
                                         stop(call, "100%", "color2"))));
}


static const char *const gradients[] = { "linearGradient", "radialGradient",
                                         NULL };

static const nt_property_t gradient_properties[] = {
    NT_PROP_ENUM("gradient_type", gradients, "\"linearGradient\"",
                 "Along a line, or out of a middle"),
    NT_PROP("x1", "float", "0", "Where it begins, or its middle, in percents"),
    NT_PROP("y1", "float", "0", "Where it begins, or its middle, in percents"),
    NT_PROP("x2", "float", "100", "Where it ends, or its radius, in percents"),
    NT_PROP("y2", "float", "100", "Where a line ends, in percents"),
    NT_PROP("color1", "color", NT_SVG_BLACK, "The first colour"),
    NT_PROP("color2", "color", NT_SVG_WHITE, "The last colour"),
    NT_PROP_END
};

const nt_node_type_t nt_svg_gradient = {
    .type = "lib.svg.Gradient",
    .title = "Gradient",
    .description = "Makes a gradient: elements use it as "
                   "url(#gradient_linearGradient) or "
                   "url(#gradient_radialGradient).",
    .properties = gradient_properties,
    .outputs = nt_svg_outputs,
    .run = run_gradient
};


/* --- Transform ------------------------------------------------------------*/

/* Appends "name(a,b)" if one of the numbers is not `same`. */
static void
append_step(nt_node_call_t *call, nt_buf_t *out, const char *name,
            const char *a, const char *b, double same)
{
    double first = nt_call_float(call, a);
    double second = b != NULL ? nt_call_float(call, b) : same;

    if (first == same && second == same) {
        return;
    }

    nt_buf_printf(out, "%s%s(", out->len > 0 ? " " : "", name);
    nt_py_float(out, first);

    if (b != NULL) {
        nt_buf_append_char(out, ',');
        nt_py_float(out, second);
    }

    nt_buf_append_char(out, ')');
}


/* A copy of an element with one more attribute. */
static json_t *
with_attribute(const json_t *source, const char *name, json_t *value)
{
    json_t *copy = json_copy((json_t *) source), *attributes;

    attributes = json_object_get(source, "attributes");
    attributes =
        json_is_object(attributes) ? json_copy(attributes) : json_object();

    if (json_object_set_new(attributes, name, value) != 0 ||
        json_object_set(copy, "attributes", attributes) != 0)
    {
        json_decref(copy);
        copy = NULL;
    }

    json_decref(attributes);

    return copy;
}


/* Is it an element?  Else the node fails. */
static bool
check(nt_node_call_t *call, const char *property)
{
    const json_t *value = nt_call_input(call, property);

    if (json_string_length(json_object_get(value, "name")) == 0) {
        (void) nt_call_fail(call, "'%s' has no SVG element: connect one",
                            property);
        return false;
    }

    return true;
}


static nt_node_rc_t
run_transform(nt_node_call_t *call)
{
    json_t  *source = nt_call_input(call, "content"), *old, *result;
    nt_buf_t steps = { 0 };

    if (!check(call, "content")) {
        return NT_NODE_FAIL;
    }

    append_step(call, &steps, "translate", "translate_x", "translate_y", 0);
    append_step(call, &steps, "rotate", "rotate", NULL, 0);
    append_step(call, &steps, "scale", "scale_x", "scale_y", 1);

    /* what it has been through stays inside */
    old = json_object_get(json_object_get(source, "attributes"), "transform");
    if (steps.len > 0 && json_string_length(old) > 0) {
        nt_buf_append_char(&steps, ' ');
        nt_buf_append_str(&steps, nt_ustr(old));
    }

    if (steps.failed) {
        result = NULL;
    } else if (steps.len == 0) {
        result = json_incref(source);
    } else {
        result = with_attribute(source, "transform",
                                json_stringn(steps.data, steps.len));
    }

    nt_buf_free(&steps);

    return nt_emit(call, result);
}


static const nt_property_t transform_properties[] = {
    NT_PROP("content", "svg_element", NT_SVG_EMPTY, "The element to move"),
    NT_PROP("translate_x", "float", "0", "How far to the right it moves"),
    NT_PROP("translate_y", "float", "0", "How far down it moves"),
    NT_PROP("rotate", "float", "0", "How many degrees it turns"),
    NT_PROP("scale_x", "float", "1", "How many times as wide it gets"),
    NT_PROP("scale_y", "float", "1", "How many times as high it gets"),
    NT_PROP_END
};

const nt_node_type_t nt_svg_transform = {
    .type = "lib.svg.Transform",
    .title = "Transform",
    .description = "Moves, turns and scales an element.",
    .properties = transform_properties,
    .outputs = nt_svg_outputs,
    .run = run_transform
};


/* --- ClipPath -------------------------------------------------------------*/

/* FNV-1a: equal paths have one id, others have others. */
static uint64_t
hash_of(const nt_buf_t *text)
{
    size_t   i;
    uint64_t hash = 0xcbf29ce484222325u;

    for (i = 0; i < text->len; i++) {
        hash = (hash ^ (unsigned char) text->data[i]) * 0x100000001b3u;
    }

    return hash;
}


static nt_node_rc_t
run_clip(nt_node_call_t *call)
{
    char     id[40];
    json_t  *clip = nt_call_input(call, "clip_content"), *path, *content;
    nt_buf_t text = { 0 };

    if (!check(call, "clip_content") || !check(call, "content") ||
        !nt_svg_element(call, clip, &text))
    {
        nt_buf_free(&text);
        return NT_NODE_FAIL;
    }

    (void) snprintf(id, sizeof(id), "clip_path_%016" PRIx64, hash_of(&text));
    nt_buf_free(&text);

    path = nt_svg_make("clipPath", json_pack("{s:s}", "id", id), json_null(),
                       json_pack("[O]", clip));
    content = with_attribute(nt_call_input(call, "content"), "clip-path",
                             json_sprintf("url(#%s)", id));

    return nt_emit(call, nt_svg_make("g", json_object(), json_null(),
                                     json_pack("[o, o]", path, content)));
}


static const nt_property_t clip_properties[] = {
    NT_PROP("clip_content", "svg_element", NT_SVG_EMPTY,
            "The element that says what is seen"),
    NT_PROP("content", "svg_element", NT_SVG_EMPTY, "The element to clip"),
    NT_PROP_END
};

const nt_node_type_t nt_svg_clip_path = {
    .type = "lib.svg.ClipPath",
    .title = "Clip Path",
    .description = "Cuts an element off where another one ends.",
    .properties = clip_properties,
    .outputs = nt_svg_outputs,
    .run = run_clip
};


/* --- Document -------------------------------------------------------------*/

static nt_node_rc_t
run_document(nt_node_call_t *call)
{
    json_t  *ref = NULL;
    nt_buf_t text = { 0 };

    if (nt_svg_document(call, &text)) {
        ref = nt_generated_store(call, "svg", "svg", text.data, text.len);
    }

    nt_buf_free(&text);

    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


static const nt_property_t document_properties[] = {
    NT_PROP("content", "union[str,svg_element,list[svg_element]]", "[]",
            "What is in it: elements, or a text of SVG"),
    { .name = "width",
      .type = "int",
      .default_json = "800",
      .min = (const double[]) { 1 },
      .max = (const double[]) { 4096 },
      .description = "Its width in pixels" },
    { .name = "height",
      .type = "int",
      .default_json = "600",
      .min = (const double[]) { 1 },
      .max = (const double[]) { 4096 },
      .description = "Its height in pixels" },
    NT_PROP("viewBox", "str", "\"0 0 800 600\"",
            "Which part of the plane it shows: left, top, width and height"),
    NT_PROP_END
};

static const nt_output_t document_outputs[] = { { "output", "svg" },
                                                { NULL, NULL } };

const nt_node_type_t nt_svg_document_type = {
    .type = "lib.svg.Document",
    .title = "SVG Document",
    .description = "Makes an SVG document of elements.",
    .properties = document_properties,
    .outputs = document_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_document
};
