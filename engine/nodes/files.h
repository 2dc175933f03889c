/*
 * engine/nodes/files.h - files of the workspace, as several nodes use them:
 * on the pool.  All fail the node with a sentence that names the file.
 */

#ifndef NT_FILES_H
#define NT_FILES_H

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"

#define NT_FILE_MAX ((size_t) 256 * 1024 * 1024) /* bytes to read at once */

/* nt_call_stat of what has to be there. */
bool nt_files_stat(nt_node_call_t *call, const char *path,
                   nt_file_info_t *info);

/* Appends the bytes of a file. */
bool nt_files_read(nt_node_call_t *call, const char *path, nt_buf_t *out);

/* Writes what is open as `path`, and closes it. */
bool nt_files_write(nt_node_call_t *call, int fd, const char *path,
                    nt_str_t data);

/* shutil.copy2 of a file; shutil.copytree of a folder, without the symbolic
 * links in it. */
bool nt_files_copy(nt_node_call_t *call, const char *from, const char *to);

/* shutil.move */
bool nt_files_move(nt_node_call_t *call, const char *from, const char *to);

/* glob.glob(folder + "/" + pattern), if `recursive` with "**" between them,
 * as a list of strings; each folder's are sorted, and "**" goes through no
 * symbolic link.  A folder that is not there has no files; that is logged.
 * New reference; NULL after nt_call_fail. */
json_t *nt_files_glob(nt_node_call_t *call, nt_str_t folder, nt_str_t pattern,
                      bool recursive);

/* A streaming node's run: sends the strings of the list that `make` returns
 * (a new reference; NULL after nt_call_fail), one a call, out of the output
 * `name`. */
nt_node_rc_t nt_files_stream(nt_node_call_t *call, const char *name,
                             json_t *(*make)(nt_node_call_t *call));

/* Tells (save_update) that `value`, a value of that type, was saved as the
 * last part of `path`. */
void nt_files_saved(nt_node_call_t *call, const char *path, json_t *value,
                    const char *type);

#endif
