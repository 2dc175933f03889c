/*
 * engine/nodes/pathname.h - Python's os.path over paths of the workspace:
 * its root is "/", which is the working directory and the home folder, too.
 *
 * Nothing here looks at files.  What appends marks the buffer failed when
 * memory is out.
 */

#ifndef NT_PATHNAME_H
#define NT_PATHNAME_H

#include "core/nt_buf.h"

/* Appends os.path.expanduser(path): "~" and "~/x" only. */
void nt_path_expand(nt_buf_t *out, nt_str_t path);

/* Makes the buffer os.path.join(buffer, part). */
void nt_path_join(nt_buf_t *out, nt_str_t part);

/* os.path.split(path); parts of `path`. */
void nt_path_split(nt_str_t path, nt_str_t *folder, nt_str_t *name);

/* os.path.splitext(path); `extension` has its dot. */
void nt_path_splitext(nt_str_t path, nt_str_t *root, nt_str_t *extension);

/* Append os.path.normpath(path), abspath(path), relpath(path, start). */
void nt_path_normalize(nt_buf_t *out, nt_str_t path);
void nt_path_absolute(nt_buf_t *out, nt_str_t path);
void nt_path_relative(nt_buf_t *out, nt_str_t path, nt_str_t start);

/* The next part of a path, moving *path behind it and its slash; false at
 * the end.  Parts may be empty. */
bool nt_path_next(nt_str_t *path, nt_str_t *part);

/* Is one of its parts ".."? */
bool nt_path_goes_up(nt_str_t path);

#endif
