/*
 * engine/nodes/yaml.h - YAML 1.2 from JSON values, in block style.
 */

#ifndef NT_YAML_H
#define NT_YAML_H

#include <jansson.h>

#include "core/nt_buf.h"

/* Appends a document that every YAML reader, of version 1.1 too, reads back
 * as the same value.  Members of objects are sorted by name. */
void nt_yaml(nt_buf_t *out, const json_t *value);

#endif
