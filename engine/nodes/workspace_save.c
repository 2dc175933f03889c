/*
 * engine/nodes/workspace_save.c - nodetool.workspace.*: nodes that save
 * media.
 *
 * The bytes are written as they are: this library has no codecs.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <fcntl.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/timename.h"
#include "engine/nodes/workspace.h"


/* Formats of images by how their bytes begin (at `offset`), and the
 * extensions of their files. */
static const struct {
    const char *name;
    size_t      offset;
    nt_str_t    magic;
    const char *extensions; /* each with its dot and a blank behind it */
} formats[] = { { "PNG", 0, { "\x89PNG\r\n\x1a\n", 8 }, ".png .apng " },
                { "JPEG", 0, { "\xff\xd8\xff", 3 }, ".jpg .jpeg .jpe .jfif " },
                { "GIF", 0, { "GIF8", 4 }, ".gif " },
                { "WebP", 8, { "WEBP", 4 }, ".webp " },
                { "BMP", 0, { "BM", 2 }, ".bmp .dib " },
                { "TIFF", 0, { "II*\0", 4 }, ".tif .tiff " },
                { "TIFF", 0, { "MM\0*", 4 }, ".tif .tiff " },
                { "AVIF", 4, { "ftypavif", 8 }, ".avif .avifs " },
                { "HEIF", 4, { "ftyphei", 7 }, ".heic .heif " } };

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))


/* NULL for what is no image that we know. */
static const char *
format_of(nt_str_t data, const char **extensions)
{
    size_t i;

    for (i = 0; i < N_FORMATS; i++) {
        if (data.len >= formats[i].offset + formats[i].magic.len &&
            memcmp(data.data + formats[i].offset, formats[i].magic.data,
                   formats[i].magic.len) == 0)
        {
            *extensions = formats[i].extensions;
            return formats[i].name;
        }
    }

    return NULL;
}


/* Would a file of this name be taken for what it is? */
static bool
check_image(nt_node_call_t *call, nt_str_t path, nt_str_t data)
{
    char        wanted[16];
    nt_str_t    root, extension;
    const char *name, *extensions;

    name = format_of(data, &extensions);

    if (name == NULL) {
        (void) nt_call_fail(call, "'image' is in no format that can be saved");
        return false;
    }

    nt_path_splitext(path, &root, &extension);

    if (extension.len > 0 && extension.len < sizeof(wanted) - 1) {
        (void) snprintf(wanted, sizeof(wanted), "%.*s ", (int) extension.len,
                        extension.data);

        if (strcasestr(extensions, wanted) != NULL) {
            return true;
        }
    }

    (void) nt_call_fail(call,
                        "'filename': the image is a %s and is not converted; "
                        "let the name end with %.*s",
                        name, (int) strcspn(extensions, " "), extensions);
    return false;
}


/* FOLDER/FILENAME with the time filled in, NUL-terminated. */
static bool
make_path(nt_node_call_t *call, nt_buf_t *path)
{
    nt_buf_t name = { 0 };
    nt_str_t folder, filename;

    if (!nt_workspace_path(call, "folder", &folder) ||
        !nt_workspace_path(call, "filename", &filename))
    {
        return false;
    }

    nt_timename(&name, filename);
    nt_path_normalize(path, folder);

    if (path->len == 1 && path->data[0] == '.') {
        nt_buf_reset(path);
    }

    nt_path_join(path, (nt_str_t) { name.data, name.len });
    nt_buf_append_char(path, '\0');

    if (name.failed || path->failed) {
        (void) nt_arg_nomem(call);
    }

    nt_buf_free(&name);
    return !path->failed;
}


/* Writes the file.  Its path, malloc'ed; NULL after nt_call_fail. */
static char *
save(nt_node_call_t *call, const char *path, nt_str_t data)
{
    int   fd;
    char *used;

    if (nt_call_bool(call, "overwrite")) {
        used = strdup(path);

        if (used == NULL) {
            (void) nt_arg_nomem(call);
            return NULL;
        }

        fd = nt_call_open(call, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);

        if (fd == -1) {
            free(used);
            return NULL;
        }

    } else {
        fd = nt_call_open_new(call, path, &used);

        if (fd == -1) {
            return NULL;
        }
    }

    if (!nt_files_write(call, fd, used, data)) {
        /* half of a file is not worth keeping */
        (void) nt_call_remove(call, used, false);
        free(used);
        return NULL;
    }

    return used;
}


