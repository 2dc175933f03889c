/*
 * engine/nodes/media.h - refs of audio and video, as nodes take and give them.
 */

#ifndef NT_MEDIA_H
#define NT_MEDIA_H

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/media_ref.h"

#define NT_PROP_RANGE(property, type_name, json, least, most, text)            \
    {                                                                          \
        .name = property, .type = type_name, .default_json = json,             \
        .min = least, .max = most, .description = text                         \
    }

/* Bounds of properties. */
extern const double nt_media_zero, nt_media_one, nt_media_two, nt_media_three,
    nt_media_twenty;

extern const nt_output_t nt_media_out_audio[]; /* "output" */
extern const nt_output_t nt_media_out_video[];

/* Stores bytes among the assets, under a name that they give, so that equal
 * ones are there once; `metadata` is taken over.  Their ref; NULL after
 * nt_call_fail. */
json_t *nt_media_store(nt_node_call_t *call, const char *type,
                       const char *extension, const void *data, size_t len,
                       json_t *metadata);

/* Tells that a ref was saved under a name, and emits it (taken over). */
nt_node_rc_t nt_media_emit_saved(nt_node_call_t *call, const char *type,
                                 const char *path, json_t *ref);

/* FOLDER/NAME with the time filled in and a NUL behind it.  False after
 * nt_call_fail. */
bool nt_media_path(nt_node_call_t *call, nt_buf_t *path, const char *folder,
                   const char *name);

/* The folder among the assets that the property "folder" stands for; "" for
 * none. */
const char *nt_media_asset_folder(nt_node_call_t *call);

#endif
