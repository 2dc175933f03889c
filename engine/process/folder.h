/*
 * engine/process/folder.h - temporary folders for programs.
 */

#ifndef NT_PROCESS_FOLDER_H
#define NT_PROCESS_FOLDER_H

#include <uv.h>

typedef struct nt_process_folder nt_process_folder_t;

/* Makes a folder under TMPDIR, for nobody else; NULL with errno. */
nt_process_folder_t *nt_process_folder_new(uv_loop_t *loop);

/* Absolute; without a slash at its end. */
const char *nt_process_folder_path(const nt_process_folder_t *folder);

/* Removes it with all that is in it, on the thread pool; what uses it must
 * have ended.  On the loop's thread.  NULL is fine. */
void nt_process_folder_free(nt_process_folder_t *folder);

#endif
