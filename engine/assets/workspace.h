/*
 * engine/assets/workspace.h - where a workflow's workspace is.
 */

#ifndef NT_WORKSPACE_NAME_H
#define NT_WORKSPACE_NAME_H

#include "core/nt_buf.h"

/* Appends USER/WORKFLOW and a NUL: the folder, beneath that of all
 * workspaces, which the runs of a workflow by a user share.  Each is one
 * part of a path: what is not A-Z a-z 0-9 . _ - @, and a dot at the start, is
 * percent-encoded; an empty one is "_". */
void nt_workspace_name(nt_buf_t *out, nt_str_t user, nt_str_t workflow_id);

#endif
