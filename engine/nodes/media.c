/*
 * engine/nodes/media.c - refs of audio and video, as nodes take and give
 * them.
 */

#include "engine/nodes/media.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "engine/nodes/timename.h"


#define HASH_LEN 16 /* bytes of the SHA-256 in a name */

const double nt_media_zero = 0, nt_media_one = 1, nt_media_two = 2,
             nt_media_three = 3, nt_media_twenty = 20;

const nt_output_t nt_media_out_audio[] = { { "output", "audio" },
                                           { NULL, NULL } };
const nt_output_t nt_media_out_video[] = { { "output", "video" },
                                           { NULL, NULL } };


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
