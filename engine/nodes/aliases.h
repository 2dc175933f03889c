/*
 * engine/nodes/aliases.h - names that node types had in earlier versions of
 * NodeTool.
 */

#ifndef NT_ALIASES_H
#define NT_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

/* Writes today's name to `now`, NUL-terminated; false when `name` has had no
 * other, or one too long for `size`. */
bool nt_alias_find(const char *name, char *now, size_t size);

#endif
