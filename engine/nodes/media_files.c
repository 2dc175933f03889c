#include "engine/nodes/media_files.h"

#include <string.h>
#include <strings.h>

#include "engine/assets/uri.h"
#include "engine/nodes/args.h"
#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/wildcard.h"

typedef struct {
    json_t *names;
    size_t  next;
} state_t;


/* Takes the buffer over. */
static json_t *
make_ref(const char *type, nt_buf_t *uri, const char *key)
{
    json_t *ref;

    ref = uri->failed ? NULL
                      : json_pack("{s:s, s:s%, s:s?, s:n, s:n}", "type", type,
                                  "uri", uri->data, uri->len, "asset_id", key,
                                  "data", "metadata");
    nt_buf_free(uri);

    return ref;
}


json_t *
nt_media_file_ref(const char *type, const char *path)
{
    nt_buf_t uri = { 0 };

    nt_uri_file(&uri, nt_str(path));

    return make_ref(type, &uri, NULL);
}


/* --- a file ---------------------------------------------------------------*/

nt_node_rc_t
nt_media_load_file(nt_node_call_t *call, const char *type)
{
    json_t        *ref = NULL;
    nt_buf_t       path = { 0 };
    nt_str_t       name;
    nt_file_info_t info;

    if (!nt_arg_name(call, "path", &name)) {
        return NT_NODE_FAIL;
    }

    nt_path_absolute(&path, name);
    nt_buf_append_char(&path, '\0');

    if (path.failed) {
        (void) nt_arg_nomem(call);
    } else if (nt_files_stat(call, path.data, &info)) {
        if (info.kind == NT_FILE_REGULAR) {
            ref = nt_media_file_ref(type, path.data);
        } else {
            (void) nt_call_fail(call, "'path': \"%s\" is no file", name.data);
        }
    }

    nt_buf_free(&path);

    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


/* --- a folder of the workspace --------------------------------------------*/

static bool
has_extension(nt_node_call_t *call, nt_str_t path)
{
    size_t   i;
    json_t  *item;
    nt_str_t root, extension;

    nt_path_splitext(path, &root, &extension);

    json_array_foreach(nt_call_input(call, "extensions"), i, item)
    {
        if (json_string_length(item) == extension.len &&
            strncasecmp(json_string_value(item), extension.data,
                        extension.len) == 0)
        {
            return true;
        }
    }

    return false;
}


static bool
fits(nt_node_call_t *call, const json_t *file)
{
    nt_str_t      path = nt_ustr(file);
    const json_t *pattern = nt_call_input(call, "pattern");

    return has_extension(call, path) &&
           (json_string_length(pattern) == 0 ||
            nt_wildcard_match(nt_ustr(pattern), path));
}


/* The files of the folder, sorted; NULL after nt_call_fail. */
static json_t *
list_files(nt_node_call_t *call)
{
    size_t   i;
    json_t  *files, *file, *wanted;
    nt_str_t folder;

    if (!nt_arg_name(call, "folder", &folder)) {
        return NULL;
    }

    files = nt_files_glob(call, folder, NT_STR("*"),
                          nt_call_bool(call, "include_subdirectories"));
    if (files == NULL) {
        return NULL;
    }

    wanted = json_array();

    json_array_foreach(files, i, file)
    {
        if (wanted != NULL && fits(call, file) &&
            json_array_append(wanted, file) != 0) {
            json_decref(wanted);
            wanted = NULL;
        }
    }

    json_decref(files);

    if (wanted == NULL) {
        (void) nt_arg_nomem(call);
    }

    return wanted;
}


static void
free_state(void *state)
{
    json_decref(((state_t *) state)->names);
}


/* The next of the names that `list` returns, once; NULL at their end, or
 * with *failed after nt_call_fail. */
static const char *
next_name(nt_node_call_t *call, json_t *(*list)(nt_node_call_t *call),
          bool           *failed)
{
    state_t *state = nt_call_state(call, sizeof(*state), free_state);

    *failed = false;

    if (state != NULL && state->names == NULL) {
        state->names = list(call);
    }

    if (state == NULL || state->names == NULL) {
        *failed = true;
        return NULL;
    }

    return json_string_value(json_array_get(state->names, state->next++));
}


static nt_node_rc_t
emit_named(nt_node_call_t *call, const char *type, json_t *ref,
           const char *output, const char *name)
{
    return nt_call_emit(call, type, ref) == NT_NODE_DONE &&
                   nt_call_emit(call, output, json_string(name)) == NT_NODE_DONE
               ? NT_NODE_MORE
               : NT_NODE_FAIL;
}


nt_node_rc_t
nt_media_load_folder(nt_node_call_t *call, const char *type)
{
    bool           failed;
    const char    *path;
    nt_file_info_t info;

    while ((path = next_name(call, list_files, &failed)) != NULL) {
        if (!nt_call_stat(call, path, &info)) {
            return NT_NODE_FAIL;
        }

        if (info.kind == NT_FILE_REGULAR) {
            return emit_named(call, type, nt_media_file_ref(type, path), "path",
                              path);
        }
    }

    return failed ? NT_NODE_FAIL : NT_NODE_DONE;
}


/* --- a folder of the assets -----------------------------------------------*/

static json_t *
list_assets(nt_node_call_t *call)
{
    const char *folder = json_string_value(
        json_object_get(nt_call_input(call, "folder"), "asset_id"));

    if (folder == NULL || *folder == '\0') {
        (void) nt_call_fail(call, "'folder' must be a folder of the assets: "
                                  "its asset_id is empty");
        return NULL;
    }

    return nt_call_list_assets(call, folder);
}


static bool
ends_with_one(const char *name, const char *const *extensions)
{
    const char *dot = strrchr(name, '.');

    for (/* void */; dot != NULL && *extensions != NULL; extensions++) {
        if (strcasecmp(dot, *extensions) == 0) {
            return true;
        }
    }

    return false;
}


nt_node_rc_t
nt_media_load_assets(nt_node_call_t *call, const char *type,
                     const char *const *extensions)
{
    bool        failed;
    nt_buf_t    uri = { 0 };
    const char *key, *slash;

    do {
        key = next_name(call, list_assets, &failed);
        if (key == NULL) {
            return failed ? NT_NODE_FAIL : NT_NODE_DONE;
        }
    } while (!ends_with_one(key, extensions));

    slash = strrchr(key, '/');
    nt_uri_asset(&uri, NT_STR(""), nt_str(key));

    return emit_named(call, type, make_ref(type, &uri, key), "name",
                      slash != NULL ? slash + 1 : key);
}
