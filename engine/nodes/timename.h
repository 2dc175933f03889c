/*
 * engine/nodes/timename.h - file names made of the time.
 */

#ifndef NT_TIMENAME_H
#define NT_TIMENAME_H

#include "core/nt_buf.h"

/* Appends `pattern` with the codes of strftime(3) (%Y-%m-%d ...) replaced by
 * the local time; what is no code of it stays as it is. */
void nt_timename(nt_buf_t *out, nt_str_t pattern);

/* Appends folder/name of such a name, ended by a NUL; an empty folder stands
 * for the root. */
void nt_timename_path(nt_buf_t *out, nt_str_t folder, nt_str_t pattern);

#endif
