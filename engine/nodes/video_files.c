/*
 * engine/nodes/video_files.c - nodetool.video.*: nodes that load and save
 * videos.  The bytes are saved as they are.
 */

#include <fcntl.h>
#include <stdlib.h>

#include "engine/nodes/files.h"
#include "engine/nodes/media_files.h"
#include "engine/nodes/video.h"


static const char *const extensions[] = { ".avi", ".flv", ".gif",  ".m4v",
                                          ".mkv", ".mov", ".mp4",  ".mpeg",
                                          ".mpg", ".ogv", ".webm", ".wmv",
                                          NULL };


static nt_node_rc_t
run_assets(nt_node_call_t *call)
{
    return nt_media_load_assets(call, "video", extensions);
}


static nt_node_rc_t
run_file(nt_node_call_t *call)
{
    return nt_media_load_file(call, "video");
}


static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    char        *data;
    size_t       len;
    json_t      *ref;
    nt_buf_t     key = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_media_path(call, &key, nt_media_asset_folder(call), "name") &&
        nt_media_load(call, "video", "a video", nt_call_input(call, "video"),
                      &data, &len))
    {
        ref = nt_call_store(call, "video", key.data, data, len);
        free(data);

        if (ref != NULL) {
            rc = nt_media_emit_saved(call, "video", key.data, ref);
        }
    }

    nt_buf_free(&key);
    return rc;
}


static nt_node_rc_t
run_save_file(nt_node_call_t *call)
{
    int          fd;
    bool         good;
    char        *data;
    size_t       len;
    nt_str_t     folder;
    nt_buf_t     path = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_arg_name(call, "folder", &folder) &&
        nt_media_path(call, &path, folder.data, "filename") &&
        nt_media_load(call, "video", "a video", nt_call_input(call, "video"),
                      &data, &len))
    {
        fd = nt_call_open(call, path.data,
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
        good = fd != -1 &&
               nt_files_write(call, fd, path.data, (nt_str_t) { data, len });
        free(data);

        if (good) {
            rc = nt_media_emit_saved(call, "video", path.data,
                                     nt_media_file_ref("video", path.data));
        }
    }

    nt_buf_free(&path);
    return rc;
}


/* --- the node types --- */

static const nt_property_t asset_properties[] = {
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP_END
};

static const nt_output_t asset_outputs[] = { { "video", "video" },
                                             { "name", "str" },
                                             { NULL, NULL } };

const nt_node_type_t nt_video_load_assets = {
    .type = "nodetool.video.LoadVideoAssets",
    .title = "Load Video Folder",
    .description = "Sends each video in a folder of the assets.",
    .properties = asset_properties,
    .outputs = asset_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_assets
};

static const nt_property_t file_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"), NT_PROP_END
};

const nt_node_type_t nt_video_load_file = {
    .type = "nodetool.video.LoadVideoFile",
    .title = "Load Video File",
    .description = "Loads a video from a file of the workspace.",
    .properties = file_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_THREAD,
    .run = run_file
};

static const nt_property_t save_properties[] = {
    NT_PROP_VIDEO("video", "The video to save"),
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP("name", "str", "\"%Y-%m-%d-%H-%M-%S.mp4\"",
            "The name of the asset; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

const nt_node_type_t nt_video_save = { .type = "nodetool.video.SaveVideo",
                                       .title = "Save Video Asset",
                                       .description =
                                           "Saves a video among the assets.",
                                       .properties = save_properties,
                                       .outputs = nt_media_out_video,
                                       .flags = NT_NODE_ASYNC,
                                       .run = run_save };

static const nt_property_t save_file_properties[] = {
    NT_PROP_VIDEO("video", "The video to save"),
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The file's name; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

const nt_node_type_t nt_video_save_file = {
    .type = "nodetool.video.SaveVideoFile",
    .title = "Save Video File",
    .description = "Saves a video as a file of the workspace.",
    .properties = save_file_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_THREAD,
    .run = run_save_file
};
