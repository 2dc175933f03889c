/*
 * engine/nodes/compare.c - nodetool.compare.*.
 */

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/workspace.h"


/* Has a ref anything behind it? */
static bool
is_set(json_t *ref)
{
    json_t *data = json_object_get(ref, "data");

    return (data != NULL && !json_is_null(data)) ||
           json_string_length(json_object_get(ref, "uri")) > 0 ||
           json_string_length(json_object_get(ref, "asset_id")) > 0;
}


/* What the editor shows with a slider, when both images are there. */
static nt_node_rc_t
run_images(nt_node_call_t *call)
{
    json_t *a = nt_call_input(call, "image_a");
    json_t *b = nt_call_input(call, "image_b");

    if (is_set(a) && is_set(b)) {
        nt_call_event(call, "preview_update",
                      json_pack("{s:{s:s, s:O, s:O, s:O, s:O}}", "value",
                                "type", "image_comparison", "image_a", a,
                                "image_b", b, "label_a",
                                nt_call_input(call, "label_a"), "label_b",
                                nt_call_input(call, "label_b")));
    }

    return nt_emit(call, json_null());
}


static const nt_property_t images_properties[] = {
    NT_PROP("image_a", "image", NT_DEFAULT_IMAGE, "The image on the left"),
    NT_PROP("image_b", "image", NT_DEFAULT_IMAGE, "The image on the right"),
    NT_PROP("label_a", "str", "\"A\"", "What to call the first image"),
    NT_PROP("label_b", "str", "\"B\"", "What to call the second image"),
    NT_PROP_END
};

static const nt_node_type_t images_type = {
    .type = "nodetool.compare.CompareImages",
    .title = "Compare Images",
    .description = "Shows two images side by side.",
    .properties = images_properties,
    .outputs = nt_out_none,
    .run = run_images
};


static const nt_node_type_t *const types[] = { &images_type, NULL };

const nt_node_library_t nt_nodes_compare = { NODETOOL_NODE_ABI, "compare",
                                             types };
