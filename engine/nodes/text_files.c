/*
 * engine/nodes/text_files.c - nodetool.text.*: nodes that save texts, and
 * that load the texts among the assets.  Those of the workspace are loaded by
 * text_folder.c.
 */

#include <fcntl.h>

#include <openssl/evp.h>

#include "engine/assets/uri.h"
#include "engine/nodes/asset_folder.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/files.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/text.h"
#include "engine/nodes/timename.h"


/* FOLDER/NAME with the time filled in, NUL-terminated; false after
 * nt_call_fail. */
static bool
file_path(nt_node_call_t *call, nt_buf_t *path, nt_str_t folder)
{
    nt_str_t name;

    name = nt_text_input(call, "name");

    if (name.len == 0) {
        (void) nt_call_fail(call, "name must not be empty");
        return false;
    }

    if (folder.len > 0) {
        nt_buf_append_str(path, folder);
        nt_buf_append_char(path, '/');
    }

    nt_timename(path, name);

    if (!path->failed && memchr(path->data, '\0', path->len) != NULL) {
        (void) nt_call_fail(call, "name must not have a NUL character");
        return false;
    }

    nt_buf_append_char(path, '\0');

    if (path->failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


/* --- SaveTextFile --- */

/* A ref that holds the text itself, as no URI leads to the workspace. */
static json_t *
file_ref(nt_str_t text, const char *path)
{
    char    *p;
    json_t  *ref;
    nt_buf_t uri = { 0 };

    nt_buf_append_str(&uri, NT_STR("data:text/plain;charset=utf-8;base64,"));
    p = nt_buf_reserve(&uri, (text.len + 2) / 3 * 4 + 1);
    ref = NULL;

    if (p != NULL) {
        uri.len += (size_t) EVP_EncodeBlock((unsigned char *) p,
                                            (const unsigned char *) text.data,
                                            (int) text.len);
        ref = json_pack("{s:s, s:s%, s:n, s:n, s:{s:s}}", "type", "text", "uri",
                        uri.data, uri.len, "asset_id", "data", "metadata",
                        "path", path);
    }

    nt_buf_free(&uri);
    return ref;
}


static nt_node_rc_t
save_file(nt_node_call_t *call, const char *path, nt_str_t text)
{
    int     fd;
    json_t *ref;

    fd = nt_call_open(call, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);

    if (fd == -1 || !nt_files_write(call, fd, path, text)) {
        return NT_NODE_FAIL;
    }

    ref = file_ref(text, path + strspn(path, "/"));

    if (ref != NULL) {
        nt_files_saved(call, path, ref, "text");
    }

    return nt_emit(call, ref);
}


static nt_node_rc_t
run_save_file(nt_node_call_t *call)
{
    nt_buf_t     path = { 0 };
    nt_str_t     folder, text;
    nt_node_rc_t rc;

    text = nt_text_input(call, "text");
    folder = nt_text_input(call, "folder");

    if (folder.len == 0) {
        return nt_call_fail(call, "folder must not be empty: \"/\" is the "
                                  "workspace itself");
    }

    if (text.len > INT32_MAX / 2) {
        return nt_call_fail(call, "text is longer than 1 GiB");
    }

    rc = file_path(call, &path, folder) ? save_file(call, path.data, text)
                                        : NT_NODE_FAIL;
    nt_buf_free(&path);
    return rc;
}


static const nt_property_t save_file_properties[] = {
    NT_PROP("text", "str", "\"\"", "The text to save"),
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("name", "str", "\"%Y-%m-%d-%H-%M-%S.txt\"",
            "The name of the file; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

static const nt_output_t ref_output[] = { { "output", "text" },
                                          { NULL, NULL } };

static const nt_node_type_t save_file_type = {
    .type = "nodetool.text.SaveTextFile",
    .title = "Save Text File",
    .description = "Saves a text as a file of the workspace.",
    .properties = save_file_properties,
    .outputs = ref_output,
    .flags = NT_NODE_THREAD,
    .run = run_save_file
};


/* --- SaveText --- */

/* The folder among the assets that a folder ref stands for; "" for none. */
static const char *
asset_folder(nt_node_call_t *call)
{
    const char *folder;

    folder = json_string_value(
        json_object_get(nt_call_input(call, "folder"), "asset_id"));

    return folder == NULL ? "" : folder;
}


static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    json_t  *ref;
    nt_buf_t key = { 0 };
    nt_str_t text;

    text = nt_text_input(call, "text");
    ref = NULL;

    if (file_path(call, &key, nt_str(asset_folder(call)))) {
        ref = nt_call_store(call, "text", key.data, text.data, text.len);
    }

    if (ref != NULL) {
        nt_files_saved(call, key.data, ref, "text");
    }

    nt_buf_free(&key);
    return ref == NULL ? NT_NODE_FAIL : nt_emit(call, ref);
}


static const nt_property_t save_properties[] = {
    NT_PROP("text", "str", "\"\"", "The text to save"),
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP("name", "str", "\"%Y-%m-%d-%H-%M-%S.txt\"",
            "The name of the asset; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

static const nt_node_type_t save_type = { .type = "nodetool.text.SaveText",
                                          .title = "Save Text",
                                          .description =
                                              "Saves a text among the assets.",
                                          .properties = save_properties,
                                          .outputs = ref_output,
                                          .flags = NT_NODE_THREAD,
                                          .run = run_save };


/* --- LoadTextAssets --- */

/* Is this a text by the end of its name? */
static bool
is_text(const char *key)
{
    static const char *const extensions[] = {
        ".css", ".csv", ".htm",  ".html", ".ics", ".log", ".markdown", ".md",
        ".rst", ".srt", ".text", ".tsv",  ".txt", ".vtt", ".xml",      NULL
    };

    size_t      i;
    const char *dot;

    dot = strrchr(key, '.');

    for (i = 0; dot != NULL && extensions[i] != NULL; i++) {
        if (strcasecmp(dot, extensions[i]) == 0) {
            return true;
        }
    }

    return false;
}


static nt_node_rc_t
emit_asset(nt_node_call_t *call, const char *key)
{
    json_t     *ref;
    nt_buf_t    uri = { 0 };
    const char *slash;

    slash = strrchr(key, '/');
    nt_uri_asset(&uri, NT_STR(""), nt_str(key));
    ref = uri.failed ? NULL
                     : json_pack("{s:s, s:s%, s:s, s:n, s:n}", "type", "text",
                                 "uri", uri.data, uri.len, "asset_id", key,
                                 "data", "metadata");
    nt_buf_free(&uri);

    if (nt_call_emit(call, "text", ref) != NT_NODE_DONE ||
        nt_call_emit(call, "name",
                     json_string(slash == NULL ? key : slash + 1)) !=
            NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }

    return NT_NODE_DONE;
}


static nt_node_rc_t
run_load_assets(nt_node_call_t *call)
{
    static const nt_asset_folder_t how = { is_text, emit_asset };

    const char *folder = asset_folder(call);

    if (*folder == '\0') {
        return nt_call_fail(call, "folder must be a folder of the assets: "
                                  "its asset_id is empty");
    }

    return nt_asset_folder_run(call, folder, &how);
}


static const nt_property_t load_assets_properties[] = {
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP_END
};

static const nt_output_t load_assets_outputs[] = { { "text", "text" },
                                                   { "name", "str" },
                                                   { NULL, NULL } };

static const nt_node_type_t load_assets_type = {
    .type = "nodetool.text.LoadTextAssets",
    .title = "Load Text Assets",
    .description = "Sends each text in a folder of the assets.",
    .properties = load_assets_properties,
    .outputs = load_assets_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_load_assets
};


static const nt_node_type_t *const types[] = { &load_assets_type,
                                               &nt_text_load_folder, &save_type,
                                               &save_file_type, NULL };

const nt_node_library_t nt_nodes_text_files = { NODETOOL_NODE_ABI, "text_files",
                                                types };
