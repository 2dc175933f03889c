/*
 * cli/folder.h - folders, made when they are not there.
 */

#ifndef NT_CLI_FOLDER_H
#define NT_CLI_FOLDER_H

#include <stdbool.h>

/* Makes a folder, its parents included, with mode 0700.  *made, if not NULL,
 * says whether it was not there. False: said on stderr. */
bool nt_folder_make(const char *path, bool *made);

/* Makes and opens HOME/NAME. A descriptor, -1: said on stderr. */
int nt_folder_open(const char *home, const char *name);

#endif
