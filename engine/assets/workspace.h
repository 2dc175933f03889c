/*
 * engine/assets/workspace.h - where a workflow's workspace is.
 */

#ifndef NT_WORKSPACE_NAME_H
#define NT_WORKSPACE_NAME_H

#include "core/nt_buf.h"

/* Appends a name as one part of a path: what is not A-Z a-z 0-9 . _ - @, and a
 * dot at the start, is percent-encoded; an empty one is "_". */
void nt_path_part(nt_buf_t *out, nt_str_t name);

/* Appends USER/WORKFLOW, each as one part, and a NUL: the folder, beneath that
 * of all workspaces, which the runs of a workflow by a user share. */
void nt_workspace_name(nt_buf_t *out, nt_str_t user, nt_str_t workflow_id);

#endif
