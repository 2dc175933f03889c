/*
 * core/nt_base.h - what every file of core starts from.
 *
 * core is pure C: bytes in, bytes out, no I/O, no mutable globals, and
 * neither nginx nor libuv.  The nginx modules and the engine share it.
 *
 * Each nginx module links its own copy of core, and nginx loads modules with
 * RTLD_GLOBAL; hidden visibility keeps one copy from seeing the other.
 */

#ifndef NT_BASE_H
#define NT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NT_BEGIN_DECLS _Pragma("GCC visibility push(hidden)")
#define NT_END_DECLS   _Pragma("GCC visibility pop")

/* Return codes of functions that can fail. */
typedef enum {
    NT_OK = 0,
    NT_ERROR = -1, /* the input is wrong; the callee's object says how */
    NT_NOMEM = -2, /* an allocation failed; the object is unusable */
    NT_AGAIN = -3, /* all input was taken, more is needed */
    NT_LIMIT = -4  /* the input is longer than the limit that was set */
} nt_rc_t;

/* A borrowed run of bytes, not NUL-terminated. */
typedef struct {
    const char *data;
    size_t      len;
} nt_str_t;

#define NT_STR(literal) ((nt_str_t) { (literal), sizeof(literal) - 1 })

static inline nt_str_t
nt_str(const char *text)
{
    return (nt_str_t) { text, strlen(text) };
}

static inline bool
nt_str_eq(nt_str_t a, nt_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Takes the next line off a text that is not empty; without its newline,
 * which the last one need not have. */
static inline nt_str_t
nt_str_line(nt_str_t *text)
{
    nt_str_t    line = *text;
    const char *end = (const char *) memchr(text->data, '\n', text->len);
    size_t      taken = text->len;

    if (end != NULL) {
        line.len = (size_t) (end - text->data);
        taken = line.len + 1;
    }

    text->data += taken;
    text->len -= taken;

    return line;
}

#endif
