/*
 * engine/process/argv.h - the arguments of a program, put together.
 *
 * As with nt_buf_t, a failed allocation makes all that follows do nothing;
 * nt_argv_get says so at the end.  A zeroed nt_argv_t is an empty list.
 */

#ifndef NT_ARGV_H
#define NT_ARGV_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char **items; /* owned, as its strings; ended by NULL */
    size_t n;
    size_t cap;
    bool   failed;
} nt_argv_t;

void nt_argv_add(nt_argv_t *argv, const char *text); /* copies it */
void nt_argv_addf(nt_argv_t *argv, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Several at once. */
#define nt_argv_list(argv, ...)                                                \
    nt_argv_all(argv, (const char *const[]) { __VA_ARGS__, NULL })
void nt_argv_all(nt_argv_t *argv, const char *const *texts);

/* The arguments so far, ended by NULL; NULL when memory was out. */
const char *const *nt_argv_get(const nt_argv_t *argv);
void               nt_argv_free(nt_argv_t *argv);

#endif