/* The ref that came, which holds the same bytes, and where the file is. */
static json_t *
make_ref(json_t *media, const char *type, const char *used)
{
    json_t *ref, *metadata;

    ref = json_is_object(media)
              ? json_copy(media)
              : json_pack("{s:s, s:O}", "type", type, "uri", media);
    metadata = json_object_get(ref, "metadata");
    metadata = json_is_object(metadata) ? json_copy(metadata) : json_object();

    if (json_object_set_new(metadata, "path", json_string(used)) != 0 ||
        json_object_set(ref, "metadata", metadata) != 0)
    {
        json_decref(ref);
        ref = NULL;
    }

    json_decref(metadata);
    return ref;
}


static nt_node_rc_t
emit_saved(nt_node_call_t *call, const char *property, const char *used)
{
    json_t *ref = make_ref(nt_call_input(call, property), property, used);

    if (ref != NULL) {
        nt_files_saved(call, used, ref, property);
    }

    return nt_emit(call, ref);
}


/* `property` is the name and the type of what is saved. */
static nt_node_rc_t
save_media(nt_node_call_t *call, const char *property,
           bool (*check)(nt_node_call_t *call, nt_str_t path, nt_str_t data))
{
    char        *data = NULL, *used;
    size_t       len;
    nt_buf_t     path = { 0 };
    nt_str_t     bytes, name;
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (make_path(call, &path) &&
        nt_call_load(call, nt_call_input(call, property), &data, &len))
    {
        bytes = (nt_str_t) { data, len };
        name = (nt_str_t) { path.data, path.len - 1 };
        used = check == NULL || check(call, name, bytes)
                   ? save(call, path.data, bytes)
                   : NULL;

        if (used != NULL) {
            rc = emit_saved(call, property, used);
            free(used);
        }
    }

    free(data);
    nt_buf_free(&path);
    return rc;
}


/* --- SaveImageFile --- */

static nt_node_rc_t
run_save_image(nt_node_call_t *call)
{
    return save_media(call, "image", check_image);
}


static const nt_property_t save_image_properties[] = {
    NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The image to save"),
    NT_PROP("folder", "str", "\".\"",
            "A folder of the workspace; . for its root"),
    NT_PROP("filename", "str", "\"image.png\"",
            "The file's name; %Y %m %d %H %M %S are the date and time"),
    NT_PROP("overwrite", "bool", "false",
            "Replace a file of this name instead of taking the next free one"),
    NT_PROP_END
};

static const nt_output_t image_output[] = { { "output", "image" },
                                            { NULL, NULL } };

const nt_node_type_t nt_workspace_save_image = {
    .type = "nodetool.workspace.SaveImageFile",
    .title = "Save Image File",
    .description = "Saves an image as a file of the workspace.",
    .properties = save_image_properties,
    .outputs = image_output,
    .flags = NT_NODE_THREAD,
    .run = run_save_image
};


/* --- SaveVideoFile --- */

static nt_node_rc_t
run_save_video(nt_node_call_t *call)
{
    return save_media(call, "video", NULL);
}


static const nt_property_t save_video_properties[] = {
    NT_PROP("video", "video", NT_DEFAULT_VIDEO, "The video to save"),
    NT_PROP("folder", "str", "\".\"",
            "A folder of the workspace; . for its root"),
    NT_PROP("filename", "str", "\"video.mp4\"",
            "The file's name; %Y %m %d %H %M %S are the date and time"),
    NT_PROP("overwrite", "bool", "false",
            "Replace a file of this name instead of taking the next free one"),
    NT_PROP_END
};

static const nt_output_t video_output[] = { { "output", "video" },
                                            { NULL, NULL } };

const nt_node_type_t nt_workspace_save_video = {
    .type = "nodetool.workspace.SaveVideoFile",
    .title = "Save Video File",
    .description = "Saves a video as a file of the workspace.",
    .properties = save_video_properties,
    .outputs = video_output,
    .flags = NT_NODE_THREAD,
    .run = run_save_video
};
