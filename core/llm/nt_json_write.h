/*
 * core/llm/nt_json_write.h - JSON text from jansson's values.
 *
 * Unlike json_dumps of jansson 2.14, numbers come out as short as they can
 * be read back (0.1, not 0.10000000000000001), and the text goes straight
 * into a buffer.
 */

#ifndef NT_JSON_WRITE_H
#define NT_JSON_WRITE_H

#include <jansson.h>

#include "core/nt_buf.h"

NT_BEGIN_DECLS

/* Appends `value` in compact form, members in their order, on one line.
 * NULL is null.  Values that contain themselves must not be given. */
void nt_json_append(nt_buf_t *buf, const json_t *value);

/* The same for people and files: indented by two spaces. */
void nt_json_append_pretty(nt_buf_t *buf, const json_t *value);

/* malloc'ed, NUL-terminated compact text; NULL when memory is out. */
char *nt_json_text(const json_t *value);

NT_END_DECLS

#endif
