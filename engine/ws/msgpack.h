/*
 * engine/ws/msgpack.h - MessagePack and jansson's values.
 *
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * Media: MessagePack has bytes, JSON has not.  A media ref with a base64 data:
 * URI goes out with its bytes in `data` and an empty `uri`, as NodeTool's
 * clients read it.  Bytes that come become a data: URI: in `uri` where they
 * are the `data` of a ref (an object with a `type`) that has no uri, else in
 * their own place.
 */

#ifndef NT_MSGPACK_H
#define NT_MSGPACK_H

#include <jansson.h>

#include "core/nt_buf.h"

#define NT_MSGPACK_DEPTH 128 /* arrays and maps within each other */

/* Appends `value`.  False when memory is out, and for NULL: then `out` is as
 * it was, or has failed. */
bool nt_msgpack_append(nt_buf_t *out, const json_t *value);

/*
 * Parses one value that takes all of the bytes.  Integers above INT64_MAX
 * become reals, timestamps ISO 8601 texts in UTC, type 0 of JavaScript's
 * packers ("undefined") null.  NULL, with a sentence in `error` if that is
 * not NULL: malformed, too deep, too many values (NT_JSON_VALUES), a key that
 * is no string, a text with a NUL or that is not UTF-8, an unknown extension
 * type, a number that JSON does not have, or no memory.
 */
json_t *nt_msgpack_parse(const char *data, size_t len, nt_buf_t *error);

#endif
