/*
 * core/nt_key.h - storage keys: nested paths such as "a/b/c.png".
 */

#ifndef NT_KEY_H
#define NT_KEY_H

#include "core/nt_base.h"

#define NT_KEY_MAX         1024 /* bytes of a key */
#define NT_KEY_SEGMENT_MAX 255  /* bytes of one path segment, as NAME_MAX */

NT_BEGIN_DECLS

/*
 * Checks a key after percent-decoding.  NULL when it is good, else what is
 * wrong with it, a sentence for the caller (static): empty key, leading or
 * trailing slash, empty segment, "." or "..", NUL and other control
 * characters, backslash, too long, invalid UTF-8.
 */
const char *nt_key_check(nt_str_t key);

NT_END_DECLS

#endif
