/*
 * engine/nodes/audio_files.c - nodetool.audio.*: nodes that load and save
 * sounds.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/audio.h"
#include "engine/nodes/files.h"
#include "engine/nodes/media_files.h"
#include "engine/nodes/pathname.h"


/* Extensions of sounds, and ffmpeg's name of the format. */
static const struct {
    const char *extension;
    const char *format;
} formats[] = { { ".opus", "opus" }, { ".wav", "wav" },   { ".mp3", "mp3" },
                { ".ogg", "ogg" },   { ".flac", "flac" }, { ".aac", "adts" },
                { ".m4a", "ipod" },  { ".aiff", "aiff" } };

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static const char *const extensions[] = { ".aac",  ".aif",  ".aiff", ".amr",
                                          ".flac", ".m4a",  ".mp3",  ".oga",
                                          ".ogg",  ".opus", ".wav",  ".weba",
                                          ".wma",  NULL };


/* --- LoadAudioAssets, LoadAudioFile, LoadAudioFolder --- */

static nt_node_rc_t
run_assets(nt_node_call_t *call)
{
    return nt_media_load_assets(call, "audio", extensions);
}


static nt_node_rc_t
run_file(nt_node_call_t *call)
{
    return nt_media_load_file(call, "audio");
}


static nt_node_rc_t
run_folder(nt_node_call_t *call)
{
    return nt_media_load_folder(call, "audio");
}


/* --- SaveAudio, SaveAudioFile --- */

/* ffmpeg's name of the format that a name's extension stands for; NULL after
 * nt_call_fail.  `map` may have other names for extensions, of formats that
 * are a file of sound. */
static const char *
format_of(nt_node_call_t *call, const char *name, const json_t *map)
{
    char        lower[16];
    size_t      i;
    nt_str_t    root, extension;
    const char *format = NULL;

    nt_path_splitext(nt_str(name), &root, &extension);

    for (i = 0; i < extension.len && i < sizeof(lower) - 1; i++) {
        lower[i] = (char) (extension.data[i] | 0x20);
    }

    lower[i] = '\0';

    if (map != NULL) {
        format = json_string_value(json_object_get(map, lower));
    }

    for (i = 0; i < N_FORMATS; i++) {
        if (map != NULL
                ? format != NULL && strcmp(format, formats[i].format) == 0
                : strcmp(lower, formats[i].extension) == 0)
        {
            return formats[i].format;
        }
    }

    (void) nt_call_fail(call,
                        "\"%s\" must end with the extension of a format of "
                        "sound, such as .mp3, .wav, .ogg, .flac, .aac or .m4a",
                        name);
    return NULL;
}


/* The sound in that format; *sound is what it has become. */
static bool
encode(nt_node_call_t *call, const char *format, char **data, size_t *len,
       json_t **metadata)
{
    bool       good;
    nt_sound_t sound;

    if (!nt_sound_load(call, "audio", nt_call_input(call, "audio"), &sound)) {
        return false;
    }

    good = nt_sound_encode(call, &sound, format, data, len);

    if (good) {
        *metadata = nt_sound_metadata(&sound);

        if (strcmp(format, "wav") != 0) {
            (void) json_object_set_new(*metadata, "format",
                                       json_string(format));
        }
    }

    nt_sound_free(&sound);
    return good;
}


static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    char       *data;
    size_t      len;
    json_t     *ref = NULL, *metadata = NULL;
    nt_buf_t    key = { 0 };
    const char *format = NULL;

    if (nt_media_path(call, &key, nt_media_asset_folder(call), "name")) {
        format = format_of(call, key.data, NULL);
    }

    if (format != NULL && encode(call, format, &data, &len, &metadata)) {
        ref = nt_call_store(call, "audio", key.data, data, len);
        free(data);

        if (ref != NULL) {
            (void) json_object_set(ref, "metadata", metadata);
        }
    }

    json_decref(metadata);

    if (ref == NULL) {
        nt_buf_free(&key);
        return NT_NODE_FAIL;
    }

    if (nt_media_emit_saved(call, "audio", key.data, ref) != NT_NODE_DONE) {
        nt_buf_free(&key);
        return NT_NODE_FAIL;
    }

    nt_buf_free(&key);
    return NT_NODE_DONE;
}


typedef struct {
    const char *path;
    nt_str_t    data;
    bool        good;
} write_t;


