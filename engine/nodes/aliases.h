/*
 * engine/nodes/aliases.h - names that node types had in earlier versions of
 * NodeTool.
 */

#ifndef NT_ALIASES_H
#define NT_ALIASES_H

/* Today's name, NULL when there is none. Lives as long as `name`. */
const char *nt_alias_find(const char *name);

#endif
