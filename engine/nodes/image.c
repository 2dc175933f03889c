/*
 * engine/nodes/image.c - nodetool.image.*: what needs no pixels; the rest is
 * in the image pack.
 */

#include <string.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/media_files.h"
#include "engine/nodes/registry.h"


/* --- lists ----------------------------------------------------------------*/

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

static const nt_node_type_t batch_type = {
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


static const nt_node_type_t images_type = {
    .type = "nodetool.image.ImagesToList",
    .title = "Images To List",
    .description = "Makes a list of the images of its dynamic properties.",
    .outputs = list_outputs,
    .flags = NT_NODE_DYNAMIC,
    .run = run_images
};


/* --- files ----------------------------------------------------------------*/

static nt_node_rc_t
run_load_file(nt_node_call_t *call)
{
    return nt_media_load_file(call, "image");
}


static const nt_property_t load_file_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"), NT_PROP_END
};

static const nt_output_t image_outputs[] = { { "output", "image" },
                                             { NULL, NULL } };

static const nt_node_type_t load_file_type = {
    .type = "nodetool.image.LoadImageFile",
    .title = "Load Image File",
    .description = "Takes an image from a file of the workspace.",
    .properties = load_file_properties,
    .outputs = image_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_load_file
};


static nt_node_rc_t
run_load_folder(nt_node_call_t *call)
{
    return nt_media_load_folder(call, "image");
}


static const nt_property_t load_folder_properties[] = {
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("include_subdirectories", "bool", "false",
            "Load the images of its folders, too"),
    NT_PROP("extensions", "list[str]",
            "[\".png\",\".jpg\",\".jpeg\",\".bmp\",\".gif\",\".webp\","
            "\".tiff\"]",
            "The ends of the names of files to load"),
    NT_PROP("pattern", "str", "\"\"",
            "Load only what matches it, such as */photo-*"),
    NT_PROP_END
};

static const nt_output_t load_folder_outputs[] = { { "image", "image" },
                                                   { "path", "str" },
                                                   { NULL, NULL } };

static const nt_node_type_t load_folder_type = {
    .type = "nodetool.image.LoadImageFolder",
    .title = "Load Image Folder",
    .description = "Sends each image in a folder of the workspace.",
    .properties = load_folder_properties,
    .outputs = load_folder_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_load_folder
};


static nt_node_rc_t
run_load_assets(nt_node_call_t *call)
{
    static const char *const extensions[] = {
        ".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg",
        ".png",  ".svg", ".tif", ".tiff", ".webp", NULL
    };

    return nt_media_load_assets(call, "image", extensions);
}


static const nt_property_t load_assets_properties[] = {
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP_END
};

static const nt_output_t load_assets_outputs[] = { { "image", "image" },
                                                   { "name", "str" },
                                                   { NULL, NULL } };

static const nt_node_type_t load_assets_type = {
    .type = "nodetool.image.LoadImageAssets",
    .title = "Load Image Assets",
    .description = "Sends each image in a folder of the assets.",
    .properties = load_assets_properties,
    .outputs = load_assets_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_load_assets
};


static const nt_node_type_t *const types[] = {
    &batch_type,       &images_type,      &load_file_type,
    &load_folder_type, &load_assets_type, NULL
};

const nt_node_library_t nt_nodes_image = { NODETOOL_NODE_ABI, "image", types };
