/*
 * engine/json.h - JSON text and jansson's values.
 */

#ifndef NT_JSON_H
#define NT_JSON_H

#include "core/llm/nt_json_write.h"

/* The values of a document at most, an array or object counted as
 * NT_JSON_CONTAINER: they take half a GiB at worst.  An empty object is one byte
 * of MessagePack, and takes 240 of memory. */
#define NT_JSON_VALUES    (4 << 20)
#define NT_JSON_CONTAINER 4

/* Parses a whole document.  NULL with a sentence for the caller in `error`
 * that says what is wrong, and at which line and column. */
json_t *nt_json_parse(const char *text, size_t len, nt_buf_t *error);

/* A time, in milliseconds since the epoch, as "2026-11-24T08:00:00.123Z";
 * the same of now; and a new random id.  New references; NULL when memory is
 * out. */
json_t *nt_json_time(int64_t msec);
json_t *nt_json_now(void);
json_t *nt_json_id(void);

/* A string as it is, another value as JSON. */
void nt_json_append_text(nt_buf_t *out, const json_t *value);

#endif
