/*
 * engine/nodes/wildcard.h - Python's fnmatch over UTF-8: "*", "?", "[a-z]",
 * "[!a-z]".  A slash is a character like others; nothing escapes.
 */

#ifndef NT_WILDCARD_H
#define NT_WILDCARD_H

#include "core/nt_buf.h"

/* Longer patterns and names are not file names; their product bounds the
 * time. */
#define NT_WILDCARD_MAX 4096

/* Both valid UTF-8. */
bool nt_wildcard_match(nt_str_t pattern, nt_str_t name);

#endif
