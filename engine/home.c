/*
 * engine/home.c - what the engine has from files: nodes, and the home with
 * its workflows, examples, settings and assets.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/beside.h"
#include "engine/engine.h"
#include "engine/log.h"
#include "engine/nodes/packs.h"


static void
log_library(const char *message)
{
    nt_log(NT_LOG_ERROR, "%s", message);
}


bool
nt_engine_open_registry(nt_engine_t *engine)
{
    int         n;
    bool        ok;
    char       *packs;
    const char *folder = engine->options.nodes;

    engine->registry = nt_registry_new();
    packs = nt_packs_folder();
    ok = engine->registry != NULL &&
         nt_registry_packs(engine->registry, packs, log_library);
    free(packs);
    if (!ok) {
        nt_log(NT_LOG_ERROR, "nodes: out of memory");
        return false;
    }

    if (folder == NULL) {
        return true;
    }

    n = nt_registry_load(engine->registry, folder, log_library);
    if (n < 0) {
        nt_log(NT_LOG_ERROR, "nodes: the folder %s cannot be read", folder);
        return false;
    }

    nt_log(NT_LOG_INFO, "nodes: %d libraries loaded from %s", n, folder);

    return true;
}


/* Makes the folders of `path` that are missing, below HOME. A descriptor of
 * the last one, -1 on failure. */
static int
open_folder(const char *home, const char *path)
{
    int   fd;
    char *full, *p;

    if (asprintf(&full, "%s/%s", home, path) == -1) {
        nt_log(NT_LOG_ERROR, "out of memory");
        return -1;
    }

    for (p = strchr(full + 1, '/'); /* void */; p = strchr(p + 1, '/')) {
        if (p != NULL) {
            *p = '\0';
        }

        if (mkdir(full, 0777) == -1 && errno != EEXIST) {
            nt_log(NT_LOG_ERROR, "cannot make the folder %s: %s", full,
                   strerror(errno));
            free(full);
            return -1;
        }

        if (p == NULL) {
            break;
        }

        *p = '/';
    }

    fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        nt_log(NT_LOG_ERROR, "cannot open the folder %s: %s", full,
               strerror(errno));
    }

    free(full);

    return fd;
}


/* The examples of the option, else those installed beside the engine. */
static bool
open_examples(nt_engine_t *engine)
{
    static const char *const places[] = { "share/nodetool/examples",
                                          "../share/nodetool/examples", NULL };

    bool        ok = true;
    char       *beside = nt_folder_beside(places);
    nt_buf_t    error = { 0 };
    const char *folder = engine->options.examples;

    folder = folder != NULL ? folder : beside;
    if (folder != NULL) {
        ok = nt_workflows_open_examples(engine->workflows, folder, &error) ||
             nt_engine_fail("examples", &error);
    }

    free(beside);

    return ok;
}


static bool
open_catalog(nt_engine_t *engine)
{
    char *path;

    if (asprintf(&path, "%s/assets.db", engine->options.home) != -1) {
        engine->catalog = nt_catalog_new(path, engine->assets);
        free(path);
    }

    if (engine->catalog == NULL) {
        nt_log(NT_LOG_ERROR, "out of memory");
    }

    return engine->catalog != NULL;
}


static bool
open_settings(nt_engine_t *engine)
{
    char    *path;
    nt_buf_t error = { 0 };

    if (asprintf(&path, "%s/settings", engine->options.home) == -1) {
        nt_log(NT_LOG_ERROR, "out of memory");
        return false;
    }

    engine->settings = nt_settings_new(path, &error);
    free(path);

    return engine->settings != NULL || nt_engine_fail("settings", &error);
}


bool
nt_engine_open_home(nt_engine_t *engine)
{
    int         fd;
    bool        ok;
    char       *path;
    nt_buf_t    error = { 0 };
    const char *home = engine->options.home;

    engine->workspace = open_folder(home, "workspace");
    engine->assets = open_folder(home, "storage/assets");
    fd = open_folder(home, "workflows");

    if (engine->workspace == -1 || engine->assets == -1 || fd == -1) {
        return false;
    }

    (void) close(fd);

    if (asprintf(&path, "%s/workflows", home) == -1) {
        nt_log(NT_LOG_ERROR, "out of memory");
        return false;
    }

    engine->workflows = nt_workflows_new(path, engine->registry, &error);
    ok = engine->workflows != NULL || nt_engine_fail("workflows", &error);

    free(path);
    nt_buf_free(&error);

    return ok && open_examples(engine) && open_settings(engine) &&
           open_catalog(engine);
}
