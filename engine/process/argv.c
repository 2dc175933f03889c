#include "engine/process/argv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* Takes `text` over. */
static void
append(nt_argv_t *argv, char *text)
{
    char **items;
    size_t cap;

    if (text == NULL || argv->failed) {
        argv->failed = true;
        free(text);
        return;
    }

    if (argv->n + 1 >= argv->cap) {
        cap = argv->cap > 0 ? 2 * argv->cap : 32;
        items = realloc(argv->items, cap * sizeof(*items));

        if (items == NULL) {
            argv->failed = true;
            free(text);
            return;
        }

        argv->items = items;
        argv->cap = cap;
    }

    argv->items[argv->n++] = text;
    argv->items[argv->n] = NULL;
}


void
nt_argv_add(nt_argv_t *argv, const char *text)
{
    append(argv, strdup(text));
}


void
nt_argv_addf(nt_argv_t *argv, const char *format, ...)
{
    char   *text;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);

    append(argv, text);
}


void
nt_argv_all(nt_argv_t *argv, const char *const *texts)
{
    for (/* void */; *texts != NULL; texts++) {
        nt_argv_add(argv, *texts);
    }
}


const char *const *
nt_argv_get(const nt_argv_t *argv)
{
    return argv->failed ? NULL : (const char *const *) argv->items;
}


void
nt_argv_free(nt_argv_t *argv)
{
    size_t i;

    for (i = 0; i < argv->n; i++) {
        free(argv->items[i]);
    }

    free(argv->items);
    *argv = (nt_argv_t) { 0 };
}
