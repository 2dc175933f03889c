/*
 * engine/assets/beneath.h - files under a folder, and nothing outside it.
 *
 * Paths are relative to the descriptor of a folder; neither ".." nor a
 * symbolic link leads out of it: the kernel sees to that (openat2 with
 * RESOLVE_BENEATH).  Where the kernel has no openat2, symbolic links are not
 * followed at all.  Blocking: for the thread pool.
 */

#ifndef NT_BENEATH_H
#define NT_BENEATH_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

/* As openat, close-on-exec; -1 with errno, EXDEV or ELOOP when the path
 * leads out. */
int nt_beneath_open(int folder, const char *path, int flags, mode_t mode);

/* Makes the folders that a path goes through, not its last part; 0 or -1
 * with errno. */
int nt_beneath_make_folders(int folder, const char *path);

/* As root, gives what was made in `folder` to the owner of `folder`: the
 * programs of that user may have to work with it.  It is `name` under `at`, or
 * `at` itself if `name` is "".  Where root may not do so, it stays root's. */
void nt_beneath_give(int folder, int at, const char *name);

/* Opens the folder that the last part of `path` is in; `*name` points at
 * that part. -1 with errno. */
int nt_beneath_open_parent(int folder, const char *path, const char **name);

/* --- beneath_entry.c: 0, or -1 with errno --- */

/* statx(2) of what a path leads to; of the last part itself, if that is a
 * symbolic link and `follow` is false. */
int nt_beneath_stat(int folder, const char *path, bool follow,
                    struct statx *info);

/* Makes a folder and those above it.  One that is there already is EEXIST if
 * `exclusive`, else good. */
int nt_beneath_make_folder(int folder, const char *path, bool exclusive);

/* rename(2).  EBUSY for a path whose last part is no name, such as ".". */
int nt_beneath_rename(int folder, const char *from, const char *to);

/* Removes a file or, if `recursive`, a folder with all in it; a folder is
 * EISDIR otherwise.  EBUSY as above, EMLINK for folders nested too deep. */
int nt_beneath_remove(int folder, const char *path, bool recursive);

#endif
