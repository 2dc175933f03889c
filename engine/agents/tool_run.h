/*
 * engine/agents/tools_files.h - tools on files of the workspace; as
 * nt_tool_t.run.  An `arg` that is not NULL means Claude Code's parameters,
 * {"file_path"} for {"path"} and {"offset", "limit"} for lines.
 */

#ifndef NT_TOOLS_FILES_H
#define NT_TOOLS_FILES_H

#include "engine/agents/tool.h"

json_t *nt_tool_read_file(nt_node_call_t *call, const void *arg,
                          const json_t *args, nt_buf_t *error);
json_t *nt_tool_write_file(nt_node_call_t *call, const void *arg,
                           const json_t *args, nt_buf_t *error);
json_t *nt_tool_list_folder(nt_node_call_t *call, const void *arg,
                            const json_t *args, nt_buf_t *error);

/* Claude Code's only. */
json_t *nt_tool_edit_file(nt_node_call_t *call, const void *arg,
                          const json_t *args, nt_buf_t *error);
json_t *nt_tool_glob(nt_node_call_t *call, const void *arg, const json_t *args,
                     nt_buf_t *error);

#endif
