/*
 * t/core/tap.h - test programs that speak TAP.
 *
 *   int main(void) { ok(1 + 1 == 2, "sum of %d and %d", 1, 1);
 *                    return done(); }
 */

#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nt_base.h"

static int tap_run, tap_failed;

/* Tells of a failure; lines of the text need no # of their own. */
static inline void __attribute__((format(printf, 1, 2)))
diag(const char *format, ...)
{
    va_list args;

    fputs("# ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static inline bool __attribute__((format(printf, 2, 3)))
ok(bool good, const char *format, ...)
{
    va_list args;

    printf("%sok %d - ", good ? "" : "not ", ++tap_run);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);

    if (!good) {
        tap_failed++;
    }

    return good;
}

static inline bool
is_int(long long got, long long want, const char *name)
{
    if (got != want) {
        diag("%s: got %lld, want %lld", name, got, want);
    }

    return ok(got == want, "%s", name);
}

static inline bool
is_str(nt_str_t got, const char *want, const char *name)
{
    bool same = nt_str_eq(got, nt_str(want));

    if (!same) {
        diag("%s: got \"%.*s\", want \"%s\"", name, (int) got.len, got.data,
             want);
    }

    return ok(same, "%s", name);
}

static inline int
done(void)
{
    printf("1..%d\n", tap_run);

    return tap_failed == 0 ? 0 : 1;
}

#endif
