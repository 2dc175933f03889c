/*
 * engine/workflows/file.h - files that are replaced whole or not at all.
 */

#ifndef NT_WORKFLOW_FILE_H
#define NT_WORKFLOW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "core/nt_buf.h"

/* Reads a regular file of at most `max` bytes into `content` and its status
 * into *st.  0 or an errno value (EFBIG: longer than `max`). */
int nt_file_read(int dir, const char *name, size_t max, nt_buf_t *content,
                 struct stat *st);

/* Writes a temporary file in `dir`, syncs it, renames it to `name` and syncs
 * the folder, so that after a crash either the old file is there or the new
 * one.  Blocks; any thread may call it.  0 or an errno value. */
int nt_file_replace(int dir, const char *name, const char *data, size_t len);

/* Whether a file is the one that was read: by inode, size and time. */
bool nt_file_same(const struct stat *a, const struct stat *b);

/* Removes temporary files that a crash has left. */
void nt_file_sweep(int dir);

#endif
