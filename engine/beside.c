#include "engine/beside.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


char *
nt_folder_beside(const char *const *places)
{
    char    program[PATH_MAX], *slash, *path;
    ssize_t n;

    n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (n == -1) {
        return NULL;
    }

    program[n] = '\0';
    slash = strrchr(program, '/');
    if (slash == NULL) {
        return NULL;
    }

    for (/* void */; *places != NULL; places++) {
        if (asprintf(&path, "%.*s/%s", (int) (slash - program), program,
                     *places) == -1) {
            return NULL;
        }

        if (access(path, R_OK | X_OK) == 0) {
            return path;
        }

        free(path);
    }

    return NULL;
}
