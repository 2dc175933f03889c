/*
 * engine/nodes/media.c - refs of audio and video, as nodes take and give
 * them.
 */

#include "engine/nodes/media.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "engine/assets/uri.h"
#include "engine/nodes/asset_folder.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/timename.h"


#define HASH_LEN 16 /* bytes of the SHA-256 in a name */

const double nt_media_zero = 0, nt_media_one = 1, nt_media_two = 2,
             nt_media_three = 3, nt_media_twenty = 20;

const nt_output_t nt_media_out_audio[] = { { "output", "audio" },
                                           { NULL, NULL } };
const nt_output_t nt_media_out_video[] = { { "output", "video" },
                                           { NULL, NULL } };


bool
nt_media_is_set(const json_t *ref)
{
    return json_string_length(ref) > 0 ||
           json_string_length(json_object_get(ref, "uri")) > 0 ||
           json_string_length(json_object_get(ref, "asset_id")) > 0 ||
           json_string_length(json_object_get(ref, "data")) > 0;
}


/* The bytes in the "data" of a ref, in base64. */
static bool
load_data(nt_node_call_t *call, const char *name, const json_t *text,
          char **data, size_t *len)
{
    nt_rc_t  rc;
    nt_buf_t bytes = { 0 };

    rc = nt_base64_decode(&bytes, (nt_str_t) { json_string_value(text),
                                               json_string_length(text) });

    if (rc == NT_OK && !bytes.failed && bytes.len > 0) {
        *data = bytes.data;
        *len = bytes.len;
        return true;
    }

    nt_buf_free(&bytes);
    (void) nt_call_fail(call, "the \"data\" of '%s' is not base64", name);
    return false;
}


bool
nt_media_load(nt_node_call_t *call, const char *name, const json_t *ref,
              char **data, size_t *len)
{
    const json_t *text = json_object_get(ref, "data");

    if (!nt_media_is_set(ref)) {
        (void) nt_call_fail(call, "'%s' is empty: connect it or choose a file",
                            name);
        return false;
    }

    if (json_string_length(json_object_get(ref, "uri")) == 0 &&
        json_string_length(json_object_get(ref, "asset_id")) == 0 &&
        json_string_length(text) > 0)
    {
        return load_data(call, name, text, data, len);
    }

    return nt_call_load(call, ref, data, len);
}


json_t *
nt_media_store(nt_node_call_t *call, const char *type, const char *extension,
               const void *data, size_t len, json_t *metadata)
{
    json_t       *ref = NULL;
    size_t        i;
    nt_buf_t      key = { 0 };
    unsigned char hash[EVP_MAX_MD_SIZE];

    if (EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL) == 1) {
        nt_buf_append_str(&key, NT_STR("generated/"));

        for (i = 0; i < HASH_LEN; i++) {
            nt_buf_printf(&key, "%02x", hash[i]);
        }

        nt_buf_append_str(&key, nt_str(extension));
        nt_buf_append_char(&key, '\0');
    } else {
        key.failed = true;
    }

    if (!key.failed && metadata != NULL) {
        ref = nt_call_store(call, type, key.data, data, len);
    } else {
        (void) nt_arg_nomem(call);
    }

    nt_buf_free(&key);

    if (ref != NULL && json_object_set(ref, "metadata", metadata) != 0) {
        json_decref(ref);
        ref = NULL;
        (void) nt_arg_nomem(call);
    }

    json_decref(metadata);
    return ref;
}


/* --- refs --- */

static json_t *
make_ref(const char *type, nt_buf_t *uri, const char *asset_id)
{
    json_t *ref = NULL;

    if (!uri->failed) {
        ref = json_pack("{s:s, s:s%, s:s?, s:n, s:n}", "type", type, "uri",
                        uri->data, uri->len, "asset_id", asset_id, "data",
                        "metadata");
    }

    nt_buf_free(uri);
    return ref;
}


json_t *
nt_media_file_ref(const char *type, const char *path)
{
    nt_buf_t uri = { 0 };

    nt_uri_file(&uri, nt_str(path + strspn(path, "/")));
    return make_ref(type, &uri, NULL);
}


json_t *
nt_media_asset_ref(const char *type, const char *key)
{
    nt_buf_t uri = { 0 };

    nt_uri_asset(&uri, NT_STR(""), nt_str(key));
    return make_ref(type, &uri, key);
}


nt_node_rc_t
nt_media_emit_saved(nt_node_call_t *call, const char *type, const char *path,
                    json_t *ref)
{
    const char *name = strrchr(path, '/');

    if (ref != NULL) {
        nt_call_event(call, "save_update",
                      json_pack("{s:s, s:O, s:s, s:{}}", "name",
                                name != NULL ? name + 1 : path, "value", ref,
                                "output_type", type, "metadata"));
    }

    return nt_emit(call, ref);
}


/* --- names --- */

bool
nt_media_path(nt_node_call_t *call, nt_buf_t *path, const char *folder,
              const char *name)
{
    nt_str_t pattern;

    if (!nt_arg_name(call, name, &pattern)) {
        return false;
    }

    nt_timename_path(path, nt_str(folder), pattern);

    if (path->failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


const char *
nt_media_asset_folder(nt_node_call_t *call)
{
    const char *folder;

    folder = json_string_value(
        json_object_get(nt_call_input(call, "folder"), "asset_id"));

    return folder != NULL ? folder : "";
}


bool
nt_media_has_extension(const char *name, const char *const *extensions)
{
    nt_str_t root, extension;

    nt_path_splitext(nt_str(name), &root, &extension);

    for (/* void */; *extensions != NULL; extensions++) {
        if (strlen(*extensions) == extension.len && extension.len > 0 &&
            strncasecmp(*extensions, extension.data, extension.len) == 0)
        {
            return true;
        }
    }

    return false;
}


/* --- nodes that load --- */

nt_node_rc_t
nt_media_run_assets(nt_node_call_t *call, bool (*wanted)(const char *key),
                    nt_node_rc_t (*send)(nt_node_call_t *call, const char *key))
{
    const char             *folder = nt_media_asset_folder(call);
    const nt_asset_folder_t how = { wanted, send };

    if (*folder == '\0') {
        return nt_call_fail(call, "'folder' must be a folder of the assets: "
                                  "its asset_id is empty");
    }

    return nt_asset_folder_run(call, folder, &how);
}


nt_node_rc_t
nt_media_send_asset(nt_node_call_t *call, const char *type, const char *key)
{
    const char *name = strrchr(key, '/');

    if (nt_call_emit(call, type, nt_media_asset_ref(type, key)) != NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "name",
                        json_string(name != NULL ? name + 1 : key));
}


nt_node_rc_t
nt_media_load_file(nt_node_call_t *call, const char *type)
{
    nt_str_t       path;
    nt_file_info_t info;

    if (!nt_arg_name(call, "path", &path) ||
        !nt_call_stat(call, path.data, &info)) {
        return NT_NODE_FAIL;
    }

    if (info.kind != NT_FILE_REGULAR) {
        return nt_call_fail(call, "file \"%s\" %s", path.data,
                            info.kind == NT_FILE_NONE ? "does not exist"
                                                      : "is no file");
    }

    return nt_emit(call, nt_media_file_ref(type, path.data));
}
