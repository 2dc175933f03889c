#include "cli/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"


bool
nt_folder_make(const char *path, bool *made)
{
    bool  ok = true;
    char *copy = nt_cli_strdup(path);

    for (char *p = strchr(copy + 1, '/'); ok && p != NULL;
         p = strchr(p + 1, '/')) {
        *p = '\0';
        ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
        *p = '/';
    }

    if (ok) {
        ok = mkdir(copy, 0700) == 0;
        if (made != NULL) {
            *made = ok;
        }

        ok = ok || errno == EEXIST;
    }

    if (!ok) {
        nt_cli_say("%s: %s", path, strerror(errno));
    }

    free(copy);

    return ok;
}


int
nt_folder_open(const char *home, const char *name)
{
    int   fd = -1;
    char *path = nt_cli_printf("%s/%s", home, name);

    if (nt_folder_make(path, NULL)) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd == -1) {
            nt_cli_say("%s: %s", path, strerror(errno));
        }
    }

    free(path);

    return fd;
}
