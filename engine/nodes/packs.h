/*
 * engine/nodes/packs.h - node types that need heavy libraries.
 *
 * A pack is a shared object NAME.so, a node library as nodetool_node.h has it,
 * that a server may lack.  The table knows which types are in which, and what
 * to install for them.
 */

#ifndef NT_PACKS_H
#define NT_PACKS_H

#include <stddef.h>

typedef struct {
    const char        *name;
    const char        *run;      /* Debian's packages that it runs with, ... */
    const char        *build;    /* ... and is built with */
    const char *const *prefixes; /* of its node types; ended by NULL */
} nt_pack_t;

extern const nt_pack_t nt_packs[];
extern const size_t    nt_packs_count;

/* The place in nt_packs of the pack that has types of this prefix;
 * nt_packs_count when none has. */
size_t nt_pack_of(const char *type);

/* The folder of packs that goes with the running program: packs/ beside it
 * (in a build folder), else ../lib/nodetool/packs.  malloc'ed; NULL when
 * there is none. */
char *nt_packs_folder(void);

#endif
