/*
 * engine/nodes/os.h - what the files of lib.os.* share.
 */

#ifndef NT_OS_H
#define NT_OS_H

#include "engine/nodes/args.h"

/* A property that is a path, not empty, with "~" expanded; ended by a NUL
 * that is not counted.  False after nt_call_fail, and *path is freed. */
bool nt_os_path(nt_node_call_t *call, const char *name, nt_buf_t *path);

extern const nt_property_t nt_os_path_properties[]; /* path */

/* os_files.c */
extern const nt_node_type_t nt_os_exists, nt_os_is_file, nt_os_is_directory,
    nt_os_size, nt_os_created, nt_os_modified, nt_os_accessed, nt_os_info;

/* os_change.c */
extern const nt_node_type_t nt_os_list, nt_os_copy, nt_os_move, nt_os_create,
    nt_os_open_workspace, nt_os_notify;

/* os_names.c */
extern const nt_node_type_t nt_os_match, nt_os_filter;

#endif