static void
write_on_pool(nt_node_call_t *call, void *arg)
{
    int      fd;
    write_t *w = arg;

    fd = nt_call_open(call, w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    w->good = fd != -1 && nt_files_write(call, fd, w->path, w->data);
}


static nt_node_rc_t
run_save_file(nt_node_call_t *call)
{
    char        *data;
    size_t       len;
    json_t      *ref = NULL, *metadata = NULL;
    nt_str_t     folder;
    nt_buf_t     path = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;
    const char  *format = NULL;
    write_t      w = { .good = false };

    if (nt_arg_name(call, "folder", &folder) &&
        nt_media_path(call, &path, folder.data, "filename"))
    {
        format = format_of(call, path.data, nt_arg_dict(call, "FORMAT_MAP"));
    }

    if (format != NULL && encode(call, format, &data, &len, &metadata)) {
        w.path = path.data;
        w.data = (nt_str_t) { data, len };

        if (nt_call_thread(call, write_on_pool, &w) && w.good) {
            ref = nt_media_file_ref("audio", path.data);
            (void) json_object_set(ref, "metadata", metadata);
            rc = nt_media_emit_saved(call, "audio", path.data, ref);
        }

        free(data);
    }

    json_decref(metadata);
    nt_buf_free(&path);
    return rc;
}


/* --- the node types --- */

static const nt_output_t asset_outputs[] = { { "audio", "audio" },
                                             { "name", "str" },
                                             { NULL, NULL } };
static const nt_output_t folder_outputs[] = { { "audio", "audio" },
                                              { "path", "str" },
                                              { NULL, NULL } };

static const nt_property_t asset_properties[] = {
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP_END
};

const nt_node_type_t nt_audio_load_assets = {
    .type = "nodetool.audio.LoadAudioAssets",
    .title = "Load Audio Assets",
    .description = "Sends each sound in a folder of the assets.",
    .properties = asset_properties,
    .outputs = asset_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_assets
};

static const nt_property_t file_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"), NT_PROP_END
};

const nt_node_type_t nt_audio_load_file = {
    .type = "nodetool.audio.LoadAudioFile",
    .title = "Load Audio File",
    .description = "Loads a sound from a file of the workspace.",
    .properties = file_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_THREAD,
    .run = run_file
};

static const nt_property_t folder_properties[] = {
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("include_subdirectories", "bool", "false",
            "Look into the folders in it, too"),
    NT_PROP("extensions", "list[str]",
            "[\".mp3\",\".wav\",\".flac\",\".ogg\",\".m4a\",\".aac\"]",
            "The extensions of the files that are taken"),
    NT_PROP_END
};

const nt_node_type_t nt_audio_load_folder = {
    .type = "nodetool.audio.LoadAudioFolder",
    .title = "Load Audio Folder",
    .description = "Sends each sound in a folder of the workspace.",
    .properties = folder_properties,
    .outputs = folder_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_folder
};

static const nt_property_t save_properties[] = {
    NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound to save"),
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP("name", "str", "\"%Y-%m-%d-%H-%M-%S.opus\"",
            "The name of the asset, whose extension gives the format; %Y %m "
            "%d %H %M %S are the date and time"),
    NT_PROP_END
};

const nt_node_type_t nt_audio_save = { .type = "nodetool.audio.SaveAudio",
                                       .title = "Save Audio Asset",
                                       .description =
                                           "Saves a sound among the assets.",
                                       .properties = save_properties,
                                       .outputs = nt_media_out_audio,
                                       .flags = NT_NODE_ASYNC,
                                       .run = run_save };

static const nt_property_t save_file_properties[] = {
    NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound to save"),
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The file's name, whose extension gives the format; %Y %m %d %H %M "
            "%S are the date and time"),
    NT_PROP("FORMAT_MAP", "dict[str,str]",
            "{\".mp3\":\"mp3\",\".wav\":\"wav\",\".ogg\":\"ogg\","
            "\".flac\":\"flac\",\".aac\":\"adts\",\".m4a\":\"ipod\"}",
            "The format of each extension, by ffmpeg's name"),
    NT_PROP_END
};

const nt_node_type_t nt_audio_save_file = {
    .type = "nodetool.audio.SaveAudioFile",
    .title = "Save Audio File",
    .description = "Saves a sound as a file of the workspace.",
    .properties = save_file_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run_save_file
};
