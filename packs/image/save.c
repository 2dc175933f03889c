/*
 * packs/image/save.c - nodetool.image.*: images as assets and as files of the
 * workspace.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>

#include "core/nt_buf.h"
#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/files.h"
#include "engine/nodes/media_files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/timename.h"
#include "packs/image/image.h"
#include "packs/image/types.h"

/* The formats by the ends of names; the first of several is libvips' own. */
static const struct {
    const char *extension;
    const char *format;
} formats[] = { { ".png", "PNG" },   { ".jpg", "JPEG" },  { ".jpeg", "JPEG" },
                { ".jfif", "JPEG" }, { ".webp", "WEBP" }, { ".gif", "GIF" },
                { ".tif", "TIFF" },  { ".tiff", "TIFF" } };

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

typedef struct {
    nt_str_t name;
    char    *data;
    size_t   len;
    void    *saved; /* encoded anew, or NULL: `data` is what is wanted */
    size_t   saved_len;
    char    *used; /* the path that was free */
    bool     good;
} nt_save_t;


/* Which format a file of this name has; N_FORMATS after nt_call_fail. */
static size_t
format_of(nt_node_call_t *call, nt_str_t name)
{
    size_t   i;
    nt_str_t root, extension;

    nt_path_splitext(name, &root, &extension);

    for (i = 0; i < N_FORMATS; i++) {
        if (strlen(formats[i].extension) == extension.len &&
            strncasecmp(formats[i].extension, extension.data, extension.len) ==
                0)
        {
            return i;
        }
    }

    (void) nt_call_fail(call,
                        "the name \"%.*s\" must end with .png, .jpg, "
                        ".webp, .gif or .tiff",
                        (int) name.len, name.data);
    return i;
}


/* Makes it a file of the format that its name says. */
static bool
convert(nt_node_call_t *call, nt_save_t *s)
{
    bool            good;
    size_t          format = format_of(call, s->name);
    nt_image_t      image;
    nt_image_info_t info;

    if (format == N_FORMATS ||
        !nt_image_probe(call, "image", s->data, s->len, &info))
    {
        return false;
    }

    if (strcmp(info.format, formats[format].format) == 0) {
        return true;
    }

    good = nt_image_decode(call, "image", s->data, s->len, &image) &&
           nt_image_encode(call, &image, formats[format].extension, &s->saved,
                           &s->saved_len);
    nt_image_free(&image);

    return good;
}


/* --- SaveImage ------------------------------------------------------------*/

static void
convert_work(nt_node_call_t *call, void *arg)
{
    nt_save_t *s = arg;

    s->good = convert(call, s);
}


static json_t *
save_asset(nt_node_call_t *call, nt_save_t *s, const char *key)
{
    json_t *ref = NULL;

    if (nt_image_load(call, "image", nt_call_input(call, "image"), &s->data,
                      &s->len) &&
        nt_call_thread(call, convert_work, s) && s->good)
    {
        ref = nt_call_store(call, "image", key,
                            s->saved != NULL ? s->saved : s->data,
                            s->saved != NULL ? s->saved_len : s->len);
    }

    free(s->data);
    free(s->saved);

    return ref;
}


static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    json_t     *ref;
    nt_buf_t    key = { 0 };
    nt_str_t    name;
    nt_save_t   s = { .good = false };
    const char *folder = json_string_value(
        json_object_get(nt_call_input(call, "folder"), "asset_id"));

    if (!nt_arg_name(call, "name", &name)) {
        return NT_NODE_FAIL;
    }

    nt_timename_path(&key, nt_str(folder != NULL ? folder : ""), name);
    if (key.failed) {
        return nt_arg_nomem(call);
    }

    s.name = nt_str(key.data);
    ref = save_asset(call, &s, key.data);
    if (ref != NULL) {
        nt_files_saved(call, key.data, ref, "image");
    }

    nt_buf_free(&key);

    return ref != NULL ? nt_call_emit(call, "output", ref) : NT_NODE_FAIL;
}


static const nt_property_t save_properties[] = {
    NT_IMAGE_PROP("The image to save"),
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP("name", "str", "\"%Y-%m-%d_%H-%M-%S.png\"",
            "The name of the asset; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

const nt_node_type_t nt_image_save =
    NT_IMAGE_TYPE("nodetool.image.SaveImage", "Save Image Asset",
                  "Saves an image among the assets, in the format that its "
                  "name says.",
                  save_properties, run_save);


/* --- SaveImageFile --------------------------------------------------------*/

static int
open_file(nt_node_call_t *call, nt_save_t *s)
{
    if (!nt_call_bool(call, "overwrite")) {
        return nt_call_open_new(call, s->name.data, &s->used);
    }

    s->used = strdup(s->name.data);
    if (s->used == NULL) {
        (void) nt_arg_nomem(call);
        return -1;
    }

    return nt_call_open(call, s->used,
                        O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
}


static void
save_work(nt_node_call_t *call, void *arg)
{
    int        fd;
    nt_save_t *s = arg;
    nt_str_t   bytes;

    if (!convert(call, s)) {
        return;
    }

    fd = open_file(call, s);
    if (fd == -1) {
        return;
    }

    bytes = s->saved != NULL ? (nt_str_t) { s->saved, s->saved_len }
                             : (nt_str_t) { s->data, s->len };
    s->good = nt_files_write(call, fd, s->used, bytes);

    if (!s->good) {
        /* half of a file is not worth keeping */
        (void) nt_call_remove(call, s->used, false);
    }
}


/* FOLDER/FILENAME with the time filled in, NUL-terminated. */
static bool
make_path(nt_node_call_t *call, nt_buf_t *path)
{
    nt_str_t folder, filename;

    if (!nt_arg_name(call, "folder", &folder) ||
        !nt_arg_name(call, "filename", &filename))
    {
        return false;
    }

    nt_timename_path(path, folder, filename);
    if (path->failed) {
        (void) nt_arg_nomem(call);
    }

    return !path->failed;
}


static nt_node_rc_t
run_save_file(nt_node_call_t *call)
{
    json_t   *ref = NULL;
    nt_buf_t  path = { 0 };
    nt_save_t s = { .good = false };

    if (make_path(call, &path)) {
        s.name = nt_str(path.data);

        if (nt_image_load(call, "image", nt_call_input(call, "image"), &s.data,
                          &s.len) &&
            nt_call_thread(call, save_work, &s) && s.good)
        {
            ref = nt_media_file_ref("image", s.used);
            if (ref != NULL) {
                nt_files_saved(call, s.used, ref, "image");
            } else {
                (void) nt_arg_nomem(call);
            }
        }
    }

    free(s.data);
    free(s.saved);
    free(s.used);
    nt_buf_free(&path);

    return ref != NULL ? nt_call_emit(call, "output", ref) : NT_NODE_FAIL;
}


static const nt_property_t save_file_properties[] = {
    NT_IMAGE_PROP("The image to save"),
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The file's name; %Y %m %d %H %M %S are the date and time"),
    NT_PROP("overwrite", "bool", "false",
            "Replace a file of this name instead of taking the next free one"),
    NT_PROP_END
};

const nt_node_type_t nt_image_save_file =
    NT_IMAGE_TYPE("nodetool.image.SaveImageFile", "Save Image File",
                  "Saves an image as a file of the workspace, in the format "
                  "that its name says.",
                  save_file_properties, run_save_file);
