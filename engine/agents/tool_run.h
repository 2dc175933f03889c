/*
 * engine/agents/tool_run.h - what built-in tools do; as nt_tool_t.run.
 */

#ifndef NT_TOOL_RUN_H
#define NT_TOOL_RUN_H

#include "engine/agents/tool.h"

/* On files of the workspace.  An `arg` that is not NULL means Claude Code's
 * parameters: {"file_path"} for {"path"}, {"offset", "limit"} for lines. */
json_t *nt_tool_read_file(nt_node_call_t *call, const void *arg,
                          const json_t *args, nt_buf_t *error);
json_t *nt_tool_write_file(nt_node_call_t *call, const void *arg,
                           const json_t *args, nt_buf_t *error);
json_t *nt_tool_list_folder(nt_node_call_t *call, const void *arg,
                            const json_t *args, nt_buf_t *error);

/* {"file_path", "old_string", "new_string"}; {"pattern"} */
json_t *nt_tool_edit_file(nt_node_call_t *call, const void *arg,
                          const json_t *args, nt_buf_t *error);
json_t *nt_tool_glob(nt_node_call_t *call, const void *arg, const json_t *args,
                     nt_buf_t *error);

/* A page of the web, {"url"}; a search of it, {"query"}. */
json_t *nt_tool_browse(nt_node_call_t *call, const void *arg,
                       const json_t *args, nt_buf_t *error);
json_t *nt_tool_search(nt_node_call_t *call, const void *arg,
                       const json_t *args, nt_buf_t *error);

/* {"command"} in a sandbox, whose folder is the workspace.  False when the
 * operator does not let agents run programs. */
bool    nt_tool_bash_allowed(const nt_node_call_t *call);
json_t *nt_tool_bash(nt_node_call_t *call, const void *arg, const json_t *args,
                     nt_buf_t *error);

#endif
