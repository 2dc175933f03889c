/*
 * core/nt_glob.h - patterns in which * stands for any characters.
 */

#ifndef NT_GLOB_H
#define NT_GLOB_H

#include "core/nt_base.h"

NT_BEGIN_DECLS

bool nt_glob_match(nt_str_t pattern, nt_str_t text);

/* Whether one of the patterns of a list does, which are separated by commas
 * or spaces. */
bool nt_glob_among(nt_str_t patterns, nt_str_t text);

NT_END_DECLS

#endif
