/*
 * packs/image/list.c - nodetool.image.*: lists of images.
 */

#include <string.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/image.h"
#include "packs/image/types.h"


static const nt_output_t list_outputs[] = { { "output", "list[image]" },
                                            { NULL, NULL } };


/* An image that holds `data`, its bytes in base64. */
static json_t *
image_of(json_t *data)
{
    return json_pack("{s:s, s:s, s:n, s:O, s:n}", "type", "image", "uri", "",
                     "asset_id", "data", data, "metadata");
}


static nt_node_rc_t
run_batch(nt_node_call_t *call)
{
    size_t  i;
    json_t *data, *images, *item;

    data = json_object_get(nt_call_input(call, "batch"), "data");

    if (!json_is_array(data)) {
        return nt_call_fail(call, "'batch' is no batch of images: its \"data\" "
                                  "must be a list");
    }

    images = json_array();

    json_array_foreach(data, i, item)
    {
        if (json_array_append_new(images, image_of(item)) != 0) {
            json_decref(images);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, images);
}


static const nt_property_t batch_properties[] = {
    NT_PROP("batch", "image", NT_DEFAULT_IMAGE, "The batch to take apart"),
    NT_PROP_END
};

const nt_node_type_t nt_image_batch_to_list = {
    .type = "nodetool.image.BatchToList",
    .title = "Batch To List",
    .description = "Makes a list of the images in a batch.",
    .properties = batch_properties,
    .outputs = list_outputs,
    .run = run_batch
};


static nt_node_rc_t
run_images(nt_node_call_t *call)
{
    json_t     *images = json_array(), *value;
    const char *name, *type;

    json_object_foreach(nt_call_dynamic(call), name, value)
    {
        type = json_string_value(json_object_get(value, "type"));
        value = type != NULL && strcmp(type, "image") == 0 ? json_incref(value)
                                                           : image_of(value);
        if (json_array_append_new(images, value) != 0) {
            json_decref(images);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, images);
}


const nt_node_type_t nt_image_images_to_list = {
    .type = "nodetool.image.ImagesToList",
    .title = "Images To List",
    .description = "Makes a list of the images of its dynamic properties.",
    .outputs = list_outputs,
    .flags = NT_NODE_DYNAMIC,
    .run = run_images
};
