/*
 * engine/json_read.h - what nt_json_parse (engine/json.h) tries first.
 */

#ifndef NT_JSON_READ_H
#define NT_JSON_READ_H

#include <jansson.h>

/* NULL when jansson should be asked: the text is no JSON or somehow unusual,
 * or memory is out.  Of members with the same name the last one counts. */
json_t *nt_json_read(const char *text, size_t len);

#endif
