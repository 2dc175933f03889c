/*
 * engine/nodes/workspace.h - what the files of nodetool.workspace.* share.
 */

#ifndef NT_WORKSPACE_H
#define NT_WORKSPACE_H

#include "engine/nodes/args.h"

/* A property that is a path of the workspace: not empty, not absolute,
 * without ".."; ended by a NUL.  False after nt_call_fail. */
bool nt_workspace_path(nt_node_call_t *call, const char *name, nt_str_t *path);

/* The same, and what is there: a file or folder that is not there fails the
 * node. */
bool nt_workspace_stat(nt_node_call_t *call, const char *name, nt_str_t *path,
                       nt_file_info_t *info);

extern const nt_output_t nt_out_none[];

/* workspace_files.c */
extern const nt_node_type_t nt_workspace_read_text, nt_workspace_write_text,
    nt_workspace_read_binary, nt_workspace_write_binary, nt_workspace_delete,
    nt_workspace_create, nt_workspace_copy, nt_workspace_move;

/* workspace_save.c */
extern const nt_node_type_t nt_workspace_save_image, nt_workspace_save_video;

#endif
