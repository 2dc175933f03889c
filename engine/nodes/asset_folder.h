/*
 * engine/nodes/asset_folder.h - nodes that send the assets of a folder one by
 * one: on the pool.
 */

#ifndef NT_ASSET_FOLDER_H
#define NT_ASSET_FOLDER_H

#include "engine/nodetool_node.h"

typedef struct {
    bool (*wanted)(const char *key);
    /* Emits what is in an asset; NT_NODE_DONE or NT_NODE_FAIL. */
    nt_node_rc_t (*send)(nt_node_call_t *call, const char *key);
} nt_asset_folder_t;

/* A streaming node's run: one wanted asset of `folder` a call, in the order of
 * their keys. */
nt_node_rc_t nt_asset_folder_run(nt_node_call_t *call, const char *folder,
                                 const nt_asset_folder_t *how);

#endif
