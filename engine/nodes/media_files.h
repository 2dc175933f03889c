/*
 * engine/nodes/media_files.h - nodes that load images, sounds and videos as
 * refs, unread: of the workspace, of a folder of it, of a folder of the
 * assets.
 *
 * All run with NT_NODE_THREAD.
 */

#ifndef NT_MEDIA_FILES_H
#define NT_MEDIA_FILES_H

#include "engine/nodetool_node.h"

/* A new ref of `type` ("image") to a file of the workspace; NULL when memory
 * is out. */
json_t *nt_media_file_ref(const char *type, const char *path);

/* Emits "output": the file in the property "path". */
nt_node_rc_t nt_media_load_file(nt_node_call_t *call, const char *type);

/* A streaming node's run: of the properties "folder" of the workspace,
 * "include_subdirectories", "extensions" and, if there is one, "pattern" (of
 * whole paths).  Emits the refs as `type`, and "path". */
nt_node_rc_t nt_media_load_folder(nt_node_call_t *call, const char *type);

/* The same with the property "folder" of the assets; emits "name". The names
 * end with one of `extensions`, ended by NULL. */
nt_node_rc_t nt_media_load_assets(nt_node_call_t *call, const char *type,
                                  const char *const *extensions);

#endif
