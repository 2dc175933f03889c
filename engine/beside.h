/*
 * engine/beside.h - folders that are installed with the program.
 */

#ifndef NT_BESIDE_H
#define NT_BESIDE_H

/* The first of `places` that is there, from the running program's folder on
 * ("packs", "../lib/nodetool/packs"); ended by NULL.  malloc'ed; NULL when
 * none is. */
char *nt_folder_beside(const char *const *places);

#endif
